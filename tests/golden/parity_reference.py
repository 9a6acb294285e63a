#!/usr/bin/env python3
"""A few items of bench/parity with the other programs' numbers, for tests/cli/parity.bats.

    parity_reference.py MODEL.gguf OPEN_UNLEARNING MUSE >tests/golden/parity_reference.json

Runs bench/parity/{make_model,make_items,reference}.py (see there what it needs) with four items of each kind.
"""
import json
import subprocess
import sys
import tempfile
from pathlib import Path

PARITY = Path(__file__).resolve().parents[2] / "bench" / "parity"
ITEMS = 4


def run(script, *arguments):
    subprocess.run([sys.executable, str(PARITY / script), *map(str, arguments)], check=True, stdout=sys.stderr)


def short(value):
    """Numbers to nine digits: a float32 has no more."""
    if isinstance(value, float):
        return float(f"{value:.9g}")
    if isinstance(value, dict):
        return {key: short(v) for key, v in value.items()}
    return [short(v) for v in value] if isinstance(value, list) else value


with tempfile.TemporaryDirectory() as folder:
    work = Path(folder)
    run("make_model.py", sys.argv[1], work / "model")
    run("make_items.py", work / "items", ITEMS)
    found = {"items": {path.stem: [json.loads(line) for line in path.read_text().splitlines()] for path in sorted((work / "items").glob("*.jsonl"))}}
    for kind, *checkout in (["lm-eval"], ["open-unlearning", sys.argv[2]], ["muse", sys.argv[3]]):
        run("reference.py", work / "model" / "hf", work / "items", work / f"{kind}.json", kind, *checkout)
        found[kind] = json.loads((work / f"{kind}.json").read_text())
json.dump(short(found), sys.stdout, indent=0, sort_keys=True)
print()
