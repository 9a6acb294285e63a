/* Multiple-choice questions in csv files. Names say what a column is; all answers together decide in which form they
 * are given. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "eval/mcq_internal.h"
#include "base/banned.h"

/* ---- rows of csv ----
 *
 * RFC 4180, with LF, CR LF or CR at the ends of lines. There is a second reader in request/instance_csv.c because that
 * one reads a stream of any length, keeps each row's bytes to report line and column of a mistake, and skips bad rows;
 * here the file is in memory, all fields are needed at once, and one bad row ends the reading. */

enum { CSV_FIELDS_MAX = 64 };

struct csv {
    const char *data, *name; /* name: in errors */
    size_t n, at;            /* bytes; at: of the next row */
    int64_t line;            /* of the next row, from 1 */
};
struct csv_row {
    char *fields[CSV_FIELDS_MAX];
    size_t n;     /* fields, counting those beyond CSV_FIELDS_MAX, which are dropped */
    int64_t line; /* where it begins */
};

static void csv_row_release(struct csv_row *row)
{
    for (size_t i = 0; i < row->n && i < CSV_FIELDS_MAX; i++)
        free(row->fields[i]);
    *row = (struct csv_row){0};
}

static void end_field(struct csv_row *row, struct bf_buf *field)
{
    if (row->n < CSV_FIELDS_MAX)
        row->fields[row->n] = bf_strdup(field->data);
    row->n++;
    bf_buf_clear(field);
}

/* The next row of csv->at < csv->n; a row of no fields is a blank line. BF_INPUT for a NUL byte, a quotation mark
 * without its partner, a field of more than 16 MiB. Release in every case. */
static enum bf_status csv_next(struct csv *csv, struct csv_row *row, struct bf_err *err)
{
    struct bf_buf field;
    bool quoted = false, any = false;
    *row = (struct csv_row){.line = csv->line};
    bf_buf_init(&field, (size_t)1 << 24);
    while (csv->at < csv->n) {
        const char c = csv->data[csv->at++];
        if (c == '\n')
            csv->line++;
        if (c == 0 || (quoted && csv->at == csv->n && c != '"')) {
            bf_buf_release(&field);
            return bf_fail(err, BF_INPUT, "%s:%lld: %s", csv->name, (long long)row->line,
                           c == 0 ? "there is a NUL byte; this is not a csv file" : "a quotation mark is never closed");
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
        } else if (!quoted && (c == '\n' || c == '\r')) {
            if (c == '\r') {
                csv->at += csv->at < csv->n && csv->data[csv->at] == '\n' ? 1 : 0;
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
                       quoted ? "a quotation mark is never closed" : "a field is longer than 16 MiB");
    return BF_OK;
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
    struct bf_buf clean; // a file name may hold any bytes
    bf_buf_init(&clean, SIZE_MAX);
    bf_utf8_clean(&clean, subject, strlen(subject));
    free(subject);
    return bf_buf_take(&clean);
}

/* ---- columns ---- */

enum { NO_COLUMN = -1, NOT_NUMBERED = -1 };

struct columns {
    bool named; /* by a first row; else question, choices, answer in this order */
    size_t n;   /* of the first row */
    int question, answer, subject;
    int choices[BF_MCQ_CHOICES_MAX]; /* from 0 without a gap */
    size_t n_choices;
    int first_number; /* of choices that are numbered: 0 or 1; else NOT_NUMBERED */
};

static bool is_one_of(const char *name, const char *const *words)
{
    for (; *words; words++)
        if (strcasecmp(name, *words) == 0)
            return true;
    return false;
}

/* "A", "choice_b", "Option 3": the letter's number, or BF_MCQ_CHOICES_MAX and the number; -1 for other names. */
static int choice_named(const char *name)
{
    static const char *const heads[] = {"choice", "option", "opt", "answer"};
    const char *rest = name;
    for (size_t h = 0; h < sizeof heads / sizeof *heads && rest == name; h++)
        if (strncasecmp(name, heads[h], strlen(heads[h])) == 0)
            rest = name + strlen(heads[h]);
    if (rest != name && strchr(" _-.", *rest) && *rest)
        rest++;
    if (rest[0] && !rest[1] && ((rest[0] | 32) >= 'a' && (rest[0] | 32) <= 'z'))
        return (rest[0] | 32) - 'a';
    const size_t n = strspn(rest, "0123456789");
    if (rest != name && n > 0 && n < 3 && rest[n] == 0)
        return BF_MCQ_CHOICES_MAX + (int)strtol(rest, NULL, 10);
    return -1;
}

static enum bf_status twice(const struct csv *csv, const char *name, struct bf_err *err)
{
    return bf_fail(err, BF_INPUT, "%s:1: two columns match '%.40s'; leave one of them out", csv->name, name);
}

static enum bf_status take_name(const struct csv *csv, const char *name, int column,
                                int numbered[BF_MCQ_CHOICES_MAX + 1], struct columns *c, struct bf_err *err)
{
    static const char *const questions[] = {"question", "prompt", NULL}, *const subjects[] = {"subject", NULL};
    static const char *const answers[] = {"answer",    "label",          "target",  "answer_key",
                                          "answerkey", "correct_answer", "correct", NULL};
    const int choice = choice_named(name);
    int *place = NULL;
    if (is_one_of(name, questions))
        place = &c->question;
    else if (is_one_of(name, answers))
        place = &c->answer;
    else if (is_one_of(name, subjects))
        place = &c->subject;
    else if (choice >= BF_MCQ_CHOICES_MAX && choice <= 2 * BF_MCQ_CHOICES_MAX)
        place = &numbered[choice - BF_MCQ_CHOICES_MAX];
    else if (choice >= 0 && choice < BF_MCQ_CHOICES_MAX)
        place = &c->choices[choice];
    if (place && *place != NO_COLUMN)
        return twice(csv, name, err);
    if (place)
        *place = column;
    return BF_OK;
}

static void count_choices(struct columns *c, const int numbered[BF_MCQ_CHOICES_MAX + 1])
{
    while (c->n_choices < BF_MCQ_CHOICES_MAX && c->choices[c->n_choices] != NO_COLUMN)
        c->n_choices++;
    if (c->n_choices > 0)
        return;
    c->first_number = numbered[0] != NO_COLUMN ? 0 : 1;
    for (int i = c->first_number;
         i <= BF_MCQ_CHOICES_MAX && c->n_choices < BF_MCQ_CHOICES_MAX && numbered[i] != NO_COLUMN; i++)
        c->choices[c->n_choices++] = numbered[i];
}

/* Does the first row name columns? If so, which is what. */
static enum bf_status read_header(const struct csv *csv, const struct csv_row *row, struct columns *c,
                                  struct bf_err *err)
{
    static const char *const questions[] = {"question", "prompt", NULL}, *const answers[] = {"answer", NULL};
    int numbered[BF_MCQ_CHOICES_MAX + 1];
    *c = (struct columns){
        .n = row->n, .question = NO_COLUMN, .answer = NO_COLUMN, .subject = NO_COLUMN, .first_number = NOT_NUMBERED};
    for (size_t i = 0; i < BF_MCQ_CHOICES_MAX; i++)
        c->choices[i] = numbered[i] = NO_COLUMN;
    numbered[BF_MCQ_CHOICES_MAX] = NO_COLUMN;
    enum bf_status status = BF_OK;
    for (size_t f = 0; f < row->n && f < CSV_FIELDS_MAX && status == BF_OK; f++) {
        char *name = bf_mcq_trimmed(row->fields[f]);
        c->named |= is_one_of(name, questions) || is_one_of(name, answers);
        status = take_name(csv, name, (int)f, numbered, c, err);
        free(name);
    }
    if (!c->named) { /* a question whose choices may be "subject" or "A" */
        c->subject = NO_COLUMN;
        return BF_OK;
    }
    if (status == BF_OK && row->n > CSV_FIELDS_MAX)
        return bf_fail(err, BF_INPUT, "%s:1: %zu columns, but at most %d can be read; leave some out", csv->name,
                       row->n, (int)CSV_FIELDS_MAX);
    count_choices(c, numbered);
    if (status == BF_OK && (c->question < 0 || c->answer < 0 || c->n_choices < 2))
        status = bf_fail(err, BF_INPUT,
                         "%s:1: the first row names columns, but not %s; the names are question, A, B, ... (two to %d "
                         "choices) and answer",
                         csv->name,
                         c->question < 0 ? "the question"
                         : c->answer < 0 ? "the answer"
                                         : "choices (A and B at least, without a gap)",
                         (int)BF_MCQ_CHOICES_MAX);
    return status;
}

/* ---- answers ---- */

/* The forms that a file's answers may have; decided when all are known. */
enum form { LETTERS, TEXTS, FROM_ZERO, FROM_ONE, FORMS };

static const char *const form_words[FORMS] = {"letters", "the texts of choices", "numbers from 0", "numbers from 1"};

/* The choice that an answer names when it is of the form; -1 when it cannot be. */
static int answer_as(enum form form, const struct bf_mcq_item *item, const char *answer)
{
    char *text = bf_mcq_trimmed(answer), *end = NULL;
    int choice = -1;
    if (form == LETTERS) {
        choice = bf_mcq_letter(text, item->n_choices);
    } else if (form == TEXTS) {
        choice = bf_mcq_choice(item, text);
    } else if (text[0] >= '0' && text[0] <= '9') {
        const long number = strtol(text, &end, 10) - (form == FROM_ONE ? 1 : 0);
        choice = *end == 0 && number >= 0 && (size_t)number < item->n_choices ? (int)number : -1;
    }
    free(text);
    return choice < 0 ? -1 : choice;
}

/* A question whose answer is still a field. */
struct open_answer {
    char *text;
    int64_t line;
};

struct reading {
    struct csv csv;
    struct columns columns;
    char *subject; /* by the file's name */
    struct bf_mcq *out;
    size_t before;             /* questions of other files */
    struct open_answer *items; /* [n] of out->items[before ...] */
    size_t n;
    bool counts; /* the first field of each row counts the rows */
    long first_count;
};

static bool fits(const struct reading *r, enum form form, size_t *first_bad)
{
    for (size_t i = 0; i < r->n; i++)
        if (answer_as(form, &r->out->items[r->before + i], r->items[i].text) < 0) {
            *first_bad = i > *first_bad ? i : *first_bad;
            return false;
        }
    return true;
}

static bool differ(const struct reading *r, enum form a, enum form b)
{
    for (size_t i = 0; i < r->n; i++) {
        const struct bf_mcq_item *item = &r->out->items[r->before + i];
        if (answer_as(a, item, r->items[i].text) != answer_as(b, item, r->items[i].text))
            return true;
    }
    return false;
}

static enum bf_status bad_answer(const struct reading *r, size_t i, struct bf_err *err)
{
    const struct bf_mcq_item *item = &r->out->items[r->before + i];
    return bf_fail(err, BF_INPUT,
                   "%s:%lld: the %s '%.20s' is not one of the letters A to %c%s; a first row that names columns has "
                   "question, A, B, ... and answer",
                   r->csv.name, (long long)r->items[i].line, r->columns.named ? "answer" : "last field",
                   r->items[i].text, (char)('A' + item->n_choices - 1),
                   r->columns.named ? ", nor the number or text of a choice as in the other rows" : "");
}

static enum bf_status settle_answers(struct reading *r, struct bf_err *err)
{
    int form = -1;
    size_t first_bad = 0;
    for (int f = LETTERS; f < (r->columns.named ? FORMS : TEXTS); f++) {
        /* The names of the columns show whether numbers begin at 0 or at 1. */
        if (r->columns.first_number == 0 ? f == FROM_ONE : r->columns.first_number == 1 && f == FROM_ZERO)
            continue;
        if (!fits(r, (enum form)f, &first_bad))
            continue;
        if (form >= 0 && differ(r, (enum form)form, (enum form)f))
            return bf_fail(err, BF_INPUT,
                           "'%s': the answers can be read as %s or as %s, which gives different right choices; write "
                           "letters (A, B, ...)",
                           r->csv.name, form_words[form], form_words[f]);
        form = form >= 0 ? form : f;
        if (form == LETTERS)
            break;
    }
    if (form < 0)
        return bad_answer(r, first_bad, err);
    for (size_t i = 0; i < r->n; i++) {
        struct bf_mcq_item *item = &r->out->items[r->before + i];
        item->answer = (size_t)answer_as((enum form)form, item, r->items[i].text);
    }
    return BF_OK;
}

/* ---- rows ---- */

static enum bf_status check_row(const struct reading *r, const struct csv_row *row, struct bf_err *err)
{
    const long long line = (long long)row->line;
    const struct columns *c = &r->columns;
    if (c->named && row->n != c->n)
        return bf_fail(
            err, BF_INPUT,
            "%s:%lld: %zu fields where the first row has %zu; put a field with commas between quotation marks",
            r->csv.name, line, row->n, c->n);
    if (!c->named && (row->n < 4 || row->n > BF_MCQ_CHOICES_MAX + 2))
        return bf_fail(err, BF_INPUT, "%s:%lld: %zu field%s; a row is question, two to %d choices, right letter%s",
                       r->csv.name, line, row->n, row->n == 1 ? "" : "s", (int)BF_MCQ_CHOICES_MAX,
                       row->n == 1 && strpbrk(row->fields[0], ";\t") ? ", with commas between them" : "");
    for (size_t f = 0; f < row->n; f++)
        if (!bf_utf8_valid(row->fields[f], strlen(row->fields[f])))
            return bf_fail(err, BF_INPUT, "%s:%lld: field %zu is not UTF-8", r->csv.name, line, f + 1);
    return BF_OK;
}

/* Does the first field continue counting the rows? */
static void count_row(struct reading *r, const struct csv_row *row)
{
    char *end = NULL;
    const long number = strtol(row->fields[0], &end, 10);
    const bool is_number = end > row->fields[0] && *end == 0;
    if (r->n == 0)
        r->first_count = number;
    r->counts = (r->n == 0 || r->counts) && is_number && number == r->first_count + (long)r->n;
}

static enum bf_status take_row(struct reading *r, const struct csv_row *row, struct bf_err *err)
{
    const struct columns *c = &r->columns;
    enum bf_status status = check_row(r, row, err);
    if (status != BF_OK)
        return status;
    const int answer = c->named ? c->answer : (int)row->n - 1;
    size_t n_choices = c->named ? c->n_choices : row->n - 2;
    count_row(r, row);
    struct bf_mcq_item *item = bf_mcq_append(r->out);
    item->question = bf_mcq_trimmed(row->fields[c->named ? c->question : 0]);
    item->subject = bf_strdup(c->subject >= 0 && row->fields[c->subject][0] ? row->fields[c->subject] : r->subject);
    for (size_t i = 0; i < n_choices; i++)
        item->choices[item->n_choices++] = bf_mcq_trimmed(row->fields[c->named ? c->choices[i] : (int)i + 1]);
    /* Questions of one file may have fewer choices than columns. */
    for (; c->named && item->n_choices > 0 && item->choices[item->n_choices - 1][0] == 0; item->n_choices--)
        free(item->choices[item->n_choices - 1]);
    if ((r->n & (r->n - 1)) == 0)
        r->items = bf_grow(r->items, r->n ? 2 * r->n : 1, sizeof *r->items);
    r->items[r->n++] = (struct open_answer){bf_mcq_trimmed(row->fields[answer]), row->line};
    if (item->question[0] == 0)
        return bf_fail(err, BF_INPUT, "%s:%lld: the question is empty", r->csv.name, (long long)row->line);
    if (item->n_choices < 2)
        return bf_fail(err, BF_INPUT, "%s:%lld: %zu choice%s; a question needs at least two", r->csv.name,
                       (long long)row->line, item->n_choices, item->n_choices == 1 ? "" : "s");
    for (size_t i = 0; c->named && i < item->n_choices; i++)
        if (item->choices[i][0] == 0)
            return bf_fail(err, BF_INPUT, "%s:%lld: choice %c is empty", r->csv.name, (long long)row->line,
                           (char)('A' + i));
    return BF_OK;
}

static enum bf_status read_rows(struct reading *r, struct bf_err *err)
{
    enum bf_status status = BF_OK;
    bool first = true;
    while (r->csv.at < r->csv.n && status == BF_OK) {
        struct csv_row row;
        status = csv_next(&r->csv, &row, err);
        const bool blank = row.n == 0;
        if (status == BF_OK && first && !blank)
            status = read_header(&r->csv, &row, &r->columns, err);
        if (status == BF_OK && !blank && !(first && r->columns.named))
            status = take_row(r, &row, err);
        first &= blank;
        csv_row_release(&row);
    }
    return status;
}

enum bf_status bf_mcq_parse_csv(const char *data, size_t n, const char *name, struct bf_mcq *out, struct bf_err *err)
{
    struct reading r = {.csv = {.data = data, .name = name, .n = n, .line = 1},
                        .subject = subject_of(name),
                        .out = out,
                        .before = out->n};
    if (n >= 3 && memcmp(data, "\xEF\xBB\xBF", 3) == 0)
        r.csv.at = 3;
    enum bf_status status = read_rows(&r, err);
    if (status == BF_OK && r.n == 0)
        status = bf_fail(err, BF_INPUT, "'%s' has no question", name);
    if (status == BF_OK && !r.columns.named && r.counts)
        status = bf_fail(err, BF_INPUT,
                         "'%s': the first column only counts the rows; remove it, or name the "
                         "columns in a first row (question, A, B, ..., answer)",
                         name);
    if (status == BF_OK && r.n > 0)
        status = settle_answers(&r, err);
    for (size_t i = 0; i < r.n; i++)
        free(r.items[i].text);
    free(r.items);
    free(r.subject);
    return status;
}
