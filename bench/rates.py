#!/usr/bin/env python3
"""Generation inside `biforget domain` beside llama-batched-bench: same model, threads, parallelism, and the mean prompt and
answer lengths that the run turned out to have. Pairs in turn, so that a machine whose speed wanders is fair to both.

usage: rates.py BIFORGET BATCHED_BENCH MODEL [--samples N] [--pairs N] [--parallel N] [--threads N] [--new N]
Prints one JSON object a pair and a last line with the medians."""
import argparse, json, os, re, statistics, subprocess, sys, tempfile

def ours(a, seed):
    with tempfile.TemporaryDirectory() as d:
        cmd = [a.biforget, "domain", "the Solar System", "-m", a.model, "-o", d + "/run", "--parallel", str(a.parallel),
               "--threads", str(a.threads), "--max-samples", str(a.samples), "--samples-per-prompt", "100",
               "--mi-samples", "0", "--jailbreak-samples", "0", "--control-samples", "0", "--epsilon", "-1",
               "--max-new-tokens", str(a.new), "--seed", str(seed), "--quiet"]
        p = subprocess.run(cmd, env=dict(os.environ, BIFORGET_TIMES="1"), capture_output=True, text=True)
        if p.returncode != 0:
            sys.exit(p.stderr)
        t = json.loads(re.search(r"times: (\{.*\})", p.stderr).group(1))
        # The list of points is one short answer after another; what is compared is the batched rest.
        t["rate"] = t["list_tokens"] / t["list_seconds"]
        t["overhead"] = 1 - t["decode"] / t["elapsed"]
        return t

def theirs(a, pp, tg):
    ctx = (pp + tg + 8) * a.parallel
    cmd = [a.bench, "-m", a.model, "-c", str(ctx), "-b", "2048", "-ub", "512", "-npp", str(pp), "-ntg", str(tg), "-npl",
           str(a.parallel), "-t", str(a.threads), "-tb", str(a.threads), "-fa", "on"]
    p = subprocess.run(cmd, capture_output=True, text=True)
    row = [l for l in p.stdout.splitlines() if re.match(r"\|\s+\d+", l)][-1]
    cells = [float(x) for x in row.strip("| \n").split("|")]
    return cells[1] * cells[2] / cells[8]          # TG * B / T

def main():
    p = argparse.ArgumentParser()
    p.add_argument("biforget"); p.add_argument("bench"); p.add_argument("model")
    p.add_argument("--samples", type=int, default=256); p.add_argument("--pairs", type=int, default=3)
    p.add_argument("--parallel", type=int, default=64); p.add_argument("--threads", type=int, default=2)
    p.add_argument("--new", type=int, default=96)
    a = p.parse_args()
    ratios, rates, others, overheads = [], [], [], []
    for i in range(a.pairs):
        t = ours(a, 1 + i)
        pp, tg = round(t["prompt_tokens"] / t["answers"]), max(1, round(t["tokens"] / t["answers"]))
        other = theirs(a, pp, tg)
        ratios.append(t["rate"] / other); rates.append(t["rate"]); others.append(other); overheads.append(t["overhead"])
        print(json.dumps({"prompt": pp, "answer": tg, "ours": round(t["rate"], 1), "batched_bench": round(other, 1),
                          "ratio": round(ratios[-1], 3), "not_forward_pass": round(t["overhead"], 4), "times": t}), flush=True)
    print(f"median: ours {statistics.median(rates):.1f} tok/s, llama-batched-bench {statistics.median(others):.1f} tok/s, "
          f"ratio {statistics.median(ratios):.2f}, outside the forward pass {100 * statistics.median(overheads):.1f} % of the wall time")

main()
