/* The table of parameters and the check of their ranges. */
#include "request/request_fields.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "request/request.h"
#include "base/banned.h"

#define ROW(kind, key, ...)                                                                                            \
    {                                                                                                                  \
#key, kind, offsetof(struct bf_request, key), __VA_ARGS__                                                      \
    }
#define NO_RANGE 0, 0, false
/* After the range: did requests of the first version lack it? */
#define FIRST NULL, false
#define LATER NULL, true

static const char *const order_words[] = {[BF_ORDER_BALANCED] = "balanced", [BF_ORDER_POINT] = "point", NULL};
static const char *const auto_words[] = {"auto", NULL};
static const char *const kind_words[] = {"domain", "instance", "textbook", "import", NULL};

_Static_assert(sizeof(enum bf_order) == sizeof(unsigned) && sizeof(enum bf_kind) == sizeof(unsigned),
               "words are read and written as unsigned");

const struct bf_field bf_fields[] = {
    ROW(BF_FIELD_WORD, kind, NO_RANGE, kind_words, true),
    ROW(BF_FIELD_TEXT, topic, NO_RANGE, FIRST),
    ROW(BF_FIELD_TEXT, profile, NO_RANGE, FIRST),
    ROW(BF_FIELD_TEXT, templates, NO_RANGE, FIRST),
    ROW(BF_FIELD_SEED, seed, NO_RANGE, FIRST),
    ROW(BF_FIELD_INT, points_per_round, 1, 64, false, FIRST),
    ROW(BF_FIELD_INT, rounds, 1, 64, false, FIRST),
    ROW(BF_FIELD_DOUBLE, point_temperature, 0, INFINITY, true, FIRST),
    ROW(BF_FIELD_DOUBLES, temperatures, 0, INFINITY, true, FIRST),
    ROW(BF_FIELD_INT, samples_per_prompt, 1, 10000, false, FIRST),
    ROW(BF_FIELD_INT, max_new_tokens, 8, 8192, false, FIRST),
    ROW(BF_FIELD_DOUBLE, top_p, 0, 1, true, FIRST),
    ROW(BF_FIELD_INT, top_k, 0, 1024, false, FIRST),
    ROW(BF_FIELD_INT, diversity_batch, 1, INT32_MAX, false, FIRST),
    ROW(BF_FIELD_DOUBLE, epsilon, -INFINITY, INFINITY, false, FIRST),
    ROW(BF_FIELD_INT, max_samples, 0, INT32_MAX, false, FIRST),
    ROW(BF_FIELD_INT, mi_samples, 0, INT32_MAX, false, FIRST),
    ROW(BF_FIELD_INT, jailbreak_samples, 0, INT32_MAX, false, FIRST),
    ROW(BF_FIELD_INT, control_samples, 0, INT32_MAX, false, FIRST),
    ROW(BF_FIELD_DOUBLE, probe_temperature, 0, INFINITY, true, FIRST),
    ROW(BF_FIELD_DOUBLE, tau, 0, 1, false, auto_words, false),
    ROW(BF_FIELD_DOUBLE, k_percent, 0, 100, true, FIRST),
    ROW(BF_FIELD_BOOL, mi_model_distribution, NO_RANGE, FIRST),
    ROW(BF_FIELD_WORD, order, NO_RANGE, order_words, false),
    ROW(BF_FIELD_INT, min_words, 0, INT32_MAX, false, FIRST),
    ROW(BF_FIELD_DOUBLE, near_duplicate, 0, INFINITY, true, FIRST),
    ROW(BF_FIELD_DOUBLE, drift_sigma, 0, INFINITY, false, FIRST),
    ROW(BF_FIELD_BOOL, filter_refusal, NO_RANGE, FIRST),
    ROW(BF_FIELD_BOOL, filter_echo, NO_RANGE, FIRST),
    ROW(BF_FIELD_BOOL, filter_degenerate, NO_RANGE, FIRST),
    ROW(BF_FIELD_BOOL, trim_sentence, NO_RANGE, FIRST),
    ROW(BF_FIELD_BOOL, model_embedder, NO_RANGE, FIRST),
    ROW(BF_FIELD_DOUBLE, min_similarity, 0, 1, false, LATER),
    ROW(BF_FIELD_BOOL, keep_facts, NO_RANGE, LATER),
    ROW(BF_FIELD_INT, subfields, 1, 64, false, LATER),
    ROW(BF_FIELD_INT, bullets, 1, 64, false, LATER),
    ROW(BF_FIELD_INT, chapters, 0, INT32_MAX, false, LATER),
    ROW(BF_FIELD_INT, questions, -1, INT32_MAX, false, LATER),
    ROW(BF_FIELD_INT, wordings, 0, 8, false, LATER),
    ROW(BF_FIELD_INT, point_questions, 0, 16, false, LATER),
    ROW(BF_FIELD_BOOL, point_forms, NO_RANGE, LATER),
    ROW(BF_FIELD_INT, snowball, 0, 64, false, LATER),
    ROW(BF_FIELD_LINES, points, NO_RANGE, LATER),
    ROW(BF_FIELD_BOOL, points_only, NO_RANGE, LATER),
};
const size_t bf_n_fields = sizeof bf_fields / sizeof bf_fields[0];

void bf_field_words(const struct bf_field *field, const char *quote, struct bf_buf *out)
{
    for (int i = 0; field->words[i]; i++)
        bf_buf_printf(out, "%s%s%s%s",
                      i == 0                ? ""
                      : field->words[i + 1] ? ", "
                                            : " or ",
                      quote, field->words[i], quote);
}

static bool is_within(const struct bf_field *field, double x)
{
    return isfinite(x) && (field->above_min ? x > field->min : x >= field->min) && x <= field->max;
}

/* "--top-p is 1.5; give a number above 0 and at most 1" */
static enum bf_status out_of_range(const struct bf_field *field, double x, struct bf_err *err)
{
    enum bf_status status;
    struct bf_buf text;

    bf_buf_init(&text, 400);
    bf_buf_puts(&text, "--");
    for (const char *c = field->key; *c != '\0'; c++)
        bf_buf_putc(&text, *c == '_' ? '-' : *c);
    bf_buf_printf(&text, " is %.15g; give %s%sa %s", x, field->words ? field->words[0] : "", field->words ? " or " : "",
                  field->kind == BF_FIELD_INT ? "whole number" : "number");
    if (isfinite(field->min) && isfinite(field->max) && !field->above_min)
        bf_buf_printf(&text, " from %.15g to %.15g", field->min, field->max);
    else if (isfinite(field->min) && isfinite(field->max))
        bf_buf_printf(&text, " above %.15g and at most %.15g", field->min, field->max);
    else if (isfinite(field->min))
        bf_buf_printf(&text, field->above_min ? " above %.15g" : " of at least %.15g", field->min);
    else
        bf_buf_puts(&text, " that is finite");
    status = bf_fail(err, BF_USAGE, "%s", text.data);
    bf_buf_release(&text);
    return status;
}

static enum bf_status check_text(const struct bf_field *field, const char *text, struct bf_err *err)
{
    if (!text || text[0] == '\0') {
        if (strcmp(field->key, "topic") == 0)
            return bf_fail(err, BF_USAGE, "no domain is given; name one, for example \"Greek mythology\"");
        return bf_fail(err, BF_USAGE, "--%s is empty; give a name", field->key);
    }
    if (!bf_utf8_valid(text, strlen(text)))
        return bf_fail(err, BF_USAGE, "--%s is not UTF-8; convert it", field->key);
    if (strcmp(field->key, "topic") == 0 && strlen(text) > BF_TOPIC_MAX_BYTES)
        return bf_fail(err, BF_USAGE, "the domain's name is %zu bytes long and the limit is %d; give a shorter name",
                       strlen(text), BF_TOPIC_MAX_BYTES);
    return BF_OK;
}

static enum bf_status check_doubles(const struct bf_field *field, const struct bf_doubles *numbers, struct bf_err *err)
{
    if (numbers->n < 1 || numbers->n > BF_DOUBLES_MAX)
        return bf_fail(err, BF_USAGE, "--%s has %zu values; give 1 to %d with commas between them", field->key,
                       numbers->n, BF_DOUBLES_MAX);
    for (size_t i = 0; i < numbers->n; i++) {
        if (!is_within(field, numbers->values[i]))
            return out_of_range(field, numbers->values[i], err);
    }
    return BF_OK;
}

static enum bf_status check_word(const struct bf_field *field, unsigned value, struct bf_err *err)
{
    enum bf_status status;
    struct bf_buf words;
    unsigned n = 0;

    while (field->words[n])
        n++;
    if (value < n)
        return BF_OK;
    bf_buf_init(&words, 200);
    bf_field_words(field, "", &words);
    status = bf_fail(err, BF_USAGE, "--%s is unknown; give %s", field->key, words.data);
    bf_buf_release(&words);
    return status;
}

static enum bf_status check_lines(const struct bf_field *field, const struct bf_lines *lines, struct bf_err *err)
{
    enum bf_status status = BF_OK;
    if (lines->n > BF_GIVEN_POINTS_MAX)
        return bf_fail(err, BF_USAGE, "--%s has %zu names; give at most %d", field->key, lines->n, BF_GIVEN_POINTS_MAX);
    for (size_t i = 0; i < lines->n && status == BF_OK; i++) {
        char what[64];
        (void)snprintf(what, sizeof what, "name %zu of --%.30s", i + 1, field->key);
        status = bf_point_line_check(lines->items[i], strlen(lines->items[i]), what, err);
    }
    return status;
}

enum bf_status bf_request_check(const struct bf_request *request, struct bf_err *err)
{
    for (size_t i = 0; i < bf_n_fields; i++) {
        const struct bf_field *field = &bf_fields[i];
        const void *at = (const char *)request + field->offset;
        enum bf_status status = BF_OK;
        double x;

        switch (field->kind) {
        case BF_FIELD_TEXT:
            status = check_text(field, *(char *const *)at, err);
            break;
        case BF_FIELD_INT:
        case BF_FIELD_DOUBLE:
            x = field->kind == BF_FIELD_INT ? (double)*(const int32_t *)at : *(const double *)at;
            if (!is_within(field, x) && !(field->words && isnan(x)))
                status = out_of_range(field, x, err);
            break;
        case BF_FIELD_DOUBLES:
            status = check_doubles(field, at, err);
            break;
        case BF_FIELD_WORD:
            status = check_word(field, *(const unsigned *)at, err);
            break;
        case BF_FIELD_LINES:
            status = check_lines(field, at, err);
            break;
        case BF_FIELD_SEED:
        case BF_FIELD_BOOL:
            break;
        }
        if (status != BF_OK)
            return status;
    }
    if (request->points_only && request->points.n == 0)
        return bf_fail(err, BF_USAGE, "--points-only needs points; name them with --points FILE");
    return BF_OK;
}

/* The domain's name comes from the shell or a file, and goes into every prompt, on screens and into reports. */

#define EXAMPLE "for example \"Greek mythology\""

enum bf_status bf_request_set_topic(struct bf_request *request, const char *topic, struct bf_err *err)
{
    enum bf_status status = BF_OK;
    size_t n = topic ? strlen(topic) : 0;
    struct bf_buf folded;
    bool gap = false; /* white space that is kept when a character follows */

    bf_buf_init(&folded, SIZE_MAX);
    for (size_t i = 0; i < n;) {
        uint32_t cp = 0;
        size_t length = bf_utf8_decode(topic + i, n - i, &cp);

        if (length == 0) {
            status =
                bf_fail(err, BF_USAGE, "the domain's name is not UTF-8 at byte %zu (0x%02x); convert it, or retype it",
                        i + 1, (unsigned char)topic[i]);
            goto out;
        }
        if (bf_utf8_is_space(cp)) {
            gap = folded.len > 0;
        } else if (!bf_utf8_is_control(cp)) {
            if (gap)
                bf_buf_putc(&folded, ' ');
            bf_buf_put(&folded, topic + i, length);
            gap = false;
        }
        i += length;
    }
    if (folded.len == 0) {
        status = bf_fail(err, BF_USAGE, "the domain's name is empty; name what the model should forget, " EXAMPLE);
        goto out;
    }
    if (folded.len > BF_TOPIC_MAX_BYTES) {
        status = bf_fail(err, BF_USAGE,
                         "the domain's name is %zu bytes long and the limit is %d; give a shorter name, " EXAMPLE,
                         folded.len, BF_TOPIC_MAX_BYTES);
        goto out;
    }
    free(request->topic);
    request->topic = bf_buf_take(&folded);
out:
    bf_buf_release(&folded);
    return status;
}
