"""Reference losses and gradients for tests/unit/test_graph.c and tests/model/test_graph_smollm2.c: PyTorch autograd in float32
through the models of the transformers library, which share nothing with ours.

    pip install torch==2.13.0 transformers==5.24.0 gguf==0.19.* numpy==2.*
    python3 graph_reference.py SMOLLM2.gguf > graph_reference.json

The tiny models' weights come from a formula that the tests know as well. Of a gradient it keeps the norm, three elements, and
its products with 16 vectors of random signs: the mean square of the differences of those is an unbiased estimate of the squared
norm of the whole difference.
"""
import json
import sys

import gguf
import numpy as np
import torch
from transformers import LlamaConfig, LlamaForCausalLM, Qwen2Config, Qwen2ForCausalLM

N_SIGNS = 16
MASK = (1 << 64) - 1
HF_NAMES = {
    "attn_norm": "input_layernorm", "attn_q": "self_attn.q_proj", "attn_k": "self_attn.k_proj", "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj", "ffn_norm": "post_attention_layernorm", "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj", "ffn_down": "mlp.down_proj",
}
TINY = {
    "llama": dict(n_embd=64, n_ff=96, n_layer=3, n_head=4, n_head_kv=2, n_vocab=160, base=10000.0, eps=1e-5, tied=True,
                  factors=True, biases=False),
    "qwen2": dict(n_embd=48, n_ff=80, n_layer=3, n_head=6, n_head_kv=2, n_vocab=131, base=1000000.0, eps=1e-6, tied=False,
                  factors=False, biases=True),
}


def fnv(text):
    h = 0xCBF29CE484222325
    for byte in text.encode():
        h = ((h ^ byte) * 0x100000001B3) & MASK
    return h


def splitmix(seed, n):
    """The first n values of splitmix64."""
    z = (np.uint64(seed) + np.arange(1, n + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15))
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def values(name, shape, scale, offset=0.0):
    u = (splitmix(fnv(name), int(np.prod(shape))) >> np.uint64(40)).astype(np.float64) / 2.0**24
    return torch.tensor(((u - 0.5) * 2 * scale + offset).astype(np.float32).reshape(shape))


def to_hf_rows(w, n_head):
    """GGUF keeps the two halves of a head's rotation side by side; transformers one after the other."""
    d = w.shape[0] // n_head
    return w.reshape(n_head, d // 2, 2, *w.shape[1:]).transpose(1, 2).reshape(w.shape)


def to_gguf_rows(w, n_head):
    d = w.shape[0] // n_head
    return w.reshape(n_head, 2, d // 2, *w.shape[1:]).transpose(1, 2).reshape(w.shape)


def hf_name(name):
    fixed = {"token_embd.weight": "model.embed_tokens.weight", "output_norm.weight": "model.norm.weight",
             "output.weight": "lm_head.weight"}
    if name in fixed:
        return fixed[name]
    _, block, part, kind = name.split(".")
    return f"model.layers.{block}.{HF_NAMES[part]}.{kind}"


def rows_of(architecture, name, n_head, n_head_kv, convert, w):
    if architecture == "llama" and ".attn_q." in name:
        return convert(w, n_head)
    if architecture == "llama" and ".attn_k." in name:
        return convert(w, n_head_kv)
    return w


def tiny(architecture):
    c = TINY[architecture]
    e, f, d = c["n_embd"], c["n_ff"], c["n_embd"] // c["n_head"]
    q, kv = c["n_head"] * d, c["n_head_kv"] * d
    t = {"token_embd.weight": values("token_embd.weight", (c["n_vocab"], e), 1)}
    for i in range(c["n_layer"]):
        for part, shape in {"attn_q": (q, e), "attn_k": (kv, e), "attn_v": (kv, e), "attn_output": (e, q), "ffn_gate": (f, e),
                            "ffn_up": (f, e), "ffn_down": (e, f)}.items():
            t[f"blk.{i}.{part}.weight"] = values(f"blk.{i}.{part}.weight", shape, 0.25)
            if c["biases"] and part in ("attn_q", "attn_k", "attn_v"):
                t[f"blk.{i}.{part}.bias"] = values(f"blk.{i}.{part}.bias", shape[:1], 0.25)
        for part in ("attn_norm", "ffn_norm"):
            t[f"blk.{i}.{part}.weight"] = values(f"blk.{i}.{part}.weight", (e,), 0.25, 1)
    t["output_norm.weight"] = values("output_norm.weight", (e,), 0.25, 1)
    if not c["tied"]:
        t["output.weight"] = values("output.weight", (c["n_vocab"], e), 0.25)
    factors = values("rope_freqs.weight", (d // 2,), 1, 2) if c["factors"] else None
    return c, t, factors


def smollm2(path):
    reader = gguf.GGUFReader(path)
    f = {k: v.contents() for k, v in reader.fields.items() if k.startswith("llama.")}
    t = {x.name: torch.tensor(np.array(gguf.dequantize(x.data, x.tensor_type), dtype=np.float32)) for x in reader.tensors}
    return dict(n_embd=f["llama.embedding_length"], n_ff=f["llama.feed_forward_length"], n_layer=f["llama.block_count"],
                n_head=f["llama.attention.head_count"], n_head_kv=f["llama.attention.head_count_kv"],
                n_vocab=t["token_embd.weight"].shape[0], base=f["llama.rope.freq_base"],
                eps=f["llama.attention.layer_norm_rms_epsilon"], tied="output.weight" not in t), t, None


def model_of(architecture, c, t, factors):
    settings = dict(vocab_size=c["n_vocab"], hidden_size=c["n_embd"], intermediate_size=c["n_ff"],
                    num_hidden_layers=c["n_layer"], num_attention_heads=c["n_head"], num_key_value_heads=c["n_head_kv"],
                    rms_norm_eps=c["eps"], max_position_embeddings=8192, tie_word_embeddings=c["tied"],
                    rope_parameters={"rope_type": "default", "rope_theta": c["base"]}, attn_implementation="eager")
    model = LlamaForCausalLM(LlamaConfig(**settings)) if architecture == "llama" else Qwen2ForCausalLM(Qwen2Config(**settings))
    model = model.float().eval()
    parameters = dict(model.named_parameters())
    for name, w in t.items():
        parameters[hf_name(name)].data.copy_(rows_of(architecture, name, c["n_head"], c["n_head_kv"], to_hf_rows, w))
    if factors is not None:
        model.model.rotary_emb.inv_freq /= factors
    return model


def batch(n_vocab, lengths):
    tokens = (splitmix(fnv("tokens"), sum(lengths)) >> np.uint64(40)) % np.uint64(n_vocab)
    ends = set(np.cumsum(lengths) - 1)
    return tokens.astype(np.int64), [r for r in range(sum(lengths)) if r not in ends and r % 7 != 3]


def loss_of(call, tokens, lengths, rows):
    total, start = 0.0, 0
    for n in lengths:
        logits = call(torch.tensor(tokens[None, start:start + n]))[0]
        mine = [r - start for r in rows if start <= r < start + n]
        log_p = torch.log_softmax(logits[mine].double(), -1)
        total = total - log_p[range(len(mine)), torch.tensor(tokens[[start + r + 1 for r in mine]])].sum()
        start += n
    return total / len(rows)


def record(name, gradient):
    g = gradient.detach().double().numpy().reshape(-1)
    signs = [(splitmix(fnv(name) ^ (s + 1), g.size) >> np.uint64(63)).astype(np.float64) * 2 - 1 for s in range(N_SIGNS)]
    return {"norm": float(np.linalg.norm(g)), "products": [float(g @ s) for s in signs],
            "elements": [float(g[i]) for i in (0, g.size // 2, g.size - 1)]}


def full(architecture, c, t, factors, lengths, keep):
    model = model_of(architecture, c, t, factors)
    tokens, rows = batch(c["n_vocab"], lengths)
    loss = loss_of(lambda x: model(x).logits, tokens, lengths, rows)
    loss.backward()
    parameters = dict(model.named_parameters())
    gradients = {name: record(name, rows_of(architecture, name, c["n_head"], c["n_head_kv"], to_gguf_rows,
                                            parameters[hf_name(name)].grad)) for name in t if keep(name)}
    return {"lengths": lengths, "loss": loss.item(), "gradients": gradients}


def lora(architecture, c, t, factors, lengths, rank, alpha):
    """All seven matrices of every block, A and B from the formula."""
    model = model_of(architecture, c, t, factors)
    weights = {k: v.detach() for k, v in model.named_parameters()}
    ab = {}
    for name, w in t.items():
        if name.startswith("blk.") and w.dim() == 2:
            for kind, shape in (("a", (rank, w.shape[1])), ("b", (w.shape[0], rank))):
                ab[f"{name}.lora_{kind}"] = values(f"{name}.lora_{kind}", shape, 0.125).requires_grad_()
            change = alpha / rank * ab[f"{name}.lora_b"] @ ab[f"{name}.lora_a"]
            weights[hf_name(name)] = weights[hf_name(name)] + rows_of(architecture, name, c["n_head"], c["n_head_kv"],
                                                                      to_hf_rows, change)
    tokens, rows = batch(c["n_vocab"], lengths)
    loss = loss_of(lambda x: torch.func.functional_call(model, weights, (x,)).logits, tokens, lengths, rows)
    loss.backward()
    return {"lengths": lengths, "rank": rank, "alpha": alpha, "loss": loss.item(),
            "gradients": {name: record(name, p.grad) for name, p in ab.items()}}


def states(architecture, c, t, factors, lengths, layer, trained):
    """RMU's shape: the mean square of the hidden states after a block, and the gradient of some of its matrices."""
    model = model_of(architecture, c, t, factors)
    tokens, rows = batch(c["n_vocab"], lengths)
    total, start = 0.0, 0
    for n in lengths:
        h = model.model(torch.tensor(tokens[None, start:start + n]), output_hidden_states=True).hidden_states[layer + 1][0]
        total = total + (h[[r - start for r in rows if start <= r < start + n]].double() ** 2).sum()
        start += n
    loss = total / (len(rows) * c["n_embd"])
    loss.backward()
    parameters = dict(model.named_parameters())
    return {"lengths": lengths, "layer": layer, "loss": loss.item(),
            "gradients": {name: record(name, parameters[hf_name(name)].grad) for name in trained}}


def main():
    torch.set_num_threads(2)
    out = {}
    for architecture in TINY:
        model = tiny(architecture)
        out[architecture] = {
            "full": full(architecture, *model, [5, 150, 9], lambda name: True),
            "lora": lora(architecture, *model, [5, 150, 9], 4, 6.0),
            "states": states(architecture, *model, [5, 150, 9], 1, ["blk.0.ffn_down.weight", "blk.1.ffn_down.weight"]),
        }
    c, t, factors = smollm2(sys.argv[1])
    ends = ("blk.0.", "blk.15.", "blk.29.")
    out["smollm2"] = {
        "full": full("llama", c, t, factors, [40, 17], lambda name: not name.startswith("blk.") or name.startswith(ends)),
        "states": states("llama", c, t, factors, [40, 17], 7, [f"blk.{i}.ffn_down.weight" for i in (5, 6, 7)]),
    }
    json.dump(out, sys.stdout, separators=(",", ":"))
    print()


np.seterr(over="ignore")
if __name__ == "__main__":
    main()
