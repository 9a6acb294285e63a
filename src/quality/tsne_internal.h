/* The parts of t-SNE: similarities in the full space, forces on the map, the descent. */
#ifndef BF_QUALITY_TSNE_INTERNAL_H
#define BF_QUALITY_TSNE_INTERNAL_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "quality/quality.h"
#include "base/workers.h"

/* ---- similarities ---- */

/* p [n]: proportional to exp(-beta distance_j), with sum 1 and with the beta at which their entropy is log(perplexity)
 * within 1e-5; distances [n] are squared. n >= 1. Returns the beta; without one (equal distances) the last one tried.
 */
double bf_perplexity_search(const float *distances, size_t n, double perplexity, double *p);

/* ---- forces ---- */

/* The forces on a map x [n], y [n]. The gradient is 4 (attract - repel / z). */
struct bf_forces {
    size_t n;
    struct bf_workers *workers;
    double *attract, *repel; /* [n][2] */
    double z;                /* sum over ordered pairs of 1 / (1 + squared distance) */
    double kl;               /* Kullback-Leibler divergence; only after compute with with_kl */
    void (*compute)(struct bf_forces *forces, const float *x, const float *y, bool with_kl);
    void (*free)(struct bf_forces *forces);
};
/* The two implementations. n >= 2, and the vectors are finite. forces->free() *out on success. */
BF_MUST_CHECK enum bf_status bf_forces_exact(const float *vectors, size_t n, size_t n_dims, double perplexity,
                                             struct bf_workers *workers, struct bf_forces **out, struct bf_err *err);
BF_MUST_CHECK enum bf_status bf_forces_barnes_hut(const float *vectors, size_t n, size_t n_dims, double perplexity,
                                                  double angle, struct bf_workers *workers, struct bf_forces **out,
                                                  struct bf_err *err);

/* x and y are read a whole SIMD vector at a time: their arrays have this length, and the places beyond n are
 * BF_MAP_FAR, far from everything. */
enum { BF_MAP_PAD = 16 };
static inline size_t bf_map_stride(size_t n)
{
    return (n + BF_MAP_PAD - 1) / BF_MAP_PAD * BF_MAP_PAD;
}
#define BF_MAP_FAR 1e15f

#endif
