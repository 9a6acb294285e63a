#include "synth/fact_tokens.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "base/letter_case.h"
#include "base/banned.h"

enum { TOKENS_MAX = 16384, DIGITS_MAX = 400 };

struct scan {
    const char *s;
    size_t n;
    size_t i;
};

/* The code point at `at` and its length; U+FFFD for an invalid byte; 0 at the end. */
static size_t peek(const struct scan *scan, size_t at, uint32_t *cp)
{
    *cp = 0;
    if (at >= scan->n)
        return 0;
    size_t step = bf_utf8_decode(scan->s + at, scan->n - at, cp);
    if (step == 0)
        *cp = 0xfffd;
    return step ? step : 1;
}

static int digit_at(const struct scan *scan, size_t at, size_t *step)
{
    uint32_t cp;
    *step = peek(scan, at, &cp);
    return *step ? bf_letter_digit(cp) : -1;
}

static bool is_apostrophe(uint32_t cp)
{
    return cp == '\'' || cp == 0x2019 || cp == 0x2bc;
}

/* ---- words ---- */

/* A single capital after another one with a full stop: "U.S." and "J.K." are one word each. */
static bool is_initial(const struct scan *scan, size_t at)
{
    uint32_t cp;
    uint32_t next;
    size_t step = peek(scan, at, &cp);
    return step && bf_letter_is_upper(cp) && !(peek(scan, at + step, &next) && bf_letter_is(next));
}

/* Append the folded word to out->plain, without the full stops of initials and without 's. */
static void put_plain_word(const struct scan *scan, struct bf_tokens *out, struct bf_token *token)
{
    token->plain = out->plain.len;
    bf_letter_fold(&out->plain, scan->s + token->start, token->len);
    char *folded = out->plain.data + token->plain;
    size_t len = 0;
    for (size_t i = token->plain; i < out->plain.len; i++)
        if (out->plain.data[i] != '.')
            folded[len++] = out->plain.data[i];
    token->possessive = len > 2 && folded[len - 2] == '\'' && folded[len - 1] == 's';
    len -= token->possessive ? 2 : 0;
    token->plain_len = len;
    token->n_letters = bf_utf8_count(folded, len);
}

static void read_word(struct scan *scan, struct bf_tokens *out, struct bf_token *token)
{
    size_t n_letters = 0;
    size_t n_upper = 0;
    size_t n_dots = 0;
    bool cased = false;
    token->kind = BF_TOKEN_WORD;
    while (scan->i < scan->n) {
        uint32_t cp;
        uint32_t next;
        size_t step = peek(scan, scan->i, &cp);
        size_t after = peek(scan, scan->i + step, &next);
        bool letter = bf_letter_is(cp);
        bool upper = letter && bf_letter_is_upper(cp);
        if (is_apostrophe(cp) && after && bf_letter_is(next)) {
            scan->i += step;
            continue;
        }
        if (cp == '.' && n_upper == n_dots + 1 && n_letters == n_upper && is_initial(scan, scan->i + step)) {
            n_dots++;
            scan->i += step;
            continue;
        }
        if (n_letters == 0) {
            cased = bf_letter_is_cased(cp);
            token->upper = upper;
            token->lower_case = cased && !upper;
        }
        /* "B612" is a name; in scripts without spaces, digits between words are a number. */
        if (!letter && !(cased && bf_letter_digit(cp) >= 0))
            break;
        token->with_digit = token->with_digit || !letter;
        n_letters += letter && !bf_letter_is_mark(cp) ? 1 : 0;
        n_upper += upper ? 1 : 0;
        scan->i += step;
    }
    token->len = scan->i - token->start;
    token->all_upper = n_upper >= 2 && n_upper == n_letters;
    token->dotted = n_dots > 0;
    put_plain_word(scan, out, token);
}

/* ---- digits ---- */

static bool groups(uint32_t cp)
{
    return cp == ',' || cp == 0xa0 || cp == 0x202f || cp == 0x2009;
}

/* The length of three digits at `at` without a fourth; otherwise 0. */
static size_t three_digits(const struct scan *scan, size_t at)
{
    size_t from = at;
    size_t step;
    for (int k = 0; k < 3; k++) {
        if (digit_at(scan, at, &step) < 0)
            return 0;
        at += step;
    }
    return digit_at(scan, at, &step) < 0 ? at - from : 0;
}

static size_t put_digits(struct scan *scan, struct bf_buf *out)
{
    size_t count = 0;
    size_t step;
    for (int d = digit_at(scan, scan->i, &step); d >= 0; d = digit_at(scan, scan->i, &step)) {
        if (count++ < DIGITS_MAX)
            bf_buf_putc(out, (char)('0' + d));
        scan->i += step;
    }
    return count;
}

/* "3.3.1998" is not a decimal number: a second dot with a digit follows. */
static bool is_decimal(const struct scan *scan)
{
    size_t at = scan->i + 1;
    size_t step;
    if (scan->i >= scan->n || scan->s[scan->i] != '.' || digit_at(scan, at, &step) < 0)
        return false;
    while (digit_at(scan, at, &step) >= 0)
        at += step;
    return !(at < scan->n && scan->s[at] == '.' && digit_at(scan, at + 1, &step) >= 0);
}

static void read_digits(struct scan *scan, struct bf_tokens *out, struct bf_token *token, bool after_dot)
{
    struct bf_buf *plain = &out->plain;
    token->kind = BF_TOKEN_DIGITS;
    token->plain = plain->len;
    size_t leading = put_digits(scan, plain);
    for (;;) {
        uint32_t cp;
        size_t step = peek(scan, scan->i, &cp);
        size_t group = step && groups(cp) && leading <= 3 ? three_digits(scan, scan->i + step) : 0;
        if (group == 0)
            break;
        scan->i += step;
        (void)put_digits(scan, plain);
    }
    if (!after_dot && is_decimal(scan)) {
        scan->i++;
        bf_buf_putc(plain, '.');
        (void)put_digits(scan, plain);
        while (plain->data[plain->len - 1] == '0')
            plain->data[--plain->len] = '\0';
        if (plain->data[plain->len - 1] == '.')
            plain->data[--plain->len] = '\0';
    }
    size_t zeros = 0;
    while (token->plain + zeros + 1 < plain->len && plain->data[token->plain + zeros] == '0' &&
           plain->data[token->plain + zeros + 1] != '.')
        zeros++;
    token->plain += zeros;
    token->plain_len = plain->len - token->plain;
    token->len = scan->i - token->start;
}

/* ---- gaps ---- */

/* Words after which a full stop does not end a sentence. */
static bool is_abbreviation(const struct bf_tokens *tokens)
{
    static const char *const titles[] = {"mr", "mrs", "ms",  "dr",  "prof", "st",  "mt",  "jr", "sr", "no",
                                         "vs", "rev", "gen", "col", "capt", "sgt", "hon", "ca", "vol"};
    const struct bf_token *last = &tokens->items[tokens->n - 1];
    if (last->kind != BF_TOKEN_WORD)
        return false;
    if (last->upper && (last->n_letters == 1 || last->dotted))
        return true;
    for (size_t i = 0; i < sizeof titles / sizeof *titles; i++)
        if (bf_token_is(tokens, tokens->n - 1, titles[i]))
            return true;
    return false;
}

static enum bf_gap single_mark(uint32_t cp)
{
    switch (cp) {
    case '-':
    case 0x2010:
    case 0x2011:
    case 0x2013:
        return BF_GAP_HYPHEN;
    case '/':
        return BF_GAP_SLASH;
    case '.':
        return BF_GAP_DOT;
    case ':':
        return BF_GAP_COLON;
    default:
        return BF_GAP_MARK;
    }
}

static bool ends_sentence(uint32_t cp)
{
    return cp == '!' || cp == '?' || cp == '\n' || cp == 0x2026 || cp == 0x3002 || cp == 0xff01 || cp == 0xff1f ||
           cp == 0x61f || cp == 0x964 || cp == 0x37e;
}

static bool is_quote(uint32_t cp)
{
    return cp == '"' || cp == '\'' || cp == '`' || (cp >= 0x2018 && cp <= 0x201f) || cp == 0xab || cp == 0xbb;
}

/* Skip to the next token. The strongest mark in between decides the gap. */
static enum bf_gap read_gap(struct scan *scan, const struct bf_tokens *tokens)
{
    enum bf_gap gap = BF_GAP_NONE;
    size_t n_marks = 0;
    size_t n_spaces = 0;
    bool pause = false; /* a comma or a colon: a quotation after it begins a sentence */
    bool dot = false;
    for (;;) {
        uint32_t cp;
        size_t step = peek(scan, scan->i, &cp);
        if (!step || (bf_letter_is(cp) && !bf_letter_is_mark(cp)) || bf_letter_digit(cp) >= 0)
            break;
        scan->i += step;
        if (ends_sentence(cp)) {
            gap = BF_GAP_SENTENCE;
        } else if (bf_utf8_is_space(cp)) {
            n_spaces++;
            if (dot && gap != BF_GAP_SENTENCE)
                gap = tokens->n > 0 && n_marks == 1 && is_abbreviation(tokens) ? BF_GAP_SPACE : BF_GAP_SENTENCE;
        } else if (gap != BF_GAP_SENTENCE) {
            n_marks++;
            enum bf_gap mark = cp == ',' || cp == ';' ? BF_GAP_COMMA : single_mark(cp);
            gap = n_marks == 1 && n_spaces == 0 ? mark : cp == ',' || cp == ';' ? BF_GAP_COMMA : BF_GAP_MARK;
            if (is_quote(cp) && pause && n_spaces > 0)
                gap = BF_GAP_SENTENCE;
        }
        dot = dot ? is_quote(cp) || cp == ')' || cp == '*' : cp == '.';
        pause = pause || cp == ',' || cp == ':';
    }
    if (tokens->n == 0)
        return BF_GAP_SENTENCE;
    if (n_spaces > 0 && gap == BF_GAP_NONE)
        return BF_GAP_SPACE;
    /* A hyphen, dot, slash or colon only joins when it is the whole gap: "a - b" is two words. */
    bool joins = gap == BF_GAP_HYPHEN || gap == BF_GAP_SLASH || gap == BF_GAP_DOT || gap == BF_GAP_COLON;
    if (joins && n_spaces > 0)
        return gap == BF_GAP_COLON ? BF_GAP_SENTENCE : BF_GAP_MARK;
    return gap;
}

void bf_tokens_of(struct bf_tokens *out, const char *text, size_t n)
{
    struct scan scan = {.s = text, .n = n};
    *out = (struct bf_tokens){0};
    bf_buf_init(&out->plain, SIZE_MAX);
    while (out->n < TOKENS_MAX) {
        struct bf_token token = {0};
        uint32_t cp;
        token.gap = read_gap(&scan, out);
        if (peek(&scan, scan.i, &cp) == 0)
            break;
        token.start = scan.i;
        if (bf_letter_digit(cp) >= 0)
            read_digits(&scan, out, &token, token.gap == BF_GAP_DOT);
        else
            read_word(&scan, out, &token);
        if (out->n == out->allocated) {
            out->allocated = out->allocated ? 2 * out->allocated : 64;
            out->items = bf_grow(out->items, out->allocated, sizeof *out->items);
        }
        out->items[out->n++] = token;
    }
}

void bf_tokens_release(struct bf_tokens *tokens)
{
    free(tokens->items);
    bf_buf_release(&tokens->plain);
    *tokens = (struct bf_tokens){0};
}

const char *bf_token_plain(const struct bf_tokens *tokens, size_t i)
{
    return tokens->plain.data + tokens->items[i].plain;
}

bool bf_token_is(const struct bf_tokens *tokens, size_t i, const char *plain)
{
    size_t n = strlen(plain);
    return i < tokens->n && tokens->items[i].plain_len == n && memcmp(bf_token_plain(tokens, i), plain, n) == 0;
}
