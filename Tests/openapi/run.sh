#!/usr/bin/env bash
# Checks openapi.yaml and a running server's answers against it. Usage: Tests/openapi/run.sh PATH_OF_POSTERIOR
set -euo pipefail
posterior=$(realpath "$1")
cd "$(dirname "$0")/../.."
source Tests/server.sh
model=deploy/models/fashion-mnist.safetensors
python=.build/openapi/bin/python
if [ ! -x "$python" ]; then
  python3 -m venv .build/openapi
  .build/openapi/bin/pip install -q 'openapi-spec-validator>=0.7,<1' 'jsonschema>=4.20,<5' 'pyyaml>=6,<7'
fi

work=$(mktemp -d)
trap finish EXIT

"$posterior" models upload "$model" --name fashion-mnist --store "$work/store"
printf 'size,kind\n1,a\n,b\n3,\n4,a\n' >"$work/holes.csv"
printf '{"family": "vaeac", "data": {"source": "%s"}, "configuration": {"latent": 2, "hidden": 4, "blocks": 1}, "epochs": 1}' "$work/holes.csv" >"$work/recipe.json"
"$posterior" train "$work/recipe.json" -o "$work/table.safetensors" --no-record >/dev/null 2>&1
"$posterior" models upload "$work/table.safetensors" --name table --store "$work/store"
mkdir "$work/pictures"
for number in 1 2; do cp deploy/examples/shirt.png "$work/pictures/$number.png"; done
printf '{"family": "vaeac_image", "data": {"source": "%s"}, "configuration": {"latent": 2, "hidden": 4, "channels": [2, 2]}, "epochs": 1}' "$work/pictures" >"$work/recipe.json"
"$posterior" train "$work/recipe.json" -o "$work/inpainter.safetensors" --no-record >/dev/null 2>&1
"$posterior" models upload "$work/inpainter.safetensors" --name inpainter --store "$work/store"
awk -v OFS=, 'BEGIN { srand(5); print "a,b,kind"; for (i = 0; i < 60; i++) { k = i % 3; print 3 * k + rand(), rand(), substr("lowmidtop", 3 * k + 1, 3) } }' >"$work/kinds.csv"
printf '{"family": "gmdgm", "data": {"source": "%s", "labels": {"column": "kind"}}, "labels": {"per_class": 5, "without": ["top"]}, "configuration": {"latent": 2, "hidden": [4], "components": 2, "likelihood": "gaussian"}, "epochs": 1}' "$work/kinds.csv" >"$work/recipe.json"
"$posterior" train "$work/recipe.json" -o "$work/kinds.safetensors" --no-record >/dev/null 2>&1
"$posterior" models upload "$work/kinds.safetensors" --name kinds --store "$work/store"
printf 'to be, or not to be: that is the question. %.0s' $(seq 40) >"$work/hamlet.txt"
printf '{"family": "char_lstm", "data": {"source": "%s", "window": {"length": 10}}, "configuration": {"hidden": 6}, "epochs": 1, "batch_size": 5}' "$work/hamlet.txt" >"$work/recipe.json"
"$posterior" train "$work/recipe.json" -o "$work/hamlet.safetensors" --no-record >/dev/null 2>&1
"$posterior" models upload "$work/hamlet.safetensors" --name hamlet --store "$work/store"
printf '{"family": "modular", "data": {"source": "%s", "labels": {"column": "kind"}}, "labels": {"fraction": 1}, "configuration": {"modules": [3, 2], "units": [4], "slots": 2}, "epochs": 1}' "$work/kinds.csv" >"$work/recipe.json"
"$posterior" train "$work/recipe.json" -o "$work/modules.safetensors" --no-record >/dev/null 2>&1
"$posterior" models upload "$work/modules.safetensors" --name modules --store "$work/store"
"$posterior" evaluate "$work/kinds.safetensors" --data "$work/kinds.csv" --labels '#kind' --no-fit-data --k 1 --store "$work/store" >/dev/null
serve "$work/store"
"$python" Tests/openapi/validate.py --server "$url" --key "$(cat "$work/store/admin.key")" --model-file "$model"
