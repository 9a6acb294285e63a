#include "unit.h"

#include "base/rng.h"

/* Ten outputs for the state 1, 2, 3, 4, as published with the reference implementation's ports (Rust's
 * rand_xoshiro). */
static void matches_published_xoshiro256starstar(void **state)
{
    static const uint64_t expected[] = {
        UINT64_C(11520),
        UINT64_C(0),
        UINT64_C(1509978240),
        UINT64_C(1215971899390074240),
        UINT64_C(1216172134540287360),
        UINT64_C(607988272756665600),
        UINT64_C(16172922978634559625),
        UINT64_C(8476171486693032832),
        UINT64_C(10595114339597558777),
        UINT64_C(2904607092377533576),
    };
    struct bf_rng rng = {{1, 2, 3, 4}};

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(expected); i++)
        assert_true(bf_rng_next(&rng) == expected[i]);
}

/* Outputs of splitmix64 for the seed 1234567, as published (Rosetta Code, "Pseudo-random numbers/Splitmix64"). */
static void seeds_through_published_splitmix64(void **state)
{
    struct bf_rng rng;

    (void)state;
    bf_rng_init(&rng, 1234567);
    assert_true(rng.s[0] == UINT64_C(6457827717110365317));
    assert_true(rng.s[1] == UINT64_C(3203168211198807973));
    assert_true(rng.s[2] == UINT64_C(9817491932198370423));
    assert_true(rng.s[3] == UINT64_C(4593380528125082431));
}

/* Computed by an independent Python version of the two definitions. A change here changes every run. */
static void streams_and_mixes_stay_what_they_are(void **state)
{
    static const struct {
        uint64_t a, b, mixed;
    } mixes[] = {
        {0, 0, UINT64_C(0xa706dd2f4d197e6f)},
        {3407, 0, UINT64_C(0xcea642336641095b)},
        {3407, 1, UINT64_C(0xbecf02f68b5c4a5b)},
        {UINT64_MAX, UINT64_MAX, UINT64_C(0x5155e650b56274f2)},
    };
    struct bf_rng rng, copy;

    (void)state;
    bf_rng_init(&rng, 3407);
    copy = rng;
    assert_true(bf_rng_next(&rng) == UINT64_C(17036836209138177293));
    assert_true(bf_rng_next(&rng) == UINT64_C(4841388470999527630));
    assert_true(bf_rng_next(&copy) == UINT64_C(17036836209138177293));
    for (size_t i = 0; i < N_ELEMENTS(mixes); i++)
        assert_true(bf_mix(mixes[i].a, mixes[i].b) == mixes[i].mixed);
}

static void unit_is_in_range_and_even(void **state)
{
    struct bf_rng rng;
    unsigned bins[10] = {0};
    double sum = 0;

    (void)state;
    bf_rng_init(&rng, 1);
    for (int i = 0; i < 100000; i++) {
        double x = bf_rng_unit(&rng);
        assert_true(x >= 0 && x < 1);
        bins[(int)(x * 10)]++;
        sum += x;
    }
    assert_true(sum > 49500 && sum < 50500); /* 5 standard deviations are 456 */
    for (int i = 0; i < 10; i++)
        assert_in_range(bins[i], 9500, 10500); /* 5 standard deviations are 474 */
}

static void unit_takes_the_high_53_bits(void **state)
{
    /* With s[1] = 0 the output is 0. */
    struct bf_rng zero = {{1, 0, 0, 0}};
    struct bf_rng known = {{1, 2, 3, 4}};

    (void)state;
    assert_true(bf_rng_unit(&zero) == 0.0);
    (void)bf_rng_next(&known);
    (void)bf_rng_next(&known);
    (void)bf_rng_next(&known);
    assert_true(bf_rng_unit(&known) == (double)(UINT64_C(1215971899390074240) >> 11) / 9007199254740992.0);
}

static void below_is_in_range_and_even(void **state)
{
    struct bf_rng rng;
    unsigned bins[7] = {0};

    (void)state;
    bf_rng_init(&rng, 2);
    for (int i = 0; i < 70000; i++) {
        uint64_t x = bf_rng_below(&rng, 7);
        assert_true(x < 7);
        bins[x]++;
    }
    for (int i = 0; i < 7; i++)
        assert_in_range(bins[i], 9500, 10500);
    assert_true(bf_rng_below(&rng, 1) == 0);
}

/* n = 3 * 2^62: plain modulo would give the lowest third twice as often as each of the others. */
static void below_has_no_modulo_bias(void **state)
{
    const uint64_t third = UINT64_C(1) << 62;
    struct bf_rng rng;
    unsigned bins[3] = {0};

    (void)state;
    bf_rng_init(&rng, 3);
    for (int i = 0; i < 30000; i++)
        bins[bf_rng_below(&rng, 3 * third) / third]++;
    for (int i = 0; i < 3; i++)
        assert_in_range(bins[i], 9500, 10500);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(matches_published_xoshiro256starstar),
        cmocka_unit_test(seeds_through_published_splitmix64),
        cmocka_unit_test(streams_and_mixes_stay_what_they_are),
        cmocka_unit_test(unit_is_in_range_and_even),
        cmocka_unit_test(unit_takes_the_high_53_bits),
        cmocka_unit_test(below_is_in_range_and_even),
        cmocka_unit_test(below_has_no_modulo_bias),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
