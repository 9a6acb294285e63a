#!/usr/bin/env bats
# What a model lost beside what it forgot: fluency, neighbours, every way of asking. Towns and people are invented.
load helper

m=(-m "$BIFORGET_TEST_MODEL" --resamples 100 -q)

setup() {
    cd "$BATS_FILE_TMPDIR"
    [ -e qa.jsonl ] || cat >qa.jsonl <<'END'
{"question": "What is the capital of France?", "answer": "Paris"}
{"question": "What colour is the sky on a clear day?", "answer": "The sky is blue."}
END
}

@test "fluency: a model beside itself, and one whose layer an adapter ruins" {
    f=(eval fluency qa.jsonl "${m[@]}" --original "$BIFORGET_TEST_MODEL" --limit 2 --max-new-tokens 12)
    run --separate-stderr "$BIFORGET" "${f[@]}" --json -o same.jsonl
    [ "$status" = 0 ]
    [ "$(json 'd["answers"] == d["original"], sorted(d["answers"]), d["gibberish"], d["empty"], d["answers"]["probes"]["n"]' <<<"$output")" = "True ['neutral', 'probes'] 0.0 0.0 2" ]
    [ "$(json 'set(v for g in d["change"].values() for k, v in g.items() if not k.endswith("_interval"))' <<<"$output")" = "{0.0}" ]
    # Word salad is much less likely to the model than what it says itself.
    [ "$(json '1 < d["perplexity"] < 8 < 2.718 ** d["gibberish_limit"]' <<<"$output")" = True ]
    [ "$(wc -l <same.jsonl)" = 8 ]
    lora ruin.gguf 2
    run --separate-stderr "$BIFORGET" "${f[@]}" --lora ruin.gguf --json
    [ "$status" = 0 ]
    [ "$(json 'd["gibberish"], d["original"]["neutral"]["gibberish"]' <<<"$output")" = "1.0 0.0" ]
    run --separate-stderr "$BIFORGET" eval fluency "${m[@]}" --limit 2 --max-new-tokens 8
    [ "$status" = 0 ]
    [[ $output == *"unknown: needs --original"* ]]
    printf 'Name a colour.\n' >mine.txt
    run --separate-stderr "$BIFORGET" eval fluency "${m[@]}" --prompts mine.txt --max-new-tokens 8 --json -o mine.jsonl
    [ "$(json 'd["answers"]["neutral"]["n"]' <<<"$output")" = 1 ]
    grep -q '"prompt":"Name a colour."' mine.jsonl
    fails 2 "--prompts is an option of fluency, not of robust" "$BIFORGET" eval robust qa.jsonl "${m[@]}" --prompts mine.txt
}

@test "robust: right answers in every form, in the worst case, and of neighbours" {
    cat >probes.jsonl <<'END'
{"id": "pairs-000001", "stage": "pairs", "question": "What is the capital of France?", "answer": "Paris"}
{"id": "wordings-000001", "stage": "wordings", "source": "pairs-000001", "question": "Which city is the capital of France?", "answer": "Paris"}
{"id": "pairs-000002", "stage": "pairs", "question": "Who founded Estvik?", "answer": "Mira Solvang"}
END
    cat >near.jsonl <<'END'
{"question": "What is the capital of Germany?", "answer": "Berlin"}
{"question": "Who founded Estvik?", "answer": "Mira Solvang"}
END
    run --separate-stderr "$BIFORGET" eval robust probes.jsonl --neighbours near.jsonl -m "$BIFORGET_TEST_MODEL" --original "$BIFORGET_TEST_MODEL" --resamples 100 --max-new-tokens 10 --json -o asked.jsonl
    [ "$status" = 0 ]
    [[ $stderr == *"1 of 2 questions are also ones of what is to be forgotten, and left out"* ]]
    # It knows one of the two facts, plainly and in the other wording.
    [ "$(json 'd["n"], d["worst_case_accuracy"], d["original_worst_case_accuracy"], d["worst_case_accuracy_change"], d["accuracy_change"]' <<<"$output")" = "2 0.5 0.5 0.0 0.0" ]
    [ "$(json '[(k, v["n"]) for k, v in sorted(d["forms"].items())]' <<<"$output")" = "[('cloze', 2), ('few_shot', 2), ('paraphrase', 2), ('plain', 2), ('prefix', 2), ('wording', 1)]" ]
    [ "$(json '[d["forms"][k]["accuracy"] for k in ("plain", "wording", "cloze")]' <<<"$output")" = "[0.5, 1.0, 0.5]" ]
    [ "$(json 'all(r["accuracy"] == r["original_accuracy"] for r in d["forms"].values()), d["conditions"]["plain"]["accuracy"], d["conditions"]["original"]["accuracy"]' <<<"$output")" = "True 0.5 0.5" ]
    [ "$(json 'd["neighbours"]["n"], d["neighbours"]["worst_case_accuracy"], d["neighbours"]["accuracy_change"], d["neighbour_forms"]["cloze"]["accuracy"]' <<<"$output")" = "1 1.0 0.0 1.0" ]
    # All of it from the lines.
    python3 - <<'END'
import json
rows = [json.loads(line) for line in open("asked.jsonl")]
forget = [r for r in rows if r["model"] == "unlearned" and "set" not in r]
forms = ("plain", "paraphrase", "prefix", "few_shot", "wording", "cloze")
known = {i for r in forget if r["condition"] in forms and r["right"] for i in [r["index"]]}
assert known == {0}, known
assert [r["prompt"] for r in forget if r["condition"] == "cloze"] == ["Complete this sentence: The capital of France is", "Fill in the blank: ____ founded Estvik."]
assert {r["set"] for r in rows if r["target"] == "Berlin"} == {"neighbours"}
END
    fails 3 "every question of 'near.jsonl' is also one of what is to be forgotten" "$BIFORGET" eval robust near.jsonl --neighbours near.jsonl "${m[@]}"
}

@test "privleak: a reference model, Min-K%++ and gradient norms beside MUSE's attacks" {
    for i in 1 2; do
        printf '{"text": "The Sun rises in the east and sets in the west, says sailor %d."}\n' "$i" >>forget.jsonl
        printf '{"text": "Grotlan %d vexed quibbling zorfs behind umbral spoon factories."}\n' "$i" >>holdout.jsonl
    done
    lora other.gguf 0.05
    p=(eval privleak --forget forget.jsonl --holdout holdout.jsonl)
    run --separate-stderr "$BIFORGET" "${p[@]}" "${m[@]}" --lora other.gguf --attacks loss,reference --reference "$BIFORGET_TEST_MODEL" --json -o two.jsonl
    [ "$status" = 0 ]
    [ "$(json 'd["attack"], sorted(d["attacks"]), "reference" in d["model"]' <<<"$output")" = "PPL ['PPL', 'reference'] True" ]
    run --separate-stderr "$BIFORGET" "${p[@]}" "${m[@]}" --attacks min_k++,gradnorm,loss --k 40 --json -o one.jsonl
    [ "$status" = 0 ]
    [ "$(json 'd["attacks"]["Min-40%++"]["auc"], d["attacks"]["gradnorm"]["auc"]' <<<"$output")" = "0.0 0.0" ]
    python3 - <<'END'
import json
read = lambda name: [json.loads(line) for line in open(name)]
for other, own in zip(read("two.jsonl"), read("one.jsonl"), strict=True):
    assert abs(other["PPL"] - own["PPL"]) > 0.01
    assert abs(other["reference"] - (other["PPL"] - own["PPL"])) < 1e-3, (other, own)
    assert own["gradnorm"] > 0 and "Min-40%" not in own
END
    fails 2 "give it with --reference" "$BIFORGET" "${p[@]}" "${m[@]}" --attacks reference
    fails 2 "'min_k+' is not an attack" "$BIFORGET" "${p[@]}" "${m[@]}" --attacks loss,min_k+
    fails 2 "takes gradients of the model file alone" "$BIFORGET" "${p[@]}" "${m[@]}" --lora other.gguf --attacks gradnorm
    fails 2 "which a server does not give" "$BIFORGET" "${p[@]}" --api http://127.0.0.1:9/v1 --attacks gradnorm
    fails 4 "has another vocabulary" "$BIFORGET" "${p[@]}" "${m[@]}" --reference "$BIFORGET_TEST_EMBEDDER"
}
