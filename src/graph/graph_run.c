/* A pass through the model: embedding, blocks, last norm, vocabulary; and the way back. */
#include <string.h>

#include "graph/graph_internal.h"
#include "base/banned.h"

/* A batch is checked, and laid out for the blocks. */
static enum bf_status set_batch(struct bf_graph *g, const struct bf_graph_batch *batch, struct bf_err *err)
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

static float *input_of(struct bf_graph *g, int32_t block)
{
    return block < g->n_layer_used ? g->kept[block].x : g->final;
}

/* To g->rows, the wanted rows after the last block that is computed; and g->states, after the last norm. */
static void run_blocks(struct bf_graph *g, const int32_t *tokens)
{
    g->n_stepped = 0;
    bf_embedding_forward(g, tokens, input_of(g, 0));
    for (int32_t i = 0; i < g->n_layer_used; i++)
        bf_block_forward(g, &g->blocks[i], &g->kept[i], input_of(g, i + 1));
    bf_rows_gather(g, g->final, g->rows);
    if (g->params.state_layer < 0)
        bf_norm_forward(g, g->output_norm, g->rows, g->states, g->rows_scale, g->n_wanted);
}

/* Values of wanted rows [first, first + n), where `visit` finds them. */
static float *values_of(struct bf_graph *g, int32_t first, int32_t n)
{
    const int64_t at = (int64_t)first * g->config.n_embd;
    if (g->params.state_layer >= 0)
        return g->rows + at;
    bf_vocabulary_forward(g, g->states + at, n, g->logits);
    return g->logits;
}

static int32_t portion(const struct bf_graph *g, int32_t first)
{
    const int32_t most = g->params.state_layer >= 0 ? g->n_wanted : g->n_portion;
    return g->n_wanted - first < most ? g->n_wanted - first : most;
}

static enum bf_status look(struct bf_graph *g, bf_graph_visit visit, void *user, struct bf_err *err)
{
    enum bf_status status = BF_OK;
    for (int32_t first = 0, n; status == BF_OK && first < g->n_wanted; first += n) {
        n = portion(g, first);
        status = visit(user, BF_PASS_READ, g->wanted + first, n, values_of(g, first, n), err);
    }
    return status;
}

/* From the gradient of the values to g->dx, that of the last block's output. */
static enum bf_status turn(struct bf_graph *g, bool seen, bf_graph_visit visit, void *user, struct bf_err *err)
{
    const bool states = g->params.state_layer >= 0;
    enum bf_status status = BF_OK;
    for (int32_t first = 0, n; status == BF_OK && first < g->n_wanted; first += n) {
        n = portion(g, first);
        /* Logits that were looked at and fit in one portion are still there. */
        float *values = seen && !states && n == g->n_wanted ? g->logits : values_of(g, first, n);
        status = visit(user, BF_PASS_GRADIENT, g->wanted + first, n, values, err);
        if (status == BF_OK && !states)
            bf_vocabulary_backward(g, first, n);
    }
    if (status != BF_OK)
        return status;
    if (states) {
        bf_rows_scatter(g, g->rows, g->dx);
        return BF_OK;
    }
    memset(g->dh, 0, (size_t)g->n_wanted * (size_t)g->config.n_embd * sizeof *g->dh);
    bf_norm_backward(g, g->output_norm, g->rows, g->rows_scale, g->drows, g->dh, g->n_wanted);
    bf_rows_scatter(g, g->dh, g->dx);
    return BF_OK;
}

static void back_through_blocks(struct bf_graph *g, const int32_t *tokens)
{
    for (int32_t i = g->n_layer_used - 1; i >= 0 && g->blocks[i].keep; i--) {
        if (g->params.checkpoint_activations && i < g->n_layer_used - 1)
            bf_block_forward(g, &g->blocks[i], &g->kept[i], g->final);
        bf_block_backward(g, &g->blocks[i], &g->kept[i]);
    }
    if (g->embedding->gradient && g->embedding_back)
        bf_embedding_backward(g, tokens);
}

enum bf_status bf_graph_forward(struct bf_graph *g, const struct bf_graph_batch *batch, bf_graph_visit visit,
                                void *user, struct bf_err *err)
{
    const enum bf_status status = set_batch(g, batch, err);
    if (status != BF_OK)
        return status;
    run_blocks(g, batch->tokens);
    return look(g, visit, user, err);
}

enum bf_status bf_graph_step(struct bf_graph *g, const struct bf_graph_batch *batch, bool look_first,
                             bf_graph_visit visit, void *user, struct bf_err *err)
{
    if (g->params.train == BF_TRAIN_NONE && !g->params.input_gradient)
        return bf_fail(err, BF_INPUT, "the model was opened frozen: it has no gradients");
    enum bf_status status = set_batch(g, batch, err);
    if (status != BF_OK || g->n_wanted == 0)
        return status;
    run_blocks(g, batch->tokens);
    if (look_first)
        status = look(g, visit, user, err);
    if (status == BF_OK)
        status = turn(g, look_first, visit, user, err);
    if (status == BF_OK) {
        back_through_blocks(g, batch->tokens);
        g->n_stepped = g->n;
    }
    return status;
}

enum bf_status bf_graph_input_gradient(const struct bf_graph *g, int32_t first, int32_t n, float *out,
                                       struct bf_err *err)
{
    const int64_t n_embd = g->config.n_embd;
    if (!g->params.input_gradient || g->n_stepped == 0)
        return bf_fail(err, BF_INPUT,
                       "there is no gradient of the tokens: the last run was not a step with input_gradient");
    if (first < 0 || n < 0 || first > g->n_stepped - n)
        return bf_fail(err, BF_INPUT, "tokens %d to %d are not in the batch of %d tokens", first, first + n - 1,
                       g->n_stepped);
    for (int64_t i = 0; i < n * n_embd; i++)
        out[i] += g->dx[first * n_embd + i];
    return BF_OK;
}

enum bf_status bf_graph_final_states(struct bf_graph *g, const struct bf_graph_batch *batch, float *out,
                                     struct bf_err *err)
{
    if (g->params.state_layer >= 0)
        return bf_fail(err, BF_INPUT, "the graph ends after block %d: it has no final states", g->params.state_layer);
    const enum bf_status status = set_batch(g, batch, err);
    if (status != BF_OK)
        return status;
    run_blocks(g, batch->tokens);
    memcpy(out, g->states, (size_t)g->n_wanted * (size_t)g->config.n_embd * sizeof *out);
    return BF_OK;
}

enum bf_status bf_graph_logits_of_states(struct bf_graph *g, const float *states, int32_t n, float *logits,
                                         struct bf_err *err)
{
    if (g->params.state_layer >= 0)
        return bf_fail(err, BF_INPUT, "the graph ends after block %d: it has no logits", g->params.state_layer);
    if (n > 0)
        bf_vocabulary_forward(g, states, n, logits);
    return BF_OK;
}
