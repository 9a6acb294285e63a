#include "unit.h"

#include <math.h>

#include "base/buf.h"
#include "base/rng.h"
#include "synth/surface.h"

static void near_variants_do_not_count(void **state)
{
    struct bf_surface surface;
    double nearest;

    (void)state;
    bf_surface_init(&surface, bf_surface_threshold);
    assert_true(bf_surface_add(&surface, "Zeus rules the whole of the wide blue sky alone", &nearest)); /* 10 words */
    assert_float_equal(nearest, 1.0, 0);
    assert_false(bf_surface_add(&surface, "ZEUS rules the whole of the wide blue sky, alone.", &nearest));
    assert_float_equal(nearest, 0.0, 0);
    assert_false(bf_surface_add(&surface, "Zeus rules the whole of the wide red sky alone", &nearest));
    assert_float_equal(nearest, 0.1, 1e-12);
    assert_true(bf_surface_add(&surface, "Zeus rules the whole of the vast red sky alone", &nearest)); /* exactly 0.2 */
    assert_float_equal(nearest, 0.2, 1e-12);
    assert_false(
        bf_surface_add(&surface, "Zeus rules the whole of the vast red sky today", &nearest)); /* near the second */
    assert_true(bf_surface_add(&surface, "The sky has but one ruler, and Zeus is his name", NULL));
    assert_int_equal(surface.n, 3);
    bf_surface_release(&surface);
    bf_surface_release(&surface);
}

static void the_threshold_decides(void **state)
{
    struct bf_surface surface;

    (void)state;
    bf_surface_init(&surface, 0.0);
    assert_true(bf_surface_add(&surface, "a b", NULL));
    assert_true(bf_surface_add(&surface, "a b", NULL));
    bf_surface_release(&surface);
    bf_surface_init(&surface, 1.0);
    assert_true(bf_surface_add(&surface, "a b", NULL));
    assert_false(bf_surface_add(&surface, "a c", NULL));
    assert_true(bf_surface_add(&surface, "c d", NULL));
    bf_surface_release(&surface);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(near_variants_do_not_count),
        cmocka_unit_test(the_threshold_decides),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
