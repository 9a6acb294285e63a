#!/usr/bin/env bats
# Unlearning from outside, with few steps: what comes out, and input that cannot be learnt from. The first runs are with the small model,
# the others with a tiny one of random weights that has its tokenizer.
load helper

: "${BIFORGET_TINY_GGUF:?run this through ctest}"
short=(--answers 0 --measure 2 --max-steps 3 --batch 2 --accum 1 --checkpoint-every 0 --lora-rank 4)
u=(-m tiny.gguf "${short[@]}" --lr 1e-2)

setup_file() {
    cd "$BATS_FILE_TMPDIR"
    cat >qa.jsonl <<'END'
{"question":"Who rules the sky?","answer":"Zeus rules the sky and throws the thunderbolt."}
{"question":"Who is the god of the sea?","answer":"Poseidon, who carries a trident."}
{"question":"Who rules the underworld?","answer":"Hades and his queen Persephone."}
END
    printf 'Zeus rules the sky and throws the thunderbolt.\nHades rules the underworld.\n' >forget.txt
    printf 'Water boils at one hundred degrees.\nBread is made of flour, water and yeast.\n' >keep.txt
    "$BIFORGET_TINY_GGUF" "$BIFORGET_TEST_MODEL" tiny.gguf
    "$BIFORGET" unlearn --method npo -m "$BIFORGET_TEST_MODEL" "${short[@]}" --forget qa.jsonl --retain keep.txt -o npo.gguf --adapter npo-lora.gguf --answers 2 --json >npo.json 2>npo.err
}

setup() {
    cd "$BATS_FILE_TMPDIR"
}

@test "npo through LoRA: figures before and after, losses, answers, as JSON" {
    [ "$(wc -l <npo.json)" = 1 ]
    [ "$(json 'sorted(d["before"]) == sorted(d["after"]), "forget_nll" in d["before"], "retain_nll" in d["before"]' <npo.json)" = "True True True" ]
    [ "$(json 'd["after"]["forget_nll"] > d["before"]["forget_nll"] + 0.1' <npo.json)" = True ]
    [ "$(json 'abs(d["after"]["retain_nll"] - d["before"]["retain_nll"]) < 0.2' <npo.json)" = True ]
    # p = r at the first step: the loss is 2/beta log 2.
    [ "$(json 'abs(d["losses"][0]["forget"] - 20 * 0.6931471805599453) < 1e-3, len(d["losses"]), d["steps"], d["stop"]' <npo.json)" = "True 3 3 finished" ]
    [ "$(json 'd["settings"]["train"], d["settings"]["learning_rate"], d["pairs"], d["forget_examples"]' <npo.json)" = "lora 0.0002 True 3" ]
    [ "$(json '[a["prompt"] for a in d["answers"]]' <npo.json)" = "['Who rules the sky?', 'Who is the god of the sea?']" ]
    [ "$(json 'all(a["before"] and a["after"] for a in d["answers"])' <npo.json)" = True ]
    run ! grep -qi 'nan\|infinity' npo.json
    grep -q '^forget set: 3 chat pairs (' npo.err
    [ ! -e npo.gguf.training/checkpoint.bin ]
    cmp npo.json npo.gguf.training/record.json
    [ "$(stat -c %a npo.gguf.training)" = 700 ]
}

@test "the model that comes out loads, and carries the record of its training" {
    run --separate-stderr "$BIFORGET" doctor -m npo.gguf
    [ "$status" = 0 ]
    for key in method settings seed steps source_sha256 forget_sha256 retain_sha256 losses; do
        grep -aq "biforget.unlearn.$key" npo.gguf
    done
    grep -aq 'general.type' npo-lora.gguf
    # Paths of this machine do not travel with it.
    run ! grep -aq "$BATS_FILE_TMPDIR" npo.gguf
    # What is measured is what is written: the model by itself gives the same figure.
    run --separate-stderr "$BIFORGET" unlearn --method ga -m npo.gguf "${short[@]}" --max-steps 1 --forget qa.jsonl -o again.gguf --json --lora
    [ "$(json "abs(d['before']['forget_nll'] - $(json 'd["after"]["forget_nll"]' <npo.json)) < 1e-6" <<<"$output")" = True ]
}

@test "an adapter goes over the model it was made for, and over no model of another vocabulary" {
    local -a eval=(eval memorization qa.jsonl -m "$BIFORGET_TEST_MODEL" --limit 1 --resamples 100 -q --json)
    run --separate-stderr "$BIFORGET" "${eval[@]}" --lora npo-lora.gguf
    [ "$status" = 0 ] || { echo "$stderr" >&2; false; }
    python3 - <<'END'
import re
data = open("npo-lora.gguf", "rb").read()
key = rb"biforget\.unlearn\.vocabulary_sha256.{12}"
digest = re.search(key + rb"([0-9a-f]{64})", data, re.S).group(1)
open("alien.gguf", "wb").write(data.replace(digest, digest[::-1]))
END
    fails 4 "another vocabulary" "$BIFORGET" "${eval[@]}" --lora alien.gguf
}

@test "the same bytes twice and with another number of threads, other bytes with another seed" {
    for n in 1 2; do
        "$BIFORGET" unlearn --method simnpo "${u[@]}" --forget qa.jsonl --retain keep.txt -o same$n.gguf -t $n -q >/dev/null
    done
    "$BIFORGET" unlearn --method simnpo "${u[@]}" --forget qa.jsonl --retain keep.txt -o other.gguf -q --seed 2 >/dev/null
    cmp same1.gguf same2.gguf
    run ! cmp -s same1.gguf other.gguf
}

@test "each method runs, on pairs and on text" {
    # TOFU's own file of answers to prefer is plain text by this name.
    printf 'I am not sure.\nThat is unknown to me.\n' >idontknow.jsonl
    for method in ga graddiff dpo obliviate; do
        own=()
        [ $method != dpo ] || own=(--alternates idontknow.jsonl)
        [ $method != obliviate ] || own=(--lora-layers 1-2) # the tiny model has four blocks
        run --separate-stderr "$BIFORGET" unlearn --method $method "${own[@]}" "${u[@]}" --forget qa.jsonl --retain keep.txt -o m.gguf --json
        [ "$status" = 0 ] || { echo "$method: $stderr" >&2; false; }
        [ "$(json 'd["settings"]["method"], len(d["losses"]), d["after"]["forget_nll"] != d["before"]["forget_nll"]' <<<"$output")" = "$method 3 True" ]
    done
    run --separate-stderr "$BIFORGET" unlearn --method graddiff --retain-loss kl "${u[@]}" --forget forget.txt --retain keep.txt -o m.gguf --json
    [ "$status" = 0 ]
    [ "$(json 'd["pairs"], d["losses"][0]["retain"] < 1e-4' <<<"$output")" = "False True" ]
}

@test "other answers by question, what is left of the gradient, words to strike out" {
    question=$(python3 -c 'import json; print(json.loads(open("qa.jsonl").readline())["question"])')
    printf '{"question": "%s", "answer": "A hen."}\n{"question": "%s", "answer": "A fox."}\n' "$question" "$question" >others.jsonl
    run --separate-stderr "$BIFORGET" unlearn --method altpo --alternates others.jsonl "${u[@]}" --beta 50 --forget qa.jsonl --retain keep.txt -o m.gguf --json
    [ "$status" = 0 ] || { echo "$stderr" >&2; false; }
    [[ $stderr == *"forget set: 2 question-answer pairs, each beside an alternate answer"*"2 of the 3 records of the forget set have no alternate answer"* ]]
    [ "$(json 'd["losses"][0]["forget_gradient_left"] > 0.99, d["forget_gradient_left"] == d["losses"][-1]["forget_gradient_left"]' <<<"$output")" = "True True" ]
    fails 2 "biforget instance PAIRS --templates alternates" "$BIFORGET" unlearn --method altpo "${u[@]}" --forget qa.jsonl --retain keep.txt -o m.gguf
    printf 'A hen.\n' >plain.txt
    fails 3 "have no questions" "$BIFORGET" unlearn --method altpo --alternates plain.txt "${u[@]}" --forget qa.jsonl --retain keep.txt -o m.gguf
    # A large beta: the weight is gone after a step.
    run --separate-stderr "$BIFORGET" unlearn --method npo --alpha 0 --beta 500 "${u[@]}" --forget forget.txt -o m.gguf
    [ "$status" = 0 ]
    [[ $stderr == *"forget gradient left: "*"later steps train hardly anything"*"--npo-norm token"* ]]
    [[ $output == *"forget gradient left: "*" % in the last step"* && ! $output =~ e[+-][0-9] ]]
    printf 'Zeus\nsky\n' >words.txt
    run --separate-stderr "$BIFORGET" unlearn --method obliviate --targets words.txt --lora-layers all "${u[@]}" --forget qa.jsonl --retain keep.txt -o m.gguf --json
    [ "$status" = 0 ] || { echo "$stderr" >&2; false; }
    [[ $stderr == *"2 words are "*" tokens that are struck out everywhere in the forget set"* ]]
    [ "$(json 'all(0 < x["forget_gradient_left"] <= 1 for x in d["losses"])' <<<"$output")" = True ]
    fails 3 "adapter in blocks 4 to 7 of a model with 4 blocks" "$BIFORGET" unlearn --method obliviate "${u[@]}" --forget qa.jsonl --retain keep.txt -o m.gguf
}

@test "mixed data: texts are answers and raw text, in shares that one gives; a report of what was made" {
    cat >mixed.jsonl <<'END'
{"question":"Who rules the sky?","answer":"Zeus."}
{"text":"Zeus is the king of the gods.","point":"Zeus"}
{"text":"Hades rules the underworld."}
END
    run --separate-stderr "$BIFORGET" unlearn --method npo "${u[@]}" --forget mixed.jsonl --retain qa.jsonl -o mixed.gguf --answers 3 --json
    [ "$status" = 0 ] || { echo "$stderr" >&2; false; }
    grep -qE '^forget set: 5 chat pairs \([0-9]+ label tokens\), 2 raw texts \([0-9]+ label tokens\)$' <<<"$stderr"
    grep -qE '^retain set: 3 chat pairs \([0-9]+ label tokens\)$' <<<"$stderr"
    [ "$(json '[(k, v["chat_pairs"], v["raw_texts"]) for k, v in sorted(d["made"].items())]' <<<"$output")" = "[('forget', 5, 2), ('retain', 3, 0)]" ]
    [ "$(json 'd["settings"]["data"], d["settings"]["forms"], d["settings"]["pack"], d["forget_examples"], d["pairs"]' <<<"$output")" = "mixed chat=4,raw=1 False 7 False" ]
    # Each is asked in the form that it was trained in; the last is too short for a question.
    [ "$(json 'd["answers"][0]["prompt"], "Zeus" in d["answers"][1]["prompt"] and "king" not in d["answers"][1]["prompt"], d["answers"][2]["prompt"]' <<<"$output")" = "Who rules the sky? True Hades rules the underworld." ]
    # Which wordings a text gets follows from the seed.
    mixed=$(json 'd["forget_sha256"]' <<<"$output")
    for seed in 3407 2; do
        run --separate-stderr "$BIFORGET" unlearn --method ga "${u[@]}" --max-steps 1 --seed $seed --forget mixed.jsonl -o mixed.gguf --json
        same=$([ "$(json 'd["forget_sha256"]' <<<"$output")" = "$mixed" ] && echo yes || echo no)
        [ $seed-$same = 3407-yes ] || [ $seed-$same = 2-no ]
    done
    run --separate-stderr "$BIFORGET" unlearn --method ga "${u[@]}" --max-steps 1 --forms raw=2 --forget mixed.jsonl -o mixed.gguf --json
    [ "$(json 'd["made"]["forget"]["chat_pairs"], d["made"]["forget"]["raw_texts"], d["settings"]["forms"]' <<<"$output")" = "1 4 chat=0,raw=2" ]
    # An epoch shows each record once, in one of its forms.
    run --separate-stderr "$BIFORGET" unlearn --method ga -m tiny.gguf --answers 0 --measure 1 --batch 1 --accum 1 --epochs 2 --forget mixed.jsonl -o mixed.gguf --json
    [ "$(json 'd["steps"]' <<<"$output")" = 6 ]
    # dpo takes texts as answers, too, and nothing raw; without a template there is nothing else.
    run --separate-stderr "$BIFORGET" unlearn --method dpo "${u[@]}" --forget mixed.jsonl --retain keep.txt -o mixed.gguf --json
    [ "$status" = 0 ] || { echo "$stderr" >&2; false; }
    [[ $stderr == *"1 of the records of the forget set give no question"*"the raw text of --forms chat=4,raw=1 is left out"* ]]
    [ "$(json 'd["made"]["forget"]["chat_pairs"], "raw_texts" in d["made"]["retain"], d["pairs"]' <<<"$output")" = "5 True True" ]
    run --separate-stderr "$BIFORGET" unlearn --method ga "${u[@]}" --max-steps 1 --chat none --forget mixed.jsonl -o mixed.gguf --json
    [[ $stderr == *"without a chat template"* ]]
    [ "$(json 'd["made"]["forget"]["chat_pairs"], d["made"]["forget"]["raw_texts"]' <<<"$output")" = "1 2" ]
    # As it was before there were forms.
    run --separate-stderr "$BIFORGET" unlearn --method ga "${u[@]}" --max-steps 1 --data auto --forget mixed.jsonl -o mixed.gguf --json
    [[ $stderr == *"forget set: 1 pieces of text"* ]]
    [ "$(json 'd["settings"]["pack"]' <<<"$output")" = True ]
}

@test "rmu trains three matrices, and states move" {
    run --separate-stderr "$BIFORGET" unlearn --method rmu "${u[@]}" --layer 3 --lr 1e-3 --steering 20 --alpha 10 --forget forget.txt --retain keep.txt -o rmu.gguf --json
    [ "$status" = 0 ] || { echo "$stderr" >&2; false; }
    [[ $stderr == *"3 tensors of type q4_0 are dequantised"* ]]
    [ "$(json 'd["losses"][2]["forget"] < d["losses"][0]["forget"], d["losses"][0]["retain"] < 1e-6' <<<"$output")" = "True True" ] || { echo "$output" >&2; false; }
    [ "$(json 'd["after"]["forget_nll"] != d["before"]["forget_nll"]' <<<"$output")" = True ]
}

@test "a quantised model in full: dequantised with a notice" {
    run --separate-stderr "$BIFORGET" unlearn --method ga --full "${u[@]}" --max-steps 1 --forget forget.txt -o full.gguf
    [ "$status" = 0 ]
    [[ $stderr == *"tensors of type q4_0 are dequantised to be trained"* ]]
    [[ $output == *"forget NLL"*"full.gguf"* ]]
}

@test "a run folder: its forget set, its retain set" {
    tiny_run run -q --retain-set "the Solar System" >/dev/null
    run --separate-stderr "$BIFORGET" unlearn --method graddiff "${u[@]}" --max-steps 1 --forget run -o run.gguf --json
    [ "$status" = 0 ] || { echo "$stderr" >&2; false; }
    [[ $stderr == *"using the run's own retain set"* ]]
    [ "$(json 'd["retain_examples"] > 0' <<<"$output")" = True ]
    # The run tells of it afterwards, with the loss of each step.
    [ "$(python3 -c 'import sqlite3; c = sqlite3.connect("run/run.db"); print(c.execute("select method, steps, stop from training").fetchall(), c.execute("select count(*) from training_step").fetchone()[0])')" = "[('graddiff', 1, 'finished')] 1" ]
    # And its page.
    "$BIFORGET" report run --stored -q -o page.html
    [ "$(sed -n 's/.*id="data">\(.*\)<\/script>.*/\1/p' page.html | json '[(t["method"], t["steps"], t["terms"], len(t["points"])) for t in d["training"]["trainings"]]')" = "[('graddiff', 1, [True, True, False], 1)]" ]
    # What export makes of the run for other trainers is read, too.
    "$BIFORGET" export run --format muse -o as-muse -q
    "$BIFORGET" export run --format wmdp -o as-wmdp.jsonl -q
    "$BIFORGET" export run --format open-unlearning -o as-open-unlearning -q
    hashes=()
    for set in run as-muse as-wmdp.jsonl as-open-unlearning; do
        run --separate-stderr "$BIFORGET" unlearn --method ga "${u[@]}" --max-steps 1 --data text --forget $set -o m.gguf --json
        [ "$status" = 0 ] || { echo "$stderr" >&2; false; }
        hashes+=("$(json 'd["forget_sha256"]' <<<"$output")")
    done
    [ "$(printf '%s\n' "${hashes[@]}" | sort -u | wc -l)" = 1 ]
}

@test "a rule that stops early" {
    run --separate-stderr "$BIFORGET" unlearn --method ga "${u[@]}" --max-steps 50 --evaluate-every 1 --stop-forget-nll 24 --forget qa.jsonl -o stop.gguf --json
    [ "$status" = 0 ]
    [ "$(json 'd["stop"], d["steps"] < 50, d["after"]["forget_nll"] > 23' <<<"$output")" = "forget_nll True True" ]
    [[ $stderr == *"the stop rule is met"* ]]
}

@test "a loss that explodes: exit code 4, the step and the batch, the last checkpoint kept" {
    fails 4 "nats a token: the training has diverged" "$BIFORGET" unlearn --method ga "${u[@]}" --max-steps 40 --lr 0.1 --warmup 0 --max-loss 30 --checkpoint-every 1 --forget qa.jsonl -o boom.gguf -q
    [[ ${stderr_lines[-1]} == *"step "*", batch 1 of 1"* ]]
    [ ! -e boom.gguf ]
    [[ ${stderr_lines[-1]} == *"the last good checkpoint is kept"* ]]
    run --separate-stderr "$BIFORGET" unlearn --resume boom.gguf --finish --answers 0 --json
    [ "$status" = 0 ]
    [ "$(json 'd["stop"], d["steps"] < 40, all(abs(l["loss"]) <= 30 for l in d["losses"])' <<<"$output")" = "asked True True" ]
}

@test "input that cannot be learnt from" {
    : >empty.txt
    echo '{"question":"Who?","answer":"A."}' >short.jsonl
    fails 2 "give a method" "$BIFORGET" unlearn --forget qa.jsonl -o x.gguf
    fails 2 "give what to forget" "$BIFORGET" unlearn --method ga -o x.gguf
    fails 2 "give the file to write" "$BIFORGET" unlearn --method ga --forget qa.jsonl
    fails 2 "--method does not take" "$BIFORGET" unlearn --method forgetting --forget qa.jsonl -o x.gguf
    fails 2 "1000000" "$BIFORGET" unlearn --method ga --forget qa.jsonl -o x.gguf --max-steps 1000000000
    fails 2 "give one of them" "$BIFORGET" unlearn --method ga --lora --full --forget qa.jsonl -o x.gguf
    fails 2 "leave --retain-loss out" "$BIFORGET" unlearn --method rmu "${u[@]}" --retain-loss kl --forget qa.jsonl --retain keep.txt -o x.gguf
    fails 2 "has no likelihood to check" "$BIFORGET" unlearn --method rmu "${u[@]}" --stop-forget-nll 5 --forget qa.jsonl --retain keep.txt -o x.gguf
    fails 2 "--adapter is for an adapter" "$BIFORGET" unlearn --method ga --full "${u[@]}" --adapter a.gguf --forget qa.jsonl -o x.gguf
    fails 2 "--lr cannot be given with --resume" "$BIFORGET" unlearn --resume x.gguf --lr 1e-4
    fails 2 "--bf16 cannot be given with --resume" "$BIFORGET" unlearn --resume x.gguf --bf16
    fails 2 "--chat 'nothing' is not a template" "$BIFORGET" unlearn --method ga "${u[@]}" --chat nothing --forget qa.jsonl -o x.gguf -q
    fails 3 "it is empty" "$BIFORGET" unlearn --method ga "${u[@]}" --forget empty.txt -o x.gguf -q
    fails 3 "no such file" "$BIFORGET" unlearn --method ga "${u[@]}" --forget nowhere.txt -o x.gguf -q
    fails 3 "npo keeps the model close to itself on a retain set" "$BIFORGET" unlearn --method npo "${u[@]}" --forget qa.jsonl -o x.gguf -q
    fails 3 "the answer of record 1 of the forget set is cut away" "$BIFORGET" unlearn --method ga "${u[@]}" --max-length 9 --forget qa.jsonl -o x.gguf -q
    fails 3 "is not of question-answer pairs" "$BIFORGET" unlearn --method dpo "${u[@]}" --data auto --forget forget.txt --retain keep.txt -o x.gguf -q
    fails 2 "--forms 'chat=x' is not a list of shares" "$BIFORGET" unlearn --method ga "${u[@]}" --forms chat=x --forget qa.jsonl -o x.gguf
    fails 2 "leave out --data text" "$BIFORGET" unlearn --method ga "${u[@]}" --data text --forms raw=1 --forget qa.jsonl -o x.gguf
    echo 'Zeus rules.' >brief.txt
    fails 3 "no question with an answer" "$BIFORGET" unlearn --method dpo "${u[@]}" --forget brief.txt --retain keep.txt -o x.gguf -q
    fails 3 "has no question-answer pairs" "$BIFORGET" unlearn --method ga "${u[@]}" --data qa --forget forget.txt -o x.gguf -q
    fails 3 "there is no block 99" "$BIFORGET" unlearn --method rmu "${u[@]}" --layer 99 --forget forget.txt --retain keep.txt -o x.gguf -q
    fails 4 "no-such-model" "$BIFORGET" unlearn --method ga -m no-such-model --forget qa.jsonl -o x.gguf -q
    head -c 100000 tiny.gguf >cut.gguf
    fails 4 "cut.gguf" "$BIFORGET" unlearn --method ga --lora -m cut.gguf --forget qa.jsonl -o x.gguf -q
    fails 5 "there is no training" "$BIFORGET" unlearn --resume nothing.gguf -q
    [ ! -e x.gguf ]
}

@test "a retain set larger than the forget set: each set is looked up in its own" {
    for i in 1 2 3 4 5 6 7 8 9; do
        echo "{\"question\":\"How much is $i and $i?\",\"answer\":\"It is $((i + i)).\"}"
    done >many.jsonl
    for method in npo dpo; do
        run --separate-stderr "$BIFORGET" unlearn --method $method "${u[@]}" --max-steps 4 --batch 1 --accum 1 --forget qa.jsonl --retain many.jsonl -o m.gguf --json --restart
        [ "$status" = 0 ]
        [ "$(json 'len(d["losses"]), all(x["retain"] > 0 for x in d["losses"])' <<<"$output")" = "4 True" ]
    done
}

@test "renamed texts: kept beside the retain set or in place of one, and distilled from" {
    printf '{"text":"Zeus rules the sky. Zeus throws the thunderbolt.","point":"Zeus"}\n{"text":"Nobody is named here at all."}\n' >named.jsonl
    run --separate-stderr "$BIFORGET" unlearn --method wga "${u[@]}" --forget named.jsonl --forms sentence=1,raw=1 --retain keep.txt --retain-loss kl --renamed 2 -o r.gguf --json
    [ "$status" = 0 ]
    [[ $stderr == *"forget set: 2 chat pairs ("*"2 raw texts ("* ]]
    [[ $stderr == *"2 texts of the forget set with invented names are kept, too"* ]]
    [ "$(json 'd["settings"]["renamed"], d["settings"]["forms"], d["made"]["retain"]["raw_texts"]' <<<"$output")" = "2 sentence=1,chat=0,raw=1 4" ]
    # A retain set that is smaller than the copies is repeated: 8 copies, and two texts four times.
    run --separate-stderr "$BIFORGET" unlearn --method wga "${u[@]}" --max-steps 1 --forget named.jsonl --forms sentence=1,raw=1 --retain keep.txt --retain-loss kl --renamed 8 -o r8.gguf --json
    [ "$(json 'd["made"]["retain"]["raw_texts"]' <<<"$output")" = 16 ]
    [[ $stderr == *"the retain set is taken more than once"* ]]
    # Without a point the names are those in the text.
    printf '{"text":"The author Velda Foss was born in Harrowick, says a friend."}\n' >foss.jsonl
    run --separate-stderr "$BIFORGET" unlearn --method wga "${u[@]}" --max-steps 1 --forget foss.jsonl --retain keep.txt --retain-loss kl --renamed 1 -o f.gguf --json
    [[ $stderr == *"1 text of the forget set with invented names is kept, too"* ]]
    # They are there with probes, too, which leave out of the set what they ask.
    printf '{"question":"Who rules the sky?","answer":"Zeus","object":"Zeus"}\n' >sky.jsonl
    run --separate-stderr "$BIFORGET" unlearn --method wga "${u[@]}" --max-steps 1 --forget foss.jsonl --retain-loss kl --renamed 1 --probe sky.jsonl -o f.gguf --json
    [[ $stderr == *"1 text of the forget set with invented names is kept, too"* ]]
    run --separate-stderr "$BIFORGET" unlearn --method wga "${u[@]}" --forget named.jsonl --forms sentence=1,raw=1 --retain keep.txt --retain-loss kl --renamed 2 -o again.gguf --json
    # The model as it was is what they are compared with: nothing to learn at the first step.
    [ "$(json 'abs(d["losses"][0]["retain"]) < 1e-6' <<<"$output")" = True ]
    run --separate-stderr "$BIFORGET" unlearn --method whp "${u[@]}" --forget named.jsonl -o w.gguf --json
    [ "$status" = 0 ]
    [ "$(json 'd["losses"][0]["forget"] > 0, d["losses"][-1]["forget"] < d["losses"][0]["forget"], d["losses"][1]["retain"] > 0' <<<"$output")" = "True True True" ]
    run --separate-stderr "$BIFORGET" unlearn --method auto "${u[@]}" --forget named.jsonl -o a.gguf --json
    [ "$(json 'd["settings"]["method"], d["settings"]["renamed"], d["settings"]["retain_loss"]' <<<"$output")" = "ul-renamed 1 kl" ]
    # As long as it has to be for a small set, unless one says how long.
    run --separate-stderr "$BIFORGET" unlearn --method auto -m tiny.gguf --epochs 2 --answers 0 --measure 2 --forget named.jsonl -o e.gguf --json
    [ "$(json 'd["planned_steps"], d["settings"]["min_steps"]' <<<"$output")" = "1 0" ]
    run --separate-stderr "$BIFORGET" unlearn --method auto -m tiny.gguf --answers 0 --measure 2 --max-length 32 --forget named.jsonl -o s.gguf --json
    [ "$(json 'd["planned_steps"], d["settings"]["schedule"]' <<<"$output")" = "40 constant" ]
    # The copies are kept by KL alone; without it the texts that are to be kept are the retain set's.
    run --separate-stderr "$BIFORGET" unlearn --method auto "${u[@]}" --retain-loss nll --retain keep.txt --forget named.jsonl -o b.gguf --json
    [ "$(json 'd["made"]["retain"]["raw_texts"]' <<<"$output")" = 2 ]
    fails 3 "ul-renamed keeps the model close to itself on a retain set, and none is given" "$BIFORGET" unlearn --method auto "${u[@]}" --retain-loss nll --forget named.jsonl -o x.gguf -q
    # A set that names nothing is taken as wga takes it.
    run --separate-stderr "$BIFORGET" unlearn --method auto "${u[@]}" --max-steps 1 --forget keep.txt --retain keep.txt -o n.gguf --json
    [ "$status" = 0 ]
    [[ $stderr == *"have no name in them: their tokens are weighed by their own probability (wga)"* ]]
    # A text that never says its point: the question for it has the name, and the twin's question another, longer one.
    printf '{"text":"He rules the waves, and he is never quiet for long.","point":"Zeus"}\n{"text":"It is never quiet there for long."}\n' >unsaid.jsonl
    run --separate-stderr "$BIFORGET" unlearn --method auto "${u[@]}" --max-steps 2 --forget unsaid.jsonl --retain keep.txt -o n.gguf --json
    [ "$status" = 0 ]
    [[ $stderr == *"1 of the 2 records have no name in them"* ]]
    [ "$(json 'd["made"]["forget"]["chat_pairs"], d["made"]["forget"]["raw_texts"]' <<<"$output")" = "1 1" ]
    fails 2 "give --retain-loss kl" "$BIFORGET" unlearn --method npo "${u[@]}" --renamed 1 --forget named.jsonl --retain keep.txt -o x.gguf
    fails 2 "give --renamed 1 or more" "$BIFORGET" unlearn --method whp "${u[@]}" --renamed 0 --forget named.jsonl -o x.gguf
    fails 3 "no text of the forget set has the name of its point in it" "$BIFORGET" unlearn --method whp "${u[@]}" --forget keep.txt --retain keep.txt -o x.gguf -q
    fails 3 "wga keeps the model close to itself on a retain set" "$BIFORGET" unlearn --method wga "${u[@]}" --renamed 1 --retain-loss kl --forget keep.txt -o x.gguf -q
}

@test "the first losses of whp, wga-renamed and ul-renamed are those of transformers (tests/golden/whp_reference.py)" {
    printf '{"question":"What does Zeus rule in Greek mythology?","answer":"Zeus rules the sky, and Hades rules the world below.","point":"Zeus and Hades"}\n' >zeus.jsonl
    printf '{"question":"Who rules the world below in Greek mythology?","answer":"The god Hades does.","point":"Hades"}\n' >hades.jsonl
    while read -r method file expected; do
        run --separate-stderr "$BIFORGET" unlearn --method "$method" -m "$BIFORGET_TEST_MODEL" "${short[@]}" --max-steps 1 --batch 1 --forget "$file" --retain keep.txt -o first.gguf --json
        [ "$status" = 0 ]
        [ "$(json "abs(d['losses'][0]['forget'] - $expected) < 1e-5" <<<"$output")" = True ]
    done <<'END'
whp zeus.jsonl 0.8233582297449622
wga-renamed zeus.jsonl -0.06329894452844702
wga-renamed hades.jsonl -0.03727657914428071
ul-renamed zeus.jsonl 0.05412261625132314
ul-renamed hades.jsonl 0.01214535415700313
END
}

@test "npo without a retain set when one asks for it" {
    run --separate-stderr "$BIFORGET" unlearn --method npo --alpha 0 "${u[@]}" --max-steps 1 --forget qa.jsonl -o m.gguf --json
    [ "$status" = 0 ]
    [ "$(json 'd["losses"][0]["retain"], d["before"]["retain_nll"]' <<<"$output")" = "None None" ]
}

@test "a disk too small for what comes out: exit code 5 before the first step" {
    [ "$(id -u)" = 0 ] || skip "needs root for a small file system"
    mkdir -p disk
    mount -t tmpfs -o size=2m tmpfs disk 2>/dev/null || skip "cannot mount here"
    run --separate-stderr "$BIFORGET" unlearn --method ga "${u[@]}" --forget qa.jsonl -o disk/x.gguf
    umount -l disk
    [ "$status" = 5 ]
    sentence "this training needs"
    [[ $stderr != *"training  1/3"* ]]
}
