/* Where a command may write, decided before it works. */
#include "unit.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "base/output.h"

static enum bf_status check(const char *path, enum bf_output_kind kind, const char *input, struct bf_err *err)
{
    const struct bf_output output = {path, kind, &input, 1};
    *err = (struct bf_err)BF_ERR_INIT;
    return bf_output_check(&output, err);
}

static void a_name_that_is_free_or_a_file_is_fine(void **state)
{
    struct bf_err err;
    (void)state;
    write_text("old", "old");
    assert_int_equal(check("new", BF_OUTPUT_FILE, "old", &err), BF_OK);
    assert_int_equal(check("./new", BF_OUTPUT_STREAM, "missing", &err), BF_OK);
    assert_int_equal(check("old", BF_OUTPUT_FILE, NULL, &err), BF_OK);
    assert_int_equal(check(NULL, BF_OUTPUT_FILE, "old", &err), BF_OK);
    assert_int_equal(check("-", BF_OUTPUT_STREAM, "old", &err), BF_OK);
    assert_int_equal(symlink("nowhere", "dangling"), 0);
    assert_int_equal(check("dangling", BF_OUTPUT_FILE, "old", &err), BF_OK);
}

static void an_input_is_never_written_over(void **state)
{
    struct bf_err err;
    (void)state;
    write_text("in", "precious");
    assert_int_equal(symlink("in", "link"), 0);
    assert_int_equal(link("in", "second"), 0);
    static const char *const names[] = {"in", "./in", "link", "second"};
    for (size_t i = 0; i < N_ELEMENTS(names); i++)
        for (int kind = BF_OUTPUT_STREAM; kind <= BF_OUTPUT_FILE; kind++) {
            assert_int_equal(check(names[i], (enum bf_output_kind)kind, "in", &err), BF_USAGE);
            assert_error(err, BF_USAGE, "is read and cannot be written too");
        }
}

/* Two files of one command: neither is there yet. */
static void two_outputs_are_two_files(void **state)
{
    static const char *const names[] = {"both", "./both", "deep/../both", "away/both"};
    struct bf_err err;
    char here[256];
    (void)state;
    assert_int_equal(mkdir("deep", 0700), 0);
    assert_non_null(getcwd(here, sizeof here));
    assert_int_equal(symlink(here, "away"), 0);
    for (size_t i = 0; i < N_ELEMENTS(names); i++) {
        assert_int_equal(check(names[i], BF_OUTPUT_FILE, "both", &err), BF_USAGE);
        assert_error(err, BF_USAGE, "is named for two files of this command");
        assert_int_equal(check(names[i], BF_OUTPUT_FILE, "deep/both", &err), BF_OK);
    }
    assert_int_equal(check("both", BF_OUTPUT_FILE, "none/both", &err), BF_OK);
}

static void no_folder_no_file(void **state)
{
    struct bf_err err;
    (void)state;
    assert_int_equal(mkdir("folder", 0700), 0);
    write_text("file", "");
    assert_int_equal(check("folder", BF_OUTPUT_STREAM, NULL, &err), BF_STORE);
    assert_error(err, BF_STORE, "'folder': it is a folder");
    assert_int_equal(check("none/out", BF_OUTPUT_FILE, NULL, &err), BF_STORE);
    assert_error(err, BF_STORE, "the folder 'none' cannot be opened: no such file or folder");
    assert_int_equal(check("file/out", BF_OUTPUT_FILE, NULL, &err), BF_STORE);
    assert_error(err, BF_STORE, "not a folder");
    assert_int_equal(check("out/", BF_OUTPUT_FILE, NULL, &err), BF_STORE);
    assert_error(err, BF_STORE, "a file cannot end with a slash");
    if (geteuid() != 0) {
        assert_int_equal(mkdir("shut", 0500), 0);
        assert_int_equal(check("shut/out", BF_OUTPUT_FILE, NULL, &err), BF_STORE);
        assert_error(err, BF_STORE, "permission denied");
    }
}

static void a_folder_is_there_or_can_be_made(void **state)
{
    struct bf_err err;
    (void)state;
    write_text("plain", "");
    assert_int_equal(mkdir("open", 0700), 0);
    static const char *const fine[] = {"open", "open/", "open/new", "new/er", "open/new/er/", "/tmp"};
    for (size_t i = 0; i < N_ELEMENTS(fine); i++)
        assert_int_equal(check(fine[i], BF_OUTPUT_FOLDER, NULL, &err), BF_OK);
    assert_int_equal(check("plain", BF_OUTPUT_FOLDER, NULL, &err), BF_STORE);
    assert_error(err, BF_STORE, "'plain' is not a folder");
    assert_int_equal(check("plain/new", BF_OUTPUT_FOLDER, NULL, &err), BF_STORE);
    if (geteuid() != 0) {
        assert_int_equal(mkdir("closed", 0500), 0);
        assert_int_equal(check("closed/new", BF_OUTPUT_FOLDER, NULL, &err), BF_STORE);
        assert_error(err, BF_STORE, "permission denied");
    }
}

static void a_rename_is_for_files_a_stream_for_all(void **state)
{
    struct bf_err err;
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "socket"};
    (void)state;
    assert_int_equal(mkfifo("pipe", 0600), 0);
    const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)(const void *)&address, sizeof address), 0);
    assert_int_equal(close(fd), 0);
    assert_int_equal(check("pipe", BF_OUTPUT_STREAM, NULL, &err), BF_OK);
    assert_int_equal(check("/dev/null", BF_OUTPUT_STREAM, "/dev/null", &err), BF_OK);
    assert_int_equal(check("pipe", BF_OUTPUT_FILE, NULL, &err), BF_STORE);
    assert_error(err, BF_STORE, "'pipe': it is a pipe");
    assert_int_equal(check("/dev/null", BF_OUTPUT_FILE, NULL, &err), BF_STORE);
    assert_error(err, BF_STORE, "it is a device");
    assert_int_equal(check("socket", BF_OUTPUT_STREAM, NULL, &err), BF_STORE);
    assert_error(err, BF_STORE, "it is a socket");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_that_is_free_or_a_file_is_fine),
        cmocka_unit_test(an_input_is_never_written_over),
        cmocka_unit_test(two_outputs_are_two_files),
        cmocka_unit_test(no_folder_no_file),
        cmocka_unit_test(a_folder_is_there_or_can_be_made),
        cmocka_unit_test(a_rename_is_for_files_a_stream_for_all),
    };
    return cmocka_run_group_tests(tests, enter_scratch, leave_scratch);
}
