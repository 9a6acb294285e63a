/* What llama.cpp's llama_vocab (src/llama-vocab.cpp) needs of a tokenizer. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "engine/gguf_check.h"
#include "base/banned.h"

enum { TOKENS_MAX = 1 << 22 };

/* This kind of tokenizer writes a character without a token as its bytes; when a byte has no token, llama.cpp aborts.
 */
static enum bf_status check_bytes(const struct bf_gguf_text *tokens, size_t n, const char *path, struct bf_err *err)
{
    bool has[256] = {false};
    for (size_t i = 0; i < n; i++) {
        char hex[3] = "";
        if (tokens[i].n == 1)
            has[(unsigned char)tokens[i].at[0]] = true;
        if (tokens[i].n != 6 || memcmp(tokens[i].at, "<0x", 3) != 0 || tokens[i].at[5] != '>')
            continue;
        memcpy(hex, tokens[i].at + 3, 2);
        if (strspn(hex, "0123456789ABCDEF") == 2)
            has[strtol(hex, NULL, 16)] = true;
    }
    for (int i = 1; i < 256; i++)
        if (!has[i])
            return bf_fail(err, BF_MODEL,
                           "'%s' lacks the token <0x%02X> for a single byte, which its tokenizer ('llama') needs for "
                           "characters outside its vocabulary; convert the model again",
                           path, (unsigned)i);
    return BF_OK;
}

/* Lists with one value for each token. */
static enum bf_status check_list(const struct bf_gguf *gguf, const char *name, uint64_t n_tokens, const char *path,
                                 struct bf_err *err)
{
    const struct bf_gguf_key *key = bf_gguf_find(gguf, name);
    if (key && (!key->is_array || key->n < n_tokens))
        return bf_fail(err, BF_MODEL,
                       "'%s': the key '%s' has %" PRIu64 " values for %" PRIu64 " tokens; convert the model again",
                       path, name, key->is_array ? key->n : 1, n_tokens);
    return BF_OK;
}

static enum bf_status check_model(const struct bf_gguf *gguf, const char *path, bool *bytes, struct bf_err *err)
{
    static const char *const known[] = {"llama",  "gpt2",   "bert",      "t5",        "rwkv",
                                        "plamo2", "gemma4", "hybriddna", "whitespace"};
    const struct bf_gguf_key *key = bf_gguf_find(gguf, "tokenizer.ggml.model");
    struct bf_gguf_text model = {"", 0};
    if (!key || !bf_gguf_text(key, &model) || bf_gguf_text_is(model, "none") || bf_gguf_text_is(model, "no_vocab"))
        return bf_fail(
            err, BF_MODEL,
            "'%s' has no tokenizer (the key 'tokenizer.ggml.model'), so it cannot read or write text; convert "
            "the model again, with its tokenizer",
            path);
    *bytes = bf_gguf_text_is(model, "llama");
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (bf_gguf_text_is(model, known[i]))
            return BF_OK;
    return bf_fail(
        err, BF_MODEL,
        "'%s' has a tokenizer of the kind '%.*s' (the key 'tokenizer.ggml.model'), which the llama.cpp of this "
        "program does not have; use a newer biforget or another model",
        path, bf_gguf_text_shown(model), model.at);
}

enum bf_status bf_gguf_check_tokens(const struct bf_gguf *gguf, const char *path, struct bf_err *err)
{
    static const char *const lists[] = {"tokenizer.ggml.scores", "tokenizer.ggml.token_type"};
    const struct bf_gguf_key *key = bf_gguf_find(gguf, "tokenizer.ggml.tokens");
    const struct bf_gguf_key *merges = bf_gguf_find(gguf, "tokenizer.ggml.merges");
    bool bytes = false;
    enum bf_status status = check_model(gguf, path, &bytes, err);
    if (status != BF_OK)
        return status;
    if (!key || !key->is_array || key->type != BF_GGUF_STRING || key->n < 1 || key->n > TOKENS_MAX)
        return bf_fail(err, BF_MODEL,
                       "'%s' has no usable vocabulary (the key 'tokenizer.ggml.tokens'); convert the model again",
                       path);
    if (merges && (!merges->is_array || merges->type != BF_GGUF_STRING))
        return bf_fail(err, BF_MODEL,
                       "'%s': the key 'tokenizer.ggml.merges' is not a list of texts; convert the model again", path);
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        status = check_list(gguf, lists[i], key->n, path, err);
        if (status != BF_OK)
            return status;
    }
    const size_t n = (size_t)key->n;
    struct bf_gguf_text *tokens = bf_array(n, sizeof *tokens);
    const uint8_t *at = key->at;
    for (size_t i = 0; i < n; i++)
        tokens[i] = bf_gguf_next_text(&at);
    size_t first = 0, second = 0;
    if (bf_gguf_twice(tokens, n, &first, &second))
        status = bf_fail(err, BF_MODEL,
                         "'%s' has two equal tokens in its vocabulary (number %zu and %zu are '%.*s'), which llama.cpp "
                         "cannot tell apart; fetch a corrected file or convert the model again",
                         path, first, second, bf_gguf_text_shown(tokens[first]), tokens[first].at);
    else if (bytes)
        status = check_bytes(tokens, n, path, err);
    free(tokens);
    return status;
}
