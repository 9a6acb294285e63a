/* Trainings that used the sets of a run: their settings, what they changed, and the losses of each step. */
#include "store/store_db.h"

#include "base/banned.h"

static enum bf_status insert_training(struct bf_store *store, const struct bf_training *t, int64_t *id,
                                      struct bf_err *err)
{
    sqlite3_stmt *s;
    enum bf_status status = bf_sql_get(store, BF_SQL_INSERT_TRAINING, &s, err);
    if (status != BF_OK)
        return status;
    int rc = bf_sql_bind_text(s, 1, t->method);
    rc |= bf_sql_bind_text(s, 2, t->settings);
    rc |= bf_sql_bind_text(s, 3, t->model_sha256);
    rc |= sqlite3_bind_int64(s, 4, t->n_steps);
    rc |= sqlite3_bind_int64(s, 5, t->planned_steps);
    rc |= bf_sql_bind_text(s, 6, t->stop);
    rc |= bf_sql_bind_real(s, 7, t->forget_nll_before);
    rc |= bf_sql_bind_real(s, 8, t->retain_nll_before);
    rc |= bf_sql_bind_real(s, 9, t->forget_nll_after);
    rc |= bf_sql_bind_real(s, 10, t->retain_nll_after);
    status = rc == SQLITE_OK ? bf_sql_run(store, s, "write to", err) : bf_sql_fail(store, "write to", err);
    *id = sqlite3_last_insert_rowid(store->db);
    return status;
}

static enum bf_status insert_step(struct bf_store *store, int64_t training, const struct bf_training_step *step,
                                  struct bf_err *err)
{
    sqlite3_stmt *s;
    const enum bf_status status = bf_sql_get(store, BF_SQL_INSERT_TRAINING_STEP, &s, err);
    if (status != BF_OK)
        return status;
    int rc = sqlite3_bind_int64(s, 1, training);
    rc |= sqlite3_bind_int64(s, 2, step->step);
    rc |= bf_sql_bind_real(s, 3, step->loss);
    rc |= bf_sql_bind_real(s, 4, step->forget_loss);
    rc |= bf_sql_bind_real(s, 5, step->retain_loss);
    rc |= bf_sql_bind_real(s, 6, step->general_loss);
    rc |= bf_sql_bind_real(s, 7, step->learning_rate);
    rc |= bf_sql_bind_real(s, 8, step->gradient_norm);
    return rc == SQLITE_OK ? bf_sql_run(store, s, "write to", err) : bf_sql_fail(store, "write to", err);
}

static enum bf_status insert_probes(struct bf_store *store, int64_t training, const struct bf_training *t,
                                    struct bf_err *err)
{
    sqlite3_stmt *s;
    enum bf_status status = bf_sql_get(store, BF_SQL_INSERT_PROBING, &s, err);
    if (status != BF_OK)
        return status;
    int rc = sqlite3_bind_int64(s, 1, training);
    rc |= sqlite3_bind_int64(s, 2, t->probing->forget_questions);
    rc |= sqlite3_bind_int64(s, 3, t->probing->retain_questions);
    rc |= t->probing->chosen_step > 0 ? sqlite3_bind_int64(s, 4, t->probing->chosen_step) : sqlite3_bind_null(s, 4);
    status = rc == SQLITE_OK ? bf_sql_run(store, s, "write to", err) : bf_sql_fail(store, "write to", err);
    for (int64_t i = 0; i < t->n_probes && status == BF_OK; i++) {
        status = bf_sql_get(store, BF_SQL_INSERT_PROBE, &s, err);
        if (status != BF_OK)
            return status;
        rc = sqlite3_bind_int64(s, 1, training);
        rc |= sqlite3_bind_int64(s, 2, t->probes[i].step);
        rc |= sqlite3_bind_int64(s, 3, t->probes[i].forget_right);
        rc |= sqlite3_bind_int64(s, 4, t->probes[i].retain_right);
        status = rc == SQLITE_OK ? bf_sql_run(store, s, "write to", err) : bf_sql_fail(store, "write to", err);
    }
    return status;
}

enum bf_status bf_store_add_training(struct bf_store *store, const struct bf_training *t, struct bf_err *err)
{
    int64_t id = 0;
    if (store
            ->statements[BF_SQL_EACH_TRAINING]) /* an open row would keep the journal from being merged into the file */
        sqlite3_reset(store->statements[BF_SQL_EACH_TRAINING]);
    enum bf_status status = bf_sql_begin(store, true, err);
    if (status != BF_OK)
        return status;
    status = insert_training(store, t, &id, err);
    for (int64_t i = 0; i < t->n_steps && status == BF_OK; i++)
        status = insert_step(store, id, &t->steps[i], err);
    if (status == BF_OK && t->probing)
        status = insert_probes(store, id, t, err);
    return bf_sql_end(store, status, true, err);
}

enum bf_status bf_store_next_training(struct bf_store *store, int64_t after, struct bf_training *out,
                                      struct bf_err *err)
{
    sqlite3_stmt *s;
    *out = (struct bf_training){.id = 0};
    if (store->version < BF_STORE_WITH_TRAININGS)
        return BF_OK;
    enum bf_status status = bf_sql_get(store, BF_SQL_EACH_TRAINING, &s, err);
    if (status != BF_OK)
        return status;
    sqlite3_bind_int64(s, 1, after);
    const int rc = sqlite3_step(s);
    if (rc == SQLITE_DONE)
        return BF_OK;
    if (rc != SQLITE_ROW)
        return bf_sql_fail(store, "read", err);
    *out = (struct bf_training){.id = sqlite3_column_int64(s, 0),
                                .method = (const char *)sqlite3_column_text(s, 1),
                                .settings = (const char *)sqlite3_column_text(s, 2),
                                .model_sha256 = (const char *)sqlite3_column_text(s, 3),
                                .n_steps = sqlite3_column_int64(s, 4),
                                .planned_steps = sqlite3_column_int64(s, 5),
                                .stop = (const char *)sqlite3_column_text(s, 6),
                                .forget_nll_before = bf_sql_real(s, 7),
                                .retain_nll_before = bf_sql_real(s, 8),
                                .forget_nll_after = bf_sql_real(s, 9),
                                .retain_nll_after = bf_sql_real(s, 10)};
    if (out->id <= after || !out->method || !out->settings || !out->model_sha256 || !out->stop)
        return bf_sql_damaged(store, "a training", err);
    return BF_OK;
}

enum bf_status bf_store_each_training_step(struct bf_store *store, int64_t training, void *user,
                                           void (*each)(void *user, const struct bf_training_step *step),
                                           struct bf_err *err)
{
    sqlite3_stmt *s;
    int rc;
    if (store->version < BF_STORE_WITH_TRAININGS)
        return BF_OK;
    enum bf_status status = bf_sql_get(store, BF_SQL_EACH_TRAINING_STEP, &s, err);
    if (status != BF_OK)
        return status;
    sqlite3_bind_int64(s, 1, training);
    while ((rc = sqlite3_step(s)) == SQLITE_ROW) {
        const struct bf_training_step step = {.step = sqlite3_column_int64(s, 0),
                                              .loss = bf_sql_real(s, 1),
                                              .forget_loss = bf_sql_real(s, 2),
                                              .retain_loss = bf_sql_real(s, 3),
                                              .general_loss = bf_sql_real(s, 4),
                                              .learning_rate = bf_sql_real(s, 5),
                                              .gradient_norm = bf_sql_real(s, 6)};
        each(user, &step);
    }
    if (rc != SQLITE_DONE)
        status = bf_sql_fail(store, "read", err);
    sqlite3_reset(s);
    return status;
}

enum bf_status bf_store_each_training_probe(struct bf_store *store, int64_t training, struct bf_training_probing *out,
                                            void *user, void (*each)(void *user, const struct bf_training_probe *probe),
                                            struct bf_err *err)
{
    sqlite3_stmt *s;
    *out = (struct bf_training_probing){0};
    if (store->version < BF_STORE_WITH_PROBES)
        return BF_OK;
    enum bf_status status = bf_sql_get(store, BF_SQL_GET_PROBING, &s, err);
    if (status != BF_OK)
        return status;
    sqlite3_bind_int64(s, 1, training);
    int rc = sqlite3_step(s);
    if (rc == SQLITE_ROW)
        *out = (struct bf_training_probing){.forget_questions = sqlite3_column_int64(s, 0),
                                            .retain_questions = sqlite3_column_int64(s, 1),
                                            .chosen_step = sqlite3_column_int64(s, 2)};
    const bool found = rc == SQLITE_ROW;
    if (rc != SQLITE_ROW && rc != SQLITE_DONE)
        status = bf_sql_fail(store, "read", err);
    sqlite3_reset(s);
    if (status == BF_OK && found)
        status = bf_sql_get(store, BF_SQL_EACH_PROBE, &s, err);
    if (status != BF_OK || !found)
        return status;
    sqlite3_bind_int64(s, 1, training);
    while ((rc = sqlite3_step(s)) == SQLITE_ROW) {
        const struct bf_training_probe probe = {.step = sqlite3_column_int64(s, 0),
                                                .forget_right = sqlite3_column_int64(s, 1),
                                                .retain_right = sqlite3_column_int64(s, 2)};
        each(user, &probe);
    }
    if (rc != SQLITE_DONE)
        status = bf_sql_fail(store, "read", err);
    sqlite3_reset(s);
    return status;
}
