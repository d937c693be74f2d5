#!/usr/bin/env bash
# VAEs as people write them in PyTorch answer here as they do there, to 1e-5; a file whose check fails says which number differs.
# Usage: Tests/pytorch/run.sh PATH_OF_POSTERIOR    (needs a Python with torch, safetensors and numpy; PYTHON names it)
set -euo pipefail
posterior=$(realpath "$1")
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0 failed=0

"${PYTHON:-python3}" models.py "$work"
for file in "$work"/*.safetensors; do
  if "$posterior" models inspect "$file" >"$work/out" 2>&1; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    echo "FAILED: $(basename "$file"): $(tail -1 "$work/out")" >&2
  fi
done

# The same file with another reading of a head is refused, by the number that shows it.
"${PYTHON:-python3}" - "$work/beta.safetensors" "$work/wrong.safetensors" <<'PY'
import sys
from safetensors import safe_open
from safetensors.torch import load_file, save_file
with safe_open(sys.argv[1], "pt") as file:
    metadata = {"posterior": file.metadata()["posterior"].replace('"scale": "exp_half"', '"scale": "exp"')}
save_file(load_file(sys.argv[1]), sys.argv[2], metadata=metadata)
PY
if "$posterior" models inspect "$work/wrong.safetensors" >"$work/out" 2>&1; then
  failed=$((failed + 1))
  echo "FAILED: another reading of a head passed" >&2
elif grep -q 'check.layers\[0\].scale' "$work/out"; then
  passed=$((passed + 1))
else
  failed=$((failed + 1))
  echo "FAILED: $(tail -1 "$work/out")" >&2
fi
echo "pytorch: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
