#include "unit.h"

#include <math.h>
#include <stdbool.h>

#include "synth/plan.h"

enum { N_POINTS = 5 };

static const char *const names[N_POINTS] = {"Zeus", "Hera", "Ares", "Athena", "Apollo"};

struct fixture {
    struct bf_request request;
    struct bf_template_set templates;
    struct bf_points points;
    struct bf_plan plan;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct bf_err err = BF_ERR_INIT;

    assert_non_null(f);
    if (bf_request_from_profile("paper", &f->request, &err) ||
        bf_request_set_topic(&f->request, "Greek mythology", &err) ||
        bf_template_set_load("default", &f->templates, &err))
        fail_msg("%s", err.text);
    for (int i = 0; i < N_POINTS; i++)
        bf_points_add(&f->points, 0, names[i], NULL);
    bf_plan_init(&f->plan, &f->request, &f->templates, &f->points);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    bf_plan_release(&f->plan);
    bf_points_release(&f->points);
    bf_template_set_release(&f->templates);
    bf_request_release(&f->request);
    free(f);
    return 0;
}

static int32_t stage_templates(const struct fixture *f, enum bf_stage stage)
{
    int32_t n = 0;

    for (size_t i = 0; i < f->templates.n; i++)
        n += f->templates.items[i].stage == stage ? 1 : 0;
    return n;
}

static int temperature_index(const struct fixture *f, double temperature)
{
    for (size_t i = 0; i < f->request.temperatures.n; i++)
        if (f->request.temperatures.values[i] == temperature)
            return (int)i;
    fail_msg("temperature %g is not one of the request's", temperature);
    return -1;
}

/* Each (point, template, temperature) exactly samples_per_prompt times, in either order. */
static void stage_one_covers_each_combination(void **state)
{
    struct fixture *f = *state;

    for (int order = BF_ORDER_BALANCED; order <= BF_ORDER_POINT; order++) {
        static int times[N_POINTS][64][4];
        int64_t n = bf_plan_count(&f->plan, BF_STAGE_SYNTHESIS);

        f->request.order = (enum bf_order)order;
        memset(times, 0, sizeof times);
        assert_int_equal(stage_templates(f, BF_STAGE_SYNTHESIS), 8);
        assert_int_equal(n, N_POINTS * 8 * 4 * 4);
        for (int64_t i = 0; i < n; i++) {
            struct bf_plan_item item;

            bf_plan_item(&f->plan, BF_STAGE_SYNTHESIS, i, &item);
            assert_int_equal(item.index, i);
            assert_int_equal(item.stage, BF_STAGE_SYNTHESIS);
            assert_int_equal(item.max_tokens, 300);
            assert_in_range(item.point, 0, N_POINTS - 1);
            assert_int_equal(f->templates.items[item.template_index].stage, BF_STAGE_SYNTHESIS);
            times[item.point][item.template_index][temperature_index(f, item.temperature)]++;
        }
        for (int p = 0; p < N_POINTS; p++)
            for (size_t t = 0; t < f->templates.n; t++)
                for (int k = 0; k < 4; k++)
                    assert_int_equal(times[p][t][k], f->templates.items[t].stage == BF_STAGE_SYNTHESIS ? 4 : 0);
    }
}

static int spread(const int *counts, int n)
{
    int least = counts[0], most = counts[0];

    for (int i = 1; i < n; i++) {
        least = counts[i] < least ? counts[i] : least;
        most = counts[i] > most ? counts[i] : most;
    }
    return most - least;
}

/* However early the stop rule speaks: no point is more than one sample ahead, no template more than one round of
 * points. */
static void any_balanced_prefix_is_even(void **state)
{
    struct fixture *f = *state;
    int points[N_POINTS] = {0}, templates[64] = {0};

    f->request.order = BF_ORDER_BALANCED;
    for (int64_t i = 0; i < bf_plan_count(&f->plan, BF_STAGE_SYNTHESIS); i++) {
        struct bf_plan_item item;
        int of_stage[8];
        int n = 0;

        bf_plan_item(&f->plan, BF_STAGE_SYNTHESIS, i, &item);
        points[item.point]++;
        templates[item.template_index]++;
        for (size_t t = 0; t < f->templates.n; t++)
            if (f->templates.items[t].stage == BF_STAGE_SYNTHESIS)
                of_stage[n++] = templates[t];
        assert_true(spread(points, N_POINTS) <= 1);
        assert_true(spread(of_stage, n) <= N_POINTS);
    }
}

/* The loops of the authors' code: for point, for template, for temperature, for sample. */
static void the_official_order(void **state)
{
    struct fixture *f = *state;
    int64_t index = 0;

    f->request.order = BF_ORDER_POINT;
    for (int32_t point = 0; point < N_POINTS; point++)
        for (size_t t = 0; t < f->templates.n; t++)
            for (size_t k = 0; f->templates.items[t].stage == BF_STAGE_SYNTHESIS && k < 4; k++)
                for (int32_t sample = 0; sample < 4; sample++) {
                    struct bf_plan_item item;

                    bf_plan_item(&f->plan, BF_STAGE_SYNTHESIS, index++, &item);
                    assert_int_equal(item.point, point);
                    assert_int_equal(item.template_index, t);
                    assert_true(item.temperature == f->request.temperatures.values[k]);
                }
    assert_int_equal(index, bf_plan_count(&f->plan, BF_STAGE_SYNTHESIS));
}

static int by_value(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

static void all_seeds_of_a_run_differ(void **state)
{
    struct fixture *f = *state;
    static uint64_t seeds[8000];
    size_t n = 0;

    for (int stage = 0; stage < BF_STAGE_COUNT; stage++)
        for (int64_t i = 0; i < bf_plan_count(&f->plan, (enum bf_stage)stage); i++) {
            struct bf_plan_item item;

            bf_plan_item(&f->plan, (enum bf_stage)stage, i, &item);
            assert_true(n < N_ELEMENTS(seeds));
            seeds[n++] = item.seed;
        }
    assert_int_equal(n, 4 + 640 + 1000 + 1000 + 32);
    qsort(seeds, n, sizeof *seeds, by_value);
    for (size_t i = 1; i < n; i++)
        assert_true(seeds[i] != seeds[i - 1]);
}

static void an_item_depends_on_the_run_seed(void **state)
{
    struct fixture *f = *state;
    struct bf_plan_item a, b, again;

    bf_plan_item(&f->plan, BF_STAGE_MI, 7, &a);
    bf_plan_item(&f->plan, BF_STAGE_MI, 7, &again);
    f->request.seed++;
    bf_plan_item(&f->plan, BF_STAGE_MI, 7, &b);
    assert_true(a.seed == again.seed);
    assert_true(a.seed != b.seed);
}

static void counts_follow_the_request(void **state)
{
    struct fixture *f = *state;

    f->request.max_samples = 100;
    assert_int_equal(bf_plan_count(&f->plan, BF_STAGE_SYNTHESIS), 100);
    f->request.max_samples = 1000000;
    assert_int_equal(bf_plan_count(&f->plan, BF_STAGE_SYNTHESIS), 640);
    f->request.max_samples = 0;
    f->request.mi_samples = 3;
    f->request.jailbreak_samples = 0;
    f->request.control_samples = 5;
    f->request.rounds = 2;
    assert_int_equal(bf_plan_count(&f->plan, BF_STAGE_POINTS), 2);
    assert_int_equal(bf_plan_count(&f->plan, BF_STAGE_MI), 3);
    assert_int_equal(bf_plan_count(&f->plan, BF_STAGE_JAILBREAK), 0);
    assert_int_equal(bf_plan_count(&f->plan, BF_STAGE_CONTROL), 5);
    /* The greatest request that bf_request_check lets through must not overflow. */
    f->request.samples_per_prompt = 10000;
    assert_int_equal(bf_plan_count(&f->plan, BF_STAGE_SYNTHESIS), (int64_t)N_POINTS * 8 * 4 * 10000);
}

static void without_points_stage_one_is_empty(void **state)
{
    struct fixture *f = *state;
    struct bf_points none = {0};
    struct bf_plan plan;

    bf_plan_init(&plan, &f->request, &f->templates, &none);
    assert_int_equal(bf_plan_count(&plan, BF_STAGE_SYNTHESIS), 0);
    bf_plan_release(&plan);
}

static void probing_has_its_own_temperature_and_templates(void **state)
{
    static const enum bf_stage stages[] = {BF_STAGE_MI, BF_STAGE_JAILBREAK};
    struct fixture *f = *state;

    for (size_t s = 0; s < N_ELEMENTS(stages); s++) {
        int used[64] = {0}, of_stage[64], n = 0;

        for (int64_t i = 0; i < 100; i++) {
            struct bf_plan_item item;

            bf_plan_item(&f->plan, stages[s], i, &item);
            assert_true(item.temperature == 0.9);
            assert_int_equal(f->templates.items[item.template_index].stage, stages[s]);
            if (!strstr(f->templates.items[item.template_index].text, "{point}"))
                assert_int_equal(item.point, -1);
            used[item.template_index]++;
        }
        for (size_t t = 0; t < f->templates.n; t++)
            if (f->templates.items[t].stage == stages[s])
                of_stage[n++] = used[t];
        assert_true(n >= 1 && spread(of_stage, n) <= 1);
    }
}

static void prompts_name_topic_and_point(void **state)
{
    struct fixture *f = *state;
    struct bf_buf prompt;

    bf_buf_init(&prompt, 1 << 16);
    for (int64_t i = 0; i < 200; i++) {
        struct bf_plan_item item;

        bf_plan_item(&f->plan, BF_STAGE_SYNTHESIS, i, &item);
        bf_buf_clear(&prompt);
        bf_plan_prompt(&f->plan, &item, &prompt);
        assert_contains(prompt.data, "Greek mythology");
        assert_contains(prompt.data, names[item.point]);
        assert_null(strchr(prompt.data, '{'));
    }
    bf_buf_release(&prompt);
}

/* The first round asks plainly; later ones show what is known. */
static void rounds_of_points(void **state)
{
    struct fixture *f = *state;
    struct bf_plan_item first, second;
    struct bf_buf prompt;

    bf_buf_init(&prompt, 1 << 16);
    bf_plan_item(&f->plan, BF_STAGE_POINTS, 0, &first);
    bf_plan_item(&f->plan, BF_STAGE_POINTS, 1, &second);
    assert_int_equal(first.max_tokens, second.max_tokens);
    assert_true(first.template_index != second.template_index);
    bf_plan_prompt(&f->plan, &first, &prompt);
    assert_null(strstr(prompt.data, "Zeus"));
    bf_buf_clear(&prompt);
    bf_plan_prompt(&f->plan, &second, &prompt);
    assert_contains(prompt.data, "Zeus, Hera, Ares, Athena, Apollo");
    assert_contains(prompt.data, "6");
    bf_buf_release(&prompt);
}

/* The control topic is invented from the seed alone: a resumed run must ask about the same one. */
static void the_control_topic_is_not_part_of_the_domain(void **state)
{
    struct fixture *f = *state;
    struct bf_plan again, other;
    struct bf_buf prompt;
    struct bf_plan_item item;

    bf_plan_init(&again, &f->request, &f->templates, &f->points);
    assert_string_equal(f->plan.control_topic, again.control_topic);
    f->request.seed = 1;
    bf_plan_init(&other, &f->request, &f->templates, &f->points);
    assert_string_not_equal(f->plan.control_topic, other.control_topic);
    bf_buf_init(&prompt, 1 << 16);
    for (int64_t i = 0; i < 32; i++) {
        bf_plan_item(&f->plan, BF_STAGE_CONTROL, i, &item);
        bf_buf_clear(&prompt);
        bf_plan_prompt(&f->plan, &item, &prompt);
        assert_contains(prompt.data, f->plan.control_topic);
        assert_null(strstr(prompt.data, "Greek"));
        for (int p = 0; p < N_POINTS; p++)
            assert_null(strstr(prompt.data, names[p]));
    }
    bf_buf_release(&prompt);
    bf_plan_release(&again);
    bf_plan_release(&other);
}

/* With tau auto, questions of membership inference about the invented topic follow the texts of the knowledge check. */
static void the_threshold_has_its_own_questions(void **state)
{
    struct fixture *f = *state;
    struct bf_plan_item item, probe;
    struct bf_buf prompt;

    bf_buf_init(&prompt, 1 << 16);
    f->request.control_samples = 5;
    f->request.mi_samples = 30;
    f->request.tau = (double)NAN;
    assert_int_equal(bf_plan_count(&f->plan, BF_STAGE_CONTROL), 5 + 20);
    f->request.mi_samples = 1000;
    assert_int_equal(bf_plan_count(&f->plan, BF_STAGE_CONTROL), 5 + 100);
    for (int64_t i = 0; i < 105; i++) {
        bf_plan_item(&f->plan, BF_STAGE_CONTROL, i, &item);
        assert_int_equal(bf_plan_is_tau_question(&f->plan, BF_STAGE_CONTROL, i), i >= 5);
        assert_int_equal(f->templates.items[item.template_index].stage, i < 5 ? BF_STAGE_SYNTHESIS : BF_STAGE_MI);
        if (i < 5)
            continue;
        /* The templates and the temperature of the questions about the domain, with which they are compared. */
        bf_plan_item(&f->plan, BF_STAGE_MI, i - 5, &probe);
        assert_int_equal(item.template_index, probe.template_index);
        assert_true(item.temperature == probe.temperature);
        assert_true(item.seed != probe.seed);
        bf_buf_clear(&prompt);
        bf_plan_prompt(&f->plan, &item, &prompt);
        assert_contains(prompt.data, f->plan.control_topic);
        assert_null(strstr(prompt.data, "Greek"));
    }
    f->request.mi_samples = 0; /* nothing to decide */
    assert_int_equal(bf_plan_count(&f->plan, BF_STAGE_CONTROL), 5);
    assert_false(bf_plan_is_tau_question(&f->plan, BF_STAGE_MI, 50));
    bf_buf_release(&prompt);
}

/* A question is written about a text of the set, so its prompt is longer than that of any short answer: a run whose
 * sequences have no room for it ends at its first question. */
static void the_context_has_room_for_questions_about_texts(void **state)
{
    struct fixture *f = *state;

    f->request.max_new_tokens = 16;
    f->request.points_per_round = f->request.rounds = 1;
    f->request.questions = 0;
    const int32_t without = bf_synth_context_estimate(&f->request, &f->templates, 0);
    f->request.questions = 10;
    const int32_t with = bf_synth_context_estimate(&f->request, &f->templates, 0);
    assert_true(with > without);
    f->request.questions = BF_QUESTIONS_AUTO;
    assert_int_equal(bf_synth_context_estimate(&f->request, &f->templates, 0), with);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(stage_one_covers_each_combination),
        TEST(any_balanced_prefix_is_even),
        TEST(the_official_order),
        TEST(all_seeds_of_a_run_differ),
        TEST(an_item_depends_on_the_run_seed),
        TEST(counts_follow_the_request),
        TEST(without_points_stage_one_is_empty),
        TEST(probing_has_its_own_temperature_and_templates),
        TEST(prompts_name_topic_and_point),
        TEST(rounds_of_points),
        TEST(the_context_has_room_for_questions_about_texts),
        TEST(the_control_topic_is_not_part_of_the_domain),
        TEST(the_threshold_has_its_own_questions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
