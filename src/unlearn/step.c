/* One loss over one batch: forward, loss, backward. The graph hands the rows over in portions. A loss over sequences
 * reads all of them first, since their sums decide the weights; the others write gradients as they read. Which function
 * is called follows from the loss's kind alone: a new loss needs nothing here. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "unlearn/trainer.h"
#include "base/banned.h"

struct loss_run {
    struct bf_trainer *trainer;
    const struct bf_loss *loss;
    struct bf_loss_knobs knobs;
    struct bf_batch batch;
    struct bf_batch twins;  /* what the reference reads, of a loss that has them */
    enum bf_twin_row *says; /* [n_rows] of those; NULL without them */
    double scale;           /* of the gradient */
    double *nll;            /* [n_sequences]; with a loss of tokens the sums of their losses */
    double *reference_nll;  /* [n_sequences] */
    double *weight;         /* SEQUENCES: [n_sequences] scale * d loss / d nll */
    bool weighed;
    double left;      /* of the gradient, where the loss fades; else NaN */
    float *states;    /* [n_rows, n_embd] of the reference: final ones, or of the layer */
    float *logits;    /* [n_logits, n_vocab] a portion of the reference's */
    float *start;     /* [n_logits, n_vocab] gradients where p is r, of a loss that fades */
    int32_t n_logits; /* rows that there is room for */
    int32_t at;       /* the next row */
    double value;
    /* A portion being shared out among the graph's threads, a row each. */
    float *values;
    double *row_loss;             /* [n_rows] */
    double *pull, *pull_at_start; /* [n_rows] sizes of gradients, now and where p is r; of a loss that fades */
    bool read, write;             /* take the loss of labels; write its gradient */
};

static struct bf_loss_batch sums_of(const struct loss_run *run)
{
    const bool alternates = run->loss->alternates;
    const size_t n = (size_t)run->batch.n_sequences, half = alternates ? n / 2 : n;
    return (struct bf_loss_batch){.n = half,
                                  .nll = run->nll,
                                  .n_tokens = run->batch.n_labels,
                                  .reference_nll = run->loss->reference ? run->reference_nll : NULL,
                                  .alternate_nll = alternates ? run->nll + half : NULL,
                                  .alternate_reference_nll = alternates ? run->reference_nll + half : NULL};
}

static double sum_of_sizes(const double *values, size_t n)
{
    double sum = 0.0;
    for (size_t i = 0; i < n; i++)
        sum += fabs(values[i]);
    return sum;
}

/* What the weights are a share of: those of the same loss where p is r, or where it is sure if there is no r. */
static double share_left(const struct loss_run *run, const struct bf_loss_batch *batch)
{
    const bool alternates = run->loss->alternates;
    const size_t n = batch->n, n_all = alternates ? 2 * n : n;
    double *weight = bf_array(n_all, sizeof *weight), *sure = bf_array(n, sizeof *sure), ignored;
    struct bf_loss_batch start = *batch;
    start.nll = batch->reference_nll ? batch->reference_nll : sure;
    start.alternate_nll = batch->alternate_reference_nll;
    run->loss->of.sequences(&start, &run->knobs, &ignored, weight, alternates ? weight + n : NULL);
    const double share = sum_of_sizes(run->weight, n) / sum_of_sizes(weight, n);
    free(weight);
    free(sure);
    return share;
}

/* The loss of the sequences, and what each weighs in the gradient. */
static enum bf_status weigh(struct loss_run *run, struct bf_err *err)
{
    const struct bf_loss_batch batch = sums_of(run);
    enum bf_status status = bf_loss_check(&batch, err);
    if (status != BF_OK)
        return status;
    run->loss->of.sequences(&batch, &run->knobs, &run->value, run->weight,
                            run->loss->alternates ? run->weight + batch.n : NULL);
    if (run->loss->fades)
        run->left = share_left(run, &batch);
    for (int32_t i = 0; i < run->batch.n_sequences; i++)
        run->weight[i] *= run->scale;
    run->weighed = true;
    return bf_loss_finite(run->value, run->loss->name, err);
}

/* The mean over all tokens of the batch. */
static enum bf_status mean_of_tokens(struct loss_run *run, struct bf_err *err)
{
    const struct bf_loss_batch batch = sums_of(run);
    const enum bf_status status = bf_loss_check(&batch, err);
    double sum = 0.0, n_tokens = 0.0;
    for (size_t i = 0; i < batch.n && status == BF_OK; i++) {
        sum += batch.nll[i];
        n_tokens += (double)batch.n_tokens[i];
    }
    run->value = sum / n_tokens;
    return status;
}

static void label_row(void *user, size_t i)
{
    const struct loss_run *run = user;
    const size_t n_vocab = (size_t)run->trainer->info.n_vocab, place = (size_t)run->at + i;
    const int32_t label = run->batch.labels[place];
    float *row = run->values + i * n_vocab;
    double slope = 0.0;
    if (run->read)
        run->row_loss[place] = bf_row_nll(row, n_vocab, label);
    if (run->loss->kind == BF_LOSS_TOKENS) {
        double slope_at_start = 0.0;
        run->row_loss[place] = run->loss->of.token(run->row_loss[place], &run->knobs, &slope);
        (void)run->loss->of.token(0.0, &run->knobs, &slope_at_start);
        run->pull[place] = fabs(slope);
        run->pull_at_start[place] = fabs(slope_at_start);
    }
    if (run->write)
        bf_row_nll_gradient(row, n_vocab, label,
                            run->loss->kind == BF_LOSS_TOKENS ? run->scale / (double)run->batch.n_rows * slope
                                                              : run->weight[run->batch.sequence[place]]);
}

static enum bf_status visit_labels(struct loss_run *run, enum bf_graph_pass pass, int32_t n, struct bf_err *err)
{
    const bool sequences = run->loss->kind == BF_LOSS_SEQUENCES;
    run->read = pass == BF_PASS_READ || !sequences;
    run->write = pass == BF_PASS_GRADIENT;
    if (run->write && sequences && !run->weighed) {
        const enum bf_status status = weigh(run, err);
        if (status != BF_OK)
            return status;
    }
    bf_graph_each(run->trainer->graph, (size_t)n, label_row, run);
    for (int32_t i = run->at; i < run->at + n && run->read; i++) /* in their order, whoever computed them */
        run->nll[run->batch.sequence[i]] += run->row_loss[i];
    return BF_OK;
}

static double size_of(const float *gradient, size_t n)
{
    double sum = 0.0;
    for (size_t i = 0; i < n; i++)
        sum += fabs((double)gradient[i]);
    return sum;
}

/* Losses in nats pull towards a teacher: what is left is how far it is, which where p is r may be nothing at all, of a
 * text that the model does not know. */
static bool starts_at_reference(const struct bf_loss *loss)
{
    return loss->fades && loss->reference && loss->unit == BF_UNIT_OWN;
}

static void distribution_row(void *user, size_t i)
{
    const struct loss_run *run = user;
    const size_t n_vocab = (size_t)run->trainer->info.n_vocab, place = (size_t)run->at + i;
    const double each = 1.0 / (double)run->batch.n_rows, scale = each * run->scale;
    const int32_t label = run->batch.labels[place];
    const enum bf_twin_row says = run->says ? run->says[place] : BF_TWIN_READS;
    const float *reference = run->loss->reference && says == BF_TWIN_READS ? run->logits + i * n_vocab : NULL;
    bf_row_loss *loss = says == BF_TWIN_NONE ? run->loss->nameless : run->loss->of.row;
    float *row = run->values + i * n_vocab;
    run->row_loss[place] = each * loss(row, reference, n_vocab, label, &run->knobs, scale);
    if (!run->loss->fades)
        return;
    run->pull[place] = size_of(row, n_vocab);
    run->pull_at_start[place] = 2.0 * scale; /* of two distributions that have nothing in common */
    if (reference && starts_at_reference(run->loss)) {
        float *start = run->start + i * n_vocab;
        memcpy(start, reference, n_vocab * sizeof *start);
        (void)run->loss->of.row(start, reference, n_vocab, label, &run->knobs, scale);
        run->pull_at_start[place] = size_of(start, n_vocab);
    }
}

/* Room for n rows of the reference, and for the gradients at the start. */
static enum bf_status make_room(struct loss_run *run, int32_t n, struct bf_err *err)
{
    const size_t n_vocab = (size_t)run->trainer->info.n_vocab;
    if (n <= run->n_logits)
        return BF_OK;
    free(run->logits);
    free(run->start);
    run->logits = bf_try_array((size_t)n * n_vocab, sizeof *run->logits);
    run->start = starts_at_reference(run->loss) ? bf_try_array((size_t)n * n_vocab, sizeof *run->start) : NULL;
    run->n_logits = run->logits ? n : 0;
    if (run->logits && (run->start || !starts_at_reference(run->loss)))
        return BF_OK;
    return bf_fail(err, BF_INPUT, "no memory for the reference's %d rows of %zu logits; give a smaller --batch", (int)n,
                   n_vocab);
}

static enum bf_status visit_distributions(struct loss_run *run, int32_t n, struct bf_err *err)
{
    const size_t n_embd = (size_t)run->trainer->info.n_embd;
    enum bf_status status = run->loss->reference ? make_room(run, n, err) : BF_OK;
    if (status == BF_OK && run->loss->reference)
        status = bf_graph_logits_of_states(run->trainer->frozen, run->states + (size_t)run->at * n_embd, n, run->logits,
                                           err);
    if (status != BF_OK)
        return status;
    bf_graph_each(run->trainer->graph, (size_t)n, distribution_row, run);
    for (int32_t i = run->at; i < run->at + n; i++)
        run->value += run->row_loss[i];
    return BF_OK;
}

static void visit_states(struct loss_run *run, int32_t n)
{
    const size_t n_embd = (size_t)run->trainer->info.n_embd;
    float *scaled = bf_array(n_embd, sizeof *scaled);
    for (int32_t i = 0; i < n; i++) {
        const int32_t sequence = run->batch.sequence[run->at + i];
        const double each = 1.0 / ((double)run->batch.n_labels[sequence] * (double)run->batch.n_sequences);
        const float *reference = run->loss->reference ? run->states + (size_t)(run->at + i) * n_embd : NULL;
        const float *target = run->loss->scaled ? scaled : reference ? reference : run->trainer->direction;
        if (run->loss->scaled)
            bf_rmu_scaled(scaled, run->trainer->direction, reference, n_embd);
        run->value += each * run->loss->of.state(run->values + (size_t)i * n_embd, target, n_embd, each * run->scale);
    }
    free(scaled);
}

static enum bf_status visit(void *user, enum bf_graph_pass pass, const int32_t *rows, int32_t n, float *values,
                            struct bf_err *err)
{
    struct loss_run *run = user;
    enum bf_status status = BF_OK;
    if (n > 0 && rows[0] == run->batch.rows[0])
        run->at = 0; /* from the beginning, once more */
    run->values = values;
    switch (run->loss->kind) {
    case BF_LOSS_TOKENS:
    case BF_LOSS_SEQUENCES:
        status = visit_labels(run, pass, n, err);
        break;
    case BF_LOSS_ROWS:
        status = visit_distributions(run, n, err);
        break;
    case BF_LOSS_STATES:
        visit_states(run, n);
        break;
    }
    run->at += n;
    return status;
}

/* States of a layer, kept whole. */
static enum bf_status keep_states(void *user, enum bf_graph_pass pass, const int32_t *rows, int32_t n, float *values,
                                  struct bf_err *err)
{
    struct loss_run *run = user;
    const size_t n_embd = (size_t)run->trainer->info.n_embd;
    (void)pass, (void)rows, (void)err;
    memcpy(run->states + (size_t)run->at * n_embd, values, (size_t)n * n_embd * sizeof *values);
    run->at += n;
    return BF_OK;
}

static enum bf_status reference_states(struct loss_run *run, struct bf_err *err)
{
    const struct bf_graph_batch batch = bf_batch_for_graph(run->loss->twins ? &run->twins : &run->batch);
    if (!bf_loss_needs_frozen(run->loss))
        return BF_OK;
    run->states = bf_try_array((size_t)run->batch.n_rows * (size_t)run->trainer->info.n_embd, sizeof *run->states);
    if (!run->states)
        return bf_fail(err, BF_INPUT, "no memory for the reference's states; give a smaller --batch");
    if (run->loss->kind == BF_LOSS_ROWS)
        return bf_graph_final_states(run->trainer->frozen, &batch, run->states, err);
    const enum bf_status status = bf_graph_forward(run->trainer->frozen, &batch, keep_states, run, err);
    run->at = 0;
    return status;
}

/* Of a loss of tokens or rows: sums in the order of the rows. */
static double share_of_pull(const struct loss_run *run)
{
    const size_t n = (size_t)run->batch.n_rows;
    return sum_of_sizes(run->pull, n) / sum_of_sizes(run->pull_at_start, n);
}

/* Only the forget set's loss has one: another loss's indices are places in another set. */
static void find_reference(struct loss_run *run, const size_t *indices, size_t n)
{
    const struct bf_reference *reference = &run->trainer->reference;
    const bool has = run->loss == run->trainer->settings->method->forget && run->loss->kind == BF_LOSS_SEQUENCES &&
                     run->loss->reference;
    for (size_t i = 0; i < n && has; i++)
        run->reference_nll[i] = reference->forget[indices[i]];
    for (size_t i = 0; i < n && has && run->loss->alternates; i++)
        run->reference_nll[n + i] = reference->alternates[indices[i]];
}

enum bf_status bf_loss_step(struct bf_trainer *trainer, const struct bf_loss *loss, const struct bf_examples *examples,
                            const size_t *indices, size_t n, double scale, struct bf_loss_value *value,
                            struct bf_err *err)
{
    const struct bf_unlearn_settings *s = trainer->settings;
    const size_t n_sequences = loss->alternates ? 2 * n : n;
    const int64_t skip = loss == s->method->forget ? s->skip_first : 0;
    const struct bf_example **chosen = bf_array(n_sequences, sizeof(const struct bf_example *));
    struct loss_run run = {.trainer = trainer,
                           .loss = loss,
                           .knobs = {.beta = s->beta,
                                     .delta = s->delta,
                                     .importance = s->importance,
                                     .targets = trainer->targets,
                                     .per_token = s->npo_norm == BF_NPO_TOKEN},
                           .scale = scale,
                           .left = NAN};
    for (size_t i = 0; i < n; i++)
        chosen[i] = &examples->items[indices[i]];
    for (size_t i = 0; i < n && loss->alternates; i++)
        chosen[n + i] = &trainer->alternates.items[indices[i]];
    if (loss->twins) {
        bf_twins_batch(examples, &trainer->twins, indices, n, false, &run.batch);
        bf_twins_batch(examples, &trainer->twins, indices, n, true, &run.twins);
        run.says = bf_array((size_t)run.batch.n_rows, sizeof *run.says);
        bf_twins_rows(&trainer->twins, indices, n, run.says);
    } else {
        bf_batch_make(chosen, n_sequences, loss->kind == BF_LOSS_STATES, (int32_t)skip, &run.batch);
    }
    run.nll = bf_array(n_sequences, sizeof *run.nll);
    run.weight = bf_array(n_sequences, sizeof *run.weight);
    run.reference_nll = bf_array(n_sequences, sizeof *run.reference_nll);
    run.row_loss = bf_array((size_t)run.batch.n_rows, sizeof *run.row_loss);
    run.pull = bf_array((size_t)run.batch.n_rows, sizeof *run.pull);
    run.pull_at_start = bf_array((size_t)run.batch.n_rows, sizeof *run.pull_at_start);
    find_reference(&run, indices, n);
    enum bf_status status = reference_states(&run, err);
    if (status == BF_OK) {
        const struct bf_graph_batch batch = bf_batch_for_graph(&run.batch);
        status = bf_graph_step(trainer->graph, &batch, loss->kind == BF_LOSS_SEQUENCES, visit, &run, err);
    }
    if (status == BF_OK && loss->kind == BF_LOSS_TOKENS)
        status = mean_of_tokens(&run, err);
    if (status == BF_OK)
        status = bf_loss_finite(run.value, loss->name, err);
    if (loss->fades && loss->kind != BF_LOSS_SEQUENCES)
        run.left = share_of_pull(&run);
    *value = (struct bf_loss_value){.loss = run.value, .left = run.left};
    trainer->n_tokens += run.batch.n_tokens;
    bf_batch_release(&run.batch);
    bf_batch_release(&run.twins);
    free(run.says);
    free(chosen);
    free(run.nll);
    free(run.weight);
    free(run.reference_nll);
    free(run.row_loss);
    free(run.states);
    free(run.logits);
    free(run.start);
    free(run.pull);
    free(run.pull_at_start);
    return status;
}
