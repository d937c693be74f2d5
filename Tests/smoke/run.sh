#!/usr/bin/env bash
# The server as a client sees it: curl against the bundled model. Usage: Tests/smoke/run.sh PATH_OF_POSTERIOR
set -euo pipefail
posterior=$(realpath "$1")
cd "$(dirname "$0")/../.."
model=deploy/models/fashion-mnist.safetensors
work=$(mktemp -d)
passed=0 failed=0 server=

finish() {
  [ -z "$server" ] || kill -9 "$server" 2>/dev/null || true
  umount "$work/small" 2>/dev/null || true
  rm -rf "$work"
}
trap finish EXIT

pass() { passed=$((passed + 1)); }
fail() { failed=$((failed + 1)); echo "FAILED: $*" >&2; }
# expect NAME WANTED GIVEN
expect() { if [ "$2" = "$3" ]; then pass; else fail "$1: expected $2, got $3"; fi; }
# contains NAME TEXT FILE
contains() { if grep -qF -- "$2" "$3"; then pass; else fail "$1: \"$2\" is not in: $(head -c 400 "$3")"; fi; }

# start STORE [ARGUMENTS]: serves it on a free port and waits until it is ready
start() {
  : >"$work/serve.out"
  "$posterior" serve --listen 127.0.0.1:0 --store "$1" --quiet "${@:2}" >"$work/serve.out" 2>"$work/serve.err" &
  server=$!
  for _ in $(seq 300); do
    url=$(grep -o 'http://[0-9.:]*' "$work/serve.out" || true)
    [ -n "$url" ] && curl -fs "$url/readyz" -o /dev/null && return
    kill -0 "$server" 2>/dev/null || break
    read -rt 0.1 <> <(:) || true
  done
  cat "$work/serve.err" >&2
  echo "the server did not become ready" >&2
  exit 1
}
# status URL-PATH [CURL ARGUMENTS]: the answer's body is in $work/body, its head in $work/head
status() { local path=$1; shift; curl -s -o "$work/body" -D "$work/head" -w '%{http_code}' "$@" "$url$path" || true; }

store=$work/store
start "$store"
key=$(cat "$store/admin.key")
admin=(-H "Authorization: Bearer $key")
expect "admin.key is private" 600 "$(stat -c %a "$store/admin.key")"
expect "the store is private" "700 600 600" "$(echo $(stat -c %a "$store" "$store/posterior.sqlite" "$store/posterior.sqlite-wal"))"

# --- names and web pages
expect "another host's name" 421 "$(status /v1/models -H 'Host: evil.example')"
expect "localhost" 200 "$(status /v1/models -H 'Host: localhost')"
for host in 'localhost:port' 'a:80:90' '[::1' '%zz' 'a:-1'; do expect "Host: $host" 400 "$(status /v1/models -H "Host: $host")"; done
expect "an empty Host" 400 "$(status /v1/models -H 'Host;')"
expect "a page of another origin" 403 "$(status /v1/models -H 'Origin: http://evil.example')"
expect "a page of another site" 403 "$(status /v1/models -H 'Sec-Fetch-Site: cross-site')"
expect "a page of the server's own" 200 "$(status /v1/models -H "Origin: $url")"
contains "every answer" "X-Content-Type-Options: nosniff" "$work/head"
expect "a precondition that fails" 412 "$(status /openapi.yaml -H 'If-Match: "other"')"

# --- upload
expect "upload without a key" 401 "$(status /v1/admin/models/fm/versions --data-binary @$model)"
expect "upload with a wrong key" 401 "$(status /v1/admin/models/fm/versions -H 'Authorization: Bearer 0000' --data-binary @$model)"
head -c 100000 "$model" >"$work/half"
expect "half a model" 422 "$(status '/v1/admin/models/fm/versions?alias=live' "${admin[@]}" --data-binary @"$work/half")"
contains "half a model" application/problem+json "$work/head"
head -c 100000 /dev/urandom >"$work/noise"
expect "no model at all" 422 "$(status '/v1/admin/models/fm/versions' "${admin[@]}" --data-binary @"$work/noise")"
expect "a digest that does not fit" 400 "$(status /v1/admin/models/fm/versions "${admin[@]}" -H 'Content-Digest: sha-256=:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=:' --data-binary @$model)"
expect "nothing was registered" 404 "$(status /v1/models/fm)"
expect "nothing was left behind" 0 "$(find "$store/blobs" "$store/uploads" -type f 2>/dev/null | wc -l)"
expect "upload" 201 "$(status '/v1/admin/models/fm/versions?alias=live' "${admin[@]}" -H 'Content-Type: application/octet-stream' --data-binary @$model)"
expect "the same bytes again, as a form" 200 "$(status '/v1/admin/models/fm/versions?alias=live' "${admin[@]}" -F file=@$model)"
digest=$(sha256sum "$model" | cut -d' ' -f1)
contains "the digest" "sha256:$digest" "$work/body"
# An upload that breaks off in the middle.
exec 3<>"/dev/tcp/127.0.0.1/${url##*:}"
printf 'POST /v1/admin/models/fm/versions HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\nContent-Length: 4000000\r\n\r\n' "$key" >&3
head -c 300000 "$model" >&3
exec 3>&-
for _ in $(seq 50); do [ "$(find "$store/uploads" -type f 2>/dev/null | wc -l)" = 0 ] && break; read -rt 0.1 <> <(:) || true; done
expect "a broken upload leaves nothing" 0 "$(find "$store/uploads" -type f 2>/dev/null | wc -l)"

# --- a version of another server
POSTERIOR_SOURCE_KEY=$key "$posterior" models pull "$url" fm@live --name taken --store "$work/pulled" >"$work/out" 2>"$work/err" || fail "pull: $(cat "$work/err")"
contains "pull" "taken@1  sha256:$digest  taken over, live -> 1" "$work/out"
expect "what was pulled" "$digest" "$("$posterior" models download taken --store "$work/pulled" -o - | sha256sum | cut -d' ' -f1)"
POSTERIOR_SOURCE_KEY=$key "$posterior" models pull "$url" fm@1 --name taken --store "$work/pulled" >"$work/out" && contains "pull again" 'was there already' "$work/out"
zeros=sha256:$(printf '0%.0s' $(seq 64))
code=0; POSTERIOR_SOURCE_KEY=$key "$posterior" models pull "$url" fm --name pinned --digest "$zeros" --store "$work/pulled" >"$work/out" 2>"$work/err" || code=$?
expect "pull of another digest" 1 "$code"
contains "pull of another digest" "expected $zeros: nothing was taken over" "$work/err"
code=0; "$posterior" models show pinned --store "$work/pulled" >"$work/out" 2>&1 || code=$?
expect "nothing was taken over" 3 "$code"
code=0; POSTERIOR_SOURCE_KEY=$key "$posterior" models pull "$url" fm@9 --store "$work/pulled" >"$work/out" 2>"$work/err" || code=$?
expect "pull of what is not there" 3 "$code"
code=0; POSTERIOR_SOURCE_KEY=$key "$posterior" models pull "$url" fm --digest abc --store "$work/pulled" >"$work/out" 2>"$work/err" || code=$?
expect "pull with a digest that is none" 64 "$code"

# --- load
"$posterior" bench --server "$url" --model fm --operation reconstruct --format raw --warm-up 0.1 --window 0.1 --windows 3 --json \
  >"$work/body" 2>"$work/bench.err" || fail "bench: $(cat "$work/bench.err")"
contains "bench" '"differing_answers":0' "$work/body"
contains "bench" '"failures":{}' "$work/body"

# --- reading
for path in /healthz /readyz /v1/models /v1/models/fm /v1/models/fm@1 /v1/models/fm@live /v1/families /v1/runs /openapi.yaml /; do
  expect "GET $path" 200 "$(status "$path")"
done
status /v1/families >"$work/ignored"
"$posterior" families >"$work/out" 2>"$work/err" || fail "posterior families: $(cat "$work/err")"
expect "families of the command and of the server" "$(grep -o '"choose":' "$work/body" | wc -l)" "$(tail -n +2 "$work/out" | wc -l)"
"$posterior" families --task classes >"$work/out" && contains "families for a task" 'first for clusters' "$work/out"
! grep -q vaeac "$work/out" || fail "families for a task: others are there"
! "$posterior" families --task clases 2>"$work/err" || fail "families for another task"
contains "families for another task" '--task is "clases", expected one of imputation, classes' "$work/err"
! "$posterior" families gmdgn 2>"$work/err" || fail "another family"
contains "another family" 'family is "gmdgn", expected one of adgm' "$work/err"
! "$posterior" families gmdgm --task classes 2>"$work/err" || fail "a family for a task"
contains "a family for a task" '--task is for the list' "$work/err"
expect "unknown model" 404 "$(status /v1/models/none)"
expect "unknown version" 404 "$(status /v1/models/fm@9)"
expect "wrong method" 405 "$(status /v1/models/fm/encode)"
contains "Allow" "Allow:" "$work/head"
expect "HEAD" 200 "$(status /healthz --head)"
expect "the page" 200 "$(status / --compressed)"
contains "the page's policy" "default-src 'none'; script-src 'self'" "$work/head"
expect "a module of the page" 200 "$(status "$(grep -o '/page/[0-9a-f]*/main.js' "$work/body")" --compressed)"
contains "for good" "max-age=31536000, immutable" "$work/head"
expect "samples for a cache" 200 "$(status '/v1/models/fm/sample?n=2&seed=1')"
expect "a copy of them" 304 "$(status '/v1/models/fm/sample?n=2&seed=1' -H "If-None-Match: $(sed -n 's/^[Ee][Tt]ag: *\([^\r]*\).*/\1/p' "$work/head")")"
link=$(grep -o 'sign-in/[0-9a-f]*' "$work/serve.err" | cut -d/ -f2)
expect "the link that serve prints" 201 "$(status /v1/sign-in -d "{\"token\": \"$link\"}")"
expect "the same link again" 401 "$(status /v1/sign-in -d "{\"token\": \"$link\"}")"

# --- bench
expect "the benchmark of the arithmetic has a time for every number of rows" 2 \
  "$("$posterior" bench arithmetic --rows 1 3 --rounds 1 --plain | awk 'NF == 4 && $2 > 0 && $4 > 0' | wc -l)"

# --- sampling: one seed, one answer
sample=/v1/models/fm/sample
expect "sample" 200 "$(status $sample -d '{"n":3,"seed":7}')"
contains "the receipt" "Posterior-Digest: sha256:$digest" "$work/head"
contains "the seed" "Posterior-Seed: 7" "$work/head"
raw=(-H 'Accept: application/octet-stream')
expect "raw" 200 "$(status $sample "${raw[@]}" -d '{"n":64,"seed":7}')"
expect "raw bytes" $((64 * 784 * 4)) "$(stat -c %s "$work/body")"
cp "$work/body" "$work/many"
status $sample "${raw[@]}" -d '{"n":3,"seed":7}' >/dev/null
expect "three are a prefix of 64" "$(head -c $((3 * 784 * 4)) "$work/many" | sha256sum)" "$(sha256sum <"$work/body")"
"$posterior" sample "$model" --n 64 --seed 7 --format raw -o "$work/offline"
expect "offline gives the same bytes" "$(sha256sum <"$work/many")" "$(sha256sum <"$work/offline")"
for _ in 1 2 3 4 5 6 7 8; do
  curl -s "${raw[@]}" -d '{"n":64,"seed":7}' "$url$sample" | sha256sum >>"$work/together" &
  clients+=($!)
done
wait "${clients[@]}"
expect "eight clients at once get the same bytes" "$(sha256sum <"$work/many")" "$(sort -u "$work/together")"
expect "png" 200 "$(status $sample -H 'Accept: image/png' -d '{"n":16,"seed":1,"mean":true}')"
expect "a PNG's first bytes" 89504e47 "$(head -c 4 "$work/body" | od -An -tx1 | tr -d ' \n')"
expect "npy" 200 "$(status $sample -H 'Accept: application/x-npy' -d '{"n":2,"seed":1}')"
contains "npy" NUMPY "$work/body"

# --- items in
png=(-H 'Content-Type: image/png' --data-binary @deploy/examples/shirt.png)
expect "encode" 200 "$(status /v1/models/fm/encode "${png[@]}")"
contains "encode" '"layers"' "$work/body"
cp "$work/body" "$work/code.json"
python3 -c 'import json,sys; json.dump({"layers": json.load(open(sys.argv[1]))["layers"]}, open(sys.argv[2], "w"))' "$work/code.json" "$work/layers.json"
expect "reconstruct, raw" 200 "$(status /v1/models/fm/reconstruct "${png[@]}" "${raw[@]}")"
cp "$work/body" "$work/reconstructed"
expect "decode" 200 "$(status /v1/models/fm/decode -H 'Content-Type: application/json' "${raw[@]}" --data-binary "@$work/layers.json")"
expect "a code decodes to the reconstruction" "$(sha256sum <"$work/reconstructed")" "$(sha256sum <"$work/body")"
"$posterior" encode "$model" --input deploy/examples/shirt.png -o "$work/code.csv"
"$posterior" decode "$model" --input "$work/code.csv" -o "$work/decoded.raw" 2>/dev/null
expect "and so offline, through CSV" "$(sha256sum <"$work/reconstructed")" "$(sha256sum <"$work/decoded.raw")"

# --- compression: draws of a model, which has a code for them
"$posterior" sample "$model" --n 300 --seed 8 -o "$work/items.npy" 2>/dev/null
"$posterior" compress "$model" "$work/items.npy" -o "$work/items.bits" --chunk 128 2>"$work/err" || fail "compress: $(cat "$work/err")"
contains "compress tells the rate" "bits/dim" "$work/err"
"$posterior" decompress "$model" "$work/items.bits" -o "$work/again.npy" || fail "decompress"
expect "items come back" "$(sha256sum <"$work/items.npy")" "$(sha256sum <"$work/again.npy")"
head -c 5000 "$work/items.bits" >"$work/cut.bits"
expect "half a stream" 1 "$("$posterior" decompress "$model" "$work/cut.bits" -o "$work/cut.npy" 2>"$work/err"; echo $?)"
expect "half a stream writes nothing" no "$([ -e "$work/cut.npy" ] && echo yes || echo no)"
"$posterior" compress deploy/models/white-wine.safetensors deploy/examples/white-wine.csv -o "$work/wine.bits" 2>"$work/err" || fail "compress: $(cat "$work/err")"
contains "compress tells the rate of a table" "bits a cell" "$work/err"
"$posterior" decompress deploy/models/white-wine.safetensors "$work/wine.bits" -o "$work/wine.csv" || fail "decompress"
# One cell of it is "8.0" among cells like "8".
expect "rows come back" "$(sed 's/,8\.0,/,8,/' deploy/examples/white-wine.csv | sha256sum)" "$(sha256sum <"$work/wine.csv")"
"$posterior" decompress "$model" "$work/items.bits" --items 130-259 -o "$work/some.npy" || fail "decompress --items"
head -c $((128 + 260 * 3136)) "$work/items.npy" | tail -c $((130 * 3136)) >"$work/wanted"
expect "some items come back" "$(sha256sum <"$work/wanted")" "$(tail -c +129 "$work/some.npy" | sha256sum)"
expect "items beyond the end" 1 "$("$posterior" decompress "$model" "$work/items.bits" --items 300 -o "$work/none.npy" 2>"$work/err"; echo $?)"
contains "items beyond the end" "0 to 299" "$work/err"

# The same bytes with any instruction set and any number of threads; without fused multiply-add none.
expect "an instruction set of no processor" 64 "$(POSTERIOR_INSTRUCTION_SET=none "$posterior" --version 2>"$work/err"; echo $?)"
sets=$(sed -n 's/.*expected one of \(.*\), which.*/\1/p' "$work/err" | tr -d ,)
for set in $sets; do
  if [ "$set" = portable ]; then
    expect "no fused multiply-add" 1 "$(POSTERIOR_INSTRUCTION_SET=$set "$posterior" compress "$model" "$work/items.npy" -o "$work/$set.bits" 2>"$work/err"; echo $?)"
    contains "no fused multiply-add" "fused multiply-add" "$work/err"
    expect "nor to read" 1 "$(POSTERIOR_INSTRUCTION_SET=$set "$posterior" decompress "$model" "$work/items.bits" -o "$work/$set.npy" 2>"$work/err"; echo $?)"
    continue
  fi
  for threads in 1 2 3; do
    POSTERIOR_INSTRUCTION_SET=$set "$posterior" compress "$model" "$work/items.npy" -o "$work/$set.bits" --chunk 128 --threads $threads 2>"$work/err" || fail "compress, $set"
    expect "compressed with $set on $threads threads" "$(sha256sum <"$work/items.bits")" "$(sha256sum <"$work/$set.bits")"
    POSTERIOR_INSTRUCTION_SET=$set "$posterior" decompress "$model" "$work/items.bits" -o "$work/$set.npy" --threads $threads || fail "decompress, $set"
    expect "decompressed with $set on $threads threads" "$(sha256sum <"$work/items.npy")" "$(sha256sum <"$work/$set.npy")"
  done
done

stream=(-H 'Content-Type: application/vnd.posterior.bits')
array=(-H 'Content-Type: application/x-npy' -H 'Accept: application/x-npy')
expect "compress" 200 "$(status '/v1/models/fm/compress?seed=0&chunk=128' -H 'Content-Type: application/x-npy' --data-binary "@$work/items.npy")"
expect "the stream of the command line" "$(sha256sum <"$work/items.bits")" "$(sha256sum <"$work/body")"
contains "the rate" "Posterior-Rate-Bound: 0." "$work/head"
expect "the rate alone" 200 "$(status /v1/models/fm/compress -H 'Content-Type: application/x-npy' -H 'Accept: application/json' --data-binary "@$work/items.npy")"
contains "the rate alone" '"bits_per_dim"' "$work/body"
expect "decompress" 200 "$(status /v1/models/fm/decompress "${stream[@]}" "${array[@]:2}" --data-binary "@$work/items.bits")"
expect "items come back over HTTP" "$(sha256sum <"$work/items.npy")" "$(sha256sum <"$work/body")"
expect "some of them" 200 "$(status '/v1/models/fm/decompress?items=130-259' "${stream[@]}" "${array[@]:2}" --data-binary "@$work/items.bits")"
expect "some of them" "$(sha256sum <"$work/some.npy")" "$(sha256sum <"$work/body")"
contains "where they begin" "Posterior-First-Item: 130" "$work/head"
"$posterior" compress fm "$work/items.npy" --chunk 128 -o "$work/remote.bits" --server "$url" 2>"$work/err" || fail "compress --server"
expect "compressed by a server" "$(sha256sum <"$work/items.bits")" "$(sha256sum <"$work/remote.bits")"
contains "compressed by a server" "bits/dim" "$work/err"
"$posterior" decompress fm "$work/items.bits" --items 130-259 -o "$work/remote.npy" --server "$url" || fail "decompress --server"
expect "decompressed by a server" "$(sha256sum <"$work/some.npy")" "$(sha256sum <"$work/remote.npy")"
expect "half a stream, to a server" 1 "$("$posterior" decompress fm "$work/cut.bits" -o "$work/none.npy" --server "$url" 2>"$work/err"; echo $?)"
expect "nothing is written then" no "$([ -e "$work/none.npy" ] && echo yes || echo no)"
refused() { local name=$1 wanted=$2; shift 2; expect "$name" "$wanted" "$(status "$@")"; contains "$name" '"detail"' "$work/body"; }
refused "half a stream over HTTP" 400 /v1/models/fm/decompress "${stream[@]}" --data-binary "@$work/cut.bits"
refused "no stream" 400 /v1/models/fm/decompress "${stream[@]}" --data-binary "@$work/items.npy"
(head -c 2000 "$work/items.bits"; printf 'x'; tail -c +2002 "$work/items.bits") >"$work/flipped.bits"
refused "another byte" 400 /v1/models/fm/decompress "${stream[@]}" --data-binary "@$work/flipped.bits"
(head -c 8 "$work/items.bits"; printf '\2'; tail -c +10 "$work/items.bits") >"$work/future.bits"
refused "a version of later" 415 /v1/models/fm/decompress "${stream[@]}" --data-binary "@$work/future.bits"
refused "a stream as text" 415 /v1/models/fm/decompress -H 'Content-Type: text/csv' --data-binary "@$work/items.bits"
refused "items off the levels" 422 /v1/models/fm/compress -H 'Content-Type: application/x-npy' --data-binary @deploy/examples/ten-garments.npy
contains "items off the levels" '"field":"array[0]' "$work/body"
refused "items that are not there" 422 '/v1/models/fm/decompress?items=300' "${stream[@]}" --data-binary "@$work/items.bits"
# The same ten pictures as CSV, with and without names and classes, and in a sliver of the range.
python3 - deploy/examples/ten-garments.npy "$work" <<'EOF'
import struct, sys
data = open(sys.argv[1], "rb").read()
body = data[10 + struct.unpack("<H", data[8:10])[0]:]
kind = "<%df" if b"<f4" in data[:128] else "%dB"
values = struct.unpack(kind % (10 * 784), body)
rows = [values[i * 784:(i + 1) * 784] for i in range(10)]
line = lambda row: ",".join(f"{v:g}" for v in row)
folder = sys.argv[2]
open(f"{folder}/plain.csv", "w").write("\n".join(map(line, rows)) + "\n")
open(f"{folder}/named.csv", "w").write("label," + ",".join(f"pixel{i}" for i in range(784)) + "\n" + "\n".join("3," + line(r) for r in rows) + "\n")
open(f"{folder}/classes.csv", "w").write("\n".join("3," + line(r) for r in rows) + "\n")
open(f"{folder}/dark.csv", "w").write("\n".join(line([v / 255 for v in r]) for r in rows) + "\n")
EOF
csv=(-H 'Content-Type: text/csv' -H 'Accept: application/x-npy')
expect "encode an array" 200 "$(status /v1/models/fm/encode -H 'Content-Type: application/x-npy' -H 'Accept: application/x-npy' --data-binary @deploy/examples/ten-garments.npy)"
cp "$work/body" "$work/codes.npy"
for file in plain named; do
  expect "encode images of CSV, $file" 200 "$(status /v1/models/fm/encode "${csv[@]}" --data-binary "@$work/$file.csv")"
  cmp -s "$work/codes.npy" "$work/body" && pass || fail "images of CSV, $file, have other codes than the same in an array"
done
expect "images of CSV with classes of no name" 422 "$(status /v1/models/fm/encode "${csv[@]}" --data-binary "@$work/classes.csv")"
contains "images of CSV with classes of no name" "a first column of labels has to be called label" "$work/body"
expect "images in a sliver of the range" 200 "$(status /v1/models/fm/encode "${csv[@]}" --data-binary "@$work/dark.csv")"
contains "images in a sliver of the range" "Posterior-Warning: all pixels lie between 0 and 1" "$work/head"
expect "reconstruct" 200 "$(status /v1/models/fm/reconstruct "${png[@]}" -H 'Accept: image/png')"
expect "score" 200 "$(status '/v1/models/fm/score?k=10&seed=3' "${png[@]}")"
contains "score" elbo_nats "$work/body"
expect "layers of a model that has one" 422 "$(status '/v1/models/fm/score?k=10&seed=3&by_layer=true' "${png[@]}")"
contains "layers of a model that has one" 'expected false: this model has no layers' "$work/body"
"$posterior" score deploy/models/fashion-mnist-seatbelt.safetensors --input deploy/examples/ten-garments.npy --k 2 --seed 1 --by-layer -o "$work/layers.csv" 2>"$work/err" || fail "score --by-layer: $(cat "$work/err")"
expect "layers of a model that has three" elbo_nats,kl_nats,reconstruction_nats,layer_0_kl_nats,layer_1_kl_nats,layer_2_kl_nats,iwae_nats,bits_per_dim "$(head -n 1 "$work/layers.csv" | tr -d '\r')"

# --- a table with holes, from the file to the completed file
awk 'BEGIN { print "size,weight,kind"; for (i = 0; i < 60; i++) printf "%s,%s,%s\n", i % 7 ? i % 10 + 0.50 : "", i % 5 ? 2 * (i % 10) : "NA", i % 3 ? "small" : "\"large, or so\"" }' >"$work/holes.csv"
printf '{"family": "vaeac", "data": {"source": "%s"}, "configuration": {"latent": 2, "hidden": 8, "blocks": 1}, "epochs": 2, "seed": 1}' "$work/holes.csv" \
  >"$work/recipe.json"
"$posterior" data describe "$work/holes.csv" >"$work/body"
contains "describe" binary "$work/body"
"$posterior" data describe "$work/holes.csv" -o "$work/schema.json" >/dev/null
"$posterior" train --data "$work/holes.csv" --family vaeac --schema "$work/schema.json" --print-recipe >"$work/body"
contains "a recipe from a table" '"validation": 9' "$work/body"
"$posterior" train --data "$work/holes.csv" --family vaeac --epochs 1 -o "$work/alone.safetensors" --no-record >"$work/body" 2>"$work/chosen"
contains "training without a recipe" sha256: "$work/body"
contains "what it chose" '9 rows held out' "$work/chosen"
"$posterior" train "$work/recipe.json" -o "$work/table.safetensors" --no-record >/dev/null 2>&1
expect "upload an imputer" 201 "$(status '/v1/admin/models/table/versions?alias=live' "${admin[@]}" --data-binary @"$work/table.safetensors")"
expect "impute" 200 "$(status '/v1/models/table/impute?mode=point&seed=4' -H 'Content-Type: text/csv' -H 'Accept: text/csv' --data-binary @"$work/holes.csv")"
cp "$work/body" "$work/completed"
expect "no hole is left" 0 "$(grep -cE '(^|,)(NA|,|$)' "$work/completed" || true)"
contains "an observed cell as it was sent" '1.5,2,small' "$work/completed"
"$posterior" impute "$work/table.safetensors" "$work/holes.csv" --mode point --seed 4 -o "$work/offline.csv"
expect "offline imputes the same bytes" "$(sha256sum <"$work/completed")" "$(sha256sum <"$work/offline.csv")"
# Tables in bits: the bytes of the command line, and rows of them.
"$posterior" compress "$work/table.safetensors" "$work/holes.csv" -o "$work/rows.bits" --chunk 16 2>"$work/err" || fail "compress a table: $(cat "$work/err")"
"$posterior" decompress "$work/table.safetensors" "$work/rows.bits" -o "$work/rows.csv" || fail "decompress a table"
"$posterior" decompress "$work/table.safetensors" "$work/rows.bits" --items 15-17 -o "$work/some.csv" || fail "decompress some rows"
expect "compress a table" 200 "$(status '/v1/models/table/compress?seed=0&chunk=16' -H 'Content-Type: text/csv' --data-binary @"$work/holes.csv")"
expect "the stream of the command line, of a table" "$(sha256sum <"$work/rows.bits")" "$(sha256sum <"$work/body")"
expect "decompress a table" 200 "$(status /v1/models/table/decompress "${stream[@]}" -H 'Accept: text/csv' --data-binary @"$work/rows.bits")"
expect "rows come back over HTTP" "$(sha256sum <"$work/rows.csv")" "$(sha256sum <"$work/body")"
expect "some rows" 200 "$(status '/v1/models/table/decompress?items=15-17' "${stream[@]}" -H 'Accept: text/csv' --data-binary @"$work/rows.bits")"
expect "some rows" "$(sha256sum <"$work/some.csv")" "$(sha256sum <"$work/body")"
expect "rows as JSON" 200 "$(status /v1/models/table/decompress "${stream[@]}" --data-binary @"$work/rows.bits")"
contains "rows as JSON" '"rows":[{' "$work/body"
"$posterior" compress table "$work/holes.csv" --chunk 16 -o "$work/remote.bits" --server "$url" 2>"$work/err" || fail "compress a table, --server"
expect "a table compressed by a server" "$(sha256sum <"$work/rows.bits")" "$(sha256sum <"$work/remote.bits")"
"$posterior" decompress table "$work/rows.bits" -o "$work/remote.csv" --server "$url" || fail "decompress a table, --server"
expect "a table decompressed by a server" "$(sha256sum <"$work/rows.csv")" "$(sha256sum <"$work/remote.csv")"
sed '5s/^[^,]*/0.30000000000000004/' "$work/holes.csv" >"$work/off.csv"
expect "a number on no grid" 422 "$(status /v1/models/table/compress -H 'Content-Type: text/csv' --data-binary @"$work/off.csv")"
contains "its row and column" '"field":"rows[3]' "$work/body"
# Long tables go in and out block by block: the same bytes over HTTP, from a file and from a pipe, and a fault leaves no file.
{ head -n 1 "$work/holes.csv"; for _ in $(seq 3000); do tail -n +2 "$work/holes.csv"; done; } >"$work/long.csv"
expect "impute a long table" 200 "$(status '/v1/models/table/impute?draws=2&seed=4' -H 'Content-Type: text/csv' -H 'Accept: text/csv' --data-binary @"$work/long.csv")"
contains "impute a long table" 'Transfer-Encoding: chunked' "$work/head"
"$posterior" impute "$work/table.safetensors" "$work/long.csv" --draws 2 --seed 4 -o "$work/offline.csv"
expect "offline imputes the same long table" "$(sha256sum <"$work/body")" "$(sha256sum <"$work/offline.csv")"
"$posterior" impute "$work/table.safetensors" - --draws 2 --seed 4 --format csv -o - <"$work/long.csv" >"$work/piped.csv"
expect "a pipe imputes the same long table" "$(sha256sum <"$work/body")" "$(sha256sum <"$work/piped.csv")"
echo 'one field too,many,for,this,table' >>"$work/long.csv"
"$posterior" impute "$work/table.safetensors" "$work/long.csv" --seed 4 -o "$work/faulty.csv" 2>"$work/err" && fail "a fault in the last row was not seen"
expect "a fault leaves no file" 0 "$(find "$work" -name '*faulty*' | wc -l)"
expect "a fault in the last row" 400 "$(status '/v1/models/table/impute?seed=4' -H 'Content-Type: text/csv' -H 'Accept: text/csv' --data-binary @"$work/long.csv")"
expect "impute rows" 200 "$(status /v1/models/table/impute -d '{"rows":[{"kind":null,"weight":4,"size":null}],"draws":2,"seed":1}')"
contains "the chances of a category" '"probabilities":{"large, or so":' "$work/body"
expect "a category that is not known" 422 "$(status /v1/models/table/impute -d '{"rows":[{"kind":"huge","weight":4,"size":1}]}')"
expect "score a column given the others" 200 "$(status '/v1/models/table/score?k=5&targets=size&seed=4' -H 'Content-Type: text/csv' --data-binary @"$work/holes.csv")"
contains "score a column given the others" '"targets":["size"]' "$work/body"
expect "a target that is no column" 422 "$(status '/v1/models/table/score?targets=height' -H 'Content-Type: text/csv' --data-binary @"$work/holes.csv")"
# A mixture of the same table: exact scores, samples, and clusters whatever is missing.
"$posterior" train --data "$work/holes.csv" --family mixture -o "$work/mixture.safetensors" --no-record >/dev/null 2>&1
expect "upload a mixture" 201 "$(status '/v1/admin/models/mixture/versions?alias=live' "${admin[@]}" --data-binary @"$work/mixture.safetensors")"
expect "impute by a mixture" 200 "$(status '/v1/models/mixture/impute?draws=2&seed=4' -H 'Content-Type: text/csv' -H 'Accept: text/csv' --data-binary @"$work/holes.csv")"
"$posterior" impute "$work/mixture.safetensors" "$work/holes.csv" --draws 2 --seed 4 -o "$work/offline.csv"
expect "a mixture imputes the same bytes offline" "$(sha256sum <"$work/body")" "$(sha256sum <"$work/offline.csv")"
expect "score by a mixture" 200 "$(status '/v1/models/mixture/score?targets=size' -H 'Content-Type: text/csv' --data-binary @"$work/holes.csv")"
contains "an exact score" '"kinds":{"nats":"exact"}' "$work/body"
expect "cluster rows with holes" 200 "$(status /v1/models/mixture/cluster -H 'Content-Type: text/csv' --data-binary @"$work/holes.csv")"
expect "sample from a mixture" 200 "$(status /v1/models/mixture/sample -d '{"n":3,"seed":7,"given":{"cluster":1}}')"

# --- a stranger's table: spreadsheet forms, a column that names rows, marks of missing cells; everything but the holes comes back as it came
awk 'BEGIN { printf "sep=;\n\"id\";\"price\";\"day\";\"size\"\n"; for (i = 0; i < 40; i++) printf "\"P%03d\";%s;%02d.%02d.2023;%s\n", i, i % 6 ? "1." 100 + i ",50 €" : "N/A", i % 28 + 1, i % 12 + 1, i % 5 ? i : "-999" }' \
  | sed 's/$/\r/' >"$work/stranger.csv"
gzip -k "$work/stranger.csv"
"$posterior" data describe "$work/stranger.csv.gz" --missing=-999 >"$work/body"
for word in 'left out' date whole 'dd.MM.yyyy' '"-999" (8)'; do contains "describe a stranger's table" "$word" "$work/body"; done
"$posterior" train --data "$work/stranger.csv.gz" --missing=-999 --family vaeac --epochs 2 -o "$work/stranger.safetensors" --no-record >/dev/null 2>"$work/err"
contains "a column left out" 'left out: "id"' "$work/err"
"$posterior" impute "$work/stranger.safetensors" "$work/stranger.csv" --mode point --seed 4 -o "$work/filled.csv" 2>"$work/err"
contains "marks are told" '"-999" (8)' "$work/err"
expect "only holes are changed" "$(grep -vc -e N/A -e -999 "$work/stranger.csv")" "$(grep -cFxf "$work/stranger.csv" "$work/filled.csv")"
expect "holes have the form of their column" 0 "$(tail -n +3 "$work/filled.csv" | grep -vcE $'^"P[0-9]{3}";[0-9.]+,50 €;[0-9]{2}\\.[0-9]{2}\\.2023;[0-9]+\r$|^"P[0-9]{3}";-?[0-9.]+,[0-9]{2} €;[0-9]{2}\\.[0-9]{2}\\.2023;[0-9]+\r$' || true)"
"$posterior" impute "$work/stranger.safetensors" - --mode point --seed 4 --format csv -o - <"$work/stranger.csv.gz" >"$work/piped.csv" 2>/dev/null
expect "a packed pipe imputes the same" "$(sha256sum <"$work/filled.csv")" "$(sha256sum <"$work/piped.csv")"
expect "upload a stranger's imputer" 201 "$(status '/v1/admin/models/stranger/versions?alias=live' "${admin[@]}" --data-binary @"$work/stranger.safetensors")"
expect "impute a stranger's table" 200 "$(status '/v1/models/stranger/impute?mode=point&seed=4' -H 'Content-Type: text/csv' -H 'Accept: text/csv' --data-binary @"$work/stranger.csv")"
expect "over HTTP the same" "$(sha256sum <"$work/filled.csv")" "$(sha256sum <"$work/body")"
# A table in another form than the model's: refused with the option that reads it, and with that the same numbers in the table's own form.
swapped() { awk -F';' -v OFS=';' 'NR > 2 { gsub(/\./, "#", $2); gsub(/,/, ".", $2); gsub(/#/, ",", $2) } 1' "$1"; }
swapped "$work/stranger.csv" >"$work/swapped.csv"
"$posterior" impute "$work/stranger.safetensors" "$work/swapped.csv" --mode point --seed 4 -o "$work/other.csv" 2>"$work/err" && fail "another form was guessed"
for word in 'line 4' price 'decimal=.'; do contains "another form is refused" "$word" "$work/err"; done
"$posterior" impute "$work/stranger.safetensors" "$work/swapped.csv" --decimal . --thousands , --mode point --seed 4 -o "$work/other.csv" 2>/dev/null
expect "read as the option says, written as it was" "$(swapped "$work/filled.csv" | sha256sum)" "$(sha256sum <"$work/other.csv")"
expect "the same over HTTP is refused" 422 "$(status '/v1/models/stranger/impute?seed=4' -H 'Content-Type: text/csv' -H 'Accept: text/csv' --data-binary @"$work/swapped.csv")"
contains "the same over HTTP is refused" 'decimal=.' "$work/body"
expect "over HTTP with the option" 200 "$(status '/v1/models/stranger/impute?mode=point&seed=4&decimal=.&thousands=,' -H 'Content-Type: text/csv' -H 'Accept: text/csv' --data-binary @"$work/swapped.csv")"
expect "over HTTP with the option the same bytes" "$(sha256sum <"$work/other.csv")" "$(sha256sum <"$work/body")"
"$posterior" score "$work/stranger.safetensors" --input "$work/stranger.csv" --seed 4 -o "$work/scores.csv" 2>/dev/null
"$posterior" score "$work/stranger.safetensors" --input "$work/swapped.csv" --decimal . --seed 4 -o "$work/others.csv" 2>/dev/null
expect "scores of the same numbers are the same" "$(sha256sum <"$work/scores.csv")" "$(sha256sum <"$work/others.csv")"
# Without a model: one is learnt from the table itself.
"$posterior" impute "$work/stranger.csv" --missing=-999 --family mixture -o "$work/alone.csv" --keep-model alone --store "$work/alone-store" 2>"$work/err"
for word in 'left out: "id"' 'price: real' 'within their 90 % intervals' 'with the mean' 'registered as alone@1' '40 rows in'; do
  contains "impute without a model" "$word" "$work/err"
done
mkdir "$work/spool"
TMPDIR="$work/spool" "$posterior" impute - --missing=-999 --family mixture -o "$work/piped.csv" <"$work/stranger.csv" 2>/dev/null
expect "a pipe without a model is filled in the same" "$(sha256sum <"$work/alone.csv")" "$(sha256sum <"$work/piped.csv")"
gzip -c "$work/stranger.csv" | TMPDIR="$work/spool" "$posterior" impute - --missing=-999 --family mixture -o "$work/piped.csv" 2>/dev/null
expect "a packed pipe without a model, too" "$(sha256sum <"$work/alone.csv")" "$(sha256sum <"$work/piped.csv")"
printf 'x,y\n1.5,2.5\n2.5,broken\n3.5,1.5\n' | TMPDIR="$work/spool" "$posterior" impute - -o "$work/piped.csv" 2>"$work/err" && fail "an odd cell in a pipe was not seen"
contains "an odd cell in a pipe" 'standard input, line 3, column "y" is "broken"' "$work/err"
expect "nothing is left of a pipe" 0 "$(find "$work/spool" -mindepth 1 | wc -l)"
expect "without a model only holes are changed" "$(grep -vc -e N/A -e -999 "$work/stranger.csv")" "$(grep -cFxf "$work/stranger.csv" "$work/alone.csv")"
"$posterior" impute alone@1 "$work/stranger.csv" --mode point --seed 0 -o "$work/filled.csv" --store "$work/alone-store" 2>/dev/null
expect "the model that was kept fills in the same" "$(sha256sum <"$work/alone.csv")" "$(sha256sum <"$work/filled.csv")"
sed 's/1.101,50 €/broken/' "$work/stranger.csv" >"$work/odd.csv"
"$posterior" train --data "$work/odd.csv" --missing=-999 --family vaeac --epochs 1 -o "$work/odd.safetensors" --no-record >/dev/null 2>"$work/err" && fail "an odd cell was not seen"
for word in 'line 4' '"price"' '"broken"' --lenient; do contains "an odd cell" "$word" "$work/err"; done
"$posterior" impute "$work/stranger.safetensors" "$work/odd.csv" --lenient --mode point --seed 4 -o "$work/filled.csv" 2>"$work/err"
contains "an odd cell, leniently" warning "$work/err"
# Proper multiple imputation: a fit an imputation, numbered tables one below the other, the same from the model that was kept.
"$posterior" impute "$work/stranger.csv" --missing=-999 --proper --draws 3 --seed 2 -o "$work/proper.csv" --keep-model proper --store "$work/alone-store" 2>"$work/err"
expect "proper imputations are numbered" "1 2 3" "$(tail -n +3 "$work/proper.csv" | cut -d';' -f1 | sort -u | paste -sd' ')"
"$posterior" impute proper@1 "$work/stranger.csv" --proper --seed 2 -o "$work/again.csv" --store "$work/alone-store" 2>/dev/null
expect "a model kept for proper imputations gives them again" "$(sha256sum <"$work/proper.csv")" "$(sha256sum <"$work/again.csv")"
"$posterior" impute "$work/stranger.csv" --missing=-999 --proper --mode point -o "$work/again.csv" 2>"$work/err" && fail "one table was taken for proper imputations"
contains "proper imputations of one table" '--proper goes with --mode draws' "$work/err"
"$posterior" impute alone@1 "$work/stranger.csv" --proper -o "$work/again.csv" --store "$work/alone-store" 2>"$work/err" && fail "a model of one fit gave proper imputations"
contains "proper imputations by one fit" bootstraps "$work/err"
printf 'PK\003\004rest' >"$work/book.xlsx"
"$posterior" data describe "$work/book.xlsx" 2>"$work/err" && fail "a workbook was read"
contains "a workbook" 'CSV UTF-8' "$work/err"

# --- a text, from the file to its continuation
printf 'to be, or not to be: that is the question.\n%.0s' $(seq 60) >"$work/hamlet.txt"
printf '{"family": "char_lstm", "data": {"source": "%s", "window": {"length": 20}}, "configuration": {"hidden": 24}, "optimiser": {"kind": "rmsprop", "rate": 0.02, "alpha": 0.95},
  "clip": {"value": 5}, "epochs": 30, "batch_size": 6, "validation": 12, "seed": 1}' "$work/hamlet.txt" >"$work/recipe.json"
"$posterior" train "$work/recipe.json" -o "$work/hamlet.safetensors" --no-record >/dev/null 2>"$work/trained"
contains "what training on a text says" nats_per_character "$work/trained"
expect "upload a model of texts" 201 "$(status '/v1/admin/models/hamlet/versions?alias=live' "${admin[@]}" --data-binary @"$work/hamlet.safetensors")"
expect "continue a text" 200 "$(status /v1/models/hamlet/sample -H 'Accept: text/plain' -d '{"given": {"text": "to be, or not"}, "length": 6, "temperature": 0, "seed": 1}')"
expect "what it goes on with" " to be" "$(cat "$work/body")"
"$posterior" sample "$work/hamlet.safetensors" --given 'to be, or not' --length 6 --temperature 0 --seed 1 -o "$work/offline.txt"
expect "offline goes on with the same bytes" " to be" "$(cat "$work/offline.txt")"
expect "score a text" 200 "$(status '/v1/models/hamlet/score?seed=1' -H 'Content-Type: text/plain' --data-binary 'to be, or not to be')"
contains "score a text" '"kinds":{"nats":"exact"}' "$work/body"
printf 'to be, or not to be' >"$work/line.txt"
"$posterior" score "$work/hamlet.safetensors" --input "$work/line.txt" --seed 1 -o "$work/offline.json"
contains "offline scores the same" "$(grep -o '"nats":[-0-9.]*' "$work/body" | head -n 1)" "$work/offline.json"
expect "an unknown character" 422 "$(status /v1/models/hamlet/score -d '{"texts": ["to be", "to Be"]}')"
contains "an unknown character" '"field":"texts[1][3]"' "$work/body"
"$posterior" evaluate "$work/hamlet.safetensors" --data "$work/hamlet.txt" --no-record >"$work/body"
contains "evaluate on a text" 'bits per character' "$work/body"
printf 'lines of\nhymns' >"$work/line.txt"
"$posterior" evaluate "$work/hamlet.safetensors" --data "$work/line.txt" --no-record >"$work/body" 2>"$work/err" && fail "an unknown character in a file was not seen"
contains "an unknown character in a file" 'character 0' "$work/err"
"$posterior" train --data "$work/holes.csv" --family stacking -o "$work/stacking.safetensors" --no-record >/dev/null 2>"$work/chosen"
contains "the errors of hidden cells" 'mean_fill' "$work/chosen"
expect "upload a combination" 201 "$(status '/v1/admin/models/stacking/versions?alias=live' "${admin[@]}" --data-binary @"$work/stacking.safetensors")"
expect "impute by a combination" 200 "$(status '/v1/models/stacking/impute?draws=2&seed=4' -H 'Content-Type: text/csv' -H 'Accept: text/csv' --data-binary @"$work/holes.csv")"
"$posterior" impute "$work/stacking.safetensors" "$work/holes.csv" --draws 2 --seed 4 -o "$work/offline.csv"
expect "a combination imputes the same bytes offline" "$(sha256sum <"$work/body")" "$(sha256sum <"$work/offline.csv")"
expect "score by a combination" 200 "$(status '/v1/models/stacking/score?targets=size' -H 'Content-Type: text/csv' --data-binary @"$work/holes.csv")"

# --- an image with a hole
mkdir "$work/pictures"
for number in 1 2; do cp deploy/examples/shirt.png "$work/pictures/$number.png"; done
printf '{"family": "vaeac_image", "data": {"source": "%s"}, "configuration": {"latent": 2, "hidden": 4, "channels": [2, 2]}, "epochs": 1, "seed": 1}' \
  "$work/pictures" >"$work/recipe.json"
"$posterior" train "$work/recipe.json" -o "$work/inpainter.safetensors" --no-record >/dev/null 2>&1
expect "upload an inpainter" 201 "$(status '/v1/admin/models/inpainter/versions?alias=live' "${admin[@]}" --data-binary @"$work/inpainter.safetensors")"
# The shirt is its own mask: what is bright is hidden.
form=(-F image=@deploy/examples/shirt.png -F mask=@deploy/examples/shirt.png)
expect "inpaint" 200 "$(status '/v1/models/inpainter/impute?draws=3&seed=4' "${form[@]}" -H 'Accept: image/png')"
cp "$work/body" "$work/inpainted.png"
"$posterior" impute "$work/inpainter.safetensors" deploy/examples/shirt.png --mask deploy/examples/shirt.png --draws 3 --seed 4 -o "$work/offline.png"
expect "offline inpaints the same bytes" "$(sha256sum <"$work/inpainted.png")" "$(sha256sum <"$work/offline.png")"
expect "a mask by its name" 200 "$(status '/v1/models/inpainter/impute?mask=left' -H 'Content-Type: image/png' --data-binary @deploy/examples/shirt.png)"
expect "a mask that is no picture" 400 "$(status /v1/models/inpainter/impute -F image=@deploy/examples/shirt.png -F mask=@"$work/holes.csv")"
expect "nothing to fill in" 422 "$(status /v1/models/inpainter/impute -F image=@deploy/examples/shirt.png)"
"$posterior" evaluate "$work/inpainter.safetensors" --data "$work/pictures" --masks band --k 3 --no-record >"$work/body"
contains "evaluate hidden pixels" 'importance sampling, k = 3' "$work/body"
printf 'term,estimate,std_error\nslope,2,0.5\nslope,3,1\nslope,4,2\n' >"$work/estimates.csv"
expect "pool" 200 "$(status '/v1/pool?dfcom=20' -H 'Content-Type: text/csv' --data-binary @"$work/estimates.csv")"
contains "pool" '"qbar":3.0,"ubar":1.75,"b":1.0' "$work/body"
cp "$work/body" "$work/pooled"
"$posterior" pool "$work/estimates.csv" --dfcom 20 -o "$work/pooled.json"
expect "offline pools the same bytes" "$(sha256sum <"$work/pooled")" "$(sha256sum <"$work/pooled.json")"

# --- the command line, on the server and on its store: the same verbs, the same words
export POSTERIOR_KEY=$key
remote() { "$posterior" "$@" --server "$url"; }
local_() { "$posterior" "$@" --store "$store"; }
# code WANTED NAME COMMAND...: the exit code
code() { local wanted=$1 name=$2 given=0; shift 2; "$@" >"$work/out" 2>"$work/err" || given=$?; expect "$name" "$wanted" "$given"; }
# Another model file: the same weights, other words in the header's JSON.
LC_ALL=C sed '1s/seed\\":7/seed\\":8/' "$model" >"$work/other"
if cmp -s "$model" "$work/other"; then fail "the second model is the first"; fi
code 0 "upload to a server" remote models upload "$work/other" --name fm --reason "a second one"
contains "upload to a server" "fm@2" "$work/out"
code 0 "the same bytes to the store" local_ models upload "$work/other" --name fm
contains "the same bytes to the store" "was there already" "$work/out"
code 0 "tag" remote models tag fm team=vision stage=trial
code 0 "tag" local_ models tag fm --remove stage
code 0 "describe a version" remote models describe fm@2 "the second"
code 0 "roll back" remote models rollback fm --reason "worse"
contains "roll back" "fm@live -> 1, was at 2" "$work/out"
code 0 "promote" local_ models promote fm 2
code 0 "roll back in the store" local_ models rollback fm --to 1
code 4 "delete a version that is live" remote models delete fm 1
contains "delete a version that is live" "in use" "$work/err"
code 0 "upload without an alias" local_ models upload "$work/other" --name other --no-alias
code 3 "nothing is live" remote models unalias other live
code 0 "an alias" remote models promote other 1 --alias best
code 0 "no alias" local_ models unalias other best --reason "not so good"
code 0 "its history stays" remote models history other --alias best
contains "its history stays" "not so good" "$work/out"
code 0 "delete a version" remote models delete fm 2
code 3 "roll back to what was deleted" remote models rollback fm
code 3 "show a model that is not there" local_ models show none
code 6 "a server that is not there" "$posterior" models list --server http://127.0.0.1:1
code 6 "a server that is not there, asked whether it is ready" "$posterior" ready --server http://127.0.0.1:1 --wait 0.3
code 0 "a server that is ready" "$posterior" ready --server "$url"
code 64 "a store has nothing to be ready for" "$posterior" ready --store "$store"
code 64 "no threads" "$posterior" sample "$model" --n 1 --threads 0
code 64 "no time to wait" "$posterior" ready --server "$url" --wait -1
code 5 "without a key" env -u POSTERIOR_KEY "$posterior" keys list --server "$url"
code 64 "a server and a store" "$posterior" models list --server "$url" --store "$store"
for command in "models list" "models list --search VISION --json" "models show fm" "models show fm --json" "models history fm" "audit" "audit --json --limit 3"; do
  # shellcheck disable=SC2086
  { remote $command >"$work/remote"; local_ $command >"$work/local"; } || true
  expect "$command says the same of a server and of its store" "$(cat "$work/local")" "$(cat "$work/remote")"
  if [ -s "$work/remote" ]; then pass; else fail "$command says nothing"; fi
done
# --- keys
infer=$(remote keys create --name "front end" --scope infer --models fm --expires 30d 2>"$work/err")
contains "the secret's shape" pk_ <(echo "$infer")
other=$(local_ keys create --name other --scope infer --models none 2>/dev/null)
bearer() { status "$1" -H "Authorization: Bearer $2"; }
expect "a key for the model" 200 "$(bearer /v1/models/fm "$infer")"
expect "a key for no administration" 403 "$(bearer /v1/admin/keys "$infer")"
contains "a key for no administration" 'error="insufficient_scope"' "$work/head"
for _ in $(seq 50); do [ "$(bearer /v1/models/fm "$other")" = 403 ] && break; read -rt 0.1 <> <(:) || true; done
expect "a key that was made in the store, for another model" 403 "$(bearer /v1/models/fm "$other")"
id=$(echo "$infer" | cut -d_ -f2)
code 0 "revoke" remote keys revoke "$id"
expect "a revoked key at once" 401 "$(bearer /v1/models/fm "$infer")"
code 0 "keys list" local_ keys list
contains "keys list" "$id" "$work/out"
if grep -q "${infer##*_}" "$store"/posterior.sqlite* "$work/out"; then fail "the secret is kept"; else pass; fi
# --- many writers: the server's and four processes of the command line
clients=()
for writer in 1 2 3 4; do
  for turn in 1 2 3 4 5; do local_ models tag fm "writer$writer=$turn" || echo failed; done >"$work/writer$writer" 2>&1 &
  clients+=($!)
done
for turn in 1 2 3 4 5; do remote models tag fm "server=$turn" >>"$work/writer0" 2>&1 || true; done
wait "${clients[@]}"
expect "nobody found the database locked" 0 "$(cat "$work"/writer? | grep -ciE 'failed|locked|busy|error' || true)"
expect "every change is on record" 25 "$(local_ audit --action model.annotate --limit 1000 --json | grep -oE '"(writer[1-4]|server)":' | wc -l)"
unset POSTERIOR_KEY
# --- every answer has a record, which can be found and replayed
run() { sed -n 's/^Posterior-Run: \([0-9A-Z]*\).*/\1/p' "$work/head"; }
status $sample -d '{"n":3,"seed":7}' >/dev/null
sampled=$(run)
expect "a record has a ULID" 26 "${#sampled}"
expect "the record is there at once" 200 "$(status "/v1/runs/$sampled")"
contains "the record" '"operation":"sample"' "$work/body"
expect "a replay" 200 "$(status "/v1/runs/$sampled/replay" -X POST)"
contains "a replay" '"equal":true' "$work/body"
status '/v1/models/fm/score?k=10&seed=3' "${png[@]}" >/dev/null
scored=$(run)
expect "a replay without its input" 409 "$(status "/v1/runs/$scored/replay" -X POST)"
expect "a replay with its input sent again" 200 "$(status "/v1/runs/$scored/replay" --data-binary @deploy/examples/shirt.png)"
contains "a replay with its input sent again" '"equal":true' "$work/body"
status '/v1/models/fm/score?k=10&seed=3&record=true' "${png[@]}" >/dev/null
expect "a replay of a kept input" 200 "$(status "/v1/runs/$(run)/replay" -X POST)"
expect "a filter" 200 "$(status '/v1/runs?kind=inference' -G --data-urlencode "filter=params.k = 10 and operation = 'score' and duration < 100")"
expect "a filter finds what it names" 3 "$(grep -o '"kind":"inference"' "$work/body" | wc -l)"
expect "a comparison" 200 "$(status "/v1/runs/compare?ids=$sampled,$scored")"
expect "all runs as a table" 200 "$(status /v1/runs -H 'Accept: text/csv')"
contains "all runs as a table" "$sampled" "$work/body"
contains "all runs as a table" 'params.temperature' "$work/body"
contains "the events of a run that has ended" 'event: end' <(curl -sN "$url/v1/runs/$sampled/events")
expect "the command line finds it" "$sampled" "$("$posterior" runs list --store "$store" --filter "operation = 'sample' and items = 3" --limit 1 --order-by 'started desc' | tail -1 | cut -d' ' -f1)"
remote_runs() { "$posterior" runs "$@" --server "$url"; }
expect "a server's runs by the command line" "$sampled" "$(remote_runs list --filter "operation = 'sample' and items = 3" --limit 1 | tail -1 | cut -d' ' -f1)"
contains "a server's run by the command line" "\"id\":\"$sampled\"" <(remote_runs show "$sampled")
contains "a server's runs side by side" output_digest <(remote_runs compare "$sampled" "$scored")
contains "a server's runs as a table" "$sampled" <(remote_runs export --kind inference)
expect "a server replays for the command line" 0 "$(remote_runs replay "$sampled" >/dev/null 2>&1; echo $?)"
expect "a run that is not there" 3 "$(remote_runs show 01ARZ3NDEKTSV4RRFFQ69G5FAV >/dev/null 2>&1; echo $?)"
expect "the command line replays it" 0 "$("$posterior" runs replay "$sampled" --store "$store" >/dev/null 2>&1; echo $?)"
contains "the command line compares" params.temperature <("$posterior" runs compare "$sampled" "$scored" --store "$store")

# --- an audit: prompt, repeated, as a picture, and one that goes on over kill -9
audit='/v1/models/fm/robustness?seed=3&attack=%7B%22budgets%22:%5B1,3%5D,%22steps%22:10,%22restarts%22:2%7D'
expect "an audit" 200 "$(status "$audit&record=true" "${png[@]}")"
contains "an audit" '"sanity":[{"name"' "$work/body"
cp "$work/body" "$work/audit.json"; audited=$(run)
expect "an audit replayed" 200 "$(status "/v1/runs/$audited/replay" -X POST)"
contains "an audit replayed" '"equal":true' "$work/body"
expect "an audit as a picture" 200 "$(status "$audit" "${png[@]}" -H 'Accept: image/png')"
contains "an audit as a picture" PNG "$work/body"
expect "an audit's document" 200 "$(status "/v1/runs/$audited/documents/report.csv")"
contains "an audit's document" 'item,budget,delta_l2' "$work/body"
expect "an audit without an answer yet" 202 "$(status "$audit" "${png[@]}" -H 'Prefer: respond-async')"
promised=$(run)
kill -9 "$server"; wait "$server" 2>/dev/null || true
start "$store"
for _ in $(seq 600); do status "/v1/runs/$promised" >/dev/null; grep -q '"status":"running"' "$work/body" || break; read -rt 0.1 <> <(:) || true; done
contains "an audit goes on after kill -9" '"status":"finished"' "$work/body"
status "/v1/runs/$promised/documents/report.json" >/dev/null
expect "an audit that was interrupted has the same report" "$(sha256sum <"$work/audit.json")" "$(sha256sum <"$work/body")"
status "$audit" "${png[@]}" >/dev/null
contains "two audits side by side" 'most robust first by damage_area' <("$posterior" runs compare "$audited" "$(run)" --store "$store")

# --- training and evaluation are repeated to the last byte, on the data of then alone
awk -v OFS=, 'BEGIN { srand(3); print "a,b"; for (i = 0; i < 200; i++) print rand(), rand() + rand() }' >"$work/rows.csv"
cat >"$work/recipe.json" <<EOF
{"family": "vae", "name": "tiny", "data": {"source": "$work/rows.csv"}, "configuration": {"latent": 1, "hidden": [4], "likelihood": "gaussian"}, "epochs": 1}
EOF
"$posterior" train "$work/recipe.json" -o "$work/tiny.safetensors" --store "$store" >/dev/null 2>&1
"$posterior" evaluate "$work/tiny.safetensors" --data "$work/rows.csv" --k 2 --store "$store" >/dev/null 2>&1
last() { "$posterior" runs list --kind "$1" --limit 1 --store "$store" | tail -1 | cut -d' ' -f1; }
replays() { "$posterior" runs replay "$1" --store "$store" >"$work/body" 2>&1 && echo 0 || echo $?; }
trained=$(last train) evaluated=$(last evaluate)
expect "training again" 0 "$(replays "$trained")"
contains "training again" "$(sha256sum "$work/tiny.safetensors" | cut -d' ' -f1)" "$work/body"
expect "evaluating again" 0 "$(replays "$evaluated")"
cat >"$work/sprites.json" <<EOF
{"family": "seatbelt", "name": "shapes", "data": {"source": "sprites", "limit": 256}, "configuration": {"latents": [3, 2], "hidden": [8], "layer_hidden": [4]}, "epochs": 1}
EOF
"$posterior" train "$work/sprites.json" -o "$work/shapes.safetensors" --no-record >/dev/null 2>&1
"$posterior" disentanglement "$work/shapes.safetensors" --items 200 --layer 1 --store "$store" >"$work/body" 2>&1
contains "disentanglement" 'sprites/test: 200 items, 2 latent dimensions' "$work/body"
expect "measuring disentanglement again" 0 "$(replays "$(last evaluate)")"
"$posterior" disentanglement "$work/tiny.safetensors" --no-record >"$work/body" 2>&1 || true
contains "disentanglement of another shape" 'sprites/test has items of shape' "$work/body"
"$posterior" data sprites -o "$work/sprites.npy" --factors "$work/factors.csv" --n 3
expect "sprites in a file" 4 "$(wc -l <"$work/factors.csv")"
mkdir "$work/elsewhere"
(cd "$work" && sed "s|$work/||" recipe.json >here.json && "$posterior" train here.json -o here.safetensors --store "$store" >/dev/null 2>&1)
here=$(last train)
expect "training again from another folder" 0 "$(cd "$work/elsewhere" && "$posterior" runs replay "$here" --store "$store" -o again.safetensors >"$work/body" 2>&1 && echo 0 || echo 1)"
cmp -s "$work/here.safetensors" "$work/elsewhere/again.safetensors" && pass || fail "training again from another folder: other bytes"
echo 1,2 >>"$work/rows.csv"
expect "training again on other data" 1 "$(replays "$trained")"
contains "training again on other data" "put the data of then in its place" "$work/body"
expect "runs are found by a field of their recipe" "$trained" "$("$posterior" runs list --filter 'params.latent = 1 and params.optimiser.rate < 1' --kind train --store "$store" | tail -1 | cut -d' ' -f1)"

# --- work in the background: data sets, a training that goes on over kill -9, an imputation that others can't read, what is refused
awk -v OFS=, 'BEGIN { srand(8); print "u,v"; for (i = 0; i < 300; i++) { u = rand(); print (i % 5 ? u : ""), 2 * u + rand() / 9 } }' >"$work/gaps.csv"
expect "a data set" 201 "$(status '/v1/admin/datasets/gaps?file=gaps.csv' "${admin[@]}" --data-binary "@$work/gaps.csv")"
contains "a data set" '"count":300' "$work/body"
expect "the same data set again" 200 "$(status '/v1/admin/datasets/gaps?file=gaps.csv' "${admin[@]}" --data-binary "@$work/gaps.csv")"
expect "other data under its name" 409 "$(status '/v1/admin/datasets/gaps?file=gaps.csv' "${admin[@]}" --data-binary "@$work/rows.csv")"
expect "data that can't be read" 422 "$(status '/v1/admin/datasets/bad?file=bad.csv' "${admin[@]}" -d 'a,b')"
expect "a recipe that leaves its data set" 422 "$(status /v1/admin/runs "${admin[@]}" -d '{"kind": "train", "dataset": "gaps", "recipe": {"family": "vae", "data": {"source": "../../../admin.key"}, "configuration": {"latent": 1}}}')"
contains "a recipe that leaves its data set" 'recipe.data.source is' "$work/body"
expect "a training without a key" 401 "$(status /v1/admin/runs -d '{"kind": "train", "dataset": "gaps"}')"
long='{"family": "vaeac", "name": "gaps", "data": {"source": "gaps.csv"}, "configuration": {"latent": 2, "hidden": 8, "blocks": 1}, "epochs": 400, "batch_size": 10, "seed": 5}'
expect "a training in the background" 202 "$(status /v1/admin/runs "${admin[@]}" -d "{\"kind\": \"train\", \"dataset\": \"gaps\", \"recipe\": $long, \"publish\": {\"model\": \"gaps\", \"alias\": \"live\"}}")"
trained=$(run)
for _ in $(seq 600); do status "/v1/runs/$trained" >/dev/null; grep -q '"name":"progress"' "$work/body" && break; read -rt 0.1 <> <(:) || true; done
expect "a data set that is learnt from can go" 204 "$(status /v1/admin/datasets/gaps -X DELETE "${admin[@]}")"
kill -9 "$server"; wait "$server" 2>/dev/null || true
start "$store"
curl -sN --max-time 300 "$url/v1/runs/$trained/events" >"$work/body" || true
contains "a training goes on after kill -9" '"published":"gaps@1"' "$work/body"
echo "$long" >"$work/gaps.json"
(cd "$work" && "$posterior" train gaps.json -o gaps.safetensors --no-record >/dev/null 2>&1)
contains "it has the bytes of the command line" "$(sha256sum "$work/gaps.safetensors" | cut -d' ' -f1)" "$work/body"
expect "its folder is gone" 0 "$(ls "$store/jobs" | wc -l)"
status '/v1/admin/datasets/gaps?file=gaps.csv' "${admin[@]}" --data-binary "@$work/gaps.csv" >/dev/null
expect "a training that loses its folder" 202 "$(status /v1/admin/runs "${admin[@]}" -d "{\"kind\": \"train\", \"dataset\": \"gaps\", \"recipe\": $long}")"
trained=$(run)
kill -9 "$server"; wait "$server" 2>/dev/null || true
rm -r "$store/jobs/$trained"
start "$store"
curl -sN --max-time 300 "$url/v1/runs/$trained/events" >"$work/body" || true
contains "it begins anew from the data set, with the same bytes" "$(sha256sum "$work/gaps.safetensors" | cut -d' ' -f1)" "$work/body"
expect "an imputation in the background" 202 "$(status /v1/admin/runs "${admin[@]}" -d '{"kind": "impute", "dataset": "gaps", "seed": 4}')"
filled=$(run)
expect "a training behind it" 202 "$(status /v1/admin/runs "${admin[@]}" -d '{"kind": "train", "dataset": "gaps"}')"
waiting=$(run)
expect "which is cancelled" 200 "$(status "/v1/runs/$waiting/cancel" -X POST "${admin[@]}")"
contains "which is cancelled" '"status":"cancelled"' "$work/body"
curl -sN --max-time 300 "$url/v1/runs/$filled/events" >"$work/body" || true
contains "an imputation in the background" '"status":"finished"' "$work/body"
expect "its table is not for everybody" 401 "$(status "/v1/runs/$filled/documents/completed.csv")"
expect "its table" 200 "$(status "/v1/runs/$filled/documents/completed.csv" "${admin[@]}")"
cp "$work/body" "$work/filled-there.csv"
(cd "$work" && "$posterior" impute gaps.csv -o filled-here.csv --seed 4 >/dev/null 2>&1)
cmp -s "$work/filled-there.csv" "$work/filled-here.csv" && pass || fail "an imputation in the background has other bytes than that of the command line"
expect "its table is deleted" 200 "$(status "/v1/admin/runs/$filled/files" -X DELETE "${admin[@]}")"
expect "and gone" 404 "$(status "/v1/runs/$filled/documents/completed.csv" "${admin[@]}")"
expect "and filled in again" 0 "$(replays "$filled")"
expect "an evaluation in the background" 202 "$(status /v1/admin/runs "${admin[@]}" -d '{"kind": "evaluate", "model": "gaps", "dataset": "gaps", "k": 5}')"
measured=$(run)
curl -sN --max-time 300 "$url/v1/runs/$measured/events" >"$work/body" || true
contains "an evaluation in the background" '"status":"finished"' "$work/body"
expect "and measured again" 0 "$(replays "$measured")"
expect "a score sheet" 200 "$(status '/v1/models/gaps@1/scores?entry=likelihood' "${admin[@]}")"
contains "a score sheet" "\"latest\":{\"id\":\"$measured\"" "$work/body"
contains "a score sheet has what a job was asked for" '"dataset":"gaps"' "$work/body"
"$posterior" models scores gaps --store "$store" >"$work/body"
contains "a score sheet by the command line" "likelihood: run $measured" "$work/body"
contains "a score sheet by the command line" 'on gaps, seed 0, items 300, k 5' "$work/body"
"$posterior" models scores gaps --server "$url" --json >"$work/body"
contains "a score sheet of a server, without a key" '"request":null' "$work/body"
(cd "$work" && POSTERIOR_KEY=$key "$posterior" train --data gaps.csv --family mixture --seed 2 -o fetched.safetensors --server "$url" >fetched.txt 2>fetched.log) || cat "$work/fetched.log" >&2
(cd "$work" && "$posterior" train --data gaps.csv --family mixture --seed 2 -o made.safetensors --no-record >made.txt 2>/dev/null)
cmp -s "$work/fetched.safetensors" "$work/made.safetensors" && cmp -s "$work/fetched.txt" "$work/made.txt" && pass || fail "a training on a server, fetched, has other bytes than one here"

mkdir "$work/shirts"
for i in 1 2 3; do cp deploy/examples/shirt.png "$work/shirts/$i.png"; done
sent=(--epochs 2 --server "$url")
(cd "$work" && POSTERIOR_KEY=$key "$posterior" train --data shirts -o pictures-there.safetensors "${sent[@]}" >/dev/null 2>"$work/body") || cat "$work/body" >&2
(cd "$work" && "$posterior" train --data shirts -o pictures-here.safetensors --epochs 2 --no-record >/dev/null 2>&1)
cmp -s "$work/pictures-there.safetensors" "$work/pictures-here.safetensors" && pass || fail "a folder of pictures is learnt otherwise on a server, or not by as many epochs"
POSTERIOR_KEY=$key "$posterior" data upload "$work/shirts" --name pictures --server "$url" >"$work/out"
contains "a folder of pictures is uploaded" "3 images" "$work/out"
expect "a folder of pictures over HTTP" 202 "$(status /v1/admin/runs "${admin[@]}" -d '{"kind": "train", "dataset": "pictures"}')"
status "/v1/runs/$(run)/cancel" -X POST "${admin[@]}" >/dev/null
contains "a training that is cancelled" '"status":"cancelled"' "$work/body"
digest() { "$posterior" runs show "$1" --store "$store" | sed -n 's/.*"output_digest": *"\([^"]*\)".*/\1/p'; }
background() { # NAME BODY: starts it, waits for its end, and says which run it was
  expect "$1" 202 "$(status /v1/admin/runs "${admin[@]}" -d "$2")"
  made=$(run)
  curl -sN --max-time 300 "$url/v1/runs/$made/events" >"$work/body" || true
  contains "$1" '"status":"finished"' "$work/body"
}
background "hidden pixels in the background" '{"kind": "evaluate", "model": "inpainter", "dataset": "pictures", "masks": "band", "k": 3, "seed": 2}'
"$posterior" evaluate inpainter --data "$work/shirts" --masks band --k 3 --seed 2 --store "$store" >/dev/null 2>&1
expect "hidden pixels have the numbers of the command line" "$(digest "$(last evaluate)")" "$(digest "$made")"
expect "hidden pixels again" 0 "$(replays "$made")"
contains "hidden pixels are on the sheet" "imputation: run $(last evaluate)" <("$posterior" models scores inpainter --store "$store")
attack='{"steps": 3, "restarts": 1, "budgets": [1]}'
background "an audit in the background" "{\"kind\": \"robustness\", \"model\": \"fm\", \"dataset\": \"pictures\", \"items\": 2, \"attack\": $attack, \"seed\": 5}"
"$posterior" attack fm --data "$work/shirts" --items 2 --steps 3 --restarts 1 --budgets 1 --seed 5 --store "$store" >/dev/null 2>&1
expect "an audit has the report of the command line" "$(digest "$(last robustness)")" "$(digest "$made")"
expect "an audit again" 0 "$(replays "$made")"
contains "an audit is on the sheet" "robustness: run $(last robustness)" <("$posterior" models scores fm --store "$store")
expect "an audit of what can't be audited" 422 "$(status /v1/admin/runs "${admin[@]}" -d '{"kind": "robustness", "model": "gaps", "dataset": "gaps"}')"
expect "an alias goes" 204 "$(status /v1/admin/models/gaps/aliases/live -X DELETE "${admin[@]}")"
expect "what it named can't be had by it" 404 "$(status /v1/models/gaps@live)"
expect "the name still can" 200 "$(status /v1/models/gaps)"

# --- clusters and classes: learnt from some labels, served, and compared with all of them
kinds() { # SEED ROWS
  awk -v OFS=, -v seed="$1" -v n="$2" 'BEGIN { srand(seed); print "a,b,kind"
    for (i = 0; i < n; i++) { k = i % 3; print 3 * k + rand(), rand() - 2 * k, substr("lowmidtop", 3 * k + 1, 3) } }'
}
kinds 5 300 >"$work/kinds.csv"
kinds 6 60 >"$work/others.csv"
cut -d, -f1,2 "$work/kinds.csv" >"$work/features.csv"
cat >"$work/recipe.json" <<EOF
{"family": "gmdgm", "name": "kinds", "data": {"source": "$work/kinds.csv", "labels": {"column": "kind"}}, "labels": {"per_class": 20, "without": ["top"]},
 "configuration": {"latent": 2, "hidden": [8], "components": 2, "likelihood": "gaussian"}, "epochs": 2}
EOF
expect "a clusterer is trained" 0 "$("$posterior" train "$work/recipe.json" -o "$work/kinds.safetensors" --store "$store" >"$work/body" 2>&1; echo $?)"
code 0 "and uploaded" "$posterior" models upload "$work/kinds.safetensors" --name kinds --store "$store"
for _ in $(seq 50); do [ "$(status /v1/models/kinds)" = 200 ] && break; read -rt 0.1 <> <(:) || true; done
expect "items are clustered" 200 "$(status '/v1/models/kinds/cluster?seed=1' -H 'Content-Type: text/csv' --data-binary "@$work/features.csv")"
contains "items are clustered" '"components":4' "$work/body"
"$posterior" cluster "$work/kinds.safetensors" --input "$work/features.csv" --format csv --seed 1 -o "$work/clusters.csv"
status '/v1/models/kinds/cluster?seed=1' -H 'Content-Type: text/csv' -H 'Accept: text/csv' --data-binary "@$work/features.csv" >/dev/null
expect "the command line clusters to the same bytes" "$(sha256sum <"$work/body")" "$(sha256sum <"$work/clusters.csv")"
contains "the command line clusters to the same bytes" cluster_0,entropy_0,p_0_0 "$work/clusters.csv"
expect "items are classified" 200 "$(status /v1/models/kinds/classify -d '{"rows": [{"a": 0.5, "b": 0.5}], "top": 2}')"
contains "items are classified" 'new cluster 1' "$work/body"
contains "the command line classifies" 'p_new cluster 0' <("$posterior" classify "$work/kinds.safetensors" --input "$work/features.csv" --format csv --seed 1)
printf 'a,b\n0.5,0.5\n3.5,-1.5\n' >"$work/two.csv"
decisions='{"objective":"downstream","kind":"ensemble","budgets":[0.1,9],"steps":10,"restarts":1,"margins":false}'
encoded=$(printf %s "$decisions" | sed 's/{/%7B/; s/}/%7D/; s/\[/%5B/; s/\]/%5D/; s/"/%22/g')
expect "decisions are attacked" 200 "$(status "/v1/models/kinds/robustness?seed=2&labels=low,mid&attack=$encoded" -H 'Content-Type: text/csv' --data-binary "@$work/two.csv")"
contains "decisions are attacked" '"robust_accuracy":[{"budget":0.1' "$work/body"
expect "a label that is no class" 422 "$(status "/v1/models/kinds/robustness?seed=2&labels=low,middle&attack=$encoded" -H 'Content-Type: text/csv' --data-binary "@$work/two.csv")"
contains "a label that is no class" 'labels[1]' "$work/body"
awk -F, '$3 != "top"' "$work/kinds.csv" >"$work/known.csv"
cut -d, -f1,2 "$work/known.csv" >"$work/known-features.csv"
contains "the command line attacks decisions" 'robust accuracy at 9: 0' \
  <("$posterior" attack "$work/kinds.safetensors" --data "$work/known-features.csv" --labels "$work/known.csv#kind" --items 200 --objective downstream --kind ensemble \
    --budgets 0.1,9 --steps 5 --restarts 1 --no-margins --no-record --seed 1 2>&1)
contains "the command line samples a class" a,b <("$posterior" sample "$work/kinds.safetensors" --given '{"label": "mid"}' --format csv --seed 1)
printf 'a,b\n6.5,-3.5\n' >"$work/one.csv"
contains "the command line samples after an item" a,b \
  <("$posterior" sample "$work/kinds.safetensors" --given '{"layers": [{"from_item": 0}]}' --input "$work/one.csv" --format csv --seed 1)
unmeasured() { # NAME WORDS ARGUMENTS: evaluate says what is missing
  local name=$1 words=$2; shift 2
  expect "$name" 1 "$("$posterior" evaluate "$work/kinds.safetensors" --no-record --data "$@" >"$work/body" 2>&1; echo $?)"
  contains "$name" "$words" "$work/body"
}
unmeasured "a map has to be fitted on something" 'fit-data' "$work/others.csv" --labels '#kind'
unmeasured "a column of classes that is not there" 'it has a, b, kind' "$work/others.csv" --labels '#sort' --no-fit-data
unmeasured "as many classes as items" '300 items but 60 labels' "$work/features.csv" --labels "$work/others.csv#kind" --no-fit-data
unmeasured "classes of what the map is fitted on" 'fit-labels' "$work/others.csv" --labels '#kind' --fit-data "$work/kinds.csv"
unmeasured "a picture of rows" 'grid' "$work/others.csv" --labels '#kind' --no-fit-data --grid "$work/grid.png"
unmeasured "a probe is fitted on something" 'fit-data is missing' "$work/others.csv" --labels '#kind' --probe
unmeasured "a probe reads classes" 'labels is missing' "$work/features.csv" --probe --fit-data "$work/kinds.csv" --fit-labels '#kind'
expect "classes are read off codes" 0 "$("$posterior" evaluate "$work/kinds.safetensors" --data "$work/others.csv" --labels '#kind' --probe \
  --fit-data "$work/kinds.csv" --fit-labels '#kind' --k 0 --store "$store" >"$work/body" 2>&1; echo $?)"
contains "classes are read off codes" "linear probe: " "$work/body"
contains "classes are read off codes" ": accuracy " "$work/body"
expect "reading again" 0 "$(replays "$(last evaluate)")"
expect "clusters are compared with classes" 0 "$("$posterior" evaluate "$work/kinds.safetensors" --data "$work/others.csv" --labels '#kind' \
  --fit-data "$work/kinds.csv" --fit-labels '#kind' --k 2 --store "$store" >"$work/body" 2>&1; echo $?)"
contains "clusters are compared with classes" "accuracy.majority.train_map" "$work/body"
contains "clusters are compared with classes" "K = 4" "$work/body"
evaluated=$(last evaluate)
expect "comparing again" 0 "$(replays "$evaluated")"
contains "the numbers are on record" '"accuracy.hungarian.test_map"' <("$posterior" runs show "$evaluated" --store "$store")
contains "the table is kept" 'cluster,majority.train_map,majority.test_map' <("$posterior" runs document "$evaluated" confusion-0.csv --store "$store")
remote_runs document "$evaluated" confusion.json -o "$work/confusion.json"
expect "a document over HTTP" 200 "$(status "/v1/runs/$evaluated/documents/confusion.json")"
expect "a document by the command line" "$(sha256sum <"$work/body")" "$(sha256sum <"$work/confusion.json")"
code 3 "a document that is not there" remote_runs document "$evaluated" grid.png
contains "a document that is not there" 'it has: confusion-0.csv, confusion.json' "$work/err"

# --- bad input: a status, a sentence, and nothing else happens
refuse() { # NAME STATUS PATH CURL-ARGUMENTS
  local name=$1 wanted=$2 path=$3; shift 3
  expect "$name" "$wanted" "$(status "$path" "$@")"
  contains "$name" '"detail"' "$work/body"
}
refuse "no JSON" 400 $sample -d '{"n":'
refuse "wrong type" 422 $sample -d '{"n":"three"}'
refuse "unknown field" 422 $sample -d '{"m":3}'
refuse "n of nothing" 422 $sample -d '{"n":0}'
refuse "n of a billion" 422 $sample -d '{"n":1000000000}'
refuse "negative seed" 422 $sample -d '{"seed":-1}'
refuse "accept of nothing known" 406 $sample -H 'Accept: video/mp4' -d '{}'
refuse "a ragged array" 400 /v1/models/fm/encode -d '{"inputs":[[1,2],[3]]}'
refuse "a wrong width" 422 /v1/models/fm/encode -d '{"inputs":[[1,2],[3,4]]}'
refuse "half a float" 422 /v1/models/fm/encode -H 'Content-Type: application/octet-stream' --data-binary abc
refuse "no image" 400 /v1/models/fm/encode -H 'Content-Type: image/png' --data-binary abc
refuse "codes of another width" 422 /v1/models/fm/decode -d '{"layers":[{"mean":[[1,2]]}]}'
refuse "a filter with a fault" 400 '/v1/runs?filter=metrics.elbo+%3E+x'
contains "a filter with a fault" 'column 16' "$work/body"
refuse "another list's page token" 400 '/v1/runs?page_token=MA'
refuse "a family without codecs" 422 /v1/models/kinds/compress -d '{"rows": [{"a": 1, "b": 2}]}'
contains "a family without codecs" '"operations"' "$work/body"
refuse "a layer without clusters" 422 /v1/models/kinds/cluster -d '{"rows": [{"a": 1, "b": 2}], "layer": 1}'
refuse "a class that is not known" 422 /v1/models/kinds/sample -d '{"given": {"label": "none"}}'
refuse "clusters of a model without" 422 /v1/models/fm/cluster -d '{}'
refuse "a document of a run that is not there" 404 "/v1/runs/$evaluated/documents/none"
refuse "unknown operation" 404 /v1/models/fm/dance -d '{}'
refuse "an alias to nowhere" 404 /v1/admin/models/fm/aliases/best "${admin[@]}" -X PUT -d '{"version":9}'
refuse "a version that is live" 409 /v1/admin/models/fm/versions/1 "${admin[@]}" -X DELETE
expect "still well" 200 "$(status /healthz)"

# --- what is acknowledged survives kill -9, and the answers stay the same
kill -9 "$server"; wait "$server" 2>/dev/null || true
start "$store"
status $sample "${raw[@]}" -d '{"n":64,"seed":7}' >/dev/null
expect "the same bytes after a restart" "$(sha256sum <"$work/many")" "$(sha256sum <"$work/body")"

# --- SIGTERM ends it in good order
kill -TERM "$server"
code=0; wait "$server" || code=$?
server=
expect "exit code after SIGTERM" 0 "$code"

# --- settings from a file
"$posterior" serve --config deploy/serve.json --print-config >"$work/settings"
contains "the sample's settings hold" '"rate_limit": 200,' "$work/settings"
contains "what the sample leaves out is as it is by default" '"max_header_count": 100,' "$work/settings"
"$posterior" serve --config "$work/settings" --print-config | cmp -s - "$work/settings" && pass || fail "what --print-config prints is not read back the same"
start "$store" --config deploy/serve.json --max-header-count 5 --no-quiet
expect "a limit of the file" 413 "$(status /v1/models/fm/encode -H 'Content-Length: 16777217' --max-time 5 -X POST)"
expect "a limit of the command line" 431 "$(status /healthz -H 'a: 1' -H 'b: 2' -H 'c: 3')"
kill -9 "$server"; wait "$server" 2>/dev/null || true
server=
echo '{"max_conections": 5}' >"$work/settings"
"$posterior" serve --config "$work/settings" --print-config 2>"$work/serve.err" && fail "an unknown setting is taken" || pass
contains "an unknown setting" 'did you mean "max_connections"?' "$work/serve.err"

# --- log lines for programs, a socket file, a certificate of one's own, two trainings with one output
"$posterior" serve --listen 127.0.0.1:0 --listen "unix:$work/posterior.sock" --unix-mode 660 --store "$store" --log-format json >"$work/serve.out" 2>"$work/serve.err" &
server=$!
for _ in $(seq 300); do curl -fs --unix-socket "$work/posterior.sock" http://localhost/readyz -o /dev/null && break; read -rt 0.1 <> <(:) || true; done
expect "a socket file's mode" 660 "$(stat -c %a "$work/posterior.sock")"
expect "an answer through a socket file" 200 "$(curl -s -o "$work/body" -w '%{http_code}' --unix-socket "$work/posterior.sock" http://localhost/v1/models/fm/sample -d '{"seed": 7}')"
kill -TERM "$server"; wait "$server" || true
server=
python3 - "$work/serve.err" >"$work/body" <<'EOF' && pass || fail "log lines are not the JSON objects that they should be: $(cat "$work/body")"
import json, sys
lines = [json.loads(line) for line in open(sys.argv[1])]
line = next(line for line in lines if line.get("path", "").endswith("/sample"))
assert line["method"] == "POST" and line["status"] == 200 and line["seed"] == 7 and line["model"] == "fm@1", line
assert line["client"] == "unix" and line["duration_ms"] > 0 and line["bytes"] > 0 and line["time"].endswith("Z"), line
EOF
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost -keyout "$work/key.pem" -out "$work/cert.pem" 2>/dev/null
"$posterior" serve --listen-tls 127.0.0.1:0 --tls-cert "$work/cert.pem" --tls-key "$work/key.pem" --store "$store" --quiet >"$work/serve.out" 2>"$work/serve.err" &
server=$!
for _ in $(seq 300); do grep -q 'https://' "$work/serve.out" && break; read -rt 0.1 <> <(:) || true; done
secure=https://localhost:$(grep -o 'https://[0-9.:]*' "$work/serve.out" | head -1 | sed 's/.*://')
"$posterior" models list --server "$secure" --ca "$work/cert.pem" >"$work/body" 2>&1 || true
contains "a certificate that --ca vouches for" fm "$work/body"
SSL_CERT_FILE=$work/cert.pem "$posterior" models list --server "$secure" >"$work/body" 2>&1 || true
contains "a certificate that SSL_CERT_FILE vouches for" fm "$work/body"
expect "a certificate that nobody vouches for" 6 "$("$posterior" models list --server "$secure" >"$work/body" 2>&1 && echo 0 || echo $?)"
kill -TERM "$server"; wait "$server" || true
server=
tiny='{"family": "vae", "name": "tiny", "data": {"source": "'$work/rows.csv'"}, "configuration": {"latent": 1, "hidden": [4], "likelihood": "gaussian"}'
echo "$tiny, \"epochs\": 1}" >"$work/recipe.json"
echo "$tiny, \"epochs\": 1000000}" >"$work/long.json"
"$posterior" train "$work/long.json" -o "$work/claimed.safetensors" --no-record >/dev/null 2>&1 &
training=$!
for _ in $(seq 300); do [ -e "$work/.claimed.safetensors.lock" ] && break; read -rt 0.1 <> <(:) || true; done
expect "a second training with the same output" 1 "$("$posterior" train "$work/recipe.json" -o "$work/claimed.safetensors" --no-record >"$work/body" 2>&1 && echo 0 || echo $?)"
contains "a second training with the same output" "Another training writes" "$work/body"
kill -9 "$training" || true; wait "$training" 2>/dev/null || true
rm -f "$work"/claimed.*
expect "a claim ends with its process" 0 "$("$posterior" train "$work/recipe.json" -o "$work/claimed.safetensors" --no-record >"$work/body" 2>&1 && echo 0 || echo $?)"

# --- the store's own commands
ran() { local code=0; "$posterior" "$@" >"$work/body" 2>&1 || code=$?; echo "$code"; }
expect "store check" 0 "$(ran store check --store "$store")"
contains "store check" "sound" "$work/body"
expect "store backup" 0 "$(ran store backup "$work/backup" --store "$store")"
expect "store backup never overwrites" 1 "$(ran store backup "$work/backup" --store "$store")"
expect "store restore" 0 "$(ran store restore "$work/backup" --store "$work/restored")"
expect "a restored store is sound" 0 "$(ran store check --json --store "$work/restored")"
contains "a restored store is sound" '"findings":[]' "$work/body"
expect "store gc" 0 "$(ran store gc --json --store "$store")"
contains "store gc finds nothing" '"blobs":[]' "$work/body"
digest=$(sha256sum "$model" | cut -d' ' -f1)
blob=$work/restored/blobs/sha256/${digest:0:2}/$digest
chmod 644 "$blob"; printf x | dd of="$blob" bs=1 seek=5000 conv=notrunc status=none
expect "store check of a damaged file" 1 "$(ran store check --store "$work/restored")"
contains "store check of a damaged file" "no longer those that were published" "$work/body"

# --- a model larger than the memory for models
start "$store" --model-memory 1MB
expect "a model that does not fit" 503 "$(status $sample -d '{}')"
contains "a model that does not fit" "--model-memory" "$work/body"
kill -TERM "$server"; wait "$server" || true
server=

# --- replicas that only read: a backup, and a folder of model files
start "$work/backup" --read-only
expect "a replica answers" 200 "$(status $sample "${raw[@]}" -d '{"n":64,"seed":7}')"
expect "a replica gives the same bytes" "$(sha256sum <"$work/many")" "$(sha256sum <"$work/body")"
kill -TERM "$server"; wait "$server" || true
mkdir "$work/files"; cp "$model" "$work/files/fm.safetensors"; head -c 1000 "$model" >"$work/files/half.safetensors"
POSTERIOR_ADMIN_KEY=0123456789abcdef start "$work/files" --read-only
expect "a folder of model files answers" 200 "$(status $sample "${raw[@]}" -d '{"n":64,"seed":7}')"
expect "a folder of model files gives the same bytes" "$(sha256sum <"$work/many")" "$(sha256sum <"$work/body")"
expect "a replica refuses uploads" 403 "$(status /v1/admin/models/fm/versions -H 'Authorization: Bearer 0123456789abcdef' --data-binary @$model)"
contains "a replica refuses uploads" "read-only" "$work/body"
expect "a replica writes nothing" 2 "$(find "$work/files" -type f | wc -l)"
kill -TERM "$server"; wait "$server" || true
server=

# --- a disk that is full
mkdir -p "$work/small"
if mount -t tmpfs -o size=3m tmpfs "$work/small" 2>/dev/null; then
  start "$work/small/store"
  key=$(cat "$work/small/store/admin.key")
  expect "upload to a full disk" 507 "$(status /v1/admin/models/fm/versions -H "Authorization: Bearer $key" --data-binary @$model)"
  contains "upload to a full disk" '"detail"' "$work/body"
  expect "the server lives on" 200 "$(status /v1/models)"
  expect "a full disk keeps no half upload" 0 "$(find "$work/small/store/blobs" "$work/small/store/uploads" -type f 2>/dev/null | wc -l)"
  bearer=(-H "Authorization: Bearer $key")
  expect "a data set on a full disk" 507 "$(yes 1.5,2.5 | head -n 800000 | status '/v1/admin/datasets/big?file=big.csv' "${bearer[@]}" --data-binary @-)"
  expect "a full disk keeps no half data set" 0 "$(find "$work/small/store/blobs" "$work/small/store/uploads" -type f 2>/dev/null | wc -l)"
  status '/v1/admin/datasets/gaps?file=gaps.csv' "${bearer[@]}" --data-binary "@$work/gaps.csv" >/dev/null
  expect "a training" 202 "$(status /v1/admin/runs "${bearer[@]}" -d "{\"kind\": \"train\", \"dataset\": \"gaps\", \"recipe\": $long}")"
  trained=$(run)
  for _ in $(seq 600); do status "/v1/runs/$trained" >/dev/null; grep -q '"name":"progress"' "$work/body" && break; read -rt 0.1 <> <(:) || true; done
  head -c 10000000 /dev/zero >"$work/small/rest" 2>/dev/null || true
  for _ in $(seq 600); do status "/v1/runs/$trained" >/dev/null; [ -e "$work/small/store/jobs/$trained" ] || break; read -rt 0.1 <> <(:) || true; done
  expect "the server lives on" 200 "$(status /v1/models)"
  rm "$work/small/rest"
  for _ in $(seq 100); do status "/v1/runs/$trained" >/dev/null; grep -q '"status":"running"' "$work/body" || break; read -rt 0.1 <> <(:) || true; done
  contains "a training whose disk fills up" '"status":"failed"' "$work/body"
  contains "a training whose disk fills up" 'full' "$work/body"
  kill -TERM "$server"; wait "$server" || true
  server=
else
  echo "skipped: the full disk, because a tmpfs can't be mounted here"
fi

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
