/* A batch is checked, and laid out for the blocks. */
#include "graph/graph_internal.h"
#include "base/banned.h"

enum bf_status bf_graph_batch_set(struct bf_graph *g, const struct bf_graph_batch *batch, struct bf_err *err)
{
    g->n = 0;
    g->n_sequences = 0;
    for (int32_t i = 0; i < batch->n_sequences; i++) {
        const int32_t n = batch->lengths[i];
        if (n < 1 || n > g->params.n_tokens - g->n)
            return bf_fail(
                err, BF_INPUT,
                "a batch of more tokens than the %d that the graph was opened for, or with an empty sequence",
                g->params.n_tokens);
        g->starts[i] = g->n;
        for (int32_t j = 0; j < n; j++)
            g->positions[g->n + j] = j;
        g->n += n;
        g->starts[i + 1] = g->n;
    }
    if (g->n == 0)
        return bf_fail(err, BF_INPUT, "a batch without a token");
    for (int32_t i = 0; i < g->n; i++)
        if (batch->tokens[i] < 0 || batch->tokens[i] >= g->n_vocab)
            return bf_fail(err, BF_INPUT, "token %d is not in the model's vocabulary of %d", batch->tokens[i],
                           g->n_vocab);
    const int32_t n_rows = batch->rows ? batch->n_rows : g->n;
    for (int32_t i = 0; batch->rows && i < n_rows; i++)
        if (batch->rows[i] < 0 || batch->rows[i] >= g->n || (i > 0 && batch->rows[i] <= batch->rows[i - 1]))
            return bf_fail(err, BF_INPUT, "row %d of a batch of %d tokens is out of range or out of order",
                           batch->rows[i], g->n);
    g->wanted = batch->rows ? batch->rows : g->all_rows;
    g->n_wanted = n_rows < 0 ? 0 : n_rows;
    g->n_sequences = batch->n_sequences;
    return BF_OK;
}
