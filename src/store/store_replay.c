/* The committed samples as bf_synth_run reads them: in commit order, with embeddings, each with the points that were
 * found in it. One row is in memory at a time. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/store_db.h"

#include "base/banned.h"

struct replay {
    struct bf_store *store;
    struct bf_cursor *cursor;
    sqlite3_stmt *find;    /* points of a sample; steps only inside next() */
    sqlite3_stmt *answers; /* NULL before the first */
    int64_t request;
    char *answer;
    struct bf_point *points; /* of the current sample, texts owned */
    size_t n_points, size;
};

static void clear_points(struct replay *r)
{
    for (size_t i = 0; i < r->n_points; i++) {
        free((char *)(uintptr_t)r->points[i].text);
        free((char *)(uintptr_t)r->points[i].origin);
    }
    r->n_points = 0;
}

static enum bf_status load_points(struct replay *r, int64_t id, struct bf_err *err)
{
    enum bf_status status = BF_OK;
    int rc = sqlite3_bind_int64(r->find, 1, id);
    while (rc == SQLITE_OK && (rc = sqlite3_step(r->find)) == SQLITE_ROW) {
        struct bf_point point = {0};
        const char *text = (const char *)sqlite3_column_text(r->find, 2);
        const char *origin = (const char *)sqlite3_column_text(r->find, 3);
        if (!text || !origin || !bf_sql_int32(r->find, 0, &point.index) || !bf_sql_int32(r->find, 1, &point.round)) {
            status = bf_sql_damaged(r->store, "a point has values that were never written", err);
            goto out;
        }
        if (r->n_points == r->size) {
            r->size = r->size ? 2 * r->size : 16;
            r->points = bf_grow(r->points, r->size, sizeof *r->points);
        }
        point.text = bf_strdup(text);
        point.origin = bf_strdup(origin);
        r->points[r->n_points++] = point;
        rc = SQLITE_OK;
    }
    if (rc != SQLITE_DONE)
        status = bf_sql_fail(r->store, "read the points of", err);
out:
    sqlite3_reset(r->find);
    return status;
}

static enum bf_status replay_next(void *user, struct bf_sample *sample, const struct bf_point **points,
                                  size_t *n_points, bool *more, struct bf_err *err)
{
    struct replay *r = user;
    struct bf_row row;
    clear_points(r);
    enum bf_status status = bf_cursor_next(r->cursor, &row, more, err);
    if (status == BF_OK && *more)
        status = load_points(r, row.id, err);
    if (status != BF_OK)
        *more = false;
    *sample = row.sample;
    *points = r->points;
    *n_points = r->n_points;
    return status;
}

static enum bf_status replay_pending(void *user, struct bf_pending *out, bool *more, struct bf_err *err)
{
    struct replay *r = user;
    *more = false;
    if (!r->answers) {
        if (sqlite3_prepare_v2(
                r->store->db,
                "SELECT number, text, n_tokens, finish, min_k_prob, min_k_prob_model, mean_logp FROM answer"
                " WHERE request = ?1 ORDER BY number",
                -1, &r->answers, NULL) != SQLITE_OK ||
            sqlite3_bind_int64(r->answers, 1, r->request) != SQLITE_OK)
            return bf_sql_fail(r->store, "read the answers of", err);
    }
    sqlite3_stmt *s = r->answers;
    const int rc = sqlite3_step(s);
    if (rc == SQLITE_DONE) {
        sqlite3_reset(s);
        return BF_OK;
    }
    if (rc != SQLITE_ROW)
        return bf_sql_fail(r->store, "read the answers of", err);
    const char *finish = (const char *)sqlite3_column_text(s, 3);
    const char *bytes = sqlite3_column_blob(s, 1);
    const size_t n = (size_t)sqlite3_column_bytes(s, 1);
    free(r->answer);
    r->answer = bf_strndup(bytes ? bytes : "", n);
    *out = (struct bf_pending){
        .number = sqlite3_column_int64(s, 0),
        .text = r->answer,
        .text_len = n,
        .finish = finish && strcmp(finish, "stop") == 0 ? BF_FINISH_STOP : BF_FINISH_LENGTH,
        .min_k_sampling = bf_sql_real(s, 4),
        .min_k_model = bf_sql_real(s, 5),
        .mean_logp = bf_sql_real(s, 6),
    };
    if (out->number < 0 || out->number > BF_STORE_NUMBER_MAX || !bf_sql_int32(s, 2, &out->n_tokens) ||
        out->n_tokens < 0)
        return bf_sql_damaged(r->store, "an answer has values that were never written", err);
    *more = true;
    return BF_OK;
}

static void replay_free(struct replay *r)
{
    clear_points(r);
    free(r->points);
    sqlite3_finalize(r->find);
    sqlite3_finalize(r->answers);
    free(r->answer);
    bf_cursor_close(r->cursor);
    free(r);
}

enum bf_status bf_store_replay(struct bf_store *store, struct bf_replay *out, struct bf_err *err)
{
    const struct bf_query all = {.with_embedding = true};
    struct replay *r = bf_alloc(sizeof *r);
    enum bf_status status;
    *out = (struct bf_replay){0};
    r->store = store;
    r->request = store->request > 0 ? store->request : 1;
    status = bf_store_query(store, &all, &r->cursor, err);
    if (status == BF_OK &&
        sqlite3_prepare_v2(store->db, "SELECT idx, round, text, origin FROM point WHERE sample = ?1 ORDER BY idx", -1,
                           &r->find, NULL) != SQLITE_OK)
        status = bf_sql_fail(store, "read the points of", err);
    if (status != BF_OK) {
        replay_free(r);
        return status;
    }
    *out = (struct bf_replay){r, replay_next, replay_pending};
    return BF_OK;
}

void bf_store_replay_close(struct bf_replay *replay)
{
    if (replay->user)
        replay_free(replay->user);
    *replay = (struct bf_replay){0};
}
