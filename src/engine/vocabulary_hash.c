/* Two models whose tokens are the same have the same digest, whatever their weights. */
#include <llama.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/hash.h"
#include "engine/engine.h"
#include "base/banned.h"

void bf_engine_vocabulary_sha256(const struct llama_vocab *vocab, char out[65])
{
    struct bf_buf all;
    const int32_t n = llama_vocab_n_tokens(vocab);
    bf_buf_init(&all, SIZE_MAX);
    for (int32_t id = 0; id < n; id++) {
        const char *text = llama_vocab_get_text(vocab, id);
        bf_buf_printf(&all, "%zu ", strlen(text)); /* where one ends and the next begins is part of it */
        bf_buf_puts(&all, text);
    }
    bf_sha256_hex(all.data, all.len, out);
    bf_buf_release(&all);
}
