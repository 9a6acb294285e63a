#include "export/export_forms.h"

#include "export/export_text.h"
#include "base/banned.h"

static bool form_at(const struct bf_row *row, const struct bf_export_options *options, int32_t k,
                    struct bf_buf *question, struct bf_formed *out)
{
    const bool pair = bf_row_is_pair(row);
    const struct bf_form_record record = {.text = row->sample.text,
                                          .question = pair ? row->sample.question : NULL,
                                          .answer = pair ? row->sample.answer : NULL,
                                          .topic = row->topic,
                                          .asked = row->asked};
    return bf_form_at(options->forms, &record, BF_FORMS_SEED, (uint64_t)options->place, k, question, out);
}

static void put_id(struct bf_buf *out, const struct bf_row *row, const struct bf_export_options *options)
{
    bf_put_json_key(out, "id");
    bf_put_sample_id(out, row, options, row->sample.stage, row->sample.index);
}

static void put_forms(struct bf_buf *out, const struct bf_row *row, const struct bf_export_options *options,
                      enum bf_form form, bool with_id)
{
    struct bf_formed one;
    struct bf_buf question, line; /* a key is the first of its object where the buffer is empty */
    bf_buf_init(&question, SIZE_MAX);
    bf_buf_init(&line, BF_EXPORT_LINE_MAX_BYTES);
    for (int32_t k = 0; form_at(row, options, k, &question, &one); k++) {
        if (one.form != form)
            continue;
        bf_buf_clear(&line);
        if (with_id)
            put_id(&line, row, options);
        if (form == BF_FORM_CHAT) {
            bf_put_json_key(&line, "question");
            bf_put_json_text(&line, one.question);
        }
        bf_put_json_key(&line, form == BF_FORM_CHAT ? "answer" : "text");
        bf_put_json_text(&line, one.text);
        bf_buf_puts(&line, "}\n");
        bf_buf_put(out, line.data, line.len);
        out->overflow = out->overflow || line.overflow;
    }
    bf_buf_release(&question);
    bf_buf_release(&line);
}

void bf_line_chat(struct bf_buf *out, const struct bf_row *row, const struct bf_export_options *options)
{
    put_forms(out, row, options, BF_FORM_CHAT, false);
}

void bf_line_raw(struct bf_buf *out, const struct bf_row *row, const struct bf_export_options *options)
{
    put_forms(out, row, options, BF_FORM_RAW, false);
}

void bf_line_chat_of(struct bf_buf *out, const struct bf_row *row, const struct bf_export_options *options)
{
    put_forms(out, row, options, BF_FORM_CHAT, true);
}

void bf_line_raw_of(struct bf_buf *out, const struct bf_row *row, const struct bf_export_options *options)
{
    put_forms(out, row, options, BF_FORM_RAW, true);
}

void bf_line_sample(struct bf_buf *out, const struct bf_row *row, const struct bf_export_options *options)
{
    if (bf_row_is_pair(row)) {
        bf_line_pair(out, row, options);
        return;
    }
    bf_put_json_key(out, "text");
    bf_put_json_text(out, row->sample.text);
    if (row->topic) {
        bf_put_json_key(out, "point");
        bf_put_json_text(out, row->topic);
    }
    bf_buf_puts(out, "}\n");
}

struct counting {
    struct bf_export_options options;
    struct bf_form_counts *counts;
    struct bf_buf question;
};

static enum bf_status count_row(void *user, const struct bf_row *row, struct bf_err *err)
{
    struct counting *c = user;
    struct bf_formed one;
    (void)err;
    c->counts->n_samples++;
    c->counts->n_pairs += bf_row_is_pair(row);
    for (int32_t k = 0; form_at(row, &c->options, k, &c->question, &one); k++)
        *(one.form == BF_FORM_CHAT ? &c->counts->n_chat : &c->counts->n_raw) += 1;
    c->options.place++;
    return BF_OK;
}

enum bf_status bf_export_count_forms(struct bf_export_job *job, enum bf_role role, const char *variant,
                                     struct bf_form_counts *out, struct bf_err *err)
{
    struct counting counting = {.options = *job->options, .counts = out};
    counting.options.role = role;
    counting.options.variant = variant;
    counting.options.place = 0;
    *out = (struct bf_form_counts){0};
    bf_buf_init(&counting.question, SIZE_MAX);
    const enum bf_status status = bf_export_each(job->store, &counting.options, &counting, count_row, err);
    bf_buf_release(&counting.question);
    return status;
}
