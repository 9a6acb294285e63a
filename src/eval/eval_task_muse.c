/* MUSE: knowmem, verbmem; and memorization, which reads the same files. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "sets/pairs.h"
#include "eval/eval_fit.h"
#include "eval/eval_task.h"
#include "base/banned.h"

static size_t limit_of(const struct bf_eval_task *task)
{
    return (size_t)task->request->limit;
}

static enum bf_status load_pairs(struct bf_eval_task *task, const char *path, bool only_pairs, struct bf_pairs *out,
                                 struct bf_err *err)
{
    const enum bf_status status = bf_pairs_load(path, limit_of(task), task->log, out, err);
    if (status == BF_OK && only_pairs && out->has_texts)
        return bf_fail(err, BF_INPUT,
                       "'%s' has texts without a question; give question-answer pairs (biforget export RUN "
                       "--format tofu writes those of a run)",
                       path);
    return status;
}

/* Cut answers, or prompts, that are too long: an answer at its end, a prompt at its beginning. Pairs that do not fit
 * even so are dropped. */
static void cut_pairs(struct bf_eval_fit *fit, struct bf_pairs *pairs, int64_t other, bool prompts)
{
    size_t n = 0;
    for (size_t i = 0; i < pairs->n; i++) {
        struct bf_pair *p = &pairs->items[i];
        const int64_t beside = prompts ? other : other + bf_eval_model_tokens(fit->model, p->question);
        if (bf_eval_fit_text(fit, beside, prompts ? &p->question : &p->answer, prompts)) {
            pairs->items[n++] = *p;
        } else {
            free(p->question);
            free(p->answer);
        }
    }
    pairs->n = n;
}

enum bf_status bf_eval_task_knowmem(struct bf_eval_task *task, json_t **out, struct bf_err *err)
{
    const struct bf_eval_request *v = task->request;
    const int32_t max_tokens = v->max_new_tokens > 0 ? (int32_t)v->max_new_tokens : 32;
    struct bf_pairs questions = {0}, shots = {0};
    struct bf_eval_fit fit;
    int64_t n_shot_tokens = 0;
    enum bf_status status =
        bf_eval_task_start(task, 1, 1, "biforget eval knowmem questions.json --shots examples.json", err);
    if (status == BF_OK)
        status = load_pairs(task, task->files[0], true, &questions, err);
    if (status == BF_OK && v->shots)
        status = load_pairs(task, v->shots, true, &shots, err);
    const size_t n_shots = shots.n < (size_t)v->n_shots ? shots.n : (size_t)v->n_shots;
    for (size_t s = 0; s < n_shots && status == BF_OK; s++)
        n_shot_tokens += 12 + bf_eval_model_tokens(&task->model, shots.items[s].question) +
                         bf_eval_model_tokens(&task->model, shots.items[s].answer);
    if (status == BF_OK) {
        bf_eval_fit_begin(&fit, &task->model, task->files[0], false);
        bf_eval_fit_questions(&fit, &questions, n_shot_tokens + 12 + max_tokens);
        status = bf_eval_fit_end(&fit, "use fewer --n-shots, or a smaller --max-new-tokens", err);
    }
    if (status == BF_OK)
        status = bf_eval_model_open(&task->model, BF_EVAL_MODEL, "none", false, &task->eval, err);
    if (status == BF_OK)
        status = bf_eval_knowmem(&task->eval, questions.items, questions.n, shots.items, n_shots, v->trailing_space,
                                 max_tokens, out, err);
    if (status == BF_OK) {
        bf_eval_put(*out, "shots", json_integer((json_int_t)n_shots));
        bf_eval_fit_put(&fit, *out);
    }
    bf_pairs_release(&questions);
    bf_pairs_release(&shots);
    return status;
}

enum bf_status bf_eval_task_verbmem(struct bf_eval_task *task, json_t **out, struct bf_err *err)
{
    const struct bf_eval_request *v = task->request;
    const int32_t max_tokens = v->max_new_tokens > 0 ? (int32_t)v->max_new_tokens : 128;
    struct bf_pairs texts = {0};
    struct bf_eval_fit fit;
    enum bf_status status = bf_eval_task_start(task, 1, 1, "biforget eval verbmem forget.json", err);
    if (status == BF_OK)
        status = load_pairs(task, task->files[0], false, &texts, err);
    bf_pairs_halve(&texts);
    if (status == BF_OK) {
        bf_eval_fit_begin(&fit, &task->model, task->files[0], false);
        cut_pairs(&fit, &texts, max_tokens, true);
        status = bf_eval_fit_end(&fit, "use a smaller --max-new-tokens", err);
    }
    if (status == BF_OK)
        status = bf_eval_model_open(&task->model, BF_EVAL_MODEL, "none", false, &task->eval, err);
    if (status == BF_OK)
        status = bf_eval_verbmem(&task->eval, texts.items, texts.n, max_tokens, out, err);
    if (status == BF_OK)
        bf_eval_fit_put(&fit, *out);
    bf_pairs_release(&texts);
    return status;
}

enum bf_status bf_eval_task_memorization(struct bf_eval_task *task, json_t **out, struct bf_err *err)
{
    struct bf_pairs pairs = {0};
    struct bf_eval_fit fit;
    enum bf_status status = bf_eval_task_start(task, 1, 1, "biforget eval memorization forget.jsonl", err);
    if (status == BF_OK)
        status = load_pairs(task, task->files[0], false, &pairs, err);
    if (status == BF_OK) {
        bf_eval_fit_begin(&fit, &task->model, task->files[0], !pairs.has_texts);
        cut_pairs(&fit, &pairs, 0, false);
        status = bf_eval_fit_end(&fit, "use shorter texts", err);
    }
    if (status == BF_OK)
        status =
            bf_eval_model_open(&task->model, BF_EVAL_MODEL, pairs.has_texts ? "none" : "auto", true, &task->eval, err);
    if (status == BF_OK)
        status = bf_eval_memorization(&task->eval, pairs.items, pairs.n, out, err);
    if (status == BF_OK)
        bf_eval_fit_put(&fit, *out);
    bf_pairs_release(&pairs);
    return status;
}
