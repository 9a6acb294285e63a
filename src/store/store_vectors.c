/* Vectors by content, in a run or in a file of their own. */
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "store/store_db.h"

#include "base/banned.h"

bool bf_store_keeps_vectors(const struct bf_store *store)
{
    return store->writer;
}

static int bind_key(sqlite3_stmt *s, const struct bf_vector_key *key)
{
    return bf_sql_bind_text(s, 1, key->content) | bf_sql_bind_text(s, 2, key->model);
}

static bool read_floats(const unsigned char *bytes, size_t n, float *out)
{
    for (size_t i = 0; i < n; i++) {
        const unsigned char *b = bytes + 4 * i;
        const uint32_t bits = (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
        memcpy(&out[i], &bits, sizeof bits);
        if (!isfinite(out[i]))
            return false;
    }
    return true;
}

/* A reader may have a run before it has the table. */
static enum bf_status find_table(struct bf_store *store, struct bf_err *err)
{
    int64_t n = 0;
    if (store->has_vectors != 0)
        return BF_OK;
    const enum bf_status status =
        bf_sql_integer(store, "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'vector'", &n, err);
    if (status == BF_OK)
        store->has_vectors = n > 0 ? 1 : -1;
    return status;
}

enum bf_status bf_store_get_vector(struct bf_store *store, const struct bf_vector_key *key, int32_t n_embd, float *out,
                                   bool *found, struct bf_err *err)
{
    sqlite3_stmt *s;
    *found = false;
    enum bf_status status = find_table(store, err);
    if (status == BF_OK && store->has_vectors < 0)
        return BF_OK;
    if (status == BF_OK)
        status = bf_sql_get(store, BF_SQL_GET_VECTOR, &s, err);
    if (status != BF_OK)
        return status;
    if (bind_key(s, key) != SQLITE_OK)
        return bf_sql_fail(store, "read", err);
    const int rc = sqlite3_step(s);
    if (rc == SQLITE_ROW) {
        const unsigned char *bytes = sqlite3_column_blob(s, 1);
        int32_t n = 0;
        if (bytes && bf_sql_int32(s, 0, &n) && n == n_embd && (int64_t)sqlite3_column_bytes(s, 1) == 4 * (int64_t)n)
            *found = read_floats(bytes, (size_t)n, out);
    } else if (rc != SQLITE_DONE) {
        status = bf_sql_fail(store, "read", err);
    }
    sqlite3_reset(s);
    sqlite3_clear_bindings(s);
    return status;
}

static enum bf_status put_one(struct bf_store *store, const struct bf_vector_key *key, const float *vector,
                              int32_t n_embd, unsigned char *bytes, struct bf_err *err)
{
    sqlite3_stmt *s;
    const enum bf_status status = bf_sql_get(store, BF_SQL_PUT_VECTOR, &s, err);
    if (status != BF_OK)
        return status;
    const size_t n = (size_t)n_embd;
    for (size_t i = 0; i < n; i++) {
        uint32_t bits;
        memcpy(&bits, &vector[i], sizeof bits);
        for (size_t b = 0; b < 4; b++)
            bytes[4 * i + b] = (unsigned char)(bits >> 8 * b & 0xff);
    }
    int rc = bind_key(s, key);
    rc |= sqlite3_bind_int(s, 3, n_embd);
    rc |= sqlite3_bind_blob64(s, 4, bytes, 4 * n, SQLITE_STATIC);
    return rc == SQLITE_OK ? bf_sql_run(store, s, "keep vectors in", err) : bf_sql_fail(store, "keep vectors in", err);
}

enum bf_status bf_store_put_vectors(struct bf_store *store, const struct bf_vector_key *keys,
                                    const float *const *vectors, size_t n, int32_t n_embd, struct bf_err *err)
{
    unsigned char *bytes = bf_array((size_t)n_embd, 4);
    enum bf_status status = bf_sql_begin(store, false, err);
    if (status == BF_OK) {
        for (size_t i = 0; i < n && status == BF_OK; i++)
            status = put_one(store, &keys[i], vectors[i], n_embd, bytes, err);
        status = bf_sql_end(store, status, false, err);
    }
    free(bytes);
    return status;
}

static enum bf_status fail_foreign(const char *path, struct bf_err *err)
{
    return bf_fail(err, BF_STORE, "'%s' is no file of vectors: another program made it; name another with --cache",
                   path);
}

/* A new file gets its table; another must be ours. */
static enum bf_status prepare(struct bf_store *store, struct bf_err *err)
{
    int64_t application = 0, n_tables = 0;
    enum bf_status status = bf_sql_integer(store, "PRAGMA application_id", &application, err);
    if (status == BF_OK)
        status = bf_sql_integer(store, "SELECT count(*) FROM sqlite_schema", &n_tables, err);
    if (status == BF_OK && n_tables == 0 && application == 0)
        status = bf_sql_exec(store, BF_VECTOR_TABLE "PRAGMA application_id = 1111904854", "write", err);
    else if (status == BF_OK && application != BF_VECTORS_APPLICATION_ID)
        status =
            bf_fail(err, BF_STORE,
                    "'%s' is no file of vectors: another program made it; name another file with --cache", store->path);
    return status;
}

enum bf_status bf_store_open_vectors(const char *path, struct bf_store **out, struct bf_err *err)
{
    struct stat info;
    *out = NULL;
    if (stat(path, &info) == 0 && !S_ISREG(info.st_mode)) /* SQLite would wait for ever on a pipe */
        return bf_fail(err, BF_STORE, "cannot keep vectors in '%s': it is no plain file; name another with --cache",
                       path);
    struct bf_store *store = bf_store_new(".", true);
    free(store->path);
    store->path = bf_strdup(path);
    store->creating = true; /* there is no run to resume: sentences do not offer it */
    const int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600); /* SQLite would give it the mode of the umask */
    if (fd >= 0)
        close(fd);
    enum bf_status status = bf_sql_open(store, path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, err);
    if (status != BF_OK && store->db && (sqlite3_errcode(store->db) & 0xff) == SQLITE_NOTADB)
        status = fail_foreign(path, err);
    if (status == BF_OK) /* two processes may make it at once */
        status = bf_sql_begin(store, false, err);
    if (status == BF_OK)
        status = bf_sql_end(store, prepare(store, err), false, err);
    if (status == BF_OK) {
        *out = store;
        store = NULL;
    }
    bf_store_close(store);
    return status;
}
