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

# start STORE: serves it on a free port and waits until it is ready
start() {
  : >"$work/serve.out"
  "$posterior" serve --listen 127.0.0.1:0 --store "$1" --quiet >"$work/serve.out" 2>"$work/serve.err" &
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

# --- upload
expect "upload without a key" 401 "$(status /v1/admin/models/fm/versions --data-binary @$model)"
expect "upload with a wrong key" 403 "$(status /v1/admin/models/fm/versions -H 'Authorization: Bearer 0000' --data-binary @$model)"
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
printf 'POST /v1/admin/models/fm/versions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Length: 4000000\r\n\r\n' "$key" >&3
head -c 300000 "$model" >&3
exec 3>&-
for _ in $(seq 50); do [ "$(find "$store/uploads" -type f 2>/dev/null | wc -l)" = 0 ] && break; read -rt 0.1 <> <(:) || true; done
expect "a broken upload leaves nothing" 0 "$(find "$store/uploads" -type f 2>/dev/null | wc -l)"

# --- reading
for path in /healthz /readyz /v1/models /v1/models/fm /v1/models/fm@1 /v1/models/fm@live /v1/families /v1/runs /openapi.yaml /; do
  expect "GET $path" 200 "$(status "$path")"
done
expect "unknown model" 404 "$(status /v1/models/none)"
expect "unknown version" 404 "$(status /v1/models/fm@9)"
expect "wrong method" 405 "$(status /v1/models/fm/sample)"
contains "Allow" "Allow:" "$work/head"
expect "HEAD" 200 "$(status /healthz --head)"

# --- bench
expect "the benchmark of the arithmetic has a time for every number of rows" 2 \
  "$("$posterior" bench arithmetic --rows 1 3 --rounds 1 --plain | awk 'NF == 3 && $2 > 0' | wc -l)"

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
expect "reconstruct" 200 "$(status /v1/models/fm/reconstruct "${png[@]}" -H 'Accept: image/png')"
expect "score" 200 "$(status '/v1/models/fm/score?k=10&seed=3' "${png[@]}")"
contains "score" elbo_nats "$work/body"

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

# --- a disk that is full
mkdir -p "$work/small"
if mount -t tmpfs -o size=3m tmpfs "$work/small" 2>/dev/null; then
  start "$work/small/store"
  key=$(cat "$work/small/store/admin.key")
  expect "upload to a full disk" 507 "$(status /v1/admin/models/fm/versions -H "Authorization: Bearer $key" --data-binary @$model)"
  contains "upload to a full disk" '"detail"' "$work/body"
  expect "the server lives on" 200 "$(status /v1/models)"
  expect "a full disk keeps no half upload" 0 "$(find "$work/small/store/blobs" "$work/small/store/uploads" -type f 2>/dev/null | wc -l)"
  kill -TERM "$server"; wait "$server" || true
  server=
else
  echo "skipped: the full disk, because a tmpfs can't be mounted here"
fi

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
