#!/usr/bin/env bash
# Allocations and bytes a training step takes after the first ones, by the difference of two runs of which one is longer; glibc only.
# Usage: deploy/bench/allocations.sh RECIPE.json [BATCH] [options of train]   POSTERIOR names the program, THREADS how many it runs (2).
set -euo pipefail
cd "$(dirname "$0")/../.."
recipe=$1
batch=${2:-128}
shift $(($# > 1 ? 2 : 1))
posterior=${POSTERIOR:-$(swift build -c release --show-bin-path)/posterior}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
${CC:-cc} -O2 -shared -fPIC -o "$work/allocations.so" deploy/bench/allocations.c

run() { # STEPS
  LD_PRELOAD="$work/allocations.so" "$posterior" train "$recipe" --batch-size "$batch" --limit $(($1 * batch)) --epochs 1 --threads "${THREADS:-2}" \
    --no-record -o "$work/model.safetensors" "${@:2}" 2>&1 >/dev/null | sed -nE 's/^allocations ([0-9]+) ([0-9]+)$/\1 \2/p'
}
short=$(run 6 "$@")
long=$(run 26 "$@")
awk -v a="$short" -v b="$long" 'BEGIN {
  split(a, s); split(b, l)
  printf "%.0f allocations and %.2f MB a step\n", (l[1] - s[1]) / 20, (l[2] - s[2]) / 20e6
}'
