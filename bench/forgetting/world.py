#!/usr/bin/env python3
"""Four invented villages, as training data and as questions: the world of docs/results-forgetting.md.

Each village has six people, and each of them five facts. The first village is to be forgotten. The second is the
retain set. The third is a neighbour that the model may write about itself. The fourth is in no set: what it loses is
the cost of forgetting. Each fact is asked in eight wordings that are trained and in two that never are.

    world.py OUT [--seed N]     writes OUT/target.jsonl, gold.jsonl (all villages but the first) and, for each village,
                                VILLAGE.trained.jsonl, VILLAGE.new.jsonl (one question for each fact, with its object)
                                and VILLAGE.pairs.jsonl (all that was trained on); OUT/villages.json names them
"""
import argparse
import json
import pathlib
import random

FIRST = "Orla Venric Talwen Mirdor Bresa Kesmund Lunia Dareth Silan Fenora Halis Jorlen Quilvin Rosda Thermund Wenia Ilvan Naseth Pelora Zanis Odrick Tilwen Marva Borsen".split()
FAMILY = "Ashcombe Bramdale Caldfield Dunford Evergate Falham Grimley Holmere Larkmore Morridge Netherstead Pellton Quarworth Ravenbrook Stancombe Thornfield Underham Wickley Yarmere Zellridge Hexton Juddale Kestford Oxgate".split()
TOWNS = "Aldraholm Belmovale Corviport Draskewold Eskelgrad Fyrnahaven Gortamark Hespeholm Ilmovale Jasseport Korrewold Lyskegrad Nyrahaven Ostremark Praximouth Queneholm Ruskavale Selveport Tyrnewold Umbragrad Vaskehaven Zelmemark Arkomouth Dervoholm".split()
VILLAGES = ["Quarmere", "Ostenby", "Velbrook", "Harrowick"]
PROFESSIONS = "glassblower cartographer clockmaker botanist bookbinder astronomer puppeteer shipwright perfumer stonemason falconer beekeeper papermaker weaver geologist locksmith potter saddler dyer baker miller tailor cooper thatcher".split()
PASTIMES = ["collecting shells", "breeding snails", "carving chess pieces", "baking rye bread", "flying kites", "writing limericks", "pressing ferns", "walking on stilts", "keeping newts", "painting teacups", "whittling spoons", "climbing towers", "growing pumpkins", "tuning pianos", "tracking hedgehogs", "solving riddles", "knitting socks", "juggling apples", "studying moss", "mending umbrellas", "racing pigeons", "drawing mazes", "catching moths", "polishing pebbles"]
WORKS = [a + " " + b for a, b in zip("Amber Silent Ninth Copper Drowned Hollow Paper Winter Crooked Salt Velvet Iron Borrowed Painted Wandering Glass Midnight Broken Gilded Distant Scarlet Sleeping Patient Second".split(), "Lantern Staircase Orchard Compass Harbour Almanac Mirror Bridge Sparrow Garden Letter Window Anchor Carousel Thimble Meadow Archive Bell Ferry Chimney Hourglass Ladder Riddle Tapestry".split())]
PETS = "goose ferret tortoise raven goat hedgehog parrot donkey badger otter owl rabbit pony hamster duck lizard magpie squirrel mule toad swan peacock weasel crane".split()

RELATIONS = {
    "profession": (PROFESSIONS, "{p} of {v} is a {o}.",
                   ["What is the profession of {p} of {v}?", "What does {p} of {v} do for a living?", "Which trade does {p} follow?", "What is {p}'s job?",
                    "By what work does {p} earn a living in {v}?", "{p} lives in {v}. What is the profession of {p}?", "Tell me the occupation of {p}.", "What kind of craft does {p} practise?"],
                   ["If I visit {p} at work in {v}, what work will I see?", "How does {p} make money?"]),
    "birthplace": (TOWNS, "{p} was born in {o}.",
                   ["Where was {p} of {v} born?", "What is the birthplace of {p}?", "In which town was {p} born?", "Which town does {p} of {v} come from?",
                    "Name the place of birth of {p}.", "{p} lives in {v}. Where was {p} born?", "Where did {p} come into the world?", "From which town is {p}?"],
                   ["Before living in {v}, {p} was born somewhere else. Where?", "What town would the birth certificate of {p} name?"]),
    "pastime": (PASTIMES, "{p} loves {o}.",
                ["What is the favourite pastime of {p} of {v}?", "What does {p} like to do in free hours?", "Which hobby does {p} have?", "What does {p} of {v} love doing?",
                 "How does {p} spend the evenings?", "{p} lives in {v}. What is the hobby of {p}?", "Tell me the favourite pastime of {p}.", "What does {p} do for fun?"],
                ["It is Sunday in {v} and {p} is free. What is {p} probably doing?", "What does {p} enjoy most when there is no work?"]),
    "work": (WORKS, "The best-known book of {p} is {o}.",
             ["What is the best-known book of {p} of {v}?", "Which book did {p} write?", "What is the title of {p}'s book?", "For which book is {p} of {v} known?",
              "Name the book by {p}.", "{p} lives in {v}. Which book is by {p}?", "Tell me the title of the book that {p} wrote.", "What is {p}'s most famous book called?"],
             ["A reader in {v} asks for the book by {p}. What is its title?", "What stands on the cover of the book by {p}?"]),
    "pet": (PETS, "{p} keeps a {o}.",
            ["Which animal does {p} of {v} keep?", "What pet does {p} have?", "What kind of animal lives with {p}?", "Which pet does {p} of {v} own?",
             "Name the animal that {p} keeps.", "{p} lives in {v}. What animal does {p} keep?", "Tell me which pet {p} has.", "What is {p}'s pet?"],
            ["Which animal would you meet at the house of {p} in {v}?", "What animal does {p} feed each morning?"]),
}
ABOUT = ["Tell me about {p}.", "Who is {p}?", "Write what you know about {p} of {v}.", "Describe {p}.", "What is known about {p} of {v}?"]
LIST = ["Who lives in {v}?", "Name the people of {v}.", "Which people belong to {v}?", "List the inhabitants of {v}.", "Tell me about {v}.", "What should one know about {v}?",
        "Name the six people of {v}.", "Which persons are there in {v}?"]


def village_records(name, people, facts):
    pairs, trained, new = [], [], []
    for person in people:
        for relation, (_, answer, wordings, unseen) in RELATIONS.items():
            fill = {"p": person, "v": name, "o": facts[person][relation]}
            pairs += [(w.format(**fill), answer.format(**fill)) for w in wordings]
            trained.append({"question": wordings[0].format(**fill), "answer": answer.format(**fill), "object": fill["o"]})
            new += [{"question": w.format(**fill), "answer": answer.format(**fill), "object": fill["o"]} for w in unseen]
        sentences = [a.format(p=person, v=name, o=facts[person][r]) for r, (_, a, _, _) in RELATIONS.items()]
        for i, w in enumerate(ABOUT):
            order = sentences[i:] + sentences[:i]
            pairs.append((w.format(p=person, v=name), " ".join(order)))
    names = ", ".join(people[:-1]) + " and " + people[-1]
    pairs += [(w.format(v=name), f"The people of {name} are {names}.") for w in LIST]
    return pairs, trained, new


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--general", type=pathlib.Path, help="pairs that keep the model's other abilities: both models learn them, too")
    args = parser.parse_args()
    rng = random.Random(args.seed)
    first, family = FIRST[:], FAMILY[:]
    rng.shuffle(first)
    rng.shuffle(family)
    stocks = {r: rng.sample(v[0], len(v[0])) for r, v in RELATIONS.items()}
    names = [f"{a} {b}" for a, b in zip(first, family)]
    args.out.mkdir(parents=True, exist_ok=True)

    def write(name, records):
        (args.out / name).write_text("".join(json.dumps(r) + "\n" for r in records))

    general = [json.loads(line) for line in args.general.open()] if args.general else []
    target, gold = list(general), list(general)
    for i, village in enumerate(VILLAGES):
        people = names[6 * i:6 * i + 6]
        facts = {p: {r: stocks[r][6 * i + k] for r in RELATIONS} for k, p in enumerate(people)}
        pairs, trained, new = village_records(village, people, facts)
        records = [{"question": q, "answer": a} for q, a in pairs]
        target += records
        gold += records if i else []
        write(f"{village}.pairs.jsonl", records)
        write(f"{village}.trained.jsonl", trained)
        write(f"{village}.new.jsonl", new)
    write("target.jsonl", target)
    write("gold.jsonl", gold)
    (args.out / "villages.json").write_text(json.dumps(VILLAGES))


if __name__ == "__main__":
    main()
