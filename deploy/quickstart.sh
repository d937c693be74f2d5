#!/usr/bin/env bash
# From a fresh checkout to pictures over HTTP: installs what is needed, builds, registers the bundled models and serves them.
# POSTERIOR_LISTEN and POSTERIOR_STORE change where; the defaults are 127.0.0.1:8080 and a folder in the home directory.
set -euo pipefail
cd "$(dirname "$0")/.."

listen=${POSTERIOR_LISTEN:-127.0.0.1:8080}
store=${POSTERIOR_STORE:-$HOME/.local/share/posterior}

deploy/install.sh
swift build -c release --product posterior
posterior=$(swift build -c release --show-bin-path)/posterior

for model in fashion-mnist fashion-mnist-clusters fashion-mnist-seatbelt mnist-digits white-wine; do
  "$posterior" models upload "deploy/models/$model.safetensors" --name "$model" --store "$store"
done

"$posterior" serve --listen "$listen" --store "$store" --quiet &
server=$!
trap 'kill -TERM $server 2>/dev/null || true' INT TERM
for _ in $(seq 100); do
  curl -fs "http://$listen/readyz" >/dev/null 2>&1 && break
  kill -0 $server 2>/dev/null || { wait $server; exit 1; }
  read -rt 0.1 <> <(:) || true
done

cat <<TEXT

Posterior is ready: open the link above in a browser, or go on in another terminal:

  # 64 new pictures in one grid
  curl -s http://$listen/v1/models/fashion-mnist/sample -H 'Accept: image/png' -d '{"n":64,"seed":7,"mean":true}' -o samples.png

  # the same pictures as numbers, with the receipt in the headers
  curl -si http://$listen/v1/models/fashion-mnist/sample -d '{"n":1,"seed":7,"mean":true}' | cut -c1-300

  # how likely the model finds a picture of yours (28 x 28 PNG)
  curl -s 'http://$listen/v1/models/fashion-mnist/score?k=100&seed=3' -H 'Content-Type: image/png' --data-binary @deploy/examples/shirt.png

  # a table with holes, filled in
  curl -s 'http://$listen/v1/models/white-wine/impute?mode=point&seed=1' -H 'Content-Type: text/csv' -H 'Accept: text/csv' --data-binary @deploy/examples/wine-holes.csv

  # which cluster each of ten garments is in, and how surely
  curl -s 'http://$listen/v1/models/fashion-mnist-clusters/cluster?responsibilities=false' -H 'Content-Type: application/x-npy' --data-binary @deploy/examples/ten-garments.npy

  # which of ten clusters, found without a label, each of ten digits is in
  curl -s 'http://$listen/v1/models/mnist-digits/cluster?responsibilities=false' -H 'Content-Type: application/x-npy' --data-binary @deploy/examples/ten-digits.npy

  # how far a bounded change of a picture moves what a model makes of it
  curl -s 'http://$listen/v1/models/fashion-mnist-seatbelt/robustness?seed=1' -H 'Content-Type: image/png' -H 'Accept: image/png' --data-binary @deploy/examples/shirt.png -o audit.png

Ctrl-C stops the server.
TEXT
wait $server || true
wait $server 2>/dev/null || true
