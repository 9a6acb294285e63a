/* What the variants of one original are worth on the surface. */
#include <math.h>
#include <string.h>

#include "base/distinct.h"
#include "synth/edit_distance.h"
#include "synth/surface.h"
#include "synth/synth.h"
#include "base/banned.h"

void bf_variety_of(const char *original, const char *const *variants, size_t n, struct bf_variety *out)
{
    struct bf_surface surface;
    struct bf_distinct one;
    struct bf_distinct two;
    double sum = 0.0;
    bf_surface_init(&surface, bf_surface_threshold);
    bf_distinct_init(&one, 1);
    bf_distinct_init(&two, 2);
    bf_surface_add(&surface, original, NULL);
    for (size_t i = 0; i < n; i++) {
        struct bf_words words;
        bf_surface_add(&surface, variants[i], NULL);
        bf_words_of(&words, variants[i], strlen(variants[i]));
        bf_distinct_add(&one, &words);
        bf_distinct_add(&two, &words);
        bf_words_release(&words);
        sum += bf_edit_distance_text(original, variants[i]);
    }
    *out = (struct bf_variety){
        .n_variants = n,
        .n_distinct = surface.n - 1, /* the original is the first */
        .distinct_1 = bf_distinct_value(&one),
        .distinct_2 = bf_distinct_value(&two),
        .edit_distance = n > 0 ? sum / (double)n : (double)NAN,
    };
    bf_surface_release(&surface);
    bf_distinct_release(&one);
    bf_distinct_release(&two);
}
