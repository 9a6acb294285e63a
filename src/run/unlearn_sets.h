/* The sets of a training, read whole, and what a person sees of its effect. */
#ifndef BF_RUN_UNLEARN_SETS_H
#define BF_RUN_UNLEARN_SETS_H
#include "base/json.h"
#include "base/log.h"
#include "unlearn/unlearn.h"

struct bf_unlearn_sets {
    struct bf_unlearn_texts forget, retain, general, alternates;
    bool retain_of_run; /* nobody named a retain set, and the run had one */
};
/* `settings` says where they are. Release in every case. */
BF_MUST_CHECK enum bf_status bf_unlearn_sets_read(const struct bf_unlearn_settings *settings, bool skip_bad,
                                                  struct bf_log *log, struct bf_unlearn_sets *out, struct bf_err *err);
void bf_unlearn_sets_release(struct bf_unlearn_sets *sets);

/* Greedy answers of both models to a few prompts out of the forget set: a list of {"prompt", "before", "after"}. New
 * reference; an empty list for n = 0. */
BF_MUST_CHECK enum bf_status bf_unlearn_answers(const struct bf_unlearn_settings *settings,
                                                const struct bf_unlearn_texts *forget, int64_t n, struct bf_log *log,
                                                json_t **out, struct bf_err *err);

#endif
