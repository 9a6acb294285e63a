/* The handle of engine.h: each call goes to the maker's table after a check of what the engine can do. */
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

enum bf_status bf_engine_score(struct bf_engine *engine, const char *const *texts, size_t n_texts, void *user,
                               enum bf_status (*sink)(void *, const struct bf_score *, struct bf_err *),
                               struct bf_err *err)
{
    if (!engine->info.can_score)
        return bf_fail(err, BF_MODEL, "'%s' gives no token probabilities", engine->info.model_desc);
    return engine->ops->score(engine, texts, n_texts, user, sink, err);
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
