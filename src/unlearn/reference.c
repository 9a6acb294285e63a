/* -log r of each example of the forget set, computed once. One double an example on disk, under a key of the model's
 * and the examples' hashes: a second training of the same model on the same set reads it. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/mem.h"
#include "unlearn/trainer.h"
#include "base/banned.h"

static const char magic[8] = {'B', 'F', 'R', 'E', 'F', '0', '0', '1'};

struct making {
    struct bf_trainer *trainer;
    size_t before, of;
};

static bool tell(void *user, size_t done)
{
    struct making *making = user;
    return bf_trainer_tell(making->trainer, "reference", (int64_t)(making->before + done), (int64_t)making->of);
}

/* The key binds numbers to the model, the examples, and how they were computed. */
static void key_of(const struct bf_trainer *t, const struct bf_examples *examples, char out[BF_SHA256_HEX])
{
    struct bf_buf text;
    bf_buf_init(&text, 4096);
    bf_buf_printf(&text, "%s %s %s", t->model_sha256, examples->sha256, t->info.products);
    bf_sha256_hex(text.data, text.len, out);
    bf_buf_release(&text);
}

static char *path_of(const struct bf_trainer *t, const char *key)
{
    struct bf_buf name;
    bf_buf_init(&name, 128);
    bf_buf_printf(&name, "reference-%.16s.bin", key);
    char *path = bf_path_join(t->job->work, name.data);
    bf_buf_release(&name);
    return path;
}

/* A cache that does not fit is rebuilt without a complaint. */
static void read_cache(const char *path, const char *key, double *out, size_t n)
{
    const size_t size = sizeof magic + 64 + n * sizeof *out;
    struct bf_buf data;
    struct bf_err ignored = BF_ERR_INIT;
    bf_buf_init(&data, size + 1);
    if (bf_file_exists(path) && bf_file_read(path, &data, &ignored) == BF_OK && data.len == size &&
        memcmp(data.data, magic, sizeof magic) == 0 && memcmp(data.data + sizeof magic, key, 64) == 0)
        memcpy(out, data.data + sizeof magic + 64, n * sizeof *out);
    bf_buf_release(&data);
}

static enum bf_status write_cache(const char *path, const char *key, const double *values, size_t n, struct bf_err *err)
{
    struct bf_atomic file = {0};
    enum bf_status status = bf_atomic_open_inside(&file, path, err);
    if (status != BF_OK)
        return status;
    (void)(fwrite(magic, 1, sizeof magic, file.stream) + fwrite(key, 1, 64, file.stream) +
           fwrite(values, sizeof *values, n, file.stream)); /* the commit looks for errors */
    status = bf_atomic_commit(&file, err);
    return status;
}

/* Which of the forget set the whole training will use: the same places as the loop's. */
static bool *wanted(const struct bf_trainer *t)
{
    bool *out = bf_array(t->forget.n, sizeof *out);
    struct bf_order order = {.seed = t->settings->seed, .n = t->forget.n};
    const uint64_t n = (uint64_t)t->n_steps * (uint64_t)(t->batch * t->accumulate);
    for (uint64_t i = 0; i < n && i < 2 * (uint64_t)t->forget.n; i++)
        out[bf_order_at(&order, i)] = true;
    bf_order_release(&order);
    return out;
}

static enum bf_status fill(struct making *making, struct bf_graph *graph, const struct bf_examples *examples,
                           const bool *use, double *values, bool *changed, struct bf_err *err)
{
    size_t *missing = bf_array(examples->n, sizeof *missing), n = 0;
    for (size_t i = 0; i < examples->n; i++)
        if (use[i] && isnan(values[i]))
            missing[n++] = i;
    double *made = bf_array(n + 1, sizeof *made);
    making->of = making->before + n;
    const enum bf_status status =
        bf_measure_nll(graph, examples, missing, n, making->trainer->max_tokens, made, making, tell, err);
    for (size_t i = 0; i < n && status == BF_OK; i++)
        values[missing[i]] = made[i];
    *changed = n > 0;
    making->before += n;
    free(missing);
    free(made);
    return status;
}

static double *nothing_yet(size_t n)
{
    double *out = bf_array(n, sizeof *out);
    for (size_t i = 0; i < n; i++)
        out[i] = NAN;
    return out;
}

static bool complete(const double *values, const bool *use, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (use[i] && isnan(values[i]))
            return false;
    return true;
}

enum bf_status bf_reference_make(struct bf_trainer *t, struct bf_err *err)
{
    const struct bf_examples *sets[2] = {&t->forget, t->forget_loss->alternates ? &t->alternates : NULL};
    double **to[2] = {&t->reference.forget, &t->reference.alternates};
    struct making making = {.trainer = t};
    struct bf_graph *graph = NULL;
    enum bf_status status = BF_OK;
    if (t->forget_loss->kind != BF_LOSS_SEQUENCES || !t->forget_loss->reference)
        return BF_OK;
    bool *use = wanted(t);
    for (int s = 0; s < 2 && sets[s] && status == BF_OK; s++) {
        char key[BF_SHA256_HEX];
        bool changed = false;
        key_of(t, sets[s], key);
        char *path = path_of(t, key);
        *to[s] = nothing_yet(sets[s]->n);
        read_cache(path, key, *to[s], sets[s]->n);
        if (!complete(*to[s], use, sets[s]->n) && !graph) {
            struct bf_graph_params params = bf_graph_params_default();
            params.model_path = t->settings->model;
            params.n_threads = (int32_t)t->settings->threads;
            params.n_tokens = (int32_t)t->max_tokens;
            status = bf_graph_open(&params, &graph, err);
        }
        if (status == BF_OK && graph)
            status = fill(&making, graph, sets[s], use, *to[s], &changed, err);
        if (status == BF_OK && changed)
            status = write_cache(path, key, *to[s], sets[s]->n, err);
        free(path);
    }
    bf_graph_close(graph);
    free(use);
    return status;
}
