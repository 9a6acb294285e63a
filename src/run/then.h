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
#ifndef BF_CMD_CLOSED_LOOP_H
#define BF_CMD_CLOSED_LOOP_H
#include <stdio.h>

#include "base/json.h"
#include "base/log.h"
#include "base/opt.h"
#include "store/store.h"

struct bf_loop_values {
    const char *then, *then_options;
    bool eval;
    int64_t eval_limit;
    /* Set by the command: */
    const char *retain_file;   /* NULL = none */
    bool run_retains;          /* the run has a retain set of its own */
    bool is_domain;            /* the run is of a domain: texts, and few pairs */
};

enum { BF_LOOP_TEXTS = 64 };   /* of each set that are evaluated, unless --eval-limit says otherwise */

/* Rows of an option table; the struct's eval_limit has to be set to BF_LOOP_TEXTS. */
#define BF_LOOP_OPTIONS(v)                                                                                             \
    {.name = "then",                                                                                                   \
     .type = BF_OPT_TEXT,                                                                                              \
     .target = &(v)->then,                                                                                             \
     .value = "METHOD",                                                                                                \
     .help = "then unlearn: npo, simnpo, graddiff, ga, rmu, obliviate"},                                               \
    {.name = "eval", .type = BF_OPT_FLAG, .target = &(v)->eval, .help = "evaluate before and after --then"},           \
    {.name = "then-options",                                                                                           \
     .type = BF_OPT_TEXT,                                                                                              \
     .target = &(v)->then_options,                                                                                     \
     .value = "\"WORDS\"",                                                                                             \
     .help = "options of 'biforget unlearn': \"--lr 1e-4 --max-steps 50\"",                                            \
     .rare = true},                                                                                                    \
    {.name = "eval-limit",                                                                                             \
     .type = BF_OPT_INT,                                                                                               \
     .target = &(v)->eval_limit,                                                                                       \
     .min = 0,                                                                                                         \
     .max = 1000000000,                                                                                                \
     .value = "N",                                                                                                     \
     .fallback = "64; 0 = all",                                                                                        \
     .help = "texts of each set that --eval looks at; of questions a quarter",                                         \
     .rare = true}

/* Before anything long begins: can it be done? *wish: new reference, NULL when nothing was asked for. `model` is the file. BF_USAGE: options
 * that do not go together, a method that cannot work on this run, no retain set. BF_INPUT: the retain set. BF_MODEL: a model that
 * cannot be trained. BF_STORE: the disk is too small. */
BF_MUST_CHECK enum bf_status bf_loop_wish(const struct bf_loop_values *values, const char *model, const char *dir,
                                          json_t **wish, struct bf_err *err);

/* What --then-options may hold, as a list of words. BF_INPUT, BF_USAGE. */
BF_MUST_CHECK enum bf_status bf_loop_check_options(const json_t *options, struct bf_err *err);

/* DIR/closed-loop.json. *state: new reference; NULL when there is none. BF_INPUT: another program made it, or somebody changed it. */
BF_MUST_CHECK enum bf_status bf_loop_read(const char *dir, json_t **state, struct bf_err *err);
BF_MUST_CHECK enum bf_status bf_loop_write(const char *dir, const json_t *state, struct bf_err *err);
/* Is something left to do? Also when the sets have changed since, or the model that forgot is gone. NULL: nothing. */
bool bf_loop_pending(const char *dir, const json_t *state);
/* The file of texts to keep: the wish's, or the run's own. free(). */
char *bf_loop_retain_file(const char *dir, const json_t *wish);
/* Keep the wish. Another one than before begins anew, but for figures of the model as it was that still hold. */
BF_MUST_CHECK enum bf_status bf_loop_begin(const char *dir, const json_t *wish, struct bf_err *err);
struct bf_loop_job {
    const char *dir, *model;
    int64_t threads, gpu_layers;
    struct bf_log *log;
};
/* All that is left to do; nobody may have the run open. *state: new reference, also when nothing was left. BF_INTERRUPTED says how to
 * go on. */
BF_MUST_CHECK enum bf_status bf_loop_run(const struct bf_loop_job *job, json_t **state, struct bf_err *err);
/* The figures of a state, out of its steps: into "figures" and "answers". */
void bf_loop_figures(json_t *state);
/* For people. */
void bf_loop_print(const json_t *state, const char *dir, FILE *out);

/* A state on stdout: its table, or with `json` the run's summary with the state as "closed_loop". */
BF_MUST_CHECK enum bf_status bf_loop_show(struct bf_store *store, json_t *state, bool json, struct bf_err *err);

/* bf_loop_run, then the run's page with the new section, then bf_loop_show. */
BF_MUST_CHECK enum bf_status bf_loop_conclude(const struct bf_loop_job *job, bool json, struct bf_err *err);

#endif
