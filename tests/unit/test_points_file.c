/* The file of --points: one point per line, comments, and every kind of bad input. */
#include "unit.h"

#include <stdio.h>
#include <unistd.h>

#include "base/buf.h"
#include "request/request.h"

static enum bf_status read_text(const char *text, size_t n, struct bf_lines *out, size_t *n_twice, struct bf_err *err)
{
    char path[] = "/tmp/bf_points_XXXXXX";
    const int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, n), n);
    (void)close(fd);
    const enum bf_status status = bf_points_file_read(path, out, n_twice, err);
    (void)unlink(path);
    return status;
}

static void points_are_read(void **state)
{
    static const char text[] =
        "\xef\xbb\xbf# gods\nZeus\r\n\n  Mount Olympus \t\n\xe5\xad\x99\xe6\x82\x9f\xe7\xa9\xba\nzeus\nHera";
    struct bf_lines lines = {.n = 0};
    struct bf_err err = BF_ERR_INIT;
    size_t n_twice = 9;
    (void)state;
    if (read_text(text, sizeof text - 1, &lines, &n_twice, &err) != BF_OK)
        fail_msg("%s", err.text);
    assert_int_equal(lines.n, 4);
    assert_string_equal(lines.items[0], "Zeus");
    assert_string_equal(lines.items[1], "Mount Olympus");
    assert_string_equal(lines.items[3], "Hera");
    assert_int_equal(n_twice, 1);
    bf_lines_release(&lines);
}

static void assert_refused(const char *text, size_t n, const char *words)
{
    struct bf_lines lines = {.n = 0};
    struct bf_err err = BF_ERR_INIT;
    size_t n_twice;
    assert_int_equal(read_text(text, n, &lines, &n_twice, &err), BF_INPUT);
    assert_contains(err.text, words);
    assert_int_equal(lines.n, 0);
}

static void bad_files_are_refused(void **state)
{
    struct bf_buf text;
    struct bf_lines lines = {.n = 0};
    struct bf_err err = BF_ERR_INIT;
    size_t n_twice;
    (void)state;
    assert_refused("", 0, "names no point");
    assert_refused("# only a comment\n\n", 18, "names no point");
    assert_refused("Zeus\nX\n", 7, "line 2 is 1 bytes long; name each point in 2 to 120 bytes");
    assert_refused("Zeus\n\xff\xfe\n", 8, "line 2 is not UTF-8");
    assert_refused("Zeus\nHe\x01ra\n", 11, "line 2 has a control character");
    bf_buf_init(&text, SIZE_MAX);
    bf_buf_puts(&text, "Zeus\n\n");
    for (int i = 0; i < 121; i++)
        bf_buf_putc(&text, 'x');
    assert_refused(text.data, text.len, "line 3 is 121 bytes long");
    for (int i = 0; i < 100000; i++)
        bf_buf_putc(&text, 'x');
    assert_refused(text.data, text.len, "line 3 is longer than 65536 bytes");
    bf_buf_clear(&text);
    for (int i = 0; i <= BF_GIVEN_POINTS_MAX; i++)
        bf_buf_printf(&text, "point %d\n", i);
    assert_refused(text.data, text.len, "more than 1000 points");
    bf_buf_release(&text);
    assert_int_equal(bf_points_file_read("/nowhere/points.txt", &lines, &n_twice, &err), BF_INPUT);
}

/* --points-only without points, and points that no file could have. */
static void requests_are_checked(void **state)
{
    struct bf_request request;
    struct bf_err err = BF_ERR_INIT;
    (void)state;
    assert_int_equal(bf_request_from_profile("quick", &request, &err), BF_OK);
    assert_int_equal(bf_request_set_topic(&request, "Greek mythology", &err), BF_OK);
    request.points_only = true;
    assert_int_equal(bf_request_check(&request, &err), BF_USAGE);
    assert_contains(err.text, "--points FILE");
    bf_lines_add(&request.points, "Zeus", 4);
    assert_int_equal(bf_request_check(&request, &err), BF_OK);
    bf_lines_add(&request.points, "two\nlines", 9);
    assert_int_not_equal(bf_request_check(&request, &err), BF_OK);
    assert_contains(err.text, "name 2 of --points has a control character");
    bf_request_release(&request);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(points_are_read),
        cmocka_unit_test(bad_files_are_refused),
        cmocka_unit_test(requests_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
