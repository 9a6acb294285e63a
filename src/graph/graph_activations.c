/* All memory that grows with the batch, in one piece: laid out once to know its size, once more to hand it out. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/mem.h"
#include "graph/graph_internal.h"
#include "base/banned.h"

enum { ALIGN = 64, HUGE_PAGE = 2 << 20 };

struct layout {
    char *base; /* NULL: only count */
    size_t used;
};

static void *take(struct layout *l, size_t n, size_t size)
{
    void *at = l->base ? l->base + l->used : NULL;
    l->used += (n * size + ALIGN - 1) / ALIGN * ALIGN;
    return at;
}

static float *floats(struct layout *l, size_t n)
{
    return take(l, n, sizeof(float));
}

/* All of a block's activations but its input. */
static void take_kept(const struct bf_graph *g, struct layout *l, struct bf_kept *k, const struct bf_block *block)
{
    const struct bf_graph_config *c = &g->config;
    const size_t n = (size_t)g->params.n_tokens, q = n * (size_t)(c->n_head * c->n_head_dim);
    const size_t kv = n * (size_t)(c->n_head_kv * c->n_head_dim), f = n * (size_t)c->n_ff;
    k->q = floats(l, q);
    k->k = floats(l, kv);
    k->v = floats(l, kv);
    k->o = floats(l, q);
    k->middle = floats(l, n * (size_t)c->n_embd);
    k->gate = floats(l, f);
    k->up = floats(l, f);
    k->scale1 = floats(l, n);
    k->scale2 = floats(l, n);
    k->log_sum = floats(l, n * (size_t)c->n_head);
    for (int j = 0; j < BF_N_LINEAR; j++)
        k->low[j] = block->linear[j].weight->lora ? floats(l, n * (size_t)g->params.lora_rank) : NULL;
}

static void take_gradients(struct bf_graph *g, struct layout *l)
{
    const struct bf_graph_config *c = &g->config;
    const size_t n = (size_t)g->params.n_tokens, e = n * (size_t)c->n_embd;
    g->da = floats(l, n * (size_t)c->n_ff);
    g->dx = floats(l, e);
    g->dh = floats(l, e);
    g->dq = floats(l, n * (size_t)(c->n_head * c->n_head_dim));
    g->dk = floats(l, n * (size_t)(c->n_head_kv * c->n_head_dim));
    g->dv = floats(l, n * (size_t)(c->n_head_kv * c->n_head_dim));
    g->d_o = floats(l, n * (size_t)(c->n_head * c->n_head_dim));
    if (g->params.train == BF_TRAIN_LORA)
        g->dlow = floats(l, n * (size_t)g->params.lora_rank);
    if (g->params.state_layer < 0)
        g->drows = floats(l, e);
}

static void lay_out(struct bf_graph *g, struct layout *l)
{
    const struct bf_graph_config *c = &g->config;
    const size_t n = (size_t)g->params.n_tokens, e = n * (size_t)c->n_embd;
    g->starts = take(l, n + 1, sizeof *g->starts);
    g->positions = take(l, n, sizeof *g->positions);
    g->all_rows = take(l, n, sizeof *g->all_rows);
    g->rope_table = floats(l, n * (size_t)c->n_rot);
    g->final = floats(l, e);
    g->h = floats(l, e);
    g->a = floats(l, n * (size_t)c->n_ff);
    g->rows = floats(l, e);
    if (g->params.state_layer < 0) {
        g->rows_scale = floats(l, n);
        g->states = floats(l, e);
        g->logits = floats(l, (size_t)g->n_portion * (size_t)g->n_vocab);
    }
    if (g->params.train != BF_TRAIN_NONE || g->params.input_gradient)
        take_gradients(g, l);
    g->attention = floats(l, g->n_threads * g->n_attention);

    /* What is not kept, or is made again, is one for all blocks. */
    take_kept(g, l, &g->shared, &g->blocks[0]);
    for (int32_t i = 0; i < g->n_layer_used; i++) {
        struct bf_kept *k = &g->kept[i];
        *k = g->shared;
        k->x = g->final;
        if (!g->blocks[i].keep)
            continue;
        if (!g->params.checkpoint_activations)
            take_kept(g, l, k, &g->blocks[i]);
        k->x = floats(l, e);
    }
}

enum bf_status bf_graph_activations_new(struct bf_graph *g, bool dry, struct bf_err *err)
{
    const size_t n_row_bytes = (size_t)g->n_vocab * sizeof(float);
    const size_t n_rows = g->params.max_logit_bytes / n_row_bytes;
    g->n_portion = n_rows < 1 ? 1 : n_rows > (size_t)g->params.n_tokens ? g->params.n_tokens : (int32_t)n_rows;
    g->n_attention = bf_attention_scratch(g->kernel, g->params.n_tokens);
    g->kept = bf_array((size_t)g->n_layer_used, sizeof *g->kept);
    struct layout l = {NULL, 0};
    lay_out(g, &l);
    g->n_activation_bytes = l.used;
    if (dry)
        return BF_OK;
    g->activations = aligned_alloc(HUGE_PAGE, (l.used + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE);
    if (!g->activations)
        return bf_fail(
            err, BF_INPUT,
            "memory is short for the activations of %d tokens, %.1f GB; take smaller batches or keep checkpoints only",
            g->params.n_tokens, (double)l.used / 1e9);
#ifdef MADV_HUGEPAGE
    /* Rows of logits are far apart: with small pages, finding them costs more than reading them. Only a wish. */
    (void)madvise(g->activations, l.used, MADV_HUGEPAGE);
#endif
    l = (struct layout){g->activations, 0};
    lay_out(g, &l);
    for (int32_t i = 0; i < g->params.n_tokens; i++)
        g->all_rows[i] = i;
    bf_rope_table(&g->config, g->rope_factors ? g->rope_factors->data : NULL, g->params.n_tokens, g->rope_table);
    return BF_OK;
}

void bf_graph_activations_free(struct bf_graph *g)
{
    free(g->kept);
    free(g->activations);
}
