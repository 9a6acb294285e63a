/* Numbers in answers, as lm-evaluation-harness reads them and as people do. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/letter_case.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "eval/gsm8k.h"
#include "base/banned.h"

/* ---- as lm-evaluation-harness reads them (its filter "strict-match") ---- */

/* Without commas, dollar signs and a full stop at the end, as its metric compares. NULL when nothing is left. */
static char *plain(const char *text, size_t n)
{
    char *number = bf_alloc(n + 1);
    size_t len = 0;
    for (size_t i = 0; i < n; i++)
        if (text[i] != ',' && text[i] != '$')
            number[len++] = text[i];
    len -= len > 0 && number[len - 1] == '.' ? 1 : 0;
    number[len] = 0;
    if (len > 0)
        return number;
    free(number);
    return NULL;
}

/* The first match of "#### (-?[0-9.,]+)". */
static char *strict_number(const char *text)
{
    for (const char *mark = strstr(text, "#### "); mark; mark = strstr(mark + 1, "#### ")) {
        const char *at = mark + 5;
        const size_t sign = *at == '-' ? 1 : 0, n = strspn(at + sign, "0123456789.,");
        if (n > 0)
            return plain(at, sign + n);
    }
    return NULL;
}

/* ---- the last number, in the forms that models write ---- */

/* Text under a cursor; cp is 0 at the end. */
struct cursor {
    const char *at;
    uint32_t cp;
    size_t len;
};

static struct cursor look_at(const char *at)
{
    struct cursor c = {.at = at};
    if (*at) {
        c.len = bf_utf8_decode(at, strnlen(at, 4), &c.cp);
        if (c.len == 0) {
            c.len = 1;
            c.cp = 0xfffd;
        }
    }
    return c;
}

static bool is_minus(uint32_t cp)
{
    return cp == '-' || cp == 0x2212 || cp == 0xfe63 || cp == 0xff0d || cp == 0x2013;
}

static bool is_currency(uint32_t cp)
{
    return cp == '$' || (cp >= 0xa3 && cp <= 0xa5) || (cp >= 0x20a0 && cp <= 0x20c0) || cp == 0xff04;
}

/* After a sign, a currency sign, or its LaTeX form. */
static const char *skip_one(const char *at, bool (*is)(uint32_t cp))
{
    const struct cursor c = look_at(*at == '\\' && at[1] == '$' ? at + 1 : at);
    return c.cp && is(c.cp) ? c.at + c.len : at;
}

static size_t count_digits(const char *at, struct bf_buf *out)
{
    size_t n = 0;
    for (struct cursor c = look_at(at); c.cp && bf_letter_digit(c.cp) >= 0; c = look_at(c.at + c.len), n++)
        if (out)
            bf_buf_putc(out, (char)('0' + bf_letter_digit(c.cp)));
    return n;
}

static const char *skip_digits(const char *at)
{
    struct cursor c = look_at(at);
    while (c.cp && bf_letter_digit(c.cp) >= 0)
        c = look_at(c.at + c.len);
    return c.at;
}

/* Length in bytes of a mark between groups of digits at `at`: "1,800", "1{,}800", "1\,800", an apostrophe, a no-break
 * space. 0 = none. */
static size_t group_mark(const char *at)
{
    static const char *const marks[] = {",",        "{,}",          "\\,",          "'",        "\xe2\x80\x99",
                                        "\xc2\xa0", "\xe2\x80\xaf", "\xe2\x80\x89", "\xd9\xac", "\xef\xbc\x8c"};
    for (size_t m = 0; m < sizeof marks / sizeof *marks; m++)
        if (strncmp(at, marks[m], strlen(marks[m])) == 0)
            return strlen(marks[m]);
    return 0;
}

/* "1,800,000", and "1,00,000" as it is written in India: from the first mark on each group has three digits, or two
 * before another mark. */
static const char *take_groups(const char *at, struct bf_buf *out)
{
    for (size_t mark = group_mark(at); mark > 0; mark = group_mark(at)) {
        const char *group = at + mark, *end = skip_digits(group);
        const size_t n = count_digits(group, NULL), next = group_mark(end);
        if (n != 3 && !(n == 2 && next > 0 && count_digits(end + next, NULL) >= 2))
            break;
        (void)count_digits(group, out);
        at = end;
    }
    return at;
}

/* "1.800.000": every group has three digits. */
static const char *take_dotted(const char *at, struct bf_buf *out)
{
    const char *end = at;
    size_t n_groups = 0;
    for (; *end == '.' && count_digits(end + 1, NULL) == 3; n_groups++)
        end = skip_digits(end + 1);
    if (n_groups < 2)
        return at;
    for (; at < end; at = skip_digits(at + 1))
        (void)count_digits(at + 1, out);
    return end;
}

/* Unsigned number at `at`: its digits with one point into out. Returns what follows it, or `at` when there is no
 * number. */
static const char *take_decimal(const char *at, bool in_list, struct bf_buf *out)
{
    const char *start = at;
    const size_t n = count_digits(at, out);
    at = skip_digits(at);
    if (n > 0 && n <= 3) {
        at = take_groups(at, out);
        at = take_dotted(at, out);
    }
    const size_t point = *at == '.' ? 1 : strncmp(at, "\xd9\xab", 2) == 0 ? 2 : *at == ',' && n > 0 ? 1 : 0;
    const size_t n_after = point > 0 ? count_digits(at + point, NULL) : 0;
    /* A comma before one or two digits is a decimal one; "1,2,3" is a list. */
    const bool list = *at == ',' && (in_list || n_after > 2 || skip_digits(at + point)[0] == ',');
    if (n_after > 0 && !list) {
        bf_buf_putc(out, '.');
        (void)count_digits(at + point, out);
        at = skip_digits(at + point);
    }
    return out->len > 0 ? at : start;
}

static double value_of(const char *digits)
{
    return strtod(digits, NULL);
}

/* "/ 4" after a whole number; a date ("3/4/2020") is not one. */
static const char *take_divisor(const char *at, double *out)
{
    struct bf_buf digits;
    bf_buf_init(&digits, 4096);
    const char *end = *at == '/' ? take_decimal(at + 1, false, &digits) : at;
    *out = value_of(digits.data);
    if (end == at + 1 || *end == '/' || digits.overflow || !(*out > 0.0))
        end = at;
    bf_buf_release(&digits);
    return end;
}

/* "\frac{3}{4}" at `at`; \dfrac34 is not read. */
static const char *take_latex(const char *at, double *out)
{
    static const char *const names[] = {"\\frac{", "\\dfrac{", "\\tfrac{"};
    const char *start = at;
    struct bf_buf above, below;
    bf_buf_init(&above, 4096);
    bf_buf_init(&below, 4096);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strncmp(start, names[i], strlen(names[i])) == 0) {
            const char *line = take_decimal(start + strlen(names[i]), false, &above);
            const char *end =
                above.len > 0 && strncmp(line, "}{", 2) == 0 ? take_decimal(line + 2, false, &below) : line;
            if (below.len > 0 && *end == '}' && value_of(below.data) > 0.0) {
                *out = value_of(above.data) / value_of(below.data);
                at = end + 1;
            }
        }
    bf_buf_release(&above);
    bf_buf_release(&below);
    return at;
}

static void put_value(struct bf_buf *out, double value)
{
    bf_buf_clear(out);
    bf_buf_printf(out, "%.12g", value);
}

/* The number at `at`, which comes after the character `before`, with its sign into out. Returns what follows it, or
 * `at` when there is no number. A number of more digits than the buffer holds is skipped, and *found is false. */
static const char *take_number(const char *at, uint32_t before, struct bf_buf *out, bool *found)
{
    /* A minus after a letter, a digit or another minus is a hyphen or a dash. */
    const bool hyphen = bf_letter_is(before) || bf_letter_digit(before) >= 0 || is_minus(before);
    struct bf_buf digits;
    double value = 0.0, divisor = 0.0;
    const char *from = hyphen ? at : skip_one(at, is_minus);
    bool negative = from != at;
    const char *start = skip_one(from, is_currency);
    if (!negative && start != from && skip_one(start, is_minus) != start) {
        negative = true;
        start = skip_one(start, is_minus);
    }
    bf_buf_init(&digits, 4096);
    const char *end = take_latex(start, &value);
    if (end != start) {
        put_value(&digits, value);
    } else {
        end = take_decimal(start, before == ',', &digits);
        const char *after = end != start && before != '/' ? take_divisor(end, &divisor) : end;
        if (after != end) {
            put_value(&digits, value_of(digits.data) / divisor);
            end = after;
        } else if (end != start) { /* "2 1/2", "2\frac{1}{2}" */
            struct bf_buf part;
            bf_buf_init(&part, 4096);
            const char *next = *end == ' ' ? end + 1 : end, *line = take_decimal(next, false, &part);
            const char *close = line != next && next != end ? take_divisor(line, &divisor) : line;
            const char *latex = take_latex(next, &value);
            if (latex != next || (next != end && line != next && close != line)) {
                put_value(&digits, value_of(digits.data) + (latex != next ? value : value_of(part.data) / divisor));
                end = latex != next ? latex : close;
            }
            bf_buf_release(&part);
        }
    }
    const bool any = digits.len > 0;
    if (any) {
        *found = !digits.overflow;
        bf_buf_clear(out);
        bf_buf_printf(out, "%s%s", negative ? "-" : "", digits.data);
    }
    bf_buf_release(&digits);
    return any ? end : at;
}

/* The last number of text[0..n) into out. */
static bool last_number(const char *text, const char *end, struct bf_buf *out)
{
    uint32_t before = ' ';
    bool found = false;
    for (const char *at = text; *at && at < end;) {
        const char *next = take_number(at, before, out, &found);
        const struct cursor c = look_at(at);
        before = next != at ? '0' : c.cp;
        at = next != at ? next : at + c.len;
    }
    return found;
}

/* The last \boxed{...} is the answer, when it holds a number. */
static char *flexible_number(const char *text)
{
    static const char box[] = "\\boxed{";
    struct bf_buf out;
    const char *last = NULL;
    bool found = false;
    bf_buf_init(&out, SIZE_MAX);
    for (const char *at = strstr(text, box); at; at = strstr(at + 1, box))
        last = at + sizeof box - 1;
    if (last) {
        const char *end = last;
        for (int depth = 1; *end && depth > 0; end++)
            depth += *end == '{' ? 1 : *end == '}' ? -1 : 0;
        found = last_number(last, end, &out);
    }
    if (!found)
        found = last_number(text, text + strlen(text), &out);
    if (found)
        return bf_buf_take(&out);
    bf_buf_release(&out);
    return NULL;
}

char *bf_gsm8k_number(const char *text, bool strict)
{
    return strict ? strict_number(text) : flexible_number(text);
}

bool bf_gsm8k_same(const char *a, const char *b)
{
    char *end_a = NULL, *end_b = NULL;
    const double x = strtod(a, &end_a), y = strtod(b, &end_b);
    const bool numbers = end_a > a && end_b > b && *end_a == 0 && *end_b == 0;
    const double scale = fabs(x) > fabs(y) ? fabs(x) : fabs(y);
    return strcmp(a, b) == 0 || (numbers && fabs(x - y) <= 1e-9 * scale);
}

char *bf_gsm8k_right(const char *answer)
{
    const char *mark = NULL;
    for (const char *at = strstr(answer, "####"); at; at = strstr(at + 1, "####"))
        mark = at + 4;
    if (!mark)
        return NULL;
    mark += strspn(mark, " \t");
    const size_t n = strcspn(mark, " \t\r\n");
    char *number = plain(mark, n), *end = NULL;
    if (number && (strpbrk(number, "xXnNpP") || (strtod(number, &end), end == number) || *end)) {
        free(number);
        number = NULL;
    }
    return number;
}
