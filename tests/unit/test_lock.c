#include "unit.h"

#include <sys/stat.h>
#include <signal.h>
#include <sys/wait.h>

#include "base/file.h"

/* A child that takes the lock, says so, and holds it until it is killed. */
static pid_t hold_in_child(const char *path)
{
    int ends[2];
    char byte = 0;
    pid_t pid;

    assert_int_equal(pipe(ends), 0);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        int fd = -1;
        (void)alarm(30); /* when the test fails, nobody is left to kill this child */
        if (bf_lock(path, &fd, NULL, NULL) != BF_OK || write(ends[1], "x", 1) != 1)
            _exit(1);
        for (;;)
            (void)pause();
    }
    (void)close(ends[1]);
    assert_int_equal(read(ends[0], &byte, 1), 1);
    (void)close(ends[0]);
    return pid;
}

static void another_process_holds_it(void **state)
{
    struct bf_err err = BF_ERR_INIT;
    pid_t pid = hold_in_child("lock");
    bool held = false;
    int fd = 7;

    (void)state;
    assert_int_equal(bf_lock("lock", &fd, &held, &err), BF_STORE);
    assert_int_equal(fd, -1);
    assert_true(held);
    assert_error(err, BF_STORE, "'lock' is locked by another process");
    assert_int_equal(bf_lock("lock", &fd, NULL, NULL), BF_STORE);
    /* However the holder dies, the lock goes with it. */
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    assert_int_equal(bf_lock("lock", &fd, &held, &err), BF_OK);
    assert_true(fd >= 0);
    assert_false(held);
    bf_unlock(fd);
}

static void unlock_gives_it_back(void **state)
{
    struct bf_err err = BF_ERR_INIT;
    bool held = true;
    int first = -1, second = -1;

    (void)state;
    assert_int_equal(bf_lock("again", &first, &held, &err), BF_OK);
    assert_false(held);
    assert_int_equal(bf_lock("again", &second, &held, &err), BF_STORE);
    assert_true(held);
    bf_unlock(first);
    assert_int_equal(bf_lock("again", &second, &held, &err), BF_OK);
    bf_unlock(second);
    bf_unlock(-1);
}

static void a_file_that_cannot_be_opened_is_not_held(void **state)
{
    struct bf_err err = BF_ERR_INIT;
    bool held = true;
    int fd = 7;

    (void)state;
    assert_int_equal(bf_lock("no/such/folder", &fd, &held, &err), BF_STORE);
    assert_int_equal(fd, -1);
    assert_false(held);
    assert_error(err, BF_STORE, "cannot open the lock 'no/such/folder'");
}

static void assert_text(const char *path, const char *expected)
{
    char text[64] = {0};
    FILE *file = fopen(path, "rb");

    assert_non_null(file);
    assert_true(fread(text, 1, sizeof text - 1, file) < sizeof text);
    assert_int_equal(fclose(file), 0);
    assert_string_equal(text, expected);
}

/* What has the lock's name in a stranger's folder. */
static void nothing_of_others_is_written_to(void **state)
{
    struct bf_err err = BF_ERR_INIT;
    int fd = 7;

    (void)state;
    write_text("precious", "precious");
    assert_int_equal(symlink("precious", "link"), 0);
    assert_int_equal(bf_lock_claim("link", "'a'", &fd, NULL, &err), BF_STORE);
    assert_error(err, BF_STORE, "'link' is a symbolic link");
    assert_int_equal(fd, -1);
    assert_int_equal(symlink("nowhere", "dangling"), 0);
    assert_int_equal(bf_lock_claim("dangling", "'a'", &fd, NULL, &err), BF_STORE);
    assert_int_equal(access("nowhere", F_OK), -1);
    assert_int_equal(mkfifo("pipe", 0600), 0);
    assert_int_equal(bf_lock_claim("pipe", "'a'", &fd, NULL, &err), BF_STORE);
    assert_error(err, BF_STORE, "is not a plain file");
    assert_int_equal(bf_lock_claim("precious", "'a'", &fd, NULL, &err), BF_STORE);
    assert_error(err, BF_STORE, "'precious' is not a lock of biforget");
    write_text("number", "12\n");
    assert_int_equal(link("number", "second"), 0);
    assert_int_equal(bf_lock_claim("second", "'a'", &fd, NULL, &err), BF_STORE);
    assert_text("precious", "precious");
    assert_text("number", "12\n");
}

static void a_claim_says_who_holds_it(void **state)
{
    struct bf_err err = BF_ERR_INIT;
    char expected[64];
    bool created = false;
    int fd = -1, second = -1;

    (void)state;
    assert_int_equal(bf_lock_claim("claim", "'runs/greek'", &fd, &created, &err), BF_OK);
    assert_true(created);
    (void)snprintf(expected, sizeof expected, "%ld\n", (long)getpid());
    assert_text("claim", expected);
    assert_int_equal(bf_lock_claim("claim", "'runs/greek'", &second, &created, &err), BF_STORE);
    (void)snprintf(expected, sizeof expected, "another biforget (process %ld) is working on 'runs/greek'",
                   (long)getpid());
    assert_error(err, BF_STORE, expected);
    bf_unlock(fd);
    write_text("claim", "1\n"); /* of a process that was killed */
    assert_int_equal(bf_lock_claim("claim", "'runs/greek'", &fd, &created, &err), BF_OK);
    assert_false(created);
    bf_lock_remove("claim", fd);
    assert_int_equal(access("claim", F_OK), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(another_process_holds_it),
        cmocka_unit_test(unlock_gives_it_back),
        cmocka_unit_test(a_file_that_cannot_be_opened_is_not_held),
        cmocka_unit_test(nothing_of_others_is_written_to),
        cmocka_unit_test(a_claim_says_who_holds_it),
    };
    return cmocka_run_group_tests(tests, enter_scratch, leave_scratch);
}
