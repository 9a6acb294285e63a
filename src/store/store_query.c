/* Reading samples. Two statements answer every query: a filter that is off has a NULL parameter. They walk the rows in
 * commit order, so that memory does not depend on the size of the run. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/store_db.h"

#include "base/banned.h"

/* Larger than any model's hidden state; bounds what a hostile file can make us allocate. */
#define EMBEDDING_MAX (1 << 20)

struct bf_cursor {
    struct bf_store *store;
    sqlite3_stmt *statement; /* not the cached one: several cursors may be open */
    uint16_t *embedding;     /* of the current row */
    size_t embedding_size;   /* numbers that fit */
    bool done;
};

/* Which stages a variant joins: all but the probes, which have variants of their own. */
static const struct {
    const char *word;
    bool mi, jailbreak;
} variants[] = {{"fix", false, false}, {"mi", true, false}, {"jailbreak", false, true}, {"both", true, true}};

bool bf_stage_is_sample(enum bf_stage stage)
{
    switch (stage) {
    case BF_STAGE_SYNTHESIS:
    case BF_STAGE_MI:
    case BF_STAGE_JAILBREAK:
    case BF_STAGE_ORIGINAL:
    case BF_STAGE_REWRITE:
    case BF_STAGE_TEXTBOOK:
    case BF_STAGE_IMPORT:
        return true;
    default:
        return false;
    }
}

bool bf_stage_is_pair(enum bf_stage stage)
{
    return stage == BF_STAGE_PAIRS || stage == BF_STAGE_WORDINGS;
}

bool bf_variant_has(const char *variant, enum bf_stage stage)
{
    for (size_t i = 0; i < sizeof variants / sizeof *variants; i++)
        if (strcmp(variants[i].word, variant) == 0)
            return stage == BF_STAGE_MI          ? variants[i].mi
                   : stage == BF_STAGE_JAILBREAK ? variants[i].jailbreak
                                                 : bf_stage_is_sample(stage);
    return false;
}

/* What a text without a point is about: the topic of a request that has one. */
#define ABOUT                                                                                                          \
    "CASE WHEN s.point IS NULL AND q.kind IN ('domain', 'textbook') AND json_valid(q.json)"                            \
    " THEN json_extract(q.json, '$.topic') END"
/* root: the stage of the text that a pair or a wording goes back to; of any other sample, its own. */
#define SAMPLES(source, held_out, root, asked, joins, checked)                                                         \
    "SELECT s.id, s.stage, s.idx, s.reason, s.text, s.raw, s.question, s.answer, s.point, s.template, s.temperature,"  \
    " s.seed, s.n_tokens, s.finish, s.min_k_prob, s.min_k_prob_model, s.mean_logp, s.diversity, s.domain_similarity,"  \
    " p.text, t.name, t.family, e.n_embd, e.data, s.original, s.edit_distance, s.text_hash, s.same_as, s.request,"     \
    " q.name, " source ", " held_out ", " root ", " asked ", " ABOUT " FROM sample s"                                  \
    " JOIN request q ON q.id = s.request" joins                                                                        \
    " LEFT JOIN point p ON p.request = s.request AND p.idx = s.point LEFT JOIN template t ON t.idx = s.template"       \
    " LEFT JOIN embedding e ON ?1 AND e.sample = s.id"                                                                 \
    " WHERE (?2 IS NULL OR s.stage = ?2) AND (?3 IS NULL OR s.state = ?3)"                                             \
    " AND (?4 IS NULL OR coalesce(s.reason, '') = ?4)"                                                                 \
    " AND (?5 IS NULL OR (s.state = 'kept' AND " root " NOT IN (coalesce(?6, ''), coalesce(?7, ''))"                   \
    " AND CASE ?13 WHEN 0 THEN s.stage NOT IN ('pairs', 'wordings') WHEN 3 THEN s.stage IN ('pairs', 'wordings')"      \
    " ELSE " held_out " = ?13 - 1 END))"                                                                               \
    " AND (?11 IS NULL OR q.role = ?11) AND (?12 = 0 OR s.same_as IS NULL) AND (?14 = 0 OR " checked ")"
/* Is a text verified, or (?14 = 1) at least not refuted? */
#define CHECKED                                                                                                        \
    "s.stage IN ('pairs', 'wordings') OR s.id IN (SELECT source FROM sample WHERE stage = 'pairs' AND state = 'kept')" \
    " OR (?14 = 1 AND s.id NOT IN (SELECT source FROM sample WHERE stage = 'pairs' AND reason = 'not_known'"           \
    " AND source IS NOT NULL))"
/* The first verified question about a text, for one that has no point to ask about. */
#define ASKED                                                                                                          \
    "CASE WHEN s.point IS NULL AND s.question IS NULL THEN (SELECT k.question FROM sample k WHERE k.source = s.id"     \
    " AND k.stage = 'pairs' AND k.state = 'kept' AND k.held_out = 0 ORDER BY k.id LIMIT 1) END"
#define NOW                                                                                                            \
    SAMPLES("s.source, o.stage, o.idx, CASE s.stage WHEN 'pairs' THEN s.raw WHEN 'wordings' THEN o.raw END",           \
            "s.held_out", "coalesce(r.stage, o.stage, s.stage)", ASKED,                                                \
            " LEFT JOIN sample o ON o.id = s.source LEFT JOIN sample r ON r.id = o.source", CHECKED)
#define OLD SAMPLES("NULL, NULL, NULL, NULL", "0", "s.stage", "NULL", "", "?14 = 1")
/* Two texts, so that the samples of one request are found by the index instead of by reading all of them. */
#define ALL " AND ?10 IS NULL ORDER BY s.id LIMIT ?8 OFFSET ?9"
#define REQUEST " AND s.request = ?10 ORDER BY s.id LIMIT ?8 OFFSET ?9"

static const char *sql_of(const struct bf_store *store)
{
    if (store->version < BF_STORE_WITH_QUESTIONS)
        return store->request > 0 ? OLD REQUEST : OLD ALL;
    return store->request > 0 ? NOW REQUEST : NOW ALL;
}

static int bind_query(const struct bf_store *store, sqlite3_stmt *s, const struct bf_query *query)
{
    int rc = sqlite3_bind_int(s, 1, query->with_embedding);
    rc |= bf_sql_bind_text(s, 2, query->by_stage ? bf_stage_word(query->stage) : NULL);
    rc |= bf_sql_bind_text(s, 3, query->by_state ? (query->kept ? "kept" : "rejected") : NULL);
    rc |= bf_sql_bind_text(s, 4, query->by_reason ? bf_reason_word(query->reason) : NULL);
    if (query->variant) {
        rc |= bf_sql_bind_text(s, 5, query->variant);
        if (!bf_variant_has(query->variant, BF_STAGE_MI))
            rc |= bf_sql_bind_text(s, 6, bf_stage_word(BF_STAGE_MI));
        if (!bf_variant_has(query->variant, BF_STAGE_JAILBREAK))
            rc |= bf_sql_bind_text(s, 7, bf_stage_word(BF_STAGE_JAILBREAK));
    }
    rc |= sqlite3_bind_int64(s, 8, query->limit > 0 ? query->limit : -1);
    rc |= sqlite3_bind_int64(s, 9, query->offset > 0 ? query->offset : 0);
    rc |= bf_sql_bind_request(s, 10, store);
    rc |= bf_sql_bind_text(s, 11, query->by_role ? bf_role_word(query->role) : NULL);
    rc |= sqlite3_bind_int(s, 12, query->distinct);
    rc |= sqlite3_bind_int(s, 13, (int)query->pairs);
    rc |= sqlite3_bind_int(s, 14, query->variant ? (int)query->texts : 0);
    return rc;
}

enum bf_status bf_store_query(struct bf_store *store, const struct bf_query *query, struct bf_cursor **out,
                              struct bf_err *err)
{
    *out = NULL;
    if (query->variant && !bf_variant_has(query->variant, BF_STAGE_SYNTHESIS))
        return bf_fail(err, BF_USAGE, "unknown variant '%s'; it is one of fix, mi, jailbreak, both", query->variant);
    struct bf_cursor *cursor = bf_alloc(sizeof *cursor);
    cursor->store = store;
    if (sqlite3_prepare_v2(store->db, sql_of(store), -1, &cursor->statement, NULL) != SQLITE_OK ||
        bind_query(store, cursor->statement, query) != SQLITE_OK) {
        const enum bf_status status = bf_sql_fail(store, "read", err);
        bf_cursor_close(cursor);
        return status;
    }
    *out = cursor;
    return BF_OK;
}

void bf_cursor_close(struct bf_cursor *cursor)
{
    if (!cursor)
        return;
    sqlite3_finalize(cursor->statement);
    free(cursor->embedding);
    free(cursor);
}

/* Column `column` as 16-bit numbers: a commit wrote them little-endian, and a blob is not aligned. */
static bool read_embedding(struct bf_cursor *cursor, int column, struct bf_sample *sample)
{
    sqlite3_stmt *s = cursor->statement;
    int32_t n;
    sample->embedding = NULL;
    sample->n_embd = 0;
    if (sqlite3_column_type(s, column + 1) == SQLITE_NULL)
        return true;
    const unsigned char *bytes = sqlite3_column_blob(s, column + 1);
    if (!bf_sql_int32(s, column, &n) || n <= 0 || n > EMBEDDING_MAX || !bytes ||
        sqlite3_column_bytes(s, column + 1) != 2 * n)
        return false;
    const size_t size = (size_t)n;
    if (size > cursor->embedding_size) {
        cursor->embedding = bf_grow(cursor->embedding, size, sizeof *cursor->embedding);
        cursor->embedding_size = size;
    }
    for (size_t i = 0; i < size; i++)
        cursor->embedding[i] = (uint16_t)(bytes[2 * i] | bytes[2 * i + 1] << 8);
    sample->embedding = cursor->embedding;
    sample->n_embd = n;
    return true;
}

/* An index that may be missing: -1 for NULL. */
static bool read_index(sqlite3_stmt *s, int column, int32_t *out)
{
    *out = -1;
    return sqlite3_column_type(s, column) == SQLITE_NULL || (bf_sql_int32(s, column, out) && *out >= 0);
}

static bool read_row(struct bf_cursor *cursor, struct bf_row *row)
{
    sqlite3_stmt *s = cursor->statement;
    struct bf_sample *sample = &row->sample;
    const char *stage = (const char *)sqlite3_column_text(s, 1);
    const char *reason = (const char *)sqlite3_column_text(s, 3);
    const char *finish = (const char *)sqlite3_column_text(s, 13);
    row->id = sqlite3_column_int64(s, 0);
    sample->stage = bf_stage_of(stage ? stage : "");
    sample->index = sqlite3_column_int64(s, 2);
    sample->reason = bf_reason_of(reason ? reason : "");
    sample->text = (const char *)sqlite3_column_text(s, 4);
    sample->raw = (const char *)sqlite3_column_text(s, 5);
    sample->question = (const char *)sqlite3_column_text(s, 6);
    sample->answer = (const char *)sqlite3_column_text(s, 7);
    sample->temperature = bf_sql_real(s, 10);
    sample->seed = (uint64_t)sqlite3_column_int64(s, 11);
    sample->finish = finish && strcmp(finish, "stop") == 0 ? BF_FINISH_STOP : BF_FINISH_LENGTH;
    sample->min_k_sampling = bf_sql_real(s, 14);
    sample->min_k_model = bf_sql_real(s, 15);
    sample->mean_logp = bf_sql_real(s, 16);
    sample->diversity = bf_sql_real(s, 17);
    sample->domain_similarity = bf_sql_real(s, 18);
    row->point_text = (const char *)sqlite3_column_text(s, 19);
    row->template_name = (const char *)sqlite3_column_text(s, 20);
    row->template_family = (const char *)sqlite3_column_text(s, 21);
    sample->instance = sqlite3_column_type(s, 24) == SQLITE_NULL ? -1 : sqlite3_column_int64(s, 24);
    sample->edit_distance = bf_sql_real(s, 25);
    sample->text_hash = (uint64_t)sqlite3_column_int64(s, 26);
    row->same_as = sqlite3_column_int64(s, 27);
    row->request = sqlite3_column_int64(s, 28);
    row->request_name = (const char *)sqlite3_column_text(s, 29);
    const char *source = (const char *)sqlite3_column_text(s, 31);
    const char *root = (const char *)sqlite3_column_text(s, 35);
    row->source = sqlite3_column_int64(s, 30);
    sample->source_stage = source ? bf_stage_of(source) : BF_STAGE_POINTS;
    sample->source_index = sqlite3_column_int64(s, 32);
    row->object = (const char *)sqlite3_column_text(s, 33);
    sample->held_out = sqlite3_column_int(s, 34) != 0;
    row->root = bf_stage_of(root ? root : "");
    row->asked = (const char *)sqlite3_column_text(s, 36);
    row->topic = row->point_text ? row->point_text : (const char *)sqlite3_column_text(s, 37);
    return sample->stage != BF_STAGE_COUNT && sample->source_stage != BF_STAGE_COUNT && row->root != BF_STAGE_COUNT &&
           sample->reason != BF_REASON_COUNT && sample->text && sample->index >= 0 && row->request_name &&
           read_index(s, 8, &sample->point) && read_index(s, 9, &sample->template_index) &&
           bf_sql_int32(s, 12, &sample->n_tokens) && sample->n_tokens >= 0 && read_embedding(cursor, 22, sample);
}

enum bf_status bf_cursor_next(struct bf_cursor *cursor, struct bf_row *row, bool *more, struct bf_err *err)
{
    *more = false;
    *row = (struct bf_row){0};
    if (cursor->done)
        return BF_OK;
    const int rc = sqlite3_step(cursor->statement);
    if (rc == SQLITE_ROW && read_row(cursor, row)) {
        *more = true;
        return BF_OK;
    }
    cursor->done = true;
    *row = (struct bf_row){0};
    enum bf_status status = BF_OK;
    if (rc == SQLITE_ROW)
        status = bf_sql_damaged(cursor->store,
                                "a sample has values that were never written, or a newer program's words", err);
    else if (rc != SQLITE_DONE)
        status = bf_sql_fail(cursor->store, "read", err);
    sqlite3_reset(cursor->statement); /* the read transaction ends with the last row, not with the close */
    return status;
}
