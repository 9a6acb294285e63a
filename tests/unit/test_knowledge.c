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

/* ---- agreement ---- */

/* A unit vector of the plane. */
static void direction(float v[2], double angle)
{
    v[0] = (float)cos(angle);
    v[1] = (float)sin(angle);
}

/* Two texts on each of `n_groups` points whose cosine is `agreement`. */
static void add_pairs(struct bf_agreement *a, int32_t n_groups, double agreement)
{
    float v[2];

    for (int32_t g = 0; g < n_groups; g++) {
        direction(v, g);
        bf_agreement_add(a, g, v, 2);
        direction(v, g + acos(agreement));
        bf_agreement_add(a, g, v, 2);
    }
}

static void agreement_is_the_mean_cosine_within_points(void **state)
{
    struct bf_agreement a = {0};
    float v[2];

    (void)state;
    assert_true(isnan(bf_agreement_mean(&a)));
    direction(v, 0);
    bf_agreement_add(&a, 2, v, 2); /* groups in any order, some empty */
    assert_true(isnan(bf_agreement_mean(&a)));
    direction(v, acos(0.5));
    bf_agreement_add(&a, 2, v, 2);
    assert_true(fabs(bf_agreement_mean(&a) - 0.5) < 1e-6);
    /* A second group of three: cosines 1, 0, 0. */
    direction(v, 1);
    bf_agreement_add(&a, 0, v, 2);
    bf_agreement_add(&a, 0, v, 2);
    direction(v, 1 + acos(0.0));
    bf_agreement_add(&a, 0, v, 2);
    assert_true(fabs(bf_agreement_mean(&a) - (0.5 + 1.0 / 3) / 2) < 1e-6);
    /* A lone text agrees with nobody. */
    direction(v, 2);
    bf_agreement_add(&a, 5, v, 2);
    assert_true(fabs(bf_agreement_mean(&a) - (0.5 + 1.0 / 3) / 2) < 1e-6);
    bf_agreement_release(&a);
    bf_agreement_release(&a);
}

/* ---- the judgement ---- */

struct side {
    double min_k, agreement;
    int n;
};

/* Both sides' Min-K% prob deviates by 0.1 from its mean, evenly: pooled = 0.1 * sqrt(2n / (2n - 2)) for equal n. */
static struct bf_knowledge_check check_of(struct side domain, struct side control)
{
    struct bf_knowledge_sums sums = {0};
    struct bf_knowledge_check check;

    for (int i = 0; i < domain.n; i++) {
        bf_moments_add(&sums.min_k_domain, domain.min_k + (i % 2 ? 0.1 : -0.1));
        bf_moments_add(&sums.similarity_domain, 0.7);
    }
    for (int i = 0; i < control.n; i++) {
        bf_moments_add(&sums.min_k_control, control.min_k + (i % 2 ? 0.1 : -0.1));
        bf_moments_add(&sums.similarity_control, 0.3);
    }
    add_pairs(&sums.agreement_domain, 4, domain.agreement);
    add_pairs(&sums.agreement_control, 4, control.agreement);
    bf_knowledge_judge(&sums, &check);
    bf_agreement_release(&sums.agreement_domain);
    bf_agreement_release(&sums.agreement_control);
    return check;
}

static void figures_have_hand_values(void **state)
{
    struct bf_knowledge_check c = check_of((struct side){0.40, 0.8, 8}, (struct side){0.25, 0.5, 8});

    (void)state;
    assert_true(fabs(c.min_k_effect - 0.15 / (0.1 * sqrt(16.0 / 14))) < 1e-12); /* Cohen's d, 1.4031 */
    assert_int_equal(c.verdict, BF_KNOWLEDGE_GOOD);                             /* 0.3 of 0.5: 0.6 */
    assert_int_equal(c.n_domain, 8);
    assert_int_equal(c.n_control, 8);
    assert_true(fabs(c.min_k_domain - 0.40) < 1e-12);
    assert_true(fabs(c.min_k_control - 0.25) < 1e-12);
    assert_true(fabs(c.similarity_domain - 0.7) < 1e-12);
    assert_true(fabs(c.similarity_control - 0.3) < 1e-12);
    assert_true(fabs(c.agreement_domain - 0.8) < 1e-6);
    assert_true(fabs(c.agreement_control - 0.5) < 1e-6);
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

static enum bf_knowledge verdict(double domain, double control)
{
    return check_of((struct side){0.5, domain, 20}, (struct side){0.5, control, 20}).verdict;
}

/* Of the way from the control's agreement to 1: below 0.15 little, below 0.5 some. */
static void verdicts_at_their_borders(void **state)
{
    (void)state;
    assert_int_equal(verdict(0.3, 0.5), BF_KNOWLEDGE_LITTLE);
    assert_int_equal(verdict(0.5, 0.5), BF_KNOWLEDGE_LITTLE);
    assert_int_equal(verdict(0.5 + 0.149 * 0.5, 0.5), BF_KNOWLEDGE_LITTLE);
    assert_int_equal(verdict(0.5 + 0.151 * 0.5, 0.5), BF_KNOWLEDGE_SOME);
    assert_int_equal(verdict(0.5 + 0.499 * 0.5, 0.5), BF_KNOWLEDGE_SOME);
    assert_int_equal(verdict(0.5 + 0.501 * 0.5, 0.5), BF_KNOWLEDGE_GOOD);
    assert_int_equal(verdict(0.151, 0), BF_KNOWLEDGE_SOME);
}

static void a_few_texts_give_no_verdict(void **state)
{
    struct bf_knowledge_sums none = {0};
    struct bf_knowledge_check check;

    (void)state;
    assert_int_equal(check_of((struct side){0.9, 0.9, 7}, (struct side){0.1, 0.1, 20}).verdict, BF_KNOWLEDGE_UNKNOWN);
    assert_int_equal(check_of((struct side){0.9, 0.9, 20}, (struct side){0.1, 0.1, 7}).verdict, BF_KNOWLEDGE_UNKNOWN);
    assert_int_equal(check_of((struct side){0.9, 0.9, 8}, (struct side){0.1, 0.1, 8}).verdict, BF_KNOWLEDGE_GOOD);
    bf_knowledge_judge(&none, &check);
    assert_int_equal(check.verdict, BF_KNOWLEDGE_UNKNOWN);
    assert_int_equal(check.n_domain, 0);
    assert_true(isfinite(check.min_k_effect));
    assert_true(isnan(check.agreement_domain) && isnan(check.agreement_control));
}

/* Values of scipy.stats.fisher_exact([[a, n - a], [b, m - b]], alternative="greater"). */
static void chance_is_fishers(void **state)
{
    static const struct {
        int64_t a, n, b, m;
        double p;
    } cases[] = {
        {30, 40, 2, 10, 0.0022685879037093876},     {12, 40, 2, 10, 0.42112213516897007},
        {8, 40, 2, 10, 0.685608395377011},          {3, 8, 0, 4, 0.2545454545454546},
        {8, 8, 0, 4, 0.00202020202020202},          {0, 10, 0, 10, 1.0},
        {700, 1000, 60, 100, 0.027285367719378527},
    };

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(cases); i++)
        assert_true(fabs(bf_fisher_greater(cases[i].a, cases[i].n, cases[i].b, cases[i].m) / cases[i].p - 1) < 1e-9);
    assert_true(bf_fisher_greater(0, 0, 1, 2) == 1.0);
    assert_true(bf_fisher_greater(1, 2, 0, 0) == 1.0);
}

/* The verdict on texts that agree with each other perfectly, so that only the questions can speak against it. */
static enum bf_knowledge asked(int64_t verified, int64_t n, int64_t control_verified, int64_t n_control)
{
    struct bf_knowledge_sums sums = {
        .n_questions = n, .n_verified = verified, .control_questions = n_control, .control_verified = control_verified};
    struct bf_knowledge_check check;

    for (int i = 0; i < 20; i++) {
        bf_moments_add(&sums.min_k_domain, 0.9 + 0.001 * i);
        bf_moments_add(&sums.min_k_control, 0.1 + 0.001 * i);
    }
    add_pairs(&sums.agreement_domain, 4, 0.95);
    add_pairs(&sums.agreement_control, 4, 0.2);
    bf_knowledge_judge(&sums, &check);
    assert_int_equal(bf_knowledge_by_questions(&check), n + n_control > 0);
    assert_int_equal(check.n_verified, verified);
    assert_int_equal(check.control_questions, n_control);
    bf_agreement_release(&sums.agreement_domain);
    bf_agreement_release(&sums.agreement_control);
    return check.verdict;
}

static void questions_decide_when_they_were_asked(void **state)
{
    (void)state;
    assert_int_equal(asked(0, 0, 0, 0), BF_KNOWLEDGE_GOOD); /* by agreement */
    assert_int_equal(asked(30, 40, 1, 10), BF_KNOWLEDGE_GOOD);
    assert_int_equal(asked(20, 40, 1, 10), BF_KNOWLEDGE_SOME); /* 0.4 of 0.9 */
    assert_int_equal(asked(2, 40, 0, 10), BF_KNOWLEDGE_LITTLE);
    /* A model that repeats its inventions agrees with itself on the invented topic, too. */
    assert_int_equal(asked(16, 40, 4, 10), BF_KNOWLEDGE_LITTLE);
    assert_int_equal(asked(28, 40, 8, 12), BF_KNOWLEDGE_LITTLE); /* higher, but by chance: p = 0.55 */
    assert_int_equal(asked(40, 40, 12, 12), BF_KNOWLEDGE_LITTLE);
    assert_int_equal(asked(8, 21, 0, 6), BF_KNOWLEDGE_SOME);   /* p = 0.09 */
    assert_int_equal(asked(8, 21, 0, 4), BF_KNOWLEDGE_LITTLE); /* p = 0.19 */
    /* Few questions. */
    assert_int_equal(asked(7, 7, 0, 10), BF_KNOWLEDGE_UNKNOWN);
    assert_int_equal(asked(0, 7, 0, 10), BF_KNOWLEDGE_LITTLE);
    assert_int_equal(asked(0, 0, 0, 4), BF_KNOWLEDGE_LITTLE); /* a model that cannot write a question about its texts */
    assert_int_equal(asked(0, 0, 0, 3), BF_KNOWLEDGE_UNKNOWN);
    assert_int_equal(asked(40, 40, 0, 3), BF_KNOWLEDGE_UNKNOWN);
    assert_int_equal(asked(8, 8, 0, 4), BF_KNOWLEDGE_GOOD);
}

/* Enough figures, but no two texts on one point, or a control that always says the same: nothing to judge by. */
static void without_agreement_there_is_no_verdict(void **state)
{
    struct bf_knowledge_sums sums = {0};
    struct bf_knowledge_check check;

    (void)state;
    for (int i = 0; i < 20; i++) {
        bf_moments_add(&sums.min_k_domain, 0.5);
        bf_moments_add(&sums.min_k_control, 0.5);
    }
    bf_knowledge_judge(&sums, &check);
    assert_int_equal(check.verdict, BF_KNOWLEDGE_UNKNOWN);
    assert_true(isfinite(check.min_k_effect)); /* no spread: no division by zero */
    add_pairs(&sums.agreement_domain, 2, 0.5);
    bf_knowledge_judge(&sums, &check);
    assert_int_equal(check.verdict, BF_KNOWLEDGE_UNKNOWN);
    float v[2] = {1, 0};
    bf_agreement_add(&sums.agreement_control, 0, v, 2);
    bf_agreement_add(&sums.agreement_control, 0, v, 2);
    bf_knowledge_judge(&sums, &check);
    assert_int_equal(check.verdict, BF_KNOWLEDGE_UNKNOWN);
    bf_agreement_release(&sums.agreement_domain);
    bf_agreement_release(&sums.agreement_control);
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
        cmocka_unit_test(agreement_is_the_mean_cosine_within_points),
        cmocka_unit_test(figures_have_hand_values),
        cmocka_unit_test(unequal_sides_are_pooled_by_their_sizes),
        cmocka_unit_test(verdicts_at_their_borders),
        cmocka_unit_test(a_few_texts_give_no_verdict),
        cmocka_unit_test(without_agreement_there_is_no_verdict),
        cmocka_unit_test(chance_is_fishers),
        cmocka_unit_test(questions_decide_when_they_were_asked),
        cmocka_unit_test(verdicts_have_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
