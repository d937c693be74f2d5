#!/usr/bin/env bash
# The manifests for Kubernetes against its own schemas, strictly: a field that nobody knows is an error. A mistake that is planted has to be found.
# KServe's kinds have no schema there; every container's arguments are tried on the program. Usage: Tests/kubernetes/run.sh PATH_OF_POSTERIOR
set -euo pipefail
posterior=$(realpath "$1")
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python=.build/kubernetes/bin/python
if [ ! -x .build/kubernetes/bin/kubernetes-validate ]; then
  python3 -m venv .build/kubernetes
  .build/kubernetes/bin/pip install -q 'kubernetes-validate>=1.37,<2' 'PyYAML>=6,<7'
fi

.build/kubernetes/bin/kubernetes-validate --strict --quiet deploy/kubernetes/posterior.yaml
planted=0
for mistake in 's/minAvailable/minAvailabel/' 's/readOnlyRootFilesystem: true/readOnlyRootFilesytem: true/' 's/containerPort: 8080/containerPort: http/' 's/averageValue:/averageValeu:/'; do
  sed "$mistake" deploy/kubernetes/posterior.yaml >"$work/planted.yaml"
  ! cmp -s "$work/planted.yaml" deploy/kubernetes/posterior.yaml
  if .build/kubernetes/bin/kubernetes-validate --strict --quiet "$work/planted.yaml" >"$work/out" 2>&1; then
    echo "not found: $mistake" >&2
    exit 1
  fi
  planted=$((planted + 1))
done

"$python" - "$posterior" deploy/kubernetes/*.yaml <<'PYTHON'
import subprocess, sys, yaml

posterior, *paths = sys.argv[1:]
tried = 0
for path in paths:
    for document in yaml.safe_load_all(open(path)):
        pod = document["spec"].get("template", {}).get("spec", document["spec"])
        for container in pod.get("containers", []):
            told = subprocess.run([posterior, *container["args"], "--print-config"], capture_output=True, text=True)
            assert told.returncode == 0, f"{path}: {container['args']}: {told.stderr}"
            tried += 1
print(f"{tried} containers' arguments are right")
PYTHON
echo "$planted planted mistakes found, 0 failed"
