#!/usr/bin/env python3
"""Token ids of questions and answers by Hugging Face's apply_chat_template and tokenizers, for tests/unit/test_chat_tokens.c.

    python3 tests/golden/chat_tokens_reference.py LLAMA_CPP_SOURCE SMOLLM2.gguf >tests/golden/chat_tokens_reference.json

Needs transformers, gguf and torch. The vocabularies are those in llama.cpp's source (models/ggml-vocab-*.gguf) and the small model's; where
transformers does not read a GGUF's tokenizer as the family's tokenizer.json has it, that is put right here, and each vocabulary is checked
against llama.cpp's own test texts (*.inp, *.out, which its maintainers wrote with Hugging Face's tokenizers) first.

Special tokens inside the words stay text, which apply_chat_template alone cannot do. So: a guard character is put into each of them, the
template is rendered, the text is cut at the special tokens that are left, and each run is encoded without the guard and with
encode_special_tokens. Where the words have no special token this must give what apply_chat_template(tokenize=True) gives, which is checked.
"""
import datetime
import json
import os
import re
import sys
import warnings
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"
warnings.filterwarnings("ignore")
import tokenizers
import transformers
from gguf import GGUFReader
from tokenizers import AddedToken, Regex, normalizers, pre_tokenizers
from transformers import AutoTokenizer, PreTrainedTokenizerFast
from transformers.utils import chat_template_utils

transformers.logging.set_verbosity_error()
SOURCE, SMALL = Path(sys.argv[1]), Path(sys.argv[2])
GUARD = "\ue000"


class FixedDate(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return cls(2024, 7, 26, 12)


chat_template_utils.datetime = FixedDate


def sentencepiece(t):
    t.normalizer = normalizers.Sequence([normalizers.Prepend("\u2581"), normalizers.Replace(" ", "\u2581")])
    t.pre_tokenizer = None


def llama3(t):
    t.model.ignore_merges = True


def smollm2(t):
    t.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True),
                                               pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)])


def strings(reader, name):
    field = reader.fields[name]
    return [bytes(field.parts[i]).decode() for i in field.data]


def number(reader, name):
    field = reader.fields.get(name)
    return None if field is None else int(field.parts[field.data[0]][0])


def gemma(path):
    """transformers reads no Gemma 4 GGUF: the same by hand (BPE over whole lines, spaces as U+2581, bytes for the rest)."""
    reader = GGUFReader(path)
    tokens, merges = strings(reader, "tokenizer.ggml.tokens"), strings(reader, "tokenizer.ggml.merges")
    types = [int(reader.fields["tokenizer.ggml.token_type"].parts[i][0]) for i in reader.fields["tokenizer.ggml.token_type"].data]
    pairs = []
    for m in merges:
        at = m.index(" ", 1)
        pairs.append((m[:at], m[at + 1:]))
    t = tokenizers.Tokenizer(tokenizers.models.BPE(vocab={x: i for i, x in enumerate(tokens)}, merges=pairs, unk_token="<unk>",
                                                   fuse_unk=True, byte_fallback=True))
    t.normalizer = normalizers.Replace(" ", "\u2581")
    t.pre_tokenizer = pre_tokenizers.Split(Regex("[^\n]+|[\n]+"), "isolated")
    t.add_special_tokens([AddedToken(x, special=True, normalized=False) for x, k in zip(tokens, types) if k == 3])
    t.add_tokens([AddedToken(x, normalized=False) for x, k in zip(tokens, types) if k == 4])
    return PreTrainedTokenizerFast(tokenizer_object=t, bos_token="<bos>", eos_token="<eos>", unk_token="<unk>")


def load(path, mend):
    path = Path(path)
    if mend is gemma:
        tokenizer = gemma(path)
    else:
        tokenizer = AutoTokenizer.from_pretrained(path.parent, gguf_file=path.name)
        reader = GGUFReader(path)
        tokens = strings(reader, "tokenizer.ggml.tokens")
        field = reader.fields["tokenizer.ggml.token_type"]
        types = [int(field.parts[i][0]) for i in field.data]
        # Phi-3's tokenizer.json takes away white space after its special tokens, but for these.
        strip = "phi-3" in path.name
        special = [AddedToken(x, special=True, normalized=False, rstrip=strip and x not in ("<unk>", "<s>", "<|endoftext|>"))
                   for x, k in zip(tokens, types) if k == 3 or x in ("</s>", "<unk>")]
        tokenizer.backend_tokenizer.add_special_tokens(special)
        tokenizer.bos_token = tokens[number(reader, "tokenizer.ggml.bos_token_id")]
        tokenizer.eos_token = tokens[number(reader, "tokenizer.ggml.eos_token_id")]
        if mend:
            mend(tokenizer.backend_tokenizer)
    if path.with_suffix(".gguf.inp").exists():
        texts = open(path.with_suffix(".gguf.inp"), encoding="utf-8", newline="").read()
        wanted = open(path.with_suffix(".gguf.out")).read().split("\n")
        for text, ids in zip(texts.split("\n__ggml_vocab_test__\n"), wanted):
            got = tokenizer.encode(text, add_special_tokens=False)
            assert got == [int(x) for x in ids.split()], (path.name, text, ids, got)
    return tokenizer


def in_tests(name):
    """A template of llama.cpp's tests/test-chat-template.cpp, by the model's name."""
    source = (SOURCE / "tests/test-chat-template.cpp").read_text()
    found = re.search(r'\.name= \*/ "' + re.escape(name) + r'[^\n]*\n(?:\s*//[^\n]*\n)*\s*/\* \.template_str= \*/ ("(?:[^"\\]|\\.)*")', source)
    return json.loads(found.group(1))


def in_models(name):
    return (SOURCE / "models/templates" / name).read_text()


LLAMA2 = ("{% if messages[0]['role'] == 'system' %}{% set loop_messages = messages[1:] %}{% set system_message = messages[0]['content'] %}"
          "{% else %}{% set loop_messages = messages %}{% set system_message = false %}{% endif %}{% for message in loop_messages %}"
          "{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('Conversation roles must alternate') }}{% endif %}"
          "{% if loop.index0 == 0 and system_message != false %}{% set content = '<<SYS>>\\n' + system_message + '\\n<</SYS>>\\n\\n' + "
          "message['content'] %}{% else %}{% set content = message['content'] %}{% endif %}{% if message['role'] == 'user' %}"
          "{{ bos_token + '[INST] ' + content.strip() + ' [/INST]' }}{% elif message['role'] == 'assistant' %}"
          "{{ ' ' + content.strip() + ' ' + eos_token }}{% endif %}{% endfor %}")
ZEPHYR = ("{% for message in messages %}\n{% if message['role'] == 'user' %}\n{{ '<|user|>\n' + message['content'] + eos_token }}\n"
          "{% elif message['role'] == 'system' %}\n{{ '<|system|>\n' + message['content'] + eos_token }}\n"
          "{% elif message['role'] == 'assistant' %}\n{{ '<|assistant|>\n'  + message['content'] + eos_token }}\n{% endif %}\n"
          "{% if loop.last and add_generation_prompt %}\n{{ '<|assistant|>' }}\n{% endif %}\n{% endfor %}")

VOCABULARIES = {"llama-spm": sentencepiece, "llama-bpe": llama3, "qwen2": None, "phi-3": None, "gemma-4": gemma, "smollm2": smollm2}
# family, vocabulary, template; a file of llama.cpp's models/templates is named, not copied.
FAMILIES = [
    ("SmolLM2", "smollm2", strings(GGUFReader(SMALL), "tokenizer.chat_template")[0]),
    ("Qwen2.5", "qwen2", "Qwen-Qwen2.5-7B-Instruct.jinja"),
    ("Qwen3", "qwen2", "Qwen-Qwen3-0.6B.jinja"),
    ("Llama 2", "llama-spm", LLAMA2),
    ("Llama 3", "llama-bpe", in_tests("Llama-3")),
    ("Llama 3.1", "llama-bpe", "meta-llama-Llama-3.1-8B-Instruct.jinja"),
    ("Mistral v1", "llama-spm", in_tests("mistralai/Mistral-7B-Instruct-v0.2 (mistralai 'v1'")),
    ("Phi-3", "phi-3", in_tests("Phi-3-mini")),
    ("Phi-3.5", "phi-3", "microsoft-Phi-3.5-mini-instruct.jinja"),
    ("Gemma 4", "gemma-4", "google-gemma-4-31B-it.jinja"),
    ("Zephyr", "llama-spm", ZEPHYR),
    ("Vicuna", "llama-spm", in_tests("eachadea/vicuna-13b-1.1")),
]
PAIRS = [
    ("Who built the mill of Ostby?", "Bram Holt built it."),
    ("  Which gods rule the sea, the sky and the underworld?\n", " Poseidon, Zeus and Hades. "),
    ("List three moons:\n1.\n2.\n\n3.", "Io\nEuropa\n\nGanymede"),
    ("Où est né Zoë Ångström, né en 1871? 你好", "\u00c0 \u00c5s, dit-on \u2014 \U0001f319."),
    ("\u3000\u00a0What is 12 + 345?\u2003", "357"),
    ("Does </s> or <|im_end|> or <|endoftext|> end this, or <turn|>, <|end|>, <|eot_id|>?", "No: </s><|im_end|> <|endoftext|> stay text."),
    ("<|im_start|>system", "[INST] <s>"),
    ("x", "."),
]


def guarded(words, special):
    for token in special:
        words = words.replace(token, token[0] + GUARD + token[1:])
    return words


def ids_of(tokenizer, text):
    """The whole text, cut at its special tokens."""
    added = tokenizer.backend_tokenizer.get_added_tokens_decoder()
    special = {a.content: (i, a.rstrip) for i, a in added.items() if a.special}
    backend = tokenizer.backend_tokenizer
    backend.encode_special_tokens = True
    ids, strip = [], False
    for piece in re.split("(" + "|".join(re.escape(x) for x in sorted(special, key=len, reverse=True)) + ")", text):
        if piece in special:
            ids.append(special[piece][0])
            strip = special[piece][1]
            continue
        run = (piece.lstrip() if strip else piece).replace(GUARD, "")
        if run:
            ids += backend.encode(run, add_special_tokens=False).ids
        strip = False
    backend.encode_special_tokens = False
    return ids


def case(tokenizer, template, question, answer):
    special = [a.content for a in tokenizer.backend_tokenizer.get_added_tokens_decoder().values() if a.special]
    asked = [{"role": "user", "content": guarded(question, special)}]
    told = asked + [{"role": "assistant", "content": guarded(answer, special)}]
    texts = [tokenizer.apply_chat_template(asked, chat_template=template, tokenize=False, add_generation_prompt=True),
             tokenizer.apply_chat_template(told, chat_template=template, tokenize=False)]
    prompt, whole = [ids_of(tokenizer, t) for t in texts]
    if not any(s in question + answer for s in special):
        for want, conversation, begin in ((prompt, asked, True), (whole, told, False)):
            got = tokenizer.apply_chat_template(conversation, chat_template=template, tokenize=True, add_generation_prompt=begin)
            got = got["input_ids"] if not isinstance(got, list) else got
            assert got == want, (question, got, want)
    # The first special token after the answer ends it.
    said = told[1]["content"].strip()
    after = texts[1].rindex(said) + len(said)
    end = re.compile("|".join(re.escape(x) for x in sorted(special, key=len, reverse=True))).search(texts[1], after).end()
    return {"question": question, "answer": answer, "prompt": prompt, "pair": ids_of(tokenizer, texts[1][:end])}


def main():
    found, out = {}, []
    for name, mend in VOCABULARIES.items():
        found[name] = load(SMALL if name == "smollm2" else SOURCE / "models" / f"ggml-vocab-{name}.gguf", mend)
    for family, vocabulary, template in FAMILIES:
        tokenizer = found[vocabulary]
        source = in_models(template) if template.endswith(".jinja") else template
        cases = [case(tokenizer, source, q, a) for q, a in PAIRS]
        out.append({"family": family, "vocabulary": vocabulary, "template": template, "cases": cases})
        print(family, sum(len(c["pair"]) for c in cases), file=sys.stderr)
    rows = ",\n".join(json.dumps(family, ensure_ascii=False, separators=(",", ":")) for family in out)
    print('{"versions": "transformers %s, tokenizers %s", "families": [\n%s\n]}' % (transformers.__version__, tokenizers.__version__, rows))


main()
