/* y = x W^T + bias + (s x A^T) B^T, s = alpha / rank. With t = s x A^T:
 *     dx = dy W + s (dy B) A,  dW = dy^T x,  dB = dy^T t,  dA = s (dy B)^T x. */
#include <ggml.h>

#include "base/clones.h"
#include "graph/graph_internal.h"
#include "base/banned.h"

enum { ROWS = 16 };

static size_t float_row(int64_t n)
{
    return (size_t)n * sizeof(float);
}

/* c [n, columns] from x [n, k] and a matrix of floats. */
static struct bf_product with_floats(int64_t n, int64_t columns, int64_t k, const float *x, const float *b,
                                     int64_t b_width, bool b_transposed, float *c)
{
    return (struct bf_product){.m = n,
                               .n = columns,
                               .k = k,
                               .a = x,
                               .a_stride = k,
                               .b = b,
                               .b_row_bytes = float_row(b_width),
                               .b_transposed = b_transposed,
                               .c = c,
                               .c_stride = columns,
                               .scale = 1};
}

static void set_weight(const struct bf_graph *g, struct bf_product *p, const struct bf_weight *w)
{
    p->bf16 = g->params.bf16_products;
    p->b = w->data ? (const void *)w->data : w->raw;
    p->b_type = w->data ? GGML_TYPE_F32 : w->type;
    p->b_row_bytes = ggml_row_size((enum ggml_type)p->b_type, w->n_in);
}

/* gradient [rows, columns] += dy^T x, dy [n, rows], x [n, columns]. */
static void add_outer(struct bf_graph *g, float *gradient, const float *dy, int64_t rows, const float *x,
                      int64_t columns, int64_t n, bool bf16)
{
    const struct bf_product p = {.m = rows,
                                 .n = columns,
                                 .k = n,
                                 .a = dy,
                                 .a_stride = rows,
                                 .a_transposed = true,
                                 .b = x,
                                 .b_row_bytes = float_row(columns),
                                 .c = gradient,
                                 .c_stride = columns,
                                 .accumulate = true,
                                 .scale = 1,
                                 .bf16 = bf16};
    bf_matmul_run(g->matmul, &p);
}

struct add {
    float *y;
    const float *bias;
    int64_t n_out;
};

BF_CLONES static void add_bias(void *user, int64_t first, int64_t end)
{
    const struct add *c = user;
    for (int64_t i = first; i < end; i++)
        for (int64_t j = 0; j < c->n_out; j++)
            c->y[i * c->n_out + j] += c->bias[j];
}

bool bf_linear_trained(const struct bf_linear *l)
{
    return l->weight->gradient || l->weight->lora;
}

void bf_linear_forward(struct bf_graph *g, const struct bf_linear *l, const float *x, float *y, int64_t n, float *low)
{
    const struct bf_weight *w = l->weight;
    struct bf_product p = with_floats(n, w->n_out, w->n_in, x, NULL, 0, true, y);
    set_weight(g, &p, w);
    bf_matmul_run(g->matmul, &p);
    if (l->bias) {
        struct add c = {y, l->bias->data, w->n_out};
        bf_graph_rows(g, n, ROWS, add_bias, &c);
    }
    if (!w->lora)
        return;
    const int64_t r = g->params.lora_rank;
    p = with_floats(n, r, w->n_in, x, w->lora->a, w->n_in, true, low);
    p.scale = bf_graph_lora_scale(g);
    bf_matmul_run(g->matmul, &p);
    p = with_floats(n, w->n_out, r, low, w->lora->b, r, true, y);
    p.accumulate = true;
    bf_matmul_run(g->matmul, &p);
}

void bf_linear_backward(struct bf_graph *g, const struct bf_linear *l, const float *x, const float *dy, float *dx,
                        bool add_to_dx, int64_t n, const float *low)
{
    const struct bf_weight *w = l->weight;
    if (l->bias && l->bias->gradient)
        bf_graph_add_columns(g, dy, n, w->n_out, l->bias->gradient);
    if (w->gradient)
        add_outer(g, w->gradient, dy, w->n_out, x, w->n_in, n, g->params.bf16_products);
    if (dx) {
        struct bf_product p = with_floats(n, w->n_in, w->n_out, dy, NULL, 0, false, dx);
        set_weight(g, &p, w);
        p.accumulate = add_to_dx;
        bf_matmul_run(g->matmul, &p);
    }
    if (!w->lora)
        return;
    const int64_t r = g->params.lora_rank;
    add_outer(g, w->lora->gradient_b, dy, w->n_out, low, r, n, false);
    struct bf_product p = with_floats(n, r, w->n_out, dy, w->lora->b, r, false, g->dlow);
    p.scale = bf_graph_lora_scale(g);
    bf_matmul_run(g->matmul, &p);
    add_outer(g, w->lora->gradient_a, g->dlow, r, x, w->n_in, n, false);
    if (dx) {
        p = with_floats(n, w->n_in, r, g->dlow, w->lora->a, w->n_in, false, dx);
        p.accumulate = true;
        bf_matmul_run(g->matmul, &p);
    }
}
