#!/usr/bin/env bash
# The Open Inference Protocol: /v2 beside /v1, and beside MLServer and FastAPI + PyTorch, two workers each, in turn, round by round, on the reference
# decoder 64-512-512-784. 64 codes decoded as JSON (Posterior and MLServer, the same request), 64 samples as bytes (Posterior and FastAPI), 16 connections.
# Usage: deploy/bench/protocol.sh [ROUNDS]     MLSERVER names a folder of programs that has mlserver (`pip install 'mlserver>=1.7,<1.8' 'uvloop<0.22'`),
#   PYTHON an interpreter with torch, fastapi, uvicorn[standard] and orjson (who is not there is left out), POSTERIOR the program (the release build),
#   SECONDS_EACH (4) the longest time of one measurement.
set -euo pipefail
cd "$(dirname "$0")/../.."
rounds=${1:-5}
seconds=${SECONDS_EACH:-4}
python=${PYTHON:-python3}
mlserver=${MLSERVER:-}
posterior=${POSTERIOR:-$(swift build -c release --show-bin-path)/posterior}
fastapi=http://127.0.0.1:${FASTAPI_PORT:-9201}
triton=http://127.0.0.1:9301
work=$(mktemp -d)
servers=()
finish() {
  for server in "${servers[@]}"; do kill -TERM "$server" 2>/dev/null || true; wait "$server" 2>/dev/null || true; done
  rm -rf "$work"
}
trap finish EXIT
answers() { curl -fs -o "$work/body" "$1"; }
# await ADDRESS: until it answers
await() {
  for _ in $(seq 600); do
    if answers "$1"; then return; fi
    read -rt 0.1 <> <(:) || true
  done
  cat "$work/log" >&2
  exit 1
}

# --- the servers
"$posterior" train deploy/recipes/reference-vae.json --limit 2000 --no-record -o "$work/reference.safetensors" >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
"$posterior" models upload "$work/reference.safetensors" --name reference --store "$work/store" >"$work/log"
"$posterior" serve --listen 127.0.0.1:0 --store "$work/store" --quiet >"$work/out" 2>>"$work/log" &
servers+=($!)
for _ in $(seq 100); do
  url=$(grep -o 'http://[0-9.:]*' "$work/out" || true)
  [ -z "$url" ] || break
  read -rt 0.1 <> <(:) || true
done
await "$url/readyz"
peers=
if "$python" -c 'import fastapi, torch, uvicorn, orjson' 2>/dev/null; then
  "$python" -m uvicorn serve_fastapi:app --app-dir deploy/bench --port "${fastapi##*:}" --workers 2 --log-level warning >>"$work/log" 2>&1 &
  servers+=($!)
  await "$fastapi/ready"
  peers+=" fastapi"
fi
if [ -n "$mlserver" ]; then
  mkdir "$work/decoder"
  cp deploy/bench/mlserver_decoder.py "$work/decoder"
  echo '{"host": "127.0.0.1", "http_port": 9301, "grpc_port": 9302, "metrics_port": 9303, "parallel_workers": 2, "debug": false}' >"$work/decoder/settings.json"
  echo '{"name": "decoder", "implementation": "mlserver_decoder.Decoder"}' >"$work/decoder/model-settings.json"
  PYTHONPATH=$work/decoder OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 "$mlserver/mlserver" start "$work/decoder" >>"$work/log" 2>&1 &
  servers+=($!)
  await "$triton/v2/models/decoder/ready"
  peers+=" mlserver"
fi

# --- measuring
python3 - "$work/codes" <<'CODES'
import json, random, sys
random.seed(0)
codes = [round(random.gauss(0, 1), 4) for _ in range(64 * 64)]
json.dump({"inputs": [{"name": "mean_0", "shape": [64, 64], "datatype": "FP32", "data": codes}]}, open(sys.argv[1], "w"))
CODES
# load NAME ADDRESS PATH BODY ACCEPT: appends a report, one line of JSON, to NAME
load() {
  "$posterior" bench load --json --no-yardstick --connections 16 --warm-up 0.5 --window "$(awk -v s="$seconds" 'BEGIN {print s / 4}')" --windows 4 --items 64 \
    --server "$2" --path "$3" --body "$4" --content-type application/json --accept "$5" >>"$work/$1"
}
echo "load average before: $(cut -d' ' -f1-3 /proc/loadavg), $(nproc) cores, $rounds rounds"
for _ in $(seq "$rounds"); do
  load decode.posterior "$url" /v2/models/reference:decode/infer "@$work/codes" application/json
  [[ $peers != *mlserver* ]] || load decode.peer "$triton" /v2/models/decoder/infer "@$work/codes" application/json
  load sample.posterior "$url" /v2/models/reference:sample/infer \
    '{"parameters": {"n": 64, "seed": 7, "mean": true, "binary_data_output": true}, "inputs": []}' application/octet-stream
  [[ $peers != *fastapi* ]] || load sample.peer "$fastapi" /sample '{"n": 64, "seed": 7}' application/octet-stream
done
python3 deploy/bench/protocol.py "$url" $((200 * rounds))

# --- the table
python3 - "$work" <<'TABLE'
import json, os, statistics, sys

def reports(name):
    path = os.path.join(sys.argv[1], name)
    return [json.loads(line) for line in open(path)] if os.path.exists(path) else []

def show(values, digits):
    return " | ".join([f"{statistics.median(values):,.{digits}f} ({min(values):,.{digits}f} to {max(values):,.{digits}f})".replace(",", " ")]) if values else "not measured"

print("| 64 items a request, 16 connections | Posterior, /v2 | peer | ratio |\n|---|---|---|---|")
for name, title in (("decode", "decoded, JSON, beside MLServer"), ("sample", "sampled, bytes, beside FastAPI + PyTorch")):
    sides = [reports(f"{name}.{side}") for side in ("posterior", "peer")]
    for unit, digits, read in (("requests/s", 0, lambda r: r["requests_per_second"]), ("p50, ms", 2, lambda r: r["latency_ms"]["p50"]), ("p99, ms", 2, lambda r: r["latency_ms"]["p99"])):
        ours, theirs = ([read(report) for report in side] for side in sides)
        ratio = f"{statistics.median(ours) / statistics.median(theirs):.2f}" if theirs else "-"
        print(f"| {title}: {unit} | {show(ours, digits)} | {show(theirs, digits)} | {ratio} |")
    failed = sum(sum(r["failures"].values()) + sum(n for status, n in r["answers"].items() if status != "200") for side in sides for r in side)
    assert failed == 0, f"{failed} requests of {name} failed"
TABLE
echo "load average after: $(cut -d' ' -f1-3 /proc/loadavg)"
