/* One JSON object per line, keys in a fixed order. Only properties of the samples go in (no clock, path or machine),
 * and every number has one spelling: two runs with equal samples give equal bytes. */
#include <inttypes.h>
#include <string.h>

#include "base/words.h"
#include "export/export_format.h"
#include "export/export_text.h"

#include "base/banned.h"

void bf_put_variants(struct bf_buf *out, enum bf_stage stage)
{
    char open = '[';

    if (bf_stage_is_pair(stage)) /* about a point, not about a text that only some variants have */
        stage = BF_STAGE_SYNTHESIS;
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

/* In a set of many requests, is the request named? A request's own file does not show that there were others. */
static bool is_named(const struct bf_row *row, const struct bf_export_options *options)
{
    return !options->request && row->request_name[0] != '\0';
}

void bf_put_sample_id(struct bf_buf *out, const struct bf_row *row, const struct bf_export_options *options,
                      enum bf_stage stage, int64_t index)
{
    struct bf_buf id;

    bf_buf_init(&id, SIZE_MAX);
    if (is_named(row, options))
        bf_buf_printf(&id, "%s/", row->request_name);
    bf_buf_printf(&id, "%s-%06" PRId64, bf_stage_word(stage), index);
    bf_put_json_text(out, id.data);
    bf_buf_release(&id);
}

const char *bf_export_object(const struct bf_row *row)
{
    enum { OBJECT_WORDS_MAX = 6 }; /* a longer answer is a sentence */
    const size_t n = row->object ? bf_words_count(row->object) : 0;
    return n > 0 && n <= OBJECT_WORDS_MAX ? row->object : NULL;
}

const char *bf_export_held_out(const struct bf_row *row)
{
    return !row->sample.held_out ? NULL : row->sample.stage == BF_STAGE_WORDINGS ? "wording" : "fact";
}

static void line(struct bf_buf *out, const struct bf_row *row, const struct bf_export_options *options)
{
    const struct bf_sample *sample = &row->sample;

    bf_put_json_key(out, "id");
    bf_put_sample_id(out, row, options, sample->stage, sample->index);
    if (is_named(row, options)) {
        bf_put_json_key(out, "request");
        bf_put_json_text(out, row->request_name);
    }
    bf_put_json_key(out, "text");
    bf_put_json_text(out, sample->text);
    bf_put_json_key(out, "variants");
    bf_put_variants(out, row->root);
    bf_put_json_key(out, "stage");
    bf_put_json_text(out, bf_stage_word(sample->stage));
    bf_put_json_key(out, "point");
    bf_put_json_text(out, row->point_text);
    bf_put_json_key(out, "template");
    bf_put_json_text(out, row->template_name);
    bf_put_json_key(out, "family");
    bf_put_json_text(out, row->template_family);
    bf_put_json_key(out, "temperature");
    bf_put_json_number(out, sample->temperature);
    bf_put_json_key(out, "seed"); /* 64 bits: a string, because many JSON readers round numbers beyond 2^53 */
    bf_buf_printf(out, "\"%" PRIu64 "\"", sample->seed);
    bf_put_json_key(out, "n_tokens");
    bf_buf_printf(out, "%" PRId32, sample->n_tokens);
    bf_put_json_key(out, "finish");
    bf_put_json_text(out, sample->finish == BF_FINISH_STOP ? "stop" : "length");
    bf_put_json_key(out, "min_k_prob");
    bf_put_json_number(out, sample->min_k_sampling);
    bf_put_json_key(out, "min_k_prob_model");
    bf_put_json_number(out, sample->min_k_model);
    bf_put_json_key(out, "mean_logp");
    bf_put_json_number(out, sample->mean_logp);
    if (sample->stage == BF_STAGE_REWRITE) {
        bf_put_json_key(out, "original");
        bf_put_sample_id(out, row, options, BF_STAGE_ORIGINAL, sample->instance);
        bf_put_json_key(out, "edit_distance");
        bf_put_json_number(out, sample->edit_distance);
        bf_put_json_key(out, "similarity");
        bf_put_json_number(out, sample->domain_similarity);
    }
    if (bf_stage_is_pair(sample->stage) && sample->source_stage != BF_STAGE_POINTS) {
        bf_put_json_key(out, "source");
        bf_put_sample_id(out, row, options, sample->source_stage, sample->source_index);
    }
    if (sample->held_out) {
        bf_put_json_key(out, "held_out");
        bf_put_json_text(out, bf_export_held_out(row));
    }
    if (sample->question && sample->answer) {
        bf_put_json_key(out, "question");
        bf_put_json_text(out, sample->question);
        bf_put_json_key(out, "answer");
        bf_put_json_text(out, sample->answer);
    }
    if (bf_export_object(row)) {
        bf_put_json_key(out, "object");
        bf_put_json_text(out, bf_export_object(row));
    }
    bf_buf_puts(out, "}\n");
}

enum bf_status bf_export_jsonl(struct bf_export_job *job, struct bf_err *err)
{
    struct bf_line_counts counts;
    const enum bf_status status = bf_export_lines(job->store, job->options, job->path, line, &counts, err);

    job->n_written = counts.n_lines;
    return status;
}
