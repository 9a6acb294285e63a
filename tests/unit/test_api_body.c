/* What is asked of a server: the fields that each kind takes, and prompts of any bytes. */
#include "unit.h"

#include "base/json.h"
#include "base/rng.h"
#include "engine/api_private.h"

static const struct bf_gen_request request = {.prompt = "Who is Zeus?",
                                              .max_tokens = 60,
                                              .temperature = 0.6,
                                              .top_k = 50,
                                              .top_p = 0.95,
                                              .seed = 0x123456789ABCDEF0};

static json_t *body_of(const struct bf_api_server *server, const struct bf_gen_request *q)
{
    char *text = bf_api_body_generate(server, q);
    struct bf_err err = BF_ERR_INIT;
    json_t *body = NULL;

    if (bf_json_parse(text, strlen(text), "the body", &body, &err))
        fail_msg("%s\n%s", err.text, text);
    free(text);
    return body;
}

static void plain_servers_get_openai_fields_only(void **state)
{
    static const char *const known[] = {"model", "prompt", "max_tokens", "temperature",
                                        "top_p", "seed",   "stream",     "logprobs"};
    struct bf_api_server server = {.model = "m", .numbers = BF_API_NUMBERS_MODEL};
    json_t *body = body_of(&server, &request);

    (void)state;
    assert_int_equal(json_object_size(body), N_ELEMENTS(known));
    for (size_t i = 0; i < N_ELEMENTS(known); i++)
        assert_non_null(json_object_get(body, known[i]));
    assert_string_equal(json_string_value(json_object_get(body, "prompt")), "Who is Zeus?");
    assert_int_equal(json_integer_value(json_object_get(body, "max_tokens")), 60);
    assert_true(json_real_value(json_object_get(body, "temperature")) == 0.6);
    assert_int_equal(json_integer_value(json_object_get(body, "logprobs")), 1);
    json_decref(body);
    server.chat = true;
    body = body_of(&server, &request);
    const json_t *message = json_array_get(json_object_get(body, "messages"), 0);
    assert_string_equal(json_string_value(json_object_get(message, "role")), "user");
    assert_string_equal(json_string_value(json_object_get(message, "content")), "Who is Zeus?");
    assert_true(json_is_true(json_object_get(body, "logprobs")));
    assert_int_equal(json_integer_value(json_object_get(body, "top_logprobs")), 1);
    json_decref(body);
}

/* Greedy decoding does not rely on top_k, which a plain server does not get; stops go along. */
static void greedy_requests_have_temperature_0(void **state)
{
    static const char *const stops[] = {"\n\n", "Question:"};
    struct bf_api_server server = {.model = "m"};
    struct bf_gen_request greedy = request;

    (void)state;
    greedy.top_k = 1;
    greedy.stops = stops;
    greedy.n_stops = 2;
    json_t *body = body_of(&server, &greedy);
    assert_true(json_number_value(json_object_get(body, "temperature")) == 0.0);
    assert_null(json_object_get(body, "top_k"));
    assert_int_equal(json_array_size(json_object_get(body, "stop")), 2);
    assert_string_equal(json_string_value(json_array_get(json_object_get(body, "stop"), 1)), "Question:");
    json_decref(body);
}

/* Its own order is another, and min-p is on unless told: neither may reach a sample. */
static void llama_server_samples_as_we_do(void **state)
{
    struct bf_api_server server = {
        .kind = BF_API_KIND_LLAMA, .model = "m", .chat = true, .top_k = true, .numbers = BF_API_NUMBERS_POST};
    static const char *const order[] = {"temperature", "top_k", "top_p"};
    json_t *body = body_of(&server, &request);

    (void)state;
    assert_int_equal(json_array_size(json_object_get(body, "samplers")), 3);
    for (size_t i = 0; i < N_ELEMENTS(order); i++)
        assert_string_equal(json_string_value(json_array_get(json_object_get(body, "samplers"), i)), order[i]);
    assert_true(json_real_value(json_object_get(body, "min_p")) == 0);
    assert_true(json_real_value(json_object_get(body, "repeat_penalty")) == 1);
    assert_int_equal(json_integer_value(json_object_get(body, "top_k")), 50);
    assert_true(json_is_true(json_object_get(body, "post_sampling_probs")));
    json_decref(body);
}

static void vllm_gets_neutral_values_for_what_is_not_asked(void **state)
{
    struct bf_api_server server = {.kind = BF_API_KIND_VLLM, .model = "m", .top_k = true};
    struct bf_gen_request q = request;
    json_t *body;

    (void)state;
    q.top_k = 0;
    body = body_of(&server, &q);
    assert_int_equal(json_integer_value(json_object_get(body, "top_k")), -1);
    assert_true(json_real_value(json_object_get(body, "repetition_penalty")) == 1);
    assert_null(json_object_get(body, "logprobs"));
    json_decref(body);
}

static void seeds_are_folded_to_what_servers_take(void **state)
{
    struct bf_rng rng;

    (void)state;
    bf_rng_init(&rng, 5);
    for (int i = 0; i < 10000; i++)
        assert_true(bf_api_seed(bf_rng_next(&rng)) <= 0x7FFFFFFFU);
    assert_int_equal(bf_api_seed(0), 0);
    assert_int_equal(bf_api_seed(UINT64_MAX), 0);
    assert_int_equal(bf_api_seed(0x123456789ABCDEF0), 0x08888888);
    assert_int_not_equal(bf_api_seed(1), bf_api_seed(2));
    assert_int_not_equal(bf_api_seed(1ULL << 32), bf_api_seed(2ULL << 32)); /* the high half counts */
}

static void prompts_of_any_bytes(void **state)
{
    struct bf_api_server server = {.model = "m"};
    struct bf_gen_request q = request;
    json_t *body;

    (void)state;
    q.prompt = "\xFF\"quotes\"\n\x01 \xED\xA0\x80";
    body = body_of(&server, &q);
    assert_contains(json_string_value(json_object_get(body, "prompt")), "\"quotes\"\n\x01 ");
    json_decref(body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_servers_get_openai_fields_only),
        cmocka_unit_test(greedy_requests_have_temperature_0),
        cmocka_unit_test(llama_server_samples_as_we_do),
        cmocka_unit_test(vllm_gets_neutral_values_for_what_is_not_asked),
        cmocka_unit_test(seeds_are_folded_to_what_servers_take),
        cmocka_unit_test(prompts_of_any_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
