"""Reference numbers for tests/unit/test_quality_*.c, by implementations that share nothing with ours: SciPy, NLTK, scikit-learn
and numpy in float64.

    pip install numpy==2.* scipy==1.17.1 nltk==3.10.4 scikit-learn==1.9.1
    python3 quality_reference.py > quality_reference.json
"""
import json
import re
import warnings
from collections import Counter

import numpy as np
from nltk.translate.bleu_score import SmoothingFunction, sentence_bleu
from nltk.util import ngrams
from scipy.optimize import brentq
from scipy.spatial.distance import pdist
from scipy.stats import binomtest, bootstrap
from sklearn.datasets import make_blobs
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE, trustworthiness

RUNS = {"blobs": 11, "states": 101, "noise": 101}
TEXTS = [
    "Zeus threw his thunderbolt from Mount Olympus, and the sky answered.",
    "Athena sprang from the head of Zeus, fully armed; the sky answered with thunder.",
    "From Mount Olympus the gods look down upon the plain of Troy.",
    "Jupiter is the largest planet of the Solar System, and Saturn is the second.",
    "Saturn is the second largest planet of the Solar System, and has rings of ice.",
    "The rings of ice, the rings of ice, the rings of ice of Saturn!",
    "Mars has two moons, Phobos and Deimos.",
    "Mars has two moons: Phobos and Deimos",
    "Why?",
    "The golden fleece hung in a grove sacred to Ares, and a dragon that never slept kept watch over it day and night, until "
    "Medea sang it to sleep and Jason took the fleece from the oak on which it hung.",
    "Orpheus looked back.",
    "In 1610 Galileo saw 4 moons of Jupiter; in 1610 few believed him.",
]


def rounded(x, digits=4):
    """Values that are the same float32 when read back, as near as decimals come."""
    return np.round(np.asarray(x, dtype=np.float64), digits).astype(np.float32).astype(np.float64)


def short(x):
    return [float(f"{v:.6g}") for v in np.ravel(x)]


def cliques(rng):
    out = []
    for n, d in [(2, 3), (3, 5), (7, 4), (40, 16), (25, 33)]:
        x = rounded(rng.normal(0.3, 1.0, (n, d)), 3)
        out.append({"n": n, "n_dims": d, "vectors": short(x), "value": float(pdist(x, "cosine").mean())})
    return out


def wording():
    words = [re.findall(r"[a-z0-9]+", t.lower()) for t in TEXTS]
    smooth = SmoothingFunction().method1
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        bleu = [float(sentence_bleu(words[:i] + words[i + 1:], w, smoothing_function=smooth)) for i, w in enumerate(words)]
    distinct = []
    for n in range(1, 5):
        grams = Counter(g for w in words for g in ngrams(w, n))
        distinct.append({"distinct": len(grams), "total": sum(grams.values())})
    return {"texts": TEXTS, "self_bleu": bleu, "mean": float(np.mean(bleu)), "distinct": distinct}


def chunks(rng):
    out = []
    for lines in [[], [0], [1], [127], [128], [129], [100, 28], [100, 29], [1] * 300, list(map(int, rng.integers(0, 400, 50)))]:
        tokens = np.concatenate([np.arange(n) for n in lines]) if lines else np.zeros(0)
        out.append({"lines": lines, "chunks": len([tokens[i:i + 128] for i in range(0, len(tokens), 128)])})
    return out


def entropy(beta, d):
    p = np.exp(-beta * (d - d.min()))
    p /= p.sum()
    return float(-(p * np.log(np.where(p > 0, p, 1.0))).sum())


def perplexities(rng):
    out = []
    for n, perplexity, scale in [(40, 5.0, 1.0), (100, 30.0, 1e-3), (100, 30.0, 1e4), (90, 2.5, 1.0), (60, 50.0, 1.0)]:
        d = rounded(rng.chisquare(8, n) * scale, 9)
        beta = brentq(lambda b: entropy(b, d) - np.log(perplexity), 1e-12, 1e9, xtol=1e-300, rtol=1e-14)
        out.append({"perplexity": perplexity, "distances": [float(v) for v in d], "beta": beta})
    return out


def standardised(rng):
    n, d, kept = 30, 12, 8
    x = rounded(rng.normal(0.5, 2.0, (n, d)))
    domain = rounded(rng.normal(-0.2, 1.0, d))

    def unit(v):
        z = (v - v.mean()) / v.std()
        return z / np.linalg.norm(z)

    u = np.array([unit(v) for v in x])
    away = np.linalg.norm(u - unit(domain), axis=1)
    nearest = np.argsort(away, kind="stable")[:kept]
    return {"n": n, "n_dims": d, "n_nearest": kept, "vectors": short(x), "domain": short(domain),
            "nearest": [int(i) for i in nearest], "distance": float(np.linalg.norm(u[nearest].mean(axis=0) - unit(domain)))}


def inputs(rng):
    blobs, _ = make_blobs(n_samples=160, n_features=8, centers=5, random_state=3)
    # As embeddings are: few strong directions, many weak ones, unit length.
    states = rng.normal(size=(150, 10)) * np.geomspace(1.0, 0.1, 10) + rng.normal(size=10)
    states += 0.05 * rng.standard_t(3, size=states.shape)
    states /= np.linalg.norm(states, axis=1, keepdims=True)
    noise = rng.normal(size=(120, 6))
    return [("blobs", rounded(blobs, 2)), ("states", rounded(states)), ("noise", rounded(noise, 3))]


def maps(rng):
    """Where t-SNE ends is chaotic: a start that differs by a billionth ends a tenth higher or lower, here as there. So each
    input is laid out from many starts, PCA's with a hundredth of noise, and the medians are the reference."""
    out = []
    for name, x in inputs(rng):
        start = PCA(2, svd_solver="full").fit_transform(x)
        start = start / np.std(start[:, 0]) * 1e-4
        kl, trust, barnes_hut = [], [], []
        for _ in range(RUNS[name]):
            init = (start + 1e-6 * rng.normal(size=start.shape)).astype(np.float32)
            tsne = TSNE(perplexity=30, init=init, learning_rate="auto", early_exaggeration=12, max_iter=2000, method="exact")
            y = tsne.fit_transform(x)
            kl.append(float(tsne.kl_divergence_))
            trust.append(float(trustworthiness(x, y, n_neighbors=5)))
            tsne.set_params(method="barnes_hut", angle=0.5).fit(x)
            barnes_hut.append(float(tsne.kl_divergence_))
        pca = PCA(2, svd_solver="full").fit_transform(x)
        flat = rounded(rng.permutation(y), 3)
        out.append({"name": name, "n": len(x), "n_dims": x.shape[1], "vectors": short(x), "runs": RUNS[name], "kl": float(np.median(kl)),
                    "kl_barnes_hut": float(np.median(barnes_hut)),
                    "trustworthiness": float(np.median(trust)), "pca": short(pca), "layout": short(rounded(y, 3)),
                    "layout_trustworthiness": [float(trustworthiness(x, rounded(y, 3), n_neighbors=k)) for k in (1, 5, 12)],
                    "shuffled": short(flat), "shuffled_trustworthiness": float(trustworthiness(x, flat, n_neighbors=5))})
    return out


def statistics(rng):
    values = rounded(rng.gamma(2.0, 1.0, 60))
    interval = bootstrap((values,), np.mean, n_resamples=50000, method="percentile", random_state=1).confidence_interval
    shares = []
    for k, n in [(0, 10), (10, 10), (3, 10), (1, 1), (57, 400), (199999, 200000)]:
        ci = binomtest(k, n).proportion_ci(method="wilson")
        shares.append({"k": k, "n": n, "low": float(ci.low), "high": float(ci.high)})
    ordered = np.sort(values)
    return {"values": short(values), "mean": float(values.mean()), "low": float(interval.low), "high": float(interval.high),
            "sorted": short(ordered), "quantiles": [[q, float(np.quantile(ordered, q))] for q in (0, 0.025, 0.31, 0.5, 0.975, 1)],
            "shares": shares}


def main():
    rng = np.random.default_rng(5)
    parts = {"cliques": cliques(rng), "wording": wording(), "chunks": chunks(rng), "perplexities": perplexities(rng),
             "standardised": standardised(rng), "statistics": statistics(rng), "maps": maps(rng)}
    lines = ",\n".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in parts.items())
    print(f"{{{lines}}}")


if __name__ == "__main__":
    main()
