#!/usr/bin/env python3
"""Line coverage of src/, room by room, out of the counts that a build with --coverage left behind.

    tools/coverage.py BUILD [--worst N] [--min PERCENT]

A line counts as run when any object that holds it ran it: a header's inline function is compiled into many. Objects that no test ran
count, too. BUILD/coverage.json gets the numbers of every file, with the lines that did not run. Environment: GCOV (default: gcov).
"""
import argparse
import collections
import concurrent.futures
import json
import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SRC = os.path.join(ROOT, "src") + os.sep
GCOV = os.environ.get("GCOV", "gcov")
AT_ONCE = 20    # objects for one gcov


def counts_of(notes):
    """[(file under src/, {line: did it run})] of some objects."""
    run = subprocess.run([GCOV, "--json-format", "--stdout", *notes], capture_output=True, text=True, check=False)
    if run.returncode:
        sys.exit(f"error: '{GCOV}' failed on {notes[0]}: {run.stderr.strip()}; GCOV names the one of the compiler that built it")
    found = []
    for text in run.stdout.splitlines():
        if not text.startswith("{"):
            continue
        for file in json.loads(text)["files"]:
            path = os.path.realpath(os.path.join(ROOT, file["file"]))
            if path.startswith(SRC):
                lines = collections.defaultdict(bool)
                for line in file["lines"]:
                    lines[line["line_number"]] |= line["count"] > 0
                found.append((os.path.relpath(path, SRC), lines))
    return found


def read(build):
    # Those of the tests, too: they have inline functions of our headers in them.
    notes = [os.path.join(folder, name) for folder, _, names in os.walk(os.path.join(build, "CMakeFiles")) for name in names
             if name.endswith(".gcno")]
    if not notes:
        sys.exit(f"error: no counts in '{build}': run scripts/build coverage first")
    files = collections.defaultdict(lambda: collections.defaultdict(bool))
    batches = [sorted(notes)[i:i + AT_ONCE] for i in range(0, len(notes), AT_ONCE)]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for found in pool.map(counts_of, batches):
            for path, lines in found:
                for line, ran in lines.items():
                    files[path][line] |= ran
    return files


def percent(ran, lines):
    return 100.0 * ran / lines if lines else 100.0


def ranges(numbers):
    """[3, 4, 5, 9] as "3-5 9"."""
    out = []
    for n in sorted(numbers):
        if out and out[-1][1] == n - 1:
            out[-1][1] = n
        else:
            out.append([n, n])
    return " ".join(str(a) if a == b else f"{a}-{b}" for a, b in out)


def main():
    parser = argparse.ArgumentParser(description="Line coverage of src/, room by room.")
    parser.add_argument("build")
    parser.add_argument("--worst", type=int, default=0, help="list so many files with the most lines that did not run")
    parser.add_argument("--min", type=float, default=0, help="exit status 1 when the total is below")
    args = parser.parse_args()
    files = read(args.build)
    rooms = collections.defaultdict(lambda: [0, 0, 0])
    for path, lines in files.items():
        room = rooms[os.path.dirname(path) or "main.c"]
        room[0] += 1
        room[1] += len(lines)
        room[2] += sum(lines.values())
    print(f"{'room':<10} {'files':>6} {'lines':>7} {'run':>7} {'not':>6} {'%':>7}")
    for name in sorted(rooms):
        n, lines, ran = rooms[name]
        print(f"{name:<10} {n:>6} {lines:>7} {ran:>7} {lines - ran:>6} {percent(ran, lines):>7.2f}")
    n, lines, ran = (sum(room[i] for room in rooms.values()) for i in range(3))
    total = percent(ran, lines)
    print(f"{'total':<10} {n:>6} {lines:>7} {ran:>7} {lines - ran:>6} {total:>7.2f}")
    missing = {path: [number for number, did in of.items() if not did] for path, of in files.items()}
    worst = sorted((p for p in missing if missing[p]), key=lambda p: (-len(missing[p]), p))[:args.worst]
    if worst:
        print(f"\n{'not run':>8} {'of':>6} {'%':>7}  file")
    for path in worst:
        of = files[path]
        print(f"{len(missing[path]):>8} {len(of):>6} {percent(sum(of.values()), len(of)):>7.2f}  src/{path}")
    with open(os.path.join(args.build, "coverage.json"), "w", encoding="utf-8") as f:
        json.dump({"total": {"lines": lines, "run": ran, "percent": total},
                   "files": {f"src/{p}": {"lines": len(files[p]), "not_run": ranges(missing[p])} for p in sorted(files)}}, f, indent=1)
    if total < args.min:
        sys.exit(f"error: {total:.2f} % of the lines ran, fewer than {args.min:g} %")


if __name__ == "__main__":
    main()
