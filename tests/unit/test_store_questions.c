/* Questions, pairs and wordings in the store: what they are made of, what is held out, which variant they belong to;
 * and runs from before they existed. */
#include "store_fixture.h"

#include <sqlite3.h>

#include "base/banned.h"

static void put(struct bf_store *store, enum bf_stage stage, int64_t index, enum bf_reason reason, enum bf_stage source,
                int64_t source_index, bool held_out)
{
    struct bf_err err = BF_ERR_INIT;
    struct fixture_sample f;
    fixture_fill(&f, stage, index);
    f.sample.template_index = -1;
    f.sample.reason = reason;
    f.sample.source_stage = source;
    f.sample.source_index = source_index;
    f.sample.held_out = held_out;
    assert_ok(fixture_commit_one(store, &f.sample, NULL, 0, NULL, &err));
}

/* The small run, which keeps synthesis 0 1 3 4 6 7 9, mi 1..4 and jailbreak 0..3; then pairs about a Stage I text
 * (trained on, with two wordings), an MI text and a jailbreak text (held out), and a control text; and a question that
 * the model refuses to answer. */
static void fill(struct bf_store *store)
{
    fixture_small_run(store);
    put(store, BF_STAGE_QUESTIONS, 0, BF_REASON_NOT_A_SAMPLE, BF_STAGE_SYNTHESIS, 3, false);
    put(store, BF_STAGE_QUESTIONS, 1, BF_REASON_GIVES_AWAY, BF_STAGE_SYNTHESIS, 4, false);
    put(store, BF_STAGE_PAIRS, 0, BF_REASON_NONE, BF_STAGE_SYNTHESIS, 3, false);
    put(store, BF_STAGE_PAIRS, 1, BF_REASON_NONE, BF_STAGE_MI, 2, true);
    put(store, BF_STAGE_PAIRS, 2, BF_REASON_NONE, BF_STAGE_JAILBREAK, 1, true);
    put(store, BF_STAGE_PAIRS, 3, BF_REASON_NOT_KNOWN, BF_STAGE_SYNTHESIS, 6, false);
    put(store, BF_STAGE_PAIRS, 4, BF_REASON_NOT_A_SAMPLE, BF_STAGE_CONTROL, 1, false);
    put(store, BF_STAGE_PAIRS, 5, BF_REASON_REFUSAL, BF_STAGE_SYNTHESIS, 7, false);
    put(store, BF_STAGE_WORDINGS, 0, BF_REASON_NONE, BF_STAGE_PAIRS, 0, false);
    put(store, BF_STAGE_WORDINGS, 1, BF_REASON_NONE, BF_STAGE_PAIRS, 0, true);
}

/* The "stage index" words of a query, in order; only_pairs: without its texts. */
static void list_query(struct bf_store *store, const struct bf_query *query, bool only_pairs, struct bf_buf *out)
{
    struct bf_err err = BF_ERR_INIT;
    struct bf_cursor *cursor;
    struct bf_row row;
    bool more = true;
    bf_buf_clear(out);
    assert_ok(bf_store_query(store, query, &cursor, &err));
    for (;;) {
        assert_ok(bf_cursor_next(cursor, &row, &more, &err));
        if (!more)
            break;
        if (!only_pairs || bf_stage_is_pair(row.sample.stage))
            bf_buf_printf(out, "%s%lld ", bf_stage_word(row.sample.stage), (long long)row.sample.index);
    }
    bf_cursor_close(cursor);
}

static void list(struct bf_store *store, const char *variant, enum bf_pair_use pairs, struct bf_buf *out)
{
    list_query(store, &(struct bf_query){.variant = variant, .pairs = pairs}, pairs == BF_PAIRS_TRAIN, out);
}

static void list_texts(struct bf_store *store, const char *variant, enum bf_text_use texts, struct bf_buf *out)
{
    list_query(store, &(struct bf_query){.variant = variant, .texts = texts}, false, out);
}

/* A pair on the invented topic speaks for no text; a question that gave its answer away, or that the model refuses to
 * answer, speaks neither for nor against one. */
static void texts_are_chosen_by_their_pairs(void **state)
{
    (void)state;
    char *dir = fixture_dir();
    char *path = bf_path_join(dir, "run");
    struct bf_store *store = fixture_create(path);
    struct bf_buf out;
    bf_buf_init(&out, 4096);
    fill(store);
    list_texts(store, "both", BF_TEXTS_VERIFIED, &out);
    assert_string_equal(out.data, "synthesis3 mi2 jailbreak1 ");
    list_texts(store, "fix", BF_TEXTS_VERIFIED, &out);
    assert_string_equal(out.data, "synthesis3 ");
    list_texts(store, "fix", BF_TEXTS_NOT_REFUTED, &out);
    assert_string_equal(out.data, "synthesis0 synthesis1 synthesis3 synthesis4 synthesis7 synthesis9 ");
    list_texts(store, "fix", BF_TEXTS_ALL, &out);
    assert_string_equal(out.data, "synthesis0 synthesis1 synthesis3 synthesis4 synthesis6 synthesis7 synthesis9 ");
    bf_buf_release(&out);
    bf_store_close(store);
    free(path);
    fixture_remove(dir);
}

static void variants_hold_the_pairs_of_their_texts(void **state)
{
    static const struct {
        const char *variant, *held_out;
    } wanted[] = {{"fix", "wordings1 "},
                  {"mi", "pairs1 wordings1 "},
                  {"jailbreak", "pairs2 wordings1 "},
                  {"both", "pairs1 pairs2 wordings1 "}};
    char *dir = fixture_dir();
    struct bf_store *store = fixture_create(dir);
    struct bf_buf words;
    (void)state;
    fill(store);
    bf_buf_init(&words, SIZE_MAX);
    for (size_t i = 0; i < 4; i++) {
        list(store, wanted[i].variant, BF_PAIRS_HELD_OUT, &words);
        assert_string_equal(words.data, wanted[i].held_out);
        list(store, wanted[i].variant, BF_PAIRS_TRAIN, &words);
        assert_string_equal(words.data, "pairs0 wordings0 ");
        list(store, wanted[i].variant, BF_PAIRS_NONE, &words);
        assert_null(strstr(words.data, "pairs"));
        assert_null(strstr(words.data, "wordings"));
        assert_non_null(strstr(words.data, "synthesis3"));
    }
    bf_buf_release(&words);
    bf_store_close(store);
    fixture_remove(dir);
}

static void samples_know_their_sources(void **state)
{
    static const struct {
        enum bf_stage stage, source, root;
        int64_t source_index;
        bool held_out;
    } wanted[] = {
        {BF_STAGE_QUESTIONS, BF_STAGE_SYNTHESIS, BF_STAGE_SYNTHESIS, 3, false},
        {BF_STAGE_QUESTIONS, BF_STAGE_SYNTHESIS, BF_STAGE_SYNTHESIS, 4, false},
        {BF_STAGE_PAIRS, BF_STAGE_SYNTHESIS, BF_STAGE_SYNTHESIS, 3, false},
        {BF_STAGE_PAIRS, BF_STAGE_MI, BF_STAGE_MI, 2, true},
        {BF_STAGE_PAIRS, BF_STAGE_JAILBREAK, BF_STAGE_JAILBREAK, 1, true},
        {BF_STAGE_PAIRS, BF_STAGE_SYNTHESIS, BF_STAGE_SYNTHESIS, 6, false},
        {BF_STAGE_PAIRS, BF_STAGE_CONTROL, BF_STAGE_CONTROL, 1, false},
        {BF_STAGE_PAIRS, BF_STAGE_SYNTHESIS, BF_STAGE_SYNTHESIS, 7, false},
        {BF_STAGE_WORDINGS, BF_STAGE_PAIRS, BF_STAGE_SYNTHESIS, 0, false},
        {BF_STAGE_WORDINGS, BF_STAGE_PAIRS, BF_STAGE_SYNTHESIS, 0, true},
    };
    const struct bf_query all = {.with_embedding = false};
    char *dir = fixture_dir();
    struct bf_store *store = fixture_create(dir);
    struct bf_err err = BF_ERR_INIT;
    struct bf_cursor *cursor;
    struct bf_row row;
    bool more = true;
    int64_t ids[BF_STAGE_COUNT][16] = {{0}};
    size_t n = 0;
    (void)state;
    fill(store);
    assert_ok(bf_store_query(store, &all, &cursor, &err));
    for (;;) {
        assert_ok(bf_cursor_next(cursor, &row, &more, &err));
        if (!more)
            break;
        ids[row.sample.stage][row.sample.index] = row.id;
        if (row.sample.stage < BF_STAGE_QUESTIONS) {
            assert_int_equal(row.source, 0);
            assert_int_equal(row.sample.source_stage, BF_STAGE_POINTS);
            assert_int_equal(row.root, row.sample.stage);
            assert_false(row.sample.held_out);
            continue;
        }
        assert_true(n < sizeof wanted / sizeof *wanted);
        assert_int_equal(row.sample.stage, wanted[n].stage);
        assert_int_equal(row.sample.source_stage, wanted[n].source);
        assert_int_equal(row.sample.source_index, wanted[n].source_index);
        assert_int_equal(row.source, ids[wanted[n].source][wanted[n].source_index]);
        assert_int_equal(row.root, wanted[n].root);
        assert_int_equal(row.sample.held_out, wanted[n].held_out);
        /* The written answer of a pair is its raw text, and that of its wordings. */
        if (row.sample.stage == BF_STAGE_PAIRS)
            assert_same_text(row.object, row.sample.raw);
        else if (row.sample.stage == BF_STAGE_WORDINGS)
            assert_non_null(strstr(row.object, "of pairs"));
        else
            assert_null(row.object);
        n++;
    }
    assert_int_equal(n, sizeof wanted / sizeof *wanted);
    bf_cursor_close(cursor);
    bf_store_close(store);
    fixture_remove(dir);
}

static void pairs_are_counted_apart(void **state)
{
    char *dir = fixture_dir();
    struct bf_store *store = fixture_create(dir);
    struct bf_err err = BF_ERR_INIT;
    struct bf_counts c;
    (void)state;
    fill(store);
    assert_ok(bf_store_counts(store, &c, &err));
    assert_int_equal(c.both, 7 + 4 + 4);
    assert_int_equal(c.fix, 7);
    assert_int_equal(c.kept[BF_STAGE_PAIRS], 3);
    assert_int_equal(c.held_out[BF_STAGE_PAIRS], 2);
    assert_int_equal(c.kept[BF_STAGE_WORDINGS], 2);
    assert_int_equal(c.held_out[BF_STAGE_WORDINGS], 1);
    assert_int_equal(c.kept[BF_STAGE_QUESTIONS], 0);
    assert_int_equal(c.committed[BF_STAGE_QUESTIONS], 2);
    assert_int_equal(c.rejected_questions[BF_REASON_NOT_KNOWN], 1);
    assert_int_equal(c.rejected_questions[BF_REASON_GIVES_AWAY], 1);
    assert_int_equal(c.rejected[BF_REASON_NOT_KNOWN] + c.rejected[BF_REASON_GIVES_AWAY], 0);
    bf_store_close(store);
    fixture_remove(dir);
}

static void points_count_texts_only(void *user, const struct bf_point *point, int64_t n_kept, int64_t n_committed)
{
    int64_t *sums = user;
    (void)point;
    sums[0] += n_kept;
    sums[1] += n_committed;
}

static void a_pair_about_a_point_is_not_another_text_of_it(void **state)
{
    char *dir = fixture_dir();
    struct bf_store *store = fixture_create(dir);
    struct bf_err err = BF_ERR_INIT;
    struct fixture_sample f;
    int64_t sums[2] = {0, 0};
    (void)state;
    fill(store);
    fixture_fill(&f, BF_STAGE_PAIRS, 6);
    f.sample.template_index = -1;
    f.sample.point = 1;
    f.sample.source_stage = BF_STAGE_SYNTHESIS;
    f.sample.source_index = 9;
    assert_ok(fixture_commit_one(store, &f.sample, NULL, 0, NULL, &err));
    assert_ok(bf_store_each_point(store, sums, points_count_texts_only, &err));
    assert_int_equal(sums[0], 7);
    assert_int_equal(sums[1], 10);
    bf_store_close(store);
    fixture_remove(dir);
}

static void the_state_keeps_the_numbers(void **state)
{
    char *dir = fixture_dir();
    struct bf_store *store = fixture_create(dir);
    struct bf_err err = BF_ERR_INIT;
    struct bf_run_state s = {.finished = true, .stop = BF_STOP_EXHAUSTED};
    (void)state;
    s.knowledge.n_questions = 41;
    s.knowledge.n_verified = 30;
    s.knowledge.control_questions = 8;
    s.knowledge.control_verified = 1;
    assert_ok(bf_store_set_state(store, &s, &err));
    s = (struct bf_run_state){0};
    assert_ok(bf_store_state(store, &s, &err));
    assert_int_equal(s.knowledge.n_questions, 41);
    assert_int_equal(s.knowledge.n_verified, 30);
    assert_int_equal(s.knowledge.control_questions, 8);
    assert_int_equal(s.knowledge.control_verified, 1);
    bf_store_close(store);
    fixture_remove(dir);
}

/* A reader may not change the file, so it has to do without the columns; a writer adds them. */
static void a_run_of_schema_4_is_read_as_it_is(void **state)
{
    char *dir = fixture_dir();
    struct bf_store *store = fixture_create(dir);
    struct bf_err err = BF_ERR_INIT;
    struct bf_run_state s = {.finished = true, .stop = BF_STOP_CONVERGED, .generated_tokens = 77};
    struct bf_counts c;
    struct bf_buf words;
    sqlite3 *db;
    (void)state;
    fixture_small_run(store);
    assert_ok(bf_store_set_state(store, &s, &err));
    bf_store_close(store);
    char *path = bf_path_join(dir, "run.db");
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(
        sqlite3_exec(db,
                     "DROP INDEX sample_by_source;"
                     "ALTER TABLE sample DROP COLUMN source; ALTER TABLE sample DROP COLUMN held_out;"
                     "ALTER TABLE state DROP COLUMN n_questions; ALTER TABLE state DROP COLUMN n_verified;"
                     "ALTER TABLE state DROP COLUMN control_questions; ALTER TABLE point DROP COLUMN origin;"
                     "ALTER TABLE state DROP COLUMN control_verified;"
                     "CREATE TABLE old_request (id INTEGER PRIMARY KEY, name TEXT NOT NULL DEFAULT '',"
                     " kind TEXT NOT NULL, role TEXT NOT NULL DEFAULT 'forget', json TEXT NOT NULL) STRICT;"
                     "INSERT INTO old_request SELECT id, name, kind, role, json FROM request;"
                     "DROP TABLE request; ALTER TABLE old_request RENAME TO request;"
                     "CREATE UNIQUE INDEX request_by_name ON request (name); DROP TABLE role;"
                     "DROP TABLE training_probe; DROP TABLE training_probing;"
                     "PRAGMA user_version = 4",
                     NULL, NULL, NULL),
        SQLITE_OK);
    sqlite3_close(db);
    bf_buf_init(&words, SIZE_MAX);
    for (int writer = 0; writer < 2; writer++) {
        store = fixture_open(dir, writer ? BF_STORE_WRITE : BF_STORE_READ);
        assert_ok(bf_store_counts(store, &c, &err));
        assert_int_equal(c.both, 15);
        assert_ok(bf_store_state(store, &s, &err));
        assert_int_equal(s.generated_tokens, 77);
        assert_int_equal(s.knowledge.n_questions, 0);
        list(store, "fix", BF_PAIRS_NONE, &words);
        assert_string_equal(words.data,
                            "synthesis0 synthesis1 synthesis3 synthesis4 synthesis6 synthesis7 synthesis9 ");
        list(store, "both", BF_PAIRS_HELD_OUT, &words);
        assert_string_equal(words.data, "");
        if (writer) {
            put(store, BF_STAGE_PAIRS, 0, BF_REASON_NONE, BF_STAGE_SYNTHESIS, 3, true);
            list(store, "both", BF_PAIRS_HELD_OUT, &words);
            assert_string_equal(words.data, "pairs0 ");
        }
        bf_store_close(store);
    }
    bf_buf_release(&words);
    free(path);
    fixture_remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_chosen_by_their_pairs),
        cmocka_unit_test(variants_hold_the_pairs_of_their_texts),
        cmocka_unit_test(samples_know_their_sources),
        cmocka_unit_test(pairs_are_counted_apart),
        cmocka_unit_test(a_pair_about_a_point_is_not_another_text_of_it),
        cmocka_unit_test(the_state_keeps_the_numbers),
        cmocka_unit_test(a_run_of_schema_4_is_read_as_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
