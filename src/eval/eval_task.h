/* One benchmark each: read its files, open its models, measure. */
#ifndef BF_EVAL_EVAL_TASK_H
#define BF_EVAL_EVAL_TASK_H
#include "base/buf.h"
#include "eval/eval_model.h"

struct bf_eval_task {
    const struct bf_eval_request *request;
    struct bf_log *log;
    const char *const *files; /* operands after the task's name */
    size_t n_files;
    struct bf_eval_model model; /* bf_eval_task_start finds it; the task opens it */
    struct bf_eval eval;        /* with bootstrap and items set by the caller */
};

/* *out: new reference. BF_USAGE when an option or file is missing. */
typedef enum bf_status bf_eval_task_fn(struct bf_eval_task *task, json_t **out, struct bf_err *err);

/* The tasks: name on the command line, function. A new one is that function and a row here. */
#define BF_EVAL_TASKS(X)                                                                                               \
    X("privleak", bf_eval_task_privleak)                                                                               \
    X("knowmem", bf_eval_task_knowmem)                                                                                 \
    X("verbmem", bf_eval_task_verbmem)                                                                                 \
    X("memorization", bf_eval_task_memorization)                                                                       \
    X("tofu", bf_eval_task_tofu)                                                                                       \
    X("mcq", bf_eval_task_mcq)                                                                                         \
    X("gsm8k", bf_eval_task_gsm8k)                                                                                     \
    X("robust", bf_eval_task_robust)                                                                                   \
    X("fluency", bf_eval_task_fluency)
#define X(name, run) bf_eval_task_fn run;
BF_EVAL_TASKS(X)
#undef X

struct bf_eval_task_row {
    const char *name;
    bf_eval_task_fn *run;
};
extern const struct bf_eval_task_row bf_eval_tasks[]; /* the last one has no name */
/* False when there is no such task; *index is then untouched. */
bool bf_eval_task_find(const char *name, size_t *index);
/* "privleak, knowmem, ... or robust" into `out`. */
void bf_eval_task_names(struct bf_buf *out);

/* Check the number of files and find the model: the first call of every task that needs a model. BF_USAGE with `usage`
 * in the sentence. */
BF_MUST_CHECK enum bf_status bf_eval_task_start(struct bf_eval_task *task, size_t n_files_min, size_t n_files_max,
                                                const char *usage, struct bf_err *err);

/* The result as people read it. */
void bf_eval_text(const json_t *result, FILE *out);

#endif
