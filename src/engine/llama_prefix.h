/* Computed prompt prefixes, kept outside the context: prompts of one template share most of their tokens, and a copied
 * key-value state is the one that would be computed again, bit for bit. */
#ifndef BF_ENGINE_LLAMA_PREFIX_H
#define BF_ENGINE_LLAMA_PREFIX_H
#include "engine/llama_private.h"

struct bf_prefix_cache *bf_prefix_cache_new(size_t max_bytes);
void bf_prefix_cache_free(struct bf_prefix_cache *cache); /* NULL is a no-op */

/* Bring sequence `seq` (empty) to a prefix of prompt[0..n): from the cache, computing and storing a longer one when a
 * recent prompt shares it. *n_ready tokens stand in the sequence after; at most n - 1, since the last token must be
 * computed for its logits. *n_copied of them (nullable) came from the cache. */
enum bf_status bf_prefix_apply(struct bf_llama *self, struct llama_batch *batch, llama_seq_id seq,
                               const llama_token *prompt, int32_t n, int32_t *n_ready, int32_t *n_copied,
                               struct bf_err *err);

/* Copy the whole state of one sequence to another (which is emptied first). */
enum bf_status bf_sequence_copy(struct bf_llama *self, llama_seq_id from, llama_seq_id to, struct bf_err *err);

#endif
