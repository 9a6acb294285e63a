#!/usr/bin/env bats
# Instances, many requests, the textbook and imports, on the small model.
load helper

small=(-m "$BIFORGET_TEST_MODEL" --embedder "$BIFORGET_TEST_EMBEDDER")

# Invented people only.
pairs() {
    cat <<'END'
{"question": "Who is Ilse Brandt?", "answer": "Ilse Brandt is an invented sailor from Larkport."}
{"question": "How many ships has Ilse Brandt?", "answer": "Ilse Brandt has 3 ships."}
{"text": "The mill at Orrin Bridge burned down in 1902."}
END
}

# In the background: (instance_exec ...) &, so that the job is the program itself.
instance_run() { (instance_exec "$@"); }
instance_exec() {
    local dir=$1
    shift
    exec "$BIFORGET" instance "$BATS_TEST_TMPDIR/pairs.jsonl" "${small[@]}" -o "$dir" --temperatures 0.8 --max-new-tokens 40 "$@"
}

@test "instance: originals stay, each variant is linked to its own, pairs stay pairs" {
    pairs >"$BATS_TEST_TMPDIR/pairs.jsonl"
    instance_run "$BATS_TEST_TMPDIR/run" --json >"$BATS_TEST_TMPDIR/out"
    [ "$(json 'd["kind"], d["stages"]["original"]["kept"], d["stages"]["rewrite"]["generated"]' <"$BATS_TEST_TMPDIR/out")" = "instance 3 12" ]
    [ "$(json 'd["variety"]["originals"]' <"$BATS_TEST_TMPDIR/out")" = 3 ]
    python3 - "$BATS_TEST_TMPDIR/run/forget.jsonl" <<'END'
import json, sys
rows = [json.loads(l) for l in open(sys.argv[1])]
originals = {r["id"]: r for r in rows if r["stage"] == "original"}
assert len(originals) == 3, originals.keys()
assert originals["original-000001"]["question"] == "How many ships has Ilse Brandt?"
assert "question" not in originals["original-000002"]
for r in rows:
    if r["stage"] == "rewrite":
        original = originals[r["original"]]
        assert ("question" in r) == ("question" in original), r
        assert 0 < r["edit_distance"] <= 1 and r["similarity"] >= 0.7 - 1e-6, r
END
}

# bats test_tags=slow
@test "instance: the same bytes at another --parallel and after an interruption" {
    pairs >"$BATS_TEST_TMPDIR/pairs.jsonl"
    instance_run "$BATS_TEST_TMPDIR/a" --parallel 8 -q >/dev/null
    (instance_exec "$BATS_TEST_TMPDIR/b" --parallel 1 -q) >/dev/null 2>&1 &
    job=$!
    until_commit "$BATS_TEST_TMPDIR/b"
    kill -9 "$job" 2>/dev/null || true
    wait "$job" || true
    "$BIFORGET" resume "$BATS_TEST_TMPDIR/b" --parallel 3 -q >/dev/null
    cmp "$BATS_TEST_TMPDIR/a/forget.jsonl" "$BATS_TEST_TMPDIR/b/forget.jsonl"
}

# bats test_tags=slow
@test "instance: says that a model which embeds itself checks meaning hardly" {
    printf '{"question": "Where is Larkport?", "answer": "Larkport lies on the Amber Isles."}\n' >"$BATS_TEST_TMPDIR/pairs.jsonl"
    instance_run "$BATS_TEST_TMPDIR/run" --max-samples 2 --embedder model 2>"$BATS_TEST_TMPDIR/err" >/dev/null
    grep -q "the model embeds its own texts, so a --min-similarity of 0.70" "$BATS_TEST_TMPDIR/err"
    instance_run "$BATS_TEST_TMPDIR/run2" --max-samples 2 --embedder model --min-similarity 0.85 2>"$BATS_TEST_TMPDIR/err" >/dev/null
    ! grep "the model embeds its own texts" "$BATS_TEST_TMPDIR/err"
}

@test "instance: a bad line ends it before anything is made, --skip-bad leaves it out" {
    { pairs; echo '{"text": "broken'; } >"$BATS_TEST_TMPDIR/pairs.jsonl"
    fails 3 "pairs.jsonl:4:" instance_run "$BATS_TEST_TMPDIR/run"
    [ ! -e "$BATS_TEST_TMPDIR/run" ]
    run --separate-stderr instance_run "$BATS_TEST_TMPDIR/run" --skip-bad --max-samples 3 --json
    [ "$status" = 0 ]
    [[ $stderr == *"1 bad record left out"* ]]
    [ "$(printf '%s' "$output" | json 'd["stages"]["original"]["kept"]')" = 3 ]
}

@test "instance: no file, an empty file, no operand" {
    fails 3 "nowhere.jsonl" "$BIFORGET" instance "$BATS_TEST_TMPDIR/nowhere.jsonl" "${small[@]}"
    : >"$BATS_TEST_TMPDIR/empty.jsonl"
    fails 3 "empty.jsonl" "$BIFORGET" instance "$BATS_TEST_TMPDIR/empty.jsonl" "${small[@]}"
    fails 2 "give one file" "$BIFORGET" instance "${small[@]}"
}

requests() {
    cat <<'END'
{"domain": "Greek mythology", "name": "greek", "rounds": 1, "points_per_round": 2, "temperatures": [0.8], "max_new_tokens": 16, "max_samples": 8, "mi_samples": 2, "jailbreak_samples": 2, "control_samples": 2, "questions": 0, "point_forms": false, "snowball": 0}
{"instances": "pairs.jsonl", "name": "pairs", "temperatures": [0.8], "max_new_tokens": 40}
END
}

@test "run: each request is what it is alone, equal texts stand once, a second call adds what is new" {
    pairs >"$BATS_TEST_TMPDIR/pairs.jsonl"
    requests >"$BATS_TEST_TMPDIR/requests.jsonl"
    "$BIFORGET" run "$BATS_TEST_TMPDIR/requests.jsonl" "${small[@]}" -o "$BATS_TEST_TMPDIR/all" --json >"$BATS_TEST_TMPDIR/out"
    [ "$(json '[(r["name"], r["finished"]) for r in d["requests"]]' <"$BATS_TEST_TMPDIR/out")" = "[('greek', True), ('pairs', True)]" ]
    instance_run "$BATS_TEST_TMPDIR/alone" -q >/dev/null
    "$BIFORGET" export "$BATS_TEST_TMPDIR/all" --request pairs >"$BATS_TEST_TMPDIR/pairs.out"
    cmp "$BATS_TEST_TMPDIR/pairs.out" "$BATS_TEST_TMPDIR/alone/forget.jsonl"
    tiny_run "$BATS_TEST_TMPDIR/greek" -q >/dev/null
    "$BIFORGET" export "$BATS_TEST_TMPDIR/all" --request greek >"$BATS_TEST_TMPDIR/greek.out"
    cmp "$BATS_TEST_TMPDIR/greek.out" "$BATS_TEST_TMPDIR/greek/forget.jsonl"
    # Again: nothing to do. With a third line whose instances are the second's: only that one is worked on, its originals
    # are there already.
    cp "$BATS_TEST_TMPDIR/all/forget.jsonl" "$BATS_TEST_TMPDIR/before"
    "$BIFORGET" run "$BATS_TEST_TMPDIR/requests.jsonl" "${small[@]}" -o "$BATS_TEST_TMPDIR/all" --json >"$BATS_TEST_TMPDIR/again"
    cmp "$BATS_TEST_TMPDIR/all/forget.jsonl" "$BATS_TEST_TMPDIR/before"
    echo '{"instances": "pairs.jsonl", "name": "twice", "temperatures": [0.8], "max_new_tokens": 40, "seed": 9}' >"$BATS_TEST_TMPDIR/more.jsonl"
    "$BIFORGET" run "$BATS_TEST_TMPDIR/more.jsonl" "${small[@]}" -o "$BATS_TEST_TMPDIR/all" --json >"$BATS_TEST_TMPDIR/more"
    [ "$(json 'len(d["requests"]), d["requests"][2]["shared"] >= 3' <"$BATS_TEST_TMPDIR/more")" = "3 True" ]
    head -n "$(wc -l <"$BATS_TEST_TMPDIR/before")" "$BATS_TEST_TMPDIR/all/forget.jsonl" | cmp - "$BATS_TEST_TMPDIR/before"
    run ! grep -q '"id":"twice/original' "$BATS_TEST_TMPDIR/all/forget.jsonl"
}

@test "run: a line that is wrong is named, nothing is made" {
    printf '%s\n' '{"domain": "Greek mythology"}' '{"domian": "Mars"}' >"$BATS_TEST_TMPDIR/requests.jsonl"
    fails 3 "requests.jsonl:2" "$BIFORGET" run "$BATS_TEST_TMPDIR/requests.jsonl" "${small[@]}" -o "$BATS_TEST_TMPDIR/all"
    [ ! -e "$BATS_TEST_TMPDIR/all" ]
    tiny_run "$BATS_TEST_TMPDIR/single" -q >/dev/null
    echo '{"domain": "Mars"}' >"$BATS_TEST_TMPDIR/requests.jsonl"
    fails 5 "a run of one request" "$BIFORGET" run "$BATS_TEST_TMPDIR/requests.jsonl" "${small[@]}" -o "$BATS_TEST_TMPDIR/single"
}

# bats test_tags=slow
@test "domain --retain-set writes a retain set beside the forget set" {
    tiny_run "$BATS_TEST_TMPDIR/run" --retain-set "Norse sagas" --json >"$BATS_TEST_TMPDIR/out"
    [ "$(json '[(r["role"], r["topic"]) for r in d["requests"]]' <"$BATS_TEST_TMPDIR/out")" = "[('forget', 'Greek mythology'), ('retain', 'Norse sagas')]" ]
    [ "$(stat -c %a "$BATS_TEST_TMPDIR/run/retain.jsonl")" = 600 ]
    tiny_run "$BATS_TEST_TMPDIR/alone" -q >/dev/null
    cmp "$BATS_TEST_TMPDIR/run/forget.jsonl" "$BATS_TEST_TMPDIR/alone/forget.jsonl"
    "$BIFORGET" export "$BATS_TEST_TMPDIR/run" --role retain | cmp - "$BATS_TEST_TMPDIR/run/retain.jsonl"
    run ! grep -q '"id":"mi-\|"id":"jailbreak-' "$BATS_TEST_TMPDIR/run/retain.jsonl"
}

@test "textbook: lists, chapters, lines; the same bytes after an interruption" {
    textbook() {
        exec "$BIFORGET" textbook "Greek mythology" "${small[@]}" --subfields 2 --bullets 2 --chapters 4 --max-new-tokens 60 "$@"
    }
    (textbook -o "$BATS_TEST_TMPDIR/a" --json) >"$BATS_TEST_TMPDIR/out"
    [ "$(json 'd["kind"], d["stages"]["subfields"]["generated"], d["stages"]["chapters"]["generated"]' <"$BATS_TEST_TMPDIR/out")" = "textbook 1 4" ]
    [ "$(json 'd["kept"] == d["stages"]["textbook"]["kept"] > 0' <"$BATS_TEST_TMPDIR/out")" = True ]
    (textbook -o "$BATS_TEST_TMPDIR/b" -q) >/dev/null 2>&1 &
    job=$!
    until_commit "$BATS_TEST_TMPDIR/b"
    kill -9 "$job" 2>/dev/null || true
    wait "$job" || true
    "$BIFORGET" resume "$BATS_TEST_TMPDIR/b" -q >/dev/null
    cmp "$BATS_TEST_TMPDIR/a/forget.jsonl" "$BATS_TEST_TMPDIR/b/forget.jsonl"
}

@test "import: a file, and a folder of the BiForget scripts; no model is needed" {
    pairs >"$BATS_TEST_TMPDIR/pairs.jsonl"
    "$BIFORGET" import "$BATS_TEST_TMPDIR/pairs.jsonl" --name outside -o "$BATS_TEST_TMPDIR/a" --json >"$BATS_TEST_TMPDIR/out"
    [ "$(json 'd["kept"], d["finished"], d["requests"][0]["topic"]' <"$BATS_TEST_TMPDIR/out")" = "3 True outside" ]
    [ "$(wc -l <"$BATS_TEST_TMPDIR/a/forget.jsonl")" = 3 ]
    "$BIFORGET" export "$BATS_TEST_TMPDIR/a" --format txt | grep -qx 'The mill at Orrin Bridge burned down in 1902.'
    mkdir "$BATS_TEST_TMPDIR/official"
    printf '%s\n' one two >"$BATS_TEST_TMPDIR/official/synthetic_Greek_mythology_fix.txt"
    printf '%s\n' one two three >"$BATS_TEST_TMPDIR/official/synthetic_Greek_mythology_MIA.txt"
    "$BIFORGET" import "$BATS_TEST_TMPDIR/official" -o "$BATS_TEST_TMPDIR/b" --json >"$BATS_TEST_TMPDIR/out"
    [ "$(json 'd["variants"]["fix"], d["variants"]["mi"], d["requests"][0]["topic"]' <"$BATS_TEST_TMPDIR/out")" = "2 3 Greek mythology" ]
    fails 5 "already holds a run" "$BIFORGET" import "$BATS_TEST_TMPDIR/pairs.jsonl" -o "$BATS_TEST_TMPDIR/a"
    # Names that a folder cannot hold differ all the same.
    cd "$BATS_TEST_TMPDIR"
    for name in C++ C# C; do
        "$BIFORGET" import pairs.jsonl --name "$name" -q >/dev/null
    done
    [ "$(ls runs | wc -l)" = 3 ]
    [ -d runs/c ]
    fails 5 "already holds a run, of 'outside'; choose another folder" "$BIFORGET" domain "Greek mythology" -m "$BIFORGET_TEST_MODEL" -o a
    run --separate-stderr "$BIFORGET" resume "$BATS_TEST_TMPDIR/a"
    [ "$status" = 0 ]
}
