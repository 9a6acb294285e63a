/* The state of a request, beyond what can be counted: one row, replaced each time. */
#include <string.h>

#include "store/store_db.h"

#include "base/banned.h"

static bool knowledge_of(const char *word, enum bf_knowledge *out)
{
    for (int i = BF_KNOWLEDGE_UNKNOWN; i <= BF_KNOWLEDGE_GOOD; i++)
        if (word && strcmp(word, bf_knowledge_word((enum bf_knowledge)i)) == 0) {
            *out = (enum bf_knowledge)i;
            return true;
        }
    return false;
}

/* A finished request needs no kept answers: those that remain belong to prompts that the stop rule dropped. */
static enum bf_status delete_answers(struct bf_store *store, struct bf_err *err)
{
    sqlite3_stmt *s;
    const enum bf_status status = bf_sql_get(store, BF_SQL_DELETE_ANSWERS, &s, err);
    if (status != BF_OK)
        return status;
    return bf_sql_bind_writer(s, 1, store) == SQLITE_OK ? bf_sql_run(store, s, "write to", err)
                                                        : bf_sql_fail(store, "write to", err);
}

enum bf_status bf_store_set_state(struct bf_store *store, const struct bf_run_state *state, struct bf_err *err)
{
    const struct bf_knowledge_check *k = &state->knowledge;
    sqlite3_stmt *s;
    const bool inside = !sqlite3_get_autocommit(store->db); /* called by a fill: part of its transaction */
    enum bf_status status = inside ? BF_OK : bf_sql_begin(store, true, err);
    if (status != BF_OK)
        return status;
    status = bf_sql_get(store, BF_SQL_SET_STATE, &s, err);
    if (status == BF_OK) {
        int rc = sqlite3_bind_int(s, 1, state->finished);
        rc |= bf_sql_bind_text(s, 2, bf_stop_word(state->stop));
        rc |= sqlite3_bind_int64(s, 3, state->generated_tokens);
        rc |= bf_sql_bind_real(s, 4, state->generate_seconds);
        rc |= bf_sql_bind_real(s, 5, state->wall_seconds);
        rc |= bf_sql_bind_text(s, 6, bf_knowledge_word(k->verdict));
        rc |= sqlite3_bind_int64(s, 7, k->n_domain);
        rc |= sqlite3_bind_int64(s, 8, k->n_control);
        rc |= bf_sql_bind_real(s, 9, k->min_k_domain);
        rc |= bf_sql_bind_real(s, 10, k->min_k_control);
        rc |= bf_sql_bind_real(s, 11, k->min_k_effect);
        rc |= bf_sql_bind_real(s, 12, k->similarity_domain);
        rc |= bf_sql_bind_real(s, 13, k->similarity_control);
        rc |= bf_sql_bind_real(s, 14, k->agreement_domain);
        rc |= bf_sql_bind_real(s, 15, k->agreement_control);
        rc |= bf_sql_bind_writer(s, 16, store);
        rc |= sqlite3_bind_int64(s, 17, k->n_questions);
        rc |= sqlite3_bind_int64(s, 18, k->n_verified);
        rc |= sqlite3_bind_int64(s, 19, k->control_questions);
        rc |= sqlite3_bind_int64(s, 20, k->control_verified);
        status = rc == SQLITE_OK ? bf_sql_run(store, s, "write the state to", err)
                                 : bf_sql_fail(store, "write the state to", err);
    }
    if (status == BF_OK && state->finished)
        status = delete_answers(store, err);
    return inside ? status : bf_sql_end(store, status, true, err);
}

enum bf_status bf_store_state(struct bf_store *store, struct bf_run_state *out, struct bf_err *err)
{
    sqlite3_stmt *s;
    *out = (struct bf_run_state){0};
    const bool old = store->version < BF_STORE_WITH_QUESTIONS;
    enum bf_status status = bf_sql_get(store, old ? BF_SQL_GET_STATE_OLD : BF_SQL_GET_STATE, &s, err);
    if (status != BF_OK)
        return status;
    if (bf_sql_bind_request(s, 1, store) != SQLITE_OK) {
        status = bf_sql_fail(store, "read", err);
        goto out;
    }
    const int rc = sqlite3_step(s);
    if (rc == SQLITE_DONE)
        goto out; /* no such request: all zero, not finished */
    if (rc != SQLITE_ROW) {
        status = bf_sql_fail(store, "read", err);
        goto out;
    }
    struct bf_knowledge_check *k = &out->knowledge;
    const char *stop = (const char *)sqlite3_column_text(s, 1);
    out->finished = sqlite3_column_int(s, 0) != 0;
    out->stop = bf_stop_of(stop ? stop : "");
    out->generated_tokens = sqlite3_column_int64(s, 2);
    out->generate_seconds = bf_sql_real(s, 3);
    out->wall_seconds = bf_sql_real(s, 4);
    if (!stop) { /* the first request has not written its state yet */
        out->stop = BF_STOP_NOT_YET;
        goto out;
    }
    k->n_domain = sqlite3_column_int64(s, 6);
    k->n_control = sqlite3_column_int64(s, 7);
    k->min_k_domain = bf_sql_real(s, 8);
    k->min_k_control = bf_sql_real(s, 9);
    k->min_k_effect = bf_sql_real(s, 10);
    k->similarity_domain = bf_sql_real(s, 11);
    k->similarity_control = bf_sql_real(s, 12);
    k->agreement_domain = bf_sql_real(s, 13);
    k->agreement_control = bf_sql_real(s, 14);
    k->n_questions = sqlite3_column_int64(s, 15);
    k->n_verified = sqlite3_column_int64(s, 16);
    k->control_questions = sqlite3_column_int64(s, 17);
    k->control_verified = sqlite3_column_int64(s, 18);
    if (out->stop == BF_STOP_COUNT || !knowledge_of((const char *)sqlite3_column_text(s, 5), &k->verdict)) {
        status = bf_sql_damaged(store, "its state has a word this program does not know", err);
        *out = (struct bf_run_state){0};
    }
out:
    sqlite3_reset(s);
    return status;
}
