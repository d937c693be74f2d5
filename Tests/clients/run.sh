#!/usr/bin/env bash
# The server as the clients of this world use it: curl, h2load, Python's http.client, requests and httpx, and pipelining on a bare socket.
# Usage: Tests/clients/run.sh PATH_OF_POSTERIOR      needs curl, h2load (nghttp2-client) and python3-venv
set -euo pipefail
posterior=$(realpath "$1")
cd "$(dirname "$0")/../.."
python=.build/clients/bin/python
if [ ! -x "$python" ]; then
  python3 -m venv .build/clients
  .build/clients/bin/pip install -q 'requests>=2.31,<3' 'httpx>=0.27,<1'
fi
model=deploy/models/fashion-mnist.safetensors
work=$(mktemp -d)
passed=0 failed=0 server=

finish() {
  [ -z "$server" ] || kill -TERM "$server" 2>/dev/null || true
  [ -z "$server" ] || wait "$server" 2>/dev/null || true
  rm -rf "$work"
}
trap finish EXIT

pass() { passed=$((passed + 1)); }
fail() { failed=$((failed + 1)); echo "FAILED: $*" >&2; }
# expect NAME WANTED GIVEN
expect() { if [ "$2" = "$3" ]; then pass; else fail "$1: expected $2, got $3"; fi; }
# contains NAME PATTERN FILE, lacks NAME PATTERN FILE
contains() { if grep -qiE -- "$2" "$3"; then pass; else fail "$1: /$2/ is not in: $(head -c 600 "$3")"; fi; }
lacks() { if grep -qiE -- "$2" "$3"; then fail "$1: /$2/ is in: $(head -c 600 "$3")"; else pass; fi; }

"$posterior" models upload "$model" --name fm --store "$work/store" >"$work/upload"
"$posterior" serve --listen 127.0.0.1:0 --store "$work/store" --quiet >"$work/out" &
server=$!
url=
for _ in $(seq 300); do
  url=$(grep -o 'http://[0-9.:]*' "$work/out" || true)
  [ -n "$url" ] && curl -fs "$url/readyz" -o /dev/null && break
  kill -0 "$server" 2>/dev/null || exit 1
  read -rt 0.1 <> <(:) || true
done
key=$(cat "$work/store/admin.key")
admin=(-H "Authorization: Bearer $key")
# status URL-PATH [CURL ARGUMENTS]: the answer's body is in $work/body, what curl tells in $work/talk
status() { local path=$1; shift; curl -sv -o "$work/body" -w '%{http_code}' "$@" "$url$path" 2>"$work/talk" || true; }

# --- curl
expect "curl: GET" 200 "$(status /healthz)"
expect "curl: HTTP/1.0" 200 "$(status /healthz --http1.0)"
contains "curl: HTTP/1.0 ends with the connection" 'Closing connection' "$work/talk"
expect "curl: HEAD" 200 "$(status /openapi.yaml --head)"
declared=$(sed -nE 's/^< content-length: ([0-9]+).*/\1/ip' "$work/talk")
expect "curl: HEAD has GET's length" "$(curl -s "$url/openapi.yaml" | wc -c)" "$declared"
expect "curl: HEAD of nothing" 404 "$(status /nothing --head)"
expect "curl: OPTIONS" 204 "$(status /healthz -X OPTIONS)"
contains "curl: OPTIONS tells the methods" '^< allow: .*GET' "$work/talk"
lacks "curl: 204 has no length" '^< (content-length|transfer-encoding)' "$work/talk"
expect "curl: OPTIONS *" 204 "$(status / -X OPTIONS --request-target '*')"
expect "curl: the connection is used again" 200 "$(status /healthz "$url/healthz" -o /dev/null | tail -c 3)"
contains "curl: the connection is used again" 'Re-using existing connection' "$work/talk"
expect "curl: compressed" 200 "$(status /openapi.yaml --compressed)"
contains "curl: compressed is readable" '^openapi:' "$work/body"

large=$work/large.safetensors
python3 Tests/clients/large_model.py "$large" 64
digest=$(sha256sum "$large" | cut -d' ' -f1)
upload=/v1/admin/models/large/versions
expect "curl -T" 201 "$(status $upload "${admin[@]}" -X POST -T "$large")"
contains "curl -T asks first" '^> expect: 100-continue' "$work/talk"
contains "curl -T is told to go on" '^< HTTP/1.1 100 Continue' "$work/talk"
contains "curl -T arrives whole" "sha256:$digest" "$work/body"
expect "curl -T, chunked" 200 "$(status $upload "${admin[@]}" -X POST -T - <"$large")"
contains "curl -T, chunked" '^> transfer-encoding: chunked' "$work/talk"
contains "curl -T, chunked, arrives whole" "sha256:$digest" "$work/body"
expect "curl -F" 200 "$(status $upload "${admin[@]}" -F "file=@$large")"
contains "curl -F arrives whole" "sha256:$digest" "$work/body"
expect "curl -T without a key" 401 "$(status $upload -X POST -T "$large")"
lacks "curl -T without a key is not told to go on" '^< HTTP/1.1 100' "$work/talk"
expect "curl -T to a place that takes little" 413 "$(status /v1/models/fm/encode -X POST -T "$large")"
lacks "curl -T to a place that takes little is not told to go on" '^< HTTP/1.1 100' "$work/talk"

# --- h2load
for streams in 1 8; do
  h2load --h1 -n 20000 -c 16 -m "$streams" -t 1 "$url/healthz" >"$work/load" 2>&1 || true
  contains "h2load --h1, $streams at once" '20000 succeeded, 0 failed, 0 errored, 0 timeout' "$work/load"
done

# --- Python, and a bare socket
while read -r verdict name; do
  if [ "$verdict" = ok ]; then pass; else fail "$name"; fi
done < <("$python" Tests/clients/clients.py "$url" || echo "failed clients.py broke off")

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
