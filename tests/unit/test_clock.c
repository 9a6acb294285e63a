/* How the time that is left is written. */
#include "base/clock.h"

#include <math.h>

#include "unit.h"
#include "base/banned.h"

static void assert_left(double seconds, const char *text)
{
    char out[BF_TIME_LEFT_MAX];
    bf_time_left(seconds, out);
    assert_string_equal(out, text);
}

static void minutes_then_hours(void **state)
{
    (void)state;
    assert_left(0.4, "0:00 left");
    assert_left(59.6, "1:00 left");
    assert_left(245.0, "4:05 left");
    assert_left(3599.0, "59:59 left");
    assert_left(3600.0, "1:00 hours left");
    assert_left(7830.0, "2:10 hours left");
    assert_left(-1.0, "0:00 left");
    assert_left((double)NAN, "0:00 left");
    assert_left((double)INFINITY, "0:00 left");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(minutes_then_hours)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
