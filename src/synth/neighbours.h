/* Neighbours: subjects of the same kind as the one to forget, named by the target model. What a training does to them
 * shows what forgetting costs, and texts about them protect it. Asked in several short forms, each at two temperatures;
 * how many forms name a subject is the confidence in it. */
#ifndef BF_SYNTH_NEIGHBOURS_H
#define BF_SYNTH_NEIGHBOURS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "engine/engine.h"

struct bf_neighbour {
    char *name, *key; /* as first written, and its bf_name_key */
    int32_t n_named;  /* forms of the question that it is an answer to */
    int32_t last;     /* the latest of them */
    bool left_out;    /* the subject itself, a part of it, or something that the caller excludes */
};
struct bf_neighbours {
    struct bf_neighbour *items; /* after bf_neighbours_sort: best first */
    size_t n;
    int32_t n_asked; /* forms of the question, for each original */
};
void bf_neighbours_release(struct bf_neighbours *neighbours);

enum {
    BF_NEIGHBOUR_FACTS_MAX = 8, /* originals that are asked about */
    BF_NEIGHBOUR_AGREE = 2,     /* forms that have to name a subject */
};

struct bf_neighbour_job {
    const char *topic;        /* the domain to forget; NULL: the facts */
    const char *const *facts; /* [n_facts] originals to forget; at most BF_NEIGHBOUR_FACTS_MAX are asked about */
    size_t n_facts;
    const char *const *taken; /* [n_taken] names that are left out: other requests of the run */
    size_t n_taken;
    uint64_t seed;
    bool (*proceed)(void); /* NULL, or false to stop */
};
/* *out: all subjects that the model names, sorted. Those that are not left out and have n_named >= BF_NEIGHBOUR_AGREE
 * are first. Depends only on the models and the job. `embedder`: a sentence embedder, which finds other wordings of the
 * topic; NULL: none. BF_INTERRUPTED, BF_MODEL. */
BF_MUST_CHECK enum bf_status bf_neighbours_ask(struct bf_engine *engine, struct bf_engine *embedder,
                                               const struct bf_neighbour_job *job, struct bf_neighbours *out,
                                               struct bf_err *err);
/* How many of *neighbours are good: the first n after sorting. */
size_t bf_neighbours_good(const struct bf_neighbours *neighbours);

/* ---- the parts, for tests ---- */

/* Count the names of one answer, a list. `form` of the question, from 0, in order: a name counts once for each. */
void bf_neighbours_read(struct bf_neighbours *neighbours, const char *answer, bool cut, int32_t form);
/* The same, but the list is of parts of the subject, whose names are left out. */
void bf_neighbours_read_parts(struct bf_neighbours *neighbours, const char *answer, bool cut);
/* Leave out the name itself, and what contains it or is contained in it as whole words. */
void bf_neighbours_leave_out(struct bf_neighbours *neighbours, const char *name);
/* Good ones first, then by n_named, then as found. */
void bf_neighbours_sort(struct bf_neighbours *neighbours);

#endif
