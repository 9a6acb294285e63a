/* One pass over a set: totals are counted over all texts, chunks and texts are kept as a uniform sample. Memory does
 * not grow with the set. */
#ifndef BF_MEASURE_MEASURE_TAKE_H
#define BF_MEASURE_MEASURE_TAKE_H
#include <stdbool.h>

#include "sets/sets.h"
#include "engine/engine.h"

struct bf_quality_chunk {
    int32_t *ids; /* [n] tokens of the model; NULL when `text` is set */
    int32_t n;
    char *text;                          /* a whole text with a stored vector, not cut into chunks; else NULL */
    uint64_t at;                         /* its number among all chunks of the set, from 0 */
    int64_t number, id;                  /* of the text that it begins in, as in struct bf_set_text */
    char *stage, *point, *template_name; /* of that text; NULL when unknown */
};
struct bf_quality_kept_text {
    int64_t number;
    char *text;
};
struct bf_quality_taken {
    int64_t n_texts;
    uint64_t n_tokens, n_chunks;
    uint64_t hash;                   /* of all texts in order: seeds the random choices about this set */
    struct bf_quality_chunk *chunks; /* [n_kept] in the set's order */
    size_t n_kept;
    struct bf_quality_kept_text *texts; /* [n_kept_texts] in the set's order */
    size_t n_kept_texts;
};
void bf_quality_taken_release(struct bf_quality_taken *taken);

/* Read the set, and keep at most max_chunks chunks and max_texts texts, each equally likely. BF_INTERRUPTED after
 * Ctrl-C, BF_MODEL without a tokenizer. Release *out on success. */
BF_MUST_CHECK enum bf_status bf_quality_take(const struct bf_set *set, const struct bf_engine *engine,
                                             size_t max_chunks, size_t max_texts, uint64_t seed, struct bf_log *log,
                                             struct bf_quality_taken *out, struct bf_err *err);

#endif
