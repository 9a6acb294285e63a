/* One term of a method over one batch: forward, loss, backward. The graph hands the rows over in portions; a term over
 * sequences looks at all of them first (their sums decide the weights), one over rows writes as it reads. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "unlearn/trainer.h"
#include "base/banned.h"

struct run {
    struct bf_trainer *trainer;
    enum bf_term term;
    struct bf_batch batch;
    double scale;          /* of the gradient */
    double *nll;           /* [n_sequences] */
    double *reference_nll; /* [n_sequences] */
    double *weight;        /* [n_sequences] d loss / d nll, scale included once it is known */
    bool weighed;
    float *states;    /* [n_rows, n_embd] of the reference: final ones, or of the layer */
    float *logits;    /* a portion of the reference's */
    int32_t n_logits; /* rows that there is room for */
    int32_t at;       /* the next row */
    double loss;
    /* A portion being shared out among the graph's threads, a row each. */
    float *values;
    double *row_loss; /* [n_rows] */
    bool read, write; /* take the loss of labels; write its gradient */
};

static bool looks_first(enum bf_term term)
{
    return term == BF_TERM_NPO || term == BF_TERM_SIMNPO || term == BF_TERM_DPO;
}

static bool is_of_states(enum bf_term term)
{
    return term == BF_TERM_DIRECTION || term == BF_TERM_STATE;
}

static const char *name_of(enum bf_term term)
{
    static const char *const names[] = {"nll", "ga", "npo", "simnpo", "dpo", "kl", "mask", "rmu forget", "rmu retain"};
    return names[term];
}

/* The loss of the sequences, and what each weighs in the gradient. */
static enum bf_status weigh(struct run *run, struct bf_err *err)
{
    static bf_sequence_loss *const losses[] = {bf_loss_nll, bf_loss_ga, bf_loss_npo, bf_loss_simnpo, bf_loss_dpo};
    const struct bf_unlearn_settings *s = run->trainer->settings;
    const struct bf_loss_knobs knobs = {.beta = s->beta, .delta = s->delta};
    const bool dpo = run->term == BF_TERM_DPO;
    const size_t n = (size_t)run->batch.n_sequences, half = dpo ? n / 2 : n;
    const struct bf_loss_batch batch = {.n = half,
                                        .nll = run->nll,
                                        .n_tokens = run->batch.n_labels,
                                        .reference_nll = run->reference_nll,
                                        .alternate_nll = dpo ? run->nll + half : NULL,
                                        .alternate_reference_nll = dpo ? run->reference_nll + half : NULL};
    const enum bf_status status =
        losses[run->term](&batch, &knobs, &run->loss, run->weight, dpo ? run->weight + half : NULL, err);
    for (size_t i = 0; i < n; i++)
        run->weight[i] *= run->scale;
    run->weighed = true;
    return status;
}

static void label_row(void *user, size_t i)
{
    const struct run *run = user;
    const size_t n_vocab = (size_t)run->trainer->info.n_vocab, place = (size_t)run->at + i;
    float *row = run->values + i * n_vocab;
    if (run->read)
        run->row_loss[place] = bf_row_nll(row, n_vocab, run->batch.labels[place]);
    if (run->write)
        bf_row_nll_gradient(row, n_vocab, run->batch.labels[place], run->weight[run->batch.sequence[place]]);
}

/* Terms over labels. Those that need no look know their weights: the mean over all tokens. */
static enum bf_status visit_labels(struct run *run, enum bf_graph_pass pass, int32_t n, struct bf_err *err)
{
    run->read = pass == BF_PASS_READ || !looks_first(run->term);
    run->write = pass == BF_PASS_GRADIENT;
    if (run->write && looks_first(run->term) && !run->weighed) {
        const enum bf_status status = weigh(run, err);
        if (status != BF_OK)
            return status;
    }
    bf_graph_each(run->trainer->graph, (size_t)n, label_row, run);
    for (int32_t i = run->at; i < run->at + n && run->read; i++) /* in their order, whoever computed them */
        run->nll[run->batch.sequence[i]] += run->row_loss[i];
    return BF_OK;
}

static void distribution_row(void *user, size_t i)
{
    const struct run *run = user;
    const size_t n_vocab = (size_t)run->trainer->info.n_vocab, place = (size_t)run->at + i;
    const double each = 1.0 / (double)run->batch.n_rows;
    float *row = run->values + i * n_vocab;
    const float *reference = run->logits + i * n_vocab;
    run->row_loss[place] =
        each * (run->term == BF_TERM_KL
                    ? bf_loss_kl_row(row, reference, n_vocab, each * run->scale)
                    : bf_loss_mask_row(row, reference, n_vocab, run->batch.labels[place], NULL, each * run->scale));
}

static enum bf_status visit_distributions(struct run *run, int32_t n, struct bf_err *err)
{
    const size_t n_vocab = (size_t)run->trainer->info.n_vocab, n_embd = (size_t)run->trainer->info.n_embd;
    if (n > run->n_logits) {
        free(run->logits);
        run->logits = bf_try_array((size_t)n * n_vocab, sizeof *run->logits);
        run->n_logits = run->logits ? n : 0;
        if (!run->logits)
            return bf_fail(err, BF_INPUT, "no memory for the reference's %d rows of %zu logits; give a smaller --batch",
                           (int)n, n_vocab);
    }
    const enum bf_status status =
        bf_graph_logits_of_states(run->trainer->frozen, run->states + (size_t)run->at * n_embd, n, run->logits, err);
    if (status != BF_OK)
        return status;
    bf_graph_each(run->trainer->graph, (size_t)n, distribution_row, run);
    for (int32_t i = run->at; i < run->at + n; i++)
        run->loss += run->row_loss[i];
    return BF_OK;
}

static void visit_states(struct run *run, int32_t n)
{
    const size_t n_embd = (size_t)run->trainer->info.n_embd;
    for (int32_t i = 0; i < n; i++) {
        const int32_t sequence = run->batch.sequence[run->at + i];
        const double each = 1.0 / ((double)run->batch.n_labels[sequence] * (double)run->batch.n_sequences);
        const float *target =
            run->term == BF_TERM_DIRECTION ? run->trainer->direction : run->states + (size_t)(run->at + i) * n_embd;
        run->loss += each * bf_loss_state_row(run->values + (size_t)i * n_embd, target, n_embd, each * run->scale);
    }
}

static enum bf_status visit(void *user, enum bf_graph_pass pass, const int32_t *rows, int32_t n, float *values,
                            struct bf_err *err)
{
    struct run *run = user;
    enum bf_status status = BF_OK;
    if (n > 0 && rows[0] == run->batch.rows[0])
        run->at = 0; /* from the beginning, once more */
    run->values = values;
    if (is_of_states(run->term))
        visit_states(run, n);
    else if (run->term == BF_TERM_KL || run->term == BF_TERM_MASK)
        status = visit_distributions(run, n, err);
    else
        status = visit_labels(run, pass, n, err);
    run->at += n;
    return status;
}

/* States of a layer, kept whole. */
static enum bf_status keep_states(void *user, enum bf_graph_pass pass, const int32_t *rows, int32_t n, float *values,
                                  struct bf_err *err)
{
    struct run *run = user;
    const size_t n_embd = (size_t)run->trainer->info.n_embd;
    (void)pass, (void)rows, (void)err;
    memcpy(run->states + (size_t)run->at * n_embd, values, (size_t)n * n_embd * sizeof *values);
    run->at += n;
    return BF_OK;
}

static enum bf_status reference_states(struct run *run, struct bf_err *err)
{
    const struct bf_graph_batch batch = bf_batch_for_graph(&run->batch);
    if (run->term != BF_TERM_KL && run->term != BF_TERM_MASK && run->term != BF_TERM_STATE)
        return BF_OK;
    run->states = bf_try_array((size_t)run->batch.n_rows * (size_t)run->trainer->info.n_embd, sizeof *run->states);
    if (!run->states)
        return bf_fail(err, BF_INPUT, "no memory for the reference's states; give a smaller --batch");
    if (run->term != BF_TERM_STATE)
        return bf_graph_final_states(run->trainer->frozen, &batch, run->states, err);
    const enum bf_status status = bf_graph_forward(run->trainer->frozen, &batch, keep_states, run, err);
    run->at = 0;
    return status;
}

static void known_weights(struct run *run)
{
    for (int32_t i = 0; i < run->batch.n_sequences; i++)
        run->weight[i] = run->scale / (double)run->batch.n_rows * (run->term == BF_TERM_GA ? -1.0 : 1.0);
}

/* Only the forget set's terms have one: another term's indices are places in another set. */
static void find_reference(struct run *run, const size_t *indices, size_t n)
{
    const struct bf_reference *reference = &run->trainer->reference;
    const bool has = run->term == BF_TERM_NPO || run->term == BF_TERM_DPO;
    for (size_t i = 0; i < n && has; i++)
        run->reference_nll[i] = reference->forget[indices[i]];
    for (size_t i = 0; i < n && run->term == BF_TERM_DPO; i++)
        run->reference_nll[n + i] = reference->alternates[indices[i]];
}

enum bf_status bf_term_step(struct bf_trainer *trainer, enum bf_term term, const struct bf_examples *examples,
                            const size_t *indices, size_t n, double scale, double *loss, struct bf_err *err)
{
    const size_t n_sequences = term == BF_TERM_DPO ? 2 * n : n;
    const struct bf_example **chosen = bf_array(n_sequences, sizeof(const struct bf_example *));
    struct run run = {.trainer = trainer, .term = term, .scale = scale};
    for (size_t i = 0; i < n; i++)
        chosen[i] = &examples->items[indices[i]];
    for (size_t i = 0; i < n && term == BF_TERM_DPO; i++)
        chosen[n + i] = &trainer->alternates.items[indices[i]];
    bf_batch_make(chosen, n_sequences, is_of_states(term), &run.batch);
    run.nll = bf_array(n_sequences, sizeof *run.nll);
    run.weight = bf_array(n_sequences, sizeof *run.weight);
    run.reference_nll = bf_array(n_sequences, sizeof *run.reference_nll);
    run.row_loss = bf_array((size_t)run.batch.n_rows, sizeof *run.row_loss);
    find_reference(&run, indices, n);
    known_weights(&run);
    enum bf_status status = reference_states(&run, err);
    if (status == BF_OK) {
        const struct bf_graph_batch batch = bf_batch_for_graph(&run.batch);
        status = bf_graph_step(trainer->graph, &batch, looks_first(term), visit, &run, err);
    }
    if (status == BF_OK && term <= BF_TERM_GA) /* the loss of what was read; the weights are spent */
        status = weigh(&run, err);
    if (status == BF_OK)
        status = bf_loss_finite(run.loss, name_of(term), err);
    *loss = run.loss;
    trainer->n_tokens += run.batch.n_tokens;
    bf_batch_release(&run.batch);
    free(chosen);
    free(run.nll);
    free(run.weight);
    free(run.reference_nll);
    free(run.row_loss);
    free(run.states);
    free(run.logits);
    return status;
}
