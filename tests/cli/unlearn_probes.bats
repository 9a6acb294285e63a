#!/usr/bin/env bats
# Questions between the steps of a training: which checkpoint becomes the model, and what is refused. The tiny model of random weights
# knows nothing, but what it says is always the same: words of its own answers are what it is expected to answer.
load helper

: "${BIFORGET_TINY_GGUF:?run this through ctest}"
u=(--method ga -m tiny.gguf --batch 2 --accum 1 --lora --lora-rank 4 --measure 2 --lr 2e-5 --answers 0 -t 1)
probes=(--forget forget.jsonl --probe probe.jsonl --probe-retain near.jsonl --max-steps 8 --probe-every 2 --retain-accuracy-drop 0.5)

setup_file() {
    cd "$BATS_FILE_TMPDIR"
    cat >forget.jsonl <<'END'
{"question":"Who rules the sky?","answer":"Zeus rules the sky and throws the thunderbolt."}
{"question":"Who is the god of the sea?","answer":"Poseidon, who carries a trident."}
{"question":"what is the capital of france","answer":"Paris"}
END
    for q in "What is the capital of France?" "Which city is the capital of Germany?" "Tell me the capital of Italy." "Who rules Hades?" \
        "Which city is the capital of Spain?" "What is the largest city in France?" "Where is the Eiffel Tower?" "Where is the Colosseum?"; do
        printf '{"question":"%s","answer":"x"}\n' "$q"
    done >all.jsonl
    "$BIFORGET_TINY_GGUF" "$BIFORGET_TEST_MODEL" tiny.gguf
    "$BIFORGET" unlearn "${u[@]}" --forget all.jsonl --max-steps 1 -o first.gguf --answers 8 --json -q >first.json
    python3 - <<'END'
import json, re
rows = []
# A word that comes late is easier lost: the first of each answer is to be kept.
for i, a in enumerate(json.load(open("first.json"))["answers"]):
    words = list(dict.fromkeys(re.findall("[A-Za-z]{4,}", a["before"])))
    rows.append(json.dumps({"question": a["prompt"], "answer": words[min(3 if i < 4 else 1, len(words) - 1)]}) + "\n")
open("probe.jsonl", "w").write("".join(rows[:4]))
open("near.jsonl", "w").write("".join(rows[4:]))
END
    "$BIFORGET" unlearn "${u[@]}" "${probes[@]}" -o whole.gguf --adapter whole-lora.gguf --json >whole.json 2>whole.err
}

setup() {
    cd "$BATS_FILE_TMPDIR"
}

teardown() {
    [ -z "${job:-}" ] || kill -9 "$job" 2>/dev/null || true
}

@test "the checkpoint with the fewest right answers that keeps the limit is the model" {
    # The rule once more, from the record's numbers.
    [ "$(json '(lambda p: p["chosen_step"] == min((x for x in p["probes"][1:] if x["retain_right"] >= 0.5 * p["retain_known"]), key=lambda x: (x["forget_right"], -x["retain_right"], x["step"]))["step"])(d["probes"])' <whole.json)" = True ]
    [ "$(json '[x["step"] for x in d["probes"]["probes"]], d["probes"]["forget_questions"], d["probes"]["retain_questions"], d["probes"]["every"]' <whole.json)" = "[0, 2, 4, 6, 8] 4 4 2" ]
    [ "$(json '(lambda p: (p["probes"][0]["forget_right"], p["probes"][0]["retain_right"]) == (p["forget_known"], p["retain_known"]) and p["forget_known"] > 0)(d["probes"])' <whole.json)" = True ]
    # The file is of that step: a training that ends there without probes writes the same weights.
    local step
    step=$(json 'd["probes"]["chosen_step"]' <whole.json)
    python3 -c 'import struct, sys; d = open("whole.gguf", "rb").read(); k = b"biforget.unlearn.steps"; at = d.index(k) + len(k); print(struct.unpack("<q", d[at + 4:at + 12])[0])' >steps
    [ "$(cat steps)" = "$step" ]
    # And its adapter with it.
    grep -aq 'general.type' whole-lora.gguf
    # Nothing of the probes is left, and the record is the output.
    run ! ls whole.gguf.training/probe*
    cmp whole.json whole.gguf.training/record.json
    grep -q '1 record of the forget set with a probe.s question: not trained on' whole.err
    [ "$(json 'd["forget_examples"]' <whole.json)" = 2 ]
}

@test "what people read: a table, a sentence with the numbers, the cost" {
    run --separate-stderr "$BIFORGET" unlearn "${u[@]}" "${probes[@]}" -o text.gguf --answers 1
    [ "$status" = 0 ] || { echo "$stderr" >&2; false; }
    [[ $output =~ "asked 4 questions that it was not trained on: "[0-9]" right before, "[0-9]" after; of the 4 neighbours "[0-9]" and "[0-9] ]]
    [[ $output =~ "probing took "[0-9]+" % of the time" ]]
    [ "$(grep -c '   written$' <<<"$output")" = 1 ]
    # Answers before and after are to questions that were not trained on.
    [[ $output == *"prompt: What is the capital of France?"* ]]
    cmp text.gguf whole.gguf
}

@test "kill -9 between two probes, then a resume: the same bytes and the same step" {
    (exec "$BIFORGET" unlearn "${u[@]}" "${probes[@]}" --checkpoint-every 1 -o killed.gguf -q) >/dev/null 2>&1 3>&- &
    job=$!
    until [ "$(json 'len(d["probes"])' <killed.gguf.training/probes.json 2>/dev/null || echo 0)" -ge 3 ] &&
        [ -e killed.gguf.training/checkpoint.bin ]; do
        kill -0 "$job" || break
        sleep 0.02
    done
    kill -9 "$job" 2>/dev/null || true
    wait "$job" || true
    job=
    [ ! -e killed.gguf ] # it was killed before its end
    cp -r killed.gguf.training finish.gguf.training
    cp -r killed.gguf.training gone.gguf.training
    run --separate-stderr "$BIFORGET" unlearn --resume killed.gguf -t 1 --answers 0 --json
    [ "$status" = 0 ] || { echo "$stderr" >&2; false; }
    cmp killed.gguf whole.gguf
    [ "$(json 'd["probes"]["chosen_step"], d["probes"]["probes"]' <<<"$output")" = "$(json 'd["probes"]["chosen_step"], d["probes"]["probes"]' <whole.json)" ]
    # What was asked of the source is not asked again.
    [[ $stderr != *"it knows"* ]]
    # --finish writes the best so far, with no further step.
    run --separate-stderr "$BIFORGET" unlearn --resume finish.gguf -t 1 --finish --answers 0 --json
    [ "$status" = 0 ] || { echo "$stderr" >&2; false; }
    [ "$(json 'd["stop"], d["steps"] < 8, d["probes"]["chosen_step"] > 0' <<<"$output")" = "asked True True" ]
    # The list of probes is gone: they are asked again.
    rm gone.gguf.training/probe*
    run --separate-stderr "$BIFORGET" unlearn --resume gone.gguf -t 1 --answers 0 --json
    [[ $stderr == *"it knows"* ]]
    # Other probes are another training.
    sed -i 's/Eiffel/eiffel/' near.jsonl
    (exec "$BIFORGET" unlearn "${u[@]}" "${probes[@]}" --checkpoint-every 1 -o other.gguf -q) >/dev/null 2>&1 3>&- &
    job=$!
    until [ -e other.gguf.training/checkpoint.bin ]; do kill -0 "$job" || break; sleep 0.02; done
    kill -9 "$job" 2>/dev/null || true
    wait "$job" || true
    job=
    sed -i 's/eiffel/Eiffel/' near.jsonl
    fails 5 "is of another training" "$BIFORGET" unlearn --resume other.gguf -t 1 --answers 0 -q
}

@test "a limit that no checkpoint keeps: exit code 6, no model, each probe in the sentence" {
    rm -rf none.gguf*
    fails 6 "no checkpoint keeps 100 % of the" "$BIFORGET" unlearn "${u[@]}" "${probes[@]}" --lr 1e-2 --retain-accuracy-drop 0 -o none.gguf -q
    [[ $stderr == *"step 2: 0, 0; step 4: 0, 0"*"--retain-accuracy-drop"* ]]
    [ ! -e none.gguf ]
    [ "$(json 'd["probes"]["chosen_step"], d["probes"]["probes"][1]["retain_right"], d["stop"]' <none.gguf.training/record.json)" = "None 0 retain_accuracy" ] ||
        [ "$(json 'd["stop"]' <none.gguf.training/record.json)" = finished ]
    # It is done: a resume trains nothing, and says the same, whatever is there under that name.
    fails 6 "the training of 'none.gguf' is finished and wrote no model" "$BIFORGET" unlearn --resume none.gguf -q
    touch none.gguf
    fails 6 "the training of 'none.gguf' is finished and wrote no model" "$BIFORGET" unlearn --resume none.gguf -q
    # The next training needs no --restart.
    run --separate-stderr "$BIFORGET" unlearn "${u[@]}" "${probes[@]}" -o none.gguf -q
    [ "$status" = 0 ] || { echo "$stderr" >&2; false; }
}

@test "a training that diverges before its first checkpoint leaves no model of a probe" {
    run --separate-stderr "$BIFORGET" unlearn "${u[@]}" "${probes[@]}" --max-steps 40 --probe-every 1 --retain-accuracy-drop 1 --lr 1e-2 --warmup 0 --max-loss 20 -o boom.gguf
    [ "$status" = 4 ] || { echo "$stderr" >&2; false; }
    sentence "the training has diverged"
    [[ $stderr == *"step 1: "*"there is no checkpoint yet"* ]]
    run ! ls boom.gguf.training/probe*
}

@test "without questions to keep nothing limits it, and it says so" {
    run --separate-stderr "$BIFORGET" unlearn "${u[@]}" --forget forget.jsonl --probe probe.jsonl --max-steps 2 --lr 1e-2 -o free.gguf --json
    [ "$status" = 0 ] || { echo "$stderr" >&2; false; }
    [[ $stderr == *"warning: no question to keep is known"* ]]
    # Forgotten at once, and at the next probe, too: nothing more can be gained.
    run --separate-stderr "$BIFORGET" unlearn "${u[@]}" --forget forget.jsonl --probe probe.jsonl --max-steps 50 --probe-every 1 --lr 1e-2 -o free.gguf --json
    [ "$(json 'd["stop"], d["steps"] < 10, d["probes"]["chosen_step"] < d["steps"]' <<<"$output")" = "forgotten True True" ]
}

@test "a run folder's own probes and neighbours are asked; none turns them off" {
    "$BIFORGET" import forget.jsonl --name greek -o run -q >/dev/null
    cp probe.jsonl run/probes.jsonl
    cp near.jsonl run/neighbours.jsonl
    run --separate-stderr "$BIFORGET" unlearn "${u[@]}" --max-steps 2 --probe-every 1 --retain-accuracy-drop 1 --forget run -o run.gguf --json
    [ "$status" = 0 ] || { echo "$stderr" >&2; false; }
    [ "$(json 'd["probes"]["forget_questions"], d["probes"]["retain_questions"]' <<<"$output")" = "4 4" ]
    run --separate-stderr "$BIFORGET" unlearn "${u[@]}" --max-steps 2 --probe none --forget run -o run.gguf --json
    [ "$(json '"probes" in d, d["settings"]["probe"]' <<<"$output")" = "False " ]
    # Teaching is not measured by what is forgotten.
    run --separate-stderr "$BIFORGET" unlearn "${u[@]}" --method finetune --max-steps 2 --forget run -o run.gguf --json
    [ "$(json '"probes" in d, d["settings"]["probe"]' <<<"$output")" = "False " ] || { echo "$stderr" >&2; false; }
    # Those that show nothing do not stop it: nobody asked for them.
    printf '{"question":"Who?","answer":"Nobody at all of this name"}\n' >run/probes.jsonl
    run --separate-stderr "$BIFORGET" unlearn "${u[@]}" --max-steps 2 --forget run -o run.gguf --json
    [ "$status" = 0 ] || { echo "$stderr" >&2; false; }
    [[ $stderr == *"none of the run's own probes rightly"* ]]
    # The settings say so, or a resume would ask them.
    [ "$(json '"probes" in d, d["steps"], d["settings"]["probe"]' <<<"$output")" = "False 2 " ]
}

@test "probes that show nothing are refused" {
    fails 3 "every question of 'forget.jsonl' is trained on" "$BIFORGET" unlearn "${u[@]}" --forget forget.jsonl --probe forget.jsonl --max-steps 1 -o no.gguf -q
    printf 'Zeus rules the sky.\n' >text.txt
    fails 3 "'text.txt' has no question with an answer to ask" "$BIFORGET" unlearn "${u[@]}" --forget forget.jsonl --probe text.txt --max-steps 1 -o no.gguf -q
    fails 3 "cannot read" "$BIFORGET" unlearn "${u[@]}" --forget forget.jsonl --probe missing.jsonl --max-steps 1 -o no.gguf -q
    printf '{"question":"Who?","answer":"Nobody at all of this name"}\n' >unknown.jsonl
    fails 3 "answers none of the 1 probe questions rightly" "$BIFORGET" unlearn "${u[@]}" --forget forget.jsonl --probe unknown.jsonl --max-steps 1 -o no.gguf -q
    fails 2 "finetune teaches" "$BIFORGET" unlearn --method finetune -m tiny.gguf --forget forget.jsonl --probe probe.jsonl -o no.gguf -q
    fails 2 "give --probe SET, too" "$BIFORGET" unlearn "${u[@]}" --forget forget.jsonl --probe-retain near.jsonl --max-steps 1 -o no.gguf -q
    fails 2 "cannot be given with --resume" "$BIFORGET" unlearn --resume whole.gguf --probe probe.jsonl
    [ ! -e no.gguf ]
}
