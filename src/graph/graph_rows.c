/* What a block does row by row: RMSNorm, RoPE, SwiGLU, on all threads. Every row, or column, is one thread's, so that
 * results do not depend on who takes it. */
#include <math.h>

#include "base/clones.h"
#include "base/fast_exp.h"
#include "base/workers.h"
#include "graph/graph_internal.h"
#include "base/banned.h"

/* Rows, columns and elements that a thread takes at a time. */
enum { ROWS = 16, COLUMNS = 64, SWIGLU_UNIT = 8192 };

struct rows {
    int64_t n, unit;
    bf_rows_work work;
    void *user;
};

static void run_block(void *user, size_t block)
{
    const struct rows *r = user;
    const int64_t first = (int64_t)block * r->unit;
    r->work(r->user, first, first + r->unit < r->n ? first + r->unit : r->n);
}

void bf_graph_each(struct bf_graph *g, size_t n_blocks, void (*work)(void *user, size_t block), void *user)
{
    bf_workers_run(g->workers, n_blocks, work, user);
}

void bf_graph_rows(struct bf_graph *g, int64_t n, int64_t unit, bf_rows_work work, void *user)
{
    struct rows r = {n, unit, work, user};
    bf_workers_run(g->workers, (size_t)((n + unit - 1) / unit), run_block, &r);
}

struct columns {
    const float *dy;
    int64_t n, n_columns;
    float *gradient;
};

BF_CLONES static void add_columns(void *user, int64_t first, int64_t end)
{
    const struct columns *c = user;
    double sum[COLUMNS] = {0};
    for (int64_t i = 0; i < c->n; i++)
        for (int64_t j = first; j < end; j++)
            sum[j - first] += (double)c->dy[i * c->n_columns + j];
    for (int64_t j = first; j < end; j++)
        c->gradient[j] += (float)sum[j - first];
}

void bf_graph_add_columns(struct bf_graph *g, const float *dy, int64_t n, int64_t n_columns, float *gradient)
{
    struct columns c = {dy, n, n_columns, gradient};
    bf_graph_rows(g, n_columns, COLUMNS, add_columns, &c);
}

/* RMSNorm (Zhang and Sennrich, arXiv 1910.07467). With s = 1 / sqrt(mean(x^2) + eps), z = s x, y = w z:
 *     dx = s (w dy - z mean(w dy z)),   dw = sum over rows of dy z. */

struct norm {
    const float *x, *w, *dy;
    float *y, *scale, *dx, *gradient;
    const float *known_scale;
    int64_t n, n_embd;
    float eps;
};

BF_CLONES static void norm_forward(void *user, int64_t first, int64_t end)
{
    const struct norm *c = user;
    for (int64_t i = first; i < end; i++) {
        const float *x = c->x + i * c->n_embd;
        float *y = c->y + i * c->n_embd;
        float scale = c->known_scale ? c->known_scale[i] : 0;
        if (!c->known_scale) {
            double sum = 0;
#pragma omp simd reduction(+ : sum)
            for (int64_t j = 0; j < c->n_embd; j++)
                sum += (double)x[j] * (double)x[j];
            scale = (float)(1 / sqrt(sum / (double)c->n_embd + (double)c->eps));
            c->scale[i] = scale;
        }
        for (int64_t j = 0; j < c->n_embd; j++)
            y[j] = x[j] * scale * c->w[j];
    }
}

BF_CLONES static void norm_backward(void *user, int64_t first, int64_t end)
{
    const struct norm *c = user;
    for (int64_t i = first; i < end; i++) {
        const float *x = c->x + i * c->n_embd, *dy = c->dy + i * c->n_embd;
        float *dx = c->dx + i * c->n_embd;
        const float scale = c->known_scale[i];
        double sum = 0;
#pragma omp simd reduction(+ : sum)
        for (int64_t j = 0; j < c->n_embd; j++)
            sum += (double)(dy[j] * c->w[j]) * (double)x[j];
        const float mean = (float)(sum * (double)scale * (double)scale / (double)c->n_embd);
        for (int64_t j = 0; j < c->n_embd; j++)
            dx[j] += scale * (dy[j] * c->w[j] - x[j] * mean);
    }
}

BF_CLONES static void norm_weight_gradient(void *user, int64_t first, int64_t end)
{
    const struct norm *c = user;
    double sum[COLUMNS] = {0};
    for (int64_t i = 0; i < c->n; i++) {
        const float *x = c->x + i * c->n_embd, *dy = c->dy + i * c->n_embd;
        const float scale = c->known_scale[i];
        for (int64_t j = first; j < end; j++)
            sum[j - first] += (double)(dy[j] * (x[j] * scale));
    }
    for (int64_t j = first; j < end; j++)
        c->gradient[j] += (float)sum[j - first];
}

void bf_norm_forward(struct bf_graph *g, const struct bf_weight *w, const float *x, float *y, float *scale, int64_t n)
{
    struct norm c = {
        .x = x, .w = w->data, .y = y, .scale = scale, .n = n, .n_embd = w->n_in, .eps = g->config.norm_eps};
    bf_graph_rows(g, n, ROWS, norm_forward, &c);
}

void bf_norm_again(struct bf_graph *g, const struct bf_weight *w, const float *x, const float *scale, float *y,
                   int64_t n)
{
    struct norm c = {.x = x, .w = w->data, .y = y, .known_scale = scale, .n = n, .n_embd = w->n_in};
    bf_graph_rows(g, n, ROWS, norm_forward, &c);
}

void bf_norm_backward(struct bf_graph *g, const struct bf_weight *w, const float *x, const float *scale,
                      const float *dy, float *dx, int64_t n)
{
    struct norm c = {.x = x, .w = w->data, .dy = dy, .dx = dx, .known_scale = scale, .n = n, .n_embd = w->n_in};
    if (w->gradient) {
        c.gradient = w->gradient;
        bf_graph_rows(g, w->n_in, COLUMNS, norm_weight_gradient, &c);
    }
    if (dx)
        bf_graph_rows(g, n, ROWS, norm_backward, &c);
}

/* Rotary position embedding (arXiv 2104.09864), with linear scaling, YaRN and per-frequency factors as ggml applies
 * them (ggml_rope_ext): position p turns pair i by angle p base^(-2i/n_rot) / factor_i. */

void bf_rope_table(const struct bf_graph_config *c, const float *factors, int32_t n_positions, float *table)
{
    const int32_t half = c->n_rot / 2;
    for (int32_t i = 0; i < half; i++) {
        const double frequency = pow((double)c->rope_base, -2.0 * i / c->n_rot) / (factors ? (double)factors[i] : 1);
        double rate = frequency * (double)c->rope_scale;
        if (c->yarn_mix != 0) {
            const double y = (i - (double)c->yarn_low) / fmax(0.001, (double)(c->yarn_high - c->yarn_low));
            const double mix = (1 - fmin(1, fmax(0, y))) * (double)c->yarn_mix;
            rate = rate * (1 - mix) + frequency * mix;
        }
        for (int32_t p = 0; p < n_positions; p++) {
            table[((int64_t)p * half + i) * 2] = (float)cos(p * rate) * c->rope_magnitude;
            table[((int64_t)p * half + i) * 2 + 1] = (float)sin(p * rate) * c->rope_magnitude;
        }
    }
}

struct rope {
    const struct bf_graph *g;
    float *x;
    int32_t n_heads;
    float sign;
};

BF_CLONES static void rotate(void *user, int64_t first, int64_t end)
{
    const struct rope *r = user;
    const struct bf_graph_config *c = &r->g->config;
    const int32_t half = c->n_rot / 2, step = c->neox ? 1 : 2, other = c->neox ? half : 1;
    for (int64_t row = first; row < end; row++) {
        const float *table = r->g->rope_table + (int64_t)r->g->positions[row] * half * 2;
        for (int32_t head = 0; head < r->n_heads; head++) {
            float *x = r->x + (row * r->n_heads + head) * c->n_head_dim;
            for (int32_t i = 0; i < half; i++) {
                const float cosine = table[2 * i], sine = r->sign * table[2 * i + 1];
                const float a = x[i * step], b = x[i * step + other];
                x[i * step] = a * cosine - b * sine;
                x[i * step + other] = a * sine + b * cosine;
            }
        }
    }
}

void bf_rope_apply(struct bf_graph *g, float *x, int32_t n_heads, bool backward)
{
    struct rope r = {g, x, n_heads, backward ? -1.0F : 1.0F};
    bf_graph_rows(g, g->n, ROWS, rotate, &r);
}

/* SwiGLU (Shazeer, arXiv 2002.05202): a = g sigmoid(g) u. With s = sigmoid(g): du = da g s, dg = da u s (1 + g (1 -
 * s)). */

struct swiglu {
    const float *gate, *up, *da;
    float *a, *dgate, *dup;
};

BF_CLONES static void swiglu_forward(void *user, int64_t first, int64_t end)
{
    const struct swiglu *c = user;
#pragma omp simd
    for (int64_t i = first; i < end; i++)
        c->a[i] = c->gate[i] / (1 + bf_fast_exp(-c->gate[i])) * c->up[i];
}

BF_CLONES static void swiglu_backward(void *user, int64_t first, int64_t end)
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
    bf_graph_rows(g, n * g->config.n_ff, SWIGLU_UNIT, swiglu_forward, &c);
}

void bf_swiglu_backward(struct bf_graph *g, float *gate, float *up, const float *da, int64_t n)
{
    struct swiglu c = {.da = da, .dgate = gate, .dup = up};
    bf_graph_rows(g, n * g->config.n_ff, SWIGLU_UNIT, swiglu_backward, &c);
}
