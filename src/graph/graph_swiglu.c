/* SwiGLU (Shazeer, arXiv 2002.05202): a = g sigmoid(g) u. With s = sigmoid(g): du = da g s, dg = da u s (1 + g (1 - s)). */
#include "base/clones.h"
#include "base/fast_exp.h"
#include "graph/graph_internal.h"
#include "base/banned.h"

enum { UNIT = 8192 };

struct swiglu {
    const float *gate, *up, *da;
    float *a, *dgate, *dup;
};

BF_CLONES static void forward(void *user, int64_t first, int64_t end)
{
    const struct swiglu *c = user;
#pragma omp simd
    for (int64_t i = first; i < end; i++)
        c->a[i] = c->gate[i] / (1 + bf_fast_exp(-c->gate[i])) * c->up[i];
}

BF_CLONES static void backward(void *user, int64_t first, int64_t end)
{
    const struct swiglu *c = user;
#pragma omp simd
    for (int64_t i = first; i < end; i++) {
        const float gate = c->dgate[i], up = c->dup[i], sigmoid = 1 / (1 + bf_fast_exp(-gate));
        c->dgate[i] = c->da[i] * up * sigmoid * (1 + gate * (1 - sigmoid));
        c->dup[i] = c->da[i] * gate * sigmoid;
    }
}

void bf_swiglu_forward(struct bf_graph *g, const float *gate, const float *up, float *a, int64_t n)
{
    struct swiglu c = {.gate = gate, .up = up, .a = a};
    bf_graph_rows(g, n * g->config.n_ff, UNIT, forward, &c);
}

void bf_swiglu_backward(struct bf_graph *g, float *gate, float *up, const float *da, int64_t n)
{
    struct swiglu c = {.da = da, .dgate = gate, .dup = up};
    bf_graph_rows(g, n * g->config.n_ff, UNIT, backward, &c);
}
