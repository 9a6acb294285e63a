/* Writing: one transaction per answer. Either all of its samples with their embeddings, points and checks are written,
 * or none of them. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/print.h"
#include "store/store_db.h"

#include "base/banned.h"

static enum bf_status fail_sample(struct bf_store *store, const struct bf_sample *sample, struct bf_err *err)
{
    char action[96];
    const int code = sqlite3_extended_errcode(store->db);
    if (code == SQLITE_CONSTRAINT_UNIQUE)
        return bf_fail(err, BF_STORE,
                       "sample %" PRId64 " of stage '%s' is already in '%s'; resume it with: biforget resume %s",
                       sample->index, bf_stage_word(sample->stage), store->path, BF_SHELL_WORD(store->dir));
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
    rc |= bf_sql_bind_writer(s, 20, store);
    rc |= sample->instance >= 0 ? sqlite3_bind_int64(s, 21, sample->instance) : SQLITE_OK;
    rc |= bf_sql_bind_real(s, 22, sample->edit_distance);
    rc |= sample->text_hash != 0 ? sqlite3_bind_int64(s, 23, (int64_t)sample->text_hash) : SQLITE_OK;
    if (sample->source_stage != BF_STAGE_POINTS) {
        rc |= bf_sql_bind_text(s, 24, bf_stage_word(sample->source_stage));
        rc |= sqlite3_bind_int64(s, 25, sample->source_index);
    }
    rc |= sqlite3_bind_int(s, 26, sample->held_out);
    if (rc != SQLITE_OK || sqlite3_step(s) != SQLITE_DONE)
        status = fail_sample(store, sample, err);
    sqlite3_reset(s);
    sqlite3_clear_bindings(s); /* the strings belong to the caller and are about to go away */
    return status;
}

int bf_sql_bind_half(sqlite3_stmt *statement, int place, const uint16_t *half, int32_t n)
{
    const size_t size = (size_t)n;
    unsigned char *bytes = bf_array(size, 2);
    for (size_t i = 0; i < size; i++) {
        bytes[2 * i] = (unsigned char)(half[i] & 0xff);
        bytes[2 * i + 1] = (unsigned char)(half[i] >> 8);
    }
    const int rc = sqlite3_bind_blob64(statement, place, bytes, 2 * size, SQLITE_TRANSIENT);
    free(bytes);
    return rc;
}

static enum bf_status insert_embedding(struct bf_store *store, int64_t id, const struct bf_sample *sample,
                                       struct bf_err *err)
{
    if (!sample->embedding || sample->n_embd <= 0)
        return BF_OK;
    sqlite3_stmt *s;
    enum bf_status status = bf_sql_get(store, BF_SQL_INSERT_EMBEDDING, &s, err);
    if (status != BF_OK)
        return status;
    int rc = sqlite3_bind_int64(s, 1, id);
    rc |= sqlite3_bind_int(s, 2, sample->n_embd);
    rc |= bf_sql_bind_half(s, 3, sample->embedding, sample->n_embd);
    return rc == SQLITE_OK ? bf_sql_run(store, s, "write an embedding to", err)
                           : bf_sql_fail(store, "write an embedding to", err);
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
    rc |= bf_sql_bind_writer(s, 5, store);
    rc |= bf_sql_bind_text(s, 6, point->origin ? point->origin : "");
    return rc == SQLITE_OK ? bf_sql_run(store, s, "write a point to", err)
                           : bf_sql_fail(store, "write a point to", err);
}

static enum bf_status insert_checkpoint(struct bf_store *store, int64_t id, const struct bf_stop_check *checkpoint,
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
    return rc == SQLITE_OK ? bf_sql_run(store, s, "write a check of the stop rule to", err)
                           : bf_sql_fail(store, "write a check of the stop rule to", err);
}

enum bf_status bf_sql_add_sample(struct bf_store *store, const struct bf_sample *sample, int64_t *id,
                                 struct bf_err *err)
{
    enum bf_status status = insert_sample(store, sample, err);
    *id = sqlite3_last_insert_rowid(store->db);
    return status == BF_OK ? insert_embedding(store, *id, sample, err) : status;
}

/* The answer has become samples and need not be kept any more. */
static enum bf_status delete_answer(struct bf_store *store, int64_t number, struct bf_err *err)
{
    sqlite3_stmt *s;
    const enum bf_status status = bf_sql_get(store, BF_SQL_DELETE_ANSWER, &s, err);
    if (status != BF_OK)
        return status;
    int rc = sqlite3_bind_int64(s, 1, number);
    rc |= bf_sql_bind_writer(s, 2, store);
    return rc == SQLITE_OK ? bf_sql_run(store, s, "write to", err) : bf_sql_fail(store, "write to", err);
}

enum bf_status bf_store_commit_all(struct bf_store *store, const struct bf_commit *commit, struct bf_err *err)
{
    bool durable = false;
    for (size_t i = 0; i < commit->n_items; i++)
        durable = durable || commit->items[i].checked;
    enum bf_status status = bf_sql_begin(store, durable, err);
    if (status != BF_OK)
        return status;
    for (size_t i = 0; i < commit->n_items && status == BF_OK; i++) {
        const struct bf_commit_item *item = &commit->items[i];
        int64_t id;
        status = bf_sql_add_sample(store, &item->sample, &id, err);
        for (size_t p = 0; i == 0 && p < commit->n_points && status == BF_OK; p++)
            status = insert_point(store, id, &commit->points[p], err);
        if (item->checked && status == BF_OK)
            status = insert_checkpoint(store, id, &item->checkpoint, err);
    }
    if (status == BF_OK)
        status = delete_answer(store, commit->number, err);
    return bf_sql_end(store, status, durable, err);
}

enum bf_status bf_store_keep_answer(struct bf_store *store, const struct bf_pending *a, struct bf_err *err)
{
    static const char action[] = "write an answer to";
    sqlite3_stmt *s;
    const enum bf_status status = bf_sql_get(store, BF_SQL_INSERT_ANSWER, &s, err);
    if (status != BF_OK)
        return status;
    int rc = sqlite3_bind_int64(s, 1, a->number);
    rc |= sqlite3_bind_blob64(s, 2, a->text, a->text_len, SQLITE_STATIC);
    rc |= sqlite3_bind_int(s, 3, a->n_tokens);
    rc |= bf_sql_bind_text(s, 4, a->finish == BF_FINISH_STOP ? "stop" : "length");
    rc |= bf_sql_bind_real(s, 5, a->min_k_sampling);
    rc |= bf_sql_bind_real(s, 6, a->min_k_model);
    rc |= bf_sql_bind_real(s, 7, a->mean_logp);
    rc |= bf_sql_bind_writer(s, 8, store);
    return rc == SQLITE_OK ? bf_sql_run(store, s, action, err) : bf_sql_fail(store, action, err);
}
