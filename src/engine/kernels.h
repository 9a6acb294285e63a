/* A check of the processor's kernels: small products in every memory in which llama.cpp keeps weights (plain,
 * rearranged, AMX tiles) are compared with plain C. Needs only ggml and base/: cmake/llama/self_test compiles it
 * together with a library that has just been built. */
#ifndef BF_ENGINE_KERNELS_H
#define BF_ENGINE_KERNELS_H
#include <ggml.h>
#include <stdint.h>

#include "base/apart.h"

struct bf_kernels {
    int n_products;     /* that were correct */
    char memories[200]; /* where the weights were: "CPU, AMX, CPU_REPACK" */
};

/* Compute all products in this process, with n_threads threads. An instruction that the processor does not know ends
 * the process, so call it through bf_apart_run(). apart->doing says what comes next: "multiplying Q4_0 weights by 33
 * rows in AMX memory". BF_MODEL: a product differs from plain C by more than the rounding of its type, or no CPU
 * backend is loaded. Takes a few milliseconds. */
BF_MUST_CHECK enum bf_status bf_kernels_multiply(int n_threads, struct bf_kernels *kernels, struct bf_apart *apart,
                                                 struct bf_err *err);

/* The largest allowed distance of a product with weights of this type from the exact one: relative, root mean square.
 */
double bf_kernels_rounding(enum ggml_type type);

/* The i-th number of a fixed sequence in [-1, 1). */
float bf_kernels_value(uint64_t seed, uint64_t i);

#endif
