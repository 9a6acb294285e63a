/* Multiple-choice questions in JSON records, in the forms of Hugging Face's data sets. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "eval/mcq_internal.h"
#include "sets/records.h"
#include "base/banned.h"

/* A record that is being turned into a question. */
struct mcq_record {
    const struct bf_records *records;
    size_t i;
    const json_t *json;
    struct bf_mcq_item *item;
    char *labels[BF_MCQ_CHOICES_MAX]; /* of its choices; NULL without */
};

/* Parts of a question that do not fit into the prompt. */
static enum bf_status refuse_passage(const struct mcq_record *t, struct bf_err *err)
{
    static const char *const keys[] = {"passage", "article", "context", "support"};
    for (size_t k = 0; k < sizeof keys / sizeof *keys; k++) {
        const json_t *value = json_object_get(t->json, keys[k]);
        if (json_string_length(value) > 0)
            return bf_records_fail(t->records, t->i, err,
                                   "\"%s\" belongs to the question and would be left out; write it into \"question\"",
                                   keys[k]);
    }
    if (!json_object_get(t->json, "choices") && json_object_get(t->json, "mc1_targets"))
        return bf_records_fail(
            t->records, t->i, err,
            "of TruthfulQA's \"mc1_targets\" the first choice is always the right one, so its letter is A; "
            "shuffle them into \"choices\" and \"answer\"");
    return BF_OK;
}

static enum bf_status add_choice(struct mcq_record *t, const json_t *value, const json_t *label, struct bf_err *err)
{
    struct bf_mcq_item *item = t->item;
    char *text = bf_records_scalar(value);
    if (item->n_choices == BF_MCQ_CHOICES_MAX || !text) {
        free(text);
        return item->n_choices == BF_MCQ_CHOICES_MAX
                   ? bf_records_fail(t->records, t->i, err, "more than %d choices", (int)BF_MCQ_CHOICES_MAX)
                   : bf_records_fail(t->records, t->i, err, "choice %zu is %s, not a text", item->n_choices + 1,
                                     bf_records_kind(value));
    }
    t->labels[item->n_choices] = label ? bf_records_scalar(label) : NULL;
    item->choices[item->n_choices++] = bf_mcq_trimmed(text);
    free(text);
    return BF_OK;
}

/* [text, ...] or [{"text", "label"}, ...] */
static enum bf_status take_list(struct mcq_record *t, const json_t *list, const json_t *labels, struct bf_err *err)
{
    enum bf_status status = BF_OK;
    for (size_t c = 0; c < json_array_size(list) && status == BF_OK; c++) {
        const json_t *choice = json_array_get(list, c);
        const json_t *text = json_is_object(choice) ? json_object_get(choice, "text") : choice;
        const json_t *label = json_is_object(choice) ? json_object_get(choice, "label") : json_array_get(labels, c);
        status = add_choice(t, text, label, err);
    }
    return status;
}

/* {"A": text, "B": text, ...}, the object of them or the record itself. */
static enum bf_status take_lettered(struct mcq_record *t, const json_t *object, struct bf_err *err)
{
    enum bf_status status = BF_OK;
    for (char letter = 'A'; letter <= 'Z' && status == BF_OK; letter++) {
        const char key[2] = {letter, 0};
        const json_t *text = json_object_get(object, key);
        if (!text)
            break;
        status = add_choice(t, text, NULL, err);
    }
    if (status == BF_OK && object != t->json && t->item->n_choices != json_object_size(object))
        status = bf_records_fail(t->records, t->i, err, "the keys of the choices are not A, B, ... without a gap");
    return status;
}

static enum bf_status take_choices(struct mcq_record *t, const json_t *choices, struct bf_err *err)
{
    const json_t *texts = json_is_object(choices) ? json_object_get(choices, "text") : NULL;
    enum bf_status status = BF_OK;
    if (!choices)
        status = take_lettered(t, t->json, err);
    else if (json_is_array(choices))
        status = take_list(t, choices, NULL, err);
    else if (texts) {
        const json_t *labels = json_object_get(choices, "label");
        if (labels && json_array_size(labels) != json_array_size(texts))
            return bf_records_fail(t->records, t->i, err, "the choices have %zu texts and %zu labels",
                                   json_array_size(texts), json_array_size(labels));
        status = take_list(t, texts, labels, err);
    } else if (json_is_object(choices))
        status = take_lettered(t, choices, err);
    else
        return bf_records_fail(t->records, t->i, err, "\"choices\" is %s; it must be a list of 2 to %d texts",
                               bf_records_kind(choices), (int)BF_MCQ_CHOICES_MAX);
    if (status == BF_OK && t->item->n_choices < 2)
        status = bf_records_fail(t->records, t->i, err, "\"choices\" must be a list of 2 to %d texts",
                                 (int)BF_MCQ_CHOICES_MAX);
    return status;
}

/* [0, 1, 0, 0] */
static enum bf_status answer_of_marks(struct mcq_record *t, const char *key, const json_t *marks, struct bf_err *err)
{
    size_t n_right = 0;
    for (size_t c = 0; c < json_array_size(marks); c++) {
        const json_t *mark = json_array_get(marks, c);
        const bool right = json_is_true(mark) || json_integer_value(mark) == 1;
        n_right += right;
        t->item->answer = right ? c : t->item->answer;
    }
    if (json_array_size(marks) != t->item->n_choices || n_right != 1)
        return bf_records_fail(
            t->records, t->i, err,
            "\"%s\" must have a 0 or 1 for each of the %zu choices, and one 1 (it has %zu marks, %zu of them "
            "1)",
            key, t->item->n_choices, json_array_size(marks), n_right);
    return BF_OK;
}

static int by_label(const struct mcq_record *t, const char *answer)
{
    for (size_t c = 0; c < t->item->n_choices; c++)
        if (t->labels[c] && strcmp(t->labels[c], answer) == 0)
            return (int)c;
    return -1;
}

static enum bf_status take_answer(struct mcq_record *t, struct bf_err *err)
{
    static const char *const keys[] = {"answer", "answerKey", "answer_key", "label", "labels"};
    const json_t *answer = NULL;
    const char *key = keys[0];
    for (size_t k = 0; k < sizeof keys / sizeof *keys && !answer; k++) {
        key = keys[k];
        answer = json_object_get(t->json, key);
    }
    if (!answer)
        return bf_records_fail(t->records, t->i, err, "\"answer\" is missing; it is a number from 0 to %zu or a letter",
                               t->item->n_choices - 1);
    if (json_is_array(answer))
        return answer_of_marks(t, key, answer, err);
    char *text = bf_records_scalar(answer), *trimmed = text ? bf_mcq_trimmed(text) : NULL;
    int found = -1;
    if (trimmed)
        found = by_label(t, trimmed);
    if (found < 0 && json_is_integer(answer)) {
        const json_int_t number = json_integer_value(answer);
        found = number >= 0 && number < (json_int_t)t->item->n_choices ? (int)number : -1;
    } else if (found < 0 && trimmed && json_is_string(answer)) {
        found = bf_mcq_letter(trimmed, t->item->n_choices);
        found = found < 0 ? bf_mcq_choice(t->item, trimmed) : found;
    }
    enum bf_status status = BF_OK;
    if (found < 0)
        status = bf_records_fail(
            t->records, t->i, err,
            "\"%s\" must be a number from 0 to %zu or a letter, a label or the text of one choice; it is %s%.40s", key,
            t->item->n_choices - 1, trimmed ? "" : bf_records_kind(answer), trimmed ? trimmed : "");
    else
        t->item->answer = (size_t)found;
    free(text);
    free(trimmed);
    return status;
}

static enum bf_status take_record(const struct bf_records *records, size_t i, struct bf_mcq *out, struct bf_err *err)
{
    const json_t *json = records->items[i].json, *question = json_object_get(json, "question");
    const json_t *subject = json_object_get(json, "subject"), *choices = json_object_get(json, "choices");
    const bool nested = json_is_object(question); /* ARC and OpenBookQA as their authors publish them */
    struct mcq_record t = {records, i, json, bf_mcq_append(out), {NULL}};
    enum bf_status status = refuse_passage(&t, err);
    if (status == BF_OK && nested && !json_is_string(json_object_get(question, "stem")))
        status = bf_records_fail(records, i, err, "\"question\" is an object without a \"stem\"; give a text");
    if (status == BF_OK && nested)
        t.item->question = bf_mcq_trimmed(json_string_value(json_object_get(question, "stem")));
    else if (status == BF_OK)
        status = bf_records_text(records, i,
                                 !question && json_object_get(json, "question_stem") ? "question_stem" : "question",
                                 &t.item->question, err);
    if (status == BF_OK && t.item->question[0] == 0)
        status = bf_records_fail(records, i, err, "the question is empty");
    t.item->subject = bf_strdup(json_is_string(subject) ? json_string_value(subject) : "");
    for (char *c = t.item->subject; *c; c++)
        if (*c == '_')
            *c = ' ';
    if (nested)
        choices = json_object_get(question, "choices");
    if (status == BF_OK)
        status = take_choices(&t, choices ? choices : json_object_get(json, "options"), err);
    if (status == BF_OK)
        status = take_answer(&t, err);
    for (size_t c = 0; c < BF_MCQ_CHOICES_MAX; c++)
        free(t.labels[c]);
    return status;
}

enum bf_status bf_mcq_parse_json(const char *data, size_t n, const char *name, struct bf_mcq *out, struct bf_err *err)
{
    struct bf_records records;
    enum bf_status status = bf_records_parse(data, n, name, &records, err);
    if (status != BF_OK)
        return status;
    for (size_t i = 0; i < records.n && status == BF_OK; i++)
        status = take_record(&records, i, out, err);
    bf_records_release(&records);
    return status;
}
