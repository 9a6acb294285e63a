#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "unlearn/trainer.h"
#include "base/banned.h"

void bf_batch_make(const struct bf_example *const *examples, size_t n, bool states, struct bf_batch *out)
{
    size_t n_tokens = 0, n_rows = 0, token = 0, row = 0;
    for (size_t i = 0; i < n; i++) {
        n_tokens += (size_t)examples[i]->n;
        n_rows += (size_t)(examples[i]->n - examples[i]->first_label);
    }
    *out = (struct bf_batch){.tokens = bf_array(n_tokens, sizeof *out->tokens),
                             .lengths = bf_array(n, sizeof *out->lengths),
                             .rows = bf_array(n_rows, sizeof *out->rows),
                             .labels = bf_array(n_rows, sizeof *out->labels),
                             .sequence = bf_array(n_rows, sizeof *out->sequence),
                             .n_labels = bf_array(n, sizeof *out->n_labels),
                             .n_sequences = (int32_t)n,
                             .n_rows = (int32_t)n_rows,
                             .n_tokens = (int64_t)n_tokens};
    for (size_t i = 0; i < n; i++) {
        const struct bf_example *e = examples[i];
        memcpy(out->tokens + token, e->tokens, (size_t)e->n * sizeof *e->tokens);
        out->lengths[i] = e->n;
        out->n_labels[i] = e->n - e->first_label;
        for (int32_t t = e->first_label; t < e->n; t++, row++) {
            out->rows[row] = (int32_t)token + t - (states ? 0 : 1);
            out->labels[row] = e->tokens[t];
            out->sequence[row] = (int32_t)i;
        }
        token += (size_t)e->n;
    }
}

void bf_batch_release(struct bf_batch *batch)
{
    free(batch->tokens);
    free(batch->lengths);
    free(batch->rows);
    free(batch->labels);
    free(batch->sequence);
    free(batch->n_labels);
    *batch = (struct bf_batch){0};
}

struct bf_graph_batch bf_batch_for_graph(const struct bf_batch *batch)
{
    return (struct bf_graph_batch){.tokens = batch->tokens,
                                   .lengths = batch->lengths,
                                   .n_sequences = batch->n_sequences,
                                   .rows = batch->rows,
                                   .n_rows = batch->n_rows};
}
