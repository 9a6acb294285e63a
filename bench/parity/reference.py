#!/usr/bin/env python3
"""The other programs' numbers for bench/parity/run: their own code, on the items of make_items.py and the folder of make_model.py.

    reference.py HF_FOLDER ITEMS OUT.json open-unlearning CHECKOUT | muse CHECKOUT | lm-eval

Settings that differ from the programs' defaults, each for a reason:
 - open-unlearning: pad token "<|endoftext|>". Its collator masks every pad token, and with SmolLM2's own ("<|im_end|>", also the end of each
   message) the model would not see where the question ends. The chat template is given as tags, not through apply_chat_template, after which it
   adds an end token to a text that already ends with one and a line break.
 - MUSE: its KnowMem prompt ends with a space, which a byte-level BPE would rather join to the next word; SmolLM2 then answers "11111111". Measured
   as it is ("knowmem_space", biforget's --trailing-space), and without the space, as biforget asks by default.
 - shorter answers (12 to 64 tokens), so that a CPU is done in minutes.
"""
import importlib
import json
import os
import sys
import types
from pathlib import Path

import numpy as np
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

FOLDER, ITEMS, OUT = Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3])


def rows(name):
    return [json.loads(line) for line in (ITEMS / f"{name}.jsonl").read_text().splitlines()]


def package(name, path):
    """A package without running its __init__, which imports trainers and hubs."""
    module = types.ModuleType(name)
    module.__path__ = [str(path)]
    sys.modules[name] = module


def load():
    tokenizer = AutoTokenizer.from_pretrained(FOLDER)
    return tokenizer, AutoModelForCausalLM.from_pretrained(FOLDER, dtype=torch.float32).eval()


def open_unlearning(checkout):
    src = Path(checkout) / "src"
    sys.path.insert(0, str(src))
    package("evals", src / "evals")
    package("evals.metrics", src / "evals" / "metrics")
    package("data", src / "data")
    sys.modules["data"].get_datasets = sys.modules["data"].get_collators = None  # for its configurations, which this does not read
    metrics = importlib.import_module("evals.metrics.memorization")
    utility = importlib.import_module("evals.metrics.utility")
    qa = importlib.import_module("data.qa")
    pretraining = importlib.import_module("data.pretraining")
    collators = importlib.import_module("data.collators")
    from omegaconf import OmegaConf
    tokenizer, model = load()
    tokenizer.pad_token = "<|endoftext|>"
    around = tokenizer.apply_chat_template([{"role": "user", "content": "\0"}], tokenize=False, add_generation_prompt=True).split("\0")
    tags = {"apply_chat_template": False, "user_start_tag": around[0], "user_end_tag": "", "asst_start_tag": around[1], "asst_end_tag": ""}

    def data(name, answer="answer", **more):
        return qa.QADataset({"path": "json", "data_files": str(ITEMS / f"{name}.jsonl"), "split": "train"}, tags, tokenizer,
                            answer_key=answer, **more)

    def run(name, dataset, side="right", **more):
        collator = collators.DataCollatorForSupervisedDataset(tokenizer, side, "index")
        return getattr(metrics, name)._metric_fn(model, data=dataset, collators=collator, batch_size=10, tokenizer=tokenizer, **more)

    def listed(result, key):
        by_index = result["value_by_index"]
        return [by_index[i][key] for i in sorted(by_index)]

    out = {"tofu": {}}
    for part, name, last in (("forget", "tofu_forget", "closer_to_1_better"), ("other", "tofu_other", "true_better")):
        right, para = run("probability", data(name)), run("probability", data(name, "paraphrased_answer"))
        wrong = run("probability", data(name, "perturbed_answer"))
        generated = run("rouge", data(name, predict_with_generate=True), "left", rouge_type="rougeL_recall",
                        generation_args=OmegaConf.create({"do_sample": False, "max_new_tokens": 32, "use_cache": True}))
        ratio = metrics.truth_ratio._metric_fn(model, aggregator=last, pre_compute={"correct": para, "wrong": wrong})
        among = metrics.probability_w_options._metric_fn(model, pre_compute={"correct": right, "wrong": wrong})
        out["tofu"][part] = {
            "nll_answer": listed(right, "avg_loss"), "nll_paraphrased": listed(para, "avg_loss"), "nll_perturbed": listed(wrong, "avg_loss"),
            "answers": listed(generated, "generation"), "rouge_l": listed(generated, "rougeL_recall"), "truth_ratio": listed(ratio, "score"),
            "means": {"probability": right["agg_value"], "probability_among": among["agg_value"], "rouge_l": generated["agg_value"],
                      "truth_ratio": ratio["agg_value"]}}
    parts = out["tofu"]["other"]["means"]
    nine = [parts["probability"], parts["rouge_l"], parts["truth_ratio"]] + 2 * [parts["probability_among"], parts["rouge_l"], parts["truth_ratio"]]
    out["tofu"]["model_utility"] = float(utility.hm_aggregate._metric_fn(model, pre_compute={str(i): {"agg_value": v} for i, v in enumerate(nine)})["agg_value"])
    texts = pretraining.CompletionDataset({"path": "json", "data_files": str(ITEMS / "forget.jsonl"), "split": "train"}, None, tokenizer)

    class Ended:  # the last label is left out as an end token: with one added all tokens of a text count
        def __len__(self):
            return len(texts)

        def __getitem__(self, i):
            item = dict(texts[i])
            for key, value in (("input_ids", tokenizer.eos_token_id), ("labels", tokenizer.eos_token_id), ("attention_mask", 1)):
                item[key] = torch.cat([item[key], torch.tensor([value])])
            return item

    package("evals.metrics.mia", src / "evals" / "metrics" / "mia")
    out["mia"] = {}

    def attack(module, name, dataset, **more):
        cls = getattr(importlib.import_module(f"evals.metrics.mia.{module}"), name)
        collator = collators.DataCollatorForSupervisedDataset(tokenizer, "right", "index")
        scores = cls(model=model, data=dataset, collator=collator, batch_size=1, **more).attack()["value_by_index"]
        return [scores[i]["score"] for i in sorted(scores, key=int)]

    for part in "forget", "holdout":
        texts = pretraining.CompletionDataset({"path": "json", "data_files": str(ITEMS / f"{part}.jsonl"), "split": "train"}, None, tokenizer)
        # The loss counts all tokens; the others leave the last one out, so that an added one makes them count the same.
        out["mia"][part] = {
            "loss": attack("loss", "LOSSAttack", texts),
            "min_k_40": attack("min_k", "MinKProbAttack", Ended(), k=0.4),
            "min_k_plus_plus_40": attack("min_k_plus_plus", "MinKPlusPlusAttack", Ended(), k=0.4),
            "min_k_plus_plus_20": attack("min_k_plus_plus", "MinKPlusPlusAttack", Ended(), k=0.2),
            **{f"gradnorm_{p}": attack("gradnorm", "GradNormAttack", Ended(), p=p) for p in (1, 2, float("inf"))},
        }
    texts = pretraining.CompletionDataset({"path": "json", "data_files": str(ITEMS / "forget.jsonl"), "split": "train"}, None, tokenizer)
    for name, dataset in (("pairs", data("qa")), ("texts", texts), ("texts_ended", Ended())):
        out[f"memorization_{name}"] = {metric: listed(run(metric, dataset), "score") for metric in ("extraction_strength", "exact_memorization")}
    return out


def muse(checkout):
    package("metrics", Path(checkout) / "metrics")
    knowmem, verbmem, privleak = (importlib.import_module(f"metrics.{name}") for name in ("knowmem", "verbmem", "privleak"))
    tokenizer, model = load()
    qa, shots, verbatim = rows("qa"), rows("qa_shots"), rows("verbatim")
    out = {}

    def ask():
        return knowmem.eval(model, tokenizer, [r["question"] for r in qa], [r["answer"] for r in qa],
                            [r["question"] for r in shots], [r["answer"] for r in shots], 12)[1]

    histories = {"knowmem_space": ask(), "verbmem": verbmem.eval(model, tokenizer, [r["prompt"] for r in verbatim], [r["gt"] for r in verbatim], 16)[1]}
    encode = tokenizer._encode_plus
    # See above: without the space after the last "Answer:".
    tokenizer._encode_plus = lambda text, *rest, **more: encode(text.removesuffix(" ") if text.endswith("\nAnswer: ") else text, *rest, **more)
    histories["knowmem"] = ask()
    for name, history in histories.items():
        out[name] = {key: [h[key] for h in history] for key in ("gt", "response", "rougeL", "rougeL_recall")}
    texts = {name: [r["text"] for r in rows(name)] for name in ("forget", "holdout")}
    # Its eval() takes a list for a dictionary at this point of its history, so what eval() calls is called here.
    log = {name: privleak.eval_data(texts[name], model, tokenizer) for name in texts}
    attacks = [key for key in log["forget"][0] if key != "text"]
    labels = np.array([0] * len(texts["forget"]) + [1] * len(texts["holdout"]))
    out["privleak"] = {"auc": {a: float(privleak.sweep(np.array([row[a] for name in ("forget", "holdout") for row in log[name]]), labels)[2])
                               for a in attacks},
                       **{name: {a: [row[a] for row in log[name]] for a in attacks} for name in texts}}
    return out


def lm_eval():
    import lm_eval as harness
    home = Path(harness.__file__).parent
    tasks = OUT.parent / "tasks"
    tasks.mkdir(exist_ok=True)
    for name in ("mcq", "gsm8k"):
        text = (Path(__file__).parent / f"{name}.yaml").read_text()
        (tasks / f"parity_{name}.yaml").write_text(text.replace("LM_EVAL", str(home)).replace("DATA", str(ITEMS.resolve())))
    result = harness.simple_evaluate(
        model="hf", model_args={"pretrained": str(FOLDER), "dtype": "float32"}, tasks=["parity_mcq", "parity_gsm8k"], batch_size=10, device="cpu",
        task_manager=harness.tasks.TaskManager(include_path=str(tasks)), log_samples=True, bootstrap_iters=0)
    def ordered(task, which="none"):
        picked = [s for s in result["samples"][task] if s.get("filter", "none") == which]
        return sorted(picked, key=lambda s: s["doc_id"])

    mcq = ordered("parity_mcq")
    logp = [[float(r[0]) for r in s["filtered_resps"]] for s in mcq]
    strict, flexible = ordered("parity_gsm8k", "strict-match"), ordered("parity_gsm8k", "flexible-extract")
    return {"mcq": {"logp": logp, "chosen": [row.index(max(row)) for row in logp], "accuracy": result["results"]["parity_mcq"]["acc,none"]},
            "gsm8k": {"answers": [s["resps"][0][0] for s in strict], "strict": [s["filtered_resps"][0] for s in strict],
                      "flexible": [s["filtered_resps"][0] for s in flexible], "right": [s["exact_match"] for s in strict],
                      "right_flexible": [s["exact_match"] for s in flexible]}}


os.environ.update(HF_HUB_OFFLINE="1", HF_DATASETS_OFFLINE="0", TOKENIZERS_PARALLELISM="false")
kind = sys.argv[4]
found = open_unlearning(sys.argv[5]) if kind == "open-unlearning" else muse(sys.argv[5]) if kind == "muse" else lm_eval()
OUT.write_text(json.dumps(found))
