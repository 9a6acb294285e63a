"""Reference numbers for tests/unit/test_sampler_golden.c, by an implementation that shares nothing with ours: numpy in float64,
everything sorted, written after the semantics of Hugging Face's generate and of the Min-K% prob paper.

    python3 sampler_reference.py > sampler_reference.json

Sampling, in the order in which transformers builds its warpers:
  TemperatureLogitsWarper   logits / temperature
  TopKLogitsWarper          all but the k largest get -inf (0 = off)
  TopPLogitsWarper          sorted ascending, those whose cumulative probability is <= 1 - top_p get -inf; one stays
then softmax. The expected token for a number u is the first, in descending order of probability, whose cumulative
probability exceeds u. transformers draws with torch.multinomial, so its order is free; the distribution is not.
One difference is left out on purpose: on ties at the k-th place transformers keeps all of them, we keep the least ids. The
logits below have no ties.

Min-K% prob: the mean of the max(1, int(n * k)) smallest of n token probabilities.
"""
import json

import numpy as np


def warp(logits, temperature, top_k, top_p):
    x = logits.astype(np.float64) / temperature
    if 0 < top_k < len(x):
        x[x < np.sort(x)[-top_k]] = -np.inf
    if top_p < 1:
        order = np.argsort(x, kind="stable")
        p = np.exp(x[order] - x.max())
        cumulative = np.cumsum(p / p.sum())
        remove = cumulative <= 1 - top_p
        remove[-1] = False
        x[order[remove]] = -np.inf
    p = np.exp(x - x.max())
    return p / p.sum()


def draw(p, u):
    order = np.argsort(-p, kind="stable")
    cumulative = np.cumsum(p[order])
    return int(order[np.searchsorted(cumulative, u, side="right")])


def log_softmax(logits):
    x = logits.astype(np.float64)
    return x - (x.max() + np.log(np.exp(x - x.max()).sum()))


def row(rng, n, scale):
    """Distinct values of four decimals: short in JSON, and the same float32 when read back."""
    while True:
        x = np.round(rng.normal(0, scale, n), 4).astype(np.float32)
        if len(np.unique(x)) == n:
            return x


def sampler_cases(rng):
    settings = [(1.0, 0, 1.0), (0.6, 50, 0.95), (0.8, 50, 0.95), (1.0, 50, 0.95), (1.2, 50, 0.95), (0.9, 50, 0.95),
                (1.0, 0, 0.95), (1.0, 5, 1.0), (1.0, 1, 1.0), (1.5, 40, 0.5), (0.1, 50, 0.95), (2.0, 0, 0.3),
                (1.0, 3, 0.9), (0.7, 200, 0.99)]
    cases = []
    for number, (temperature, top_k, top_p) in enumerate(settings):
        for n, scale in ((200, 3.0), (37, 0.5)):
            logits = row(rng, n, scale)
            p = warp(logits, temperature, top_k, top_p)
            logp = log_softmax(logits)
            # Away from the steps of the cumulative sum, where rounding may decide.
            steps = np.cumsum(np.sort(p)[::-1])
            draws = []
            for u in rng.random(12):
                if np.abs(steps - u).min() < 1e-6:
                    continue
                token = draw(p, u)
                draws.append({"u": float(u), "token": token, "p": float(p[token]), "logp": float(logp[token])})
            cases.append({"name": f"case {number}, {n} tokens", "temperature": temperature, "top_k": top_k, "top_p": top_p,
                          "logits": [float(str(x)) for x in logits], "kept": int((p > 0).sum()), "draws": draws})
    return cases


def min_k_cases(rng):
    cases = []
    for n in (1, 2, 4, 5, 9, 10, 33, 112):
        for k in (0.05, 0.2, 0.5, 1.0):
            p = np.round(rng.random(n), 6)
            lowest = np.sort(p)[:max(1, int(n * k))]
            cases.append({"p": [float(x) for x in p], "k_percent": 100 * k, "mean": float(lowest.mean())})
    return cases


def main():
    rng = np.random.default_rng(20260104)
    sampler = ",\n".join(json.dumps(case) for case in sampler_cases(rng))
    min_k = ",\n".join(json.dumps(case) for case in min_k_cases(rng))
    print(f'{{"sampler": [\n{sampler}\n],\n"min_k": [\n{min_k}\n]}}')


if __name__ == "__main__":
    main()
