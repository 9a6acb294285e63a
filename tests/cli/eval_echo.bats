#!/usr/bin/env bats
# Evaluation by probabilities on a server that echoes prompts (tests/proxy/echo_server.py, which says what it is).
load helper

setup_file() {
    port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    python3 "$BIFORGET_SOURCE/tests/proxy/echo_server.py" "$port" 3>&- &
    server=$!
    export port server
    for _ in $(seq 100); do
        if python3 -c "import urllib.request as u; u.urlopen('http://127.0.0.1:$port/v1/models', timeout=1)" 2>/dev/null; then return; fi
        kill -0 "$server"
        sleep 0.1
    done
    false
}

teardown_file() { kill "$server" 2>/dev/null || true; }

setup() {
    cd "$BATS_TEST_TMPDIR"
    api=(--api "http://127.0.0.1:$port/v1" --api-give-up 20 --resamples 100 -q)
}

@test "the letter with the highest probability after the prompt is chosen" {
    for answer in A B A; do printf 'Which?,one,two,three,%s\n' "$answer"; done >q.csv
    run --separate-stderr "$BIFORGET" eval mcq q.csv "${api[@]}" --json -o q.jsonl
    [ "$status" = 0 ]
    [ "$(json 'round(d["accuracy"], 6), d["n"]' <<<"$output")" = "0.666667 3" ]
    [ "$(python3 -c 'import json; print(json.loads(open("q.jsonl").readline())["logp"])')" = "[-1.0, -2.0, -3.0]" ]
}

@test "whole texts have the server's probabilities" {
    printf '{"text": "aa bbbb cccccc"}\n{"text": "aa bb cc dd ee ff"}\n' >f.jsonl
    printf '{"text": "aa bbbbbbbbbbbbbbbbbbbb"}\n' >h.jsonl
    run --separate-stderr "$BIFORGET" eval privleak --forget f.jsonl --holdout h.jsonl --k 50 "${api[@]}" --json -o p.jsonl
    [ "$status" = 0 ]
    [ "$(json 'd["auc"], d["privleak"]' <<<"$output")" = "0.0 -100.0" ]
    [ "$(python3 -c 'import json; print([round(json.loads(l)["PPL"], 6) for l in open("p.jsonl")], [json.loads(l)["tokens"] for l in open("p.jsonl")])')" = "[0.5, 0.2, 2.0] [2, 5, 1]" ]
}

@test "what no server does is refused" {
    printf '{"question": "q", "answer": "a", "perturbed_answer": ["b"]}\n' >t.jsonl
    fails 4 "scores whole texts, but not an answer after a prompt" "$BIFORGET" eval tofu --forget t.jsonl "${api[@]}"
    fails 4 "scores whole texts, but not an answer after a prompt" "$BIFORGET" eval memorization t.jsonl "${api[@]}"
}
