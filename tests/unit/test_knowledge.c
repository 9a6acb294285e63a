#include "unit.h"

#include <math.h>

#include "synth/knowledge.h"

static struct bf_moments moments_of(const double *x, size_t n)
{
    struct bf_moments m = {0};

    for (size_t i = 0; i < n; i++)
        bf_moments_add(&m, x[i]);
    return m;
}

static void moments_have_hand_values(void **state)
{
    const double x[] = {2, 4, 4, 4, 5, 5, 7, 9}; /* mean 5, sum of squares about it 32 */
    struct bf_moments m = moments_of(x, N_ELEMENTS(x));

    (void)state;
    assert_int_equal(m.n, 8);
    assert_true(fabs(m.mean - 5) < 1e-12);
    assert_true(fabs(bf_moments_deviation(&m) - sqrt(32.0 / 7)) < 1e-12);
    bf_moments_add(&m, (double)NAN);
    assert_int_equal(m.n, 8);
    assert_true(fabs(m.mean - 5) < 1e-12);
}

static void deviation_of_hardly_any_values(void **state)
{
    struct bf_moments m = {0};

    (void)state;
    assert_true(bf_moments_deviation(&m) == 0);
    bf_moments_add(&m, 3);
    assert_true(bf_moments_deviation(&m) == 0);
}

/* A large mean must not eat a small variance. */
static void moments_are_stable(void **state)
{
    struct bf_moments m = {0};

    (void)state;
    for (int i = 0; i < 10000; i++)
        bf_moments_add(&m, 1e9 + (i % 2 ? 0.5 : -0.5));
    assert_true(fabs(bf_moments_deviation(&m) - sqrt(10000.0 * 0.25 / 9999)) < 1e-6);
}

/* Both sides deviate by `s` from their means, evenly; d = (a - b) / pooled, pooled = s * sqrt(2n / (2n - 2)). */
static struct bf_knowledge_check check_of(double a, double b, double s, int n)
{
    struct bf_knowledge_sums sums = {0};
    struct bf_knowledge_check check;

    for (int i = 0; i < n; i++) {
        bf_moments_add(&sums.min_k_domain, a + (i % 2 ? s : -s));
        bf_moments_add(&sums.min_k_control, b + (i % 2 ? s : -s));
        bf_moments_add(&sums.similarity_domain, 0.7);
        bf_moments_add(&sums.similarity_control, 0.3);
    }
    bf_knowledge_judge(&sums, &check);
    return check;
}

static void cohens_d_has_hand_values(void **state)
{
    struct bf_knowledge_check c = check_of(0.40, 0.25, 0.1, 8);

    (void)state;
    assert_true(fabs(c.min_k_effect - 0.15 / (0.1 * sqrt(16.0 / 14))) < 1e-12); /* 1.4031 */
    assert_int_equal(c.verdict, BF_KNOWLEDGE_GOOD);
    assert_int_equal(c.n_domain, 8);
    assert_int_equal(c.n_control, 8);
    assert_true(fabs(c.min_k_domain - 0.40) < 1e-12);
    assert_true(fabs(c.min_k_control - 0.25) < 1e-12);
    assert_true(fabs(c.similarity_domain - 0.7) < 1e-12);
    assert_true(fabs(c.similarity_control - 0.3) < 1e-12);
}

static void unequal_sides_are_pooled_by_their_sizes(void **state)
{
    const double a[] = {1, 2, 3, 1, 2, 3, 1, 2, 3}; /* mean 2, squares 6 */
    const double b[] = {0, 4, 0, 4, 0, 4, 0, 4};    /* mean 2 - shifted below; squares 32 */
    struct bf_knowledge_sums sums = {.min_k_domain = moments_of(a, 9), .min_k_control = moments_of(b, 8)};
    struct bf_knowledge_check check;

    (void)state;
    bf_moments_add(&sums.min_k_control, 2);
    for (int i = 0; i < 9; i++)
        bf_moments_add(&sums.min_k_domain, 4 + (i % 3)); /* 18 values, mean 3.5, squares 12 + 18 * 2.25 */
    bf_knowledge_judge(&sums, &check);
    assert_true(fabs(sums.min_k_domain.m2 - 52.5) < 1e-9);
    assert_true(fabs(sums.min_k_control.m2 - 32) < 1e-9);
    assert_true(fabs(check.min_k_effect - 1.5 / sqrt(84.5 / 25)) < 1e-9);
}

static void verdicts_at_their_borders(void **state)
{
    const double pooled = 0.1 * sqrt(40.0 / 38);

    (void)state;
    assert_int_equal(check_of(0.5, 0.5, 0.1, 20).verdict, BF_KNOWLEDGE_LITTLE);
    assert_int_equal(check_of(0.2, 0.5, 0.1, 20).verdict, BF_KNOWLEDGE_LITTLE);
    assert_int_equal(check_of(0.3 + 0.199 * pooled, 0.3, 0.1, 20).verdict, BF_KNOWLEDGE_LITTLE);
    assert_int_equal(check_of(0.3 + 0.201 * pooled, 0.3, 0.1, 20).verdict, BF_KNOWLEDGE_SOME);
    assert_int_equal(check_of(0.3 + 0.599 * pooled, 0.3, 0.1, 20).verdict, BF_KNOWLEDGE_SOME);
    assert_int_equal(check_of(0.3 + 0.601 * pooled, 0.3, 0.1, 20).verdict, BF_KNOWLEDGE_GOOD);
}

static void a_few_texts_give_no_verdict(void **state)
{
    struct bf_knowledge_sums none = {0};
    struct bf_knowledge_check check;

    (void)state;
    assert_int_equal(check_of(0.9, 0.1, 0.1, 7).verdict, BF_KNOWLEDGE_UNKNOWN);
    assert_true(check_of(0.9, 0.1, 0.1, 7).min_k_effect > 5);
    assert_int_equal(check_of(0.9, 0.1, 0.1, 8).verdict, BF_KNOWLEDGE_GOOD);
    assert_int_equal(check_of(0.9, 0.1, 0.1, 1).verdict, BF_KNOWLEDGE_UNKNOWN);
    bf_knowledge_judge(&none, &check);
    assert_int_equal(check.verdict, BF_KNOWLEDGE_UNKNOWN);
    assert_int_equal(check.n_domain, 0);
    assert_true(isfinite(check.min_k_effect));
}

/* No spread at all: no effect can be told, and nothing divides by zero. */
static void equal_values_give_no_infinity(void **state)
{
    (void)state;
    assert_true(check_of(0.5, 0.5, 0, 10).min_k_effect == 0);
    assert_true(isfinite(check_of(0.6, 0.5, 0, 10).min_k_effect));
}

static void verdicts_have_words(void **state)
{
    (void)state;
    assert_string_equal(bf_knowledge_word(BF_KNOWLEDGE_UNKNOWN), "unknown");
    assert_string_equal(bf_knowledge_word(BF_KNOWLEDGE_LITTLE), "little");
    assert_string_equal(bf_knowledge_word(BF_KNOWLEDGE_SOME), "some");
    assert_string_equal(bf_knowledge_word(BF_KNOWLEDGE_GOOD), "good");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(moments_have_hand_values),
        cmocka_unit_test(deviation_of_hardly_any_values),
        cmocka_unit_test(moments_are_stable),
        cmocka_unit_test(cohens_d_has_hand_values),
        cmocka_unit_test(unequal_sides_are_pooled_by_their_sizes),
        cmocka_unit_test(verdicts_at_their_borders),
        cmocka_unit_test(a_few_texts_give_no_verdict),
        cmocka_unit_test(equal_values_give_no_infinity),
        cmocka_unit_test(verdicts_have_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
