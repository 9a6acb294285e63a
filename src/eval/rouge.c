/* Tokens are numbered once over both texts, so that comparing two is comparing two integers. */
#include "eval/rouge.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
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

static struct bf_rouge of_common(size_t common, size_t n_target, size_t n_prediction)
{
    struct bf_rouge r = {0};
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
    tokenize(&t, target, stemmer);
    tokenize(&p, prediction, stemmer);
    const uint32_t n_ids = number(&t, &p);
    if (rouge_1)
        *rouge_1 = of_common(overlap(&t, &p, n_ids), t.n, p.n);
    if (rouge_l)
        *rouge_l = of_common(common_subsequence(&t, &p), t.n, p.n);
    release(&t);
    release(&p);
}
