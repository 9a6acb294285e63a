#!/usr/bin/env bats
# scripts/demo, which is `make quick` and `make demo` after the build: with the real tiny model, made smaller still.
load helper

setup() {
    cd "$BIFORGET_SOURCE"
    export OUT=$BATS_FILE_TMPDIR/demo
}

teardown() {
    [ -z "$job" ] || kill -9 "$job" 2>/dev/null || true
}

table_of() { sed -n '/before     after/,/^$/p' <<<"$1"; }

# bats test_tags=slow
@test "the small demo: killed while it writes, a second call ends it, a third shows the same" {
    scripts/demo small -t 1 --points-per-round 2 --max-new-tokens 12 --mi-samples 1 --jailbreak-samples 1 --control-samples 2 --eval-limit 2 \
        --then-options "--max-steps 1 --batch 1 --accum 1 --max-length 32 --lora-rank 2 --measure 1 --answers 1 --checkpoint-every 0" \
        >/dev/null 2>"$BATS_TEST_TMPDIR/first" 3>&- &
    job=$!
    until_commit "$OUT"
    program=$(<"$OUT/run.lock")
    kill -9 "$program" "$job"
    wait "$job" 2>/dev/null || true
    job=
    while kill -0 "$program" 2>/dev/null; do sleep 0.05; done
    grep -q '^==> running: biforget domain "Greek mythology" .*--then npo --eval' "$BATS_TEST_TMPDIR/first"
    [ ! -e "$OUT/unlearned-npo.gguf" ]

    run --separate-stderr scripts/demo small
    echo "$stderr"
    [ "$status" = 0 ]
    [[ $stderr == *"$OUT exists"*"unlearning by npo"*"This shows the shape only"* ]]
    [[ $output == *'"Greek mythology":'*"unlearned by npo: 1 of 1 step"*"forget set"*"NLL"*"retain set"*"prompt:"* ]]
    [ -s "$OUT/forget.jsonl" ] && [ -s "$OUT/report.html" ] && [ -s "$OUT/unlearned-npo.gguf" ]
    table=$(table_of "$output")
    files=$(sha256sum "$OUT"/*.db "$OUT"/*.json* "$OUT"/*.gguf)

    run --separate-stderr scripts/demo small
    [ "$status" = 0 ]
    [[ $stderr == *"nothing to do"* && $stderr == *"rm -r $OUT"* ]]
    [ "$(table_of "$output")" = "$table" ]
    [ "$(sha256sum "$OUT"/*.db "$OUT"/*.json* "$OUT"/*.gguf)" = "$files" ]

    # Options cannot change what is there.
    run --separate-stderr scripts/demo small --seed 7
    [ "$status" = 1 ]
    [[ $stderr == *"options are for a new run"* ]]
}

@test "an unknown MODEL is refused before anything is fetched" {
    run --separate-stderr scripts/demo huge
    [ "$status" = 1 ]
    [[ $stderr == "error: MODEL is 'small' or 'default', not 'huge'"* ]]
}

@test "make quick and make demo MODEL=small are the same demo" {
    run make -n quick
    quick=$(grep demo <<<"$output")
    run make -n demo MODEL=small
    [ "$(grep demo <<<"$output")" = "$quick" ]
    [ "$quick" = "scripts/demo small" ]
    make help | grep -q '^  make quick '
}
