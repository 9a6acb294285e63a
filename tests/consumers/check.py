"""Our exports in the hands of the projects that read them: Hugging Face datasets, Hydra and OmegaConf, a tokenizer of transformers.

    check.py hf FOLDER TITLE [CONFIG=ROWS...]     open every configuration; types, card, manifest
    check.py lines wmdp|tofu|jsonl FILE ROWS      open a file of lines; its manifest
    check.py muse FOLDER FORGET RETAIN            open the lists and texts as MUSE's loader and as datasets do
    check.py open-unlearning FOLDER QA|TEXT|IDK QA|TEXT|NONE [TRAINER JSON]   copy into a checkout, compose, load, tokenise; the
                                                  trainer's class, and values of its args and method_args by name

A wrong export ends in an AssertionError or in the project's own exception. Nothing is fetched.
"""
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

scratch = tempfile.mkdtemp(prefix="biforget-consumers-")
os.environ.update(HF_HUB_OFFLINE="1", HF_DATASETS_OFFLINE="1", TRANSFORMERS_OFFLINE="1", HF_HOME=os.path.join(scratch, "hf"),
                  HF_DATASETS_DISABLE_PROGRESS_BARS="1", TRANSFORMERS_NO_ADVISORY_WARNINGS="1", TRANSFORMERS_VERBOSITY="error")

import datasets  # noqa: E402
import yaml      # noqa: E402

datasets.disable_progress_bars()
VARIANTS = ["fix", "mi", "jailbreak", "both"]


def read(*path):
    with open(os.path.join(*path), encoding="utf-8") as f:
        return f.read()


def check_manifest(path, folder):
    """Every file and its sha256, and no file beside them."""
    manifest = json.loads(read(path))
    assert manifest["program"] == "biforget" and manifest["manifest"] == 1, manifest
    for name, file in manifest["files"].items():
        with open(os.path.join(folder, name), "rb") as f:
            data = f.read()
        assert len(data) == file["bytes"] and hashlib.sha256(data).hexdigest() == file["sha256"], name
        if name.endswith((".jsonl", ".txt")) and "samples" in file:
            assert data.count(b"\n") == file["samples"], name
    return manifest


def check_folder(folder):
    manifest = check_manifest(os.path.join(folder, "manifest.json"), folder)
    found = {os.path.relpath(os.path.join(top, f), folder) for top, _, files in os.walk(folder) for f in files}
    assert found == set(manifest["files"]) | {"manifest.json"}, found
    for top, _, files in os.walk(folder):
        assert os.stat(top).st_mode & 0o777 == 0o700, top
        assert all(os.stat(os.path.join(top, f)).st_mode & 0o777 == 0o600 for f in files), files
    check_tables(read(folder, "README.md"))
    return manifest


def check_tables(markdown):
    """A pipe or a backtick in a name must not open a cell or code: each row has the cells of its table's head."""
    n = None
    for line in markdown.split("\n"):
        if not line.startswith("|"):
            n = None
            continue
        cells = len(re.findall(r"(?<!\\)\|", line))
        assert n in (None, cells), line
        n = cells
        assert len(re.findall(r"(?<!\\)`", line)) % 2 == 0, line


def check_hf(folder, title, *rows):
    manifest = check_folder(folder)
    head, markdown = re.match(r"---\n(.*?)\n---\n(.*)", read(folder, "README.md"), re.S).groups()
    card = yaml.safe_load(head)
    assert card["pretty_name"] == "Forget set: " + title, card["pretty_name"]
    assert markdown.startswith("\n# Forget set: ") and "load_dataset(" in markdown
    names = [c["config_name"] for c in card["configs"]]
    assert names[:4] == VARIANTS, names
    forms = [n for n in names if n.split("_")[-1] in ("chat", "raw")]
    assert [n for n in names[4:] if n not in forms] in ([], ["retain"]) and "chat" in names or "raw" in names, names
    for name in forms:
        data = datasets.load_dataset(folder, name, split="train")
        assert data.column_names == (["id", "question", "answer"] if name.endswith("chat") else ["id", "text"]), data.column_names
        assert data.num_rows == manifest["files"][f"data/{name}.jsonl"]["samples"] > 0
        assert set(data["id"]) <= set(datasets.load_dataset(folder, "retain" if name.startswith("retain") else manifest["variant"], split="train")["id"])
        assert all(isinstance(v, str) and v for c in data.column_names for v in data[c])
    assert datasets.get_dataset_config_names(folder) == names
    features, default = None, datasets.load_dataset(folder, split="train")
    for name in (n for n in names if n not in forms):
        data = datasets.load_dataset(folder, name)
        assert list(data) == ["train"]
        data = data["train"]
        assert features in (None, data.features), (name, data.features)
        features = data.features
        assert data.num_rows == manifest["files"][f"data/{name}.jsonl"]["samples"]
        raw = [json.loads(line) for line in read(folder, "data", name + ".jsonl").splitlines()]
        assert [r["text"] for r in raw] == data["text"] and [r["seed"] for r in raw] == data["seed"]
        assert all(list(r) == list(features) for r in raw)
        assert name == "retain" or all(name in r["variants"] for r in raw)
        if name == manifest["variant"]:
            assert default["id"] == data["id"]
        for wanted in rows:
            if wanted.split("=")[0] == name:
                assert data.num_rows == int(wanted.split("=")[1]), (name, data.num_rows)
    assert {f.dtype for n, f in features.items() if n != "variants"} == {"string", "float64", "int64"}
    assert all(w.split("=")[0] in names for w in rows), names


def check_lines(kind, path, rows):
    columns = {"wmdp": ["text"], "tofu": ["question", "answer"]}
    manifest = check_manifest(path + ".manifest.json", os.path.dirname(path))
    assert list(manifest["files"]) == [os.path.basename(path)]
    data = datasets.load_dataset("json", data_files=path, split="train")
    assert data.num_rows == int(rows) == manifest["samples"], data.num_rows
    assert kind == "jsonl" or data.column_names == columns[kind], data.column_names
    assert all(isinstance(v, str) and v for c in columns.get(kind, ["text"]) for v in data[c])


def check_muse(folder, *wanted):
    manifest = check_folder(folder)
    for role, n in zip(("forget", "retain"), map(int, wanted)):
        if n == 0:
            assert f"{role}.json" not in manifest["files"] and f"{role}.txt" not in manifest["files"]
            continue
        # As MUSE reads it: a list whose first item is text.
        texts = json.loads(read(folder, role + ".json"))
        assert len(texts) == n and all(isinstance(t, str) and t for t in texts)
        assert len(read(folder, role + ".txt").splitlines()) == n
        assert datasets.load_dataset("json", data_files=os.path.join(folder, role + ".json"), split="train")["text"] == texts
        lines = datasets.load_dataset("text", data_files=os.path.join(folder, role + ".txt"), split="train")["text"]
        assert [" ".join(t.split()) for t in lines] == [" ".join(t.split()) for t in texts]


# ---- open-unlearning ----

# The parameters of the two loaders, beside tokenizer and template_args, which the trainer adds.
PARAMETERS = {"QADataset": {"hf_args", "question_key", "answer_key", "few_shot_dataset_hf_args", "max_length", "predict_with_generate"},
              "PretrainingDataset": {"hf_args", "text_key", "max_length"},
              "CompletionDataset": {"hf_args", "prefix_key", "text_key", "max_length", "predict_with_generate", "insert_space"}}
PARAMETERS["QAwithIdkDataset"] = PARAMETERS["QADataset"] | {"idk_path", "return_original"}
HANDLERS = {"QA": "QADataset", "TEXT": "CompletionDataset", "JOINED": "PretrainingDataset", "IDK": "QAwithIdkDataset", "FORMS": "BiForgetForms"}
# What the trainers take beside what they inherit.
METHOD_ARGS = {"GradAscent": set(), "GradDiff": {"gamma", "alpha", "retain_loss_type"}}
METHOD_ARGS["NPO"] = METHOD_ARGS["DPO"] = METHOD_ARGS["GradDiff"] | {"beta"}
METHOD_ARGS["SimNPO"] = METHOD_ARGS["NPO"] | {"delta"}
METHOD_ARGS["RMU"] = METHOD_ARGS["GradDiff"] | {"module_regex", "trainable_params_regex", "steering_coeff"}


def tokenizer_of(texts):
    """A byte-level BPE learnt from the texts: real merges, nothing to download."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast
    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bpe.decoder = decoders.ByteLevel()
    bpe.train_from_iterator(texts, trainers.BpeTrainer(vocab_size=1000, special_tokens=["<s>", "</s>"], show_progress=False,
                                                       initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=bpe, bos_token="<s>", eos_token="</s>", pad_token="</s>",
                                        clean_up_tokenization_spaces=False)
    tokenizer.chat_template = ("{% for m in messages %}<s>{{ m.role }}\n{{ m.content }}</s>{% endfor %}"
                               "{% if add_generation_prompt %}<s>assistant\n{% endif %}")
    return tokenizer


def tokenise_pair(tokenizer, template, question, answer, max_length):
    """Ids of the conversation, and how many of them are the prompt, whose labels are masked."""
    if template["apply_chat_template"]:
        chat = [{"role": "system", "content": template["system_prompt"]}] if template.get("system_prompt") else []
        chat.append({"role": "user", "content": question})
        prompt = tokenizer.apply_chat_template(chat, tokenize=True, add_generation_prompt=True)
        ids = tokenizer.apply_chat_template(chat + [{"role": "assistant", "content": answer}], tokenize=True)
    else:
        text = template["user_start_tag"] + question + template["user_end_tag"] + template["asst_start_tag"]
        prompt = tokenizer(text, max_length=max_length, truncation=True)["input_ids"]
        ids = tokenizer(text + answer, max_length=max_length, truncation=True)["input_ids"]
    if ids[-1] != tokenizer.eos_token_id:
        ids = ids + [tokenizer.eos_token_id]
    return ids, len(prompt)


def check_pairs(data, args, template, tokenizer):
    assert "index" not in data.column_names             # the loader adds one
    for row in data:
        question, answer = row[args["question_key"]], row[args["answer_key"]]
        assert isinstance(answer, str)
        ids, n = tokenise_pair(tokenizer, template, question, answer, args["max_length"])
        labels = tokenizer.decode(ids[n:])
        assert 0 < n < len(ids), (question, answer)
        # Where a tag ends in a space, the answer's first word may be one token with it, and is masked then.
        whole = labels == answer + "</s>" if template["apply_chat_template"] else (answer + "</s>").endswith(labels)
        assert whole and len(labels.split()) + 1 >= len(answer.split()), (labels, answer)
        assert question in tokenizer.decode(ids[:n])


def check_single_texts(data, args, tokenizer):
    for text in data[args["text_key"]]:
        assert len(tokenizer(text)["input_ids"][:args["max_length"]]) > 1       # the first token has no label


def check_texts(data, args, tokenizer):
    ids = tokenizer("\n\n".join(data[args["text_key"]]), add_special_tokens=False)["input_ids"]
    n = args["max_length"]
    pieces = [tokenizer.decode(ids[i:i + n]) for i in range(0, len(ids), n)]
    assert pieces
    for piece in pieces[:-1]:
        assert len(tokenizer(piece)["input_ids"][:n]) > 1       # the first token has no label
    assert "".join(pieces).startswith(data[args["text_key"]][0])


def composed(checkout, *overrides):
    from hydra import compose, initialize_config_dir
    with initialize_config_dir(version_base=None, config_dir=os.path.join(checkout, "configs")):
        return compose("unlearn.yaml", overrides=list(overrides))


def refused(checkout, words, *overrides):
    from hydra.errors import ConfigCompositionException
    try:
        composed(checkout, *overrides)
    except ConfigCompositionException as e:
        assert all(w in str(e) for w in words), e
    else:
        raise AssertionError(f"composed without {words[0]}")


def check_loader(entry, kind, template, tokenizer, checkout):
    assert entry["handler"] == HANDLERS[kind], entry
    args = entry["args"]
    assert set(args) <= PARAMETERS[entry["handler"]], args
    assert os.path.normpath(os.path.join(checkout, args["hf_args"]["data_files"])).startswith(os.path.join(checkout, "data", "biforget"))
    data = datasets.load_dataset(**args["hf_args"])
    assert data.num_rows > 0
    if kind == "IDK":
        assert os.path.normpath(os.path.join(checkout, args["idk_path"])) == os.path.join(checkout, "data", "idk.jsonl")
        assert args["return_original"] is True
    if kind in ("QA", "IDK"):
        check_pairs(data, args, template, tokenizer)
    elif kind == "TEXT":
        check_single_texts(data, args, tokenizer)
    else:
        check_texts(data, args, tokenizer)
    return data.num_rows


def check_role(cfg, role, kind, template, tokenizer, checkout):
    (name, entry), = cfg["data"][role].items()
    assert name == "BiForget_" + role
    if kind != "FORMS":
        return check_loader(entry, kind, template, tokenizer, checkout)
    assert entry["handler"] == HANDLERS[kind] and list(entry["args"]) == ["datasets"], entry
    parts = entry["args"]["datasets"]
    assert list(parts) == ["chat", "raw"], parts
    return check_loader(parts["chat"], "QA", template, tokenizer, checkout) + check_loader(parts["raw"], "TEXT", template, tokenizer, checkout)


def check_started(checkout, experiment, chosen, n):
    """Hydra imports the export's loader, which gives the rows of both forms to whoever asks."""
    rows = json.loads(subprocess.run([sys.executable, "src/train.py", "--config-name=unlearn.yaml", experiment, "model=Plain-1B", *chosen],
                                     cwd=checkout, check=True, stdout=subprocess.PIPE).stdout)
    kinds = [row["handler"] for row in rows]
    assert len(rows) == n and kinds == sorted(kinds, reverse=True) and set(kinds) == {"QADataset", "CompletionDataset"}, kinds
    assert all("question" in row or row["handler"] == "CompletionDataset" and row["text"] for row in rows)


def check_trainer(trainer, handler, expected):
    from dataclasses import fields
    from transformers.trainer_utils import SchedulerType
    from transformers.training_args import TrainingArguments
    assert trainer["handler"] == handler, trainer
    args, method_args = trainer["args"], trainer.get("method_args", {})
    assert set(args) <= {f.name for f in fields(TrainingArguments)} | {"warmup_epochs"}, args
    SchedulerType(args["lr_scheduler_type"])
    assert set(method_args) <= METHOD_ARGS[handler], method_args
    for name, value in expected.items():
        found = {**args, **method_args}[name]
        assert found == value and isinstance(found, type(value)), (name, found, value)
    for pattern in [method_args.get("module_regex"), *method_args.get("trainable_params_regex", [])]:
        re.compile(pattern or "")


def check_open_unlearning(folder, forget, retain, handler="NPO", expected="{}"):
    import skeleton
    from omegaconf import OmegaConf
    check_folder(folder)
    checkout = os.path.join(scratch, "checkout")
    skeleton.write(checkout)
    parts = [part for part in ("configs", "data", "src") if os.path.isdir(os.path.join(folder, part))]
    assert f"cp -r {' '.join(parts)} PATH/TO/open-unlearning/" in read(folder, "README.md")
    assert ("src" in parts) == ("FORMS" in (forget, retain))
    for part in parts:
        shutil.copytree(os.path.join(folder, part), os.path.join(checkout, part), dirs_exist_ok=True)
    (name,) = (f[:-len(".yaml")] for f in os.listdir(os.path.join(folder, "configs/experiment/unlearn/biforget")))
    assert re.fullmatch("[a-z0-9-]+", name), name
    experiment = "experiment=unlearn/biforget/" + name
    chosen = [] if retain != "NONE" else ["data/datasets@data.retain=Other_retain"]
    readme = read(folder, "README.md")
    assert experiment in readme and "accelerate launch --config_file configs/accelerate/default_config.yaml" in readme
    assert ("data/datasets@data.retain=" in readme) == (retain == "NONE")

    # What must be named is asked for, with what there is.
    refused(checkout, ["'model'", "Plain-1B"], experiment, *chosen)
    if retain == "NONE":
        refused(checkout, ["data/datasets@data.retain", "Other_retain"], experiment, "model=Plain-1B")

    texts = [f for f in os.listdir(os.path.join(checkout, "data/biforget", name))]
    tokenizer = tokenizer_of([read(checkout, "data/biforget", name, f) for f in texts])
    here = os.getcwd()
    for model in ("Plain-1B", "Example-3B"):
        for start, root in ((checkout, []), (here, ["paths.root_dir=" + checkout])):
            os.chdir(start)
            cfg = composed(checkout, experiment, "model=" + model, *chosen, *root)
            plain = OmegaConf.to_container(cfg, resolve=True, throw_on_missing=True)
            assert plain["mode"] == "unlearn" and plain["task_name"] == "biforget_" + name
            assert "eval" not in plain
            check_trainer(plain["trainer"], handler, json.loads(expected))
            arguments = plain["trainer"]["args"]
            assert arguments["eval_strategy"] == "no" and arguments["do_eval"] is False, arguments
            assert isinstance(arguments["learning_rate"], float) and arguments["remove_unused_columns"] is False
            assert plain["data"]["anchor"] == "forget" and set(plain["data"]) == {"anchor", "forget", "retain"}
            template = plain["model"]["template_args"]
            n = check_role(plain, "forget", forget, template, tokenizer, checkout)
            if retain != "NONE":
                check_role(plain, "retain", retain, template, tokenizer, checkout)
    os.chdir(here)
    if forget == "FORMS":
        check_started(checkout, experiment, chosen, n)
    # The command line has the last word.
    other = composed(checkout, experiment, "model=Plain-1B", *chosen, "trainer=GradDiff", "eval=benchmark", "task_name=mine")
    assert other.trainer.handler == "GradDiff" and other.eval.benchmark.output_dir == "./saves/unlearn/mine"
    # A second set that is dropped in takes the names of the dataset files; this experiment still names its own data.
    with open(os.path.join(checkout, "configs/data/datasets/BiForget_forget.yaml"), encoding="utf-8") as f:
        replaced = f.read().replace(name, "another")
    with open(os.path.join(checkout, "configs/data/datasets/BiForget_forget.yaml"), "w", encoding="utf-8") as f:
        f.write(replaced)
    again = composed(checkout, experiment, "model=Plain-1B", *chosen)
    args = again.data.forget.BiForget_forget.args
    if forget == "FORMS":
        assert args.datasets.raw.args.hf_args.data_files == f"./data/biforget/{name}/forget_raw.jsonl"
        args = args.datasets.chat.args
    assert re.fullmatch(f"\\./data/biforget/{name}/forget(_chat|_raw)?\\.jsonl", args.hf_args.data_files), args


def main():
    kind, *arguments = sys.argv[1:]
    try:
        {"hf": check_hf, "lines": check_lines, "muse": check_muse, "open-unlearning": check_open_unlearning}[kind](*arguments)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


if __name__ == "__main__":
    main()
