#include "eval/tofu_file.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "sets/records.h"
#include "base/banned.h"

static void release(struct bf_tofu_question *q)
{
    free(q->question);
    free(q->answer);
    free(q->paraphrased);
    for (size_t p = 0; p < q->n_perturbed; p++)
        free(q->perturbed[p]);
    free(q->perturbed);
    free(q->object);
}

void bf_tofu_questions_limit(struct bf_tofu_questions *questions, size_t n)
{
    while (n > 0 && questions->n > n)
        release(&questions->items[--questions->n]);
}

void bf_tofu_questions_drop(struct bf_tofu_questions *questions, size_t i)
{
    release(&questions->items[i]);
    memmove(questions->items + i, questions->items + i + 1, (questions->n - i - 1) * sizeof *questions->items);
    questions->n--;
}

void bf_tofu_questions_release(struct bf_tofu_questions *questions)
{
    for (size_t i = 0; i < questions->n; i++)
        release(&questions->items[i]);
    free(questions->items);
    *questions = (struct bf_tofu_questions){0};
}

static enum bf_status take(const struct bf_records *records, size_t i, struct bf_tofu_question *q, struct bf_err *err)
{
    const json_t *perturbed = json_object_get(records->items[i].json, "perturbed_answer");
    q->index = i;
    enum bf_status status = bf_records_text(records, i, "question", &q->question, err);
    if (status == BF_OK)
        status = bf_records_text(records, i, "answer", &q->answer, err);
    const json_t *paraphrased = json_object_get(records->items[i].json, "paraphrased_answer");
    if (status == BF_OK && paraphrased && !json_is_null(paraphrased))
        status = bf_records_text(records, i, "paraphrased_answer", &q->paraphrased, err);
    else if (status == BF_OK)
        q->paraphrased = bf_strdup(q->answer);
    const json_t *object = json_object_get(records->items[i].json, "object");
    if (status == BF_OK && object && !json_is_null(object))
        status = bf_records_text(records, i, "object", &q->object, err);
    if (status != BF_OK)
        return status;
    const size_t n = json_array_size(perturbed);
    if (n == 0)
        return bf_records_fail(records, i, err,
                               "\"perturbed_answer\" is %s; it must be a list of wrong answers, one or more",
                               json_is_array(perturbed) ? "empty" : bf_records_kind(perturbed));
    q->perturbed = bf_array(n, sizeof *q->perturbed);
    for (; q->n_perturbed < n; q->n_perturbed++) {
        const json_t *value = json_array_get(perturbed, q->n_perturbed);
        char *text = bf_records_scalar(value);
        if (!text || text[strspn(text, " \t\r\n")] == 0) {
            status = bf_records_fail(records, i, err, "perturbed answer %zu is %s", q->n_perturbed + 1,
                                     text ? "empty" : bf_records_kind(value));
            free(text);
            return status;
        }
        q->perturbed[q->n_perturbed] = text;
    }
    return BF_OK;
}

enum bf_status bf_tofu_parse(const char *data, size_t n, const char *name, struct bf_tofu_questions *out,
                             struct bf_err *err)
{
    struct bf_records records;
    *out = (struct bf_tofu_questions){0};
    enum bf_status status = bf_records_parse(data, n, name, &records, err);
    if (status != BF_OK)
        return status;
    out->items = bf_array(records.n, sizeof *out->items);
    for (size_t i = 0; i < records.n && status == BF_OK; i++)
        status = take(&records, i, &out->items[out->n++], err);
    bf_records_release(&records);
    return status;
}

enum bf_status bf_tofu_read(const char *path, struct bf_tofu_questions *out, struct bf_err *err)
{
    struct bf_buf data;
    *out = (struct bf_tofu_questions){0};
    enum bf_status status = bf_records_read_file(path, &data, err);
    if (status != BF_OK)
        return status;
    status = bf_tofu_parse(data.data, data.len, path, out, err);
    bf_buf_release(&data);
    return status;
}
