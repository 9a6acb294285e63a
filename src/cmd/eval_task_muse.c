/* MUSE: privleak, knowmem, verbmem; and memorisation, which reads the same files. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cmd/eval_data.h"
#include "cmd/eval_task.h"
#include "base/banned.h"

static size_t limit_of(const struct bf_eval_task *task)
{
    return (size_t)task->values->limit;
}

/* ---- privleak ---- */

enum { FORGET, HOLDOUT, RETAIN, SETS };

static enum bf_status measure_sets(struct bf_eval_task *task, bool retrained, const struct bf_attacks *attacks,
                                   const struct bf_eval_texts sets[SETS], double *scores[SETS], struct bf_err *err)
{
    static const char *const names[SETS] = {"forget", "holdout", "retain"};
    enum bf_status status = bf_eval_model_open(&task->model, retrained, "none", true, &task->eval, err);
    for (int s = 0; s < SETS && status == BF_OK; s++)
        if (sets[s].n > 0 && !(retrained && s == RETAIN))
            status = bf_eval_membership(&task->eval, attacks, names[s], sets[s].texts, sets[s].n, &scores[s], err);
    return status;
}

static struct bf_membership membership_of(const struct bf_eval_texts sets[SETS], double *const scores[SETS])
{
    return (struct bf_membership){
        .forget = scores[FORGET],
        .n_forget = sets[FORGET].n,
        .holdout = scores[HOLDOUT],
        .n_holdout = sets[HOLDOUT].n,
        .retain = scores[RETAIN],
        .n_retain = sets[RETAIN].n,
    };
}

static enum bf_status load_sets(struct bf_eval_task *task, struct bf_eval_texts sets[SETS], struct bf_err *err)
{
    const struct bf_eval_values *v = task->values;
    const char *const paths[SETS] = {v->forget, v->holdout, v->retain};
    for (int s = 0; s < SETS; s++) {
        if (!paths[s])
            continue;
        const enum bf_status status = bf_eval_texts_load(paths[s], limit_of(task), task->log, &sets[s], err);
        if (status != BF_OK)
            return status;
    }
    return BF_OK;
}

enum bf_status bf_eval_task_privleak(struct bf_eval_task *task, json_t **out, struct bf_err *err)
{
    const struct bf_eval_values *v = task->values;
    const struct bf_attacks attacks = bf_attacks_of(v->k.values, v->k.n);
    struct bf_eval_texts sets[SETS] = {{0}};
    double *scores[SETS] = {NULL}, *gold[SETS] = {NULL};
    if (!v->forget || !v->holdout)
        return bf_fail(err, BF_USAGE,
                       "give both sets: biforget eval privleak --forget forget.json --holdout holdout.json");
    enum bf_status status = bf_eval_task_start(task, 0, 0, "biforget eval privleak --forget SET --holdout SET", err);
    if (status == BF_OK)
        status = load_sets(task, sets, err);
    for (int s = 0; s < SETS && status == BF_OK; s++)
        for (size_t i = 0; i < sets[s].n; i++) /* the text in lower case may be a little longer */
            bf_eval_model_need(&task->model, bf_eval_model_tokens(&task->model, sets[s].texts[i]) * 5 / 4);
    if (status == BF_OK)
        status = measure_sets(task, false, &attacks, sets, scores, err);
    if (status == BF_OK && v->retrained)
        status = measure_sets(task, true, &attacks, sets, gold, err);
    if (status == BF_OK) {
        const struct bf_membership model = membership_of(sets, scores), retrained = membership_of(sets, gold);
        status = bf_eval_privleak(&task->eval.bootstrap, &attacks, &model, v->retrained ? &retrained : NULL,
                                  v->retrained_auc, out, err);
    }
    for (int s = 0; s < SETS; s++) {
        bf_eval_texts_release(&sets[s]);
        free(scores[s]);
        free(gold[s]);
    }
    return status;
}

/* ---- pairs ---- */

static enum bf_status load_pairs(struct bf_eval_task *task, const char *path, bool only_pairs,
                                 struct bf_eval_pairs *out, struct bf_err *err)
{
    const enum bf_status status = bf_eval_pairs_load(path, limit_of(task), task->log, out, err);
    if (status == BF_OK && only_pairs && out->has_texts)
        return bf_fail(err, BF_INPUT,
                       "'%s' has texts without a question; give question and answer pairs (biforget export RUN "
                       "--format tofu makes "
                       "them of a run)",
                       path);
    return status;
}

static void need_pairs(struct bf_eval_task *task, const struct bf_eval_pairs *pairs, int64_t more, bool answers)
{
    for (size_t i = 0; i < pairs->n; i++)
        bf_eval_model_need(&task->model,
                           more + bf_eval_model_tokens(&task->model, pairs->items[i].question) +
                               (answers ? bf_eval_model_tokens(&task->model, pairs->items[i].answer) : 0));
}

enum bf_status bf_eval_task_knowmem(struct bf_eval_task *task, json_t **out, struct bf_err *err)
{
    const struct bf_eval_values *v = task->values;
    const int32_t max_tokens = v->max_new_tokens > 0 ? (int32_t)v->max_new_tokens : 32;
    struct bf_eval_pairs questions = {0}, shots = {0};
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
    need_pairs(task, &questions, n_shot_tokens + max_tokens, false);
    if (status == BF_OK)
        status = bf_eval_model_open(&task->model, false, "none", false, &task->eval, err);
    if (status == BF_OK)
        status = bf_eval_knowmem(&task->eval, questions.items, questions.n, shots.items, n_shots, max_tokens, out, err);
    if (status == BF_OK)
        bf_eval_put(*out, "shots", json_integer((json_int_t)n_shots));
    bf_eval_pairs_release(&questions);
    bf_eval_pairs_release(&shots);
    return status;
}

enum bf_status bf_eval_task_verbmem(struct bf_eval_task *task, json_t **out, struct bf_err *err)
{
    const struct bf_eval_values *v = task->values;
    const int32_t max_tokens = v->max_new_tokens > 0 ? (int32_t)v->max_new_tokens : 128;
    struct bf_eval_pairs texts = {0};
    enum bf_status status = bf_eval_task_start(task, 1, 1, "biforget eval verbmem forget.json", err);
    if (status == BF_OK)
        status = load_pairs(task, task->files[0], false, &texts, err);
    bf_eval_pairs_halve(&texts);
    need_pairs(task, &texts, max_tokens, false);
    if (status == BF_OK)
        status = bf_eval_model_open(&task->model, false, "none", false, &task->eval, err);
    if (status == BF_OK)
        status = bf_eval_verbmem(&task->eval, texts.items, texts.n, max_tokens, out, err);
    bf_eval_pairs_release(&texts);
    return status;
}

enum bf_status bf_eval_task_memorization(struct bf_eval_task *task, json_t **out, struct bf_err *err)
{
    struct bf_eval_pairs pairs = {0};
    enum bf_status status = bf_eval_task_start(task, 1, 1, "biforget eval memorization forget.jsonl", err);
    if (status == BF_OK)
        status = load_pairs(task, task->files[0], false, &pairs, err);
    need_pairs(task, &pairs, 0, true);
    if (status == BF_OK)
        status = bf_eval_model_open(&task->model, false, pairs.has_texts ? "none" : "auto", true, &task->eval, err);
    if (status == BF_OK)
        status = bf_eval_memorization(&task->eval, pairs.items, pairs.n, out, err);
    bf_eval_pairs_release(&pairs);
    return status;
}
