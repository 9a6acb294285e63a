/* One tensor's values on their way into a file: as they are, or with the adapter merged in, in any type. */
#include <ggml.h>
#include <stdlib.h>
#include <string.h>

#include "base/finite.h"
#include "base/mem.h"
#include "graph/graph_save.h"
#include "base/banned.h"

static const int types[] = {
    [BF_SAVE_F32] = GGML_TYPE_F32,
    [BF_SAVE_F16] = GGML_TYPE_F16,
    [BF_SAVE_BF16] = GGML_TYPE_BF16,
    [BF_SAVE_Q8_0] = GGML_TYPE_Q8_0,
};

bool bf_save_changed(const struct bf_graph *g, const struct bf_weight *w)
{
    return w->trained || (w->lora && g->adapter_on);
}

int bf_save_type_of(const struct bf_graph *g, const struct bf_weight *w, enum bf_graph_save_type type, bool convert_all)
{
    if (!bf_save_changed(g, w) && (!convert_all || w->n_dims == 1))
        return w->type;
    if (w->n_dims == 1)
        return GGML_TYPE_F32;
    int wanted = type == BF_SAVE_SOURCE ? w->type : types[type];
    /* Types of one or two bits cannot be made without statistics of activations. */
    if (ggml_quantize_requires_imatrix((enum ggml_type)wanted))
        wanted = GGML_TYPE_Q8_0;
    return w->n_in % ggml_blck_size((enum ggml_type)wanted) == 0 ? wanted : GGML_TYPE_F16;
}

struct rows {
    const struct bf_graph *g;
    const struct bf_weight *w;
    const char *bytes; /* in the type of the file, or NULL: w->data or w->raw */
    float *values;     /* [n, n_in] */
    char *out;         /* [n] rows of `type` */
    int type;
    int64_t first; /* row of the tensor */
    bool *finite;  /* [n] */
};

static void fill_row(const struct rows *r, int64_t i)
{
    const struct bf_weight *w = r->w;
    const int64_t row = r->first + i;
    float *values = r->values + i * w->n_in;
    if (w->data)
        memcpy(values, w->data + row * w->n_in, (size_t)w->n_in * sizeof *values);
    else
        bf_graph_to_float(w->type, r->bytes + (size_t)row * ggml_row_size((enum ggml_type)w->type, w->n_in), values,
                          w->n_in);
    if (w->lora && r->g->adapter_on) {
        const int64_t rank = r->g->params.lora_rank;
        for (int64_t k = 0; k < rank; k++) {
            const float factor = bf_graph_lora_scale(r->g) * w->lora->b[row * rank + k];
            const float *a = w->lora->a + k * w->n_in;
            for (int64_t j = 0; j < w->n_in; j++)
                values[j] += factor * a[j];
        }
    }
    r->finite[i] = bf_all_finite(values, (size_t)w->n_in);
}

static void convert_rows(void *user, int64_t first, int64_t end)
{
    const struct rows *r = user;
    const size_t n_row_bytes = ggml_row_size((enum ggml_type)r->type, r->w->n_in);
    for (int64_t i = first; i < end; i++) {
        fill_row(r, i);
        if (r->finite[i])
            (void)ggml_quantize_chunk((enum ggml_type)r->type, r->values + i * r->w->n_in,
                                      r->out + (size_t)i * n_row_bytes, 0, 1, r->w->n_in, NULL);
    }
}

static enum bf_status write_converted(struct bf_graph *g, const struct bf_weight *w, const char *bytes, int type,
                                      FILE *stream, struct bf_err *err)
{
    const size_t n_row_bytes = ggml_row_size((enum ggml_type)type, w->n_in);
    const int64_t n_fit = (INT64_C(4) << 20) / w->n_in, n_rows = n_fit < 1 ? 1 : n_fit > w->n_out ? w->n_out : n_fit;
    struct rows r = {.g = g, .w = w, .bytes = bytes, .type = type};
    r.values = bf_array((size_t)(n_rows * w->n_in), sizeof(float));
    r.out = bf_array((size_t)n_rows, n_row_bytes);
    r.finite = bf_array((size_t)n_rows, sizeof(bool));
    enum bf_status status = BF_OK;
    ggml_quantize_init((enum ggml_type)type);
    for (; status == BF_OK && r.first < w->n_out; r.first += n_rows) {
        const int64_t n = w->n_out - r.first < n_rows ? w->n_out - r.first : n_rows;
        bf_graph_rows(g, n, 8, convert_rows, &r);
        for (int64_t i = 0; status == BF_OK && i < n; i++)
            if (!r.finite[i])
                status = bf_fail(err, BF_MODEL, "the tensor '%s' holds a value that is not a number: nothing is saved",
                                 w->name);
        if (status == BF_OK)
            (void)fwrite(r.out, n_row_bytes, (size_t)n, stream);
    }
    free(r.values);
    free(r.out);
    free(r.finite);
    return status;
}

enum bf_status bf_save_tensor(struct bf_graph *g, const struct bf_weight *w, int type, FILE *stream, struct bf_err *err)
{
    const bool as_is = !bf_save_changed(g, w) && type == w->type;
    char *bytes = NULL;
    if (as_is || (!w->data && !w->raw)) {
        bytes = bf_try_array(w->n_bytes, 1);
        if (!bytes)
            return bf_fail(err, BF_INPUT, "memory is short for the tensor '%s'", w->name);
        const enum bf_status status = bf_graph_weights_read(g, w, bytes, err);
        if (status != BF_OK) {
            free(bytes);
            return status;
        }
    }
    enum bf_status status = BF_OK;
    if (as_is)
        (void)fwrite(bytes, 1, w->n_bytes, stream);
    else
        status = write_converted(g, w, bytes ? bytes : w->raw, type, stream, err);
    free(bytes);
    return status;
}
