/* Texts are numbered; node = 8 * text + band is in the chain of its band's key:
 *
 *     heads[key & mask] -> node -> node -> ...        minima[32 * text ...]      exact[] : open addressing, 0 =
 * free */
#include "base/similar.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/clones.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/rng.h"
#include "base/banned.h"

enum { BANDS = 8, ROWS = BF_MINHASH / BANDS, GRAM = 3 };
#define NONE UINT32_MAX

struct bf_similar {
    uint32_t n, capacity; /* texts */
    uint16_t *minima;     /* [capacity, 32] */
    uint32_t *keys;       /* [capacity, 8] */
    uint32_t *next;       /* [capacity, 8] */
    uint32_t *heads;      /* [n_heads], a power of two */
    uint32_t n_heads;
    uint64_t *exact; /* [n_exact], a power of two, at most half full */
    uint32_t n_exact;
};

struct bf_similar *bf_similar_new(void)
{
    struct bf_similar *s = bf_alloc(sizeof *s);
    s->n_heads = 1024;
    s->heads = bf_array(s->n_heads, sizeof *s->heads);
    memset(s->heads, 0xff, s->n_heads * sizeof *s->heads);
    s->n_exact = 1024;
    s->exact = bf_array(s->n_exact, sizeof *s->exact);
    return s;
}

void bf_similar_free(struct bf_similar *s)
{
    if (!s)
        return;
    free(s->minima);
    free(s->keys);
    free(s->next);
    free(s->heads);
    free(s->exact);
    free(s);
}

/* White space is folded, so that line breaks make no difference. Never 0, which marks a free slot. */
static uint64_t exact_hash(const char *text, size_t n)
{
    char *folded = bf_array(n + 1, 1);
    size_t len = 0;
    for (size_t i = 0; i < n; i++) {
        if (!isspace((unsigned char)text[i]))
            folded[len++] = text[i];
        else if (len > 0 && folded[len - 1] != ' ')
            folded[len++] = ' ';
    }
    uint64_t h = bf_hash64(folded, len);
    free(folded);
    return h ? h : 1;
}

/* A cheap family of permutations: odd multiples of a well-mixed hash, compared by their high bits. */
BF_CLONES static void take_minima(uint64_t h, uint64_t *restrict minima)
{
    for (size_t j = 0; j < BF_MINHASH; j++) {
        uint64_t permuted = (h ^ (j * 0x9e3779b97f4a7c15u)) * (2 * j * 0xbf58476d1ce4e5b9u + 0x94d049bb133111ebu);
        minima[j] = permuted < minima[j] ? permuted : minima[j];
    }
}

void bf_signature_of(struct bf_signature *out, const struct bf_words *words, const char *text, size_t n_bytes)
{
    out->exact = exact_hash(text, n_bytes);
    uint64_t minima[BF_MINHASH];
    memset(minima, 0xff, sizeof minima);
    size_t gram = words->n < GRAM ? words->n : GRAM;
    size_t n = words->n >= gram && gram > 0 ? words->n - gram + 1 : 0;
    for (size_t i = 0; i < n; i++)
        take_minima(bf_words_gram(words, i, gram), minima);
    for (size_t j = 0; j < BF_MINHASH; j++)
        out->minima[j] = (uint16_t)(bf_mix(minima[j], j) >> 48);
}

void bf_signature_of_text(struct bf_signature *out, const char *text)
{
    struct bf_words words;
    bf_words_of(&words, text, strlen(text));
    bf_signature_of(out, &words, text, strlen(text));
    bf_words_release(&words);
}

static uint32_t band_key(const struct bf_signature *signature, uint32_t band)
{
    uint64_t h = band;
    for (uint32_t i = 0; i < ROWS; i++)
        h = bf_mix(h, signature->minima[band * ROWS + i]);
    return (uint32_t)(h >> 32);
}

bool bf_similar_has_exact(const struct bf_similar *s, const struct bf_signature *signature)
{
    uint32_t i = (uint32_t)signature->exact & (s->n_exact - 1);
    while (s->exact[i] != 0) {
        if (s->exact[i] == signature->exact)
            return true;
        i = (i + 1) & (s->n_exact - 1);
    }
    return false;
}

bool bf_similar_has_near(const struct bf_similar *s, const struct bf_signature *signature, double threshold)
{
    if (threshold > 1.0)
        return false;
    for (uint32_t band = 0; band < BANDS; band++) {
        uint32_t key = band_key(signature, band);
        for (uint32_t node = s->heads[key & (s->n_heads - 1)]; node != NONE; node = s->next[node]) {
            if (node % BANDS != band || s->keys[node] != key)
                continue;
            const uint16_t *other = s->minima + (size_t)(node / BANDS) * BF_MINHASH;
            int equal = 0;
            for (int j = 0; j < BF_MINHASH; j++)
                equal += other[j] == signature->minima[j] ? 1 : 0;
            if ((double)equal >= threshold * BF_MINHASH)
                return true;
        }
    }
    return false;
}

static void link_node(struct bf_similar *s, uint32_t node)
{
    uint32_t *head = &s->heads[s->keys[node] & (s->n_heads - 1)];
    s->next[node] = *head;
    *head = node;
}

static void insert_exact(struct bf_similar *s, uint64_t value)
{
    uint32_t i = (uint32_t)value & (s->n_exact - 1);
    while (s->exact[i] != 0)
        i = (i + 1) & (s->n_exact - 1);
    s->exact[i] = value;
}

static void grow(struct bf_similar *s)
{
    s->capacity = s->capacity ? 2 * s->capacity : 256;
    s->minima = bf_grow(s->minima, s->capacity, BF_MINHASH * sizeof *s->minima);
    s->keys = bf_grow(s->keys, s->capacity, BANDS * sizeof *s->keys);
    s->next = bf_grow(s->next, s->capacity, BANDS * sizeof *s->next);
    s->n_heads = s->capacity * BANDS;
    s->heads = bf_grow(s->heads, s->n_heads, sizeof *s->heads);
    memset(s->heads, 0xff, s->n_heads * sizeof *s->heads);
    for (uint32_t node = 0; node < s->n * BANDS; node++)
        link_node(s, node);
    uint64_t *old = s->exact;
    uint32_t n_old = s->n_exact;
    s->n_exact = 4 * s->capacity;
    s->exact = bf_array(s->n_exact, sizeof *s->exact);
    for (uint32_t i = 0; i < n_old; i++)
        if (old[i] != 0)
            insert_exact(s, old[i]);
    free(old);
}

void bf_similar_add(struct bf_similar *s, const struct bf_signature *signature)
{
    if (s->n == s->capacity)
        grow(s);
    memcpy(s->minima + (size_t)s->n * BF_MINHASH, signature->minima, sizeof signature->minima);
    for (uint32_t band = 0; band < BANDS; band++) {
        uint32_t node = s->n * BANDS + band;
        s->keys[node] = band_key(signature, band);
        link_node(s, node);
    }
    if (!bf_similar_has_exact(s, signature))
        insert_exact(s, signature->exact);
    s->n++;
}
