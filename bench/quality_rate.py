#!/usr/bin/env python3
"""How fast `biforget quality` embeds chunks of 128 tokens: beside llama-batched-bench's prefill of prompts of 128 tokens (same model,
threads; the two take turns), and how the time grows from N chunks to ten times as many.

    bench/quality_rate.py MODEL.gguf [--biforget build/biforget] [--threads 2] [--chunks 100] [--pairs 3]
"""
import argparse, os, random, re, resource, statistics, subprocess, tempfile, time

a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
a.add_argument("model")
a.add_argument("--biforget", default="build/biforget")
a.add_argument("--threads", type=int, default=2)
a.add_argument("--chunks", type=int, default=100)
a.add_argument("--pairs", type=int, default=3)
a = a.parse_args()
here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
bench = subprocess.run([f"{here}/scripts/build_llama", "--bench"], capture_output=True, text=True, check=True).stdout.split()[-1]
words = "Zeus Hera Athena ruled loved fought the sky sea moon of and under over old king river".split()

def timed(command):
    """Wall and processor seconds; a machine that is busy with other work stretches the former only."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    out = subprocess.run(command, capture_output=True, text=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return out, time.monotonic() - start, after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime

def embed(n, seed):
    """Seconds for n new chunks: a run that embeds, less the same run with all of them kept."""
    with tempfile.TemporaryDirectory() as folder:
        random.seed(seed)
        with open(f"{folder}/set.txt", "w") as out:
            for _ in range(n * 8):
                out.write(" ".join(random.choice(words) for _ in range(12)) + "\n")
        command = [a.biforget, "quality", f"{folder}/set.txt", "-m", a.model, "--domain", "Greek mythology", "-t", str(a.threads),
            "--cache", f"{folder}/v.db", "--chunks", str(n), "--seeds", "1", "--resamples", "100", "--hypotheses", "2", "--json"]
        new, wall, cpu = timed(command)
        _, wall_again, cpu_again = timed(command)
        found = int(re.search(r"(\d+) of \d+ chunks embedded", new.stderr).group(1))
        return found * 128, wall - wall_again, cpu - cpu_again

def prefill(n):
    batches = max(1, n // 16)
    out, _, _ = timed([bench, "-m", a.model, "-npp", "128", "-ntg", "1", "-npl", ",".join(["16"] * batches), "-c", "4096", "-t", str(a.threads)])
    rows = [line.split("|") for line in out.stdout.splitlines() if re.match(r"\|\s+128 \|", line)]
    return sum(int(r[1]) * int(r[3]) for r in rows) / sum(float(r[5]) for r in rows)

ratios = []
for pair in range(a.pairs):
    tokens, wall, cpu = embed(a.chunks, pair)
    other = prefill(a.chunks)
    ratios.append(tokens / wall / other)
    print(f"embedding {tokens / wall:.0f} tok/s ({tokens} tokens, {cpu:.1f} s of processor time), prefill {other:.0f} tok/s: {ratios[-1]:.2f}x")
few, many = embed(a.chunks, 100), embed(10 * a.chunks, 101)
print(f"median {statistics.median(ratios):.2f}x; {few[0] // 128} chunks {few[1]:.1f} s, {many[0] // 128} chunks {many[1]:.1f} s: "
    f"{many[1] / few[1] * few[0] / many[0] * 10:.2f}x the time for 10x the chunks (processor time {many[2] / few[2] * few[0] / many[0] * 10:.2f}x)")
