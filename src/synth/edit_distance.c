#include "synth/edit_distance.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/banned.h"

static size_t n_words(const struct bf_words *words)
{
    return words->n < BF_EDIT_WORDS_MAX ? words->n : BF_EDIT_WORDS_MAX;
}

static uint16_t min3(uint16_t a, uint16_t b, uint16_t c)
{
    uint16_t least = a < b ? a : b;
    return least < c ? least : c;
}

/* One row of the matrix at a time: row[j] is the distance between the first i words of the long text and the first j of
 * the short one. */
size_t bf_edit_distance(const struct bf_words *a, const struct bf_words *b)
{
    size_t n_a = n_words(a);
    size_t n_b = n_words(b);
    const uint64_t *longer = n_a >= n_b ? a->hashes : b->hashes;
    const uint64_t *shorter = n_a >= n_b ? b->hashes : a->hashes;
    size_t n_long = n_a >= n_b ? n_a : n_b;
    size_t n_short = n_a >= n_b ? n_b : n_a;

    /* A common beginning and end cost nothing. */
    while (n_short > 0 && *longer == *shorter) {
        longer++;
        shorter++;
        n_long--;
        n_short--;
    }
    while (n_short > 0 && longer[n_long - 1] == shorter[n_short - 1]) {
        n_long--;
        n_short--;
    }
    if (n_short == 0)
        return n_long;

    uint16_t *row = bf_array(n_short + 1, sizeof *row);
    for (size_t j = 0; j <= n_short; j++)
        row[j] = (uint16_t)j;
    for (size_t i = 0; i < n_long; i++) {
        uint16_t diagonal = row[0];
        row[0] = (uint16_t)(i + 1);
        for (size_t j = 0; j < n_short; j++) {
            uint16_t above = row[j + 1];
            uint16_t replaced = (uint16_t)(diagonal + (longer[i] == shorter[j] ? 0 : 1));
            row[j + 1] = min3((uint16_t)(above + 1), (uint16_t)(row[j] + 1), replaced);
            diagonal = above;
        }
    }
    size_t distance = row[n_short];
    free(row);
    return distance;
}

double bf_edit_distance_unit(const struct bf_words *a, const struct bf_words *b)
{
    size_t longer = n_words(a) > n_words(b) ? n_words(a) : n_words(b);
    return longer > 0 ? (double)bf_edit_distance(a, b) / (double)longer : 0.0;
}

double bf_edit_distance_text(const char *a, const char *b)
{
    struct bf_words words_a;
    struct bf_words words_b;
    bf_words_of(&words_a, a, strlen(a));
    bf_words_of(&words_b, b, strlen(b));
    double distance = bf_edit_distance_unit(&words_a, &words_b);
    bf_words_release(&words_a);
    bf_words_release(&words_b);
    return distance;
}
