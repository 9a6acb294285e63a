/* The life of a run in the store: create, commit, count, query, replay, state, close, open again. */
#include "store_fixture.h"

#include <sqlite3.h>

#include "base/banned.h"

static void run_is_kept(void **state)
{
    char *dir = fixture_dir();
    char *run_dir = bf_path_join(dir, "deep/run");
    struct bf_store *store = fixture_create(run_dir);
    const struct bf_run want = fixture_run();
    struct stat info;
    (void)state;
    for (int round = 0; round < 3; round++) {
        const struct bf_run *got = bf_store_run(store);
        assert_string_equal(got->kind, want.kind);
        assert_string_equal(got->request_json, want.request_json);
        assert_string_equal(got->templates_json, want.templates_json);
        assert_string_equal(got->templates_sha256, want.templates_sha256);
        assert_string_equal(got->model_path, want.model_path);
        assert_string_equal(got->model_sha256, want.model_sha256);
        assert_string_equal(got->model_desc, want.model_desc);
        assert_string_equal(got->embedder_path, "");
        assert_string_equal(got->embedder_sha256, "");
        assert_string_equal(got->engine_json, want.engine_json);
        assert_string_equal(got->program_version, want.program_version);
        assert_string_equal(bf_store_dir(store), run_dir);
        bf_store_close(store);
        store = fixture_open(run_dir, round == 0 ? BF_STORE_READ : BF_STORE_WRITE);
    }
    bf_store_close(store);
    bf_store_close(NULL);
    assert_int_equal(stat(run_dir, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0700);
    char *path = bf_path_join(run_dir, "run.db");
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    free(path);
    /* Nothing but the run and its lock: no journal, no half-made file. */
    path = bf_path_join(run_dir, "run.db-wal");
    assert_false(bf_file_exists(path));
    free(path);
    path = bf_path_join(run_dir, "run.db-shm");
    assert_false(bf_file_exists(path));
    free(path);
    path = bf_path_join(run_dir, "run.db.new");
    assert_false(bf_file_exists(path));
    free(path);
    free(run_dir);
    fixture_remove(dir);
}

static void every_value_comes_back(void **state)
{
    static const double odd[] = {0.0, 1.0, 0.1, 5e-324, 1.7976931348623157e308, -1e-300, 3.0000000000000004, 123456789};
    char *dir = fixture_dir();
    struct bf_store *store = fixture_create(dir);
    struct bf_err err = BF_ERR_INIT;
    struct fixture_sample f[8];
    struct bf_replay replay;
    struct bf_sample got;
    const struct bf_point *points;
    size_t n_points;
    bool more;
    (void)state;
    for (int i = 0; i < 8; i++) {
        fixture_fill(&f[i], BF_STAGE_SYNTHESIS, i);
        f[i].sample.mean_logp = odd[i];
        f[i].sample.temperature = odd[7 - i];
    }
    f[0].sample.seed = UINT64_MAX;
    f[1].sample.seed = UINT64_C(1) << 63;
    f[2].sample.seed = 0;
    f[3].sample.min_k_sampling = f[3].sample.min_k_model = f[3].sample.mean_logp = (double)NAN;
    f[4].sample.template_index = -1;
    f[5].sample.embedding = NULL;
    f[5].sample.n_embd = 0;
    f[6].sample.diversity = (double)INFINITY;
    for (int i = 0; i < 8; i++)
        assert_ok(fixture_commit_one(store, &f[i].sample, NULL, 0, NULL, &err));
    bf_store_close(store);
    store = fixture_open(dir, BF_STORE_READ);
    assert_ok(bf_store_replay(store, &replay, &err));
    for (int i = 0; i < 8; i++) {
        assert_ok(replay.next(replay.user, &got, &points, &n_points, &more, &err));
        assert_true(more);
        assert_same_sample(&got, &f[i].sample);
        assert_int_equal(n_points, 0);
    }
    assert_ok(replay.next(replay.user, &got, &points, &n_points, &more, &err));
    assert_false(more);
    bf_store_replay_close(&replay);
    bf_store_replay_close(&replay); /* an empty one is a no-op */
    bf_store_close(store);
    fixture_remove(dir);
}

/* All 65,536 float16 patterns, NaNs included: the blob is bits, not numbers. */
static void every_float16_comes_back(void **state)
{
    char *dir = fixture_dir();
    struct bf_store *store = fixture_create(dir);
    struct bf_err err = BF_ERR_INIT;
    uint16_t *all = bf_array(65536, sizeof *all);
    struct fixture_sample f;
    const struct bf_query query = {.with_embedding = true};
    struct bf_cursor *cursor;
    struct bf_row row;
    bool more;
    (void)state;
    for (uint32_t i = 0; i < 65536; i++)
        all[i] = (uint16_t)i;
    fixture_fill(&f, BF_STAGE_SYNTHESIS, 0);
    f.sample.embedding = all;
    f.sample.n_embd = 65536;
    assert_ok(fixture_commit_one(store, &f.sample, NULL, 0, NULL, &err));
    assert_ok(bf_store_query(store, &query, &cursor, &err));
    assert_ok(bf_cursor_next(cursor, &row, &more, &err));
    assert_true(more);
    assert_int_equal(row.sample.n_embd, 65536);
    assert_memory_equal(row.sample.embedding, all, 65536 * sizeof *all);
    bf_cursor_close(cursor);
    bf_store_close(store);
    free(all);
    fixture_remove(dir);
}

static void replay_is_the_run(void **state)
{
    char *dir = fixture_dir();
    struct bf_store *store = fixture_create(dir);
    struct bf_err err = BF_ERR_INIT;
    struct bf_replay replay;
    struct bf_sample got;
    struct fixture_sample f;
    const struct bf_point *points;
    size_t n_points;
    bool more;
    int n = 0;
    (void)state;
    fixture_small_run(store);
    /* More points from a later round: each list of points comes back with its own. */
    const struct bf_point later[2] = {{3, 1, "Hermes", BF_ORIGIN_SNOWBALL}, {4, 1, "", ""}};
    fixture_fill(&f, BF_STAGE_POINTS, 1);
    f.sample.reason = BF_REASON_NOT_A_SAMPLE;
    assert_ok(fixture_commit_one(store, &f.sample, later, 2, NULL, &err));
    assert_ok(bf_store_replay(store, &replay, &err));
    for (;; n++) {
        assert_ok(replay.next(replay.user, &got, &points, &n_points, &more, &err));
        if (!more)
            break;
        fixture_fill(&f, got.stage, got.index);
        f.sample.reason = got.reason;
        f.sample.point = got.point;
        assert_same_sample(&got, &f.sample);
        assert_int_equal(n_points, n == 0 ? 3 : n == 22 ? 2 : 0);
        if (n == 0) {
            assert_string_equal(points[0].text, "Zeus");
            assert_string_equal(points[1].text, "Hera's \"peacock\"");
            assert_int_equal(points[2].index, 2);
            assert_int_equal(points[2].round, 0);
            assert_string_equal(points[0].origin, "forms: points_concepts, points_tell");
            assert_string_equal(points[1].origin, BF_ORIGIN_FILE);
            assert_string_equal(points[2].origin, "");
        }
        if (n == 22) {
            assert_string_equal(points[0].text, "Hermes");
            assert_string_equal(points[0].origin, BF_ORIGIN_SNOWBALL);
            assert_int_equal(points[1].index, 4);
            assert_int_equal(points[1].round, 1);
        }
    }
    assert_int_equal(n, 23);
    /* A finished replay holds no lock on the run: the next commit goes through. */
    fixture_commit(store, BF_STAGE_MI, 99, BF_REASON_NONE, -1);
    bf_store_replay_close(&replay);
    bf_store_close(store);
    fixture_remove(dir);
}

static void counts_are_counted(void **state)
{
    char *dir = fixture_dir();
    struct bf_store *store = fixture_create(dir);
    struct bf_err err = BF_ERR_INIT;
    struct bf_counts c;
    (void)state;
    assert_ok(bf_store_counts(store, &c, &err));
    for (int i = 0; i < BF_STAGE_COUNT; i++)
        assert_int_equal(c.committed[i] + c.kept[i], 0);
    assert_int_equal(c.n_points + c.fix + c.both, 0);
    fixture_small_run(store);
    assert_ok(bf_store_counts(store, &c, &err));
    assert_int_equal(c.committed[BF_STAGE_POINTS], 1);
    assert_int_equal(c.kept[BF_STAGE_POINTS], 0);
    assert_int_equal(c.committed[BF_STAGE_SYNTHESIS], 10);
    assert_int_equal(c.kept[BF_STAGE_SYNTHESIS], 7);
    assert_int_equal(c.committed[BF_STAGE_MI], 5);
    assert_int_equal(c.kept[BF_STAGE_MI], 4);
    assert_int_equal(c.committed[BF_STAGE_JAILBREAK], 4);
    assert_int_equal(c.kept[BF_STAGE_JAILBREAK], 4);
    assert_int_equal(c.committed[BF_STAGE_CONTROL], 2);
    assert_int_equal(c.kept[BF_STAGE_CONTROL], 0);
    assert_int_equal(c.rejected[BF_REASON_REFUSAL], 3);
    assert_int_equal(c.rejected[BF_REASON_LOW_MIN_K], 1);
    assert_int_equal(c.rejected[BF_REASON_NOT_A_SAMPLE], 3);
    assert_int_equal(c.rejected[BF_REASON_NONE], 0);
    assert_int_equal(c.n_points, 3);
    assert_int_equal(c.fix, 7);
    assert_int_equal(c.mi, 11);
    assert_int_equal(c.jailbreak, 11);
    assert_int_equal(c.both, 15);
    bf_store_close(store);
    fixture_remove(dir);
}

static void state_is_replaced(void **state)
{
    char *dir = fixture_dir();
    struct bf_store *store = fixture_create(dir);
    struct bf_err err = BF_ERR_INIT;
    struct bf_run_state got;
    struct bf_run_state want = {true,
                                BF_STOP_CONVERGED,
                                INT64_C(1) << 40,
                                12.5,
                                13.25,
                                {BF_KNOWLEDGE_SOME, 100, 20, 0.4, 0.2, (double)NAN, 0.7, 0.1, 0.6, 0.3, 41, 30, 8, 1}};
    (void)state;
    assert_ok(bf_store_state(store, &got, &err));
    assert_false(got.finished);
    assert_int_equal(got.stop, BF_STOP_NOT_YET);
    assert_int_equal(got.knowledge.verdict, BF_KNOWLEDGE_UNKNOWN);
    assert_int_equal(got.generated_tokens, 0);
    want.finished = false;
    want.stop = BF_STOP_NOT_YET;
    assert_ok(bf_store_set_state(store, &want, &err));
    want.finished = true;
    want.stop = BF_STOP_EXHAUSTED;
    want.generated_tokens++;
    assert_ok(bf_store_set_state(store, &want, &err));
    bf_store_close(store);
    store = fixture_open(dir, BF_STORE_READ);
    assert_ok(bf_store_state(store, &got, &err));
    assert_true(got.finished);
    assert_int_equal(got.stop, BF_STOP_EXHAUSTED);
    assert_true(got.generated_tokens == want.generated_tokens);
    assert_same_double(got.generate_seconds, 12.5);
    assert_same_double(got.wall_seconds, 13.25);
    assert_int_equal(got.knowledge.verdict, BF_KNOWLEDGE_SOME);
    assert_int_equal(got.knowledge.n_domain, 100);
    assert_int_equal(got.knowledge.n_control, 20);
    assert_same_double(got.knowledge.min_k_domain, 0.4);
    assert_same_double(got.knowledge.min_k_control, 0.2);
    assert_same_double(got.knowledge.min_k_effect, (double)NAN);
    assert_same_double(got.knowledge.similarity_domain, 0.7);
    assert_same_double(got.knowledge.similarity_control, 0.1);
    assert_same_double(got.knowledge.agreement_domain, 0.6);
    assert_same_double(got.knowledge.agreement_control, 0.3);
    /* A reader changes nothing. */
    assert_int_equal(bf_store_set_state(store, &want, &err), BF_STORE);
    assert_says(&err, "read-only");
    bf_store_close(store);
    fixture_remove(dir);
}

struct seen {
    int n;
    char line[8][160];
};

static void see_point(void *user, const struct bf_point *point, int64_t n_kept, int64_t n_committed)
{
    struct seen *seen = user;
    assert_true(seen->n < 8);
    snprintf(seen->line[seen->n++], sizeof seen->line[0], "%d/%d %s %lld of %lld", point->index, point->round,
             point->text, (long long)n_kept, (long long)n_committed);
}

static void see_checkpoint(void *user, const struct bf_stop_check *checkpoint)
{
    struct seen *seen = user;
    assert_true(seen->n < 8);
    snprintf(seen->line[seen->n++], sizeof seen->line[0], "%lld %g %g %d", (long long)checkpoint->n_kept,
             checkpoint->diversity, isnan(checkpoint->gain) ? -1 : checkpoint->gain, checkpoint->stop);
}

static void points_and_checkpoints_are_listed(void **state)
{
    char *dir = fixture_dir();
    struct bf_store *store = fixture_create(dir);
    struct bf_err err = BF_ERR_INIT;
    struct seen seen = {0};
    (void)state;
    fixture_small_run(store);
    assert_ok(bf_store_each_point(store, &seen, see_point, &err));
    assert_int_equal(seen.n, 3);
    assert_string_equal(seen.line[0], "0/0 Zeus 3 of 5");               /* 0 2x 4 6 8x */
    assert_string_equal(seen.line[1], "1/0 Hera's \"peacock\" 4 of 5"); /* 1 3 5x 7 9 */
    assert_string_equal(seen.line[2], "2/0 \xce\x91\xce\xb8\xce\xb7\xce\xbd\xce\xac 0 of 0");
    seen.n = 0;
    assert_ok(bf_store_each_check(store, &seen, see_checkpoint, &err));
    assert_int_equal(seen.n, 2);
    assert_string_equal(seen.line[0], "5 0.54 -1 0");
    assert_string_equal(seen.line[1], "10 0.59 0.002 1");
    bf_store_close(store);
    fixture_remove(dir);
}

/* Committing twice, or with a part that cannot be written, leaves nothing of the second attempt. */
static void a_commit_is_whole_or_not_there(void **state)
{
    char *dir = fixture_dir();
    struct bf_store *store = fixture_create(dir);
    struct bf_err err = BF_ERR_INIT;
    struct bf_counts before, after;
    struct fixture_sample f;
    const struct bf_point taken[2] = {{7, 1, "new", ""}, {0, 1, "index 0 is taken", ""}};
    const struct bf_stop_check checkpoint = {1, 0.5, 0.1, false};
    struct seen seen = {0};
    (void)state;
    fixture_small_run(store);
    assert_ok(bf_store_counts(store, &before, &err));
    fixture_fill(&f, BF_STAGE_SYNTHESIS, 3);
    assert_int_equal(fixture_commit_one(store, &f.sample, NULL, 0, &checkpoint, &err), BF_STORE);
    assert_says(&err, "sample 3 of stage 'synthesis' is already in");
    fixture_fill(&f, BF_STAGE_POINTS, 5);
    f.sample.reason = BF_REASON_NOT_A_SAMPLE;
    assert_int_equal(fixture_commit_one(store, &f.sample, taken, 2, NULL, &err), BF_STORE);
    assert_says(&err, "point");
    f.sample.point = 1234; /* no such point */
    assert_int_equal(fixture_commit_one(store, &f.sample, NULL, 0, NULL, &err), BF_STORE);
    f.sample.point = -1;
    f.sample.template_index = 99; /* no such template */
    assert_int_equal(fixture_commit_one(store, &f.sample, NULL, 0, NULL, &err), BF_STORE);
    f.sample.template_index = 0;
    f.sample.text = NULL;
    assert_int_equal(fixture_commit_one(store, &f.sample, NULL, 0, NULL, &err), BF_STORE);
    assert_ok(bf_store_counts(store, &after, &err));
    assert_memory_equal(&before, &after, sizeof before);
    assert_ok(bf_store_each_check(store, &seen, see_checkpoint, &err));
    assert_int_equal(seen.n, 2);
    /* And the store still works, with no hole in the order. */
    fixture_commit(store, BF_STAGE_SYNTHESIS, 10, BF_REASON_NONE, 2);
    const struct bf_query last = {.offset = 22};
    struct bf_cursor *cursor;
    struct bf_row row;
    bool more;
    assert_ok(bf_store_query(store, &last, &cursor, &err));
    assert_ok(bf_cursor_next(cursor, &row, &more, &err));
    assert_true(more);
    assert_int_equal(row.id, 23);
    assert_int_equal(row.sample.index, 10);
    bf_cursor_close(cursor);
    bf_store_close(store);
    fixture_remove(dir);
}

static void hostile_text_comes_back(void **state)
{
    static const char *const texts[] = {
        "'); DROP TABLE sample; --",
        "\"\"''`[]",
        "line\nline\r\n\ttab",
        "\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x9a\x80",
        "",
        "?1 :name @x $y %s %n",
        "\xff\xfe broken \xc3",
        "\x01\x1f\x7f",
        "\xe2\x80\xa8 separator",
    };
    const size_t n = sizeof texts / sizeof *texts, megabyte = (size_t)1 << 20;
    char *dir = fixture_dir();
    struct bf_store *store = fixture_create(dir);
    struct bf_err err = BF_ERR_INIT;
    struct fixture_sample f;
    const struct bf_query all = {0};
    struct bf_cursor *cursor;
    struct bf_row row;
    bool more;
    char *big = bf_alloc(megabyte + 1);
    (void)state;
    memset(big, 'x', megabyte);
    for (size_t i = 0; i <= n; i++) {
        const struct bf_point point = {(int32_t)i, 0, i < n ? texts[i] : big, ""};
        fixture_fill(&f, BF_STAGE_POINTS, (int64_t)i);
        f.sample.text = f.sample.raw = f.sample.question = f.sample.answer = point.text;
        assert_ok(fixture_commit_one(store, &f.sample, &point, 1, NULL, &err));
    }
    assert_ok(bf_store_query(store, &all, &cursor, &err));
    for (size_t i = 0; i <= n; i++) {
        const char *want = i < n ? texts[i] : big;
        assert_ok(bf_cursor_next(cursor, &row, &more, &err));
        assert_true(more);
        assert_string_equal(row.sample.text, want);
        assert_string_equal(row.sample.raw, want);
        assert_string_equal(row.sample.question, want);
        assert_string_equal(row.sample.answer, want);
        assert_null(row.sample.embedding);
    }
    bf_cursor_close(cursor);
    bf_store_close(store);
    free(big);
    fixture_remove(dir);
}

/* 20,000 commits: SQLite's memory (its caches included) is bounded, whatever was written. */
static void memory_stays_flat(void **state)
{
    char *dir = fixture_dir();
    struct bf_store *store = fixture_create(dir);
    struct bf_err err = BF_ERR_INIT;
    struct fixture_sample f;
    struct bf_replay replay;
    struct bf_sample got;
    const struct bf_point *points;
    size_t n_points;
    bool more;
    int64_t n = 0;
    (void)state;
    for (int64_t i = 0; i < 20000; i++) {
        fixture_fill(&f, BF_STAGE_SYNTHESIS, i);
        assert_ok(fixture_commit_one(store, &f.sample, NULL, 0, NULL, &err));
        assert_true(sqlite3_memory_used() < 6 << 20);
    }
    assert_ok(bf_store_replay(store, &replay, &err));
    for (;; n++) {
        assert_ok(replay.next(replay.user, &got, &points, &n_points, &more, &err));
        if (!more)
            break;
        assert_int_equal(got.index, n);
        assert_true(sqlite3_memory_used() < 6 << 20);
    }
    assert_int_equal(n, 20000);
    bf_store_replay_close(&replay);
    bf_store_close(store);
    assert_true(sqlite3_memory_used() == 0);
    fixture_remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(run_is_kept),
        cmocka_unit_test(every_value_comes_back),
        cmocka_unit_test(every_float16_comes_back),
        cmocka_unit_test(replay_is_the_run),
        cmocka_unit_test(counts_are_counted),
        cmocka_unit_test(state_is_replaced),
        cmocka_unit_test(points_and_checkpoints_are_listed),
        cmocka_unit_test(a_commit_is_whole_or_not_there),
        cmocka_unit_test(hostile_text_comes_back),
        cmocka_unit_test(memory_stays_flat),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
