#!/usr/bin/env bash
# The Debian package and the container image: built, inspected, set up on a bare Debian, and asked for the same bytes as the program from source.
# Usage: Tests/packages/run.sh PATH_OF_POSTERIOR
set -euo pipefail
posterior=$(realpath "$1")
cd "$(dirname "$0")/../.."
if ! unshare --mount true 2>/dev/null; then
  echo "skipped: packages, because nothing can be mounted here"
  exit 0
fi
# In a mount namespace of its own, so that nothing stays mounted. No folder of this system is bound into a tree that is removed at the end.
[ -n "${POSTERIOR_PACKAGES_INSIDE:-}" ] || POSTERIOR_PACKAGES_INSIDE=1 exec unshare --mount "$0" "$posterior"

work=$(mktemp -d)
server=
passed=0
finish() {
  [ -z "$server" ] || kill -9 "$server" 2>/dev/null || true
  # What strace follows outlives it.
  [ -z "${tracer:-}" ] || pkill -9 -P "$tracer" 2>/dev/null || true
  umount "$work/debian/proc" 2>/dev/null || true
  rm -rf --one-file-system "$work"
}
trap finish EXIT
pass() { passed=$((passed + 1)); }
fail() { echo "FAILED: $*" >&2; exit 1; }

deploy/install.sh mmdebstrap buildah lintian strace
chmod 711 "$work"
# Images of this test are kept apart from those of whoever runs it.
export CONTAINERS_STORAGE_CONF=$work/storage.conf
printf '[storage]\ndriver = "vfs"\ngraphroot = "%s"\nrunroot = "%s"\n' "$work/images" "$work/run" >"$CONTAINERS_STORAGE_CONF"
mmdebstrap --quiet --variant=minbase bookworm "$work/debian.tar"
buildah() { command buildah --storage-driver vfs "$@"; }
container=$(buildah from scratch)
buildah add --quiet "$container" "$work/debian.tar" / >/dev/null
buildah commit --quiet --rm "$container" localhost/debian:12 >/dev/null
BASE=localhost/debian:12 deploy/package/build.sh image >"$work/build.log" 2>&1 || { tail -50 "$work/build.log" >&2; exit 1; }
deb=$(ls .build/package/*.deb)
image=$(ls .build/package/*_image.tar.gz)
version=$("$posterior" --version | cut -d, -f1)
pass

lintian --fail-on error --allow-root "$deb" || fail "lintian"
pass

unit=deploy/package/debian/posterior.service
exposure=$(systemd-analyze security --offline=true --threshold=20 "$unit" | tail -1) || fail "the unit is too open: $exposure"
pass

# asked PORT FOLDER: answers of the bundled models that a server gives
models=(fashion-mnist white-wine)
asked() {
  mkdir -p "$2"
  curl -fsS "http://127.0.0.1:$1/v1/models/fashion-mnist/sample" -H 'Accept: image/png' -d '{"n":64,"seed":7,"mean":true}' -o "$2/samples.png"
  curl -fsS "http://127.0.0.1:$1/v1/models/white-wine/impute?mode=point&seed=1" -H 'Content-Type: text/csv' -H 'Accept: text/csv' \
    --data-binary @deploy/examples/wine-holes.csv -o "$2/wine.csv"
}
# stop SIGNAL: ends the server and waits for its exit code
stop() { kill "-$1" "$server"; wait "$server" && code=0 || code=$?; server=; }

mkdir "$work/models" "$work/store"
for model in "${models[@]}"; do cp "deploy/models/$model.safetensors" "$work/models"; done
chmod -R a+rX "$work/models"
"$posterior" serve --read-only --store "$work/models" --listen 127.0.0.1:18091 --quiet >"$work/serve.out" 2>&1 &
server=$!
"$posterior" ready --server http://127.0.0.1:18091 --wait 30
asked 18091 "$work/expected"
stop TERM

# --- the package on a bare Debian
root=$work/debian
mkdir "$root"
tar -xf "$work/debian.tar" -C "$root"
cp "$deb" "$root/tmp/posterior.deb"
cp /etc/resolv.conf "$root/etc/resolv.conf"
mount -t proc proc "$root/proc"
chroot "$root" sh -c 'apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends /tmp/posterior.deb' \
  >"$work/install.log" 2>&1 || { tail -30 "$work/install.log" >&2; fail "apt-get install"; }
[ "$(chroot "$root" posterior --version | cut -d, -f1)" = "$version" ] || fail "the package has another version than $posterior"
for file in usr/share/man/man1/posterior.1.gz usr/share/bash-completion/completions/posterior.bash etc/posterior/serve.json \
  usr/share/doc/posterior/changelog.gz etc/systemd/system/multi-user.target.wants/posterior.service; do
  [ -e "$root/$file" ] || [ -L "$root/$file" ] || fail "$file is not there"
  pass
done
grep -q '^posterior:' "$root/etc/passwd" || fail "the package makes no user"
# Without libcurl, which is only recommended, commands that ask a server say so, and serving needs none.
chroot "$root" posterior ready 2>"$work/err" && fail "a server that is not there is ready"
grep -q "libcurl4" "$work/err" || fail "without libcurl: $(cat "$work/err")"
pass
chroot "$root" install -d -m 700 -o posterior -g posterior /var/lib/posterior
sed -i 's/127.0.0.1:8080/127.0.0.1:18092/' "$root/etc/posterior/serve.json"
strace -f -qq -o "$work/calls" chroot --userspec=posterior:posterior "$root" posterior serve --config /etc/posterior/serve.json >"$work/serve.out" 2>&1 &
tracer=$!
server=
"$posterior" ready --server http://127.0.0.1:18092 --wait 60
key=$(cat "$root/var/lib/posterior/admin.key")
for model in "${models[@]}"; do
  POSTERIOR_KEY=$key "$posterior" models upload "$work/models/$model.safetensors" --name "$model" --server http://127.0.0.1:18092 >/dev/null
done
asked 18092 "$work/package"
diff -r "$work/expected" "$work/package" || fail "the package answers other bytes"
pass
# A training too: its process is bounded as the server is.
cat >"$work/recipe.json" <<JSON
{"family": "vae", "data": {"source": "$PWD/deploy/examples/white-wine.csv"}, "configuration": {"latent": 2, "hidden": [16], "likelihood": "gaussian"}, "epochs": 2}
JSON
POSTERIOR_KEY=$key timeout 300 "$posterior" train "$work/recipe.json" --server http://127.0.0.1:18092 --publish wine >"$work/out" 2>"$work/err" ||
  fail "training: $(tail -3 "$work/err")"
pass
pkill -TERM -P "$tracer" || true
wait "$tracer" && tracer= || fail "SIGTERM ends the service with $?"
pass
python3 - "$work/calls" <<'PYTHON' || fail "the unit's filter would stop the service"
import re, subprocess, sys

def members(group):
    told = subprocess.run(["systemd-analyze", "syscall-filter", group], capture_output=True, text=True, check=True).stdout
    names = {line.strip() for line in told.splitlines()[1:] if line.startswith("    ") and not line.strip().startswith("#")}
    return {name for entry in names for name in (members(entry) if entry.startswith("@") else [entry])}

# What a shell, chroot and strace do before the program runs is theirs.
lines = open(sys.argv[1]).read().splitlines()
start = max(index for index, line in enumerate(lines) if "execve(" in line and "serve.json" in line)
own = "\n".join(lines[start:])
made = set(re.findall(r"^\d+ +(\w+)\(", own, re.M))
refused = made - (members("@system-service") - members("@privileged"))
print(f"{len(made)} kinds of system calls, {len(refused)} outside the unit's filter {sorted(refused) or ''}")
sys.exit(1 if refused else 0)
PYTHON
pass

# --- the image: its own user, a root that is read-only, nothing but the program and its libraries
told=$(buildah inspect --type image --format '{{.Docker.Config.User}} {{.Docker.Config.Healthcheck.Test}}' "posterior:$version")
[ "$told" = "10001:10001 [CMD /usr/bin/posterior ready]" ] || fail "the image's user and check are $told"
container=$(buildah from "posterior:$version")
tree=$(buildah mount "$container")
! find "$tree" -name sh -o -name apt-get | grep . || fail "the image has more than the program"
cp "$work"/models/* "$tree/models"
# Every runtime of containers brings /proc.
mkdir -p "$tree/proc"
mount --bind "$tree" "$tree"
mount -t proc proc "$tree/proc"
mount -o remount,bind,ro "$tree"
chroot --userspec=10001:10001 "$tree" /usr/bin/posterior serve --read-only --store /models --listen 127.0.0.1:8080 --quiet >"$work/serve.out" 2>&1 &
server=$!
chroot --userspec=10001:10001 "$tree" /usr/bin/posterior ready --wait 30 || fail "the image is not ready: $(cat "$work/serve.out")"
asked 8080 "$work/image"
diff -r "$work/expected" "$work/image" || fail "the image answers other bytes"
stop TERM
[ "$code" = 0 ] || fail "SIGTERM ends the image with $code"
umount "$tree/proc" "$tree"
buildah rm "$container" >/dev/null
pass

megabytes() { awk -v n="$(stat -Lc %s "$1")" 'BEGIN { printf "%.1f MB", n / 1e6 }'; }
echo "package $(megabytes "$deb"), image $(megabytes "$image") compressed, program $(megabytes "$root/usr/bin/posterior"); $exposure"
echo "$passed passed, 0 failed"
