/* `--then METHOD --eval` as options, and what is checked of them before anything long begins. */
#ifndef BF_CMD_THEN_OPTIONS_H
#define BF_CMD_THEN_OPTIONS_H
#include "base/opt.h"
#include "run/then_state.h"
#include "unlearn/unlearn.h"

struct bf_then_values {
    const char *then, *then_options;
    bool eval;
    int64_t eval_limit;
    int64_t rounds; /* -1: not given */
    /* Set by the command: */
    const char *retain_file; /* NULL = none */
    bool starts;             /* the run starts with this command, which could write a retain set */
    bool run_retains;        /* the run has a retain set of its own */
    bool is_domain;          /* the run is of a domain: texts, and few pairs */
};

/* Append --then and its companions to `table` (bf_opt_append); sets the defaults. */
struct bf_opt *bf_then_options(struct bf_then_values *values, struct bf_opt *table);

/* Before anything long begins: can it be done? *wish: bf_then_wish_release; empty without --then. `model` is the file.
 * BF_USAGE: options that do not go together, a method that cannot work on this run, no retain set. BF_INPUT: the retain
 * set. BF_MODEL: a model that cannot be trained. BF_STORE: the disk is too small. */
BF_MUST_CHECK enum bf_status bf_then_wish_from(const struct bf_then_values *values, const char *model, const char *dir,
                                               struct bf_then_wish *wish, struct bf_err *err);

/* A bf_then_check_fn: what --then-options may hold. BF_INPUT, BF_USAGE. */
BF_MUST_CHECK enum bf_status bf_then_check_options(const char *const *words, size_t n, struct bf_err *err);

#endif
