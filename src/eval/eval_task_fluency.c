/* Fluency: what a model writes when it is asked about everyday matters, and about what it should have forgotten; beside
 * the model before unlearning, which also says how likely each answer is. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "eval/eval_fit.h"
#include "eval/eval_task.h"
#include "eval/fluency.h"
#include "eval/membership.h"
#include "sets/pairs.h"
#include "base/banned.h"

enum { ANSWER_TOKENS = 64, UNLEARNED = 0, ORIGINAL, MODELS, STREAM = 0x666c75 /* of the seed */ };

static const char *const model_words[MODELS] = {"unlearned", "original"};

/* Prompts, and what each model answers. */
struct group {
    const char *name;
    char **prompts;
    size_t n;
    char **answers[MODELS];
    struct bf_fluent *fluent[MODELS];
};
enum { NEUTRAL, PROBES, GROUPS };

struct fluency {
    struct bf_eval_task *task;
    struct group groups[GROUPS];
    int32_t max_tokens;
    double limit; /* nll of word salad; NaN without --original */
};

/* ---- prompts ---- */

static void add_prompt(struct group *g, const char *prompt)
{
    g->prompts = bf_grow(g->prompts, g->n + 1, sizeof *g->prompts);
    g->prompts[g->n++] = bf_strdup(prompt);
}

static enum bf_status load_neutral(struct fluency *f, struct bf_err *err)
{
    const struct bf_eval_request *v = f->task->request;
    struct bf_set_texts texts = {0};
    enum bf_status status = BF_OK;
    if (v->prompts)
        status = bf_set_texts_load(v->prompts, (size_t)v->limit, f->task->log, &texts, err);
    for (size_t i = 0; i < texts.n; i++)
        add_prompt(&f->groups[NEUTRAL], texts.texts[i]);
    for (size_t i = 0; !v->prompts && bf_neutral_prompts[i] && (v->limit == 0 || i < (size_t)v->limit); i++)
        add_prompt(&f->groups[NEUTRAL], bf_neutral_prompts[i]);
    bf_set_texts_release(&texts);
    return status;
}

/* Questions; of texts alone their first half, to be continued. */
static enum bf_status load_probes(struct fluency *f, struct bf_err *err)
{
    struct bf_pairs pairs = {0};
    if (f->task->n_files == 0)
        return BF_OK;
    const enum bf_status status =
        bf_pairs_load(f->task->files[0], (size_t)f->task->request->limit, f->task->log, &pairs, err);
    if (status == BF_OK)
        bf_pairs_halve(&pairs);
    for (size_t i = 0; status == BF_OK && i < pairs.n; i++)
        add_prompt(&f->groups[PROBES], pairs.items[i].question[0] ? pairs.items[i].question : pairs.items[i].answer);
    bf_pairs_release(&pairs);
    return status;
}

static enum bf_status fit_prompts(struct fluency *f, struct bf_eval_fit *fit, struct bf_err *err)
{
    const struct bf_eval_request *v = f->task->request;
    bf_eval_fit_begin(fit, &f->task->model, v->prompts ? v->prompts : "the neutral prompts", true);
    for (int k = 0; k < GROUPS; k++) {
        struct group *g = &f->groups[k];
        size_t n = 0;
        if (k == PROBES && f->task->n_files > 0)
            bf_eval_fit_set(fit, f->task->files[0]);
        for (size_t i = 0; i < g->n; i++)
            if (bf_eval_fit_item(fit, bf_eval_model_tokens(&f->task->model, g->prompts[i]) + f->max_tokens + 16))
                g->prompts[n++] = g->prompts[i];
            else
                free(g->prompts[i]);
        g->n = n;
    }
    return bf_eval_fit_end(fit, "use shorter prompts, or a smaller --max-new-tokens", err);
}

/* ---- answers and their likelihood ---- */

static enum bf_status ask(struct fluency *f, int which, struct bf_err *err)
{
    enum bf_status status = bf_eval_model_open(&f->task->model, which == ORIGINAL ? BF_EVAL_SECOND : BF_EVAL_MODEL,
                                               "auto", false, &f->task->eval, err);
    for (int k = 0; k < GROUPS && status == BF_OK; k++) {
        struct group *g = &f->groups[k];
        if (g->n == 0)
            continue;
        g->answers[which] = bf_array(g->n, sizeof(char *));
        g->fluent[which] = bf_array(g->n, sizeof(struct bf_fluent));
        status =
            bf_eval_answers(&f->task->eval, g->name, g->prompts, g->n, f->max_tokens, NULL, 0, g->answers[which], err);
        for (size_t i = 0; i < g->n && status == BF_OK; i++)
            g->fluent[which][i] = bf_fluent_of(g->answers[which][i]);
    }
    return status;
}

/* Mean NLL of each text after its prompt, into nll [n]; NaN for those too short to judge. */
static enum bf_status score(struct fluency *f, const struct group *g, char *const *texts, double *nll,
                            struct bf_err *err)
{
    struct bf_continuation *items = bf_array(g->n, sizeof *items);
    struct bf_scored *scored = bf_array(g->n, sizeof *scored);
    size_t *of = bf_array(g->n, sizeof *of), n = 0;
    for (size_t i = 0; i < g->n; i++) {
        nll[i] = (double)NAN;
        if (bf_fluency_units(texts[i]) < BF_FLUENCY_WORDS_MIN)
            continue;
        of[n] = i;
        items[n++] = (struct bf_continuation){.prompt = g->prompts[i], .text = texts[i]};
    }
    const enum bf_status status = n > 0 ? bf_eval_scores(&f->task->eval, "likelihood", items, n, scored, err) : BF_OK;
    for (size_t k = 0; k < n && status == BF_OK; k++)
        if (scored[k].n > 0)
            nll[of[k]] = bf_mean_nll(scored[k].logp, scored[k].n);
    bf_scored_release(scored, n);
    free(scored);
    free(items);
    free(of);
    return status;
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The original's own answers with their words in random order: the median of their NLL is the limit from which a text
 * counts as gibberish. */
static enum bf_status find_limit(struct fluency *f, struct bf_err *err)
{
    size_t n_all = 0, n = 0;
    struct bf_rng rng;
    enum bf_status status = BF_OK;
    bf_rng_init(&rng, bf_mix(f->task->request->seed, STREAM));
    for (int k = 0; k < GROUPS; k++)
        n_all += f->groups[k].n;
    double *nll = bf_array(n_all + 1, sizeof *nll);
    for (int k = 0; k < GROUPS && status == BF_OK; k++) {
        const struct group *g = &f->groups[k];
        char **salad = bf_array(g->n + 1, sizeof *salad);
        double *of_group = bf_array(g->n + 1, sizeof *of_group);
        for (size_t i = 0; i < g->n; i++)
            salad[i] = bf_shuffled_words(g->answers[ORIGINAL][i], &rng);
        status = score(f, g, salad, of_group, err);
        for (size_t i = 0; i < g->n; i++) {
            if (status == BF_OK && isfinite(of_group[i]))
                nll[n++] = of_group[i];
            free(salad[i]);
        }
        free(of_group);
        free(salad);
    }
    qsort(nll, n, sizeof *nll, by_value);
    if (n > 0)
        f->limit = bf_quantile(nll, n, 0.5);
    free(nll);
    return status;
}

static enum bf_status score_all(struct fluency *f, struct bf_err *err)
{
    enum bf_status status = find_limit(f, err);
    for (int k = 0; k < GROUPS; k++)
        for (int which = 0; which < MODELS && status == BF_OK; which++) {
            const struct group *g = &f->groups[k];
            double *nll = bf_array(g->n + 1, sizeof *nll);
            status = score(f, g, g->answers[which], nll, err);
            for (size_t i = 0; i < g->n && status == BF_OK; i++)
                g->fluent[which][i].nll = nll[i];
            free(nll);
        }
    return status;
}

/* ---- the result ---- */

static void put_known(json_t *line, const char *key, double value)
{
    bf_eval_put(line, key, isfinite(value) ? json_real(value) : json_null());
}

static enum bf_status write_lines(const struct fluency *f, const struct group *g, int which, struct bf_err *err)
{
    struct bf_eval eval = f->task->eval;
    enum bf_status status = BF_OK;
    eval.label = model_words[which];
    for (size_t i = 0; i < g->n && status == BF_OK; i++) {
        const struct bf_fluent *a = &g->fluent[which][i];
        json_t *line = json_object();
        bf_eval_put_text(line, "benchmark", "fluency");
        bf_eval_put_text(line, "prompts", g->name);
        bf_eval_put(line, "index", json_integer((json_int_t)i));
        put_known(line, "seq_rep_4", a->repetition);
        bf_eval_put(line, "empty", json_boolean(a->empty));
        bf_eval_put(line, "refusal", json_boolean(a->refusal));
        put_known(line, "nll", a->nll);
        bf_eval_put_text(line, "prompt", g->prompts[i]);
        bf_eval_put_text(line, "answer", g->answers[which][i]);
        status = bf_eval_line(&eval, line, err);
    }
    return status;
}

/* The neutral prompts' numbers once more at the top, where people and programs look first. */
static void put_first(json_t *result, const json_t *row)
{
    static const char *const shown[] = {"seq_rep_4", "empty", "refusals", "perplexity", "gibberish"};
    json_t *why = json_object_get(row, "why");
    for (size_t i = 0; i < sizeof shown / sizeof *shown; i++) {
        char interval[64];
        (void)snprintf(interval, sizeof interval, "%s_interval", shown[i]);
        bf_eval_put(result, shown[i], json_incref(json_object_get(row, shown[i])));
        if (json_object_get(row, interval))
            bf_eval_put(result, interval, json_incref(json_object_get(row, interval)));
    }
    if (why)
        bf_eval_put(result, "why", json_incref(why));
}

static enum bf_status fill(const struct fluency *f, json_t *result, struct bf_err *err)
{
    const struct bf_bootstrap *bootstrap = &f->task->eval.bootstrap;
    json_t *rows[MODELS] = {json_object(), json_object()}, *change = json_object();
    const bool two = f->task->request->original != NULL;
    enum bf_status status = BF_OK;
    for (int k = 0; k < GROUPS && status == BF_OK; k++) {
        const struct group *g = &f->groups[k];
        for (int which = 0; g->n > 0 && which < (two ? MODELS : 1) && status == BF_OK; which++) {
            json_t *row = json_object();
            status = bf_fluency_put(row, g->answers[which], g->fluent[which], g->n, f->limit, bootstrap, err);
            bf_eval_put(rows[which], g->name, row);
            if (status == BF_OK)
                status = write_lines(f, g, which, err);
        }
        if (g->n > 0 && two && status == BF_OK) {
            json_t *row = json_object();
            status =
                bf_fluency_put_change(row, g->fluent[UNLEARNED], g->fluent[ORIGINAL], g->n, f->limit, bootstrap, err);
            bf_eval_put(change, g->name, row);
        }
    }
    bf_eval_put_text(result, "benchmark", "fluency");
    if (status == BF_OK)
        put_first(result, json_object_get(rows[UNLEARNED], f->groups[NEUTRAL].name));
    if (isfinite(f->limit))
        bf_eval_put(result, "gibberish_limit", json_real(f->limit));
    bf_eval_put(result, "answers", rows[UNLEARNED]);
    if (two) {
        bf_eval_put(result, "original", json_incref(rows[ORIGINAL]));
        bf_eval_put(result, "change", json_incref(change));
    }
    json_decref(rows[ORIGINAL]);
    json_decref(change);
    return status;
}

static void release(struct fluency *f)
{
    for (int k = 0; k < GROUPS; k++) {
        struct group *g = &f->groups[k];
        for (size_t i = 0; i < g->n; i++) {
            free(g->prompts[i]);
            for (int which = 0; which < MODELS; which++)
                if (g->answers[which])
                    free(g->answers[which][i]);
        }
        free(g->prompts);
        for (int which = 0; which < MODELS; which++) {
            free(g->answers[which]);
            free(g->fluent[which]);
        }
    }
}

enum bf_status bf_eval_task_fluency(struct bf_eval_task *task, json_t **out, struct bf_err *err)
{
    const struct bf_eval_request *v = task->request;
    struct fluency f = {.task = task,
                        .groups = {{.name = "neutral"}, {.name = "probes"}},
                        .max_tokens = v->max_new_tokens > 0 ? (int32_t)v->max_new_tokens : ANSWER_TOKENS,
                        .limit = (double)NAN};
    struct bf_eval_fit fit;
    json_t *result = NULL;
    enum bf_status status = bf_eval_task_start(
        task, 0, 1, "biforget eval fluency probes.jsonl -m unlearned.gguf --original base.gguf", err);
    if (status == BF_OK)
        status = load_neutral(&f, err);
    if (status == BF_OK)
        status = load_probes(&f, err);
    if (status == BF_OK)
        status = fit_prompts(&f, &fit, err);
    if (status == BF_OK && f.groups[NEUTRAL].n == 0)
        status = bf_fail(err, BF_INPUT, "no neutral prompt fits into the model; give shorter ones with --prompts");
    if (status == BF_OK)
        status = ask(&f, UNLEARNED, err);
    if (status == BF_OK && v->original)
        status = ask(&f, ORIGINAL, err);
    if (status == BF_OK && v->original)
        status = score_all(&f, err);
    if (status == BF_OK) {
        result = json_object();
        status = fill(&f, result, err);
    }
    if (status == BF_OK)
        bf_eval_fit_put(&fit, result);
    release(&f);
    if (status != BF_OK) {
        json_decref(result);
        result = NULL;
    }
    *out = result;
    return status;
}
