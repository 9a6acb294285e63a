/* The requests of a run, their originals and guards. */
#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/floats.h"
#include "base/mem.h"
#include "store/store_db.h"

#include "base/banned.h"

#define EMBEDDING_MAX (1 << 20) /* numbers; longer than any model's hidden state */

void bf_store_select(struct bf_store *store, int64_t request)
{
    store->request = request;
}

enum bf_status bf_store_extend(struct bf_store *store, void *user,
                               enum bf_status (*fill)(void *user, struct bf_store *store, struct bf_err *err),
                               struct bf_err *err)
{
    enum bf_status status = bf_sql_begin(store, true, err);
    if (status != BF_OK)
        return status;
    return bf_sql_end(store, fill(user, store, err), true, err);
}

enum bf_status bf_store_add_request(struct bf_store *store, const struct bf_request_entry *entry, int64_t *id,
                                    struct bf_err *err)
{
    assert(!sqlite3_get_autocommit(store->db)); /* inside a fill */
    static const char action[] = "write a request to";
    sqlite3_stmt *s;
    *id = 0;
    enum bf_status status = bf_store_find_request(store, entry->name, id, err);
    if (status == BF_OK && *id > 0)
        return bf_fail(err, BF_STORE, "'%s' already has a request named '%s'; give this one another \"name\"",
                       store->dir, entry->name);
    if (status == BF_OK)
        status = bf_sql_get(store, BF_SQL_INSERT_REQUEST, &s, err);
    if (status != BF_OK)
        return status;
    int rc = bf_sql_bind_text(s, 1, entry->name);
    rc |= bf_sql_bind_text(s, 2, bf_kind_word(entry->kind));
    rc |= bf_sql_bind_text(s, 3, bf_role_word(entry->role));
    rc |= bf_sql_bind_text(s, 4, entry->json);
    status = rc == SQLITE_OK ? bf_sql_run(store, s, action, err) : bf_sql_fail(store, action, err);
    *id = sqlite3_last_insert_rowid(store->db);
    return status;
}

enum bf_status bf_store_request(struct bf_store *store, int64_t from, struct bf_request_entry *out, int64_t *n_requests,
                                struct bf_err *err)
{
    sqlite3_stmt *s;
    *out = (struct bf_request_entry){.id = 0};
    if (n_requests)
        *n_requests = 0;
    enum bf_status status = bf_sql_get(store, BF_SQL_GET_REQUEST, &s, err);
    if (status != BF_OK)
        return status;
    int rc = sqlite3_bind_int64(s, 1, from);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(s);
    if (rc != SQLITE_ROW) {
        if (rc != SQLITE_DONE)
            status = bf_sql_fail(store, "read the requests of", err);
        goto out;
    }
    const char *name = (const char *)sqlite3_column_text(s, 1);
    const char *kind = (const char *)sqlite3_column_text(s, 2);
    const char *role = (const char *)sqlite3_column_text(s, 3);
    const char *json = (const char *)sqlite3_column_text(s, 4);
    free(store->entry_name);
    free(store->entry_json);
    store->entry_name = bf_strdup(name ? name : "");
    store->entry_json = bf_strdup(json ? json : "");
    *out = (struct bf_request_entry){
        .id = sqlite3_column_int64(s, 0),
        .name = store->entry_name,
        .kind = bf_kind_of(kind ? kind : ""),
        .role = bf_role_of(role ? role : ""),
        .json = store->entry_json,
        .finished = sqlite3_column_int(s, 5) != 0,
    };
    if (n_requests)
        *n_requests = sqlite3_column_int64(s, 6);
    if (out->id < 1 || out->id == INT64_MAX || out->kind == BF_KIND_COUNT || out->role == BF_ROLE_COUNT)
        status = bf_sql_damaged(store, "a request has values that were never written, or a newer program's words", err);
out:
    sqlite3_reset(s);
    return status;
}

bool bf_store_next_request(struct bf_store *store, struct bf_request_entry *entry, enum bf_status *status,
                           struct bf_err *err)
{
    if (*status == BF_OK)
        *status = bf_store_request(store, entry->id + 1, entry, NULL, err);
    if (*status != BF_OK)
        *entry = (struct bf_request_entry){.id = 0};
    return entry->id > 0;
}

enum bf_status bf_store_has_role(struct bf_store *store, enum bf_role role, bool *has, struct bf_err *err)
{
    struct bf_request_entry entry = {.id = 0};
    enum bf_status status = BF_OK;
    *has = false;
    while (!*has && bf_store_next_request(store, &entry, &status, err))
        *has = entry.role == role;
    return status;
}

enum bf_status bf_store_find_request(struct bf_store *store, const char *name, int64_t *id, struct bf_err *err)
{
    sqlite3_stmt *s;
    *id = 0;
    enum bf_status status = bf_sql_get(store, BF_SQL_FIND_REQUEST, &s, err);
    if (status != BF_OK)
        return status;
    int rc = bf_sql_bind_text(s, 1, name);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(s);
    if (rc == SQLITE_ROW)
        *id = sqlite3_column_int64(s, 0);
    else if (rc != SQLITE_DONE)
        status = bf_sql_fail(store, "read the requests of", err);
    sqlite3_reset(s);
    sqlite3_clear_bindings(s);
    return status;
}

/* ---- originals ---- */

enum bf_status bf_store_add_original(struct bf_store *store, int64_t index, int64_t line,
                                     const struct bf_original *original, bool *added, struct bf_err *err)
{
    assert(!sqlite3_get_autocommit(store->db)); /* inside a fill */
    static const char action[] = "write an original to";
    sqlite3_stmt *s;
    *added = false;
    enum bf_status status = bf_sql_get(store, BF_SQL_INSERT_ORIGINAL, &s, err);
    if (status != BF_OK)
        return status;
    int rc = sqlite3_bind_int64(s, 1, index);
    rc |= sqlite3_bind_int64(s, 2, line);
    rc |= bf_sql_bind_text(s, 3, original->text);
    rc |= bf_sql_bind_text(s, 4, original->question);
    rc |= bf_sql_bind_text(s, 5, original->answer);
    rc |= sqlite3_bind_int64(s, 6, (int64_t)bf_hash64(original->text, strlen(original->text)));
    rc |= bf_sql_bind_writer(s, 7, store);
    status = rc == SQLITE_OK ? bf_sql_run(store, s, action, err) : bf_sql_fail(store, action, err);
    *added = status == BF_OK && sqlite3_changes(store->db) > 0;
    return status;
}

enum bf_status bf_store_measure_originals(struct bf_store *store, int64_t *n, int64_t *longest, struct bf_err *err)
{
    sqlite3_stmt *s;
    *n = *longest = 0;
    enum bf_status status = bf_sql_get(store, BF_SQL_MEASURE_ORIGINALS, &s, err);
    if (status != BF_OK)
        return status;
    if (bf_sql_bind_writer(s, 1, store) != SQLITE_OK || sqlite3_step(s) != SQLITE_ROW) {
        status = bf_sql_fail(store, "count the originals of", err);
    } else {
        *n = sqlite3_column_int64(s, 0);
        *longest = sqlite3_column_int64(s, 1);
    }
    sqlite3_reset(s);
    return status;
}

enum bf_status bf_store_original(struct bf_store *store, int64_t index, struct bf_original *out, struct bf_err *err)
{
    sqlite3_stmt *s;
    *out = (struct bf_original){.text = NULL};
    enum bf_status status = bf_sql_get(store, BF_SQL_GET_ORIGINAL, &s, err);
    if (status != BF_OK)
        return status;
    int rc = sqlite3_bind_int64(s, 1, index);
    rc |= bf_sql_bind_writer(s, 2, store);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(s);
    if (rc == SQLITE_ROW) {
        /* Not reset: the strings belong to the statement until the next call. */
        out->text = (const char *)sqlite3_column_text(s, 0);
        out->question = (const char *)sqlite3_column_text(s, 1);
        out->answer = (const char *)sqlite3_column_text(s, 2);
    }
    if (rc == SQLITE_ROW && out->text && !out->question == !out->answer)
        return BF_OK;
    if (rc == SQLITE_ROW || rc == SQLITE_DONE)
        status = bf_sql_damaged(store, "an original is missing or incomplete", err);
    else
        status = bf_sql_fail(store, "read an original of", err);
    sqlite3_reset(s);
    return status;
}

/* The float16 blob in column + 1, whose length is in column; false when the two do not agree. */
static bool read_half(sqlite3_stmt *s, int column, uint16_t **half, int32_t *n)
{
    const unsigned char *bytes = sqlite3_column_blob(s, column + 1);
    if (!bf_sql_int32(s, column, n) || *n <= 0 || *n > EMBEDDING_MAX || !bytes ||
        sqlite3_column_bytes(s, column + 1) != 2 * *n)
        return false;
    *half = bf_array((size_t)*n, sizeof **half);
    for (int32_t i = 0; i < *n; i++)
        (*half)[i] = (uint16_t)(bytes[2 * i] | bytes[2 * i + 1] << 8);
    return true;
}

enum bf_status bf_store_kept_of_original(struct bf_store *store, int64_t index, void *to,
                                         void (*each)(void *to, const struct bf_sample *sample), struct bf_err *err)
{
    sqlite3_stmt *s;
    int rc;
    enum bf_status status = bf_sql_get(store, BF_SQL_KEPT_OF_ORIGINAL, &s, err);
    if (status != BF_OK)
        return status;
    sqlite3_bind_int64(s, 1, index);
    bf_sql_bind_writer(s, 2, store);
    while ((rc = sqlite3_step(s)) == SQLITE_ROW) {
        const char *stage = (const char *)sqlite3_column_text(s, 0);
        uint16_t *half = NULL;
        struct bf_sample sample = {
            .stage = bf_stage_of(stage ? stage : ""),
            .index = sqlite3_column_int64(s, 1),
            .text = (const char *)sqlite3_column_text(s, 2),
            .instance = index,
        };
        if (!sample.text || sample.stage == BF_STAGE_COUNT ||
            (sqlite3_column_type(s, 3) != SQLITE_NULL && !read_half(s, 3, &half, &sample.n_embd))) {
            status = bf_sql_damaged(store, "a sample has values that were never written", err);
            goto out;
        }
        sample.embedding = half;
        each(to, &sample);
        free(half);
    }
    if (rc != SQLITE_DONE)
        status = bf_sql_fail(store, "read the variants of", err);
out:
    sqlite3_reset(s);
    return status;
}

/* ---- guards ---- */

enum bf_status bf_store_add_guard(struct bf_store *store, int64_t index, const struct bf_guard *guard,
                                  const uint16_t *half, int32_t n_embd, struct bf_err *err)
{
    assert(!sqlite3_get_autocommit(store->db)); /* inside a fill */
    static const char action[] = "write a guard to";
    sqlite3_stmt *s;
    const enum bf_status status = bf_sql_get(store, BF_SQL_INSERT_GUARD, &s, err);
    if (status != BF_OK)
        return status;
    int rc = sqlite3_bind_int64(s, 1, index);
    rc |= bf_sql_bind_text(s, 2, guard->name);
    rc |= sqlite3_bind_int(s, 3, guard->centroid);
    rc |= bf_sql_bind_text(s, 4, bf_reason_word(guard->reason));
    rc |= sqlite3_bind_int(s, 5, n_embd);
    rc |= bf_sql_bind_half(s, 6, half, n_embd);
    rc |= bf_sql_bind_writer(s, 7, store);
    return rc == SQLITE_OK ? bf_sql_run(store, s, action, err) : bf_sql_fail(store, action, err);
}

void bf_guards_free(struct bf_guard *guards, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        free((char *)(uintptr_t)guards[i].name);
        free((float *)(uintptr_t)guards[i].vector);
    }
    free(guards);
}

static enum bf_status read_guard(struct bf_store *store, sqlite3_stmt *s, int32_t n_embd, struct bf_guard *out,
                                 struct bf_err *err)
{
    const char *name = (const char *)sqlite3_column_text(s, 0);
    const char *reason = (const char *)sqlite3_column_text(s, 2);
    uint16_t *half = NULL;
    int32_t n = 0;
    out->reason = bf_reason_of(reason ? reason : "");
    if (!name || out->reason == BF_REASON_COUNT || out->reason == BF_REASON_NONE || !read_half(s, 3, &half, &n)) {
        free(half);
        return bf_sql_damaged(store, "a guard has values that were never written", err);
    }
    float *vector = bf_array((size_t)n, sizeof *vector);
    for (int32_t i = 0; i < n; i++)
        vector[i] = bf_half_to_float(half[i]);
    free(half);
    out->name = bf_strdup(name);
    out->centroid = sqlite3_column_int(s, 1) != 0;
    out->vector = vector;
    if (n != n_embd)
        return bf_fail(
            err, BF_MODEL,
            "the run's guards have %d dimensions, this embedder's vectors %d; resume with the run's embedder", n,
            n_embd);
    return BF_OK;
}

enum bf_status bf_store_guards(struct bf_store *store, int32_t n_embd, struct bf_guard **guards, size_t *n,
                               struct bf_err *err)
{
    sqlite3_stmt *s = NULL;
    enum bf_status status = BF_OK;
    int rc;
    *guards = NULL;
    *n = 0;
    if (sqlite3_prepare_v2(store->db,
                           "SELECT name, centroid, reason, n_embd, data FROM guard WHERE request = ?1 ORDER BY idx", -1,
                           &s, NULL) != SQLITE_OK ||
        bf_sql_bind_writer(s, 1, store) != SQLITE_OK) {
        status = bf_sql_fail(store, "read the guards of", err);
        goto out;
    }
    while ((rc = sqlite3_step(s)) == SQLITE_ROW && status == BF_OK) {
        *guards = bf_grow(*guards, *n + 1, sizeof **guards);
        (*guards)[*n] = (struct bf_guard){.name = NULL};
        status = read_guard(store, s, n_embd, &(*guards)[(*n)++], err);
    }
    if (status == BF_OK && rc != SQLITE_DONE)
        status = bf_sql_fail(store, "read the guards of", err);
out:
    sqlite3_finalize(s);
    if (status != BF_OK) {
        bf_guards_free(*guards, *n);
        *guards = NULL;
        *n = 0;
    }
    return status;
}

/* ---- imported samples, and duplicates between requests ---- */

enum bf_status bf_store_add_sample(struct bf_store *store, const struct bf_sample *sample, struct bf_err *err)
{
    assert(!sqlite3_get_autocommit(store->db)); /* inside a fill */
    int64_t id;
    return bf_sql_add_sample(store, sample, &id, err);
}

enum bf_status bf_store_link_duplicates(struct bf_store *store, struct bf_err *err)
{
    static const char action[] = "mark the duplicates of";
    sqlite3_stmt *s;
    enum bf_status status = bf_sql_get(store, BF_SQL_LINK_DUPLICATES, &s, err);
    if (status != BF_OK)
        return status;
    if (bf_sql_bind_writer(s, 1, store) != SQLITE_OK)
        return bf_sql_fail(store, action, err);
    return bf_sql_run(store, s, action, err);
}
