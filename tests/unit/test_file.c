#include "unit.h"

#include <sys/stat.h>

#include "base/file.h"

static mode_t mode_of(const char *path)
{
    struct stat info;

    assert_int_equal(stat(path, &info), 0);
    return info.st_mode & 07777;
}

static void asks_about_files(void **state)
{
    (void)state;
    write_text("seven", "7 bytes");
    assert_true(bf_file_exists("seven"));
    assert_false(bf_is_dir("seven"));
    assert_true(bf_is_dir("."));
    assert_true(bf_file_size("seven") == 7);
    assert_false(bf_file_exists("nothing"));
    assert_false(bf_is_dir("nothing"));
    assert_true(bf_file_size("nothing") == -1);
}

static void makes_folders_private(void **state)
{
    struct bf_err err = BF_ERR_INIT;

    (void)state;
    assert_int_equal(bf_mkdirs("runs/a//b/", &err), BF_OK);
    assert_true(bf_is_dir("runs/a/b"));
    assert_int_equal(mode_of("runs"), 0700);
    assert_int_equal(mode_of("runs/a/b"), 0700);
    assert_int_equal(bf_mkdirs("runs/a/b", &err), BF_OK);
    assert_int_equal(bf_mkdirs("/", &err), BF_OK);
    assert_int_equal(bf_mkdirs(".", &err), BF_OK);
}

static void removes_files_links_and_flat_folders(void **state)
{
    struct bf_err err = BF_ERR_INIT;

    (void)state;
    assert_int_equal(bf_mkdirs("flat", &err), BF_OK);
    assert_int_equal(bf_mkdirs("deep/inside", &err), BF_OK);
    write_text("flat/one", "1");
    write_text("flat/.two", "2");
    write_text("deep/one", "1");
    assert_int_equal(symlink("flat", "link"), 0);
    assert_int_equal(symlink("../flat", "deep/link"), 0);
    bf_remove("nothing");
    bf_remove("link");
    bf_remove("deep");
    assert_true(bf_file_exists("flat/one")); /* behind two links */
    assert_false(bf_file_exists("link"));
    assert_true(bf_is_dir("deep/inside"));
    assert_false(bf_file_exists("deep/one"));
    bf_remove("flat/one");
    assert_false(bf_file_exists("flat/one"));
    bf_remove("flat");
    assert_false(bf_file_exists("flat"));
}

static void says_why_a_folder_cannot_be_made(void **state)
{
    struct bf_err err = BF_ERR_INIT;
    char longest[300];

    (void)state;
    write_text("plain", "");
    assert_int_equal(bf_mkdirs("plain", &err), BF_STORE);
    assert_error(err, BF_STORE, "'plain': a file has that name");
    assert_int_equal(bf_mkdirs("plain/below", &err), BF_STORE);
    assert_error(err, BF_STORE, "'plain'");
    assert_int_equal(bf_mkdirs("", &err), BF_STORE);
    assert_int_equal(bf_mkdirs("/proc/none/such", &err), BF_STORE);
    assert_error(err, BF_STORE, "cannot create the folder '/proc/none'");
    memset(longest, 'x', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    assert_int_equal(bf_mkdirs(longest, &err), BF_STORE);
    assert_error(err, BF_STORE, "too long");
}

static void reads_a_whole_file(void **state)
{
    struct bf_err err = BF_ERR_INIT;
    struct bf_buf out;
    FILE *file = fopen("large", "wb");

    (void)state;
    assert_non_null(file);
    for (int i = 0; i < 50000; i++)
        assert_true(fprintf(file, "%06d\n", i) == 7);
    assert_int_equal(fclose(file), 0);
    bf_buf_init(&out, 350001);
    bf_buf_putc(&out, '>');
    assert_int_equal(bf_file_read("large", &out, &err), BF_OK); /* exactly the cap */
    assert_int_equal(out.len, 350001);
    assert_memory_equal(out.data, ">000000\n000001\n", 15);
    assert_string_equal(out.data + 350001 - 7, "049999\n");
    bf_buf_release(&out);
}

static void a_file_over_the_cap_is_refused(void **state)
{
    struct bf_err err = BF_ERR_INIT;
    struct bf_buf out;

    (void)state;
    write_text("twelve", "twelve bytes");
    bf_buf_init(&out, 13);
    bf_buf_puts(&out, "ab");
    assert_int_equal(bf_file_read("twelve", &out, &err), BF_INPUT);
    assert_error(err, BF_INPUT, "'twelve' is too large: at most 11 bytes");
    assert_string_equal(out.data, "ab");
    bf_buf_release(&out);
    bf_buf_init(&out, 100000);
    assert_int_equal(bf_file_read("/dev/zero", &out, &err), BF_INPUT); /* endless */
    assert_int_equal(out.len, 0);
    bf_buf_release(&out);
}

static void says_why_a_file_cannot_be_read(void **state)
{
    struct bf_err err = BF_ERR_INIT;
    struct bf_buf out;

    (void)state;
    bf_buf_init(&out, 100);
    assert_int_equal(bf_file_read("missing.json", &out, &err), BF_INPUT);
    assert_error(err, BF_INPUT, "cannot open 'missing.json': no such file");
    assert_int_equal(bf_file_read(".", &out, &err), BF_INPUT);
    assert_error(err, BF_INPUT, "it is a folder");
    assert_int_equal(bf_file_read("/dev/zero", &out, &err), BF_INPUT);
    assert_error(err, BF_INPUT, "a device, which may never end");
    assert_int_equal(bf_file_read("/dev/null", &out, &err), BF_OK);
    bf_buf_release(&out);
}

static void joins_paths(void **state)
{
    static const char *const cases[][3] = {
        {"a", "b", "a/b"}, {"a/", "b", "a/b"}, {"a//", "/b", "a/b"},      {"/", "b", "/b"},
        {"", "b", "b"},    {"", "/b", "/b"},   {"a/b", "c/d", "a/b/c/d"},
    };

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        char *path = bf_path_join(cases[i][0], cases[i][1]);
        assert_string_equal(path, cases[i][2]);
        free(path);
    }
}

static void assert_cache(const char *biforget, const char *xdg, const char *home, const char *expected)
{
    static const char *const names[] = {"BIFORGET_CACHE", "XDG_CACHE_HOME", "HOME"};
    const char *const values[] = {biforget, xdg, home};
    char *dir;

    for (size_t i = 0; i < 3; i++)
        assert_int_equal(values[i] ? setenv(names[i], values[i], 1) : unsetenv(names[i]), 0);
    dir = bf_cache_dir();
    if (expected)
        assert_string_equal(dir, expected);
    else
        assert_null(dir);
    free(dir);
}

static void finds_the_cache(void **state)
{
    (void)state;
    assert_cache("own", "/xdg", "/home/ada", "own");
    assert_cache(NULL, "/xdg", "/home/ada", "/xdg/biforget");
    assert_cache("", "/xdg/", "/home/ada", "/xdg/biforget");
    assert_cache(NULL, "relative", "/home/ada", "/home/ada/.cache/biforget");
    assert_cache(NULL, NULL, "/home/ada", "/home/ada/.cache/biforget");
    assert_cache(NULL, "", "", NULL);
    assert_cache(NULL, NULL, NULL, NULL);
}

static void knows_free_space(void **state)
{
    int64_t here = bf_disk_free(".");

    (void)state;
    assert_true(here > 0);
    assert_true(bf_disk_free("not/there/yet") > 0);
    assert_true(bf_disk_free("") > 0);
    assert_true(bf_disk_free("/not-there-yet") > 0);
    write_text("plain-file", "");
    assert_true(bf_disk_free("plain-file/below") > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(asks_about_files),
        cmocka_unit_test(makes_folders_private),
        cmocka_unit_test(removes_files_links_and_flat_folders),
        cmocka_unit_test(says_why_a_folder_cannot_be_made),
        cmocka_unit_test(reads_a_whole_file),
        cmocka_unit_test(a_file_over_the_cap_is_refused),
        cmocka_unit_test(says_why_a_file_cannot_be_read),
        cmocka_unit_test(joins_paths),
        cmocka_unit_test(finds_the_cache),
        cmocka_unit_test(knows_free_space),
    };
    return cmocka_run_group_tests(tests, enter_scratch, leave_scratch);
}
