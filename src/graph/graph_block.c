/* One transformer block:  m = x + O attention(rope(Q n1), rope(K n1), V n1),  out = m + Down swiglu(Gate n2, Up n2),
 * n1 = norm(x), n2 = norm(m). Norms' outputs and the activation are made again in backward: they cost little. */
#include <string.h>

#include "base/clones.h"
#include "graph/graph_internal.h"
#include "base/banned.h"

enum { UNIT = 8192 };

struct sum {
    float *out;
    const float *x;
};

BF_CLONES static void add(void *user, int64_t first, int64_t end)
{
    const struct sum *c = user;
    for (int64_t i = first; i < end; i++)
        c->out[i] += c->x[i];
}

static void add_to(struct bf_graph *g, float *out, const float *x)
{
    struct sum c = {out, x};
    bf_graph_rows(g, (int64_t)g->n * g->config.n_embd, UNIT, add, &c);
}

void bf_block_forward(struct bf_graph *g, const struct bf_block *b, struct bf_kept *kept, float *out)
{
    const struct bf_graph_config *c = &g->config;
    const struct bf_linear *l = b->linear;
    const int64_t n = g->n;
    bf_norm_forward(g, b->attention_norm, kept->x, g->h, kept->scale1, n);
    bf_linear_forward(g, &l[BF_Q], g->h, kept->q, n, kept->low[BF_Q]);
    bf_linear_forward(g, &l[BF_K], g->h, kept->k, n, kept->low[BF_K]);
    bf_linear_forward(g, &l[BF_V], g->h, kept->v, n, kept->low[BF_V]);
    bf_rope_apply(g, kept->q, c->n_head, false);
    bf_rope_apply(g, kept->k, c->n_head_kv, false);
    bf_attention_forward(g, kept);
    bf_linear_forward(g, &l[BF_O], kept->o, kept->middle, n, kept->low[BF_O]);
    add_to(g, kept->middle, kept->x);
    bf_norm_forward(g, b->ffn_norm, kept->middle, g->h, kept->scale2, n);
    bf_linear_forward(g, &l[BF_GATE], g->h, kept->gate, n, kept->low[BF_GATE]);
    bf_linear_forward(g, &l[BF_UP], g->h, kept->up, n, kept->low[BF_UP]);
    bf_swiglu_forward(g, kept->gate, kept->up, g->a, n);
    bf_linear_forward(g, &l[BF_DOWN], g->a, out, n, kept->low[BF_DOWN]);
    add_to(g, out, kept->middle);
}

static bool wanted(const struct bf_linear *l)
{
    return bf_linear_trained(l) || (l->bias && l->bias->gradient);
}

void bf_block_backward(struct bf_graph *g, const struct bf_block *b, struct bf_kept *kept)
{
    const struct bf_graph_config *c = &g->config;
    const struct bf_linear *l = b->linear;
    const int64_t n = g->n;
    /* How far down a gradient is wanted. */
    const bool into_q =
        b->back || b->attention_norm->gradient || wanted(&l[BF_Q]) || wanted(&l[BF_K]) || wanted(&l[BF_V]);
    const bool into_o = into_q || wanted(&l[BF_O]);
    const bool into_gate = into_o || b->ffn_norm->gradient || wanted(&l[BF_GATE]) || wanted(&l[BF_UP]);

    if (bf_linear_trained(&l[BF_DOWN]))
        bf_swiglu_forward(g, kept->gate, kept->up, g->a, n);
    bf_linear_backward(g, &l[BF_DOWN], g->a, g->dx, into_gate ? g->da : NULL, false, n, kept->low[BF_DOWN]);
    if (!into_gate)
        return;
    bf_swiglu_backward(g, kept->gate, kept->up, g->da, n);
    if (bf_linear_trained(&l[BF_GATE]) || bf_linear_trained(&l[BF_UP]))
        bf_norm_again(g, b->ffn_norm, kept->middle, kept->scale2, g->h, n);
    float *dh = into_o || b->ffn_norm->gradient ? g->dh : NULL;
    bf_linear_backward(g, &l[BF_GATE], g->h, kept->gate, dh, false, n, kept->low[BF_GATE]);
    bf_linear_backward(g, &l[BF_UP], g->h, kept->up, dh, true, n, kept->low[BF_UP]);
    if (!dh)
        return;
    bf_norm_backward(g, b->ffn_norm, kept->middle, kept->scale2, dh, into_o ? g->dx : NULL, n);
    if (!into_o)
        return;
    bf_linear_backward(g, &l[BF_O], kept->o, g->dx, into_q ? g->d_o : NULL, false, n, kept->low[BF_O]);
    if (!into_q)
        return;
    bf_attention_backward(g, kept);
    bf_rope_apply(g, g->dq, c->n_head, true);
    bf_rope_apply(g, g->dk, c->n_head_kv, true);
    if (bf_linear_trained(&l[BF_Q]) || bf_linear_trained(&l[BF_K]) || bf_linear_trained(&l[BF_V]))
        bf_norm_again(g, b->attention_norm, kept->x, kept->scale1, g->h, n);
    dh = b->back || b->attention_norm->gradient ? g->dh : NULL;
    bf_linear_backward(g, &l[BF_Q], g->h, g->dq, dh, false, n, kept->low[BF_Q]);
    bf_linear_backward(g, &l[BF_K], g->h, g->dk, dh, true, n, kept->low[BF_K]);
    bf_linear_backward(g, &l[BF_V], g->h, g->dv, dh, true, n, kept->low[BF_V]);
    if (dh)
        bf_norm_backward(g, b->attention_norm, kept->x, kept->scale1, dh, b->back ? g->dx : NULL, n);
}
