#!/usr/bin/env bats
# Neighbours: domains beside the one to forget, which are only probed, and the options about them.
load helper

setup() {
    cd "$BATS_FILE_TMPDIR"
}

@test "options that do not go together are refused before a model is opened" {
    printf 'Zeus rules the sky.\n' >facts.txt
    fails 2 "give another number" "$BIFORGET" domain "Greek mythology" -m missing.gguf --retain-set auto --neighbours 0 -o no
    fails 2 "--retain-set auto" "$BIFORGET" instance facts.txt -m missing.gguf --retain-set "Roman mythology" -o no
    fails 2 "--retain-set auto" "$BIFORGET" textbook "Greek mythology" -m missing.gguf --retain-set "Roman mythology" -o no
    fails 2 "give a method, too" "$BIFORGET" domain "Greek mythology" -m missing.gguf --then-rounds 1 -o no
    printf '{"domain": "Greek mythology", "role": "beside"}\n' >bad.jsonl
    fails 3 '"forget", "retain" or "neighbour"' "$BIFORGET" run bad.jsonl -m missing.gguf -o no
    [ ! -e no ]
}

@test "a neighbour is in no set that is trained on, and its guard is the domain to forget" {
    printf '%s\n' '{"domain": "Greek mythology", "rounds": 1, "points_per_round": 1, "max_samples": 4, "max_new_tokens": 16, "mi_samples": 0, "jailbreak_samples": 0, "control_samples": 0, "questions": 0}' \
        '{"domain": "Roman mythology", "role": "neighbour", "rounds": 1, "points_per_round": 1, "max_samples": 4, "max_new_tokens": 16, "mi_samples": 0, "jailbreak_samples": 0, "control_samples": 0, "questions": 0}' >two.jsonl
    "$BIFORGET" run two.jsonl -m "$BIFORGET_TEST_MODEL" --embedder "$BIFORGET_TEST_EMBEDDER" -t 1 -o two --json -q >two.json
    [ "$(json '[(r["topic"], r["role"], r["finished"]) for r in d["requests"]]' <two.json)" = "[('Greek mythology', 'forget', True), ('Roman mythology', 'neighbour', True)]" ]
    [ "$(json 'd["requests"][1]["generated"] > 0, d["kept"] == d["requests"][0]["kept"]' <two.json)" = "True True" ] # the total is of sets
    [ ! -e two/retain.jsonl ]
    "$BIFORGET" export two --format jsonl -o forget.jsonl -q
    [ "$(wc -l <forget.jsonl)" = "$(wc -l <two/forget.jsonl)" ]
    [ "$(sqlite3 two/run.db "SELECT g.name, g.reason, q.role FROM guard g JOIN request q ON q.id = g.request" 2>/dev/null || python3 -c 'import sqlite3; print("|".join(sqlite3.connect("two/run.db").execute("SELECT g.name, g.reason, q.role FROM guard g JOIN request q ON q.id = g.request").fetchone()))')" = "Greek mythology|forget_overlap|neighbour" ]
}

# bats test_tags=slow
@test "--then auto writes a retain set by itself, and does without where no neighbour is named" {
    "$BIFORGET" domain "Greek mythology" -m "$BIFORGET_TEST_MODEL" --embedder "$BIFORGET_TEST_EMBEDDER" -t 1 -o self --rounds 1 \
        --points-per-round 1 --temperatures 0.8 --max-new-tokens 16 --max-samples 8 --mi-samples 0 --jailbreak-samples 0 --control-samples 0 \
        --questions 0 --no-point-forms --neighbours 1 --then auto --then-rounds 0 \
        --then-options "--max-steps 1 --batch 1 --accum 1 --max-length 64 --measure 1 --answers 0 --lora-rank 4" --json >self.json 2>self.err
    [ "$(json 'd["closed_loop"]["finished"]' <self.json)" = True ]
    # What this small model names depends on the machine.
    if grep -q "^like 'Greek mythology'" self.err; then
        [ "$(json 'd["requests"][1]["role"]' <self.json)" = retain ]
        grep -q "using the run's own retain set" self.err
    else
        grep -q "the model names only 0 subjects" self.err
        [ ! -e self/retain.jsonl ]
    fi
    [ -s self/unlearned-auto.gguf ]
    # A domain by name is for the command domain alone, with auto, too.
    fails 2 "'Roman mythology' is neither a file" "$BIFORGET" run two.jsonl -m "$BIFORGET_TEST_MODEL" --retain-set "Roman mythology" --then auto -o no
}
