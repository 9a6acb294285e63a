#!/usr/bin/env bats
# The closed loop from outside: a run, unlearning with it, figures before and after. Few steps of a small model: no figure here says anything
# about a method.
load helper

# One thread: with more, each waits for the others wherever the machine is busy.
words="--max-steps 4 --batch 2 --accum 1 --max-length 64 --measure 4 --answers 1 --lora-rank 4 --lr 1e-3 --checkpoint-every 1"
loop=(--then graddiff --then-options "$words" --eval --eval-limit 4)
small=(--rounds 1 --points-per-round 1 --temperatures 0.8 --max-new-tokens 16 --max-samples 8 --mi-samples 0 --jailbreak-samples 0 --control-samples 0 --questions 0 --neighbours 0)

domain() {
    "$BIFORGET" domain "Greek mythology" -m "$BIFORGET_TEST_MODEL" --embedder "$BIFORGET_TEST_EMBEDDER" -t 1 "${small[@]}" "$@"
}

setup_file() {
    cd "$BATS_FILE_TMPDIR"
    printf 'Water boils at one hundred degrees.\nBread is made of flour, water and yeast.\nA week has seven days.\n' >keep.txt
    domain -o run --retain-set keep.txt "${loop[@]}" --json -q >out.json 2>err
}

setup() {
    cd "$BATS_FILE_TMPDIR"
}

teardown() {
    [ -z "$job" ] || kill -9 "$job" 2>/dev/null || true
}

@test "one line: a forget set, a model that forgot, figures before and after" {
    [ "$(wc -l <out.json)" = 1 ]
    [ ! -s err ]
    [ "$(json 'd["finished"], d["kept"] > 0, d["closed_loop"]["finished"], d["closed_loop"]["output"]' <out.json)" = "True True True unlearned-graddiff.gguf" ]
    [ "$(json '[(f["set"], f["figure"]) for f in d["closed_loop"]["figures"]]' <out.json)" = "[('forget', 'nll'), ('forget', 'exact_memorization'), ('forget', 'extraction_strength'), ('retain', 'nll'), ('retain', 'exact_memorization'), ('retain', 'extraction_strength')]" ]
    # The forget set became less likely, the retain set was learnt, and every figure is there.
    [ "$(json '[f["after"] - f["before"] > 0.1 for f in d["closed_loop"]["figures"] if f["figure"] == "nll"]' <out.json)" = "[True, False]" ]
    [ "$(json 'all(isinstance(f[k], float) for f in d["closed_loop"]["figures"] for k in ("before", "after"))' <out.json)" = True ]
    [ "$(json 'len(d["closed_loop"]["answers"]), d["closed_loop"]["steps"]["unlearn"]["result"]["steps"], d["closed_loop"]["wish"]["options"][:2]' <out.json)" = "1 4 ['--max-steps', '4']" ]
    # What the loop says is what the commands say by themselves.
    run --separate-stderr "$BIFORGET" eval memorization run -m run/unlearned-graddiff.gguf --limit 4 --json -q
    [ "$(json 'd["exact_memorization"]' <<<"$output")" = "$(json 'd["closed_loop"]["figures"][1]["after"]' <out.json)" ]
    [ "$(json 'd' <run/closed-loop.json)" = "$(json 'd["closed_loop"]' <out.json)" ]
    [ -z "$(find run -type f ! -perm 600)" ]
    grep -q '"closed_loop":{' run/report.html
    [ ! -e run/unlearned-graddiff.gguf.training/checkpoint.bin ]
}

@test "resume of what is done shows the table and does nothing" {
    before=$(sha256sum run/unlearned-graddiff.gguf run/closed-loop.json)
    run --separate-stderr "$BIFORGET" resume run
    [ "$status" = 0 ]
    [[ $stderr == *"nothing to do"* ]]
    [[ $output == *"unlearned by graddiff: 4 of 4 steps"*"before     after    change"*"forget set"*"exact memorization"*"retain set"*"prompt:"*"run/unlearned-graddiff.gguf"* ]]
    run --separate-stderr "$BIFORGET" resume run "${loop[@]}" --json -q
    [ "$status" = 0 ]
    [ -z "$stderr" ]
    [ "$(json 'd["closed_loop"]' <<<"$output")" = "$(json 'd["closed_loop"]' <out.json)" ]
    [ "$(sha256sum run/unlearned-graddiff.gguf run/closed-loop.json)" = "$before" ]
}

# training RUN: wait until the background process $job has a checkpoint of its training.
training() {
    for _ in $(seq 1200); do
        [ ! -e "$1/unlearned-graddiff.gguf.training/checkpoint.bin" ] || return 0
        kill -0 "$job"
        sleep 0.05
    done
    false
}

# bats test_tags=slow
@test "unlearning later, kill -9 and Ctrl-C in the midst of it: the bytes of the run that nobody stopped" {
    domain -o late -q >/dev/null
    cmp late/forget.jsonl run/forget.jsonl # --then changes nothing of the run
    "$BIFORGET" resume late -t 1 --retain-set keep.txt "${loop[@]}" >/dev/null 2>late.err 3>&- &
    job=$!
    training late
    kill -9 "$job"
    wait "$job" 2>/dev/null || true
    "$BIFORGET" resume late -t 1 >late.out 2>again.err 3>&- &
    job=$!
    for _ in $(seq 1200); do # what was killed may still be saving
        grep -q '] unlearning by graddiff' again.err && break
        sleep 0.05
    done
    run ! grep -q 'evaluating the forget set, before' again.err # done by the process that was killed
    kill -INT "$job"
    local code=0
    wait "$job" || code=$?
    job=
    if [ "$code" != 0 ]; then # it was not quicker than we
        [ "$code" = 130 ]
        [ ! -s late.out ]
        [[ $(tail -n 1 again.err) == "biforget: interrupted; everything so far is saved, resume it with: biforget resume late" ]]
        [ "$(json 'd["finished"]' <late/closed-loop.json)" = False ]
    fi
    run --separate-stderr "$BIFORGET" resume late -t 1 --json
    [ "$status" = 0 ]
    [ "$(json '"--resume" in d["closed_loop"]["steps"]["unlearn"]["command"]' <<<"$output")" = True ]
    [ "$(json 'd["closed_loop"]["figures"]' <<<"$output")" = "$(json 'd["closed_loop"]["figures"]' <out.json)" ]
    cmp late/unlearned-graddiff.gguf run/unlearned-graddiff.gguf
}

# bats test_tags=slow
@test "a model that is gone, or texts to keep that changed: done again" {
    cp -r run again
    run --separate-stderr "$BIFORGET" resume again -t 1 # a copy is as finished as the run
    [[ $stderr == *"nothing to do"* ]]
    rm again/unlearned-graddiff.gguf
    "$BIFORGET" resume again -t 1 >/dev/null 2>again.err 3>&- &
    job=$!
    training again
    kill -9 "$job"
    wait "$job" 2>/dev/null || true
    job=
    run ! grep -q ', before' again.err # nothing of that has changed
    [ "$(json 'd["finished"], "figures" in d' <again/closed-loop.json)" = "False False" ]
    # The checkpoint is of other texts, too.
    printf 'Salt dissolves in water.\nA year has twelve months.\n' >keep2.txt
    sed -i 's/keep\.txt/keep2.txt/g' again/closed-loop.json
    run --separate-stderr "$BIFORGET" resume again -t 1
    [ "$status" = 0 ] || { echo "$stderr" >&2; false; }
    [[ $stderr == *"evaluating the retain set, before"*"] unlearning by graddiff"* ]]
    run ! cmp -s again/unlearned-graddiff.gguf run/unlearned-graddiff.gguf
    [ "$(json 'd["finished"]' <again/closed-loop.json)" = True ]
}

@test "a folder that holds a run is named before what --then needs" {
    fails 5 "already holds a run" "$BIFORGET" domain "Greek mythology" -m "$BIFORGET_TEST_MODEL" -o run --then npo -q
    fails 5 "already holds a run, of 'Greek mythology'" "$BIFORGET" domain "the Solar System" -m missing.gguf -o run --then npo -q
}

@test "a record that somebody changed gives no options to a command" {
    mkdir -p changed
    cp run/run.db run/forget.jsonl changed/
    for options in '["-o", "elsewhere.gguf"]' '[1]' '{}' '["--no-such"]'; do
        python3 -c 'import json, sys; d = json.load(open("run/closed-loop.json")); d["wish"]["options"] = json.loads(sys.argv[1]); d["finished"] = False; json.dump(d, open("changed/closed-loop.json", "w"))' "$options"
        fails 3 "delete it to start over" "$BIFORGET" resume changed -q
    done
    [ ! -e elsewhere.gguf ]
}

# bats test_tags=slow
@test "question-answer pairs of the set are asked in many ways" {
    cp -r run pairs
    # As if the forget set had pairs, and the last step were missing.
    python3 - <<'PY'
import hashlib, json
rows = [json.loads(line) for line in open("pairs/forget.jsonl", encoding="utf-8")]
for row in rows[:1]:
    row["question"], row["answer"] = "Who rules the sky?", "Zeus."
text = "".join(json.dumps(row) + "\n" for row in rows)
open("pairs/forget.jsonl", "w", encoding="utf-8").write(text)
state = json.load(open("pairs/closed-loop.json", encoding="utf-8"))
state["finished"], state["forget_sha256"] = False, hashlib.sha256(text.encode()).hexdigest()
state["steps"]["retain after"] = {"command": "x", "seconds": 1.0, "why": "the retain set is too long"}
json.dump(state, open("pairs/closed-loop.json", "w", encoding="utf-8"))
PY
    run --separate-stderr "$BIFORGET" resume pairs -t 1
    [ "$status" = 0 ] || { echo "$stderr" >&2; false; }
    [[ $stderr == *"[6/6] asking the forget set's questions"* && $stderr != *unlearning* ]]
    [[ $output == *"questions of the forget set"*"answers, ROUGE-L recall"*"1 pair"*"most that comes back"* ]]
    [[ $output == *"not measured (retain after): the retain set is too long"* ]]
    [ "$(json '[(f["figure"], f["n"]) for f in d["figures"] if f["set"] == "questions"]' <pairs/closed-loop.json)" = "[('rouge_l', 1), ('came_back', 1)]" ]
}

@test "what cannot be done is said before anything is written" {
    fails 2 "give texts with --retain-set FILE" domain -o no --then npo
    fails 2 "dpo learns from questions with answers alone" domain -o no --then dpo --retain-set keep.txt --then-options "--data auto"
    fails 2 "finetune teaches what is to be forgotten" domain -o no --then finetune
    fails 2 "'forgetting' is not a method; give --then auto" domain -o no --then forgetting
    fails 2 "--then npo" domain -o no --eval
    fails 2 "give one, too" domain -o no --then-options "--lr 1"
    fails 2 "in --then-options: unknown option '--lrr'; did you mean '--lr'" domain -o no --then ga --then-options "--lrr 1"
    fails 2 "leave --output out of --then-options" domain -o no --then ga --then-options "--lr 1 -o x"
    fails 2 "give the GGUF with -m" "$BIFORGET" domain Zeus --api http://localhost:1/v1 --then ga -o no
    fails 2 "a retain set from a file is for --then" domain -o no --retain-set keep.txt
    fails 3 "nowhere.txt" domain -o no --then npo --retain-set nowhere.txt
    fails 3 "there is no block 99" domain -o no --then rmu --retain-set keep.txt --then-options "--layer 99"
    fails 4 "is of architecture 'bert'" "$BIFORGET" domain Zeus -m "$BIFORGET_TEST_EMBEDDER" --then ga -o no
    [ ! -e no ]
    [ "$(json 'd["wish"]["method"]' <run/closed-loop.json)" = graddiff ]
}

@test "a training that fails: the forget set stays, and the sentence says what to type" {
    cp -r run fails
    fails 4 'biforget resume fails --then graddiff --then-options "--lr 1e-6" --eval' "$BIFORGET" resume fails -q -t 1 --then graddiff --then-options "--max-steps 2 --batch 2 --accum 1 --max-length 64 --measure 1 --max-loss 0.5 --lora-rank 4" --eval --eval-limit 4
    cmp fails/forget.jsonl run/forget.jsonl
    # The figures of the model as it was hold for the next attempt.
    [ "$(json 'sorted(d["steps"])' <fails/closed-loop.json)" = "['forget before', 'retain before']" ]
}

@test "no checkpoint keeps the limit: exit code 6, and a resume says so without a training" {
    cp -r run limit
    rm limit/unlearned-graddiff.gguf
    printf '{"question":"What is the capital of France?","answer":"Paris"}\n' >limit/probes.jsonl
    printf '{"question":"What is the capital of Germany?","answer":"Berlin"}\n' >limit/neighbours.jsonl
    fails 6 'biforget resume limit --then graddiff --then-options "--retain-accuracy-drop 0.1"' "$BIFORGET" resume limit -q -t 1 --then graddiff --then-options "--max-steps 1 --batch 1 --accum 1 --max-length 64 --measure 1 --lora-rank 4 --lr 1 --warmup 0 --probe-every 1"
    [[ $stderr == *"step 1: 0, 0;"* ]]
    [ "$(json '[sorted(s) for k, s in d["steps"].items() if k == "unlearn"], d["steps"]["unlearn"]["exit_code"]' <limit/closed-loop.json)" = "[['command', 'exit_code', 'seconds', 'why']] 6" ]
    local state
    state=$(<limit/closed-loop.json)
    fails 6 "step 1: 0, 0;" "$BIFORGET" resume limit -t 1
    [[ $stderr != *"unlearning by"* ]]
    [ "$(<limit/closed-loop.json)" = "$state" ]
    # Another set is another training.
    printf '{"text":"Hades rules the underworld."}\n' >>limit/forget.jsonl
    run --separate-stderr "$BIFORGET" resume limit -t 1
    [ "$status" = 6 ]
    [[ $stderr == *"unlearning by"* ]]
}

@test "a disk too small for the model: exit code 5 before anything is loaded" {
    [ "$(id -u)" = 0 ] || skip "needs root for a small file system"
    mkdir -p disk
    mount -t tmpfs -o size=2m tmpfs disk 2>/dev/null || skip "cannot mount here"
    run --separate-stderr domain -o disk/run --then ga
    umount -l disk
    [ "$status" = 5 ]
    sentence "unlearning needs about"
    [[ $stderr != *loading* ]]
}
