/* RMSNorm (Zhang and Sennrich, arXiv 1910.07467). With s = 1 / sqrt(mean(x^2) + eps), z = s x, y = w z:
 *     dx = s (w dy - z mean(w dy z)),   dw = sum over rows of dy z. */
#include <math.h>

#include "base/clones.h"
#include "graph/graph_internal.h"
#include "base/banned.h"

enum { ROWS = 16, COLUMNS = 64 };

struct norm {
    const float *x, *w, *dy;
    float *y, *scale, *dx, *gradient;
    const float *known_scale;
    int64_t n, n_embd;
    float eps;
};

BF_CLONES static void forward(void *user, int64_t first, int64_t end)
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

BF_CLONES static void backward(void *user, int64_t first, int64_t end)
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

BF_CLONES static void weight_gradient(void *user, int64_t first, int64_t end)
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
    bf_graph_rows(g, n, ROWS, forward, &c);
}

void bf_norm_again(struct bf_graph *g, const struct bf_weight *w, const float *x, const float *scale, float *y,
                   int64_t n)
{
    struct norm c = {.x = x, .w = w->data, .y = y, .known_scale = scale, .n = n, .n_embd = w->n_in};
    bf_graph_rows(g, n, ROWS, forward, &c);
}

void bf_norm_backward(struct bf_graph *g, const struct bf_weight *w, const float *x, const float *scale,
                      const float *dy, float *dx, int64_t n)
{
    struct norm c = {.x = x, .w = w->data, .dy = dy, .dx = dx, .known_scale = scale, .n = n, .n_embd = w->n_in};
    if (w->gradient) {
        c.gradient = w->gradient;
        bf_graph_rows(g, w->n_in, COLUMNS, weight_gradient, &c);
    }
    if (dx)
        bf_graph_rows(g, n, ROWS, backward, &c);
}
