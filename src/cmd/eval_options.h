/* The options of `biforget eval`, and which task takes which. */
#ifndef BF_CMD_EVAL_OPTIONS_H
#define BF_CMD_EVAL_OPTIONS_H
#include "base/opt.h"
#include "eval/eval_request.h"

struct bf_eval_values {
    bool quiet; /* first: bf_command_run reads it */
    bool json;
    struct bf_eval_request request;
};

/* The table; free(). Sets the defaults. */
struct bf_opt *bf_eval_options(struct bf_eval_values *values);
/* Leave in the table what the task takes; a word that names no task changes nothing. NULL, no task: options of a single
 * task become rare. */
void bf_eval_options_narrow(struct bf_opt *table, const char *word);
/* BF_USAGE for an option that belongs to other tasks, naming them. `task` is an index into bf_eval_tasks. */
BF_MUST_CHECK enum bf_status bf_eval_options_fit(const struct bf_opt *table, size_t task, struct bf_err *err);

#endif
