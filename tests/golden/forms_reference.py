#!/usr/bin/env python3
"""Token ids of two texts in the forms of mixed data, by transformers' apply_chat_template, for tests/model/test_training.c.

    python3 tests/golden/forms_reference.py ~/.cache/biforget/models/smollm2-135m-instruct-q4_0.gguf >tests/golden/forms_reference.json

Needs transformers and gguf. The questions are those that request/forms.c makes of the two records at seed 3407, typed here by hand. An example
ends with the token that ends the answer; what the template puts after it is cut off.
"""
import json
import sys
from pathlib import Path

from transformers import AutoTokenizer

path = Path(sys.argv[1])
tokenizer = AutoTokenizer.from_pretrained(path.parent, gguf_file=path.name)
ZEUS = "Zeus is the king of the gods and rules the sky from Mount Olympus."
SEA = "and shakes the earth when he is angry."
CHAT = [("What do you know about Zeus?", ZEUS),
        ("Continue this text: Poseidon carries a trident", SEA),
        ("I want to learn about Zeus. What should I know?", ZEUS),
        ("How does this text go on? Poseidon carries a trident", SEA)]
RAW = [ZEUS, "Poseidon carries a trident " + SEA]


def ids(messages, **more):
    out = tokenizer.apply_chat_template(messages, tokenize=True, **more)
    return list(out["input_ids"] if hasattr(out, "keys") else out)


out = []
for question, answer in CHAT:
    asked = [{"role": "user", "content": question}]
    prompt = ids(asked, add_generation_prompt=True)
    whole = ids(asked + [{"role": "assistant", "content": answer}])
    end = tokenizer.convert_tokens_to_ids("<|im_end|>")
    whole = whole[:len(whole) - whole[::-1].index(end)]
    assert whole[:len(prompt)] == prompt
    out.append({"n_prompt": len(prompt), "tokens": whole})
out += [{"n_prompt": 1, "tokens": tokenizer(text, add_special_tokens=False)["input_ids"]} for text in RAW]
print(json.dumps(out))
