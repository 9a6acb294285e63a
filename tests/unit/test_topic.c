#include "unit.h"

#include "request/request.h"

static void assert_topic(const char *in, const char *expected)
{
    struct bf_request request = {.topic = NULL};
    struct bf_err err = BF_ERR_INIT;

    if (bf_request_set_topic(&request, in, &err) != BF_OK)
        fail_msg("%s", err.text);
    assert_string_equal(request.topic, expected);
    bf_request_release(&request);
}

static void is_normalised(void **state)
{
    (void)state;
    assert_topic("Greek mythology", "Greek mythology");
    assert_topic("  Greek \t\n\r\n mythology\n", "Greek mythology");
    assert_topic("Gre\x01"
                 "ek\033 my\x7Fthology\xC2\x9B",
                 "Greek mythology");
    assert_topic("The\xC2\xA0Solar\xE3\x80\x80System\xE2\x80\xA8", "The Solar System");
    assert_topic("\"Zeus\" & 'Hera' {point} \\ %s", "\"Zeus\" & 'Hera' {point} \\ %s");
    assert_topic("\xF0\x9F\xAA\x90 Saturn \xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x9A\x80",
                 "\xF0\x9F\xAA\x90 Saturn \xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x9A\x80");
}

static void assert_refused(const char *in, const char *words)
{
    struct bf_request request = {.topic = NULL};
    struct bf_err err = BF_ERR_INIT;

    assert_int_equal(bf_request_set_topic(&request, "kept", &err), BF_OK);
    assert_int_equal(bf_request_set_topic(&request, in, &err), BF_USAGE);
    assert_error(err, BF_USAGE, words);
    assert_string_equal(request.topic, "kept");
    bf_request_release(&request);
}

static void bad_names_are_refused(void **state)
{
    (void)state;
    assert_refused(NULL, "the domain's name is empty");
    assert_refused("", "the domain's name is empty");
    assert_refused(" \n\t\x01\xC2\xA0", "the domain's name is empty");
    assert_refused("Zeus\xFF", "not UTF-8 at byte 5 (0xff)");
    assert_refused("\xC3", "not UTF-8 at byte 1 (0xc3)");
    assert_refused("ab\xED\xA0\x80", "not UTF-8 at byte 3");
}

static void the_limit_is_exact(void **state)
{
    struct bf_request request = {.topic = NULL};
    struct bf_err err = BF_ERR_INIT;
    char text[BF_TOPIC_MAX_BYTES + 4];

    (void)state;
    memset(text, 'x', sizeof text);
    text[BF_TOPIC_MAX_BYTES] = ' '; /* does not count: it is trimmed */
    text[BF_TOPIC_MAX_BYTES + 1] = '\0';
    assert_int_equal(bf_request_set_topic(&request, text, &err), BF_OK);
    assert_int_equal(strlen(request.topic), BF_TOPIC_MAX_BYTES);
    text[BF_TOPIC_MAX_BYTES] = 'x';
    assert_refused(text, "is 2001 bytes long and the limit is 2000");
    bf_request_release(&request);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_normalised),
        cmocka_unit_test(bad_names_are_refused),
        cmocka_unit_test(the_limit_is_exact),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
