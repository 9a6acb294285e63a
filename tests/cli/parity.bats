#!/usr/bin/env bats
# Evaluations beside other programs' numbers for the same F32 weights and questions (tests/golden/parity_reference.py made them with
# lm-evaluation-harness, MUSE and open-unlearning). bench/parity does it with 60 questions of each kind.
load helper

setup_file() {
    cd "$BATS_FILE_TMPDIR"
    "$BIFORGET" quantize -q "$BIFORGET_TEST_MODEL" f32.gguf --type f32
    cat >near.py <<'END'
import json, sys
golden = json.load(open(sys.argv[1]))

def lines(name):
    return [json.loads(line) for line in open(name)]

def flat(value):
    return [x for v in value for x in flat(v)] if isinstance(value, list) else [value]

def near(what, ours, theirs, most=1e-3):
    a, b = flat(ours), flat(theirs)
    apart = max(abs(x - y) for x, y in zip(a, b))
    assert len(a) == len(b) > 0 and apart < most, (what, apart, a, b)

def same(what, ours, theirs):
    assert len(ours) == len(theirs) > 0 and list(ours) == list(theirs), (what, ours, theirs)
END
    python3 - "$BIFORGET_SOURCE/tests/golden/parity_reference.json" <<'END'
import json, sys
for name, rows in json.load(open(sys.argv[1]))["items"].items():
    with open(f"{name}.jsonl", "w") as out:
        for row in rows:
            out.write(json.dumps(row) + "\n")
END
}

setup() {
    cd "$BATS_FILE_TMPDIR"
}

# evaluate NAME ARGUMENT...: lines in NAME.lines, the result in NAME.result; evaluate_as FILE NAME ARGUMENT...: in FILE.lines, FILE.result
evaluate() { evaluate_as "$1" "$@"; }
evaluate_as() {
    local file=$1
    shift
    "$BIFORGET" eval "$@" -m f32.gguf --kv-cache f32 --resamples 100 -q --json -o "$file.lines" >"$file.result"
}

# compare: python from stdin, with near.py before it
compare() {
    cat near.py - >check.py
    python3 check.py "$BIFORGET_SOURCE/tests/golden/parity_reference.json"
}

@test "mcq and gsm8k: the letters, log-probabilities and matches of lm-evaluation-harness" {
    evaluate mcq mcq.jsonl
    evaluate gsm8k gsm8k.jsonl --shots gsm8k_shots.jsonl --max-new-tokens 64 --limit 2
    compare <<'END'
rows, theirs = lines("mcq.lines"), golden["lm-eval"]["mcq"]
same("letters", [r["chosen"] for r in rows], theirs["chosen"])
near("log-probabilities", [r["logp"] for r in rows], theirs["logp"])
rows, theirs = lines("gsm8k.lines"), golden["lm-eval"]["gsm8k"]
same("answers", [r["answer"].strip() for r in rows], [a.split("Question:")[0].strip() for a in theirs["answers"][:2]])
same("right", [float(r["right"]) for r in rows], theirs["right"][:2])
END
}

@test "knowmem, verbmem, privleak: the answers and scores of MUSE" {
    evaluate knowmem qa.jsonl --shots qa_shots.jsonl --max-new-tokens 12
    evaluate_as knowmem_space knowmem qa.jsonl --shots qa_shots.jsonl --max-new-tokens 12 --trailing-space
    evaluate verbmem verbatim.jsonl --max-new-tokens 16
    evaluate privleak --forget forget.jsonl --holdout holdout.jsonl
    compare <<'END'
for name in "knowmem", "knowmem_space", "verbmem":
    rows, theirs = lines(f"{name}.lines"), golden["muse"][name]
    same(name, [r["answer"].strip() for r in rows], [a.strip() for a in theirs["response"]])
    near(name, [r["rougeL_recall"] for r in rows], theirs["rougeL_recall"], 1e-6)
    near(name, [r["rougeL_f1"] for r in rows], theirs["rougeL"], 1e-6)
theirs = golden["muse"]["privleak"]
for attack in theirs["auc"]:
    for part in "forget", "holdout":
        near(attack, [r[attack] for r in lines("privleak.lines") if r["set"] == part], theirs[part][attack])
    near(attack, [json.load(open("privleak.result"))["attacks"][attack]["auc"]], [theirs["auc"][attack]], 1e-9)
END
}

@test "privleak: Min-K%++ and gradient norms of open-unlearning" {
    evaluate_as mia privleak --forget forget.jsonl --holdout holdout.jsonl --attacks min_k++,gradnorm
    compare <<'END'
for part in "forget", "holdout":
    theirs = golden["open-unlearning"]["mia"][part]
    for key, attack in ("min_k_plus_plus_40", "Min-40%++"), ("min_k_plus_plus_20", "Min-20%++"), ("gradnorm_2", "gradnorm"):
        near(f"{part}, {attack}", [r[attack] for r in lines("mia.lines") if r["set"] == part], theirs[key], 1e-4)
END
    evaluate_as mia_max privleak --forget forget.jsonl --holdout holdout.jsonl --limit 1 --attacks gradnorm --gradient-norm max
    compare <<'END'
for part in "forget", "holdout":
    theirs = golden["open-unlearning"]["mia"][part]["gradnorm_inf"][:1]
    near(f"{part}, gradnorm", [r["gradnorm"] for r in lines("mia_max.lines") if r["set"] == part], theirs, 1e-4)
END
}

@test "tofu and memorization: the likelihoods, answers and scores of open-unlearning" {
    evaluate tofu --forget tofu_forget.jsonl --world tofu_other.jsonl --max-new-tokens 32 --limit 2
    evaluate memorization qa.jsonl
    compare <<'END'
for part, ours in ("forget", "forget"), ("other", "world"):
    rows, theirs = [r for r in lines("tofu.lines") if r["set"] == ours], golden["open-unlearning"]["tofu"][part]
    for key in "nll_answer", "nll_paraphrased", "nll_perturbed":
        near(key, [r[key] for r in rows], theirs[key][:2])
    same("answers", [r["answer"].strip() for r in rows], [a.strip() for a in theirs["answers"][:2]])
    near("ROUGE-L", [r["rougeL_recall"] for r in rows], theirs["rouge_l"][:2], 1e-6)
theirs = golden["open-unlearning"]["memorization_pairs"]
for key in theirs:
    near(key, [r[key] for r in lines("memorization.lines")], theirs[key], 1e-6)
END
    evaluate memorization forget.jsonl
    compare <<'END'
# Theirs leaves the last token of a text out, as an end token: with one added it counts the same tokens as ours.
theirs = golden["open-unlearning"]["memorization_texts_ended"]
for key in theirs:
    near(key, [r[key] for r in lines("memorization.lines")], theirs[key], 1e-6)
END
}
