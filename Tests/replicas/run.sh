#!/usr/bin/env bash
# Two replicas of one store behind HAProxy and nginx, ended in turn under load, by SIGTERM and by kill -9, and started again: no client notices.
# Usage: Tests/replicas/run.sh PATH_OF_POSTERIOR [PATH_OF_ANOTHER_VERSION]     with another version replicas go over to it and back
set -euo pipefail
posterior=$(realpath "$1")
other=$(realpath "${2:-$1}")
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
# Workers of nginx are another user.
chmod 711 "$work"
store=$work/store
a=127.0.0.1:18081 b=127.0.0.1:18082 front=127.0.0.1:18080
declare -A pid program=([a]=$posterior [b]=$posterior)
balancer=
passed=0

finish() {
  [ -z "$balancer" ] || kill "$balancer" 2>/dev/null || true
  for name in a b; do [ -z "${pid[$name]:-}" ] || kill -9 "${pid[$name]}" 2>/dev/null || true; done
  wait 2>/dev/null || true
  rm -rf "$work"
}
trap finish EXIT

# ready ADDRESS: waits until it answers /readyz with 200
ready() {
  for _ in $(seq 200); do
    curl -fs "http://$1/readyz" -o /dev/null && return
    read -rt 0.1 <> <(:) || true
  done
  cat "$work"/*.err >&2
  return 1
}

start() {
  local address=${!1}
  "${program[$1]}" serve --read-only --store "$store" --listen "$address" --drain-delay 2 --trusted-proxies 127.0.0.1 --max-connections-per-client 1000 --quiet \
    >"$work/$1.out" 2>"$work/$1.err" &
  pid[$1]=$!
  ready "$address"
}

# stop NAME SIGNAL: and waits for its end
stop() {
  kill "-$2" "${pid[$1]}"
  wait "${pid[$1]}" 2>/dev/null || [ "$2" = KILL ]
}

pass() { passed=$((passed + 1)); echo "  $1"; }

"$posterior" models upload deploy/models/fashion-mnist.safetensors --name fm --store "$store" >/dev/null
start a
start b
mkdir "$work/expected"
python3 Tests/replicas/load.py "http://$a" 0 "$work/expected"
python3 Tests/replicas/load.py "http://$b" 0 "$work/expected"
pass "both replicas give the same bytes"

# under_load NAME COMMAND...: starts the balancer, and everything of it while eight clients ask
under_load() {
  local name=$1
  shift
  "$@" >"$work/$name.out" 2>"$work/$name.err" &
  balancer=$!
  ready "$front"
  python3 Tests/replicas/load.py "http://$front" 24 "$work/expected" >"$work/load.out" &
  local load=$!
  for turn in "a TERM" "b TERM" "a KILL" "b KILL"; do
    # shellcheck disable=SC2086
    stop $turn
    [ "$posterior" = "$other" ] || program[${turn%% *}]=$([ "${program[${turn%% *}]}" = "$posterior" ] && echo "$other" || echo "$posterior")
    start "${turn%% *}"
    # A balancer hears of it at its next check, or after a second without one.
    read -rt 1.5 <> <(:) || true
  done
  wait "$load" || { cat "$work/load.out" >&2; exit 1; }
  pass "$name: $(tail -n 1 "$work/load.out")"
  "$posterior" models upload deploy/models/mnist-digits.safetensors --name "digits-$name" --store "$store" >/dev/null
  curl -fs "http://$front/v1/models/digits-$name/sample" -d '{"n": 1, "seed": 1}' -o /dev/null || { echo "a model that was just published is not there" >&2; exit 1; }
  pass "$name: a model is there for the very next request"
  kill "$balancer"
  wait "$balancer" || true
  balancer=
}

LISTEN=$front REPLICA_A=$a REPLICA_B=$b under_load haproxy haproxy -q -f deploy/replicas/haproxy.cfg
sed "s/127.0.0.1:8081/$a/; s/127.0.0.1:8082/$b/; s/127.0.0.1:8080/$front/; s#^events#pid $work/nginx.pid; error_log stderr; daemon off;\n&#; s#^  access_log off;#&\n  client_body_temp_path $work/body; proxy_temp_path $work/proxy; fastcgi_temp_path $work/f; uwsgi_temp_path $work/u; scgi_temp_path $work/s;#" \
  deploy/replicas/nginx.conf >"$work/nginx.conf"
under_load nginx nginx -c "$work/nginx.conf"
echo "$passed passed, 0 failed"
