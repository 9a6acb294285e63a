/* How a share is written for people: never in powers of ten, never as 0 when something is left. */
#include "base/print.h"

#include "unit.h"
#include "base/banned.h"

static void assert_percent(double share, const char *text)
{
    char out[BF_PERCENT_MAX];
    bf_percent(share, out);
    assert_string_equal(out, text);
}

static void shares_are_written_in_plain_digits(void **state)
{
    (void)state;
    assert_percent(1.0, "100");
    assert_percent(0.996, "100");
    assert_percent(0.12345, "12");
    assert_percent(0.0996, "10");
    assert_percent(0.0123, "1.2");
    assert_percent(0.00456, "0.5");
    assert_percent(0.000456, "0.05");
    assert_percent(1.5, "150");
}

static void what_is_left_is_not_nothing(void **state)
{
    (void)state;
    assert_percent(1e-9, "less than 0.01");
    assert_percent(0.0, "0");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(shares_are_written_in_plain_digits),
                                       cmocka_unit_test(what_is_left_is_not_nothing)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
