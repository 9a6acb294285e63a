/* Untrusted text inside YAML, Markdown and JSON that people read. What YAML makes of it is asked of a real parser in
 * tests/consumers. */
#include "unit.h"

#include "export/export_text.h"

#include "base/banned.h"

static void assert_put(void (*put)(struct bf_buf *out, const char *text), const char *text, const char *want)
{
    struct bf_buf out;
    bf_buf_init(&out, 4096);
    put(&out, text);
    assert_string_equal(out.data, want);
    bf_buf_release(&out);
}

static void yaml_scalars(void **state)
{
    static const char *const pairs[][2] = {
        {"", "\"\""},
        {"Greek mythology", "\"Greek mythology\""},
        {"a: \"b\" #c\\", "\"a: \\\"b\\\" #c\\\\\""},
        {"two\nlines\ttab\r", "\"two\\nlines\\u0009tab\\u000d\""},
        {"---", "\"---\""},
        /* What some YAML readers take for a line break, a byte order mark, or refuse. */
        {"\xc2\x85\xe2\x80\xa8\xe2\x80\xa9\xef\xbb\xbf\x7f\xc2\x9f\xc2\xa0\xef\xbf\xbe",
         "\"\\u0085\\u2028\\u2029\\ufeff\\u007f\\u009f\\u00a0\\ufffe\""},
        {"\xf0\x9f\x9a\x80 \xce\x96", "\"\xf0\x9f\x9a\x80 \xce\x96\""},
        {"\xf0\x9f\xbf\xbf", "\"\\U0001ffff\""}, /* a noncharacter beyond 16 bits */
        {"\xff\xc3(", "\"\xef\xbf\xbd\xef\xbf\xbd(\""},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(pairs); i++)
        assert_put(bf_put_yaml_text, pairs[i][0], pairs[i][1]);
}

static void put_markdown(struct bf_buf *out, const char *text)
{
    bf_put_markdown(out, text, 40);
}

static void markdown_stays_text(void **state)
{
    static const char *const pairs[][2] = {
        {"plain, with a dot. And (brackets)", "plain, with a dot. And (brackets)"},
        {"a|b `c` *d* _e_ [f](g) <h> #i ~j~ $k$ &l; !m \\n", "a\\|b \\`c\\` \\*d\\* \\_e\\_ \\[f\\](g) \\<h\\> \\#i "
                                                             "\\~j\\~ \\$k\\$ \\&\xe2\x80\xa6"}, /* cut, then escaped */
        {"two\n\n# lines\n---\n", "two \\# lines ---"},
        {"```\ncode", "\\`\\`\\` code"},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(pairs); i++)
        assert_put(put_markdown, pairs[i][0], pairs[i][1]);
}

static void one_line_appends(void **state)
{
    struct bf_buf out;
    (void)state;
    bf_buf_init(&out, 100);
    bf_buf_puts(&out, "x:");
    bf_put_one_line(&out, "\n a\n\n b \n");
    assert_string_equal(out.data, "x:a b ");
    bf_buf_release(&out);
}

static void json_for_people(void **state)
{
    static const char want[] = "{\n"
                               "  \"a\": [],\n"
                               "  \"b\": {},\n"
                               "  \"c\": [1,2.5,null],\n"
                               "  \"d\": [\n"
                               "    {\n"
                               "      \"x\": \"\\\"\\n\"\n"
                               "    },\n"
                               "    {}\n"
                               "  ],\n"
                               "  \"z\": true\n"
                               "}\n";
    static const char text[] = "{\"z\":true,\"d\":[{\"x\":\"\\\"\\n\"},{}],\"c\":[1,2.5,null],\"b\":{},\"a\":[]}";
    struct bf_err err = BF_ERR_INIT;
    struct bf_buf out;
    json_t *value, *again;
    (void)state;
    bf_buf_init(&out, 4096);
    assert_int_equal(bf_json_parse(text, sizeof text - 1, "text", &value, &err), BF_OK);
    bf_put_json_pretty(&out, value);
    assert_string_equal(out.data, want);
    assert_int_equal(bf_json_parse(out.data, out.len, "text", &again, &err), BF_OK);
    assert_true(json_equal(value, again));
    json_decref(again);
    json_decref(value);
    bf_buf_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(yaml_scalars),
        cmocka_unit_test(markdown_stays_text),
        cmocka_unit_test(one_line_appends),
        cmocka_unit_test(json_for_people),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
