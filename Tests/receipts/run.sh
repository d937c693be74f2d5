#!/usr/bin/env bash
# Receipts that an earlier build recorded hold in this one: the same recipes give the same model files, and every recorded request the same bytes.
# Usage: Tests/receipts/run.sh PATH_OF_POSTERIOR
set -euo pipefail
posterior=$(realpath "$1")
cd "$(dirname "$0")/../.."
source Tests/server.sh
here=Tests/receipts
work=$(mktemp -d)
trap finish EXIT
store=$work/store
passed=0 failed=0
fail() { failed=$((failed + 1)); echo "FAILED: $*" >&2; }

# A store as that build left it; its model files are the bundled ones, and those that training makes again.
mkdir -p -m 700 "$store"
gunzip -c $here/posterior.sqlite.gz >"$store/posterior.sqlite"
chmod 600 "$store/posterior.sqlite"
keep() {
  local digest
  digest=$(sha256sum "$1" | cut -c1-64)
  mkdir -p "$store/blobs/sha256/${digest:0:2}"
  cp "$1" "$store/blobs/sha256/${digest:0:2}/$digest"
}
for file in deploy/models/*.safetensors; do keep "$file"; done

while read -r run name; do
  if "$posterior" runs replay "$run" --store "$store" --output "$work/$name.safetensors" >"$work/log" 2>&1; then
    passed=$((passed + 1))
    keep "$work/$name.safetensors"
  else
    fail "training $name again: $(cat "$work/log")"
  fi
done <$here/training.txt

serve "$store"
while read -r run request; do
  curl -s -X POST "$url/v1/runs/$run/replay" >"$work/body"
  if grep -q '"equal":true' "$work/body"; then passed=$((passed + 1)); else fail "$request: $(head -c 400 "$work/body")"; fi
done <$here/runs.txt

echo "receipts: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
