/* Vectors of the compiler's own, so that one source serves every instruction set; the compiler turns a product followed
 * by a sum into a fused one (-ffp-contract=fast, set for this room). */
#include "graph/matmul_kernel.h"

#include <string.h>
#if defined(__AVX512BF16__)
#include <immintrin.h>
#endif
#include "base/banned.h"

/* A tile is TILE_M rows of two vectors each: as many as the registers hold. */
#if defined(__AVX512F__)
enum { LANES = 16, TILE_M = 12 };
#elif defined(__AVX__)
enum { LANES = 8, TILE_M = 6 };
#elif defined(__aarch64__)
enum { LANES = 4, TILE_M = 12 };
#else
enum { LANES = 4, TILE_M = 6 };
#endif
enum { TILE_N = 2 * LANES, TILE_MAX = 32 /* of both */ };

/* Aligned as floats are: on today's processors that costs nothing, and a sanitizer's stack frames are not aligned for
 * more. */
typedef float vector __attribute__((vector_size(LANES * sizeof(float)), aligned(sizeof(float)), may_alias));
typedef float four __attribute__((vector_size(4 * sizeof(float)), aligned(sizeof(float)), may_alias));

/* `rows` and `two` are constants wherever this is inlined, so that `sum` lives in registers. */
static inline __attribute__((always_inline)) void rows_of_tile(const int rows, const bool two, int64_t k,
                                                               const float *restrict a, const float *restrict b,
                                                               float *restrict c, int64_t c_stride, bool accumulate)
{
    vector sum[TILE_M][2];
#pragma GCC unroll 12
    for (int i = 0; i < rows; i++)
        sum[i][0] = sum[i][1] = (vector){0};
    for (int64_t p = 0; p < k; p++) {
        const vector b0 = *(const vector *)(b + p * TILE_N), b1 = *(const vector *)(b + p * TILE_N + LANES);
#pragma GCC unroll 12
        for (int i = 0; i < rows; i++) {
            const float x = a[p * TILE_M + i];
            sum[i][0] += x * b0;
            if (two)
                sum[i][1] += x * b1;
        }
    }
#pragma GCC unroll 12
    for (int i = 0; i < rows; i++) {
        vector *out = (vector *)(c + i * c_stride), *out1 = (vector *)(c + i * c_stride + LANES);
        if (accumulate) {
            sum[i][0] += *out;
            sum[i][1] += *out1;
        }
        *out = sum[i][0];
        *out1 = sum[i][1];
    }
}

static void tile_of_rows(int n_rows, bool two, int64_t k, const float *a, const float *b, float *c, int64_t c_stride,
                         bool accumulate)
{
    switch (n_rows) {
#define ROWS(n)                                                                                                        \
    case n:                                                                                                            \
        if (two)                                                                                                       \
            rows_of_tile(n, true, k, a, b, c, c_stride, accumulate);                                                   \
        else                                                                                                           \
            rows_of_tile(n, false, k, a, b, c, c_stride, accumulate);                                                  \
        break;
        ROWS(1)
        ROWS(2)
        ROWS(3)
        ROWS(4)
        ROWS(5)
        ROWS(6)
#if defined(__AVX512F__) || defined(__aarch64__)
        ROWS(7)
        ROWS(8)
        ROWS(9)
        ROWS(10)
        ROWS(11)
        ROWS(12)
#endif
#undef ROWS
    default:
        break;
    }
}

static void tile(int64_t k, const float *a, const float *b, float *c, int64_t c_stride, int n_rows, int n_columns,
                 bool accumulate)
{
    if (n_columns == TILE_N) {
        tile_of_rows(n_rows, true, k, a, b, c, c_stride, accumulate);
        return;
    }
    float edge[TILE_M * TILE_N] = {0};
    tile_of_rows(n_rows, n_columns > LANES, k, a, b, edge, TILE_N, false);
    for (int i = 0; i < n_rows; i++)
        for (int j = 0; j < n_columns; j++)
            c[i * c_stride + j] = (accumulate ? c[i * c_stride + j] : 0) + edge[i * TILE_N + j];
}

#if defined(__GNUC__) && !defined(__clang__) && __GNUC__ < 12
typedef int32_t four_numbers __attribute__((vector_size(4 * sizeof(int32_t))));
#define SHUFFLE(a, b, ...) __builtin_shuffle(a, b, (four_numbers){__VA_ARGS__})
#else
#define SHUFFLE(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#endif

static inline void transpose_4x4(const float *src, int64_t stride, float *dst, int tile, float scale)
{
    const four r0 = *(const four *)src, r1 = *(const four *)(src + stride);
    const four r2 = *(const four *)(src + 2 * stride), r3 = *(const four *)(src + 3 * stride);
    const four a = SHUFFLE(r0, r1, 0, 4, 1, 5), b = SHUFFLE(r2, r3, 0, 4, 1, 5);
    const four c = SHUFFLE(r0, r1, 2, 6, 3, 7), d = SHUFFLE(r2, r3, 2, 6, 3, 7);
    *(four *)dst = scale * SHUFFLE(a, b, 0, 1, 4, 5);
    *(four *)(dst + tile) = scale * SHUFFLE(a, b, 2, 3, 6, 7);
    *(four *)(dst + 2 * tile) = scale * SHUFFLE(c, d, 0, 1, 4, 5);
    *(four *)(dst + 3 * tile) = scale * SHUFFLE(c, d, 2, 3, 6, 7);
}

static void pack_rows(float *dst, int tile, const float *src, int64_t stride, int n, int64_t k, float scale)
{
    int i = 0;
    for (; i + 4 <= n; i += 4) {
        const float *from = src + i * stride;
        int64_t p = 0;
        for (; p + 4 <= k; p += 4)
            transpose_4x4(from + p, stride, dst + p * tile + i, tile, scale);
        for (; p < k; p++)
            for (int j = 0; j < 4; j++)
                dst[p * tile + i + j] = scale * from[j * stride + p];
    }
    for (; i < tile; i++)
        for (int64_t p = 0; p < k; p++)
            dst[p * tile + i] = i < n ? scale * src[i * stride + p] : 0;
}

static void pack_columns(float *dst, int tile, const float *src, int64_t stride, int n, int64_t k, float scale)
{
    for (int64_t p = 0; p < k; p++) {
        for (int i = 0; i < n; i++)
            dst[p * tile + i] = scale * src[p * stride + i];
        for (int i = n; i < tile; i++)
            dst[p * tile + i] = 0;
    }
}

static void pack_many(float *dst, int tile, const float *src, int64_t stride, int64_t n, int64_t k, float scale)
{
    for (int64_t p = 0; p < k; p++) {
        const float *row = src + p * stride;
        for (int64_t i = 0; i < n; i += tile) {
            float *panel = dst + i * k + p * tile;
            if (n - i >= tile) {
                for (int j = 0; j < tile; j++)
                    panel[j] = scale * row[i + j];
                continue;
            }
            for (int j = 0; j < tile; j++)
                panel[j] = j < n - i ? scale * row[i + j] : 0;
        }
    }
}

/* To nearest, ties to even; the high half of what is returned. A NaN stays one, by a bit that survives. */
static inline uint32_t round_to_bf16(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    const uint32_t rounded = bits + 0x7FFFU + ((bits >> 16) & 1U);
    return (bits & 0x7FFFFFFFU) > 0x7F800000U ? bits | 0x400000U : rounded;
}

static void pair(float *panel, int tile, int64_t k)
{
    /* Row p of the pairs ends where row 2 p of the floats begins, or before: nothing is overwritten that is still to be
     * read. */
    for (int64_t p = 0; p < (k + 1) / 2; p++) {
        const float *even = panel + 2 * p * tile;
        uint32_t pairs[TILE_MAX] = {0};
        for (int i = 0; i < tile; i++)
            pairs[i] = round_to_bf16(even[i]) >> 16;
        for (int i = 0; i < tile && 2 * p + 1 < k; i++)
            pairs[i] |= round_to_bf16(even[tile + i]) & 0xFFFF0000U;
        memcpy(panel + p * tile, pairs, (size_t)tile * sizeof *pairs);
    }
}

#if defined(__AVX512BF16__)
static inline __attribute__((always_inline)) void rows_of_tile_bf16(const int rows, int64_t n_pairs,
                                                                    const float *restrict a, const float *restrict b,
                                                                    float *restrict c, int64_t c_stride,
                                                                    bool accumulate)
{
    vector sum[TILE_M][2];
#pragma GCC unroll 12
    for (int i = 0; i < rows; i++)
        sum[i][0] = sum[i][1] = (vector){0};
    for (int64_t p = 0; p < n_pairs; p++) {
        const __m512bh b0 = (__m512bh)_mm512_loadu_ps(b + p * TILE_N);
        const __m512bh b1 = (__m512bh)_mm512_loadu_ps(b + p * TILE_N + LANES);
#pragma GCC unroll 12
        for (int i = 0; i < rows; i++) {
            const __m512bh x = (__m512bh)_mm512_set1_ps(a[p * TILE_M + i]);
            sum[i][0] = (vector)_mm512_dpbf16_ps((__m512)sum[i][0], x, b0);
            sum[i][1] = (vector)_mm512_dpbf16_ps((__m512)sum[i][1], x, b1);
        }
    }
#pragma GCC unroll 12
    for (int i = 0; i < rows; i++) {
        vector *out = (vector *)(c + i * c_stride), *out1 = (vector *)(c + i * c_stride + LANES);
        if (accumulate) {
            sum[i][0] += *out;
            sum[i][1] += *out1;
        }
        *out = sum[i][0];
        *out1 = sum[i][1];
    }
}

/* Whole tiles in registers; the few with less rows as well, whose other rows are zeros and go nowhere. */
static void tile_bf16(int64_t k, const float *a, const float *b, float *c, int64_t c_stride, int n_rows, int n_columns,
                      bool accumulate)
{
    if (n_columns == TILE_N && n_rows == TILE_M) {
        rows_of_tile_bf16(TILE_M, (k + 1) / 2, a, b, c, c_stride, accumulate);
        return;
    }
    float edge[TILE_M * TILE_N] = {0};
    rows_of_tile_bf16(TILE_M, (k + 1) / 2, a, b, edge, TILE_N, false);
    for (int i = 0; i < n_rows; i++)
        for (int j = 0; j < n_columns; j++)
            c[i * c_stride + j] = (accumulate ? c[i * c_stride + j] : 0) + edge[i * TILE_N + j];
}
#endif

#if !defined(BF_KERNEL)
#define BF_KERNEL bf_kernel_here
#endif
extern const struct bf_kernel BF_KERNEL;
const struct bf_kernel BF_KERNEL = {
#if defined(__AVX512BF16__)
    .name = "AVX-512",
    .tile_bf16 = tile_bf16,
#elif defined(__AVX512F__)
    .name = "AVX-512",
#elif defined(__AVX2__)
    .name = "AVX2",
#elif defined(__AVX__)
    .name = "AVX",
#elif defined(__ARM_NEON)
    .name = "NEON",
#else
    .name = "128-bit vectors",
#endif
    .tile_m = TILE_M,
    .tile_n = TILE_N,
    .tile = tile,
    .pair = pair,
    .pack_rows = pack_rows,
    .pack_columns = pack_columns,
    .pack_many = pack_many,
};
