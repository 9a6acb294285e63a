/* The last training that a run records, in terms of open-unlearning's trainers: which class, with which arguments.
 * Private to export/. */
#ifndef BF_EXPORT_EXPORT_TRAINER_H
#define BF_EXPORT_EXPORT_TRAINER_H
#include <stdbool.h>

#include "base/buf.h"
#include "base/json.h"
#include "store/store.h"

struct bf_export_trainer {
    const char *handler; /* a configuration of configs/trainer; "NPO" for a run without a training */
    json_t *settings;    /* of the training; NULL without a training */
    bool other_method;   /* open-unlearning does not have the training's method; NPO is used instead */
    bool alternates;     /* the forget set is read with alternate answers, such as "I don't know" (DPO) */
    int64_t max_length;  /* tokens of a sample */
    double retain_nll;   /* before the training; NaN = not measured */
};
BF_MUST_CHECK enum bf_status bf_export_trainer_read(struct bf_store *store, struct bf_export_trainer *out,
                                                    struct bf_err *err);
void bf_export_trainer_release(struct bf_export_trainer *trainer);

/* Append the "trainer:" block of an experiment, with its newline. */
void bf_export_trainer_yaml(const struct bf_export_trainer *trainer, struct bf_buf *out);
/* Append a sentence or two for the README: where the parameters come from. Ends with a newline. */
void bf_export_trainer_words(const struct bf_export_trainer *trainer, struct bf_buf *out);

#endif
