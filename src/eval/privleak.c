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

#define X(name, word) word,
static const char *const words[BF_ATTACKS] = {BF_ATTACK_KINDS(X)};
#undef X

const char *bf_attack_word(enum bf_attack_kind kind)
{
    return words[kind];
}

enum bf_attack_kind bf_attack_find(const char *word, size_t n)
{
    int kind = 0;
    while (kind < BF_ATTACKS && (strlen(words[kind]) != n || strncmp(words[kind], word, n) != 0))
        kind++;
    return (enum bf_attack_kind)kind;
}

static void add_attack(struct bf_attacks *a, enum bf_attack_kind kind, double k_percent)
{
    static const char *const fixed[BF_ATTACKS] = {"PPL", "PPL/zlib", "PPL/lower", NULL, NULL, "reference", "gradnorm"};
    char *name = a->names[a->n];
    if (fixed[kind])
        (void)snprintf(name, sizeof a->names[0], "%s", fixed[kind]);
    else
        (void)snprintf(name, sizeof a->names[0], "Min-%g%%%s", k_percent, kind == BF_ATTACK_MIN_K ? "" : "++");
    a->kinds[a->n] = kind;
    a->k_percent[a->n] = k_percent;
    if (kind == BF_ATTACK_MIN_K && (a->k_percent[a->headline] != 40.0 || a->kinds[a->headline] != kind))
        a->headline = a->n;
    a->n++;
}

struct bf_attacks bf_attacks_of(const bool *wanted, const double *k_percent, size_t n)
{
    struct bf_attacks a = {.n = 0};
    for (int kind = 0; kind < BF_ATTACKS; kind++) {
        const bool by_k = kind == BF_ATTACK_MIN_K || kind == BF_ATTACK_MIN_K_PLUS;
        for (size_t i = 0; wanted[kind] && i < (by_k ? n : 1) && a.n < BF_ATTACKS_MAX; i++)
            add_attack(&a, (enum bf_attack_kind)kind, by_k ? k_percent[i] : 0.0);
    }
    return a;
}

bool bf_attacks_have(const struct bf_attacks *attacks, enum bf_attack_kind kind)
{
    bool have = false;
    for (size_t i = 0; i < attacks->n; i++)
        have |= attacks->kinds[i] == kind;
    return have;
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

enum bf_status bf_eval_text_nll(const struct bf_eval *eval, const char *set, char *const *texts, size_t n, double *out,
                                struct bf_err *err)
{
    struct bf_continuation *items = bf_array(n, sizeof *items);
    struct bf_scored *scored = bf_array(n, sizeof *scored);
    for (size_t i = 0; i < n; i++)
        items[i] = (struct bf_continuation){.prompt = "", .text = texts[i]};
    enum bf_status status = bf_eval_scores(eval, set, items, n, scored, err);
    if (status == BF_OK)
        status = check_tokens(scored, n, set, err);
    for (size_t i = 0; i < n && status == BF_OK; i++)
        out[i] = bf_mean_nll(scored[i].logp, scored[i].n);
    bf_scored_release(scored, n);
    free(scored);
    free(items);
    return status;
}

/* What the scores of a text are made of. */
struct measured {
    const struct bf_scored *as_is, *lower; /* lower: only with its attack */
    double n_zlib, reference_nll, gradient_norm;
};

static double score_of(const struct measured *m, enum bf_attack_kind kind, double k_percent)
{
    const double nll = bf_mean_nll(m->as_is->logp, m->as_is->n);
    switch (kind) {
    case BF_ATTACK_ZLIB:
        return nll / m->n_zlib;
    case BF_ATTACK_LOWER: {
        const double nll_lower = bf_mean_nll(m->lower->logp, m->lower->n);
        return nll / (nll_lower > 1e-9 ? nll_lower : 1e-9);
    }
    case BF_ATTACK_MIN_K:
        return bf_min_k_score(m->as_is->logp, m->as_is->n, k_percent);
    case BF_ATTACK_MIN_K_PLUS:
        return bf_min_k_plus_score(m->as_is->logp, m->as_is->mean_logp, m->as_is->deviation_logp, m->as_is->n,
                                   k_percent);
    case BF_ATTACK_REFERENCE:
        return nll - m->reference_nll;
    case BF_ATTACK_GRADNORM:
        return m->gradient_norm;
    case BF_ATTACK_LOSS:
    case BF_ATTACKS:
        break;
    }
    return nll;
}

static enum bf_status put_scores(const struct bf_eval *eval, const struct bf_attacks *attacks, const char *set,
                                 size_t i, size_t n, const struct measured *m, double *out, struct bf_err *err)
{
    json_t *line = json_pack("{s:s, s:s, s:I, s:I}", "benchmark", "privleak", "set", set, "index", (json_int_t)i,
                             "tokens", (json_int_t)m->as_is->n);
    for (size_t a = 0; a < attacks->n; a++) {
        out[a * n + i] = score_of(m, attacks->kinds[a], attacks->k_percent[a]);
        bf_eval_put(line, attacks->names[a], json_real(out[a * n + i]));
    }
    return bf_eval_line(eval, line, err);
}

/* The texts as they are, in scored [0 .. n), and, for PPL/lower, in lower case after them. */
static enum bf_status score_texts(const struct bf_eval *eval, const struct bf_attacks *attacks, const char *set,
                                  char *const *texts, size_t n, struct bf_scored *scored, struct bf_err *err)
{
    const bool with_lower = bf_attacks_have(attacks, BF_ATTACK_LOWER);
    struct bf_continuation *items = bf_array(2 * n, sizeof *items);
    char **lower = bf_array(n, sizeof *lower);
    for (size_t i = 0; i < n; i++) {
        struct bf_buf text;
        bf_buf_init(&text, SIZE_MAX);
        bf_text_lower(&text, texts[i], strlen(texts[i]));
        lower[i] = bf_buf_take(&text);
        items[i] = (struct bf_continuation){.prompt = "", .text = texts[i]};
        items[n + i] = (struct bf_continuation){.prompt = "", .text = lower[i]};
    }
    const size_t n_items = with_lower ? 2 * n : n;
    enum bf_status status = bf_attacks_have(attacks, BF_ATTACK_MIN_K_PLUS)
                                ? bf_eval_scores_spread(eval, set, items, n_items, scored, err)
                                : bf_eval_scores(eval, set, items, n_items, scored, err);
    if (status == BF_OK)
        status = check_tokens(scored, n, set, err);
    if (status == BF_OK && with_lower)
        status = check_tokens(scored + n, n, set, err);
    for (size_t i = 0; i < n; i++)
        free(lower[i]);
    free(lower);
    free(items);
    return status;
}

enum bf_status bf_eval_membership(const struct bf_eval *eval, const struct bf_attacks *attacks, const char *set,
                                  char *const *texts, size_t n, const double *reference_nll,
                                  const double *gradient_norms, double **out, struct bf_err *err)
{
    struct bf_scored *scored = bf_array(2 * n, sizeof *scored);
    *out = NULL;
    enum bf_status status = score_texts(eval, attacks, set, texts, n, scored, err);
    if (status == BF_OK)
        *out = bf_array(attacks->n * n, sizeof **out);
    for (size_t i = 0; i < n && status == BF_OK; i++) {
        struct measured m = {.as_is = &scored[i],
                             .lower = &scored[n + i],
                             .reference_nll = reference_nll ? reference_nll[i] : 0.0,
                             .gradient_norm = gradient_norms ? gradient_norms[i] : 0.0};
        size_t n_zlib = 0;
        status = bf_zlib_length(texts[i], strlen(texts[i]), &n_zlib, err);
        m.n_zlib = (double)n_zlib;
        if (status == BF_OK)
            status = put_scores(eval, attacks, set, i, n, &m, *out, err);
    }
    if (status != BF_OK) {
        free(*out);
        *out = NULL;
    }
    bf_scored_release(scored, 2 * n);
    free(scored);
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
