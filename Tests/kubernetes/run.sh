#!/usr/bin/env bash
# The manifests for Kubernetes and KServe against their own schemas, strictly: a field that nobody knows is an error. A mistake that is planted has to be
# found, and every container's arguments are tried on the program. Usage: Tests/kubernetes/run.sh PATH_OF_POSTERIOR
set -euo pipefail
posterior=$(realpath "$1")
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python=.build/kubernetes/bin/python
if ! "$python" -c 'import kubernetes_validate, kubernetes, yaml' 2>/dev/null; then
  python3 -m venv --clear .build/kubernetes
  .build/kubernetes/bin/pip install -q 'kubernetes-validate>=1.37,<2' 'PyYAML>=6,<7' 'kubernetes>=37,<38' six
  # Its models alone are used, not the server of models and what that needs.
  .build/kubernetes/bin/pip install -q --no-deps 'kserve>=0.21,<0.22'
fi

# right MANIFEST: whether its kinds have every field, of the right type
right() {
  case $1 in
    *kserve.yaml) "$python" Tests/kubernetes/serving_kinds.py "$1" ;;
    *) .build/kubernetes/bin/kubernetes-validate --strict --quiet "$1" ;;
  esac
}
planted=0
# plant MANIFEST MISTAKE...: each has to be found
plant() {
  right "deploy/kubernetes/$1"
  for mistake in "${@:2}"; do
    sed "$mistake" "deploy/kubernetes/$1" >"$work/$1"
    ! cmp -s "$work/$1" "deploy/kubernetes/$1"
    if right "$work/$1" >"$work/out" 2>&1; then
      echo "not found: $mistake" >&2
      exit 1
    fi
    planted=$((planted + 1))
  done
}
plant posterior.yaml 's/minAvailable/minAvailabel/' 's/readOnlyRootFilesystem: true/readOnlyRootFilesytem: true/' 's/containerPort: 8080/containerPort: http/' \
  's/averageValue:/averageValeu:/'
plant kserve.yaml 's/storageUri/storageURI/' 's/multiModel: false/multiModel: "no"/' 's/autoSelect: true/autoselect: true/' 's/kind: ServingRuntime/kind: ServingRuntimes/' \
  's/drop: .ALL./drop: ALL/'

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
