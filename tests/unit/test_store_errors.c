/* What is not a run, or may not be touched: each gives a sentence that names it and says what to do, and leaves the
 * folder as it was. */
#include "store_fixture.h"

#include <dirent.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <sys/mount.h>
#include <sys/wait.h>

#include "base/banned.h"

/* Both ways of opening fail with these words. */
static void refuses(const char *dir, const char *words)
{
    for (int mode = 0; mode < 2; mode++) {
        struct bf_err err = BF_ERR_INIT;
        struct bf_store *store = (struct bf_store *)&err;
        assert_int_equal(bf_store_open(dir, mode ? BF_STORE_WRITE : BF_STORE_READ, &store, &err), BF_STORE);
        assert_null(store);
        assert_says(&err, words);
    }
}

static int entries(const char *dir)
{
    DIR *handle = opendir(dir);
    int n = 0;
    assert_non_null(handle);
    for (struct dirent *e; (e = readdir(handle)) != NULL;)
        n += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
    closedir(handle);
    return n;
}

static void write_file(const char *path, const void *data, size_t n)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, n, file), n);
    assert_int_equal(fclose(file), 0);
}

static void sql(const char *path, const char *text)
{
    sqlite3 *db;
    char *message = NULL;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    if (sqlite3_exec(db, text, NULL, NULL, &message) != SQLITE_OK)
        fail_msg("%s: %s", text, message);
    sqlite3_close(db);
}

/* A closed small run; free both. */
static char *closed_run(const char *parent, char **path)
{
    char *dir = bf_path_join(parent, "run");
    struct bf_store *store = fixture_create(dir);
    fixture_small_run(store);
    bf_store_close(store);
    *path = bf_path_join(dir, "run.db");
    return dir;
}

static void not_a_run(void **state)
{
    char *dir = fixture_dir();
    char *path = bf_path_join(dir, "run.db");
    char *missing = bf_path_join(dir, "nowhere");
    (void)state;
    refuses(missing, "no such folder");
    refuses(dir, "holds no run (no run.db)");
    assert_int_equal(entries(dir), 0); /* and no lock file was left */
    write_file(path, "", 0);
    refuses(dir, "is not a run");
    refuses(path, "it is a file");
    write_file(path, "once upon a time\n", 17);
    refuses(dir, "is not a run");
    assert_int_equal(entries(dir), 1);
    unlink(path);
    sql(path, "CREATE TABLE sample (id INTEGER PRIMARY KEY); PRAGMA user_version = 1");
    refuses(dir, "another program made this database");
    assert_int_equal(entries(dir), 1);
    unlink(path);
    assert_int_equal(mkdir(path, 0700), 0);
    refuses(dir, "holds no run");
    rmdir(path);
    assert_int_equal(mkfifo(path, 0600), 0); /* must not wait for a writer that never comes */
    refuses(dir, "holds no run");
    free(missing);
    free(path);
    fixture_remove(dir);
}

static void versions(void **state)
{
    char *parent = fixture_dir(), *path, *dir = closed_run(parent, &path);
    (void)state;
    sql(path, "PRAGMA user_version = 99");
    refuses(dir, "newer biforget (schema 99");
    sql(path, "PRAGMA user_version = 0");
    refuses(dir, "is not a run");
    sql(path, "PRAGMA user_version = 8; PRAGMA application_id = 7");
    refuses(dir, "another program");
    sql(path, "PRAGMA application_id = 1111904839");
    bf_store_close(fixture_open(dir, BF_STORE_WRITE));
    free(path);
    free(dir);
    fixture_remove(parent);
}

static void schema_is_not_trusted(void **state)
{
    char *parent = fixture_dir(), *path, *dir = closed_run(parent, &path);
    struct bf_err err = BF_ERR_INIT;
    struct bf_counts counts;
    struct bf_store *store;
    (void)state;
    /* A trigger of a stranger does not run. */
    sql(path, "CREATE TRIGGER t AFTER INSERT ON sample BEGIN DELETE FROM checkpoint; END");
    store = fixture_open(dir, BF_STORE_WRITE);
    fixture_commit(store, BF_STAGE_MI, 77, BF_REASON_NONE, -1);
    bf_store_close(store);
    sqlite3 *db;
    sqlite3_stmt *statement;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, "SELECT count(*) FROM checkpoint", -1, &statement, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    assert_int_equal(sqlite3_column_int(statement, 0), 2);
    sqlite3_finalize(statement);
    sqlite3_close(db);
    /* A view in the place of a table, here one without end, is not read. */
    sql(path, "PRAGMA foreign_keys = OFF; DROP TRIGGER t; DROP TABLE sample;"
              "CREATE VIEW sample AS WITH RECURSIVE e(stage) AS (SELECT 'mi' UNION ALL SELECT stage FROM e)"
              " SELECT stage, NULL AS reason FROM e");
    store = fixture_open(dir, BF_STORE_READ);
    assert_int_equal(bf_store_counts(store, &counts, &err), BF_STORE);
    assert_says(&err, "damaged");
    bf_store_close(store);
    /* A missing table is damage too. */
    sql(path, "DROP VIEW sample; DROP TABLE run");
    refuses(dir, "damaged");
    free(path);
    free(dir);
    fixture_remove(parent);
}

/* Values that no commit writes: a sentence, not a crash and not a wrong value. */
static void impossible_values(void **state)
{
    static const struct {
        const char *sql;
        bool counts; /* counting notices it too */
    } cases[] = {
        {"INSERT INTO stage VALUES ('stage9'); UPDATE sample SET stage = 'stage9' WHERE id = 3", true},
        {"INSERT INTO reason VALUES ('mood'); UPDATE sample SET state = 'rejected', reason = 'mood' WHERE id = 3",
         true},
        {"UPDATE sample SET n_tokens = 1 << 40 WHERE id = 3", false},
        {"PRAGMA ignore_check_constraints = ON; UPDATE sample SET n_tokens = -1 WHERE id = 3", false},
        {"PRAGMA ignore_check_constraints = ON; UPDATE sample SET idx = -5 WHERE id = 3", false},
        {"PRAGMA ignore_check_constraints = ON; UPDATE embedding SET n_embd = 1 << 30", false},
        {"PRAGMA ignore_check_constraints = ON; UPDATE embedding SET n_embd = n_embd + 1", false},
        {"PRAGMA ignore_check_constraints = ON; UPDATE embedding SET n_embd = 0, data = x''", false},
        {"INSERT INTO point VALUES (1, 1 << 40, 0, 'far', 1, ''); UPDATE sample SET point = 1 << 40 WHERE id = 3",
         false},
        {"UPDATE point SET round = 1 << 40", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *parent = fixture_dir(), *path, *dir = closed_run(parent, &path);
        struct bf_err err = BF_ERR_INIT;
        struct bf_replay replay;
        struct bf_sample sample;
        const struct bf_point *points;
        size_t n_points;
        bool more = true;
        struct bf_counts counts;
        enum bf_status status = BF_OK;
        sql(path, cases[i].sql);
        struct bf_store *store = fixture_open(dir, BF_STORE_READ);
        assert_ok(bf_store_replay(store, &replay, &err));
        while (status == BF_OK && more)
            status = replay.next(replay.user, &sample, &points, &n_points, &more, &err);
        if (status != BF_STORE)
            fail_msg("'%s' was read", cases[i].sql);
        assert_says(&err, "damaged");
        assert_false(more);
        bf_store_replay_close(&replay);
        assert_int_equal(bf_store_counts(store, &counts, &err), cases[i].counts ? BF_STORE : BF_OK);
        bf_store_close(store);
        free(path);
        free(dir);
        fixture_remove(parent);
    }
}

static void damaged_files(void **state)
{
    char *parent = fixture_dir(), *path, *dir = closed_run(parent, &path);
    struct bf_buf whole;
    struct bf_err err = BF_ERR_INIT;
    int readable = 0, refused = 0;
    (void)state;
    bf_buf_init(&whole, 16 << 20);
    assert_ok(bf_file_read(path, &whole, &err));
    assert_true(whole.len > 40000);
    /* Cut anywhere: the writer's check refuses it. */
    for (size_t n = 100; n < whole.len; n += whole.len / 23) {
        struct bf_store *store;
        write_file(path, whole.data, n);
        assert_int_equal(bf_store_open(dir, BF_STORE_WRITE, &store, &err), BF_STORE);
        assert_null(store);
        assert_true(strstr(err.text, "damaged") || strstr(err.text, "not a run"));
    }
    /* A page overwritten: opening for writing refuses it, or nothing that we wrote was on it; reading never crashes. */
    for (size_t page = 1; (page + 1) * 4096 <= whole.len; page++) {
        struct bf_store *store;
        char *broken = bf_alloc(whole.len);
        memcpy(broken, whole.data, whole.len);
        memset(broken + page * 4096, 0xa5, 4096);
        write_file(path, broken, whole.len);
        free(broken);
        if (bf_store_open(dir, BF_STORE_WRITE, &store, &err) == BF_OK) {
            readable++;
        } else {
            assert_says(&err, "damaged");
            refused++;
        }
        bf_store_close(store);
        if (bf_store_open(dir, BF_STORE_READ, &store, &err) == BF_OK) {
            struct bf_counts counts;
            if (bf_store_counts(store, &counts, &err) != BF_OK)
                assert_says(&err, "damaged");
        }
        bf_store_close(store);
    }
    assert_true(refused > 10);
    assert_int_equal(readable, 0);
    bf_buf_release(&whole);
    free(path);
    free(dir);
    fixture_remove(parent);
}

static void create_refuses(void **state)
{
    char *parent = fixture_dir(), *path, *dir = closed_run(parent, &path);
    const struct bf_run run = fixture_run();
    struct bf_template_set templates = fixture_templates();
    struct bf_err err = BF_ERR_INIT;
    struct bf_store *store = (struct bf_store *)&err;
    (void)state;
    assert_int_equal(bf_store_create(dir, &run, &templates, &store, &err), BF_STORE);
    assert_null(store);
    assert_says(&err, "already holds a run");
    assert_says(&err, "biforget resume");
    assert_says(&err, "-o");
    /* A file where a folder should be. */
    char *below = bf_path_join(path, "deep");
    assert_int_equal(bf_store_create(below, &run, &templates, &store, &err), BF_STORE);
    free(below);
    /* A place that nobody, root included, can write to. */
    assert_int_equal(bf_store_create("/proc/biforget", &run, &templates, &store, &err), BF_STORE);
    assert_says(&err, "/proc/biforget");
    /* Failing half-way (two templates of one name): everything this call made is gone, the rest is not. */
    struct bf_template twice[2] = {fixture_items[1], fixture_items[1]};
    const struct bf_template_set bad = {.items = twice, .n = 2};
    below = bf_path_join(parent, "a/b//c/");
    assert_int_equal(bf_store_create(below, &run, &bad, &store, &err), BF_STORE);
    assert_null(store);
    assert_int_equal(entries(parent), 1);
    free(below);
    below = bf_path_join(parent, "mine");
    assert_int_equal(mkdir(below, 0700), 0);
    assert_int_equal(bf_store_create(below, &run, &bad, &store, &err), BF_STORE);
    assert_int_equal(entries(below), 0);
    /* What a killed creation left does not matter. */
    char *rest = bf_path_join(below, "run.db.new");
    write_file(rest, "half", 4);
    assert_ok(bf_store_create(below, &run, &templates, &store, &err));
    assert_false(bf_file_exists(rest));
    bf_store_close(store);
    free(rest);
    free(below);
    free(path);
    free(dir);
    fixture_remove(parent);
}

static void one_writer(void **state)
{
    char *parent = fixture_dir(), *path, *dir = closed_run(parent, &path);
    struct bf_err err = BF_ERR_INIT;
    struct bf_store *store = NULL;
    int ready[2], done[2];
    char byte = 0, want[64];
    (void)state;
    assert_int_equal(pipe(ready), 0);
    assert_int_equal(pipe(done), 0);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        close(done[1]);
        const bool opened = bf_store_open(dir, BF_STORE_WRITE, &store, NULL) == BF_OK;
        if (!opened || write(ready[1], "x", 1) != 1 || read(done[0], &byte, 1) != 0)
            _exit(1);
        bf_store_close(store);
        _exit(0);
    }
    close(done[0]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    snprintf(want, sizeof want, "another biforget (process %ld) is working on '", (long)child);
    assert_int_equal(bf_store_open(dir, BF_STORE_WRITE, &store, &err), BF_STORE);
    assert_says(&err, want);
    assert_says(&err, "wait for it or stop it");
    assert_null(store);
    store = fixture_open(dir, BF_STORE_READ); /* reading is free */
    bf_store_close(store);
    close(done[1]);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    store = fixture_open(dir, BF_STORE_WRITE); /* the lock went with it */
    bf_store_close(store);
    close(ready[0]);
    close(ready[1]);
    free(path);
    free(dir);
    fixture_remove(parent);
}

/* A folder on a read-only mount: readable, with and without a journal; not writable. */
static void read_only_folder(void **state)
{
    char *parent = fixture_dir(), *path, *dir = closed_run(parent, &path);
    struct bf_err err = BF_ERR_INIT;
    struct bf_counts counts;
    struct bf_store *store;
    (void)state;
    if (geteuid() != 0 || mount(dir, dir, NULL, MS_BIND, NULL) != 0) {
        print_message("skipped: needs root and mount\n");
        free(path);
        free(dir);
        fixture_remove(parent);
        skip();
    }
    assert_int_equal(mount(NULL, dir, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL), 0);
    const enum bf_status read_status = bf_store_open(dir, BF_STORE_READ, &store, &err);
    const enum bf_status count_status = read_status == BF_OK ? bf_store_counts(store, &counts, &err) : read_status;
    struct bf_store *writer;
    struct bf_err write_err = BF_ERR_INIT;
    const enum bf_status write_status = bf_store_open(dir, BF_STORE_WRITE, &writer, &write_err);
    bf_store_close(writer);
    bf_store_close(store);
    umount(dir);
    assert_ok(read_status);
    assert_int_equal(err.status, BF_OK);
    assert_ok(count_status);
    assert_int_equal(counts.both, 15);
    assert_int_equal(write_status, BF_STORE);
    assert_non_null(strstr(write_err.text, dir));
    free(path);
    free(dir);
    fixture_remove(parent);
}

/* A crashed writer's journal in a read-only folder: the file alone would be half the truth, so it is not read. */
static void read_only_with_journal(void **state)
{
    char *parent = fixture_dir(), *path, *dir = closed_run(parent, &path);
    char *journal = bf_path_join(dir, "run.db-wal"), *shared = bf_path_join(dir, "run.db-shm");
    struct bf_err err = BF_ERR_INIT, bare_err = BF_ERR_INIT;
    struct bf_counts counts = {0};
    struct bf_store *store = NULL, *bare = NULL;
    (void)state;
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if (bf_store_open(dir, BF_STORE_WRITE, &store, NULL) != BF_OK)
            _exit(1);
        struct fixture_sample f;
        fixture_fill(&f, BF_STAGE_MI, 500);
        _exit(fixture_commit_one(store, &f.sample, NULL, 0, NULL, NULL) == BF_OK ? 0
                                                                                 : 1); /* no close: the journal stays */
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_true(bf_file_size(journal) > 0);
    if (geteuid() != 0 || mount(dir, dir, NULL, MS_BIND, NULL) != 0) {
        print_message("skipped: needs root and mount\n");
        goto out;
    }
    assert_int_equal(mount(NULL, dir, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL), 0);
    enum bf_status with_index = bf_store_open(dir, BF_STORE_READ, &store, &err);
    if (with_index == BF_OK)
        with_index = bf_store_counts(store, &counts, &err);
    bf_store_close(store);
    umount(dir);
    unlink(shared);
    assert_int_equal(mount(dir, dir, NULL, MS_BIND, NULL), 0);
    assert_int_equal(mount(NULL, dir, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL), 0);
    const enum bf_status without_index = bf_store_open(dir, BF_STORE_READ, &bare, &bare_err);
    bf_store_close(bare);
    umount(dir);
    assert_ok(with_index);
    assert_int_equal(counts.both, 16);
    assert_int_equal(without_index, BF_STORE);
    assert_says(&bare_err, "run.db-wal is not merged yet");
    /* Writable again, it is all there. */
    store = fixture_open(dir, BF_STORE_READ);
    assert_ok(bf_store_counts(store, &counts, &err));
    assert_int_equal(counts.both, 16);
    bf_store_close(store);
out:
    free(journal);
    free(shared);
    free(path);
    free(dir);
    fixture_remove(parent);
}

/* Names that mean something in a URI or in SQL. */
static void odd_folder_names(void **state)
{
    static const char *const names[] = {
        "a b%20?mode=memory#x", "quo'te\"", "\xce\xa9", "100%", ":memory:", "file:x", "-o"};
    char *parent = fixture_dir();
    (void)state;
    assert_int_equal(chdir(parent), 0);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char *path = bf_path_join(names[i], "run.db");
        bf_store_close(fixture_create(names[i]));
        assert_true(bf_file_exists(path));
        bf_store_close(fixture_open(names[i], BF_STORE_WRITE));
        bf_store_close(fixture_open(names[i], BF_STORE_READ));
        if (geteuid() == 0 && mount(names[i], names[i], NULL, MS_BIND, NULL) == 0) { /* through the immutable URI */
            struct bf_err err = BF_ERR_INIT;
            struct bf_store *store = NULL;
            assert_int_equal(mount(NULL, names[i], NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL), 0);
            const enum bf_status status = bf_store_open(names[i], BF_STORE_READ, &store, &err);
            bf_store_close(store);
            umount(names[i]);
            assert_ok(status);
        }
        free(path);
    }
    assert_int_equal(chdir("/"), 0);
    fixture_remove(parent);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(not_a_run),
        cmocka_unit_test(versions),
        cmocka_unit_test(schema_is_not_trusted),
        cmocka_unit_test(impossible_values),
        cmocka_unit_test(damaged_files),
        cmocka_unit_test(create_refuses),
        cmocka_unit_test(one_writer),
        cmocka_unit_test(read_only_folder),
        cmocka_unit_test(read_only_with_journal),
        cmocka_unit_test(odd_folder_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
