/* The likelihood of examples, forward only. */
#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "unlearn/trainer.h"
#include "base/banned.h"

struct reading {
    struct bf_graph *graph;
    const struct bf_batch *batch;
    float *values;
    double *row_nll; /* [n_rows] */
    double *nll;     /* [n_sequences] */
    size_t n_vocab;
    int32_t at;
};

static void read_row(void *user, size_t i)
{
    const struct reading *r = user;
    const size_t place = (size_t)r->at + i;
    r->row_nll[place] = bf_row_nll(r->values + i * r->n_vocab, r->n_vocab, r->batch->labels[place]);
}

static enum bf_status read_rows(void *user, enum bf_graph_pass pass, const int32_t *rows, int32_t n, float *values,
                                struct bf_err *err)
{
    struct reading *r = user;
    (void)pass, (void)rows, (void)err;
    r->values = values;
    bf_graph_each(r->graph, (size_t)n, read_row, r);
    for (int32_t i = 0; i < n; i++, r->at++)
        r->nll[r->batch->sequence[r->at]] += r->row_nll[r->at];
    return BF_OK;
}

enum bf_status bf_measure_nll(struct bf_graph *graph, const struct bf_examples *examples, const size_t *indices,
                              size_t n, int64_t max_tokens, double *out, void *user,
                              bool (*each)(void *user, size_t done), struct bf_err *err)
{
    const struct bf_example **chosen = bf_array(n + 1, sizeof(const struct bf_example *));
    struct bf_graph_info info;
    enum bf_status status = BF_OK;
    bf_graph_get_info(graph, &info);
    for (size_t from = 0; from < n && status == BF_OK;) {
        struct bf_batch batch;
        int64_t n_tokens = 0;
        size_t to = from;
        for (; to < n; to++) {
            const struct bf_example *example = &examples->items[indices[to]];
            if (to > from && n_tokens + example->n > max_tokens)
                break;
            n_tokens += example->n;
            chosen[to - from] = example;
            out[to] = 0.0;
        }
        bf_batch_make(chosen, to - from, false, 0, &batch);
        const struct bf_graph_batch for_graph = bf_batch_for_graph(&batch);
        struct reading reading = {.graph = graph,
                                  .batch = &batch,
                                  .row_nll = bf_array((size_t)batch.n_rows, sizeof *reading.row_nll),
                                  .nll = out + from,
                                  .n_vocab = (size_t)info.n_vocab};
        status = bf_graph_forward(graph, &for_graph, read_rows, &reading, err);
        free(reading.row_nll);
        bf_batch_release(&batch);
        from = to;
        if (status == BF_OK && each && !each(user, to))
            status = bf_fail(err, BF_INTERRUPTED, "interrupted");
    }
    free(chosen);
    return status;
}

enum bf_status bf_measure_mean(struct bf_graph *graph, const struct bf_examples *examples, int64_t most,
                               int64_t max_tokens, double *out, int64_t *n_measured, void *user,
                               bool (*each)(void *user, size_t done), struct bf_err *err)
{
    const size_t n = most > 0 && (size_t)most < examples->n ? (size_t)most : examples->n;
    size_t *indices = bf_array(n + 1, sizeof *indices);
    double *nll = bf_array(n + 1, sizeof *nll), sum = 0.0, n_labels = 0.0;
    for (size_t i = 0; i < n; i++)
        indices[i] = i * examples->n / n;
    const enum bf_status status = bf_measure_nll(graph, examples, indices, n, max_tokens, nll, user, each, err);
    for (size_t i = 0; i < n; i++) {
        const struct bf_example *example = &examples->items[indices[i]];
        sum += nll[i];
        n_labels += (double)(example->n - example->first_label);
    }
    *out = n > 0 ? sum / n_labels : NAN;
    *n_measured = (int64_t)n;
    free(indices);
    free(nll);
    return status;
}
