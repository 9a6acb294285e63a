/* The sets of a training, read whole, and examples of its effect for people. */
#ifndef BF_RUN_UNLEARN_SETS_H
#define BF_RUN_UNLEARN_SETS_H
#include "base/json.h"
#include "base/log.h"
#include "unlearn/unlearn.h"

struct bf_unlearn_sets {
    struct bf_unlearn_texts forget, retain, general, alternates, targets;
    bool retain_of_run; /* no retain set was named, and the run has one */
};
/* Read the sets that `settings` names. BF_INPUT, BF_STORE. Release *out in every case. */
BF_MUST_CHECK enum bf_status bf_unlearn_sets_read(const struct bf_unlearn_settings *settings, bool skip_bad,
                                                  struct bf_log *log, struct bf_unlearn_sets *out, struct bf_err *err);
void bf_unlearn_sets_release(struct bf_unlearn_sets *sets);

/* Greedy answers of both models to n prompts from the forget set. *out: a list of {"prompt", "before", "after"}, new
 * reference; empty for n = 0. BF_MODEL, BF_INTERRUPTED. */
BF_MUST_CHECK enum bf_status bf_unlearn_answers(const struct bf_unlearn_settings *settings,
                                                const struct bf_unlearn_texts *forget, int64_t n, struct bf_log *log,
                                                json_t **out, struct bf_err *err);

#endif
