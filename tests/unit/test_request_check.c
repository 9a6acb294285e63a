#include "unit.h"

#include <math.h>

#include "request/request.h"

static struct bf_request request;

static int setup(void **state)
{
    (void)state;
    return bf_request_from_profile("paper", &request, NULL) == BF_OK &&
                   bf_request_set_topic(&request, "Zeus", NULL) == BF_OK
               ? 0
               : -1;
}

static int teardown(void **state)
{
    (void)state;
    bf_request_release(&request);
    return 0;
}

static void assert_good(const char *what)
{
    struct bf_err err = BF_ERR_INIT;

    if (bf_request_check(&request, &err) != BF_OK)
        fail_msg("%s: %s", what, err.text);
}

static void assert_bad(const char *what, const char *words)
{
    struct bf_err err = BF_ERR_INIT;

    if (bf_request_check(&request, &err) != BF_USAGE)
        fail_msg("accepted: %s", what);
    assert_error(err, BF_USAGE, words);
}

/* Each bound: the first and last value that pass, and the first beyond on either side. */
static const struct {
    size_t offset;
    const char *option;
    int32_t low, high;
} ints[] = {
#define INT(field, option, low, high)                                                                                  \
    {                                                                                                                  \
        offsetof(struct bf_request, field), option, low, high                                                          \
    }
    INT(points_per_round, "--points-per-round", 1, 64),
    INT(rounds, "--rounds", 1, 64),
    INT(samples_per_prompt, "--samples-per-prompt", 1, 10000),
    INT(max_new_tokens, "--max-new-tokens", 8, 8192),
    INT(top_k, "--top-k", 0, 1024),
    INT(diversity_batch, "--diversity-batch", 1, INT32_MAX),
    INT(max_samples, "--max-samples", 0, INT32_MAX),
    INT(mi_samples, "--mi-samples", 0, INT32_MAX),
    INT(jailbreak_samples, "--jailbreak-samples", 0, INT32_MAX),
    INT(control_samples, "--control-samples", 0, INT32_MAX),
    INT(min_words, "--min-words", 0, INT32_MAX),
};

static void ranges_of_whole_numbers(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(ints); i++) {
        int32_t *value = (int32_t *)(void *)((char *)&request + ints[i].offset);
        int32_t old = *value;
        *value = ints[i].low;
        assert_good(ints[i].option);
        *value = ints[i].high;
        assert_good(ints[i].option);
        *value = ints[i].low - 1;
        assert_bad(ints[i].option, ints[i].option);
        if (ints[i].high < INT32_MAX) {
            *value = ints[i].high + 1;
            assert_bad(ints[i].option, ints[i].option);
        }
        *value = old;
    }
    request.rounds = 65;
    assert_bad("rounds", "--rounds is 65; give a whole number from 1 to 64");
}

static const struct {
    size_t offset;
    const char *words;
    double good[2], bad[2];
} reals[] = {
#define REAL(field, words, ...)                                                                                        \
    {                                                                                                                  \
        offsetof(struct bf_request, field), words, __VA_ARGS__                                                         \
    }
    REAL(top_p, "give a number above 0 and at most 1", {5e-324, 1}, {0, 1.0000001}),
    REAL(epsilon, "--epsilon", {-1e300, 1e300}, {-INFINITY, INFINITY}),
    REAL(probe_temperature, "give a number above 0", {0.01, 100}, {0, -1}),
    REAL(tau, "give auto or a number from 0 to 1", {0, 1}, {-0.0001, 1.0001}),
    REAL(k_percent, "give a number above 0 and at most 100", {0.1, 100}, {0, 100.1}),
    REAL(near_duplicate, "--near-duplicate", {0.1, 2}, {0, -0.5}),
    REAL(drift_sigma, "give a number of at least 0", {0, 9}, {-0.1, INFINITY}),
};

static void ranges_of_numbers(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(reals); i++) {
        double *value = (double *)(void *)((char *)&request + reals[i].offset);
        double old = *value;
        for (size_t j = 0; j < 2; j++) {
            *value = reals[i].good[j];
            assert_good(reals[i].words);
            *value = reals[i].bad[j];
            assert_bad(reals[i].words, reals[i].words);
        }
        *value = NAN;
        if (reals[i].offset == offsetof(struct bf_request, tau))
            assert_good("auto");
        else
            assert_bad("NaN", "give a number");
        *value = old;
    }
}

static void temperatures(void **state)
{
    (void)state;
    request.temperatures.n = 0;
    assert_bad("none", "--temperatures has 0 values; give 1 to 16");
    request.temperatures.n = BF_DOUBLES_MAX + 1;
    assert_bad("too many", "--temperatures has 17 values");
    request.temperatures.n = 2;
    request.temperatures.values[1] = 0;
    assert_bad("zero", "--temperatures is 0; give a number above 0");
    request.temperatures.values[1] = NAN;
    assert_bad("NaN", "--temperatures is");
    request.temperatures.values[1] = 0.1;
    assert_good("two");
}

static void texts(void **state)
{
    char *topic = request.topic;
    char longest[BF_TOPIC_MAX_BYTES + 2];

    (void)state;
    request.topic = NULL;
    assert_bad("no topic", "no domain is given");
    memset(longest, 'x', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    request.topic = longest;
    assert_bad("long topic", "2001 bytes long and the limit is 2000");
    longest[0] = '\xFF';
    assert_bad("broken topic", "not UTF-8");
    request.topic = topic;
    request.templates[0] = '\0';
    assert_bad("templates", "--templates is empty");
    request.templates[0] = 'd';
    request.order = (enum bf_order)2;
    assert_bad("order", "--order is unknown; give balanced or point");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(ranges_of_whole_numbers, setup, teardown),
        cmocka_unit_test_setup_teardown(ranges_of_numbers, setup, teardown),
        cmocka_unit_test_setup_teardown(temperatures, setup, teardown),
        cmocka_unit_test_setup_teardown(texts, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
