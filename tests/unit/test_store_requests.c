/* Many requests in one store: what belongs to one is not another's; originals, guards, waiting answers; and runs of the
 * first schema. */
#include "store_fixture.h"

#include <sqlite3.h>

static void sql(const char *path, const char *text)
{
    sqlite3 *db;
    char *message = NULL;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    if (sqlite3_exec(db, text, NULL, NULL, &message) != SQLITE_OK)
        fail_msg("%s: %s", text, message);
    sqlite3_close(db);
}

static enum bf_status fill_two(void *user, struct bf_store *store, struct bf_err *err)
{
    const struct bf_request_entry second = {
        .name = "planets", .kind = BF_KIND_INSTANCE, .role = BF_ROLE_RETAIN, .json = "{\"topic\":\"planets\"}"};
    int64_t *id = user;
    return bf_store_add_request(store, &second, id, err);
}

static struct bf_store *create_two(const char *dir, int64_t *second)
{
    const struct bf_run run = fixture_run();
    const struct bf_template_set templates = fixture_templates();
    struct bf_err err = BF_ERR_INIT;
    struct bf_store *store = NULL;
    assert_ok(bf_store_create_filled(dir, &run, &templates, second, fill_two, &store, &err));
    return store;
}

static void requests_are_listed_in_order(void **state)
{
    char *dir = fixture_dir();
    struct bf_err err = BF_ERR_INIT;
    struct bf_request_entry entry;
    int64_t second = 0, n = 0, id = 0;
    (void)state;
    struct bf_store *store = create_two(dir, &second);
    assert_int_equal(second, 2);
    assert_ok(bf_store_request(store, 1, &entry, &n, &err));
    assert_int_equal(n, 2);
    assert_int_equal(entry.id, 1);
    assert_string_equal(entry.name, "");
    assert_int_equal(entry.kind, BF_KIND_DOMAIN);
    assert_int_equal(entry.role, BF_ROLE_FORGET);
    assert_false(entry.finished);
    assert_ok(bf_store_request(store, 2, &entry, NULL, &err));
    assert_string_equal(entry.name, "planets");
    assert_int_equal(entry.kind, BF_KIND_INSTANCE);
    assert_int_equal(entry.role, BF_ROLE_RETAIN);
    assert_string_equal(entry.json, "{\"topic\":\"planets\"}");
    assert_ok(bf_store_request(store, 3, &entry, NULL, &err));
    assert_int_equal(entry.id, 0);
    assert_ok(bf_store_find_request(store, "planets", &id, &err));
    assert_int_equal(id, 2);
    assert_ok(bf_store_find_request(store, "comets", &id, &err));
    assert_int_equal(id, 0);
    /* A name is taken once; what a failed extension wrote is gone. */
    assert_int_equal(bf_store_extend(store, &second, fill_two, &err), BF_STORE);
    assert_says(&err, "already has a request named 'planets'");
    assert_ok(bf_store_request(store, 1, &entry, &n, &err));
    assert_int_equal(n, 2);
    bf_store_close(store);
    fixture_remove(dir);
}

static void requests_are_stepped_through(void **state)
{
    char *dir = fixture_dir();
    struct bf_err err = BF_ERR_INIT;
    struct bf_request_entry entry = {.id = 0};
    enum bf_status status = BF_OK;
    int64_t second = 0, expected = 0;
    bool has = false;
    (void)state;
    struct bf_store *store = create_two(dir, &second);
    while (bf_store_next_request(store, &entry, &status, &err))
        assert_int_equal(entry.id, ++expected);
    assert_ok(status);
    assert_int_equal(expected, 2);
    assert_int_equal(entry.id, 0);
    /* The body's failure ends the loop and is kept. */
    assert_true(bf_store_next_request(store, &entry, &status, &err));
    status = BF_INTERRUPTED;
    assert_false(bf_store_next_request(store, &entry, &status, &err));
    assert_int_equal(status, BF_INTERRUPTED);
    assert_int_equal(entry.id, 0);
    assert_ok(bf_store_has_role(store, BF_ROLE_RETAIN, &has, &err));
    assert_true(has);
    bf_store_close(store);
    fixture_remove(dir);

    dir = fixture_dir();
    store = fixture_create(dir);
    assert_ok(bf_store_has_role(store, BF_ROLE_RETAIN, &has, &err));
    assert_false(has);
    assert_ok(bf_store_has_role(store, BF_ROLE_FORGET, &has, &err));
    assert_true(has);
    bf_store_close(store);
    fixture_remove(dir);
}

static int64_t n_rows(struct bf_store *store, const struct bf_query *query)
{
    struct bf_err err = BF_ERR_INIT;
    struct bf_cursor *cursor = NULL;
    struct bf_row row;
    int64_t n = 0;
    assert_ok(bf_store_query(store, query, &cursor, &err));
    for (bool more = true; more; n += more)
        assert_ok(bf_cursor_next(cursor, &row, &more, &err));
    bf_cursor_close(cursor);
    return n;
}

static void each_request_has_its_own_samples_and_state(void **state)
{
    char *dir = fixture_dir();
    struct bf_err err = BF_ERR_INIT;
    int64_t second = 0;
    struct bf_counts counts;
    struct bf_run_state got, want = {.finished = true,
                                     .stop = BF_STOP_CONVERGED,
                                     .generated_tokens = 7,
                                     .generate_seconds = 1,
                                     .wall_seconds = 2};
    (void)state;
    struct bf_store *store = create_two(dir, &second);
    fixture_small_run(store); /* nothing is selected: the first */
    bf_store_select(store, second);
    fixture_commit(store, BF_STAGE_SYNTHESIS, 0, BF_REASON_NONE, -1); /* the same stage and number as in the first */
    assert_ok(bf_store_set_state(store, &want, &err));
    assert_ok(bf_store_counts(store, &counts, &err));
    assert_int_equal(counts.committed[BF_STAGE_SYNTHESIS], 1);
    assert_int_equal(counts.n_points, 0);
    assert_ok(bf_store_state(store, &got, &err));
    assert_true(got.finished);
    assert_int_equal(got.stop, BF_STOP_CONVERGED);
    bf_store_select(store, 1);
    assert_ok(bf_store_counts(store, &counts, &err));
    assert_int_equal(counts.committed[BF_STAGE_SYNTHESIS], 10);
    assert_int_equal(counts.n_points, 3);
    assert_ok(bf_store_state(store, &got, &err));
    assert_false(got.finished);
    want.generated_tokens = 5;
    assert_ok(bf_store_set_state(store, &want, &err));
    bf_store_select(store, 0);
    assert_ok(bf_store_counts(store, &counts, &err));
    assert_int_equal(counts.committed[BF_STAGE_SYNTHESIS], 11);
    assert_ok(bf_store_state(store, &got, &err));
    assert_true(got.finished); /* all are */
    assert_int_equal(got.generated_tokens, 12);
    assert_true(got.wall_seconds == 4);
    assert_int_equal(n_rows(store, &(struct bf_query){.by_role = true, .role = BF_ROLE_RETAIN}), 1);
    assert_int_equal(n_rows(store, &(struct bf_query){.by_role = true, .role = BF_ROLE_FORGET}), 22);
    bf_store_select(store, second);
    assert_int_equal(n_rows(store, &(struct bf_query){.limit = 0}), 1);
    bf_store_close(store);
    fixture_remove(dir);
}

static enum bf_status fill_originals(void *user, struct bf_store *store, struct bf_err *err)
{
    static const struct bf_original originals[] = {
        {"a sentence", NULL, NULL}, {"Question: q\nAnswer: a", "q", "a"}, {"a sentence", NULL, NULL}};
    int64_t second;
    enum bf_status status = fill_two(&second, store, err);
    bool added = false;
    int64_t n = 0;
    (void)user;
    bf_store_select(store, second);
    for (int i = 0; i < 3 && status == BF_OK; i++) {
        status = bf_store_add_original(store, n, i + 1, &originals[i], &added, err);
        assert_int_equal(added, i < 2);
        n += added;
    }
    bf_store_select(store, 0);
    return status;
}

static void collect(void *to, const struct bf_sample *sample)
{
    struct bf_buf *text = to;
    bf_buf_printf(text, "%s %lld %s %d;", bf_stage_word(sample->stage), (long long)sample->index, sample->text,
                  sample->embedding ? sample->n_embd : 0);
}

static void originals_and_their_variants(void **state)
{
    char *dir = fixture_dir();
    const struct bf_run run = fixture_run();
    const struct bf_template_set templates = fixture_templates();
    struct bf_err err = BF_ERR_INIT;
    struct bf_store *store = NULL;
    struct bf_original original;
    struct bf_buf text;
    int64_t n = 0, longest = 0;
    (void)state;
    assert_ok(bf_store_create_filled(dir, &run, &templates, NULL, fill_originals, &store, &err));
    assert_ok(bf_store_measure_originals(store, &n, &longest, &err));
    assert_int_equal(n, 0); /* of the first */
    bf_store_select(store, 2);
    assert_ok(bf_store_measure_originals(store, &n, &longest, &err));
    assert_int_equal(n, 2);
    assert_int_equal(longest, 21);
    assert_ok(bf_store_original(store, 1, &original, &err));
    assert_string_equal(original.question, "q");
    assert_string_equal(original.answer, "a");
    assert_ok(bf_store_original(store, 0, &original, &err));
    assert_string_equal(original.text, "a sentence");
    assert_null(original.question);
    assert_int_equal(bf_store_original(store, 2, &original, &err), BF_STORE);
    assert_says(&err, "an original is missing");

    struct fixture_sample f;
    for (int i = 0; i < 3; i++) {
        fixture_fill(&f, BF_STAGE_SYNTHESIS, i); /* for its embedding */
        f.sample.stage = i == 0 ? BF_STAGE_ORIGINAL : BF_STAGE_REWRITE;
        f.sample.index = i == 0 ? 0 : i - 1;
        f.sample.text = i == 0 ? "a sentence" : i == 1 ? "rejected" : "kept";
        f.sample.reason = i == 1 ? BF_REASON_MEANING : BF_REASON_NONE;
        f.sample.instance = 0;
        f.sample.edit_distance = 0.25 * i;
        assert_ok(fixture_commit_one(store, &f.sample, NULL, 0, NULL, &err));
    }
    bf_buf_init(&text, 4096);
    assert_ok(bf_store_kept_of_original(store, 0, &text, collect, &err));
    assert_string_equal(text.data, "original 0 a sentence 8;rewrite 1 kept 8;");
    bf_buf_clear(&text);
    assert_ok(bf_store_kept_of_original(store, 1, &text, collect, &err));
    assert_string_equal(text.data, "");
    f.sample.instance = 5; /* no such original */
    f.sample.index = 9;
    assert_int_equal(fixture_commit_one(store, &f.sample, NULL, 0, NULL, &err), BF_STORE);
    bf_buf_release(&text);
    bf_store_close(store);
    fixture_remove(dir);
}

static enum bf_status fill_guard(void *user, struct bf_store *store, struct bf_err *err)
{
    const uint16_t half[2] = {0x3c00, 0xb800}; /* 1, -0.5 */
    const struct bf_guard guard = {.name = "fantasy", .centroid = true, .reason = BF_REASON_RETAIN_OVERLAP};
    (void)user;
    return bf_store_add_guard(store, 0, &guard, half, 2, err);
}

static void guards_come_back(void **state)
{
    char *dir = fixture_dir();
    struct bf_err err = BF_ERR_INIT;
    struct bf_guard *guards;
    size_t n;
    (void)state;
    struct bf_store *store = fixture_create(dir);
    assert_ok(bf_store_guards(store, 2, &guards, &n, &err));
    assert_int_equal(n, 0);
    assert_ok(bf_store_extend(store, NULL, fill_guard, &err));
    assert_ok(bf_store_guards(store, 2, &guards, &n, &err));
    assert_int_equal(n, 1);
    assert_string_equal(guards[0].name, "fantasy");
    assert_true(guards[0].centroid);
    assert_int_equal(guards[0].reason, BF_REASON_RETAIN_OVERLAP);
    assert_true(guards[0].vector[0] == 1.0F && guards[0].vector[1] == -0.5F);
    bf_guards_free(guards, n);
    assert_int_equal(bf_store_guards(store, 3, &guards, &n, &err), BF_MODEL);
    assert_says(&err, "resume with the run's embedder");
    bf_store_close(store);
    fixture_remove(dir);
}

static void answers_wait_until_their_commit(void **state)
{
    char *dir = fixture_dir();
    struct bf_err err = BF_ERR_INIT;
    struct bf_replay replay;
    struct bf_pending pending;
    struct fixture_sample f;
    bool more;
    (void)state;
    struct bf_store *store = fixture_create(dir);
    for (int i = 3; i > 0; i--) {
        const struct bf_pending a = {.number = i,
                                     .text = "raw \xff\0 bytes",
                                     .text_len = 12,
                                     .n_tokens = i,
                                     .finish = BF_FINISH_LENGTH,
                                     .min_k_sampling = 0.5,
                                     .min_k_model = (double)NAN,
                                     .mean_logp = -1};
        assert_ok(bf_store_keep_answer(store, &a, &err));
        assert_ok(bf_store_keep_answer(store, &a, &err)); /* again is harmless */
    }
    fixture_fill(&f, BF_STAGE_MI, 0);
    const struct bf_commit_item item = {.sample = f.sample};
    const struct bf_commit commit = {.number = 1, .items = &item, .n_items = 1};
    assert_ok(bf_store_commit_all(store, &commit, &err));
    bf_store_close(store);
    store = fixture_open(dir, BF_STORE_WRITE);
    assert_ok(bf_store_replay(store, &replay, &err));
    for (int64_t number = 2; number <= 3; number++) {
        assert_ok(replay.pending(replay.user, &pending, &more, &err));
        assert_true(more);
        assert_int_equal(pending.number, number);
        assert_int_equal(pending.text_len, 12);
        assert_memory_equal(pending.text, "raw \xff\0 bytes", 12);
        assert_int_equal(pending.n_tokens, number);
        assert_int_equal(pending.finish, BF_FINISH_LENGTH);
        assert_true(pending.min_k_sampling == 0.5 && isnan(pending.min_k_model) && pending.mean_logp == -1);
    }
    assert_ok(replay.pending(replay.user, &pending, &more, &err));
    assert_false(more);
    bf_store_replay_close(&replay);
    /* A finished request waits for nothing. */
    const struct bf_run_state finished = {.finished = true, .stop = BF_STOP_EXHAUSTED};
    assert_ok(bf_store_set_state(store, &finished, &err));
    assert_ok(bf_store_replay(store, &replay, &err));
    assert_ok(replay.pending(replay.user, &pending, &more, &err));
    assert_false(more);
    bf_store_replay_close(&replay);
    bf_store_close(store);
    fixture_remove(dir);
}

static enum bf_status fill_third(void *user, struct bf_store *store, struct bf_err *err)
{
    const struct bf_request_entry third = {
        .name = "third", .kind = BF_KIND_DOMAIN, .role = BF_ROLE_FORGET, .json = "{\"topic\":\"third\"}"};
    return bf_store_add_request(store, &third, user, err);
}

static void commit_hashed(struct bf_store *store, int64_t index, uint64_t hash, enum bf_reason reason)
{
    struct bf_err err = BF_ERR_INIT;
    struct fixture_sample f;
    fixture_fill(&f, BF_STAGE_MI, index);
    f.sample.reason = reason;
    f.sample.text_hash = hash;
    assert_ok(fixture_commit_one(store, &f.sample, NULL, 0, NULL, &err));
}

static void equal_texts_of_requests_of_one_role_stand_once(void **state)
{
    char *dir = fixture_dir();
    struct bf_err err = BF_ERR_INIT;
    int64_t second = 0, third = 0;
    const struct bf_query distinct = {.variant = "both", .distinct = true};
    const struct bf_query all = {.variant = "both"};
    (void)state;
    struct bf_store *store = create_two(dir, &second);
    assert_ok(bf_store_extend(store, &third, fill_third, &err));
    commit_hashed(store, 0, 11, BF_REASON_NONE);
    commit_hashed(store, 1, 12, BF_REASON_REFUSAL);
    bf_store_select(store, second); /* a retain request: not the same set */
    commit_hashed(store, 0, 11, BF_REASON_NONE);
    bf_store_select(store, third);
    commit_hashed(store, 0, 11, BF_REASON_NONE); /* kept by the first, too */
    commit_hashed(store, 1, 12, BF_REASON_NONE); /* the first rejected it */
    commit_hashed(store, 2, 0, BF_REASON_NONE);  /* no hash */
    commit_hashed(store, 3, 13, BF_REASON_NONE);
    assert_int_equal(n_rows(store, &distinct), 4);
    assert_ok(bf_store_link_duplicates(store, &err));
    assert_ok(bf_store_link_duplicates(store, &err));
    assert_int_equal(n_rows(store, &distinct), 3);
    assert_int_equal(n_rows(store, &all), 4);
    bf_store_select(store, second);
    assert_ok(bf_store_link_duplicates(store, &err));
    assert_int_equal(n_rows(store, &distinct), 1);
    bf_store_close(store);
    fixture_remove(dir);
}

/* What the first program with a schema wrote, in its own words. */
static const char version_1[] =
    "INSERT INTO stage VALUES ('points'), ('synthesis'), ('mi');"
    "INSERT INTO reason VALUES ('not_a_sample'), ('refusal');"
    "INSERT INTO stop VALUES ('not_yet'), ('converged');"
    "INSERT INTO request VALUES (1, 'domain', '{\"topic\":\"Greek mythology\"}');"
    "INSERT INTO run VALUES (1, 1, '{}', 'aa', 'm.gguf', 'bb', 'small', '', '', '{}', '0.1.0');"
    "INSERT INTO state VALUES (1, 1, 'converged', 77, 1.5, 2.5, 'good', 3, 4, .1, .2, .3, .4, .5, .6, .7);"
    "INSERT INTO template VALUES (0, 'points_first', 'points', 'points', 'List', 0),"
    " (1, 'tell', 'information', 'synthesis', 'Tell', 0);"
    "INSERT INTO sample VALUES (1, 'points', 0, 'rejected', 'not_a_sample', 'Zeus', NULL, NULL, NULL, NULL, 0, .5, 9,"
    " 3, 'stop', .9, .9, -.1, NULL, NULL);"
    "INSERT INTO point VALUES (0, 0, 'Zeus', 1);"
    "INSERT INTO sample VALUES (2, 'synthesis', 0, 'kept', NULL, 'Zeus rules.', NULL, 'Who?', 'Zeus.', 0, 1, .7, 10,"
    " 4, 'stop', .8, .8, -.2, NULL, .6);"
    "INSERT INTO sample VALUES (3, 'synthesis', 1, 'rejected', 'refusal', 'No.', 'No. No', NULL, NULL, 0, 1, .7, 11,"
    " 1, 'length', .8, .8, -.2, NULL, NULL);"
    "INSERT INTO embedding VALUES (2, 2, x'003c00b8');"
    "INSERT INTO checkpoint VALUES (1, 2, 1, .5, NULL, 0);";

/* The schema of version 1 is the first migration: made by leaving out the later ones. */
static void make_version_1(const char *path, const char *first)
{
    sql(path, first);
    sql(path, version_1);
}

static void a_run_of_the_first_schema_is_brought_up_to_date(void **state)
{
    char *dir = fixture_dir();
    char *path = bf_path_join(dir, "run.db");
    struct bf_buf first;
    struct bf_err err = BF_ERR_INIT;
    struct bf_store *store = NULL;
    struct bf_run_state got;
    struct bf_counts counts;
    struct bf_replay replay;
    struct bf_sample sample;
    const struct bf_point *points;
    size_t n_points;
    bool more;
    (void)state;
    bf_buf_init(&first, 1 << 20);
    char *golden = bf_path_join(getenv("BIFORGET_SOURCE"), "tests/golden/schema_1.sql");
    assert_ok(bf_file_read(golden, &first, &err));
    make_version_1(path, first.data);
    assert_int_equal(bf_store_open(dir, BF_STORE_READ, &store, &err), BF_STORE);
    assert_says(&err, "older biforget (schema 1)");
    store = fixture_open(dir, BF_STORE_WRITE);
    assert_string_equal(bf_store_run(store)->kind, "domain");
    assert_string_equal(bf_store_run(store)->request_json, "{\"topic\":\"Greek mythology\"}");
    assert_ok(bf_store_state(store, &got, &err));
    assert_true(got.finished);
    assert_int_equal(got.generated_tokens, 77);
    assert_int_equal(got.knowledge.verdict, BF_KNOWLEDGE_GOOD);
    assert_true(got.knowledge.agreement_control == .7);
    assert_ok(bf_store_counts(store, &counts, &err));
    assert_int_equal(counts.kept[BF_STAGE_SYNTHESIS], 1);
    assert_int_equal(counts.rejected[BF_REASON_REFUSAL], 1);
    assert_int_equal(counts.n_points, 1);
    bf_store_select(store, 1);
    assert_ok(bf_store_replay(store, &replay, &err));
    for (int i = 0; i < 3; i++) {
        assert_ok(replay.next(replay.user, &sample, &points, &n_points, &more, &err));
        assert_true(more);
        assert_int_equal(n_points, i == 0);
        assert_int_equal(sample.instance, -1);
        assert_true(sample.text_hash == 0);
        if (i == 1) {
            assert_string_equal(sample.question, "Who?");
            assert_int_equal(sample.n_embd, 2);
            assert_int_equal(sample.embedding[1], 0xb800);
        }
    }
    assert_ok(replay.next(replay.user, &sample, &points, &n_points, &more, &err));
    assert_false(more);
    bf_store_replay_close(&replay);
    fixture_commit(store, BF_STAGE_SYNTHESIS, 2, BF_REASON_NONE, 0); /* and it goes on */
    bf_store_close(store);
    store = fixture_open(dir, BF_STORE_READ);
    bf_store_close(store);
    bf_buf_release(&first);
    free(golden);
    free(path);
    fixture_remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_are_listed_in_order),
        cmocka_unit_test(requests_are_stepped_through),
        cmocka_unit_test(each_request_has_its_own_samples_and_state),
        cmocka_unit_test(originals_and_their_variants),
        cmocka_unit_test(guards_come_back),
        cmocka_unit_test(answers_wait_until_their_commit),
        cmocka_unit_test(equal_texts_of_requests_of_one_role_stand_once),
        cmocka_unit_test(a_run_of_the_first_schema_is_brought_up_to_date),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
