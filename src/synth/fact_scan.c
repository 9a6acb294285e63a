/* One pass over the tokens for numbers and months, one for names. */
#include "synth/fact_scan.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "synth/name_words.h"
#include "synth/number_words.h"
#include "base/banned.h"

enum { NUMBER_MAX = 512 };

static const double shouted_share = 0.6; /* with so many words in capitals, capitals mean nothing */

static struct bf_fact *add(struct bf_fact_list *list, enum bf_fact_kind kind, size_t first, size_t n)
{
    if (list->n == list->allocated) {
        list->allocated = list->allocated ? 2 * list->allocated : 16;
        list->items = bf_grow(list->items, list->allocated, sizeof *list->items);
    }
    const struct bf_token *from = &list->tokens.items[first];
    const struct bf_token *to = &list->tokens.items[first + n - 1];
    struct bf_fact *fact = &list->items[list->n++];
    *fact = (struct bf_fact){
        .kind = kind, .start = from->start, .len = to->start + to->len - from->start, .first = first, .n = n};
    return fact;
}

/* ---- numbers ---- */

/* The key of a plain number ("12.5") times 10^zeros, so that "12.5 million" and "12,500,000" agree. */
static uint64_t number_key(const char *plain, size_t n, int zeros)
{
    char text[NUMBER_MAX];
    size_t len = 0;
    size_t dot = 0;
    bool fraction = false;
    if (n > sizeof text - 16)
        n = sizeof text - 16;
    for (size_t i = 0; i < n; i++) {
        if (plain[i] == '.') {
            fraction = true;
            dot = len;
        } else {
            text[len++] = plain[i];
        }
    }
    if (!fraction)
        dot = len;
    for (; zeros > 0; zeros--) {
        if (dot == len)
            text[len++] = '0';
        dot++;
    }
    while (len > dot && text[len - 1] == '0')
        len--;
    size_t skip = 0;
    while (skip + 1 < dot && text[skip] == '0')
        skip++;
    if (dot < len) {
        memmove(text + dot + 1, text + dot, len - dot);
        text[dot] = '.';
        len++;
    }
    return bf_hash64(text + skip, len - skip);
}

static uint64_t value_key(uint64_t value)
{
    char text[24];
    int n = snprintf(text, sizeof text, "%" PRIu64, value);
    return bf_hash64(text, (size_t)n);
}

static uint64_t month_key(int month)
{
    char text[16];
    int n = snprintf(text, sizeof text, "month %d", month);
    return bf_hash64(text, (size_t)n);
}

static void add_number(struct bf_fact_list *list, size_t first, size_t n, uint64_t key, uint64_t alt, bool soft)
{
    struct bf_fact *fact = add(list, BF_FACT_NUMBER, first, n);
    fact->key = key;
    fact->alt = alt;
    fact->soft = soft;
}

static bool is_digits(const struct bf_tokens *tokens, size_t i)
{
    return i < tokens->n && tokens->items[i].kind == BF_TOKEN_DIGITS;
}

/* The small number at token i, or 0. */
static int small_value(const struct bf_tokens *tokens, size_t i)
{
    const char *plain = bf_token_plain(tokens, i);
    size_t n = tokens->items[i].plain_len;
    return n == 1 ? plain[0] - '0' : n == 2 && plain[1] != '.' ? 10 * (plain[0] - '0') + plain[1] - '0' : 0;
}

/* "03/05/1998", "1998-05-03", "3.5.1998": three numbers with the same separator, with a year
 * at one end. Each of the other two may be the month. Returns how many tokens it spans. */
static size_t add_numeric_date(struct bf_fact_list *list, size_t i)
{
    const struct bf_tokens *tokens = &list->tokens;
    if (!is_digits(tokens, i + 1) || !is_digits(tokens, i + 2))
        return 0;
    enum bf_gap gap = tokens->items[i + 1].gap;
    bool year_first = tokens->items[i].len == 4;
    bool year_last = tokens->items[i + 2].len == 4;
    if ((gap != BF_GAP_SLASH && gap != BF_GAP_DOT && gap != BF_GAP_HYPHEN) || tokens->items[i + 2].gap != gap ||
        year_first == year_last)
        return 0;
    size_t year = year_first ? i : i + 2;
    add_number(list, year, 1, number_key(bf_token_plain(tokens, year), tokens->items[year].plain_len, 0), 0, false);
    list->items[list->n - 1].alt = list->items[list->n - 1].key;
    for (size_t part = i; part < i + 3; part++) {
        if (part == year)
            continue;
        int value = small_value(tokens, part);
        uint64_t key = number_key(bf_token_plain(tokens, part), tokens->items[part].plain_len, 0);
        add_number(list, part, 1, key, value >= 1 && value <= 12 ? month_key(value) : key, false);
    }
    return 3;
}

static bool is_decade(const struct bf_tokens *tokens, size_t i)
{
    const struct bf_token *number = &tokens->items[i];
    if (i + 1 >= tokens->n || !bf_token_is(tokens, i + 1, "s"))
        return false;
    size_t between = tokens->items[i + 1].start - number->start - number->len;
    return between <= 3 && tokens->items[i + 1].gap != BF_GAP_SPACE &&
           bf_token_plain(tokens, i)[number->plain_len - 1] == '0';
}

static size_t add_figures(struct bf_fact_list *list, size_t i)
{
    const struct bf_tokens *tokens = &list->tokens;
    const char *plain = bf_token_plain(tokens, i);
    size_t n = tokens->items[i].plain_len;
    size_t date = add_numeric_date(list, i);
    if (date > 0)
        return date;
    /* "7:00" is 7. */
    if (i > 0 && tokens->items[i].gap == BF_GAP_COLON && n == 1 && *plain == '0' && is_digits(tokens, i - 1))
        return 1;
    if (is_decade(tokens, i)) {
        uint64_t key = bf_hash64("decade", 6) ^ number_key(plain, n, 0);
        add_number(list, i, 2, key, key, false);
        return 2;
    }
    int zeros = bf_magnitude_at(tokens, i + 1);
    uint64_t key = number_key(plain, n, zeros);
    if (zeros > 0) {
        add_number(list, i, 2, key, key, false);
        return 2;
    }
    int multiple = bf_multiple_at(tokens, i + 1);
    int value = small_value(tokens, i);
    bool counted = multiple > 0 && value > 0;
    add_number(list, i, counted ? 2 : 1, key, counted ? value_key((uint64_t)(multiple * value)) : key, false);
    /* The ending of "3rd" is not a word. */
    bool ending = i + 1 < tokens->n && tokens->items[i + 1].gap == BF_GAP_NONE;
    return counted || ending ? 2 : 1;
}

static size_t add_number_word(struct bf_fact_list *list, size_t i)
{
    struct bf_word_number number = bf_word_number_at(&list->tokens, i);
    if (number.n_tokens == 0)
        return 0;
    int multiple = bf_multiple_at(&list->tokens, i + number.n_tokens);
    size_t n = number.n_tokens + (multiple > 0 ? 1 : 0);
    uint64_t key = value_key(number.value);
    bool counted = multiple > 0 && number.value < 1000;
    add_number(list, i, n, key, counted ? value_key(number.value * (uint64_t)multiple) : key, number.soft);
    return n;
}

/* A single letter may be "I" or a name, so no text is required to have it. */
static void add_roman(struct bf_fact_list *list, size_t i)
{
    int value = bf_roman_at(&list->tokens, i);
    if (value > 0)
        add_number(list, i, 1, value_key((uint64_t)value), value_key((uint64_t)value),
                   list->tokens.items[i].n_letters == 1);
}

static void add_numbers(struct bf_fact_list *list)
{
    for (size_t i = 0; i < list->tokens.n;) {
        size_t used = 0;
        int month = 0;
        if (list->tokens.items[i].kind == BF_TOKEN_DIGITS) {
            used = add_figures(list, i);
        } else if ((month = bf_month_at(&list->tokens, i)) > 0) {
            struct bf_fact *fact = add(list, BF_FACT_DATE, i, 1);
            fact->key = fact->alt = month_key(month);
            used = 1;
        } else {
            used = add_number_word(list, i);
            if (used == 0)
                add_roman(list, i);
        }
        i += used ? used : 1;
    }
}

/* ---- names ---- */

static bool touches(const struct bf_tokens *tokens, size_t i)
{
    return i < tokens->n && (tokens->items[i].gap == BF_GAP_SPACE || tokens->items[i].gap == BF_GAP_HYPHEN);
}

/* "Io" alone within a sentence, but not the "Al" of a longer name. */
static bool stands_alone(const struct bf_tokens *tokens, size_t i)
{
    bool before = i > 0 && touches(tokens, i) && tokens->items[i - 1].upper;
    bool after = touches(tokens, i + 1) && tokens->items[i + 1].upper;
    return tokens->items[i].gap != BF_GAP_SENTENCE && !before && !after;
}

bool bf_fact_is_specific(const struct bf_tokens *tokens, size_t i)
{
    const struct bf_token *token = &tokens->items[i];
    const char *word = bf_token_plain(tokens, i);
    bool two = token->n_letters == 2 && (token->all_upper || token->with_digit || stands_alone(tokens, i));
    return (token->n_letters >= 3 || two) && !bf_name_word_is_generic(word, token->plain_len) &&
           !bf_name_word_is_common(word, token->plain_len) && bf_roman_at(tokens, i) == 0 &&
           bf_word_number_at(tokens, i).n_tokens == 0;
}

/* Is the word elsewhere in the text in lower case? */
static bool also_small(const struct bf_tokens *tokens, size_t i)
{
    const struct bf_token *token = &tokens->items[i];
    for (size_t j = 0; j < tokens->n; j++)
        if (tokens->items[j].lower_case && tokens->items[j].plain_len == token->plain_len &&
            memcmp(bf_token_plain(tokens, j), bf_token_plain(tokens, i), token->plain_len) == 0)
            return true;
    return false;
}

/* Is it a plural that begins a sentence ("Storms raged")? Names may end in s as well: "Zeus", "Paris", "Heracles",
 * "Mars is". */
static bool looks_plural(const struct bf_tokens *tokens, size_t i)
{
    const struct bf_token *token = &tokens->items[i];
    const char *word = bf_token_plain(tokens, i);
    size_t n = token->plain_len;
    if (n < 4 || word[n - 1] != 's' || memchr("suioae", word[n - 2], 6) != NULL)
        return false;
    if (i + 1 >= tokens->n || tokens->items[i + 1].gap != BF_GAP_SPACE || tokens->items[i + 1].upper)
        return false;
    const char *next = bf_token_plain(tokens, i + 1);
    size_t next_n = tokens->items[i + 1].plain_len;
    return next_n > 0 && next[next_n - 1] != 's';
}

/* Is a single capitalised word at the start of a sentence a name? */
static bool is_name_at_start(const struct bf_tokens *tokens, size_t i)
{
    const struct bf_token *token = &tokens->items[i];
    if (token->possessive || token->all_upper || token->with_digit)
        return true;
    return !bf_name_word_has_common_ending(bf_token_plain(tokens, i), token->plain_len) && !looks_plural(tokens, i) &&
           !also_small(tokens, i);
}

static bool shouted(const struct bf_tokens *tokens)
{
    size_t n_cased = 0;
    size_t n_shouted = 0;
    for (size_t i = 0; i < tokens->n; i++) {
        n_cased += tokens->items[i].upper || tokens->items[i].lower_case ? 1 : 0;
        n_shouted += tokens->items[i].all_upper ? 1 : 0;
    }
    return n_cased >= 4 && (double)n_shouted > shouted_share * (double)n_cased;
}

static bool in_name(const struct bf_tokens *tokens, size_t i)
{
    const struct bf_token *token = &tokens->items[i];
    return token->kind == BF_TOKEN_WORD && (token->upper || token->with_digit) && bf_month_at(tokens, i) == 0;
}

static void add_names(struct bf_fact_list *list)
{
    const struct bf_tokens *tokens = &list->tokens;
    if (shouted(tokens))
        return;
    for (size_t i = 0; i < tokens->n;) {
        if (!in_name(tokens, i) || (i > 0 && tokens->items[i].gap == BF_GAP_NONE)) {
            i++;
            continue;
        }
        size_t end = i + 1;
        while (touches(tokens, end) && in_name(tokens, end))
            end++;
        bool starts = tokens->items[i].gap == BF_GAP_SENTENCE;
        size_t n_specific = 0;
        for (size_t j = i; j < end; j++)
            n_specific += bf_fact_is_specific(tokens, j) ? 1 : 0;
        if (n_specific > 0 && (!starts || end - i > 1 || is_name_at_start(tokens, i)))
            add(list, BF_FACT_NAME, i, end - i)->sure = !starts;
        i = end;
    }
}

/* ---- the list ---- */

static int compare_hashes(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

void bf_fact_list_of(struct bf_fact_list *out, const char *text, size_t n)
{
    *out = (struct bf_fact_list){0};
    bf_tokens_of(&out->tokens, text, n);
    out->words = bf_array(out->tokens.n, sizeof *out->words);
    for (size_t i = 0; i < out->tokens.n; i++)
        if (out->tokens.items[i].kind == BF_TOKEN_WORD)
            out->words[out->n_words++] = bf_hash64(bf_token_plain(&out->tokens, i), out->tokens.items[i].plain_len);
    qsort(out->words, out->n_words, sizeof *out->words, compare_hashes);
    add_numbers(out);
    add_names(out);
}

void bf_fact_list_release(struct bf_fact_list *list)
{
    free(list->items);
    free(list->words);
    bf_tokens_release(&list->tokens);
    *list = (struct bf_fact_list){0};
}

bool bf_fact_list_has_word(const struct bf_fact_list *list, const char *word, size_t n)
{
    uint64_t hash = bf_hash64(word, n);
    return list->n_words > 0 && bsearch(&hash, list->words, list->n_words, sizeof hash, compare_hashes) != NULL;
}
