#include "engine/kernels.h"

#include <ggml-backend.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/banned.h"

/* Inputs: one block of the K-quants. Outputs: two of AMX's tiles. Rows: one, fewer than a tile, more than two tiles. */
enum { N_IN = 256, N_OUT = 64, ROWS_MAX = 33 };
static const int row_counts[] = {1, 7, ROWS_MAX};
static const enum ggml_type types[] = {GGML_TYPE_F32,  GGML_TYPE_F16,  GGML_TYPE_BF16, GGML_TYPE_Q8_0,
                                       GGML_TYPE_Q4_0, GGML_TYPE_Q4_1, GGML_TYPE_Q4_K, GGML_TYPE_Q6_K};

/* The weights of one type, in every form. */
struct weights {
    enum ggml_type type;
    void *bytes;   /* as in a file */
    float *in;     /* [ROWS_MAX][N_IN] the rows that they are multiplied by */
    double *exact; /* [ROWS_MAX][N_OUT] */
};

struct cpu {
    ggml_backend_dev_t device;
    ggml_backend_t backend;
    const ggml_backend_buffer_type_t
        *extra; /* types of memory for weights besides the plain one, ends with NULL; or NULL */
};

float bf_kernels_value(uint64_t seed, uint64_t i)
{
    uint64_t z = seed + (i + 1) * 0x9E3779B97F4A7C15U; /* splitmix64 */
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
    z ^= z >> 31;
    return (float)((double)(z >> 40) / 8388608.0 - 1.0);
}

double bf_kernels_rounding(enum ggml_type type)
{
    /* Before they are multiplied with weights of these types, rows are rounded as well: to 8 bits in blocks, to F16, to
     * BF16. The limits are about five times the observed error. */
    switch (type) {
    case GGML_TYPE_F32:
        return 1e-5;
    case GGML_TYPE_F16:
        return 3e-3;
    case GGML_TYPE_BF16:
        return 1e-2;
    default:
        return 3e-2;
    }
}

static void make_weights(enum ggml_type type, struct weights *w)
{
    float *values = calloc((size_t)N_IN * N_OUT, sizeof *values);
    w->type = type;
    w->bytes = calloc(N_OUT, ggml_row_size(type, N_IN));
    w->in = calloc((size_t)ROWS_MAX * N_IN, sizeof *w->in);
    w->exact = calloc((size_t)ROWS_MAX * N_OUT, sizeof *w->exact);
    if (!values || !w->bytes || !w->in || !w->exact)
        abort();
    for (uint64_t i = 0; i < (uint64_t)N_IN * N_OUT; i++)
        values[i] = bf_kernels_value(type, i);
    for (uint64_t i = 0; i < (uint64_t)ROWS_MAX * N_IN; i++)
        w->in[i] = bf_kernels_value(1000, i);
    ggml_quantize_chunk(type, values, w->bytes, 0, N_OUT, N_IN, NULL);
    if (type == GGML_TYPE_F32)
        memcpy(values, w->bytes, (size_t)N_IN * N_OUT * sizeof *values);
    else
        ggml_get_type_traits(type)->to_float(w->bytes, values, (int64_t)N_IN * N_OUT);
    for (size_t r = 0; r < ROWS_MAX; r++)
        for (size_t o = 0; o < N_OUT; o++)
            for (size_t i = 0; i < N_IN; i++)
                w->exact[r * N_OUT + o] += (double)values[o * N_IN + i] * (double)w->in[r * N_IN + i];
    free(values);
}

static void release_weights(struct weights *w)
{
    free(w->bytes);
    free(w->in);
    free(w->exact);
}

static bool find_cpu(int n_threads, struct cpu *cpu)
{
    cpu->device = ggml_backend_dev_by_type(GGML_BACKEND_DEVICE_TYPE_CPU);
    cpu->backend = cpu->device ? ggml_backend_dev_init(cpu->device, NULL) : NULL;
    if (!cpu->backend)
        return false;
    ggml_backend_reg_t reg = ggml_backend_dev_backend_reg(cpu->device);
    /* Convert an object pointer to a function pointer, as POSIX allows. */
    ggml_backend_dev_get_extra_bufts_t get_extra;
    ggml_backend_set_n_threads_t set_threads;
    *(void **)&get_extra = ggml_backend_reg_get_proc_address(reg, "ggml_backend_dev_get_extra_bufts");
    *(void **)&set_threads = ggml_backend_reg_get_proc_address(reg, "ggml_backend_set_n_threads");
    cpu->extra = get_extra ? get_extra(cpu->device) : NULL;
    if (set_threads)
        set_threads(cpu->backend, n_threads);
    return true;
}

/* out = weights x rows, [n_rows][N_OUT]; *did is false when this memory does not support the type. */
static bool multiply(const struct cpu *cpu, ggml_backend_buffer_type_t memory, const struct weights *w, int n_rows,
                     float *out, bool *did)
{
    struct ggml_init_params params = {.mem_size = 16 * ggml_tensor_overhead() + ggml_graph_overhead(),
                                      .no_alloc = true};
    struct ggml_context *fixed = ggml_init(params);
    struct ggml_context *moving = ggml_init(params);
    ggml_backend_buffer_t of_fixed = NULL;
    ggml_backend_buffer_t of_moving = NULL;
    bool right = false;
    *did = false;
    if (!fixed || !moving)
        goto out;
    struct ggml_tensor *a = ggml_new_tensor_2d(fixed, w->type, N_IN, N_OUT);
    struct ggml_tensor *b = ggml_new_tensor_2d(moving, GGML_TYPE_F32, N_IN, n_rows);
    struct ggml_tensor *c = ggml_mul_mat(moving, a, b);
    struct ggml_cgraph *graph = ggml_new_graph(moving);
    ggml_build_forward_expand(graph, c);
    of_fixed = ggml_backend_alloc_ctx_tensors_from_buft(fixed, memory);
    of_moving = ggml_backend_alloc_ctx_tensors(moving, cpu->backend);
    if (!of_fixed || !of_moving)
        goto out;
    right = true;
    if (!ggml_backend_dev_supports_op(cpu->device, c))
        goto out;
    ggml_backend_tensor_set(a, w->bytes, 0, ggml_nbytes(a));
    ggml_backend_tensor_set(b, w->in, 0, ggml_nbytes(b));
    right = ggml_backend_graph_compute(cpu->backend, graph) == GGML_STATUS_SUCCESS;
    ggml_backend_tensor_get(c, out, 0, ggml_nbytes(c));
    *did = true;
out:
    ggml_backend_buffer_free(of_fixed);
    ggml_backend_buffer_free(of_moving);
    ggml_free(fixed);
    ggml_free(moving);
    return right;
}

/* The largest relative distance of a row from the exact one; infinite when a value is NaN or infinite. */
static double distance(const float *rows, const double *exact, int n_rows)
{
    double worst = 0;
    for (int r = 0; r < n_rows; r++) {
        double apart = 0;
        double length = 0;
        for (int o = 0; o < N_OUT; o++) {
            const double e = exact[r * N_OUT + o];
            apart += ((double)rows[r * N_OUT + o] - e) * ((double)rows[r * N_OUT + o] - e);
            length += e * e;
        }
        const double one = sqrt(apart / length);
        if (!(one <= worst))
            worst = isfinite(one) ? one : HUGE_VAL;
    }
    return worst;
}

static enum bf_status multiply_all(const struct cpu *cpu, ggml_backend_buffer_type_t memory, const struct weights *w,
                                   struct bf_kernels *kernels, struct bf_apart *apart, struct bf_err *err)
{
    float out[ROWS_MAX * N_OUT];
    for (size_t i = 0; i < sizeof row_counts / sizeof *row_counts; i++) {
        bool did = false;
        bf_apart_doing(apart, "multiplying %s weights by %d row%s in %s memory", ggml_type_name(w->type), row_counts[i],
                       row_counts[i] == 1 ? "" : "s", ggml_backend_buft_name(memory));
        if (!multiply(cpu, memory, w, row_counts[i], out, &did))
            return bf_fail(err, BF_MODEL, "llama.cpp fails at %s", apart->doing);
        if (!did)
            continue;
        const double far = distance(out, w->exact, row_counts[i]);
        if (far > bf_kernels_rounding(w->type))
            return bf_fail(err, BF_MODEL, "llama.cpp is wrong by %.2g of the value (at most %.2g is rounding) when %s",
                           far, bf_kernels_rounding(w->type), apart->doing);
        kernels->n_products++;
    }
    return BF_OK;
}

static void name_memory(struct bf_kernels *kernels, ggml_backend_buffer_type_t memory)
{
    const size_t n = strlen(kernels->memories);
    snprintf(kernels->memories + n, sizeof kernels->memories - n, "%s%s", n > 0 ? ", " : "",
             ggml_backend_buft_name(memory));
}

enum bf_status bf_kernels_multiply(int n_threads, struct bf_kernels *kernels, struct bf_apart *apart,
                                   struct bf_err *err)
{
    struct cpu cpu = {.backend = NULL};
    enum bf_status status = BF_OK;
    *kernels = (struct bf_kernels){.n_products = 0};
    bf_apart_doing(apart, "starting");
    if (!find_cpu(n_threads, &cpu))
        return bf_fail(err, BF_MODEL,
                       "llama.cpp has no backend for the CPU: are its ggml-cpu libraries where it looks for them?");
    ggml_backend_buffer_type_t plain = ggml_backend_dev_buffer_type(cpu.device);
    name_memory(kernels, plain);
    for (size_t i = 0; cpu.extra && cpu.extra[i]; i++)
        name_memory(kernels, cpu.extra[i]);
    for (size_t i = 0; i < sizeof types / sizeof *types && status == BF_OK; i++) {
        struct weights w;
        make_weights(types[i], &w);
        status = multiply_all(&cpu, plain, &w, kernels, apart, err);
        for (size_t j = 0; cpu.extra && cpu.extra[j] && status == BF_OK; j++)
            status = multiply_all(&cpu, cpu.extra[j], &w, kernels, apart, err);
        release_weights(&w);
    }
    ggml_backend_free(cpu.backend);
    return status;
}
