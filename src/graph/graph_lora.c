/* Low-rank adapters (Hu et al., arXiv 2106.09685): W + (alpha / rank) B A. */
#include <ggml.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "base/rng.h"
#include "graph/graph_internal.h"
#include "base/banned.h"

static const char *const kinds[BF_N_LINEAR] = {"attn_q",   "attn_k", "attn_v",  "attn_output",
                                               "ffn_gate", "ffn_up", "ffn_down"};

float bf_graph_lora_scale(const struct bf_graph *g)
{
    return g->params.lora_alpha / (float)g->params.lora_rank;
}

static char *join(const char *name, const char *suffix)
{
    const size_t n = strlen(name) + strlen(suffix) + 1;
    char *joined = bf_alloc(n);
    snprintf(joined, n, "%s%s", name, suffix);
    return joined;
}

enum bf_status bf_graph_lora_bind(struct bf_graph *g, struct bf_err *err)
{
    const struct bf_graph_params *p = &g->params;
    if (p->lora_rank < 1 || p->lora_rank > g->config.n_embd)
        return bf_fail(err, BF_INPUT, "a LoRA rank of %d; give 1 to %d", p->lora_rank, g->config.n_embd);
    if (!isfinite(p->lora_alpha) || p->lora_alpha <= 0)
        return bf_fail(err, BF_INPUT, "LoRA's alpha must be a number above 0");
    bool wanted[BF_N_LINEAR];
    for (int j = 0; j < BF_N_LINEAR; j++)
        wanted[j] = !p->lora_targets;
    for (size_t i = 0; p->lora_targets && i < p->n_lora_targets; i++) {
        int j = 0;
        while (j < BF_N_LINEAR && strcmp(kinds[j], p->lora_targets[i]) != 0)
            j++;
        if (j == BF_N_LINEAR)
            return bf_fail(err, BF_INPUT,
                           "'%s' is not a target of LoRA; give one of attn_q, attn_k, attn_v, attn_output, ffn_gate, "
                           "ffn_up, ffn_down",
                           p->lora_targets[i]);
        wanted[j] = true;
    }
    const int32_t last = p->lora_last < 0 ? g->n_layer_used - 1 : p->lora_last;
    bool any = false;
    if (p->lora_first < 0 || p->lora_first > last || last >= g->n_layer_used)
        return bf_fail(err, BF_INPUT,
                       "an adapter in blocks %d to %d of a model with %d blocks, which count from 0; name others "
                       "(--lora-layers)",
                       p->lora_first, last, g->n_layer_used);
    for (int32_t i = p->lora_first; i <= last; i++)
        for (int j = 0; j < BF_N_LINEAR; j++)
            if (wanted[j]) {
                struct bf_weight *w = g->blocks[i].linear[j].weight;
                w->lora = bf_alloc(sizeof *w->lora);
                w->lora->name_a = join(w->name, ".lora_a");
                w->lora->name_b = join(w->name, ".lora_b");
                any = true;
            }
    return any ? BF_OK : bf_fail(err, BF_INPUT, "no target is named for LoRA");
}

enum bf_status bf_graph_lora_load(struct bf_graph *g, bool dry, struct bf_err *err)
{
    const size_t r = (size_t)g->params.lora_rank;
    for (size_t i = 0; i < g->n_weights; i++) {
        const struct bf_weight *w = &g->weights[i];
        struct bf_lora *lora = w->lora;
        if (!lora)
            continue;
        const size_t n_a = r * (size_t)w->n_in, n_b = r * (size_t)w->n_out;
        g->n_trained += (int64_t)(n_a + n_b);
        g->n_bytes_weights += (n_a + n_b) * sizeof(float);
        g->n_bytes_gradients += (n_a + n_b) * sizeof(float);
        if (dry)
            continue;
        lora->a = bf_try_array(n_a, sizeof(float));
        lora->b = bf_try_array(n_b, sizeof(float));
        lora->gradient_a = bf_try_array(n_a, sizeof(float));
        lora->gradient_b = bf_try_array(n_b, sizeof(float));
        if (!lora->a || !lora->b || !lora->gradient_a || !lora->gradient_b)
            return bf_fail(err, BF_INPUT,
                           "memory is short for an adapter of rank %d; lower the rank or name fewer targets",
                           g->params.lora_rank);
        /* A stream of its own for each matrix: which others there are does not matter. */
        struct bf_rng rng;
        bf_rng_init(&rng, bf_mix(g->params.lora_seed, bf_hash64(w->name, strlen(w->name))));
        const double bound = 1 / sqrt((double)w->n_in);
        for (size_t j = 0; j < n_a; j++)
            lora->a[j] = (float)(bound * (2 * bf_rng_unit(&rng) - 1));
    }
    return BF_OK;
}

void bf_graph_lora_release(struct bf_graph *g)
{
    for (size_t i = 0; i < g->n_weights; i++) {
        struct bf_lora *lora = g->weights[i].lora;
        if (!lora)
            continue;
        free(lora->name_a);
        free(lora->name_b);
        free(lora->a);
        free(lora->b);
        free(lora->gradient_a);
        free(lora->gradient_b);
        free(lora);
    }
}
