#include "unit.h"

#include <float.h>

#include "base/json.h"
#include "base/rng.h"

static json_t *parse(const char *text)
{
    struct bf_err err = BF_ERR_INIT;
    json_t *value = NULL;

    if (bf_json_parse(text, strlen(text), "test", &value, &err) != BF_OK)
        fail_msg("%s", err.text);
    return value;
}

static void assert_dump(const char *in, const char *expected)
{
    json_t *value = parse(in);
    char *text = bf_json_dump(value);

    assert_string_equal(text, expected);
    free(text);
    json_decref(value);
}

static void dumps_compact_and_sorted(void **state)
{
    (void)state;
    assert_dump("{\"b\": [1, 2.5, {}], \"a\": null, \"ab\": true, \"B\": false}",
                "{\"B\":false,\"a\":null,\"ab\":true,\"b\":[1,2.5,{}]}");
    assert_dump("[]", "[]");
    assert_dump("-9223372036854775808", "-9223372036854775808");
    assert_dump("\"a\\\"b\\\\c\\n\\t\\r\\b\\f\\u0001\\u007f \xC3\xA9 \xF0\x9F\x98\x80 / </script>\"",
                "\"a\\\"b\\\\c\\n\\t\\r\\b\\f\\u0001\\u007f \xC3\xA9 \xF0\x9F\x98\x80 / </script>\"");
    assert_dump("{\"a\\nb\":\"\"}", "{\"a\\nb\":\"\"}");
}

static void real_numbers_are_short_and_stay_real(void **state)
{
    (void)state;
    assert_dump("0.6", "0.6");
    assert_dump("1.0", "1.0");
    assert_dump("1e22", "1e+22");
    assert_dump("100.0", "100.0");
    assert_dump("-0.0", "-0.0");
    assert_dump("0.1", "0.1");
    assert_dump("0.30000000000000004", "0.30000000000000004");
}

static void assert_round_trip(double x)
{
    json_t *value = json_real(x);
    char *text = bf_json_dump(value);
    json_t *back = parse(text);

    assert_true(json_is_real(back));
    if (memcmp(&(double){json_real_value(back)}, &x, sizeof x) != 0)
        fail_msg("%a came back from %s as %a", x, text, json_real_value(back));
    json_decref(back);
    json_decref(value);
    free(text);
}

static void real_numbers_round_trip(void **state)
{
    static const double edges[] = {0.0,
                                   -0.0,
                                   1.0 / 3,
                                   DBL_MAX,
                                   -DBL_MAX,
                                   DBL_MIN,
                                   5e-324,
                                   DBL_EPSILON,
                                   1e15,
                                   1e16,
                                   1e17,
                                   9007199254740993.0,
                                   123456789012345680.0};
    struct bf_rng rng;

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(edges); i++)
        assert_round_trip(edges[i]);
    bf_rng_init(&rng, 5);
    for (int i = 0; i < 20000; i++) {
        uint64_t bits = bf_rng_next(&rng);
        double x;
        if ((bits >> 52 & 0x7FF) == 0x7FF)
            continue; /* not finite */
        memcpy(&x, &bits, sizeof x);
        assert_round_trip(x);
        assert_round_trip(bf_rng_unit(&rng));
    }
}

static void assert_refused(const char *text, size_t n, const char *words)
{
    struct bf_err err = BF_ERR_INIT;
    json_t *value = (json_t *)(uintptr_t)1;

    assert_int_equal(bf_json_parse(text, n, "requests.jsonl line 3", &value, &err), BF_INPUT);
    assert_null(value);
    assert_error(err, BF_INPUT, words);
    assert_contains(err.text, "requests.jsonl line 3");
}

static void refuses_what_is_not_json(void **state)
{
    (void)state;
    assert_refused("", 0, "is empty");
    assert_refused("{\"a\":1,\n \"b\" 2}", 15, "line 2, column ");
    assert_refused("{\"a\":1,\"a\":2}", 13, "duplicate");
    assert_refused("\"a\\u0000b\"", 10, "\\u0000");
    assert_refused("\"a\0b\"", 5, "line 1");
    assert_refused("\"\xFF\"", 3, "0xff");
    assert_refused("\"\\ud800\"", 8, "line 1");
    assert_refused("[1] x", 5, "end of file");
    assert_refused("1e999", 5, "real number overflow");
    assert_refused("[NaN]", 5, "line 1");
}

static void refuses_deep_nesting(void **state)
{
    static char deep[200001];

    (void)state;
    memset(deep, '[', sizeof deep - 1);
    assert_refused(deep, sizeof deep - 1, "maximum parsing depth");
}

static void text_from_untrusted_bytes(void **state)
{
    json_t *value = bf_json_text("a\xFF\0\n\xE2\x82\xAC", 7);
    char *text = bf_json_dump(value);
    json_t *back = parse(text);

    (void)state;
    assert_string_equal(text, "\"a\xEF\xBF\xBD\xEF\xBF\xBD\\n\xE2\x82\xAC\"");
    assert_true(json_equal(value, back));
    json_decref(value);
    json_decref(back);
    free(text);
    value = bf_json_text(NULL, 0);
    assert_string_equal(json_string_value(value), "");
    json_decref(value);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dumps_compact_and_sorted), cmocka_unit_test(real_numbers_are_short_and_stay_real),
        cmocka_unit_test(real_numbers_round_trip),  cmocka_unit_test(refuses_what_is_not_json),
        cmocka_unit_test(refuses_deep_nesting),     cmocka_unit_test(text_from_untrusted_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
