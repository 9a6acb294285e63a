/* When the remote engine asks again: pauses that grow and scatter, a breaker that rests and tries. */
#include "unit.h"

#include <math.h>

#include "base/rng.h"
#include "engine/api_backoff.h"

static void pauses_double_up_to_half_a_minute(void **state)
{
    struct bf_rng rng;

    (void)state;
    bf_rng_init(&rng, 7);
    for (int round = 0; round < 200; round++) {
        double middle = 0.25;

        for (int32_t n = 1; n <= 40; n++) {
            double pause = bf_api_backoff(n, &rng);

            assert_true(pause >= 0.5 * middle && pause < 1.5 * middle);
            middle = 2 * middle < 30 ? 2 * middle : 30;
        }
    }
    assert_true(bf_api_backoff(INT32_MAX, &rng) < 45);
}

static void requests_that_fail_together_come_back_apart(void **state)
{
    struct bf_rng rng;
    double least = 1e9, most = 0;

    (void)state;
    bf_rng_init(&rng, 8);
    for (int i = 0; i < 64; i++) {
        double pause = bf_api_backoff(3, &rng);

        least = pause < least ? pause : least;
        most = pause > most ? pause : most;
    }
    assert_true(most > 2 * least);
}

static void the_wait_that_a_server_asks_for_has_a_limit(void **state)
{
    (void)state;
    assert_true(bf_api_retry_after(0) == 0);
    assert_true(bf_api_retry_after(7) == 7);
    assert_true(bf_api_retry_after(300) == 300);
    assert_true(bf_api_retry_after(86400) == 300);
    assert_true(bf_api_retry_after(INT64_MAX) == 300);
    assert_true(bf_api_retry_after(-5) == 0);
    assert_true(bf_api_retry_after(INT64_MIN) == 0);
}

static void single_failures_do_not_trip(void **state)
{
    struct bf_api_breaker b = {0};
    struct bf_rng rng;

    (void)state;
    bf_rng_init(&rng, 1);
    for (int i = 0; i < 100; i++) {
        for (int k = 0; k < BF_API_TRIP_FAILURES - 1; k++)
            bf_api_breaker_failure(&b, i, &rng);
        assert_true(bf_api_breaker_allows(&b, i));
        bf_api_breaker_success(&b);
    }
}

static void a_dead_endpoint_rests_and_is_tried_by_one(void **state)
{
    struct bf_api_breaker b = {0};
    struct bf_rng rng;
    double now = 100, rest = 0;

    (void)state;
    bf_rng_init(&rng, 2);
    for (int k = 0; k < BF_API_TRIP_FAILURES; k++)
        bf_api_breaker_failure(&b, now, &rng);
    rest = b.rest_until - now;
    assert_true(rest >= 0.25 && rest < 0.75);
    assert_false(bf_api_breaker_allows(&b, now));
    /* The other requests that were under way fail too: that is old news. */
    for (int k = 0; k < 64; k++)
        bf_api_breaker_failure(&b, now + rest / 2, &rng);
    assert_int_equal(b.n_trips, 1);
    assert_true(b.rest_until == now + rest);

    now = b.rest_until;
    assert_true(bf_api_breaker_allows(&b, now));
    bf_api_breaker_sent(&b);
    assert_false(bf_api_breaker_allows(&b, now));
    bf_api_breaker_failure(&b, now + 0.1, &rng);
    assert_int_equal(b.n_trips, 2);
    assert_false(bf_api_breaker_allows(&b, now + 0.1));

    now = b.rest_until;
    bf_api_breaker_sent(&b);
    bf_api_breaker_dropped(&b); /* nobody wants that answer any more: another may try */
    assert_true(bf_api_breaker_allows(&b, now));
    bf_api_breaker_sent(&b);
    bf_api_breaker_success(&b);
    for (int k = 0; k < 10; k++) {
        assert_true(bf_api_breaker_allows(&b, now));
        bf_api_breaker_sent(&b);
    }
}

static void rests_grow_up_to_a_minute(void **state)
{
    struct bf_api_breaker b = {0};
    struct bf_rng rng;
    double now = 0, middle = 0.5;

    (void)state;
    bf_rng_init(&rng, 3);
    for (int k = 0; k < BF_API_TRIP_FAILURES - 1; k++)
        bf_api_breaker_failure(&b, now, &rng);
    for (int i = 0; i < 60; i++) {
        bf_api_breaker_failure(&b, now, &rng);
        assert_true(b.rest_until - now >= 0.5 * middle && b.rest_until - now < 1.5 * middle);
        now = b.rest_until;
        middle = 2 * middle < 60 ? 2 * middle : 60;
    }
}

/* A server that answers each question with "later" is waited for as long as one that answers nothing. */
static void patience_ends_whatever_pauses_are_asked_for(void **state)
{
    struct bf_api_patience p;

    (void)state;
    bf_api_patience_begin(&p, 100);
    assert_false(bf_api_patience_over(&p, 1100, 5, (double)INFINITY)); /* nothing has failed */
    for (int i = 0; i < 5; i++)
        bf_api_patience_failed(&p, 100 + i);
    assert_false(bf_api_patience_over(&p, 104.9, 5, (double)INFINITY));
    assert_true(bf_api_patience_over(&p, 105, 5, (double)INFINITY));
    /* What was sent before the failure may still be answered; what came after it is part of the wait. */
    assert_false(bf_api_patience_over(&p, 105, 5, 99));
    assert_true(bf_api_patience_over(&p, 105, 5, 103));
    assert_false(bf_api_patience_answered(&p, 105));
    assert_false(bf_api_patience_over(&p, 105, 5, (double)INFINITY));
    /* A failure that is counted from before the last answer counts from that. */
    bf_api_patience_failed(&p, 50);
    assert_false(bf_api_patience_over(&p, 109, 5, (double)INFINITY));
    assert_true(bf_api_patience_over(&p, 110, 5, (double)INFINITY));
}

static void people_hear_about_a_wait_now_and_then(void **state)
{
    struct bf_api_patience p;
    int n = 0;

    (void)state;
    bf_api_patience_begin(&p, 0);
    for (int i = 0; i < 145; i++)
        assert_false(bf_api_patience_tells(&p, 0.2 * i));
    assert_true(bf_api_patience_tells(&p, 31));
    assert_true(bf_api_patience_answered(&p, 32));
    bf_api_patience_failed(&p, 32);
    assert_false(bf_api_patience_tells(&p, 33));
    for (int i = 0; i < 1500; i++)
        n += bf_api_patience_tells(&p, 34.1 + 0.2 * i);
    assert_in_range(n, 5, 9);
    assert_true(bf_api_patience_answered(&p, 334));
    assert_false(bf_api_patience_answered(&p, 335));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pauses_double_up_to_half_a_minute),
        cmocka_unit_test(requests_that_fail_together_come_back_apart),
        cmocka_unit_test(the_wait_that_a_server_asks_for_has_a_limit),
        cmocka_unit_test(single_failures_do_not_trip),
        cmocka_unit_test(a_dead_endpoint_rests_and_is_tried_by_one),
        cmocka_unit_test(rests_grow_up_to_a_minute),
        cmocka_unit_test(patience_ends_whatever_pauses_are_asked_for),
        cmocka_unit_test(people_hear_about_a_wait_now_and_then),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
