#include "engine/gguf_header.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/banned.h"

enum { FIRST_READ = 4 << 20, ALIGNMENT = 32, SUPPORTED_VERSION = 3, SHOWN = 63 };

static const uint8_t sizes[BF_GGUF_N_TYPES] = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};

struct reader {
    const char *path;
    const uint8_t *bytes;
    uint64_t n, at, n_file;
    bool more;             /* the bytes end before the header does, but the file has more */
    enum bf_status status; /* of the first failure */
    struct bf_err *err;
};

static bool failed(const struct reader *r)
{
    return r->status != BF_OK;
}

/* The next n bytes, or NULL. */
static const uint8_t *take(struct reader *r, uint64_t n, const char *what)
{
    if (failed(r))
        return NULL;
    if (n > r->n - r->at) {
        r->more = n <= r->n_file - r->at;
        r->status = bf_fail(r->more ? NULL : r->err, BF_MODEL,
                            "'%s' is not a complete GGUF file: it ends (at byte %" PRIu64
                            ") before the end of %s; compare its size with its source and fetch it again",
                            r->path, r->n_file, what);
        return NULL;
    }
    const uint8_t *at = r->bytes + r->at;
    r->at += n;
    return at;
}

static uint32_t take_u32(struct reader *r, const char *what)
{
    uint32_t value = 0;
    const uint8_t *at = take(r, sizeof value, what);
    if (at)
        memcpy(&value, at, sizeof value);
    return value;
}

static uint64_t take_u64(struct reader *r, const char *what)
{
    uint64_t value = 0;
    const uint8_t *at = take(r, sizeof value, what);
    if (at)
        memcpy(&value, at, sizeof value);
    return value;
}

static struct bf_gguf_text take_text(struct reader *r, const char *what)
{
    struct bf_gguf_text text = {"", 0};
    const uint64_t n = take_u64(r, what);
    const uint8_t *at = take(r, n, what);
    if (at)
        text = (struct bf_gguf_text){(const char *)at, (size_t)n};
    return text;
}

static void take_array(struct reader *r, struct bf_gguf_key *key)
{
    const uint32_t type = take_u32(r, "a list's type");
    key->n = take_u64(r, "a list's length");
    if (failed(r))
        return;
    if (type >= BF_GGUF_N_TYPES || type == BF_GGUF_ARRAY) {
        r->status =
            bf_fail(r->err, BF_MODEL, "'%s': the key '%.*s' is a list of type %" PRIu32 ", which GGUF does not have",
                    r->path, bf_gguf_text_shown(key->name), key->name.at, type);
        return;
    }
    key->type = (enum bf_gguf_type)type;
    key->is_array = true;
    key->at = r->bytes + r->at;
    const uint64_t least = type == BF_GGUF_STRING ? sizeof(uint64_t) : sizes[type];
    if (key->n > (r->n_file - r->at) / least) {
        (void)take(r, r->n_file - r->at + 1, "a list");
        return;
    }
    if (type != BF_GGUF_STRING)
        (void)take(r, key->n * least, "a list");
    for (uint64_t i = 0; type == BF_GGUF_STRING && i < key->n && !failed(r); i++)
        (void)take_text(r, "a list of texts");
}

static void take_key(struct reader *r, struct bf_gguf_key *key)
{
    *key = (struct bf_gguf_key){.name = take_text(r, "the name of a key"), .n = 1};
    const uint32_t type = take_u32(r, "the type of a key");
    if (failed(r))
        return;
    if (key->name.n == 0 || memchr(key->name.at, '\0', key->name.n)) {
        r->status = bf_fail(r->err, BF_MODEL, "'%s' is damaged: one of its keys has no name, or a NUL in it", r->path);
        return;
    }
    if (type >= BF_GGUF_N_TYPES) {
        r->status = bf_fail(r->err, BF_MODEL, "'%s': the key '%.*s' is of type %" PRIu32 ", which GGUF does not have",
                            r->path, bf_gguf_text_shown(key->name), key->name.at, type);
        return;
    }
    key->type = (enum bf_gguf_type)type;
    key->at = r->bytes + r->at;
    if (type == BF_GGUF_ARRAY)
        take_array(r, key);
    else if (type == BF_GGUF_STRING)
        (void)take_text(r, "a text");
    else
        (void)take(r, sizes[type], "a value");
}

static void take_tensor(struct reader *r, struct bf_gguf_tensor *tensor)
{
    *tensor = (struct bf_gguf_tensor){.name = take_text(r, "the name of a tensor"), .n = {1, 1, 1, 1}};
    const struct bf_gguf_text name = tensor->name;
    tensor->n_dims = take_u32(r, "a tensor's shape");
    if (failed(r))
        return;
    if (name.n == 0 || name.n >= BF_GGUF_NAME_MAX || memchr(name.at, '\0', name.n))
        r->status = bf_fail(r->err, BF_MODEL,
                            "'%s' is damaged: the name of a tensor has %zu bytes ('%.*s'); 1 to %d are possible",
                            r->path, name.n, bf_gguf_text_shown(name), name.at, BF_GGUF_NAME_MAX - 1);
    else if (tensor->n_dims < 1 || tensor->n_dims > BF_GGUF_DIMS_MAX)
        r->status =
            bf_fail(r->err, BF_MODEL, "'%s': the tensor '%.*s' has %" PRIu32 " dimensions; 1 to %d are possible",
                    r->path, bf_gguf_text_shown(name), name.at, tensor->n_dims, BF_GGUF_DIMS_MAX);
    for (uint32_t i = 0; i < tensor->n_dims && !failed(r); i++)
        tensor->n[i] = take_u64(r, "a tensor's shape");
    tensor->type = take_u32(r, "a tensor's type");
    tensor->offset = take_u64(r, "a tensor's place");
}

bool bf_gguf_twice(const struct bf_gguf_text *texts, size_t n, size_t *first, size_t *second)
{
    size_t n_places = 16;
    bool found = false;
    while (n_places < 2 * n)
        n_places *= 2;
    size_t *places = bf_array(n_places, sizeof *places); /* index + 1 */
    for (size_t i = 0; i < n && !found; i++) {
        const size_t length = strnlen(texts[i].at, texts[i].n);
        if (length == 0)
            continue;
        size_t at = bf_hash64(texts[i].at, length) & (n_places - 1);
        for (; places[at] && !found; at = (at + 1) & (n_places - 1)) {
            const struct bf_gguf_text other = texts[places[at] - 1];
            found = strnlen(other.at, other.n) == length && memcmp(other.at, texts[i].at, length) == 0;
            if (found) {
                *first = places[at] - 1;
                *second = i;
            }
        }
        places[at] = i + 1;
    }
    free(places);
    return found;
}

/* Names must be unique: of two equal ones, llama.cpp would silently use one. */
static void check_names(struct reader *r, const struct bf_gguf *g)
{
    const size_t n = g->n_keys > g->n_tensors ? g->n_keys : g->n_tensors;
    struct bf_gguf_text *names = bf_array(n + 1, sizeof *names);
    size_t first = 0, second = 0;
    for (size_t i = 0; i < g->n_keys; i++)
        names[i] = g->keys[i].name;
    if (bf_gguf_twice(names, g->n_keys, &first, &second))
        r->status = bf_fail(r->err, BF_MODEL, "'%s' is damaged: it has the key '%.*s' twice", r->path,
                            bf_gguf_text_shown(names[first]), names[first].at);
    for (size_t i = 0; i < g->n_tensors; i++)
        names[i] = g->tensors[i].name;
    if (!failed(r) && bf_gguf_twice(names, g->n_tensors, &first, &second))
        r->status = bf_fail(r->err, BF_MODEL, "'%s' is damaged: it has the tensor '%.*s' twice", r->path,
                            bf_gguf_text_shown(names[first]), names[first].at);
    free(names);
}

static void check_version(struct reader *r, uint32_t version)
{
    if (failed(r) || version == 2 || version == SUPPORTED_VERSION)
        return;
    if ((version & 0xFFFF) == 0)
        r->status = bf_fail(r->err, BF_MODEL,
                            "'%s' is a GGUF file in the byte order of another kind of machine (big-endian); convert it "
                            "with gguf-py's gguf_convert_endian.py, or fetch the usual file",
                            r->path);
    else if (version == 1)
        r->status =
            bf_fail(r->err, BF_MODEL,
                    "'%s' is a GGUF file of version 1, which llama.cpp no longer reads; convert the model again "
                    "with llama.cpp's convert_hf_to_gguf.py, or fetch a newer file",
                    r->path);
    else
        r->status =
            bf_fail(r->err, BF_MODEL,
                    "'%s' is a GGUF file of version %" PRIu32 ", but this program reads versions 2 and %d; use a "
                    "newer biforget, or convert the model again",
                    r->path, version, SUPPORTED_VERSION);
}

static void read_alignment(struct reader *r, struct bf_gguf *g)
{
    const struct bf_gguf_key *key = bf_gguf_find(g, "general.alignment");
    int64_t value = ALIGNMENT;
    if (key && (key->type != BF_GGUF_U32 || !bf_gguf_whole(key, 0, &value) || value < 1 || value > 1 << 20 ||
                (value & (value - 1)) != 0)) {
        r->status = bf_fail(r->err, BF_MODEL,
                            "'%s': the key 'general.alignment' is not a power of two; the file is damaged", r->path);
        return;
    }
    g->alignment = (uint64_t)value;
    g->data_start = (r->at + g->alignment - 1) / g->alignment * g->alignment;
}

enum bf_status bf_gguf_parse(const char *path, const uint8_t *bytes, size_t n, uint64_t n_file_bytes, bool *more,
                             struct bf_gguf *out, struct bf_err *err)
{
    struct reader r = {.path = path, .bytes = bytes, .n = n, .n_file = n_file_bytes, .err = err};
    *out = (struct bf_gguf){.n_file_bytes = n_file_bytes};
    const uint8_t *magic = n_file_bytes >= 4 ? take(&r, 4, "its head") : NULL;
    const char *other = !failed(&r) ? bf_not_a_model((const char *)bytes, n) : NULL;
    if (other)
        r.status = bf_fail(err, BF_MODEL, "'%s' is %s", path, other);
    else if (!failed(&r) && (!magic || memcmp(magic, "GGUF", 4) != 0))
        r.status = bf_fail(err, BF_MODEL,
                           "'%s' is not a GGUF file; convert the model with llama.cpp's convert_hf_to_gguf.py, or see "
                           "'biforget models'",
                           path);
    out->version = take_u32(&r, "its head");
    check_version(&r, out->version);
    const uint64_t n_tensors = take_u64(&r, "its head"), n_keys = take_u64(&r, "its head");
    if (!failed(&r) && (n_keys > BF_GGUF_KEYS_MAX || n_tensors > BF_GGUF_TENSORS_MAX))
        r.status = bf_fail(err, BF_MODEL,
                           "'%s' is damaged: it announces %" PRIu64 " keys and %" PRIu64
                           " tensors; at most %d and %d are possible",
                           path, n_keys, n_tensors, BF_GGUF_KEYS_MAX, BF_GGUF_TENSORS_MAX);
    /* Each key has at least 12 bytes and each tensor at least 32, so this takes no more memory than the file is long.
     */
    if (!failed(&r) && n_keys * 12 + n_tensors * 32 > n_file_bytes)
        (void)take(&r, n_file_bytes + 1, "its keys and tensors");
    if (!failed(&r)) {
        out->keys = bf_array((size_t)n_keys + 1, sizeof *out->keys);
        out->tensors = bf_array((size_t)n_tensors + 1, sizeof *out->tensors);
    }
    for (; !failed(&r) && out->n_keys < n_keys; out->n_keys++)
        take_key(&r, &out->keys[out->n_keys]);
    for (; !failed(&r) && out->n_tensors < n_tensors; out->n_tensors++)
        take_tensor(&r, &out->tensors[out->n_tensors]);
    if (!failed(&r))
        check_names(&r, out);
    if (!failed(&r))
        read_alignment(&r, out);
    *more = r.more;
    if (failed(&r))
        bf_gguf_release(out);
    return r.status;
}

void bf_gguf_release(struct bf_gguf *gguf)
{
    free(gguf->bytes);
    free(gguf->keys);
    free(gguf->tensors);
    *gguf = (struct bf_gguf){0};
}

const struct bf_gguf_key *bf_gguf_find(const struct bf_gguf *gguf, const char *name)
{
    for (size_t i = 0; i < gguf->n_keys; i++)
        if (bf_gguf_text_is(gguf->keys[i].name, name))
            return &gguf->keys[i];
    return NULL;
}

bool bf_gguf_whole(const struct bf_gguf_key *key, uint64_t element, int64_t *out)
{
    if (key->type >= BF_GGUF_N_TYPES || element >= key->n || sizes[key->type] == 0)
        return false;
    const uint8_t *at = key->at + element * sizes[key->type];
    union {
        int16_t i16;
        uint16_t u16;
        int32_t i32;
        uint32_t u32;
        int64_t i64;
        uint64_t u64;
    } value = {0};
    memcpy(&value, at, sizes[key->type]);
    switch (key->type) {
    case BF_GGUF_BOOL:
    case BF_GGUF_U8:
        *out = *at;
        return true;
    case BF_GGUF_I8:
        *out = (int64_t)(*at ^ 0x80U) - 0x80; /* sign-extend a byte */
        return true;
    case BF_GGUF_U16:
        *out = value.u16;
        return true;
    case BF_GGUF_I16:
        *out = value.i16;
        return true;
    case BF_GGUF_U32:
        *out = value.u32;
        return true;
    case BF_GGUF_I32:
        *out = value.i32;
        return true;
    case BF_GGUF_U64:
    case BF_GGUF_I64:
        *out = value.i64;
        return key->type == BF_GGUF_I64 || value.u64 <= INT64_MAX;
    default:
        return false;
    }
}

bool bf_gguf_real(const struct bf_gguf_key *key, uint64_t element, double *out)
{
    float single = 0;
    if (element >= key->n)
        return false;
    if (key->type == BF_GGUF_F32) {
        memcpy(&single, key->at + element * sizeof single, sizeof single);
        *out = (double)single;
        return true;
    }
    if (key->type != BF_GGUF_F64)
        return false;
    memcpy(out, key->at + element * sizeof *out, sizeof *out);
    return true;
}

struct bf_gguf_text bf_gguf_next_text(const uint8_t **at)
{
    uint64_t n = 0;
    memcpy(&n, *at, sizeof n);
    const struct bf_gguf_text text = {(const char *)*at + sizeof n, (size_t)n};
    *at += sizeof n + n;
    return text;
}

bool bf_gguf_text(const struct bf_gguf_key *key, struct bf_gguf_text *out)
{
    const uint8_t *at = key->at;
    if (key->is_array || key->type != BF_GGUF_STRING)
        return false;
    *out = bf_gguf_next_text(&at);
    return true;
}

bool bf_gguf_text_is(struct bf_gguf_text text, const char *word)
{
    return text.n == strlen(word) && memcmp(text.at, word, text.n) == 0;
}

bool bf_gguf_text_ends_with(struct bf_gguf_text text, const char *ending)
{
    const size_t n = strlen(ending);
    return text.n >= n && memcmp(text.at + text.n - n, ending, n) == 0;
}

int bf_gguf_text_shown(struct bf_gguf_text text)
{
    return (int)(text.n < SHOWN ? text.n : SHOWN);
}

static enum bf_status read_some(const char *path, int fd, uint8_t *bytes, size_t n, struct bf_err *err)
{
    for (size_t at = 0; at < n;) {
        const ssize_t got = pread(fd, bytes + at, n - at, (off_t)at);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return bf_fail(err, BF_MODEL, "cannot read the model '%s': %s", path,
                           got < 0 ? bf_errno_text(errno) : "it became shorter while it was read");
        at += (size_t)got;
    }
    return BF_OK;
}

enum bf_status bf_gguf_read(const char *path, struct bf_gguf *out, struct bf_err *err)
{
    struct stat info;
    uint8_t *bytes = NULL;
    enum bf_status status = BF_OK;
    *out = (struct bf_gguf){0};
    const int fd =
        open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK); /* opening a pipe without a writer would wait */
    if (fd < 0 || fstat(fd, &info) != 0) {
        status = bf_fail(err, BF_MODEL,
                         "cannot open the model '%s': %s; give a GGUF file with -m, or a name from 'biforget models'",
                         path, bf_errno_text(errno));
        goto out;
    }
    if (!S_ISREG(info.st_mode)) {
        status = bf_fail(err, BF_MODEL, "cannot read the model '%s': it is %s; give a GGUF file", path,
                         S_ISDIR(info.st_mode)    ? "a folder"
                         : S_ISFIFO(info.st_mode) ? "a pipe, and a model is read more than once"
                                                  : "a device");
        goto out;
    }
    const uint64_t n_file = (uint64_t)info.st_size;
    bool more = true;
    for (uint64_t n = FIRST_READ; more; n *= 4) {
        const size_t wanted = (size_t)(n < n_file ? n : n_file);
        free(bytes);
        bytes = bf_try_array(wanted + 1, 1);
        if (!bytes || n > BF_GGUF_HEADER_MAX) {
            status =
                bf_fail(err, BF_MODEL, "'%s' is damaged: its keys take more than %d bytes", path, BF_GGUF_HEADER_MAX);
            goto out;
        }
        status = read_some(path, fd, bytes, wanted, err);
        if (status != BF_OK)
            goto out;
        status = bf_gguf_parse(path, bytes, wanted, n_file, &more, out, err);
    }
    if (status == BF_OK) {
        out->bytes = bytes;
        bytes = NULL;
    }
out:
    free(bytes);
    if (fd >= 0)
        (void)close(fd);
    return status;
}
