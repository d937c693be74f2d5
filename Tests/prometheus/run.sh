#!/usr/bin/env bash
# What Prometheus makes of a server: its metrics, the alert rules, and the queries of the dashboard. Usage: Tests/prometheus/run.sh PATH_OF_POSTERIOR
# needs promtool (Debian's prometheus)
set -euo pipefail
posterior=$(realpath "$1")
cd "$(dirname "$0")/../.."
source Tests/server.sh
work=$(mktemp -d)
trap finish EXIT

"$posterior" models upload deploy/models/fashion-mnist.safetensors --name fm --store "$work/store" >/dev/null
serve "$work/store"
for n in 1 2 3; do curl -fs "$url/v1/models/fm/sample" -d "{\"n\": $n}" -o /dev/null; done
curl -s "$url/v1/models/nobody/sample" -d '{}' -o /dev/null
curl -fs "$url/v1/models/fm/sample" -d '{"seed": 1}' -H 'traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' -o /dev/null -D "$work/head"
curl -fs "$url/metrics" >"$work/metrics"
promtool check metrics <"$work/metrics"
promtool check config --lint=none deploy/prometheus/prometheus.yml
promtool test rules deploy/prometheus/alerts.test.yml
python3 - "$work/metrics" deploy/prometheus <<'EOF'
import json, pathlib, re, sys
metrics = open(sys.argv[1]).read()
known = set(re.findall(r"^# TYPE (\S+)", metrics, re.M))
folder = pathlib.Path(sys.argv[2])
dashboard = json.loads((folder / "grafana-dashboard.json").read_text())
texts = {panel["title"]: " ".join(target["expr"] for target in panel["targets"]) for panel in dashboard["panels"]}
texts["alerts"] = (folder / "alerts.yml").read_text()
for place, text in texts.items():
    for name in set(re.findall(r"\b(?:posterior|process)_[a-z_]+\b", text)):
        base = re.sub(r"_(bucket|sum|count)$", "", name)
        assert name in known or base in known, f"{place} asks for {name}, which no server has"
for name in ["posterior_build_info", "process_resident_memory_bytes", "posterior_http_request_duration_seconds", "posterior_model_request_seconds",
             "posterior_connections_open", "posterior_network_bytes_total", "posterior_spooled_bytes", "posterior_store_bytes", "posterior_jobs"]:
    assert name in known, f"{name} is missing"
assert re.search(r'posterior_model_request_seconds_count\{operation="sample",model="fm@1",phase="compute"\} 4', metrics), "no requests of fm"
print(f"{len(known)} families of metrics, {len(texts) - 1} panels")
EOF
run=$(sed -n 's/^Posterior-Run: \([0-9A-Z]*\).*/\1/p' "$work/head")
curl -fs "$url/v1/runs/$run" | grep -q '"trace_id":"0af7651916cd43dd8448eb211c80319c"' || { echo "the record has no trace" >&2; exit 1; }
echo "1 passed, 0 failed"
