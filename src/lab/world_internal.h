/* Private to the invented world. */
#ifndef BF_LAB_WORLD_INTERNAL_H
#define BF_LAB_WORLD_INTERNAL_H
#include "lab/world.h"

enum bf_world_relation {
    BF_WORLD_PROFESSION,
    BF_WORLD_BIRTHPLACE,
    BF_WORLD_YEAR,
    BF_WORLD_WORK,
    BF_WORLD_MENTOR,
    BF_WORLD_HABIT
};

struct bf_world {
    size_t n_circles, n_people, n_facts;
    char **circles;              /* [n_circles] */
    char **people;               /* [n_circles * n_people] */
    char **objects;              /* [n_facts] */
    struct bf_world_fact *facts; /* [n_facts] */
};

#endif
