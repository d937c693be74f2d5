#!/usr/bin/env bash
# The page in a real browser. Usage: Tests/page/run.sh PATH_OF_POSTERIOR [PYTEST ARGUMENTS]      needs python3-venv and chromium
# POSTERIOR_SCREENSHOTS=FOLDER keeps a picture of every place there.
set -euo pipefail
posterior=$(realpath "$1")
shift
cd "$(dirname "$0")/../.."
source Tests/server.sh
home=.build/page
if [ ! -x "$home/bin/pytest" ]; then
  python3 -m venv "$home"
  "$home/bin/pip" install -q --disable-pip-version-check 'pytest>=7,<10' 'playwright==1.65.*' 'axe-playwright-python==0.1.*' 'numpy<3' 'pyyaml==6.*' 'deno==2.9.*'
fi
work=$(mktemp -d)
trap finish EXIT

export NO_COLOR=1 DENO_NO_UPDATE_CHECK=1
"$home/bin/deno" fmt --check --line-width 140 Sources/Page
"$home/bin/deno" lint --rules-exclude=no-window,require-await Sources/Page

"$home/bin/python" Tests/page/material.py "$work"
for model in fashion-mnist fashion-mnist-clusters fashion-mnist-seatbelt mnist-digits white-wine; do
  "$posterior" models upload deploy/models/$model.safetensors --name $model --store "$work/store" >"$work/log"
done
"$posterior" train "$work/strokes.json" -o "$work/strokes.safetensors" --store "$work/store" >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
"$posterior" models upload "$work/strokes.safetensors" --name strokes --store "$work/store" >"$work/log"
"$posterior" train --data "$work/people.csv" --family mixture -o "$work/people.safetensors" --store "$work/store" >"$work/log" 2>&1
"$posterior" models upload "$work/people.safetensors" --name people --store "$work/store" >"$work/log"
serve "$work/store"
export POSTERIOR_SERVER=$url POSTERIOR_TEST_KEY POSTERIOR_TEST_LINK POSTERIOR_TEST_WORK=$work POSTERIOR_PROGRAM=$posterior
POSTERIOR_TEST_KEY=$(cat "$work/store/admin.key")
POSTERIOR_TEST_LINK=$(grep -o 'http://.*#/sign-in/[0-9a-f]*' "$work/err")
"$home/bin/python" -m pytest -q -p no:cacheprovider -c Tests/page/pytest.ini Tests/page "$@"
