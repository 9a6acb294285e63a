/* Statements and transactions. Every statement is prepared once from the constant text below; what varies is bound,
 * never formatted into SQL. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "store/store_db.h"

#include "base/banned.h"

static const char *const sql_text[BF_SQL_COUNT] = {
    [BF_SQL_BEGIN] = "BEGIN IMMEDIATE",
    [BF_SQL_COMMIT] = "COMMIT",
    [BF_SQL_ROLLBACK] = "ROLLBACK",
    [BF_SQL_INSERT_SAMPLE] =
        "INSERT INTO sample (stage, idx, state, reason, text, raw, question, answer, point, template, temperature,"
        " seed, n_tokens, finish, min_k_prob, min_k_prob_model, mean_logp, diversity, domain_similarity)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19)",
    [BF_SQL_INSERT_EMBEDDING] = "INSERT INTO embedding (sample, n_embd, data) VALUES (?1, ?2, ?3)",
    [BF_SQL_INSERT_POINT] = "INSERT INTO point (idx, round, text, sample) VALUES (?1, ?2, ?3, ?4)",
    [BF_SQL_INSERT_CHECKPOINT] =
        "INSERT INTO checkpoint (sample, n_kept, diversity, gain, stop) VALUES (?1, ?2, ?3, ?4, ?5)",
    [BF_SQL_SET_STATE] =
        "INSERT OR REPLACE INTO state (id, finished, stop, generated_tokens, generate_seconds, wall_seconds, knowledge,"
        " n_domain, n_control, min_k_domain, min_k_control, min_k_effect, similarity_domain, similarity_control,"
        " agreement_domain, agreement_control)"
        " VALUES (1, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
    [BF_SQL_GET_STATE] =
        "SELECT finished, stop, generated_tokens, generate_seconds, wall_seconds, knowledge, n_domain, n_control,"
        " min_k_domain, min_k_control, min_k_effect, similarity_domain, similarity_control, agreement_domain,"
        " agreement_control FROM state WHERE id = 1",
    [BF_SQL_COUNTS] = "SELECT stage, coalesce(reason, ''), count(*), (SELECT count(*) FROM point)"
                      " FROM sample GROUP BY stage, reason",
    [BF_SQL_EACH_POINT] = "SELECT p.idx, p.round, p.text, count(CASE s.state WHEN 'kept' THEN 1 END), count(s.id)"
                          " FROM point p LEFT JOIN sample s ON s.point = p.idx GROUP BY p.idx ORDER BY p.idx",
    [BF_SQL_EACH_CHECKPOINT] = "SELECT n_kept, diversity, gain, stop FROM checkpoint ORDER BY id",
};

struct bf_store *bf_store_new(const char *dir, bool writer)
{
    struct bf_store *store = bf_alloc(sizeof *store);
    store->dir = bf_strdup(dir);
    store->path = bf_path_join(dir, BF_STORE_FILE);
    store->lock_fd = -1;
    store->writer = writer;
    return store;
}

enum bf_status bf_sql_open(struct bf_store *store, const char *path, int flags, struct bf_err *err)
{
    /* A relative name that starts with "file:" would be taken for a URI by some builds of SQLite. */
    char *name = (flags & SQLITE_OPEN_URI) != 0 || path[0] == '/' ? bf_strdup(path) : bf_path_join(".", path);
    const int rc = sqlite3_open_v2(name, &store->db, flags, NULL);
    free(name);
    if (rc != SQLITE_OK)
        return bf_sql_fail(store, "open", err);
    sqlite3_extended_result_codes(store->db, 1);
    sqlite3_busy_timeout(store->db, BF_STORE_BUSY_MS);
    sqlite3_limit(store->db, SQLITE_LIMIT_LENGTH, BF_STORE_VALUE_MAX_BYTES);
    sqlite3_limit(store->db, SQLITE_LIMIT_ATTACHED, 0);
    /* A run folder may come from a stranger: nothing in its schema may run on its own. */
    sqlite3_db_config(store->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(store->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    sqlite3_db_config(store->db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
    sqlite3_db_config(store->db, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
    return bf_sql_exec(store,
                       "PRAGMA cell_size_check = ON; PRAGMA temp_store = MEMORY; PRAGMA foreign_keys = ON;"
                       "PRAGMA synchronous = NORMAL",
                       "open", err);
}

enum bf_status bf_sql_get(struct bf_store *store, enum bf_sql which, sqlite3_stmt **out, struct bf_err *err)
{
    sqlite3_stmt **cached = &store->statements[which];
    *out = NULL;
    if (!*cached &&
        sqlite3_prepare_v3(store->db, sql_text[which], -1, SQLITE_PREPARE_PERSISTENT, cached, NULL) != SQLITE_OK)
        return bf_sql_fail(store, "read", err);
    sqlite3_reset(*cached);
    sqlite3_clear_bindings(*cached);
    *out = *cached;
    return BF_OK;
}

enum bf_status bf_sql_run(struct bf_store *store, sqlite3_stmt *statement, const char *action, struct bf_err *err)
{
    enum bf_status status = BF_OK;
    const int rc = sqlite3_step(statement);
    if (rc != SQLITE_DONE && rc != SQLITE_ROW)
        status = bf_sql_fail(store, action, err);
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    return status;
}

enum bf_status bf_sql_exec(struct bf_store *store, const char *sql, const char *action, struct bf_err *err)
{
    return sqlite3_exec(store->db, sql, NULL, NULL, NULL) == SQLITE_OK ? BF_OK : bf_sql_fail(store, action, err);
}

enum bf_status bf_sql_integer(struct bf_store *store, const char *sql, int64_t *out, struct bf_err *err)
{
    sqlite3_stmt *statement = NULL;
    enum bf_status status = BF_OK;
    *out = 0;
    if (sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL) != SQLITE_OK || sqlite3_step(statement) != SQLITE_ROW)
        status = bf_sql_fail(store, "read", err);
    else
        *out = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return status;
}

static enum bf_status run_cached(struct bf_store *store, enum bf_sql which, struct bf_err *err)
{
    sqlite3_stmt *statement;
    const enum bf_status status = bf_sql_get(store, which, &statement, err);
    return status == BF_OK ? bf_sql_run(store, statement, "write to", err) : status;
}

enum bf_status bf_sql_begin(struct bf_store *store, bool durable, struct bf_err *err)
{
    if (durable) {
        const enum bf_status status = bf_sql_exec(store, "PRAGMA synchronous = FULL", "write to", err);
        if (status != BF_OK)
            return status;
    }
    return run_cached(store, BF_SQL_BEGIN, err);
}

enum bf_status bf_sql_end(struct bf_store *store, enum bf_status status, bool durable, struct bf_err *err)
{
    if (status == BF_OK)
        status = run_cached(store, BF_SQL_COMMIT, err);
    /* After a full disk SQLite may have rolled back by itself; and no second failure may hide the first. */
    if (status != BF_OK && !sqlite3_get_autocommit(store->db))
        (void)!run_cached(store, BF_SQL_ROLLBACK, NULL);
    if (durable && bf_sql_exec(store, "PRAGMA synchronous = NORMAL", "write to", NULL) != BF_OK && status == BF_OK)
        status = bf_sql_fail(store, "write to", err);
    return status;
}

int bf_sql_bind_real(sqlite3_stmt *statement, int place, double value)
{
    return isnan(value) ? sqlite3_bind_null(statement, place) : sqlite3_bind_double(statement, place, value);
}

int bf_sql_bind_text(sqlite3_stmt *statement, int place, const char *text)
{
    return text ? sqlite3_bind_text64(statement, place, text, strlen(text), SQLITE_STATIC, SQLITE_UTF8)
                : sqlite3_bind_null(statement, place);
}

double bf_sql_real(sqlite3_stmt *statement, int column)
{
    return sqlite3_column_type(statement, column) == SQLITE_NULL ? (double)NAN
                                                                 : sqlite3_column_double(statement, column);
}

bool bf_sql_int32(sqlite3_stmt *statement, int column, int32_t *out)
{
    const int64_t value = sqlite3_column_int64(statement, column);
    *out = (int32_t)(value >= INT32_MIN && value <= INT32_MAX ? value : 0);
    return value >= INT32_MIN && value <= INT32_MAX;
}
