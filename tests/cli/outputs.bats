#!/usr/bin/env bats
# Writing safely: what a command replaces, what it refuses to, and what a folder of a stranger cannot make it do. With a tiny model of
# random weights.
load helper

: "${BIFORGET_TINY_GGUF:?run this through ctest}"
train=(--max-steps 1 --batch 1 --accum 1 --max-length 24 --measure 1 --answers 0 --checkpoint-every 0 -t 1 -q)

setup_file() {
    cd "$BATS_FILE_TMPDIR"
    "$BIFORGET_TINY_GGUF" "$BIFORGET_TEST_MODEL" tiny.gguf
    printf 'Zeus is the god of the sky.\nHera is his queen.\n' >set.txt
    "$BIFORGET" import set.txt -o run -q >/dev/null
    "$BIFORGET" quantize tiny.gguf q8.gguf --type q8_0 -q
}

setup() {
    cd "$BATS_FILE_TMPDIR"
    echo precious >precious
}

teardown() { [ -z "${job:-}" ] || kill "$job" 2>/dev/null || true; }

# until_there FILE: wait for a file that the background process $job makes.
until_there() {
    for _ in $(seq 600); do
        [ -e "$1" ] && return
        kill -0 "$job"
        sleep 0.1
    done
    false
}

@test "quantize: not over its source, into no pipe, device or missing folder; mode 0600, nothing left behind" {
    [ "$(stat -c %a q8.gguf)" = 600 ]
    local before
    before=$(sha256sum <tiny.gguf)
    ln -sf tiny.gguf alias.gguf
    for out in ./tiny.gguf "$PWD/tiny.gguf" alias.gguf; do
        fails 2 "is read and cannot be written too" "$BIFORGET" quantize tiny.gguf "$out" -q
    done
    [ "$before" = "$(sha256sum <tiny.gguf)" ]
    mkfifo pipe
    fails 5 "it is a pipe" "$BIFORGET" quantize tiny.gguf pipe -q
    fails 5 "it is a device" "$BIFORGET" quantize tiny.gguf /dev/null -q
    fails 5 "the folder 'none' cannot be opened" "$BIFORGET" quantize tiny.gguf none/out.gguf -q
    fails 5 "it is a folder" "$BIFORGET" quantize tiny.gguf run -q
    [ -p pipe ] && [ -c /dev/null ]
    [ "$(compgen -G '*.gguf.??????' || true; compgen -G '*.lock' || true)" = "" ]
}

@test "quantize: a header that did not come onto the disk leaves the good file" {
    # Of a file whose last write is refused: the file system is full once the header is due. A limit of the file size stands for it.
    local before size
    before=$(sha256sum <q8.gguf)
    size=$(($(stat -c %s q8.gguf) / 1024 / 2))
    run --separate-stderr bash -c "trap '' XFSZ; ulimit -f $size; exec '$BIFORGET' quantize tiny.gguf q8.gguf --type q8_0 -q"
    [ "$status" != 0 ]
    [ "$before" = "$(sha256sum <q8.gguf)" ]
    [ "$(compgen -G 'q8.gguf.*' || true)" = "" ]
}

@test "one output is made by one command at a time" {
    exec 9<>q8.gguf.lock
    flock -n 9
    fails 5 "another biforget is working on 'q8.gguf'" "$BIFORGET" quantize tiny.gguf q8.gguf --type q8_0 -q
    exec 9>&-
    "$BIFORGET" quantize tiny.gguf q8.gguf --type q8_0 -q
    [ ! -e q8.gguf.lock ]
    mkdir -p o.gguf.training
    exec 9<>o.gguf.training/lock
    flock -n 9
    fails 5 "another biforget is working on 'o.gguf.training'" \
        "$BIFORGET" unlearn --method ga -m tiny.gguf --forget set.txt -o o.gguf "${train[@]}"
    fails 5 "another biforget is working on" "$BIFORGET" unlearn --method ga -m tiny.gguf --forget set.txt -o o.gguf "${train[@]}" --restart
    [ ! -e o.gguf ]
    exec 9>&-
}

@test "unlearn: neither over an input, nor into a folder that is a link; a finished training says so" {
    fails 2 "is read and cannot be written too" "$BIFORGET" unlearn --method ga -m tiny.gguf --forget set.txt -o ./tiny.gguf "${train[@]}"
    fails 2 "is read and cannot be written too" "$BIFORGET" unlearn --method ga -m tiny.gguf --forget run -o run/run.db "${train[@]}"
    fails 2 "is read and cannot be written too" \
        "$BIFORGET" unlearn --method ga --lora -m tiny.gguf --forget set.txt -o new.gguf --adapter set.txt "${train[@]}"
    mkdir -p elsewhere
    ln -sfn elsewhere linked.gguf.training
    fails 5 "is a symbolic link" "$BIFORGET" unlearn --method ga -m tiny.gguf --forget set.txt -o linked.gguf "${train[@]}"
    [ -z "$(ls elsewhere)" ]
    "$BIFORGET" unlearn --method ga --lora -m tiny.gguf --forget set.txt -o done.gguf "${train[@]}" --json >first.json
    local before
    before=$(sha256sum <done.gguf)
    run --separate-stderr "$BIFORGET" unlearn --resume done.gguf
    [ "$status" = 0 ] && [ "$output" = done.gguf ] && [[ $stderr == *"the training of 'done.gguf' is finished; nothing to do"* ]]
    "$BIFORGET" unlearn --resume done.gguf --json -q | cmp - first.json
    [ "$before" = "$(sha256sum <done.gguf)" ]
}

@test "unlearn: the adapter is not written over the model, whatever the name" {
    for name in both.gguf ./both.gguf "$PWD/both.gguf"; do
        fails 2 "'$name' is named for two files of this command" "$BIFORGET" unlearn --method ga --lora -m tiny.gguf --forget set.txt \
            -o both.gguf --adapter "$name" "${train[@]}"
    done
    [ ! -e both.gguf ]
}

@test "unlearn --resume writes where the user says, not where the folder does" {
    "$BIFORGET" unlearn --method ga --lora -m tiny.gguf --forget set.txt -o w.gguf "${train[@]}" --max-steps 100000 --checkpoint-every 1 3>&- &
    job=$!
    until_there w.gguf.training/checkpoint.bin
    kill -INT "$job" # bash starts it with this signal ignored; the program does not ask
    wait "$job" || true
    job=
    python3 - w.gguf.training/settings.json <<'END'
import json, sys
s = json.load(open(sys.argv[1]))
s["out"], s["adapter"] = "precious", "precious"
json.dump(s, open(sys.argv[1], "w"))
END
    fails 2 "--adapter FILE (it was 'precious')" "$BIFORGET" unlearn --resume w.gguf --finish -q
    "$BIFORGET" unlearn --resume w.gguf --finish --adapter a.gguf -q >/dev/null
    [ "$(cat precious)" = precious ]
    [ "$(head -c 4 w.gguf)" = GGUF ] && [ "$(head -c 4 a.gguf)" = GGUF ]
}

@test "a run folder of a stranger: no link in it is written through" {
    cp -r run links
    cd links
    for name in run.lock forget.jsonl report.html; do
        ln -sf ../precious "$name"
    done
    fails 5 "is a symbolic link" "$BIFORGET" resume . -q
    rm run.lock
    "$BIFORGET" resume . -q >/dev/null
    "$BIFORGET" report . --stored -q >/dev/null
    [ "$(cat ../precious)" = precious ]
    [ ! -L forget.jsonl ] && [ ! -L report.html ]
    for name in run.db-wal run.db-shm run.db-journal; do
        ln -sf ../precious "$name"
        run --separate-stderr "$BIFORGET" resume . -q
        run --separate-stderr "$BIFORGET" show . -q
        [ "$(cat ../precious)" = precious ]
        rm -f "$name"
    done
    mv run.db real.db
    ln -s real.db run.db
    fails 5 "is a symbolic link" "$BIFORGET" show .
    cd ..
    rm -rf links
}

@test "text goes into pipes and devices, and over no input" {
    "$BIFORGET" export run --format txt -o /dev/stdout -q | cmp - <("$BIFORGET" export run --format txt)
    "$BIFORGET" report run --stored -o /dev/stdout -q | grep -q '</html>'
    mkfifo page
    cat page >page.html 3>&- &
    job=$!
    "$BIFORGET" report run --stored -o page -q
    wait "$job"
    job=
    [ -p page ] && grep -q '</html>' page.html
    fails 2 "is read and cannot be written too" "$BIFORGET" export run --format txt -o run/run.db
    fails 2 "is read and cannot be written too" "$BIFORGET" report run --stored -o run/forget.jsonl
    fails 2 "is read and cannot be written too" "$BIFORGET" eval memorization set.txt -m tiny.gguf -o ./set.txt
    fails 5 "the folder 'none' cannot be opened" "$BIFORGET" report run --stored -o none/page.html
    # Before any model is loaded.
    fails 2 "is read and cannot be written too" "$BIFORGET" quality run set.txt --domain Zeus -m tiny.gguf --cache ./set.txt
    fails 5 "the folder 'none' cannot be opened" "$BIFORGET" quality run --domain Zeus -m tiny.gguf --cache none/v.db
    fails 5 "is not a folder" "$BIFORGET" report run --svg set.txt/svg -m tiny.gguf
    fails 5 "'set.txt' is not a folder" "$BIFORGET" lab --size tiny -m tiny.gguf -o set.txt
    fails 5 "is not a folder" "$BIFORGET" import set.txt -o set.txt/run
    # Before the model is loaded, so also before it is missed.
    fails 5 "is not a folder" "$BIFORGET" domain Zeus -m missing.gguf -o set.txt/run
    [ "$("$BIFORGET" show run | grep -c Zeus)" = 1 ]
}

@test "a report that could not be written is an exit code, also with -q; everything else is done" {
    mkdir -p taken/report.html
    run --separate-stderr "$BIFORGET" import set.txt -o taken -q
    [ "$status" = 5 ]
    [[ $output == *"2 samples kept of 2"* ]]
    sentence "the run is complete, but its report is not written: cannot write 'taken/report.html': it is a folder"
    [ -s taken/forget.jsonl ]
}

@test "a reader that is gone is not a failure, whatever the command" {
    for command in "show run" "status run" "status run --json" "export run --format txt" "report run --stored -o - -q" models \
        "help domain" "quantize --help"; do
        # shellcheck disable=SC2086  # words
        "$BIFORGET" $command 2>err | true
        [ "${PIPESTATUS[0]}" = 0 ] || { printf '%s: %s\n' "$command" "$(cat err)" >&2; false; }
        [ ! -s err ]
    done
    run --separate-stderr bash -c "'$BIFORGET' status run >/dev/full"
    [ "$status" = 5 ]
    sentence "cannot write to the standard output"
}

@test "a closed terminal saves a training as Ctrl-C does" {
    local -a long=(unlearn --method ga --lora -m tiny.gguf --forget set.txt "${train[@]}" --max-steps 1000000 --checkpoint-every 1)
    env --default-signal=HUP "$BIFORGET" "${long[@]}" -o h.gguf 2>h.err 3>&- &
    job=$!
    until_there h.gguf.training/checkpoint.bin
    kill -HUP "$job"
    wait "$job" && status=0 || status=$?
    job=
    [ "$status" = 130 ]
    grep -q 'biforget unlearn --resume h.gguf' h.err
}

@test "control characters of a database reach no terminal" {
    cp -r run escapes
    python3 - escapes/run.db <<'END'
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
evil = "m\x1b]0;t\x07\x9b31m\u202ered"
db.execute("UPDATE run SET kind = ?, model_desc = ?", (evil, evil))
db.execute("UPDATE request SET name = ?", (evil,))
db.commit()
END
    for command in show status resume; do
        "$BIFORGET" "$command" escapes >"$command.out" 2>&1 || true
        run ! grep -qP '[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80\xae' "$command.out"
    done
    grep -q 'm ]0;t  31m' status.out
    rm -rf escapes
}
