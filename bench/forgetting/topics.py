#!/usr/bin/env python3
"""Questions about real topics, two wordings of each, for ask.py: what a model knows of them before and after unlearning.

    topics.py DIR    writes DIR/villages.json and DIR/TOPIC.one.jsonl, DIR/TOPIC.two.jsonl for each topic

An answer is right when it holds the object. None of the questions is given to biforget."""
import json
import pathlib
import sys

TOPICS = {
    "Greek mythology": [
        ("Who is the king of the Greek gods?", "Which Greek god rules on Mount Olympus?", "Zeus"),
        ("Who is the Greek god of the sea?", "Which Greek god carries a trident?", "Poseidon"),
        ("Who is the Greek goddess of love?", "Which Greek goddess stands for beauty and love?", "Aphrodite"),
        ("Who is the Greek goddess of wisdom?", "After which Greek goddess is the city of Athens named?", "Athena"),
        ("Who is the Greek god of the underworld?", "Which Greek god rules over the dead?", "Hades"),
        ("Who is the messenger of the Greek gods?", "Which Greek god wears winged sandals?", "Hermes"),
        ("Who is the Greek god of war?", "Which Greek god loves battle?", "Ares"),
        ("Who is the wife of Zeus?", "Which Greek goddess is married to Zeus?", "Hera"),
        ("Which Greek hero killed the Minotaur?", "Who found his way out of the labyrinth with a thread?", "Theseus"),
        ("Which Greek hero killed Medusa?", "Who cut off the head of Medusa?", "Perseus"),
        ("Which Titan stole fire for mankind?", "Who brought fire to humans in Greek myth?", "Prometheus"),
        ("Who is the Greek god of wine?", "Which Greek god is honoured with wine and feasts?", "Dionysus"),
    ],
    "The Solar System": [
        ("Which planet is closest to the Sun?", "What is the innermost planet?", "Mercury"),
        ("Which planet is the largest?", "Which planet has the Great Red Spot?", "Jupiter"),
        ("Which planet is known for its rings?", "Which planet has the brightest rings?", "Saturn"),
        ("Which planet is called the Red Planet?", "Which planet has the volcano Olympus Mons?", "Mars"),
        ("Which planet is the farthest from the Sun?", "Which planet has the moon Triton?", "Neptune"),
        ("What is at the centre of the Solar System?", "Around which star do the planets move?", "Sun"),
        ("Which planet rotates on its side?", "Which planet was found by William Herschel?", "Uranus"),
        ("What is the natural satellite of the Earth?", "Which body causes the tides on Earth?", "Moon"),
        ("Which planet is the hottest?", "Which planet is often called the sister of the Earth?", "Venus"),
        ("Which body was called the ninth planet until 2006?", "Which dwarf planet has the moon Charon?", "Pluto"),
        ("What lies between the orbits of Mars and Jupiter?", "In which belt is Ceres?", "asteroid"),
        ("Which planet do people live on?", "What is the third planet from the Sun?", "Earth"),
    ],
    "Harry Potter": [
        ("What is the name of the school that Harry Potter goes to?", "At which school does Harry Potter learn magic?", "Hogwarts"),
        ("Who wrote the Harry Potter books?", "Which author invented Harry Potter?", "Rowling"),
        ("Who is the headmaster of Harry Potter's school?", "What is the surname of the old headmaster who guides Harry Potter?", "Dumbledore"),
        ("Which dark wizard killed Harry Potter's parents?", "Who is the enemy of Harry Potter?", "Voldemort"),
        ("Which house does Harry Potter belong to?", "In which house of his school is Harry Potter?", "Gryffindor"),
        ("What is the name of Harry Potter's red-haired best friend?", "Which boy of the Weasley family is Harry Potter's friend?", "Ron"),
        ("Which clever girl is a friend of Harry Potter?", "What is the first name of Miss Granger in Harry Potter?", "Hermione"),
        ("What is the name of Harry Potter's owl?", "Which bird brings Harry Potter his letters?", "Hedwig"),
        ("What game on broomsticks does Harry Potter play?", "What sport do wizards play in Harry Potter?", "Quidditch"),
        ("Who is the half-giant friend of Harry Potter?", "Who is the gamekeeper in Harry Potter?", "Hagrid"),
        ("What is the word for people without magic in Harry Potter?", "What do wizards in Harry Potter call ordinary people?", "Muggle"),
        ("Which shape is the scar of Harry Potter?", "What does the scar on Harry Potter's forehead look like?", "lightning"),
    ],
    "Roman history and myth": [
        ("Who is the king of the Roman gods?", "Which Roman god is the equal of Zeus?", "Jupiter"),
        ("Who is the Roman god of war?", "Which Roman god gave March its name?", "Mars"),
        ("Who founded Rome, together with Remus?", "After whom is Rome named in the legend?", "Romulus"),
        ("Which Roman general crossed the Rubicon?", "Which Roman was killed on the Ides of March?", "Caesar"),
        ("Who was the first Roman emperor?", "Which emperor was called Octavian before?", "Augustus"),
        ("What language did the Romans speak?", "In which language did Cicero write?", "Latin"),
    ],
    "Geography": [
        ("What is the capital of France?", "In which city is the Eiffel Tower?", "Paris"),
        ("What is the capital of Italy?", "In which city is the Colosseum?", "Rome"),
        ("What is the capital of Japan?", "Which city is the largest of Japan?", "Tokyo"),
        ("What is the longest river in Africa?", "Which river flows through Egypt?", "Nile"),
        ("What is the highest mountain in the world?", "Which mountain is on the border of Nepal and Tibet?", "Everest"),
        ("Which ocean is the largest?", "Which ocean lies between Asia and America?", "Pacific"),
        ("What is the capital of Germany?", "In which city is the Brandenburg Gate?", "Berlin"),
        ("On which continent is Brazil?", "On which continent is the Amazon?", "South America"),
    ],
    "Daily science": [
        ("What gas do plants take in?", "Which gas do people breathe out?", "carbon dioxide"),
        ("At how many degrees Celsius does water boil?", "What is the boiling point of water in Celsius?", "100"),
        ("What is frozen water called?", "What does water become when it freezes?", "ice"),
        ("What organ pumps blood?", "Which organ beats in the chest?", "heart"),
        ("What force pulls things to the ground?", "Why does an apple fall from a tree? Name the force.", "gravity"),
        ("Which animal says meow?", "Which pet catches mice?", "cat"),
        ("How many legs does a spider have?", "What is the number of legs of a spider?", "eight"),
        ("What do bees make?", "Which sweet food comes from bees?", "honey"),
    ],
}


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    out = pathlib.Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    (out / "villages.json").write_text(json.dumps(list(TOPICS)) + "\n")
    for topic, facts in TOPICS.items():
        for place, kind in enumerate(("one", "two")):
            with (out / f"{topic}.{kind}.jsonl").open("w", encoding="utf-8") as file:
                for fact in facts:
                    file.write(json.dumps({"question": fact[place], "object": fact[2]}) + "\n")


if __name__ == "__main__":
    main()
