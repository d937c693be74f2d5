#!/usr/bin/env bash
# Fuzzes the request and the form parser with libFuzzer; ends with 0 if nothing crashed, hung or depended on how it was cut.
# Usage: Tests/fuzz/run.sh [MINUTES, 20 unless told]
# What it finds goes to .build/fuzz/found, what it learns to .build/fuzz/corpus; Tests/fuzz/corpus is only read.
set -euo pipefail
minutes=${1:-20}
cd "$(dirname "$0")/../.."
swift build --package-path Tests/fuzz --scratch-path .build/fuzz -c release --product fuzz
mkdir -p .build/fuzz/corpus .build/fuzz/found
exec nice -n 15 .build/fuzz/release/fuzz -max_total_time=$((minutes * 60)) -timeout=10 -rss_limit_mb=1024 -max_len=4096 \
  -dict=Tests/fuzz/http.dict -artifact_prefix=.build/fuzz/found/ -print_final_stats=1 .build/fuzz/corpus Tests/fuzz/corpus
