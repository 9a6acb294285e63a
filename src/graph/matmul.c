/* The usual way to a fast product (Goto and van de Geijn, "Anatomy of High-Performance Matrix Multiplication", 2008): B
 * is packed into panels that the threads share, A into panels that stay in a core's cache; a kernel multiplies two
 * panels.
 *
 *     for each slice of B of at most SLICE_FLOATS:     (columns; rows as well, when one panel's is too long)
 *         pack it, shared:  [k / DEPTH][n / tile_n][DEPTH][tile_n]
 *         for each chunk of rows of A, on any thread:
 *             for each DEPTH of k: pack the chunk of A, multiply it with every panel
 *
 * Which thread takes a chunk does not change a sum: the sums of an element always run over k in this order. */
#include "graph/matmul.h"

#include <ggml.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/workers.h"
#include "graph/matmul_kernel.h"
#include "base/banned.h"

/* GROUP columns are packed at a time: a whole number of panels and of the blocks of any quantised type. */
enum { DEPTH = 256, CHUNK_TILES = 8, GROUP = 256, ALIGN = 64 };
static const int64_t SLICE_FLOATS = INT64_C(4) << 20;

struct scratch {
    float *a; /* [CHUNK_TILES * tile_m][DEPTH] packed */
    float *b; /* [tile_n or 1][GROUP] dequantised */
};

struct bf_matmul {
    const struct bf_kernel *kernel;
    struct bf_workers *workers;
    size_t n_threads;
    float *slice;            /* [SLICE_FLOATS] packed B */
    struct scratch *scratch; /* [n_threads] */
    /* of the product that runs */
    const struct bf_product *p;
    int64_t n0, n_slice, k0, k_slice; /* the slice of B */
    bool accumulate;
    int64_t n_chunks, n_parts, part_panels; /* of A's tiles, of the slice's panels */
    atomic_int_fast64_t next;
};

static int64_t min_of(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t up(int64_t x, int64_t unit)
{
    return (x + unit - 1) / unit;
}

static float *aligned(size_t n)
{
    void *memory = aligned_alloc(ALIGN, (n * sizeof(float) + ALIGN - 1) / ALIGN * ALIGN);
    if (!memory)
        bf_out_of_memory();
    return memory;
}

static size_t a_floats(const struct bf_kernel *kernel)
{
    return (size_t)CHUNK_TILES * (size_t)kernel->tile_m * DEPTH;
}

static size_t b_floats(const struct bf_kernel *kernel)
{
    return (size_t)kernel->tile_n * GROUP;
}

struct bf_matmul *bf_matmul_new(const struct bf_kernel *kernel, struct bf_workers *workers, size_t n_threads)
{
    struct bf_matmul *m = bf_alloc(sizeof *m);
    m->kernel = kernel;
    m->workers = workers;
    m->n_threads = n_threads;
    m->slice = aligned((size_t)SLICE_FLOATS);
    m->scratch = bf_array(n_threads, sizeof *m->scratch);
    for (size_t i = 0; i < n_threads; i++) {
        m->scratch[i].a = aligned(a_floats(kernel));
        m->scratch[i].b = aligned(b_floats(kernel));
    }
    return m;
}

void bf_matmul_free(struct bf_matmul *m)
{
    if (!m)
        return;
    for (size_t i = 0; i < m->n_threads; i++) {
        free(m->scratch[i].a);
        free(m->scratch[i].b);
    }
    free(m->scratch);
    free(m->slice);
    free(m);
}

/* n elements of row `row` of B from `column` on, as floats; in place when they are. */
static const float *row_of_b(const struct bf_product *p, int64_t row, int64_t column, int64_t n, float *buffer)
{
    const char *bytes = (const char *)p->b + (size_t)row * p->b_row_bytes;
    if (p->b_type == GGML_TYPE_F32)
        return (const float *)(const void *)bytes + column;
    const struct ggml_type_traits *traits = ggml_get_type_traits((enum ggml_type)p->b_type);
    traits->to_float(bytes + (size_t)(column / traits->blck_size) * traits->type_size, buffer, n);
    return buffer;
}

/* Packs DEPTH of k (from slice k `k`) and GROUP columns (from slice column `n`). */
static void pack_floats(struct bf_matmul *m, struct scratch *scratch, int64_t k, int64_t n)
{
    const struct bf_product *p = m->p;
    const struct bf_kernel *kernel = m->kernel;
    const int tile_n = kernel->tile_n;
    const int64_t depth = min_of(DEPTH, m->k_slice - k), n_panels = up(m->n_slice, tile_n);
    /* Earlier depths are full. */
    float *base = m->slice + k * n_panels * tile_n;
    const int64_t end = min_of(n + GROUP, m->n_slice);
    if (!p->b_transposed) {
        if (p->b_type == GGML_TYPE_F32) {
            for (int64_t j = n; j < end; j += tile_n)
                kernel->pack_columns(base + j * depth, tile_n, row_of_b(p, m->k0 + k, m->n0 + j, 0, NULL),
                                     (int64_t)(p->b_row_bytes / sizeof(float)), (int)min_of(tile_n, end - j), depth, 1);
            return;
        }
        for (int64_t i = 0; i < depth; i++) {
            const float *row = row_of_b(p, m->k0 + k + i, m->n0 + n, end - n, scratch->b);
            for (int64_t j = n; j < end; j += tile_n)
                kernel->pack_columns(base + j * depth + i * tile_n, tile_n, row + (j - n), 0,
                                     (int)min_of(tile_n, end - j), 1, 1);
        }
        return;
    }
    for (int64_t j = n; j < end; j += tile_n) {
        const int rows = (int)min_of(tile_n, end - j);
        const float *src = scratch->b;
        int64_t stride = GROUP;
        if (p->b_type == GGML_TYPE_F32) {
            src = row_of_b(p, m->n0 + j, m->k0 + k, 0, NULL);
            stride = (int64_t)(p->b_row_bytes / sizeof(float));
        } else {
            for (int i = 0; i < rows; i++)
                (void)row_of_b(p, m->n0 + j + i, m->k0 + k, depth, scratch->b + i * GROUP);
        }
        kernel->pack_rows(base + j * depth, tile_n, src, stride, rows, depth, 1);
    }
}

static void pack_group(struct bf_matmul *m, struct scratch *scratch, int64_t k, int64_t n)
{
    pack_floats(m, scratch, k, n);
    if (!m->p->bf16)
        return;
    const int tile_n = m->kernel->tile_n;
    const int64_t depth = min_of(DEPTH, m->k_slice - k), n_panels = up(m->n_slice, tile_n);
    float *base = m->slice + k * n_panels * tile_n;
    for (int64_t j = n; j < min_of(n + GROUP, m->n_slice); j += tile_n)
        m->kernel->pair(base + j * depth, tile_n, depth);
}

static void pack_slice(void *user, size_t thread)
{
    struct bf_matmul *m = user;
    const int64_t n_groups = up(m->n_slice, GROUP), total = n_groups * up(m->k_slice, DEPTH);
    for (int64_t i = atomic_fetch_add(&m->next, 1); i < total; i = atomic_fetch_add(&m->next, 1))
        pack_group(m, &m->scratch[thread], i / n_groups * DEPTH, i % n_groups * GROUP);
}

/* Rows [m0, m1) into panels one after another. */
static void pack_a(const struct bf_kernel *kernel, const struct bf_product *p, int64_t m0, int64_t m1, int64_t k,
                   int64_t depth, float *dst)
{
    const int tile_m = kernel->tile_m;
    if (p->a_transposed) {
        kernel->pack_many(dst, tile_m, p->a + k * p->a_stride + m0, p->a_stride, m1 - m0, depth, p->scale);
        return;
    }
    for (int64_t i = m0; i < m1; i += tile_m)
        kernel->pack_rows(dst + (i - m0) * depth, tile_m, p->a + i * p->a_stride + k, p->a_stride,
                          (int)min_of(tile_m, m1 - i), depth, p->scale);
}

/* Rows [m0, m1) times panels [panel0, panel1) of the slice. */
static void multiply(const struct bf_matmul *m, float *packed, int64_t m0, int64_t m1, int64_t panel0, int64_t panel1)
{
    const struct bf_product *p = m->p;
    const struct bf_kernel *kernel = m->kernel;
    const int tile_m = kernel->tile_m, tile_n = kernel->tile_n;
    const int64_t n_panels = up(m->n_slice, tile_n);
    for (int64_t k = 0; k < m->k_slice; k += DEPTH) {
        const int64_t depth = min_of(DEPTH, m->k_slice - k);
        pack_a(kernel, p, m0, m1, m->k0 + k, depth, packed);
        for (int64_t i = m0; p->bf16 && i < m1; i += tile_m)
            kernel->pair(packed + (i - m0) * depth, tile_m, depth);
        for (int64_t panel = panel0; panel < panel1; panel++) {
            const int64_t n = panel * tile_n;
            const float *b = m->slice + k * n_panels * tile_n + n * depth;
            for (int64_t i = m0; i < m1; i += tile_m)
                (p->bf16 ? kernel->tile_bf16 : kernel->tile)(
                    depth, packed + (i - m0) * depth, b, p->c + i * p->c_stride + m->n0 + n, p->c_stride,
                    (int)min_of(tile_m, m1 - i), (int)min_of(tile_n, m->n_slice - n), m->accumulate || k > 0);
        }
    }
}

static void multiply_slice(void *user, size_t thread)
{
    struct bf_matmul *m = user;
    const int64_t tile_m = m->kernel->tile_m;
    const int64_t total = m->n_chunks * m->n_parts, n_panels = up(m->n_slice, m->kernel->tile_n);
    for (int64_t i = atomic_fetch_add(&m->next, 1); i < total; i = atomic_fetch_add(&m->next, 1)) {
        const int64_t chunk = i / m->n_parts, panel = i % m->n_parts * m->part_panels;
        const int64_t n_tiles = up(m->p->m, tile_m);
        multiply(m, m->scratch[thread].a, chunk * n_tiles / m->n_chunks * tile_m,
                 min_of((chunk + 1) * n_tiles / m->n_chunks * tile_m, m->p->m), panel,
                 min_of(panel + m->part_panels, n_panels));
    }
}

static void run(struct bf_matmul *m, void (*work)(void *user, size_t thread))
{
    atomic_store(&m->next, 0);
    bf_workers_run(m->workers, m->n_threads, work, m);
}

void bf_matmul_run(struct bf_matmul *m, const struct bf_product *p)
{
    const int64_t tile_m = m->kernel->tile_m, tile_n = m->kernel->tile_n;
    m->p = p;
    /* The same number of chunks for each thread; a few, so that one that the system holds up does not keep the others
     * waiting. */
    const int64_t n_threads = (int64_t)m->n_threads, wanted = 4 * n_threads, n_tiles = up(p->m, tile_m);
    const int64_t chunks = up(p->m, CHUNK_TILES * tile_m);
    m->n_chunks = min_of(n_tiles, up(chunks > wanted ? chunks : wanted, n_threads) * n_threads);
    const int64_t depth_slices = p->k <= DEPTH * 8 ? p->k : DEPTH * 8;
    m->n0 = 0;
    while (m->n0 < p->n) {
        m->n_slice = min_of(p->n - m->n0, SLICE_FLOATS / (up(depth_slices, DEPTH) * DEPTH) / GROUP * GROUP);
        const int64_t n_panels = up(m->n_slice, tile_n);
        m->n_parts = min_of(up(wanted, m->n_chunks), n_panels);
        m->part_panels = up(n_panels, m->n_parts);
        m->n_parts = up(n_panels, m->part_panels);
        for (m->k0 = 0; m->k0 < p->k; m->k0 += m->k_slice) {
            m->k_slice = min_of(p->k - m->k0, SLICE_FLOATS / (n_panels * tile_n) / DEPTH * DEPTH);
            m->accumulate = p->accumulate || m->k0 > 0;
            run(m, pack_slice);
            run(m, multiply_slice);
        }
        m->n0 += m->n_slice;
    }
}

size_t bf_matmul_local_floats(const struct bf_kernel *kernel)
{
    return (size_t)BF_MATMUL_LOCAL * (size_t)(BF_MATMUL_LOCAL + kernel->tile_n + kernel->tile_m);
}

void bf_matmul_local(const struct bf_kernel *kernel, float *scratch, const struct bf_product *p)
{
    const int tile_m = kernel->tile_m, tile_n = kernel->tile_n;
    float *a = scratch + (int64_t)BF_MATMUL_LOCAL * (BF_MATMUL_LOCAL + tile_n);
    const int64_t stride = (int64_t)(p->b_row_bytes / sizeof(float));
    const float *b = p->b;
    for (int64_t n = 0; n < p->n; n += tile_n) {
        const int columns = (int)min_of(tile_n, p->n - n);
        if (p->b_transposed)
            kernel->pack_rows(scratch + n * p->k, tile_n, b + n * stride, stride, columns, p->k, 1);
        else
            kernel->pack_columns(scratch + n * p->k, tile_n, b + n, stride, columns, p->k, 1);
    }
    for (int64_t i = 0; i < p->m; i += tile_m) {
        const int rows = (int)min_of(tile_m, p->m - i);
        pack_a(kernel, p, i, i + rows, 0, p->k, a);
        for (int64_t n = 0; n < p->n; n += tile_n)
            kernel->tile(p->k, a, scratch + n * p->k, p->c + i * p->c_stride + n, p->c_stride, rows,
                         (int)min_of(tile_n, p->n - n), p->accumulate);
    }
}

/* Which kernels there are and which of them this processor can run. An ordinary build has one, for the processor it was
 * built on. */

#if defined(BF_KERNELS_X86)
/* cmake/portable.cmake compiles matmul_kernel.c under each of these names. */
extern const struct bf_kernel bf_kernel_avx512_bf16, bf_kernel_avx512, bf_kernel_avx2, bf_kernel_baseline;

/* The compiler's library asks the processor, and whether the system saves its registers, before main() begins. */
static bool has_avx2(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}

static bool has_avx512(void)
{
    return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512vl");
}

const struct bf_kernel *bf_kernel_at(size_t i)
{
    if (has_avx512() && __builtin_cpu_supports("avx512bf16") && i-- == 0)
        return &bf_kernel_avx512_bf16;
    if (has_avx512() && i-- == 0)
        return &bf_kernel_avx512;
    if (has_avx2() && i-- == 0)
        return &bf_kernel_avx2;
    return i == 0 ? &bf_kernel_baseline : NULL;
}
#else
extern const struct bf_kernel bf_kernel_here;

const struct bf_kernel *bf_kernel_at(size_t i)
{
    return i == 0 ? &bf_kernel_here : NULL;
}
#endif
