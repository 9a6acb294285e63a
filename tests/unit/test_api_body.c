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
    struct bf_api_server server = {.model = "m", .numbers = BF_API_NUMBERS_MODEL, .without = BF_API_FIELD_TOP_K};
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
    assert_int_equal(json_array_size(json_object_get(body, "stop")), 2);
    assert_string_equal(json_string_value(json_array_get(json_object_get(body, "stop"), 1)), "Question:");
    json_decref(body);
}

/* Its own order is another, and min-p is on unless told: neither may reach a sample. */
static void llama_server_samples_as_we_do(void **state)
{
    struct bf_api_server server = {
        .kind = BF_API_KIND_LLAMA, .model = "m", .chat = true, .numbers = BF_API_NUMBERS_POST};
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
    struct bf_api_server server = {.kind = BF_API_KIND_VLLM, .model = "m"};
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

/* text-generation-inference refuses a top_p of 1; what is off need not be said. The known servers are told, for they
 * would take the model's generation_config.json. */
static void what_is_off_is_said_to_known_servers_only(void **state)
{
    struct bf_api_server server = {.model = "m"};
    struct bf_gen_request q = request;

    (void)state;
    q.top_p = 1.0;
    json_t *body = body_of(&server, &q);
    assert_null(json_object_get(body, "top_p"));
    json_decref(body);
    server.kind = BF_API_KIND_VLLM;
    body = body_of(&server, &q);
    assert_true(json_number_value(json_object_get(body, "top_p")) == 1.0);
    json_decref(body);
}

static void refused_fields_are_left_out(void **state)
{
    static const char *const gone[] = {"top_k", "min_p", "repeat_penalty", "seed", "samplers", "reasoning_format"};
    struct bf_api_server server = {.kind = BF_API_KIND_LLAMA, .model = "m", .without = BF_API_FIELDS_ALL};
    json_t *body = body_of(&server, &request);

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(gone); i++)
        assert_null(json_object_get(body, gone[i]));
    json_decref(body);
    server.without = 0;
    body = body_of(&server, &request);
    for (size_t i = 0; i < N_ELEMENTS(gone); i++)
        assert_non_null(json_object_get(body, gone[i]));
    json_decref(body);
    server.new_max_tokens = true;
    body = body_of(&server, &request);
    assert_null(json_object_get(body, "max_tokens"));
    assert_int_equal(json_integer_value(json_object_get(body, "max_completion_tokens")), 60);
    json_decref(body);
}

/* Sent as 0, the temperatures 1 and 2 of the questions about probabilities would be one question. */
static void soundings_keep_their_temperature(void **state)
{
    struct bf_api_server server = {.model = "m", .sounding = true};
    struct bf_gen_request q = request;

    (void)state;
    q.top_k = 1;
    q.temperature = 2.0;
    json_t *body = body_of(&server, &q);
    assert_true(json_number_value(json_object_get(body, "temperature")) == 2.0);
    json_decref(body);
}

static void the_users_fields_go_along(void **state)
{
    struct bf_api_server server = {.model = "m", .chat = true, .no_thoughts = true};

    (void)state;
    json_t *body = body_of(&server, &request);
    json_t *kwargs = json_object_get(body, "chat_template_kwargs");
    assert_true(json_is_false(json_object_get(kwargs, "enable_thinking")));
    json_decref(body);
    server.extra = json_pack("{s:i, s:{s:b}}", "priority", 5, "chat_template_kwargs", "enable_thinking", 1);
    body = body_of(&server, &request);
    assert_int_equal(json_integer_value(json_object_get(body, "priority")), 5);
    kwargs = json_object_get(body, "chat_template_kwargs");
    assert_true(json_is_true(json_object_get(kwargs, "enable_thinking"))); /* theirs wins */
    json_decref(body);
    char *text = bf_api_body_score(&server, "a text");
    assert_contains(text, "\"priority\":5");
    free(text);
    json_decref(server.extra);
    assert_true(bf_api_is_ours("temperature") && bf_api_is_ours("prompt") && bf_api_is_ours("top_k"));
    assert_false(bf_api_is_ours("priority") || bf_api_is_ours("cache_salt") || bf_api_is_ours("chat_template_kwargs"));
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
        cmocka_unit_test(what_is_off_is_said_to_known_servers_only),
        cmocka_unit_test(refused_fields_are_left_out),
        cmocka_unit_test(soundings_keep_their_temperature),
        cmocka_unit_test(the_users_fields_go_along),
        cmocka_unit_test(prompts_of_any_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
