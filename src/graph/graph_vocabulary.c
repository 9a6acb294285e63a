/* The two ends of the model that are as wide as the vocabulary. */
#include <ggml.h>
#include <string.h>

#include "base/clones.h"
#include "graph/graph_internal.h"
#include "base/banned.h"

void bf_embedding_forward(struct bf_graph *g, const int32_t *tokens, float *out)
{
    const struct bf_weight *w = g->embedding;
    const size_t n_row_bytes = ggml_row_size((enum ggml_type)w->type, w->n_in);
    for (int32_t i = 0; i < g->n; i++) {
        float *row = out + (int64_t)i * w->n_in;
        if (w->data)
            memcpy(row, w->data + (int64_t)tokens[i] * w->n_in, (size_t)w->n_in * sizeof *row);
        else
            bf_graph_to_float(w->type, (const char *)w->raw + (size_t)tokens[i] * n_row_bytes, row, w->n_in);
    }
}

struct scatter {
    const struct bf_graph *g;
    const int32_t *tokens;
};

/* Columns [first, end) of all rows: a token may come twice. */
BF_CLONES static void add_rows(void *user, int64_t first, int64_t end)
{
    const struct scatter *c = user;
    const int64_t n_embd = c->g->embedding->n_in;
    for (int32_t i = 0; i < c->g->n; i++) {
        float *gradient = c->g->embedding->gradient + (int64_t)c->tokens[i] * n_embd;
        for (int64_t j = first; j < end; j++)
            gradient[j] += c->g->dx[(int64_t)i * n_embd + j];
    }
}

void bf_embedding_backward(struct bf_graph *g, const int32_t *tokens)
{
    struct scatter c = {g, tokens};
    bf_graph_rows(g, g->embedding->n_in, 64, add_rows, &c);
}

void bf_graph_one_hot(struct bf_graph *g, const float *vectors, int32_t n, float *out)
{
    const struct bf_linear embedding = {.weight = g->embedding};
    bf_linear_forward(g, &embedding, vectors, out, n, NULL);
}

void bf_rows_gather(const struct bf_graph *g, const float *from, float *to)
{
    const int64_t n = g->config.n_embd;
    for (int32_t i = 0; i < g->n_wanted; i++)
        memcpy(to + i * n, from + g->wanted[i] * n, (size_t)n * sizeof *to);
}

void bf_rows_scatter(const struct bf_graph *g, const float *from, float *to)
{
    const int64_t n = g->config.n_embd;
    memset(to, 0, (size_t)(g->n * n) * sizeof *to);
    for (int32_t i = 0; i < g->n_wanted; i++)
        memcpy(to + g->wanted[i] * n, from + i * n, (size_t)n * sizeof *to);
}

void bf_vocabulary_forward(struct bf_graph *g, const float *states, int32_t n, float *logits)
{
    bf_linear_forward(g, &g->output, states, logits, n, NULL);
}

void bf_vocabulary_backward(struct bf_graph *g, int32_t first, int32_t n)
{
    const int64_t at = (int64_t)first * g->config.n_embd;
    bf_linear_backward(g, &g->output, g->states + at, g->logits, g->drows + at, false, n, NULL);
}
