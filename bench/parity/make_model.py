#!/usr/bin/env python3
"""One model in two forms: the values of a llama-architecture GGUF in F32, as a GGUF and as a Hugging Face folder.

    make_model.py MODEL.gguf OUT      writes OUT/f32.gguf and OUT/hf/

Both have the same numbers, bit for bit: what differs afterwards differs in the programs. A GGUF's rows of q and k are permuted against
Hugging Face's (llama.cpp rotates neighbouring pairs, Hugging Face the two halves of a head).
"""
import json
import sys
from pathlib import Path

import numpy as np
import torch
from gguf import GGUFReader, GGUFValueType, GGUFWriter
from gguf.quants import dequantize
from safetensors.torch import save_file
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

NORMAL = 1  # of tokenizer.ggml.token_type
NAMES = {"attn_norm": "input_layernorm", "ffn_norm": "post_attention_layernorm", "attn_q": "self_attn.q_proj",
         "attn_k": "self_attn.k_proj", "attn_v": "self_attn.v_proj", "attn_output": "self_attn.o_proj",
         "ffn_gate": "mlp.gate_proj", "ffn_up": "mlp.up_proj", "ffn_down": "mlp.down_proj"}


def write_gguf(reader, tensors, path):
    writer = GGUFWriter(path, reader.get_field("general.architecture").contents())
    for field in reader.fields.values():
        if field.name.startswith("GGUF.") or field.name in ("general.architecture", "general.quantization_version"):
            continue
        value, kind = field.contents(), field.types[0]
        if field.name == "general.file_type":
            value = 0  # all F32
        if kind == GGUFValueType.ARRAY:
            writer.add_array(field.name, value)
        else:
            writer.add_key_value(field.name, value, kind)
    for name, values in tensors.items():
        writer.add_tensor(name, values)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def rotate_halves(rows, n_head):
    n, width = rows.shape
    return rows.reshape(n_head, n // n_head // 2, 2, width).swapaxes(1, 2).reshape(n, width)


def write_folder(reader, tensors, out):
    def key(name, default=None):
        field = reader.get_field(name)
        return default if field is None else field.contents()

    arch = key("general.architecture")
    if arch != "llama" or key("tokenizer.ggml.model") != "gpt2" or key("tokenizer.ggml.pre") != "smollm":
        sys.exit("make_model.py: knows SmolLM2's form of GGUF only (llama, a byte-level BPE that cuts digits)")
    n_head, n_kv = key("llama.attention.head_count"), key("llama.attention.head_count_kv")
    weights = {}
    for name, values in tensors.items():
        if name.startswith("blk."):
            _, block, part, _ = name.split(".")
            if part in ("attn_q", "attn_k"):
                values = rotate_halves(values, n_head if part == "attn_q" else n_kv)
            name = f"model.layers.{block}.{NAMES[part]}.weight"
        else:
            name = {"token_embd.weight": "model.embed_tokens.weight", "output_norm.weight": "model.norm.weight",
                    "output.weight": "lm_head.weight"}[name]
        weights[name] = torch.from_numpy(np.ascontiguousarray(values))
    out.mkdir(parents=True, exist_ok=True)
    save_file(weights, out / "model.safetensors", metadata={"format": "pt"})
    words, kinds = key("tokenizer.ggml.tokens"), key("tokenizer.ggml.token_type")
    bos, eos = key("tokenizer.ggml.bos_token_id"), key("tokenizer.ggml.eos_token_id")
    config = {
        "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_act": "silu", "attention_bias": False,
        "mlp_bias": False, "torch_dtype": "float32", "hidden_size": key("llama.embedding_length"),
        "intermediate_size": key("llama.feed_forward_length"), "num_hidden_layers": key("llama.block_count"),
        "num_attention_heads": n_head, "num_key_value_heads": n_kv, "rms_norm_eps": key("llama.attention.layer_norm_rms_epsilon"),
        "rope_theta": key("llama.rope.freq_base", 10000.0), "max_position_embeddings": key("llama.context_length"),
        "vocab_size": len(words), "tie_word_embeddings": "output.weight" not in tensors, "bos_token_id": bos, "eos_token_id": eos,
    }
    (out / "config.json").write_text(json.dumps(config, indent=1))
    merges = [tuple(pair.split(" ")) for pair in key("tokenizer.ggml.merges")]
    tokenizer = Tokenizer(models.BPE(vocab={word: i for i, word in enumerate(words)}, merges=merges))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True),
                                                       pre_tokenizers.ByteLevel(add_prefix_space=False)])
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(word, special=True, normalized=False)
                                  for word, kind in zip(words, kinds) if kind != NORMAL])
    tokenizer.save(str(out / "tokenizer.json"))
    (out / "tokenizer_config.json").write_text(json.dumps({
        "tokenizer_class": "PreTrainedTokenizerFast", "bos_token": words[bos], "eos_token": words[eos], "pad_token": words[eos],
        "clean_up_tokenization_spaces": False, "model_max_length": config["max_position_embeddings"],
        "chat_template": key("tokenizer.chat_template")}, indent=1))


def main():
    source, out = Path(sys.argv[1]), Path(sys.argv[2])
    reader = GGUFReader(source)
    tensors = {t.name: dequantize(t.data, t.tensor_type).astype(np.float32).reshape([int(n) for n in reversed(t.shape)])
               for t in reader.tensors}
    out.mkdir(parents=True, exist_ok=True)
    write_gguf(reader, tensors, out / "f32.gguf")
    write_folder(reader, tensors, out / "hf")


if __name__ == "__main__":
    main()
