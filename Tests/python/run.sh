#!/usr/bin/env bash
# The Python package against a server: its wheel with numpy and pandas, and with numpy alone.
# Usage: Tests/python/run.sh PATH_OF_POSTERIOR [PYTEST ARGUMENTS]      needs python3-venv; $PYTHON is another interpreter than python3
set -euo pipefail
posterior=$(realpath "$1")
shift
cd "$(dirname "$0")/../.."
source Tests/server.sh
python=${PYTHON:-python3}
tests=deploy/python/tests
home=.build/python/$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
wheel=$(deploy/python/build.sh "$python")
work=$(mktemp -d)

trap finish EXIT

# environment NAME PACKAGES...: a place with these packages and the wheel
environment() {
  local place=$home/$1
  shift
  if [ ! -x "$place/bin/pytest" ]; then
    "$python" -m venv "$place"
    "$place/bin/pip" install -q --disable-pip-version-check 'pytest>=7,<10' "$@"
  fi
  "$place/bin/pip" install -q --disable-pip-version-check --no-deps --force-reinstall "$wheel"
}
environment with-pandas 'numpy>=1.22,<3' 'pandas>=1.5,<4' 'mypy>=1.11,<3'
environment numpy-alone 'numpy>=1.22,<3'

for model in fashion-mnist fashion-mnist-clusters fashion-mnist-seatbelt mnist-digits white-wine; do
  "$posterior" models upload deploy/models/$model.safetensors --name $model --store "$work/store" >"$work/upload"
done
# No bundled model is of a table with categories, days and whole numbers; a mixture learns one in a second.
"$python" $tests/people.py >"$work/people.csv"
"$posterior" train --data "$work/people.csv" --family mixture -o "$work/people.safetensors" --store "$work/store" >"$work/training" 2>&1
"$posterior" models upload "$work/people.safetensors" --name people --store "$work/store" >"$work/upload"

# And one that codes such a table.
"$posterior" train --data "$work/people.csv" --family vaeac --epochs 5 -o "$work/folk.safetensors" --store "$work/store" >"$work/training" 2>&1
"$posterior" models upload "$work/folk.safetensors" --name folk --store "$work/store" >"$work/upload"

tls=()
if command -v openssl >/dev/null; then
  openssl req -x509 -newkey rsa:2048 -nodes -keyout "$work/key.pem" -out "$work/cert.pem" -days 2 -subj /CN=localhost \
    -addext subjectAltName=DNS:localhost,IP:127.0.0.1 2>"$work/openssl"
  tls=(--listen-tls 127.0.0.1:0 --tls-cert "$work/cert.pem" --tls-key "$work/key.pem")
  export POSTERIOR_TEST_CA=$work/cert.pem
fi
serve "$work/store" "${tls[@]}" --listen "unix:$work/socket"
export POSTERIOR_SERVER=$url POSTERIOR_TEST_SOCKET=$work/socket POSTERIOR_TEST_KEY POSTERIOR_TEST_TLS
POSTERIOR_TEST_TLS=$(grep -o 'https://[0-9.:]*' "$work/out" || true)
POSTERIOR_TEST_KEY=$(cat "$work/store/admin.key")

"$home/with-pandas/bin/mypy" --config-file deploy/python/pyproject.toml deploy/python/src/posterior
for place in with-pandas numpy-alone; do
  "$home/$place/bin/python" -m pytest -q -p no:cacheprovider --rootdir deploy/python -c deploy/python/pyproject.toml $tests "$@"
done
