#include "eval/eval_task.h"

#include <string.h>

#include "base/banned.h"

const struct bf_eval_task_row bf_eval_tasks[] = {
    {"privleak", bf_eval_task_privleak},
    {"knowmem", bf_eval_task_knowmem},
    {"verbmem", bf_eval_task_verbmem},
    {"memorization", bf_eval_task_memorization},
    {"tofu", bf_eval_task_tofu},
    {"mcq", bf_eval_task_mcq},
    {"gsm8k", bf_eval_task_gsm8k},
    {"robust", bf_eval_task_robust},
    {NULL, NULL},
};

bool bf_eval_task_find(const char *name, size_t *index)
{
    for (size_t i = 0; bf_eval_tasks[i].name; i++)
        if (strcmp(bf_eval_tasks[i].name, name) == 0) {
            *index = i;
            return true;
        }
    return false;
}

void bf_eval_task_names(struct bf_buf *out)
{
    for (size_t i = 0; bf_eval_tasks[i].name; i++)
        bf_buf_printf(out, "%s%s", i == 0 ? "" : bf_eval_tasks[i + 1].name ? ", " : " or ", bf_eval_tasks[i].name);
}

enum bf_status bf_eval_task_start(struct bf_eval_task *task, size_t n_files_min, size_t n_files_max, const char *usage,
                                  struct bf_err *err)
{
    if (task->n_files < n_files_min)
        return bf_fail(err, BF_USAGE, "give the file of questions: %s", usage);
    if (task->n_files > n_files_max)
        return bf_fail(err, BF_USAGE, "'%s' is one operand too many: %s", task->files[n_files_max], usage);
    return bf_eval_model_find(task->request, task->log, &task->model, err);
}
