/* A task of `biforget eval` as somebody might add it: src/eval/eval_task_files.c, and a row of BF_EVAL_TASKS. */
#include "eval/eval_task.h"

#include "base/banned.h"

enum bf_status bf_eval_task_files(struct bf_eval_task *task, json_t **out, struct bf_err *err)
{
    (void)err;
    *out = json_pack("{s:s, s:I}", "benchmark", "files", "n", (json_int_t)task->n_files);
    return BF_OK;
}
