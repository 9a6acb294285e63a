#!/usr/bin/env python3
"""Does Stage I grow linearly, and does its memory stay flat? One run each of 100 and 1,000 samples (or --sizes), nothing else.

usage: growth.py BIFORGET MODEL [--sizes 100,1000] [--parallel 64] [--threads 2]"""
import argparse, json, os, re, subprocess, sys, tempfile

p = argparse.ArgumentParser()
p.add_argument("biforget"); p.add_argument("model")
p.add_argument("--sizes", default="100,1000"); p.add_argument("--parallel", type=int, default=64)
p.add_argument("--threads", type=int, default=2); p.add_argument("--new", type=int, default=96)
a = p.parse_args()
rows = []
for n in map(int, a.sizes.split(",")):
    with tempfile.TemporaryDirectory() as d:
        cmd = [a.biforget, "domain", "the Solar System", "-m", a.model, "-o", d + "/run", "--parallel", str(a.parallel),
               "--threads", str(a.threads), "--max-samples", str(n), "--samples-per-prompt", "10000", "--mi-samples", "0",
               "--jailbreak-samples", "0", "--control-samples", "0", "--epsilon", "-1", "--max-new-tokens", str(a.new), "-q"]
        child = subprocess.Popen(cmd, env=dict(os.environ, BIFORGET_TIMES="1"), stderr=subprocess.PIPE,
                                 stdout=subprocess.DEVNULL, text=True)
        text = child.stderr.read()
        _, status, usage = os.wait4(child.pid, 0)
        if status:
            sys.exit(text)
        t = json.loads(re.search(r"times: (\{.*\})", text).group(1))
        rows.append((n, t["list_seconds"], usage.ru_maxrss / 1024, t))
        print(json.dumps({"samples": n, "stage1_seconds": t["list_seconds"], "tokens": t["list_tokens"],
                          "peak_rss_mib": round(usage.ru_maxrss / 1024, 1), "times": t}), flush=True)
first, last = rows[0], rows[-1]
print(f"{last[0] / first[0]:.1f}x the samples took {last[1] / first[1]:.2f}x the time "
      f"({last[3]['list_tokens'] / first[3]['list_tokens']:.2f}x the tokens); peak memory {first[2]:.0f} -> {last[2]:.0f} MiB")
