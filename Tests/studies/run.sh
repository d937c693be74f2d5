#!/usr/bin/env bash
# Studies as a shell sees them: killed in the middle, gone on with, through a command template, beside another one, with models that were there before.
# Usage: Tests/studies/run.sh PATH_OF_POSTERIOR
set -euo pipefail
posterior=$(realpath "$1")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
export POSTERIOR_STORE=$work/store
passed=0 failed=0
pass() { passed=$((passed + 1)); }
fail() { failed=$((failed + 1)); echo "FAILED: $*" >&2; }
# same NAME FILE FILE
same() { if cmp -s "$2" "$3"; then pass; else fail "$1: $(diff "$2" "$3" | head -5)"; fi; }
# contains NAME TEXT FILE
contains() { if grep -qF -- "$2" "$3"; then pass; else fail "$1: \"$2\" is not in: $(head -c 600 "$3")"; fi; }
# expect NAME WANTED GIVEN
expect() { if [ "$2" = "$3" ]; then pass; else fail "$1: expected $2, got $3"; fi; }
# until_there FILE: waits for what a job writes
until_there() { for _ in $(seq 600); do [ -e "$1" ] && return; read -rt 0.05 <> <(:) || true; done; fail "$1 did not come"; }

cat >recipe.json <<'END'
{
  "family": "vae", "data": { "source": "ring", "limit": 4000 }, "configuration": { "latent": 2, "hidden": [32, 32], "likelihood": "gaussian" },
  "epochs": 80, "batch_size": 16, "validation": 100
}
END
study() { # SEEDS REPEATS
  cat <<END
{
  "name": "ring", "seeds": $1, "repeats": $2,
  "recipes": [
    { "name": "narrow", "recipe": "recipe.json", "overrides": { "configuration": { "hidden": [8] } } },
    { "name": "wide", "recipe": "recipe.json" }
  ],
  "evaluations": [{ "data": "ring", "limit": 500, "k": 3, "samples": 500 }]
}
END
}
study '[1, 2]' 1 >study.json

# --- undisturbed
"$posterior" study study.json --folder calm --jobs 2 --no-record >calm.txt 2>calm.err || fail "the study: $(tail -3 calm.err)"
contains "the table" "4 jobs, 4 with a result" calm.txt
contains "the table" "elbo_nats" calm.txt
expect "the jobs" "narrow.1 wide.1 narrow.2 wide.2" "$("$posterior" study study.json --list --folder calm | awk '$2 == "done" { print $1 }' | xargs)"
"$posterior" study study.json --folder calm --report >again.txt
same "the report" calm.txt again.txt
"$posterior" study study.json --folder calm --report --csv >summary.csv
same "the table as CSV" summary.csv calm/results.csv
"$posterior" study study.json --folder calm --report --json | python3 -c 'import json, sys; assert json.load(sys.stdin)["done"] == 4' && pass || fail "JSON"
"$posterior" study study.json --folder calm --jobs 2 2>again.err >again.txt
same "a study that is done" calm.txt again.txt
if grep -q started again.err; then fail "jobs that are done are done again"; else pass; fi

# --- the study and a job are killed; another study is refused meanwhile
setsid "$posterior" study study.json --folder rough --jobs 2 --no-record >/dev/null 2>&1 &
scheduler=$!
until_there rough/wide.1/checkpoint
"$posterior" study study.json --folder rough >/dev/null 2>refused.err && fail "two studies in one folder" || contains "two studies" "Another posterior study" refused.err
job=$(pgrep -f "$work/rough/study.json --folder $work/rough --job wide.1" | head -1 || true)
[ -z "$job" ] || kill -9 "$job"
kill -9 "$scheduler"
wait "$scheduler" 2>/dev/null || true
[ -e rough/wide.1/result.json ] && fail "the job had ended before it was killed" || pass
"$posterior" study study.json --folder rough --jobs 2 --no-record >rough.txt 2>rough.err || fail "going on: $(tail -3 rough.err)"
same "the table after kill -9" calm.txt rough.txt
for file in results.csv seeds.csv results.svg; do same "$file after kill -9" calm/$file rough/$file; done
contains "the killed job goes on" "from epoch" rough/wide.1/log.txt

# --- Ctrl-C stops the jobs, which keep what they have
setsid "$posterior" study study.json --folder stopped --jobs 2 --no-record >/dev/null 2>stopped.err &
scheduler=$!
until_there stopped/wide.1/checkpoint
kill -INT "$scheduler"
wait "$scheduler" && fail "a study that was stopped says it ended well" || pass
contains "Ctrl-C" "the same command goes on" stopped.err
expect "jobs after Ctrl-C" "" "$(pgrep -f "$work/stopped/study.json" || true)"
"$posterior" study study.json --folder stopped --jobs 2 --no-record >stopped.txt 2>/dev/null
same "the table after Ctrl-C" calm.txt stopped.txt

# --- more seeds, through a command; records
study '[1, 2, 5]' 1 >study.json
"$posterior" study study.json --folder calm --jobs 2 --command 'sh -c {script}' >more.txt 2>more.err || fail "more seeds: $(tail -3 more.err)"
expect "only the new seed is trained" "narrow.5 wide.5" "$(sed -n 's/: started$//p' more.err | sort | xargs)"
contains "the table of three seeds" "6 jobs, 6 with a result" more.txt
expect "records" "2 2" "$("$posterior" runs list --filter "tags.study = 'ring'" | awk '/train/ { t++ } /evaluate/ { e++ } END { print t, e }')"

# --- another evaluation: models stay; a job by itself; a model that was there before
sed -i 's/"k": 3/"k": 4/' study.json
"$posterior" study study.json --folder calm --job wide.5 --no-record >job.out 2>job.err
contains "an outdated result" "it is done anew" job.err
contains "its model stays" '"adopted": true' calm/wide.5/result.json
expect "outdated ones" 5 "$("$posterior" study study.json --folder calm --list | grep -c outdated)"
"$posterior" train recipe.json --seed 1 --no-record -o model.safetensors >/dev/null 2>&1
for id in wide.1 wide.2; do mkdir -p adopted/$id; cp model.safetensors adopted/$id/; done
for id in wide.1 wide.2; do "$posterior" study study.json --folder adopted --job $id --no-record >$id.out 2>$id.err; done
contains "a model of this job" '"adopted": true' adopted/wide.1/result.json
contains "a model of another seed" "it is trained anew" wide.2.err
contains "a model of another seed" '"adopted": false' adopted/wide.2/result.json

# --- failures are listed, the others are done, and repeats are compared
study '[1]' 2 | sed 's/"hidden": \[8\]/"hidden": [0]/' >study.json
"$posterior" study study.json --folder bad --jobs 2 --no-record >bad.txt 2>bad.err && fail "a study with failures ends well" || pass
contains "a failure" "hidden[0]" bad.txt
contains "the others" "4 jobs, 2 with a result" bad.txt
contains "repeats" "the same model file, to the byte" bad.txt
"$posterior" study study.json --folder bad --job wide.9 2>unknown.err && fail "a job that is none" || contains "a job that is none" "did you mean wide.1" unknown.err
"$posterior" study study.json --command true 2>command.err && fail "a command without a job" || contains "a command without a job" "{job}" command.err

echo "$passed checks passed, $failed failed"
[ "$failed" = 0 ]
