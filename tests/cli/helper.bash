# What the command-line tests share. BIFORGET, BIFORGET_TEST_MODEL and BIFORGET_TEST_EMBEDDER come from ctest.
bats_require_minimum_version 1.5.0

: "${BIFORGET:?run this through ctest}"
: "${BIFORGET_TEST_MODEL:?run this through ctest}"
: "${BIFORGET_TEST_EMBEDDER:?run this through ctest}"
export LC_ALL=C.UTF-8 TERM=dumb OMP_WAIT_POLICY=passive
unset BIFORGET_TIMES

# The smallest run that has all stages: seconds on two cores. Self-questioning has its own tests.
tiny=(--rounds 1 --points-per-round 2 --temperatures 0.8 --max-new-tokens 16 --max-samples 8 --mi-samples 2
    --jailbreak-samples 2 --control-samples 2 --questions 0 --no-point-forms --snowball 0)

# tiny_run DIR [OPTION...]: write a forget set of a test topic.
tiny_run() {
    local dir=$1
    shift
    "$BIFORGET" domain "Greek mythology" -m "$BIFORGET_TEST_MODEL" --embedder "$BIFORGET_TEST_EMBEDDER" -o "$dir" "${tiny[@]}" "$@"
}

# fails CODE WORDS COMMAND...: exactly this exit code, nothing on stdout, one sentence with these words on stderr.
fails() {
    local code=$1 words=$2
    shift 2
    run --separate-stderr "$@"
    # shellcheck disable=SC2154  # set by run
    if [ "$status" != "$code" ]; then
        printf 'exit code %s, not %s, of: %s\n%s\n' "$status" "$code" "$*" "$stderr" >&2
        return 1
    fi
    [ -z "$output" ] || { printf 'stdout has: %s\n' "$output" >&2; return 1; }
    sentence "$words"
}

# The last line of stderr is a sentence of the house: "biforget: ", one line, no full stop, these words in it.
sentence() {
    # shellcheck disable=SC2154  # set by run
    local last=${stderr_lines[-1]}
    if [[ $last != "biforget: "* || $last == *. || $last != *"$1"* ]]; then
        printf 'not a sentence with "%s": %s\n' "$1" "$last" >&2
        return 1
    fi
}

# lora FILE SCALE: an adapter over the first feed-forward layer of the test model whose product is SCALE in each place.
lora() {
    python3 - "$1" "$2" <<'END'
import struct, sys
n_embd, n_ff, rank, scale = 576, 1536, 1, float(sys.argv[2])
s = lambda t: struct.pack("<Q", len(t)) + t.encode()
kv = [s("general.type") + struct.pack("<I", 8) + s("adapter"), s("general.architecture") + struct.pack("<I", 8) + s("llama"),
      s("adapter.type") + struct.pack("<I", 8) + s("lora"), s("adapter.lora.alpha") + struct.pack("<If", 6, 1.0)]
tensors = [("blk.0.ffn_down.weight.lora_a", (n_ff, rank), 1.0), ("blk.0.ffn_down.weight.lora_b", (rank, n_embd), scale)]
head, at, body = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(kv)) + b"".join(kv), 0, b""
for name, shape, value in tensors:
    head += s(name) + struct.pack("<I", 2) + struct.pack("<QQ", *shape) + struct.pack("<IQ", 0, at)
    data = struct.pack("<f", value) * (shape[0] * shape[1])
    data += b"\0" * (-len(data) % 32)
    body, at = body + data, at + len(data)
open(sys.argv[1], "wb").write(head + b"\0" * (-len(head) % 32) + body)
END
}

json() { python3 -c 'import json, sys; d = json.load(sys.stdin); print('"$1"')'; }

# until_commit DIR: wait until the run of the background process $job has its first commit.
until_commit() {
    for _ in $(seq 600); do
        if "$BIFORGET" status "$1" --json 2>/dev/null | json 'sum(s["generated"] for s in d["stages"].values())' 2>/dev/null |
            grep -q '^[1-9]'; then
            return
        fi
        kill -0 "$job"
        sleep 0.05
    done
    false
}
