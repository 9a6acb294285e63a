/* What an invented world is made of: syllables for names, and what people there do. */
#ifndef BF_LAB_WORLD_WORDS_H
#define BF_LAB_WORLD_WORDS_H
#include <stddef.h>

struct bf_world_list {
    const char *const *words;
    size_t n;
};
extern const struct bf_world_list bf_world_first_starts, bf_world_first_ends, bf_world_family_starts, bf_world_family_ends,
    bf_world_town_starts, bf_world_town_ends, bf_world_circles, bf_world_professions, bf_world_title_first,
    bf_world_title_second, bf_world_habits;

#endif
