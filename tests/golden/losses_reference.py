#!/usr/bin/env python3
"""Losses of unlearning, their gradients, AdamW and schedules, by PyTorch autograd in float64 and torch.optim in float32.

    python3 tests/golden/losses_reference.py OPEN_UNLEARNING >tests/golden/losses_reference.json

Needs torch and transformers (for the schedules), and a checkout of github.com/locuslab/open-unlearning, whose own functions are called
for wga, satimp, undial and ceu. The losses are written from the definitions in the papers that src/unlearn/loss_*.c
names, with torch's own building blocks (cross_entropy, kl_div, logsigmoid, mse_loss), independently of our code. Logits are float32
numbers, so that the C code gets exactly what PyTorch had.
"""
import ast
import json
import math
import pathlib
import sys
import types
import torch
import torch.nn.functional as F

torch.manual_seed(3407)
VOCAB = 23
CASES = []


# open-unlearning's functions, without the trainers around them, which need its whole environment.
PUBLISHED = {}
for file, names in (("utils.py", ("compute_wga_loss", "compute_satimp_loss", "compute_undial_loss")),
                    ("unlearn/ceu.py", ("cross_entropy_unlearning_loss", "compute_batch_ceu"))):
    tree = ast.parse((pathlib.Path(sys.argv[1]) / "src/trainer" / file).read_text())
    tree.body = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name in names]
    PUBLISHED.update(torch=torch, nn=torch.nn, F=F)
    exec(compile(tree, file, "exec"), PUBLISHED)


def published(name, logits, labels, reference=None, **knobs):
    """The loss of one sequence by open-unlearning: a model that gives these logits, which predict these labels."""
    def model_of(rows):
        padded = torch.cat([rows, torch.zeros(1, VOCAB, dtype=rows.dtype)])[None]
        return lambda **inputs: types.SimpleNamespace(logits=padded)
    inputs = dict(labels=torch.cat([torch.tensor([-100]), labels])[None])
    arguments = ([model_of(reference)] if reference is not None else []) + [inputs]
    return PUBLISHED[name](model_of(logits), *arguments, **knobs)[0]


def f32(t):
    return t.to(torch.float32).to(torch.float64)


def flat(t):
    return [float(x) if math.isfinite(float(x)) else str(float(x)) for x in t.detach().reshape(-1)]


def batch(lengths, scale, shift=0.0):
    """Rows of logits of all sequences, one after another, and their labels."""
    n = sum(lengths)
    logits = f32(torch.randn(n, VOCAB) * scale + shift)
    labels = torch.randint(0, VOCAB, (n,))
    return logits, labels


def sums(logits, labels, lengths):
    nll = F.cross_entropy(logits, labels, reduction="none")
    return torch.stack([part.sum() for part in torch.split(nll, lengths)])


def sequence_case(name, loss, lengths, logits, labels, **knobs):
    logits = logits.clone().requires_grad_(True)
    entry = dict(loss=loss, name=name, n_vocab=VOCAB, lengths=lengths, labels=labels.tolist(), logits=flat(logits), **knobs)
    nll = sums(logits, labels, lengths)
    tokens = torch.tensor(lengths, dtype=torch.float64)
    beta, delta = knobs.get("beta", 1.0), knobs.get("delta", 0.0)
    if loss == "nll":
        value = F.cross_entropy(logits, labels)
    elif loss == "ga":
        value = -F.cross_entropy(logits, labels)
    elif loss == "wga":
        value = published("compute_wga_loss", logits, labels, beta=beta)
    elif loss == "satimp":
        value = published("compute_satimp_loss", logits, labels, beta1=beta, beta2=knobs["importance"])
    elif loss == "npo":
        reference = torch.tensor(knobs["reference_nll"], dtype=torch.float64)
        length = tokens if knobs.get("per_token") else 1.0   # the log-ratio a token instead of the sequence's
        value = -2 / beta * F.logsigmoid(beta * (0.0 - -(nll - reference) / length)).mean()
    elif loss == "simnpo":
        value = -F.logsigmoid(beta * (nll / tokens - delta)).mean() * 2 / beta
    elif loss == "dpo":
        half = len(lengths) // 2                     # the answers, then their alternates
        reference = torch.tensor(knobs["reference_nll"], dtype=torch.float64)
        ratio = -(nll - reference)
        value = -2 / beta * F.logsigmoid(beta * (ratio[half:] - ratio[:half])).mean()
    value.backward()
    entry["value"] = float(value.detach())
    entry["gradient"] = flat(logits.grad)
    CASES.append(entry)


lengths = [5, 1, 9, 3]
plain = batch(lengths, 2.0)
near = (plain[0] + f32(torch.randn_like(plain[0]) * 0.3), plain[1])
reference = sums(*near, lengths).tolist()
sequence_case("plain", "nll", lengths, *plain)
sequence_case("plain", "ga", lengths, *plain)
for beta in (0.1, 1.0):
    sequence_case(f"beta {beta}", "npo", lengths, *plain, beta=beta, reference_nll=reference)
    sequence_case(f"a token, beta {beta}", "npo", lengths, *plain, beta=beta, per_token=1, reference_nll=reference)
sequence_case("tofu", "simnpo", lengths, *plain, beta=4.5, delta=0.0)
sequence_case("margin", "simnpo", lengths, *plain, beta=2.5, delta=1.5)
sequence_case("beta 0.1", "dpo", lengths, *plain, beta=0.1, reference_nll=reference)
for beta in (1.0, 0.3):
    sequence_case(f"beta {beta}", "wga", lengths, *plain, beta=beta)
sequence_case("tofu", "satimp", lengths, *plain, beta=5.0, importance=1.0)
sequence_case("other exponents", "satimp", lengths, *plain, beta=0.5, importance=2.0)
one = batch([1], 3.0)
for loss in ("nll", "ga"):
    sequence_case("a single token", loss, [1], *one)
sequence_case("a single token", "npo", [1], *one, beta=0.1, reference_nll=[2.0])
sequence_case("a single token", "simnpo", [1], *one, beta=4.5)
# Very confident tokens: right ones (NLL near 0), and wrong ones (NLL of hundreds).
sure = f32(torch.randn(4, VOCAB))
right = torch.tensor([3, 7, 7, 1])
sure[torch.arange(4), right] += 80.0
wrong = (right + 5) % VOCAB
for loss in ("nll", "ga"):
    sequence_case("confident and right", loss, [4], sure, right)
    sequence_case("confident and wrong", loss, [4], sure, wrong)
for loss in ("wga", "satimp"):
    sequence_case("confident and right", loss, [4], sure, right, beta=1.0, importance=1.0)
    sequence_case("confident and wrong", loss, [4], sure, wrong, beta=1.0, importance=1.0)
sequence_case("forgotten long ago", "npo", [2, 2], sure, wrong, beta=1.0, reference_nll=[1.0, 2.0])
sequence_case("learnt by heart", "npo", [2, 2], sure, right, beta=1.0, reference_nll=[900.0, 1200.0])
sequence_case("confident and wrong", "simnpo", [2, 2], sure, wrong, beta=4.5)
sequence_case("far apart", "dpo", [2, 2], sure, torch.cat([right[:2], wrong[2:]]), beta=1.0, reference_nll=[300.0, 1.0])
# Tokens that cannot be: logits of -inf for what is not the label.
hole = plain[0].clone()
for row, label in enumerate(plain[1].tolist()):
    hole[row, (label + 1 + row % 3) % VOCAB] = -math.inf
for loss in ("nll", "ga"):
    sequence_case("tokens of probability 0", loss, lengths, hole, plain[1])
large = (plain[0] * 1000.0, plain[1])
sequence_case("logits of thousands", "nll", lengths, f32(large[0]), large[1])
sequence_case("logits far from zero", "nll", lengths, f32(plain[0] + 5000.0), plain[1])


def row_case(name, loss, logits, reference, labels, scale, targets=None, **knobs):
    logits = logits.clone().requires_grad_(True)
    beta = knobs.get("beta", 1.0)
    if loss == "undial":
        lowered = reference - beta * F.one_hot(labels, VOCAB)
        rows = F.cross_entropy(logits, F.softmax(lowered, -1), reduction="none")
        theirs = published("compute_undial_loss", logits, labels, reference, beta=beta)
    elif loss == "ceu":
        without = logits.detach().clone()
        without[torch.arange(len(labels)), labels] = -math.inf
        rows = F.cross_entropy(logits, F.softmax(without, -1), reduction="none")
        theirs = published("compute_batch_ceu", logits, labels, ignore_first_n_answer_tokens=0)
    elif loss == "margin":
        rows = (logits.max(-1)[0] - logits.mean(-1)) ** 2
    elif loss == "npo-logits":
        rows = (-F.logsigmoid(beta * (reference - logits)) * 2 / beta).mean(-1)
    elif loss == "wga-renamed":
        log_p, q = (side.gather(-1, labels[:, None])[:, 0] for side in (F.log_softmax(logits, -1), F.softmax(reference, -1)))
        rows = (log_p.exp() - q).clamp(min=0).detach() * log_p
    elif loss == "ul-renamed":
        others = logits.clone()
        others[torch.arange(len(labels)), labels] = -math.inf
        log_sum = logits.logsumexp(-1)
        log_p, log_q = (F.log_softmax(side, -1).gather(-1, labels[:, None])[:, 0] for side in (logits, reference))
        rows = torch.where(log_p > log_q, -torch.logaddexp(others.logsumexp(-1) - log_sum, log_q), 0.0)
    elif loss == "kl":
        rows = F.kl_div(F.log_softmax(logits, -1), F.log_softmax(reference, -1), reduction="none", log_target=True).sum(-1)
    else:
        masked = reference.clone()
        masked[torch.arange(len(labels)), labels] = -math.inf
        if targets:
            masked[:, targets] = -math.inf
        q = F.softmax(masked, -1)
        log_q = F.log_softmax(masked, -1).masked_fill(q == 0, 0.0)
        rows = (q * (log_q - F.log_softmax(logits, -1))).sum(-1)
    if loss in ("undial", "ceu"):
        # The published function's mean is over the labels, since here every position but the last has one.
        counted = len(labels)
        assert abs(float(theirs.detach()) - float(rows.detach().mean())) < 1e-9 * (1 + abs(float(theirs.detach()))), (name, theirs, rows.mean())
        (theirs * counted * scale).backward()
    else:
        (rows.sum() * scale).backward()
    CASES.append(dict(loss=loss, name=name, n_vocab=VOCAB, logits=flat(logits), reference=flat(reference), labels=labels.tolist(), **knobs,
                      scale=scale, targets=targets or [], value=[float(x) for x in rows.detach()], gradient=flat(logits.grad)))


labels = plain[1]
row_case("plain", "kl", plain[0], near[0], labels, 0.125)
row_case("equal", "kl", plain[0], plain[0], labels, 1.0)
row_case("confident", "kl", sure, f32(torch.randn(4, VOCAB)), right, 1.0)
row_case("a sure teacher", "kl", f32(torch.randn(4, VOCAB)), sure, right, 1.0)
row_case("plain", "mask", plain[0], near[0], labels, 0.25)
row_case("a list of targets", "mask", plain[0], near[0], labels, 0.25, targets=[0, 4, 11])
row_case("the label is nearly all", "mask", f32(torch.randn(4, VOCAB)), sure, right, 1.0)
row_case("both nearly all", "mask", sure, sure, right, 1.0)

for beta in (10.0, 1.0):
    row_case(f"beta {beta}", "undial", plain[0], near[0], labels, 0.25, beta=beta)
row_case("a sure teacher", "undial", f32(torch.randn(4, VOCAB)), sure, right, 1.0, beta=10.0)
row_case("a teacher sure of another token", "undial", f32(torch.randn(4, VOCAB)), sure, wrong, 1.0, beta=30.0)
row_case("plain", "ceu", plain[0], plain[0], labels, 0.25)
row_case("the label is nearly all", "ceu", sure, sure, right, 1.0)
row_case("the label is nearly nothing", "ceu", sure, sure, wrong, 1.0)
row_case("plain", "margin", plain[0], plain[0], labels, 0.25)
row_case("one logit stands out", "margin", sure, sure, right, 1.0)
row_case("plain", "npo-logits", plain[0], near[0], labels, 0.25, beta=0.1)
row_case("far apart", "npo-logits", sure, f32(torch.randn(4, VOCAB)), right, 1.0, beta=5.0)
row_case("plain", "wga-renamed", plain[0], near[0], labels, 0.25)
row_case("sure with its name alone", "wga-renamed", sure, -sure, right, 1.0)
row_case("sure with any name", "wga-renamed", sure, sure, right, 1.0)
row_case("plain", "ul-renamed", plain[0], near[0], labels, 0.25)
row_case("as likely with other names", "ul-renamed", plain[0], plain[0], labels, 0.25)
row_case("sure with its name alone", "ul-renamed", sure, -sure, right, 1.0)
row_case("sure with any name", "ul-renamed", f32(sure * 1.25), sure, right, 1.0)

# The multiplier of PDU, by the method of its trainer in open-unlearning.
DUALS = []
for limit, step in ((0.3, 5.0), (1.5, 1.0)):
    tree = ast.parse((pathlib.Path(sys.argv[1]) / "src/trainer/unlearn/pdu.py").read_text())
    pdu = next(node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == "PDU")
    tree.body = [node for node in pdu.body if isinstance(node, ast.FunctionDef) and node.name == "final_loss_value"]
    exec(compile(tree, "pdu.py", "exec"), PUBLISHED)
    trainer = types.SimpleNamespace(preferences=[1.0, 2.0], retain_loss_eps=limit, primal_dual=True, can_update=True, dual_update_upon="step",
                                    dual_step_size=step, loss_names=["forget", "retain"], log=lambda values: None)
    losses = [float(x) for x in torch.rand(12, dtype=torch.float64) * 2 * limit]
    weights = []
    for value in losses:
        PUBLISHED["final_loss_value"](trainer, [torch.tensor(1.0, dtype=torch.float64), torch.tensor(value, dtype=torch.float64)])
        weights.append(trainer.preferences[1])
    DUALS.append(dict(limit=limit, step=step, start=2.0, losses=losses, weights=weights))

# RMU: states, averaged over the tokens of a sequence and then over sequences.
WIDTH = 16
lengths = [4, 1, 2]
states = f32(torch.randn(sum(lengths), WIDTH)).requires_grad_(True)
frozen = f32(torch.randn(sum(lengths), WIDTH))
direction = f32(torch.rand(WIDTH))
direction = f32(direction / direction.norm() * 6.5)
adaptive = direction * frozen.norm(dim=-1, keepdim=True)   # Dang et al., AAAI 2025: as long as the frozen state
for name, target in (("forget", direction.expand_as(frozen)), ("retain", frozen), ("adaptive", adaptive)):
    states.grad = None
    parts = zip(torch.split(states, lengths), torch.split(target, lengths))
    value = torch.stack([F.mse_loss(a, b) for a, b in parts]).mean()
    value.backward()
    CASES.append(dict(loss="rmu", name=name, n_embd=WIDTH, lengths=lengths, states=flat(states), target=flat(target), frozen=flat(frozen), direction=flat(direction), value=float(value.detach()),
                      gradient=flat(states.grad)))

# AdamW: 40 steps on two tensors, one without decay; clipped or not.
OPTIMISERS = []
for knobs in (dict(lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01, max_norm=1.0),
              dict(lr=3e-4, betas=(0.9, 0.95), eps=1e-8, weight_decay=0.1, max_norm=0.0)):
    torch.manual_seed(11)
    w = [torch.nn.Parameter(torch.randn(7, dtype=torch.float32)), torch.nn.Parameter(torch.randn(5, dtype=torch.float32))]
    start = [flat(x) for x in w]
    optimiser = torch.optim.AdamW([dict(params=[w[0]]), dict(params=[w[1]], weight_decay=0.0)], lr=knobs["lr"],
                                  betas=knobs["betas"], eps=knobs["eps"], weight_decay=knobs["weight_decay"], foreach=False)
    steps = []
    for step in range(40):
        gradients = [torch.randn(7) * (3.0 if step % 5 == 0 else 0.2), torch.randn(5) * 0.5]
        for p, g in zip(w, gradients):
            p.grad = g.clone()
        norm = float(torch.nn.utils.clip_grad_norm_(w, knobs["max_norm"])) if knobs["max_norm"] else math.sqrt(sum(float((g.double() ** 2).sum()) for g in gradients))
        optimiser.step()
        steps.append(dict(gradients=[flat(g) for g in gradients], norm=norm, weights=[flat(x) for x in w]))
    OPTIMISERS.append(dict(**knobs, start=start, steps=steps))

# Schedules.
from transformers import (get_constant_schedule_with_warmup, get_cosine_schedule_with_warmup, get_linear_schedule_with_warmup,
                          get_cosine_with_min_lr_schedule_with_warmup)

SCHEDULES = []
for word, make, floor in (("constant", lambda o, w, n: get_constant_schedule_with_warmup(o, w), 0.0),
                          ("linear", lambda o, w, n: get_linear_schedule_with_warmup(o, w, n), 0.0),
                          ("cosine", lambda o, w, n: get_cosine_schedule_with_warmup(o, w, n), 0.0),
                          ("cosine", lambda o, w, n: get_cosine_with_min_lr_schedule_with_warmup(o, w, n, min_lr_rate=0.1), 0.1)):
    for n_warmup, n_steps in ((0, 10), (3, 20), (5, 5)):
        optimiser = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
        schedule = make(optimiser, n_warmup, n_steps)
        factors = []
        for _ in range(n_steps):
            factors.append(optimiser.param_groups[0]["lr"])
            optimiser.step()
            schedule.step()
        SCHEDULES.append(dict(schedule=word, floor=floor, n_warmup=n_warmup, n_steps=n_steps, factors=factors))

print(json.dumps(dict(made_with=dict(torch=torch.__version__), losses=CASES, duals=DUALS, optimisers=OPTIMISERS, schedules=SCHEDULES)))
