#include "synth/surface.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/distinct.h"
#include "base/mem.h"
#include "synth/edit_distance.h"
#include "synth/synth.h"
#include "base/banned.h"

const double bf_surface_threshold = 0.2;

void bf_surface_init(struct bf_surface *surface, double threshold)
{
    *surface = (struct bf_surface){.threshold = threshold};
}

void bf_surface_release(struct bf_surface *surface)
{
    for (size_t i = 0; i < surface->n; i++)
        bf_words_release(&surface->items[i]);
    free(surface->items);
    *surface = (struct bf_surface){0};
}

bool bf_surface_add(struct bf_surface *surface, const char *text, double *nearest)
{
    struct bf_words words;
    double least = 1.0;
    bf_words_of(&words, text, strlen(text));
    for (size_t i = 0; i < surface->n; i++) {
        double distance = bf_edit_distance_unit(&surface->items[i], &words);
        least = distance < least ? distance : least;
    }
    if (nearest)
        *nearest = least;
    if (least < surface->threshold) {
        bf_words_release(&words);
        return false;
    }
    if (surface->n == surface->allocated) {
        surface->allocated = surface->allocated ? 2 * surface->allocated : 8;
        surface->items = bf_grow(surface->items, surface->allocated, sizeof *surface->items);
    }
    /* bf_words_of allocates for the longest text; counted texts only keep what they need. */
    words.hashes = bf_grow(words.hashes, words.n > 0 ? words.n : 1, sizeof *words.hashes);
    surface->items[surface->n++] = words;
    return true;
}

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
