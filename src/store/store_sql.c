/* Statements and transactions. Every statement is prepared once from the constant text below; what varies is bound,
 * never formatted into SQL. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "store/store_db.h"

#include "base/banned.h"

/* Of all requests, those whose samples are a set: a neighbour's are only probes. */
#define OF_SETS "(SELECT id FROM request WHERE role <> 'neighbour')"

#define EACH_POINT(origin)                                                                                             \
    "SELECT p.idx, p.round, p.text, count(CASE s.state WHEN 'kept' THEN 1 END), count(s.id), " origin                  \
    " FROM point p LEFT JOIN sample s ON s.request = p.request AND s.point = p.idx"                                    \
    " AND s.stage NOT IN ('questions', 'pairs', 'wordings')"                                                           \
    " WHERE p.request = ?1 OR (?1 IS NULL AND p.request IN " OF_SETS ")"                                               \
    " GROUP BY p.request, p.idx ORDER BY p.request, p.idx"

static const char *const sql_text[BF_SQL_COUNT] = {
    [BF_SQL_BEGIN] = "BEGIN IMMEDIATE",
    [BF_SQL_COMMIT] = "COMMIT",
    [BF_SQL_ROLLBACK] = "ROLLBACK",
    [BF_SQL_INSERT_SAMPLE] =
        "INSERT INTO sample (stage, idx, state, reason, text, raw, question, answer, point, template, temperature,"
        " seed, n_tokens, finish, min_k_prob, min_k_prob_model, mean_logp, diversity, domain_similarity, request,"
        " original, edit_distance, text_hash, source, held_out)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22,"
        " ?23, (SELECT id FROM sample WHERE request = ?20 AND stage = ?24 AND idx = ?25), ?26)",
    [BF_SQL_INSERT_EMBEDDING] = "INSERT INTO embedding (sample, n_embd, data) VALUES (?1, ?2, ?3)",
    [BF_SQL_INSERT_POINT] =
        "INSERT INTO point (idx, round, text, sample, request, origin) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    [BF_SQL_INSERT_CHECKPOINT] =
        "INSERT INTO checkpoint (sample, n_kept, diversity, gain, stop) VALUES (?1, ?2, ?3, ?4, ?5)",
    [BF_SQL_SET_STATE] =
        "INSERT OR REPLACE INTO state (request, finished, stop, generated_tokens, generate_seconds, wall_seconds, "
        "knowledge,"
        " n_domain, n_control, min_k_domain, min_k_control, min_k_effect, similarity_domain, similarity_control,"
        " agreement_domain, agreement_control, n_questions, n_verified, control_questions, control_verified)"
        " VALUES (?16, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?17, ?18, ?19, ?20)",
/* Over all requests: sums; everything else is of the first. */
#define GET_STATE(questions)                                                                                           \
    "WITH a AS (SELECT min(coalesce(s.finished, 0)) AS finished, coalesce(sum(s.generated_tokens), 0) AS tokens,"      \
    " coalesce(sum(s.generate_seconds), 0.0) AS generate, coalesce(sum(s.wall_seconds), 0.0) AS wall"                  \
    " FROM request q LEFT JOIN state s ON s.request = q.id WHERE ?1 IS NULL OR q.id = ?1)"                             \
    " SELECT a.finished, s.stop, a.tokens, a.generate, a.wall, s.knowledge, s.n_domain, s.n_control,"                  \
    " s.min_k_domain, s.min_k_control, s.min_k_effect, s.similarity_domain, s.similarity_control,"                     \
    " s.agreement_domain, s.agreement_control, " questions " FROM a, request q LEFT JOIN state s ON s.request = q.id"  \
    " WHERE ?1 IS NULL OR q.id = ?1 ORDER BY q.id LIMIT 1"
    [BF_SQL_GET_STATE] = GET_STATE("s.n_questions, s.n_verified, s.control_questions, s.control_verified"),
    [BF_SQL_GET_STATE_OLD] = GET_STATE("0, 0, 0, 0"),
#define COUNTS(held_out)                                                                                               \
    "SELECT stage, coalesce(reason, ''), " held_out ", count(*),"                                                      \
    " (SELECT count(*) FROM point WHERE request = ?1 OR (?1 IS NULL AND request IN " OF_SETS "))"                      \
    " FROM sample WHERE request = ?1 OR (?1 IS NULL AND request IN " OF_SETS ") GROUP BY 1, 2, 3"
    [BF_SQL_COUNTS] = COUNTS("held_out"),
    [BF_SQL_COUNTS_OLD] = COUNTS("0"),
    [BF_SQL_EACH_POINT] = EACH_POINT("p.origin"),
    [BF_SQL_EACH_POINT_OLD] = EACH_POINT("''"),
    [BF_SQL_EACH_CHECKPOINT] =
        "SELECT c.n_kept, c.diversity, c.gain, c.stop FROM checkpoint c JOIN sample s ON s.id = c.sample"
        " WHERE ?1 IS NULL OR s.request = ?1 ORDER BY c.id",
    [BF_SQL_INSERT_ANSWER] = "INSERT OR REPLACE INTO answer (number, text, n_tokens, finish, min_k_prob,"
                             " min_k_prob_model, mean_logp, request) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    [BF_SQL_DELETE_ANSWER] = "DELETE FROM answer WHERE number = ?1 AND request = ?2",
    [BF_SQL_DELETE_ANSWERS] = "DELETE FROM answer WHERE request = ?1",
    [BF_SQL_INSERT_REQUEST] = "INSERT INTO request (name, kind, role, json) VALUES (?1, ?2, ?3, ?4)",
    [BF_SQL_GET_REQUEST] =
        "SELECT q.id, q.name, q.kind, q.role, q.json, coalesce(s.finished, 0), (SELECT count(*) FROM request)"
        " FROM request q LEFT JOIN state s ON s.request = q.id WHERE q.id >= ?1 ORDER BY q.id LIMIT 1",
    [BF_SQL_FIND_REQUEST] = "SELECT id FROM request WHERE name = ?1",
    [BF_SQL_INSERT_ORIGINAL] = "INSERT OR IGNORE INTO original (idx, line, text, question, answer, hash, request)"
                               " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    [BF_SQL_GET_ORIGINAL] = "SELECT text, question, answer FROM original WHERE idx = ?1 AND request = ?2",
    [BF_SQL_MEASURE_ORIGINALS] = "SELECT count(*), coalesce(max(length(CAST(text AS BLOB))), 0) FROM original"
                                 " WHERE request = ?1",
    [BF_SQL_KEPT_OF_ORIGINAL] =
        "SELECT s.stage, s.idx, s.text, e.n_embd, e.data FROM sample s LEFT JOIN embedding e ON e.sample = s.id"
        " WHERE s.original = ?1 AND s.request = ?2 AND s.state = 'kept' ORDER BY s.id",
    [BF_SQL_INSERT_GUARD] = "INSERT INTO guard (idx, name, centroid, reason, n_embd, data, request)"
                            " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    [BF_SQL_LINK_DUPLICATES] =
        "UPDATE sample SET same_as = (SELECT min(e.id) FROM sample e WHERE e.text_hash = sample.text_hash"
        " AND e.request < sample.request AND e.state = 'kept' AND e.same_as IS NULL"
        " AND (SELECT role FROM request WHERE id = e.request) = (SELECT role FROM request WHERE id = sample.request))"
        " WHERE request = ?1 AND state = 'kept' AND text_hash IS NOT NULL AND same_as IS NULL",
    [BF_SQL_GET_VECTOR] = "SELECT n_embd, data FROM vector WHERE content = ?1 AND model = ?2",
    [BF_SQL_PUT_VECTOR] = "INSERT OR REPLACE INTO vector (content, model, n_embd, data) VALUES (?1, ?2, ?3, ?4)",
    [BF_SQL_GET_CELL] = "SELECT key, kind, command, result, seconds FROM cell WHERE key = ?1",
    [BF_SQL_PUT_CELL] = "INSERT OR REPLACE INTO cell (key, kind, command, result, seconds) VALUES (?1, ?2, ?3, ?4, ?5)",
    [BF_SQL_INSERT_TRAINING] = "INSERT INTO training (method, settings, model_sha256, steps, planned_steps, stop,"
                               " forget_nll_before, retain_nll_before, forget_nll_after, retain_nll_after)"
                               " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    [BF_SQL_INSERT_TRAINING_STEP] =
        "INSERT INTO training_step (training, step, loss, forget_loss, retain_loss, general_loss, learning_rate,"
        " gradient_norm) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    [BF_SQL_EACH_TRAINING] =
        "SELECT id, method, settings, model_sha256, steps, planned_steps, stop, forget_nll_before,"
        " retain_nll_before, forget_nll_after, retain_nll_after FROM training WHERE id > ?1 ORDER BY id",
    [BF_SQL_EACH_TRAINING_STEP] =
        "SELECT step, loss, forget_loss, retain_loss, general_loss, learning_rate, gradient_norm"
        " FROM training_step WHERE training = ?1 ORDER BY step",
    [BF_SQL_INSERT_PROBING] = "INSERT INTO training_probing (training, forget_questions, retain_questions, chosen_step)"
                              " VALUES (?1, ?2, ?3, ?4)",
    [BF_SQL_INSERT_PROBE] = "INSERT INTO training_probe (training, step, forget_right, retain_right)"
                            " VALUES (?1, ?2, ?3, ?4)",
    [BF_SQL_GET_PROBING] =
        "SELECT forget_questions, retain_questions, chosen_step FROM training_probing WHERE training = ?1",
    [BF_SQL_EACH_PROBE] =
        "SELECT step, forget_right, retain_right FROM training_probe WHERE training = ?1 ORDER BY step",
};

struct bf_store *bf_store_new(const char *dir, bool writer)
{
    struct bf_store *store = bf_alloc(sizeof *store);
    store->dir = bf_strdup(dir);
    store->path = bf_path_join(dir, BF_STORE_FILE);
    store->lock_fd = -1;
    store->version = BF_STORE_VERSION;
    store->writer = writer;
    return store;
}

enum bf_status bf_sql_open(struct bf_store *store, const char *path, int flags, struct bf_err *err)
{
    /* Some builds of SQLite would take a relative name that starts with "file:" for a URI. */
    char *name = (flags & SQLITE_OPEN_URI) != 0 || path[0] == '/' ? bf_strdup(path) : bf_path_join(".", path);
    const int rc = sqlite3_open_v2(name, &store->db, flags, NULL);
    free(name);
    if (rc != SQLITE_OK)
        return bf_sql_fail(store, "open", err);
    sqlite3_extended_result_codes(store->db, 1);
    sqlite3_busy_timeout(store->db, BF_STORE_BUSY_MS);
    sqlite3_limit(store->db, SQLITE_LIMIT_LENGTH, BF_STORE_VALUE_MAX_BYTES);
    sqlite3_limit(store->db, SQLITE_LIMIT_ATTACHED, 0);
    /* A run folder may come from a stranger: no code in its schema may run. */
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
    /* On a full disk SQLite may have rolled back already; and a second failure must not hide the first. */
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

int bf_sql_bind_request(sqlite3_stmt *statement, int place, const struct bf_store *store)
{
    return store->request > 0 ? sqlite3_bind_int64(statement, place, store->request)
                              : sqlite3_bind_null(statement, place);
}

int bf_sql_bind_writer(sqlite3_stmt *statement, int place, const struct bf_store *store)
{
    return sqlite3_bind_int64(statement, place, store->request > 0 ? store->request : 1);
}
