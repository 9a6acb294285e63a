#include "unlearn/auto_method.h"

#include "base/banned.h"

/* The evidence: an invented world of three villages, one to forget, one to keep, one in no set, which SmolLM2-135M had
 * learnt (30 of 30 questions right of each). Trained with this row on texts that the model wrote itself, in mixed
 * forms, with a retain set about the third village that it wrote as well, it answered 6 of 30 questions about the
 * forgotten village in the wording of its training and 3 of 30 in a wording that it never saw; the model that never saw
 * the village answers 2 and 4. Of the third village 27 and 24 of 30 were left. At beta 0.02 the same steps left 0 and
 * 23, at 1e-5 the set was not forgotten. One world, one seed, one size: larger float models get the same row, quantised
 * models an adapter with the rate of the method. */
static const struct {
    const char *method, *retain_loss;
    double beta, learning_rate;
    int64_t max_steps, batch, accumulate;
} row = {.method = "npo",
         .retain_loss = "kl",
         .beta = 0.1,
         .learning_rate = 5e-5,
         .max_steps = 100,
         .batch = 4,
         .accumulate = 1};

void bf_auto_settings_init(struct bf_unlearn_settings *s)
{
    bf_unlearn_settings_init(s, bf_method_find(row.method));
    (void)bf_unlearn_settings_word(s, "retain_loss", row.retain_loss);
    s->beta = row.beta;
    s->max_steps = row.max_steps;
    s->batch = row.batch;
    s->accumulate = row.accumulate;
}

void bf_auto_settings_rate(struct bf_unlearn_settings *s)
{
    if (s->train == BF_TRAIN_FULL)
        s->learning_rate = row.learning_rate;
}

void bf_auto_describe(struct bf_buf *out)
{
    bf_buf_printf(
        out,
        "auto is %s with beta %g, learning rate %g (an adapter: the method's), batch %lld, %lld steps, and %s on "
        "the retain set: the best row of an experiment on SmolLM2-135M (docs/unlearning.md).",
        row.method, row.beta, row.learning_rate, (long long)(row.batch * row.accumulate), (long long)row.max_steps,
        row.retain_loss);
}
