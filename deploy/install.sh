#!/usr/bin/env bash
# Installs what a build of Posterior needs from Debian, or says what is missing. Swift 6.2 or later has to be there.
set -euo pipefail

# libopenblas0 is what `posterior bench` compares with; nothing else uses it.
packages=(libopenblas0 libcurl4-openssl-dev libsqlite3-dev libssl-dev libpng-dev zlib1g-dev pkg-config curl python3-venv)

if ! command -v swift >/dev/null; then
  echo "swift is not on the PATH: install Swift 6.2 or later from https://www.swift.org/install/linux" >&2
  exit 1
fi

missing=()
for package in "${packages[@]}" "$@"; do
  dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

if [ "$(id -u)" -eq 0 ]; then as_root=(); elif command -v sudo >/dev/null; then as_root=(sudo); else
  echo "please install as root: apt-get install ${missing[*]}" >&2
  exit 1
fi
echo "installing ${missing[*]}"
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
