#!/usr/bin/env bats
# The promise of a training: the same bytes after kill -9 at any moment, or Ctrl-C, and a resume. The whole is made once.
load ../cli/helper

setup_file() {
    cd "$BATS_FILE_TMPDIR"
    printf '{"question":"Who rules the sky?","answer":"Zeus rules the sky."}\n{"question":"And the sea?","answer":"Poseidon does."}\n{"question":"The underworld?","answer":"Hades and Persephone."}\n' >qa.jsonl
    printf 'Water boils at one hundred degrees.\nBread is made of flour and water.\n' >keep.txt
    "$BIFORGET_TINY_GGUF" "$BIFORGET_TEST_MODEL" tiny.gguf
    local begin=$EPOCHREALTIME
    "$BIFORGET" unlearn "${training[@]}" -o whole.gguf -q >/dev/null
    export whole_ms=$((($(tr -d . <<<"$EPOCHREALTIME") - $(tr -d . <<<"$begin")) / 1000))
}

training=(--method npo -m tiny.gguf --forget qa.jsonl --retain keep.txt --max-steps 60 --batch 3 --accum 4 --lr 1e-3
    --checkpoint-every 1 --answers 0 --measure 1 -t 1)

setup() {
    cd "$BATS_FILE_TMPDIR"
}

teardown() {
    [ -z "${job:-}" ] || kill -9 "$job" 2>/dev/null || true
}

# In a subshell that becomes the program, so that $! is the program and a signal reaches it.
start() {
    if [ -e "$1.training/checkpoint.bin" ]; then
        exec "$BIFORGET" unlearn --resume "$1" --answers 0 -q
    else
        exec "$BIFORGET" unlearn "${training[@]}" -o "$1" -q
    fi
}

@test "kill -9 at five random moments, then resume: identical bytes" {
    local seed=${BIFORGET_TEST_SEED:-$RANDOM}
    RANDOM=$seed
    local killed=0
    for n in 1 2 3 4 5; do
        local ms=$((whole_ms * (RANDOM % 800 + 100) / 1000))
        printf '# seed %s, kill %s after %s of %s ms\n' "$seed" $n "$ms" "$whole_ms" >&3
        (start killed.gguf) >/dev/null 2>>err 3>&- &
        job=$!
        sleep "$((ms / 1000)).$(printf %03d $((ms % 1000)))"
        if kill -9 "$job" 2>/dev/null; then killed=$((killed + 1)); fi
        wait "$job" 2>/dev/null || true
        job=
        [ ! -e killed.gguf ] || break # done before it was killed
    done
    [ -e killed.gguf ] || (start killed.gguf) >/dev/null 2>>err
    # On a machine that was faster or slower than before, chance may strike none: then one is killed when its first checkpoint is there.
    if [ $killed = 0 ]; then
        rm -rf killed.gguf killed.gguf.training
        (start killed.gguf) >/dev/null 2>>err 3>&- &
        job=$!
        until [ -e killed.gguf.training/checkpoint.bin ]; do
            kill -0 "$job" 2>/dev/null || break
            sleep 0.01
        done
        if kill -9 "$job" 2>/dev/null; then killed=1; fi
        wait "$job" 2>/dev/null || true
        job=
        [ -e killed.gguf ] || (start killed.gguf) >/dev/null 2>>err
    fi
    [ ! -s err ] || { cat err >&2; false; }
    [ $killed -ge 1 ]
    cmp killed.gguf whole.gguf
}

@test "Ctrl-C: a checkpoint, exit code 130, how to resume, and the same bytes after" {
    "$BIFORGET" unlearn "${training[@]}" --checkpoint-every 0 -o stopped.gguf 2>stopped.err >stopped.out 3>&- &
    job=$!
    for _ in $(seq 600); do
        compgen -G 'stopped.gguf.training/reference-*.bin' >/dev/null && break # the steps come next
        sleep 0.05
    done
    sleep 0.3
    kill -INT "$job"
    local code=0
    wait "$job" || code=$?
    job=
    [ "$code" = 130 ]
    [ ! -s stopped.out ]
    [ ! -e stopped.gguf ]
    grep -q 'resume it with: biforget unlearn --resume stopped.gguf$' stopped.err
    [ "$(tail -n 1 stopped.err | cut -c 1-10)" = "biforget: " ]
    "$BIFORGET" unlearn --resume stopped.gguf --answers 0 -q >/dev/null
    cmp stopped.gguf whole.gguf
}

@test "kill -9 when the model is written but not what came of it: the training is not done again" {
    # Between the two moments there are the answers: more of them where a machine is so fast that the kill comes too late.
    local answers
    for answers in 6 24 96; do
        rm -rf late.gguf late.gguf.training
        "$BIFORGET" unlearn "${training[@]}" --answers $answers -o late.gguf -q >/dev/null 2>late.err 3>&- &
        job=$!
        until [ -e late.gguf ]; do
            kill -0 "$job"
            sleep 0.01
        done
        kill -9 "$job" 2>/dev/null || true
        wait "$job" 2>/dev/null || true
        job=
        [ -e late.gguf.training/record.json ] || break
    done
    [ -e late.gguf.training/checkpoint.bin ]
    [ ! -e late.gguf.training/record.json ]
    rm late.gguf
    run --separate-stderr "$BIFORGET" unlearn --resume late.gguf --answers 0
    [ "$status" = 0 ]
    [[ $output == *"60 of 60 steps"* ]]
    cmp late.gguf whole.gguf
    [ -e late.gguf.training/record.json ]
    [ ! -e late.gguf.training/checkpoint.bin ]
}
