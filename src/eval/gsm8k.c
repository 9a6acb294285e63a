#include "eval/gsm8k.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "eval/eval.h"
#include "sets/records.h"
#include "base/banned.h"

static void release_item(struct bf_gsm8k_item *item)
{
    free(item->question);
    free(item->answer);
    free(item->number);
}

void bf_gsm8k_drop(struct bf_gsm8k *gsm8k, size_t i)
{
    release_item(&gsm8k->items[i]);
    memmove(gsm8k->items + i, gsm8k->items + i + 1, (gsm8k->n - i - 1) * sizeof *gsm8k->items);
    gsm8k->n--;
}

void bf_gsm8k_release(struct bf_gsm8k *gsm8k)
{
    for (size_t i = 0; i < gsm8k->n; i++)
        release_item(&gsm8k->items[i]);
    free(gsm8k->items);
    *gsm8k = (struct bf_gsm8k){0};
}

enum bf_status bf_gsm8k_parse(const char *data, size_t n, const char *name, struct bf_gsm8k *out, struct bf_err *err)
{
    struct bf_records records;
    *out = (struct bf_gsm8k){0};
    enum bf_status status = bf_records_parse(data, n, name, &records, err);
    if (status != BF_OK)
        return status;
    out->items = bf_array(records.n, sizeof *out->items);
    for (size_t i = 0; i < records.n && status == BF_OK; i++) {
        struct bf_gsm8k_item *item = &out->items[out->n++];
        item->index = i;
        status = bf_records_text(&records, i, "question", &item->question, err);
        if (status == BF_OK)
            status = bf_records_text(&records, i, "answer", &item->answer, err);
        if (status != BF_OK)
            break;
        item->number = bf_gsm8k_right(item->answer);
        if (!item->number)
            status = bf_records_fail(&records, i, err, "the answer has no \"#### NUMBER\"");
    }
    bf_records_release(&records);
    return status;
}

enum bf_status bf_gsm8k_read(const char *path, struct bf_gsm8k *out, struct bf_err *err)
{
    struct bf_buf data;
    *out = (struct bf_gsm8k){0};
    enum bf_status status = bf_records_read_file(path, &data, err);
    if (status != BF_OK)
        return status;
    status = bf_gsm8k_parse(data.data, data.len, path, out, err);
    bf_buf_release(&data);
    return status;
}

/* ---- on a model ---- */

/* GSM8K on a model (Cobbe et al., 2021): few-shot reasoning, greedy, exact match of the number. */

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
