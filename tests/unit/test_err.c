#include "unit.h"

#include <errno.h>

#include "base/utf8.h"

static void fills_status_and_sentence(void **state)
{
    struct bf_err err = BF_ERR_INIT;

    (void)state;
    assert_int_equal(bf_fail(&err, BF_INPUT, "cannot open '%s': %d", "x.gguf", 7), BF_INPUT);
    assert_int_equal(err.status, BF_INPUT);
    assert_string_equal(err.text, "cannot open 'x.gguf': 7");
    assert_int_equal(bf_fail(NULL, BF_STORE, "dropped %s", "text"), BF_STORE);
}

static void control_characters_become_spaces(void **state)
{
    struct bf_err err = BF_ERR_INIT;

    (void)state;
    (void)bf_fail(&err, BF_USAGE, "topic '%s'", "a\nb\tc\033[31m\x7f\xC2\x9B d");
    assert_string_equal(err.text, "topic 'a b c [31m   d'");
    /* What makes a text read otherwise than it is. */
    (void)bf_fail(&err, BF_USAGE,
                  "'a\xE2\x80\xAE"
                  "b\xE2\x81\xA6' is not a file");
    assert_string_equal(err.text, "'a\xEF\xBF\xBD"
                                  "b\xEF\xBF\xBD' is not a file");
}

static void invalid_bytes_become_replacement_characters(void **state)
{
    struct bf_err err = BF_ERR_INIT;

    (void)state;
    (void)bf_fail(&err, BF_USAGE, "x\xFFy\xE2\x82");
    assert_string_equal(err.text, "x\xEF\xBF\xBDy\xEF\xBF\xBD\xEF\xBF\xBD");
}

static void long_text_is_cut_between_characters(void **state)
{
    struct bf_err err = BF_ERR_INIT;
    char text[8001];

    (void)state;
    /* Three bytes each, at each of the three alignments. */
    for (size_t shift = 0; shift < 3; shift++) {
        memset(text, 'x', shift);
        for (size_t i = shift; i + 3 < sizeof text; i += 3)
            memcpy(text + i, "\xE2\x82\xAC", 4);
        (void)bf_fail(&err, BF_USAGE, "%s", text);
        size_t n = strlen(err.text);
        assert_true(n >= BF_ERR_TEXT_MAX - 4 && n < BF_ERR_TEXT_MAX);
        assert_string_equal(err.text + n - 3, "...");
        assert_true(bf_utf8_valid(err.text, n));
    }
}

static void text_that_just_fits_is_not_cut(void **state)
{
    struct bf_err err = BF_ERR_INIT;
    char text[BF_ERR_TEXT_MAX + 1];

    (void)state;
    memset(text, 'a', sizeof text);
    text[BF_ERR_TEXT_MAX - 1] = '\0';
    (void)bf_fail(&err, BF_USAGE, "%s", text);
    assert_string_equal(err.text, text);
    text[BF_ERR_TEXT_MAX - 1] = 'a';
    text[BF_ERR_TEXT_MAX] = '\0';
    (void)bf_fail(&err, BF_USAGE, "%s", text);
    assert_int_equal(strlen(err.text), BF_ERR_TEXT_MAX - 1);
    assert_string_equal(err.text + BF_ERR_TEXT_MAX - 5, "a...");
}

static void a_sentence_can_be_extended(void **state)
{
    struct bf_err err = BF_ERR_INIT;

    (void)state;
    (void)bf_fail(&err, BF_INPUT, "bad number");
    (void)bf_fail(&err, err.status, "line 3: %s", err.text);
    assert_string_equal(err.text, "line 3: bad number");
}

static void statuses_are_exit_codes_with_words(void **state)
{
    (void)state;
    assert_int_equal(BF_OK, 0);
    assert_int_equal(BF_USAGE, 2);
    assert_int_equal(BF_INPUT, 3);
    assert_int_equal(BF_MODEL, 4);
    assert_int_equal(BF_STORE, 5);
    assert_int_equal(BF_INTERRUPTED, 130);
    assert_string_equal(bf_status_text(BF_STORE), "store or disk");
    assert_string_equal(bf_status_text((enum bf_status)77), "unknown");
}

static void errno_has_words(void **state)
{
    (void)state;
    assert_string_equal(bf_errno_text(ENOSPC), "the disk is full");
    assert_string_equal(bf_errno_text(ENOENT), "no such file or folder");
    assert_string_equal(bf_errno_text(ETIMEDOUT), strerror(ETIMEDOUT));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fills_status_and_sentence),
        cmocka_unit_test(control_characters_become_spaces),
        cmocka_unit_test(invalid_bytes_become_replacement_characters),
        cmocka_unit_test(long_text_is_cut_between_characters),
        cmocka_unit_test(text_that_just_fits_is_not_cut),
        cmocka_unit_test(a_sentence_can_be_extended),
        cmocka_unit_test(statuses_are_exit_codes_with_words),
        cmocka_unit_test(errno_has_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
