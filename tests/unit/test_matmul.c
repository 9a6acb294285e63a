/* Every kernel that this processor can run against a plain sum in double. An ordinary build has one; a portable build
 * has several, and tests/portable/run.sh runs this on emulated processors as well. */
#include "unit.h"

#include <ggml.h>
#include <math.h>
#include <stdbool.h>

#include "base/rng.h"
#include "base/workers.h"
#include "graph/matmul.h"
#include "graph/matmul_kernel.h"

enum { M_MAX = 61, N_MAX = 300, K_MAX = 600, PADDING = 3 };

struct operands {
    int64_t m, n, k;
    float a[M_MAX * (K_MAX + PADDING)], b[K_MAX * (N_MAX + PADDING)];
    float c[M_MAX * (N_MAX + PADDING)];
};

static float to_bf16(float x)
{
    return ggml_bf16_to_fp32(ggml_fp32_to_bf16(x));
}

static void fill(float *out, size_t n, struct bf_rng *rng)
{
    for (size_t i = 0; i < n; i++)
        out[i] = (float)(2 * bf_rng_unit(rng) - 1);
}

static float a_of(const struct bf_product *p, int64_t i, int64_t k)
{
    return p->a_transposed ? p->a[k * p->a_stride + i] : p->a[i * p->a_stride + k];
}

static float b_of(const struct bf_product *p, int64_t k, int64_t j)
{
    const float *b = p->b;
    const int64_t stride = (int64_t)(p->b_row_bytes / sizeof *b);
    return p->b_transposed ? b[j * stride + k] : b[k * stride + j];
}

/* `before` is C before the product. Rounding may cost a few units in the last place of the sum of magnitudes for each
 * term. */
static void assert_product(const char *kernel, const struct bf_product *p, const float *before)
{
    for (int64_t i = 0; i < p->m; i++)
        for (int64_t j = 0; j < p->n; j++) {
            double sum = p->accumulate ? (double)before[i * p->c_stride + j] : 0, magnitude = fabs(sum);
            for (int64_t k = 0; k < p->k; k++) {
                float a = p->scale * a_of(p, i, k), b = b_of(p, k, j);
                if (p->bf16) {
                    a = to_bf16(a);
                    b = to_bf16(b);
                }
                sum += (double)a * (double)b;
                magnitude += fabs((double)a * (double)b);
            }
            const double got = (double)p->c[i * p->c_stride + j];
            if (!(fabs(got - sum) <= 1e-6 * magnitude + 1e-30))
                fail_msg("%s: %ld x %ld x %ld at (%ld, %ld): %.9g, not %.9g", kernel, (long)p->m, (long)p->n,
                         (long)p->k, (long)i, (long)j, got, sum);
        }
    /* Nothing beside C. */
    for (int64_t i = 0; i < p->m; i++)
        for (int64_t j = p->n; j < p->c_stride; j++)
            assert_true(p->c[i * p->c_stride + j] == before[i * p->c_stride + j]);
}

/* The variant: which operands are transposed, accumulate, bf16. */
static struct bf_product product_of(struct operands *o, unsigned variant)
{
    const bool a_transposed = variant & 1, b_transposed = variant & 2;
    return (struct bf_product){.m = o->m,
                               .n = o->n,
                               .k = o->k,
                               .a = o->a,
                               .a_stride = (a_transposed ? o->m : o->k) + PADDING,
                               .a_transposed = a_transposed,
                               .b = o->b,
                               .b_row_bytes = (size_t)((b_transposed ? o->k : o->n) + PADDING) * sizeof(float),
                               .b_transposed = b_transposed,
                               .c = o->c,
                               .c_stride = o->n + PADDING,
                               .accumulate = variant & 4,
                               .scale = variant & 4 ? 0.25F : 1,
                               .bf16 = variant & 8};
}

static const int64_t sizes[][3] = {{1, 1, 1}, {2, 9, 3}, {12, 32, 16}, {13, 33, 257}, {61, 300, 40}, {25, 70, 600}};

/* The same bits with one thread and with three, and the right ones. */
static void check(const struct bf_kernel *kernel, struct operands *o, unsigned variant)
{
    static float before[N_ELEMENTS(o->c)], first[N_ELEMENTS(o->c)];
    const struct bf_product p = product_of(o, variant);

    memcpy(before, o->c, sizeof before);
    for (size_t n_threads = 1; n_threads <= 3; n_threads += 2) {
        struct bf_workers *workers = bf_workers_new(n_threads);
        struct bf_matmul *matmul = bf_matmul_new(kernel, workers, n_threads);
        memcpy(o->c, before, sizeof before);
        bf_matmul_run(matmul, &p);
        assert_product(kernel->name, &p, before);
        if (n_threads == 1)
            memcpy(first, o->c, sizeof first);
        else
            assert_memory_equal(first, o->c, sizeof first);
        bf_matmul_free(matmul);
        bf_workers_free(workers);
    }
    if (p.bf16 || p.k > BF_MATMUL_LOCAL)
        return;
    float *scratch = aligned_alloc(64, (bf_matmul_local_floats(kernel) * sizeof(float) + 63) / 64 * 64);
    assert_non_null(scratch);
    memcpy(o->c, before, sizeof before);
    bf_matmul_local(kernel, scratch, &p);
    assert_product(kernel->name, &p, before);
    free(scratch);
}

static void products_are_right(void **state)
{
    static struct operands o;
    struct bf_rng rng;

    (void)state;
    bf_rng_init(&rng, 7);
    fill(o.a, N_ELEMENTS(o.a), &rng);
    fill(o.b, N_ELEMENTS(o.b), &rng);
    fill(o.c, N_ELEMENTS(o.c), &rng);
    for (size_t i = 0; bf_kernel_at(i); i++)
        for (size_t s = 0; s < N_ELEMENTS(sizes); s++)
            for (unsigned variant = 0; variant < (bf_kernel_at(i)->tile_bf16 ? 16U : 8U); variant++) {
                o.m = sizes[s][0];
                o.n = sizes[s][1];
                o.k = sizes[s][2];
                check(bf_kernel_at(i), &o, variant);
            }
}

/* Weights in a file's own type are what ggml makes of them. */
static void quantised_operands(void **state)
{
    enum { M = 5, N = 64, K = 96 };
    static float a[M * K], plain[N * K], c[M * N];
    static char quantised[N * K * 2];
    struct bf_rng rng;

    (void)state;
    bf_rng_init(&rng, 8);
    fill(a, N_ELEMENTS(a), &rng);
    fill(plain, N_ELEMENTS(plain), &rng);
    static const enum ggml_type types[] = {GGML_TYPE_F16, GGML_TYPE_Q8_0, GGML_TYPE_Q4_0};
    for (size_t t = 0; t < N_ELEMENTS(types); t++) {
        const size_t row = ggml_row_size(types[t], K);
        assert_true(N * row <= sizeof quantised);
        ggml_quantize_chunk(types[t], plain, quantised, 0, N, K, NULL);
        for (int64_t i = 0; i < N; i++)
            ggml_get_type_traits(types[t])->to_float(quantised + (size_t)i * row, plain + i * K, K);
        struct bf_product p = {.m = M,
                               .n = N,
                               .k = K,
                               .a = a,
                               .a_stride = K,
                               .b = quantised,
                               .b_type = (int)types[t],
                               .b_row_bytes = row,
                               .b_transposed = true,
                               .c = c,
                               .c_stride = N,
                               .scale = 1};
        for (size_t i = 0; bf_kernel_at(i); i++) {
            struct bf_workers *workers = bf_workers_new(1);
            struct bf_matmul *matmul = bf_matmul_new(bf_kernel_at(i), workers, 1);
            bf_matmul_run(matmul, &p);
            struct bf_product same = p;
            same.b = plain;
            same.b_row_bytes = K * sizeof *plain;
            assert_product(bf_kernel_at(i)->name, &same, c);
            bf_matmul_free(matmul);
            bf_workers_free(workers);
        }
    }
}

/* No kernel is a second name of another, and BF16 comes only with the best. */
static void kernels_differ(void **state)
{
    (void)state;
    assert_non_null(bf_kernel_at(0));
    for (size_t i = 1; bf_kernel_at(i); i++) {
        assert_null(bf_kernel_at(i)->tile_bf16);
        assert_true(bf_kernel_at(i)->tile != bf_kernel_at(i - 1)->tile);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(products_are_right),
        cmocka_unit_test(quantised_operands),
        cmocka_unit_test(kernels_differ),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
