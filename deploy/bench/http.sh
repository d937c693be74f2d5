#!/usr/bin/env bash
# The HTTP server under load, over loopback: health checks beside nginx and hummingbird in turn, round by round; then many connections,
# pipelining, large answers and large uploads. Needs wrk, curl and nginx (nginx-light).
# Usage: deploy/bench/http.sh [ROUNDS]     SECONDS_EACH (5) is the length of one measurement, POSTERIOR the program (the release build),
#   QUIET_WAIT (20) for how many seconds at most each measurement waits for the rest of the machine to be quiet,
#   HELLO a peer that answers HELLO_URL (http://127.0.0.1:9101/v2/health/live); without HELLO it is left out.
set -euo pipefail
cd "$(dirname "$0")/../.."
rounds=${1:-5}
duration=${SECONDS_EACH:-5}
patience=${QUIET_WAIT:-20}
posterior=${POSTERIOR:-$(swift build -c release --show-bin-path)/posterior}
hello_url=${HELLO_URL:-http://127.0.0.1:9101/v2/health/live}
model=deploy/models/fashion-mnist.safetensors
work=$(mktemp -d)
servers=()
finish() {
  for server in "${servers[@]}"; do kill -TERM "$server" 2>/dev/null || true; wait "$server" 2>/dev/null || true; done
  rm -rf "$work"
}
trap finish EXIT
ulimit -n "$(ulimit -Hn)"

# --- the servers
"$posterior" models upload "$model" --name fm --store "$work/store" >"$work/log"
"$posterior" serve --listen 127.0.0.1:0 --max-connections-per-client 4096 --store "$work/store" --quiet >"$work/out" 2>>"$work/log" &
pid=$!
servers+=("$pid")
nginx_port=${NGINX_PORT:-9103}
cat >"$work/nginx.conf" <<CONF
daemon off;
worker_processes 2;
pid $work/nginx.pid;
error_log $work/nginx.err;
events { worker_connections 4096; }
http {
  access_log off;
  keepalive_requests 1000000;
  client_body_temp_path $work/nginx; proxy_temp_path $work/nginx; fastcgi_temp_path $work/nginx;
  uwsgi_temp_path $work/nginx; scgi_temp_path $work/nginx;
  server {
    listen 127.0.0.1:$nginx_port;
    location / { default_type application/json; return 200 '{"status":"ok"}'; }
  }
}
CONF
nginx -c "$work/nginx.conf" &
nginx_pid=$!
servers+=("$nginx_pid")
nginx=http://127.0.0.1:$nginx_port/healthz
if [ -n "${HELLO:-}" ]; then
  "$HELLO" >>"$work/log" 2>&1 &
  hello_pid=$!
  servers+=("$hello_pid")
fi
url=
answers() { curl -fs -o "$work/body" "$1"; }
for _ in $(seq 300); do
  url=$(grep -o 'http://[0-9.:]*' "$work/out" || true)
  [ -n "$url" ] && answers "$url/readyz" && answers "$nginx" && { [ -z "${HELLO:-}" ] || answers "$hello_url"; } && break
  read -rt 0.1 <> <(:) || true
done
answers "$url/readyz" && answers "$nginx" && { [ -z "${HELLO:-}" ] || answers "$hello_url"; } || { cat "$work/log" >&2; exit 1; }

# --- measuring
# Waits until less than a quarter of one processor is busy; counts the measurements that began all the same.
quiet() {
  local before after try
  for try in $(seq $((2 * patience))); do
    before=$(awk '/^cpu / {print $2 + $3 + $4}' /proc/stat)
    read -rt 0.5 <> <(:) || true
    after=$(awk '/^cpu / {print $2 + $3 + $4}' /proc/stat)
    [ $((after - before)) -lt $(($(getconf CLK_TCK) / 8)) ] && return
  done
  echo busy >>"$work/busy"
}
load() { # CONNECTIONS URL [WRK ARGUMENTS]: wrk's words in $work/wrk, requests a second on standard output
  quiet
  wrk -t1 -c"$1" -d"$duration" --timeout 10 "${@:3}" "$2" >"$work/wrk"
  awk '/Requests\/sec/ {printf "%d\n", $2}' "$work/wrk"
}
# Processor time of a process and its children so far, in microseconds; unlike a rate it hardly minds what else the machine does.
processor() {
  cat /proc/"$1"/stat $(pgrep -P "$1" | sed 's|.*|/proc/&/stat|') |
    awk -v hz="$(getconf CLK_TCK)" '{t += $14 + $15} END {printf "%d", t * 1e6 / hz}'
}
health() { # NAME PID URL: appends to NAME.rates and NAME.costs
  local before; before=$(processor "$2")
  load 16 "$3" >>"$work/$1.rates"
  awk -v used=$(($(processor "$2") - before)) '/requests in/ {printf "%.1f\n", used / $1}' "$work/wrk" >>"$work/$1.costs"
}
errors() { awk '/Socket errors|Non-2xx/ {sub(/^ +/, ""); printf "%s; ", $0; found = 1} END {if (!found) printf "no errors"}' "$work/wrk"; }
median() { sort -n "$1" | awk '{v[NR] = $1} END {print v[int((NR + 1) / 2)]}'; }
show() { sort -n "$1" | awk '{v[NR] = $1} END {printf "%d (%d to %d)", v[int((NR + 1) / 2)], v[1], v[NR]}'; }
ratio() { awk -v a="$(median "$1")" -v b="$(median "$2")" 'BEGIN {printf "%.2f", a / b}'; }
resident() { awk '/VmRSS/ {printf "%.1f", $2 / 1024}' "/proc/$pid/status"; }
# The largest resident size since the last call, in MiB.
peak() { awk '/VmHWM/ {printf "%.1f", $2 / 1024}' "/proc/$pid/status"; echo 5 >"/proc/$pid/clear_refs"; }

echo "load average before: $(cut -d' ' -f1-3 /proc/loadavg), $(nproc) cores, $duration s a measurement"
for _ in $(seq "$rounds"); do
  health posterior "$pid" "$url/healthz"
  health nginx "$nginx_pid" "$nginx"
  [ -z "${HELLO:-}" ] || health hummingbird "$hello_pid" "$hello_url"
done
echo "health checks, 16 connections, median (smallest to largest) of $rounds:"
for name in posterior nginx ${HELLO:+hummingbird}; do
  line="$(show "$work/$name.rates")/s, $(median "$work/$name.costs") us of processor time each"
  [ $name = posterior ] || line="$line; posterior's rate is $(ratio "$work/posterior.rates" "$work/$name.rates") of it"
  echo "  $name: $line"
done

echo "many connections (resident $(resident) MiB before):"
for connections in 256 2000; do
  rate=$(load "$connections" "$url/healthz")
  echo "  $connections: posterior $rate/s, $(errors), resident $(resident) MiB"
  rate=$(load "$connections" "$nginx")
  echo "  $connections: nginx $rate/s, $(errors)"
done

cat >"$work/pipeline.lua" <<'LUA'
init = function(args)
  local all = {}
  for i = 1, 16 do all[i] = wrk.format() end
  together = table.concat(all)
end
request = function() return together end
LUA
rate=$(load 16 "$url/healthz" -s "$work/pipeline.lua")
echo "16 pipelined on each of 16 connections: posterior $rate/s, $(errors)"
rate=$(load 16 "$nginx" -s "$work/pipeline.lua")
echo "16 pipelined on each of 16 connections: nginx $rate/s, $(errors)"

cat >"$work/large.lua" <<'LUA'
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Accept"] = "application/octet-stream"
wrk.body = '{"n":335,"seed":7}'
LUA
before=$(resident); peak >>"$work/log"
rate=$(load 16 "$url/v1/models/fm/sample" -s "$work/large.lua")
echo "answers of 1 MB (335 samples, computed each time): $rate/s, $(errors), resident $before MiB before, $(peak) at most"

# Noise: streamed, hashed and written to disk like a model, then refused, so that no loaded model is in the figure.
head -c $((64 << 20)) /dev/urandom >"$work/noise"
key=$(cat "$work/store/admin.key")
upload() { # CLIENT
  curl -s -o "$work/upload.$1" -w '%{http_code} ' -X POST -T "$work/noise" -H "Authorization: Bearer $key" "$url/v1/admin/models/noise/versions"
}
for clients in 1 4; do
  before=$(resident); peak >>"$work/log"
  started=$(date +%s%N)
  uploads=()
  for client in $(seq "$clients"); do upload "$client" >>"$work/statuses.$clients" & uploads+=($!); done
  wait "${uploads[@]}"
  took=$(awk -v ns=$(($(date +%s%N) - started)) 'BEGIN {printf "%.2f", ns / 1e9}')
  statuses=$(cat "$work/statuses.$clients")
  echo "$clients uploads of 64 MiB at once: $took s, statuses ${statuses% }," \
    "resident $before MiB before, $(peak) at most"
done
echo "measurements that began on a busy machine: $(cat "$work/busy" 2>/dev/null | wc -l)"
echo "load average after: $(cut -d' ' -f1-3 /proc/loadavg)"
