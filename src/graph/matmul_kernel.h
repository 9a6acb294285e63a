/* The innermost loops of a product: a tile of C held in registers, A and B read from packed panels. matmul_kernel.c is
 * compiled once for each kind of vector unit that the program knows; which of them runs is decided when the program
 * runs. */
#ifndef BF_GRAPH_MATMUL_KERNEL_H
#define BF_GRAPH_MATMUL_KERNEL_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Panels are padded with zeros; `tile` is tile_m or tile_n. */
struct bf_kernel {
    const char *name; /* of the vector unit: "AVX-512" */
    int tile_m;       /* rows of a tile of C */
    int tile_n;       /* columns: two vectors */

    /* c(i, j) = [c(i, j) +] sum_k a[k tile_m + i] b[k tile_n + j] for i < n_rows <= tile_m, j < n_columns <= tile_n. */
    void (*tile)(int64_t k, const float *a, const float *b, float *c, int64_t c_stride, int n_rows, int n_columns,
                 bool accumulate);
    /* The same from panels of pairs: a product of BF16 numbers, two k at a time, summed in F32. NULL where the unit has
     * none. */
    void (*tile_bf16)(int64_t k, const float *a, const float *b, float *c, int64_t c_stride, int n_rows, int n_columns,
                      bool accumulate);
    /* A panel [k][tile] of floats becomes, in place, one of pairs [(k + 1) / 2][tile]: k even in the low half, k odd in
     * the high half. */
    void (*pair)(float *panel, int tile, int64_t k);

    /* dst[k tile + i] = scale * src(i, k), i < n, zeros for n <= i < tile: rows of src become columns of the panel. */
    void (*pack_rows)(float *dst, int tile, const float *src, int64_t stride, int n, int64_t k, float scale);
    /* dst[k tile + i] = scale * src(k, i). */
    void (*pack_columns)(float *dst, int tile, const float *src, int64_t stride, int n, int64_t k, float scale);
    /* The same for any n, into panels of k x tile one after another. */
    void (*pack_many)(float *dst, int tile, const float *src, int64_t stride, int64_t n, int64_t k, float scale);
};

/* The kernels that this processor can run, the fastest first: the i-th, or NULL when there are fewer. There is always
 * one. Constant, safe on any thread, and cheap. */
const struct bf_kernel *bf_kernel_at(size_t i);

#endif
