#include "eval/mcq_file.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "eval/records.h"
#include "base/banned.h"

static void release_item(struct bf_mcq_item *item)
{
    free(item->question);
    for (size_t c = 0; c < item->n_choices; c++)
        free(item->choices[c]);
    free(item->subject);
    *item = (struct bf_mcq_item){0};
}

void bf_mcq_release(struct bf_mcq *mcq)
{
    for (size_t i = 0; i < mcq->n; i++)
        release_item(&mcq->items[i]);
    free(mcq->items);
    *mcq = (struct bf_mcq){0};
}

void bf_mcq_limit(struct bf_mcq *mcq, size_t n)
{
    while (mcq->n > n)
        release_item(&mcq->items[--mcq->n]);
}

static struct bf_mcq_item *append(struct bf_mcq *mcq)
{
    if ((mcq->n & (mcq->n - 1)) == 0) /* a power of two, or 0: full */
        mcq->items = bf_grow(mcq->items, mcq->n ? 2 * mcq->n : 1, sizeof *mcq->items);
    mcq->items[mcq->n] = (struct bf_mcq_item){0};
    return &mcq->items[mcq->n++];
}

/* "data/test/high_school_physics_test.csv" -> "high school physics" */
static char *subject_of(const char *name)
{
    static const char *const ends[] = {"_test", "_dev", "_val", "_train"};
    const char *slash = strrchr(name, '/');
    char *subject = bf_strdup(slash ? slash + 1 : name);
    char *dot = strrchr(subject, '.');
    if (dot)
        *dot = 0;
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        const size_t n = strlen(subject), k = strlen(ends[i]);
        if (n > k && strcmp(subject + n - k, ends[i]) == 0) {
            subject[n - k] = 0;
            break;
        }
    }
    for (char *c = subject; *c; c++)
        if (*c == '_')
            *c = ' ';
    struct bf_buf clean; // a name of a file is any bytes
    bf_buf_init(&clean, SIZE_MAX);
    bf_utf8_clean(&clean, subject, strlen(subject));
    free(subject);
    return bf_buf_take(&clean);
}

/* ---- csv ---- */

enum { FIELDS_MAX = BF_MCQ_CHOICES_MAX + 2 };

struct row {
    char *fields[FIELDS_MAX];
    size_t n;     /* fields; counted beyond FIELDS_MAX, which are dropped */
    int64_t line; /* where it begins */
};

static void release_row(struct row *row)
{
    for (size_t i = 0; i < row->n && i < FIELDS_MAX; i++)
        free(row->fields[i]);
    *row = (struct row){0};
}

struct csv {
    const char *data, *name;
    size_t n, at;
    int64_t line;
};

static void end_field(struct row *row, struct bf_buf *field)
{
    if (row->n < FIELDS_MAX)
        row->fields[row->n] = bf_strdup(field->data);
    row->n++;
    bf_buf_clear(field);
}

/* The next row; a row of no fields is a blank line. */
static enum bf_status next_row(struct csv *csv, struct row *row, struct bf_err *err)
{
    struct bf_buf field;
    bool quoted = false, any = false;
    *row = (struct row){.line = csv->line};
    bf_buf_init(&field, (size_t)1 << 24);
    while (csv->at < csv->n) {
        const char c = csv->data[csv->at++];
        if (c == '\n')
            csv->line++;
        if (c == 0 || (quoted && csv->at == csv->n && c != '"')) {
            bf_buf_release(&field);
            return bf_fail(err, BF_INPUT, "%s:%lld: %s", csv->name, (long long)row->line,
                           c == 0 ? "there is a NUL byte; this is no csv file" : "a quotation mark has no partner");
        }
        if (quoted && c == '"' && csv->at < csv->n && csv->data[csv->at] == '"') {
            bf_buf_putc(&field, '"');
            csv->at++;
        } else if (c == '"' && (quoted || field.len == 0)) {
            quoted = !quoted;
            any = true;
        } else if (!quoted && c == ',') {
            end_field(row, &field);
            any = true;
        } else if (!quoted && (c == '\n' || (c == '\r' && csv->at < csv->n && csv->data[csv->at] == '\n'))) {
            if (c == '\r') {
                csv->at++;
                csv->line++;
            }
            break;
        } else {
            bf_buf_putc(&field, c);
            any = true;
        }
    }
    if (any)
        end_field(row, &field);
    const bool overflow = field.overflow;
    bf_buf_release(&field);
    if (quoted || overflow)
        return bf_fail(err, BF_INPUT, "%s:%lld: %s", csv->name, (long long)row->line,
                       quoted ? "a quotation mark has no partner" : "a field is longer than 16 MiB");
    return BF_OK;
}

static char *trimmed(const char *text)
{
    size_t n = strlen(text);
    while (n > 0 && strchr(" \t\r\n", text[n - 1]))
        n--;
    while (n > 0 && strchr(" \t\r\n", *text)) {
        text++;
        n--;
    }
    return bf_strndup(text, n);
}

/* A letter: its number; -1 when it is none of n. */
static int letter_of(const char *text, size_t n)
{
    while (*text == ' ' || *text == '\t')
        text++;
    const char c = *text >= 'a' && *text <= 'z' ? (char)(*text - 'a' + 'A') : *text;
    if (c < 'A' || (size_t)(c - 'A') >= n || text[1 + strspn(text + 1, " \t\r.")] != 0)
        return -1;
    return c - 'A';
}

static enum bf_status take_row(const struct csv *csv, const struct row *row, const char *subject, struct bf_mcq *out,
                               struct bf_err *err)
{
    const long long line = (long long)row->line;
    if (row->n < 4 || row->n > FIELDS_MAX)
        return bf_fail(err, BF_INPUT, "%s:%lld: %zu fields; a row is question, two to %d choices, right letter",
                       csv->name, line, row->n, (int)BF_MCQ_CHOICES_MAX);
    const size_t n_choices = row->n - 2;
    const int answer = letter_of(row->fields[row->n - 1], n_choices);
    if (answer < 0)
        return bf_fail(err, BF_INPUT, "%s:%lld: the last field '%.20s' is none of the letters A to %c", csv->name, line,
                       row->fields[row->n - 1], (char)('A' + n_choices - 1));
    for (size_t f = 0; f < row->n; f++)
        if (!bf_utf8_valid(row->fields[f], strlen(row->fields[f])))
            return bf_fail(err, BF_INPUT, "%s:%lld: field %zu is not UTF-8", csv->name, line, f + 1);
    struct bf_mcq_item *item = append(out);
    item->question = trimmed(row->fields[0]);
    for (size_t c = 0; c < n_choices; c++)
        item->choices[c] = trimmed(row->fields[1 + c]);
    item->n_choices = n_choices;
    item->answer = (size_t)answer;
    item->subject = bf_strdup(subject);
    if (item->question[0] == 0)
        return bf_fail(err, BF_INPUT, "%s:%lld: the question is empty", csv->name, line);
    return BF_OK;
}

enum bf_status bf_mcq_parse_csv(const char *data, size_t n, const char *name, struct bf_mcq *out, struct bf_err *err)
{
    struct csv csv = {.data = data, .name = name, .n = n, .line = 1};
    char *subject = subject_of(name);
    const size_t before = out->n;
    enum bf_status status = BF_OK;
    if (n >= 3 && memcmp(data, "\xEF\xBB\xBF", 3) == 0)
        csv.at = 3;
    while (csv.at < n && status == BF_OK) {
        struct row row;
        const bool first = csv.line == 1;
        status = next_row(&csv, &row, err);
        const bool header =
            first && row.n > 1 && row.n <= FIELDS_MAX && strcasecmp(row.fields[row.n - 1], "answer") == 0;
        if (status == BF_OK && row.n > 0 && !header)
            status = take_row(&csv, &row, subject, out, err);
        release_row(&row);
    }
    free(subject);
    if (status == BF_OK && out->n == before)
        status = bf_fail(err, BF_INPUT, "'%s' has no question", name);
    return status;
}

/* ---- JSON ---- */

static enum bf_status take_record(const struct bf_records *records, size_t i, struct bf_mcq *out, struct bf_err *err)
{
    const json_t *choices = json_object_get(records->items[i].json, "choices");
    const json_t *answer = json_object_get(records->items[i].json, "answer");
    const json_t *subject = json_object_get(records->items[i].json, "subject");
    char *question = NULL;
    enum bf_status status = bf_records_text(records, i, "question", &question, err);
    if (status != BF_OK)
        return status;
    struct bf_mcq_item *item = append(out);
    item->question = question;
    item->subject = bf_strdup(json_is_string(subject) ? json_string_value(subject) : "");
    for (char *c = item->subject; *c; c++)
        if (*c == '_')
            *c = ' ';
    const size_t n = json_array_size(choices);
    if (n < 2 || n > BF_MCQ_CHOICES_MAX)
        return bf_records_fail(records, i, err, "\"choices\" must be a list of 2 to %d texts", (int)BF_MCQ_CHOICES_MAX);
    for (; item->n_choices < n; item->n_choices++) {
        const json_t *choice = json_array_get(choices, item->n_choices);
        if (!json_is_string(choice))
            return bf_records_fail(records, i, err, "choice %zu is no string", item->n_choices + 1);
        item->choices[item->n_choices] = trimmed(json_string_value(choice));
    }
    json_int_t index = json_is_integer(answer)  ? json_integer_value(answer)
                       : json_is_string(answer) ? letter_of(json_string_value(answer), n)
                                                : -1;
    if (index < 0 || index >= (json_int_t)n)
        return bf_records_fail(records, i, err, "\"answer\" must be a number from 0 to %zu or a letter", n - 1);
    item->answer = (size_t)index;
    return BF_OK;
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

enum bf_status bf_mcq_read(const char *path, struct bf_mcq *out, struct bf_err *err)
{
    struct bf_buf data;
    enum bf_status status = bf_eval_read_file(path, &data, err);
    if (status != BF_OK)
        return status;
    const char *dot = strrchr(path, '.');
    status = dot && strcasecmp(dot, ".csv") == 0 ? bf_mcq_parse_csv(data.data, data.len, path, out, err)
                                                 : bf_mcq_parse_json(data.data, data.len, path, out, err);
    bf_buf_release(&data);
    return status;
}
