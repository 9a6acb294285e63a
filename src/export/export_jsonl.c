/* One JSON object a line, keys in a fixed order. Only what the samples say goes in (no clock, no path, no machine), and
 * every figure has one spelling: two runs with equal samples give equal bytes. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "export/export_format.h"

#include "base/banned.h"

static void put_key(struct bf_buf *out, const char *key)
{
    bf_buf_printf(out, "%s\"%s\":", out->len == 0 ? "{" : ",", key);
}

static void put_text(struct bf_buf *out, const char *text)
{
    json_t *value = text ? bf_json_text(text, strlen(text)) : json_null();
    char *dump = bf_json_dump(value);

    bf_buf_puts(out, dump);
    free(dump);
    json_decref(value);
}

/* Six significant digits; what is no number in JSON is null. The point is a point in every locale. */
static void put_number(struct bf_buf *out, double value)
{
    const size_t start = out->len;

    if (!isfinite(value)) {
        bf_buf_puts(out, "null");
        return;
    }
    bf_buf_printf(out, "%.6g", value == 0 ? 0.0 : value); /* one zero, without a sign */
    for (size_t i = start; i < out->len; i++)
        if (out->data[i] == ',')
            out->data[i] = '.';
}

static void put_variants(struct bf_buf *out, enum bf_stage stage)
{
    char open = '[';

    for (const char *word = bf_export_variants; *word != '\0';) {
        char name[16];
        const size_t n = strcspn(word, "|");

        if (n < sizeof name) {
            memcpy(name, word, n);
            name[n] = '\0';
            if (bf_variant_has(name, stage)) {
                bf_buf_printf(out, "%c\"%s\"", open, name);
                open = ',';
            }
        }
        word += n + (word[n] == '|');
    }
    bf_buf_puts(out, open == '[' ? "[]" : "]");
}

static void line(struct bf_buf *out, const struct bf_row *row, const struct bf_export_options *options)
{
    const struct bf_sample *sample = &row->sample;

    /* In a set of many requests, which one; a request's own file does not tell that others ran beside it. */
    const bool named = !options->request && row->request_name[0] != 0;

    put_key(out, "id");
    bf_buf_printf(out, "\"%s%s%s-%06" PRId64 "\"", named ? row->request_name : "", named ? "/" : "",
                  bf_stage_word(sample->stage), sample->index);
    if (named) {
        put_key(out, "request");
        put_text(out, row->request_name);
    }
    put_key(out, "text");
    put_text(out, sample->text);
    put_key(out, "variants");
    put_variants(out, sample->stage);
    put_key(out, "stage");
    put_text(out, bf_stage_word(sample->stage));
    put_key(out, "point");
    put_text(out, row->point_text);
    put_key(out, "template");
    put_text(out, row->template_name);
    put_key(out, "family");
    put_text(out, row->template_family);
    put_key(out, "temperature");
    put_number(out, sample->temperature);
    put_key(out, "seed"); /* 64 bits: a string, because many JSON readers round numbers beyond 2^53 */
    bf_buf_printf(out, "\"%" PRIu64 "\"", sample->seed);
    put_key(out, "n_tokens");
    bf_buf_printf(out, "%" PRId32, sample->n_tokens);
    put_key(out, "finish");
    put_text(out, sample->finish == BF_FINISH_STOP ? "stop" : "length");
    put_key(out, "min_k_prob");
    put_number(out, sample->min_k_sampling);
    put_key(out, "min_k_prob_model");
    put_number(out, sample->min_k_model);
    put_key(out, "mean_logp");
    put_number(out, sample->mean_logp);
    if (sample->stage == BF_STAGE_REWRITE) {
        put_key(out, "original");
        bf_buf_printf(out, "\"%s%s%s-%06" PRId64 "\"", named ? row->request_name : "", named ? "/" : "",
                      bf_stage_word(BF_STAGE_ORIGINAL), sample->instance);
        put_key(out, "edit_distance");
        put_number(out, sample->edit_distance);
        put_key(out, "similarity");
        put_number(out, sample->domain_similarity);
    }
    if (sample->question && sample->answer) {
        put_key(out, "question");
        put_text(out, sample->question);
        put_key(out, "answer");
        put_text(out, sample->answer);
    }
    bf_buf_putc(out, '}');
}

enum bf_status bf_export_jsonl(struct bf_store *store, const struct bf_export_options *options, const char *path, int64_t *n_written,
                               struct bf_err *err)
{
    return bf_export_lines(store, options, path, line, n_written, err);
}
