#include "unlearn/auto_method.h"

#include <stdlib.h>

#include "base/mem.h"
#include "unlearn/loss.h"
#include "base/banned.h"

/* The evidence: docs/results-forgetting.md. An invented world of four villages, one to forget, one to keep, one whose
 * texts the model wrote itself, one in no set, which SmolLM2-135M had learnt. NPO with the same sets left 27 of 30
 * questions about the first and cost 12 of 60 about the last; this loss with renamed copies, on the same set cleaned
 * by hand, leaves none of 30, 16 of 60 in new wordings, and costs nothing: 60 of 60; this row with ten epochs, on the
 * set as it was made, 6 of 30 and 13 of 60 at a cost of 7 of 60. One world, one seed, one size: larger float models get
 * the same row, quantised models an adapter with the rate of the method. */
static const struct {
    const char *method, *retain_loss, *forms;
    double beta, learning_rate, epochs;
    int64_t min_steps, batch, accumulate, renamed;
} row = {.method = "wga",
         .retain_loss = "kl",
         .forms = "sentence=1,chat=0,raw=1",
         .beta = 1.0,
         .learning_rate = 5e-5,
         .epochs = 6.0,
         .min_steps = 80,
         .batch = 8,
         .accumulate = 1,
         .renamed = 1};

void bf_auto_settings_init(struct bf_unlearn_settings *s)
{
    bf_unlearn_settings_init(s, bf_method_find(row.method));
    (void)bf_unlearn_settings_word(s, "retain_loss", row.retain_loss);
    free(s->forms);
    s->forms = bf_strdup(row.forms);
    s->beta = row.beta;
    s->epochs = row.epochs;
    s->max_steps = 0;
    s->min_steps = row.min_steps;
    s->batch = row.batch;
    s->accumulate = row.accumulate;
    s->renamed = row.renamed;
}

void bf_auto_settings_rate(struct bf_unlearn_settings *s)
{
    if (s->train == BF_TRAIN_FULL)
        s->learning_rate = row.learning_rate;
}

void bf_auto_settings_renamed(struct bf_unlearn_settings *s)
{
    if (s->alpha <= 0.0 || s->retain_loss != bf_retain_loss_find(row.retain_loss))
        s->renamed = 0;
}

void bf_auto_describe(struct bf_buf *out)
{
    bf_buf_printf(
        out,
        "auto is %s with beta %g, learning rate %g (an adapter: the method's), batch %lld, %g epochs, %lld steps at "
        "least, --forms %s, and %s on the retain set and on %lld renamed copy of each text: the best row of an "
        "experiment on SmolLM2-135M (docs/results-forgetting.md).",
        row.method, row.beta, row.learning_rate, (long long)(row.batch * row.accumulate), row.epochs,
        (long long)row.min_steps, row.forms, row.retain_loss, (long long)row.renamed);
}
