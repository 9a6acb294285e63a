#include "quality/answer_words.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/letter_case.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "base/banned.h"

enum { WORDS_MAX = 4096 };

/* ---- letters ---- */

static bool is_arabic(uint32_t cp)
{
    return (cp >= 0x600 && cp <= 0x6ff) || (cp >= 0x750 && cp <= 0x77f);
}

/* Vowel signs and the letter that only stretches a word. */
static bool is_silent(uint32_t cp)
{
    return (cp >= 0x64b && cp <= 0x65f) || cp == 0x670 || cp == 0x640;
}

/* One letter for those that writers of Arabic use for each other. */
static uint32_t plain_arabic(uint32_t cp)
{
    switch (cp) {
    case 0x622: /* alef with madda, with hamza above, below */
    case 0x623:
    case 0x625:
        return 0x627;
    case 0x649: /* alef maksura */
        return 0x64a;
    case 0x629: /* teh marbuta */
        return 0x647;
    default:
        return cp;
    }
}

static bool is_apostrophe(uint32_t cp)
{
    return cp == '\'' || cp == 0x2019 || cp == 0x2bc;
}

static bool is_word_letter(uint32_t cp)
{
    return bf_letter_is(cp) || (cp >= 0x20000 && cp <= 0x3ffff);
}

static bool ends_sentence(uint32_t cp)
{
    return cp == '.' || cp == '!' || cp == '?' || cp == 0x3002 || cp == 0xff01 || cp == 0xff1f || cp == 0x61f ||
           cp == 0x6d4 || cp == 0x964;
}

/* ---- numbers ---- */

static const char *const small_numbers[] = {
    "zero", "one",    "two",    "three",    "four",     "five",    "six",     "seven",     "eight",    "nine",
    "ten",  "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"};
static const char *const tens[] = {"twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"};
static const char *const ordinals[] = {"zeroth", "first",   "second", "third", "fourth", "fifth",
                                       "sixth",  "seventh", "eighth", "ninth", "tenth"};

/* The value of a number word below 100; -1 for other words. */
static int small_value(const char *word)
{
    for (size_t i = 0; i < sizeof small_numbers / sizeof *small_numbers; i++)
        if (strcmp(word, small_numbers[i]) == 0)
            return (int)i;
    for (size_t i = 0; i < sizeof tens / sizeof *tens; i++)
        if (strcmp(word, tens[i]) == 0)
            return 20 + 10 * (int)i;
    for (size_t i = 0; i < sizeof ordinals / sizeof *ordinals; i++)
        if (strcmp(word, ordinals[i]) == 0)
            return (int)i;
    return -1;
}

/* 1 for words that do not multiply the number before them. */
static uint64_t factor_of(const char *word)
{
    return strcmp(word, "hundred") == 0    ? 100
           : strcmp(word, "thousand") == 0 ? 1000
           : strcmp(word, "million") == 0  ? 1000000
           : strcmp(word, "billion") == 0  ? 1000000000
                                           : 1;
}

/* ---- stop words ---- */

static int by_word(const void *a, const void *b)
{
    return strcmp((const char *)a, *(const char *const *)b);
}

/* English only: in another language such a word is one more that must agree. In the order of strcmp. */
static bool is_stop(const char *word)
{
    static const char *const stops[] = {
        "a",     "about",  "actually", "also", "an",    "and",  "are",   "as",    "at",    "be",      "been",
        "but",   "by",     "called",   "did",  "do",    "does", "for",   "from",  "had",   "has",     "have",
        "he",    "her",    "him",      "his",  "how",   "i",    "in",    "into",  "is",    "it",      "its",
        "known", "likely", "maybe",    "my",   "named", "of",   "on",    "or",    "our",   "perhaps", "probably",
        "she",   "so",     "that",     "the",  "their", "them", "there", "these", "they",  "this",    "those",
        "to",    "was",    "we",       "well", "were",  "what", "when",  "where", "which", "who",     "whom",
        "whose", "why",    "will",     "with", "would", "you",  "your"};
    return bsearch(word, stops, sizeof stops / sizeof *stops, sizeof *stops, by_word) != NULL;
}

/* ---- the scan ---- */

struct scan {
    const char *text;
    size_t n, at;
    struct bf_answer_words *out;
    bool glued, first;
};

static uint32_t look(const char *text, size_t n, size_t at, size_t *step)
{
    uint32_t cp = 0;
    *step = at < n ? bf_utf8_decode(text + at, n - at, &cp) : 0;
    if (*step == 0) {
        *step = 1;
        return at < n ? 0xfffd : 0;
    }
    return cp;
}

static void set_form(struct bf_answer_words *out, struct bf_answer_word *word, uint64_t value)
{
    out->text.len = word->at;
    bf_buf_printf(&out->text, "%llu", (unsigned long long)value);
    word->len = out->text.len - word->at;
    word->number = true;
}

/* "twenty-one", "two hundred", "2 million": the word belongs to the number before it, which takes it in. */
static bool takes_in(struct bf_answer_words *out, const struct bf_answer_word *word, int value, uint64_t factor)
{
    struct bf_answer_word *last = out->n > 0 ? &out->items[out->n - 1] : NULL;
    if (!last || !last->number || !word->glued || last->len > 9 || strchr(out->text.data + last->at, '.'))
        return false;
    const uint64_t before = strtoull(out->text.data + last->at, NULL, 10);
    if (factor > 1)
        set_form(out, last, before * factor);
    else if (value > 0 && value < 10 && last->spelled && before >= 20 && before < 100 && before % 10 == 0)
        set_form(out, last, before + (uint64_t)value);
    else
        return false;
    bf_buf_putc(&out->text, 0);
    return true;
}

static void add_word(struct scan *s, size_t from, bool number, bool capital, bool unspaced)
{
    struct bf_answer_words *out = s->out;
    struct bf_answer_word word = {.at = from,
                                  .len = out->text.len - from,
                                  .number = number,
                                  .capital = capital,
                                  .unspaced = unspaced,
                                  .glued = s->glued && out->n > 0,
                                  .first = s->first || out->n == 0};
    const int value = number ? -1 : small_value(out->text.data + from);
    const uint64_t factor = number ? 1 : factor_of(out->text.data + from);
    if ((value >= 0 || factor > 1) && takes_in(out, &word, value, factor))
        return;
    if (value >= 0) {
        set_form(out, &word, (uint64_t)value);
        word.spelled = true;
    }
    word.stop = !word.number && is_stop(out->text.data + from);
    bf_buf_putc(&out->text, 0);
    if ((out->n & (out->n - 1)) == 0)
        out->items = bf_grow(out->items, out->n ? 2 * out->n : 1, sizeof *out->items);
    out->items[out->n++] = word;
    s->first = false;
    s->glued = true;
}

/* Digits, with the marks inside them: "1,998.50" is 1998.50. Letters after them stay ("1990s", "B12") but for the end
 * of an ordinal ("3rd"). */
static void read_digits(struct scan *s)
{
    struct bf_buf *out = &s->out->text;
    const size_t from = out->len;
    size_t step = 0;
    bool number = true;
    while (s->at < s->n) {
        const uint32_t cp = look(s->text, s->n, s->at, &step);
        size_t after = 0;
        const int digit = bf_letter_digit(cp);
        const bool mark = cp == ',' || cp == '.' || cp == 0x66b || cp == 0x66c;
        if (digit >= 0)
            bf_buf_putc(out, (char)('0' + digit));
        else if (mark && bf_letter_digit(look(s->text, s->n, s->at + step, &after)) >= 0) {
            if (cp == '.' || cp == 0x66b)
                bf_buf_putc(out, '.');
        } else
            break;
        s->at += step;
    }
    struct bf_buf tail;
    bf_buf_init(&tail, SIZE_MAX);
    while (s->at < s->n) {
        const uint32_t cp = look(s->text, s->n, s->at, &step);
        if ((!is_word_letter(cp) && bf_letter_digit(cp) < 0) || bf_letter_is_unspaced(cp))
            break;
        bf_letter_fold(&tail, s->text + s->at, step);
        s->at += step;
    }
    static const char *const ends[] = {"st", "nd", "rd", "th"};
    bool ordinal = tail.len == 0;
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        ordinal |= strcmp(tail.data, ends[i]) == 0;
    if (!ordinal) {
        bf_buf_puts(out, tail.data);
        number = false;
    }
    bf_buf_release(&tail);
    add_word(s, from, number, false, false);
}

static void read_word(struct scan *s)
{
    struct bf_buf *out = &s->out->text;
    const size_t from = out->len;
    size_t step = 0;
    uint32_t cp = look(s->text, s->n, s->at, &step);
    const bool capital = bf_letter_is_upper(cp);
    if (bf_letter_is_unspaced(cp)) {
        bf_buf_put(out, s->text + s->at, step);
        s->at += step;
        add_word(s, from, false, false, true);
        return;
    }
    while (s->at < s->n) {
        size_t next = 0;
        cp = look(s->text, s->n, s->at, &step);
        const uint32_t after = look(s->text, s->n, s->at + step, &next);
        if (is_apostrophe(cp) && is_word_letter(after)) {
            /* A possessive s ends the word; "n't" and "O'Brien" go on. */
            size_t last = 0;
            const bool s_follows = after == 's' && !is_word_letter(look(s->text, s->n, s->at + step + next, &last));
            s->at += step + (s_follows ? next : 0);
            if (s_follows)
                break;
            continue;
        }
        if ((!is_word_letter(cp) && bf_letter_digit(cp) < 0) || bf_letter_is_unspaced(cp))
            break;
        if (!is_silent(cp)) {
            const uint32_t plain = plain_arabic(cp);
            const char arabic[2] = {(char)(0xc0 | plain >> 6), (char)(0x80 | (plain & 0x3f))};
            if (is_arabic(cp))
                bf_buf_put(out, plain < 0x800 ? arabic : s->text + s->at, step);
            else
                bf_letter_fold(out, s->text + s->at, step);
        }
        s->at += step;
    }
    if (out->len > from)
        add_word(s, from, false, capital, false);
}

void bf_answer_words_of(struct bf_answer_words *out, const char *text)
{
    struct scan s = {.text = text, .n = strlen(text), .out = out, .first = true};
    *out = (struct bf_answer_words){0};
    bf_buf_init(&out->text, SIZE_MAX);
    while (s.at < s.n && out->n < WORDS_MAX) {
        size_t step = 0;
        const uint32_t cp = look(text, s.n, s.at, &step);
        if (bf_letter_digit(cp) >= 0) {
            read_digits(&s);
        } else if (is_word_letter(cp) && !is_silent(cp)) {
            read_word(&s);
        } else {
            /* The full stop of an initial ("J. K.") or a title ("Dr.") does not end a sentence. */
            const struct bf_answer_word *last = out->n > 0 ? &out->items[out->n - 1] : NULL;
            const bool initial = cp == '.' && last && last->capital && !last->number && last->len <= 3;
            s.first |= ends_sentence(cp) && !initial;
            s.glued = s.glued && (bf_utf8_is_space(cp) || cp == '-' || cp == 0x2010 || cp == 0x2011 || initial ||
                                  is_silent(cp) || bf_letter_is_mark(cp));
            s.glued = s.glued && cp != '\n';
            s.at += step;
        }
    }
    for (size_t i = 0; i < out->n; i++)
        out->n_content += !out->items[i].stop;
}

void bf_answer_words_release(struct bf_answer_words *words)
{
    free(words->items);
    bf_buf_release(&words->text);
    *words = (struct bf_answer_words){0};
}

/* ---- equality ---- */

bool bf_answer_word_is(const struct bf_answer_words *words, size_t i, const char *form)
{
    return i < words->n && strcmp(words->text.data + words->items[i].at, form) == 0;
}

static size_t letters(const char *form)
{
    return bf_utf8_count(form, strlen(form));
}

/* The code points that both begin with. */
static size_t common_letters(const char *a, const char *b)
{
    size_t n = 0;
    for (size_t at = 0;;) {
        uint32_t x = 0, y = 0;
        const size_t i = a[at] ? bf_utf8_decode(a + at, strnlen(a + at, 4), &x) : 0;
        const size_t j = b[at] ? bf_utf8_decode(b + at, strnlen(b + at, 4), &y) : 0;
        if (i == 0 || j == 0 || x != y)
            return n;
        at += i;
        n++;
    }
}

/* After the article and the short words that Arabic writes as one with the next. */
static const char *bare_arabic(const char *form)
{
    static const char *const prefixes[] = {"\u0648\u0627\u0644", "\u0628\u0627\u0644", "\u0643\u0627\u0644",
                                           "\u0641\u0627\u0644", "\u0627\u0644",       "\u0644\u0644"};
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
        const size_t n = strlen(prefixes[i]);
        if (strncmp(form, prefixes[i], n) == 0 && letters(form + n) >= 2)
            return form + n;
    }
    return form;
}

static bool without_s(const char *longer, const char *shorter)
{
    const size_t n = strlen(shorter);
    return n >= 4 && strlen(longer) == n + 1 && longer[n] == 's' && strncmp(longer, shorter, n) == 0;
}

bool bf_answer_words_equal(const struct bf_answer_words *a, size_t i, const struct bf_answer_words *b, size_t j)
{
    const char *x = a->text.data + a->items[i].at, *y = b->text.data + b->items[j].at;
    uint32_t cp = 0;
    if (strcmp(x, y) == 0)
        return true;
    if (a->items[i].number || b->items[j].number || a->items[i].unspaced || b->items[j].unspaced || !*x || !*y)
        return false;
    (void)bf_utf8_decode(x, strnlen(x, 4), &cp);
    if (cp < 0x80)
        return without_s(x, y) || without_s(y, x);
    if (is_arabic(cp))
        return strcmp(bare_arabic(x), bare_arabic(y)) == 0;
    if (cp >= 0x370 && cp <= 0x52f) { /* Greek, Cyrillic: up to two letters of an ending */
        const size_t n = letters(x), m = letters(y), common = common_letters(x, y);
        const bool one_is_whole = common == (n < m ? n : m);
        return common >= (one_is_whole ? 3 : 4) && n - common <= 2 && m - common <= 2;
    }
    return false;
}
