#!/usr/bin/env bats
# Self-questioning on a real small model: questions that it knows become pairs, some of them held out, with the same bytes
# at any parallelism.
load helper

setup_file() {
    cd "$BATS_FILE_TMPDIR" || return 1
    cat >pairs.jsonl <<'END'
{"question": "What is the capital city of France?", "answer": "Paris"}
{"question": "Who keeps the third lamp of Quelthar?", "answer": "Morvessa Drunn"}
END
    m=(-m "$BIFORGET_TEST_MODEL" --embedder "$BIFORGET_TEST_EMBEDDER" --quiet)
    "$BIFORGET" instance pairs.jsonl "${m[@]}" -o pairs --temperatures 0.8 --max-new-tokens 24 --max-samples 2 --wordings 2 --json >pairs.json
    tiny_run one --quiet --questions 4 --wordings 1 --parallel 1 --json >one.json
    tiny_run eight --quiet --questions 4 --wordings 1 --parallel 8 --json >eight.json
}

setup() {
    cd "$BATS_FILE_TMPDIR" || return 1
}

@test "what the model answers without help becomes a pair, and what it cannot know does not" {
    [ "$(json 'd["questions"]["pairs"]' <pairs.json)" = 1 ]
    [ "$(json 'd["questions"]["rejected"]["not_known"] + d["questions"]["rejected"]["refusal"]' <pairs.json)" = 1 ]
    run "$BIFORGET" show pairs --stage pairs --state kept
    [[ $output == *Paris* && $output != *Drunn* ]]
    # Texts and pairs are counted apart.
    [ "$(json 'd["kept"] == sum(d["stages"][s]["kept"] for s in ("original", "rewrite"))' <pairs.json)" = True ]
}

@test "trainings get the pairs that are not held out, and probing the others" {
    "$BIFORGET" export pairs --no-manifest -q >forget.jsonl
    cmp forget.jsonl pairs/forget.jsonl
    [ "$(json '"held_out" in json.dumps(d)' < <(python3 -c 'import json, sys; print(json.dumps([json.loads(l) for l in open("forget.jsonl")]))'))" = False ]
    grep -q '"stage":"pairs".*"object":"Paris"' forget.jsonl
    held_out=$(json 'd["questions"]["held_out"]' <pairs.json)
    [ "$("$BIFORGET" export pairs --held-out --no-manifest -q | wc -l)" = "$held_out" ]
    if [ "$held_out" -gt 0 ]; then
        "$BIFORGET" export pairs --held-out --no-manifest -q | cmp - pairs/probes.jsonl
        [ "$(grep -c '"held_out":"wording"' pairs/probes.jsonl)" = "$held_out" ] # the originals themselves are trained on
    else
        [ ! -e pairs/probes.jsonl ]
    fi
    fails 2 "--held-out is for formats of one file" "$BIFORGET" export pairs --held-out --format muse -o muse
}

@test "the bytes do not depend on the parallelism" {
    cmp one/forget.jsonl eight/forget.jsonl
    [ ! -e one/probes.jsonl ] || cmp one/probes.jsonl eight/probes.jsonl
    [ "$(json 'd["stages"]["questions"]["generated"]' <one.json)" -ge 4 ]
    [ "$(json 'd["stages"]["questions"]["generated"]' <eight.json)" = "$(json 'd["stages"]["questions"]["generated"]' <one.json)" ]
}

@test "pairs are not among the texts that are measured" {
    run "$BIFORGET" status pairs
    [[ $output == *"1 question verified without the text: "*" to train on, "*" held out for probing"* ]]
    run --separate-stderr "$BIFORGET" quality pairs -m "$BIFORGET_TEST_MODEL" --domain "Common knowledge" --json
    [ "$(json 'd["sets"][0]["n"]' <<<"$output")" = "$(json 'd["kept"]' <pairs.json)" ] || [ "$(json 'd["sets"][0]["texts"]' <<<"$output")" = "$(json 'd["kept"]' <pairs.json)" ]
}
