#!/usr/bin/env bats
# The promise of a run: the same bytes at any --parallel, and after kill -9 at any moment plus resume. All on one short run, whose
# uninterrupted result is made once.
load ../cli/helper

# Long enough to be killed in each stage.
short=(--rounds 2 --points-per-round 3 --temperatures 0.8,1.1 --max-new-tokens 14 --max-samples 18 --mi-samples 4
    --jailbreak-samples 2 --control-samples 2 --tau auto --questions 3 --wordings 1)

# In a subshell that becomes the program, so that $! is the program and a signal reaches it.
start_run() {
    local dir=$1
    shift
    exec "$BIFORGET" domain "Greek mythology" -m "$BIFORGET_TEST_MODEL" --embedder "$BIFORGET_TEST_EMBEDDER" -o "$dir" "${short[@]}" "$@"
}
short_run() { (start_run "$@"); }

setup_file() {
    export whole=$BATS_FILE_TMPDIR/whole
    local begin=$EPOCHREALTIME
    short_run "$whole" --parallel 8 -q >/dev/null
    whole_ms=$((($(tr -d . <<<"$EPOCHREALTIME") - $(tr -d . <<<"$begin")) / 1000))
    export whole_ms
    [ "$(wc -l <"$whole/forget.jsonl")" -ge 8 ]
}

teardown() {
    [ -z "${job:-}" ] || kill -9 "$job" 2>/dev/null || true
}

# Everything that was committed, kept or not, as well as the file.
assert_whole() {
    cmp "$1/forget.jsonl" "$whole/forget.jsonl"
    [ ! -e "$whole/probes.jsonl" ] || cmp "$1/probes.jsonl" "$whole/probes.jsonl"
    cmp <("$BIFORGET" show "$1" --limit 0 --full) <("$BIFORGET" show "$whole" --limit 0 --full)
}

@test "the same bytes at --parallel 1 and 64 as at 8" {
    for n in 1 64; do
        short_run "$BATS_TEST_TMPDIR/p$n" --parallel $n -q >/dev/null
        assert_whole "$BATS_TEST_TMPDIR/p$n"
    done
}

@test "kill -9 at four random moments, then resume" {
    local seed=${BIFORGET_TEST_SEED:-$RANDOM}
    RANDOM=$seed
    local dir=$BATS_TEST_TMPDIR/killed killed=0
    for n in 1 2 3 4; do
        # Moments are counted in the time that a whole run takes here; where they fall decides nothing about the result.
        local ms=$((whole_ms * (RANDOM % 700) / 1000))
        printf '# seed %s, kill %s after %s of %s ms\n' "$seed" $n "$ms" "$whole_ms" >&3
        if [ -e "$dir/run.db" ]; then
            "$BIFORGET" resume "$dir" --parallel $((1 << n)) -q >/dev/null 2>>"$BATS_TEST_TMPDIR/err" 3>&- &
        else
            rm -rf "$dir" # killed before it was a run
            (start_run "$dir" --parallel 8 -q) >/dev/null 2>>"$BATS_TEST_TMPDIR/err" 3>&- &
        fi
        job=$!
        sleep "$((ms / 1000)).$(printf %03d $((ms % 1000)))"
        if kill -9 "$job" 2>/dev/null; then killed=$((killed + 1)); fi
        wait "$job" 2>/dev/null || true
        job=
        # Whatever the moment, what is there can be read.
        [ ! -e "$dir/run.db" ] || "$BIFORGET" status "$dir" >/dev/null
    done
    # A machine that is faster now than when the whole run was timed may have been too quick each time: then once more, after its first commit.
    if [ $killed = 0 ]; then
        rm -rf "$dir"
        (start_run "$dir" --parallel 1 -q) >/dev/null 2>>"$BATS_TEST_TMPDIR/err" 3>&- &
        job=$!
        until_commit "$dir"
        kill -9 "$job" && killed=1
        wait "$job" 2>/dev/null || true
        job=
    fi
    [ -e "$dir/run.db" ] || short_run "$dir" --parallel 8 -q >/dev/null
    "$BIFORGET" resume "$dir" --parallel 3 -q >/dev/null
    [ ! -s "$BATS_TEST_TMPDIR/err" ] || { cat "$BATS_TEST_TMPDIR/err" >&2; false; }
    [ $killed -ge 1 ]
    assert_whole "$dir"
}

# interrupt SIGNAL: a run that gets it after its first commit.
interrupt() {
    local dir=$BATS_TEST_TMPDIR/run
    (start_run "$dir" --parallel 1) >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" 3>&- &
    job=$!
    until_commit "$dir"
    kill "-$1" "$job"
    local code=0
    wait "$job" || code=$?
    job=
    [ "$code" = 130 ]
    [ ! -s "$BATS_TEST_TMPDIR/out" ]
    [ ! -e "$dir/forget.jsonl" ]
    grep -q 'finishing this step' "$BATS_TEST_TMPDIR/err"
    [ "$(tail -n 1 "$BATS_TEST_TMPDIR/err")" = "biforget: interrupted; everything so far is saved, resume it with: biforget resume $dir" ]
    [ "$("$BIFORGET" status "$dir" --json | json 'd["finished"]')" = False ]
    "$BIFORGET" resume "$dir" -q >/dev/null
    assert_whole "$dir"
}

@test "Ctrl-C once: exit code 130, how to resume, and the same bytes after" {
    interrupt INT
}

@test "SIGTERM is a Ctrl-C" {
    interrupt TERM
}
