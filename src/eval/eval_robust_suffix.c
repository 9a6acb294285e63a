/* A suffix after the question: searched for with a handful of questions, then tried on all, next to a random suffix of
 * its length. */
#include <stdlib.h>

#include "base/mem.h"
#include "base/rng.h"
#include "eval/eval_robust.h"
#include "unlearn/suffix.h"
#include "base/banned.h"

enum { TOKENS = 8, ROUNDS = 12, CANDIDATES = 32, QUESTIONS = 4, TOP = 64, STREAM = 0x737566 };

static int64_t or_else(int64_t given, int64_t otherwise)
{
    return given > 0 ? given : otherwise;
}

/* At most half of the questions; the suffix is judged by the others. */
static size_t n_chosen(const struct bf_robust *r)
{
    const size_t n = (size_t)or_else(r->task->request->suffix_questions, QUESTIONS), half = r->facts.pairs.n / 2;
    return n < half ? n : half > 0 ? half : 1;
}

static size_t *choose(const struct bf_robust *r)
{
    return bf_robust_draw(r->facts.pairs.n, n_chosen(r), bf_mix(r->task->request->seed, STREAM));
}

enum bf_status bf_robust_suffix_choose(struct bf_robust *r, struct bf_err *err)
{
    const struct bf_eval_request *v = r->task->request;
    if (!v->suffix && (v->suffix_tokens || v->suffix_rounds || v->suffix_candidates || v->suffix_questions))
        return bf_fail(err, BF_USAGE, "--suffix-%s needs --suffix; give both",
                       v->suffix_tokens       ? "tokens"
                       : v->suffix_rounds     ? "rounds"
                       : v->suffix_candidates ? "candidates"
                                              : "questions");
    if (!v->suffix)
        return BF_OK;
    enum bf_status status = bf_robust_local(r, "suffix", err);
    if (status != BF_OK)
        return status;
    size_t *chosen = choose(r);
    status = bf_robust_mark_seen(r, "suffix", r->facts.pairs.items, chosen, n_chosen(r), &r->attacked, err);
    free(chosen);
    return status;
}

static bool on_progress(void *user, int32_t n_done, int32_t n_all)
{
    const struct bf_robust *r = user;
    const struct bf_eval *eval = &r->task->eval;
    return eval->progress(eval->user, "searching a suffix", (size_t)n_done, (size_t)n_all);
}

static void put_result(struct bf_robust *r, const struct bf_suffix_job *job, const struct bf_suffix_result *result)
{
    json_t *about = json_object();
    bf_eval_put_text(about, "suffix", result->best);
    bf_eval_put_text(about, "random", result->random);
    bf_eval_put(about, "nll_plain", json_real(result->loss_plain));
    bf_eval_put(about, "nll_random", json_real(result->loss_random));
    bf_eval_put(about, "nll_suffix", json_real(result->loss_best));
    bf_eval_put(about, "questions", json_integer((json_int_t)job->pairs->n));
    bf_eval_put(about, "tokens", json_integer(job->n_tokens));
    bf_eval_put(about, "rounds", json_integer(job->n_rounds));
    bf_eval_put(about, "candidates", json_integer(job->n_candidates));
    bf_eval_put(about, "tried", json_integer(result->n_tried));
    bf_eval_put(about, "kept", json_integer(result->n_kept));
    bf_eval_put(r->attacks, "suffix", about);
}

static enum bf_status search(struct bf_robust *r, struct bf_suffix_result *result, struct bf_err *err)
{
    const struct bf_eval_request *v = r->task->request;
    const size_t n = n_chosen(r);
    size_t *chosen = choose(r);
    struct bf_unlearn_texts pairs = {0};
    for (size_t c = 0; c < n; c++) {
        const struct bf_pair *pair = &r->facts.pairs.items[chosen[c]];
        bf_unlearn_texts_add(&pairs, "", pair->question, pair->answer);
    }
    const struct bf_suffix_job job = {.model = r->task->model.path,
                                      .chat = r->chat,
                                      .pairs = &pairs,
                                      .n_tokens = (int32_t)or_else(v->suffix_tokens, TOKENS),
                                      .n_rounds = (int32_t)or_else(v->suffix_rounds, ROUNDS),
                                      .n_candidates = (int32_t)or_else(v->suffix_candidates, CANDIDATES),
                                      .n_top = TOP,
                                      .n_threads = (int32_t)v->machine.threads,
                                      .seed = bf_mix(v->seed, STREAM + 1),
                                      .user = r,
                                      .progress = on_progress};
    struct bf_err why = BF_ERR_INIT;
    bf_log_info(r->task->log, "searching a suffix of %d tokens with %zu of %zu questions", (int)job.n_tokens, n,
                r->facts.pairs.n);
    const enum bf_status status = bf_suffix_search(&job, result, &why);
    if (status != BF_OK)
        (void)bf_fail(err, status, "--suffix: %s", why.text);
    else
        put_result(r, &job, result);
    bf_unlearn_texts_release(&pairs);
    free(chosen);
    return status;
}

static enum bf_status ask_with(struct bf_robust *r, const char *name, const char *suffix, struct bf_err *err)
{
    struct bf_pair *pairs = bf_array(r->facts.pairs.n, sizeof *pairs);
    for (size_t i = 0; i < r->facts.pairs.n; i++) {
        struct bf_buf text;
        bf_buf_init(&text, SIZE_MAX);
        bf_buf_printf(&text, "%s%s", r->facts.pairs.items[i].question, suffix);
        pairs[i] = (struct bf_pair){bf_buf_take(&text), r->facts.pairs.items[i].answer, r->facts.pairs.items[i].index};
    }
    const enum bf_status status = bf_robust_ask(r, BF_PROBE_PLAIN, name, pairs, NULL, err);
    for (size_t i = 0; i < r->facts.pairs.n; i++)
        free(pairs[i].question);
    free(pairs);
    if (status == BF_OK)
        r->conditions[r->n_conditions - 1].seen = r->attacked;
    return status;
}

enum bf_status bf_robust_suffix(struct bf_robust *r, struct bf_err *err)
{
    struct bf_suffix_result result = {0};
    if (!r->attacked)
        return BF_OK;
    bf_robust_close(r);
    enum bf_status status = search(r, &result, err);
    if (status == BF_OK)
        status = bf_eval_model_open(&r->task->model, BF_EVAL_MODEL, "auto", false, &r->task->eval, err);
    if (status == BF_OK)
        status = ask_with(r, "suffix_random", result.random, err);
    if (status == BF_OK)
        status = ask_with(r, "suffix", result.best, err);
    if (status == BF_OK) {
        r->conditions[r->n_conditions - 1].control = r->conditions[r->n_conditions - 2].recall;
        r->conditions[r->n_conditions - 2].is_control = true;
    }
    bf_suffix_result_release(&result);
    return status;
}
