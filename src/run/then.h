/* `--then METHOD --eval`: what comes after a run. The model unlearns the run's forget set, and is evaluated before and after. Each
 * step is another command of this very program.
 *
 * The wish and all that came of it stand in DIR/closed-loop.json, which is replaced after every step, so that `resume` goes on where
 * it stood. The run itself knows nothing of it. The file is one object:
 *   wish      {method, options [words], answers, eval, eval_limit, retain_set ""|file}
 *   finished  bool
 *   steps     {"forget before" | "retain before" | "unlearn" | "forget after" | "retain after" | "questions": {command, seconds,
 *             result}}; an evaluation that failed has "why" in place of "result"
 *   figures   [{set, figure, before, after, n, note?}], null where it is not known
 *   answers   [{prompt, before, after}]
 *   output    the model that forgot
 *   forget_sha256, retain_sha256?   of the sets that all this is of */
#ifndef BF_RUN_THEN_H
#define BF_RUN_THEN_H
#include <stdio.h>

#include "base/json.h"
#include "base/log.h"
#include "base/opt.h"
#include "store/store.h"

/* Tries the words of a wish's options against those of `biforget unlearn`: the file may be a stranger's, and the words become a
 * command line. BF_USAGE, BF_INPUT. The options are the commands'. */
typedef enum bf_status bf_then_check_fn(const json_t *options, struct bf_err *err);

/* DIR/closed-loop.json. *state: new reference; NULL when there is none. BF_INPUT: another program made it, or somebody changed it. */
BF_MUST_CHECK enum bf_status bf_then_read(const char *dir, bf_then_check_fn *check, json_t **state, struct bf_err *err);
BF_MUST_CHECK enum bf_status bf_then_write(const char *dir, const json_t *state, struct bf_err *err);
/* Is something left to do? Also when the sets have changed since, or the model that forgot is gone. NULL: nothing. */
bool bf_then_pending(const char *dir, const json_t *state);
/* The file of texts to keep: the wish's, or the run's own. free(). */
char *bf_then_retain_file(const char *dir, const json_t *wish);
/* Keep the wish. Another one than before begins anew, but for figures of the model as it was that still hold. */
BF_MUST_CHECK enum bf_status bf_then_begin(const char *dir, const json_t *wish, bf_then_check_fn *check, struct bf_err *err);
struct bf_then_job {
    const char *dir, *model;
    int64_t threads, gpu_layers;
    struct bf_log *log;
    bf_then_check_fn *check_options;
};
/* All that is left to do; nobody may have the run open. *state: new reference, also when nothing was left. BF_INTERRUPTED says how to
 * go on. */
BF_MUST_CHECK enum bf_status bf_then_run(const struct bf_then_job *job, json_t **state, struct bf_err *err);
/* The figures of a state, out of its steps: into "figures" and "answers". */
void bf_then_metrics(json_t *state);
/* For people. */
void bf_then_print(const json_t *state, const char *dir, FILE *out);

/* A state on stdout: its table, or with `json` the run's summary with the state as "closed_loop". */
BF_MUST_CHECK enum bf_status bf_then_show(struct bf_store *store, json_t *state, bool json, struct bf_err *err);

/* bf_then_run, then the run's page with the new section, then bf_then_show. */
BF_MUST_CHECK enum bf_status bf_then_conclude(const struct bf_then_job *job, bool json, struct bf_err *err);

#endif
