/* What must survive: kill -9 at any moment, and a full disk. Every committed sample whole, none twice, none missing. */
#include "store_fixture.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <time.h>

#include "base/banned.h"

/* The run in `dir` is exactly the samples 0..n-1 of Stage I with their embeddings, and a checkpoint at each tenth;
 * returns n. Reads through `mode`. */
struct trace {
    int64_t n;
};

static void see(void *user, const struct bf_stop_check *checkpoint)
{
    struct trace *trace = user;
    trace->n++;
    assert_int_equal(checkpoint->n_kept, trace->n * 10);
}

static int64_t assert_whole(const char *dir, enum bf_open_mode mode)
{
    struct bf_store *store = fixture_open(dir, mode);
    struct bf_err err = BF_ERR_INIT;
    struct bf_replay replay;
    struct bf_sample sample;
    const struct bf_point *points;
    size_t n_points;
    bool more;
    int64_t n = 0;
    struct trace trace = {0};
    struct fixture_sample f;
    assert_ok(bf_store_replay(store, &replay, &err));
    for (;; n++) {
        assert_ok(replay.next(replay.user, &sample, &points, &n_points, &more, &err));
        if (!more)
            break;
        fixture_fill(&f, BF_STAGE_SYNTHESIS, n);
        assert_same_sample(&sample, &f.sample);
    }
    bf_store_replay_close(&replay);
    assert_ok(bf_store_each_check(store, &trace, see, &err));
    assert_int_equal(trace.n, n / 10);
    bf_store_close(store);
    return n;
}

/* Commit from `first` until something fails; what failed goes to *err. */
static enum bf_status commit_from(struct bf_store *store, int64_t first, int64_t last, struct bf_err *err)
{
    enum bf_status status = BF_OK;
    for (int64_t i = first; i < last && status == BF_OK; i++) {
        const struct bf_stop_check checkpoint = {i + 1, 0.5, 0.1, false};
        struct fixture_sample f;
        fixture_fill(&f, BF_STAGE_SYNTHESIS, i);
        status = fixture_commit_one(store, &f.sample, NULL, 0, i % 10 == 9 ? &checkpoint : NULL, err);
    }
    return status;
}

/* Thirty processes one after the other go on with one run and are killed at odd moments. */
static void kill_in_the_middle(void **state)
{
    char *dir = fixture_dir();
    struct bf_rng rng;
    int64_t n = 0;
    int grown = 0;
    (void)state;
    bf_rng_init(&rng, 1);
    bf_store_close(fixture_create(dir));
    for (int round = 0; round < 30; round++) {
        int alive[2];
        char byte;
        assert_int_equal(pipe(alive), 0);
        const pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            struct bf_store *store;
            if (bf_store_open(dir, BF_STORE_WRITE, &store, NULL) == BF_OK &&
                commit_from(store, n, n + 1, NULL) == BF_OK && write(alive[1], "x", 1) == 1)
                (void)!commit_from(store, n + 1, INT64_MAX, NULL);
            _exit(1); /* not reached: killed first */
        }
        close(alive[1]);
        if (round % 3 == 0) /* surely among the commits; else perhaps while it opens */
            assert_int_equal(read(alive[0], &byte, 1), 1);
        const struct timespec wait = {0, (long)bf_rng_below(&rng, 30000000)};
        int status;
        nanosleep(&wait, NULL);
        kill(child, SIGKILL);
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
        close(alive[0]);
        /* Both doors show the same run; each in turn is the first to see what was left. */
        const int64_t now = assert_whole(dir, round % 2 ? BF_STORE_READ : BF_STORE_WRITE);
        assert_int_equal(assert_whole(dir, round % 2 ? BF_STORE_WRITE : BF_STORE_READ), now);
        assert_true(now >= n);
        grown += now > n;
        n = now;
    }
    assert_true(grown >= 10);
    fixture_remove(dir);
}

/* What a process says it committed is there after it was killed. */
static void told_is_kept(void **state)
{
    char *dir = fixture_dir();
    int told[2];
    int64_t last = -1, value;
    (void)state;
    bf_store_close(fixture_create(dir));
    assert_int_equal(pipe(told), 0);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct bf_store *store;
        if (bf_store_open(dir, BF_STORE_WRITE, &store, NULL) != BF_OK)
            _exit(1);
        for (int64_t i = 0;; i++)
            if (commit_from(store, i, i + 1, NULL) != BF_OK || write(told[1], &i, sizeof i) != sizeof i)
                _exit(1);
    }
    close(told[1]);
    while (last < 200 && read(told[0], &value, sizeof value) == sizeof value)
        last = value;
    kill(child, SIGKILL);
    while (read(told[0], &value, sizeof value) == sizeof value)
        last = value;
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    assert_true(last >= 200);
    const int64_t n = assert_whole(dir, BF_STORE_READ);
    assert_true(n == last + 1 || n == last + 2); /* committed, and killed before it could tell */
    close(told[0]);
    fixture_remove(dir);
}

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* A creation that is killed leaves no run, or a whole one; the folder can be used either way. */
static void kill_a_creation(void **state)
{
    const struct bf_run run = fixture_run();
    const struct bf_template_set templates = fixture_templates();
    struct bf_rng rng;
    int64_t slowest = 0; /* nanoseconds of a creation that nobody kills */
    int whole = 0;
    (void)state;
    bf_rng_init(&rng, 2);
    for (int round = -3; round < 40; round++) {
        char *dir = fixture_dir();
        char *path = bf_path_join(dir, "run.db");
        struct bf_store *store = NULL;
        struct bf_err err = BF_ERR_INIT;
        const int64_t start = now_ns();
        const pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            if (bf_store_create(dir, &run, &templates, &store, NULL) != BF_OK)
                _exit(1);
            while (round >= 0)
                pause();
            _exit(0);
        }
        if (round >= 0) {
            const int64_t wait_ns = (int64_t)bf_rng_below(&rng, (uint64_t)(slowest + slowest / 4));
            const struct timespec wait = {wait_ns / 1000000000, wait_ns % 1000000000};
            nanosleep(&wait, NULL);
            kill(child, SIGKILL);
        }
        waitpid(child, NULL, 0);
        if (round < 0 && now_ns() - start > slowest)
            slowest = now_ns() - start;
        if (bf_file_exists(path)) {
            whole++;
            assert_int_equal(assert_whole(dir, BF_STORE_WRITE), 0);
        } else {
            assert_ok(bf_store_create(dir, &run, &templates, &store, &err));
            bf_store_close(store);
        }
        free(path);
        fixture_remove(dir);
    }
    assert_true(whole >= 3); /* those that nobody killed */
    print_message("killed creations: %d of 40 were whole\n", whole - 3);
}

/* A small file system of `options`; false (after a message) where that is not allowed. */
static bool mount_small(const char *dir, const char *options)
{
    if (geteuid() == 0 && mount("none", dir, "tmpfs", 0, options) == 0)
        return true;
    print_message("skipped: needs root and mount\n");
    return false;
}

static void full_disk_while_committing(void **state)
{
    char *dir = fixture_dir();
    char *run_dir = bf_path_join(dir, "run"), *filler = bf_path_join(dir, "filler");
    struct bf_store *store = NULL;
    struct bf_err err = BF_ERR_INIT, again = BF_ERR_INIT;
    struct bf_counts counts = {0};
    (void)state;
    if (!mount_small(dir, "size=1m")) {
        free(filler);
        free(run_dir);
        fixture_remove(dir);
        skip();
    }
    const struct bf_run run = fixture_run();
    const struct bf_template_set templates = fixture_templates();
    enum bf_status created = bf_store_create(run_dir, &run, &templates, &store, &err);
    enum bf_status committed = BF_OK, second = BF_OK, read_status = BF_STORE, resumed = BF_STORE;
    int64_t while_full = -1, after_close = -2, n = -3;
    if (created == BF_OK) {
        committed = commit_from(store, 0, 1000000, &err);
        if (bf_store_counts(store, &counts, NULL) == BF_OK) /* the handle itself still reads */
            while_full = counts.committed[BF_STAGE_SYNTHESIS];
        second = commit_from(store, while_full, while_full + 1, &again); /* still full: the same sentence, no harm */
        bf_store_close(store);
        store = NULL;
        /* Fill the last bytes, then read: no room for an index file. */
        const int fd = open(filler, O_CREAT | O_WRONLY, 0600);
        char block[512] = {0};
        while (fd >= 0 && write(fd, block, sizeof block) > 0)
            continue;
        close(fd);
        struct bf_err ignored = BF_ERR_INIT;
        read_status = bf_store_open(run_dir, BF_STORE_READ, &store, &ignored);
        if (read_status != BF_OK)
            print_message("%s\n", ignored.text);
        if (read_status == BF_OK && bf_store_counts(store, &counts, NULL) == BF_OK)
            after_close = counts.committed[BF_STAGE_SYNTHESIS];
        bf_store_close(store);
        store = NULL;
        /* Room again: the run goes on where it stood. */
        unlink(filler);
        n = assert_whole(run_dir, BF_STORE_READ);
        if (mount("none", dir, "tmpfs", MS_REMOUNT, "size=8m") == 0 &&
            bf_store_open(run_dir, BF_STORE_WRITE, &store, &again) == BF_OK) {
            struct bf_err none = BF_ERR_INIT;
            resumed = commit_from(store, n, n + 500, &none);
            bf_store_close(store);
            if (resumed == BF_OK && assert_whole(run_dir, BF_STORE_READ) != n + 500)
                resumed = BF_STORE;
        }
    }
    umount(dir);
    assert_int_equal(created, BF_OK);
    assert_int_equal(committed, BF_STORE);
    assert_says(&err, "the disk is full");
    assert_says(&err, "kB free");
    assert_says(&err, "run/run.db");
    assert_says(&err, "biforget resume");
    assert_int_equal(second, BF_STORE);
    assert_true(while_full > 10);
    assert_int_equal(read_status, BF_OK);
    assert_int_equal(after_close, while_full);
    assert_int_equal(n, while_full);
    assert_int_equal(resumed, BF_OK);
    free(filler);
    free(run_dir);
    fixture_remove(dir);
}

/* Sizes from "nothing fits" to "all fits": the creation is whole, or it says why and leaves nothing. */
static void full_disk_while_creating(void **state)
{
    const struct bf_run run = fixture_run();
    const struct bf_template_set templates = fixture_templates();
    int failed = 0, made = 0;
    (void)state;
    for (int kb = 4; kb <= 512; kb += kb < 300 ? 12 : 100) {
        char *dir = fixture_dir();
        char *run_dir = bf_path_join(dir, "deep/run"), *deep = bf_path_join(dir, "deep");
        struct bf_store *store = NULL;
        struct bf_err err = BF_ERR_INIT;
        char options[32];
        snprintf(options, sizeof options, "size=%dk", kb);
        if (!mount_small(dir, options)) {
            free(deep);
            free(run_dir);
            fixture_remove(dir);
            skip();
        }
        const enum bf_status status = bf_store_create(run_dir, &run, &templates, &store, &err);
        const bool left = bf_file_exists(deep);
        bf_store_close(store);
        umount(dir);
        if (status == BF_OK) {
            made++;
        } else {
            failed++;
            assert_int_equal(status, BF_STORE);
            assert_says(&err, "disk is full");
            assert_null(strstr(err.text, "resume")); /* there is no run to go on with */
            assert_null(store);
            assert_false(left);
        }
        free(deep);
        free(run_dir);
        fixture_remove(dir);
    }
    assert_true(failed > 3);
    assert_true(made > 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kill_in_the_middle),       cmocka_unit_test(told_is_kept),
        cmocka_unit_test(kill_a_creation),          cmocka_unit_test(full_disk_while_committing),
        cmocka_unit_test(full_disk_while_creating),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
