#!/usr/bin/env python3
"""English that has to be read twice, kept out: each pattern below is nearly always wrong. Checked are comments, sentences and names of
tests, in src/, docs/, tests/ and the texts at the top. Words that span two lines of a comment or two halves of a string are found, too.

    tools/check_words.py                the check; names file, line, words and what to write
    tools/check_words.py --self-test    prove that each pattern catches its example and lets good English pass
    tools/check_words.py --list         the findings as a new tools/check_words.allowed

tools/check_words.allowed has, for folders that are not mended yet, how many findings are still allowed. It may only get shorter.
"""
import collections
import os
import re
import sys

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
ALLOWED = os.path.join(HERE, "tools", "check_words.allowed")

# pattern, what to write, an example that it must catch
PATTERNS = [
    (r"(?<!there )\b(?:is|are|was|were) no (?!longer|more|less|better|worse|different|one\b|other|further|use\b|need\b|doubt\b|\w+er than)\w+",
     "X is not a Y", "'foo' is no command"),
    (r"(?<!there )\b(?:is|are|was|were) none\b", "is not one", "what looks like a number and is none"),
    (r"\banew\b", "again, from scratch, start over", "start anew with --restart"),
    (r"\balike\b", "the same, similar", "a set alike"),
    (r"\b(?:go|goes|going|gone|went) on with\b", "resume, continue with", "cannot be gone on with"),
    (r"\bbehind (?!an? (?:server|proxy|pipe)\b|the scenes)(?=(?:the|an?|it|its|them|their|each|every|that|this|what|which|one|all|another)\b|(?-i:[A-Z0-9\"'`<\[(]))", "after", "behind the question"),
    (r"\b(?:stands?|stood|standing) in (?!for\b|the way|line\b)", "is in, is kept in", "the key stands in here"),
    (r"\bwhat stands\b", "what is, what it contains", "what stands there"),
    (r"\b(?:tells?|told|telling) of\b", "reports, shows", "a report that tells of the run"),
    (r"\b(?:says?|said) of\b", "says about", "what it says of the facts"),
    (r"\btold (?:from|as)\b", "told apart from, reported as", "the file is told from others"),
    (r"\bwhat (?:is|was) asked\b(?! for)", "name the thing", "a model without what is asked"),
    (r"\bdoes not tell\b(?! (?:the|you|us|them|it|whether|which|how|what|apart))", "does not say, does not report", "when a server does not tell"),
    (r"\bthe same of\b", "the same for", "The same of texts that are tokens"),
    (r"\b(?:else|elsewhere|otherwise) than\b", "other than, not on", "Elsewhere than on x86-64"),
    (r"\b(?:has|have|had) not(?: yet)?(?=[.,;:)\"])", "does not have", "requests that it has not, and"),
]
COMPILED = [(re.compile(p, re.IGNORECASE), advice) for p, advice, _ in PATTERNS]

GOOD = [
    "there is no such file", "it is no longer there", "none of these", "0 when there is none", "is no more than a hint", "a model behind a server",
    "it stands in for the real one", "a word tells the two apart", "he has not seen it", "what was asked for", "it says what to do",
    "the network behind graph.h", "does not tell whether it is one", "that stands in the way", "there are no figures", "no one is there",
]


def prose(text, kind):
    """The text with line breaks inside comments, strings and paragraphs made spaces; and for each character its line."""
    out, lines, line, i = [], [], 1, 0
    joint = {
        "c": re.compile(r'"[ \t]*\n[ \t]*"|[ \t]*\n[ \t]*(?:\*(?!/)|//)?[ \t]*'),
        "md": re.compile(r"(?<!\n)\n(?!\n)[ \t]*(?:[>|#*-] ?)?"),
        "other": re.compile(r"[ \t]*\n[ \t]*#?[ \t]*"),
    }[kind]
    for match in joint.finditer(text):
        for c in text[i:match.start()]:
            out.append(c)
            lines.append(line)
            line += c == "\n"
        if '"' not in match.group():
            out.append(" ")
            lines.append(line)
        line += match.group().count("\n")
        i = match.end()
    for c in text[i:]:
        out.append(c)
        lines.append(line)
        line += c == "\n"
    return "".join(out), lines


def test_names(text):
    """The names of tests, a sentence a line: "@test" of bats, functions of cmocka."""
    out = []
    for row in text.split("\n"):
        match = re.match(r'@test "(.*)"', row) or re.match(r"static void (\w+)\(void \*\*\w+\)", row)
        out.append(match.group(1).replace("_", " ") if match else "")
    return "\n".join(out)


def folder(path):
    """src/engine, tests/unit, docs, README.md"""
    parts = path.split(os.sep)
    return "/".join(parts[: min(2, len(parts) - 1)]) or path


def findings(path, text):
    if path.startswith("tests/"):
        shown, lines = prose(test_names(text), "md")
    elif path.endswith((".c", ".h", ".cpp", ".js", ".css", ".in")):
        shown, lines = prose(text, "c")
    else:
        shown, lines = prose(text, "md" if path.endswith(".md") else "other")
    for pattern, advice in COMPILED:
        for match in pattern.finditer(shown):
            yield lines[match.start()], match.group(), advice


def files():
    for root in ("src", "docs", "tests"):
        for folder, _, names in os.walk(os.path.join(HERE, root)):
            for name in sorted(names):
                if name.endswith((".c", ".h", ".cpp", ".js", ".html", ".md", ".bats", ".in")):
                    yield os.path.relpath(os.path.join(folder, name), HERE)
    for name in sorted(os.listdir(HERE)):
        if name.endswith(".md"):
            yield name


def everything():
    found = {}
    for path in files():
        with open(os.path.join(HERE, path), encoding="utf-8", errors="replace") as f:
            here = sorted(findings(path, f.read()))
        if here:
            found[path] = here
    return found


def count_by_folder(found):
    counts = collections.Counter()
    for path, here in found.items():
        counts[folder(path)] += len(here)
    return counts


def self_test():
    bad = 0
    for (pattern, _), (_, _, example) in zip(COMPILED, PATTERNS):
        if not pattern.search(example):
            print(f"{pattern.pattern} does not catch: {example}")
            bad += 1
    for sentence in GOOD:
        for pattern, _ in COMPILED:
            if pattern.search(sentence):
                print(f"{pattern.pattern} catches good English: {sentence}")
                bad += 1
    for path, text, line in (
        ("src/a/a.c", '/* One that\n * is\n * no word. */\n', 2),
        ("src/a/a.c", 'f("it goes "\n  "on with this");\n', 1),
        ("docs/a.md", "One\n\nstarts\nanew.\n", 4),
        ("tests/unit/test_a.c", "/* anew */\nstatic void what_is_no_cell(void **state)\n", 2),
        ("tests/cli/a.bats", '# anew\n@test "it starts anew" {\n', 2),
    ):
        got = [place for place, _, _ in findings(path, text)]
        if got != [line]:
            print(f"{path}: found in lines {got}, not {[line]}: {text!r}")
            bad += 1
    print("all cases of the self-test pass" if bad == 0 else f"{bad} cases failed")
    return bad > 0


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    found = everything()
    if sys.argv[1:] == ["--list"]:
        print("# Findings of tools/check_words.py that are still allowed, by folder. It may only get shorter: mend words, then lower the number.")
        for name, count in sorted(count_by_folder(found).items()):
            print(count, name)
        return 0
    allowed = collections.Counter()
    with open(ALLOWED, encoding="utf-8") as f:
        for row in f:
            if row.strip() and not row.startswith("#"):
                count, name = row.split()
                allowed[name] = int(count)
    over = {name for name, count in count_by_folder(found).items() if count > allowed[name]}
    for path, here in found.items():
        for line, words, advice in here if folder(path) in over else []:
            print(f"{path}:{line}: \"{words}\": write \"{advice}\"")
    for name in sorted(over):
        print(f"{name}: {count_by_folder(found)[name]} findings, {allowed[name]} allowed")
    return len(over) > 0



if __name__ == "__main__":
    sys.exit(main())
