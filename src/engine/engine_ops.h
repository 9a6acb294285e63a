/* How an engine is implemented: a table of functions, one for each call of engine.h. Private to this room and to the
 * scripted engine of the fault tests. */
#ifndef BF_ENGINE_ENGINE_OPS_H
#define BF_ENGINE_ENGINE_OPS_H
#include "engine/engine.h"

struct bf_engine_ops {
    void (*close)(struct bf_engine *engine);
    enum bf_status (*generate)(struct bf_engine *engine, const struct bf_gen_job *job, struct bf_gen_stats *stats,
                               struct bf_err *err);
    enum bf_status (*embed)(struct bf_engine *engine, const char *const *texts, size_t n_texts, enum bf_pooling pooling,
                            bool together, float *out, struct bf_err *err);
    int32_t (*tokenize)(const struct bf_engine *engine, const char *text, int32_t *tokens, int32_t max);
    /* NULL: the engine cannot do it. */
    enum bf_status (*embed_tokens)(struct bf_engine *engine, const struct bf_tokens *texts, size_t n_texts,
                                   enum bf_pooling pooling, float *out, struct bf_err *err);
    enum bf_status (*detokenize)(const struct bf_engine *engine, const struct bf_tokens *tokens, struct bf_buf *out,
                                 struct bf_err *err);
    enum bf_status (*score_continuations)(struct bf_engine *engine, const struct bf_continuation *items, size_t n_items,
                                          const struct bf_continuation_job *job, struct bf_err *err);
};

/* The first member of every implementation's struct. */
struct bf_engine {
    const struct bf_engine_ops *ops;
    struct bf_engine_info info;
};

#endif
