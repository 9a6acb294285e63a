#!/usr/bin/env bats
# Export from outside: what is refused, what is replaced, what a crash leaves. What is in the files: tests/unit/test_export_*.c;
# who reads them: consumers.bats.
load helper

setup_file() {
    cd "$BATS_FILE_TMPDIR"
    printf '%s\n' '{"question": "Who rules?", "answer": "Zeus."}' '{"text": "Hera sent a serpent."}' '{"text": "Hermes ran."}' >mixed.jsonl
    printf '%s\n' 'The Styx is a river.' 'Leto fled.' >texts.txt
    "$BIFORGET" import mixed.jsonl --name "Greek mythology" -o mixed -q >/dev/null
    "$BIFORGET" import texts.txt --name rivers -o texts -q >/dev/null
}

setup() {
    mkdir "$BATS_TEST_TMPDIR/here" && cd "$BATS_TEST_TMPDIR/here"
    mixed=$BATS_FILE_TMPDIR/mixed texts=$BATS_FILE_TMPDIR/texts
}

folders=(muse hf open-unlearning)

@test "a folder needs a name, and holds both roles" {
    for f in "${folders[@]}"; do
        fails 2 "-o DIR" "$BIFORGET" export "$mixed" -f "$f"
        fails 2 "-o DIR" "$BIFORGET" export "$mixed" -f "$f" -o -
        fails 2 "--role" "$BIFORGET" export "$mixed" -f "$f" -o out --role retain
        fails 2 "no request named 'x'" "$BIFORGET" export "$mixed" -f "$f" -o out --request x
    done
    fails 2 "open-unlearning" "$BIFORGET" export "$mixed" -f parquet -o out
    [ -z "$(ls -A)" ]
}

@test "tofu: questions with answers, the rest counted; without any a sentence that says what to do" {
    run --separate-stderr "$BIFORGET" export "$mixed" -f tofu
    [ "$status" = 0 ]
    [ "$output" = '{"question":"Who rules?","answer":"Zeus."}' ]
    [[ $stderr == *"2 of 3 samples give no question with an answer"* ]] # and are too short to be continued
    run --separate-stderr "$BIFORGET" export "$mixed" -f tofu --forms plain
    [ "$output" = '{"question":"Who rules?","answer":"Zeus."}' ]
    [[ $stderr == *"2 of 3 samples are not QA pairs"* ]]
    fails 2 "--forms 'half' is not a list of shares" "$BIFORGET" export "$mixed" -f tofu --forms half
    echo old >out
    fails 2 "--format wmdp" "$BIFORGET" export "$texts" -f tofu -o out
    fails 2 "biforget instance" "$BIFORGET" export "$texts" -f tofu -o out
    [ "$(cat out)" = old ]
    [ "$(ls -A)" = out ]
}

@test "forms: texts as answers and raw, each sample once beside them, or as before there were forms" {
    printf '%s\n' '{"question": "Who rules?", "answer": "Zeus."}' '{"text": "Hermes ran from the mountain to the sea in a day."}' >forms.jsonl
    "$BIFORGET" import forms.jsonl --name Hermes -o run -q >/dev/null
    "$BIFORGET" export run -f tofu --forms chat=2,raw=1 -q -o two.jsonl
    [ "$(wc -l <two.jsonl)" = 3 ]
    [ "$(grep -c 'Hermes ran from' two.jsonl)" = 2 ] # the beginning is the question's
    "$BIFORGET" export run -f open-unlearning -q -o ou
    [ "$(cat ou/data/biforget/hermes/forget_chat.jsonl | wc -l) $(wc -l <ou/data/biforget/hermes/forget_raw.jsonl)" = "5 1" ]
    [ "$(json 'd["files"]["src/data/biforget.py"]["sha256"]' <ou/manifest.json)" = "$(sha256sum ou/src/data/biforget.py | cut -d' ' -f1)" ]
    "$BIFORGET" export run -f open-unlearning -q -o plain --forms plain
    grep -q 'handler: PretrainingDataset' plain/configs/data/datasets/BiForget_forget.yaml
    [ "$(find plain -type f | wc -l)" = 5 ]
    # The folder is still a set: each sample once.
    for set in ou plain; do
        [ "$("$BIFORGET" import $set/data/biforget/hermes/forget.jsonl -o from-$set --json -q | json 'd["kept"]')" = 2 ]
    done
    "$BIFORGET" export run -f hf -q -o hf
    [ "$(find hf/data -type f | LC_ALL=C sort | tr '\n' ' ')" = "hf/data/both.jsonl hf/data/chat.jsonl hf/data/fix.jsonl hf/data/jailbreak.jsonl hf/data/mi.jsonl hf/data/raw.jsonl " ]
}

@test "the manifest stands beside a file, in a folder, and nowhere when not wanted" {
    "$BIFORGET" export "$mixed" -f wmdp -o w.jsonl -q
    [ "$(json 'd["files"]["w.jsonl"]["sha256"]' <w.jsonl.manifest.json)" = "$(sha256sum w.jsonl | cut -d' ' -f1)" ]
    [ "$(json 'd["requests"][0]["settings"]["seed"]' <w.jsonl.manifest.json)" = 3407 ]
    [ "$(stat -c %a w.jsonl.manifest.json)" = 600 ]
    "$BIFORGET" export "$mixed" -f wmdp >piped
    cmp piped w.jsonl
    "$BIFORGET" export "$mixed" -f muse -o m -q
    [ "$(json 'sorted(d["files"])' <m/manifest.json)" = "['README.md', 'forget.json', 'forget.txt']" ]
    "$BIFORGET" export "$mixed" -f wmdp -o bare.jsonl -q --no-manifest
    "$BIFORGET" export "$mixed" -f muse -o bare -q --no-manifest
    [ "$(find . -name '*manifest*' | LC_ALL=C sort | tr '\n' ' ')" = "./m/manifest.json ./w.jsonl.manifest.json " ]
    run ! grep -rF "$BATS_FILE_TMPDIR" m w.jsonl.manifest.json
}

@test "an export is replaced by the next, whatever its format; nothing else is" {
    "$BIFORGET" export "$mixed" -f hf -o out -q
    "$BIFORGET" export "$texts" -f open-unlearning -o out -q
    [ ! -e out/data/both.jsonl ]
    [ -s out/data/biforget/rivers/forget.jsonl ]
    "$BIFORGET" export "$mixed" -f muse -o out -q
    [ "$(ls -A out | tr '\n' ' ')" = "README.md forget.json forget.txt manifest.json " ]
    mkdir empty mine
    "$BIFORGET" export "$mixed" -f muse -o empty -q
    diff -r empty out
    echo precious >mine/thesis.md
    cp -r mine before
    for f in "${folders[@]}"; do fails 5 "choose a new folder" "$BIFORGET" export "$mixed" -f "$f" -o mine; done
    diff -r mine before
    echo precious >out/notes.md
    fails 5 "'notes.md'" "$BIFORGET" export "$mixed" -f hf -o out
    [ "$(cat out/notes.md)" = precious ]
    fails 5 "a file has that name" "$BIFORGET" export "$mixed" -f hf -o mine/thesis.md
    fails 5 "not empty" "$BIFORGET" export "$mixed" -f hf -o "$mixed"
    [ "$(ls -A | tr '\n' ' ')" = "before empty mine out " ]
}

@test "equal runs, equal bytes" {
    for f in "${folders[@]}"; do
        "$BIFORGET" export "$mixed" -f "$f" -o "a-$f" -q
        cp -r "$mixed" elsewhere
        mkdir -p deep/er
        (cd deep && TZ=Asia/Tokyo LC_ALL=C "$BIFORGET" export ../elsewhere -f "$f" -o "er/b" -q)
        diff -r "a-$f" deep/er/b
        rm -r elsewhere deep
    done
}

@test "killed at any step: the old folder or the new one, never a half" {
    strace -qq -o /dev/null true 2>/dev/null || skip "strace cannot trace here"
    "$BIFORGET" export "$mixed" -f muse -o old -q
    "$BIFORGET" export "$texts" -f muse -o new -q
    export ASAN_OPTIONS=detect_leaks=0 # it cannot look for leaks while it is traced
    killed=0
    for call in rename renameat2 unlink rmdir fsync; do
        for k in $(seq 20); do
            rm -rf out out.*
            cp -r old out
            code=0
            strace -f -qq -o /dev/null -e "inject=$call:signal=KILL:when=$k" "$BIFORGET" export "$texts" -f muse -o out -q \
                2>/dev/null || code=$?
            diff -r out old >/dev/null || diff -r out new
            [ "$code" != 0 ] || break
            killed=$((killed + 1))
        done
        [ "$code" = 0 ]
        diff -r out new
        [ -z "$(find . -maxdepth 1 -name 'out.*')" ]
    done 2>"$BATS_TEST_TMPDIR/err" # bash tells of each death
    [ "$killed" -ge 14 ]
}

@test "a file system that cannot exchange two folders: replaced all the same" {
    strace -qq -o /dev/null true 2>/dev/null || skip "strace cannot trace here"
    export ASAN_OPTIONS=detect_leaks=0
    "$BIFORGET" export "$mixed" -f muse -o out -q
    "$BIFORGET" export "$texts" -f muse -o new -q
    strace -f -qq -o trace -e trace=renameat2 -e inject=renameat2:error=EINVAL "$BIFORGET" export "$texts" -f muse -o out -q
    [ "$(uname -s)" != Linux ] || grep -q INJECTED trace
    diff -r out new
    [ "$(ls -A | tr '\n' ' ')" = "new out trace " ]
}

@test "a disk that is full: exit code 5, the old folder stays, nothing is left beside it" {
    "$BIFORGET" export "$texts" -f hf -o old -q
    cp -r old out
    # A limit on a file's size is met like a full disk, and needs no root.
    fails 5 "cannot write" bash -c 'ulimit -f 1; trap "" XFSZ; exec "$0" "$@"' "$BIFORGET" export "$mixed" -f hf -o out -q
    diff -r out old
    [ "$(ls -A | tr '\n' ' ')" = "old out " ]
}
