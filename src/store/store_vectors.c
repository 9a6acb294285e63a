/* Vectors by content, in a run or in a file of their own. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

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

enum bf_status bf_store_get_vector(struct bf_store *store, const struct bf_vector_key *key, int32_t n_embd, float *out,
                                   bool *found, struct bf_err *err)
{
    sqlite3_stmt *s;
    *found = false;
    if (store->version < BF_STORE_WITH_VECTORS)
        return BF_OK;
    enum bf_status status = bf_sql_get(store, BF_SQL_GET_VECTOR, &s, err);
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

enum bf_status bf_store_open_vectors(const char *path, struct bf_store **out, struct bf_err *err)
{
    static const struct bf_sql_own_file file = {
        .application_id = BF_VECTORS_APPLICATION_ID,
        .tables = BF_VECTOR_TABLE,
        .what = "vector file",
        .advice = "name another with --cache",
    };
    return bf_sql_open_own(path, &file, out, err);
}
