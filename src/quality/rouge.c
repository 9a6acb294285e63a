/* Tokens are numbered once over both texts, so that comparing two tokens is comparing two integers. */
#include "quality/rouge.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/letter_case.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "base/banned.h"

/* ---- the Porter stemmer ---- */

/* Step names are the paper's (M. F. Porter, "An algorithm for suffix stripping", Program 14(3), 1980). Where NLTK
 * departs from it a comment says so. Rules of one step are tried in order; the first suffix that matches decides, even
 * when its condition fails. */

static bool is_vowel(char c)
{
    return c == 'a' || c == 'e' || c == 'i' || c == 'o' || c == 'u';
}

/* A "y" is a consonant at the start and after a vowel. */
static bool is_consonant(const char *w, size_t i)
{
    bool negate = false;
    while (i > 0 && w[i] == 'y') {
        negate = !negate;
        i--;
    }
    return !is_vowel(w[i]) != negate;
}

/* The paper's m: how often a vowel is followed by a consonant. */
static size_t measure(const char *w, size_t n)
{
    size_t m = 0;
    bool before = true;
    for (size_t i = 0; i < n; i++) {
        const bool consonant = w[i] == 'y' ? i == 0 || !before : !is_vowel(w[i]);
        if (i > 0 && consonant && !before)
            m++;
        before = consonant;
    }
    return m;
}

static bool has_vowel(const char *w, size_t n)
{
    bool before = true;
    for (size_t i = 0; i < n; i++) {
        before = w[i] == 'y' ? i == 0 || !before : !is_vowel(w[i]);
        if (!before)
            return true;
    }
    return false;
}

static bool ends_double_consonant(const char *w, size_t n)
{
    return n >= 2 && w[n - 1] == w[n - 2] && is_consonant(w, n - 1);
}

/* The paper's *o; NLTK also takes two letters, vowel and consonant. */
static bool ends_cvc(const char *w, size_t n)
{
    if (n >= 3 && is_consonant(w, n - 3) && !is_consonant(w, n - 2) && is_consonant(w, n - 1) && w[n - 1] != 'w' &&
        w[n - 1] != 'x' && w[n - 1] != 'y')
        return true;
    return n == 2 && !is_consonant(w, 0) && is_consonant(w, 1);
}

static bool ends_with(const char *w, size_t n, const char *suffix)
{
    const size_t k = strlen(suffix);
    return n >= k && memcmp(w + n - k, suffix, k) == 0;
}

/* Replace the last `cut` letters; no replacement is longer than its suffix by more than one letter. */
static size_t replace(char *w, size_t n, size_t cut, const char *with)
{
    const size_t k = strlen(with);
    memcpy(w + n - cut, with, k);
    return n - cut + k;
}

struct rule {
    const char *suffix, *with;
};

/* The first rule whose suffix matches, if the stem's measure is above `above`. */
static size_t apply(char *w, size_t n, const struct rule *rules, size_t n_rules, size_t above, bool *matched)
{
    for (size_t r = 0; r < n_rules; r++) {
        if (!ends_with(w, n, rules[r].suffix))
            continue;
        *matched = true;
        const size_t cut = strlen(rules[r].suffix);
        return measure(w, n - cut) > above ? replace(w, n, cut, rules[r].with) : n;
    }
    return n;
}

static size_t step_1a(char *w, size_t n)
{
    if (n == 4 && ends_with(w, n, "ies")) /* NLTK: "dies" -> "die" */
        return replace(w, n, 3, "ie");
    if (ends_with(w, n, "sses"))
        return n - 2;
    if (ends_with(w, n, "ies"))
        return n - 2;
    if (ends_with(w, n, "ss"))
        return n;
    return ends_with(w, n, "s") ? n - 1 : n;
}

static size_t step_1b(char *w, size_t n)
{
    if (ends_with(w, n, "ied")) /* NLTK: "died" -> "die", "spied" -> "spi" */
        return n == 4 ? n - 1 : n - 2;
    if (ends_with(w, n, "eed"))
        return measure(w, n - 3) > 0 ? n - 1 : n;
    if (ends_with(w, n, "ed") && has_vowel(w, n - 2))
        n -= 2;
    else if (ends_with(w, n, "ing") && has_vowel(w, n - 3))
        n -= 3;
    else
        return n;
    if (ends_with(w, n, "at") || ends_with(w, n, "bl") || ends_with(w, n, "iz"))
        return replace(w, n, 0, "e");
    if (ends_double_consonant(w, n))
        return w[n - 1] == 'l' || w[n - 1] == 's' || w[n - 1] == 'z' ? n : n - 1;
    return measure(w, n) == 1 && ends_cvc(w, n) ? replace(w, n, 0, "e") : n;
}

/* NLTK: after a consonant, and not in words of two letters. */
static size_t step_1c(char *w, size_t n)
{
    if (ends_with(w, n, "y") && n > 2 && is_consonant(w, n - 2))
        w[n - 1] = 'i';
    return n;
}

static size_t step_2(char *w, size_t n)
{
    static const struct rule rules[] = {
        {"ational", "ate"}, {"tional", "tion"}, {"enci", "ence"}, {"anci", "ance"}, {"izer", "ize"},
        {"bli", "ble"},     {"alli", "al"},     {"entli", "ent"}, {"eli", "e"},     {"ousli", "ous"},
        {"ization", "ize"}, {"ation", "ate"},   {"ator", "ate"},  {"alism", "al"},  {"iveness", "ive"},
        {"fulness", "ful"}, {"ousness", "ous"}, {"aliti", "al"},  {"iviti", "ive"}, {"biliti", "ble"},
        {"fulli", "ful"},
    };
    bool matched = false;
    while (ends_with(w, n, "alli") && measure(w, n - 4) > 0) /* NLTK: first, and then the step once more */
        n -= 2;
    n = apply(w, n, rules, sizeof rules / sizeof *rules, 0, &matched);
    /* NLTK: the "l" counts as the stem's. */
    if (!matched && ends_with(w, n, "logi") && measure(w, n - 3) > 0)
        n--;
    return n;
}

static size_t step_3(char *w, size_t n)
{
    static const struct rule rules[] = {{"icate", "ic"}, {"ative", ""}, {"alize", "al"}, {"iciti", "ic"},
                                        {"ical", "ic"},  {"ful", ""},   {"ness", ""}};
    bool matched = false;
    return apply(w, n, rules, sizeof rules / sizeof *rules, 0, &matched);
}

static size_t step_4(char *w, size_t n)
{
    static const struct rule before[] = {{"al", ""},    {"ance", ""}, {"ence", ""}, {"er", ""},
                                         {"ic", ""},    {"able", ""}, {"ible", ""}, {"ant", ""},
                                         {"ement", ""}, {"ment", ""}, {"ent", ""}};
    static const struct rule after[] = {{"ou", ""},  {"ism", ""}, {"ate", ""}, {"iti", ""},
                                        {"ous", ""}, {"ive", ""}, {"ize", ""}};
    bool matched = false;
    n = apply(w, n, before, sizeof before / sizeof *before, 1, &matched);
    if (matched)
        return n;
    if (ends_with(w, n, "ion"))
        return measure(w, n - 3) > 1 && (w[n - 4] == 's' || w[n - 4] == 't') ? n - 3 : n;
    return apply(w, n, after, sizeof after / sizeof *after, 1, &matched);
}

static size_t step_5(char *w, size_t n)
{
    if (ends_with(w, n, "e")) {
        const size_t m = measure(w, n - 1);
        if (m > 1 || (m == 1 && !ends_cvc(w, n - 1)))
            n--;
    }
    return ends_with(w, n, "ll") && measure(w, n - 1) > 1 ? n - 1 : n;
}

static bool is_irregular(char *w, size_t *n)
{
    static const struct rule forms[] = {
        {"sky", "sky"},        {"skies", "sky"},       {"dying", "die"},        {"lying", "lie"},
        {"tying", "tie"},      {"news", "news"},       {"innings", "inning"},   {"inning", "inning"},
        {"outings", "outing"}, {"outing", "outing"},   {"cannings", "canning"}, {"canning", "canning"},
        {"howe", "howe"},      {"proceed", "proceed"}, {"exceed", "exceed"},    {"succeed", "succeed"},
    };
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        if (strlen(forms[i].suffix) == *n && memcmp(forms[i].suffix, w, *n) == 0) {
            *n = replace(w, *n, *n, forms[i].with);
            return true;
        }
    return false;
}

size_t bf_porter_stem(char *word, size_t n)
{
    if (is_irregular(word, &n) || n <= 2)
        return n;
    n = step_1a(word, n);
    n = step_1b(word, n);
    n = step_1c(word, n);
    n = step_2(word, n);
    n = step_3(word, n);
    n = step_4(word, n);
    return step_5(word, n);
}

/* ---- tokens ---- */

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

/* rouge-score applies Python's lower() before the pattern [^a-z0-9]+. Two characters beyond ASCII become ASCII letters
 * there: the Kelvin sign a "k", and the Turkish capital I with a dot an "i" that ends its token. */
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

/* Vowel signs that writers may leave out (Arabic, Hebrew), the stretching Tatweel, and joiners. */
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

/* Are most words of the text in a script other than Latin? */
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

/* Give equal words equal numbers; the return value is the count of numbers. */
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
