#!/usr/bin/env python3
"""The table of tools/check_layers.sh, held by the linker's symbols: a function that a header of a lower room declares and a higher room
defines is an arrow that no include shows. A pair of the table that nothing uses is reported, too: the table is the picture of the house.

    tools/check_symbols.py BUILD     object files of the program's library under BUILD; needs nm
"""
import pathlib
import re
import subprocess
import sys

root = pathlib.Path(__file__).resolve().parent.parent


def allowed_pairs():
    text = subprocess.run(["bash", root / "tools/check_layers.sh", "--table"], check=True, capture_output=True, text=True).stdout
    pairs = {}
    for line in text.splitlines():
        room, colon, rest = line.partition(":")
        if colon:
            pairs[room.strip()] = {room.strip(), "base", *rest.split("|")[0].split()}
    return pairs


def symbols(build):
    """file -> (defined, undefined), for each source that is there: an object of a source that has moved is out of date."""
    found = {}
    for path in sorted(build.glob("CMakeFiles/biforget*.dir/src/**/*.o")):
        source = str(path).rpartition(".dir/src/")[2].removesuffix(".o")
        if not (root / "src" / source).exists():
            continue
        defined, undefined = set(), set()
        for line in subprocess.run(["nm", path], check=True, capture_output=True, text=True).stdout.splitlines():
            kind, name = line.split()[-2:]
            (undefined if kind == "U" else defined if kind.isupper() else set()).add(name)
        found[source] = defined, undefined
    return found


def included():
    """(room, room) of each include."""
    found = set()
    for path in (root / "src").rglob("*.[ch]"):
        room = path.relative_to(root / "src").parts[0].removesuffix(".c")
        found.update((room, other) for other in re.findall(r'^# *include "([a-z]+)/', path.read_text(), re.MULTILINE))
    return found


def main():
    pairs, files = allowed_pairs(), symbols(pathlib.Path(sys.argv[1]))
    home = {name: source for source, (defined, _) in files.items() for name in defined}
    bad, used = 0, set()
    for source, (_, undefined) in sorted(files.items()):
        room = source.partition("/")[0].removesuffix(".c")
        for name in sorted(undefined & home.keys()):
            other = home[name].partition("/")[0]
            used.add((room, other))
            if other not in pairs[room]:
                print(f"src/{source}: {name}() is defined in src/{home[name]}, and {room} may not call {other}")
                bad += 1
    for room, others in sorted(pairs.items()):
        for other in sorted(others - {room, "base"}):
            if (room, other) not in used | included():
                print(f"the table lets {room} include {other}, and it has no use for it")
                bad += 1
    if not files:
        sys.exit(f"no object files under {sys.argv[1]}")
    print(f"{len(files)} files, {bad} faults")
    return bad > 0


if __name__ == "__main__":
    sys.exit(main())
