/* Other answers of servers: vectors, tokens, models, errors. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "engine/api_parse.h"
#include "base/banned.h"

enum { EMBD_MAX = 65536, MESSAGE_CHARACTERS = 240, MESSAGE_BYTES = 16384 };

static json_t *load(const char *data, size_t n, struct bf_err *err)
{
    json_error_t error;
    json_t *root = json_loadb(data, n, 0, &error);
    if (!root)
        bf_fail(err, BF_MODEL, "it is not valid JSON at byte %d: %s", error.position, error.text);
    return root;
}

static void copy_string(const json_t *value, char *out, size_t n_out)
{
    struct bf_buf clean;
    bf_buf_init(&clean, n_out - 1);
    if (json_is_string(value))
        bf_utf8_preview(&clean, json_string_value(value), json_string_length(value), n_out - 1);
    snprintf(out, n_out, "%s", clean.data);
    bf_buf_release(&clean);
}

static void copy_member(const char *data, size_t n, const char *key, char *out, size_t n_out)
{
    json_t *root = json_loadb(data, n, 0, NULL);
    copy_string(json_object_get(root, key), out, n_out);
    json_decref(root);
}

void bf_api_parse_fingerprint(const char *data, size_t n, char *out, size_t n_out)
{
    copy_member(data, n, "system_fingerprint", out, n_out);
}

void bf_api_parse_version(const char *data, size_t n, char *out, size_t n_out)
{
    copy_member(data, n, "version", out, n_out);
}

/* ---- vectors ---- */

static enum bf_status read_vector(const json_t *vector, int32_t *n_embd, float *out, struct bf_err *err)
{
    size_t n = json_array_size(vector);
    if (n == 0 || n > EMBD_MAX || (*n_embd > 0 && n != (size_t)*n_embd))
        return bf_fail(err, BF_MODEL, "one of its vectors has %zu numbers instead of %d", n, *n_embd);
    *n_embd = (int32_t)n;
    for (size_t d = 0; d < n; d++) {
        const json_t *number = json_array_get(vector, d);
        float value = (float)json_number_value(number);
        if (!json_is_number(number) || !isfinite(value))
            return bf_fail(err, BF_MODEL, "one of its vectors has an element that is not a number");
        if (out)
            out[d] = value;
    }
    return BF_OK;
}

enum bf_status bf_api_parse_embeddings(const char *data, size_t n, size_t n_texts, int32_t *n_embd, float *out,
                                       struct bf_err *err)
{
    json_t *root = load(data, n, err);
    if (!root)
        return BF_MODEL;
    enum bf_status status = BF_OK;
    const json_t *list = json_object_get(root, "data");
    bool *seen = bf_array(n_texts, sizeof *seen);
    if (json_array_size(list) != n_texts)
        status = bf_fail(err, BF_MODEL, "it has %zu vectors for %zu texts", json_array_size(list), n_texts);
    for (size_t i = 0; i < n_texts && status == BF_OK; i++) {
        const json_t *item = json_array_get(list, i);
        const json_t *index = json_object_get(item, "index");
        json_int_t at = json_is_integer(index) ? json_integer_value(index) : (json_int_t)i;
        if (at < 0 || (size_t)at >= n_texts || seen[at]) {
            status = bf_fail(err, BF_MODEL, "the numbers of its vectors are wrong");
            break;
        }
        seen[at] = true;
        float *row = out ? out + (size_t)at * (size_t)*n_embd : NULL;
        status = read_vector(json_object_get(item, "embedding"), n_embd, row, err);
    }
    free(seen);
    json_decref(root);
    return status;
}

/* ---- tokens ---- */

enum bf_status bf_api_parse_tokens(const char *data, size_t n, int32_t *tokens, int32_t max, int32_t *count,
                                   struct bf_err *err)
{
    *count = 0;
    json_t *root = load(data, n, err);
    if (!root)
        return BF_MODEL;
    const json_t *list = json_object_get(root, "tokens");
    size_t size = json_array_size(list);
    enum bf_status status = BF_OK;
    if (!json_is_array(list) || size > INT32_MAX)
        status = bf_fail(err, BF_MODEL, "it has no tokens");
    for (size_t i = 0; i < size && status == BF_OK; i++) {
        const json_t *token = json_array_get(list, i);
        json_int_t value = json_integer_value(token);
        if (!json_is_integer(token) || value < 0 || value > INT32_MAX)
            status = bf_fail(err, BF_MODEL, "its token %zu is not a number", i + 1);
        else if (i < (size_t)(max > 0 ? max : 0))
            tokens[i] = (int32_t)value;
    }
    if (status == BF_OK)
        *count = (int32_t)size;
    json_decref(root);
    return status;
}

/* ---- models ---- */

static int64_t number_of(const json_t *object, const char *key, int64_t most)
{
    json_int_t value = json_integer_value(json_object_get(object, key));
    return value > 0 && value <= most ? value : 0;
}

static void read_model(const json_t *item, struct bf_api_model *m)
{
    const json_t *meta = json_object_get(item, "meta"); /* llama-server's */
    copy_string(json_object_get(item, "owned_by"), m->owner, sizeof m->owner);
    copy_string(json_object_get(meta, "ftype"), m->quantisation, sizeof m->quantisation);
    m->n_params = number_of(meta, "n_params", INT64_MAX);
    m->n_bytes = number_of(meta, "size", INT64_MAX);
    m->n_vocab = (int32_t)number_of(meta, "n_vocab", INT32_MAX);
    m->n_ctx = (int32_t)number_of(meta, "n_ctx", INT32_MAX);
    m->n_ctx_train = (int32_t)number_of(meta, "n_ctx_train", INT32_MAX);
    if (m->n_ctx == 0) /* vLLM's */
        m->n_ctx = (int32_t)number_of(item, "max_model_len", INT32_MAX);
}

enum bf_status bf_api_parse_models(const char *data, size_t n, struct bf_api_model *out, size_t max, size_t *n_out,
                                   struct bf_err *err)
{
    *n_out = 0;
    json_t *root = load(data, n, err);
    if (!root)
        return BF_MODEL;
    enum bf_status status = BF_OK;
    const json_t *list = json_object_get(root, "data");
    if (!json_is_array(list))
        status = bf_fail(err, BF_MODEL, "it is not a list of models");
    for (size_t i = 0; i < json_array_size(list) && *n_out < max; i++) {
        const json_t *item = json_array_get(list, i);
        const json_t *id = json_object_get(item, "id");
        struct bf_api_model m = {0};
        /* Requests repeat the name, so it must not be cut. */
        if (!json_is_string(id) || json_string_length(id) == 0 || json_string_length(id) >= sizeof m.name)
            continue;
        snprintf(m.name, sizeof m.name, "%s", json_string_value(id));
        read_model(item, &m);
        out[(*n_out)++] = m;
    }
    json_decref(root);
    return status;
}

/* ---- errors ---- */

static const json_t *message_of(const json_t *root)
{
    static const char *const keys[] = {"error", "message", "detail", "msg"};
    const json_t *value = root;
    for (int depth = 0; depth < 4 && value && !json_is_string(value); depth++) {
        const json_t *next = NULL;
        if (json_is_array(value))
            next = json_array_get(value, 0);
        for (size_t i = 0; json_is_object(value) && !next && i < sizeof keys / sizeof *keys; i++)
            next = json_object_get(value, keys[i]);
        value = next;
    }
    return json_is_string(value) ? value : NULL;
}

static void put_without(struct bf_buf *out, const char *s, size_t n, const char *secret)
{
    size_t len = secret ? strlen(secret) : 0;
    for (size_t i = 0; i < n;) {
        if (len > 0 && n - i >= len && memcmp(s + i, secret, len) == 0) {
            bf_buf_puts(out, "[key]");
            i += len;
        } else {
            bf_buf_putc(out, s[i++]);
        }
    }
}

void bf_api_parse_error(const char *data, size_t n, const char *secret, struct bf_buf *out)
{
    json_t *root = json_loadb(data, n, 0, NULL);
    const json_t *message = message_of(root);
    const char *s = message ? json_string_value(message) : data;
    size_t len = message ? json_string_length(message) : n;
    size_t blank = 0;
    while (blank < len && strchr(" \t\r\n", s[blank]) && s[blank] != 0)
        blank++;
    /* A web page, or JSON without a message, does not help. */
    if (message || (blank < len && s[blank] != '<' && s[blank] != '{' && s[blank] != '[')) {
        struct bf_buf clean, bare;
        /* Cleaned before the search for the key: characters that cleaning drops may be in the middle of it. */
        bf_buf_init(&clean, (size_t)MESSAGE_BYTES * 4);
        bf_buf_init(&bare, (size_t)MESSAGE_BYTES * 32);
        bf_utf8_preview(&clean, s, len < MESSAGE_BYTES ? len : MESSAGE_BYTES, MESSAGE_BYTES);
        put_without(&bare, clean.data, clean.len, secret);
        bf_utf8_preview(out, bare.data, bare.len, MESSAGE_CHARACTERS);
        bf_buf_release(&clean);
        bf_buf_release(&bare);
    }
    json_decref(root);
}
