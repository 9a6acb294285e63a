/* The figures of src/eval against rouge-score, scikit-learn, SciPy, zlib and the benchmarks' own formulas
 * (eval_reference.py). */
#include "unit.h"

#include "quality_fixture.h"

#include "base/letter_case.h"
#include "engine/sampler.h"
#include "eval/auc.h"
#include "eval/ks.h"
#include "eval/membership.h"
#include "eval/eval.h"
#include "quality/rouge.h"
#include "eval/truth_ratio.h"

#define TOLERANCE 1e-9

static int open_eval(void **state)
{
    return read_golden(state, "tests/golden/eval_reference.json");
}

static void stems(void **state)
{
    const json_t *cases = member(*state, "stems");

    assert_true(json_array_size(cases) > 200);
    for (size_t i = 0; i < json_array_size(cases); i++) {
        const char *word = json_string_value(json_array_get(json_array_get(cases, i), 0));
        const char *expected = json_string_value(json_array_get(json_array_get(cases, i), 1));
        char stem[128] = "";
        (void)snprintf(stem, sizeof stem - 1, "%s", word);
        stem[bf_porter_stem(stem, strlen(word))] = 0;
        if (strcmp(stem, expected) != 0)
            fail_msg("'%s' gave '%s', not '%s'", word, stem, expected);
    }
}

static void assert_rouge(const json_t *c, const char *key, struct bf_rouge r)
{
    double *expected = doubles(c, key);

    assert_near(r.precision, expected[0], TOLERANCE);
    assert_near(r.recall, expected[1], TOLERANCE);
    assert_near(r.f1, expected[2], TOLERANCE);
    free(expected);
}

static void rouge(void **state)
{
    const json_t *cases = member(*state, "rouge");

    for (size_t i = 0; i < json_array_size(cases); i++) {
        const json_t *c = json_array_get(cases, i);
        const char *target = json_string_value(member(c, "target"));
        const char *prediction = json_string_value(member(c, "prediction"));
        struct bf_rouge one, l;
        bf_rouge_of(target, prediction, false, &one, &l);
        assert_rouge(c, "rouge1_plain", one);
        assert_rouge(c, "rougeL_plain", l);
        bf_rouge_of(target, prediction, true, &one, &l);
        assert_rouge(c, "rouge1_stem", one);
        assert_rouge(c, "rougeL_stem", l);
    }
}

/* rouge-score drops all letters but a-z; targets in Latin script have its figure, others are counted by their own
 * words. */
static void rouge_of_other_scripts(void **state)
{
    static const struct {
        const char *target, *prediction;
        bool all_scripts;
        double recall;
    } cases[] = {
        {"磨坊在海边。", "磨坊在海边。", true, 1.0},
        {"磨坊在海边。", "海边", true, 2.0 / 5.0},
        {"磨坊在海边。", "The mill is by the sea.", true, 0.0},
        {"Мельница стоит у моря", "мельница СТОИТ у реки", true, 0.75},
        {"الطاحونة على البحر", "الطَّاحُونَةُ على البحر", true, 1.0},
        {"चक्की समुद्र के पास है", "चक्की समुद्र के पास है।", true, 1.0},
        {"제분소는 바다 옆에 있다", "제분소는 강 옆에 있다", true, 0.75},
        {"โรงสี", "โรงสี", true, 1.0},
        {"Bram Holt 在海边建了磨坊", "bram holt 在海边建了磨坊", true, 1.0},
        {"عام 1871 في البحر", "عام ١٨٧١ في البحر", true, 1.0},
        /* As rouge-score has them: "zo" for the name, nothing for what is not Latin. */
        {"Zo\xC3\xAB lives in 北京", "Zo lives in", false, 1.0},
        {"1871", "1871", false, 1.0},
        {"?", "?", false, 0.0},
    };

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(cases); i++)
        for (int stemmer = 0; stemmer < 2; stemmer++) {
            struct bf_rouge l;
            bf_rouge_of(cases[i].target, cases[i].prediction, stemmer, NULL, &l);
            if (l.all_scripts != cases[i].all_scripts || fabs(l.recall - cases[i].recall) > TOLERANCE)
                fail_msg("'%s', '%s': %g, all scripts: %d", cases[i].target, cases[i].prediction, l.recall,
                         l.all_scripts);
        }
}

static void areas(void **state)
{
    const json_t *cases = member(*state, "auc");
    const struct bf_bootstrap bootstrap = {.n_resamples = 200, .seed = 5};
    struct bf_err err = BF_ERR_INIT;
    struct bf_figure figure;

    for (size_t i = 0; i < json_array_size(cases); i++) {
        const json_t *c = json_array_get(cases, i);
        double *low = doubles(c, "low"), *high = doubles(c, "high");
        assert_int_equal(bf_auc_figure(low, json_array_size(member(c, "low")), high, json_array_size(member(c, "high")),
                                       &bootstrap, &figure, &err),
                         BF_OK);
        assert_near(figure.value, number(c, "auc"), TOLERANCE);
        assert_true(figure.low <= figure.high && figure.low >= 0.0 && figure.high <= 1.0);
        free(low);
        free(high);
    }
    const double nan_value = (double)NAN;
    assert_int_equal(bf_auc_figure(&nan_value, 1, (double[]){1.0}, 1, &bootstrap, &figure, &err), BF_INPUT);
    assert_error(err, BF_INPUT, "not a finite number");
    assert_int_equal(bf_auc_figure(NULL, 0, (double[]){1.0}, 1, &bootstrap, &figure, &err), BF_INPUT);
    assert_error(err, BF_INPUT, "0 and 1");
}

/* The interval holds the true area of two known distributions about as often as it says. */
static void area_intervals(void **state)
{
    const struct bf_bootstrap bootstrap = {.n_resamples = 400, .seed = 9};
    struct bf_err err = BF_ERR_INIT;
    struct bf_rng rng;
    int held = 0;

    (void)state;
    bf_rng_init(&rng, 11);
    for (int t = 0; t < 100; t++) {
        double low[40], high[40];
        struct bf_figure figure;
        for (size_t i = 0; i < 40; i++) {
            low[i] = bf_rng_unit(&rng);
            high[i] = bf_rng_unit(&rng) + 0.25; /* area: 1 - 0.75^2 / 2 */
        }
        assert_int_equal(bf_auc_figure(low, 40, high, 40, &bootstrap, &figure, &err), BF_OK);
        held += figure.low <= 0.71875 && 0.71875 <= figure.high;
    }
    assert_in_range(held, 88, 100);
}

static void assert_ks(const double *a, size_t n, const double *b, size_t m, const json_t *c, bool exact)
{
    struct bf_err err = BF_ERR_INIT;
    struct bf_ks ks;

    if (bf_ks_two_sample(a, n, b, m, &ks, &err))
        fail_msg("%s", err.text);
    assert_int_equal(ks.exact, exact);
    assert_near(ks.statistic, number(c, "statistic"), TOLERANCE);
    assert_near(ks.p, number(c, "p"), TOLERANCE);
    /* Small ones to their digits, too. */
    assert_near(ks.p, number(c, "p"), fmax(1e-6 * number(c, "p"), 1e-290));
}

static void two_samples(void **state)
{
    const json_t *cases = member(*state, "ks");

    for (size_t i = 0; i < json_array_size(cases); i++) {
        const json_t *c = json_array_get(cases, i);
        double *a = doubles(c, "a"), *b = doubles(c, "b");
        assert_ks(a, json_array_size(member(c, "a")), b, json_array_size(member(c, "b")), c, true);
        assert_ks(b, json_array_size(member(c, "b")), a, json_array_size(member(c, "a")), c, true);
        free(a);
        free(b);
    }
}

static void two_large_samples(void **state)
{
    const json_t *cases = member(*state, "ks_large");

    for (size_t i = 0; i < json_array_size(cases); i++) {
        const json_t *c = json_array_get(cases, i);
        const size_t n = size(c, "n"), m = size(c, "m");
        const double shift = number(c, "shift");
        double *a = calloc(n, sizeof *a), *b = calloc(m, sizeof *b);
        assert_true(a && b);
        for (size_t k = 0; k < n; k++)
            a[k] = ((double)k + 0.5) / (double)n;
        for (size_t k = 0; k < m; k++)
            b[k] = ((double)k + 0.5) / (double)m * (1 - shift) + shift / 3;
        assert_ks(a, n, b, m, c, false);
        free(a);
        free(b);
    }
}

static void one_sample(void **state)
{
    const json_t *cases = member(*state, "one_sample");

    for (size_t i = 0; i < json_array_size(cases); i++) {
        const json_t *c = json_array_get(cases, i);
        const double sf = bf_ks_one_sample_sf(number(c, "d"), size(c, "n"));
        if (!(fabs(sf - number(c, "sf")) <= TOLERANCE))
            fail_msg("n = %zu, d = %g: %.15g, not %.15g", size(c, "n"), number(c, "d"), sf, number(c, "sf"));
    }
}

static void samples_that_cannot_be_compared(void **state)
{
    const double good[2] = {0.5, 1.0}, bad[2] = {0.5, (double)INFINITY};
    struct bf_err err = BF_ERR_INIT;
    struct bf_ks ks;

    (void)state;
    assert_int_equal(bf_ks_two_sample(good, 0, good, 2, &ks, &err), BF_INPUT);
    assert_error(err, BF_INPUT, "first sample");
    assert_int_equal(bf_ks_two_sample(good, 2, bad, 2, &ks, &err), BF_INPUT);
    assert_error(err, BF_INPUT, "value 2 of the second sample");
}

static void truth_ratios(void **state)
{
    const json_t *cases = member(*state, "truth");
    static const double far[] = {900.0}; /* nats, of a model that has diverged: beyond all numbers */

    assert_true(isfinite(bf_truth_ratio(1.0, far, 1)));
    assert_near(bf_truth_ratio_forget(bf_truth_ratio(1.0, far, 1)), 0.0, TOLERANCE);
    for (size_t i = 0; i < json_array_size(cases); i++) {
        const json_t *c = json_array_get(cases, i);
        const size_t n = json_array_size(member(c, "ratio"));
        double *para = doubles(c, "paraphrased"), *answer = doubles(c, "answer");
        double *ratio = doubles(c, "ratio");
        double forget = 0.0, utility = 0.0, among = 0.0;
        for (size_t q = 0; q < n; q++) {
            const json_t *row = json_array_get(member(c, "perturbed"), q);
            const size_t k = json_array_size(row);
            double perturbed[8];
            for (size_t j = 0; j < k; j++)
                perturbed[j] = json_number_value(json_array_get(row, j));
            assert_near(bf_truth_ratio(para[q], perturbed, k), ratio[q], TOLERANCE * fmax(1.0, ratio[q]));
            forget += bf_truth_ratio_forget(ratio[q]) / (double)n;
            utility += bf_truth_ratio_utility(ratio[q]) / (double)n;
            among += bf_probability_among(answer[q], perturbed, k) / (double)n;
        }
        assert_near(forget, number(c, "forget"), TOLERANCE);
        assert_near(utility, number(c, "utility"), TOLERANCE);
        assert_near(among, number(c, "among"), TOLERANCE);
        free(para);
        free(answer);
        free(ratio);
    }
}

static void harmonic_means(void **state)
{
    const json_t *cases = member(*state, "harmonic");
    struct bf_err err = BF_ERR_INIT;
    double value = 0.0;

    for (size_t i = 0; i < json_array_size(cases); i++) {
        const json_t *c = json_array_get(cases, i);
        double *values = doubles(c, "values");
        assert_int_equal(bf_harmonic_mean(values, json_array_size(member(c, "values")), &value, &err), BF_OK);
        assert_near(value, number(c, "value"), TOLERANCE);
        free(values);
    }
    assert_int_equal(bf_harmonic_mean(NULL, 0, &value, &err), BF_INPUT);
    assert_int_equal(bf_harmonic_mean((double[]){0.5, -0.1}, 2, &value, &err), BF_INPUT);
    assert_error(err, BF_INPUT, "value 2");
}

static void memorization(void **state)
{
    const json_t *cases = member(*state, "memorization");

    for (size_t i = 0; i < json_array_size(cases); i++) {
        const json_t *c = json_array_get(cases, i);
        const json_t *flags = member(c, "greedy");
        bool greedy[64] = {false};
        for (size_t k = 0; k < json_array_size(flags); k++)
            greedy[k] = json_is_true(json_array_get(flags, k));
        assert_near(bf_exact_memorization(greedy, json_array_size(flags)), number(c, "exact"), TOLERANCE);
        assert_near(bf_extraction_strength(greedy, json_array_size(flags)), number(c, "strength"), TOLERANCE);
    }
}

static void least_likely_tokens(void **state)
{
    const json_t *cases = member(*state, "min_k");

    for (size_t i = 0; i < json_array_size(cases); i++) {
        const json_t *c = json_array_get(cases, i);
        const size_t n = json_array_size(member(c, "logp"));
        float *logp = floats(c, "logp");
        const char *key = NULL;
        json_t *value = NULL;
        json_object_foreach((json_t *)(uintptr_t)member(c, "scores"), key, value)
            assert_near(bf_min_k_score(logp, n, strtod(key, NULL)), json_number_value(value), TOLERANCE);
        assert_near(bf_mean_nll(logp, n), number(c, "nll"), TOLERANCE);
        free(logp);
    }
}

/* From rows of logits, as the engine takes them, to the score. */
static void least_likely_for_their_place(void **state)
{
    const json_t *cases = member(*state, "min_k_plus");

    assert_int_equal(json_array_size(cases), 4);
    for (size_t i = 0; i < json_array_size(cases); i++) {
        const json_t *c = json_array_get(cases, i), *rows = member(c, "logits");
        const size_t n = json_array_size(rows);
        double *logp = doubles(c, "logp"), *means = doubles(c, "mean"), *deviations = doubles(c, "deviation");
        float given[32], mean[32], deviation[32];
        const char *key = NULL;
        json_t *score = NULL;
        assert_true(n <= N_ELEMENTS(given));
        for (size_t r = 0; r < n; r++) {
            float logits[32];
            const size_t n_vocab = json_array_size(json_array_get(rows, r));
            double mu = 0.0, sigma = 0.0;
            for (size_t t = 0; t < n_vocab; t++)
                logits[t] = (float)json_number_value(json_array_get(json_array_get(rows, r), t));
            bf_logp_spread(logits, (int32_t)n_vocab, bf_log_sum_exp(logits, (int32_t)n_vocab), &mu, &sigma);
            assert_near(mu, means[r], 1e-6);
            assert_near(sigma, deviations[r], 1e-6);
            given[r] = (float)logp[r];
            mean[r] = (float)mu;
            deviation[r] = (float)sigma;
        }
        json_object_foreach((json_t *)(uintptr_t)member(c, "scores"), key, score)
            assert_near(bf_min_k_plus_score(given, mean, deviation, n, atof(key)), json_number_value(score), 1e-5);
        free(logp);
        free(means);
        free(deviations);
    }
    /* A certain token has no spread, and a token of probability 0 no weight. */
    double mu = 1.0, sigma = 1.0;
    bf_logp_spread((float[]){0.0F, -INFINITY}, 2, 0.0, &mu, &sigma);
    assert_near(mu, 0.0, TOLERANCE);
    assert_near(sigma, 0.0, TOLERANCE);
    assert_near(bf_min_k_plus_score((float[]){-0.002F}, (float[]){0.0F}, (float[]){0.0F}, 1, 100.0), 2.0, 1e-5);
}

static void zlib_lengths(void **state)
{
    const json_t *cases = member(*state, "zlib");
    struct bf_err err = BF_ERR_INIT;

    for (size_t i = 0; i < json_array_size(cases); i++) {
        const json_t *c = json_array_get(cases, i);
        const char *text = json_string_value(member(c, "text"));
        size_t n = 0;
        assert_int_equal(bf_zlib_length(text, strlen(text), &n, &err), BF_OK);
        assert_int_equal(n, size(c, "n"));
    }
}

static void lower_case(void **state)
{
    struct bf_buf out;

    (void)state;
    bf_buf_init(&out, 1000);
    bf_text_lower(&out, "Zo\xC3\x8B \xCE\xA9 ABC\xFFx \xF0\x9F\x8C\x99", 19);
    assert_string_equal(out.data, "zo\xC3\xAB \xCF\x89 abc\xFFx \xF0\x9F\x8C\x99");
    bf_buf_release(&out);
}

static void privleak(void **state)
{
    struct bf_err err = BF_ERR_INIT;
    double value = 0.0;

    (void)state;
    assert_int_equal(bf_privleak(0.25, 0.5, &value, &err), BF_OK);
    assert_near(value, -50.0, TOLERANCE);
    assert_int_equal(bf_privleak(0.25, 0.0, &value, &err), BF_INPUT);
    assert_error(err, BF_INPUT, "divides by it");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stems),
        cmocka_unit_test(rouge),
        cmocka_unit_test(rouge_of_other_scripts),
        cmocka_unit_test(areas),
        cmocka_unit_test(area_intervals),
        cmocka_unit_test(two_samples),
        cmocka_unit_test(two_large_samples),
        cmocka_unit_test(one_sample),
        cmocka_unit_test(samples_that_cannot_be_compared),
        cmocka_unit_test(truth_ratios),
        cmocka_unit_test(harmonic_means),
        cmocka_unit_test(memorization),
        cmocka_unit_test(least_likely_tokens),
        cmocka_unit_test(least_likely_for_their_place),
        cmocka_unit_test(zlib_lengths),
        cmocka_unit_test(lower_case),
        cmocka_unit_test(privleak),
    };

    return cmocka_run_group_tests(tests, open_eval, close_golden);
}
