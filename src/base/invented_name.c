#include "base/invented_name.h"

#include "base/banned.h"

void bf_invent_name(struct bf_rng *rng, int n_syllables, struct bf_buf *out)
{
    static const char *const onsets[] = {"v", "thr", "m", "quel", "z", "bral", "d", "k", "sarn", "l", "gw", "ph"};
    static const char *const vowels[] = {"a", "o", "e", "u", "ia", "ei", "y"};
    static const char *const codas[] = {"", "n", "r", "x", "lt", "", "m", "sk"};
    size_t start = out->len;
    for (int i = 0; i < n_syllables; i++) {
        bf_buf_puts(out, onsets[bf_rng_below(rng, sizeof onsets / sizeof *onsets)]);
        bf_buf_puts(out, vowels[bf_rng_below(rng, sizeof vowels / sizeof *vowels)]);
        bf_buf_puts(out, codas[bf_rng_below(rng, sizeof codas / sizeof *codas)]);
    }
    if (out->len > start && out->data[start] >= 'a')
        out->data[start] = (char)(out->data[start] - 'a' + 'A');
}
