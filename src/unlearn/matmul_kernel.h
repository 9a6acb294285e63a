/* The innermost loop of a product: a tile of C held in registers, A and B read from packed panels. */
#ifndef BF_UNLEARN_MATMUL_KERNEL_H
#define BF_UNLEARN_MATMUL_KERNEL_H
#include <stdbool.h>
#include <stdint.h>

/* A tile is BF_TILE_M rows of two vectors each: as many as the registers hold. */
#if defined(__AVX512F__)
enum { BF_LANES = 16, BF_TILE_M = 12 };
#elif defined(__AVX__)
enum { BF_LANES = 8, BF_TILE_M = 6 };
#else
enum { BF_LANES = 4, BF_TILE_M = 6 };
#endif
enum { BF_TILE_N = 2 * BF_LANES };

/* c(i, j) = [c(i, j) +] sum_k a[k BF_TILE_M + i] b[k BF_TILE_N + j] for i < n_rows <= BF_TILE_M, j < n_columns <= BF_TILE_N.
 * Panels are padded with zeros. */
void bf_matmul_tile(int64_t k, const float *a, const float *b, float *c, int64_t c_stride, int n_rows, int n_columns,
                    bool accumulate);

/* The same from panels of pairs: a product of BF16 numbers, two k at a time, summed in F32. Does nothing where it was not built. */
void bf_matmul_tile_bf16(int64_t k, const float *a, const float *b, float *c, int64_t c_stride, int n_rows, int n_columns,
                         bool accumulate);
/* A panel [k][tile] of floats becomes, in place, one of pairs [(k + 1) / 2][tile]: k even in the low half, k odd in the high half. */
void bf_matmul_pair(float *panel, int tile, int64_t k);

/* dst[k BF_TILE + i] = scale * src(i, k), i < n, zeros for n <= i < tile: rows of src become columns of the panel. */
void bf_matmul_pack_rows(float *dst, int tile, const float *src, int64_t stride, int n, int64_t k, float scale);
/* dst[k BF_TILE + i] = scale * src(k, i). */
void bf_matmul_pack_columns(float *dst, int tile, const float *src, int64_t stride, int n, int64_t k, float scale);
/* The same for any n, into panels of k x tile one after another. */
void bf_matmul_pack_many(float *dst, int tile, const float *src, int64_t stride, int64_t n, int64_t k, float scale);

#endif
