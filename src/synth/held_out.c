#include "synth/held_out.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "base/rng.h"
#include "base/words.h"
#include "base/banned.h"

enum { EACH = 4, FIRST = 6, PLACES_MIN = 64 };

void bf_held_out_init(struct bf_held_out *h, uint64_t seed)
{
    *h = (struct bf_held_out){.seed = seed};
}

void bf_held_out_release(struct bf_held_out *h)
{
    free(h->facts);
    *h = (struct bf_held_out){0};
}

static uint64_t word_hash(const char *word)
{
    struct bf_words words;
    bf_words_of(&words, word, strlen(word));
    const uint64_t hash = words.hashes[0];
    bf_words_release(&words);
    return hash;
}

/* Never 0, and even: the last bit is the decision. */
static uint64_t key_of(const char *answer)
{
    const uint64_t articles[] = {word_hash("the"), word_hash("a"), word_hash("an")};
    struct bf_words words;
    bf_words_of(&words, answer, strlen(answer));
    uint64_t key = 1;
    for (size_t i = 0; i < words.n; i++)
        if (words.hashes[i] != articles[0] && words.hashes[i] != articles[1] && words.hashes[i] != articles[2])
            key = bf_mix(key, words.hashes[i]);
    bf_words_release(&words);
    key &= ~(uint64_t)1;
    return key ? key : 2;
}

static uint64_t *place_of(uint64_t *facts, size_t n_places, uint64_t key)
{
    size_t i = (size_t)(key >> 1) & (n_places - 1);
    while (facts[i] != 0 && (facts[i] & ~(uint64_t)1) != key)
        i = (i + 1) & (n_places - 1);
    return &facts[i];
}

static uint64_t *find(struct bf_held_out *h, uint64_t key)
{
    if (2 * (h->n + 1) > h->n_places) {
        const size_t wider = h->n_places ? 2 * h->n_places : PLACES_MIN;
        uint64_t *facts = bf_array(wider, sizeof *facts);
        for (size_t i = 0; i < h->n_places; i++)
            if (h->facts[i])
                *place_of(facts, wider, h->facts[i] & ~(uint64_t)1) = h->facts[i];
        free(h->facts);
        h->facts = facts;
        h->n_places = wider;
    }
    return place_of(h->facts, h->n_places, key);
}

bool bf_held_out_fact(struct bf_held_out *h, const char *answer)
{
    const uint64_t key = key_of(answer);
    uint64_t *fact = find(h, key);
    if (*fact == 0) {
        h->n++;
        const bool held_out = bf_mix(h->seed, key) % EACH == 0 || (!h->any && h->n >= FIRST);
        *fact = key | held_out;
        h->any = h->any || held_out;
    }
    return *fact & 1;
}

void bf_held_out_train(struct bf_held_out *h, const char *answer)
{
    const uint64_t key = key_of(answer);
    uint64_t *fact = find(h, key);
    if (*fact == 0) {
        h->n++;
        *fact = key;
    }
}
