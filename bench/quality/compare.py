#!/usr/bin/env python3
"""The tables of docs/results-quality.md out of the sets that make_sets wrote: each method's set measured by `biforget quality` on the target model,
and the ablations: Stage II left out, points one after the other, and each filter off (what it had rejected put back at the end).

usage: compare.py BIFORGET DIR [--model NAME] [--threads N] [--chunks N] [--only methods|ablations]
                  [--embedder NAME] [--domains "Harry Potter" ...] > tables.md
With --embedder vectors are a sentence embedder's in place of the target model's: minutes in place of an hour.
Writes DIR/results/DOMAIN-{methods,ablations}.json and keeps them; with other sets, or once removed, a part is measured again."""
import argparse, json, os, sqlite3, subprocess, sys

p = argparse.ArgumentParser()
p.add_argument("biforget"); p.add_argument("dir")
p.add_argument("--model"); p.add_argument("--threads", type=int, default=os.cpu_count())
p.add_argument("--chunks", type=int, default=1000, help="of each set, at most"); p.add_argument("--only", choices=["methods", "ablations"])
p.add_argument("--embedder")
p.add_argument("--domains", nargs="*", default=["Harry Potter", "Greek mythology", "the Solar System"])
a = p.parse_args()
results = os.path.join(a.dir, "results")
os.makedirs(results, exist_ok=True)

METHODS = [("BiForget, study size", "study"), ("BiForget, quick", "quick"), ("textbook style", "textbook"), ("plain prompt", "plain")]
FILTERS = ["low_min_k", "drift", "near_duplicate", "duplicate", "degenerate", "prompt_echo", "refusal", "too_short"]
FIGURES = [("relevance", "Relevance (map)", 2), ("full_relevance", "Relevance (full space)", 3), ("remote_clique", "Remote-clique", 3),
           ("self_bleu", "Self-BLEU", 3), ("chunks", "Chunks", 0)]

def folder(domain, method):
    return os.path.join(a.dir, f"{domain.lower().replace(' ', '-')}-{method}")

def measure(name, domain, sets):
    """sets: [(name, SET)] of which the first is a run folder, whose store keeps the vectors."""
    path = os.path.join(results, f"{domain.lower().replace(' ', '-')}-{name}{'-' + a.embedder if a.embedder else ''}.json")
    known = None
    if os.path.exists(path):
        with open(path) as f:
            known = json.load(f)
    if not known or [row["name"] for row in known["sets"]] != [n for n, _ in sets]:  # a set has come since
        command = [a.biforget, "quality", *[f"{n}={s}" for n, s in sets], "--domain", domain, "--threads", str(a.threads), "--chunks", str(a.chunks), "--json"]
        command += ["--model", a.model] if a.model else []
        command += ["--embedder", a.embedder] if a.embedder else []
        print(" ".join(command), file=sys.stderr)
        out = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True).stdout
        with open(path + ".part", "w") as f:
            f.write(out)
        os.replace(path + ".part", path)
    with open(path) as f:
        return json.load(f)

def without_filter(domain, reason):
    """The set as it had been without the filter, as a file; None when the filter rejected nothing. What was rejected goes to the end, so that
    the chunks before it are those of the set itself."""
    run = folder(domain, "study")
    db = sqlite3.connect(f"file:{run}/run.db?mode=ro", uri=True)
    rejected = [r[0] for r in db.execute(
        "SELECT text FROM sample WHERE state = 'rejected' AND reason = ? AND stage IN ('synthesis', 'mi', 'jailbreak') ORDER BY id", (reason,))]
    db.close()
    if not rejected:
        return None, 0
    path = os.path.join(results, f"{domain.lower().replace(' ', '-')}-without-{reason}.jsonl")
    kept = subprocess.run([a.biforget, "export", run, "--format", "jsonl", "--no-manifest", "-q"], stdout=subprocess.PIPE, check=True, text=True).stdout
    with open(path, "w") as f:
        for line in kept.splitlines():
            f.write(json.dumps({"text": json.loads(line)["text"]}) + "\n")
        for text in rejected:
            f.write(json.dumps({"text": text}) + "\n")
    return path, len(rejected)

def cell(row, key, digits):
    value = row.get(key)
    if value is None:
        return "-"
    if digits == 0:
        return f"{value:,}"
    text = f"{value:.{digits}f}"
    interval = row.get(key + "_interval")
    return text + (f" [{interval[0]:.{digits}f}, {interval[1]:.{digits}f}]" if interval else "")

def table(rows):
    print("| Set | Texts | " + " | ".join(title for _, title, _ in FIGURES) + " |")
    print("|---|--:|" + "--:|" * len(FIGURES))
    for row in rows:
        print(f"| {row['name']} | {row['n']:,} | " + " | ".join(cell(row, key, digits) for key, _, digits in FIGURES) + " |")
    print()

for domain in a.domains if a.only != "ablations" else []:
    print(f"### {domain}\n")
    sets = [(n, folder(domain, m)) for n, m in METHODS if os.path.exists(folder(domain, m) + "/forget.jsonl")]
    methods = measure("methods", domain, sets)
    table(methods["sets"])
    for sentence in methods["sentences"]:
        print(f"- {sentence}")
    print()

for domain in a.domains if a.only != "methods" else []:
    study = folder(domain, "study")
    sets = [("whole", study), ("no jailbreak", study + ":mi"), ("no membership inference", study + ":jailbreak"), ("neither", study + ":fix")]
    if os.path.exists(folder(domain, "point") + "/forget.jsonl"):
        sets.append(("order point", folder(domain, "point")))
    for reason in FILTERS:
        path, n = without_filter(domain, reason)
        if path:
            sets.append((f"filter {reason} off (+{n})", path))
    print(f"### Ablations: {domain}\n")
    ablations = measure("ablations", domain, sets)
    table(ablations["sets"])
    for sentence in ablations["sentences"]:
        print(f"- {sentence}")
    print()
