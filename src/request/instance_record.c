/* One record: what makes it bad, and how its text is cleaned. */
#include <stdarg.h>
#include <string.h>

#include "base/utf8.h"
#include "request/instance_internal.h"

#include "base/banned.h"

void bf_record_start(struct bf_record *record, const struct bf_source *source)
{
    bf_buf_clear(&record->raw);
    bf_buf_clear(&record->text);
    bf_buf_clear(&record->question);
    bf_buf_clear(&record->answer);
    bf_buf_clear(&record->point);
    record->line = source->line;
    record->column = source->column;
    record->has_text = record->has_question = record->has_answer = false;
    record->bad = false;
    record->reason[0] = '\0';
}

void bf_record_bad(struct bf_record *record, size_t offset, const char *format, ...)
{
    va_list args;
    int64_t line = record->line, column = record->column;

    if (record->bad)
        return;
    if (offset > record->raw.len)
        offset = record->raw.len;
    for (size_t i = 0; i < offset; i++) {
        column++;
        if (record->raw.data[i] == '\n') {
            line++;
            column = 1;
        }
    }
    va_start(args, format);
    (void)vsnprintf(record->reason, sizeof record->reason, format, args);
    va_end(args);
    record->bad = true;
    record->bad_line = line;
    record->bad_column = column;
}

bool bf_record_readable(struct bf_record *record, size_t max_text)
{
    const struct bf_buf *raw = &record->raw;

    if (raw->overflow) {
        bf_record_bad(record, 0, "the record is over %zu bytes long, but its text may have %zu; split it", raw->cap,
                      max_text);
        return false;
    }
    for (size_t i = 0; i < raw->len;) {
        uint32_t cp = 0;
        size_t length = bf_utf8_decode(raw->data + i, raw->len - i, &cp);

        if (length == 0) {
            bf_record_bad(record, i, "byte 0x%02X is not UTF-8 here; convert the file to UTF-8",
                          (unsigned)(unsigned char)raw->data[i]);
            return false;
        }
        if (cp == 0) {
            bf_record_bad(record, i, "a NUL byte; remove it, if this is a text file at all");
            return false;
        }
        i += length;
    }
    return true;
}

bool bf_text_is_blank(const char *s, size_t n)
{
    for (size_t i = 0; i < n;) {
        uint32_t cp = 0;
        size_t length = bf_utf8_decode(s + i, n - i, &cp);

        if (length == 0 || !bf_utf8_is_space(cp))
            return false;
        i += length;
    }
    return true;
}

void bf_text_clean(struct bf_buf *out, const char *s, size_t n)
{
    for (size_t i = 0; i < n;) {
        uint32_t cp = 0;
        size_t length = bf_utf8_decode(s + i, n - i, &cp);

        if (length == 0) /* cannot happen in valid UTF-8 */
            length = 1;
        if (cp == '\r' && i + 1 < n && s[i + 1] == '\n')
            ; /* the line feed comes next */
        else if (cp == '\r' || cp == '\v' || cp == '\f' || cp == 0x85)
            bf_buf_putc(out, '\n');
        else if (!bf_utf8_is_control(cp) || cp == '\n' || cp == '\t')
            bf_buf_put(out, s + i, length);
        i += length;
    }
}

/* Clean the text in `field` and trim white space at both ends. `scratch` is overwritten. */
static void tidy(struct bf_buf *field, struct bf_buf *scratch)
{
    size_t begin = 0, end = 0; /* of the text without white space at its ends */
    bool found = false;

    bf_buf_clear(scratch);
    bf_text_clean(scratch, field->data, field->len);
    for (size_t i = 0; i < scratch->len;) {
        uint32_t cp = 0;
        size_t length = bf_utf8_decode(scratch->data + i, scratch->len - i, &cp);

        length = length == 0 ? 1 : length;
        if (!bf_utf8_is_space(cp)) {
            begin = found ? begin : i;
            end = i + length;
            found = true;
        }
        i += length;
    }
    bf_buf_clear(field);
    bf_buf_put(field, scratch->data + begin, end - begin);
}

static void check_length(struct bf_record *record, size_t max_text)
{
    if (record->text.overflow || record->text.len > max_text)
        bf_record_bad(record, 0, "the text is %zu bytes long and the limit is %zu; split it", record->text.len,
                      max_text);
}

void bf_record_judge(struct bf_record *record, size_t max_text)
{
    if (record->bad)
        return;
    if (record->has_question && record->has_answer) {
        tidy(&record->question, &record->text);
        tidy(&record->answer, &record->text);
        if (record->question.len == 0)
            bf_record_bad(record, 0, "the question is empty; write one, or remove the record");
        else if (record->answer.len == 0)
            bf_record_bad(record, 0, "the answer is empty; write one, or remove the record");
        bf_buf_clear(&record->text);
        bf_buf_puts(&record->text, "Question: ");
        bf_buf_put(&record->text, record->question.data, record->question.len);
        bf_buf_puts(&record->text, "\nAnswer: ");
        bf_buf_put(&record->text, record->answer.data, record->answer.len);
    } else if (record->has_text) {
        tidy(&record->text, &record->question);
        if (record->text.len == 0)
            bf_record_bad(record, 0, "the text is empty; write one, or remove the record");
    } else if (record->has_question) {
        bf_record_bad(record, 0, "a question without an answer; give both, or a text");
    } else if (record->has_answer) {
        bf_record_bad(record, 0, "an answer without a question; give both, or a text");
    } else {
        bf_record_bad(record, 0, "no text; give one, or a question and its answer");
    }
    check_length(record, max_text);
    if (record->point.len > 0 && !record->bad) {
        struct bf_buf scratch;
        bf_buf_init(&scratch, SIZE_MAX);
        tidy(&record->point, &scratch);
        bf_buf_release(&scratch);
    }
}
