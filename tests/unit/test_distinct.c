#include "unit.h"

#include <math.h>

#include "base/distinct.h"
#include "base/rng.h"

static double distinct(size_t n, const char *const *items, size_t n_items)
{
    struct bf_distinct seen;

    bf_distinct_init(&seen, n);
    for (size_t i = 0; i < n_items; i++) {
        struct bf_words words;
        bf_words_of(&words, items[i], strlen(items[i]));
        bf_distinct_add(&seen, &words);
        bf_words_release(&words);
    }
    const double value = bf_distinct_value(&seen);
    bf_distinct_release(&seen);
    return value;
}

static void distinct_words_and_pairs(void **state)
{
    static const char *const once[] = {"a b c d"};
    static const char *const twice[] = {"a b c d", "A, b: c d!"};
    static const char *const loop[] = {"a a a a a"};
    static const char *const apart[] = {"a b", "b a"};
    static const char *const short_ones[] = {"", "a"};

    (void)state;
    assert_float_equal(distinct(1, once, 1), 1.0, 0);
    assert_float_equal(distinct(2, once, 1), 1.0, 0);
    assert_float_equal(distinct(1, twice, 2), 0.5, 0);
    assert_float_equal(distinct(2, twice, 2), 0.5, 0);
    assert_float_equal(distinct(1, loop, 1), 0.2, 1e-12);
    assert_float_equal(distinct(2, loop, 1), 0.25, 0);
    assert_float_equal(distinct(1, apart, 2), 0.5, 0);
    assert_float_equal(distinct(2, apart, 2), 1.0, 0); /* "b b" does not stand across texts */
    assert_true(isnan(distinct(1, once, 0)));
    assert_true(isnan(distinct(2, short_ones, 2)));
    assert_true(isnan(distinct(5, once, 1)));
}

/* More distinct words than the table begins with, against a count that needs no table. */
static void many_words(void **state)
{
    enum { WORDS = 20000, KINDS = 5000 };
    struct bf_distinct d;
    struct bf_rng rng;
    static char seen[KINDS];
    uint64_t n_kinds = 0;
    uint64_t hash;
    struct bf_words word = {.hashes = &hash, .n = 1};

    (void)state;
    bf_rng_init(&rng, 7);
    bf_distinct_init(&d, 1);
    for (int i = 0; i < WORDS; i++) {
        uint64_t kind = bf_rng_below(&rng, KINDS);

        n_kinds += seen[kind] ? 0 : 1;
        seen[kind] = 1;
        hash = bf_mix(kind, 1);
        bf_distinct_add(&d, &word);
    }
    assert_int_equal(d.n_grams, WORDS);
    assert_int_equal(d.n_distinct, n_kinds);
    assert_float_equal(bf_distinct_value(&d), (double)n_kinds / WORDS, 1e-12);
    bf_distinct_release(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(distinct_words_and_pairs),
        cmocka_unit_test(many_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
