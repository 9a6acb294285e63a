/* Multiple choice as MMLU asks it (Hendrycks et al., 2021, evaluate.py): the question with its lettered choices and
 * "Answer:"; the letter with the highest probability is the answer. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "eval/eval.h"
#include "base/banned.h"

static void put_question(struct bf_buf *out, const struct bf_mcq_item *q)
{
    bf_buf_printf(out, "%s\n", q->question);
    for (size_t c = 0; c < q->n_choices; c++)
        bf_buf_printf(out, "%c. %s\n", (char)('A' + c), q->choices[c]);
    bf_buf_puts(out, "Answer:");
}

/* Does a shot have the question's subject? If none does, all shots are used. */
static bool has_subject(const struct bf_mcq *shots, const char *subject)
{
    for (size_t s = 0; s < shots->n; s++)
        if (strcmp(shots->items[s].subject, subject) == 0)
            return true;
    return false;
}

/* *n_used: how many shots went in. free(). */
static char *prompt_of(const struct bf_mcq_item *q, const struct bf_mcq *shots, size_t n_shots, size_t *n_used)
{
    struct bf_buf text;
    bf_buf_init(&text, SIZE_MAX);
    if (q->subject[0])
        bf_buf_printf(&text, "The following are multiple choice questions (with answers) about %s.\n\n", q->subject);
    else
        bf_buf_puts(&text, "The following are multiple choice questions (with answers).\n\n");
    const bool same = has_subject(shots, q->subject);
    *n_used = 0;
    for (size_t s = 0; s < shots->n && *n_used < n_shots; s++) {
        if (same && strcmp(shots->items[s].subject, q->subject) != 0)
            continue;
        put_question(&text, &shots->items[s]);
        bf_buf_printf(&text, " %c\n\n", (char)('A' + shots->items[s].answer));
        ++*n_used;
    }
    put_question(&text, q);
    return bf_buf_take(&text);
}

/* Share of right answers among the questions of one subject. */
static enum bf_status put_subject(json_t *subjects, const struct bf_mcq *questions, const double *right, size_t first,
                                  const struct bf_bootstrap *bootstrap, struct bf_err *err)
{
    const char *subject = questions->items[first].subject;
    double *values = bf_array(questions->n, sizeof *values);
    json_t *object = json_object();
    size_t n = 0;
    for (size_t i = first; i < questions->n; i++)
        if (strcmp(questions->items[i].subject, subject) == 0)
            values[n++] = right[i];
    const enum bf_status status = bf_eval_put_mean(object, "accuracy", values, n, bootstrap, err);
    bf_eval_put(object, "n", json_integer((json_int_t)n));
    bf_eval_put(subjects, subject[0] ? subject : "all", object);
    free(values);
    return status;
}

static enum bf_status report(const struct bf_eval *eval, const struct bf_mcq *questions, const struct bf_scored *scored,
                             double *right, struct bf_err *err)
{
    enum bf_status status = BF_OK;
    for (size_t i = 0; i < questions->n && status == BF_OK; i++) {
        const struct bf_mcq_item *q = &questions->items[i];
        json_t *logp = json_array();
        size_t best = 0;
        for (size_t c = 0; c < q->n_choices; c++) {
            best = scored[i].choices[c] > scored[i].choices[best] ? c : best;
            if (json_array_append_new(logp, json_real((double)scored[i].choices[c])) != 0)
                bf_out_of_memory();
        }
        right[i] = best == q->answer ? 1.0 : 0.0;
        json_t *line = json_pack("{s:s, s:I, s:i, s:i, s:b}", "benchmark", "mcq", "index", (json_int_t)q->index,
                                 "answer", (int)q->answer, "chosen", (int)best, "right", best == q->answer);
        bf_eval_put(line, "logp", logp);
        bf_eval_put_text(line, "question", q->question);
        if (q->subject[0])
            bf_eval_put_text(line, "subject", q->subject);
        status = bf_eval_line(eval, line, err);
    }
    return status;
}

static enum bf_status summarise(const struct bf_eval *eval, const struct bf_mcq *questions, const double *right,
                                size_t fewest, json_t *result, struct bf_err *err)
{
    json_t *subjects = json_object();
    double chance = 0.0;
    bf_eval_put_text(result, "benchmark", "mcq");
    enum bf_status status = bf_eval_put_mean(result, "accuracy", right, questions->n, &eval->bootstrap, err);
    for (size_t i = 0; i < questions->n && status == BF_OK; i++) {
        const char *subject = questions->items[i].subject;
        chance += 1.0 / (double)questions->items[i].n_choices / (double)questions->n;
        if (!json_object_get(subjects, subject[0] ? subject : "all"))
            status = put_subject(subjects, questions, right, i, &eval->bootstrap, err);
    }
    bf_eval_put(result, "chance", json_real(chance));
    bf_eval_put(result, "shots", json_integer((json_int_t)fewest));
    bf_eval_put(result, "n", json_integer((json_int_t)questions->n));
    bf_eval_put(result, "subjects", subjects);
    return status;
}

enum bf_status bf_eval_mcq(const struct bf_eval *eval, const struct bf_mcq *questions, const struct bf_mcq *shots,
                           size_t n_shots, json_t **out, struct bf_err *err)
{
    static const char *const after_colon[BF_MCQ_CHOICES_MAX] = {" A", " B", " C", " D", " E", " F", " G", " H", " I",
                                                                " J", " K", " L", " M", " N", " O", " P", " Q", " R",
                                                                " S", " T", " U", " V", " W", " X", " Y", " Z"};
    static const char *const alone[BF_MCQ_CHOICES_MAX] = {"A", "B", "C", "D", "E", "F", "G", "H", "I",
                                                          "J", "K", "L", "M", "N", "O", "P", "Q", "R",
                                                          "S", "T", "U", "V", "W", "X", "Y", "Z"};
    const size_t n = questions->n;
    /* A server scores without a template, so there, too, the letter follows the colon. */
    const bool plain = eval->remote || bf_eval_is_plain(eval);
    struct bf_continuation *items = bf_array(n, sizeof *items);
    struct bf_scored *scored = bf_array(n, sizeof *scored);
    char **prompts = bf_array(n, sizeof *prompts);
    double *right = bf_array(n, sizeof *right);
    size_t fewest = n_shots;
    for (size_t i = 0; i < n; i++) {
        size_t used = 0;
        prompts[i] = prompt_of(&questions->items[i], shots, n_shots, &used);
        fewest = used < fewest ? used : fewest;
        items[i] = (struct bf_continuation){
            .prompt = prompts[i], .choices = plain ? after_colon : alone, .n_choices = questions->items[i].n_choices};
    }
    json_t *result = json_object();
    enum bf_status status = bf_eval_scores(eval, "questions", items, n, scored, err);
    if (status == BF_OK)
        status = report(eval, questions, scored, right, err);
    if (status == BF_OK)
        status = summarise(eval, questions, right, fewest, result, err);
    bf_scored_release(scored, n);
    for (size_t i = 0; i < n; i++)
        free(prompts[i]);
    free(prompts);
    free(scored);
    free(items);
    free(right);
    if (status != BF_OK) {
        json_decref(result);
        result = NULL;
    }
    *out = result;
    return status;
}
