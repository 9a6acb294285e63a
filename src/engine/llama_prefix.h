/* Computed prompt prefixes, kept outside the context: prompts of one template share most of their tokens, and a copied
 * key-value state is bit for bit the one that would be computed. */
#ifndef BF_ENGINE_LLAMA_PREFIX_H
#define BF_ENGINE_LLAMA_PREFIX_H
#include "engine/llama_private.h"

struct bf_prefix_cache *bf_prefix_cache_new(size_t max_bytes);
void bf_prefix_cache_free(struct bf_prefix_cache *cache); /* NULL is a no-op */

/* Fill the empty sequence `seq` with a prefix of prompt [n]: from the cache, or computed and stored when a recent
 * prompt shares a longer one. *n_ready: tokens in the sequence afterwards, at most n - 1, since the last token must be
 * computed for its logits. *n_copied (nullable): how many of them came from the cache. */
enum bf_status bf_prefix_apply(struct bf_llama *self, struct llama_batch *batch, llama_seq_id seq,
                               const llama_token *prompt, int32_t n, int32_t *n_ready, int32_t *n_copied,
                               struct bf_err *err);

/* Copy the whole state of one sequence to another (which is emptied first). */
enum bf_status bf_sequence_copy(struct bf_llama *self, llama_seq_id from, llama_seq_id to, struct bf_err *err);

#endif
