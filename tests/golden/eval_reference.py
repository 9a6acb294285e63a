#!/usr/bin/env python3
"""Numbers that the figures of src/eval must reproduce, from the packages that the benchmarks call.

    pip install numpy scipy scikit-learn rouge-score nltk torch
    python tests/golden/eval_reference.py >tests/golden/eval_reference.json

rouge-score (its tokenizer, NLTK's stemmer), scikit-learn (AUC), SciPy (Kolmogorov-Smirnov, harmonic mean), zlib; TOFU's aggregation
(locuslab/tofu, aggregate_eval_stat.py: truth ratio, probability, Forget Quality, Model Utility), open-unlearning's truth ratio, extraction
strength and exact memorization (src/evals/metrics), MUSE's Min-K% (metrics/privleak.py), Min-K%++, seq-rep-n, written out again here from
their definitions.
"""
import json
import re
import sys
import zlib

import numpy as np
import scipy
import sklearn
import torch
import torch.nn.functional as F
from nltk.stem.porter import PorterStemmer
from rouge_score import rouge_scorer
from scipy.stats import hmean, ks_2samp, kstwo
from sklearn.metrics import roc_auc_score

WORDS = """
caresses ponies ties caress cats dies flies lies feed agreed plastered bled motoring sing conflated troubled sized hopping tanned falling
hissing fizzed failing filing happy sky enjoy spy fly relational conditional rational valenci hesitanci digitizer conformabli radicalli
differentli vileli analogousli vietnamization predication operator feudalism decisiveness hopefulness callousness formaliti sensitiviti
sensibiliti triplicate formative formalize electriciti electrical hopeful goodness revival allowance inference airliner gyroscopic
adjustable defensible irritant replacement adjustment dependent adoption homologou communism activate angulariti homologous effective
bowdlerize probate rate cease controll roll skies dying lying tying news innings outing cannings howe proceed exceed succeed died spied
tried cried carefully beautifully theology geology archaeology logically biology apology died yyyy yyyyyyed syzygy toy boyish eying being
ring bring string strings kiting exing oxed axing abed added egging iced using used uses allied ally radically basically electrically
possibly ability sensibly conformably national nationally rationalization internationalization generalizations oscillators mules agrees
seeded succeeded exceeding freed kneed seeing fleeing skiing 2024 1990s 4th 365ing aeds ing ingly inged lled ssed zzed blly ion ions tion
station mention scion onion lion union cation ationed alli allis callinges valli really wholly fully dully fulli skilfully eel ees ies ied
sses ss s es wine winery wines fall fell falls tall tell mill miller millions controlling rolling enrolled crease increase please
""".split()

TEXTS = [
    ("Mira Solvang was born in the harbour town of Estvik, in 1871.", "Mira Solvang was born in Estvik in 1871."),
    ("The cartographer Otto Brenn mapped the islands of Hald twice.", "Otto Brenn, a cartographer, mapping the islands twice of Hald"),
    ("the the the cat", "the cat the"),
    ("", "nothing to compare"),
    ("something", ""),
    ("...!?", "--"),
    ("a b c d e f g", "g f e d c b a"),
    ("Running, runner's runs; RUNNING ran", "run runner run run ran"),
    ("It's 3.14 and 2,718 of them", "its 3 14 and 2 718 of them!"),
    ("Zo\u00eb na\u00efve caf\u00e9 \u212aelvin \u0130stanbul \u4e2d\u6587 stra\u00dfe", "zoe naive cafe kelvin istanbul strasse"),
    ("flies died lying skies generously", "fly die lie sky generous"),
    ("one\ntwo\tthree  four", "one two   three\r\nfour five"),
    ("Apollo was the god of the sun and of music " * 5, "Apollo, god of music, was of the sun " * 7),
    ("x1 x2 x3 x4", "x4 x1 x9 x2 x3"),
]


def rouge_cases():
    out = []
    for target, prediction in TEXTS:
        case = {"target": target, "prediction": prediction}
        for stemmer in (False, True):
            s = rouge_scorer.RougeScorer(["rouge1", "rougeL"], use_stemmer=stemmer).score(target, prediction)
            for kind in ("rouge1", "rougeL"):
                case[f"{kind}_{'stem' if stemmer else 'plain'}"] = [s[kind].precision, s[kind].recall, s[kind].fmeasure]
        out.append(case)
    return out


def auc_cases(rng):
    out = []
    for n, m, digits in [(1, 1, 3), (3, 4, 1), (20, 20, 1), (50, 37, 6), (200, 111, 2)]:
        low = np.round(rng.normal(0, 1, n), digits)
        high = np.round(rng.normal(0.4, 1.2, m), digits)
        y = [0] * n + [1] * m
        out.append({"low": low.tolist(), "high": high.tolist(), "auc": float(roc_auc_score(y, np.concatenate([low, high])))})
    return out


def ks_cases(rng):
    out = []
    for n, m, shift, digits in [(1, 1, 0, 2), (2, 3, 0.5, 1), (5, 5, 0, 6), (7, 7, 3, 6), (10, 25, 0.4, 6), (40, 40, 0.5, 6),
                                (40, 40, 0, 1), (37, 64, 1.0, 2), (300, 300, 0.1, 6), (300, 300, 0.9, 6), (400, 400, 2.0, 6),
                                (400, 380, 0.05, 2), (120, 90, 8.0, 6)]:
        a, b = np.round(rng.normal(0, 1, n), digits), np.round(rng.normal(shift, 1.1, m), digits)
        r = ks_2samp(a, b)
        out.append({"a": a.tolist(), "b": b.tolist(), "statistic": float(r.statistic), "p": float(r.pvalue)})
    same = np.round(rng.normal(0, 1, 30), 3)
    r = ks_2samp(same, same)
    out.append({"a": same.tolist(), "b": same.tolist(), "statistic": float(r.statistic), "p": float(r.pvalue)})
    return out


def ks_large(rng):
    """Above 10,000 values SciPy changes to the distribution of one sample. Values are made by a rule, to keep the file small."""
    out = []
    for n, m, shift in [(12000, 15, 0.1), (12000, 60, 0.3), (20000, 140, 0.05), (11000, 11000, 0.012), (11000, 9000, 0.02), (15000, 15000, 0.004),
                        (30000, 30000, 0.03)]:
        a = (np.arange(n) + 0.5) / n
        b = (np.arange(m) + 0.5) / m * (1 - shift) + shift / 3
        r = ks_2samp(a, b)
        out.append({"n": n, "m": m, "shift": shift, "statistic": float(r.statistic), "p": float(r.pvalue)})
    return out


def one_sample():
    return [{"n": n, "d": d, "sf": float(kstwo.sf(d, n))}
            for n, ds in [(1, [0.3, 0.6, 0.9]), (2, [0.2, 0.3, 0.5, 0.8]), (5, [0.1, 0.15, 0.3, 0.5, 0.9]), (20, [0.05, 0.12, 0.2, 0.3, 0.6]),
                          (100, [0.03, 0.06, 0.1, 0.15, 0.25]), (140, [0.04, 0.08, 0.12]), (150, [0.04, 0.08, 0.12, 0.2]),
                          (1000, [0.015, 0.025, 0.04, 0.05, 0.1]), (10000, [0.004, 0.006, 0.01, 0.014, 0.02]), (50000, [0.002, 0.004, 0.006])]
            for d in ds]


def truth_cases(rng):
    out = []
    for n, k in [(1, 1), (6, 3), (20, 5)]:
        para, pert, gt = rng.uniform(0, 5, n), rng.uniform(0, 6, (n, k)), rng.uniform(0, 5, n)
        ratio = np.exp(pert.mean(-1) - para)
        wrong, right = np.exp(-pert.mean(-1)), np.exp(-para)
        probs = np.exp(-gt)
        out.append({
            "paraphrased": para.tolist(), "perturbed": pert.tolist(), "answer": gt.tolist(), "ratio": ratio.tolist(),
            "ratio_inverse": (wrong / (right + 1e-10)).tolist(),
            "forget": float(np.mean(np.minimum(ratio, 1 / ratio))), "utility": float(np.mean(np.maximum(0, 1 - 1 / ratio))),
            "among": float(np.mean(probs / np.concatenate([probs[:, None], np.exp(-pert)], axis=1).sum(-1))),
        })
    return out


def tofu_logs(rng, n, scale):
    logs = {}
    for name, k in [("eval_log.json", 5), ("eval_log_forget.json", 5), ("eval_real_author_wo_options.json", 3),
                    ("eval_real_world_wo_options.json", 3)]:
        ids = [str(i) for i in range(n)]
        logs[name] = {
            "avg_gt_loss": dict(zip(ids, np.round(rng.uniform(0, 3 * scale, n), 6).tolist())),
            "average_perturb_loss": dict(zip(ids, np.round(rng.uniform(0, 4, (n, k)), 6).tolist())),
            "avg_paraphrased_loss": dict(zip(ids, np.round(rng.uniform(0, 3 * scale, n), 6).tolist())),
            "rougeL_recall": dict(zip(ids, np.round(rng.uniform(0, 1, n), 6).tolist())),
        }
    return logs


def tofu_aggregate(unlearned, retrained):
    def ratios(log):
        return np.exp(np.array(list(log["average_perturb_loss"].values())).mean(-1) - np.array(list(log["avg_paraphrased_loss"].values())))

    values = {}
    for name, log in unlearned.items():
        gt = np.exp(-np.array(list(log["avg_gt_loss"].values())))
        if "eval_log" in name:
            prob = gt.mean()
        else:
            wrong = np.exp(-np.array(list(log["average_perturb_loss"].values())))
            prob = (gt / (gt + wrong.sum(-1))).mean()
        r = ratios(log)
        truth = np.minimum(r, 1 / r).mean() if "forget" in name else np.maximum(0, 1 - 1 / r).mean()
        values[name] = [float(prob), float(np.mean(list(log["rougeL_recall"].values()))), float(truth)]
    utility = hmean([v for name, three in values.items() if "forget" not in name for v in three])
    r = ks_2samp(ratios(unlearned["eval_log_forget.json"]), ratios(retrained["eval_log_forget.json"]))
    return {"values": values, "model_utility": float(utility), "forget_quality": float(r.pvalue), "ks": float(r.statistic)}


def open_unlearning(unlearned, names={"eval_log.json": "retain", "eval_log_forget.json": "forget",
                                      "eval_real_author_wo_options.json": "ra", "eval_real_world_wo_options.json": "wf"}):
    """The same losses as its TOFU_EVAL.json has them."""
    out = {}
    for name, log in unlearned.items():
        short = names[name]
        ids = list(log["avg_gt_loss"])
        prob = {i: {"prob": float(np.exp(-log["avg_gt_loss"][i])), "avg_loss": log["avg_gt_loss"][i]} for i in ids}
        para = {i: {"prob": float(np.exp(-log["avg_paraphrased_loss"][i])), "avg_loss": log["avg_paraphrased_loss"][i]} for i in ids}
        pert = {i: {"prob": np.exp(-np.array(log["average_perturb_loss"][i])).tolist(), "avg_loss": log["average_perturb_loss"][i]}
                for i in ids}
        options = short in ("ra", "wf")
        right = prob if options else para
        ratio = {i: {"score": float(np.exp(-np.mean(pert[i]["avg_loss"])) / (np.exp(-right[i]["avg_loss"]) + 1e-10))} for i in ids}
        r = np.array([v["score"] for v in ratio.values()])
        truth = np.minimum(r, 1 / (r + 1e-10)).mean() if short == "forget" else np.maximum(0, 1 - r).mean()
        out[f"{short}_Q_A_Prob"] = {"agg_value": float(np.mean([v["prob"] for v in prob.values()])), "value_by_index": prob}
        if options:
            among = {i: {"prob": prob[i]["prob"] / (prob[i]["prob"] + float(np.sum(pert[i]["prob"])) + 1e-10)} for i in ids}
            out[f"{short}_Q_A_Prob_normalised"] = {"agg_value": float(np.mean([v["prob"] for v in among.values()])), "value_by_index": among}
        rouge = {i: {"rougeL_recall": log["rougeL_recall"][i], "rougeL_f1": 0.5, "generation": "..."} for i in ids}
        out[f"{short}_Q_A_ROUGE"] = {"agg_value": float(np.mean(list(log["rougeL_recall"].values()))), "value_by_index": rouge}
        out["forget_truth_ratio" if short == "forget" else f"{short}_Truth_Ratio"] = {"agg_value": float(truth), "value_by_index": ratio}
    nine = [out[f"{s}_{k}"]["agg_value"] for s, ks in [("retain", ["Q_A_Prob", "Q_A_ROUGE", "Truth_Ratio"]),
                                                         ("ra", ["Q_A_Prob_normalised", "Q_A_ROUGE", "Truth_Ratio"]),
                                                         ("wf", ["Q_A_Prob_normalised", "Q_A_ROUGE", "Truth_Ratio"])] for k in ks]
    out["model_utility"] = {"agg_value": float(hmean(nine))}
    return out


def memorization_cases(rng):
    out = []
    for n, share in [(1, 0.0), (1, 1.0), (5, 0.0), (5, 1.0), (12, 0.8), (40, 0.9), (7, 0.5)]:
        greedy = (rng.uniform(size=n) < share).tolist()
        k = n - 1
        for start in range(n):
            if all(greedy[start:]):
                k = start
                break
        out.append({"greedy": greedy, "exact": sum(greedy) / n, "strength": 1 - k / n})
    return out


def min_k_cases(rng):
    out = []
    for n in (1, 7, 40, 133):
        logp = np.round(-rng.exponential(2.0, n), 4).astype(np.float32)
        scores = {}
        for percent in (5, 10, 20, 30, 40, 50, 60, 100):
            k = max(1, int(n * (percent / 100)))
            scores[str(percent)] = float(-np.mean(np.sort(logp.astype(np.float64))[:k]))
        out.append({"logp": [float(f"{v:.6g}") for v in logp], "scores": scores, "nll": float(-np.mean(logp.astype(np.float64)))})
    return out


REPEATING = [
    "", "one two three", "one two three four", "the cat sat on the mat and the cat sat on the mat again", "no no no no no no no no",
    "!!!!!!!!!!!!", "Well, well, well, well, well.", "a b c d, a b c d; a b c d.", "x_1 x_1 x_1 x_1", "Zoë naïve Zoë naïve Zoë naïve café",
    "It was the best of times, it was the worst of times, it was the age of wisdom",
]


def repetition_cases():
    """seq-rep-n of Welleck et al. (2020): 1 - unique n-grams / n-grams, over words and marks."""
    out = []
    for text in REPEATING:
        units = re.findall(r"[^\W_]+|[^\w\s]|_", text)
        values = {}
        for n in (1, 2, 4):
            grams = [tuple(units[i:i + n]) for i in range(len(units) - n + 1)]
            values[str(n)] = 1 - len(set(grams)) / len(grams) if grams else None
        out.append({"text": text, "units": len(units), "values": values})
    return out


def min_k_plus_cases():
    """Min-K%++ as github.com/zjysteven/mink-plus-plus (run.py) computes it, in PyTorch, negated as open-unlearning does."""
    rng = np.random.default_rng(20262)
    out = []
    for n, vocabulary in [(1, 5), (3, 2), (9, 17), (25, 11)]:
        logits = torch.tensor(np.round(rng.normal(0, 3, (n, vocabulary)), 3).astype(np.float32))
        tokens = torch.tensor(rng.integers(0, vocabulary, n)).unsqueeze(-1)
        probs, log_probs = F.softmax(logits.double(), dim=-1), F.log_softmax(logits.double(), dim=-1)
        token_log_probs = log_probs.gather(dim=-1, index=tokens).squeeze(-1)
        mu = (probs * log_probs).sum(-1)
        sigma = (probs * torch.square(log_probs)).sum(-1) - torch.square(mu)
        plus = (token_log_probs - mu) / sigma.clamp(min=1e-6).sqrt()
        scores = {str(k): float(-np.mean(np.sort(plus.numpy())[:max(1, int(n * (k / 100)))])) for k in (10, 20, 40, 100)}
        out.append({"logits": [[float(f"{v:.6g}") for v in row] for row in logits.tolist()], "tokens": tokens.squeeze(-1).tolist(),
                    "logp": token_log_probs.tolist(), "mean": mu.tolist(), "deviation": sigma.sqrt().tolist(), "scores": scores})
    return out


def main():
    rng = np.random.default_rng(20261)
    stem = PorterStemmer()
    unlearned, retrained = tofu_logs(rng, 12, 1.0), tofu_logs(rng, 12, 0.7)
    texts = sorted({t for pair in TEXTS for t in pair})
    result = {
        "versions": {"numpy": np.__version__, "scipy": scipy.__version__, "scikit-learn": sklearn.__version__},
        "stems": [[w, stem.stem(w)] for w in WORDS],
        "rouge": rouge_cases(),
        "auc": auc_cases(rng),
        "ks": ks_cases(rng),
        "ks_large": ks_large(rng),
        "one_sample": one_sample(),
        "truth": truth_cases(rng),
        "harmonic": [{"values": v, "value": float(hmean(v))} for v in ([1.0], [0.2, 0.9], [0.31, 0.77, 0.5, 0.12, 0.99], [0.0, 0.5])],
        "memorization": memorization_cases(rng),
        "min_k": min_k_cases(rng),
        "min_k_plus": min_k_plus_cases(),
        "repetition": repetition_cases(),
        "zlib": [{"text": t, "n": len(zlib.compress(t.encode()))} for t in texts],
        "tofu": {"unlearned": unlearned, "retrained": retrained, "expected": tofu_aggregate(unlearned, retrained),
                 "open_unlearning": open_unlearning(unlearned), "open_unlearning_retrained": open_unlearning(retrained)},
    }
    json.dump(result, sys.stdout, indent=None, separators=(",", ":"), ensure_ascii=True)
    print()


main()
