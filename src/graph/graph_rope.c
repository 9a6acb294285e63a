/* Rotary position embedding (arXiv 2104.09864), with linear scaling, YaRN and per-frequency factors as ggml applies them
 * (ggml_rope_ext): position p turns pair i by angle p base^(-2i/n_rot) / factor_i. */
#include <math.h>

#include "base/clones.h"
#include "graph/graph_internal.h"
#include "base/banned.h"

enum { ROWS = 16 };

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
