#!/usr/bin/env bash
# Training throughput of the reference VAE (784-512-512-(64,64) and back, Adam) beside PyTorch, in turn, round by round.
# Usage: deploy/bench/training.sh [ROUNDS]      PYTHON names an interpreter that has torch; without one only Posterior is measured.
set -euo pipefail
cd "$(dirname "$0")/../.."
rounds=${1:-5}
python=${PYTHON:-python3}
posterior=$(swift build -c release --show-bin-path)/posterior
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

ours() { # BATCH
  "$posterior" train deploy/recipes/reference-vae.json --batch-size "$1" --no-record -o "$work/model.safetensors" 2>&1 >/dev/null |
    sed -nE 's/.* ([0-9]+) items\/s.*/\1/p'
}
theirs() { "$python" deploy/bench/train_torch.py "$1"; }
have_torch=$("$python" -c 'import torch' 2>/dev/null && echo yes || echo no)

for batch in 128 512; do
  : >"$work/ours"; : >"$work/theirs"
  for _ in $(seq "$rounds"); do
    ours "$batch" >>"$work/ours"
    [ "$have_torch" = yes ] && theirs "$batch" >>"$work/theirs"
  done
  show() { sort -n "$1" | awk '{v[NR]=$1} END {if (NR) printf "%d (%d to %d)", v[int((NR+1)/2)], v[1], v[NR]; else printf "not measured"}'; }
  echo "batch $batch: posterior $(show "$work/ours") images/s, pytorch $(show "$work/theirs") images/s, median (smallest to largest) of $rounds"
done
