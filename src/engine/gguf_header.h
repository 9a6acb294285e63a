/* A reader of GGUF headers. llama.cpp's own reader trusts the file, and aborts on some values. This one trusts nothing:
 * every length is compared with the bytes that exist, every count has a limit.
 *
 * A file is: "GGUF", version, counts; keys with typed values; tensors with shape, type and offset; padding; the
 * tensors' bytes. */
#ifndef BF_ENGINE_GGUF_HEADER_H
#define BF_ENGINE_GGUF_HEADER_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum bf_gguf_type {
    BF_GGUF_U8,
    BF_GGUF_I8,
    BF_GGUF_U16,
    BF_GGUF_I16,
    BF_GGUF_U32,
    BF_GGUF_I32,
    BF_GGUF_F32,
    BF_GGUF_BOOL,
    BF_GGUF_STRING,
    BF_GGUF_ARRAY,
    BF_GGUF_U64,
    BF_GGUF_I64,
    BF_GGUF_F64,
    BF_GGUF_N_TYPES
};

enum {
    BF_GGUF_DIMS_MAX = 4,
    BF_GGUF_NAME_MAX = 64, /* bytes of a tensor's name, including ggml's NUL */
    BF_GGUF_KEYS_MAX = 1 << 16,
    BF_GGUF_TENSORS_MAX = 1 << 20,
    BF_GGUF_HEADER_MAX = 1 << 30 /* bytes before the data of tensors */
};

/* Points into the header's bytes; not terminated, may contain any bytes. */
struct bf_gguf_text {
    const char *at;
    size_t n;
};

struct bf_gguf_key {
    struct bf_gguf_text name;
    enum bf_gguf_type type; /* of the value, or of an array's elements */
    bool is_array;
    uint64_t n; /* elements of an array; 1 for a value */
    /* the value or the first element, unaligned; a text starts with its length (u64) */
    const uint8_t *at;
};

struct bf_gguf_tensor {
    struct bf_gguf_text name;
    uint32_t n_dims;
    uint64_t n[BF_GGUF_DIMS_MAX]; /* 1 for unused dimensions */
    uint32_t type;                /* enum ggml_type, not checked here */
    uint64_t offset;              /* from data_start */
};

struct bf_gguf {
    uint8_t *bytes; /* owned; NULL when the caller owns them */
    uint32_t version;
    uint64_t alignment, data_start, n_file_bytes;
    struct bf_gguf_key *keys; /* [n_keys], in the file's order; names are unique */
    size_t n_keys;
    struct bf_gguf_tensor *tensors; /* [n_tensors], in the file's order; names are unique */
    size_t n_tensors;
};

/* Parse bytes [n], the beginning of a file of n_file_bytes (>= n). `path` names it in errors. When the header is longer
 * than n, but the file may contain it, *more is true, BF_MODEL is returned without a sentence, and *out is empty.
 * Otherwise the sentence of BF_MODEL says what is wrong, where, and what to do. O(n log n). */
BF_MUST_CHECK enum bf_status bf_gguf_parse(const char *path, const uint8_t *bytes, size_t n, uint64_t n_file_bytes,
                                           bool *more, struct bf_gguf *out, struct bf_err *err);
/* Open the file, check that it is a GGUF file (the sentence names a device, a folder or another format), read its
 * header and parse it. */
BF_MUST_CHECK enum bf_status bf_gguf_read(const char *path, struct bf_gguf *out, struct bf_err *err);
void bf_gguf_release(struct bf_gguf *gguf);

/* The key of this name, or NULL. Linear in the number of keys. */
const struct bf_gguf_key *bf_gguf_find(const struct bf_gguf *gguf, const char *name);
/* A whole number or boolean of any width; false for anything else, and for numbers beyond int64_t. */
bool bf_gguf_whole(const struct bf_gguf_key *key, uint64_t element, int64_t *out);
/* A number in F32 or F64. */
bool bf_gguf_real(const struct bf_gguf_key *key, uint64_t element, double *out);
/* A single text. */
bool bf_gguf_text(const struct bf_gguf_key *key, struct bf_gguf_text *out);
bool bf_gguf_text_is(struct bf_gguf_text text, const char *word);
bool bf_gguf_text_ends_with(struct bf_gguf_text text, const char *ending);
/* For "%.*s" in a sentence: its length, or that of a beginning that is long enough to recognise it. */
int bf_gguf_text_shown(struct bf_gguf_text text);
/* The next text of an array: set *at to key->at before the first call. */
struct bf_gguf_text bf_gguf_next_text(const uint8_t **at);

/* Are two of these texts equal? They are compared up to their first NUL, as a C program reads them; empty ones are
 * skipped. Fills in which two. */
bool bf_gguf_twice(const struct bf_gguf_text *texts, size_t n, size_t *first, size_t *second);

#endif
