/* Tokens for the engine: plain texts, and prompts in the chat template. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "engine/llama_private.h"
#include "base/banned.h"

llama_token *bf_llama_tokens(const struct llama_vocab *vocab, const char *text, size_t n_bytes, bool around,
                             int32_t *n_tokens)
{
    int32_t len = n_bytes > (size_t)INT32_MAX / 2 ? INT32_MAX / 2 : (int32_t)n_bytes;
    int32_t capacity = len + 8; /* a token has at least one byte, but for BOS and EOS */
    llama_token *tokens = bf_array((size_t)capacity, sizeof *tokens);
    int32_t n = llama_tokenize(vocab, text, len, tokens, capacity, around, false);
    if (n < 0) {
        capacity = -n;
        tokens = bf_grow(tokens, (size_t)capacity, sizeof *tokens);
        n = llama_tokenize(vocab, text, len, tokens, capacity, around, false);
    }
    *n_tokens = n > 0 ? n : 0;
    return tokens;
}

enum bf_status bf_llama_chat_init(struct bf_llama *self, const char *chat, struct bf_err *err)
{
    struct bf_engine_info *info = &self->base.info;
    info->has_chat_template = llama_model_chat_template(self->model, NULL) != NULL;
    const enum bf_status status = bf_chat_open(self->model, chat, info->model_desc, &self->chat, err);
    if (status != BF_OK)
        return status;
    snprintf(info->chat, sizeof info->chat, "%s", bf_chat_is_plain(self->chat) ? "none" : chat);
    return BF_OK;
}
