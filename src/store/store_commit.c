/* Writing: one transaction per sample. Either the row, its embedding, its points and its checkpoint are all there, or
 * none of them is. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "store/store_db.h"

#include "base/banned.h"

static enum bf_status fail_sample(struct bf_store *store, const struct bf_sample *sample, struct bf_err *err)
{
    char action[96];
    const int code = sqlite3_extended_errcode(store->db);
    if (code == SQLITE_CONSTRAINT_UNIQUE)
        return bf_fail(err, BF_STORE,
                       "sample %" PRId64 " of stage '%s' is already in '%s'; 'biforget resume %s' goes on behind it",
                       sample->index, bf_stage_word(sample->stage), store->path, store->dir);
    snprintf(action, sizeof action, "write sample %" PRId64 " of stage '%s' to", sample->index,
             bf_stage_word(sample->stage));
    return bf_sql_fail(store, action, err);
}

static enum bf_status insert_sample(struct bf_store *store, const struct bf_sample *sample, struct bf_err *err)
{
    const bool kept = sample->reason == BF_REASON_NONE;
    sqlite3_stmt *s;
    enum bf_status status = bf_sql_get(store, BF_SQL_INSERT_SAMPLE, &s, err);
    if (status != BF_OK)
        return status;
    int rc = bf_sql_bind_text(s, 1, bf_stage_word(sample->stage));
    rc |= sqlite3_bind_int64(s, 2, sample->index);
    rc |= bf_sql_bind_text(s, 3, kept ? "kept" : "rejected");
    rc |= bf_sql_bind_text(s, 4, kept ? NULL : bf_reason_word(sample->reason));
    rc |= bf_sql_bind_text(s, 5, sample->text);
    rc |= bf_sql_bind_text(s, 6, sample->raw);
    rc |= bf_sql_bind_text(s, 7, sample->question);
    rc |= bf_sql_bind_text(s, 8, sample->answer);
    rc |= sample->point >= 0 ? sqlite3_bind_int(s, 9, sample->point) : SQLITE_OK;
    rc |= sample->template_index >= 0 ? sqlite3_bind_int(s, 10, sample->template_index) : SQLITE_OK;
    rc |= bf_sql_bind_real(s, 11, sample->temperature);
    rc |= sqlite3_bind_int64(s, 12, (int64_t)sample->seed);
    rc |= sqlite3_bind_int(s, 13, sample->n_tokens);
    rc |= bf_sql_bind_text(s, 14, sample->finish == BF_FINISH_STOP ? "stop" : "length");
    rc |= bf_sql_bind_real(s, 15, sample->min_k_sampling);
    rc |= bf_sql_bind_real(s, 16, sample->min_k_model);
    rc |= bf_sql_bind_real(s, 17, sample->mean_logp);
    rc |= bf_sql_bind_real(s, 18, sample->diversity);
    rc |= bf_sql_bind_real(s, 19, sample->domain_similarity);
    if (rc != SQLITE_OK || sqlite3_step(s) != SQLITE_DONE)
        status = fail_sample(store, sample, err);
    sqlite3_reset(s);
    sqlite3_clear_bindings(s); /* the strings are the caller's and go away */
    return status;
}

static enum bf_status insert_embedding(struct bf_store *store, int64_t id, const struct bf_sample *sample,
                                       struct bf_err *err)
{
    if (!sample->embedding || sample->n_embd <= 0)
        return BF_OK;
    const size_t n = (size_t)sample->n_embd;
    unsigned char *bytes = NULL;
    sqlite3_stmt *s;
    enum bf_status status = bf_sql_get(store, BF_SQL_INSERT_EMBEDDING, &s, err);
    if (status != BF_OK)
        return status;
    bytes = bf_array(n, 2);
    for (size_t i = 0; i < n; i++) {
        bytes[2 * i] = (unsigned char)(sample->embedding[i] & 0xff);
        bytes[2 * i + 1] = (unsigned char)(sample->embedding[i] >> 8);
    }
    int rc = sqlite3_bind_int64(s, 1, id);
    rc |= sqlite3_bind_int(s, 2, sample->n_embd);
    rc |= sqlite3_bind_blob64(s, 3, bytes, 2 * n, SQLITE_STATIC);
    status = rc == SQLITE_OK ? bf_sql_run(store, s, "write an embedding to", err)
                             : bf_sql_fail(store, "write an embedding to", err);
    free(bytes);
    return status;
}

static enum bf_status insert_point(struct bf_store *store, int64_t id, const struct bf_point *point, struct bf_err *err)
{
    sqlite3_stmt *s;
    const enum bf_status status = bf_sql_get(store, BF_SQL_INSERT_POINT, &s, err);
    if (status != BF_OK)
        return status;
    int rc = sqlite3_bind_int(s, 1, point->index);
    rc |= sqlite3_bind_int(s, 2, point->round);
    rc |= bf_sql_bind_text(s, 3, point->text);
    rc |= sqlite3_bind_int64(s, 4, id);
    return rc == SQLITE_OK ? bf_sql_run(store, s, "write a point to", err)
                           : bf_sql_fail(store, "write a point to", err);
}

static enum bf_status insert_checkpoint(struct bf_store *store, int64_t id, const struct bf_checkpoint *checkpoint,
                                        struct bf_err *err)
{
    sqlite3_stmt *s;
    const enum bf_status status = bf_sql_get(store, BF_SQL_INSERT_CHECKPOINT, &s, err);
    if (status != BF_OK)
        return status;
    int rc = sqlite3_bind_int64(s, 1, id);
    rc |= sqlite3_bind_int64(s, 2, checkpoint->n_kept);
    rc |= bf_sql_bind_real(s, 3, checkpoint->diversity);
    rc |= bf_sql_bind_real(s, 4, checkpoint->gain);
    rc |= sqlite3_bind_int(s, 5, checkpoint->stop);
    return rc == SQLITE_OK ? bf_sql_run(store, s, "write a checkpoint to", err)
                           : bf_sql_fail(store, "write a checkpoint to", err);
}

enum bf_status bf_store_commit(struct bf_store *store, const struct bf_sample *sample, const struct bf_point *points,
                               size_t n_points, const struct bf_checkpoint *checkpoint, struct bf_err *err)
{
    const bool durable = checkpoint != NULL;
    enum bf_status status = bf_sql_begin(store, durable, err);
    if (status != BF_OK)
        return status;
    status = insert_sample(store, sample, err);
    if (status == BF_OK) {
        const int64_t id = sqlite3_last_insert_rowid(store->db);
        status = insert_embedding(store, id, sample, err);
        for (size_t i = 0; i < n_points && status == BF_OK; i++)
            status = insert_point(store, id, &points[i], err);
        if (checkpoint && status == BF_OK)
            status = insert_checkpoint(store, id, checkpoint, err);
    }
    return bf_sql_end(store, status, durable, err);
}
