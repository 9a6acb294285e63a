#include <math.h>
#include <string.h>

#include "unlearn/suffix.h"
#include "base/banned.h"

enum { DRAWS = 50 }; /* for each candidate */

size_t bf_suffix_top(const float *slopes, const bool *allowed, size_t n_vocab, int32_t current, size_t most,
                     int32_t *out)
{
    size_t n = 0;
    for (size_t v = 0; v < n_vocab && most > 0; v++) {
        if (!allowed[v] || (int32_t)v == current || !isfinite(slopes[v]) ||
            (n == most && slopes[v] >= slopes[out[n - 1]]))
            continue;
        size_t at = n < most ? n++ : n - 1;
        for (; at > 0 && slopes[v] < slopes[out[at - 1]]; at--)
            out[at] = out[at - 1];
        out[at] = (int32_t)v;
    }
    return n;
}

size_t bf_suffix_draw(struct bf_rng *rng, const int32_t *current, size_t n_tokens, const int32_t *top, size_t n_top,
                      const size_t *n_at, size_t n_wanted, bool (*accept)(void *user, const int32_t *tokens),
                      void *user, int32_t *out)
{
    const size_t n_bytes = n_tokens * sizeof *out;
    size_t n = 0;
    for (size_t draw = 0; draw < DRAWS * n_wanted && n < n_wanted; draw++) {
        const size_t place = (size_t)bf_rng_below(rng, n_tokens);
        if (n_at[place] == 0)
            continue;
        int32_t *candidate = out + n * n_tokens;
        memcpy(candidate, current, n_bytes);
        candidate[place] = top[place * n_top + (size_t)bf_rng_below(rng, n_at[place])];
        bool again = false;
        for (size_t i = 0; i < n && !again; i++)
            again = memcmp(candidate, out + i * n_tokens, n_bytes) == 0;
        if (!again && accept(user, candidate))
            n++;
    }
    return n;
}
