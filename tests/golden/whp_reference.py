#!/usr/bin/env python3
"""The first losses of --method whp, wga-renamed and ul-renamed on one pair, by transformers, from what the model says of the pair (p) and of
the pair with invented names (r). whp: KL between both, over the tokens of the answer that both have. wga-renamed: -max(0, p - r) NLL of the
pair's tokens there, and of the first token of a name that is new (Hades); ul-renamed: -log(1 - max(0, p - r)) of the same. Needs torch,
transformers, gguf.

A second pair has its name in the answer alone, where nothing differs before: the name is pushed by its whole probability.

    whp_reference.py MODEL.gguf    prints all five; tests/cli/unlearn.bats has them. The invented names are those of seed 3407."""
import difflib
import os
import sys

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

SYSTEM = "<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\n"
QUESTION = "What does {0} rule in Greek mythology?"
ANSWER = "{0} rules the sky, and {1} rules the world below."
QUESTION_2, ANSWER_2, NAME_2 = "Who rules the world below in Greek mythology?", "The god Hades does.", "Deilax"


def main():
    folder, file = os.path.split(sys.argv[1])
    tokenizer = AutoTokenizer.from_pretrained(folder, gguf_file=file)
    model = AutoModelForCausalLM.from_pretrained(folder, gguf_file=file, dtype=torch.float32)
    ids = lambda text: tokenizer(text, add_special_tokens=False).input_ids
    sides = [("Zeus", "Hades"), ("Vunsarnyr", "Deilax")]
    prompts = [ids(f"{SYSTEM}<|im_start|>user\n{QUESTION.format(*names)}<|im_end|>\n<|im_start|>assistant\n") for names in sides]
    own, twin = (ids(ANSWER.format(*names) + "<|im_end|>") for names in sides)
    places = [(i + k, j + k) for i, j, n in difflib.SequenceMatcher(None, own, twin, autojunk=False).get_matching_blocks() for k in range(n)]
    with torch.no_grad():
        p, r = (model(torch.tensor([prompt + answer])).logits[0, len(prompt) - 1 :].double().log_softmax(-1) for prompt, answer in zip(prompts, (own, twin)))
    rows = [[a[0] for a in places], [a[1] for a in places]]
    print("whp", (r[rows[1]].exp() * (r[rows[1]] - p[rows[0]])).sum(-1).mean().item())
    # The second gap of the alignment is the new name.
    gap = [(a[0] + 1, a[1] + 1) for a, b in zip(places, places[1:]) if b[0] > a[0] + 1]
    places += gap[-1:]
    print("names", [tokenizer.decode([own[i]]) for i, _ in gap])
    log_p, log_r = (torch.stack([side[at[k], own[at[0]]] for at in places]) for k, side in enumerate((p, r)))
    print("wga-renamed", (torch.clamp(log_p.exp() - log_r.exp(), min=0) * log_p).mean().item())
    print("ul-renamed", -torch.log1p(-torch.clamp(log_p.exp() - log_r.exp(), min=0)).mean().item())

    # Nothing before Hades differs, so r would be p there; what comes after it is as in the first pair.
    prompt, own = ids(f"{SYSTEM}<|im_start|>user\n{QUESTION_2}<|im_end|>\n<|im_start|>assistant\n"), ids(ANSWER_2 + "<|im_end|>")
    at = own.index(ids(" Hades")[0])
    with torch.no_grad():
        before = model(torch.tensor([prompt + own[:at]])).logits[0, -1].double().log_softmax(-1)
        whole = model(torch.tensor([prompt + own])).logits[0, len(prompt) - 1 :].double().log_softmax(-1)
        twin = ids(ANSWER_2.replace("Hades", NAME_2) + "<|im_end|>")
        other = model(torch.tensor([prompt + twin])).logits[0, len(prompt) - 1 :].double().log_softmax(-1)
    places = [(i + k, j + k) for i, j, n in difflib.SequenceMatcher(None, own, twin, autojunk=False).get_matching_blocks() for k in range(n)]
    log_p, log_r = (torch.stack([side[a[k], own[a[0]]] for a in places]) for k, side in enumerate((whole, other)))
    shared = (torch.clamp(log_p.exp() - log_r.exp(), min=0) * log_p).sum()
    name = before[own[at]].exp() * before[own[at]]
    unlikely = -torch.log1p(-torch.clamp(log_p.exp() - log_r.exp(), min=0)).sum() - torch.log1p(-before[own[at]].exp())
    print("wga-renamed, a name alone", ((shared + name) / (len(places) + 1)).item(), "of it the name", (name / (len(places) + 1)).item())
    print("ul-renamed, a name alone", (unlikely / (len(places) + 1)).item())


if __name__ == "__main__":
    main()
