#!/usr/bin/env bash
# Sampling under load beside FastAPI + PyTorch (two workers) and ONNX Runtime (in process, without a server), in turn, round by round, all on the
# reference decoder 64-512-512-784: one sample as JSON and 64 as raw floats a request, 16 connections. One load generator for all: posterior bench.
# Usage: deploy/bench/serving.sh [ROUNDS]     PYTHON names an interpreter with torch, fastapi, uvicorn[standard], orjson, onnxruntime and onnx
#   (without one only Posterior is measured), POSTERIOR the program (the release build), MODEL a model file of the reference VAE (else it is trained
#   for a moment on fashion-mnist), SECONDS_EACH (4) the longest time of one measurement.
set -euo pipefail
cd "$(dirname "$0")/../.."
rounds=${1:-5}
seconds=${SECONDS_EACH:-4}
python=${PYTHON:-python3}
posterior=${POSTERIOR:-$(swift build -c release --show-bin-path)/posterior}
peer_port=${FASTAPI_PORT:-9201}
work=$(mktemp -d)
servers=()
finish() {
  for server in "${servers[@]}"; do kill -TERM "$server" 2>/dev/null || true; wait "$server" 2>/dev/null || true; done
  rm -rf "$work"
}
trap finish EXIT
has() { "$python" -c "import $1" 2>/dev/null; }

# --- the servers
model=${MODEL:-$work/reference.safetensors}
if [ ! -e "$model" ]; then
  "$posterior" train deploy/recipes/reference-vae.json --limit 2000 --no-record -o "$model" >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
fi
"$posterior" models upload "$model" --name reference --store "$work/store" >"$work/log"
"$posterior" serve --listen 127.0.0.1:0 --store "$work/store" --quiet >"$work/out" 2>>"$work/log" &
servers+=($!)
peers=()
if has fastapi && has torch && has uvicorn && has orjson; then
  "$python" -m uvicorn serve_fastapi:app --app-dir deploy/bench --port "$peer_port" --workers 2 --log-level warning >>"$work/log" 2>&1 &
  servers+=($!)
  peers+=(fastapi)
fi
if has onnxruntime && has onnx; then peers+=(onnxruntime); fi
answers() { curl -fs -o "$work/body" "$1"; }
url=
for _ in $(seq 600); do
  url=$(grep -o 'http://[0-9.:]*' "$work/out" || true)
  [ -n "$url" ] && answers "$url/readyz" && { [[ " ${peers[*]} " != *" fastapi "* ]] || answers "http://127.0.0.1:$peer_port/ready"; } && break
  read -rt 0.1 <> <(:) || true
done
answers "$url/readyz" || { cat "$work/log" >&2; exit 1; }

# --- measuring
# load NAME [ARGUMENTS]: appends a report, one line of JSON, to NAME.reports
load() {
  "$posterior" bench load --json --connections 16 --warm-up 0.5 --window "$(awk -v s="$seconds" 'BEGIN {print s / 4}')" --windows 4 "${@:2}" \
    >>"$work/$1.reports"
}
ours() { load "posterior.$1" --server "$url" --model reference --option mean=true "${@:2}"; }
fastapi() { load "fastapi.$1" --server "http://127.0.0.1:$peer_port" --path /sample "${@:2}"; }
echo "load average before: $(cut -d' ' -f1-3 /proc/loadavg), $(nproc) cores, $rounds rounds"
for _ in $(seq "$rounds"); do
  ours one --items 1 --format json --no-yardstick
  [[ " ${peers[*]} " != *" fastapi "* ]] || fastapi one --items 1 --body '{"n":1,"seed":7}' --accept application/json
  ours many --items 64 --format raw
  [[ " ${peers[*]} " != *" fastapi "* ]] || fastapi many --items 64 --body '{"n":64,"seed":7}' --accept application/octet-stream
  if [[ " ${peers[*]} " == *" onnxruntime "* ]]; then "$python" deploy/bench/decode_onnxruntime.py 64 >>"$work/onnxruntime.many"; fi
done

# --- the table
python3 - "$work" <<'TABLE'
import json, os, statistics, sys

def reports(name):
    path = os.path.join(sys.argv[1], name + ".reports")
    return [json.loads(line) for line in open(path)] if os.path.exists(path) else []

def show(values, digits=0):
    if not values: return "not measured"
    text = [f"{value:,.{digits}f}".replace(",", " ") for value in (statistics.median(values), min(values), max(values))]
    return f"{text[0]} ({text[1]} to {text[2]})"

def column(all, *path):
    values = []
    for report in all:
        for name in path: report = report and report.get(name)
        if report is not None: values.append(report)
    return values

def ratio(a, b): return f"{statistics.median(a) / statistics.median(b):.2f}" if a and b else "-"

print("| a request | Posterior | FastAPI + PyTorch, 2 workers | ratio |\n|---|---|---|---|")
for name, title in (("one", "one sample, JSON"), ("many", "64 samples, raw")):
    ours, theirs = reports("posterior." + name), reports("fastapi." + name)
    rates = [column(side, "requests_per_second") for side in (ours, theirs)]
    print(f"| {title}: requests/s | {show(rates[0])} | {show(rates[1])} | {ratio(*rates)} |")
    for quantile in ("p50", "p99"):
        latencies = [column(side, "latency_ms", quantile) for side in (ours, theirs)]
        print(f"| {title}: {quantile}, ms | {show(latencies[0], 2)} | {show(latencies[1], 2)} | {ratio(*latencies)} |")
many = reports("posterior.many")
print(f"64 samples a request: {show(column(many, 'yardstick', 'peak_percent'), 1)} % of the machine's peak of multiply-adds,"
      f" {show(column(many, 'yardstick', 'percent'), 1)} % of OpenBLAS's sgemm on all cores, 64 rows")
held = {report["machine"]["openblas"]["held_back"] for report in many if report["machine"]["openblas"]} - {None}
if held: print("OpenBLAS is held back: " + "; ".join(held))
path = os.path.join(sys.argv[1], "onnxruntime.many")
rates = [float(line) for line in open(path)] if os.path.exists(path) else []
print(f"items/s: Posterior over HTTP {show(column(many, 'items_per_second'))}, ONNX Runtime in process {show(rates)},"
      f" ratio {ratio(column(many, 'items_per_second'), rates)}")
for name, title in (("one", "one sample, JSON"), ("many", "64 samples, raw")):
    parts = column(reports("posterior." + name), "request_seconds")
    if parts:
        total = [statistics.median([part[phase] for part in parts]) for phase in parts[0]]
        print(f"{title}, where the time goes: " + ", ".join(f"{phase} {100 * part / sum(total):.0f} %" for phase, part in zip(parts[0], total)))
everything = [report for name in ("posterior.one", "posterior.many", "fastapi.one", "fastapi.many") for report in reports(name)]
failed = sum(sum(report["failures"].values()) + sum(count for status, count in report["answers"].items() if status != "200") for report in everything)
differing = sum(report["differing_answers"] for report in reports("posterior.one") + many)
print(f"requests that failed: {failed}; answers that were not the first one to the same request, byte for byte: {differing};"
      f" measurements without a stable point: {sum(not report['stable'] for report in everything)} of {len(everything)}")
TABLE
echo "load average after: $(cut -d' ' -f1-3 /proc/loadavg)"
