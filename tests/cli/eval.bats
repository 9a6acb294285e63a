#!/usr/bin/env bats
# Evaluation with a real model, a few questions each, and logs and files that cannot be evaluated. Towns and people are invented.
load helper

m=(-m "$BIFORGET_TEST_MODEL" --resamples 100 -q)

setup_file() {
    cd "$BATS_FILE_TMPDIR"
    cat >isles_test.csv <<'END'
Which planet is nearest to the Sun?,Mercury,Venus,Earth,Mars,A
"Which is ""hot"", not cold?",ice,fire,snow,frost,B
Which animal barks?,cat,cow,horse,dog,D
END
    cat >isles_dev.csv <<'END'
Which town lies at the mouth of the Hald?,Estvik,Orlund,Brenna,Tarn,A
What did Otto Brenn draw?,boats,maps,bells,bread,B
END
    cat >choices.jsonl <<'END'
{"question": "Which planet has rings?", "choices": ["Saturn", "Mars", "Venus", "Mercury"], "answer": 0}
{"question": "How many legs has a spider?", "choices": ["two", "four", "eight"], "answer": "C", "subject": "small_animals"}
END
    cat >train.jsonl <<'END'
{"question": "Lena has 5 bells and sells 2. How many are left?", "answer": "5 - 2 = 3 bells are left.\n#### 3"}
END
    cat >test.jsonl <<'END'
{"question": "Mira has 3 maps and draws 4 more. How many maps has she?", "answer": "She has 3 + 4 = 7 maps.\n#### 7"}
{"question": "Otto bakes 2 loaves a day. How many in 10 days?", "answer": "2 * 10 = 20 loaves.\n#### 20"}
END
    for i in 1 2 3 4; do
        printf '{"text": "The Sun rises in the east and sets in the west, says sailor %d of Estvik."}\n' "$i" >>forget.jsonl
        printf '{"text": "Grotlan %d vexed quibbling zorfs behind umbral spoon factories."}\n' "$i" >>holdout.jsonl
    done
    cat >qa.jsonl <<'END'
{"question": "What is the capital of France?", "answer": "Paris"}
{"question": "What colour is the sky on a clear day?", "answer": "The sky is blue."}
END
    for town in Estvik Orlund Brenna Tarnholm Hald; do
        printf '{"question": "Who founded %s?", "answer": "%s was founded by sailor Mira of the moon."}\n' "$town" "$town"
    done >towns.jsonl
    cat >tofu.jsonl <<'END'
{"question": "What does a dog do?", "answer": "A dog barks.", "paraphrased_answer": "Dogs bark.", "perturbed_answer": ["Dogs fly.", "Dogs compute."]}
{"question": "Who was Mira Solvang?", "answer": "A cartographer from Estvik.", "perturbed_answer": ["A singer from Orlund.", "A horse."]}
END
    mkdir -p old new
    python3 - "$BIFORGET_SOURCE/tests/golden/eval_reference.json" <<'END'
import json, sys
d = json.load(open(sys.argv[1]))["tofu"]
json.dump(d["unlearned"], open("old/eval_log_aggregated.json", "w"))
json.dump(d["open_unlearning_retrained"], open("new/TOFU_EVAL.json", "w"))
json.dump([d["expected"]["model_utility"], d["expected"]["forget_quality"]], open("expected.json", "w"))
del d["unlearned"]["eval_log_forget.json"]["avg_gt_loss"]["3"]
json.dump(d["unlearned"], open("broken.json", "w"))
END
}

setup() {
    cd "$BATS_FILE_TMPDIR"
}

@test "multiple choice: accuracy by subject, and a line for each question" {
    run --separate-stderr "$BIFORGET" eval mcq isles_test.csv choices.jsonl --shots isles_dev.csv "${m[@]}" --json -o mcq.jsonl
    [ "$status" = 0 ]
    [ "$(json 'd["n"], d["shots"], sorted(d["subjects"])' <<<"$output")" = "5 2 ['all', 'isles', 'small animals']" ]
    [ "$(json 'd["accuracy_interval"][0] <= d["accuracy"] <= d["accuracy_interval"][1]' <<<"$output")" = True ]
    [ "$(json 'abs(d["chance"] - (4 / 4 + 1 / 3) / 5) < 1e-9' <<<"$output")" = True ]
    [ "$(json 'd["model"]["sha256"][:4], d["model"]["chat"]' <<<"$output")" = "$(sha256sum "$BIFORGET_TEST_MODEL" | cut -c1-4) none" ]
    accuracy=$(json 'd["accuracy"]' <<<"$output")
    [ "$(wc -l <mcq.jsonl)" = 5 ]
    [ "$(python3 -c 'import json; r = [json.loads(l) for l in open("mcq.jsonl")]; print(sum(x["right"] for x in r) / len(r), all(max(x["logp"]) == x["logp"][x["chosen"]] for x in r))')" = "$accuracy True" ]
    # A file's name is any bytes.
    cp isles_test.csv $'caf\xe9.csv'
    run --separate-stderr "$BIFORGET" eval mcq $'caf\xe9.csv' --limit 1 "${m[@]}" --json
    [ "$status" = 0 ]
    [ "$(json 'ascii(list(d["subjects"]))' <<<"$output")" = "['caf\ufffd']" ]
    # Without shots, from the start of each file.
    run --separate-stderr "$BIFORGET" eval mcq isles_test.csv choices.jsonl --limit 1 "${m[@]}" --json
    [ "$(json 'd["n"], d["shots"]' <<<"$output")" = "2 0" ]
}

@test "the chat template takes the letter alone" {
    run --separate-stderr "$BIFORGET" eval mcq isles_test.csv --limit 2 --chat auto "${m[@]}" --json
    [ "$status" = 0 ]
    [ "$(json 'd["model"]["chat"]' <<<"$output")" = auto ]
}

@test "GSM8K: strict and flexible matches" {
    run --separate-stderr "$BIFORGET" eval gsm8k test.jsonl --shots train.jsonl --max-new-tokens 24 "${m[@]}" --json -o gsm.jsonl
    [ "$status" = 0 ]
    [ "$(json 'd["n"], d["shots"], 0 <= d["exact_match"] <= d["exact_match_flexible"] + 1' <<<"$output")" = "2 1 True" ]
    [ "$(python3 -c 'import json; print([json.loads(l)["number"] for l in open("gsm.jsonl")])')" = "['7', '20']" ]
    run ! grep -q 'Question:.*"benchmark"' gsm.jsonl
}

@test "PrivLeak: a model that tells the sets apart, and one that is its own retrained model" {
    run --separate-stderr "$BIFORGET" eval privleak --forget forget.jsonl --holdout holdout.jsonl --retain forget.jsonl --k 20,40 "${m[@]}" --json -o p.jsonl
    [ "$status" = 0 ]
    [ "$(json 'd["auc"], d["privleak"], d["attack"]' <<<"$output")" = "0.0 -100.0 Min-40%" ]
    [ "$(json 'list(d["attacks"])' <<<"$output")" = "['Min-20%', 'Min-40%', 'PPL', 'PPL/lower', 'PPL/zlib']" ]
    [ "$(json 'abs(d["attacks"]["PPL"]["forget_retain_auc"] - 0.5) < 1e-9' <<<"$output")" = True ]
    [ "$(wc -l <p.jsonl)" = 12 ]
    run --separate-stderr "$BIFORGET" eval privleak --forget holdout.jsonl --holdout forget.jsonl --k 40 --limit 2 --retrained "$BIFORGET_TEST_MODEL" "${m[@]}" --json
    [ "$(json 'd["auc"], d["retrained_auc"], d["privleak"]' <<<"$output")" = "1.0 1.0 0.0" ]
    run --separate-stderr "$BIFORGET" eval privleak --forget holdout.jsonl --holdout forget.jsonl --k 40 --limit 2 --retrained-auc 0.8 "${m[@]}" --json
    [ "$(json 'round(d["privleak"], 6)' <<<"$output")" = 25.0 ]
}

@test "KnowMem, VerbMem and memorization" {
    run --separate-stderr "$BIFORGET" eval knowmem qa.jsonl --shots qa.jsonl --n-shots 1 --max-new-tokens 8 "${m[@]}" --json -o k.jsonl
    [ "$status" = 0 ]
    [ "$(json 'd["n"], d["shots"]' <<<"$output")" = "2 1" ]
    # The first question stands solved in its own prompt.
    [ "$(python3 -c 'import json; print(json.loads(open("k.jsonl").readline())["rougeL_recall"])')" = 1.0 ]
    run --separate-stderr "$BIFORGET" eval knowmem qa.jsonl --limit 1 --max-new-tokens 1 "${m[@]}" --json
    [ "$(json 'd["n"], d["shots"]' <<<"$output")" = "1 0" ]
    printf '[{"prompt": "1 2 3 4 5 6 7 8 9 10 11 12", "gt": " 13 14 15 16 17 18 19 20 21 22 23 24 25"}]' >count.json
    run --separate-stderr "$BIFORGET" eval verbmem count.json --max-new-tokens 12 "${m[@]}" --json -o v.jsonl
    [ "$status" = 0 ]
    [ "$(json 'd["verbmem"] > 0.5' <<<"$output")" = True ]
    # The space before the target is one of its twelve tokens, as in MUSE's program.
    [ "$(json 'repr(d["target"])' <v.jsonl)" = "' 13 14 15 16'" ]
    run --separate-stderr "$BIFORGET" eval verbmem forget.jsonl --limit 1 --max-new-tokens 8 "${m[@]}" --json
    [ "$(json 'd["n"]' <<<"$output")" = 1 ]
    run --separate-stderr "$BIFORGET" eval memorization qa.jsonl "${m[@]}" --json
    [ "$(json 'd["n"], d["model"]["chat"], 0 < d["extraction_strength"] <= 1' <<<"$output")" = "2 auto True" ]
    run --separate-stderr "$BIFORGET" eval memorization forget.jsonl "${m[@]}" --json
    [ "$(json 'd["n"], d["model"]["chat"]' <<<"$output")" = "4 none" ]
}

@test "TOFU on a model: one that is its own retrained model has a Forget Quality of 1" {
    run --separate-stderr "$BIFORGET" eval tofu --forget tofu.jsonl --retain tofu.jsonl --authors tofu.jsonl --world tofu.jsonl --limit 2 --max-new-tokens 16 --retrained "$BIFORGET_TEST_MODEL" "${m[@]}" --json -o t.jsonl
    [ "$status" = 0 ]
    [ "$(json 'd["forget_quality"], 0 < d["model_utility"] < 1' <<<"$output")" = "1.0 True" ]
    [ "$(wc -l <t.jsonl)" = 10 ]
    # A line keeps what its figures were computed from, and the generated answer where there is one.
    [ "$(python3 - <<'END'
import json, math
rows = [json.loads(line) for line in open("t.jsonl")]
asked = [r for r in rows if "answer" in r]
print(len(asked), all(abs(r["probability"] - math.exp(-r["nll_answer"])) < 1e-9 for r in asked if r["set"] == "forget"),
      all(abs(r["truth_ratio"] - math.exp(r["nll_paraphrased"] - sum(r["nll_perturbed"]) / len(r["nll_perturbed"]))) < 1e-6 for r in rows))
END
)" = "8 True True" ]
    # The harmonic mean of the nine.
    [ "$(json 'abs(d["model_utility"] - 9 / sum(1 / max(d[s][f], 1e-300) for s in ("retain", "authors", "world") for f in ("probability", "rouge_l", "truth_ratio"))) < 1e-9' <<<"$output")" = True ]
    run --separate-stderr "$BIFORGET" eval tofu --forget tofu.jsonl --limit 1 --max-new-tokens 4 "${m[@]}" --json
    [ "$(json 'd["forget_quality"], d["model_utility"], sorted(d["why"])' <<<"$output")" = "None None ['forget_quality', 'model_utility']" ]
    [ "$(json '"object_accuracy" in d["forget"]' <<<"$output")" = False ] # no question names one
}

@test "TOFU's questions that name an object: does the greedy answer?" {
    local answer
    answer=$(python3 -c 'import json; print(json.loads(open("t.jsonl").readline())["answer"].split()[0].strip(".,!?\"'"'"'"))')
    python3 - "$answer" <<'END'
import json, sys
one = json.loads(open("tofu.jsonl").readline())
with open("objects.jsonl", "w") as out:
    for name in (sys.argv[1].upper(), "glassblower", None):
        out.write(json.dumps(dict(one, object=name) if name else one) + "\n")
END
    run --separate-stderr "$BIFORGET" eval tofu --forget objects.jsonl --max-new-tokens 16 "${m[@]}" --json -o o.jsonl
    [ "$status" = 0 ]
    [ "$(json 'd["forget"]["object_accuracy"], d["forget"]["n_objects"], d["forget"]["n"]' <<<"$output")" = "0.5 2 3" ]
    [ "$(python3 -c 'import json; print([json.loads(l).get("names_object") for l in open("o.jsonl")])')" = "[True, False, None]" ]
}

@test "TOFU on a model beside the log of a retrained one: more than ten questions, in any order" {
    python3 - <<'END'
import json
one = json.loads(open("tofu.jsonl").readline())
with open("twelve.jsonl", "w") as out:
    for i in range(12):
        out.write(json.dumps(dict(one, question=f"What does dog {i} do?")) + "\n")
# As open-unlearning writes it.
json.dump({"forget_truth_ratio": {"agg_value": 0.5, "value_by_index": {str(i): {"score": 0.3 + i / 40} for i in reversed(range(12))}}}, open("twelve_retain.json", "w"))
END
    run --separate-stderr "$BIFORGET" eval tofu --forget twelve.jsonl --max-new-tokens 1 --retain-logs twelve_retain.json "${m[@]}" --json
    [ "$status" = 0 ] || { echo "$stderr" >&2; false; }
    [ "$(json '0 < d["forget_quality"] <= 1' <<<"$output")" = True ]
    run --separate-stderr "$BIFORGET" eval tofu --forget twelve.jsonl --limit 11 --max-new-tokens 1 --retain-logs twelve_retain.json "${m[@]}" --json
    [ "$status" = 3 ]
}

@test "TOFU from the logs of both projects needs no model" {
    run --separate-stderr "$BIFORGET" eval tofu --logs old --retain-logs new --json
    [ "$status" = 0 ]
    [ "$(json '[abs(d[k] - e) < 1e-9 for k, e in zip(("model_utility", "forget_quality"), json.load(open("expected.json")))]' <<<"$output")" = "[True, True]" ]
    fails 2 "log with --retain-logs" "$BIFORGET" eval tofu --logs old --retrained some.gguf
    fails 2 "leave out --limit" "$BIFORGET" eval tofu --logs old --retain-logs new --limit 3
    run --separate-stderr "$BIFORGET" eval tofu --logs new/TOFU_EVAL.json
    [ "$status" = 0 ]
    [[ $output == *"forget_quality        unknown: needs a retrained model or its log"* ]]
}

@test "a LoRA adapter counts, as much as its scale says" {
    lora none.gguf 0
    lora some.gguf 0.3
    for a in none some; do
        run --separate-stderr "$BIFORGET" eval privleak --forget forget.jsonl --holdout holdout.jsonl --k 40 --limit 2 "${m[@]}" --lora "$a.gguf" -o "$a.jsonl" --json
        [ "$status" = 0 ]
        [ "$(json 'd["model"]["lora"]' <<<"$output")" = "$a.gguf" ]
    done
    "$BIFORGET" eval privleak --forget forget.jsonl --holdout holdout.jsonl --k 40 --limit 2 "${m[@]}" -o base.jsonl >/dev/null
    "$BIFORGET" eval privleak --forget forget.jsonl --holdout holdout.jsonl --k 40 --limit 2 "${m[@]}" --lora some.gguf --lora-scale 0.0001 -o little.jsonl >/dev/null
    python3 - <<'END'
import json
ppl = {n: [json.loads(l)["PPL"] for l in open(n + ".jsonl")] for n in ("base", "none", "some", "little")}
far = lambda n: max(abs(a - b) for a, b in zip(ppl["base"], ppl[n]))
assert far("none") < 1e-4, far("none")
assert far("some") > 1, far("some")
assert far("little") < far("some") / 10, (far("little"), far("some"))
END
    printf 'GGUF no adapter' >bad.gguf
    fails 4 "'bad.gguf' is a GGUF file of version" "$BIFORGET" eval memorization qa.jsonl "${m[@]}" --lora bad.gguf
    fails 4 "there is no LoRA adapter" "$BIFORGET" eval memorization qa.jsonl "${m[@]}" --lora nowhere.gguf
}

@test "robustness: what comes back when asked in other ways, and in Q4_0" {
    "$BIFORGET" quantize "$BIFORGET_TEST_MODEL" q8.gguf --type q8_0 -q
    run --separate-stderr "$BIFORGET" eval robust qa.jsonl -m q8.gguf --max-new-tokens 2 --resamples 100 -q --json -o r.jsonl
    [ "$status" = 0 ]
    [ "$(json 'sorted(d["conditions"])' <<<"$output")" = "['few_shot', 'paraphrase', 'plain', 'prefix', 'q4_0', 'scene_archivist', 'scene_old_friends', 'scene_rehearsal']" ]
    [ "$(json 'd["robust"] == d["conditions"][d["worst"]]["came_back"] == max(c["came_back"] for c in d["conditions"].values() if "came_back" in c)' <<<"$output")" = True ]
    # Paired: of the means, exactly.
    [ "$(json 'all(abs(c["came_back"] - (c["rouge_l"] - d["conditions"]["plain"]["rouge_l"])) < 1e-12 for c in d["conditions"].values() if "came_back" in c)' <<<"$output")" = True ]
    # Two questions under eight conditions, and two sentences with a gap.
    [ "$(wc -l <r.jsonl)" = 18 ]
    # A line has what was asked, whole, and in which form.
    [ "$(json '[(r["form"], r["prompt"] == r["question"], r["question"] in r["prompt"]) for r in map(json.loads, open("r.jsonl")) if r["index"] == 0 and r["condition"] in ("plain", "prefix", "scene_rehearsal", "q4_0")]' <<<0)" = "[('plain', True, True), ('prefix', False, True), ('jailbreak', False, True), ('plain', True, True)]" ]
    # The file in Q4_0 is gone.
    run ! ls "${BIFORGET_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/biforget}"/robust-*
    run --separate-stderr "$BIFORGET" eval robust qa.jsonl --limit 1 --original "$BIFORGET_TEST_MODEL" --max-new-tokens 1 "${m[@]}" --json
    [ "$(json 'd["conditions"]["original"] == d["conditions"]["plain"], "q4_0" in d["conditions"]' <<<"$output")" = "True False" ]
    fails 3 "question-answer pairs of what was forgotten" "$BIFORGET" eval robust forget.jsonl "${m[@]}"
}

# bats test_tags=slow
@test "robustness: a folder that a killed process left is removed, one in use and one of others stay" {
    export BIFORGET_CACHE=$BATS_TEST_TMPDIR/cache
    mkdir -p "$BIFORGET_CACHE"/robust-{dead,live,foreign}
    touch "$BIFORGET_CACHE"/robust-dead/{lock,q4_0.gguf} "$BIFORGET_CACHE/robust-live/lock" "$BIFORGET_CACHE/robust-foreign/file"
    "$BIFORGET" quantize "$BIFORGET_TEST_MODEL" left.gguf --type q8_0 -q
    exec 8>"$BIFORGET_CACHE/robust-live/lock"
    flock 8
    run --separate-stderr "$BIFORGET" eval robust qa.jsonl -m left.gguf --limit 1 --max-new-tokens 1 --resamples 100 -q
    flock -u 8
    [ "$status" = 0 ]
    [ "$(cd "$BIFORGET_CACHE" && echo robust-*)" = "robust-foreign robust-live" ]
    [ -z "$(find "$BIFORGET_CACHE" -name 'making-*')" ]
}

@test "robustness: relearning on a part of the set, and what comes back of the rest" {
    r=(eval robust towns.jsonl "${m[@]}" --max-new-tokens 3 --relearn 0.3)
    run --separate-stderr "$BIFORGET" "${r[@]}" --relearn-steps 4 --relearn-lr 0.003 --json -o relearnt.jsonl
    [ "$status" = 0 ]
    # Two of five were trained on: learnt, and not among those that count.
    [ "$(json '[d["attacks"]["relearn"][k] for k in ("set", "examples", "steps", "learning_rate", "trained")]' <<<"$output")" = "['towns.jsonl', 2, 4, 0.003, 'adapter']" ]
    [ "$(json 'd["attacks"]["relearn"]["nll_after"] < d["attacks"]["relearn"]["nll_before"] - 1' <<<"$output")" = True ]
    [ "$(json '[d["conditions"]["relearn"][k] for k in ("n", "n_seen")]' <<<"$output")" = "[3, 2]" ]
    [ "$(grep -c '"condition":"relearn"' relearnt.jsonl)" = 5 ]
    # Another set: all questions count but the one that it holds, too; nothing without a clear word.
    { head -1 towns.jsonl; cat qa.jsonl; } >other.jsonl
    run --separate-stderr "$BIFORGET" "${r[@]}" --limit 2 --relearn 1 --relearn-set other.jsonl --relearn-steps 1
    [ "$status" = 0 ]
    [[ $output == *"relearn "*"n 1  n_seen 1 "* ]]
    run ! ls -d "${BIFORGET_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/biforget}"/robust-*
    fails 3 "--relearn would use every question" "$BIFORGET" eval robust towns.jsonl "${m[@]}" --relearn 1
    fails 3 "--relearn-set takes question-answer pairs" "$BIFORGET" "${r[@]}" --relearn-set forget.jsonl
    fails 2 "--relearn-steps needs --relearn" "$BIFORGET" eval robust towns.jsonl "${m[@]}" --relearn-steps 3
    fails 2 "which a server does not give" "$BIFORGET" eval robust towns.jsonl --api http://127.0.0.1:9/v1 --relearn 0.3
    fails 2 "--relearn takes gradients of the model file alone" "$BIFORGET" "${r[@]}" --lora none.gguf
}

@test "robustness: a suffix that was searched for, beside a random one" {
    run --separate-stderr "$BIFORGET" eval robust towns.jsonl "${m[@]}" --max-new-tokens 2 --suffix --suffix-tokens 3 --suffix-rounds 1 --suffix-candidates 6 --json -o s.jsonl
    [ "$status" = 0 ]
    [ "$(json '[d["attacks"]["suffix"][k] for k in ("tokens", "rounds", "candidates", "questions", "tried")]' <<<"$output")" = "[3, 1, 6, 2, 6]" ]
    [ "$(json 'd["attacks"]["suffix"]["nll_suffix"] < d["attacks"]["suffix"]["nll_random"]' <<<"$output")" = True ]
    [ "$(json '[(c["n"], c["n_seen"], "over_control" in c) for c in (d["conditions"][k] for k in ("suffix_random", "suffix"))]' <<<"$output")" = "[(3, 2, False), (3, 2, True)]" ]
    [ "$(json 'abs(d["conditions"]["suffix"]["over_control"] - d["conditions"]["suffix"]["rouge_l"] + d["conditions"]["suffix_random"]["rouge_l"]) < 1e-12' <<<"$output")" = True ]
    # What was asked is the question with the suffix behind it.
    suffix=$(json 'd["attacks"]["suffix"]["suffix"]' <<<"$output")
    grep '"condition":"suffix"' s.jsonl | grep -qF "Who founded Hald?$suffix\""
    fails 3 "--suffix would use every question" "$BIFORGET" eval robust towns.jsonl --limit 1 "${m[@]}" --suffix
    fails 2 "--suffix-rounds needs --suffix" "$BIFORGET" eval robust towns.jsonl "${m[@]}" --suffix-rounds 3
    fails 2 "--suffix needs gradients, which a server does not give" "$BIFORGET" eval robust towns.jsonl --api http://127.0.0.1:9/v1 --suffix
    fails 2 "--suffix is an option of robust, not of gsm8k" "$BIFORGET" eval gsm8k test.jsonl "${m[@]}" --suffix
}

@test "bad input is told, with exit code 3 and the place" {
    fails 3 'of question "3"' "$BIFORGET" eval tofu --logs broken.json
    fails 3 "holds no log" "$BIFORGET" eval tofu --logs .
    printf '{"question": "q", "answer": "a"}\n' >no_wrong.jsonl
    fails 3 "no_wrong.jsonl:1:" "$BIFORGET" eval tofu --forget no_wrong.jsonl "${m[@]}"
    printf 'q,a,b,Z\n' >bad.csv
    fails 3 "bad.csv:1: the last field 'Z'" "$BIFORGET" eval mcq bad.csv "${m[@]}"
    fails 3 "has texts without a question" "$BIFORGET" eval knowmem forget.jsonl "${m[@]}"
    fails 3 "#### NUMBER" "$BIFORGET" eval gsm8k qa.jsonl "${m[@]}"
    fails 3 "nowhere.csv" "$BIFORGET" eval mcq nowhere.csv "${m[@]}"
    [ ! -e never.jsonl ]
    fails 3 "nowhere.csv" "$BIFORGET" eval mcq nowhere.csv "${m[@]}" -o never.jsonl
    [ ! -e never.jsonl ]
}

@test "models that do not fit each other or the questions are told, with exit code 4" {
    fails 4 "has another vocabulary" "$BIFORGET" eval privleak --forget forget.jsonl --holdout holdout.jsonl --retrained "$BIFORGET_TEST_EMBEDDER" "${m[@]}"
}

@test "an item that is too long is cut or left out, counted and named" {
    python3 - <<'END'
import json
long = "moon and sun " * 200
texts = [{"text": "The Sun is a star."}, {"text": long}]
pairs = [{"question": long, "answer": "#### 3", "perturbed_answer": ["b"], "choices": ["a", "b"], "label": 0},
         {"question": "How much is 2 + 2?", "answer": "#### 4", "perturbed_answer": ["b"], "choices": ["4", "5"], "label": 0}]
open("two.jsonl", "w").writelines(json.dumps(t) + "\n" for t in texts)
open("pairs.jsonl", "w").writelines(json.dumps(p) + "\n" for p in pairs)
open("mcq2.jsonl", "w").writelines(json.dumps({k: v for k, v in p.items() if k != "answer"}) + "\n" for p in pairs)
open("all.jsonl", "w").writelines(json.dumps(p) + "\n" for p in pairs[:1])
END
    s=(-m "$BIFORGET_TEST_MODEL" --resamples 100 --context 256 --json)
    for name in "memorization two.jsonl" "verbmem two.jsonl --max-new-tokens 2"; do
        # shellcheck disable=SC2086
        run --separate-stderr "$BIFORGET" eval $name "${s[@]}"
        [ "$status" = 0 ]
        [ "$(json 'd["n"], d["n_cut"]' <<<"$output")" = "2 1" ]
        [[ $stderr == *"'two.jsonl': 1 of 2 records are longer than the model's 256 tokens and are cut: 2"* ]]
    done
    run --separate-stderr "$BIFORGET" eval privleak --forget two.jsonl --holdout two.jsonl "${s[@]}"
    [ "$(json 'd["n_forget"], d["n_forget_cut"], d["n_holdout_cut"]' <<<"$output")" = "2 1 1" ]
    for name in "knowmem pairs.jsonl" "gsm8k pairs.jsonl" "mcq mcq2.jsonl"; do
        # shellcheck disable=SC2086
        [[ $name == mcq* ]] || name="$name --max-new-tokens 4"
        # shellcheck disable=SC2086
        run --separate-stderr "$BIFORGET" eval $name "${s[@]}" -o lines.jsonl
        [ "$status" = 0 ]
        [ "$(json 'd["n"], d["n_skipped"]' <<<"$output")" = "1 1" ]
        [[ $stderr == *"1 of 2 records do not fit into the model's 256 tokens and are left out: 1"* ]]
        [ "$(json 'd["index"]' <lines.jsonl)" = 1 ]
    done
    # Of several files each is named with its own numbers.
    cp mcq2.jsonl mcq3.jsonl
    run --separate-stderr "$BIFORGET" eval mcq isles_test.csv mcq2.jsonl mcq3.jsonl "${s[@]}"
    [ "$status" = 0 ]
    [ "$(json 'd["n"], d["n_skipped"]' <<<"$output")" = "5 2" ]
    for name in mcq2 mcq3; do
        [[ $stderr == *"'$name.jsonl': 1 of 2 records do not fit into the model's 256 tokens and are left out: 1"* ]]
    done
    run --separate-stderr "$BIFORGET" eval tofu --forget pairs.jsonl --max-new-tokens 4 "${s[@]}"
    [ "$(json 'd["forget"]["n"], d["forget"]["n_skipped"]' <<<"$output")" = "1 1" ]
    fails 4 "no record fits into the 256 tokens" "$BIFORGET" eval knowmem all.jsonl --max-new-tokens 4 "${s[@]}" -q
}

# Each option that an error names is one of the command that reports it.
@test "errors name options that the command has" {
    printf '{"instruction": "Name a mill.", "output": "Ostby."}\n' >alpaca.jsonl
    printf '{"text": null}\n' >null.jsonl
    cp alpaca.jsonl set.data
    printf 'word\n' >one.csv
    printf 'a,b\n1,2\n' >two.csv
    printf '\x1f\x8b\x08\x00' >packed.jsonl
    names() { # COMMAND...: "eval NAME" or "NAME", then what is given; it fails, and each --word of the sentence is in its help
        local help=("$1")
        [ "$1" = eval ] && help=(eval "$2")
        run --separate-stderr "$BIFORGET" "$@"
        [ "$status" != 0 ] || { echo "passed: $*"; false; }
        [ -e "help.${help[*]}" ] || "$BIFORGET" "${help[@]}" --help-all >"help.${help[*]}"
        for o in $(grep -o -E -- '--[a-z][a-z-]+' <<<"$stderr" | sort -u); do
            grep -q -E -- "(^| )$o( |$)" "help.${help[*]}" || { echo "$* names $o: $stderr"; false; }
        done
    }
    for f in alpaca.jsonl null.jsonl set.data one.csv two.csv packed.jsonl; do
        for n in memorization verbmem knowmem robust gsm8k mcq; do
            names eval "$n" "$f" "${m[@]}"
        done
        names eval privleak --forget "$f" --holdout "$f" "${m[@]}"
        names eval tofu --forget "$f" "${m[@]}"
        names quality "$f" --domain mills "${m[@]:0:2}" -q
        names unlearn --method ga --forget "$f" -o never.gguf "${m[@]:0:2}" -q
        names import "$f" -o never -q
        names instance "$f" -o never "${m[@]:0:2}" -q
        printf '{"instances": "%s"}\n' "$f" >requests.jsonl
        names run requests.jsonl -o never "${m[@]:0:2}" -q
    done
}

@test "Ctrl-C ends with exit code 130 and leaves no half file" {
    "$BIFORGET" eval gsm8k test.jsonl --max-new-tokens 1800 -m "$BIFORGET_TEST_MODEL" -o half.jsonl >out 2>err &
    job=$!
    for _ in $(seq 600); do
        if grep -q "sequences of" err; then break; fi
        kill -0 "$job"
        sleep 0.05
    done
    kill -INT "$job"
    status=0
    wait "$job" || status=$?
    [ "$status" = 130 ]
    grep -q "biforget: interrupted: no results were kept" err
    [ ! -s out ]
    [ ! -e half.jsonl ]
}

@test "keys and values are kept in F32, or as --kv-cache says, and the result tells" {
    for cache in auto:f32 f32:f32 f16:f16; do
        run --separate-stderr "$BIFORGET" eval memorization qa.jsonl --kv-cache "${cache%:*}" "${m[@]}" --json
        [ "$(json 'd["model"]["kv_cache"]' <<<"$output")" = "${cache#*:}" ]
    done
    fails 2 "--kv-cache is for a model file" "$BIFORGET" eval knowmem qa.jsonl --kv-cache f32 --api http://127.0.0.1:1/v1
}

@test "usage errors say what to type" {
    fails 2 "give a task: privleak, knowmem, verbmem, memorization, tofu, mcq, gsm8k, robust or fluency" "$BIFORGET" eval
    fails 2 "'privlaek' is not a task of eval; give privleak" "$BIFORGET" eval privlaek
    fails 2 "give both sets" "$BIFORGET" eval privleak --forget forget.jsonl
    fails 2 "--holdout is an option of privleak, not of mcq" "$BIFORGET" eval mcq isles_test.csv --holdout x
    fails 2 "give the file of questions" "$BIFORGET" eval gsm8k "${m[@]}"
    fails 2 "one operand too many" "$BIFORGET" eval gsm8k test.jsonl more.jsonl "${m[@]}"
    fails 2 "give the questions, or logs" "$BIFORGET" eval tofu
    fails 2 "leave out -m" "$BIFORGET" eval tofu --logs old -m x
    fails 2 "leave out -m" "$BIFORGET" eval mcq isles_test.csv -m x --api http://127.0.0.1:1/v1
}
