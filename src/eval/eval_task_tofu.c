/* TOFU, from models or from log files. */
#include <string.h>

#include "eval/eval_fit.h"
#include "eval/eval_task.h"
#include "base/banned.h"

static enum bf_status load_logs(const struct bf_eval_task *task, struct bf_tofu_sets *unlearned,
                                struct bf_tofu_sets *retrained, struct bf_err *err)
{
    const struct bf_eval_request *v = task->request;
    if (v->model || v->lora || v->machine.api || v->forget || v->retain || v->authors || v->world)
        return bf_fail(err, BF_USAGE,
                       "--logs compares files: leave out -m, --lora, --api, --forget, --retain, --authors and --world");
    if (v->retrained)
        return bf_fail(err, BF_USAGE, "--logs compares files: give the retrained model's log with --retain-logs");
    if (v->limit > 0 || v->max_new_tokens > 0 || task->n_files > 0)
        return bf_fail(err, BF_USAGE,
                       "--logs compares files as they are: leave out --limit, --max-new-tokens and other files");
    if (v->out)
        return bf_fail(err, BF_USAGE,
                       "--logs asks a model nothing, so there is nothing to write with -o; leave -o out");
    enum bf_status status = bf_tofu_logs_read(v->logs, unlearned, err);
    if (status == BF_OK && v->retain_logs)
        status = bf_tofu_logs_read(v->retain_logs, retrained, err);
    return status;
}

static enum bf_status load_questions(const struct bf_eval_task *task, struct bf_tofu_questions parts[BF_TOFU_PARTS],
                                     struct bf_err *err)
{
    const struct bf_eval_request *v = task->request;
    const char *const paths[BF_TOFU_PARTS] = {v->forget, v->retain, v->authors, v->world};
    enum bf_status status = BF_OK;
    for (int p = 0; p < BF_TOFU_PARTS && status == BF_OK; p++) {
        if (!paths[p])
            continue;
        status = bf_tofu_read(paths[p], &parts[p], err);
        bf_tofu_questions_limit(&parts[p], (size_t)v->limit);
    }
    return status;
}

/* Questions that do not fit are left out for both models. */
static void fit_questions(struct bf_eval_task *task, struct bf_eval_fit *fit, struct bf_tofu_questions *questions,
                          int64_t max_tokens)
{
    for (size_t i = 0; i < questions->n;) {
        const struct bf_tofu_question *q = &questions->items[i];
        int64_t longest = bf_eval_model_tokens(&task->model, q->paraphrased);
        const int64_t answer = bf_eval_model_tokens(&task->model, q->answer);
        longest = answer > longest ? answer : longest;
        longest = max_tokens > longest ? max_tokens : longest;
        for (size_t p = 0; p < q->n_perturbed; p++) {
            const int64_t n = bf_eval_model_tokens(&task->model, q->perturbed[p]);
            longest = n > longest ? n : longest;
        }
        if (bf_eval_fit_item(fit, bf_eval_model_tokens(&task->model, q->question) + longest))
            i++;
        else
            bf_tofu_questions_drop(questions, i);
    }
}

static enum bf_status measure(struct bf_eval_task *task, struct bf_tofu_sets *unlearned, struct bf_tofu_sets *retrained,
                              struct bf_err *err)
{
    const struct bf_eval_request *v = task->request;
    const int32_t max_tokens = v->max_new_tokens > 0 ? (int32_t)v->max_new_tokens : 200;
    const char *const paths[BF_TOFU_PARTS] = {v->forget, v->retain, v->authors, v->world};
    struct bf_tofu_questions parts[BF_TOFU_PARTS] = {{0}};
    size_t n_skipped[BF_TOFU_PARTS] = {0};
    enum bf_status status = load_questions(task, parts, err);
    for (int p = 0; p < BF_TOFU_PARTS && status == BF_OK; p++) {
        struct bf_eval_fit fit;
        bf_eval_fit_begin(&fit, &task->model, paths[p] ? paths[p] : "", true);
        fit_questions(task, &fit, &parts[p], max_tokens);
        status = bf_eval_fit_end(&fit, "use a smaller --max-new-tokens", err);
        n_skipped[p] = fit.n_skipped;
    }
    if (status == BF_OK)
        status = bf_eval_model_open(&task->model, BF_EVAL_MODEL, "auto", false, &task->eval, err);
    for (int p = 0; p < BF_TOFU_PARTS && status == BF_OK; p++)
        if (parts[p].n > 0)
            status = bf_eval_tofu_set(&task->eval, (enum bf_tofu_part)p, &parts[p], true, max_tokens,
                                      &unlearned->parts[p], err);
    if (status == BF_OK && v->retrained)
        status = bf_eval_model_open(&task->model, BF_EVAL_SECOND, "auto", true, &task->eval, err);
    if (status == BF_OK && v->retrained)
        status = bf_eval_tofu_set(&task->eval, BF_TOFU_FORGET, &parts[BF_TOFU_FORGET], false, max_tokens,
                                  &retrained->parts[BF_TOFU_FORGET], err);
    else if (status == BF_OK && v->retain_logs)
        status = bf_tofu_logs_read(v->retain_logs, retrained, err);
    for (int p = 0; p < BF_TOFU_PARTS; p++) {
        unlearned->parts[p].n_skipped = n_skipped[p];
        bf_tofu_questions_release(&parts[p]);
    }
    return status;
}

enum bf_status bf_eval_task_tofu(struct bf_eval_task *task, json_t **out, struct bf_err *err)
{
    const struct bf_eval_request *v = task->request;
    struct bf_tofu_sets unlearned = {0}, retrained = {0};
    if (!v->logs && !v->forget)
        return bf_fail(err, BF_USAGE,
                       "give the questions, or logs: biforget eval tofu --forget forget10_perturbed.json ... or "
                       "biforget eval tofu --logs DIR --retain-logs DIR");
    if (v->retrained && v->retain_logs)
        return bf_fail(err, BF_USAGE, "--retrained and --retain-logs both name the retrained model; give one of them");
    enum bf_status status = BF_OK;
    if (v->logs) {
        status = load_logs(task, &unlearned, &retrained, err);
    } else {
        status = bf_eval_task_start(task, 0, 0,
                                    "biforget eval tofu --forget FILE --retain FILE --authors FILE --world FILE", err);
        if (status == BF_OK)
            status = measure(task, &unlearned, &retrained, err);
    }
    if (status == BF_OK)
        status = bf_eval_tofu(&task->eval.bootstrap, &unlearned, v->retrained || v->retain_logs ? &retrained : NULL,
                              out, err);
    bf_tofu_sets_release(&unlearned);
    bf_tofu_sets_release(&retrained);
    return status;
}
