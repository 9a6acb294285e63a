/* Incremental diversity and the stop rule of Stage I.
 *
 * Remote-clique diversity is the mean cosine distance over all pairs. With S the sum of the vectors and Q the sum of
 * their squared lengths it is 1 - (|S|^2 - Q) / (n (n - 1)): adding a sample costs O(d), where d is the vector's
 * length, instead of embedding and comparing the whole set again (docs/method.md). */
#ifndef BF_SYNTH_STOP_RULE_H
#define BF_SYNTH_STOP_RULE_H
#include <stdbool.h>
#include <stdint.h>

#include "synth/synth.h"

struct bf_stop_rule {
    int32_t n_dims;
    int64_t n;      /* vectors added */
    double *sum;    /* [n_dims] */
    double squares; /* sum of squared lengths; n for unit vectors, up to rounding */
    int32_t batch;  /* vectors between two checks */
    double epsilon; /* negative = never stop */
    double last;    /* diversity at the last check; NaN before the first */
};

void bf_stop_rule_init(struct bf_stop_rule *rule, int32_t n_dims, int32_t batch, double epsilon);
void bf_stop_rule_release(struct bf_stop_rule *rule);
/* Add a unit vector [n_dims]. After every `batch` vectors there is a check: returns true and fills in *checkpoint. The
 * first check has no gain (NaN) and never stops; later ones stop when the gain is below epsilon. O(n_dims). */
bool bf_stop_rule_add(struct bf_stop_rule *rule, const float *vector, struct bf_stop_check *checkpoint);
/* Current diversity; NaN with fewer than two vectors. O(n_dims). */
double bf_stop_rule_diversity(const struct bf_stop_rule *rule);

#endif
