#!/usr/bin/env bash
# Decoding in process beside ONNX Runtime, OpenBLAS's sgemm and the machine's peak of multiply-adds, in turn, round by round; the median of the rounds' ratios counts.
# Usage: deploy/bench/decoder.sh [ROUNDS]      PYTHON names an interpreter that has torch, onnx and onnxruntime; without one only Posterior is measured.
set -euo pipefail
cd "$(dirname "$0")/../.."
rounds=${1:-5}
python=${PYTHON:-python3}
posterior=${POSTERIOR:-$(swift build -c release --show-bin-path)/posterior}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
rows="1 16 64 256"
have_peer=$("$python" -c 'import onnx, onnxruntime, torch' 2>/dev/null && echo yes || echo no)

median() { sort -g | awk '{v[NR] = $1} END {if (NR) print v[int((NR + 1) / 2)]; else print "-"}'; }
show() { # FILE ROWS COLUMN
  awk -v n="$2" -v c="$3" '$1 == n {print $c}' "$1" | median
}

echo "load average before: $(cut -d' ' -f1-3 /proc/loadavg), $(nproc) cores, median of $rounds rounds in turn"
for network in reference convolutional-28 convolutional-64; do
  for threads in 1 2; do
    : >"$work/all"
    for _ in $(seq "$rounds"); do
      # shellcheck disable=SC2086
      "$posterior" bench arithmetic --network "$network" --threads "$threads" --plain --rows $rows >"$work/ours"
      # shellcheck disable=SC2086
      if [ "$have_peer" = yes ]; then
        "$python" -W ignore deploy/bench/decoder_onnx.py "$network" "$threads" $rows >"$work/theirs" 2>/dev/null
      else
        awk '{print $1, 0}' "$work/ours" >"$work/theirs"
      fi
      # rows, ours, sgemm, ONNX Runtime, ONNX Runtime / ours, sgemm / ours, per cent of the peak
      paste "$work/ours" "$work/theirs" | awk '{print $1, $2, $3, $6, $6 / $2, $3 / $2, $4}' >>"$work/all"
    done
    echo "$network decoder, $threads thread(s): microseconds (ratios above 1: Posterior is faster)"
    printf '%6s %12s %14s %12s %10s %10s %10s\n' rows posterior onnxruntime "sgemm x1" "to ort" "to sgemm" "% of peak"
    for n in $rows; do
      printf '%6s %12s %14s %12s %10.2f %10.2f %10.1f\n' "$n" "$(show "$work/all" "$n" 2)" "$(show "$work/all" "$n" 4)" "$(show "$work/all" "$n" 3)" \
        "$(show "$work/all" "$n" 5)" "$(show "$work/all" "$n" 6)" "$(show "$work/all" "$n" 7)"
    done
  done
done
echo "load average after: $(cut -d' ' -f1-3 /proc/loadavg)"
