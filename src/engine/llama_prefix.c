/* A few entries (tokens, state) under a byte limit, of which the least recently used is evicted first; and a ring of
 * recent prompts that shows which prefixes are worth an entry. A look-up compares the prompt with every entry, token by
 * token: a few thousand comparisons, which take much less time than one token of the model. */
#include "engine/llama_prefix.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/banned.h"

enum { ENTRIES = 64, RECENT = 48, WORTH_TOKENS = 8 };

struct entry {
    llama_token *tokens;
    int32_t n_tokens;
    uint8_t *state;
    size_t n_bytes;
    uint64_t used; /* tick of the last use */
};

struct prompt {
    llama_token *tokens;
    int32_t n_tokens;
};

struct bf_prefix_cache {
    struct entry entries[ENTRIES];
    struct prompt recent[RECENT];
    int32_t next_recent;
    size_t n_bytes, max_bytes;
    uint64_t tick;
    uint8_t *scratch; /* for copying the state of a sequence to another */
    size_t n_scratch;
};

struct bf_prefix_cache *bf_prefix_cache_new(size_t max_bytes)
{
    struct bf_prefix_cache *cache = bf_alloc(sizeof *cache);
    cache->max_bytes = max_bytes;
    return cache;
}

static void entry_drop(struct bf_prefix_cache *cache, struct entry *e)
{
    cache->n_bytes -= e->n_bytes;
    free(e->tokens);
    free(e->state);
    *e = (struct entry){0};
}

void bf_prefix_cache_free(struct bf_prefix_cache *cache)
{
    if (!cache)
        return;
    for (int i = 0; i < ENTRIES; i++)
        entry_drop(cache, &cache->entries[i]);
    for (int i = 0; i < RECENT; i++)
        free(cache->recent[i].tokens);
    free(cache->scratch);
    free(cache);
}

static int32_t common_prefix(const llama_token *a, int32_t n_a, const llama_token *b, int32_t n_b)
{
    int32_t n = n_a < n_b ? n_a : n_b;
    int32_t i = 0;
    while (i < n && a[i] == b[i])
        i++;
    return i;
}

static struct entry *best_entry(struct bf_prefix_cache *cache, const llama_token *prompt, int32_t n)
{
    struct entry *best = NULL;
    for (int i = 0; i < ENTRIES; i++) {
        struct entry *e = &cache->entries[i];
        if (e->n_tokens > 0 && e->n_tokens < n && (!best || e->n_tokens > best->n_tokens) &&
            common_prefix(e->tokens, e->n_tokens, prompt, n) == e->n_tokens)
            best = e;
    }
    return best;
}

static int32_t shared_with_recent(const struct bf_prefix_cache *cache, const llama_token *prompt, int32_t n)
{
    int32_t longest = 0;
    for (int i = 0; i < RECENT; i++) {
        int32_t shared = common_prefix(cache->recent[i].tokens, cache->recent[i].n_tokens, prompt, n);
        if (shared > longest)
            longest = shared;
    }
    return longest < n ? longest : n - 1;
}

static void remember(struct bf_prefix_cache *cache, const llama_token *prompt, int32_t n)
{
    struct prompt *slot = &cache->recent[cache->next_recent];
    cache->next_recent = (cache->next_recent + 1) % RECENT;
    free(slot->tokens);
    slot->tokens = bf_array((size_t)n, sizeof *slot->tokens);
    memcpy(slot->tokens, prompt, (size_t)n * sizeof *prompt);
    slot->n_tokens = n;
}

/* Keep the state of `seq`, which contains prompt [n]. When that is impossible (too large, out of memory), nothing is
 * kept; this is not an error. */
static void store(struct bf_llama *self, llama_seq_id seq, const llama_token *prompt, int32_t n)
{
    struct bf_prefix_cache *cache = self->prefixes;
    size_t n_bytes = llama_state_seq_get_size(self->context, seq);
    if (n_bytes == 0 || n_bytes > cache->max_bytes / 2)
        return;
    struct entry *slot = NULL;
    for (;;) {
        struct entry *oldest = NULL;
        slot = NULL;
        for (int i = 0; i < ENTRIES; i++) {
            struct entry *e = &cache->entries[i];
            if (e->n_tokens == 0)
                slot = e;
            else if (!oldest || e->used < oldest->used)
                oldest = e;
        }
        if (slot && cache->n_bytes + n_bytes <= cache->max_bytes)
            break;
        if (!oldest)
            return;
        entry_drop(cache, oldest);
    }
    uint8_t *state = bf_try_array(n_bytes, 1);
    if (!state || llama_state_seq_get_data(self->context, state, n_bytes, seq) != n_bytes) {
        free(state);
        return;
    }
    llama_token *tokens = bf_array((size_t)n, sizeof *tokens);
    memcpy(tokens, prompt, (size_t)n * sizeof *tokens);
    *slot = (struct entry){.tokens = tokens, .n_tokens = n, .state = state, .n_bytes = n_bytes, .used = cache->tick};
    cache->n_bytes += n_bytes;
}

enum bf_status bf_prefix_apply(struct bf_llama *self, struct llama_batch *batch, llama_seq_id seq,
                               const llama_token *prompt, int32_t n, int32_t *n_ready, int32_t *n_copied,
                               struct bf_err *err)
{
    struct bf_prefix_cache *cache = self->prefixes;
    *n_ready = 0;
    if (n_copied)
        *n_copied = 0;
    if (self->no_prefix_sharing)
        return BF_OK;
    cache->tick++;
    struct entry *best = best_entry(cache, prompt, n);
    if (best) {
        if (llama_state_seq_set_data(self->context, best->state, best->n_bytes, seq) == 0)
            return bf_fail(err, BF_MODEL, "the model's context refused a copied prompt prefix of %d tokens",
                           best->n_tokens);
        best->used = cache->tick;
        *n_ready = best->n_tokens;
        if (n_copied)
            *n_copied = best->n_tokens;
    }
    int32_t shared = shared_with_recent(cache, prompt, n);
    remember(cache, prompt, n);
    if (shared < *n_ready + WORTH_TOKENS)
        return BF_OK;
    enum bf_status status = bf_llama_prefill(self, batch, seq, prompt, *n_ready, shared, err);
    if (status != BF_OK)
        return status;
    *n_ready = shared;
    store(self, seq, prompt, shared);
    return BF_OK;
}

enum bf_status bf_sequence_copy(struct bf_llama *self, llama_seq_id from, llama_seq_id to, struct bf_err *err)
{
    struct bf_prefix_cache *cache = self->prefixes;
    size_t n_bytes = llama_state_seq_get_size(self->context, from);
    if (n_bytes > cache->n_scratch) {
        free(cache->scratch);
        cache->scratch = bf_try_array(n_bytes, 1);
        cache->n_scratch = cache->scratch ? n_bytes : 0;
        if (!cache->scratch)
            return bf_fail(err, BF_MODEL,
                           "out of memory for the state of one sequence (%zu bytes); use a smaller --parallel",
                           n_bytes);
    }
    if (llama_state_seq_get_data(self->context, cache->scratch, n_bytes, from) != n_bytes ||
        llama_state_seq_set_data(self->context, cache->scratch, n_bytes, to) == 0)
        return bf_fail(err, BF_MODEL, "the model's context refused to move a sequence of %zu bytes", n_bytes);
    return BF_OK;
}
