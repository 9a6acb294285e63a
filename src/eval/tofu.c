/* TOFU (Maini et al., 2024): the metrics of a set on a model; Forget Quality and Model Utility of sets, from a model or
 * from logs. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/words.h"
#include "eval/eval.h"
#include "eval/ks.h"
#include "eval/membership.h"
#include "quality/rouge.h"
#include "eval/truth_ratio.h"
#include "base/banned.h"

/* ---- on a model ---- */

/* The answers of question q, in the order in which they are scored: paraphrase, perturbed ones, with `all` the answer
 * itself. */
static size_t add_items(const struct bf_tofu_question *q, bool all, struct bf_continuation *items)
{
    size_t n = 0;
    items[n++] = (struct bf_continuation){.prompt = q->question, .text = q->paraphrased, .with_end = true};
    for (size_t p = 0; p < q->n_perturbed; p++)
        items[n++] = (struct bf_continuation){.prompt = q->question, .text = q->perturbed[p], .with_end = true};
    if (all)
        items[n++] = (struct bf_continuation){.prompt = q->question, .text = q->answer, .with_end = true};
    return n;
}

static enum bf_status nll_of(const struct bf_scored *scored, enum bf_tofu_part part, const struct bf_tofu_question *q,
                             double *out, struct bf_err *err)
{
    if (scored->n < 2) /* the end token is one */
        return bf_fail(err, BF_INPUT, "an answer of question %zu of the %s set has no tokens", q->index + 1,
                       bf_tofu_part_word(part));
    *out = bf_mean_nll(scored->logp, scored->n);
    if (!isfinite(*out))
        return bf_fail(err, BF_MODEL,
                       "the model gives an answer of question %zu of the %s set no probability; its weights may have "
                       "diverged in training: train it in fewer steps or at a lower rate",
                       q->index + 1, bf_tofu_part_word(part));
    return BF_OK;
}

/* *losses: what the metrics were computed from, for the question's line; new reference. */
static enum bf_status take_question(const struct bf_tofu_question *q, enum bf_tofu_part part, size_t i, bool all,
                                    const struct bf_scored *scored, struct bf_tofu_set *out, json_t **losses,
                                    struct bf_err *err)
{
    double answer = 0.0, paraphrased = 0.0;
    double *perturbed = bf_array(q->n_perturbed, sizeof *perturbed);
    enum bf_status status = nll_of(&scored[0], part, q, &paraphrased, err);
    for (size_t p = 0; p < q->n_perturbed && status == BF_OK; p++)
        status = nll_of(&scored[1 + p], part, q, &perturbed[p], err);
    if (status == BF_OK && all)
        status = nll_of(&scored[1 + q->n_perturbed], part, q, &answer, err);
    if (status == BF_OK) {
        json_t *list = json_array();
        bf_tofu_set_losses(out, part, i, answer, paraphrased, perturbed, q->n_perturbed);
        for (size_t p = 0; p < q->n_perturbed; p++)
            if (json_array_append_new(list, json_real(perturbed[p])) != 0)
                bf_out_of_memory();
        *losses = json_object();
        if (all)
            bf_eval_put(*losses, "nll_answer", json_real(answer));
        bf_eval_put(*losses, "nll_paraphrased", json_real(paraphrased));
        bf_eval_put(*losses, "nll_perturbed", list);
    }
    free(perturbed);
    return status;
}

static enum bf_status put_line(const struct bf_eval *eval, enum bf_tofu_part part, const struct bf_tofu_question *q,
                               size_t i, const char *answer, const struct bf_tofu_set *set, json_t *losses,
                               struct bf_err *err)
{
    json_t *line = json_pack("{s:s, s:s, s:I, s:f, s:f}", "benchmark", "tofu", "set", bf_tofu_part_word(part), "index",
                             (json_int_t)q->index, "truth_ratio", set->ratio[i], "truth", set->truth[i]);
    if (json_object_update(line, losses) != 0)
        bf_out_of_memory();
    bf_eval_put_text(line, "question", q->question);
    if (answer) {
        bf_eval_put(line, "probability", json_real(set->probability[i]));
        bf_eval_put(line, "rougeL_recall", json_real(set->rouge_l[i]));
        bf_eval_put_text(line, "answer", answer);
        if (q->object)
            bf_eval_put(line, "names_object", json_boolean(bf_has_phrase(answer, q->object)));
    }
    return bf_eval_line(eval, line, err);
}

static enum bf_status score_set(const struct bf_eval *eval, enum bf_tofu_part part,
                                const struct bf_tofu_questions *questions, bool all, struct bf_tofu_set *out,
                                json_t **losses, struct bf_err *err)
{
    size_t n_items = 0;
    for (size_t i = 0; i < questions->n; i++)
        n_items += 1 + questions->items[i].n_perturbed + (all ? 1 : 0);
    struct bf_continuation *items = bf_array(n_items, sizeof *items);
    struct bf_scored *scored = bf_array(n_items, sizeof *scored);
    size_t at = 0;
    for (size_t i = 0; i < questions->n; i++)
        at += add_items(&questions->items[i], all, items + at);
    enum bf_status status = bf_eval_scores(eval, bf_tofu_part_word(part), items, n_items, scored, err);
    at = 0;
    for (size_t i = 0; i < questions->n && status == BF_OK; i++) {
        status = take_question(&questions->items[i], part, i, all, scored + at, out, &losses[i], err);
        at += 1 + questions->items[i].n_perturbed + (all ? 1 : 0);
    }
    bf_scored_release(scored, n_items);
    free(scored);
    free(items);
    return status;
}

enum bf_status bf_eval_tofu_set(const struct bf_eval *eval, enum bf_tofu_part part,
                                const struct bf_tofu_questions *questions, bool all, int32_t max_tokens,
                                struct bf_tofu_set *out, struct bf_err *err)
{
    const size_t n = questions->n;
    char **prompts = bf_array(n, sizeof *prompts), **answers = bf_array(n, sizeof *answers);
    json_t **losses = bf_array(n, sizeof(json_t *));
    bf_tofu_set_new(out, n);
    out->objects = bf_array(n, sizeof *out->objects);
    for (size_t i = 0; i < n; i++) {
        char id[24];
        snprintf(id, sizeof id, "%zu", questions->items[i].index);
        out->ids[i] = bf_strdup(id);
        prompts[i] = questions->items[i].question;
    }
    enum bf_status status = score_set(eval, part, questions, all, out, losses, err);
    if (status == BF_OK && all)
        status = bf_eval_answers(eval, bf_tofu_part_word(part), prompts, n, max_tokens, NULL, 0, answers, err);
    for (size_t i = 0; i < n && status == BF_OK; i++) {
        struct bf_rouge rouge = {0};
        if (all)
            bf_rouge_of(questions->items[i].answer, answers[i], true, NULL, &rouge);
        out->rouge_l[i] = rouge.recall;
        out->n_all_scripts += rouge.all_scripts;
        if (all && questions->items[i].object)
            out->objects[out->n_objects++] = bf_has_phrase(answers[i], questions->items[i].object) ? 1.0 : 0.0;
        status = put_line(eval, part, &questions->items[i], i, answers[i], out, losses[i], err);
    }
    for (size_t i = 0; i < n; i++) {
        free(answers[i]);
        json_decref(losses[i]);
    }
    free(losses);
    free(prompts);
    free(answers);
    if (!all) {
        free(out->probability);
        free(out->rouge_l);
        out->probability = out->rouge_l = NULL;
    }
    return status;
}

/* ---- of sets ---- */

static enum bf_status put_set(json_t *result, enum bf_tofu_part part, const struct bf_tofu_set *set,
                              const struct bf_bootstrap *bootstrap, struct bf_err *err)
{
    const struct {
        const char *key;
        const double *values;
    } figures[3] = {{"probability", set->probability}, {"rouge_l", set->rouge_l}, {"truth_ratio", set->truth}};
    json_t *object = json_object();
    enum bf_status status = BF_OK;
    for (int f = 0; f < 3 && status == BF_OK; f++) {
        const struct bf_figure unknown = {.why = "not in the log"};
        if (figures[f].values)
            status = bf_eval_put_mean(object, figures[f].key, figures[f].values, set->n, bootstrap, err);
        else
            bf_eval_put_figure(object, figures[f].key, &unknown);
    }
    if (status == BF_OK && set->n_objects > 0) {
        status = bf_eval_put_mean(object, "object_accuracy", set->objects, set->n_objects, bootstrap, err);
        bf_eval_put(object, "n_objects", json_integer((json_int_t)set->n_objects));
    }
    bf_eval_put(object, "n", json_integer((json_int_t)set->n));
    if (set->n_skipped > 0)
        bf_eval_put(object, "n_skipped", json_integer((json_int_t)set->n_skipped));
    bf_eval_put_all_scripts(object, set->n_all_scripts);
    bf_eval_put(result, bf_tofu_part_word(part), object);
    return status;
}

static double mean_of(const double *values, size_t n)
{
    double sum = 0.0;
    for (size_t i = 0; i < n; i++)
        sum += values[i];
    return sum / (double)n;
}

static enum bf_status put_utility(json_t *result, const struct bf_tofu_sets *sets, struct bf_err *err)
{
    double nine[9];
    size_t n = 0;
    for (int p = BF_TOFU_RETAIN; p < BF_TOFU_PARTS; p++) {
        const struct bf_tofu_set *set = &sets->parts[p];
        if (set->n == 0 || !set->probability || !set->rouge_l || !set->truth) {
            const struct bf_figure unknown = {
                .why = "needs probability, ROUGE-L and truth ratio of retain, real authors and world facts"};
            bf_eval_put_figure(result, "model_utility", &unknown);
            return BF_OK;
        }
        nine[n++] = mean_of(set->probability, set->n);
        nine[n++] = mean_of(set->rouge_l, set->n);
        nine[n++] = mean_of(set->truth, set->n);
    }
    double utility = 0.0;
    const enum bf_status status = bf_harmonic_mean(nine, n, &utility, err);
    bf_eval_put(result, "model_utility", json_real(utility));
    return status;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Sorted, so that the order in which questions were measured does not matter. free() the array, not the texts. */
static const char **sorted_ids(const struct bf_tofu_set *set)
{
    const char **ids = bf_array(set->n, sizeof *ids);
    for (size_t i = 0; i < set->n; i++)
        ids[i] = set->ids[i];
    qsort(ids, set->n, sizeof *ids, by_text);
    return ids;
}

/* Sets of equal size. */
static enum bf_status check_ids(const struct bf_tofu_set *unlearned, const struct bf_tofu_set *retrained,
                                struct bf_err *err)
{
    const char **a = sorted_ids(unlearned), **b = sorted_ids(retrained);
    enum bf_status status = BF_OK;
    for (size_t i = 0; i < unlearned->n && status == BF_OK; i++) {
        const int order = strcmp(a[i], b[i]);
        if (order != 0)
            status = bf_fail(err, BF_INPUT, "question \"%s\" of the forget set is missing for the %s model",
                             order < 0 ? a[i] : b[i], order < 0 ? "retrained" : "unlearned");
    }
    free(a);
    free(b);
    return status;
}

static enum bf_status put_quality(json_t *result, const struct bf_tofu_set *unlearned,
                                  const struct bf_tofu_set *retrained, struct bf_err *err)
{
    struct bf_figure unknown = {.why = NULL};
    if (!retrained)
        unknown.why = "needs a retrained model or its log";
    else if (!unlearned->ratio)
        unknown.why = "the log has no truth ratios of the forget set";
    else if (!retrained->ratio)
        unknown.why = "the retrained model's log has no truth ratios of the forget set";
    if (unknown.why) {
        bf_eval_put_figure(result, "forget_quality", &unknown);
        return BF_OK;
    }
    if (unlearned->n != retrained->n)
        return bf_fail(err, BF_INPUT,
                       "the forget set has %zu questions for the unlearned model and %zu for the retrained one; Forget "
                       "Quality compares the same questions",
                       unlearned->n, retrained->n);
    struct bf_ks ks;
    enum bf_status status = check_ids(unlearned, retrained, err);
    if (status == BF_OK)
        status = bf_ks_two_sample(unlearned->ratio, unlearned->n, retrained->ratio, retrained->n, &ks, err);
    if (status != BF_OK)
        return status;
    bf_eval_put(result, "forget_quality", json_real(ks.p));
    bf_eval_put(result, "ks_statistic", json_real(ks.statistic));
    return BF_OK;
}

enum bf_status bf_eval_tofu(const struct bf_bootstrap *bootstrap, const struct bf_tofu_sets *unlearned,
                            const struct bf_tofu_sets *retrained, json_t **out, struct bf_err *err)
{
    json_t *result = json_object();
    const struct bf_tofu_set *gold =
        retrained && retrained->parts[BF_TOFU_FORGET].n > 0 ? &retrained->parts[BF_TOFU_FORGET] : NULL;
    bf_eval_put_text(result, "benchmark", "tofu");
    enum bf_status status = put_quality(result, &unlearned->parts[BF_TOFU_FORGET], gold, err);
    if (status == BF_OK)
        status = put_utility(result, unlearned, err);
    for (int p = 0; p < BF_TOFU_PARTS && status == BF_OK; p++)
        if (unlearned->parts[p].n > 0)
            status = put_set(result, (enum bf_tofu_part)p, &unlearned->parts[p], bootstrap, err);
    if (status != BF_OK) {
        json_decref(result);
        result = NULL;
    }
    *out = result;
    return status;
}
