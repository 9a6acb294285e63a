/* MUSE's privleak, and attacks beside its own. */
#include <stdlib.h>
#include <string.h>

#include "base/interrupt.h"
#include "base/letter_case.h"
#include "base/mem.h"
#include "sets/pairs.h"
#include "eval/eval_fit.h"
#include "eval/eval_task.h"
#include "unlearn/gradient_norm.h"
#include "base/banned.h"

enum { FORGET, HOLDOUT, RETAIN, SETS };
enum { UNLEARNED, RETRAINED, MODELS };

static const char *const set_words[SETS] = {"forget", "holdout", "retain"};

struct privleak {
    struct bf_eval_task *task;
    struct bf_attacks attacks;
    struct bf_set_texts sets[SETS];
    double *reference_nll[SETS]; /* NULL without the attack */
    double *norms[MODELS][SETS]; /* the same */
    double *scores[MODELS][SETS];
};

/* ---- which attacks ---- */

static enum bf_status no_gradient(const struct bf_eval_request *v, struct bf_err *err)
{
    if (v->machine.api)
        return bf_fail(err, BF_USAGE,
                       "the attack gradnorm needs gradients, which a server does not give; leave it out of --attacks, "
                       "or give the model as a GGUF file with -m");
    if (v->lora)
        return bf_fail(err, BF_USAGE,
                       "the attack gradnorm takes gradients of the model file alone, without an adapter: merge '%s' "
                       "into the model (with llama-export-lora of llama.cpp), or leave gradnorm out of --attacks",
                       v->lora);
    return BF_OK;
}

/* "all": what this model and these options can have; the rest is left out, with a word of it. */
static void want_all(const struct privleak *p, bool *wanted)
{
    const struct bf_eval_request *v = p->task->request;
    struct bf_err why = BF_ERR_INIT;
    for (int kind = 0; kind < BF_ATTACKS; kind++)
        wanted[kind] = true;
    if (!v->reference) {
        wanted[BF_ATTACK_REFERENCE] = false;
        bf_log_info(p->task->log, "without the attack reference: it needs --reference MODEL");
    }
    if (v->machine.api)
        wanted[BF_ATTACK_MIN_K_PLUS] = false;
    if (no_gradient(v, &why) != BF_OK)
        wanted[BF_ATTACK_GRADNORM] = false;
    if (v->machine.api || v->lora)
        bf_log_info(p->task->log, "without the attacks that %s: gradnorm%s",
                    v->machine.api ? "a server does not allow" : "need a model without an adapter",
                    v->machine.api ? ", min_k++" : "");
}

static enum bf_status want_named(const char *list, bool *wanted, struct bf_err *err)
{
    for (const char *at = list; *at;) {
        const size_t n = strcspn(at, ",");
        const enum bf_attack_kind kind = bf_attack_find(at, n);
        if (kind == BF_ATTACKS)
            return bf_fail(err, BF_USAGE,
                           "'%.*s' is not an attack; --attacks takes loss, zlib, lower, min_k, min_k++, reference and "
                           "gradnorm, separated by commas, or all",
                           (int)n, at);
        wanted[kind] = true;
        at += n;
        at += *at == ',' ? 1 : 0;
    }
    return BF_OK;
}

static enum bf_status choose_attacks(struct privleak *p, struct bf_err *err)
{
    const struct bf_eval_request *v = p->task->request;
    bool wanted[BF_ATTACKS] = {false};
    enum bf_status status = BF_OK;
    if (strcmp(v->attacks, "all") == 0)
        want_all(p, wanted);
    else
        status = want_named(v->attacks, wanted, err);
    wanted[BF_ATTACK_REFERENCE] |= v->reference != NULL;
    if (status == BF_OK && wanted[BF_ATTACK_REFERENCE] && !v->reference)
        status = bf_fail(err, BF_USAGE,
                         "the attack reference compares with another model; give it with --reference, as the model "
                         "before unlearning");
    if (status == BF_OK && wanted[BF_ATTACK_GRADNORM])
        status = no_gradient(v, err);
    p->attacks = bf_attacks_of(wanted, v->k.values, v->k.n);
    if (status == BF_OK && p->attacks.n == 0)
        status = bf_fail(err, BF_USAGE, "--attacks names none; leave it out for MUSE's own");
    return status;
}

/* ---- sets ---- */

static enum bf_status load_sets(struct privleak *p, struct bf_err *err)
{
    const struct bf_eval_request *v = p->task->request;
    const char *const paths[SETS] = {v->forget, v->holdout, v->retain};
    for (int s = 0; s < SETS; s++) {
        if (!paths[s])
            continue;
        const enum bf_status status = bf_set_texts_load(paths[s], (size_t)v->limit, p->task->log, &p->sets[s], err);
        if (status != BF_OK)
            return status;
    }
    return BF_OK;
}

/* Texts that are too long are cut. They are scored in lower case as well, which can take more tokens. */
static enum bf_status fit_sets(struct privleak *p, struct bf_eval_fit fits[SETS], struct bf_err *err)
{
    const struct bf_eval_request *v = p->task->request;
    const char *const paths[SETS] = {v->forget, v->holdout, v->retain};
    struct bf_eval_model *model = &p->task->model;
    enum bf_status status = BF_OK;
    for (int s = 0; s < SETS && status == BF_OK; s++) {
        bf_eval_fit_begin(&fits[s], model, paths[s] ? paths[s] : "", false);
        for (size_t i = 0; i < p->sets[s].n; i++) {
            char **text = &p->sets[s].texts[i];
            struct bf_buf lower;
            bf_buf_init(&lower, SIZE_MAX);
            bf_text_lower(&lower, *text, strlen(*text));
            const int64_t n = bf_eval_model_tokens(model, *text), most = fits[s].most;
            int64_t more = bf_eval_model_tokens(model, lower.data) - n;
            more = most > 0 && n > most ? more * most / n : more; /* for the part that remains */
            (void)bf_eval_fit_text(&fits[s], more > 0 ? more : 0, text, false);
            bf_buf_release(&lower);
        }
        status = bf_eval_fit_end(&fits[s], "use shorter texts", err);
    }
    return status;
}

static void put_cut(const struct bf_eval_fit fits[SETS], json_t *out)
{
    static const char *const keys[SETS] = {"n_forget_cut", "n_holdout_cut", "n_retain_cut"};
    for (int s = 0; s < SETS; s++)
        if (fits[s].n_cut > 0)
            bf_eval_put(out, keys[s], json_integer((json_int_t)fits[s].n_cut));
}

/* ---- measuring ---- */

static enum bf_status measure_reference(struct privleak *p, struct bf_err *err)
{
    struct bf_eval *eval = &p->task->eval;
    enum bf_status status = bf_eval_model_open(&p->task->model, BF_EVAL_REFERENCE, "none", true, eval, err);
    for (int s = 0; s < SETS && status == BF_OK; s++) {
        if (p->sets[s].n == 0)
            continue;
        p->reference_nll[s] = bf_array(p->sets[s].n, sizeof(double));
        status = bf_eval_text_nll(eval, set_words[s], p->sets[s].texts, p->sets[s].n, p->reference_nll[s], err);
    }
    return status;
}

static bool on_norm(void *user, size_t n_done, size_t n_all)
{
    const struct bf_eval *eval = user;
    return eval->progress ? eval->progress(eval->user, "gradients", n_done, n_all) : !bf_interrupted();
}

/* The gradients need the memory of the open model. */
static enum bf_status measure_norms(struct privleak *p, int which, struct bf_err *err)
{
    const struct bf_eval_request *v = p->task->request;
    struct bf_eval_model *model = &p->task->model;
    enum bf_status status = BF_OK;
    bf_engine_close(model->engine);
    model->engine = NULL;
    for (int s = 0; s < SETS && status == BF_OK; s++) {
        if (p->sets[s].n == 0 || (which == RETRAINED && s == RETAIN))
            continue;
        const struct bf_gradient_norm_job job = {
            .model = which == RETRAINED ? model->retrained_path : model->path,
            .texts = p->sets[s].texts,
            .n = p->sets[s].n,
            .norm = strcmp(v->gradient_norm, "1") == 0     ? BF_NORM_1
                    : strcmp(v->gradient_norm, "max") == 0 ? BF_NORM_MAX
                                                           : BF_NORM_2,
            .n_threads = (int32_t)v->machine.threads,
            .user = &p->task->eval,
            .progress = on_norm,
        };
        struct bf_err why = BF_ERR_INIT;
        p->norms[which][s] = bf_array(job.n, sizeof(double));
        bf_log_info(p->task->log, "gradients of %zu texts of the %s set", job.n, set_words[s]);
        status = bf_gradient_norms(&job, p->norms[which][s], &why);
        if (status == BF_INPUT || status == BF_MODEL)
            (void)bf_fail(err, status, "the attack gradnorm, %s set: %s", set_words[s], why.text);
        else if (status != BF_OK)
            (void)bf_fail(err, status, "%s", why.text);
    }
    return status;
}

static enum bf_status measure_sets(struct privleak *p, int which, struct bf_err *err)
{
    struct bf_eval *eval = &p->task->eval;
    enum bf_status status = BF_OK;
    if (bf_attacks_have(&p->attacks, BF_ATTACK_GRADNORM))
        status = measure_norms(p, which, err);
    if (status == BF_OK)
        status = bf_eval_model_open(&p->task->model, which == RETRAINED ? BF_EVAL_SECOND : BF_EVAL_MODEL, "none", true,
                                    eval, err);
    for (int s = 0; s < SETS && status == BF_OK; s++)
        if (p->sets[s].n > 0 && !(which == RETRAINED && s == RETAIN))
            status = bf_eval_membership(eval, &p->attacks, set_words[s], p->sets[s].texts, p->sets[s].n,
                                        p->reference_nll[s], p->norms[which][s], &p->scores[which][s], err);
    return status;
}

static struct bf_membership membership_of(const struct privleak *p, int which)
{
    return (struct bf_membership){
        .forget = p->scores[which][FORGET],
        .n_forget = p->sets[FORGET].n,
        .holdout = p->scores[which][HOLDOUT],
        .n_holdout = p->sets[HOLDOUT].n,
        .retain = p->scores[which][RETAIN],
        .n_retain = p->sets[RETAIN].n,
    };
}

static void release(struct privleak *p)
{
    for (int s = 0; s < SETS; s++) {
        bf_set_texts_release(&p->sets[s]);
        free(p->reference_nll[s]);
        for (int which = 0; which < MODELS; which++) {
            free(p->norms[which][s]);
            free(p->scores[which][s]);
        }
    }
}

enum bf_status bf_eval_task_privleak(struct bf_eval_task *task, json_t **out, struct bf_err *err)
{
    const struct bf_eval_request *v = task->request;
    struct privleak p = {.task = task};
    struct bf_eval_fit fits[SETS] = {{0}};
    if (!v->forget || !v->holdout)
        return bf_fail(err, BF_USAGE,
                       "give both sets: biforget eval privleak --forget forget.json --holdout holdout.json");
    enum bf_status status = choose_attacks(&p, err);
    if (status == BF_OK)
        status = bf_eval_task_start(task, 0, 0, "biforget eval privleak --forget SET --holdout SET", err);
    if (status == BF_OK)
        status = load_sets(&p, err);
    if (status == BF_OK)
        status = fit_sets(&p, fits, err);
    if (status == BF_OK && bf_attacks_have(&p.attacks, BF_ATTACK_REFERENCE))
        status = measure_reference(&p, err);
    if (status == BF_OK)
        status = measure_sets(&p, UNLEARNED, err);
    if (status == BF_OK && v->retrained)
        status = measure_sets(&p, RETRAINED, err);
    if (status == BF_OK) {
        const struct bf_membership model = membership_of(&p, UNLEARNED), retrained = membership_of(&p, RETRAINED);
        status = bf_eval_privleak(&task->eval.bootstrap, &p.attacks, &model, v->retrained ? &retrained : NULL,
                                  v->retrained_auc, out, err);
    }
    if (status == BF_OK)
        put_cut(fits, *out);
    release(&p);
    return status;
}
