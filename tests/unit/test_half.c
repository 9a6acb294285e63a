#include "unit.h"

#include <math.h>
#include <stdbool.h>

#include "base/rng.h"
#include "base/floats.h"

static float of_bits(uint32_t bits)
{
    float x;

    memcpy(&x, &bits, sizeof x);
    return x;
}

static bool is_nan(uint16_t h)
{
    return (h & 0x7c00U) == 0x7c00U && (h & 0x3ffU) != 0;
}

/* The definition of the format, in double, which holds every half exactly. */
static double value_of(uint16_t h)
{
    double sign = h & 0x8000U ? -1 : 1;
    int exponent = h >> 10 & 31;
    int mantissa = h & 0x3ff;

    if (exponent == 31)
        return mantissa ? (double)NAN : sign * (double)INFINITY;
    return sign * (exponent ? ldexp(1024 + mantissa, exponent - 25) : ldexp(mantissa, -24));
}

static void every_half_has_its_value_and_comes_back(void **state)
{
    (void)state;
    for (uint32_t bits = 0; bits < 65536; bits++) {
        uint16_t h = (uint16_t)bits;
        float x = bf_half_to_float(h);

        if (is_nan(h)) {
            assert_true(isnan(x));
            assert_true(is_nan(bf_half_of(x)));
            continue;
        }
        assert_true((double)x == value_of(h));
        assert_int_equal(signbit(x) != 0, (h & 0x8000U) != 0);
        assert_int_equal(bf_half_of(x), h);
    }
}

/* Halfway between two neighbours the even one is taken; a hair to either side decides otherwise. */
static void rounding_is_to_nearest_with_ties_to_even(void **state)
{
    (void)state;
    for (uint16_t h = 0; h < 0x7bff; h++) {
        double low = value_of(h);
        double high = value_of((uint16_t)(h + 1));
        float middle = (float)((low + high) / 2); /* 12 bits of mantissa: exact */

        assert_true((double)middle == (low + high) / 2);
        assert_int_equal(bf_half_of(middle), h % 2 ? h + 1 : h);
        assert_int_equal(bf_half_of(nextafterf(middle, 0)), h);
        assert_int_equal(bf_half_of(nextafterf(middle, INFINITY)), h + 1);
        assert_int_equal(bf_half_of(-middle), 0x8000 | (h % 2 ? h + 1 : h));
    }
}

static void the_ends_of_the_range(void **state)
{
    static const struct {
        float x;
        uint16_t half;
    } cases[] = {
        {0.0F, 0x0000},          {-0.0F, 0x8000},         {1.0F, 0x3c00},
        {-2.0F, 0xc000},         {65504.0F, 0x7bff},      {65519.996F, 0x7bff},    /* below the middle to 65,536 */
        {65520.0F, 0x7c00},                                                        /* the middle: even is infinity */
        {1e30F, 0x7c00},         {-1e30F, 0xfc00},        {5.9604645e-8F, 0x0001}, /* 2^-24, the least subnormal */
        {2.9802322e-8F, 0x0000},                                                   /* 2^-25: a tie, to even */
        {2.9802326e-8F, 0x0001}, {6.1035156e-5F, 0x0400},                          /* 2^-14, the least normal */
        {6.0975552e-5F, 0x03ff},                                                   /* the greatest subnormal */
        {1e-40F, 0x0000},                                                          /* a subnormal float */
    };

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(cases); i++)
        assert_int_equal(bf_half_of(cases[i].x), cases[i].half);
    assert_int_equal(bf_half_of(INFINITY), 0x7c00);
    assert_int_equal(bf_half_of(-INFINITY), 0xfc00);
    assert_true(is_nan(bf_half_of(NAN)));
    assert_true(is_nan(bf_half_of(of_bits(0x7f800001)))); /* the least payload must not become infinity */
}

#ifdef __FLT16_MAX__
static void agrees_with_the_compiler(void **state)
{
    struct bf_rng rng;

    (void)state;
    bf_rng_init(&rng, 16);
    for (int i = 0; i < 1000000; i++) {
        float x = of_bits((uint32_t)bf_rng_next(&rng));
        _Float16 theirs = (_Float16)x;
        uint16_t bits;

        if (isnan(x))
            continue;
        memcpy(&bits, &theirs, sizeof bits);
        assert_int_equal(bf_half_of(x), bits);
    }
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_half_has_its_value_and_comes_back),
        cmocka_unit_test(rounding_is_to_nearest_with_ties_to_even),
        cmocka_unit_test(the_ends_of_the_range),
#ifdef __FLT16_MAX__
        cmocka_unit_test(agrees_with_the_compiler),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
