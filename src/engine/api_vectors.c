/* Vectors of texts. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "engine/api_private.h"
#include "base/banned.h"

enum {
    TEXTS_A_REQUEST = 32,
    SHORTEST_CUT = 16, /* bytes */
    ANSWER_BYTES_MAX = 256 << 20
};

static bool tick(void *user, int32_t n_in_flight, double waited_seconds)
{
    (void)n_in_flight, (void)waited_seconds;
    return bf_api_tick(*(struct bf_api **)user);
}

/* ---- vectors ---- */

/* Texts that are not empty, in groups. A refused group is sent again text by text, and a refused text again as its
 * first half, since servers do not cut texts that are too long. */
struct embed_run {
    struct bf_api *self; /* first member: tick reads it */
    const char *const *texts;
    size_t *order, n_order, next; /* texts to send: order[next..n_order) */
    size_t *redo, n_redo;         /* texts to send again, alone */
    size_t n_pending;             /* texts under way */
    size_t *len;                  /* [n_texts] bytes to send */
    size_t group_max;
    float *out;
};

/* A group as one number: its start in `order` and its size; a single text is ~text. */
static int64_t group_index(size_t first, size_t n)
{
    return (int64_t)(first * (TEXTS_A_REQUEST + 1) + n);
}

static size_t texts_of(const struct embed_run *r, int64_t index, size_t *texts)
{
    if (index < 0) {
        texts[0] = (size_t)~index;
        return 1;
    }
    size_t n = (size_t)index % (TEXTS_A_REQUEST + 1), first = (size_t)index / (TEXTS_A_REQUEST + 1);
    memcpy(texts, r->order + first, n * sizeof *texts);
    return n;
}

static enum bf_source next_group(void *user, struct bf_api_call *call)
{
    struct embed_run *r = user;
    size_t texts[TEXTS_A_REQUEST];
    const char *parts[TEXTS_A_REQUEST] = {0};
    char *cut[TEXTS_A_REQUEST];
    if (r->n_redo > 0) {
        call->index = ~(int64_t)r->redo[--r->n_redo];
    } else if (r->next < r->n_order) {
        size_t n = r->n_order - r->next < r->group_max ? r->n_order - r->next : r->group_max;
        call->index = group_index(r->next, n);
        r->next += n;
    } else {
        return r->n_pending > 0 ? BF_SOURCE_WAIT : BF_SOURCE_END; /* a group under way may still be refused */
    }
    size_t n = texts_of(r, call->index, texts);
    r->n_pending += n;
    for (size_t i = 0; i < n; i++)
        parts[i] = cut[i] = bf_strndup(r->texts[texts[i]], r->len[texts[i]]);
    call->role = BF_API_EMBEDS;
    call->path = "/embeddings";
    call->body = bf_api_body_embed(&r->self->server, parts, n);
    call->answer_max = ANSWER_BYTES_MAX;
    for (size_t i = 0; i < n; i++)
        free(cut[i]);
    return BF_SOURCE_READY;
}

static enum bf_status on_vectors(void *user, const struct bf_api_call *call, const char *data, size_t n, bool *again,
                                 struct bf_err *err)
{
    struct embed_run *r = user;
    size_t texts[TEXTS_A_REQUEST];
    int32_t n_embd = r->self->base.info.n_embd;
    size_t n_texts = texts_of(r, call->index, texts);
    float *rows = bf_array(n_texts * (size_t)n_embd, sizeof *rows);
    enum bf_status status = bf_api_parse_embeddings(data, n, n_texts, &n_embd, rows, err);
    *again = status != BF_OK;
    r->n_pending -= status == BF_OK ? n_texts : 0;
    for (size_t i = 0; i < n_texts && status == BF_OK; i++)
        memcpy(r->out + texts[i] * (size_t)n_embd, rows + i * (size_t)n_embd, (size_t)n_embd * sizeof *rows);
    free(rows);
    return status;
}

static enum bf_status on_refused(void *user, const struct bf_api_call *call, long http, struct bf_err *err)
{
    struct embed_run *r = user;
    size_t texts[TEXTS_A_REQUEST];
    size_t n = texts_of(r, call->index, texts);
    (void)http;
    r->n_pending -= n;
    if (n == 1) {
        size_t *len = &r->len[texts[0]];
        if (*len / 2 < SHORTEST_CUT) {
            struct bf_err reason = err ? *err : (struct bf_err)BF_ERR_INIT;
            return bf_fail(err, BF_MODEL, "the server gives no vector for text %zu: %s", texts[0] + 1, reason.text);
        }
        r->self->n_texts_cut += *len == strlen(r->texts[texts[0]]);
        *len /= 2;
        while (*len > 1 && ((unsigned char)r->texts[texts[0]][*len] & 0xC0) == 0x80) /* not inside a character */
            --*len;
    }
    if (err)
        *err = (struct bf_err)BF_ERR_INIT;
    for (size_t i = 0; i < n; i++)
        r->redo[r->n_redo++] = texts[i];
    return BF_OK;
}

enum bf_status bf_api_embed(struct bf_engine *engine, const char *const *texts, size_t n_texts, enum bf_pooling pooling,
                            bool together, float *out, struct bf_err *err)
{
    struct bf_api *self = bf_api_of(engine);
    if (pooling != BF_POOL_MODEL)
        return bf_fail(err, BF_USAGE,
                       "a server pools as it was started (llama-server --pooling): use the model's own pooling");
    struct embed_run r = {
        .self = self,
        .texts = texts,
        .order = bf_array(n_texts, sizeof *r.order),
        .redo = bf_array(n_texts, sizeof *r.redo),
        .len = bf_array(n_texts, sizeof *r.len),
        .group_max = together && !self->server.embed_alone ? TEXTS_A_REQUEST : 1,
        .out = out,
    };
    memset(out, 0, n_texts * (size_t)engine->info.n_embd * sizeof *out);
    for (size_t i = 0; i < n_texts; i++) {
        r.len[i] = strlen(texts[i]);
        if (r.len[i] > 0)
            r.order[r.n_order++] = i;
    }
    const int32_t most = engine->info.n_parallel;
    const struct bf_api_work work = {
        .user = &r,
        .n_parallel = self->server.embed_alone                    ? 1
                      : r.n_order < (size_t)most && r.n_order > 0 ? (int32_t)r.n_order
                                                                  : most,
        .what = "embeddings",
        .give_up_seconds = self->give_up_seconds,
        .connect_seconds = self->give_up_seconds,
        .source = next_group,
        .sink = on_vectors,
        .refused = on_refused,
        .tick = tick,
    };
    const int64_t n_cut = self->n_texts_cut;
    enum bf_status status = r.n_order > 0 ? bf_api_run(&self->net, &work, err) : BF_OK;
    if (n_cut == 0 && self->n_texts_cut > 0)
        bf_api_notice(
            &self->net, true,
            "a text is too long for the server's embedding model: only the beginning of such texts is embedded");
    free(r.order);
    free(r.redo);
    free(r.len);
    return status;
}
