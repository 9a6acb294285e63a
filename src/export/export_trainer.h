/* The last training that a run tells of, in the words of open-unlearning's trainers: which class, with which arguments.
 * Private to export/. */
#ifndef BF_EXPORT_EXPORT_TRAINER_H
#define BF_EXPORT_EXPORT_TRAINER_H
#include <stdbool.h>

#include "base/buf.h"
#include "base/json.h"
#include "store/store.h"

struct bf_export_trainer {
    const char *handler; /* a configuration of configs/trainer: "NPO". Of a run without a training: NPO */
    json_t *settings;    /* of the training; NULL when there was none */
    bool other_method;   /* the training's method is none of open-unlearning's, NPO stands in for it */
    bool alternates;     /* the forget set is read with answers that do not answer (DPO) */
    int64_t max_length;  /* tokens of a sample */
};
BF_MUST_CHECK enum bf_status bf_export_trainer_read(struct bf_store *store, struct bf_export_trainer *out,
                                                    struct bf_err *err);
void bf_export_trainer_release(struct bf_export_trainer *trainer);

/* The "trainer:" block of an experiment, with its newline. */
void bf_export_trainer_yaml(const struct bf_export_trainer *trainer, struct bf_buf *out);
/* A sentence or two for the README: what the figures are. Ends with a newline. */
void bf_export_trainer_words(const struct bf_export_trainer *trainer, struct bf_buf *out);

#endif
