/* Relearning: a few steps of training on a part of what was forgotten. What matters is whether the rest comes back with
 * it (Hu et al., "Jogging the memory of unlearned LLMs", arXiv 2406.13356; Lynch et al., arXiv 2402.16835). */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/rng.h"
#include "eval/eval_robust.h"
#include "eval/eval_scratch.h"
#include "base/interrupt.h"
#include "unlearn/unlearn.h"
#include "base/banned.h"

enum { STEPS = 20, STREAM = 0x72656c /* of the seed; no other draw uses it */ };

static const struct bf_pairs *source(const struct bf_robust *r)
{
    return r->relearn_set.n > 0 ? &r->relearn_set : &r->facts.pairs;
}

static size_t n_chosen(const struct bf_robust *r)
{
    const size_t n = source(r)->n;
    const double wanted = floor(r->task->request->relearn * (double)n + 0.5);
    return wanted < 1.0 ? 1 : wanted > (double)n ? n : (size_t)wanted;
}

static size_t *choose(const struct bf_robust *r)
{
    return bf_robust_draw(source(r)->n, n_chosen(r), bf_mix(r->task->request->seed, STREAM));
}

enum bf_status bf_robust_relearn_choose(struct bf_robust *r, struct bf_err *err)
{
    const struct bf_eval_request *v = r->task->request;
    if (!(v->relearn > 0.0) && (v->relearn_set || v->relearn_steps > 0 || v->relearn_lr > 0.0))
        return bf_fail(err, BF_USAGE, "--relearn-%s needs --relearn SHARE; give both",
                       v->relearn_set         ? "set"
                       : v->relearn_steps > 0 ? "steps"
                                              : "lr");
    if (!(v->relearn > 0.0))
        return BF_OK;
    enum bf_status status = bf_robust_local(r, "relearn", err);
    if (status == BF_OK && v->relearn_set)
        status = bf_pairs_load(v->relearn_set, (size_t)v->limit, r->task->log, &r->relearn_set, err);
    if (status != BF_OK)
        return status;
    if (r->relearn_set.has_texts)
        return bf_fail(err, BF_INPUT, "'%s' has texts without a question; --relearn-set takes question-answer pairs",
                       v->relearn_set);
    const struct bf_pairs *set = source(r);
    size_t *chosen = choose(r);
    status = bf_robust_mark_seen(r, "relearn", set->items, chosen, n_chosen(r), &r->relearnt, err);
    free(chosen);
    return status;
}

static bool on_interrupt(void *user)
{
    (void)user;
    return bf_interrupted();
}

static void on_notice(void *user, const char *line)
{
    const struct bf_robust *r = user;
    bf_log_info(r->task->log, "relearning: %s", line);
}

static void on_progress(void *user, const struct bf_unlearn_progress *p)
{
    const struct bf_robust *r = user;
    const struct bf_eval *eval = &r->task->eval;
    if (strcmp(p->phase, "training") == 0 && p->of > 0)
        (void)eval->progress(eval->user, "relearning", (size_t)p->done, (size_t)p->of);
}

static void set_text(char **to, const char *text)
{
    free(*to);
    *to = bf_strdup(text);
}

static enum bf_status settings_of(const struct bf_robust *r, const char *out, struct bf_unlearn_settings *s,
                                  struct bf_err *err)
{
    const struct bf_eval_request *v = r->task->request;
    bf_unlearn_settings_init(s, bf_method_find("finetune"));
    set_text(&s->model, r->task->model.path);
    set_text(&s->out, out);
    s->data = BF_DATA_QA;
    set_text(&s->chat, r->chat);
    s->seed = v->seed;
    s->threads = v->machine.threads;
    s->max_steps = v->relearn_steps > 0 ? v->relearn_steps : STEPS;
    s->checkpoint_every = 0;
    s->measure = 0;
    if (v->relearn_lr > 0.0)
        s->learning_rate = v->relearn_lr;
    return bf_unlearn_settings_choose(s, err);
}

/* Close the model, and look whether the training fits into memory beside nothing else. Where all weights do not, as of
 * a model whose adapter was merged, it is an adapter again; the result says which. */
static enum bf_status room(struct bf_robust *r, struct bf_unlearn_settings *s, const struct bf_unlearn_texts *texts,
                           struct bf_err *err)
{
    struct bf_err why = BF_ERR_INIT;
    int64_t longest = 0;
    for (size_t i = 0; i < texts->n; i++) {
        const int64_t n = 64 + bf_eval_model_tokens(&r->task->model, texts->items[i].text);
        longest = n > longest ? n : longest;
    }
    bf_robust_close(r);
    if (s->train == BF_TRAIN_FULL && bf_unlearn_check_memory(s, (int64_t)texts->n, longest, &why) == BF_INPUT) {
        bf_log_info(r->task->log, "all weights do not fit into memory: an adapter relearns");
        s->train = BF_TRAIN_LORA;
        if (!(r->task->request->relearn_lr > 0.0))
            s->learning_rate = s->method->lora_learning_rate;
    }
    return bf_unlearn_check_memory(s, (int64_t)texts->n, longest, err);
}

static void put_result(struct bf_robust *r, const struct bf_unlearn_settings *s, const struct bf_unlearn_result *result)
{
    json_t *about = json_object();
    bf_eval_put_text(about, "set", r->task->request->relearn_set ? r->task->request->relearn_set : r->task->files[0]);
    bf_eval_put(about, "examples", json_integer((json_int_t)result->n_forget));
    bf_eval_put(about, "steps", json_integer((json_int_t)result->n_steps));
    bf_eval_put(about, "learning_rate", json_real(s->learning_rate));
    bf_eval_put_text(about, "trained", s->train == BF_TRAIN_LORA ? "adapter" : "all weights");
    bf_eval_put(about, "nll_before", json_real(result->before.forget));
    bf_eval_put(about, "nll_after", json_real(result->after.forget));
    bf_eval_put(r->attacks, "relearn", about);
}

static void texts_of(const struct bf_robust *r, struct bf_unlearn_texts *out)
{
    const struct bf_pairs *set = source(r);
    const size_t n = n_chosen(r);
    size_t *chosen = choose(r);
    for (size_t c = 0; c < n; c++) {
        const struct bf_pair *pair = &set->items[chosen[c]];
        struct bf_buf text;
        bf_buf_init(&text, SIZE_MAX);
        bf_buf_printf(&text, "%s\n%s", pair->question, pair->answer);
        bf_unlearn_texts_add(out, text.data, pair->question, pair->answer);
        bf_buf_release(&text);
    }
    free(chosen);
}

/* Into `out`; checkpoints go to `folder`. */
static enum bf_status train(struct bf_robust *r, const char *folder, const char *out, struct bf_err *err)
{
    struct bf_unlearn_settings settings;
    struct bf_unlearn_texts texts = {0};
    struct bf_unlearn_result result = {0};
    texts_of(r, &texts);
    bf_log_info(r->task->log, "relearning on %zu of %zu pairs", texts.n, source(r)->n);
    enum bf_status status = settings_of(r, out, &settings, err);
    if (status == BF_OK)
        status = room(r, &settings, &texts, err);
    if (status == BF_OK) {
        const struct bf_unlearn_job job = {.settings = &settings,
                                           .work = folder,
                                           .forget = &texts,
                                           .user = r,
                                           .progress = on_progress,
                                           .notice = on_notice,
                                           .interrupted = on_interrupt};
        struct bf_err why = BF_ERR_INIT;
        status = bf_unlearn(&job, &result, &why);
        if (status != BF_OK)
            (void)bf_fail(err, status, "--relearn: %s", why.text);
    }
    if (status == BF_OK)
        put_result(r, &settings, &result);
    bf_unlearn_result_release(&result);
    bf_unlearn_settings_release(&settings);
    bf_unlearn_texts_release(&texts);
    return status;
}

enum bf_status bf_robust_relearn(struct bf_robust *r, struct bf_err *err)
{
    struct bf_eval_model *model = &r->task->model;
    struct bf_eval_scratch scratch;
    if (!r->relearnt)
        return BF_OK;
    enum bf_status status = bf_eval_scratch_new(&scratch, err);
    char *path = bf_path_join(scratch.folder ? scratch.folder : "", "relearnt.gguf"), *own = model->path;
    if (status == BF_OK)
        status = train(r, scratch.folder, path, err);
    model->path = path;
    if (status == BF_OK)
        status = bf_eval_model_open(model, BF_EVAL_MODEL, "auto", false, &r->task->eval, err);
    if (status == BF_OK)
        status = bf_robust_ask(r, BF_PROBE_PLAIN, "relearn", NULL, NULL, err);
    if (status == BF_OK)
        r->conditions[r->n_conditions - 1].seen = r->relearnt;
    model->path = own;
    free(path);
    bf_eval_scratch_remove(&scratch);
    return status;
}
