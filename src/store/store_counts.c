/* Counting and listing. Numbers that can be counted are not stored. */
#include "store/store_db.h"

#include "base/banned.h"

/* Add one (stage, reason, held_out) group to the totals; false when this program does not know the words. */
static bool add_group(struct bf_counts *out, const char *stage_word, const char *reason_word, bool held_out, int64_t n)
{
    const enum bf_stage stage = bf_stage_of(stage_word ? stage_word : "");
    const enum bf_reason reason = bf_reason_of(reason_word ? reason_word : "");
    if (stage == BF_STAGE_COUNT || reason == BF_REASON_COUNT)
        return false;
    out->committed[stage] += n;
    if (reason != BF_REASON_NONE) {
        (stage >= BF_STAGE_QUESTIONS ? out->rejected_questions : out->rejected)[reason] += n;
        return true;
    }
    out->kept[stage] += n;
    out->held_out[stage] += held_out ? n : 0;
    out->fix += bf_variant_has("fix", stage) ? n : 0;
    out->mi += bf_variant_has("mi", stage) ? n : 0;
    out->jailbreak += bf_variant_has("jailbreak", stage) ? n : 0;
    out->both += bf_variant_has("both", stage) ? n : 0;
    return true;
}

enum bf_status bf_store_counts(struct bf_store *store, struct bf_counts *out, struct bf_err *err)
{
    sqlite3_stmt *s;
    int rc;
    *out = (struct bf_counts){0};
    const bool old = store->version < BF_STORE_WITH_QUESTIONS;
    enum bf_status status = bf_sql_get(store, old ? BF_SQL_COUNTS_OLD : BF_SQL_COUNTS, &s, err);
    if (status != BF_OK)
        return status;
    bf_sql_bind_request(s, 1, store);
    while ((rc = sqlite3_step(s)) == SQLITE_ROW) {
        out->n_points = sqlite3_column_int64(s, 4);
        if (!add_group(out, (const char *)sqlite3_column_text(s, 0), (const char *)sqlite3_column_text(s, 1),
                       sqlite3_column_int(s, 2) != 0, sqlite3_column_int64(s, 3))) {
            status = bf_sql_damaged(store, "a sample has a stage or reason this program does not know", err);
            goto out;
        }
    }
    if (rc != SQLITE_DONE)
        status = bf_sql_fail(store, "count the samples of", err);
out:
    sqlite3_reset(s);
    return status;
}

enum bf_status bf_store_each_point(struct bf_store *store, void *user,
                                   void (*each)(void *user, const struct bf_point *point, int64_t n_kept,
                                                int64_t n_committed),
                                   struct bf_err *err)
{
    sqlite3_stmt *s;
    int rc;
    enum bf_status status =
        bf_sql_get(store, store->version < BF_STORE_WITH_ORIGINS ? BF_SQL_EACH_POINT_OLD : BF_SQL_EACH_POINT, &s, err);
    if (status != BF_OK)
        return status;
    bf_sql_bind_request(s, 1, store);
    while ((rc = sqlite3_step(s)) == SQLITE_ROW) {
        struct bf_point point = {.text = (const char *)sqlite3_column_text(s, 2),
                                 .origin = (const char *)sqlite3_column_text(s, 5)};
        if (!point.text || !point.origin || !bf_sql_int32(s, 0, &point.index) || !bf_sql_int32(s, 1, &point.round)) {
            status = bf_sql_damaged(store, "a point has values that were never written", err);
            goto out;
        }
        each(user, &point, sqlite3_column_int64(s, 3), sqlite3_column_int64(s, 4));
    }
    if (rc != SQLITE_DONE)
        status = bf_sql_fail(store, "read the points of", err);
out:
    sqlite3_reset(s);
    return status;
}

enum bf_status bf_store_each_check(struct bf_store *store, void *user,
                                   void (*each)(void *user, const struct bf_stop_check *checkpoint), struct bf_err *err)
{
    sqlite3_stmt *s;
    int rc;
    enum bf_status status = bf_sql_get(store, BF_SQL_EACH_CHECKPOINT, &s, err);
    if (status != BF_OK)
        return status;
    bf_sql_bind_request(s, 1, store);
    while ((rc = sqlite3_step(s)) == SQLITE_ROW) {
        const struct bf_stop_check checkpoint = {sqlite3_column_int64(s, 0), bf_sql_real(s, 1), bf_sql_real(s, 2),
                                                 sqlite3_column_int(s, 3) != 0};
        each(user, &checkpoint);
    }
    if (rc != SQLITE_DONE)
        status = bf_sql_fail(store, "read the checks of the stop rule of", err);
    sqlite3_reset(s);
    return status;
}
