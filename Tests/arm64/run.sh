#!/usr/bin/env bash
# The kernels on arm64 beside those on x86-64, bit for bit: cross-compiled by the clang that comes with Swift, and run under Debian's qemu-user.
# The Swift code around them is not run there: there is no cross-compiling Swift in Debian.
# Usage: Tests/arm64/run.sh
set -euo pipefail
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
deploy/install.sh gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user
kernels=Sources/CKernels
# The kernels as the package builds them; the numbers that go in must not hang on what else a compiler may contract.
build() {
  local output=$1
  shift
  clang "$@" -Wno-unused-command-line-argument -O2 -ffp-contract=off -I "$kernels/include" -c Tests/arm64/kernels.c -o "$output.o"
  clang "$@" -O3 -fno-math-errno -I "$kernels/include" "$kernels"/*.c "$output.o" -lm -o "$output"
}
build "$work/here"
build "$work/arm64" --target=aarch64-linux-gnu -fuse-ld=lld -static

listed=$(grep -oE '^KERNEL\([a-z0-9_]+ ?[a-z0-9_]*, [a-z0-9_]+' "$kernels/include/KernelList.h" | sed 's/.*, //' | sort)
qemu-aarch64 "$work/arm64" neon >"$work/neon"
compared=$(sed 's/ [0-9a-f]*$//; s/, /\n/g' "$work/neon" | sort)
if [ "$listed" != "$compared" ]; then
  echo "kernels that are not compared, or are no kernels:" >&2
  diff <(echo "$listed") <(echo "$compared") >&2 || true
  exit 1
fi
for isa in $("$work/here"); do
  "$work/here" "$isa" >"$work/$isa"
  # The portable kernels have no fused multiply-add.
  if [ "$isa" = portable ]; then continue; fi
  if ! diff "$work/$isa" "$work/neon" >"$work/difference"; then
    echo "arm64 and $isa differ:" >&2
    cat "$work/difference" >&2
    exit 1
  fi
  echo "arm64 and $isa: $(wc -l <"$work/neon") digests of $(wc -w <<<"$listed") kernels are the same"
done
