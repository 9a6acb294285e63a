#!/usr/bin/env python3
"""A GGUF's values in F32 for other programs: hf_folder.py MODEL.gguf FOLDER
FOLDER gets a Hugging Face model (for vLLM and transformers) and model-f32.gguf (for biforget), both of the same numbers. Needs torch,
transformers, accelerate and gguf. transformers reads a quantised GGUF (as F32) but does not save it, so the weights and the configuration
are written here."""
import json, os, sys

os.environ["HF_HUB_OFFLINE"] = "1"
import gguf
import torch
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM, AutoTokenizer


def huggingface(source, out):
    folder, name = os.path.split(source)
    tokenizer = AutoTokenizer.from_pretrained(folder, gguf_file=name)
    model = AutoModelForCausalLM.from_pretrained(folder, gguf_file=name, dtype=torch.float32)
    config = model.config.to_dict()
    config.pop("quantization_config", None)
    config.update(architectures=[type(model).__name__], dtype="float32", _name_or_path="")
    tied = config.get("tie_word_embeddings", False)
    weights = {k: v.contiguous() for k, v in model.state_dict().items() if not (tied and k == "lm_head.weight")}
    save_file(weights, os.path.join(out, "model.safetensors"), metadata={"format": "pt"})
    with open(os.path.join(out, "config.json"), "w", encoding="utf-8") as f:
        json.dump(config, f, indent=1, default=str)
    tokenizer.save_pretrained(out)
    split_digits(source, os.path.join(out, "tokenizer.json"))


def split_digits(source, path):
    """What transformers forgets when it makes a tokenizer out of a GGUF: SmolLM's splits digits off before anything else, so that it
    has other tokens for two line feeds before a number."""
    field = gguf.GGUFReader(source).get_field("tokenizer.ggml.pre")
    if not field or field.contents() != "smollm":
        return
    with open(path, encoding="utf-8") as f:
        tokenizer = json.load(f)
    before = tokenizer["pre_tokenizer"]
    before = before["pretokenizers"] if before["type"] == "Sequence" else [before]
    if not any(p["type"] == "Digits" for p in before):
        tokenizer["pre_tokenizer"] = {"type": "Sequence", "pretokenizers": [{"type": "Digits", "individual_digits": True}, *before]}
        with open(path, "w", encoding="utf-8") as f:
            json.dump(tokenizer, f, ensure_ascii=False)


def f32_gguf(source, path):
    reader = gguf.GGUFReader(source)
    arch = reader.get_field("general.architecture").contents()
    writer = gguf.GGUFWriter(path, arch)
    for key, field in reader.fields.items():
        if key.startswith("GGUF.") or key in ("general.architecture", "general.file_type", "general.quantization_version"):
            continue
        kind = field.types[0]
        writer.add_key_value(key, field.contents(), kind, field.types[-1] if kind == gguf.GGUFValueType.ARRAY else None)
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)
    for t in reader.tensors:
        writer.add_tensor(t.name, gguf.dequantize(t.data, t.tensor_type).astype("float32"))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def main():
    source, out = os.path.abspath(sys.argv[1]), sys.argv[2]
    os.makedirs(out, exist_ok=True)
    f32_gguf(source, os.path.join(out, "model-f32.gguf"))
    huggingface(source, out)


main()
