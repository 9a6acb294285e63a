/* Products of matrices in F32 on several threads, with one operand in any type of ggml. Packing turns what it reads into panels
 * anyway, so that quantised weights are dequantised on the way, once a product, and never stand in memory as floats.
 *
 * C has the same bits for the same operands and number of threads; in fact for any number, since every element's sum is taken in
 * the same order. */
#ifndef BF_UNLEARN_MATMUL_H
#define BF_UNLEARN_MATMUL_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bf_workers;
struct bf_matmul;      /* threads' scratch memory */

/* C(m, n) = [C(m, n) +] scale sum_k A(m, k) B(k, n), row-major. */
struct bf_product {
    int64_t m, n, k;
    const float *a;
    int64_t a_stride;          /* elements from row to row in memory */
    bool a_transposed;         /* A(m, k) = a[k a_stride + m], else a[m a_stride + k] */
    const void *b;
    int b_type;                /* enum ggml_type; 0 is F32 */
    size_t b_row_bytes;        /* from row to row in memory */
    bool b_transposed;         /* B(k, n) = row n, column k; else row k, column n */
    float *c;
    int64_t c_stride;          /* elements */
    bool accumulate;
    float scale;
    bool bf16;                 /* round both operands to BF16, sum in F32; only where bf_matmul_has_bf16() */
};

struct bf_matmul *bf_matmul_new(struct bf_workers *workers, size_t n_threads);     /* the workers are borrowed */
void bf_matmul_free(struct bf_matmul *matmul);         /* NULL is a no-op */
size_t bf_matmul_bytes(const struct bf_matmul *matmul);
void bf_matmul_run(struct bf_matmul *matmul, const struct bf_product *product);

/* The same on the calling thread, F32 only, for the small products of attention. `scratch` is [bf_matmul_local_floats()], one
 * for each thread; k and n at most BF_MATMUL_LOCAL. */
enum { BF_MATMUL_LOCAL = 512 };
size_t bf_matmul_local_floats(void);
void bf_matmul_local(float *scratch, const struct bf_product *product);

/* Whether the kernel was built for BF16 dot products. */
bool bf_matmul_has_bf16(void);

/* The vector unit that the kernel was built for: "AVX-512". */
const char *bf_matmul_name(void);

#endif
