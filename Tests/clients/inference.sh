#!/usr/bin/env bash
# The Open Inference Protocol as its real clients speak it. Usage: Tests/clients/inference.sh PATH_OF_POSTERIOR      needs python3-venv
set -euo pipefail
posterior=$(realpath "$1")
cd "$(dirname "$0")/../.."
source Tests/server.sh
python=.build/inference/bin/python
if [ ! -x "$python" ]; then
  python3 -m venv .build/inference
  .build/inference/bin/pip install -q 'tritonclient[http]==2.73.0' 'kserve==0.21.0' 'numpy<3' 'schemathesis==4.32.5'
fi
work=$(mktemp -d)
trap finish EXIT

upload() { "$posterior" models upload "$1" --name "$2" --store "$work/store" >/dev/null; }
upload deploy/models/fashion-mnist.safetensors fm
upload deploy/models/fashion-mnist-clusters.safetensors clusters
upload deploy/models/white-wine.safetensors wine
awk -v OFS=, 'BEGIN { srand(5); print "a,b,kind"; for (i = 0; i < 60; i++) { k = i % 3; print 3 * k + rand(), int(2 * rand()), substr("lowmidtop", 3 * k + 1, 3) } }' >"$work/kinds.csv"
"$posterior" train --data "$work/kinds.csv" --family mixture -o "$work/kinds.safetensors" --no-record >/dev/null 2>&1
upload "$work/kinds.safetensors" kinds
serve "$work/store"
"$python" Tests/clients/inference.py --server "$url" --key "$(cat "$work/store/admin.key")"
# Requests made up from the contract: none may be answered with an error of the server's own, or with what the contract does not know.
.build/inference/bin/schemathesis run openapi.yaml --url "$url" --include-path-regex '^/v2' --max-examples 30 --seed 1 --no-color \
  --checks not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance \
  -H "Authorization: Bearer $(cat "$work/store/admin.key")" >"$work/schemathesis" 2>&1 || { tail -80 "$work/schemathesis" >&2; exit 1; }
tail -3 "$work/schemathesis"
