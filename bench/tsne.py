#!/usr/bin/env python3
"""t-SNE beside scikit-learn's two methods: time, divergence, trustworthiness, on the same inputs in the same run.

    pip install scikit-learn==1.9.1
    bench/tsne.py [--inputs states:601x384,states:601x1536,digits:601x64] [--pairs 2] [--starts 1] [--threads 2]
                  [--methods exact,barnes_hut,ours,ours_barnes_hut]

Needs build/libbiforget_core.a (make) and a C compiler. An input is KIND:NxDIMS: `states` is made up like embeddings of three
sets and a name (few strong directions, many weak ones, unit length), `blobs` are ten clouds, `digits` are scikit-learn's images of
digits. All start from the same PCA layout; with --starts above 1 a hundredth of noise goes on it, and medians over the starts
are shown: where t-SNE ends is chaotic, and a single end says little. Both sides end early by the same rule (300 iterations
without progress), so the time for one iteration is shown as well.
"""
import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

HERE = Path(__file__).resolve().parent
ITERATIONS = 2000


def make(kind, n, dims):
    rng = np.random.default_rng(7)
    if kind == "digits":
        from sklearn.datasets import load_digits
        return load_digits().data[:n, :dims].astype(np.float32)
    if kind == "blobs":
        return (rng.normal(size=(10, dims))[np.arange(n) % 10] * 2 + rng.normal(size=(n, dims))).astype(np.float32)
    strong = min(40, dims)
    basis = rng.normal(size=(strong, dims)) * np.geomspace(1.0, 0.1, strong)[:, None]
    middles = rng.normal(size=(12, strong)) * 1.2
    x = (middles[rng.integers(0, 12, n)] + rng.normal(size=(n, strong))) @ basis + 0.2 * rng.normal(size=(n, dims))
    x -= x.mean(axis=1, keepdims=True)
    return (x / np.linalg.norm(x, axis=1, keepdims=True)).astype(np.float32)


class Ours:
    def __init__(self, method, threads, folder):
        self.method, self.threads, self.folder = method, threads, folder
        self.program = folder / "tsne"
        if not self.program.exists():
            root = HERE.parent
            subprocess.run(["cc", "-O2", "-D_GNU_SOURCE", f"-I{root / 'src'}", str(HERE / "tsne.c"),
                            str(root / "build" / "libbiforget_core.a"), "-lm", "-lpthread", "-o", str(self.program)], check=True)

    def run(self, x, start, seed):
        layout = self.folder / "layout"
        vectors = self.folder / "vectors"
        x.tofile(vectors)
        noise = "0" if start is None else "0.01"
        out = subprocess.run([str(self.program), str(vectors), str(x.shape[0]), str(x.shape[1]), self.method, str(ITERATIONS),
                              str(self.threads), noise, str(seed), str(layout)], check=True, capture_output=True, text=True).stdout
        seconds, kl, iterations = out.split()
        return float(seconds), float(kl), int(iterations), np.fromfile(layout).reshape(-1, 2)


class Theirs:
    def __init__(self, method):
        self.method = method

    def run(self, x, start, seed):
        tsne = TSNE(perplexity=30, init="pca" if start is None else start, learning_rate="auto", early_exaggeration=12,
                    max_iter=ITERATIONS, method=self.method, random_state=seed, n_jobs=-1)
        began = time.perf_counter()
        layout = tsne.fit_transform(x)
        return time.perf_counter() - began, float(tsne.kl_divergence_), tsne.n_iter_ + 1, layout


def main():
    sides = {"exact": ("scikit-learn exact", Theirs("exact")), "barnes_hut": ("scikit-learn Barnes-Hut", Theirs("barnes_hut"))}
    with tempfile.TemporaryDirectory() as folder:
        for name, method in [("ours", "exact"), ("ours_barnes_hut", "barnes_hut")]:
            sides[name] = (f"ours, {method.replace('_', '-')}", Ours(method, args.threads, Path(folder)))
        print("| input | method | seconds | ms an iteration | iterations | KL | trustworthiness |\n|---|---|---|---|---|---|---|")
        for spec in args.inputs.split(","):
            kind, shape = spec.split(":")
            n, dims = map(int, shape.split("x"))
            x = make(kind, n, dims)
            first = PCA(2, svd_solver="full").fit_transform(x)
            first = first / np.std(first[:, 0]) * 1e-4
            found = {m: [] for m in args.methods.split(",")}
            for seed in range(args.pairs * args.starts):
                noise = np.random.default_rng(seed).normal(size=first.shape) * 1e-6
                start = None if args.starts == 1 else (first + noise).astype(np.float32)
                for method, runs in found.items():
                    seconds, kl, iterations, layout = sides[method][1].run(x, start, seed)
                    trust = trustworthiness(x, layout, n_neighbors=5) if n <= 10000 else float("nan")
                    runs.append((seconds, 1000 * seconds / iterations, iterations, kl, trust))
            for method, runs in found.items():
                seconds, each, iterations, kl, trust = (statistics.median(column) for column in zip(*runs))
                print(f"| {kind} {n} x {dims} | {sides[method][0]} | {seconds:.2f} | {each:.2f} | {iterations:.0f} | {kl:.4f} | "
                      f"{trust:.4f} |", flush=True)


parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("--inputs", default="states:601x384,states:601x1536,digits:601x64")
parser.add_argument("--pairs", type=int, default=2)
parser.add_argument("--starts", type=int, default=1)
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--methods", default="exact,barnes_hut,ours")
args = parser.parse_args()
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):  # before numpy loads its libraries
    os.environ[variable] = str(args.threads)
import numpy as np  # noqa: E402
from sklearn.decomposition import PCA  # noqa: E402
from sklearn.manifold import TSNE, trustworthiness  # noqa: E402

warnings.simplefilter("ignore")
if __name__ == "__main__":
    sys.exit(main())
