#!/usr/bin/env bash
# The HTTP server under load, over loopback, beside nginx and hummingbird: health checks on 16, 256 and 2000 connections, pipelining, HTTPS with
# the same certificate, answers of 1 MB, and uploads of 64 MiB with the memory that they take. All servers in turn, round by round; what is printed
# is the median with the smallest and the largest. Needs wrk, curl, openssl and nginx (nginx-light).
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
# The workers of an nginx that was started by root belong to nobody, and read this folder.
chmod 755 "$work"
servers=()
finish() {
  for server in "${servers[@]}"; do kill -TERM "$server" 2>/dev/null || true; wait "$server" 2>/dev/null || true; done
  rm -rf "$work"
}
trap finish EXIT
ulimit -n "$(ulimit -Hn)"

# --- the servers
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost,IP:127.0.0.1 \
  -keyout "$work/key.pem" -out "$work/cert.pem" 2>"$work/log"
"$posterior" models upload "$model" --name fm --store "$work/store" >>"$work/log"
"$posterior" serve --listen 127.0.0.1:0 --listen-tls 127.0.0.1:0 --tls-cert "$work/cert.pem" --tls-key "$work/key.pem" \
  --max-connections-per-client 4096 --store "$work/store" --quiet >"$work/out" 2>>"$work/log" &
pid=$!
servers+=("$pid")
nginx_port=${NGINX_PORT:-9103}
# As many bytes as Posterior's answer of 1 MB: 335 samples of 784 floats.
head -c $((335 * 784 * 4)) /dev/urandom >"$work/large"
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
  ssl_certificate $work/cert.pem;
  ssl_certificate_key $work/key.pem;
  ssl_protocols TLSv1.2 TLSv1.3;
  server {
    listen 127.0.0.1:$nginx_port;
    listen 127.0.0.1:$((nginx_port + 1)) ssl;
    location / { default_type application/json; return 200 '{"status":"ok"}'; }
    location /large { root $work; }
  }
}
CONF
nginx -c "$work/nginx.conf" &
nginx_pid=$!
servers+=("$nginx_pid")
nginx=http://127.0.0.1:$nginx_port/healthz
nginx_tls=https://127.0.0.1:$((nginx_port + 1))/healthz
if [ -n "${HELLO:-}" ]; then
  "$HELLO" >>"$work/log" 2>&1 &
  hello_pid=$!
  servers+=("$hello_pid")
fi
url= tls=
answers() { curl -fsk -o "$work/body" "$1"; }
all_answer() { [ -n "$url" ] && answers "$url/readyz" && answers "$tls/readyz" && answers "$nginx" && { [ -z "${HELLO:-}" ] || answers "$hello_url"; }; }
for _ in $(seq 300); do
  url=$(grep -o 'http://[0-9.:]*' "$work/out" || true)
  tls=$(grep -o 'https://[0-9.:]*' "$work/out" || true)
  all_answer && break
  read -rt 0.1 <> <(:) || true
done
all_answer || { cat "$work/log" >&2; exit 1; }

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
# Processor time of a process and its children so far, in microseconds; unlike a rate it hardly minds what else the machine does.
processor() {
  cat /proc/"$1"/stat $(pgrep -P "$1" | sed 's|.*|/proc/&/stat|') |
    awk -v hz="$(getconf CLK_TCK)" '{t += $14 + $15} END {printf "%d", t * 1e6 / hz}'
}
resident() { awk '/VmRSS/ {printf "%.1f\n", $2 / 1024}' "/proc/$pid/status"; }
# The largest resident size since the last call, in MiB.
peak() { awk '/VmHWM/ {printf "%.1f\n", $2 / 1024}' "/proc/$pid/status"; echo 5 >"/proc/$pid/clear_refs"; }
# load WHAT SERVER PID CONNECTIONS URL [WRK ARGUMENTS]: one line each to WHAT.SERVER.rate, .cost (microseconds a request) and .errors
load() {
  local to="$work/$1.$2" before
  quiet
  before=$(processor "$3")
  wrk -t1 -c"$4" -d"$duration" --timeout 10 "${@:6}" "$5" >"$work/wrk"
  awk '/Requests\/sec/ {printf "%d\n", $2}' "$work/wrk" >>"$to.rate"
  awk -v used=$(($(processor "$3") - before)) '/requests in/ {printf "%.1f\n", used / $1}' "$work/wrk" >>"$to.cost"
  awk '/Socket errors|Non-2xx/ {sub(/^ +/, ""); print}' "$work/wrk" >>"$to.errors"
}
median() { sort -n "$1" | awk '{v[NR] = $1} END {print v[int((NR + 1) / 2)]}'; }
spread() { sort -n "$1" | awk '{v[NR] = $1} END {printf "%s (%s to %s)", v[int((NR + 1) / 2)], v[1], v[NR]}'; }
ratio() { awk -v a="$(median "$1")" -v b="$(median "$2")" 'BEGIN {printf "%.2f", a / b}'; }
# report TITLE WHAT SERVER...: Posterior's rate first, then each peer's with the ratio
report() {
  local what=$2 server file line
  echo "$1:"
  for server in "${@:3}"; do
    file=$work/$what.$server
    line="$(spread "$file.rate")/s, $(median "$file.cost") us of processor time each"
    [ "$server" = posterior ] || line="$line; posterior's rate is $(ratio "$work/$what.posterior.rate" "$file.rate") of it"
    [ ! -s "$file.errors" ] || line="$line; ERRORS: $(sort "$file.errors" | uniq -c | tr '\n' ';')"
    echo "  $server: $line"
  done
}
cat >"$work/pipeline.lua" <<'LUA'
init = function(args)
  local all = {}
  for i = 1, 16 do all[i] = wrk.format() end
  together = table.concat(all)
end
request = function() return together end
LUA
cat >"$work/large.lua" <<'LUA'
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Accept"] = "application/octet-stream"
wrk.body = '{"n":335,"seed":7}'
LUA
# Noise: streamed, hashed and written to disk like a model, then refused, so that no loaded model is in the figure.
head -c $((64 << 20)) /dev/urandom >"$work/noise"
key=$(cat "$work/store/admin.key")
upload() {
  curl -s -o "$work/upload.$1" -w '%{http_code}\n' -X POST -T "$work/noise" -H "Authorization: Bearer $key" "$url/v1/admin/models/noise/versions"
}
uploads() { # CLIENTS: one line each to uploads.CLIENTS.seconds, .extra (MiB above rest) and .statuses
  local clients=$1 client before started children=()
  quiet
  before=$(resident)
  peak >>"$work/log"
  started=$(date +%s%N)
  for client in $(seq "$clients"); do upload "$client" >>"$work/uploads.$clients.statuses" & children+=($!); done
  wait "${children[@]}"
  awk -v ns=$(($(date +%s%N) - started)) 'BEGIN {printf "%.2f\n", ns / 1e9}' >>"$work/uploads.$clients.seconds"
  awk -v a="$(peak)" -v b="$before" 'BEGIN {printf "%.1f\n", a - b}' >>"$work/uploads.$clients.extra"
}

echo "load average before: $(cut -d' ' -f1-3 /proc/loadavg), $(nproc) cores, $duration s a measurement, $rounds rounds"
resident >"$work/resident"
for _ in $(seq "$rounds"); do
  for connections in 16 256 2000; do
    load "$connections" posterior "$pid" "$connections" "$url/healthz"
    [ $connections != 2000 ] || resident >>"$work/resident"
    load "$connections" nginx "$nginx_pid" "$connections" "$nginx"
    [ -z "${HELLO:-}" ] || load "$connections" hummingbird "$hello_pid" "$connections" "$hello_url"
  done
  load pipeline posterior "$pid" 16 "$url/healthz" -s "$work/pipeline.lua"
  load pipeline nginx "$nginx_pid" 16 "$nginx" -s "$work/pipeline.lua"
  [ -z "${HELLO:-}" ] || load pipeline hummingbird "$hello_pid" 16 "$hello_url" -s "$work/pipeline.lua"
  load tls posterior "$pid" 16 "$tls/healthz"
  load tls nginx "$nginx_pid" 16 "$nginx_tls"
  # A connection a request: what a handshake costs.
  load handshake posterior "$pid" 16 "$tls/healthz" -H 'Connection: close'
  load handshake nginx "$nginx_pid" 16 "$nginx_tls" -H 'Connection: close'
  load large posterior "$pid" 16 "$url/v1/models/fm/sample" -s "$work/large.lua"
  load contract posterior "$pid" 16 "$url/openapi.yaml"
  load large nginx "$nginx_pid" 16 "${nginx%/healthz}/large"
  for clients in 1 4; do uploads "$clients"; done
done

for connections in 16 256 2000; do
  report "health checks, $connections connections" "$connections" posterior nginx ${HELLO:+hummingbird}
done
echo "  resident MiB at rest, then after 2000 connections, round by round: $(tr '\n' ' ' <"$work/resident")"
report "health checks, 16 pipelined on each of 16 connections" pipeline posterior nginx ${HELLO:+hummingbird}
report "health checks over TLS, 16 connections" tls posterior nginx
report "a new TLS connection for each of them" handshake posterior nginx
report "answers of 1 MB, computed each time by Posterior, a file for nginx" large posterior nginx
report "the contract, $(curl -s "$url/openapi.yaml" | wc -c) bytes" contract posterior
for clients in 1 4; do
  echo "$clients uploads of 64 MiB at once: $(spread "$work/uploads.$clients.seconds") s," \
    "$(spread "$work/uploads.$clients.extra") MiB above rest; statuses $(sort "$work/uploads.$clients.statuses" | uniq -c | xargs)"
done
echo "measurements that began on a busy machine: $(cat "$work/busy" 2>/dev/null | wc -l)"
echo "load average after: $(cut -d' ' -f1-3 /proc/loadavg)"
