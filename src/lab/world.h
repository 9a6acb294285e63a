/* An invented world, made from a seed: circles of people who never lived, with facts about them that no model can have
 * seen. A model trained on it knows exactly the facts that were planted, so one can count which of them a forget set
 * covers and which remain after unlearning.
 *
 * A circle is a domain ("the Quarmere Academy"). Each of its people has one object for each relation (profession,
 * birthplace, ...). Each fact comes in TOFU's form (Maini et al., 2024): a question, its answer, a paraphrased answer,
 * and perturbed answers, which are the paraphrase with other people's objects; and as sentences of running text to
 * learn from. Equal parameters give equal bytes everywhere. */
#ifndef BF_LAB_WORLD_H
#define BF_LAB_WORLD_H
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum { BF_WORLD_PERTURBED = 5, BF_WORLD_TEXTS = 3, BF_WORLD_RELATIONS = 6 };

struct bf_world_params {
    uint64_t seed;
    int32_t n_circles; /* 1..16 */
    int32_t n_people;  /* of each circle; 3..64 */
};
struct bf_world_params bf_world_default(void); /* seed 3407, 4 circles of 8 */

struct bf_world_fact {
    int32_t circle, person, relation; /* 0-based; the person's number is within its circle */
    const char *subject;              /* "Orla Thornmere" */
    const char *object;               /* "glassblower": what a text must say about the subject to state the fact */
    const char *question, *answer, *paraphrased_answer;
    const char *perturbed_answers[BF_WORLD_PERTURBED]; /* all different and all false */
    const char *texts[BF_WORLD_TEXTS];                 /* sentences of running text that state the fact */
};

struct bf_world;
/* BF_USAGE for parameters out of range. *out is NULL on failure. */
BF_MUST_CHECK enum bf_status bf_world_new(const struct bf_world_params *params, struct bf_world **out,
                                          struct bf_err *err);
void bf_world_free(struct bf_world *world); /* NULL is a no-op */

const char *bf_world_circle(const struct bf_world *world, size_t circle);
/* Facts are ordered by circle, then person, then relation: n_people * BF_WORLD_RELATIONS of each circle. NULL past the
 * last. */
const struct bf_world_fact *bf_world_fact(const struct bf_world *world, size_t fact);
const char *bf_world_relation_name(size_t relation); /* "profession"; NULL outside */

/* ---- what a set of texts says about a circle ---- */

struct bf_world_claims {
    size_t n_facts;             /* of the circle */
    size_t n_covered;           /* facts that at least one text states */
    size_t n_claims, n_true;    /* statements about a subject that can be true or false; those that are true */
    size_t n_texts, n_on_topic; /* texts that were read; those that name the circle or one of its people */
};
struct bf_world_reader;
/* Reads texts for one circle; borrows the world. BF_USAGE when there is no such circle. */
BF_MUST_CHECK enum bf_status bf_world_read(const struct bf_world *world, size_t circle, struct bf_world_reader **out,
                                           struct bf_err *err);
void bf_world_reader_free(struct bf_world_reader *reader);
/* Read a text. A claim is an object of a relation, of any circle, in a text that names one person of the circle and
 * nobody else; it is true when the object is that person's. A text that names exactly two people claims that one is the
 * mentor of the other. Of a text that names more people each sentence is read by itself. A fact is covered when a true
 * claim states it. A family name is enough to name a person; names match whole words, ignoring the case of ASCII
 * letters. */
void bf_world_reader_add(struct bf_world_reader *reader, const char *text, size_t n_bytes);
struct bf_world_claims bf_world_reader_claims(const struct bf_world_reader *reader);

#endif
