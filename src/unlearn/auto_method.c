#include "unlearn/auto_method.h"

#include <stdlib.h>

#include "base/mem.h"
#include "unlearn/loss.h"
#include "base/banned.h"

/* The evidence: docs/results-forgetting.md. An invented world of four villages, one to forget, one to keep, one whose
 * texts the model wrote itself, one in no set, which SmolLM2-135M had learnt. This row leaves 8 of 30 questions about
 * the first, five of them about facts that the set does not have, and 17 of 60 in new wordings; of the last village it
 * keeps 30 of 30 and 59 of 60. Ascent weighed by probability (WGA) with renamed copies, the row before, left 6 and 13
 * in three times as many steps, and kept 27 and 52. One world, one seed, one size: larger float models get the same
 * row, quantised models an adapter with the rate of the method. */
static const struct {
    const char *method, *forms;
    enum bf_schedule schedule;
    double learning_rate, epochs;
    int64_t min_steps, batch, accumulate;
} row = {.method = "ul-renamed",
         .forms = "sentence=1,chat=0,raw=1,pair=4",
         .schedule = BF_SCHEDULE_CONSTANT,
         .learning_rate = 5e-5,
         .epochs = 3.0,
         .min_steps = 40,
         .batch = 8,
         .accumulate = 1};

void bf_auto_settings_init(struct bf_unlearn_settings *s)
{
    bf_unlearn_settings_init(s, bf_method_find(row.method));
    free(s->forms);
    s->forms = bf_strdup(row.forms);
    s->schedule = row.schedule;
    s->epochs = row.epochs;
    s->max_steps = 0;
    s->min_steps = row.min_steps;
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
        "auto is %s with learning rate %g (an adapter: the method's), batch %lld, %g epochs, %lld steps at least, "
        "--schedule constant, --forms %s: the best row of an experiment on SmolLM2-135M (docs/results-forgetting.md).",
        row.method, row.learning_rate, (long long)(row.batch * row.accumulate), row.epochs, (long long)row.min_steps,
        row.forms);
}
