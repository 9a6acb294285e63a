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
