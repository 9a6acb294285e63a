#!/usr/bin/env bash
# The kill experiment (`make bench-kill`): 30 runs, each killed with -9 at a random moment and resumed, compared byte by byte with
# the run that was never interrupted. Moments are spread evenly over the length of the run: one in each thirtieth of it.
#
#   bench/kill30.sh [KILLS]      default 30; the table and a summary line go to bench/results/kill30.txt
# Environment: BIFORGET (build/biforget), BIFORGET_TEST_MODEL and BIFORGET_TEST_EMBEDDER (the small ones of the cache), SEED.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export LC_ALL=C.UTF-8

kills=${1:-30}
program=${BIFORGET:-$PWD/build/biforget}
models=${BIFORGET_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/biforget}/models
model=${BIFORGET_TEST_MODEL:-$models/smollm2-135m-instruct-q4_0.gguf}
embedder=${BIFORGET_TEST_EMBEDDER:-$models/all-minilm-l6-v2-f32.gguf}
seed=${SEED:-$((RANDOM * 32768 + RANDOM))}
RANDOM=$((seed % 32768))
results=bench/results/kill30.txt

scratch=$(mktemp -d)
job=
clean() {
    [ -z "$job" ] || kill -9 "$job" 2>/dev/null || true
    rm -rf "$scratch"
}
trap clean EXIT

begin_run() {
    exec "$program" domain "Greek mythology" -m "$model" --embedder "$embedder" -o "$1" --rounds 2 --points-per-round 4 \
        --temperatures 0.8,1.1 --max-new-tokens 24 --max-samples 40 --mi-samples 8 --jailbreak-samples 4 --control-samples 4 \
        --tau 0.05 --parallel "$2" -q
}
now_ms() { echo $((${EPOCHREALTIME/./} / 1000)); }

start=$(now_ms)
(begin_run "$scratch/whole" 8) >/dev/null
length=$(($(now_ms) - start))
samples=$(wc -l <"$scratch/whole/forget.jsonl")

mkdir -p bench/results
{
    printf 'kill -9 at %d moments of a run of %d ms (%d kept samples), then resume at another --parallel; seed %s\n' \
        "$kills" "$length" "$samples" "$seed"
    printf '%4s %9s %10s %8s %s\n' kill 'after ms' committed parallel result
} | tee "$results"

# shellcheck disable=SC2016  # a Python program
committed() { "$program" status "$1" --json 2>/dev/null | python3 -c 'import json, sys; print(sum(s["generated"] for s in json.load(sys.stdin)["stages"].values()))'; }

identical=0 struck=0
for ((i = 0; i < kills; i++)); do
    dir=$scratch/run$i
    ms=$(((length * i + length * (RANDOM % 1000) / 1000) / kills))
    parallel=$((i % 3 == 0 ? 1 : i % 3 == 1 ? 8 : 64))
    (begin_run "$dir" 8) >/dev/null 2>"$scratch/err" &
    job=$!
    sleep "$((ms / 1000)).$(printf %03d $((ms % 1000)))"
    if kill -9 "$job" 2>/dev/null; then struck=$((struck + 1)); fi
    wait "$job" 2>/dev/null || true
    job=
    at=none
    if [ -e "$dir/run.db" ]; then
        at=$(committed "$dir") || at=unreadable
        "$program" resume "$dir" --parallel $parallel -q >/dev/null 2>>"$scratch/err" || true
    else
        rm -rf "$dir"
        (begin_run "$dir" $parallel) >/dev/null 2>>"$scratch/err" || true
    fi
    result=DIFFERENT
    if cmp -s "$dir/forget.jsonl" "$scratch/whole/forget.jsonl" &&
        cmp -s <("$program" show "$dir" --limit 0 --full) <("$program" show "$scratch/whole" --limit 0 --full); then
        result=identical
        identical=$((identical + 1))
    fi
    printf '%4d %9d %10s %8d %s\n' $((i + 1)) "$ms" "$at" $parallel $result | tee -a "$results"
    [ $result = identical ] || cat "$scratch/err" >&2
    rm -rf "$dir"
done
printf '%d of %d results identical to the uninterrupted run (%d processes were still at work when killed)\n' \
    $identical "$kills" $struck | tee -a "$results"
[ $identical = "$kills" ]
