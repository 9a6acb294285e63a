/* CSV, as RFC 4180 defines it. A row is cut out first (line breaks inside quotes belong to it), then split into
 * fields. */
#include <string.h>

#include "request/instance_internal.h"

#include "base/banned.h"

#define NAMES_SHOWN 6

enum place {
    FIELD_START,
    PLAIN, /* in a field without quotation marks */
    QUOTED,
    QUOTE_SEEN /* in a quoted field, after a quotation mark: the end of the field, or the first of two marks */
};

static enum place step(enum place place, char c)
{
    if (place == QUOTED)
        return c == '"' ? QUOTE_SEEN : QUOTED;
    if (c == '"' && (place == FIELD_START || place == QUOTE_SEEN))
        return QUOTED;
    return c == ',' ? FIELD_START : PLAIN;
}

static enum bf_status cut_row(struct bf_source *source, struct bf_record *record, bool *ended, struct bf_err *err)
{
    enum place place = FIELD_START;
    int64_t quote_line = 0, quote_column = 0; /* place of the mark that opened the last quoted field */

    *ended = true;
    for (;;) {
        const char *data;
        size_t n, i = 0;

        if (bf_source_peek(source, &data, &n, err) != BF_OK)
            return BF_INPUT;
        if (n == 0)
            break;
        *ended = false;
        while (i < n && ((data[i] != '\n' && data[i] != '\r') || place == QUOTED)) {
            if (place == FIELD_START &&
                data[i] == '"') { /* the source only knows the position after what has been taken */
                bf_buf_put(&record->raw, data, i);
                bf_source_take(source, i);
                data += i;
                n -= i;
                i = 0;
                quote_line = source->line;
                quote_column = source->column;
            }
            place = step(place, data[i++]);
        }
        bf_buf_put(&record->raw, data, i);
        bf_source_take(source, i < n ? i + 1 : i);
        if (i < n)
            break;
    }
    if (place == QUOTED)
        return bf_source_fail(
            source, quote_line, quote_column, err,
            "the quotation mark that opens here is never closed; close it, or write it twice inside a "
            "quoted field");
    return BF_OK;
}

/* A row that is being split into fields. */
struct row {
    struct bf_record *record;
    size_t end; /* bytes of raw without its line end */
    size_t at;  /* where the next field begins; beyond `end`: no more fields */
};

static void row_init(struct row *row, struct bf_record *record)
{
    const struct bf_buf *raw = &record->raw;

    *row = (struct row){.record = record, .end = raw->len};
    if (row->end > 0 && raw->data[row->end - 1] == '\r')
        row->end--;
}

/* Append the next field to `out` (NULL skips it); false when the row has ended or is broken. */
static bool next_field(struct row *row, struct bf_buf *out)
{
    const char *data = row->record->raw.data;
    size_t i = row->at;

    if (row->at > row->end)
        return false;
    if (i < row->end && data[i] == '"') {
        for (i++; i < row->end; i++) {
            if (data[i] == '"' && (i + 1 == row->end || data[i + 1] != '"'))
                break;
            i += data[i] == '"';
            if (out)
                bf_buf_putc(out, data[i]);
        }
        i++; /* the closing mark */
        if (i < row->end && data[i] != ',') {
            bf_record_bad(row->record, i,
                          "text after the quotation mark that closes a field; write a mark inside a "
                          "field twice");
            return false;
        }
    } else {
        for (; i < row->end && data[i] != ','; i++) {
            if (data[i] == '"') {
                bf_record_bad(row->record, i,
                              "a quotation mark inside a field without quotation marks; put the field in "
                              "marks and write this one twice");
                return false;
            }
        }
        if (out)
            bf_buf_put(out, data + row->at, i - row->at);
    }
    row->at = i + 1;
    return true;
}

/* White space around the name of a column does not belong to it. */
static bool is_name(const struct bf_buf *field, const char *name)
{
    size_t begin = 0, end = field->len;

    while (begin < end && (field->data[begin] == ' ' || field->data[begin] == '\t'))
        begin++;
    while (end > begin && (field->data[end - 1] == ' ' || field->data[end - 1] == '\t'))
        end--;
    return name && end - begin == strlen(name) && memcmp(field->data + begin, name, end - begin) == 0;
}

/* Remember the column when it has this name; false when another column has it, too. */
static bool offer(const struct bf_buf *field, const char *name, int64_t number, int64_t *column)
{
    if (!is_name(field, name))
        return true;
    if (*column >= 0)
        return false;
    *column = number;
    return true;
}

static enum bf_status fail_at(const struct bf_instance_file *file, struct bf_err *err, const char *what)
{
    const struct bf_record *record = &file->record;

    return bf_source_fail(&file->source, record->line, record->column, err, "%s", what);
}

static enum bf_status fail_bad(const struct bf_instance_file *file, struct bf_err *err)
{
    const struct bf_record *record = &file->record;

    return bf_source_fail(&file->source, record->bad_line, record->bad_column, err, "%s", record->reason);
}

/* The names of the columns, for an error sentence. */
static void show_names(struct bf_record *record, struct bf_buf *out)
{
    struct row row;
    size_t n = 0;

    row_init(&row, record);
    for (bf_buf_clear(&record->text); next_field(&row, &record->text); bf_buf_clear(&record->text), n++) {
        if (n < NAMES_SHOWN)
            bf_buf_printf(out, "%s\"%.40s\"", n > 0 ? ", " : "", record->text.data);
        else if (n == NAMES_SHOWN)
            bf_buf_puts(out, ", ...");
    }
    bf_buf_clear(&record->text);
}

static enum bf_status no_column(struct bf_instance_file *file, struct bf_err *err)
{
    const struct bf_instance_keys *keys = &file->keys;
    struct bf_buf names, wants;
    enum bf_status status;

    bf_buf_init(&names, BF_ERR_TEXT_MAX / 2);
    bf_buf_init(&wants, BF_ERR_TEXT_MAX / 2);
    show_names(&file->record, &names);
    if (keys->text)
        bf_buf_printf(&wants, "\"%s\"", keys->text);
    if (keys->question)
        bf_buf_printf(&wants, "%s\"%s\" and \"%s\"", keys->text ? ", nor " : "", keys->question, keys->answer);
    status = bf_source_fail(&file->source, file->record.line, file->record.column, err,
                            "the first row names no column %s (it has %s); correct the names%s%s", wants.data,
                            names.data, bf_key_hint(file->options.hints),
                            strpbrk(names.data, ";\t") ? "; columns are separated by commas here" : "");
    bf_buf_release(&names);
    bf_buf_release(&wants);
    return status;
}

/* May the only field of a first row be the name of a column? Texts also have other characters. */
static bool may_be_name(struct bf_record *record)
{
    static const char of_names[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.;\t";
    struct row row;
    bool result;

    row_init(&row, record);
    (void)next_field(&row, &record->text);
    result = strspn(record->text.data, of_names) == record->text.len;
    bf_buf_clear(&record->text);
    return result;
}

/* Does the first row name columns? If not, it is the first text. */
static enum bf_status read_header(struct bf_instance_file *file, bool *is_header, struct bf_err *err)
{
    struct bf_record *record = &file->record;
    const struct bf_instance_keys *keys = &file->keys;
    const struct bf_instance_options *options = &file->options;
    bool keys_given = options->text_key || options->question_key || options->answer_key;
    bool once = true;
    int64_t other = -1; /* "content" */
    struct row row;

    if (!bf_record_readable(record, options->max_text))
        return fail_bad(file, err);
    row_init(&row, record);
    for (; next_field(&row, &record->text); bf_buf_clear(&record->text)) {
        int64_t number = file->n_columns++;
        once = once && offer(&record->text, keys->text, number, &file->text_column) &&
               offer(&record->text, keys->text_other, number, &other) &&
               offer(&record->text, keys->question, number, &file->question_column) &&
               offer(&record->text, keys->answer, number, &file->answer_column);
    }
    bf_buf_clear(&record->text);
    if (record->bad)
        return fail_bad(file, err);
    if (!once)
        return fail_at(file, err, "the first row gives two columns the same name; rename one");
    if (file->text_column < 0)
        file->text_column = other;
    file->has_header = true;
    *is_header = true;
    if (file->text_column >= 0 || (file->question_column >= 0 && file->answer_column >= 0))
        return BF_OK;
    if (file->n_columns > 1 || keys_given || file->question_column >= 0 || file->answer_column >= 0)
        return no_column(file, err);
    if (may_be_name(record))
        return bf_source_fail(
            &file->source, record->line, record->column, err,
            "the first row is a single word, the name of a column or a text; name the column 'text' in a first "
            "row of its own%s (columns are separated by commas)",
            options->hints == BF_HINTS_OPTIONS ? ", or give its name with --text-key" : bf_key_hint(options->hints));
    *is_header = false;
    file->text_column = 0;
    return BF_OK;
}

static void read_row(struct bf_instance_file *file)
{
    struct bf_record *record = &file->record;
    int64_t number = 0;
    struct row row;

    row_init(&row, record);
    for (;; number++) {
        struct bf_buf *out = NULL;

        if (number == file->question_column)
            out = &record->question;
        else if (number == file->answer_column)
            out = &record->answer;
        else if (number == file->text_column)
            out = &record->text;
        if (!next_field(&row, out))
            break;
    }
    if (number != file->n_columns)
        bf_record_bad(record, 0,
                      "%lld fields where the first row has %lld; put a field with commas between quotation marks",
                      (long long)number, (long long)file->n_columns);
    /* In a file with columns for texts and for pairs, an empty field counts as missing. */
    record->has_text = file->text_column >= 0;
    record->has_question = file->question_column >= 0 && (!record->has_text || record->question.len > 0);
    record->has_answer = file->answer_column >= 0 && (!record->has_text || record->answer.len > 0);
}

enum bf_status bf_read_csv(struct bf_instance_file *file, enum bf_cut *cut, struct bf_err *err)
{
    struct bf_record *record = &file->record;
    bool is_header = true;
    bool ended = false;

    for (;;) {
        if (bf_source_end_line(&file->source, err) != BF_OK)
            return BF_INPUT;
        bf_record_start(record, &file->source);
        if (cut_row(&file->source, record, &ended, err) != BF_OK)
            return BF_INPUT;
        *cut = ended ? BF_CUT_END : BF_CUT_BLANK;
        if (ended || (!record->raw.overflow && bf_text_is_blank(record->raw.data, record->raw.len)))
            return BF_OK;
        if (file->has_header)
            break;
        if (read_header(file, &is_header, err) != BF_OK)
            return BF_INPUT;
        if (!is_header)
            break;
    }
    *cut = BF_CUT_RECORD;
    if (bf_record_readable(record, file->options.max_text))
        read_row(file);
    return BF_OK;
}
