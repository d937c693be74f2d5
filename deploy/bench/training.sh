#!/usr/bin/env bash
# Training throughput of the reference VAE (784-512-512-(64,64) and back, Adam) and of a convolutional one beside PyTorch eager, in turn, round by round.
# Under each the share of the machine's peak of multiply-adds that its gradient steps reach.
# Usage: deploy/bench/training.sh [ROUNDS]      PYTHON names an interpreter that has torch; without one only Posterior is measured.
set -euo pipefail
cd "$(dirname "$0")/../.."
rounds=${1:-5}
python=${PYTHON:-python3}
posterior=${POSTERIOR:-$(swift build -c release --show-bin-path)/posterior}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

ours() { # RECIPE BATCH
  "$posterior" train "deploy/recipes/$1.json" --batch-size "$2" --no-record -o "$work/model.safetensors" 2>&1 >/dev/null |
    sed -nE 's/.* ([0-9]+) items\/s.*/\1/p'
}
theirs() { "$python" deploy/bench/train_torch.py "$2" "$1"; }
have_torch=$("$python" -c 'import torch' 2>/dev/null && echo yes || echo no)

echo "load average before: $(cut -d' ' -f1-3 /proc/loadavg), $(nproc) cores"
for case in "reference-vae 128" "reference-vae 512" "convolutional-vae 128"; do
  read -r recipe batch <<<"$case"
  : >"$work/ours"; : >"$work/theirs"; : >"$work/ratios"
  for _ in $(seq "$rounds"); do
    a=$(ours "$recipe" "$batch" | tail -1); echo "$a" >>"$work/ours"
    if [ "$have_torch" = yes ]; then
      b=$(theirs "$recipe" "$batch"); echo "$b" >>"$work/theirs"
      awk -v a="$a" -v b="$b" 'BEGIN {printf "%.2f\n", a / b}' >>"$work/ratios"
    fi
  done
  show() { sort -g "$1" | awk -v f="$2" '{v[NR]=$1} END {if (NR) printf f " (" f " to " f ")", v[int((NR+1)/2)], v[1], v[NR]; else printf "not measured"}'; }
  echo "$recipe, batch $batch: posterior $(show "$work/ours" %d) images/s, pytorch $(show "$work/theirs" %d) images/s," \
    "ratio $(show "$work/ratios" %.2f), median (smallest to largest) of $rounds"
  "$posterior" bench training "deploy/recipes/$recipe.json" --batch-size "$batch" --rounds 3 | sed 's/^/  /'
done
echo "load average after: $(cut -d' ' -f1-3 /proc/loadavg)"
