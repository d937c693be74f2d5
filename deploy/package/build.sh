#!/usr/bin/env bash
# Builds packages of Posterior in .build/package, with the Swift runtime inside the program.
# Usage: deploy/package/build.sh          posterior_VERSION_ARCHITECTURE.deb
#        deploy/package/build.sh image    and posterior_VERSION_image.tar.gz for docker load; BASE names the image that the package is unpacked in
set -euo pipefail
cd "$(dirname "$0")/../.."
out=$PWD/.build/package

deploy/install.sh debhelper
swift build -c release --static-swift-stdlib --product posterior --scratch-path "$out/swift"
posterior=$(swift build -c release --static-swift-stdlib --scratch-path "$out/swift" --show-bin-path)/posterior
version=$("$posterior" --version | cut -d, -f1)

tree=$out/posterior-$version
rm -rf "$tree" "$out"/*.deb
mkdir -p "$tree"
cp -r deploy/package/debian "$tree/debian"
cp "$posterior" .github/CHANGELOG.md "$tree"
POSTERIOR=$posterior deploy/docs.sh manual >/dev/null
cp -r .build/manual/man .build/manual/completions "$tree"
# It is read by a shell, not run.
sed -i '1{/^#!/d}' "$tree/completions/posterior.bash"
# The settings of deploy/serve.json, with the store of the service.
python3 - deploy/serve.json "$tree/serve.json" <<'PYTHON'
import json, sys
settings = json.load(open(sys.argv[1]))
json.dump({"store": "/var/lib/posterior"} | settings, open(sys.argv[2], "w"), indent=2)
PYTHON
cat >"$tree/debian/changelog" <<TEXT
posterior ($version) unstable; urgency=medium

  * What changed stands in CHANGELOG.md.

 -- Posterior developers <developers@posterior.invalid>  $(git log -1 --format=%cD)
TEXT
(cd "$tree" && dpkg-buildpackage --build=binary --no-sign >"$out/dpkg-buildpackage.log" 2>&1) || { cat "$out/dpkg-buildpackage.log" >&2; exit 1; }
ls -l "$out"/*.deb

[ "${1:-}" = image ] || exit 0
deploy/install.sh buildah
image=$out/posterior_${version}_image.tar
rm -rf "$out/context" "$image" "$image.gz"
mkdir "$out/context"
cp "$out/posterior_$version"_*.deb "$out/context/posterior.deb"
# vfs and chroot work where the kernel gives a builder neither overlays nor namespaces; health checks are a part of Docker's format alone.
buildah --storage-driver vfs build --isolation chroot --format docker --build-arg "BASE=${BASE:-docker.io/library/debian:12-slim}" \
  --tag "posterior:$version" --file deploy/package/Containerfile "$out/context"
buildah --storage-driver vfs push --quiet "posterior:$version" "docker-archive:$image:posterior:$version"
gzip --no-name "$image"
ls -l "$image.gz"
