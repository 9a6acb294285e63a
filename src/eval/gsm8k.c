#include "eval/gsm8k.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "eval/records.h"
#include "base/banned.h"

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Bytes of the number at `text`: sign, currency sign, digits with commas and one point; 0 when there is none. */
static size_t number_at(const char *text)
{
    size_t i = 0;
    bool point = false;
    if ((text[0] == '-' && text[1] == '$') || (text[0] == '$' && text[1] == '-'))
        i = 2;
    else if (text[0] == '-' || text[0] == '$')
        i = 1;
    if (!is_digit(text[i]) && !(text[i] == '.' && is_digit(text[i + 1])))
        return 0;
    for (;; i++) {
        const bool inner = is_digit(text[i + (text[i] != 0)]);
        if (text[i] == '.' && !point && inner)
            point = true;
        else if (!is_digit(text[i]) && !(text[i] == ',' && inner && !point))
            return i;
    }
}

static char *plain(const char *text, size_t n)
{
    char *number = bf_alloc(n + 1);
    size_t len = 0;
    for (size_t i = 0; i < n; i++)
        if (text[i] != ',' && text[i] != '$')
            number[len++] = text[i];
    return number;
}

char *bf_gsm8k_number(const char *text, bool strict)
{
    const char *best = NULL;
    size_t n_best = 0;
    if (strict) {
        const char *mark = strstr(text, "####");
        if (!mark)
            return NULL;
        mark += 4 + strspn(mark + 4, " \t");
        n_best = number_at(mark);
        best = mark;
    } else {
        for (const char *at = text; *at;) {
            /* A minus behind a letter or digit is a hyphen. */
            const bool hyphen = *at == '-' && at > text && (is_digit(at[-1]) || (at[-1] | 32) >= 'a');
            const size_t n = hyphen ? 0 : number_at(at);
            if (n > 0) {
                best = at;
                n_best = n;
            }
            at += n > 0 ? n : 1;
        }
    }
    return n_best > 0 ? plain(best, n_best) : NULL;
}

bool bf_gsm8k_same(const char *a, const char *b)
{
    char *x = plain(a, strlen(a)), *y = plain(b, strlen(b));
    char *end_x = NULL, *end_y = NULL;
    const double value_x = strtod(x, &end_x), value_y = strtod(y, &end_y);
    const bool same = strcmp(x, y) == 0 || (end_x > x && end_y > y && *end_x == 0 && *end_y == 0 && value_x == value_y);
    free(x);
    free(y);
    return same;
}

void bf_gsm8k_release(struct bf_gsm8k *gsm8k)
{
    for (size_t i = 0; i < gsm8k->n; i++) {
        free(gsm8k->items[i].question);
        free(gsm8k->items[i].answer);
        free(gsm8k->items[i].number);
    }
    free(gsm8k->items);
    *gsm8k = (struct bf_gsm8k){0};
}

enum bf_status bf_gsm8k_parse(const char *data, size_t n, const char *name, struct bf_gsm8k *out, struct bf_err *err)
{
    struct bf_records records;
    *out = (struct bf_gsm8k){0};
    enum bf_status status = bf_records_parse(data, n, name, &records, err);
    if (status != BF_OK)
        return status;
    out->items = bf_array(records.n, sizeof *out->items);
    for (size_t i = 0; i < records.n && status == BF_OK; i++) {
        struct bf_gsm8k_item *item = &out->items[out->n++];
        status = bf_records_text(&records, i, "question", &item->question, err);
        if (status == BF_OK)
            status = bf_records_text(&records, i, "answer", &item->answer, err);
        if (status != BF_OK)
            break;
        item->number = bf_gsm8k_number(item->answer, true);
        if (!item->number)
            status = bf_records_fail(&records, i, err, "the answer has no \"#### NUMBER\"");
    }
    bf_records_release(&records);
    return status;
}

enum bf_status bf_gsm8k_read(const char *path, struct bf_gsm8k *out, struct bf_err *err)
{
    struct bf_buf data;
    *out = (struct bf_gsm8k){0};
    enum bf_status status = bf_eval_read_file(path, &data, err);
    if (status != BF_OK)
        return status;
    status = bf_gsm8k_parse(data.data, data.len, path, out, err);
    bf_buf_release(&data);
    return status;
}
