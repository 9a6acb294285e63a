#include "unit.h"

#include "base/buf.h"
#include "base/letter_case.h"

static void assert_folds(const char *text, const char *expected)
{
    struct bf_buf out;

    bf_buf_init(&out, 1000);
    bf_letter_fold(&out, text, strlen(text));
    assert_string_equal(out.data, expected);
    bf_buf_release(&out);
}

static void capitals_of_each_script(void **state)
{
    static const uint32_t capitals[] = {'A',   'Z',   0xc0,  0xde,  0x100, 0x139, 0x14a, 0x178,  0x17d,  0x386, 0x391,
                                        0x3a9, 0x400, 0x410, 0x42f, 0x490, 0x4c0, 0x531, 0x1e9e, 0x1ea4, 0x1f08};
    static const uint32_t small[] = {'a',   'z',   0xe0,  0xff,  0xdf,  0x101, 0x138, 0x13a, 0x14b,  0x17e, 0x3ac,
                                     0x3b1, 0x3c9, 0x430, 0x44f, 0x450, 0x491, 0x4cf, 0x561, 0x1ea5, 0x1f00};
    static const uint32_t neither[] = {'0', ' ', '@', '[', 0xd7, 0xf7, 0x5d0, 0x627, 0x4e2d, 0x3042, 0x10d0, 0xfffd};

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(capitals); i++)
        if (!bf_letter_is_upper(capitals[i]) || !bf_letter_is(capitals[i]) || !bf_letter_is_cased(capitals[i]))
            fail_msg("U+%04X is no capital", capitals[i]);
    for (size_t i = 0; i < N_ELEMENTS(small); i++)
        if (bf_letter_is_upper(small[i]) || !bf_letter_is(small[i]) || !bf_letter_is_cased(small[i]))
            fail_msg("U+%04X is no small letter", small[i]);
    for (size_t i = 0; i < N_ELEMENTS(neither); i++)
        if (bf_letter_is_upper(neither[i]) || bf_letter_is_cased(neither[i]))
            fail_msg("U+%04X has a case", neither[i]);
}

/* What is a small letter of a capital is none itself, and the way back is unique. */
static void lower_case_is_reached_in_one_step(void **state)
{
    (void)state;
    for (uint32_t cp = 0; cp < 0x11000; cp++)
        if (bf_letter_lower(bf_letter_lower(cp)) != bf_letter_lower(cp))
            fail_msg("U+%04X goes to U+%04X and on to U+%04X", cp, bf_letter_lower(cp),
                     bf_letter_lower(bf_letter_lower(cp)));
}

static void digits_of_several_scripts(void **state)
{
    (void)state;
    assert_int_equal(bf_letter_digit('0'), 0);
    assert_int_equal(bf_letter_digit('9'), 9);
    assert_int_equal(bf_letter_digit(0x664), 4);  /* Arabic */
    assert_int_equal(bf_letter_digit(0x96b), 5);  /* Devanagari */
    assert_int_equal(bf_letter_digit(0xff17), 7); /* full width */
    assert_int_equal(bf_letter_digit('a'), -1);
    assert_int_equal(bf_letter_digit(0xb2), -1); /* superscript two */
    assert_false(bf_letter_is(0x664));
    assert_false(bf_letter_is(0xff17));
}

static void folding_forgets_case_and_diacritics(void **state)
{
    (void)state;
    assert_folds("", "");
    assert_folds("ZEUS", "zeus");
    assert_folds("Zo\xc3\xab", "zoe");
    assert_folds("Zoe\xcc\x88", "zoe"); /* e with a combining diaeresis */
    assert_folds("Gabriela \xc3\x81lvarez", "gabriela alvarez");
    assert_folds("\xc5\x81\xc3\xb3\xc5\xba", "loz");
    assert_folds("\xc5\x92uvre \xc3\x86ther Stra\xc3\x9f"
                 "e",
                 "oeuvre aether strasse");
    assert_folds("Nguy\xe1\xbb\x85n", "nguyen");
    assert_folds("O\xe2\x80\x99"
                 "Brien",
                 "o'brien");
    /* Greek and Cyrillic keep their letters. */
    assert_folds("\xce\xa9\xce\x9c\xce\x95\xce\x93\xce\x91", "\xcf\x89\xce\xbc\xce\xb5\xce\xb3\xce\xb1");
    assert_folds("\xce\x96\xce\xb5\xcf\x8d\xcf\x82", "\xce\xb6\xce\xb5\xcf\x8d\xcf\x83");
    assert_folds("\xd0\x90\xd0\xbd\xd0\xbd\xd0\xb0", "\xd0\xb0\xd0\xbd\xd0\xbd\xd0\xb0");
    assert_folds("\xe6\x9c\xa8\xe6\x98\x9f", "\xe6\x9c\xa8\xe6\x98\x9f");
    assert_folds("a\xff"
                 "B",
                 "a\xff"
                 "b");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(capitals_of_each_script),
        cmocka_unit_test(lower_case_is_reached_in_one_step),
        cmocka_unit_test(digits_of_several_scripts),
        cmocka_unit_test(folding_forgets_case_and_diacritics),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
