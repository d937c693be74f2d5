#!/usr/bin/env bash
# deploy/spark against a single process: Arrow as pyarrow writes and reads it, partitions, processes and servers, workers that are killed, refusals.
# Usage: Tests/spark/run.sh PATH_OF_POSTERIOR [--full | --dask | --ray]      needs a Java; $PYTHON is another interpreter than python3
#   --full   1 000 000 rows on two cores, with throughput beside the single process
#   --dask, --ray   the examples, with Dask or Ray from PyPI
set -euo pipefail
posterior=$(realpath "$1")
tier=${2:---quick}
cd "$(dirname "$0")/../.."
source Tests/server.sh
python=${PYTHON:-python3}
home=.build/spark/$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
work=$(mktemp -d)
trap finish EXIT

# environment NAME PACKAGES...: a place with these packages
environment() {
  local place=$home/$1
  shift
  [ -x "$place/bin/python" ] || "$python" -m venv "$place"
  "$place/bin/pip" install -q --disable-pip-version-check "$@"
}

case $tier in
  --quick | --full) environment spark 'pyspark==4.3.*' 'pandas>=2.2,<3' 'pyarrow>=18' 'mypy>=1.11,<3' ;;
  --dask) environment dask dask pandas ;;
  --ray) environment ray ray 'pandas>=2.2,<3' 'pyarrow>=18' ;;
  *) echo "Tests/spark/run.sh takes --full, --dask or --ray, not $tier" >&2; exit 64 ;;
esac
place=$PWD/$home/$([ "$tier" = --dask ] && echo dask || { [ "$tier" = --ray ] && echo ray || echo spark; })
# Workers are Pythons of their own.
export PYSPARK_PYTHON=$place/bin/python SPARK_LOCAL_IP=127.0.0.1

case $tier in
  --dask | --ray)
    "$place/bin/python" "deploy/spark/${tier#--}_example.py" "$posterior" deploy/models/white-wine.safetensors deploy/examples/white-wine.csv
    exit ;;
  --full)
    PYTHONPATH=deploy/spark "$place/bin/python" Tests/spark/full.py "$posterior" "$work"
    exit ;;
esac

"$place/bin/mypy" --strict --ignore-missing-imports --follow-imports=silent deploy/spark/posterior_spark.py
"$place/bin/python" Tests/spark/tables.py "$work"
"$posterior" train --data deploy/examples/white-wine.csv --family mixture -o "$work/mixture.safetensors" --no-record 2>"$work/training"
"$posterior" train --data "$work/people.csv" --family mixture -o "$work/people.safetensors" --no-record 2>"$work/training"
"$posterior" train "$work/moons.json" -o "$work/moons.safetensors" --no-record 2>"$work/training"
cp deploy/models/white-wine.safetensors "$work/wine.safetensors"
for model in wine mixture people moons; do
  "$posterior" models upload "$work/$model.safetensors" --name $model --store "$work/store" >"$work/upload"
done
serve "$work/store"
PYTHONPATH=deploy/spark "$place/bin/python" Tests/spark/check.py "$posterior" "$work" "$url"
