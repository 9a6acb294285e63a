#include "unit.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/file.h"

static void assert_file(const char *path, const char *expected)
{
    struct bf_err err = BF_ERR_INIT;
    struct bf_buf text;

    bf_buf_init(&text, 100000);
    if (bf_file_read(path, &text, &err) != BF_OK)
        fail_msg("%s", err.text);
    assert_string_equal(text.data, expected);
    bf_buf_release(&text);
}

static size_t n_entries(const char *path)
{
    size_t n = 0;
    DIR *dir = opendir(path);

    assert_non_null(dir);
    for (struct dirent *entry; (entry = readdir(dir));)
        n += entry->d_name[0] != '.' || strlen(entry->d_name) > 2;
    (void)closedir(dir);
    return n;
}

/* Each test works in its own folder, which must hold nothing unexpected at the end. */
static void fresh(const char *dir)
{
    assert_int_equal(mkdir(dir, 0700), 0);
    assert_int_equal(chdir(dir), 0);
}

static void temporaries_are_known_by_name(void **state)
{
    struct bf_err err = BF_ERR_INIT;
    struct bf_atomic a;

    (void)state;
    fresh("names");
    assert_int_equal(bf_atomic_open(&a, "m.gguf", &err), BF_OK);
    assert_true(bf_atomic_is_temporary(a.temporary, ".gguf"));
    assert_true(
        bf_atomic_is_temporary(strrchr(a.temporary, '/') ? strrchr(a.temporary, '/') + 1 : a.temporary, ".gguf"));
    assert_false(bf_atomic_is_temporary(a.temporary, ".json"));
    bf_atomic_abort(&a);
    assert_false(bf_atomic_is_temporary("m.gguf", ".gguf"));
    assert_false(bf_atomic_is_temporary(".gguf.abcdef", ".gguf")); /* of no name */
    assert_false(bf_atomic_is_temporary("m.gguf.training", ".gguf"));
    assert_false(bf_atomic_is_temporary("m.gguf.ab-def", ".gguf"));
    assert_int_equal(n_entries("."), 0);
    assert_int_equal(chdir(".."), 0);
}

static void commit_replaces_at_once(void **state)
{
    struct bf_err err = BF_ERR_INIT;
    struct bf_atomic a;
    struct stat info;

    (void)state;
    fresh("commit");
    write_text("out", "old");
    assert_int_equal(bf_atomic_open(&a, "out", &err), BF_OK);
    assert_true(fputs("new", a.stream) >= 0);
    assert_int_equal(fflush(a.stream), 0);
    assert_file("out", "old");
    assert_int_equal(bf_atomic_commit(&a, &err), BF_OK);
    assert_file("out", "new");
    assert_null(a.stream);
    assert_int_equal(stat("out", &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    assert_int_equal(n_entries("."), 1);
    bf_atomic_abort(&a);
    assert_file("out", "new");
    assert_int_equal(chdir(".."), 0);
}

static void abort_leaves_the_old_file(void **state)
{
    struct bf_err err = BF_ERR_INIT;
    struct bf_atomic a;

    (void)state;
    fresh("abort");
    write_text("out", "old");
    assert_int_equal(bf_atomic_open(&a, "out", &err), BF_OK);
    assert_true(fputs("new", a.stream) >= 0);
    bf_atomic_abort(&a);
    assert_null(a.stream);
    assert_file("out", "old");
    assert_int_equal(n_entries("."), 1);
    bf_atomic_abort(&a);
    assert_int_equal(bf_atomic_commit(&a, &err), BF_STORE);
    assert_int_equal(chdir(".."), 0);
}

/* A limit on the size of files stands in for a full disk; in a child, to keep it from the other tests. `lifted`:
 * somebody frees space before the end, which does not bring the lost bytes back. */
static void write_beyond_the_limit(size_t n_bytes, bool lifted)
{
    struct rlimit limit;
    struct bf_err err = BF_ERR_INIT;
    struct bf_atomic a;

    (void)signal(SIGXFSZ, SIG_IGN);
    if (getrlimit(RLIMIT_FSIZE, &limit) != 0)
        _exit(1);
    limit.rlim_cur = 1000;
    if (setrlimit(RLIMIT_FSIZE, &limit) != 0 || bf_atomic_open(&a, "out", &err) != BF_OK)
        _exit(1);
    for (size_t i = 0; i < n_bytes; i++)
        (void)fputc('x', a.stream);
    limit.rlim_cur = limit.rlim_max;
    if (lifted && setrlimit(RLIMIT_FSIZE, &limit) != 0)
        _exit(1);
    if (bf_atomic_commit(&a, &err) != BF_STORE || err.status != BF_STORE || !strstr(err.text, "cannot write '"))
        _exit(2);
    _exit(a.stream ? 3 : 0);
}

static void a_full_disk_leaves_the_old_file(void **state)
{
    /* Short: the failure comes at the flush. Long: it comes in the middle. */
    static const struct {
        size_t n_bytes;
        bool lifted;
    } cases[] = {{1001, false}, {100000, false}, {100000, true}};

    (void)state;
    fresh("full");
    write_text("out", "old");
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        int status = 0;
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0)
            write_beyond_the_limit(cases[i].n_bytes, cases[i].lifted);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), 0);
        assert_file("out", "old");
        assert_int_equal(n_entries("."), 1);
    }
    assert_int_equal(chdir(".."), 0);
}

static void devices_are_written_to_and_not_replaced(void **state)
{
    struct bf_err err = BF_ERR_INIT;
    struct bf_atomic a;
    struct stat info;

    (void)state;
    assert_int_equal(bf_atomic_open(&a, "/dev/full", &err), BF_OK);
    assert_true(fputs("text", a.stream) >= 0);
    assert_int_equal(bf_atomic_commit(&a, &err), BF_STORE);
    assert_error(err, BF_STORE, "cannot write '/dev/full': the disk is full");
    assert_int_equal(bf_atomic_open(&a, "/dev/null", &err), BF_OK);
    assert_true(fputs("text", a.stream) >= 0);
    assert_int_equal(bf_atomic_commit(&a, &err), BF_OK);
    assert_int_equal(stat("/dev/null", &info), 0);
    assert_true(S_ISCHR(info.st_mode));
}

static void a_symbolic_link_stays_one(void **state)
{
    struct bf_err err = BF_ERR_INIT;
    struct bf_atomic a;
    struct stat info;

    (void)state;
    fresh("link");
    write_text("real", "old");
    assert_int_equal(symlink("real", "alias"), 0);
    assert_int_equal(bf_atomic_open(&a, "alias", &err), BF_OK);
    assert_true(fputs("new", a.stream) >= 0);
    assert_int_equal(bf_atomic_commit(&a, &err), BF_OK);
    assert_int_equal(lstat("alias", &info), 0);
    assert_true(S_ISLNK(info.st_mode));
    assert_file("real", "new");
    assert_int_equal(n_entries("."), 2);
    assert_int_equal(chdir(".."), 0);
}

/* In a folder that may be a stranger's, what has the name gives way to the file. */
static void inside_a_folder_no_link_is_followed(void **state)
{
    struct bf_err err = BF_ERR_INIT;
    struct bf_atomic a;
    struct stat info;

    (void)state;
    fresh("inside");
    write_text("precious", "precious");
    assert_int_equal(symlink("precious", "link"), 0);
    assert_int_equal(mkfifo("pipe", 0600), 0);
    static const char *const names[] = {"link", "pipe", "-"};
    const int descriptor = dup(STDIN_FILENO);
    assert_int_equal(close(descriptor), 0);
    for (size_t i = 0; i < N_ELEMENTS(names); i++) {
        assert_int_equal(bf_atomic_open_inside(&a, names[i], &err), BF_OK);
        assert_true(fputs("new", a.stream) >= 0);
        assert_int_equal(bf_atomic_commit(&a, &err), BF_OK);
        assert_int_equal(lstat(names[i], &info), 0);
        assert_true(S_ISREG(info.st_mode));
        assert_file(names[i], "new");
    }
    assert_int_equal(dup(STDIN_FILENO),
                     descriptor); /* each was closed, also the one that is called as the standard output is */
    assert_int_equal(close(descriptor), 0);
    assert_file("precious", "precious");
    assert_int_equal(mkdir("folder", 0700), 0);
    assert_int_equal(bf_atomic_open_inside(&a, "folder", &err), BF_STORE);
    assert_error(err, BF_STORE, "it is a folder");
    assert_int_equal(n_entries("."), 4 + 1); /* "-" is too short to be counted by its name */
    assert_int_equal(chdir(".."), 0);
}

static void what_is_flushed_can_be_read_before_it_is_in_place(void **state)
{
    struct bf_err err = BF_ERR_INIT;
    struct bf_atomic a;

    (void)state;
    fresh("flush");
    write_text("out", "old");
    assert_int_equal(bf_atomic_open(&a, "out", &err), BF_OK);
    assert_true(fputs("new", a.stream) >= 0);
    assert_int_equal(bf_atomic_flush(&a, &err), BF_OK);
    assert_file(a.temporary, "new");
    assert_file("out", "old");
    bf_atomic_abort(&a);
    assert_file("out", "old");
    assert_int_equal(n_entries("."), 1);
    assert_int_equal(chdir(".."), 0);
}

static void a_pipe_has_its_device_name(void **state)
{
    struct bf_err err = BF_ERR_INIT;
    struct bf_atomic a;
    char name[32], text[8] = {0};
    int ends[2];

    (void)state;
    assert_int_equal(pipe(ends), 0);
    (void)snprintf(name, sizeof name, "/dev/fd/%d", ends[1]);
    assert_int_equal(bf_atomic_open(&a, name, &err), BF_OK);
    assert_true(fputs("text", a.stream) >= 0);
    assert_int_equal(bf_atomic_commit(&a, &err), BF_OK);
    assert_int_equal(read(ends[0], text, sizeof text - 1), 4);
    assert_string_equal(text, "text");
    (void)close(ends[0]);
    (void)close(ends[1]);
}

static void says_why_it_cannot_open(void **state)
{
    struct bf_err err = BF_ERR_INIT;
    struct bf_atomic a;

    (void)state;
    assert_int_equal(bf_atomic_open(&a, "no/such/folder", &err), BF_STORE);
    assert_error(err, BF_STORE, "cannot write 'no/such/folder': no such file or folder");
    bf_atomic_abort(&a);
    assert_int_equal(bf_atomic_open(&a, "/", &err), BF_STORE);
    assert_error(err, BF_STORE, "it is a folder");
}

static void a_vanished_folder_is_an_error(void **state)
{
    struct bf_err err = BF_ERR_INIT;
    struct bf_atomic a;

    (void)state;
    assert_int_equal(mkdir("before", 0700), 0);
    assert_int_equal(bf_atomic_open(&a, "before/out", &err), BF_OK);
    assert_int_equal(rename("before", "after"), 0);
    assert_int_equal(bf_atomic_commit(&a, &err), BF_STORE);
    assert_error(err, BF_STORE, "cannot rename '");
    assert_null(a.stream);
}

/* stdout of a child goes to `path`; the child's exit status is that of the commit. */
static int commit_to_stdout(const char *path)
{
    int status = 0;
    pid_t pid;

    (void)fflush(stdout);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        struct bf_err err = BF_ERR_INIT;
        struct bf_atomic a;
        int fd = open(path, O_WRONLY | O_CREAT, 0600);

        if (fd < 0 || dup2(fd, STDOUT_FILENO) < 0 || bf_atomic_open(&a, "-", &err) != BF_OK)
            _exit(99);
        (void)fputs("to stdout", a.stream);
        status = (int)bf_atomic_commit(&a, &err);
        if (status == BF_STORE && !strstr(err.text, "cannot write 'standard output'"))
            _exit(98);
        _exit(status);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void a_dash_is_stdout(void **state)
{
    (void)state;
    assert_int_equal(commit_to_stdout("caught"), BF_OK);
    assert_file("caught", "to stdout");
    assert_int_equal(commit_to_stdout("/dev/full"), BF_STORE);
    assert_false(bf_file_exists("-"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(temporaries_are_known_by_name),
        cmocka_unit_test(commit_replaces_at_once),
        cmocka_unit_test(abort_leaves_the_old_file),
        cmocka_unit_test(a_full_disk_leaves_the_old_file),
        cmocka_unit_test(devices_are_written_to_and_not_replaced),
        cmocka_unit_test(a_symbolic_link_stays_one),
        cmocka_unit_test(inside_a_folder_no_link_is_followed),
        cmocka_unit_test(what_is_flushed_can_be_read_before_it_is_in_place),
        cmocka_unit_test(a_pipe_has_its_device_name),
        cmocka_unit_test(says_why_it_cannot_open),
        cmocka_unit_test(a_vanished_folder_is_an_error),
        cmocka_unit_test(a_dash_is_stdout),
    };
    return cmocka_run_group_tests(tests, enter_scratch, leave_scratch);
}
