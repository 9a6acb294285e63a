#!/usr/bin/env bats
# A server in place of a model file: a real llama-server on loopback.
load helper

setup_file() {
    : "${BIFORGET_LLAMA_SERVER:?run this through ctest}"
    port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    key=sesame-$RANDOM$RANDOM
    "$BIFORGET_LLAMA_SERVER" -m "$BIFORGET_TEST_MODEL" --alias small --host 127.0.0.1 --port "$port" -np 4 -c 4096 -t 2 \
        --api-key "$key" --no-webui >"$BATS_FILE_TMPDIR/server.log" 2>&1 3>&- &
    server=$!
    url=http://127.0.0.1:$port/v1
    export port key url server
    for _ in $(seq 300); do
        if python3 -c "import urllib.request as u; u.urlopen('http://127.0.0.1:$port/health', timeout=1)" 2>/dev/null; then return; fi
        kill -0 "$server"
        sleep 0.1
    done
    false
}

teardown_file() { kill -9 "$server" 2>/dev/null || true; }

api_exec() {
    local dir=$1
    shift
    exec "$BIFORGET" domain "Greek mythology" --api "$url" --embedder "$BIFORGET_TEST_EMBEDDER" -o "$dir" "${tiny[@]}" "$@"
}

@test "a whole run, with the key from the environment and nowhere else" {
    (BIFORGET_API_KEY=$key api_exec "$BATS_TEST_TMPDIR/run" --json) >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err"
    [ "$(json 'd["finished"], d["model"]["description"], d["stages"]["synthesis"]["generated"]' <"$BATS_TEST_TMPDIR/out")" = "True small 8" ]
    [ "$(json 'd["kept"] + sum(d["rejected"].values())' <"$BATS_TEST_TMPDIR/out")" = 12 ]
    run ! grep -rq "$key" "$BATS_TEST_TMPDIR"
    "$BIFORGET" export "$BATS_TEST_TMPDIR/run" | python3 -c 'import json, sys
for l in sys.stdin:
    r = json.loads(l)
    assert 0 < r["min_k_prob"] <= 1, r'
}

@test "a wrong key, no server, and a file beside a server are refused with what to do" {
    BIFORGET_API_KEY=wrong fails 4 "BIFORGET_API_KEY" api_run "$BATS_TEST_TMPDIR/run"
    [ ! -e "$BATS_TEST_TMPDIR/run" ]
    fails 4 "127.0.0.1:1" "$BIFORGET" domain Mars --api http://127.0.0.1:1/v1 --api-give-up 1 --embedder "$BIFORGET_TEST_EMBEDDER" \
        -o "$BATS_TEST_TMPDIR/run" -q
    fails 2 "-m and --api exclude each other" "$BIFORGET" domain Mars --api "$url" -m "$BIFORGET_TEST_MODEL" -o "$BATS_TEST_TMPDIR/run"
}
api_run() { (api_exec "$@" -q); }

@test "without probabilities membership inference is refused, the rest runs" {
    export BIFORGET_API_KEY=$key
    fails 4 "--mi-samples 0" api_run "$BATS_TEST_TMPDIR/run" --api-probs none
    (api_exec "$BATS_TEST_TMPDIR/run" --api-probs none --mi-samples 0 --json) >"$BATS_TEST_TMPDIR/out"
    [ "$(json 'd["finished"]' <"$BATS_TEST_TMPDIR/out")" = True ]
    "$BIFORGET" export "$BATS_TEST_TMPDIR/run" | head -n 1 | grep -q '"min_k_prob":null,"min_k_prob_model":null'
}

@test "kill -9, then resume: the run ends whole, and an answered prompt is not asked again" {
    export BIFORGET_API_KEY=$key
    local before after
    before=$(grep -c 'POST /v1/' "$BATS_FILE_TMPDIR/server.log" || true)
    (api_exec "$BATS_TEST_TMPDIR/run" --parallel 2 --max-samples 30 --samples-per-prompt 10 -q) >/dev/null 2>&1 3>&- &
    job=$!
    until_commit "$BATS_TEST_TMPDIR/run"
    kill -9 "$job" 2>/dev/null || true
    wait "$job" || true
    # The record's address may be a stranger's: the key does not go there unasked.
    fails 2 "--api $url" "$BIFORGET" resume "$BATS_TEST_TMPDIR/run" --parallel 2 --json
    "$BIFORGET" resume "$BATS_TEST_TMPDIR/run" --api "$url" --parallel 2 --json >"$BATS_TEST_TMPDIR/out"
    [ "$(json 'd["finished"], d["stages"]["synthesis"]["generated"]' <"$BATS_TEST_TMPDIR/out")" = "True 30" ]
    after=$(grep -c 'POST /v1/' "$BATS_FILE_TMPDIR/server.log" || true)
    # 37 prompts; what was under way at the kill (2 at most, and one just delivered) again; the questions about abilities twice.
    if [ "$after" -gt 0 ]; then [ $((after - before)) -le $((37 + 3 + 24)) ]; fi
    [ -z "$(python3 -c 'import json, sys; ids = [json.loads(l)["id"] for l in open(sys.argv[1])]; print("" if len(ids) == len(set(ids)) else ids)' "$BATS_TEST_TMPDIR/run/forget.jsonl")" ]
}

@test "a run's record cannot have the key sent to a server of its choice; Ctrl-C says what to type" {
    export BIFORGET_API_KEY=$key
    cd "$BATS_TEST_TMPDIR"
    (api_exec "$BATS_TEST_TMPDIR/run" --parallel 2 --max-samples 30 --samples-per-prompt 10 -q) >/dev/null 2>err 3>&- &
    job=$!
    until_commit "$BATS_TEST_TMPDIR/run"
    kill -INT "$job"
    wait "$job" || true
    grep -qF "resume it with: biforget resume $BATS_TEST_TMPDIR/run --api $url" err
    # A listener that writes down what it is sent, in the place of the server.
    python3 - >thief.out 2>&1 3>&- <<'END' &
import socket
s = socket.create_server(("127.0.0.1", 0))
open("thief.port", "w").write(str(s.getsockname()[1]))
s.settimeout(60)
while True:
    c, _ = s.accept()
    data = c.recv(65536)
    print(data.decode(errors="replace"), flush=True)
    c.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
    c.close()
END
    thief=$!
    for _ in $(seq 100); do [ -s thief.port ] && break; sleep 0.1; done
    local there
    there=http://127.0.0.1:$(cat thief.port)/v1
    python3 - "$there" <<'END'
import json, sqlite3, sys
db = sqlite3.connect("run/run.db")
engine = json.loads(db.execute("select engine_json from run").fetchone()[0])
assert engine["api"]
engine["api"] = sys.argv[1]
db.execute("update run set engine_json = ?", (json.dumps(engine),))
db.commit()
END
    fails 2 "to send the key there, give --api $there" "$BIFORGET" resume run -q
    [ ! -s thief.out ] # nothing was even connected
    BIFORGET_API_KEY= fails 4 "" "$BIFORGET" resume run -q --api-give-up 1
    [ -s thief.out ] # without a key it is asked, and gets none
    run ! grep -qi -e authorization -e "$key" thief.out
    kill "$thief"
}

@test "evaluation by answers runs on a server as on a file, evaluation by probabilities is refused" {
    export BIFORGET_API_KEY=$key
    cd "$BATS_TEST_TMPDIR"
    printf '{"question": "What is the capital of France?", "answer": "Paris"}\n{"question": "Count from one to ten.", "answer": "one two three four five six seven eight nine ten"}\n' >qa.jsonl
    eval_on() { "$BIFORGET" eval knowmem qa.jsonl --shots qa.jsonl --max-new-tokens 12 --resamples 100 -q --json "$@"; }
    eval_on --api "$url" -o served.jsonl >served.json
    eval_on -m "$BIFORGET_TEST_MODEL" -o file.jsonl >file.json
    [ "$(json 'd["n"], d["knowmem"] >= 0.5' <served.json)" = "2 True" ]
    # Greedy both, by two builds of the same library.
    [ "$(json 'd["knowmem"]' <served.json)" = "$(json 'd["knowmem"]' <file.json)" ]
    printf 'Which is a god?,Zeus,Io,A\n' >one.csv
    fails 4 "gives no probabilities of given texts" "$BIFORGET" eval mcq one.csv --api "$url" -q
    fails 4 "gives no probabilities of given texts" "$BIFORGET" eval privleak --forget qa.jsonl --holdout qa.jsonl --api "$url" -q
}
