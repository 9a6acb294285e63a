#include "unlearn/gradient_norm.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "graph/graph.h"
#include "graph/vocabulary.h"
#include "unlearn/loss.h"
#include "base/banned.h"

struct measuring {
    const struct bf_gradient_norm_job *job;
    struct bf_token_list *tokens; /* [n] of each text */
    struct bf_graph *graph;
    size_t n_vocab;
    const struct bf_token_list *now; /* of the text that is in the graph */
    const int32_t *rows;             /* of the portion */
    float *values;
    double *norms; /* [parameters] */
};

/* ---- one text ---- */

static void row_gradient(void *user, size_t i)
{
    const struct measuring *m = user;
    bf_row_nll_gradient(m->values + i * m->n_vocab, m->n_vocab, m->now->items[m->rows[i] + 1],
                        1.0 / (double)(m->now->n - 1));
}

static enum bf_status write_gradient(void *user, enum bf_graph_pass pass, const int32_t *rows, int32_t n, float *values,
                                     struct bf_err *err)
{
    struct measuring *m = user;
    (void)pass, (void)err;
    m->rows = rows;
    m->values = values;
    bf_graph_each(m->graph, (size_t)n, row_gradient, m);
    return BF_OK;
}

static void norm_of(void *user, size_t i)
{
    const struct measuring *m = user;
    const struct bf_graph_parameter p = bf_graph_get_parameter(m->graph, i);
    double sum = 0.0;
    for (size_t k = 0; k < p.n; k++) {
        const double x = fabs((double)p.gradient[k]);
        sum = m->job->norm == BF_NORM_MAX ? (x > sum ? x : sum) : sum + (m->job->norm == BF_NORM_2 ? x * x : x);
    }
    m->norms[i] = m->job->norm == BF_NORM_2 ? sqrt(sum) : sum;
}

static enum bf_status measure(struct measuring *m, size_t i, double *out, struct bf_err *err)
{
    const struct bf_token_list *tokens = &m->tokens[i];
    const size_t n_parameters = bf_graph_n_parameters(m->graph);
    const int32_t length = (int32_t)tokens->n, n_rows = length - 1;
    int32_t *rows = bf_array((size_t)n_rows, sizeof *rows);
    const struct bf_graph_batch batch = {
        .tokens = tokens->items, .lengths = &length, .n_sequences = 1, .rows = rows, .n_rows = n_rows};
    for (int32_t r = 0; r < n_rows; r++)
        rows[r] = r;
    m->now = tokens;
    bf_graph_zero_gradients(m->graph);
    const enum bf_status status = bf_graph_step(m->graph, &batch, false, write_gradient, m, err);
    free(rows);
    if (status != BF_OK)
        return status;
    bf_graph_each(m->graph, n_parameters, norm_of, m);
    *out = 0.0;
    for (size_t p = 0; p < n_parameters; p++)
        *out += m->norms[p] / (double)n_parameters;
    if (!isfinite(*out))
        return bf_fail(err, BF_MODEL, "the gradient of text %zu is not a finite number; '%s' may be damaged", i + 1,
                       m->job->model);
    return BF_OK;
}

/* ---- all texts ---- */

static enum bf_status make_tokens(struct measuring *m, int32_t *longest, struct bf_err *err)
{
    struct bf_vocabulary *vocabulary = NULL;
    enum bf_status status = bf_vocabulary_open(m->job->model, "none", &vocabulary, err);
    for (size_t i = 0; i < m->job->n && status == BF_OK; i++) {
        const int32_t bos = bf_vocabulary_bos(vocabulary);
        if (bos >= 0)
            bf_token_list_append(&m->tokens[i], &bos, 1);
        bf_vocabulary_text(vocabulary, m->job->texts[i], &m->tokens[i]);
        *longest = (int32_t)m->tokens[i].n > *longest ? (int32_t)m->tokens[i].n : *longest;
        if (m->tokens[i].n < 2)
            status = bf_fail(err, BF_INPUT, "text %zu has no token with a probability: it is too short; leave it out",
                             i + 1);
    }
    bf_vocabulary_close(vocabulary);
    return status;
}

static enum bf_status open_graph(struct measuring *m, int32_t longest, struct bf_err *err)
{
    struct bf_graph_params params = bf_graph_params_default();
    struct bf_graph_info info;
    struct bf_err ignored = BF_ERR_INIT;
    params.model_path = m->job->model;
    params.n_tokens = longest;
    params.n_threads = m->job->n_threads;
    params.train = BF_TRAIN_FULL;
    /* Where memory is short: less of it, and a third slower. */
    params.checkpoint_activations = bf_graph_check_memory(&params, false, &ignored) == BF_INPUT;
    enum bf_status status = bf_graph_check_memory(&params, false, err);
    if (status == BF_OK)
        status = bf_graph_open(&params, &m->graph, err);
    if (status != BF_OK)
        return status;
    bf_graph_get_info(m->graph, &info);
    m->n_vocab = (size_t)info.n_vocab;
    m->norms = bf_array(bf_graph_n_parameters(m->graph), sizeof *m->norms);
    return BF_OK;
}

enum bf_status bf_gradient_norms(const struct bf_gradient_norm_job *job, double *out, struct bf_err *err)
{
    struct measuring m = {.job = job, .tokens = bf_array(job->n + 1, sizeof *m.tokens)};
    int32_t longest = 1;
    enum bf_status status = make_tokens(&m, &longest, err);
    if (status == BF_OK)
        status = open_graph(&m, longest, err);
    for (size_t i = 0; i < job->n && status == BF_OK; i++) {
        status = measure(&m, i, &out[i], err);
        if (status == BF_OK && job->progress && !job->progress(job->user, i + 1, job->n))
            status = bf_fail(err, BF_INTERRUPTED, "interrupted");
    }
    bf_graph_close(m.graph);
    for (size_t i = 0; i < job->n; i++)
        free(m.tokens[i].items);
    free(m.tokens);
    free(m.norms);
    return status;
}
