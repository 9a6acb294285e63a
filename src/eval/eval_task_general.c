/* General abilities: multiple choice, and GSM8K. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "eval/eval_fit.h"
#include "eval/eval_task.h"
#include "base/banned.h"

static int64_t mcq_tokens(const struct bf_eval_model *model, const struct bf_mcq_item *q)
{
    int64_t n = 24 + bf_eval_model_tokens(model, q->question);
    for (size_t c = 0; c < q->n_choices; c++)
        n += 5 + bf_eval_model_tokens(model, q->choices[c]);
    return n;
}

/* An upper bound: the shots that are used are no longer than the n_shots longest. */
static int64_t longest_shots(const struct bf_eval_model *model, const struct bf_mcq *shots, size_t n_shots)
{
    int64_t sum = 0, longest = 0;
    for (size_t s = 0; s < shots->n; s++) {
        const int64_t n = mcq_tokens(model, &shots->items[s]);
        sum += n;
        longest = n > longest ? n : longest;
    }
    return sum < longest * (int64_t)n_shots ? sum : longest * (int64_t)n_shots;
}

enum bf_status bf_eval_task_mcq(struct bf_eval_task *task, json_t **out, struct bf_err *err)
{
    const struct bf_eval_request *v = task->request;
    struct bf_mcq questions = {0}, shots = {0};
    struct bf_eval_fit fit;
    const size_t n_shots = v->shots ? (size_t)v->n_shots : 0;
    enum bf_status status =
        bf_eval_task_start(task, 1, SIZE_MAX, "biforget eval mcq questions.csv --shots dev.csv", err);
    size_t *n_of = bf_array(task->n_files, sizeof *n_of);
    for (size_t f = 0; f < task->n_files && status == BF_OK; f++) {
        const size_t before = questions.n;
        status = bf_mcq_read(task->files[f], &questions, err);
        if (status == BF_OK && v->limit > 0)
            bf_mcq_limit(&questions, before + (size_t)v->limit);
        n_of[f] = questions.n - before;
    }
    if (status == BF_OK && n_shots > 0)
        status = bf_mcq_read(v->shots, &shots, err);
    if (status == BF_OK) {
        const int64_t head = 32 + longest_shots(&task->model, &shots, n_shots);
        bf_eval_fit_begin(&fit, &task->model, task->files[0], false);
        size_t i = 0;
        for (size_t f = 0; f < task->n_files; f++) {
            if (f > 0)
                bf_eval_fit_set(&fit, task->files[f]);
            for (size_t k = 0; questions.items && k < n_of[f]; k++)
                if (bf_eval_fit_item(&fit, head + mcq_tokens(&task->model, &questions.items[i])))
                    i++;
                else
                    bf_mcq_drop(&questions, i);
        }
        status = bf_eval_fit_end(&fit, "use fewer --n-shots, or shorter questions", err);
    }
    if (status == BF_OK)
        status = bf_eval_model_open(&task->model, BF_EVAL_MODEL, "none", true, &task->eval, err);
    if (status == BF_OK)
        status = bf_eval_mcq(&task->eval, &questions, &shots, n_shots, out, err);
    if (status == BF_OK)
        bf_eval_fit_put(&fit, *out);
    free(n_of);
    bf_mcq_release(&questions);
    bf_mcq_release(&shots);
    return status;
}

enum bf_status bf_eval_task_gsm8k(struct bf_eval_task *task, json_t **out, struct bf_err *err)
{
    const struct bf_eval_request *v = task->request;
    const int32_t max_tokens = v->max_new_tokens > 0 ? (int32_t)v->max_new_tokens : 256;
    struct bf_gsm8k questions = {0}, shots = {0};
    struct bf_eval_fit fit;
    int64_t head = 0;
    enum bf_status status = bf_eval_task_start(task, 1, 1, "biforget eval gsm8k test.jsonl --shots train.jsonl", err);
    if (status == BF_OK)
        status = bf_gsm8k_read(task->files[0], &questions, err);
    if (status == BF_OK && v->shots)
        status = bf_gsm8k_read(v->shots, &shots, err);
    const size_t n_shots = shots.n < (size_t)v->n_shots ? shots.n : (size_t)v->n_shots;
    if (status == BF_OK) {
        while (v->limit > 0 && questions.n > (size_t)v->limit)
            bf_gsm8k_drop(&questions, questions.n - 1);
        for (size_t s = 0; s < n_shots; s++)
            head += 12 + bf_eval_model_tokens(&task->model, shots.items[s].question) +
                    bf_eval_model_tokens(&task->model, shots.items[s].answer);
        bf_eval_fit_begin(&fit, &task->model, task->files[0], false);
        for (size_t i = 0; i < questions.n;) {
            if (bf_eval_fit_item(&fit, head + 12 + max_tokens +
                                           bf_eval_model_tokens(&task->model, questions.items[i].question)))
                i++;
            else
                bf_gsm8k_drop(&questions, i);
        }
        status = bf_eval_fit_end(&fit, "use fewer --n-shots, or a smaller --max-new-tokens", err);
    }
    if (status == BF_OK)
        status = bf_eval_model_open(&task->model, BF_EVAL_MODEL, "none", false, &task->eval, err);
    if (status == BF_OK)
        status = bf_eval_gsm8k(&task->eval, &questions, &shots, n_shots, max_tokens, out, err);
    if (status == BF_OK)
        bf_eval_fit_put(&fit, *out);
    bf_gsm8k_release(&questions);
    bf_gsm8k_release(&shots);
    return status;
}
