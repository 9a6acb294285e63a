#include "measure/measure_vectors.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "base/interrupt.h"
#include "base/banned.h"

enum { BATCH = 16, CHUNK_TEXT_MAX = 1 << 20 };
static const double live_every = 0.25, plain_every = 5.0;

/* Pieces with the same content: one vector. */
struct group {
    size_t first, n; /* of `order` */
    bool known;
};

struct embedding {
    const struct bf_quality_job *job;
    struct bf_quality_piece *pieces;
    size_t n;
    struct bf_quality_vectors *out;
    struct bf_vector_key *keys; /* [n] */
    bool *kept;                 /* [n] in the piece's own store */
    size_t *order;              /* [n] pieces, equal ones side by side */
    struct group *groups;       /* [out->n], by their first piece */
    char model[96];
    double start, last_talk;
};

void bf_quality_vectors_release(struct bf_quality_vectors *vectors)
{
    free(vectors->rows);
    *vectors = (struct bf_quality_vectors){0};
}

static bool by_text(const struct embedding *e)
{
    return e->job->embedder.engine != NULL;
}

static struct bf_engine *engine_of(const struct embedding *e)
{
    return by_text(e) ? e->job->embedder.engine : e->job->model.engine;
}

static enum bf_status text_of_piece(const struct embedding *e, size_t piece, struct bf_buf *out, struct bf_err *err)
{
    struct bf_buf raw;
    bf_buf_init(&raw, CHUNK_TEXT_MAX);
    enum bf_status status = bf_engine_detokenize(e->job->model.engine, &e->pieces[piece].tokens, &raw, err);
    if (status == BF_OK)
        bf_utf8_clean(out, raw.data, raw.len); /* a cut may fall inside a character */
    bf_buf_release(&raw);
    return status;
}

static enum bf_status key_of(struct embedding *e, size_t piece, struct bf_err *err)
{
    const struct bf_tokens *tokens = &e->pieces[piece].tokens;
    struct bf_vector_key *key = &e->keys[piece];
    struct bf_buf content;
    enum bf_status status = BF_OK;
    key->model = e->model;
    bf_buf_init(&content, SIZE_MAX);
    if (by_text(e))
        status = text_of_piece(e, piece, &content, err);
    for (int32_t i = 0; i < tokens->n && !by_text(e); i++)
        for (int shift = 0; shift < 32; shift += 8)
            bf_buf_putc(&content, (char)((uint32_t)tokens->ids[i] >> shift & 0xff));
    bf_sha256_hex(content.data, content.len, key->content);
    bf_buf_release(&content);
    return status;
}

/* ---- equal pieces ---- */

struct sorted {
    const char *content;
    size_t piece;
};

static int by_content(const void *a, const void *b)
{
    const struct sorted *x = a, *y = b;
    const int order = strcmp(x->content, y->content);
    return order != 0 ? order : (x->piece > y->piece) - (x->piece < y->piece);
}

static int by_first(const void *a, const void *b)
{
    const struct sorted *x = a, *y = b;
    return (x->piece > y->piece) - (x->piece < y->piece);
}

/* Groups in the order of their first pieces, so that vectors are made in the order of the sets. */
static void make_groups(struct embedding *e)
{
    struct sorted *sorted = bf_array(e->n, sizeof *sorted);
    struct sorted *firsts = bf_array(e->n, sizeof *firsts);
    size_t *start = bf_array(e->n, sizeof *start), *size = bf_array(e->n, sizeof *size); /* by first piece */
    for (size_t i = 0; i < e->n; i++)
        sorted[i] = (struct sorted){e->keys[i].content, i};
    qsort(sorted, e->n, sizeof *sorted, by_content);
    for (size_t i = 0; i < e->n; i++) {
        e->order[i] = sorted[i].piece;
        if (i == 0 || strcmp(sorted[i].content, sorted[i - 1].content) != 0)
            firsts[e->out->n++] = sorted[i];
        const size_t first = firsts[e->out->n - 1].piece;
        start[first] = size[first] == 0 ? i : start[first];
        size[first]++;
    }
    qsort(firsts, e->out->n, sizeof *firsts, by_first);
    e->groups = bf_array(e->out->n, sizeof *e->groups);
    for (size_t g = 0; g < e->out->n; g++) {
        e->groups[g] = (struct group){.first = start[firsts[g].piece], .n = size[firsts[g].piece]};
        for (size_t i = 0; i < e->groups[g].n; i++)
            e->pieces[e->order[e->groups[g].first + i]].vector = g;
    }
    free(sorted);
    free(firsts);
    free(start);
    free(size);
}

/* ---- kept vectors ---- */

static enum bf_status look_up(struct embedding *e, struct bf_err *err)
{
    const size_t n_embd = e->out->n_embd;
    float *row = bf_array(n_embd, sizeof *row);
    enum bf_status status = BF_OK;
    for (size_t i = 0; i < e->n && status == BF_OK; i++) {
        const struct bf_quality_piece *piece = &e->pieces[i];
        if (!piece->store)
            continue;
        status = bf_store_get_vector(piece->store, &e->keys[i], (int32_t)n_embd, row, &e->kept[i], err);
        if (status != BF_OK || !e->kept[i] || e->groups[piece->vector].known)
            continue;
        memcpy(e->out->rows + piece->vector * n_embd, row, n_embd * sizeof *row);
        e->groups[piece->vector].known = true;
        e->out->n_cached++;
    }
    free(row);
    return status;
}

/* Put the known vectors of groups [from, to) where they are not yet: a transaction for each store. */
static enum bf_status keep(struct embedding *e, size_t from, size_t to, struct bf_err *err)
{
    struct bf_vector_key *keys = bf_array(e->n, sizeof *keys);
    const float **rows = bf_array(e->n, sizeof *rows);
    size_t *todo = bf_array(e->n, sizeof *todo);
    size_t n_todo = 0;
    enum bf_status status = BF_OK;
    for (size_t g = from; g < to; g++)
        for (size_t i = 0; e->groups[g].known && i < e->groups[g].n; i++) {
            const size_t piece = e->order[e->groups[g].first + i];
            if (e->pieces[piece].store && !e->kept[piece] && bf_store_keeps_vectors(e->pieces[piece].store))
                todo[n_todo++] = piece;
        }
    for (size_t t = 0; t < n_todo && status == BF_OK; t++) {
        struct bf_store *store = e->pieces[todo[t]].store;
        size_t n = 0;
        for (size_t u = t; u < n_todo; u++) {
            const size_t piece = todo[u];
            if (e->pieces[piece].store != store || e->kept[piece])
                continue;
            keys[n] = e->keys[piece];
            rows[n++] = e->out->rows + e->pieces[piece].vector * e->out->n_embd;
            e->kept[piece] = true;
        }
        if (n > 0)
            status = bf_store_put_vectors(store, keys, rows, n, (int32_t)e->out->n_embd, err);
    }
    free(keys);
    free(rows);
    free(todo);
    return status;
}

/* ---- new ones ---- */

static void talk(struct embedding *e, size_t done, size_t all)
{
    const double now = bf_seconds();
    if (e->job->log->quiet || now - e->last_talk < (e->job->log->tty ? live_every : plain_every) || done == 0)
        return;
    e->last_talk = now;
    const int64_t left = (int64_t)((now - e->start) * (double)(all - done) / (double)done + 0.5);
    struct bf_buf line;
    bf_buf_init(&line, 256);
    bf_buf_printf(&line, "embedding  %zu/%zu chunks  %lld:%02lld left", done, all, (long long)(left / 60),
                  (long long)(left % 60));
    bf_log_live(e->job->log, line.data);
    bf_buf_release(&line);
}

static enum bf_status check_row(const struct embedding *e, size_t group, struct bf_err *err)
{
    const float *row = e->out->rows + group * e->out->n_embd;
    for (size_t d = 0; d < e->out->n_embd; d++)
        if (!isfinite(row[d]))
            return bf_fail(err, BF_MODEL,
                           "'%s' gave a vector that is not finite for a text of '%s'; check the model file with "
                           "'biforget doctor -m'",
                           bf_engine_info(engine_of(e))->model_desc, e->pieces[e->order[e->groups[group].first]].of);
    return BF_OK;
}

/* Groups wanted[0 .. n), n <= BATCH. */
static enum bf_status embed_batch(struct embedding *e, const size_t *wanted, size_t n, struct bf_err *err)
{
    const size_t n_embd = e->out->n_embd;
    struct bf_tokens tokens[BATCH];
    const char *texts[BATCH];
    struct bf_buf buffers[BATCH];
    float *rows = bf_array(n * n_embd, sizeof *rows);
    enum bf_status status = BF_OK;
    for (size_t i = 0; i < n; i++) {
        const size_t piece = e->order[e->groups[wanted[i]].first];
        tokens[i] = e->pieces[piece].tokens;
        bf_buf_init(&buffers[i], SIZE_MAX);
        if (by_text(e) && status == BF_OK)
            status = text_of_piece(e, piece, &buffers[i], err);
        texts[i] = buffers[i].data;
    }
    if (status == BF_OK && by_text(e))
        status = bf_engine_embed(engine_of(e), texts, n, BF_POOL_MODEL, false, rows, err);
    else if (status == BF_OK)
        status = bf_engine_embed_tokens(engine_of(e), tokens, n, BF_POOL_MEAN, rows, err);
    for (size_t i = 0; i < n; i++) {
        if (status == BF_OK) {
            memcpy(e->out->rows + wanted[i] * n_embd, rows + i * n_embd, n_embd * sizeof *rows);
            status = check_row(e, wanted[i], err);
            e->groups[wanted[i]].known = status == BF_OK;
            e->out->n_embedded += status == BF_OK ? 1 : 0;
        }
        bf_buf_release(&buffers[i]);
    }
    free(rows);
    return status;
}

static enum bf_status embed_new(struct embedding *e, struct bf_err *err)
{
    size_t wanted[BATCH];
    const size_t all = e->out->n - e->out->n_cached;
    enum bf_status status = keep(e, 0, e->out->n, err); /* vectors that one set has stored and another has not yet */
    e->start = bf_seconds();
    e->last_talk = e->start;
    for (size_t g = 0; g < e->out->n && status == BF_OK;) {
        size_t n = 0;
        const size_t from = g;
        for (; g < e->out->n && n < BATCH; g++)
            if (!e->groups[g].known)
                wanted[n++] = g;
        if (n == 0)
            break;
        status = embed_batch(e, wanted, n, err);
        if (status == BF_OK)
            status = keep(e, from, g, err);
        talk(e, e->out->n_embedded, all);
        if (status == BF_OK && bf_interrupted() && e->out->n_embedded < all)
            status = bf_fail(err, BF_INTERRUPTED,
                             "interrupted with %zu of %zu chunks embedded; vectors are kept where they can be, and the "
                             "same command resumes from there",
                             e->out->n_embedded, all);
    }
    return status;
}

enum bf_status bf_quality_embed(const struct bf_quality_job *job, struct bf_quality_piece *pieces, size_t n,
                                struct bf_quality_vectors *out, struct bf_err *err)
{
    struct embedding e = {.job = job, .pieces = pieces, .n = n, .out = out};
    *out = (struct bf_quality_vectors){0};
    out->n_embd = (size_t)bf_engine_info(engine_of(&e))->n_embd;
    struct bf_buf model;
    bf_buf_init(&model, sizeof e.model - 1);
    bf_buf_printf(&model, "%s %s", by_text(&e) ? job->embedder.sha256 : job->model.sha256,
                  by_text(&e) ? "text" : "mean of tokens");
    memcpy(e.model, model.data, model.len);
    bf_buf_release(&model);
    e.keys = bf_array(n, sizeof *e.keys);
    e.kept = bf_array(n, sizeof *e.kept);
    e.order = bf_array(n, sizeof *e.order);
    enum bf_status status = BF_OK;
    for (size_t i = 0; i < n && status == BF_OK; i++)
        status = key_of(&e, i, err);
    if (status == BF_OK) {
        make_groups(&e);
        out->rows = bf_array(out->n * out->n_embd, sizeof *out->rows);
        status = look_up(&e, err);
    }
    if (status == BF_OK)
        status = embed_new(&e, err);
    free(e.keys);
    free(e.kept);
    free(e.order);
    free(e.groups);
    if (status != BF_OK)
        bf_quality_vectors_release(out);
    return status;
}
