#!/usr/bin/env bash
# Checks the documentation against the tree and the program. Usage: Tests/docs/run.sh PATH_OF_POSTERIOR
set -euo pipefail
posterior=$(realpath "$1")
cd "$(dirname "$0")/../.."
python3 Tests/docs/reference.py "$posterior"
python3 Tests/docs/check.py "$posterior"
