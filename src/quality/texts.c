/* A set's texts: their words are kept for Self-BLEU, everything else is counted as texts are added. And chunks of
 * tokens. */
#include <stdlib.h>
#include <string.h>

#include "base/distinct.h"
#include "base/mem.h"
#include "base/similar.h"
#include "base/words.h"
#include "quality/quality.h"
#include "quality/self_bleu.h"
#include "base/banned.h"

static const double near_threshold = 0.8; /* as --near-duplicate */

struct bf_texts {
    struct bf_words *words; /* [n] */
    size_t n, allocated;
    struct bf_distinct distinct[BF_TEXTS_GRAMS];
    struct bf_similar *similar;
    size_t n_repeats, n_near;
};

struct bf_texts *bf_texts_new(void)
{
    struct bf_texts *texts = bf_alloc(sizeof *texts);
    for (size_t i = 0; i < BF_TEXTS_GRAMS; i++)
        bf_distinct_init(&texts->distinct[i], i + 1);
    texts->similar = bf_similar_new();
    return texts;
}

void bf_texts_free(struct bf_texts *texts)
{
    if (!texts)
        return;
    for (size_t i = 0; i < texts->n; i++)
        bf_words_release(&texts->words[i]);
    free(texts->words);
    for (size_t i = 0; i < BF_TEXTS_GRAMS; i++)
        bf_distinct_release(&texts->distinct[i]);
    bf_similar_free(texts->similar);
    free(texts);
}

void bf_texts_add(struct bf_texts *texts, const char *text, size_t n_bytes)
{
    struct bf_words words;
    struct bf_signature signature;
    bf_words_of(&words, text, n_bytes);
    bf_signature_of(&signature, &words, text, n_bytes);
    const bool repeats = bf_similar_has_exact(texts->similar, &signature);
    texts->n_repeats += repeats ? 1 : 0;
    texts->n_near += repeats || bf_similar_has_near(texts->similar, &signature, near_threshold) ? 1 : 0;
    bf_similar_add(texts->similar, &signature);
    for (size_t i = 0; i < BF_TEXTS_GRAMS; i++)
        bf_distinct_add(&texts->distinct[i], &words);
    if (texts->n == texts->allocated) {
        texts->allocated = texts->allocated ? 2 * texts->allocated : 64;
        texts->words = bf_grow(texts->words, texts->allocated, sizeof *texts->words);
    }
    /* bf_words_of makes room for the longest text. */
    words.hashes = bf_grow(words.hashes, words.n, sizeof *words.hashes);
    texts->words[texts->n++] = words;
}

struct bf_figure bf_texts_distinct(const struct bf_texts *texts, size_t n)
{
    struct bf_figure figure = {.n = texts->n};
    if (n < 1 || n > BF_TEXTS_GRAMS)
        figure.why = "n-grams of this length are not counted";
    else if (texts->distinct[n - 1].n_grams == 0)
        figure.why = "no text is long enough";
    else
        figure.value = bf_distinct_value(&texts->distinct[n - 1]);
    return figure;
}

static struct bf_figure share(size_t k, size_t n)
{
    struct bf_figure figure;
    if (bf_share_figure(k, n, &figure, NULL) != BF_OK) /* never: k counts some of the n */
        figure = (struct bf_figure){.n = n, .why = "miscounted"};
    if (n == 0)
        figure.why = "no texts";
    return figure;
}

struct bf_figure bf_texts_duplicates(const struct bf_texts *texts)
{
    return share(texts->n_repeats, texts->n);
}

struct bf_figure bf_texts_near_duplicates(const struct bf_texts *texts)
{
    return share(texts->n_near, texts->n);
}

enum bf_status bf_texts_self_bleu(const struct bf_texts *texts, size_t n_hypotheses,
                                  const struct bf_bootstrap *bootstrap, double *resampled, struct bf_figure *out,
                                  struct bf_err *err)
{
    const size_t n = n_hypotheses == 0 || n_hypotheses > texts->n ? texts->n : n_hypotheses;
    *out = (struct bf_figure){.n = n};
    if (texts->n < 2) {
        out->why = "needs two texts or more";
        return BF_OK;
    }
    if (texts->n > UINT32_MAX)
        return bf_fail(err, BF_INPUT, "Self-BLEU of %zu texts is not possible; draw a sample of the set", texts->n);
    size_t *hypotheses = bf_array(n, sizeof *hypotheses);
    double *scores = bf_array(n, sizeof *scores);
    bf_sample_indices(texts->n, n, bootstrap->seed, hypotheses);
    bf_self_bleu(texts->words, texts->n, hypotheses, n, scores);
    enum bf_status status = bf_mean_figure(scores, n, bootstrap, resampled, out, err);
    free(scores);
    free(hypotheses);
    return status;
}

/* ---- chunks ---- */

void bf_chunks_init(struct bf_chunks *chunks, size_t size)
{
    *chunks = (struct bf_chunks){.size = size};
}

void bf_chunks_release(struct bf_chunks *chunks)
{
    free(chunks->open);
    *chunks = (struct bf_chunks){0};
}

void bf_chunks_add(struct bf_chunks *chunks, const int32_t *tokens, size_t n_tokens,
                   void (*full)(void *user, const int32_t *tokens, size_t n_tokens), void *user)
{
    if (!chunks->open)
        chunks->open = bf_array(chunks->size, sizeof *chunks->open);
    while (n_tokens > 0) {
        const size_t held = (size_t)(chunks->n_tokens % chunks->size);
        const size_t room = chunks->size - held;
        const size_t n = n_tokens < room ? n_tokens : room;
        memcpy(chunks->open + held, tokens, n * sizeof *tokens);
        chunks->n_tokens += n;
        tokens += n;
        n_tokens -= n;
        if (n == room)
            full(user, chunks->open, chunks->size);
    }
}

void bf_chunks_end(struct bf_chunks *chunks, void (*full)(void *user, const int32_t *tokens, size_t n_tokens),
                   void *user)
{
    const size_t rest = (size_t)(chunks->n_tokens % chunks->size);
    if (rest > 0 && chunks->open)
        full(user, chunks->open, rest);
}
