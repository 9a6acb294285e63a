/* The report's sections about trainings: their losses step by step, and what `--then` found. Both out of files that may
 * be a stranger's. */
#include "store_fixture.h"

#include "unit.h"

#include "report/page.h"

#include "base/banned.h"

static json_t *page_of(const char *dir)
{
    const struct bf_page_options options = {.max_bytes = 0};
    struct bf_err err = BF_ERR_INIT;
    struct bf_store *store = fixture_open(dir, BF_STORE_READ);
    json_t *page = NULL;
    assert_ok(bf_page_data(store, &options, &page, &err));
    bf_store_close(store);
    return page;
}

/* A training of `n` steps whose loss falls from n; without a general term, and with a retain term in one step. */
static void add_training(struct bf_store *store, int64_t n, const char *settings)
{
    struct bf_training_step *steps = bf_array((size_t)n, sizeof *steps);
    struct bf_err err = BF_ERR_INIT;
    for (int64_t i = 0; i < n; i++)
        steps[i] = (struct bf_training_step){.step = i + 1,
                                             .loss = (double)(n - i),
                                             .forget_loss = 1.0,
                                             .retain_loss = i == 0 ? 0.5 : (double)NAN,
                                             .general_loss = (double)NAN,
                                             .learning_rate = 1e-5,
                                             .gradient_norm = 1.0};
    const struct bf_training training = {.method = "npo",
                                         .settings = settings,
                                         .model_sha256 = "feed",
                                         .n_steps = n,
                                         .planned_steps = n + 1,
                                         .stop = "finished",
                                         .forget_nll_before = 2.0,
                                         .retain_nll_before = (double)NAN,
                                         .forget_nll_after = 5.0,
                                         .retain_nll_after = (double)NAN,
                                         .steps = steps};
    assert_ok(bf_store_add_training(store, &training, &err));
    free(steps);
}

static const json_t *training_of(const json_t *page, size_t i)
{
    const json_t *one = json_array_get(json_object_get(json_object_get(page, "training"), "trainings"), i);
    assert_non_null(one);
    return one;
}

static int64_t step_of(const json_t *points, size_t i)
{
    return json_integer_value(json_array_get(json_array_get(points, i), 0));
}

static void every_step_of_a_short_training(void **state)
{
    struct bf_store *store = fixture_create("short");
    (void)state;
    add_training(store, 3,
                 "{\"learning_rate\":1e-5,\"model\":\"/home/me/secret.gguf\",\"made\":{\"forget\":{\"chat_pairs\":148,"
                 "\"chat_label_tokens\":5210,\"raw_texts\":74,\"raw_label_tokens\":6001},\"/home/me\":{},"
                 "\"general\":7,\"retain\":{\"chat_pairs\":\"/home/me\"}}}");
    bf_store_close(store);
    json_t *page = page_of("short");
    const json_t *one = training_of(page, 0), *points = json_object_get(one, "points");
    assert_int_equal(json_array_size(points), 3);
    assert_true(json_number_value(json_array_get(json_array_get(points, 0), 1)) == 3.0);
    assert_true(json_is_null(json_array_get(json_array_get(points, 1), 3))); /* no retain term there */
    const json_t *terms = json_object_get(one, "terms");
    assert_true(json_is_true(json_array_get(terms, 0)) && json_is_true(json_array_get(terms, 1)) &&
                json_is_false(json_array_get(terms, 2)));
    assert_true(json_number_value(json_object_get(one, "learning_rate")) == 1e-5);
    assert_true(json_is_null(json_array_get(json_object_get(one, "retain_nll"), 0)));
    json_t *made = json_pack("[[s, i, i, i, i], [s, i, i, i, i]]", "forget", 148, 5210, 74, 6001, "retain", 0, 0, 0, 0);
    char *wanted = bf_json_dump(made), *shown = bf_json_dump(json_object_get(one, "made"));
    assert_string_equal(shown, wanted);
    free(shown);
    free(wanted);
    json_decref(made);
    char *text = bf_json_dump(json_object_get(page, "training"));
    assert_null(strstr(text, "secret")); /* paths stay out */
    free(text);
    json_decref(page);
}

static void probes_and_the_step_that_was_chosen(void **state)
{
    struct bf_store *store = fixture_create("probed");
    struct bf_err err = BF_ERR_INIT;
    const struct bf_training_probing asked = {24, 21, 10};
    const struct bf_training_probe probes[2] = {{0, 22, 20}, {10, 2, 19}};
    const struct bf_training training = {.method = "npo",
                                         .settings = "{}",
                                         .model_sha256 = "feed",
                                         .stop = "finished",
                                         .probing = &asked,
                                         .probes = probes,
                                         .n_probes = 2};
    (void)state;
    add_training(store, 1, "{}");
    assert_ok(bf_store_add_training(store, &training, &err));
    bf_store_close(store);
    json_t *page = page_of("probed");
    assert_true(json_is_null(json_object_get(training_of(page, 0), "probes")));
    char *shown = bf_json_dump(json_object_get(training_of(page, 1), "probes"));
    assert_string_equal(shown, "{\"chosen\":10,\"forget\":24,\"points\":[[0,22,20],[10,2,19]],\"retain\":21}");
    free(shown);
    json_decref(page);
}

static void a_long_training_is_thinned(void **state)
{
    struct bf_store *store = fixture_create("long");
    (void)state;
    add_training(store, 3001, "no JSON");
    bf_store_close(store);
    json_t *page = page_of("long");
    const json_t *one = training_of(page, 0), *points = json_object_get(one, "points");
    const size_t n = json_array_size(points);
    assert_true(n > 300 && n <= 402);
    assert_int_equal(step_of(points, 0), 1); /* the first and the last are always there */
    assert_int_equal(step_of(points, n - 1), 3001);
    for (size_t i = 1; i < n; i++)
        assert_true(step_of(points, i) > step_of(points, i - 1));
    assert_true(json_is_null(json_object_get(one, "learning_rate")));
    json_decref(page);
}

static void the_latest_trainings_are_shown(void **state)
{
    struct bf_store *store = fixture_create("many");
    (void)state;
    for (int64_t i = 1; i <= 22; i++)
        add_training(store, i, "{}");
    bf_store_close(store);
    json_t *page = page_of("many");
    const json_t *section = json_object_get(page, "training");
    assert_int_equal(json_integer_value(json_object_get(section, "n")), 22);
    assert_int_equal(json_array_size(json_object_get(section, "trainings")), 20);
    assert_int_equal(json_integer_value(json_object_get(training_of(page, 0), "id")), 3);
    assert_int_equal(json_integer_value(json_object_get(training_of(page, 19), "steps")), 22);
    json_decref(page);
}

static void without_a_training_there_is_no_section(void **state)
{
    (void)state;
    bf_store_close(fixture_create("none"));
    json_t *page = page_of("none");
    assert_null(json_object_get(page, "training"));
    assert_null(json_object_get(page, "closed_loop"));
    json_decref(page);
}

static const json_t *then_of(json_t **page, const char *text)
{
    write_text("none/closed-loop.json", text);
    json_decref(*page);
    *page = page_of("none");
    return json_object_get(*page, "closed_loop");
}

static void what_then_found(void **state)
{
    json_t *page = NULL;
    struct bf_buf text;
    (void)state;
    /* Nothing is shown that is not finished, and a file that cannot be read does not take the page away. */
    assert_null(then_of(&page, "{\"finished\":false,\"wish\":{\"method\":\"npo\"}}"));
    assert_null(then_of(&page, "{\"finished\":true"));
    assert_null(then_of(&page, "[]"));
    const json_t *found = then_of(
        &page, "{\"finished\":true,\"wish\":{\"method\":\"npo\"},\"output\":\"unlearned-npo.gguf\",\"figures\":["
               "{\"set\":\"forget\",\"figure\":\"nll\",\"before\":2.0,\"after\":null,\"n\":4}],"
               "\"answers\":[{\"prompt\":\"Who?\"}]}");
    char *shown = bf_json_dump(found);
    assert_string_equal(
        shown, "{\"answers\":[{\"after\":\"\",\"before\":\"\",\"prompt\":\"Who?\"}],\"figures\":[{\"after\":null,"
               "\"before\":2.0,"
               "\"figure\":\"nll\",\"n\":4.0,\"note\":\"\",\"set\":\"forget\"}],\"method\":\"npo\","
               "\"output\":\"unlearned-npo.gguf\"}");
    free(shown);
    /* Of other types, and more than fits. */
    assert_non_null(then_of(&page, "{\"finished\":true,\"wish\":7,\"output\":[],\"figures\":{},\"answers\":\"x\"}"));
    bf_buf_init(&text, SIZE_MAX);
    bf_buf_puts(&text, "{\"finished\":true,\"figures\":[7");
    for (int i = 0; i < 60; i++)
        bf_buf_puts(&text, ",{\"set\":[]}");
    bf_buf_puts(&text, "],\"answers\":[7");
    for (int i = 0; i < 60; i++)
        bf_buf_puts(&text, ",{\"prompt\":\"p\"}");
    bf_buf_puts(&text, "]}");
    found = then_of(&page, text.data);
    assert_int_equal(json_array_size(json_object_get(found, "figures")), 40);
    assert_int_equal(json_array_size(json_object_get(found, "answers")), 20);
    bf_buf_release(&text);
    json_decref(page);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_step_of_a_short_training),
        cmocka_unit_test(probes_and_the_step_that_was_chosen),
        cmocka_unit_test(a_long_training_is_thinned),
        cmocka_unit_test(the_latest_trainings_are_shown),
        cmocka_unit_test(without_a_training_there_is_no_section),
        cmocka_unit_test(what_then_found),
    };
    return cmocka_run_group_tests(tests, enter_scratch, leave_scratch);
}
