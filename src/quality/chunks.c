#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "quality/quality.h"
#include "base/banned.h"

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
    if (!full) {
        chunks->n_tokens += n_tokens;
        return;
    }
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

uint64_t bf_chunks_count(const struct bf_chunks *chunks)
{
    return chunks->n_tokens / chunks->size + (chunks->n_tokens % chunks->size > 0 ? 1 : 0);
}
