#!/usr/bin/env bash
# Installs what is needed, builds once, and runs a tier of tests.
# Usage: deploy/test.sh [fast | integration | slow]
#   fast         (the default, every submission) format, unit tests, the server under curl, the contract, receipts of earlier builds, the documents: minutes
#   integration  clients of all kinds, also generated ones, the kernels on arm64, replicas that end under load, manifests, the Debian package and the image, the page in a browser, the Python package, Spark with executors that are killed, studies that are killed, crashes during writes, memory over 100 loads, the documents' site: every submission too, while it fits
#   slow         acceptance of trained models, fuzzing and load for minutes each: by hand; figures go to deploy/docs/benchmarks.md
set -euo pipefail
cd "$(dirname "$0")/.."
tier=${1:-fast}

fast() {
  echo "== format"
  swift format lint --strict --recursive --parallel --configuration .swift-format Package.swift Sources Tests

  echo "== build"
  swift build -c release --build-tests

  echo "== unit tests"
  # A line a test would bury what failed: starts are left out. Tests of servers and loads have clocks in them, so they run apart from those that keep every core busy.
  local clocks='HTTPTests|LoadGeneratorTests|BenchLoadTests'
  swift test -c release --skip-build --skip "$clocks" 2>&1 | grep -vE "^◇ "
  swift test -c release --skip-build --filter "$clocks" 2>&1 | grep -vE "^◇ "

  echo "== server under curl"
  Tests/smoke/run.sh "$bin/posterior"

  echo "== receipts of earlier builds"
  Tests/receipts/run.sh "$bin/posterior"

  echo "== contract"
  Tests/openapi/run.sh "$bin/posterior"

  echo "== documents"
  Tests/docs/run.sh "$bin/posterior"
}

integration() {
  swift build -c release --product posterior

  echo "== the documents' site"
  deploy/docs.sh

  echo "== clients"
  Tests/clients/run.sh "$bin/posterior"

  echo "== the Open Inference Protocol"
  Tests/clients/inference.sh "$bin/posterior"

  echo "== the page"
  Tests/page/run.sh "$bin/posterior"

  echo "== replicas behind balancers"
  Tests/replicas/run.sh "$bin/posterior"

  echo "== manifests for Kubernetes"
  Tests/kubernetes/run.sh "$bin/posterior"

  echo "== packages"
  Tests/packages/run.sh "$bin/posterior"

  echo "== kernels on arm64"
  Tests/arm64/run.sh

  echo "== Prometheus"
  Tests/prometheus/run.sh "$bin/posterior"

  echo "== generated clients"
  Tests/generators/run.sh "$bin/posterior"

  echo "== Python package"
  Tests/python/run.sh "$bin/posterior"

  echo "== Spark"
  Tests/spark/run.sh "$bin/posterior"
  Tests/spark/run.sh "$bin/posterior" --dask

  echo "== studies"
  Tests/studies/run.sh "$bin/posterior"

  echo "== crashes"
  python3 Tests/crash/run.py "$bin/posterior" 30

  echo "== memory over 100 loads"
  python3 Tests/soak/loading.py "$bin/posterior"
}

slow() {
  swift build -c release --build-tests

  echo "== acceptance of trained models"
  POSTERIOR_SLOW_TESTS=1 swift test -c release --skip-build --filter AcceptanceTests

  echo "== fuzzing"
  Tests/fuzz/run.sh 10

  echo "== memory under the worst requests"
  python3 Tests/soak/memory.py "$bin/posterior" 200000000

  echo "== a million rows on Spark"
  Tests/spark/run.sh "$bin/posterior" --full

  echo "== load"
  python3 Tests/soak/run.py "$bin/posterior"
}

case $tier in
  fast) deploy/install.sh ;;
  integration) deploy/install.sh nghttp2-client prometheus haproxy nginx chromium fonts-dejavu-core default-jre-headless ;;
  slow) deploy/install.sh default-jre-headless ;;
  *) echo "deploy/test.sh takes fast, integration or slow, not $tier" >&2; exit 64 ;;
esac
bin=$(swift build -c release --show-bin-path)
"$tier"
