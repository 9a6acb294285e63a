/* Tokens are numbered once over both texts, so that comparing two is comparing two integers. */
#include "eval/rouge.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/letter_case.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "eval/membership.h"
#include "eval/porter.h"
#include "base/banned.h"

struct tokens {
    char **words; /* [n] */
    size_t n, allocated;
    uint32_t *ids; /* [n] */
};

static void release(struct tokens *t)
{
    for (size_t i = 0; i < t->n; i++)
        free(t->words[i]);
    free(t->words);
    free(t->ids);
}

static void add(struct tokens *t, const char *word, size_t n, bool stemmer)
{
    if (n == 0 || t->n == BF_ROUGE_TOKENS_MAX)
        return;
    if (t->n == t->allocated) {
        t->allocated = t->allocated ? 2 * t->allocated : 64;
        t->words = bf_grow(t->words, t->allocated, sizeof *t->words);
    }
    char *copy = bf_alloc(n + 2);
    memcpy(copy, word, n);
    copy[stemmer && n > 3 ? bf_porter_stem(copy, n) : n] = 0;
    t->words[t->n++] = copy;
}

/* Python's lower() before the pattern [^a-z0-9]+: two characters beyond ASCII become ASCII letters there, the Kelvin sign a "k", and
 * the Turkish capital I with a dot an "i" that ends its token. */
static void tokenize(struct tokens *t, const char *text, bool stemmer)
{
    const size_t n = strlen(text);
    char *word = bf_alloc(n + 1);
    size_t len = 0;
    for (size_t i = 0; i < n; i++) {
        const unsigned char c = (unsigned char)text[i];
        bool ends = false;
        if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) {
            word[len++] = (char)c;
        } else if (c >= 'A' && c <= 'Z') {
            word[len++] = (char)(c - 'A' + 'a');
        } else if (c == 0xE2 && n - i > 2 && memcmp(text + i, "\xE2\x84\xAA", 3) == 0) {
            word[len++] = 'k';
            i += 2;
        } else {
            if (c == 0xC4 && n - i > 1 && (unsigned char)text[i + 1] == 0xB0) {
                word[len++] = 'i';
                i++;
            }
            ends = true;
        }
        if (ends) {
            add(t, word, len, stemmer);
            len = 0;
        }
    }
    add(t, word, len, stemmer);
    free(word);
}

/* ---- words of all scripts ---- */

/* Vowel signs that may be left out (Arabic, Hebrew), the stretching Tatweel, and joiners. */
static bool is_optional(uint32_t cp)
{
    return (cp >= 0x064b && cp <= 0x0652) || cp == 0x0670 || cp == 0x0640 || (cp >= 0x0591 && cp <= 0x05bd) ||
           cp == 0x200c || cp == 0x200d;
}

static bool is_latin(uint32_t cp)
{
    return cp < 0x370 || (cp >= 0x1e00 && cp <= 0x1eff);
}

static bool is_word(uint32_t cp)
{
    return bf_letter_is(cp) || bf_letter_digit(cp) >= 0 || (cp >= 0x20000 && cp <= 0x3ffff);
}

/* The letters of a word; a number has none. */
enum letters { NO_LETTERS = 0, LATIN = 1, OTHERS = 2 };

/* The next word of *text, lower-cased, into `out`; *letters: LATIN | OTHERS. False at the end. */
static bool next_word(const char **text, const char *end, struct bf_buf *out, int *letters)
{
    bf_buf_clear(out);
    *letters = NO_LETTERS;
    for (uint32_t cp = 0; *text < end;) {
        const char *at = *text;
        const size_t decoded = bf_utf8_decode(at, (size_t)(end - at), &cp), n = decoded ? decoded : 1;
        const bool word = decoded && is_word(cp), alone = word && bf_letter_is_unspaced(cp);
        if (out->len > 0 && (alone || (!word && !is_optional(cp))))
            return true;
        *text += n;
        if (!word || is_optional(cp))
            continue;
        if (bf_letter_digit(cp) >= 0) {
            bf_buf_putc(out, (char)('0' + bf_letter_digit(cp)));
        } else {
            bf_text_lower(out, at, n);
            *letters |= is_latin(cp) ? LATIN : OTHERS;
        }
        if (alone)
            return true;
    }
    return out->len > 0;
}

static void words_of_all_scripts(struct tokens *t, const char *text, bool stemmer)
{
    const char *end = text + strlen(text);
    struct bf_buf word;
    int letters = 0;
    bf_buf_init(&word, SIZE_MAX);
    while (next_word(&text, end, &word, &letters)) {
        const bool ascii = strspn(word.data, "abcdefghijklmnopqrstuvwxyz0123456789") == word.len;
        add(t, word.data, word.len, stemmer && ascii);
    }
    bf_buf_release(&word);
}

/* Are most words of the text of another script than Latin? */
static bool is_of_other_script(const char *text)
{
    const char *end = text + strlen(text);
    size_t n_latin = 0, n_others = 0;
    struct bf_buf word;
    int letters = 0;
    bf_buf_init(&word, SIZE_MAX);
    while (next_word(&text, end, &word, &letters)) {
        n_latin += letters == LATIN;
        n_others += letters & OTHERS ? 1 : 0;
    }
    bf_buf_release(&word);
    return n_others > n_latin;
}

struct entry {
    const char *word;
    uint32_t *id;
};

static int by_word(const void *a, const void *b)
{
    return strcmp(((const struct entry *)a)->word, ((const struct entry *)b)->word);
}

/* Equal words get equal numbers, below the returned one. */
static uint32_t number(struct tokens *a, struct tokens *b)
{
    const size_t n = a->n + b->n;
    struct entry *all = bf_array(n, sizeof *all);
    a->ids = bf_array(a->n, sizeof *a->ids);
    b->ids = bf_array(b->n, sizeof *b->ids);
    for (size_t i = 0; i < a->n; i++)
        all[i] = (struct entry){a->words[i], &a->ids[i]};
    for (size_t i = 0; i < b->n; i++)
        all[a->n + i] = (struct entry){b->words[i], &b->ids[i]};
    qsort(all, n, sizeof *all, by_word);
    uint32_t id = 0;
    for (size_t i = 0; i < n; i++) {
        id += i > 0 && strcmp(all[i - 1].word, all[i].word) != 0;
        *all[i].id = id;
    }
    free(all);
    return id + 1;
}

static size_t overlap(const struct tokens *a, const struct tokens *b, uint32_t n_ids)
{
    size_t *counts = bf_array(n_ids, sizeof *counts);
    size_t common = 0;
    for (size_t i = 0; i < a->n; i++)
        counts[a->ids[i]]++;
    for (size_t i = 0; i < b->n; i++)
        if (counts[b->ids[i]] > 0) {
            counts[b->ids[i]]--;
            common++;
        }
    free(counts);
    return common;
}

static size_t common_subsequence(const struct tokens *a, const struct tokens *b)
{
    uint32_t *row = bf_array(b->n + 1, sizeof *row);
    for (size_t i = 0; i < a->n; i++) {
        uint32_t diagonal = 0;
        for (size_t j = 1; j <= b->n; j++) {
            const uint32_t above = row[j];
            if (a->ids[i] == b->ids[j - 1])
                row[j] = diagonal + 1;
            else if (row[j - 1] > above)
                row[j] = row[j - 1];
            diagonal = above;
        }
    }
    const size_t length = row[b->n];
    free(row);
    return length;
}

static struct bf_rouge of_common(size_t common, size_t n_target, size_t n_prediction, bool all_scripts)
{
    struct bf_rouge r = {.all_scripts = all_scripts};
    if (common == 0)
        return r;
    r.precision = (double)common / (double)n_prediction;
    r.recall = (double)common / (double)n_target;
    r.f1 = 2.0 * r.precision * r.recall / (r.precision + r.recall);
    return r;
}

void bf_rouge_of(const char *target, const char *prediction, bool stemmer, struct bf_rouge *rouge_1,
                 struct bf_rouge *rouge_l)
{
    struct tokens t = {0}, p = {0};
    const bool all_scripts = is_of_other_script(target);
    if (all_scripts) {
        words_of_all_scripts(&t, target, stemmer);
        words_of_all_scripts(&p, prediction, stemmer);
    } else {
        tokenize(&t, target, stemmer);
        tokenize(&p, prediction, stemmer);
    }
    const uint32_t n_ids = number(&t, &p);
    if (rouge_1)
        *rouge_1 = of_common(overlap(&t, &p, n_ids), t.n, p.n, all_scripts);
    if (rouge_l)
        *rouge_l = of_common(common_subsequence(&t, &p), t.n, p.n, all_scripts);
    release(&t);
    release(&p);
}
