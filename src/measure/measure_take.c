#include "measure/measure_take.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/rng.h"
#include "base/interrupt.h"
#include "quality/quality.h"
#include "base/banned.h"

static const double talk_after = 5.0; /* seconds */

struct taking {
    const struct bf_engine *engine;
    struct bf_quality_taken *out;
    size_t max_chunks, max_texts;
    struct bf_rng chunk_rng, text_rng;
    struct bf_chunks chunks;
    const struct bf_set_text *text; /* being read */
    struct bf_quality_chunk open;   /* the text in which the chunk that is being filled begins */
    int32_t *tokens;
    size_t allocated;
    uint64_t n_full;
    struct bf_log *log;
    const char *name;
    double last_talk;
};

static char *copy(const char *text)
{
    return text ? bf_strdup(text) : NULL;
}

static void drop_chunk(struct bf_quality_chunk *chunk)
{
    free(chunk->ids);
    free(chunk->text);
    free(chunk->stage);
    free(chunk->point);
    free(chunk->template_name);
    *chunk = (struct bf_quality_chunk){0};
}

void bf_quality_taken_release(struct bf_quality_taken *taken)
{
    for (size_t i = 0; i < taken->n_kept; i++)
        drop_chunk(&taken->chunks[i]);
    for (size_t i = 0; i < taken->n_kept_texts; i++)
        free(taken->texts[i].text);
    free(taken->chunks);
    free(taken->texts);
    *taken = (struct bf_quality_taken){0};
}

/* Algorithm R (reservoir sampling): the place of item `i` (from 0) among `max`, or max when it is not taken. */
static size_t place_of(uint64_t i, size_t max, struct bf_rng *rng)
{
    if (i < max)
        return (size_t)i;
    const uint64_t place = bf_rng_below(rng, i + 1);
    return place < max ? (size_t)place : max;
}

/* The next chunk begins in the text that is being read. */
static void begin_chunk(struct taking *t)
{
    drop_chunk(&t->open);
    t->open.number = t->text->number;
    t->open.id = t->text->id;
    t->open.stage = copy(t->text->stage);
    t->open.point = copy(t->text->point);
    t->open.template_name = copy(t->text->template_name);
}

static void keep_chunk(void *user, const int32_t *tokens, size_t n)
{
    struct taking *t = user;
    const uint64_t at = t->n_full++;
    const size_t place = place_of(at, t->max_chunks, &t->chunk_rng);
    if (place < t->max_chunks) {
        struct bf_quality_chunk *chunk = &t->out->chunks[place];
        drop_chunk(chunk);
        *chunk = t->open;
        t->open = (struct bf_quality_chunk){0};
        chunk->at = at;
        chunk->n = (int32_t)n;
        chunk->ids = bf_array(n, sizeof *chunk->ids);
        memcpy(chunk->ids, tokens, n * sizeof *tokens);
        t->out->n_kept = at < t->max_chunks ? (size_t)at + 1 : t->max_chunks;
    }
    if (t->text)
        begin_chunk(t);
}

static void keep_text(struct taking *t, const struct bf_set_text *text)
{
    const uint64_t at = (uint64_t)t->out->n_texts;
    const size_t place = place_of(at, t->max_texts, &t->text_rng);
    if (place == t->max_texts)
        return;
    struct bf_quality_kept_text *kept = &t->out->texts[place];
    free(kept->text);
    kept->text = bf_strdup(text->text);
    kept->number = text->number;
    t->out->n_kept_texts = at < t->max_texts ? (size_t)at + 1 : t->max_texts;
}

static void talk(struct taking *t)
{
    const double now = bf_seconds();
    if (now - t->last_talk < talk_after)
        return;
    t->last_talk = now;
    struct bf_buf line;
    bf_buf_init(&line, 512);
    bf_buf_printf(&line, "reading %.200s: %lld texts", t->name, (long long)t->out->n_texts);
    bf_log_live(t->log, line.data);
    bf_buf_release(&line);
}

static enum bf_status on_text(void *user, const struct bf_set_text *text, struct bf_err *err)
{
    struct taking *t = user;
    const size_t n_bytes = strlen(text->text);
    if (n_bytes + 8 > t->allocated) {
        t->allocated = 2 * (n_bytes + 8);
        t->tokens = bf_grow(t->tokens, t->allocated, sizeof *t->tokens);
    }
    const int32_t n = bf_engine_tokenize(t->engine, text->text, t->tokens, (int32_t)t->allocated);
    if (n < 0 || (size_t)n > t->allocated)
        return bf_fail(err, BF_MODEL, "'%s' does not report the tokens of a text; give the model as a file with -m",
                       bf_engine_info(t->engine)->model_desc);
    t->text = text;
    if (t->chunks.n_tokens % t->chunks.size == 0)
        begin_chunk(t);
    bf_chunks_add(&t->chunks, t->tokens, (size_t)n, keep_chunk, t);
    t->text = NULL;
    keep_text(t, text);
    t->out->hash = bf_mix(t->out->hash, bf_hash64(text->text, n_bytes));
    t->out->n_texts++;
    if ((t->out->n_texts & 1023) == 0) {
        talk(t);
        if (bf_interrupted())
            return bf_fail(err, BF_INTERRUPTED, "interrupted while reading '%s'; nothing was measured", t->name);
    }
    return BF_OK;
}

static int by_place(const void *a, const void *b)
{
    const uint64_t x = ((const struct bf_quality_chunk *)a)->at, y = ((const struct bf_quality_chunk *)b)->at;
    return (x > y) - (x < y);
}

static int by_number(const void *a, const void *b)
{
    const int64_t x = ((const struct bf_quality_kept_text *)a)->number;
    const int64_t y = ((const struct bf_quality_kept_text *)b)->number;
    return (x > y) - (x < y);
}

enum bf_status bf_quality_take(const struct bf_set *set, const struct bf_engine *engine, size_t max_chunks,
                               size_t max_texts, uint64_t seed, struct bf_log *log, struct bf_quality_taken *out,
                               struct bf_err *err)
{
    struct taking t = {.engine = engine,
                       .out = out,
                       .max_chunks = max_chunks,
                       .max_texts = max_texts,
                       .log = log,
                       .name = set->name,
                       .last_talk = bf_seconds()};
    *out = (struct bf_quality_taken){0};
    out->chunks = bf_array(max_chunks, sizeof *out->chunks);
    out->texts = bf_array(max_texts, sizeof *out->texts);
    bf_rng_init(&t.chunk_rng, bf_mix(seed, 1));
    bf_rng_init(&t.text_rng, bf_mix(seed, 2));
    bf_chunks_init(&t.chunks, BF_CHUNK_TOKENS);
    enum bf_status status = bf_set_each(set, &t, on_text, err);
    if (status == BF_OK)
        bf_chunks_end(&t.chunks, keep_chunk, &t);
    out->n_tokens = t.chunks.n_tokens;
    out->n_chunks = t.n_full;
    qsort(out->chunks, out->n_kept, sizeof *out->chunks, by_place);
    qsort(out->texts, out->n_kept_texts, sizeof *out->texts, by_number);
    bf_chunks_release(&t.chunks);
    drop_chunk(&t.open);
    free(t.tokens);
    if (status != BF_OK)
        bf_quality_taken_release(out);
    return status;
}
