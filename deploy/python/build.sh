#!/usr/bin/env bash
# Builds the wheel of the Python client into .build/python/dist and prints its path. Usage: deploy/python/build.sh [PYTHON]
set -euo pipefail
cd "$(dirname "$0")/../.."
python=${1:-python3}
tools=.build/python/tools
[ -x $tools/bin/pip ] || "$python" -m venv $tools
rm -rf .build/python/dist
$tools/bin/pip wheel -q --disable-pip-version-check --no-deps --wheel-dir .build/python/dist deploy/python
ls .build/python/dist/*.whl
