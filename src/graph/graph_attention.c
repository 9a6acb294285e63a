/* Causal attention with grouped key-value heads, sequence by sequence. Scores live only for a tile of queries; backward
 * makes them again from the kept logarithm of the soft-max's denominator (Dao et al., "FlashAttention", arXiv
 * 2205.14135):
 *     p = exp(s q k - log_sum), o = p v;  dv = p^T do, dp = do v^T, ds = p (dp - sum(do o)),
 *     dq = s ds k, dk = s ds^T q. */
#include <math.h>
#include <string.h>

#include "base/clones.h"
#include "base/workers.h"
#include "base/fast_exp.h"
#include "graph/graph_internal.h"
#include "base/banned.h"

/* Queries and keys multiplied at a time. */
enum { TILE = 128 };

struct attention {
    struct bf_graph *g;
    const struct bf_kept *kept;
    int64_t n_slots;
};

/* A head of one sequence: rows are `stride` apart. */
struct head {
    const float *q, *k, *v, *o;
    float *out, *log_sum; /* forward */
    const float *d_o;     /* backward */
    float *dq, *dk, *dv;
    int64_t at, kv_at; /* of the first row in all queries, in all keys */
    int64_t stride, kv_stride, n, dim;
    int32_t n_head;
    float scale;
    float *scores, *dscores, *scratch; /* TILE x n, TILE x n */
    const struct bf_kernel *kernel;
};

size_t bf_attention_scratch(const struct bf_kernel *kernel, int32_t n_tokens)
{
    return (2 * (size_t)TILE * (size_t)n_tokens + bf_matmul_local_floats(kernel) + 15) / 16 * 16;
}

/* c [m, n] (stride c_stride) = or += scale a b. */
static void product(const struct head *h, int64_t m, int64_t n, int64_t k, const float *a, int64_t a_stride,
                    bool a_transposed, const float *b, int64_t b_stride, bool b_transposed, float *c, int64_t c_stride,
                    bool accumulate, float scale)
{
    const struct bf_product p = {.m = m,
                                 .n = n,
                                 .k = k,
                                 .a = a,
                                 .a_stride = a_stride,
                                 .a_transposed = a_transposed,
                                 .b = b,
                                 .b_row_bytes = (size_t)b_stride * sizeof(float),
                                 .b_transposed = b_transposed,
                                 .c = c,
                                 .c_stride = c_stride,
                                 .accumulate = accumulate,
                                 .scale = scale};
    bf_matmul_local(h->kernel, h->scratch, &p);
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* scores [m, n_keys] of queries [first, first + m) with the keys up to the last of them; stride n. */
static void score(const struct head *h, int64_t first, int64_t m)
{
    const int64_t n_keys = first + m;
    for (int64_t j = 0; j < n_keys; j += TILE)
        product(h, m, least(TILE, n_keys - j), h->dim, h->q + first * h->stride, h->stride, false,
                h->k + j * h->kv_stride, h->kv_stride, true, h->scores + j, h->n, false, h->scale);
}

BF_CLONES static void forward_head(const struct head *h)
{
    for (int64_t first = 0; first < h->n; first += TILE) {
        const int64_t m = least(TILE, h->n - first), n_keys = first + m;
        score(h, first, m);
        for (int64_t i = 0; i < m; i++) {
            float *p = h->scores + i * h->n, max = -INFINITY;
            const int64_t n_seen = first + i + 1;
#pragma omp simd reduction(max : max)
            for (int64_t j = 0; j < n_seen; j++)
                max = p[j] > max ? p[j] : max;
            float sum = 0;
#pragma omp simd reduction(+ : sum)
            for (int64_t j = 0; j < n_seen; j++) {
                p[j] = bf_fast_exp(p[j] - max);
                sum += p[j];
            }
            const float inverse = 1 / sum;
            for (int64_t j = 0; j < n_seen; j++)
                p[j] *= inverse;
            memset(p + n_seen, 0, (size_t)(n_keys - n_seen) * sizeof *p);
            h->log_sum[(first + i) * h->n_head] = max + logf(sum);
        }
        for (int64_t j = 0; j < n_keys; j += TILE)
            product(h, m, h->dim, least(TILE, n_keys - j), h->scores + j, h->n, false, h->v + j * h->kv_stride,
                    h->kv_stride, false, h->out + first * h->stride, h->stride, j > 0, 1);
    }
}

/* scores become probabilities, dscores (of p) become those of the scores. */
BF_CLONES static void soft_max_backward(const struct head *h, int64_t first, int64_t m)
{
    for (int64_t i = 0; i < m; i++) {
        float *p = h->scores + i * h->n, *dp = h->dscores + i * h->n;
        const float *d_o = h->d_o + (first + i) * h->stride, *o = h->o + (first + i) * h->stride;
        const float log_sum = h->log_sum[(first + i) * h->n_head];
        const int64_t n_seen = first + i + 1;
        float delta = 0;
#pragma omp simd reduction(+ : delta)
        for (int64_t j = 0; j < h->dim; j++)
            delta += d_o[j] * o[j];
#pragma omp simd
        for (int64_t j = 0; j < n_seen; j++) {
            p[j] = bf_fast_exp(p[j] - log_sum);
            dp[j] = p[j] * (dp[j] - delta);
        }
        memset(p + n_seen, 0, (size_t)(first + m - n_seen) * sizeof *p);
        memset(dp + n_seen, 0, (size_t)(first + m - n_seen) * sizeof *dp);
    }
}

/* dk and dv are added to. */
static void backward_head(const struct head *h)
{
    for (int64_t first = 0; first < h->n; first += TILE) {
        const int64_t m = least(TILE, h->n - first), n_keys = first + m;
        const float *q = h->q + first * h->stride, *d_o = h->d_o + first * h->stride;
        score(h, first, m);
        for (int64_t j = 0; j < n_keys; j += TILE)
            product(h, m, least(TILE, n_keys - j), h->dim, d_o, h->stride, false, h->v + j * h->kv_stride, h->kv_stride,
                    true, h->dscores + j, h->n, false, 1);
        soft_max_backward(h, first, m);
        for (int64_t j = 0; j < n_keys; j += TILE) {
            const int64_t n = least(TILE, n_keys - j);
            product(h, n, h->dim, m, h->scores + j, h->n, true, d_o, h->stride, false, h->dv + j * h->kv_stride,
                    h->kv_stride, true, 1);
            product(h, n, h->dim, m, h->dscores + j, h->n, true, q, h->stride, false, h->dk + j * h->kv_stride,
                    h->kv_stride, true, h->scale);
            product(h, m, h->dim, n, h->dscores + j, h->n, false, h->k + j * h->kv_stride, h->kv_stride, false,
                    h->dq + first * h->stride, h->stride, j > 0, h->scale);
        }
    }
}

static struct head head_of(const struct attention *a, int32_t sequence, int32_t head, float *scratch)
{
    const struct bf_graph *g = a->g;
    const struct bf_graph_config *c = &g->config;
    const struct bf_kept *kept = a->kept;
    const int64_t row = g->starts[sequence], stride = (int64_t)c->n_head * c->n_head_dim;
    const int64_t kv_stride = (int64_t)c->n_head_kv * c->n_head_dim;
    const int64_t at = row * stride + (int64_t)head * c->n_head_dim;
    const int64_t kv_at = row * kv_stride + (int64_t)(head / (c->n_head / c->n_head_kv)) * c->n_head_dim;
    const int64_t n = g->starts[sequence + 1] - row;
    return (struct head){.q = kept->q + at,
                         .k = kept->k + kv_at,
                         .v = kept->v + kv_at,
                         .o = kept->o + at,
                         .out = kept->o + at,
                         .log_sum = kept->log_sum + row * c->n_head + head,
                         .at = at,
                         .kv_at = kv_at,
                         .stride = stride,
                         .kv_stride = kv_stride,
                         .n = n,
                         .dim = c->n_head_dim,
                         .n_head = c->n_head,
                         .scale = c->attention_scale,
                         .scores = scratch + bf_matmul_local_floats(g->kernel),
                         .dscores = scratch + bf_matmul_local_floats(g->kernel) + TILE * n,
                         .scratch = scratch,
                         .kernel = g->kernel};
}

/* A thread's share: every n_slots-th key-value head of the batch with its group of query heads. */
static void run_slot(struct attention *a, int64_t slot, bool backward)
{
    struct bf_graph *g = a->g;
    const int32_t n_groups = g->config.n_head_kv, group = g->config.n_head / n_groups;
    float *scratch = g->attention + (size_t)slot * g->n_attention;
    for (int64_t i = slot; i < (int64_t)g->n_sequences * n_groups; i += a->n_slots)
        for (int32_t j = 0; j < group; j++) {
            struct head h = head_of(a, (int32_t)(i / n_groups), (int32_t)(i % n_groups) * group + j, scratch);
            if (!backward) {
                forward_head(&h);
                continue;
            }
            h.d_o = g->d_o + h.at;
            h.dq = g->dq + h.at;
            h.dk = g->dk + h.kv_at;
            h.dv = g->dv + h.kv_at;
            for (int64_t row = 0; j == 0 && row < h.n; row++) {
                memset(h.dk + row * h.kv_stride, 0, (size_t)h.dim * sizeof *h.dk);
                memset(h.dv + row * h.kv_stride, 0, (size_t)h.dim * sizeof *h.dv);
            }
            backward_head(&h);
        }
}

static void forward_slot(void *user, size_t slot)
{
    run_slot(user, (int64_t)slot, false);
}

static void backward_slot(void *user, size_t slot)
{
    run_slot(user, (int64_t)slot, true);
}

void bf_attention_forward(struct bf_graph *g, const struct bf_kept *kept)
{
    struct attention a = {g, kept, (int64_t)g->n_threads};
    bf_workers_run(g->workers, g->n_threads, forward_slot, &a);
}

void bf_attention_backward(struct bf_graph *g, const struct bf_kept *kept)
{
    struct attention a = {g, kept, (int64_t)g->n_threads};
    bf_workers_run(g->workers, g->n_threads, backward_slot, &a);
}
