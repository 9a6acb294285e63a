/* The two principal components, for t-SNE to begin from. */
#ifndef BF_QUALITY_PCA_H
#define BF_QUALITY_PCA_H
#include <stddef.h>

#include "base/workers.h"

/* scores [n][2]: the centred vectors on the two directions of largest variance, each with the sign that makes its
 * largest loading positive. A direction that the data do not have gives zeros. O(n n_dims) for each of some dozen
 * steps. Deterministic. */
void bf_pca_2(const float *vectors, size_t n, size_t n_dims, struct bf_workers *workers, double *scores);

#endif
