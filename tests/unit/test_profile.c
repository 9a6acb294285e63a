#include "unit.h"

#include "request/request.h"

static struct bf_request load(const char *profile)
{
    struct bf_request request;
    struct bf_err err = BF_ERR_INIT;

    if (bf_request_from_profile(profile, &request, &err) != BF_OK)
        fail_msg("%s", err.text);
    assert_null(request.topic);
    assert_string_equal(request.profile, profile);
    assert_string_equal(request.templates, "default");
    assert_int_equal(bf_request_set_topic(&request, "Greek mythology", &err), BF_OK);
    if (bf_request_check(&request, &err) != BF_OK)
        fail_msg("%s", err.text);
    return request;
}

/* The figures of the paper's appendix and of the official code: whoever changes one changes what "paper" means. */
static void paper_has_the_papers_figures(void **state)
{
    struct bf_request r = load("paper");
    static const double temperatures[] = {0.6, 0.8, 1.0, 1.2};

    (void)state;
    assert_true(r.seed == 3407);
    assert_int_equal(r.points_per_round, 6);
    assert_int_equal(r.rounds, 4);
    assert_int_equal(r.temperatures.n, 4);
    assert_memory_equal(r.temperatures.values, temperatures, sizeof temperatures);
    assert_int_equal(r.samples_per_prompt, 4);
    assert_int_equal(r.max_new_tokens, 300);
    assert_true(r.top_p == 0.95);
    assert_int_equal(r.top_k, 50);
    assert_int_equal(r.diversity_batch, 100);
    assert_true(r.epsilon == 0.001);
    assert_int_equal(r.max_samples, 0);
    assert_int_equal(r.mi_samples, 1000);
    assert_int_equal(r.jailbreak_samples, 1000);
    assert_int_equal(r.control_samples, 32);
    assert_true(r.probe_temperature == 0.9);
    assert_true(r.tau == 0.30);
    assert_true(r.k_percent == 20);
    assert_false(r.mi_model_distribution);
    assert_int_equal(r.order, BF_ORDER_BALANCED);
    assert_int_equal(r.min_words, 4);
    assert_true(r.near_duplicate == 0.8);
    assert_true(r.drift_sigma == 4);
    assert_true(r.filter_refusal && r.filter_echo && r.filter_degenerate && r.trim_sentence && r.model_embedder);
    bf_request_release(&r);
}

static void quick_is_smaller_and_else_the_same(void **state)
{
    struct bf_request quick = load("quick");
    struct bf_request paper = load("paper");

    (void)state;
    assert_true(quick.rounds * quick.samples_per_prompt < paper.rounds * paper.samples_per_prompt);
    assert_true(quick.temperatures.n >= 1 && quick.temperatures.n < paper.temperatures.n);
    assert_true(quick.max_new_tokens < paper.max_new_tokens);
    assert_true(quick.mi_samples > 0 && quick.mi_samples < paper.mi_samples);
    assert_true(quick.jailbreak_samples > 0 && quick.jailbreak_samples < paper.jailbreak_samples);
    assert_true(quick.control_samples > 0 && quick.control_samples < paper.control_samples);
    assert_true(quick.top_p == paper.top_p && quick.tau == paper.tau && quick.epsilon == paper.epsilon);
    assert_true(quick.seed == paper.seed);
    bf_request_release(&quick);
    bf_request_release(&paper);
}

static void every_choice_is_a_profile(void **state)
{
    struct bf_request request;
    struct bf_err err = BF_ERR_INIT;
    char names[100];
    size_t n = 0;

    (void)state;
    (void)snprintf(names, sizeof names, "%s", bf_profile_choices);
    for (char *rest = names, *name; (name = strsep(&rest, "|")); n++) {
        assert_int_equal(bf_request_from_profile(name, &request, &err), BF_OK);
        bf_request_release(&request);
    }
    assert_int_equal(n, 2);
    assert_int_equal(bf_request_from_profile("fast", &request, &err), BF_USAGE);
    assert_error(err, BF_USAGE, "unknown profile 'fast'; give one of quick|paper");
    assert_null(request.profile);
    bf_request_release(&request);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paper_has_the_papers_figures),
        cmocka_unit_test(quick_is_smaller_and_else_the_same),
        cmocka_unit_test(every_choice_is_a_profile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
