/* The handle of engine.h: each call checks that the engine can do it, and goes to the table of its implementation. */
#include "engine/engine.h"

#include "engine/engine_ops.h"
#include "base/banned.h"

struct bf_engine_options bf_engine_default_options(void)
{
    return (struct bf_engine_options){.chat = "auto"};
}

void bf_engine_close(struct bf_engine *engine)
{
    if (engine)
        engine->ops->close(engine);
}

const struct bf_engine_info *bf_engine_info(const struct bf_engine *engine)
{
    return &engine->info;
}

enum bf_status bf_engine_generate(struct bf_engine *engine, const struct bf_gen_job *job, struct bf_gen_stats *stats,
                                  struct bf_err *err)
{
    struct bf_gen_stats unused;
    if (!stats)
        stats = &unused;
    *stats = (struct bf_gen_stats){0};
    if (!engine->info.can_generate)
        return bf_fail(err, BF_MODEL,
                       "'%s' cannot generate text: it is an embedding model; give a language model with -m",
                       engine->info.model_desc);
    return engine->ops->generate(engine, job, stats, err);
}

enum bf_status bf_engine_score_continuations(struct bf_engine *engine, const struct bf_continuation *items,
                                             size_t n_items, const struct bf_continuation_job *job, struct bf_err *err)
{
    if (!engine->info.can_score || !engine->ops->score_continuations)
        return bf_fail(
            err, BF_MODEL,
            "'%s' gives no probabilities of given texts; use a server that echoes prompts with logprobs (vLLM), "
            "or give the model as a file with -m",
            engine->info.model_desc);
    for (size_t i = 0; i < n_items; i++)
        if (items[i].n_choices > BF_CHOICES_MAX)
            return bf_fail(err, BF_MODEL, "item %zu has %zu choices, but at most %d are possible", i + 1,
                           items[i].n_choices, (int)BF_CHOICES_MAX);
    return engine->ops->score_continuations(engine, items, n_items, job, err);
}

enum bf_status bf_engine_embed(struct bf_engine *engine, const char *const *texts, size_t n_texts,
                               enum bf_pooling pooling, bool together, float *out, struct bf_err *err)
{
    if (!engine->info.can_embed)
        return bf_fail(err, BF_MODEL, "'%s' gives no hidden states", engine->info.model_desc);
    return engine->ops->embed(engine, texts, n_texts, pooling, together, out, err);
}

int32_t bf_engine_tokenize(const struct bf_engine *engine, const char *text, int32_t *tokens, int32_t max)
{
    return engine->ops->tokenize(engine, text, tokens, max);
}

static enum bf_status check_tokens(const struct bf_engine *engine, const struct bf_tokens *texts, size_t n,
                                   struct bf_err *err)
{
    for (size_t t = 0; t < n; t++)
        for (int32_t i = 0; i < texts[t].n; i++)
            if (texts[t].ids[i] < 0 || texts[t].ids[i] >= engine->info.n_vocab)
                return bf_fail(err, BF_MODEL,
                               "token %d is not one of the %d tokens of '%s'; tokenize with the same model",
                               texts[t].ids[i], engine->info.n_vocab, engine->info.model_desc);
    return BF_OK;
}

enum bf_status bf_engine_embed_tokens(struct bf_engine *engine, const struct bf_tokens *texts, size_t n_texts,
                                      enum bf_pooling pooling, float *out, struct bf_err *err)
{
    if (!engine->info.can_embed || !engine->ops->embed_tokens)
        return bf_fail(err, BF_MODEL, "'%s' gives no hidden states of tokens; give the model as a file with -m",
                       engine->info.model_desc);
    const enum bf_status status = check_tokens(engine, texts, n_texts, err);
    return status == BF_OK ? engine->ops->embed_tokens(engine, texts, n_texts, pooling, out, err) : status;
}

enum bf_status bf_engine_detokenize(const struct bf_engine *engine, const struct bf_tokens *tokens, struct bf_buf *out,
                                    struct bf_err *err)
{
    if (!engine->ops->detokenize)
        return bf_fail(err, BF_MODEL, "'%s' gives no text of tokens; give the model as a file with -m",
                       engine->info.model_desc);
    const enum bf_status status = check_tokens(engine, tokens, 1, err);
    return status == BF_OK ? engine->ops->detokenize(engine, tokens, out, err) : status;
}
