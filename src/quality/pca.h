/* The two principal components, which t-SNE starts from. */
#ifndef BF_QUALITY_PCA_H
#define BF_QUALITY_PCA_H
#include <stddef.h>

#include "base/workers.h"

/* scores [n][2]: the centred vectors projected on the two directions of largest variance, each with the sign that makes
 * its largest loading positive. A direction without variance gives zeros. A few dozen steps of O(n n_dims).
 * Deterministic. */
void bf_pca_2(const float *vectors, size_t n, size_t n_dims, struct bf_workers *workers, double *scores);

#endif
