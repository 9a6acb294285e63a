#!/usr/bin/env bats
# A tiny real run and what every command makes of it.
load helper

setup_file() {
    run_dir=$BATS_FILE_TMPDIR/run
    "$BIFORGET" domain "Greek mythology" -m "$BIFORGET_TEST_MODEL" --embedder "$BIFORGET_TEST_EMBEDDER" -o "$run_dir" --json \
        "${tiny[@]}" >"$BATS_FILE_TMPDIR/out" 2>"$BATS_FILE_TMPDIR/err"
    export run_dir
}

@test "stdout is one JSON object, the talk is on stderr, without escapes" {
    [ "$(wc -l <"$BATS_FILE_TMPDIR/out")" = 1 ]
    [ "$(json 'type(d).__name__' <"$BATS_FILE_TMPDIR/out")" = dict ]
    grep -q 'loading ' "$BATS_FILE_TMPDIR/err"
    run ! grep -q $'\x1b\|\r' "$BATS_FILE_TMPDIR/out" "$BATS_FILE_TMPDIR/err"
}

@test "the JSON has the keys that others rely on" {
    for key in kept stop_reason generated_tokens generate_seconds wall_seconds; do
        [ "$(json "\"$key\" in d" <"$BATS_FILE_TMPDIR/out")" = True ]
    done
    [ "$(json 'd["stop_reason"]' <"$BATS_FILE_TMPDIR/out")" = exhausted ]
    [ "$(json 'd["finished"]' <"$BATS_FILE_TMPDIR/out")" = True ]
    for reason in too_short duplicate near_duplicate refusal prompt_echo degenerate drift low_min_k; do
        [ "$(json "isinstance(d[\"rejected\"][\"$reason\"], int)" <"$BATS_FILE_TMPDIR/out")" = True ]
    done
    # Every sample of the three stages is kept or has its reason.
    [ "$(json 'd["kept"] + sum(d["rejected"].values())' <"$BATS_FILE_TMPDIR/out")" = 12 ]
    [ "$(json 'd["stages"]["synthesis"]["generated"]' <"$BATS_FILE_TMPDIR/out")" = 8 ]
    [ "$(json '0 < d["generated_tokens"] < 16 * 14 + 2 * 24 + 1' <"$BATS_FILE_TMPDIR/out")" = True ]
    [ "$(json '0 < d["generate_seconds"] <= d["wall_seconds"]' <"$BATS_FILE_TMPDIR/out")" = True ]
}

@test "the run folder is private" {
    [ "$(stat -c %a "$run_dir")" = 700 ]
    for f in run.db run.lock forget.jsonl; do
        [ "$(stat -c %a "$run_dir/$f")" = 600 ] || { ls -la "$run_dir" >&2; false; }
    done
    [ -z "$(find "$run_dir" -type f ! -perm 600)" ]
}

@test "status agrees with the run" {
    run --separate-stderr "$BIFORGET" status "$run_dir" --json
    [ "$status" = 0 ]
    [ -z "$stderr" ]
    [ "${#lines[@]}" = 1 ]
    [ "$(printf '%s' "$output" | json 'd["kept"]')" = "$(json 'd["kept"]' <"$BATS_FILE_TMPDIR/out")" ]
    run --separate-stderr "$BIFORGET" status "$run_dir"
    [ "$status" = 0 ]
    [[ $output == *"Greek mythology"* && $output == *"Stage I"* ]]
}

@test "show prints what it is asked for" {
    run --separate-stderr "$BIFORGET" show "$run_dir" --limit 0
    [ "$status" = 0 ]
    [ "$(grep -cE '^(points|synthesis|mi|jailbreak|control)-[0-9]{6}  ' <<<"$output")" = 15 ]
    run --separate-stderr "$BIFORGET" show "$run_dir" --stage mi
    [ "$(grep -cE '^mi-[0-9]{6}  ' <<<"$output")" = 2 ]
    run --separate-stderr "$BIFORGET" show "$run_dir" --stage synthesis --limit 3 --offset 2
    [ "$(grep -oE '^synthesis-[0-9]{6}' <<<"$output" | tr '\n' ' ')" = "synthesis-000002 synthesis-000003 synthesis-000004 " ]
    run --separate-stderr "$BIFORGET" show "$run_dir" --state kept --limit 0
    [ "$(grep -cE '^[a-z]+-[0-9]{6}  kept' <<<"$output")" = "$(json 'd["kept"]' <"$BATS_FILE_TMPDIR/out")" ]
    run ! grep -qE '^[a-z]+-[0-9]{6}  rejected' <<<"$output"
}

@test "the exported files hold the kept samples" {
    kept=$(json 'd["kept"]' <"$BATS_FILE_TMPDIR/out")
    "$BIFORGET" export "$run_dir" >"$BATS_TEST_TMPDIR/a.jsonl"
    cmp "$BATS_TEST_TMPDIR/a.jsonl" "$run_dir/forget.jsonl"
    [ "$(wc -l <"$BATS_TEST_TMPDIR/a.jsonl")" = "$kept" ]
    python3 - "$BATS_TEST_TMPDIR/a.jsonl" <<'PY'
import json, sys
for line in open(sys.argv[1], encoding="utf-8"):
    assert json.loads(line)["text"].strip()
PY
    "$BIFORGET" export "$run_dir" --format txt -o "$BATS_TEST_TMPDIR/a.txt"
    [ "$(wc -l <"$BATS_TEST_TMPDIR/a.txt")" = "$kept" ]
    [ "$(stat -c %a "$BATS_TEST_TMPDIR/a.txt")" = 600 ]
    for v in fix mi jailbreak both; do
        n=$("$BIFORGET" export "$run_dir" --variant $v | wc -l)
        [ "$n" = "$(json "d[\"variants\"][\"$v\"]" <"$BATS_FILE_TMPDIR/out")" ]
    done
    fails 5 "no-such-folder" "$BIFORGET" export "$run_dir" -o "$BATS_TEST_TMPDIR/no-such-folder/a.jsonl"
}

@test "a second run does not overwrite the first; the same one again shows what it made" {
    before=$(sha256sum "$run_dir/run.db" "$run_dir/forget.jsonl")
    fails 5 "already holds a run" tiny_run "$run_dir" -q --seed 5
    fails 5 "already holds a run" tiny_run "$run_dir" -q --embedder model
    fails 5 "already holds a run" tiny_run "$run_dir" -q --retain "Norse mythology"
    run --separate-stderr tiny_run "$run_dir" --json
    [ "$status" = 0 ]
    [[ $stderr == *"'$run_dir' is already finished; see its texts with: biforget show $run_dir"* ]]
    [ "$(printf '%s' "$output" | json 'd["kept"], d["finished"]')" = "$(json 'd["kept"], d["finished"]' <"$BATS_FILE_TMPDIR/out")" ]
    [ "$(sha256sum "$run_dir/run.db" "$run_dir/forget.jsonl")" = "$before" ]
}

@test "resuming a finished run does nothing" {
    before=$(sha256sum "$run_dir/forget.jsonl")
    run --separate-stderr "$BIFORGET" resume "$run_dir" --json
    [ "$status" = 0 ]
    [[ $stderr == *finished* ]]
    [ "$(printf '%s' "$output" | json 'd["kept"]')" = "$(json 'd["kept"]' <"$BATS_FILE_TMPDIR/out")" ]
    [ "$(sha256sum "$run_dir/forget.jsonl")" = "$before" ]
}

@test "resume writes a lost forget.jsonl again" {
    cp -r "$run_dir" "$BATS_TEST_TMPDIR/copy"
    rm "$BATS_TEST_TMPDIR/copy/forget.jsonl"
    "$BIFORGET" resume "$BATS_TEST_TMPDIR/copy" -q >/dev/null
    cmp "$BATS_TEST_TMPDIR/copy/forget.jsonl" "$run_dir/forget.jsonl"
}

@test "another model than the run's is refused on resume" {
    cp -r "$run_dir" "$BATS_TEST_TMPDIR/copy"
    # As if the last sample were missing: a finished run wants no model.
    python3 -c 'import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
db.execute("DELETE FROM embedding WHERE sample = (SELECT max(id) FROM sample)")
db.execute("DELETE FROM sample WHERE id = (SELECT max(id) FROM sample)")
db.execute("UPDATE state SET finished = 0")
db.commit()' "$BATS_TEST_TMPDIR/copy/run.db"
    cp "$BIFORGET_TEST_MODEL" "$BATS_TEST_TMPDIR/other.gguf"
    printf x >>"$BATS_TEST_TMPDIR/other.gguf" # loads, but is another file
    fails 4 "is not the run's model" "$BIFORGET" resume "$BATS_TEST_TMPDIR/copy" -m "$BATS_TEST_TMPDIR/other.gguf" -q
    fails 4 "" "$BIFORGET" resume "$BATS_TEST_TMPDIR/copy" -m "$BIFORGET_TEST_EMBEDDER" -q
    fails 4 "missing.gguf" "$BIFORGET" resume "$BATS_TEST_TMPDIR/copy" -m missing.gguf -q
    "$BIFORGET" status "$BATS_TEST_TMPDIR/copy" >/dev/null
    rm -f "$BATS_TEST_TMPDIR/other.gguf"
}

@test "a topic with quotes, a newline and an emoji" {
    topic=$'The "moon\'s"\n 100% {point} \xf0\x9f\x9a\x80 $HOME `ls`; DROP TABLE sample; --'
    cd "$BATS_TEST_TMPDIR"
    "$BIFORGET" domain "$topic" -m "$BIFORGET_TEST_MODEL" --embedder "$BIFORGET_TEST_EMBEDDER" -q --json "${tiny[@]}" \
        --max-samples 2 --mi-samples 1 --jailbreak-samples 1 --control-samples 0 >out
    [ "$(json 'd["request"]["topic"]' <out)" = $'The "moon\'s" 100% {point} \xf0\x9f\x9a\x80 $HOME `ls`; DROP TABLE sample; --' ]
    # Without -o the folder is named after the topic, in runs/ here.
    [ "$(ls)" = $'out\nruns' ]
    [ "$(ls runs | wc -l)" = 1 ]
    [[ $(ls runs) =~ ^[a-z0-9-]+$ ]]
    [ "$(json 'd["stages"]["synthesis"]["generated"]' <out)" = 2 ]
}

@test "a quiet run says nothing" {
    run --separate-stderr tiny_run "$BATS_TEST_TMPDIR/quiet" -q --max-samples 1 --mi-samples 0 --jailbreak-samples 0 \
        --control-samples 0
    [ "$status" = 0 ]
    [ -z "$stderr" ]
    [[ $output == *"Greek mythology"* ]]
}

@test "a closed pipe ends output, not the run" {
    # The reader is gone before the first byte: the summary cannot be printed, the run is whole.
    mkfifo "$BATS_TEST_TMPDIR/pipe"
    sleep 0 <"$BATS_TEST_TMPDIR/pipe" &
    code=0
    tiny_run "$BATS_TEST_TMPDIR/piped" -q --max-samples 1 --mi-samples 0 --jailbreak-samples 0 --control-samples 0 \
        >"$BATS_TEST_TMPDIR/pipe" 2>"$BATS_TEST_TMPDIR/err" || code=$?
    wait
    [ "$code" = 0 ] # all is done: a reader that has enough is not a failure
    [ ! -s "$BATS_TEST_TMPDIR/err" ]
    [ "$("$BIFORGET" status "$BATS_TEST_TMPDIR/piped" --json | json 'd["finished"]')" = True ]
    [ -s "$BATS_TEST_TMPDIR/piped/forget.jsonl" ] || [ "$("$BIFORGET" status "$BATS_TEST_TMPDIR/piped" --json | json 'd["kept"]')" = 0 ]
    # head takes what it wants.
    for c in show export status; do
        run bash -c "\"$BIFORGET\" $c \"$run_dir\" | head -c 1 >/dev/null; exit \${PIPESTATUS[0]}"
        [ "$status" = 0 ]
    done
}

@test "standard output that is closed altogether does not end up in the run's files" {
    code=0
    tiny_run "$BATS_TEST_TMPDIR/closed" -q --max-samples 2 --mi-samples 0 --jailbreak-samples 0 --control-samples 0 >&- 2>/dev/null ||
        code=$?
    [ "$code" = 0 ] || [ "$code" = 5 ]
    run ! grep -rq "Greek mythology: \|Stage I: seed" "$BATS_TEST_TMPDIR/closed/run.lock" "$BATS_TEST_TMPDIR/closed/forget.jsonl"
    [ ! -s "$BATS_TEST_TMPDIR/closed/run.lock" ] || [[ $(cat "$BATS_TEST_TMPDIR/closed/run.lock") =~ ^[0-9]+$ ]] # a process number alone
    [ "$("$BIFORGET" status "$BATS_TEST_TMPDIR/closed" --json | json 'd["finished"]')" = True ]
}

@test "points of the user are the points, and few of them are a warning" {
    cd "$BATS_TEST_TMPDIR"
    printf '# gods\nZeus\nMount Olympus\nzeus\n' >points.txt
    "$BIFORGET" domain "Greek mythology" -m "$BIFORGET_TEST_MODEL" --embedder "$BIFORGET_TEST_EMBEDDER" -o run --points points.txt \
        --points-only --max-samples 4 --max-new-tokens 16 --mi-samples 0 --jailbreak-samples 0 --control-samples 0 --questions 0 \
        --json >out 2>err
    grep -q 'points.txt: 1 point left out: named before' err
    [ "$(json '[[p["point"], p["origin"]] for p in d["points"]]' <out)" = "[['Zeus', 'file'], ['Mount Olympus', 'file']]" ]
    [ "$(json 'd["stages"]["points"]["generated"]' <out)" = 1 ]
    [[ "$(json 'd["warnings"][0]' <out)" == "the domain has only 2 points"*"--points FILE"* ]]
    run -2 "$BIFORGET" domain "Greek mythology" -m "$BIFORGET_TEST_MODEL" --points-only
    [[ "$output" == *"name them with --points FILE"* ]]
    run -3 "$BIFORGET" domain "Greek mythology" -m "$BIFORGET_TEST_MODEL" --points /dev/null
    [[ "$output" == *"names no point"* ]]
}

@test "several questions for points are one round" {
    run --separate-stderr "$BIFORGET" domain "Greek mythology" -m "$BIFORGET_TEST_MODEL" --embedder "$BIFORGET_TEST_EMBEDDER" \
        -o "$BATS_TEST_TMPDIR/forms" --rounds 1 --points-per-round 3 --temperatures 0.8 --max-new-tokens 48 --max-samples 2 \
        --mi-samples 0 --jailbreak-samples 0 --control-samples 0 --questions 0 --snowball 0
    [ "$status" = 0 ]
    grep -q '^points, round 1: ' <<<"$stderr"
    [ "$(grep -c '^points, round' <<<"$stderr")" = 1 ]
    [[ $stderr == *", question 1 of "* && $stderr != *", question 1 of 1 "* ]]
    # Names are asked about without the topic. What came of it is in the summary, which is read back from the run.
    [[ $output == *"; belongs)"* ]]
    left_out=$("$BIFORGET" status "$BATS_TEST_TMPDIR/forms" --json | json 'd["names_left_out"]')
    [ "$left_out" = 0 ] || [[ $output == *" $left_out name"*" left out that the model does not connect with Greek mythology"* ]]
}
