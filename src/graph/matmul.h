/* Products of matrices in F32 on several threads, with one operand in any type of ggml. Packing turns what it reads
 * into panels anyway, so that quantised weights are dequantised on the way, once a product, and are never in memory as
 * floats.
 *
 * With one kernel C has the same bits for any number of threads, since every element's sum is taken in the same order.
 * Kernels differ from each other in rounding: some have an instruction for a product and a sum, and some round once
 * where others round twice. */
#ifndef BF_GRAPH_MATMUL_H
#define BF_GRAPH_MATMUL_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bf_kernel; /* matmul_kernel.h */
struct bf_workers;
struct bf_matmul; /* threads' scratch memory */

/* C(m, n) = [C(m, n) +] scale sum_k A(m, k) B(k, n), row-major. */
struct bf_product {
    int64_t m, n, k;
    const float *a;
    int64_t a_stride;  /* elements from row to row in memory */
    bool a_transposed; /* A(m, k) = a[k a_stride + m], else a[m a_stride + k] */
    const void *b;
    int b_type;         /* enum ggml_type; 0 is F32 */
    size_t b_row_bytes; /* from row to row in memory */
    bool b_transposed;  /* B(k, n) = row n, column k; else row k, column n */
    float *c;
    int64_t c_stride; /* elements */
    bool accumulate;
    float scale;
    bool bf16; /* round both operands to BF16, sum in F32; only with a kernel that has tile_bf16 */
};

/* The kernel is one of bf_kernel_at(); the workers are borrowed. */
struct bf_matmul *bf_matmul_new(const struct bf_kernel *kernel, struct bf_workers *workers, size_t n_threads);
void bf_matmul_free(struct bf_matmul *matmul); /* NULL is a no-op */
void bf_matmul_run(struct bf_matmul *matmul, const struct bf_product *product);

/* The same on the calling thread, F32 only, for the small products of attention. `scratch` is
 * [bf_matmul_local_floats()] of the same kernel, one for each thread; k and n at most BF_MATMUL_LOCAL. */
enum { BF_MATMUL_LOCAL = 512 };
size_t bf_matmul_local_floats(const struct bf_kernel *kernel);
void bf_matmul_local(const struct bf_kernel *kernel, float *scratch, const struct bf_product *product);

#endif
