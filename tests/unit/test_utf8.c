#include "unit.h"

#include "base/utf8.h"

static const struct {
    const char *bytes;
    size_t n;
    uint32_t cp;
} valid[] = {
    {"", 1, 0},
    {"A", 1, 'A'},
    {"\x7F", 1, 0x7F},
    {"\xC2\x80", 2, 0x80},
    {"\xDF\xBF", 2, 0x7FF},
    {"\xE0\xA0\x80", 3, 0x800},
    {"\xED\x9F\xBF", 3, 0xD7FF},
    {"\xEE\x80\x80", 3, 0xE000},
    {"\xEF\xBF\xBF", 3, 0xFFFF},
    {"\xF0\x90\x80\x80", 4, 0x10000},
    {"\xF0\x9F\x98\x80", 4, 0x1F600},
    {"\xF4\x8F\xBF\xBF", 4, 0x10FFFF},
};

static const struct {
    const char *what, *bytes;
} invalid[] = {
    {"continuation alone", "\x80"},
    {"continuation alone, high", "\xBF"},
    {"overlong, 2 bytes", "\xC0\x80"},
    {"overlong, 2 bytes, high", "\xC1\xBF"},
    {"overlong, 3 bytes", "\xE0\x80\x80"},
    {"overlong, 3 bytes, high", "\xE0\x9F\xBF"},
    {"overlong, 4 bytes", "\xF0\x80\x80\x80"},
    {"overlong, 4 bytes, high", "\xF0\x8F\xBF\xBF"},
    {"first surrogate", "\xED\xA0\x80"},
    {"last surrogate", "\xED\xBF\xBF"},
    {"beyond U+10FFFF", "\xF4\x90\x80\x80"},
    {"5-byte form", "\xF8\x88\x80\x80\x80"},
    {"6-byte form", "\xFC\x84\x80\x80\x80\x80"},
    {"0xFE", "\xFE"},
    {"0xFF", "\xFF"},
    {"cut, 2 bytes", "\xC3"},
    {"cut, 3 bytes", "\xE2\x82"},
    {"cut, 4 bytes", "\xF0\x9F\x98"},
    {"ASCII in the second place", "\xC3"
                                  "A"},
    {"ASCII in the third place", "\xE2\x82"
                                 "A"},
    {"lead in the second place", "\xE2\xC3\xA9"},
};

static void decodes_the_boundaries(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(valid); i++) {
        uint32_t cp = 1234567;
        assert_int_equal(bf_utf8_decode(valid[i].bytes, valid[i].n, &cp), valid[i].n);
        assert_int_equal(cp, valid[i].cp);
        assert_true(bf_utf8_valid(valid[i].bytes, valid[i].n));
    }
}

static void refuses_what_is_not_utf8(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(invalid); i++) {
        uint32_t cp;
        size_t n = strlen(invalid[i].bytes);
        if (bf_utf8_decode(invalid[i].bytes, n, &cp) != 0 || bf_utf8_valid(invalid[i].bytes, n))
            fail_msg("accepted: %s", invalid[i].what);
    }
}

/* Against the definition: every code point is encoded by hand, and every 2-byte string is judged by lookup of those. */
static void agrees_with_the_definition(void **state)
{
    static bool two[65536]; /* 2-byte strings that are one code point */

    (void)state;
    for (uint32_t cp = 0; cp <= 0x110000; cp++) {
        unsigned char s[4];
        size_t n;
        uint32_t back = 0;
        bool good = cp <= 0x10FFFF && (cp < 0xD800 || cp > 0xDFFF);

        if (cp < 0x80) {
            s[0] = (unsigned char)cp;
            n = 1;
        } else if (cp < 0x800) {
            s[0] = (unsigned char)(0xC0 | cp >> 6);
            s[1] = (unsigned char)(0x80 | (cp & 0x3F));
            n = 2;
            two[s[0] << 8 | s[1]] = true;
        } else if (cp < 0x10000) {
            s[0] = (unsigned char)(0xE0 | cp >> 12);
            s[1] = (unsigned char)(0x80 | (cp >> 6 & 0x3F));
            s[2] = (unsigned char)(0x80 | (cp & 0x3F));
            n = 3;
        } else {
            s[0] = (unsigned char)(0xF0 | cp >> 18);
            s[1] = (unsigned char)(0x80 | (cp >> 12 & 0x3F));
            s[2] = (unsigned char)(0x80 | (cp >> 6 & 0x3F));
            s[3] = (unsigned char)(0x80 | (cp & 0x3F));
            n = 4;
        }
        if (bf_utf8_decode((const char *)s, n, &back) != (good ? n : 0) || (good && back != cp))
            fail_msg("U+%04X", cp);
        if (good && bf_utf8_decode((const char *)s, n - 1, &back) != 0)
            fail_msg("U+%04X cut short was accepted", cp);
    }
    for (unsigned pair = 0x8000; pair < 0x10000; pair++) {
        const char s[2] = {(char)(pair >> 8), (char)(pair & 0xFF)};
        assert_int_equal(bf_utf8_valid(s, 2), two[pair]);
    }
}

static void assert_cleaned(const char *in, size_t n, const char *expected)
{
    struct bf_buf out;

    bf_buf_init(&out, 1000);
    bf_utf8_clean(&out, in, n);
    assert_string_equal(out.data, expected);
    assert_int_equal(out.len, strlen(expected));
    bf_buf_release(&out);
}

static void cleans(void **state)
{
    (void)state;
    assert_cleaned("plain", 5, "plain");
    assert_cleaned("a\0b", 3, "ab");
    assert_cleaned("a\r\nb\tc\033[0m\x07\x7F", 13, "a\nb\tc[0m");
    assert_cleaned("x\xC2\x9By", 4, "xy"); /* U+009B steers terminals as ESC [ does */
    assert_cleaned("x\xFFy\xE2\x82", 5, "x\xEF\xBF\xBDy\xEF\xBF\xBD\xEF\xBF\xBD");
    assert_cleaned("\xF0\x9F\x98\x80 \xC3\xA9", 7, "\xF0\x9F\x98\x80 \xC3\xA9");
    assert_cleaned("", 0, "");
}

static void counts(void **state)
{
    (void)state;
    assert_int_equal(bf_utf8_count("", 0), 0);
    assert_int_equal(bf_utf8_count("abc", 3), 3);
    assert_int_equal(bf_utf8_count("\xC3\xA9\xF0\x9F\x98\x80", 6), 2);
    assert_int_equal(bf_utf8_count("\xFF\xE2\x82", 3), 3);
}

static void assert_preview(const char *in, size_t max_cp, const char *expected)
{
    struct bf_buf out;

    bf_buf_init(&out, 1000);
    bf_utf8_preview(&out, in, strlen(in), max_cp);
    assert_string_equal(out.data, expected);
    bf_buf_release(&out);
}

static void previews(void **state)
{
    (void)state;
    assert_preview("  one\n\n two\t three  ", 80, "one two three");
    assert_preview("abcdef", 6, "abcdef");
    assert_preview("abcdefg", 6, "abcde\xE2\x80\xA6");
    assert_preview("abcde fgh", 6, "abcde\xE2\x80\xA6");
    assert_preview("abcd efgh", 6, "abcd\xE2\x80\xA6"); /* no space before the ellipsis */
    assert_preview("abcdef   \n", 6, "abcdef");         /* trailing space is not text that was cut */
    assert_preview("\xC3\xA9\xC3\xA9\xC3\xA9", 2, "\xC3\xA9\xE2\x80\xA6");
    assert_preview("a\xFF\033b", 9,
                   "a\xEF\xBF\xBD"
                   "b");
    assert_preview("a\xE2\x80\xA8"
                   "b\xC2\xA0"
                   "c",
                   9, "a b c");
    assert_preview("abc", 1, "\xE2\x80\xA6");
    assert_preview("abc", 0, "");
    assert_preview(" \n ", 9, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decodes_the_boundaries),
        cmocka_unit_test(refuses_what_is_not_utf8),
        cmocka_unit_test(agrees_with_the_definition),
        cmocka_unit_test(cleans),
        cmocka_unit_test(counts),
        cmocka_unit_test(previews),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
