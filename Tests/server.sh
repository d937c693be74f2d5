# To be sourced by tests that ask a server over a socket. $posterior is the program.
#
#   work=$(mktemp -d); trap finish EXIT
#   serve "$work/store" [ARGUMENTS OF posterior serve]      sets $server (the process) and $url (its first plain address)
server=
url=

# serve STORE [ARGUMENTS...]: starts a server on a free port and waits until it is ready
serve() {
  local store=$1
  shift
  "$posterior" serve --listen 127.0.0.1:0 --store "$store" --quiet "$@" >"$work/out" 2>"$work/err" &
  server=$!
  for _ in $(seq 300); do
    url=$(grep -om1 'http://[0-9.:]*' "$work/out" || true)
    [ -n "$url" ] && curl -fs "$url/readyz" -o /dev/null && return
    kill -0 "$server" 2>/dev/null || break
    read -rt 0.1 <> <(:) || true
  done
  cat "$work/err" >&2
  return 1
}

# Ends the server and removes what the test wrote.
finish() {
  [ -z "$server" ] || kill -TERM "$server" 2>/dev/null || true
  [ -z "$server" ] || wait "$server" 2>/dev/null || true
  rm -rf "$work"
}
