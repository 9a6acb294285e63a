#!/usr/bin/env bats
# Servers in the shapes that real ones have (tests/proxy/stand_in.py), for what needs no model.
load helper

setup() {
    cd "$BATS_TEST_TMPDIR"
    few=(--rounds 1 --points-per-round 2 --temperatures 0.8 --max-new-tokens 32 --mi-samples 0 --jailbreak-samples 0 --control-samples 0
        --max-samples 2 --embedder "$BIFORGET_TEST_EMBEDDER")
    printf '{"question": "Who rules the sky?", "answer": "Zeus rules it"}\n' >qa.jsonl
}

teardown() { [ -z "${server:-}" ] || kill "$server" 2>/dev/null || true; }

serve() {
    python3 "$BIFORGET_SOURCE/tests/proxy/stand_in.py" "$BATS_TEST_TMPDIR/port" "$BATS_TEST_TMPDIR/log" "$1" 3>&- &
    server=$!
    until [ -s port ]; do
        kill -0 "$server"
        sleep 0.05
    done
    url=http://127.0.0.1:$(cat port)/v1
}
domain() { "$BIFORGET" domain Zeus --api "$url" --api-give-up 20 -o run "${few[@]}" "$@"; }
# How many requests of a path have such a body?
asked() { python3 -c 'import json, sys
print(sum(1 for l in open("log") for r in [json.loads(l)] if r["path"] == sys.argv[1] and eval(sys.argv[2], {"b": r["body"]})))' "$@"; }

@test "log-probabilities of a server that tells them after sampling are recognised" {
    serve '{"logprobs": "processed"}'
    fails 4 "the model's own" domain --api-probs model -q
    run --separate-stderr domain --api-probs sampling
    [ "$status" = 0 ]
    [[ "$stderr" == *"with probabilities"* ]]
    [ "$(asked /v1/chat/completions 'b["temperature"] == 2 and b["top_k"] == 1')" -ge 1 ]
}

@test "log-probabilities of the model, and such as temperature has changed" {
    serve '{"logprobs": "raw"}'
    run --separate-stderr domain --max-samples 1
    [[ "$stderr" == *"with the model's own probabilities"* ]]
    fails 4 "logprobs-mode processed_logprobs, or with --max-logprobs 37" domain --mi-samples 4 --top-k 37 -o other
    kill "$server"
    rm port
    serve '{"logprobs": "scaled"}'
    run --separate-stderr domain -o scaled
    [[ "$stderr" == *"without probabilities"* ]]
}

@test "an answer that begins with blank lines, thoughts or a heading is not empty" {
    for text in '\n\nZeus rules it\n\nmore' '<think>\n\nWho?\n\n</think>\n\nZeus rules it\n\nmore' '**Answer:**\n\nZeus rules it\n\nmore'; do
        rm -f port
        serve "{\"text\": \"$text\"}"
        run --separate-stderr "$BIFORGET" eval knowmem qa.jsonl --api "$url" --json -o lines.jsonl
        kill "$server"
        [ "$status" = 0 ]
        [ "$(json 'd["knowmem"], d["knowmem_f1"]' <<<"$output")" = "1.0 1.0" ]
        # Once with its stops, once without.
        [ "$(json 'd["answer"].strip()' <lines.jsonl)" = "Zeus rules it" ]
    done
}

@test "fields that are refused by name are left out, and people are told" {
    serve '{"owner": "someone", "refuses": {"top_k": "unknown argument: top_k", "seed": "seed is not supported"}}'
    run --separate-stderr domain
    [ "$status" = 0 ]
    [[ "$stderr" == *"warning: the server refuses requests with top_k, seed (HTTP status 400, unknown argument: top_k), so they are sent without"* ]]
    [ "$(asked /v1/chat/completions '"top_k" not in b and "seed" not in b and b.get("logprobs") and b["max_tokens"] == 32')" -ge 2 ]
}

@test "a server that fails at the start is asked again; one that goes on failing never gets bare prompts" {
    serve '{"fails": ["/v1/chat/completions", 500, 3]}'
    run --separate-stderr domain -q
    [ "$status" = 0 ]
    [ "$(asked /v1/completions 'b.get("max_tokens") == 32')" = 0 ]
    kill "$server"
    rm port
    serve '{"fails": ["/v1/chat/completions", 502, 1000]}'
    fails 4 "give --api-mode completions" domain -q -o other
    [ "$(asked /v1/completions 'True')" = "$(asked /v1/completions 'b.get("echo") or isinstance(b["prompt"], list) or "logprob_token_ids" in b')" ]
}

@test "a refusal of chat is told, and both reasons when bare prompts are refused, too" {
    serve '{"fails": ["/v1/chat/completions", 404, 1000]}'
    run --separate-stderr domain
    [ "$status" = 0 ]
    [[ "$stderr" == *"warning: the server refuses chat requests (HTTP status 404, not ready)"* ]]
    "$BIFORGET" resume run -q >/dev/null
    kill "$server"
    rm port
    serve '{"refuses": {"messages": "no chat template", "prompt": "only chat"}}'
    fails 4 "no chat template; completions: HTTP status 400, only chat" domain -q -o other
}

@test "an address without /v1 gets the hint" {
    serve '{}'
    fails 4 "give --api ${url}" "$BIFORGET" domain Zeus --api "${url%/v1}" -o run "${few[@]}" -q
}

@test "a model that thinks is asked not to; where that does not help nothing is called forgotten" {
    serve '{"thinks": "unless asked"}'
    run --separate-stderr domain
    [ "$status" = 0 ]
    [[ "$stderr" == *"is asked to leave that out"* ]]
    [ "$(json 'd["kept"] >= 1, d["rejected"].get("thoughts", 0)' < <("$BIFORGET" status run --json))" = "True 0" ]
    kill "$server"
    rm port
    serve '{"thinks": "always"}'
    fails 4 "are thoughts of the model" domain -q -o other --api-probs none
    # The original itself is kept, and is not the model's.
    printf '{"text": "Zeus rules the sky from Mount Olympus and throws thunderbolts at those who anger him."}\n' >original.jsonl
    fails 4 "are thoughts of the model" "$BIFORGET" instance original.jsonl --api "$url" --api-mode chat --api-probs none -o rewrites \
        --embedder "$BIFORGET_TEST_EMBEDDER" --max-new-tokens 32 -q
    fails 4 "1 of 1 answers are thoughts of the model" "$BIFORGET" eval knowmem qa.jsonl --api "$url" --api-mode chat -q
    kill "$server"
    rm port
    serve '{"silent": true}'
    fails 4 "1 of 1 answers have tokens but no text" "$BIFORGET" eval knowmem qa.jsonl --api "$url" --api-mode chat -q
}

@test "an answer that ends where the server's context does is told" {
    serve '{"cut": 7}'
    run --separate-stderr domain
    [ "$status" = 0 ]
    [[ "$stderr" == *"warning: an answer ended after 7 tokens"* ]]
}

@test "the user's fields go into every request, ours cannot be among them" {
    serve '{}'
    run --separate-stderr domain --api-extra '{"priority": 5, "cache_salt": "x"}'
    [ "$status" = 0 ]
    [ "$(asked /v1/chat/completions 'b.get("priority") != 5 or b.get("cache_salt") != "x"')" = 0 ]
    fails 2 "may not set 'temperature'" domain -o other --api-extra '{"temperature": 0}'
    fails 2 "JSON object" domain -o other --api-extra '[1]'
    fails 2 "--api-extra" domain -o other --api-extra '{'
}

@test "tofu and memorization by the tokens of the server's template, end token included" {
    serve '{"offers": ["tokens"]}'
    printf '{"question": "Who rules", "answer": "aa bb", "paraphrased_answer": "aa bbb", "perturbed_answer": ["aaaa b"]}\n' >t.jsonl
    run --separate-stderr "$BIFORGET" eval tofu --forget t.jsonl --api "$url" --resamples 100 -q --json -o t.out
    [ "$status" = 0 ]
    # "aa bb" and the end: e^-(0.2 + 0.2 + 0.5)/3
    [ "$(json 'round(d["probability"], 6)' <t.out)" = "$(python3 -c 'import math; print(round(math.exp(-0.3), 6))')" ]
    run --separate-stderr "$BIFORGET" eval memorization qa.jsonl --api "$url" --resamples 100 -q --json
    [ "$status" = 0 ]
    [ "$(json 'round(d["exact_memorization"], 6)' <<<"$output")" = 0.666667 ] # "Zeus" is not the likeliest
}

@test "one request a question of mcq where chosen tokens can be asked for, and all in flight" {
    serve '{"offers": ["tokens"]}'
    for _ in $(seq 12); do printf 'Which?,one,two,three,B\n'; done >q.csv
    run --separate-stderr "$BIFORGET" eval mcq q.csv --api "$url" --resamples 100 -q --json -o q.jsonl --parallel 5
    [ "$status" = 0 ]
    [ "$(python3 -c 'import json; print(json.loads(open("q.jsonl").readline())["logp"])')" = "[-1.0, -2.0, -3.0]" ]
    [ "$(asked /v1/completions 'len(b.get("logprob_token_ids", [])) == 3 and "Which" in b["prompt"]')" = 12 ]
    [ "$(asked /tokenize 'True')" -le 8 ]
}

@test "a wait says what it waits for and ends at --api-give-up" {
    serve '{"fails": ["/v1/chat/completions", 503, 1000]}'
    run --separate-stderr domain --api-give-up 3
    [ "$status" = 4 ]
    [[ "$stderr" == *"waiting for a short chat answer ($url: HTTP status 503, not ready); giving up in"* ]]
    [[ "$stderr" == *"no server has answered for 3 s"* ]]
}
