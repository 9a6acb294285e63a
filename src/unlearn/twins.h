/* An example and its twin: the same with invented names (renamed.h). What the model as it was says at a place of the
 * twin is what it would say if it had never read about the name. Private to unlearn/. */
#ifndef BF_UNLEARN_TWINS_H
#define BF_UNLEARN_TWINS_H
#include "unlearn/examples.h"

/* What is known about a label of the example. */
enum bf_twin_row {
    BF_TWIN_READS, /* the same token, read after other names */
    BF_TWIN_ALONE, /* nothing: no name comes before, so that the twin's reader would say the same as the example's */
    BF_TWIN_NONE   /* nothing: the record has no name in it, and its example no twin but itself */
};

/* The twin of example i, and the labels that both have: own[l] of the example and its[l] of the twin are places of the
 * same token. With `names` also where own[l] begins a name that the example has not had before, and its[l] another one
 * in its place: what the twin's reader holds of the true name there. */
struct bf_twin {
    struct bf_example example;
    int32_t *own, *its;     /* [n] ascending */
    enum bf_twin_row *rows; /* [n] */
    int32_t n;              /* >= 1 */
};
struct bf_twins {
    struct bf_twin *items; /* [n] */
    size_t n;
};
void bf_twins_release(struct bf_twins *twins);

/* Find the labels that both have, in order: from a difference on, the nearest two tokens in a row that agree. False,
 * with nothing to release, when they are fewer than half of the example's labels. */
bool bf_twin_align(const struct bf_example *own, const struct bf_example *its, bool names, struct bf_twin *out);

/* The examples of `texts`, in the forms of mixed data (pairs alone with other data), that have a twin in `renamed`, the
 * same records with other names: of each record the first, then the second of each, and so on. A record that is the
 * same in both has no names; *n_nameless counts those. `out` [n] goes with `twins` [n]. BF_INPUT: none has one. */
BF_MUST_CHECK enum bf_status bf_twins_make(const struct bf_vocabulary *vocabulary, const struct bf_unlearn_texts *texts,
                                           const struct bf_unlearn_texts *renamed, bool names,
                                           const struct bf_example_options *options, struct bf_examples *out,
                                           struct bf_twins *twins, size_t *n_nameless, struct bf_err *err);

/* The batch of these examples with the labels that they have in common with their twins, or (`twin`) of the twins: rows
 * of both go together one by one. */
void bf_twins_batch(const struct bf_examples *examples, const struct bf_twins *twins, const size_t *indices, size_t n,
                    bool twin, struct bf_batch *out);
/* What is known about the rows of such a batch: out [n_rows]. */
void bf_twins_rows(const struct bf_twins *twins, const size_t *indices, size_t n, enum bf_twin_row *out);

#endif
