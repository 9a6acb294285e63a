#!/usr/bin/env python3
"""The time of the official Stage I procedure as published: one sample at a time through Hugging Face generate, and after each
kept sample the whole set embedded again, one sentence at a time, by a BERT-base (SimCSE's architecture), then all pairwise
cosine distances. Times depend on shapes, not on what weights say, so both models have random weights: a Llama with SmolLM2-135M's
shape, and BERT-base. Answers have a fixed length, the mean length that biforget's run on the same model had.

usage: official.py [--sizes 50,100,200] [--answer 60] [--prompt 30] [--threads 2] [--bf16]
Needs torch and transformers. One run to the largest size; the time at each smaller one is read off on the way."""
import argparse, json, math, time
import torch
from transformers import BertConfig, BertModel, LlamaConfig, LlamaForCausalLM

p = argparse.ArgumentParser()
p.add_argument("--sizes", default="50,100,200"); p.add_argument("--answer", type=int, default=60)
p.add_argument("--prompt", type=int, default=30); p.add_argument("--threads", type=int, default=2)
p.add_argument("--bf16", action="store_true")
a = p.parse_args()
torch.manual_seed(0); torch.set_num_threads(a.threads)
model = LlamaForCausalLM(LlamaConfig(vocab_size=49152, hidden_size=576, intermediate_size=1536, num_hidden_layers=30,
                                     num_attention_heads=9, num_key_value_heads=3, tie_word_embeddings=True)).eval()
if a.bf16:
    model = model.to(torch.bfloat16)
bert = BertModel(BertConfig()).eval()
sizes = [int(x) for x in a.sizes.split(",")]
sentences, points = [], []
generate = embed = 0.0
begin = time.perf_counter()
with torch.no_grad():
    for n in range(1, sizes[-1] + 1):
        t = time.perf_counter()
        prompt = torch.randint(5, 49152, (1, a.prompt))
        out = model.generate(input_ids=prompt, attention_mask=torch.ones_like(prompt), do_sample=True, temperature=0.8,
                             top_p=0.95, min_new_tokens=a.answer, max_new_tokens=a.answer, pad_token_id=0)
        generate += time.perf_counter() - t
        sentences.append(torch.randint(5, 30000, (1, min(128, a.answer + 2))))
        t = time.perf_counter()
        e = torch.cat([bert(s).pooler_output for s in sentences])
        e = torch.nn.functional.normalize(e, dim=1)
        distances = 1 - e @ e.T
        embed += time.perf_counter() - t
        if n in sizes:
            points.append((n, time.perf_counter() - begin))
            print(json.dumps({"samples": n, "seconds": round(points[-1][1], 1), "generate": round(generate, 1),
                              "embed": round(embed, 1)}), flush=True)
x = [math.log(n) for n, _ in points]; y = [math.log(s) for _, s in points]
mx, my = sum(x) / len(x), sum(y) / len(y)
slope = sum((i - mx) * (j - my) for i, j in zip(x, y)) / sum((i - mx) ** 2 for i in x)
n = sizes[-1]
g, e = generate / n, embed / (n * (n + 1) / 2)
print(f"fitted exponent {slope:.2f}; per sample {g:.2f} s of generation and {e:.4f} s for each embedding: "
      f"1,000 samples by the fitted power law {math.exp(my + slope * (math.log(1000) - mx)):.0f} s, "
      f"by counting the work (1,000 answers, 500,500 embeddings) {1000 * g + 500500 * e:.0f} s")
