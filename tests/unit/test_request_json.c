#include "unit.h"

#include <math.h>

#include "request/request.h"

/* A request in which no value is a default, so that a field which is forgotten on the way shows. */
static void make(struct bf_request *r)
{
    assert_int_equal(bf_request_from_profile("quick", r, NULL), BF_OK);
    assert_int_equal(bf_request_set_topic(r, "\"Zeus\" \xF0\x9F\xAA\x90", NULL), BF_OK);
    r->seed = UINT64_MAX;
    r->points_per_round = 7;
    r->rounds = 9;
    r->temperatures = (struct bf_doubles){.values = {1.0 / 3, 0.1, 5e-324}, .n = 3};
    r->samples_per_prompt = 11;
    r->max_new_tokens = 13;
    r->top_p = 0.1 + 0.2;
    r->top_k = 1024;
    r->diversity_batch = 17;
    r->epsilon = -1;
    r->max_samples = INT32_MAX;
    r->mi_samples = 23;
    r->jailbreak_samples = 29;
    r->control_samples = 31;
    r->probe_temperature = 2.0 / 3;
    r->tau = 1e-17;
    r->k_percent = 100.0 / 3;
    r->mi_model_distribution = true;
    r->order = BF_ORDER_POINT;
    r->min_words = 37;
    r->near_duplicate = 1.7976931348623157e308;
    r->drift_sigma = 2.5000000000000004;
    r->filter_refusal = r->filter_echo = r->filter_degenerate = r->trim_sentence = r->model_embedder = false;
}

static void round_trip_is_exact(void **state)
{
    struct bf_request first, second;
    struct bf_err err = BF_ERR_INIT;
    json_t *json, *again, *reparsed = NULL;
    char *text, *text_again;

    (void)state;
    make(&first);
    json = bf_request_to_json(&first);
    text = bf_json_dump(json);
    assert_int_equal(bf_json_parse(text, strlen(text), "text", &reparsed, &err), BF_OK);
    if (bf_request_from_json(reparsed, &second, &err) != BF_OK)
        fail_msg("%s", err.text);

#define SAME(field) assert_memory_equal(&first.field, &second.field, sizeof first.field)
    assert_string_equal(first.topic, second.topic);
    assert_string_equal(first.profile, second.profile);
    assert_string_equal(first.templates, second.templates);
    SAME(seed);
    SAME(points_per_round);
    SAME(rounds);
    assert_int_equal(second.temperatures.n, 3);
    assert_memory_equal(first.temperatures.values, second.temperatures.values, 3 * sizeof(double));
    SAME(samples_per_prompt);
    SAME(max_new_tokens);
    SAME(top_p);
    SAME(top_k);
    SAME(diversity_batch);
    SAME(epsilon);
    SAME(max_samples);
    SAME(mi_samples);
    SAME(jailbreak_samples);
    SAME(control_samples);
    SAME(probe_temperature);
    SAME(tau);
    SAME(k_percent);
    SAME(mi_model_distribution);
    SAME(order);
    SAME(min_words);
    SAME(near_duplicate);
    SAME(drift_sigma);
    SAME(filter_refusal);
    SAME(filter_echo);
    SAME(filter_degenerate);
    SAME(trim_sentence);
    SAME(model_embedder);
#undef SAME
    again = bf_request_to_json(&second);
    text_again = bf_json_dump(again);
    assert_string_equal(text, text_again);
    free(text);
    free(text_again);
    json_decref(json);
    json_decref(again);
    json_decref(reparsed);
    bf_request_release(&first);
    bf_request_release(&second);
}

/* "auto" is a word in the text, and NaN in memory. */
static void tau_may_be_a_word(void **state)
{
    struct bf_request first, second;
    struct bf_err err = BF_ERR_INIT;
    json_t *json;

    (void)state;
    make(&first);
    first.tau = (double)NAN;
    json = bf_request_to_json(&first);
    assert_string_equal(json_string_value(json_object_get(json, "tau")), "auto");
    if (bf_request_from_json(json, &second, &err) != BF_OK)
        fail_msg("%s", err.text);
    assert_true(isnan(second.tau));
    bf_request_release(&second);
    json_object_set_new(json, "tau", json_string("later"));
    assert_int_equal(bf_request_from_json(json, &second, &err), BF_INPUT);
    assert_contains(err.text, "'tau' is not a number or \"auto\"");
    json_object_set_new(json, "tau", json_real(0.5));
    json_object_set_new(json, "drift_sigma", json_string("auto")); /* other numbers have no such word */
    assert_int_equal(bf_request_from_json(json, &second, &err), BF_INPUT);
    json_decref(json);
    bf_request_release(&first);
}

/* The bytes that are stored and hashed: whoever changes them breaks the resuming of old runs. */
static void the_text_is_stable(void **state)
{
    struct bf_request request;
    json_t *json;
    char *text;

    (void)state;
    assert_int_equal(bf_request_from_profile("paper", &request, NULL), BF_OK);
    assert_int_equal(bf_request_set_topic(&request, "Greek mythology", NULL), BF_OK);
    json = bf_request_to_json(&request);
    text = bf_json_dump(json);
    assert_string_equal(
        text,
        "{\"bullets\":20,\"chapters\":0,\"control_samples\":32,\"diversity_batch\":100,\"drift_sigma\":4.0,\"epsilon\":"
        "0.001,\"filter_degenerate\":"
        "true,"
        "\"filter_echo\":true,\"filter_refusal\":true,\"jailbreak_samples\":1000,\"k_percent\":20.0,\"keep_facts\":"
        "true,\"kind\":\"domain\",\"max_new_tokens\":"
        "300,"
        "\"max_samples\":0,\"mi_model_distribution\":false,\"mi_samples\":1000,\"min_similarity\":0.7,\"min_words\":4,"
        "\"model_embedder\":true,"
        "\"near_duplicate\":0.8,\"order\":\"balanced\",\"point_forms\":true,"
        "\"point_questions\":4,\"point_temperature\":0.5,"
        "\"points\":[],"
        "\"points_only\":false,\"points_per_round\":6,\"probe_temperature\":0.9,\"profile\":"
        "\"paper\",\"questions\":-1,"
        "\"rounds\":4,\"samples_per_prompt\":4,\"seed\":\"3407\",\"snowball\":2,"
        "\"subfields\":20,\"tau\":0.3,\"temperatures\":[0.6,0."
        "8,1.0,1.2],"
        "\"templates\":\"default\",\"top_k\":50,\"top_p\":0.95,\"topic\":\"Greek mythology\",\"trim_sentence\":true,"
        "\"wordings\":1}");
    free(text);
    json_decref(json);
    bf_request_release(&request);
}

static void assert_refused(const json_t *json, const char *key, const char *words)
{
    struct bf_request request;
    struct bf_err err = BF_ERR_INIT;

    if (bf_request_from_json(json, &request, &err) != BF_INPUT)
        fail_msg("accepted with a bad '%s'", key);
    assert_error(err, BF_INPUT, words);
    assert_contains(err.text, key);
    assert_null(request.topic);
    assert_null(request.profile);
    bf_request_release(&request);
}

/* Requests of the first version lack these; the defaults stand in. */
static bool is_later(const char *key)
{
    static const char *const keys[] = {"kind",        "min_similarity", "keep_facts",     "subfields", "bullets",
                                       "chapters",    "questions",      "wordings",       "points",    "points_only",
                                       "point_forms", "snowball",       "point_questions"};

    for (size_t i = 0; i < N_ELEMENTS(keys); i++)
        if (strcmp(keys[i], key) == 0)
            return true;
    return false;
}

static void assert_taken(const json_t *json)
{
    struct bf_request request;
    struct bf_err err = BF_ERR_INIT;

    if (bf_request_from_json(json, &request, &err) != BF_OK)
        fail_msg("%s", err.text);
    assert_int_equal(request.kind, BF_KIND_DOMAIN);
    assert_true(request.min_similarity == 0.7);
    assert_true(request.keep_facts);
    assert_int_equal(request.subfields, 20);
    assert_true(!json_object_get(json, "point_forms") == !request.point_forms); /* make() asks in forms */
    bf_request_release(&request);
}

/* Every key in turn is removed, then replaced by values of each wrong type. */
static void each_key_is_needed_and_typed(void **state)
{
    struct bf_request request;
    json_t *json, *wrong;
    const char *key;
    json_t *value;
    size_t n = 0;

    (void)state;
    make(&request);
    json = bf_request_to_json(&request);
    wrong = json_pack("{s:n, s:{}, s:[[]], s:s, s:b, s:f, s:I}", "null", "object", "list", "text", "text", "bool", 1,
                      "real", 2.5, "big", (json_int_t)INT64_MAX);
    assert_non_null(wrong);
    json_object_foreach(json, key, value)
    {
        json_t *copy = json_deep_copy(json);
        const char *name;
        json_t *other;
        char quoted[100];

        n++;
        (void)snprintf(quoted, sizeof quoted, "'%s'", key);
        assert_int_equal(json_object_del(copy, key), 0);
        if (is_later(key))
            assert_taken(copy);
        else
            assert_refused(copy, quoted, "the request has no key");
        json_object_foreach(wrong, name, other)
        {
            bool number = json_is_real(value);
            /* Right after all: another text for a text, a number for a number, a bool for a bool. */
            if (json_typeof(value) == json_typeof(other) && !json_is_array(value) && strcmp(name, "big") != 0 &&
                strcmp(key, "order") != 0 && strcmp(key, "kind") != 0 && strcmp(key, "seed") != 0)
                continue;
            if (json_is_boolean(value) && json_is_boolean(other))
                continue;
            if (number && json_is_number(other))
                continue;
            assert_int_equal(json_object_set(copy, key, other), 0);
            assert_refused(copy, quoted, "the request's key");
        }
        json_decref(copy);
    }
    assert_int_equal(n, 44);
    json_decref(wrong);
    json_decref(json);
    bf_request_release(&request);
}

static void a_whole_number_may_stand_for_a_real_one(void **state)
{
    struct bf_request request, back;
    struct bf_err err = BF_ERR_INIT;
    json_t *json;

    (void)state;
    make(&request);
    json = bf_request_to_json(&request);
    assert_int_equal(json_object_set_new(json, "top_p", json_integer(1)), 0);
    assert_int_equal(bf_request_from_json(json, &back, &err), BF_OK);
    assert_true(back.top_p == 1.0);
    bf_request_release(&back);
    bf_request_release(&request);
    json_decref(json);
}

static void values_out_of_range_and_unknown_keys(void **state)
{
    static const struct {
        const char *key, *json, *words;
    } cases[] = {
        {"top_p", "1.5", "--top-p is 1.5; give a number above 0 and at most 1"},
        {"rounds", "0", "--rounds is 0; give a whole number from 1 to 64"},
        {"rounds", "4294967297", "'rounds' is not a number of 32 bits"},
        {"seed", "\"18446744073709551616\"", "'seed' is not a number below 2^64"},
        {"seed", "\"-1\"", "'seed' is not a string of digits"},
        {"seed", "\"\"", "'seed' is not a string of digits"},
        {"temperatures", "[]", "--temperatures has 0 values"},
        {"temperatures", "[1,\"1\"]", "'temperatures' is not a list of numbers"},
        {"temperatures", "[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]", "'temperatures' is not a list of at most 16 numbers"},
        {"topic", "\"\"", "no domain is given"},
        {"order", "\"random\"", "'order' is not 'balanced' or 'point'"},
        {"colour", "\"red\"", "'colour' is unknown"},
    };
    struct bf_request request;

    (void)state;
    make(&request);
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        json_t *json = bf_request_to_json(&request);
        json_t *value = json_loads(cases[i].json, JSON_DECODE_ANY, NULL);
        assert_int_equal(json_object_set_new(json, cases[i].key, value), 0);
        assert_refused(json, "", cases[i].words);
        json_decref(json);
    }
    bf_request_release(&request);
}

static void what_is_not_an_object(void **state)
{
    json_t *list = json_array();

    (void)state;
    assert_refused(list, "", "not a JSON object");
    assert_refused(NULL, "", "not a JSON object");
    json_decref(list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(round_trip_is_exact),
        cmocka_unit_test(tau_may_be_a_word),
        cmocka_unit_test(the_text_is_stable),
        cmocka_unit_test(each_key_is_needed_and_typed),
        cmocka_unit_test(a_whole_number_may_stand_for_a_real_one),
        cmocka_unit_test(values_out_of_range_and_unknown_keys),
        cmocka_unit_test(what_is_not_an_object),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
