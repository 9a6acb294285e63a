/* `--then METHOD --eval`: what comes after a run. The model unlearns the run's forget set, and is evaluated before and
 * after. Each step is another command of this very program.
 *
 * The wish and all that came of it is the state of run/then_state.h. Its file is replaced after every step, so that
 * `resume` continues after the last one. The run itself knows nothing of it. */
#ifndef BF_RUN_THEN_H
#define BF_RUN_THEN_H
#include <stdio.h>

#include "base/log.h"
#include "run/then_state.h"
#include "store/store.h"

/* Is something left to do? Also when the sets have changed since, or the unlearned model is gone. An empty state:
 * nothing. */
bool bf_then_pending(const char *dir, const struct bf_then_state *state);
/* The file of texts to keep: the wish's, or the run's own. free(). */
char *bf_then_retain_file(const char *dir, const struct bf_then_wish *wish);
/* Keep the wish. One that differs from the one before starts over, but for evaluations of the model before unlearning
 * that still hold. BF_INPUT: the file that is there cannot be read. BF_STORE. */
BF_MUST_CHECK enum bf_status bf_then_begin(const char *dir, const struct bf_then_wish *wish, bf_then_check_fn *check,
                                           struct bf_err *err);
struct bf_then_job {
    const char *dir, *model;
    int64_t threads, gpu_layers;
    struct bf_log *log;
    bf_then_check_fn *check_options;
};
/* All that is left to do; nobody may have the run open. *state: bf_then_state_release, also when nothing was left;
 * empty on failure. BF_INTERRUPTED says how to resume. */
BF_MUST_CHECK enum bf_status bf_then_run(const struct bf_then_job *job, struct bf_then_state *state,
                                         struct bf_err *err);
/* The table of a state, out of its steps: into its metrics and answers. */
void bf_then_metrics(struct bf_then_state *state);
/* For people. */
void bf_then_print(const struct bf_then_state *state, const char *dir, FILE *out);

/* A state on stdout: its table, or with `json` the run's summary with the state as "closed_loop". */
BF_MUST_CHECK enum bf_status bf_then_show(struct bf_store *store, const struct bf_then_state *state, bool json,
                                          struct bf_err *err);

/* bf_then_run, then the run's page with the new section, then bf_then_show. */
BF_MUST_CHECK enum bf_status bf_then_conclude(const struct bf_then_job *job, bool json, struct bf_err *err);

#endif
