/* Vectors by content: in runs, in files of their own, in runs of the second schema; damage, strangers and readers. */
#include "store_fixture.h"

#include <sqlite3.h>

enum { N_EMBD = 5 };

static void sql(const char *path, const char *text)
{
    sqlite3 *db;
    char *message = NULL;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    if (sqlite3_exec(db, text, NULL, NULL, &message) != SQLITE_OK)
        fail_msg("%s: %s", text, message);
    sqlite3_close(db);
}

static struct bf_vector_key key_of(const char *model, char digit)
{
    struct bf_vector_key key = {.model = model};
    memset(key.content, digit, sizeof key.content - 1);
    return key;
}

static void fill(float *vector, float first)
{
    const float values[N_EMBD] = {first, -0.0f, 1e-40f, 3.4e38f, -1.5f};
    memcpy(vector, values, sizeof values);
}

static bool get(struct bf_store *store, const struct bf_vector_key *key, int32_t n, float *out)
{
    struct bf_err err = BF_ERR_INIT;
    bool found;
    assert_ok(bf_store_get_vector(store, key, n, out, &found, &err));
    return found;
}

/* What was put comes back bit by bit; another model, content or length does not find it. */
static void check_keeping(struct bf_store *store)
{
    struct bf_err err = BF_ERR_INIT;
    const struct bf_vector_key keys[2] = {key_of("aa mean", '1'), key_of("aa mean", '2')};
    const struct bf_vector_key other = key_of("bb mean", '1');
    float a[N_EMBD], b[N_EMBD], c[N_EMBD], got[N_EMBD + 1];
    const float *const rows[2] = {a, b};
    const float *const again[1] = {c};
    fill(a, 1.0f);
    fill(b, 2.0f);
    fill(c, 3.0f);
    assert_true(bf_store_keeps_vectors(store));
    assert_false(get(store, &keys[0], N_EMBD, got));
    assert_ok(bf_store_put_vectors(store, keys, rows, 2, N_EMBD, &err));
    assert_true(get(store, &keys[0], N_EMBD, got));
    assert_memory_equal(got, a, sizeof a);
    assert_true(get(store, &keys[1], N_EMBD, got));
    assert_memory_equal(got, b, sizeof b);
    assert_false(get(store, &other, N_EMBD, got));
    assert_false(get(store, &keys[0], N_EMBD + 1, got));
    assert_ok(bf_store_put_vectors(store, keys, again, 1, N_EMBD, &err));
    assert_true(get(store, &keys[0], N_EMBD, got));
    assert_memory_equal(got, c, sizeof c);
}

static void a_run_keeps_vectors(void **state)
{
    char *parent = fixture_dir(), *dir = bf_path_join(parent, "run");
    struct bf_store *store = fixture_create(dir);
    const struct bf_vector_key key = key_of("aa mean", '2');
    float got[N_EMBD];
    (void)state;
    check_keeping(store);
    bf_store_close(store);
    store = fixture_open(dir, BF_STORE_READ); /* a reader has them, too, and keeps none */
    assert_true(get(store, &key, N_EMBD, got));
    assert_true(got[0] == 2.0f);
    assert_false(bf_store_keeps_vectors(store));
    bf_store_close(store);
    free(dir);
    fixture_remove(parent);
}

static void a_file_keeps_vectors(void **state)
{
    char *parent = fixture_dir(), *path = bf_path_join(parent, "v.db");
    struct bf_err err = BF_ERR_INIT;
    struct bf_store *store = NULL, *second = NULL;
    struct stat info;
    const struct bf_vector_key key = key_of("aa mean", '1');
    float got[N_EMBD];
    (void)state;
    assert_ok(bf_store_open_vectors(path, &store, &err));
    check_keeping(store);
    assert_ok(bf_store_open_vectors(path, &second, &err)); /* two processes */
    assert_true(get(second, &key, N_EMBD, got));
    assert_true(got[0] == 3.0f);
    bf_store_close(second);
    bf_store_close(store);
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    free(path);
    fixture_remove(parent);
}

static void values_that_were_never_written_are_not_found(void **state)
{
    char *parent = fixture_dir(), *path = bf_path_join(parent, "v.db");
    struct bf_err err = BF_ERR_INIT;
    struct bf_store *store = NULL;
    const struct bf_vector_key nan = key_of("m", '3'), short_one = key_of("m", '4');
    float got[N_EMBD];
    (void)state;
    assert_ok(bf_store_open_vectors(path, &store, &err));
    bf_store_close(store);
    sql(path, "INSERT INTO vector VALUES (printf('%.64c', '3'), 'm', 1, x'0000c07f');"
              "INSERT INTO vector VALUES (printf('%.64c', '4'), 'm', 1, x'0000803f');"
              "PRAGMA ignore_check_constraints = ON;"
              "UPDATE vector SET data = x'00' WHERE n_embd = 1 AND content LIKE '4%';");
    assert_ok(bf_store_open_vectors(path, &store, &err));
    assert_false(get(store, &nan, 1, got));
    assert_false(get(store, &short_one, 1, got));
    bf_store_close(store);
    free(path);
    fixture_remove(parent);
}

static void refuses(const char *path, const char *words)
{
    struct bf_err err = BF_ERR_INIT;
    struct bf_store *store = NULL;
    assert_int_equal(bf_store_open_vectors(path, &store, &err), BF_STORE);
    assert_null(store);
    assert_says(&err, words);
}

static void files_of_others_are_refused(void **state)
{
    char *parent = fixture_dir(), *dir = bf_path_join(parent, "run"), *run = bf_path_join(dir, "run.db");
    char *foreign = bf_path_join(parent, "foreign.db"), *text = bf_path_join(parent, "text");
    char *missing = bf_path_join(parent, "no/such/v.db");
    (void)state;
    bf_store_close(fixture_create(dir));
    sql(foreign, "CREATE TABLE vector (x)");
    FILE *f = fopen(text, "wb");
    assert_non_null(f);
    fputs("Dear diary, this is not a database at all, however long the line may be", f);
    fclose(f);
    refuses(run, "another program made it");
    refuses(foreign, "another program made it");
    refuses(text, "another program made it");
    refuses(parent, "not a plain file");
    refuses(missing, "no such file");
    free(dir);
    free(run);
    free(foreign);
    free(text);
    free(missing);
    fixture_remove(parent);
}

/* The schema of version 2 as it was released, and a run in it. */
static void make_version_2(const char *path)
{
    char *golden = bf_path_join(getenv("BIFORGET_SOURCE"), "tests/golden/schema_2.sql");
    struct bf_err err = BF_ERR_INIT;
    struct bf_buf text;
    bf_buf_init(&text, 1 << 20);
    assert_ok(bf_file_read(golden, &text, &err));
    sql(path, text.data);
    sql(path, "INSERT INTO stage VALUES ('synthesis');"
              "INSERT INTO request (id, kind, json) VALUES (1, 'domain', '{\"topic\":\"Greek mythology\"}');"
              "INSERT INTO run (id, request, templates_json, templates_sha256, model_path, model_sha256, model_desc,"
              " embedder_path, embedder_sha256, engine_json, program_version)"
              " VALUES (1, 1, '{}', 'aa', 'm.gguf', 'bb', 'small', '', '', '{}', '0.2.0');"
              "INSERT INTO sample (id, request, stage, idx, state, text, seed, n_tokens, finish)"
              " VALUES (1, 1, 'synthesis', 0, 'kept', 'Zeus rules.', 1, 3, 'stop');");
    bf_buf_release(&text);
    free(golden);
}

static void a_run_of_the_second_schema_is_read_and_brought_up_to_date(void **state)
{
    char *dir = fixture_dir(), *path = bf_path_join(dir, "run.db");
    struct bf_err err = BF_ERR_INIT;
    const struct bf_vector_key key = key_of("aa mean", '1');
    struct bf_counts counts;
    float got[N_EMBD];
    (void)state;
    make_version_2(path);
    struct bf_store *store = fixture_open(dir, BF_STORE_READ); /* as it is: it only has no vectors */
    assert_false(get(store, &key, N_EMBD, got));
    assert_ok(bf_store_counts(store, &counts, &err));
    assert_int_equal(counts.both, 1);
    struct bf_training training;
    assert_ok(bf_store_next_training(store, 0, &training, &err)); /* nor trainings */
    assert_int_equal(training.id, 0);
    struct bf_training_probing probing;
    assert_ok(bf_store_each_training_probe(store, 1, &probing, NULL, NULL, &err)); /* nor their probes */
    assert_int_equal(probing.forget_questions, 0);
    bf_store_close(store);
    store = fixture_open(dir, BF_STORE_WRITE);
    check_keeping(store);
    const struct bf_training ga = {.method = "ga", .settings = "{}", .model_sha256 = "bb", .stop = "finished"};
    assert_ok(bf_store_add_training(store, &ga, &err));
    assert_ok(bf_store_next_training(store, 0, &training, &err));
    assert_string_equal(training.method, "ga");
    assert_ok(bf_store_counts(store, &counts, &err));
    assert_int_equal(counts.both, 1);
    bf_store_close(store);
    free(path);
    fixture_remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_keeps_vectors),
        cmocka_unit_test(a_file_keeps_vectors),
        cmocka_unit_test(values_that_were_never_written_are_not_found),
        cmocka_unit_test(files_of_others_are_refused),
        cmocka_unit_test(a_run_of_the_second_schema_is_read_and_brought_up_to_date),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
