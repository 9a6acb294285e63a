/* Plain text: each line is a text, or blank lines separate texts. */
#include <string.h>

#include "request/instance_internal.h"

#include "base/banned.h"

enum bf_status bf_read_txt(struct bf_instance_file *file, enum bf_cut *cut, struct bf_err *err)
{
    struct bf_record *record = &file->record;
    bool ended = false;

    bf_record_start(record, &file->source);
    if (bf_source_line(&file->source, &record->raw, &ended, err) != BF_OK)
        return BF_INPUT;
    *cut = ended ? BF_CUT_END : BF_CUT_RECORD;
    if (ended)
        return BF_OK;
    if (!record->raw.overflow && bf_text_is_blank(record->raw.data, record->raw.len)) {
        *cut = BF_CUT_BLANK;
        return BF_OK;
    }
    if (bf_record_readable(record, file->options.max_text)) {
        record->has_text = true;
        bf_buf_put(&record->text, record->raw.data, record->raw.len);
    }
    return BF_OK;
}

static bool is_gap(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

/* Join the lines of raw by one space. */
static void join_lines(struct bf_record *record)
{
    const struct bf_buf *raw = &record->raw;

    for (size_t i = 0; i < raw->len;) {
        const char *feed = memchr(raw->data + i, '\n', raw->len - i);
        size_t next = feed ? (size_t)(feed - raw->data) + 1 : raw->len;
        size_t end = feed ? next - 1 : next;

        while (i < end && is_gap(raw->data[i]))
            i++;
        while (end > i && is_gap(raw->data[end - 1]))
            end--;
        if (end > i && record->text.len > 0)
            bf_buf_putc(&record->text, ' ');
        bf_buf_put(&record->text, raw->data + i, end - i);
        i = next;
    }
    record->has_text = true;
}

enum bf_status bf_read_paragraphs(struct bf_instance_file *file, enum bf_cut *cut, struct bf_err *err)
{
    struct bf_record *record = &file->record;
    bool ended = false;

    bf_record_start(record, &file->source);
    *cut = BF_CUT_END;
    for (;;) {
        struct bf_buf *line = &record->question; /* not in raw, which may be full before the end is found */

        bf_buf_clear(line);
        if (bf_source_line(&file->source, line, &ended, err) != BF_OK)
            return BF_INPUT;
        if (ended)
            break;
        if (!line->overflow && bf_text_is_blank(line->data, line->len)) {
            if (*cut == BF_CUT_RECORD) /* the blank line that ends a text */
                break;
            *cut = BF_CUT_BLANK;
            return BF_OK;
        }
        *cut = BF_CUT_RECORD;
        bf_buf_put(&record->raw, line->data, line->len);
        bf_buf_putc(&record->raw, '\n');
        record->raw.overflow = record->raw.overflow || line->overflow;
    }
    if (*cut == BF_CUT_RECORD && bf_record_readable(record, file->options.max_text))
        join_lines(record);
    return BF_OK;
}
