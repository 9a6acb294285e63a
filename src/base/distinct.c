#include "base/distinct.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/banned.h"

enum { FIRST_PLACES = 1024 };

void bf_distinct_init(struct bf_distinct *distinct, size_t n)
{
    assert(n >= 1);
    *distinct = (struct bf_distinct){.n = n, .n_places = FIRST_PLACES};
    distinct->seen = bf_array(distinct->n_places, sizeof *distinct->seen);
}

void bf_distinct_release(struct bf_distinct *distinct)
{
    free(distinct->seen);
    *distinct = (struct bf_distinct){0};
}

/* true when the hash is new. */
static bool insert(uint64_t *seen, size_t n_places, uint64_t hash)
{
    size_t i = (size_t)hash & (n_places - 1);
    while (seen[i] != 0 && seen[i] != hash)
        i = (i + 1) & (n_places - 1);
    bool fresh = seen[i] == 0;
    seen[i] = hash;
    return fresh;
}

static void grow(struct bf_distinct *distinct)
{
    size_t n_places = 2 * distinct->n_places;
    uint64_t *seen = bf_array(n_places, sizeof *seen);
    for (size_t i = 0; i < distinct->n_places; i++)
        if (distinct->seen[i] != 0)
            (void)insert(seen, n_places, distinct->seen[i]);
    free(distinct->seen);
    distinct->seen = seen;
    distinct->n_places = n_places;
}

void bf_distinct_add(struct bf_distinct *distinct, const struct bf_words *words)
{
    for (size_t i = 0; distinct->n > 0 && words->n >= distinct->n && i <= words->n - distinct->n; i++) {
        uint64_t hash = bf_words_gram(words, i, distinct->n);
        if (2 * distinct->n_distinct >= distinct->n_places)
            grow(distinct);
        distinct->n_grams++;
        distinct->n_distinct += insert(distinct->seen, distinct->n_places, hash ? hash : 1) ? 1 : 0;
    }
}

double bf_distinct_value(const struct bf_distinct *distinct)
{
    return distinct->n_grams > 0 ? (double)distinct->n_distinct / (double)distinct->n_grams : (double)NAN;
}
