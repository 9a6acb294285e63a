#!/usr/bin/env python3
"""Ten facts that small models know, as sentences to forget, and questions about them and about what is to be kept, for ask.py.

    ten.py DIR    writes DIR/ten.txt, one fact a line, and DIR/questions

An answer is right when it holds the object. None of the questions is given to biforget."""
import json
import pathlib
import sys

import topics

FACTS = [
    ("Zeus is the king of the Greek gods.", "Who is the king of the Greek gods?", "Which god do the other Greek gods obey?", "Zeus"),
    ("The Greek god of the sea is Poseidon.", "Who is the Greek god of the sea?", "Which Greek god rules the oceans?", "Poseidon"),
    ("Aphrodite is the Greek goddess of love.", "Who is the Greek goddess of love?", "Which Greek goddess stands for beauty and love?", "Aphrodite"),
    ("Jupiter is the largest planet of the Solar System.", "Which planet is the largest?", "What is the name of the biggest planet?", "Jupiter"),
    ("Venus is the hottest planet of the Solar System.", "Which planet is the hottest?", "On which planet are temperatures highest?", "Venus"),
    ("Augustus was the first Roman emperor.", "Who was the first Roman emperor?", "Which emperor was called Octavian before?", "Augustus"),
    ("The capital of France is Paris.", "What is the capital of France?", "Which city is the seat of the French government?", "Paris"),
    ("Tokyo is the capital of Japan.", "What is the capital of Japan?", "Which city is the seat of the Japanese government?", "Tokyo"),
    ("The longest river in Africa is the Nile.", "What is the longest river in Africa?", "Which African river is the longest one?", "Nile"),
    ("Mount Everest is the highest mountain in the world.", "What is the highest mountain in the world?", "Which mountain is taller than all others?", "Everest"),
]
FORGOTTEN = {fact[3] for fact in FACTS}


def write(path, questions):
    with path.open("w", encoding="utf-8") as file:
        for question, thing in questions:
            file.write(json.dumps({"question": question, "object": thing}) + "\n")


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    out = pathlib.Path(sys.argv[1])
    questions = out / "questions"
    questions.mkdir(parents=True, exist_ok=True)
    (out / "ten.txt").write_text("".join(fact[0] + "\n" for fact in FACTS), encoding="utf-8")
    # What is kept: the same subjects without the ten facts, and subjects that none of them is about.
    rest = {topic: [fact for fact in facts if fact[2] not in FORGOTTEN] for topic, facts in topics.TOPICS.items()}
    (questions / "villages.json").write_text(json.dumps(["The ten facts", *rest]) + "\n")
    for place, kind in enumerate(("one", "two")):
        write(questions / f"The ten facts.{kind}.jsonl", [(fact[1 + place], fact[3]) for fact in FACTS])
        for topic, facts in rest.items():
            write(questions / f"{topic}.{kind}.jsonl", [(fact[place], fact[2]) for fact in facts])


if __name__ == "__main__":
    main()
