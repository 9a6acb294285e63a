#!/usr/bin/env python3
"""The first loss of --method whp on one pair, by transformers: KL between what the model says of the pair with an invented name and of
the pair itself, over the tokens of the answer that both have. Needs torch, transformers, gguf.

    whp_reference.py MODEL.gguf    prints the loss; tests/cli/unlearn.bats has it. The invented name is that of seed 3407."""
import difflib
import os
import sys

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

SYSTEM = "<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\n"
QUESTION = "Who rules the sky in Greek mythology?"
ANSWER = "{0} rules the sky, and {0} throws the thunderbolt."


def main():
    folder, file = os.path.split(sys.argv[1])
    tokenizer = AutoTokenizer.from_pretrained(folder, gguf_file=file)
    model = AutoModelForCausalLM.from_pretrained(folder, gguf_file=file, dtype=torch.float32)
    ids = lambda text: tokenizer(text, add_special_tokens=False).input_ids
    prompt = ids(f"{SYSTEM}<|im_start|>user\n{QUESTION}<|im_end|>\n<|im_start|>assistant\n")
    own, twin = (ids(ANSWER.format(name) + "<|im_end|>") for name in ("Zeus", "Vunsarnyr"))
    places = [(i + k, j + k) for i, j, n in difflib.SequenceMatcher(None, own, twin, autojunk=False).get_matching_blocks() for k in range(n)]
    with torch.no_grad():
        p, r = (model(torch.tensor([prompt + answer])).logits[0].double().log_softmax(-1) for answer in (own, twin))
    p, r = p[[len(prompt) + i - 1 for i, _ in places]], r[[len(prompt) + j - 1 for _, j in places]]
    print((r.exp() * (r - p)).sum(-1).mean().item())


if __name__ == "__main__":
    main()
