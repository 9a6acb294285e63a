#include "unit.h"

#include "base/buf.h"
#include "base/rng.h"
#include "synth/edit_distance.h"

static void assert_distance(const char *a, const char *b, size_t expected)
{
    struct bf_words words_a, words_b;

    bf_words_of(&words_a, a, strlen(a));
    bf_words_of(&words_b, b, strlen(b));
    if (bf_edit_distance(&words_a, &words_b) != expected || bf_edit_distance(&words_b, &words_a) != expected)
        fail_msg("\"%s\" and \"%s\" are %zu apart, not %zu", a, b, bf_edit_distance(&words_a, &words_b), expected);
    bf_words_release(&words_a);
    bf_words_release(&words_b);
}

static void known_distances(void **state)
{
    (void)state;
    assert_distance("", "", 0);
    assert_distance("zeus", "", 1);
    assert_distance("Zeus rules the sky.", "zeus RULES the sky!", 0);
    assert_distance("zeus rules the sky", "hera rules the sky", 1);
    assert_distance("zeus rules the sky", "zeus rules the wide sky", 1);
    assert_distance("zeus rules the sky", "zeus rules sky", 1);
    assert_distance("zeus rules the sky", "the sky zeus rules", 4);
    /* kitten and sitting, letters as words */
    assert_distance("k i t t e n", "s i t t i n g", 3);
    assert_distance("i n t e n t i o n", "e x e c u t i o n", 5);
    assert_distance("a b c", "x y z", 3);
}

static void the_unit_is_the_longer_text(void **state)
{
    (void)state;
    assert_float_equal(bf_edit_distance_text("", ""), 0.0, 0);
    assert_float_equal(bf_edit_distance_text("a b c d", ""), 1.0, 0);
    assert_float_equal(bf_edit_distance_text("a b c d", "a b c x"), 0.25, 0);
    assert_float_equal(bf_edit_distance_text("a b", "a b c d e f g h"), 0.75, 0);
    assert_float_equal(bf_edit_distance_text("a b", "x y"), 1.0, 0);
}

/* The definition, with the whole matrix. */
static size_t by_definition(const uint64_t *a, size_t n_a, const uint64_t *b, size_t n_b)
{
    static size_t d[65][65];

    for (size_t i = 0; i <= n_a; i++)
        for (size_t j = 0; j <= n_b; j++) {
            if (i == 0 || j == 0) {
                d[i][j] = i + j;
                continue;
            }
            size_t best = d[i - 1][j - 1] + (a[i - 1] != b[j - 1] ? 1 : 0);
            best = d[i - 1][j] + 1 < best ? d[i - 1][j] + 1 : best;
            d[i][j] = d[i][j - 1] + 1 < best ? d[i][j - 1] + 1 : best;
        }
    return d[n_a][n_b];
}

static void random_texts_agree_with_the_definition(void **state)
{
    struct bf_rng rng;

    (void)state;
    bf_rng_init(&rng, 20260104);
    for (int round = 0; round < 3000; round++) {
        uint64_t a[64], b[64];
        uint64_t alphabet = 1 + bf_rng_below(&rng, 6);
        struct bf_words words_a = {.hashes = a, .n = (size_t)bf_rng_below(&rng, 65)};
        struct bf_words words_b = {.hashes = b, .n = (size_t)bf_rng_below(&rng, 65)};

        for (size_t i = 0; i < words_a.n; i++)
            a[i] = bf_rng_below(&rng, alphabet);
        for (size_t i = 0; i < words_b.n; i++)
            b[i] = bf_rng_below(&rng, alphabet);
        assert_int_equal(bf_edit_distance(&words_a, &words_b), by_definition(a, words_a.n, b, words_b.n));
    }
}

static void long_texts_are_cut(void **state)
{
    enum { N = 6000 };
    static uint64_t a[N], b[N];
    struct bf_words words_a = {.hashes = a, .n = N};
    struct bf_words words_b = {.hashes = b, .n = N};

    (void)state;
    for (size_t i = 0; i < N; i++) {
        a[i] = i;
        b[i] = i < BF_EDIT_WORDS_MAX ? i : 1000000 + i; /* different beyond what is read */
    }
    assert_int_equal(bf_edit_distance(&words_a, &words_b), 0);
    for (size_t i = 0; i < N; i++)
        b[i] = 1000000 + i;
    assert_int_equal(bf_edit_distance(&words_a, &words_b), BF_EDIT_WORDS_MAX);
    assert_float_equal(bf_edit_distance_unit(&words_a, &words_b), 1.0, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_distances),
        cmocka_unit_test(the_unit_is_the_longer_text),
        cmocka_unit_test(random_texts_agree_with_the_definition),
        cmocka_unit_test(long_texts_are_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
