#!/usr/bin/env bash
# Training throughput of the reference VAE (784-512-512-(64,64) and back, Adam) and of a convolutional one beside JAX (one compiled step) and PyTorch
# eager, in turn, round by round. Under each the share of the machine's peak of multiply-adds that its gradient steps reach.
# Usage: deploy/bench/training.sh [ROUNDS]      PYTHON names an interpreter that has jax, torch or both; what it lacks is not measured.
set -euo pipefail
cd "$(dirname "$0")/../.."
rounds=${1:-5}
python=${PYTHON:-python3}
posterior=${POSTERIOR:-$(swift build -c release --show-bin-path)/posterior}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
peers=()
for peer in jax torch; do if "$python" -c "import $peer" 2>/dev/null; then peers+=("$peer"); else echo "$python has no $peer"; fi; done

images() { # PEER RECIPE BATCH: images a second
  if [ "$1" = posterior ]; then
    "$posterior" train "deploy/recipes/$2.json" --batch-size "$3" --no-record -o "$work/model.safetensors" 2>&1 >/dev/null |
      sed -nE 's/.* ([0-9]+) items\/s.*/\1/p' | tail -1
  else
    # Variables that hold a library back are not for a yardstick.
    env -u OPENBLAS_CORETYPE -u OPENBLAS_L2_SIZE "$python" "deploy/bench/train_$1.py" "$3" "$2"
  fi
}
show() { sort -g "$1" | awk -v f="$2" '{v[NR]=$1} END {printf f " (" f " to " f ")", v[int((NR+1)/2)], v[1], v[NR]}'; }

echo "load average before: $(cut -d' ' -f1-3 /proc/loadavg), $(nproc) cores; medians (smallest to largest) of $rounds rounds"
for case in "reference-vae 128" "reference-vae 512" "convolutional-vae 128"; do
  read -r recipe batch <<<"$case"
  rm -f "$work"/*.figures
  for _ in $(seq "$rounds"); do
    ours=$(images posterior "$recipe" "$batch"); echo "$ours" >>"$work/posterior.figures"
    for peer in "${peers[@]}"; do
      theirs=$(images "$peer" "$recipe" "$batch"); echo "$theirs" >>"$work/$peer.figures"
      awk -v a="$ours" -v b="$theirs" 'BEGIN {printf "%.2f\n", a / b}' >>"$work/$peer.ratios.figures"
    done
  done
  echo "$recipe, batch $batch: posterior $(show "$work/posterior.figures" %d) images/s"
  for peer in "${peers[@]}"; do
    echo "  $peer $(show "$work/$peer.figures" %d) images/s, ours over it $(show "$work/$peer.ratios.figures" %.2f)"
  done
  "$posterior" bench training "deploy/recipes/$recipe.json" --batch-size "$batch" --rounds 3 | sed 's/^/  /'
done
echo "load average after: $(cut -d' ' -f1-3 /proc/loadavg)"
