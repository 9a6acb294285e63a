#include "run/guard_vectors.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/floats.h"
#include "base/mem.h"
#include "request/instance_file.h"
#include "synth/synth.h"
#include "base/banned.h"

enum { TEXTS_MAX = 512 };

/* The mean of unit vectors, scaled to unit length and rounded as samples are. */
static void finish_centroid(const double *sum, float *vector, uint16_t *half, int32_t n)
{
    double square = 0.0;
    for (int32_t i = 0; i < n; i++)
        square += sum[i] * sum[i];
    const double length = sqrt(square);
    for (int32_t i = 0; i < n; i++) {
        half[i] = bf_half_of(length > 0.0 ? (float)(sum[i] / length) : 0.0f);
        vector[i] = bf_half_to_float(half[i]);
    }
}

static enum bf_status embed_file(struct bf_engine *embedder, const struct bf_guard_source *source, float *vector,
                                 uint16_t *half, struct bf_err *err)
{
    const char *path = source->path;
    const struct bf_instance_options options =
        source->options ? *source->options
                        : (struct bf_instance_options){.hints = BF_HINTS_NONE, .max_text = BF_IMPORT_TEXT_MAX};
    const int32_t n_embd = bf_engine_info(embedder)->n_embd;
    struct bf_instance_stats stats;
    struct bf_instance_file *file = NULL;
    double *sum = bf_array((size_t)n_embd, sizeof *sum);
    enum bf_status status = bf_instance_file_check(path, &options, &stats, err);
    if (status == BF_OK)
        status = bf_instance_file_open(path, &options, &file, err);
    const int64_t n = stats.n_good;
    const int64_t take = n < TEXTS_MAX ? n : TEXTS_MAX;
    int64_t taken = 0;
    for (bool more = true; status == BF_OK && more && taken < take;) {
        struct bf_instance instance;
        status = bf_instance_file_next(file, &instance, &more, err);
        if (status != BF_OK || !more || instance.index < taken * n / take)
            continue;
        status = bf_synth_embed(embedder, instance.text, vector, NULL, err);
        for (int32_t i = 0; i < n_embd && status == BF_OK; i++)
            sum[i] += (double)vector[i];
        taken++;
    }
    if (status == BF_OK)
        finish_centroid(sum, vector, half, n_embd);
    bf_instance_file_close(file);
    free(sum);
    return status;
}

struct bf_guard_source bf_guard_source_of(const char *word, enum bf_reason reason)
{
    static const char *const endings[] = {".jsonl", ".ndjson", ".json", ".csv", ".txt"};
    struct bf_guard_source source = {.name = word, .reason = reason};
    const size_t n = word ? strlen(word) : 0;
    bool is_file = word && strchr(word, '/');
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
        is_file = is_file || (n > strlen(endings[i]) && strcasecmp(word + n - strlen(endings[i]), endings[i]) == 0);
    source.path = is_file ? word : NULL;
    return source;
}

enum bf_status bf_add_guards(struct bf_store *store, struct bf_engine *embedder, const struct bf_guard_source *sources,
                             size_t n, struct bf_err *err)
{
    const int32_t n_embd = bf_engine_info(embedder)->n_embd;
    float *vector = bf_array((size_t)n_embd, sizeof *vector);
    uint16_t *half = bf_array((size_t)n_embd, sizeof *half);
    enum bf_status status = BF_OK;
    for (size_t i = 0; i < n && status == BF_OK; i++) {
        const struct bf_guard guard = {
            .name = sources[i].name, .centroid = sources[i].path, .reason = sources[i].reason};
        status = sources[i].path ? embed_file(embedder, &sources[i], vector, half, err)
                                 : bf_synth_embed(embedder, sources[i].name, vector, half, err);
        if (status == BF_OK)
            status = bf_store_add_guard(store, (int64_t)i, &guard, half, n_embd, err);
    }
    free(vector);
    free(half);
    return status;
}
