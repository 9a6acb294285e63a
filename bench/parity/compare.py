#!/usr/bin/env python3
"""The table of bench/parity/run: compare.py OUT ITEMS"""
import json
import sys
from pathlib import Path

OUT = Path(sys.argv[1])
W = 54


def lines(name):
    return [json.loads(line) for line in (OUT / f"{name}.lines").read_text().splitlines()]


def result(name):
    return json.loads((OUT / f"{name}.result").read_text())


def theirs(name):
    return json.loads((OUT / f"{name}.json").read_text())


def widest(a, b):
    assert len(a) == len(b), (len(a), len(b))
    return max(abs(x - y) for x, y in zip(a, b))


def mean(values):
    return sum(values) / len(values)


def same(what, a, b):
    assert len(a) == len(b), (what, len(a), len(b))
    differing = [i for i, (x, y) in enumerate(zip(a, b)) if x != y]
    print(f"{what:{W}} {len(a) - len(differing):3} of {len(a)} equal" + (f"; differ: {differing[:8]}" if differing else ""))
    return differing


def number(what, a, b):
    print(f"{what:{W}} ours {a:.6f} theirs {b:.6f} apart {abs(a - b):.1e}")


def near(what, a, b):
    print(f"{what:{W}} {len(a):3} values, at most {widest(a, b):.1e} apart")


def flat(rows):
    return [x for row in rows for x in row]


harness = theirs("lm-eval")
mcq = lines("mcq")
print("-- lm-evaluation-harness")
same("mcq: letters", [r["chosen"] for r in mcq], harness["mcq"]["chosen"])
near("mcq: log-probabilities of the letters", flat(r["logp"] for r in mcq), flat(harness["mcq"]["logp"]))
number("mcq: accuracy", result("mcq")["accuracy"], harness["mcq"]["accuracy"])
gsm = lines("gsm8k")
differing = same("gsm8k: answers, stripped", [r["answer"].strip() for r in gsm], [a.split("Question:")[0].strip() for a in harness["gsm8k"]["answers"]])
same("gsm8k: right by ####", [bool(r["right"]) for r in gsm], [v == 1 for v in harness["gsm8k"]["right"]])
same("gsm8k: right by the last number", [bool(r["right_flexible"]) for r in gsm], [v == 1 for v in harness["gsm8k"]["right_flexible"]])
number("gsm8k: exact_match", result("gsm8k")["exact_match"], mean(harness["gsm8k"]["right"]))
number("gsm8k: exact_match_flexible", result("gsm8k")["exact_match_flexible"], mean(harness["gsm8k"]["right_flexible"]))

muse = theirs("muse")
print("-- MUSE")
for name in "knowmem", "knowmem_space", "verbmem":
    rows, other = lines(name), muse[name]
    differing = same(f"{name}: answers, stripped", [r["answer"].strip() for r in rows], [a.strip() for a in other["response"]])
    near(f"{name}: ROUGE-L recall", [r["rougeL_recall"] for r in rows], other["rougeL_recall"])
    near(f"{name}: ROUGE-L F1", [r["rougeL_f1"] for r in rows], other["rougeL"])
    number(f"{name}: mean recall", result(name)[name.removesuffix("_space")], mean(other["rougeL_recall"]))
    number(f"{name}: mean F1", result(name)[name.removesuffix("_space") + "_f1"], mean(other["rougeL"]))
    for i in differing[:3]:
        print(f"    item {i}: ours {rows[i]['answer']!r} theirs {other['response'][i]!r}")
leak = lines("privleak")
for attack in sorted(muse["privleak"]["auc"]):
    for part in "forget", "holdout":
        near(f"privleak: {attack}, {part}", [r[attack] for r in leak if r["set"] == part], muse["privleak"][part][attack])
    number(f"privleak: AUC by {attack}", result("privleak")["attacks"][attack]["auc"], muse["privleak"]["auc"][attack])

ou = theirs("open-unlearning")
print("-- open-unlearning")
for ours, other in ("pairs", "pairs"), ("texts", "texts"), ("texts", "texts_ended"):
    rows = lines(f"memorization_{ours}")
    for metric in "extraction_strength", "exact_memorization":
        label = f"memorization of {other.replace('_ended', ', with an end token')}: {metric}"
        near(label, [r[metric] for r in rows], ou[f"memorization_{other}"][metric])
        number("    mean", result(f"memorization_{ours}")[metric], mean(ou[f"memorization_{other}"][metric]))
for part, ours in ("forget", "forget"), ("other", "retain"), ("other", "world"):
    rows, other = [r for r in lines("tofu") if r["set"] == ours], ou["tofu"][part]
    near(f"tofu {ours}: NLL of answers", [r["nll_answer"] for r in rows], other["nll_answer"])
    near(f"tofu {ours}: NLL of paraphrases", [r["nll_paraphrased"] for r in rows], other["nll_paraphrased"])
    near(f"tofu {ours}: NLL of perturbed answers", flat(r["nll_perturbed"] for r in rows), flat(other["nll_perturbed"]))
    same(f"tofu {ours}: generated answers, stripped", [r["answer"].strip() for r in rows], [a.strip() for a in other["answers"]])
    near(f"tofu {ours}: ROUGE-L recall", [r["rougeL_recall"] for r in rows], other["rouge_l"])
    figures = result("tofu")[ours]
    number(f"tofu {ours}: mean probability", figures["probability"], other["means"]["probability_among" if ours == "world" else "probability"])
    number(f"tofu {ours}: mean ROUGE-L", figures["rouge_l"], other["means"]["rouge_l"])
    number(f"tofu {ours}: mean truth ratio", figures["truth_ratio"], other["means"]["truth_ratio"])
for part in "forget", "holdout":
    other = ou["mia"][part]
    for theirs_name, name, attack in (("loss", "mia_2", "PPL"), ("min_k_40", "mia_2", "Min-40%"), ("min_k_plus_plus_40", "mia_2", "Min-40%++"),
                                      ("min_k_plus_plus_20", "mia_2", "Min-20%++"), ("gradnorm_1", "mia_1", "gradnorm"),
                                      ("gradnorm_2", "mia_2", "gradnorm"), ("gradnorm_inf", "mia_max", "gradnorm")):
        near(f"{theirs_name}, {part}", [r[attack] for r in lines(name) if r["set"] == part], other[theirs_name])
number("tofu: model utility", result("tofu")["model_utility"], ou["tofu"]["model_utility"])
