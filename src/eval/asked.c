#include "eval/asked.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "quality/answers.h"
#include "base/banned.h"

enum { CLOZE_TOKENS = 32 };

#define X(name, word) word,
static const char *const form_words[BF_FORMS] = {BF_FORMS_OF_ASKING(X)};
#undef X

void bf_asked_release(struct bf_asked *asked)
{
    for (int f = 0; f < BF_FORMS; f++) {
        if (f < BF_FORMS_PROBES)
            free(asked->recall[f]);
        free(asked->mean[f]);
        free(asked->any[f]);
    }
    *asked = (struct bf_asked){0};
}

/* ---- asking ---- */

/* Prompts of one form: several may belong to a fact, or none. */
struct prompts {
    char **items;
    size_t *of;                 /* place of the fact */
    struct bf_answer_key *keys; /* what a right answer is */
    size_t n, allocated;
};

static void add_prompt(struct prompts *p, char *prompt, size_t of, struct bf_answer_key key)
{
    if (p->n == p->allocated) {
        p->allocated = p->allocated ? 2 * p->allocated : 16;
        p->items = bf_grow(p->items, p->allocated, sizeof *p->items);
        p->of = bf_grow(p->of, p->allocated, sizeof *p->of);
        p->keys = bf_grow(p->keys, p->allocated, sizeof *p->keys);
    }
    p->items[p->n] = prompt;
    p->of[p->n] = of;
    p->keys[p->n++] = key;
}

static void release_prompts(struct prompts *p)
{
    for (size_t i = 0; i < p->n; i++)
        free(p->items[i]);
    free(p->items);
    free(p->of);
    free(p->keys);
}

static const struct bf_asked_fact *fact_of(const struct bf_asking *asking, size_t i)
{
    return &asking->facts->of[asking->facts->pairs.items[i].index];
}

/* A gap at the end is left open, which small models understand better than a line; a base model just goes on. */
static char *cloze_prompt(const struct bf_eval *eval, const char *sentence)
{
    const char *gap = strstr(sentence, BF_CLOZE_GAP);
    struct bf_buf text;
    bf_buf_init(&text, SIZE_MAX);
    if (gap && gap > sentence + 1 && strspn(gap + strlen(BF_CLOZE_GAP), ". ") == strlen(gap) - strlen(BF_CLOZE_GAP)) {
        bf_buf_puts(&text, bf_eval_is_plain(eval) ? "" : "Complete this sentence: ");
        bf_buf_put(&text, sentence, (size_t)(gap - sentence) - (gap[-1] == ' ' ? 1 : 0));
    } else {
        bf_buf_printf(&text, "Fill in the blank: %s", sentence);
    }
    return bf_buf_take(&text);
}

static void find_prompts(const struct bf_eval *eval, const struct bf_asking *asking, enum bf_form form,
                         struct prompts *out)
{
    for (size_t i = 0; i < asking->facts->pairs.n; i++) {
        const struct bf_pair *pair = &asking->facts->pairs.items[i];
        const struct bf_asked_fact *fact = fact_of(asking, i);
        if (form == BF_FORM_CLOZE && fact->cloze.sentence)
            add_prompt(out, cloze_prompt(eval, fact->cloze.sentence), i,
                       (struct bf_answer_key){
                           .question = fact->cloze.sentence, .answer = fact->cloze.missing, .object = fact->object});
        for (size_t w = 0; form == BF_FORM_WORDING && w < fact->n_wordings; w++)
            add_prompt(
                out, bf_strdup(fact->wordings[w]), i,
                (struct bf_answer_key){.question = fact->wordings[w], .answer = pair->answer, .object = fact->object});
    }
}

/* The form's own prompts, into mean[form] and any[form]. */
static enum bf_status ask_own(const struct bf_eval *eval, const struct bf_asking *asking, enum bf_form form,
                              struct bf_asked *out, struct bf_err *err)
{
    struct prompts p = {.n = 0};
    find_prompts(eval, asking, form, &p);
    char **answers = bf_array(p.n + 1, sizeof *answers);
    double *n_of = bf_array(out->n + 1, sizeof *n_of);
    static const char *const stops[] = {"\n"};
    const bool cloze = form == BF_FORM_CLOZE;
    const int32_t most = cloze && asking->max_tokens > CLOZE_TOKENS ? CLOZE_TOKENS : asking->max_tokens;
    enum bf_status status = BF_OK;
    if (p.n > 0)
        status = bf_eval_answers(eval, form_words[form], p.items, p.n, most, stops,
                                 cloze && bf_eval_is_plain(eval) ? 1 : 0, answers, err);
    for (size_t i = 0; i < out->n; i++)
        out->mean[form][i] = out->any[form][i] = 0.0;
    for (size_t k = 0; k < p.n && status == BF_OK; k++) {
        const bool right = bf_answer_right(&p.keys[k], answers[k]);
        out->mean[form][p.of[k]] += right ? 1.0 : 0.0;
        out->any[form][p.of[k]] = right ? 1.0 : out->any[form][p.of[k]];
        n_of[p.of[k]] += 1.0;
        const struct bf_asked_line line = {.condition = form_words[form],
                                           .form = form_words[form],
                                           .set = asking->set,
                                           .index = asking->facts->pairs.items[p.of[k]].index,
                                           .question = p.keys[k].question,
                                           .prompt = p.items[k],
                                           .target = p.keys[k].answer,
                                           .answer = answers[k],
                                           .right = right};
        status = bf_asked_write(eval, &line, err);
    }
    for (size_t i = 0; i < out->n; i++) {
        out->mean[form][i] = n_of[i] > 0.0 ? out->mean[form][i] / n_of[i] : (double)NAN;
        out->any[form][i] = n_of[i] > 0.0 ? out->any[form][i] : (double)NAN;
    }
    for (size_t k = 0; k < p.n; k++)
        free(answers[k]);
    free(answers);
    free(n_of);
    release_prompts(&p);
    return status;
}

enum bf_status bf_ask_in_all_forms(const struct bf_eval *eval, const struct bf_asking *asking, struct bf_asked *out,
                                   struct bf_err *err)
{
    const struct bf_pairs *pairs = &asking->facts->pairs;
    enum bf_status status = BF_OK;
    *out = (struct bf_asked){.n = pairs->n};
    for (int f = 0; f < BF_FORMS; f++) {
        out->mean[f] = bf_array(out->n + 1, sizeof **out->mean);
        out->any[f] = bf_array(out->n + 1, sizeof **out->any);
        if (f < BF_FORMS_PROBES)
            out->recall[f] = bf_array(out->n + 1, sizeof **out->recall);
    }
    for (int f = 0; f < BF_FORMS && status == BF_OK; f++) {
        if (f >= BF_FORMS_PROBES) {
            status = ask_own(eval, asking, (enum bf_form)f, out, err);
            continue;
        }
        status = bf_eval_probe(eval, asking, (enum bf_probe)f, form_words[f], pairs->items, NULL, out->recall[f],
                               out->any[f], err);
        memcpy(out->mean[f], out->any[f], out->n * sizeof **out->any);
    }
    return status;
}

/* ---- figures ---- */

/* Of fact i: its mean over the forms that it has, or the worst case. */
static double figure_of_fact(const struct bf_asked *a, size_t i, bool worst)
{
    double sum = 0.0, n = 0.0, most = 0.0;
    for (int f = 0; f < BF_FORMS; f++) {
        if (isnan(a->mean[f][i]))
            continue;
        sum += a->mean[f][i];
        n += 1.0;
        most = a->any[f][i] > most ? a->any[f][i] : most;
    }
    return worst ? most : n > 0.0 ? sum / n : 0.0;
}

static enum bf_status put_figures(json_t *result, const char *key, const struct bf_asked *after,
                                  const struct bf_asked *before, bool worst, const struct bf_bootstrap *bootstrap,
                                  struct bf_err *err)
{
    double *values = bf_array(after->n + 1, sizeof *values);
    char name[64];
    for (size_t i = 0; i < after->n; i++)
        values[i] = figure_of_fact(after, i, worst);
    enum bf_status status = bf_eval_put_mean(result, key, values, after->n, bootstrap, err);
    for (size_t i = 0; before && i < after->n; i++)
        values[i] = figure_of_fact(before, i, worst);
    (void)snprintf(name, sizeof name, "original_%s", key);
    if (status == BF_OK && before)
        status = bf_eval_put_mean(result, name, values, after->n, bootstrap, err);
    for (size_t i = 0; before && i < after->n; i++)
        values[i] = figure_of_fact(after, i, worst) - values[i];
    (void)snprintf(name, sizeof name, "%s_change", key);
    if (status == BF_OK && before)
        status = bf_eval_put_mean(result, name, values, after->n, bootstrap, err);
    free(values);
    return status;
}

/* The known values of one form. */
static enum bf_status put_form(json_t *row, const char *key, const double *values, size_t n, size_t *n_known,
                               const struct bf_bootstrap *bootstrap, struct bf_err *err)
{
    double *known = bf_array(n + 1, sizeof *known);
    *n_known = 0;
    for (size_t i = 0; i < n; i++)
        if (!isnan(values[i]))
            known[(*n_known)++] = values[i];
    const enum bf_status status = *n_known > 0 ? bf_eval_put_mean(row, key, known, *n_known, bootstrap, err) : BF_OK;
    free(known);
    return status;
}

enum bf_status bf_asked_put(json_t *result, json_t *forms, const struct bf_asked *after, const struct bf_asked *before,
                            const struct bf_bootstrap *bootstrap, struct bf_err *err)
{
    enum bf_status status = put_figures(result, "accuracy", after, before, false, bootstrap, err);
    if (status == BF_OK)
        status = put_figures(result, "worst_case_accuracy", after, before, true, bootstrap, err);
    for (int f = 0; f < BF_FORMS && status == BF_OK; f++) {
        json_t *row = json_object();
        size_t n = 0;
        bf_eval_put(row, "n", json_integer(0));
        status = put_form(row, "accuracy", after->mean[f], after->n, &n, bootstrap, err);
        bf_eval_put(row, "n", json_integer((json_int_t)n));
        if (status == BF_OK && before)
            status = put_form(row, "original_accuracy", before->mean[f], before->n, &n, bootstrap, err);
        if (n > 0)
            bf_eval_put(forms, form_words[f], row);
        else
            json_decref(row);
    }
    return status;
}
