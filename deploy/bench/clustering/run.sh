#!/usr/bin/env bash
# Trains a recipe with several seeds and prints each one's clustering metrics on test data, then their means and standard deviations.
# Usage: deploy/bench/clustering/run.sh RECIPE.json SEED...
# Run it where the recipe's paths lead (mnist/ for the MNIST ones). A recipe on MNIST is evaluated on mnist/t10k-*, its map of clusters fitted on the
# training labels; one on a named data set on that one's test split. Every seed
# chooses its labels anew, too. Models stay in ${MODELS:-.}; a seed whose model is there is not trained again.
set -euo pipefail
root=$(cd "$(dirname "$0")/../../.." && pwd)
posterior=${POSTERIOR:-$(cd "$root" && swift build -c release --show-bin-path)/posterior}
recipe=$1; shift
name=$(basename "$recipe" .json)
models=${MODELS:-.}
if grep -q '"mnist/' "$recipe"; then
  data=(--data mnist/t10k-images-idx3-ubyte.gz --labels mnist/t10k-labels-idx1-ubyte.gz
    --fit-data mnist/train-images-idx3-ubyte.gz --fit-labels mnist/train-labels-idx1-ubyte.gz)
else
  data=(--data fashion-mnist)
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for seed in "$@"; do
  model=$models/$name-$seed.safetensors
  split=(); ! grep -q '"labels": { *"\(per_class\|fraction\|counts\)' "$recipe" || split=(--label-seed "$seed")
  [ -f "$model" ] || "$posterior" train "$recipe" --seed "$seed" "${split[@]}" --no-record -o "$model" 2>"$models/$name-$seed.log" >/dev/null
  "$posterior" evaluate "$model" "${data[@]}" --k "${K:-0}" --no-record --grid "$models/$name-$seed.png" >"$work/$seed" 2>/dev/null
  echo "$name, seed $seed:"; sed -n '2,$p' "$work/$seed"
done
echo "$name, $# seeds, mean and standard deviation:"
cat "$work"/* | awk '
  /^layer [0-9]+, K/ { layer = $1 " " $2 " " }
  /^  [a-z_.]+ / { key = layer $1; if (!(key in n)) order[++keys] = key; n[key]++; sum[key] += $2; squares[key] += $2 * $2 }
  END {
    for (i = 1; i <= keys; i++) {
      k = order[i]; mean = sum[k] / n[k]; variance = n[k] > 1 ? (squares[k] - n[k] * mean * mean) / (n[k] - 1) : 0
      printf "  %-44s %.4f +- %.4f\n", k, mean, sqrt(variance > 0 ? variance : 0)
    }
  }'
