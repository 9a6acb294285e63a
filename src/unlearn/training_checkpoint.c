/* The state of a training between two steps, in one file that is replaced whole:
 *   "BFTRAIN2", identity (64 hex digits), step, n_tensors, bytes of a point, what was measured before, step points of
 * the curve (a program reads the part of a point that it knows), per tensor: n, weights, first moments, second moments;
 * a digest of all of it. "BFTRAIN1" is the same without that number, and with points that end before gradient_left.
 * Numbers as this machine has them: a training resumes on the machine that it started on. The order of samples needs no
 * state, it follows from the seed and the step. */
#include <errno.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/floats.h"
#include "base/mem.h"
#include "unlearn/trainer.h"
#include "base/banned.h"

static const char magic[8] = {'B', 'F', 'T', 'R', 'A', 'I', 'N', '2'};
static const char first_magic[8] = {'B', 'F', 'T', 'R', 'A', 'I', 'N', '1'};

struct stream {
    FILE *file;
    uint64_t digest;
    bool failed;
};

/* Against damage, not against malice: a checkpoint is this user's own file. */
static uint64_t mix_in(uint64_t digest, const void *data, size_t n)
{
    const unsigned char *bytes = data;
    for (; n >= 8; n -= 8, bytes += 8) {
        uint64_t word;
        memcpy(&word, bytes, 8);
        digest = (digest ^ word) * 0x9e3779b97f4a7c15ULL;
        digest ^= digest >> 29;
    }
    for (; n > 0; n--, bytes++)
        digest = ((digest ^ *bytes) * 0x9e3779b97f4a7c15ULL) ^ (digest >> 31);
    return digest;
}

static void put(struct stream *s, const void *data, size_t n)
{
    s->digest = mix_in(s->digest, data, n);
    s->failed = s->failed || fwrite(data, 1, n, s->file) != n;
}

static void get(struct stream *s, void *data, size_t n)
{
    if (!s->failed && fread(data, 1, n, s->file) == n)
        s->digest = mix_in(s->digest, data, n);
    else {
        memset(data, 0, n);
        s->failed = true;
    }
}

/* A point as another version of the program wrote it: shorter, or longer with what this one does not know. */
static void get_point(struct stream *s, struct bf_unlearn_point *point, uint64_t bytes)
{
    const size_t known = bytes < sizeof *point ? (size_t)bytes : sizeof *point;
    get(s, point, known);
    for (uint64_t more = known; more < bytes && !s->failed; more += 8) {
        uint64_t ignored;
        get(s, &ignored, sizeof ignored);
    }
}

static char *path_in(const char *work)
{
    return bf_path_join(work, "checkpoint.bin");
}

bool bf_unlearn_can_resume(const char *work)
{
    char *path = path_in(work);
    const bool there = bf_file_exists(path);
    free(path);
    return there;
}

void bf_unlearn_remove_checkpoint(const char *work)
{
    bf_probe_remove(work, -1);
    char *path = path_in(work);
    (void)unlink(path);
    free(path);
}

int64_t bf_training_bytes(const struct bf_trainer *trainer)
{
    int64_t bytes = 4096 + trainer->n_steps * (int64_t)sizeof *trainer->curve;
    for (size_t t = 0; t < trainer->n_tensors; t++)
        bytes += (int64_t)(3 * trainer->tensors[t].n * sizeof(float) + sizeof(uint64_t));
    return bytes;
}

enum bf_status bf_training_save(const struct bf_trainer *t, struct bf_err *err)
{
    struct bf_atomic file = {0};
    enum bf_status status = BF_OK;
    for (size_t i = 0; i < t->n_tensors; i++)
        if (!bf_all_finite(t->tensors[i].weights, t->tensors[i].n))
            return bf_fail(err, BF_MODEL, "weights of '%s' are not finite any more: the training has diverged",
                           bf_graph_get_parameter(t->graph, i).name);
    char *path = path_in(t->job->work);
    status = bf_atomic_open_inside(&file, path, err);
    if (status == BF_OK) {
        struct stream s = {.file = file.stream};
        const uint64_t n_tensors = t->n_tensors, point_bytes = sizeof *t->curve;
        put(&s, magic, sizeof magic);
        put(&s, t->identity, 64);
        put(&s, &t->step, sizeof t->step);
        put(&s, &n_tensors, sizeof n_tensors);
        put(&s, &point_bytes, sizeof point_bytes);
        put(&s, &t->before, sizeof t->before);
        for (int64_t i = 0; i < t->step; i++)
            put(&s, &t->curve[i], sizeof *t->curve);
        for (size_t i = 0; i < t->n_tensors; i++) {
            const struct bf_adamw_tensor *tensor = &t->tensors[i];
            const uint64_t n = tensor->n;
            put(&s, &n, sizeof n);
            put(&s, tensor->weights, tensor->n * sizeof(float));
            put(&s, tensor->m, tensor->n * sizeof(float));
            put(&s, tensor->v, tensor->n * sizeof(float));
        }
        const uint64_t digest = s.digest;
        put(&s, &digest, sizeof digest);
        if (s.failed)
            status = bf_fail(err, BF_STORE, "cannot write the checkpoint '%s': %s; free some space and resume", path,
                             bf_errno_text(errno));
    }
    if (status == BF_OK)
        status = bf_atomic_commit(&file, err);
    bf_atomic_abort(&file);
    free(path);
    return status;
}

static enum bf_status read_all(struct bf_trainer *t, struct stream *s, const char *path, struct bf_err *err)
{
    char head[8], identity[64];
    uint64_t n_tensors = 0, point_bytes = offsetof(struct bf_unlearn_point, gradient_left); /* of the first */
    int64_t step = 0;
    get(s, head, sizeof head);
    get(s, identity, sizeof identity);
    const bool first = memcmp(head, first_magic, sizeof first_magic) == 0;
    if (s->failed || (!first && memcmp(head, magic, sizeof magic) != 0))
        return bf_fail(err, BF_STORE, "'%s' is not a checkpoint of this program; start over with --restart", path);
    if (memcmp(identity, t->identity, 64) != 0)
        return bf_fail(err, BF_STORE,
                       "'%s' is of another training: the model, a set or the settings have changed; put them "
                       "back, or start over with --restart",
                       path);
    get(s, &step, sizeof step);
    get(s, &n_tensors, sizeof n_tensors);
    if (!first)
        get(s, &point_bytes, sizeof point_bytes);
    get(s, &t->before, sizeof t->before);
    if (s->failed || step < 0 || step > t->n_steps || n_tensors != t->n_tensors || point_bytes % 8 != 0)
        goto damaged;
    for (int64_t i = 0; i < step; i++) {
        t->curve[i].gradient_left = t->curve[i].retain_weight = NAN;
        get_point(s, &t->curve[i], point_bytes);
    }
    for (size_t i = 0; i < t->n_tensors; i++) {
        uint64_t n = 0;
        get(s, &n, sizeof n);
        if (s->failed || n != t->tensors[i].n)
            goto damaged;
        get(s, t->tensors[i].weights, t->tensors[i].n * sizeof(float));
        get(s, t->tensors[i].m, t->tensors[i].n * sizeof(float));
        get(s, t->tensors[i].v, t->tensors[i].n * sizeof(float));
    }
    const uint64_t expected = s->digest;
    uint64_t digest = 0;
    get(s, &digest, sizeof digest);
    if (s->failed || digest != expected)
        goto damaged;
    t->step = step;
    return BF_OK;
damaged:
    return bf_fail(err, BF_STORE, "the checkpoint '%s' is cut short or damaged; start over with --restart", path);
}

enum bf_status bf_training_load(struct bf_trainer *t, struct bf_err *err)
{
    char *path = path_in(t->job->work);
    struct stream s = {.file = fopen(path, "rb")};
    const enum bf_status status =
        s.file ? read_all(t, &s, path, err)
               : bf_fail(err, BF_STORE, "cannot read the checkpoint '%s': %s", path, bf_errno_text(errno));
    if (s.file)
        (void)fclose(s.file);
    free(path);
    return status;
}
