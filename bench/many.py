#!/usr/bin/env python3
"""Many small requests in one run beside the same requests one after another: what sharing the batch is worth, loading the model
once apart (its time is taken off both sides).

usage: many.py BIFORGET MODEL [--requests 8] [--samples 24] [--parallel 64] [--threads 2]"""
import argparse, json, os, re, subprocess, sys, tempfile

TOPICS = ["Greek mythology", "the Solar System", "Norse sagas", "the Roman Empire", "volcanoes", "chess", "bees", "the Moon",
          "glaciers", "lighthouses", "tea", "bridges", "clouds", "castles", "whales", "maps"]
p = argparse.ArgumentParser()
p.add_argument("biforget"); p.add_argument("model")
p.add_argument("--requests", type=int, default=8); p.add_argument("--samples", type=int, default=24)
p.add_argument("--parallel", type=int, default=64); p.add_argument("--threads", type=int, default=2)
a = p.parse_args()

def line(topic):
    return {"domain": topic, "max_samples": a.samples, "mi_samples": 0, "jailbreak_samples": 0, "control_samples": 0, "epsilon": -1}

def run(topics, d, name):
    with open(f"{d}/{name}.jsonl", "w") as f:
        f.writelines(json.dumps(line(t)) + "\n" for t in topics)
    child = subprocess.run([a.biforget, "run", f"{d}/{name}.jsonl", "-m", a.model, "-o", f"{d}/{name}", "--parallel", str(a.parallel),
                            "--threads", str(a.threads), "-q"], env=dict(os.environ, BIFORGET_TIMES="1"), capture_output=True, text=True)
    if child.returncode:
        sys.exit(child.stderr)
    return json.loads(re.search(r"times: (\{.*\})", child.stderr).group(1))

with tempfile.TemporaryDirectory() as d:
    topics = TOPICS[:a.requests]
    alone = [run([t], d, f"alone{i}") for i, t in enumerate(topics)]
    together = run(topics, d, "together")
    one = sum(t["elapsed"] for t in alone)
    print(json.dumps({"requests": len(topics), "samples_each": a.samples, "one_after_another_seconds": round(one, 1),
                      "together_seconds": round(together["elapsed"], 1), "ratio": round(one / together["elapsed"], 2),
                      "steps_alone": sum(t["steps"] for t in alone), "steps_together": together["steps"],
                      "tokens_alone": sum(t["tokens"] for t in alone), "tokens_together": together["tokens"]}))
