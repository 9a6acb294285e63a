/* GSM8K on a model (Cobbe et al., 2021): few-shot reasoning, greedy, exact match of the number. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "eval/eval.h"
#include "base/banned.h"

static enum bf_status report(const struct bf_eval *eval, const struct bf_gsm8k *questions, char *const *answers,
                             double *strict, double *flexible, struct bf_err *err)
{
    enum bf_status status = BF_OK;
    for (size_t i = 0; i < questions->n && status == BF_OK; i++) {
        const struct bf_gsm8k_item *q = &questions->items[i];
        char *marked = bf_gsm8k_number(answers[i], true), *last = bf_gsm8k_number(answers[i], false);
        strict[i] = marked && strcmp(marked, q->number) == 0 ? 1.0 : 0.0;
        flexible[i] = last && bf_gsm8k_same(last, q->number) ? 1.0 : 0.0;
        json_t *line = json_pack("{s:s, s:I, s:s, s:b, s:b}", "benchmark", "gsm8k", "index", (json_int_t)q->index,
                                 "number", q->number, "right", strict[i] > 0.0, "right_flexible", flexible[i] > 0.0);
        bf_eval_put_text(line, "question", q->question);
        bf_eval_put_text(line, "answer", answers[i]);
        status = bf_eval_line(eval, line, err);
        free(marked);
        free(last);
    }
    return status;
}

enum bf_status bf_eval_gsm8k(const struct bf_eval *eval, const struct bf_gsm8k *questions, const struct bf_gsm8k *shots,
                             size_t n_shots, int32_t max_tokens, json_t **out, struct bf_err *err)
{
    static const char *const stops[] = {"\n\nQuestion:", "Question:"};
    const size_t n = questions->n;
    char **prompts = bf_array(n, sizeof *prompts), **answers = bf_array(n, sizeof *answers);
    double *strict = bf_array(n, sizeof *strict), *flexible = bf_array(n, sizeof *flexible);
    struct bf_buf text;
    n_shots = n_shots < shots->n ? n_shots : shots->n;
    bf_buf_init(&text, SIZE_MAX);
    for (size_t s = 0; s < n_shots; s++)
        bf_buf_printf(&text, "Question: %s\nAnswer: %s\n\n", shots->items[s].question, shots->items[s].answer);
    for (size_t i = 0; i < n; i++) {
        struct bf_buf prompt;
        bf_buf_init(&prompt, SIZE_MAX);
        bf_buf_printf(&prompt, "%sQuestion: %s\nAnswer:", text.data, questions->items[i].question);
        prompts[i] = bf_buf_take(&prompt);
    }
    bf_buf_release(&text);
    json_t *result = json_object();
    bf_eval_put_text(result, "benchmark", "gsm8k");
    enum bf_status status = bf_eval_answers(eval, "questions", prompts, n, max_tokens, stops, 2, answers, err);
    if (status == BF_OK)
        status = report(eval, questions, answers, strict, flexible, err);
    if (status == BF_OK)
        status = bf_eval_put_mean(result, "exact_match", strict, n, &eval->bootstrap, err);
    if (status == BF_OK)
        status = bf_eval_put_mean(result, "exact_match_flexible", flexible, n, &eval->bootstrap, err);
    bf_eval_put(result, "shots", json_integer((json_int_t)n_shots));
    bf_eval_put(result, "n", json_integer((json_int_t)n));
    for (size_t i = 0; i < n; i++) {
        free(prompts[i]);
        free(answers[i]);
    }
    free(prompts);
    free(answers);
    free(strict);
    free(flexible);
    if (status != BF_OK) {
        json_decref(result);
        result = NULL;
    }
    *out = result;
    return status;
}
