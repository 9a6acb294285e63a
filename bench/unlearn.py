#!/usr/bin/env python3
"""A step of training beside PyTorch's, in the same run: forward, loss, backward and AdamW on SmolLM2, in float32.

    pip install torch==2.13.0 transformers==5.24.0 gguf==0.19.*
    make bench-unlearn          or    bench/unlearn.py [--kinds full,lora,rmu] [--batch 8x128] [--steps 4] [--rounds 3] [--threads 2]

Needs build/libbiforget_core.a (make), a C compiler and the small model (biforget models). Both sides train the same floats: the model is
saved in F32 first. The two take turns, `rounds` times, each a process of its own; shown are the fastest step of all rounds, the
seconds of CPU that it took (which a busy machine changes less), and the peak of memory. Losses are compared step by step.
full: every weight. lora: rank 16 on all seven matrices of every block. rmu: hidden states after block 7, the down projections of
blocks 5 to 7. BIFORGET_CACHE is where the model lies.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent


def compiled(folder):
    """bench/unlearn.c against the library, with the flags that the build itself found."""
    program = Path(folder) / "unlearn"
    ninja = (ROOT / "build" / "build.ninja").read_text()
    rule = ninja.split("build biforget:", 1)[1].split("\n\n", 1)[0]
    libraries = next(line.split("=", 1)[1].split() for line in rule.splitlines() if line.strip().startswith("LINK_LIBRARIES"))
    subprocess.run(["cc", "-std=gnu17", "-O3", "-march=native", "-fopenmp-simd", "-ffp-contract=fast", f"-I{ROOT}/src",
                    str(HERE / "unlearn.c"), "-o", str(program), *libraries, "-lstdc++", "-fopenmp", "-lm"],
                   cwd=ROOT / "build", check=True)
    return program


def torch_steps(a):
    """The other side, in a process of its own: prints what bench/unlearn.c prints."""
    import resource

    import torch
    sys.path.insert(0, str(ROOT / "tests" / "golden"))
    import graph_reference as reference

    torch.set_num_threads(a.threads)
    c, tensors, factors = reference.smollm2(a.model)
    model = reference.model_of("llama", c, tensors, factors)
    del tensors
    model.config._attn_implementation = "sdpa"
    model.train()
    if a.bf16:
        model = model.bfloat16()
    n_sequences, n_tokens = map(int, a.batch.split("x"))
    tokens = torch.tensor([[(7919 * (i + 1) + 104729 * (i % 17)) % c["n_vocab"] for i in range(s * n_tokens, (s + 1) * n_tokens)]
                           for s in range(n_sequences)])
    if a.torch == "rmu":
        model.model.layers = model.model.layers[:8]
        model.model.norm = torch.nn.Identity()
        for p in model.parameters():
            p.requires_grad_(False)
        for i in (5, 6, 7):
            model.model.layers[i].mlp.down_proj.weight.requires_grad_(True)
    if a.torch == "lora":
        class Adapted(torch.nn.Module):
            def __init__(self, base):
                super().__init__()
                self.base = base
                self.a = torch.nn.Parameter(torch.empty(16, base.in_features, dtype=base.weight.dtype).uniform_(-0.04, 0.04))
                self.b = torch.nn.Parameter(torch.zeros(base.out_features, 16, dtype=base.weight.dtype))

            def forward(self, x):
                return self.base(x) + (x @ self.a.T) @ self.b.T * 2.0

        for p in model.parameters():
            p.requires_grad_(False)
        for layer in model.model.layers:
            for owner, names in ((layer.self_attn, ("q_proj", "k_proj", "v_proj", "o_proj")),
                                 (layer.mlp, ("gate_proj", "up_proj", "down_proj"))):
                for name in names:
                    setattr(owner, name, Adapted(getattr(owner, name)))
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=1e-5)
    for _ in range(a.steps):
        wall, cpu = time.monotonic(), time.process_time()
        if a.torch == "rmu":
            loss = (model.model(tokens).last_hidden_state[:, :-1].float() ** 2).mean()
        else:
            logits = model(tokens).logits[:, :-1].reshape(-1, c["n_vocab"]).float()
            loss = torch.nn.functional.cross_entropy(logits, tokens[:, 1:].reshape(-1))
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        print(time.monotonic() - wall, time.process_time() - cpu, loss.item())
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)


def measured(command):
    """[(seconds, CPU seconds, loss)] of the steps, peak in bytes."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("OPENBLAS_")}
    lines = subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout.split("\n")
    lines = [line.split() for line in lines if line.strip()]
    return [tuple(map(float, line)) for line in lines[:-1]], int(lines[-1][0])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--kinds", default="full,lora,rmu")
    parser.add_argument("--batch", default="8x128")
    parser.add_argument("--steps", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--json", help="also write the figures here")
    parser.add_argument("--torch", help=argparse.SUPPRESS)
    parser.add_argument("--bf16", action="store_true", help="products in BF16 here, the whole model in bfloat16 there")
    parser.add_argument("--model", help="a GGUF of the llama architecture; without it, SmolLM2")
    a = parser.parse_args()
    if a.torch:
        torch_steps(a)
        return
    cache = Path(os.environ.get("BIFORGET_CACHE") or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "biforget")
    source = a.model or cache / "models" / "smollm2-135m-instruct-q4_0.gguf"
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        program = compiled(folder)
        floats = Path(folder) / "floats.gguf"
        import gguf
        import numpy as np
        reader = gguf.GGUFReader(source)
        writer = gguf.GGUFWriter(floats, "llama")
        for field in reader.fields.values():
            if field.name.startswith("llama.") and field.types[0] in (gguf.GGUFValueType.UINT32, gguf.GGUFValueType.FLOAT32):
                writer.add_key_value(field.name, field.contents(), field.types[0])
        for t in reader.tensors:
            writer.add_tensor(t.name, np.array(gguf.dequantize(t.data, t.tensor_type), dtype=np.float32))
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
        n_sequences, n_tokens = a.batch.split("x")
        n = int(n_sequences) * int(n_tokens)
        print(f"{a.batch} tokens, {a.threads} threads, {'bfloat16' if a.bf16 else 'float32'}; fastest step of {a.rounds} x {a.steps}")
        print("| kind | ours tok/s | PyTorch tok/s | ratio | CPU s ours | CPU s PyTorch | ratio | GiB ours | GiB PyTorch | ratio | largest difference of losses |")
        print("|---|---|---|---|---|---|---|---|---|---|---|")
        for kind in a.kinds.split(","):
            commands = {
                "ours": [str(program), str(floats), kind, n_sequences, n_tokens, str(a.threads), str(a.steps),
                         "bf16" if a.bf16 else "f32"],
                "torch": [sys.executable, __file__, "--torch", kind, "--model", str(floats), "--batch", a.batch, "--steps",
                          str(a.steps), "--threads", str(a.threads)] + (["--bf16"] if a.bf16 else []),
            }
            best, cpu, peak, losses = {}, {}, {}, {}
            for _ in range(a.rounds):
                for side, command in commands.items():
                    steps, bytes_ = measured(command)
                    best[side] = min([best.get(side, 1e9)] + [s[0] for s in steps])
                    cpu[side] = min([cpu.get(side, 1e9)] + [s[1] for s in steps])
                    peak[side] = bytes_ / 2**30
                    losses[side] = [s[2] for s in steps]
            # The adapters start from different random numbers: only their first loss is the same.
            compared = 1 if kind == "lora" else a.steps
            apart = max(abs(x / y - 1) for x, y in list(zip(losses["ours"], losses["torch"]))[:compared])
            print(f"| {kind} | {n / best['ours']:.0f} | {n / best['torch']:.0f} | **{best['torch'] / best['ours']:.2f}** | "
                  f"{cpu['ours']:.2f} | {cpu['torch']:.2f} | **{cpu['torch'] / cpu['ours']:.2f}** | {peak['ours']:.2f} | {peak['torch']:.2f} | "
                  f"**{peak['ours'] / peak['torch']:.2f}** | {apart:.1e} |", flush=True)
            rows.append({"kind": kind, "seconds": best, "cpu_seconds": cpu, "peak_gib": peak, "losses": losses})
    if a.json:
        Path(a.json).write_text(json.dumps(rows, indent=1) + "\n")


main()
