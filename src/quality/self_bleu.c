/* What NLTK's sentence_bleu computes with its default weights and SmoothingFunction().method1, without its O(n^2): a
 * hypothesis's count of an n-gram is clipped at the most that any *other* text has of it. So for each n-gram it is
 * enough to know the largest count, whose it is, and the second largest.
 *
 * Only n-grams of hypotheses are kept: of a large set few texts are hypotheses.
 *
 *     places[hash & mask]: { gram, most, owner, second }, open addressing, at most half full
 *
 * N-grams are compared by 64-bit hashes: a set of ten million n-grams has a false match with probability 1 / 400,000.
 */
#include "quality/self_bleu.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/banned.h"

enum { ORDERS = 4, FIRST_PLACES = 1 << 12 };

struct place {
    uint64_t gram;        /* 0 = free */
    uint32_t most, owner; /* owner: index of the text */
    uint32_t second;
};

struct table {
    struct place *places;
    size_t n_places, n;
};

static int by_hash(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a;
    const uint64_t y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* grams [words->n] gets the hashes of the text's n-grams, sorted. Returns their number. */
static size_t sorted_grams(const struct bf_words *words, size_t order, uint64_t *grams)
{
    size_t n = 0;
    for (size_t i = 0; i + order <= words->n; i++) {
        const uint64_t hash = bf_words_gram(words, i, order);
        grams[n++] = hash ? hash : 1;
    }
    qsort(grams, n, sizeof *grams, by_hash);
    return n;
}

static struct place *find(const struct table *table, uint64_t gram)
{
    size_t i = (size_t)gram & (table->n_places - 1);
    while (table->places[i].gram != 0 && table->places[i].gram != gram)
        i = (i + 1) & (table->n_places - 1);
    return &table->places[i];
}

static void grow(struct table *table)
{
    const struct table old = *table;
    table->n_places = 2 * old.n_places;
    table->places = bf_array(table->n_places, sizeof *table->places);
    for (size_t i = 0; i < old.n_places; i++)
        if (old.places[i].gram != 0)
            *find(table, old.places[i].gram) = old.places[i];
    free(old.places);
}

static void want(struct table *table, uint64_t gram)
{
    if (2 * table->n >= table->n_places)
        grow(table);
    struct place *place = find(table, gram);
    if (place->gram == 0) {
        table->n++;
        *place = (struct place){.gram = gram};
    }
}

static void note(struct table *table, uint64_t gram, uint32_t count, uint32_t owner)
{
    struct place *place = find(table, gram);
    if (place->gram == 0) /* of no hypothesis */
        return;
    if (count > place->most) {
        place->second = place->most;
        place->most = count;
        place->owner = owner;
    } else if (count > place->second) {
        place->second = count;
    }
}

static size_t run_length(const uint64_t *grams, size_t n, size_t at)
{
    size_t end = at + 1;
    while (end < n && grams[end] == grams[at])
        end++;
    return end - at;
}

static void fill(struct table *table, const struct bf_words *texts, size_t n, const size_t *hypotheses,
                 size_t n_hypotheses, size_t order, uint64_t *grams)
{
    *table = (struct table){.n_places = FIRST_PLACES};
    table->places = bf_array(table->n_places, sizeof *table->places);
    for (size_t h = 0; h < n_hypotheses; h++) {
        const size_t n_grams = sorted_grams(&texts[hypotheses[h]], order, grams);
        for (size_t i = 0; i < n_grams; i++)
            want(table, grams[i]);
    }
    for (size_t t = 0; t < n; t++) {
        const size_t n_grams = sorted_grams(&texts[t], order, grams);
        for (size_t i = 0, run; i < n_grams; i += run) {
            run = run_length(grams, n_grams, i);
            note(table, grams[i], (uint32_t)run, (uint32_t)t);
        }
    }
}

/* The n-grams of the text that some other text has as well, each counted at most as often as that text has it. */
static size_t clipped(const struct table *table, const uint64_t *grams, size_t n_grams, uint32_t owner)
{
    size_t sum = 0;
    for (size_t i = 0, run; i < n_grams; i += run) {
        run = run_length(grams, n_grams, i);
        const struct place *place = find(table, grams[i]);
        const size_t others = place->owner == owner ? place->second : place->most;
        sum += run < others ? run : others;
    }
    return sum;
}

/* The length closest to `length` among those of the other texts; of two, the shorter. `sorted` includes `length`
 * itself. */
static size_t closest_length(const uint64_t *sorted, size_t n, uint64_t length)
{
    size_t low = 0;
    size_t high = n;
    while (low < high) { /* the first that is not below */
        const size_t middle = low + (high - low) / 2;
        if (sorted[middle] < length)
            low = middle + 1;
        else
            high = middle;
    }
    if (low + 1 < n && sorted[low + 1] == length)
        return (size_t)length;
    if (low + 1 >= n || (low > 0 && length - sorted[low - 1] <= sorted[low + 1] - length))
        return (size_t)sorted[low - 1];
    return (size_t)sorted[low + 1];
}

static double brevity_penalty(size_t closest, size_t length)
{
    if (length > closest)
        return 1.0;
    return length == 0 ? 0.0 : exp(1.0 - (double)closest / (double)length);
}

void bf_self_bleu(const struct bf_words *texts, size_t n, const size_t *hypotheses, size_t n_hypotheses, double *scores)
{
    uint64_t *lengths = bf_array(n, sizeof *lengths);
    size_t longest = 0;
    for (size_t t = 0; t < n; t++) {
        lengths[t] = texts[t].n;
        longest = texts[t].n > longest ? texts[t].n : longest;
    }
    qsort(lengths, n, sizeof *lengths, by_hash);
    uint64_t *grams = bf_array(longest, sizeof *grams);

    /* First the sum of logarithms, -inf when no word at all is shared; one table at a time. */
    for (size_t h = 0; h < n_hypotheses; h++)
        scores[h] = 0.0;
    for (size_t order = 1; order <= ORDERS; order++) {
        struct table table;
        fill(&table, texts, n, hypotheses, n_hypotheses, order, grams);
        for (size_t h = 0; h < n_hypotheses; h++) {
            const size_t n_grams = sorted_grams(&texts[hypotheses[h]], order, grams);
            const size_t shared = clipped(&table, grams, n_grams, (uint32_t)hypotheses[h]);
            const double total = n_grams > 0 ? (double)n_grams : 1.0;
            /* Smoothing 1: a tenth of a match when there is none; but without a shared word the score is 0. */
            const double precision = shared > 0 ? (double)shared / total : order == 1 ? 0.0 : 0.1 / total;
            scores[h] += log(precision) / ORDERS;
        }
        free(table.places);
    }
    for (size_t h = 0; h < n_hypotheses; h++) {
        const size_t length = texts[hypotheses[h]].n;
        scores[h] = brevity_penalty(closest_length(lengths, n, length), length) * exp(scores[h]);
    }
    free(grams);
    free(lengths);
}
