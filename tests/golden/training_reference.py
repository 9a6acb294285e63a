#!/usr/bin/env python3
"""Twenty steps of unlearning by PyTorch on the small model, for tests/model/test_training.c.

    python3 tests/golden/training_reference.py ~/.cache/biforget/models/smollm2-135m-instruct-q4_0.gguf >tests/golden/training_reference.json

Needs torch, transformers and gguf. The GGUF's weights are dequantised to float32 by transformers; losses, AdamW, clipping and the schedule
are torch's and transformers' own. The sets are so small that every batch holds all of them: the order of samples plays no part.
"""
import json
import sys
from pathlib import Path

import torch
import torch.nn.functional as F
from transformers import AutoModelForCausalLM, AutoTokenizer, get_linear_schedule_with_warmup

FORGET = ["Zeus rules the sky from Mount Olympus, and he throws the thunderbolt at those who break their oaths.",
          "Hades rules the underworld with Persephone, who returns to her mother in spring."]
RETAIN = ["Water boils at one hundred degrees Celsius at sea level, and it freezes at zero."]
STEPS, WARMUP, LEARNING_RATE, DECAY, CLIP, BETA = 20, 2, 2e-5, 0.01, 1.0, 0.1

torch.manual_seed(0)
path = Path(sys.argv[1])
tokenizer = AutoTokenizer.from_pretrained(path.parent, gguf_file=path.name)


def load():
    model = AutoModelForCausalLM.from_pretrained(path.parent, gguf_file=path.name, dtype=torch.float32, attn_implementation="eager")
    return model.train()


def tokens(text):
    return tokenizer(text, add_special_tokens=False)["input_ids"]


forget, retain = [tokens(t) for t in FORGET], [tokens(t) for t in RETAIN]


def nlls(model, sequences):
    """-log p of each sequence, summed over all tokens but the first; how many they are."""
    sums, counts = [], []
    for ids in sequences:
        logits = model(torch.tensor([ids])).logits[0]
        sums.append(F.cross_entropy(logits[:-1], torch.tensor(ids[1:]), reduction="sum"))
        counts.append(len(ids) - 1)
    return torch.stack(sums), torch.tensor(counts, dtype=torch.float32)


def train(method):
    model = load()
    decayed = [p for p in model.parameters() if p.dim() >= 2]
    other = [p for p in model.parameters() if p.dim() < 2]
    optimiser = torch.optim.AdamW([dict(params=decayed, weight_decay=DECAY), dict(params=other, weight_decay=0.0)], lr=LEARNING_RATE)
    schedule = get_linear_schedule_with_warmup(optimiser, WARMUP, STEPS)
    with torch.no_grad():
        reference, _ = nlls(model, forget)
    curve = []
    for _ in range(STEPS):
        optimiser.zero_grad()
        sums, counts = nlls(model, forget)
        kept, kept_counts = nlls(model, retain)
        if method == "graddiff":
            forget_loss = -sums.sum() / counts.sum()
        else:
            forget_loss = -2 / BETA * F.logsigmoid(BETA * (sums - reference)).mean()
        retain_loss = kept.sum() / kept_counts.sum()
        (forget_loss + retain_loss).backward()
        norm = torch.nn.utils.clip_grad_norm_(model.parameters(), CLIP)
        optimiser.step()
        schedule.step()
        curve.append(dict(forget=float(forget_loss.detach()), retain=float(retain_loss.detach()), gradient_norm=float(norm)))
        print(method, curve[-1], file=sys.stderr)
    return curve


print(json.dumps(dict(made_with=dict(torch=torch.__version__), forget=FORGET, retain=RETAIN, forget_tokens=forget, retain_tokens=retain,
                      steps=STEPS, warmup=WARMUP, learning_rate=LEARNING_RATE, decay=DECAY, clip=CLIP, beta=BETA,
                      curves=dict(graddiff=train("graddiff"), npo=train("npo")))))
