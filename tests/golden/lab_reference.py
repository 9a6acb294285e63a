#!/usr/bin/env python3
"""The comparison of the lab: Student's quantiles and intervals from SciPy, and differences between sets written out from their definition.

    pip install numpy scipy
    python tests/golden/lab_reference.py >tests/golden/lab_reference.json
"""
import json

import numpy as np
import scipy
from scipy import stats

SAMPLES = [
    [0.5, 0.75],
    [-3.25, -1.5, -2.0],
    [0.02, -0.01, 0.03, 0.0],
    [1e-9, 2e-9, 4e-9, -3e-9, 5e-9],
    [120.0, 80.5, 99.25, 101.0, 97.5, 103.75, 90.0],
]
SETS, METHODS, SEEDS = ["originals", "BiForget", "textbook"], ["ga", "npo"], [1, 2, 7]


def interval(values):
    low, high = stats.t.interval(0.95, len(values) - 1, loc=np.mean(values), scale=stats.sem(values))
    return {"n": len(values), "mean": float(np.mean(values)), "low": float(low), "high": float(high)}


def experiment():
    """Rows as the program has them, and what a comparison with BiForget has to say of them."""
    rng = np.random.default_rng(5)
    shape = (len(SETS), len(METHODS), len(SEEDS))
    levels = np.array([0.0, 0.3, 1.2])[:, None, None]
    privleak = -10 + 60 * rng.random(shape) * np.array([1, -1, 1])[:, None, None] - 40 * levels
    utility = 0.5 - 0.1 * levels + 0.01 * rng.standard_normal(shape)
    quality = 10.0 ** (-6 * rng.random(shape) - 3 * levels)
    quality[2, 1, 0] = 0.0  # too small for a double
    rouge = 0.2 + 0.1 * levels + 0.01 * rng.standard_normal(shape)
    rows = []
    for k, seed in enumerate(SEEDS):
        for s, name in enumerate(SETS):
            for m, method in enumerate(METHODS):
                rows.append({
                    "set": name, "method": method, "seed": seed,
                    "tofu": {"forget_quality": quality[s, m, k], "model_utility": utility[s, m, k],
                             "forget": {"rouge_l": rouge[s, m, k]}},
                    "privleak": {"privleak": privleak[s, m, k]},
                })
    compared = {
        "privleak_distance": np.abs(privleak),
        "model_utility": utility,
        "log10_forget_quality": np.log10(np.maximum(quality, np.finfo(float).tiny)),
        "forget_rouge_l": rouge,
    }
    expected = []
    for method in [None] + METHODS:
        for name in ("originals", "textbook"):
            differences = {}
            for key, values in compared.items():
                d = values[SETS.index(name)] - values[1]  # paired: [method][seed]
                d = d.mean(axis=0) if method is None else d[METHODS.index(method)]
                differences[key] = interval(d)
            expected.append({"set": name, "method": method, "differences": differences})
    sets = [{"name": name, "kind": kind} for name, kind in zip(SETS, ["planted", "domain", "textbook"])]
    return {"results": {"sets": sets, "rows": rows}, "expected": expected}


print(json.dumps({
    "scipy": scipy.__version__,
    "quantiles": [[df, float(stats.t.ppf(0.975, df))] for df in list(range(1, 61)) + [100, 1000, 100000]],
    "samples": [dict(interval(values), values=values) for values in SAMPLES],
    "experiment": experiment(),
}, indent=1))
