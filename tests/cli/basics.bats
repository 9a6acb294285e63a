#!/usr/bin/env bats
# The program's face: version, help, and what it says to a mistyped command line. No model is loaded here.
load helper

commands=(domain instance run textbook import resume status show export quality report unlearn eval lab models doctor quantize help)

@test "--version prints one line" {
    run --separate-stderr "$BIFORGET" --version
    [ "$status" = 0 ]
    [[ $output =~ ^biforget\ [0-9]+\.[0-9]+\.[0-9]+$ ]]
    [ -z "$stderr" ]
}

@test "without a command the overview goes to stderr and the exit code is 2" {
    run --separate-stderr "$BIFORGET"
    [ "$status" = 2 ]
    [ -z "$output" ]
    [[ $stderr == *"commands:"* ]]
}

@test "--help names every command and the exit codes, within 80 columns and 40 lines" {
    run --separate-stderr "$BIFORGET" --help
    [ "$status" = 0 ]
    [ -z "$stderr" ]
    for c in "${commands[@]}"; do [[ $output =~ (^|$'\n')"  $c " ]]; done
    [[ $output == *"130 interrupted"* ]]
    [ "${#lines[@]}" -le 40 ]
    [ "$(printf '%s\n' "$output" | wc -L)" -le 80 ]
}

@test "the overview and this test know the same commands" {
    run --separate-stderr "$BIFORGET" --help
    found=$(printf '%s\n' "$output" | sed -n '/^commands:/,/^$/s/^  \([a-z]*\) .*/\1/p')
    [ "$found" = "$(printf '%s\n' "${commands[@]}")" ]
}

@test "--help of each command: usage first, within 80 columns and 40 lines" {
    for c in "${commands[@]}"; do
        run --separate-stderr "$BIFORGET" "$c" --help
        [ "$status" = 0 ]
        [ -z "$stderr" ]
        [[ ${lines[0]} == "Usage: biforget $c"* ]] || { echo "$c: ${lines[0]}" >&2; false; }
        n=$(printf '%s\n' "$output" | wc -l)
        [ "$n" -le 40 ] || { echo "$c --help has $n lines" >&2; false; }
        [ "$(printf '%s\n' "$output" | wc -L)" -le 80 ]
    done
}

@test "help COMMAND is within 80 columns and has the rare options too" {
    for c in "${commands[@]}"; do
        run --separate-stderr "$BIFORGET" help "$c"
        [ "$status" = 0 ]
        [[ ${lines[0]} == "Usage: biforget $c"* ]]
        [ "$(printf '%s\n' "$output" | wc -L)" -le 80 ] || { echo "$c is wide" >&2; false; }
    done
    run --separate-stderr "$BIFORGET" help domain
    [[ $output == *--top-k* && $output == *--near-duplicate* && $output == *--epsilon* ]]
    run --separate-stderr "$BIFORGET" domain --help
    [[ $output != *--near-duplicate* ]]
}

@test "help of a benchmark has the options of that benchmark" {
    run --separate-stderr "$BIFORGET" eval --help
    [[ $output == *privleak*knowmem*verbmem*memorization*tofu*mcq*gsm8k*robust* ]]
    # Without a benchmark those of a single one are left to its own help, or to --help-all.
    [[ $output == *"--max-new-tokens N"* && $output != *"--relearn SHARE"* ]]
    run --separate-stderr "$BIFORGET" eval --help-all
    [[ $output == *"--relearn SHARE"* ]]
    run --separate-stderr "$BIFORGET" eval robust --help
    [ "$status" = 0 ]
    [[ $output == *"--relearn SHARE"* && $output == *" --suffix "* && ! $output =~ "--holdout "[A-Z] ]]
    run --separate-stderr "$BIFORGET" eval privleak --help
    [[ $output =~ "--holdout "[A-Z] && $output != *"--relearn SHARE"* ]]
}

@test "the manual page and the completions name every command" {
    for args in --man "--completion bash" "--completion zsh" "--completion fish"; do
        # shellcheck disable=SC2086  # two words
        run --separate-stderr "$BIFORGET" help $args
        [ "$status" = 0 ]
        [ -z "$stderr" ]
        for c in "${commands[@]}"; do [[ $output == *"$c"* ]] || { echo "$c is missing in help $args" >&2; false; }; done
    done
    "$BIFORGET" help --completion bash | bash -n
}

@test "an unknown command" {
    fails 2 "'domian' is not a biforget command" "$BIFORGET" domian
    fails 2 "is not a biforget command" "$BIFORGET" ""
    fails 2 "is not a biforget command" "$BIFORGET" --frobnicate
    fails 2 "'nothing'" "$BIFORGET" help nothing
}

@test "an unknown option, with the nearest one" {
    for c in "${commands[@]}"; do fails 2 "--frobnicate" "$BIFORGET" "$c" --frobnicate; done
    fails 2 "--rounds" "$BIFORGET" domain Zeus --round 3
    fails 2 "-Z" "$BIFORGET" domain Zeus -Z
}

@test "bad values name the option and its range" {
    fails 2 "--rounds" "$BIFORGET" domain Zeus --rounds 0
    fails 2 "--rounds" "$BIFORGET" domain Zeus --rounds 65
    fails 2 "--rounds" "$BIFORGET" domain Zeus --rounds many
    fails 2 "--rounds" "$BIFORGET" domain Zeus --rounds
    fails 2 "--rounds" "$BIFORGET" domain Zeus --rounds 99999999999999999999
    fails 2 "--top-p" "$BIFORGET" domain Zeus --top-p 0
    fails 2 "--top-p" "$BIFORGET" domain Zeus --top-p nan
    fails 2 "--parallel" "$BIFORGET" domain Zeus --parallel 257
    fails 2 "--parallel" "$BIFORGET" domain Zeus --parallel -1
    fails 2 "--order" "$BIFORGET" domain Zeus --order random
    fails 2 "--profile" "$BIFORGET" domain Zeus --profile huge
    fails 2 "--format" "$BIFORGET" export runs/none --format xml
    fails 2 "--reason" "$BIFORGET" show runs/none --reason boredom
    fails 2 "--stage" "$BIFORGET" show runs/none --stage zero
}

@test "temperatures must be above zero" {
    for t in 0 -1 0.8,0 0.8,-0.1 nan inf "" , 0.8,,1 warm; do
        fails 2 "--temperatures" "$BIFORGET" domain Zeus --temperatures "$t"
    done
    fails 2 "--probe-temperature" "$BIFORGET" domain Zeus --probe-temperature 0
}

@test "operands that are missing or too many" {
    fails 2 "one domain" "$BIFORGET" domain
    fails 2 "Mars" "$BIFORGET" domain Jupiter Mars
    fails 2 "run folder" "$BIFORGET" resume
    fails 2 "biforget status" "$BIFORGET" status
    fails 2 "biforget show" "$BIFORGET" show
    fails 2 "" "$BIFORGET" quantize only-one.gguf
}

@test "a topic that cannot be one" {
    fails 2 "is empty" "$BIFORGET" domain ""
    fails 2 "is empty" "$BIFORGET" domain $' \n\t '
    fails 2 "10000 bytes" "$BIFORGET" domain "$(printf 'a%.0s' {1..10000})"
    fails 2 "UTF-8" "$BIFORGET" domain $'Zeus \xff\xfe'
}

@test "folders that are not runs" {
    mkdir "$BATS_TEST_TMPDIR/empty"
    for c in status show export resume; do
        fails 5 "no-such-run" "$BIFORGET" "$c" "$BATS_TEST_TMPDIR/no-such-run"
        fails 5 "" "$BIFORGET" "$c" "$BATS_TEST_TMPDIR/empty"
    done
    [ -z "$(ls "$BATS_TEST_TMPDIR/empty")" ] # looking leaves nothing behind
    mkdir "$BATS_TEST_TMPDIR/foreign"
    echo 'Dear diary' >"$BATS_TEST_TMPDIR/foreign/run.db"
    for c in status show export resume; do fails 5 "" "$BIFORGET" "$c" "$BATS_TEST_TMPDIR/foreign"; done
    [ "$(cat "$BATS_TEST_TMPDIR/foreign/run.db")" = 'Dear diary' ]
}

@test "a fatal signal ends in a sentence" {
    # A checked build has handlers of its own.
    if grep -qE '__(asan|tsan)_init' "$BIFORGET"; then skip "a checked build"; fi
    for signal in SEGV ILL; do
        local dir=$BATS_TEST_TMPDIR/$signal
        # Where core dumps are on, the signal itself would end it (tests/unit/test_last_words.c).
        (ulimit -c 0 && exec "$BIFORGET" domain "Greek mythology" -m "$BIFORGET_TEST_MODEL" -o "$dir" --max-samples 500) 2>"$dir.err" \
            >/dev/null 3>&- &
        job=$!
        for _ in $(seq 600); do [ ! -e "$dir/run.db" ] || break; sleep 0.05; done
        kill -s "$signal" $job
        status=0
        wait $job || status=$?
        [ "$status" = 4 ]
        grep -q "^biforget: .* ended biforget: a bug in .*'biforget resume' resumes a run" "$dir.err"
    done
}
