#!/usr/bin/env bats
# models, doctor and quantize, and model files that are none.
load helper

@test "models lists what is known, with licence, size and state" {
    run --separate-stderr "$BIFORGET" models
    [ "$status" = 0 ]
    [[ $output == *smollm2-135m-instruct* && $output == *all-minilm-l6-v2* && $output == *Apache-2.0* ]]
    run --separate-stderr "$BIFORGET" models --json
    [ "$status" = 0 ]
    [ "${#lines[@]}" = 1 ]
    [ "$(printf '%s' "$output" | json 'all(len(m["sha256"]) == 64 and m["bytes"] > 0 and m["licence"] for m in d["models"])')" = True ]
}

@test "models --path prints the file of a name" {
    mkdir -p "$BATS_TEST_TMPDIR/models"
    name=$("$BIFORGET" models --json | json 'd["models"][0]["name"]')
    file=$(basename "$("$BIFORGET" models --json | json 'd["models"][0]["path"]')")
    fails 4 "$name" env BIFORGET_CACHE="$BATS_TEST_TMPDIR" "$BIFORGET" models --path "$name"
    # A part of it is not it.
    head -c 1000 /dev/zero >"$BATS_TEST_TMPDIR/models/$file"
    fails 4 "$name" env BIFORGET_CACHE="$BATS_TEST_TMPDIR" "$BIFORGET" models --path "$name"
    fails 4 "no-such-model" "$BIFORGET" models --path no-such-model
}

@test "doctor multiplies with the kernels of this processor" {
    run --separate-stderr "$BIFORGET" doctor
    [ "$status" = 0 ]
    [[ $output =~ "  kernels  "([0-9]+)" products with weights in CPU" ]]
    [ "${BASH_REMATCH[1]}" -ge 24 ]
    "$BIFORGET" doctor --json | json 'd["kernels"]["right"], d["kernels"]["tested"].split()[1], len(d["models"]) > 3' | grep -qx 'True products True'
}

@test "doctor looks at the machine and at a model" {
    run --separate-stderr "$BIFORGET" doctor
    [ "$status" = 0 ]
    [[ $output == machine* && $output == *models* ]]
    run --separate-stderr "$BIFORGET" doctor -m "$BIFORGET_TEST_MODEL" --parallel 8
    [ "$status" = 0 ]
    [[ $output == *Q4_0* && $output == *"stable: the same forget set"* ]]
    # The same for programs; a path is any bytes.
    ln -s "$BIFORGET_TEST_MODEL" "$BATS_TEST_TMPDIR"/$'caf\xe9.gguf'
    run --separate-stderr "$BIFORGET" doctor -m "$BATS_TEST_TMPDIR"/$'caf\xe9.gguf' --parallel 8 --json
    [ "$status" = 0 ]
    [ "$(json 'd["model"]["type"], d["model"]["stable"], d["model"]["sequences"], d["model"]["file"][-9:] == "caf\ufffd.gguf"' <<<"$output")" = \
        "Q4_0 True 8 True" ]
    [ "$(json 'len(d["machine"]) > 1, d["training_kernels"]["name"] != "", d["cache"]["free_bytes"] > 0' <<<"$output")" = "True True True" ]
    # A weight that is not a number: both forms see it.
    cp "$BIFORGET_TEST_MODEL" "$BATS_TEST_TMPDIR/nan.gguf"
    head -c 128 /dev/zero | tr '\0' '\377' |
        dd of="$BATS_TEST_TMPDIR/nan.gguf" bs=1 seek=$(($(stat -c %s "$BATS_TEST_TMPDIR/nan.gguf") - 128)) conv=notrunc status=none
    fails 4 "nan.gguf" "$BIFORGET" doctor -m "$BATS_TEST_TMPDIR/nan.gguf" --parallel 8 --json
}

@test "files that are not models: exit code 4 and what to do" {
    cd "$BATS_TEST_TMPDIR"
    head -c 1048576 "$BIFORGET_TEST_MODEL" >truncated.gguf
    printf 'Dear diary' >foreign.gguf
    : >empty.gguf
    mkdir folder.gguf
    for f in truncated foreign empty folder missing; do
        fails 4 "$f.gguf" "$BIFORGET" domain Zeus -m $f.gguf -q -o run
        fails 4 "$f.gguf" "$BIFORGET" domain Zeus -m "$BIFORGET_TEST_MODEL" --embedder $f.gguf -q -o run
        [ ! -e run ] # nothing begun, nothing left
    done
    # Other kinds of files are named, whatever reads the model.
    printf '\x1f\x8b\x08\x00rest' >gzip.gguf
    printf 'PK\x03\x04rest' >zip.bin
    printf 'PAR1rest' >texts.parquet
    printf '\x40\0\0\0\0\0\0\0{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}' >model.safetensors
    fails 4 "'gzip.gguf' is a gzip file; unpack it first" "$BIFORGET" domain Zeus -m gzip.gguf -q -o run
    fails 4 "'zip.bin' is a zip file; unpack it first" "$BIFORGET" quantize -q zip.bin out.gguf
    fails 4 "'texts.parquet' is a Parquet file, which holds texts" "$BIFORGET" eval mcq q.csv -m texts.parquet -q
    fails 4 "'model.safetensors' is a safetensors file; convert its folder with llama.cpp's convert_hf_to_gguf.py" \
        "$BIFORGET" unlearn --method ga -m model.safetensors --forget truncated.gguf -o out.gguf -q
    cp model.safetensors texts.jsonl
    fails 3 "this is a safetensors file, which holds a model" "$BIFORGET" import texts.jsonl -o run -q
    fails 4 "truncated.gguf" "$BIFORGET" quantize -q truncated.gguf out.gguf
    fails 4 "foreign.gguf" "$BIFORGET" quantize -q foreign.gguf out.gguf
    fails 4 "missing.gguf" "$BIFORGET" quantize -q missing.gguf out.gguf
    [ -z "$(ls out.gguf* 2>/dev/null)" ]
    fails 4 "cannot generate text" "$BIFORGET" domain Zeus -m "$BIFORGET_TEST_EMBEDDER" -q -o run
}

@test "a context that the prompts or the machine cannot have" {
    long=$(printf 'moon %.0s' {1..390})
    fails 4 "trained for" "$BIFORGET" domain Zeus -m "$BIFORGET_TEST_MODEL" --context 1000000 -q -o "$BATS_TEST_TMPDIR/run"
    fails 4 "holds 256" "$BIFORGET" domain "$long" -m "$BIFORGET_TEST_MODEL" --embedder "$BIFORGET_TEST_EMBEDDER" --context 256 \
        --parallel 2 -q -o "$BATS_TEST_TMPDIR/long"
    fails 4 "holds 256" "$BIFORGET" domain Zeus -m "$BIFORGET_TEST_MODEL" --embedder "$BIFORGET_TEST_EMBEDDER" --context 256 \
        --parallel 2 --rounds 1 --points-per-round 1 --max-new-tokens 300 -q -o "$BATS_TEST_TMPDIR/short"
    free_kb=$(sed -n 's/^MemAvailable: *\([0-9]*\) kB/\1/p' /proc/meminfo)
    if [ "${free_kb:-99999999}" -lt 40000000 ]; then
        fails 4 "use --parallel" "$BIFORGET" domain Zeus -m "$BIFORGET_TEST_MODEL" --context 8192 --parallel 256 -q \
            -o "$BATS_TEST_TMPDIR/run"
    fi
    [ ! -e "$BATS_TEST_TMPDIR/run" ]
}
