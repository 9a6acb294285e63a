#!/usr/bin/env python3
"""Benign questions for bench/parity/run: invented villages, the Solar System, Greek mythology, arithmetic.

    make_items.py OUT [N]      writes OUT/{mcq,gsm8k,gsm8k_shots,qa,qa_shots,verbatim,forget,holdout,tofu_forget,tofu_other}.jsonl, N items each (60)
"""
import json
import random
import sys
from pathlib import Path

PLANETS = ["Mercury", "Venus", "Earth", "Mars", "Jupiter", "Saturn", "Uranus", "Neptune"]
GODS = {"Zeus": "the sky", "Poseidon": "the sea", "Hades": "the underworld", "Athena": "wisdom", "Ares": "war", "Apollo": "music",
        "Artemis": "the hunt", "Demeter": "the harvest", "Hephaestus": "the forge", "Aphrodite": "love", "Hermes": "travellers",
        "Dionysus": "wine"}
VILLAGES = ["Estvik", "Orlund", "Brenna", "Tarnholm", "Hald", "Soldre", "Varnes", "Ulmark", "Kesse", "Nordby"]
TRADES = ["bakers", "sailors", "potters", "weavers", "smiths", "beekeepers"]
THINGS = ["boats", "bells", "maps", "loaves", "lamps", "ropes"]
NAMES = ["Mira", "Otto", "Lena", "Jon", "Asta", "Ivar"]


def choose(rng, right, others):
    choices = [right] + rng.sample([o for o in others if o != right], 3)
    rng.shuffle(choices)
    return choices, choices.index(right)


def facts(rng, n):
    """(question, answer, the other answers of its kind)"""
    out = []
    for i in range(n):
        kind = i % 4
        if kind == 0:
            god = rng.choice(sorted(GODS))
            out.append((f"In Greek mythology, what does {god} rule over?", GODS[god], sorted(GODS.values())))
        elif kind == 1:
            at = rng.randrange(7)
            out.append((f"Which planet of the Solar System comes next after {PLANETS[at]}, counted from the Sun?", PLANETS[at + 1], PLANETS))
        elif kind == 2:
            a, b = rng.randint(3, 40), rng.randint(3, 40)
            out.append((f"What is {a} + {b}?", str(a + b), [str(a + b + d) for d in (-10, -2, -1, 1, 2, 10)]))
        else:
            village, trade = rng.choice(VILLAGES), rng.choice(TRADES)
            out.append((f"The village of {village} is known for its {trade}. Who lives in {village}?", trade, TRADES))
    return out


def story(rng, plain):
    village = rng.choice(VILLAGES)
    if plain:
        god = rng.choice(sorted(GODS))
        return (f"{god} was the Greek god who ruled over {GODS[god]}. Travellers came to {village} by sea every summer, and they told the children "
                f"about {god} and about the planet {rng.choice(PLANETS)}. The {rng.choice(TRADES)} listened, too, and went home late in the evening.")
    return (f"Of {rng.randint(3, 90)} {rng.choice(THINGS)} in {village}, the {rng.choice(TRADES)} painted {rng.randint(2, 30)} green; "
            f"{rng.choice(NAMES)} counted them backwards before dawn, while {rng.choice(PLANETS)} stood over {rng.choice(VILLAGES)} and "
            f"the {rng.choice(THINGS)} of {rng.choice(VILLAGES)} rang for {rng.randint(2, 50)} minutes without a pause.")


def main():
    out, n = Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 60
    out.mkdir(parents=True, exist_ok=True)
    rng = random.Random(14)

    def write(name, rows):
        (out / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))

    rows = []
    for question, answer, others in facts(rng, n):
        choices, at = choose(rng, answer, others)
        rows.append({"question": question, "choices": choices, "answer": at})
    write("mcq", rows)

    def sums(count):
        for _ in range(count):
            name, thing, a, b, c = rng.choice(NAMES), rng.choice(THINGS), rng.randint(2, 20), rng.randint(2, 9), rng.randint(1, 5)
            yield {"question": f"{name} has {a} {thing} and buys {b} more every day for {c} days. How many {thing} does {name} have then?",
                   "answer": f"{name} buys {b} * {c} = {b * c} {thing}. Then {name} has {a} + {b * c} = {a + b * c} {thing}.\n#### {a + b * c}"}

    write("gsm8k_shots", sums(5))
    write("gsm8k", sums(n))
    qa = facts(rng, n + 3)
    write("qa_shots", [{"question": q, "answer": a} for q, a, _ in qa[n:]])
    write("qa", [{"question": q, "answer": a} for q, a, _ in qa[:n]])
    rows = []
    for i in range(n):
        words = (story(rng, i % 2 == 0) + " " + story(rng, i % 2 == 1)).split(" ")
        rows.append({"prompt": " ".join(words[:30]), "gt": " " + " ".join(words[30:])})
    write("verbatim", rows)
    write("forget", [{"text": story(rng, i % 3 != 0)} for i in range(n)])
    write("holdout", [{"text": story(rng, i % 3 == 0)} for i in range(n)])
    for name, count in ("tofu_forget", n), ("tofu_other", n):
        rows = []
        for question, answer, others in facts(rng, count):
            wrong = rng.sample([o for o in others if o != answer], 3)
            rows.append({"question": question, "answer": f"The answer is {answer}.", "paraphrased_answer": f"It is {answer}, as one may read.",
                         "perturbed_answer": [f"It is {w}, as one may read." for w in wrong]})
        write(name, rows)


if __name__ == "__main__":
    main()
