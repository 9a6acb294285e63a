#include "synth/surface.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "synth/edit_distance.h"
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
    /* bf_words_of makes room for the longest text; kept ones take what they need. */
    words.hashes = bf_grow(words.hashes, words.n > 0 ? words.n : 1, sizeof *words.hashes);
    surface->items[surface->n++] = words;
    return true;
}
