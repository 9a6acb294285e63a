#!/usr/bin/env python3
"""Rewriting TOFU-shaped question-answer pairs (invented authors, made here): its rate beside llama-batched-bench's at the mean
prompt and answer lengths of the run, and whether time and memory grow with the number of pairs. One variant of each pair.

usage: instances.py BIFORGET BATCHED_BENCH MODEL [--sizes 400,4000] [--parallel 64] [--threads 2] [--new 64]"""
import argparse, json, os, random, re, subprocess, sys, tempfile

FIRST = "Ilse Tomas Zoe Ravi Mirela Anselm Odile Kofi Yara Bram Sunniva Emeka Lior Petra Joon Aldo".split()
LAST = "Brandt Hale Marlowe Okafor Vance Lindqvist Moreau Adeyemi Castell Ito Novak Ferris Quint Salo".split()
TOWN = "Larkport Orrin Bridge|Port Ellery|Amberfield|Saint Oswin|Carrow|Nine Wells|Halden Quay".split("|")
GENRE = "sea tales,garden mysteries,letters,mountain verse,cook books,clock stories".split(",")

def pairs(n):
    rng = random.Random(7)
    for i in range(n):
        name = f"{rng.choice(FIRST)} {rng.choice(LAST)}"
        town, genre, year, books = rng.choice(TOWN), rng.choice(GENRE), rng.randint(1901, 1999), rng.randint(2, 40)
        yield rng.choice([
            (f"Where and when was the author {name} born?", f"{name}, author number {i}, was born in {town} in {year}."),
            (f"What does {name} write?", f"{name} has written {books} books of {genre} since {year}, {i} pages in all."),
            (f"Which town appears in the first book of {name}?", f"The first book of {name}, from {year}, is set in {town}, in house {i}."),
        ])

def ours(a, n):
    with tempfile.TemporaryDirectory() as d:
        with open(d + "/pairs.jsonl", "w") as f:
            for q, r in pairs(n):
                f.write(json.dumps({"question": q, "answer": r}) + "\n")
        cmd = [a.biforget, "instance", d + "/pairs.jsonl", "-m", a.model, "-o", d + "/run", "--parallel", str(a.parallel),
               "--threads", str(a.threads), "--max-samples", str(n), "--epsilon", "-1", "--max-new-tokens", str(a.new), "--json"]
        child = subprocess.Popen(cmd, env=dict(os.environ, BIFORGET_TIMES="1"), stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        out, err = child.stdout.read(), child.stderr.read()
        _, status, usage = os.wait4(child.pid, 0)
        if status:
            sys.exit(err)
        t = json.loads(re.search(r"times: (\{.*\})", err).group(1))
        summary = json.loads(out)
        return t, usage.ru_maxrss / 1024, summary

def theirs(a, pp, tg):
    ctx = (pp + tg + 8) * a.parallel
    cmd = [a.bench, "-m", a.model, "-c", str(ctx), "-b", "2048", "-ub", "512", "-npp", str(pp), "-ntg", str(tg), "-npl",
           str(a.parallel), "-t", str(a.threads), "-tb", str(a.threads), "-fa", "on"]
    p = subprocess.run(cmd, capture_output=True, text=True)
    row = [l for l in p.stdout.splitlines() if re.match(r"\|\s+\d+", l)][-1]
    cells = [float(x) for x in row.strip("| \n").split("|")]
    return cells[1] * cells[2] / cells[8]

p = argparse.ArgumentParser()
p.add_argument("biforget"); p.add_argument("bench"); p.add_argument("model")
p.add_argument("--sizes", default="400,4000"); p.add_argument("--parallel", type=int, default=64)
p.add_argument("--threads", type=int, default=2); p.add_argument("--new", type=int, default=64)
a = p.parse_args()
for n in map(int, a.sizes.split(",")):
    t, rss, summary = ours(a, n)
    pp, tg = round(t["prompt_tokens"] / t["answers"]), max(1, round(t["tokens"] / t["answers"]))
    rate, alone = t["tokens"] / t["elapsed"], t["tokens"] / (t["elapsed"] - t["embed"])
    other = theirs(a, pp, tg)
    print(json.dumps({"pairs": n, "prompt": pp, "answer": tg, "tok_per_s": round(rate, 1), "without_embedding": round(alone, 1),
                      "batched_bench": round(other, 1), "ratio": round(rate / other, 3), "ratio_without_embedding": round(alone / other, 3),
                      "seconds": t["elapsed"], "peak_rss_mib": round(rss, 1), "kept_variants": summary["stages"]["rewrite"]["kept"],
                      "rejected": {k: v for k, v in summary["rejected"].items() if v}}), flush=True)
