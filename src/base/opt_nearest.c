/* "Did you mean": edit distance where swapping two neighbours counts as one slip (optimal string alignment). */
#include <stdint.h>
#include <string.h>

#include "base/opt_internal.h"

#include "base/banned.h"

#define LENGTH_MAX 40 /* longer words get no suggestion; it bounds the table on the stack */

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static size_t edit_distance(const char *a, size_t n_a, const char *b, size_t n_b)
{
    size_t d[LENGTH_MAX + 1][LENGTH_MAX + 1]; /* d[i][j]: distance of a[0..i) and b[0..j) */

    for (size_t i = 0; i <= n_a; i++)
        d[i][0] = i;
    for (size_t j = 0; j <= n_b; j++)
        d[0][j] = j;
    for (size_t i = 1; i <= n_a; i++) {
        for (size_t j = 1; j <= n_b; j++) {
            size_t change = a[i - 1] == b[j - 1] ? 0 : 1;
            d[i][j] = least(d[i - 1][j - 1] + change, least(d[i - 1][j], d[i][j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                d[i][j] = least(d[i][j], d[i - 2][j - 2] + 1);
        }
    }
    return d[n_a][n_b];
}

void bf_nearest_init(struct bf_nearest *nearest, const char *typed, size_t n)
{
    size_t accepted = least(n / 3 + (n > 2 ? 1 : 0), 3);

    *nearest = (struct bf_nearest){.typed = typed, .typed_length = n, .distance = accepted + 1};
}

void bf_nearest_offer(struct bf_nearest *nearest, const char *candidate, size_t n)
{
    size_t distance;

    if (nearest->typed_length > LENGTH_MAX || n > LENGTH_MAX)
        return;
    distance = edit_distance(nearest->typed, nearest->typed_length, candidate, n);
    /* A beginning of the name ("--temp") is as good as one slip. */
    if (nearest->typed_length >= 3 && n > nearest->typed_length &&
        memcmp(nearest->typed, candidate, nearest->typed_length) == 0)
        distance = least(distance, 1);
    if (distance < nearest->distance) {
        nearest->distance = distance;
        nearest->best = candidate;
        nearest->best_length = n;
    }
}
