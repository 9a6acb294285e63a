/* MUSE's PrivLeak (Shi et al., 2024, section 3.3): can an attacker distinguish the forget set from texts that the model
 * never saw? */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/letter_case.h"
#include "base/mem.h"
#include "eval/auc.h"
#include "eval/eval.h"
#include "eval/membership.h"
#include "base/banned.h"

enum { PPL, PPL_ZLIB, PPL_LOWER, FIXED };

struct bf_attacks bf_attacks_of(const double *k_percent, size_t n)
{
    struct bf_attacks a = {.n = FIXED, .names = {"PPL", "PPL/zlib", "PPL/lower"}};
    for (size_t i = 0; i < n && a.n < BF_ATTACKS_MAX; i++, a.n++) {
        snprintf(a.names[a.n], sizeof a.names[a.n], "Min-%g%%", k_percent[i]);
        a.k_percent[a.n] = k_percent[i];
    }
    a.headline = a.n - 1;
    for (size_t i = FIXED; i < a.n; i++)
        if (a.k_percent[i] == 40.0)
            a.headline = i;
    return a;
}

static enum bf_status check_tokens(const struct bf_scored *scored, size_t n, const char *set, struct bf_err *err)
{
    for (size_t i = 0; i < n; i++)
        if (scored[i].n == 0)
            return bf_fail(err, BF_INPUT,
                           "text %zu of the %s set has no token with a probability: it is too short; leave it out",
                           i + 1, set);
    return BF_OK;
}

static enum bf_status attack(const struct bf_eval *eval, const struct bf_attacks *attacks, const char *set,
                             const char *text, size_t i, size_t n, const struct bf_scored *as_is,
                             const struct bf_scored *lower, double *out, struct bf_err *err)
{
    size_t n_zlib = 0;
    enum bf_status status = bf_zlib_length(text, strlen(text), &n_zlib, err);
    if (status != BF_OK)
        return status;
    const double nll = bf_mean_nll(as_is->logp, as_is->n);
    const double nll_lower = bf_mean_nll(lower->logp, lower->n);
    json_t *line = json_pack("{s:s, s:s, s:I, s:I}", "benchmark", "privleak", "set", set, "index", (json_int_t)i,
                             "tokens", (json_int_t)as_is->n);
    for (size_t a = 0; a < attacks->n; a++) {
        double *score = &out[a * n + i];
        if (a == PPL)
            *score = nll;
        else if (a == PPL_ZLIB)
            *score = nll / (double)n_zlib;
        else if (a == PPL_LOWER)
            *score = nll / (nll_lower > 1e-9 ? nll_lower : 1e-9);
        else
            *score = bf_min_k_score(as_is->logp, as_is->n, attacks->k_percent[a]);
        bf_eval_put(line, attacks->names[a], json_real(*score));
    }
    return bf_eval_line(eval, line, err);
}

enum bf_status bf_eval_membership(const struct bf_eval *eval, const struct bf_attacks *attacks, const char *set,
                                  char *const *texts, size_t n, double **out, struct bf_err *err)
{
    /* The text as it is and in lower case. */
    struct bf_continuation *items = bf_array(2 * n, sizeof *items);
    struct bf_scored *scored = bf_array(2 * n, sizeof *scored);
    char **lower = bf_array(n, sizeof *lower);
    *out = NULL;
    for (size_t i = 0; i < n; i++) {
        struct bf_buf text;
        bf_buf_init(&text, SIZE_MAX);
        bf_text_lower(&text, texts[i], strlen(texts[i]));
        lower[i] = bf_buf_take(&text);
        items[i] = (struct bf_continuation){.prompt = "", .text = texts[i]};
        items[n + i] = (struct bf_continuation){.prompt = "", .text = lower[i]};
    }
    enum bf_status status = bf_eval_scores(eval, set, items, 2 * n, scored, err);
    if (status == BF_OK)
        status = check_tokens(scored, n, set, err);
    if (status == BF_OK)
        status = check_tokens(scored + n, n, set, err);
    if (status == BF_OK)
        *out = bf_array(attacks->n * n, sizeof **out);
    for (size_t i = 0; i < n && status == BF_OK; i++)
        status = attack(eval, attacks, set, texts[i], i, n, &scored[i], &scored[n + i], *out, err);
    if (status != BF_OK) {
        free(*out);
        *out = NULL;
    }
    bf_scored_release(scored, 2 * n);
    for (size_t i = 0; i < n; i++)
        free(lower[i]);
    free(lower);
    free(scored);
    free(items);
    return status;
}

/* AUC of one attack: how often a forget text's score is above a holdout text's. */
static enum bf_status area(const struct bf_membership *m, size_t a, const struct bf_bootstrap *bootstrap,
                           struct bf_figure *out, struct bf_err *err)
{
    return bf_auc_figure(m->holdout + a * m->n_holdout, m->n_holdout, m->forget + a * m->n_forget, m->n_forget,
                         bootstrap, out, err);
}

static enum bf_status put_attack(json_t *object, const struct bf_bootstrap *bootstrap, size_t a,
                                 const struct bf_membership *model, const struct bf_membership *retrained,
                                 double retrained_auc, struct bf_figure *auc, struct bf_figure *privleak,
                                 struct bf_err *err)
{
    struct bf_figure other;
    enum bf_status status = area(model, a, bootstrap, auc, err);
    if (status == BF_OK && retrained) {
        status = area(retrained, a, bootstrap, &other, err);
        retrained_auc = other.value;
        bf_eval_put_figure(object, "retrained_auc", &other);
    }
    if (status != BF_OK)
        return status;
    bf_eval_put_figure(object, "auc", auc);
    *privleak = (struct bf_figure){.why = retrained_auc > 0.0 ? NULL : "the retrained model's AUC is 0"};
    if (!privleak->why)
        status = bf_privleak(auc->value, retrained_auc, &privleak->value, err);
    bf_eval_put_figure(object, "privleak", privleak);
    if (status == BF_OK && model->retain) {
        status = bf_auc_figure(model->retain + a * model->n_retain, model->n_retain,
                               model->forget + a * model->n_forget, model->n_forget, bootstrap, &other, err);
        bf_eval_put_figure(object, "forget_retain_auc", &other);
    }
    return status;
}

enum bf_status bf_eval_privleak(const struct bf_bootstrap *bootstrap, const struct bf_attacks *attacks,
                                const struct bf_membership *model, const struct bf_membership *retrained,
                                double retrained_auc, json_t **out, struct bf_err *err)
{
    json_t *result = json_object();
    json_t *each = json_object();
    enum bf_status status = BF_OK;
    bf_eval_put_text(result, "benchmark", "privleak");
    for (size_t a = 0; a < attacks->n && status == BF_OK; a++) {
        json_t *object = json_object();
        struct bf_figure auc, privleak = {0};
        status = put_attack(object, bootstrap, a, model, retrained, retrained_auc, &auc, &privleak, err);
        if (status == BF_OK && a == attacks->headline) {
            bf_eval_put_figure(result, "auc", &auc);
            bf_eval_put_figure(result, "privleak", &privleak);
            bf_eval_put_text(result, "attack", attacks->names[a]);
            json_t *other = json_object_get(object, "retrained_auc");
            bf_eval_put(result, "retrained_auc", other ? json_incref(other) : json_real(retrained_auc));
        }
        bf_eval_put(each, attacks->names[a], object);
    }
    bf_eval_put(result, "attacks", each);
    bf_eval_put(result, "n_forget", json_integer((json_int_t)model->n_forget));
    bf_eval_put(result, "n_holdout", json_integer((json_int_t)model->n_holdout));
    if (model->retain)
        bf_eval_put(result, "n_retain", json_integer((json_int_t)model->n_retain));
    if (status != BF_OK) {
        json_decref(result);
        result = NULL;
    }
    *out = result;
    return status;
}
