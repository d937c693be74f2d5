#!/usr/bin/env bash
# What an audit costs those who sample meanwhile: p99 of /sample without and during an audit that goes on behind it, in turn, round by round; one JSON sample a request, 200 requests
# a second at random moments, and 16 connections that always wait for an answer.
# Usage: deploy/bench/robustness/latency.sh [ROUNDS]     POSTERIOR names the program (the release build), MODEL a model file (the bundled one of Fashion-MNIST).
set -euo pipefail
cd "$(dirname "$0")/../../.."
rounds=${1:-5}
posterior=${POSTERIOR:-$(swift build -c release --show-bin-path)/posterior}
model=${MODEL:-deploy/models/fashion-mnist.safetensors}
work=$(mktemp -d)
server=
finish() { [ -n "$server" ] && kill -TERM "$server" 2>/dev/null && wait "$server" 2>/dev/null; rm -rf "$work"; }
trap finish EXIT
"$posterior" models upload "$model" --name audited --store "$work/store" >"$work/log"
"$posterior" serve --listen 127.0.0.1:0 --store "$work/store" --quiet >"$work/out" 2>>"$work/log" &
server=$!
url=
for _ in $(seq 600); do
  url=$(grep -o 'http://[0-9.:]*' "$work/out" || true)
  [ -n "$url" ] && curl -fs -o "$work/body" "$url/readyz" && break
  read -rt 0.1 <> <(:) || true
done
curl -fs -o "$work/body" "$url/readyz" || { cat "$work/log" >&2; exit 1; }
"$posterior" sample "$model" --n 20 --seed 1 --format raw -o "$work/items.raw"
audit='%7B%22steps%22:10000,%22restarts%22:20,%22margins%22:false%7D'
p99() { # NAME: one line a measurement
  "$posterior" bench load --server "$url" --model audited --no-yardstick --json --warm-up 0.5 --window 1 --windows 4 "${@:2}" >"$work/report"
  grep -o '"latency_ms":{[^}]*}' "$work/report" | grep -o '"p99":[0-9.]*' | cut -d: -f2 >>"$work/$1"
}
for _ in $(seq "$rounds"); do
  p99 alone.rate --rate 200
  p99 alone.closed
  curl -fs -o "$work/body" -H 'Prefer: respond-async' -H 'Content-Type: application/octet-stream' --data-binary "@$work/items.raw" \
    "$url/v1/models/audited/robustness?seed=1&attack=$audit"
  run=$(grep -o '"id":"[^"]*"' "$work/body" | head -1 | cut -d'"' -f4)
  p99 beside.rate --rate 200
  p99 beside.closed
  curl -fs -o "$work/body" "$url/v1/runs/$run"
  grep -q '"status":"running"' "$work/body" || { echo "the audit ended before the measurement" >&2; exit 1; }
  curl -fs -o "$work/body" -X POST "$url/v1/runs/$run/cancel"
done
median() { sort -n | awk '{ v[NR] = $1 } END { printf "%.2f (%.2f to %.2f)", v[int((NR + 1) / 2)], v[1], v[NR] }'; }
for load in rate closed; do
  echo "$load: p99 alone $(median <"$work/alone.$load") ms, during an audit $(median <"$work/beside.$load") ms, ratio $(paste "$work/alone.$load" "$work/beside.$load" | awk '{ print $2 / $1 }' | median)"
done
