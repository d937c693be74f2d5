#!/usr/bin/env bash
# Installs what is needed, builds once, and runs every fast test: format, unit tests, the server under curl, the contract.
set -euo pipefail
cd "$(dirname "$0")/.."

deploy/install.sh

echo "== format"
swift format lint --strict --recursive --parallel --configuration .swift-format Package.swift Sources Tests

echo "== build"
swift build -c release --build-tests
bin=$(swift build -c release --show-bin-path)

echo "== unit tests"
# A line a test would bury what failed: starts are left out. The socket tests have clocks in them, so they run apart from those that keep every core busy.
swift test -c release --skip-build --skip HTTPTests 2>&1 | grep -vE "^◇ "
swift test -c release --skip-build --filter HTTPTests 2>&1 | grep -vE "^◇ "

echo "== server under curl"
Tests/smoke/run.sh "$bin/posterior"

echo "== contract"
Tests/openapi/run.sh "$bin/posterior"
