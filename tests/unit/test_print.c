/* Nothing that a terminal obeys comes out, whatever it is that is printed. */
#include "unit.h"

#include "base/print.h"

static char *caught(FILE *file)
{
    static char text[65536];
    rewind(file);
    const size_t n = fread(text, 1, sizeof text - 1, file);
    text[n] = '\0';
    assert_int_equal(fclose(file), 0);
    return text;
}

static void control_characters_become_spaces(void **state)
{
    FILE *file = tmpfile();
    (void)state;
    assert_non_null(file);
    bf_print(file, "%s|%s|%s", "m\x1b]0;t\x07\x1b[31mred\r",
             "\xc2\x9b"
             "31m\x7f",
             "a\tb\n");
    assert_string_equal(caught(file), "m ]0;t  [31mred | 31m |a\tb\n");
}

static void invalid_bytes_and_changes_of_direction_are_shown(void **state)
{
    FILE *file = tmpfile();
    (void)state;
    assert_non_null(file);
    bf_print(file, "%s", "a\x9b\xc2|\xe2\x80\xae|\xe2\x81\xa9|\xce\x96\xce\xb5\xcf\x8d\xcf\x82");
    assert_string_equal(caught(file),
                        "a\xef\xbf\xbd\xef\xbf\xbd|\xef\xbf\xbd|\xef\xbf\xbd|\xce\x96\xce\xb5\xcf\x8d\xcf\x82");
}

static void long_texts_are_whole(void **state)
{
    char text[20001];
    FILE *file = tmpfile();
    (void)state;
    assert_non_null(file);
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    text[10000] = '\x1b';
    bf_print(file, "%s", text);
    text[10000] = ' ';
    assert_string_equal(caught(file), text);
}

static void json_keeps_its_characters(void **state)
{
    FILE *file = tmpfile();
    (void)state;
    assert_non_null(file);
    bf_print_json(file, "{\"a\":\"\xc2\x9b\xe2\x80\xae\xc3\xa9\x7f\"}");
    assert_string_equal(caught(file), "{\"a\":\"\\u009b\\u202e\xc3\xa9\\u007f\"}\n");
}

static void a_line_is_one(void **state)
{
    struct bf_buf text;
    (void)state;
    bf_buf_init(&text, 100);
    bf_clean_text(&text, "a\nb\tc\0d", 7, true);
    assert_string_equal(text.data, "a b c d");
    bf_buf_release(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(control_characters_become_spaces),
        cmocka_unit_test(invalid_bytes_and_changes_of_direction_are_shown),
        cmocka_unit_test(long_texts_are_whole),
        cmocka_unit_test(json_keeps_its_characters),
        cmocka_unit_test(a_line_is_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
