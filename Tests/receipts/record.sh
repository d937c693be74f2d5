#!/usr/bin/env bash
# Records what a build of Posterior answers, for run.sh to ask later builds the same. Usage: Tests/receipts/record.sh PATH_OF_POSTERIOR
# It trains a small model of every family, asks these and the bundled models over HTTP, and keeps the store's database and the list of runs.
set -euo pipefail
posterior=$(realpath "$1")
cd "$(dirname "$0")/../.."
source Tests/server.sh
here=Tests/receipts
work=$(mktemp -d)
trap finish EXIT
store=$work/store

: >$here/runs.txt
for recipe in $here/recipes/*.json; do
  name=$(basename "$recipe" .json)
  "$posterior" train "$recipe" -o "$work/$name.safetensors" --store "$store" >/dev/null 2>"$work/log" || { cat "$work/log"; exit 1; }
  "$posterior" models upload "$work/$name.safetensors" --name "$name" --store "$store" >/dev/null
done
for file in deploy/models/*.safetensors; do "$posterior" models upload "$file" --name "$(basename "$file" .safetensors)" --store "$store" >/dev/null; done

serve "$store"

# ask MODEL/OPERATION?OPTIONS [CURL ARGUMENTS]: one recorded request
ask() {
  echo "  $1" >&2
  local path=$1 run
  shift
  run=$(curl -sS --fail-with-body -o "$work/answer" -D - "$@" "$url/v1/models/$path" | tr -d "\r" | sed -n "s/^[Pp]osterior-[Rr]un: //p" || true)
  [ -n "$run" ] || { echo "$path was not recorded: $(head -c 400 "$work/answer")" >&2; exit 1; }
  echo "$run $path" >>$here/runs.txt
}
csv=(-H 'Content-Type: text/csv') npy=(-H 'Content-Type: application/x-npy') png=(-H 'Content-Type: image/png')
garments=(--data-binary @deploy/examples/ten-garments.npy) wine=(--data-binary @deploy/examples/wine-holes.csv)

for model in fashion-mnist fashion-mnist-clusters fashion-mnist-seatbelt vae hvae vlae vlac beta_tcvae; do
  ask "$model/sample" -d '{"n":3,"seed":7,"record":true}'
  ask "$model/sample" -H 'Accept: image/png' -d '{"n":4,"seed":7,"mean":true,"temperature":0.5,"record":true}'
  ask "$model/encode?record=true" "${npy[@]}" "${garments[@]}"
  ask "$model/encode?record=true" "${npy[@]}" -H 'Accept: text/csv' "${garments[@]}"
  ask "$model/reconstruct?record=true&seed=3" "${png[@]}" -H 'Accept: image/png' --data-binary @deploy/examples/shirt.png
  ask "$model/reconstruct?record=true&seed=3&sampling=true" "${npy[@]}" -H 'Accept: application/x-npy' "${garments[@]}"
  ask "$model/score?record=true&seed=3&k=5" "${npy[@]}" "${garments[@]}"
  ask "$model/score?record=true&seed=3&k=5" "${npy[@]}" -H 'Accept: text/csv' "${garments[@]}"
done
for model in fashion-mnist-clusters vlac; do
  ask "$model/cluster?record=true&seed=2" "${npy[@]}" "${garments[@]}"
  ask "$model/cluster?record=true&seed=2&draws=3&responsibilities=false" "${npy[@]}" "${garments[@]}"
  ask "$model/sample" -d '{"n":2,"seed":5,"given":{"cluster":1,"layer":0},"record":true}'
done
ask "vlac/sample" -d '{"n":2,"seed":5,"given":{"layers":[{},{"cluster":1}]},"record":true}'
for model in white-wine vaeac; do
  ask "$model/impute?record=true&seed=1&draws=3" "${csv[@]}" -H 'Accept: text/csv' "${wine[@]}"
  ask "$model/impute?record=true&seed=1&draws=3" "${csv[@]}" "${wine[@]}"
  ask "$model/impute?record=true&seed=1&mode=point" "${csv[@]}" -H 'Accept: text/csv' "${wine[@]}"
  ask "$model/score?record=true&seed=1&k=4" "${csv[@]}" "${wine[@]}"
  ask "$model/score?record=true&seed=1&k=4&targets=pH,alcohol&estimator=prior" "${csv[@]}" "${wine[@]}"
done
ask "vaeac_image/impute?record=true&seed=1&draws=2&mask=band:4" "${png[@]}" -H 'Accept: image/png' --data-binary @deploy/examples/shirt.png
ask "vaeac_image/impute?record=true&seed=1&draws=2&mask=left" "${npy[@]}" "${garments[@]}"
head -9 deploy/examples/white-wine.csv | cut -d, -f1-11 >"$work/wine.csv"
for model in m2 gmdgm agmdgm; do
  ask "$model/classify?record=true&seed=4" "${csv[@]}" --data-binary @"$work/wine.csv"
  ask "$model/cluster?record=true&seed=4" "${csv[@]}" -H 'Accept: text/csv' --data-binary @"$work/wine.csv"
  ask "$model/sample" -d '{"n":2,"seed":6,"given":{"label":"6"},"record":true}'
  ask "$model/score?record=true&seed=4&k=3" "${csv[@]}" --data-binary @"$work/wine.csv"
done
attack=$(python3 -c 'import urllib.parse; print(urllib.parse.quote("""{"steps": 3, "budgets": [0.5, 1]}"""))')
ask "fashion-mnist-seatbelt/robustness?record=true&seed=1&attack=$attack" "${png[@]}" --data-binary @deploy/examples/shirt.png

kill "$server"
wait "$server" || true
server=
# Training runs stand before the requests: their replays make the models that the requests ask.
"$posterior" runs list --kind train --limit 100 --json --store "$store" >"$work/training.json"
python3 - "$work/training.json" "$store/posterior.sqlite" $here <<'PYTHON'
import json, sqlite3, sys
runs = json.load(open(sys.argv[1]))
runs = runs["runs"] if isinstance(runs, dict) else runs
with open(sys.argv[3] + "/training.txt", "w") as out:
    for run in reversed(runs):
        out.write(f"{run['id']} {run.get('model') or run.get('family')}\n")
database = sqlite3.connect(sys.argv[2])
database.execute("PRAGMA journal_mode = DELETE")
database.execute("VACUUM INTO ?", (sys.argv[3] + "/posterior.sqlite.new",))
PYTHON
gzip -9nc $here/posterior.sqlite.new >$here/posterior.sqlite.gz
rm $here/posterior.sqlite.new
