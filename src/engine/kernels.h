/* The processor's kernels: small products through every memory in which llama.cpp keeps weights (plain, rearranged, AMX
 * tiles), beside plain C. Needs ggml and base/ only: cmake/llama/self_test compiles it beside a library that has just
 * been built. */
#ifndef BF_ENGINE_KERNELS_H
#define BF_ENGINE_KERNELS_H
#include <ggml.h>
#include <stdint.h>

#include "base/apart.h"

struct bf_kernels {
    int n_products;     /* done, all right */
    char memories[200]; /* where the weights were: "CPU, AMX, CPU_REPACK" */
};

/* All products, with so many threads, in this process: what a kernel does that the processor does not know ends it, so
 * call it through bf_apart_run(). What it is about to do goes to apart->doing: "multiplying Q4_0 weights by 33 rows in
 * AMX memory". BF_MODEL for a product that is further from plain C than the rounding of its type allows, and when no
 * CPU backend is loaded. A few milliseconds. */
BF_MUST_CHECK enum bf_status bf_kernels_multiply(int n_threads, struct bf_kernels *kernels, struct bf_apart *apart,
                                                 struct bf_err *err);

/* How far, relative and root mean square, a product of weights of this type may be from the exact one. */
double bf_kernels_rounding(enum ggml_type type);

/* The i-th number of a fixed sequence in [-1, 1). */
float bf_kernels_value(uint64_t seed, uint64_t i);

#endif
