/* What servers answer, in the shapes of llama-server, vLLM and OpenAI, and in no shape at all. */
#include "unit.h"

#include <float.h>
#include <math.h>

#include "engine/api_parse.h"

static struct bf_api_expected expect(enum bf_api_numbers numbers)
{
    return (struct bf_api_expected){
        .max_tokens = 8, .numbers = numbers, .counts_end = true, .temperature = 1, .top_p = 1, .top_k = 3};
}

static struct bf_api_answer parse(const char *json, enum bf_api_numbers numbers)
{
    struct bf_api_expected e = expect(numbers);
    struct bf_api_answer a = {0};
    struct bf_err err = BF_ERR_INIT;

    if (bf_api_parse_answer(json, strlen(json), &e, &a, &err))
        fail_msg("%s\n%s", err.text, json);
    return a;
}

static void assert_unusable(const char *json, enum bf_api_numbers numbers, const char *words)
{
    struct bf_api_expected e = expect(numbers);
    struct bf_api_answer a = {0};
    struct bf_err err = BF_ERR_INIT;

    assert_int_equal(bf_api_parse_answer(json, strlen(json), &e, &a, &err), BF_MODEL);
    assert_error(err, BF_MODEL, words);
    bf_api_answer_release(&a);
}

static void assert_near(double a, double b)
{
    if (!(fabs(a - b) < 1e-6))
        fail_msg("%.9f is not %.9f", a, b);
}

/* The end token has an entry and no text; usage counts it. */
static void llama_server_completion(void **state)
{
    struct bf_api_answer a = parse(
        "{\"choices\":[{\"text\":\" Io.\",\"index\":0,\"finish_reason\":\"stop\",\"logprobs\":{\"content\":["
        "{\"id\":42,\"token\":\" Io\",\"bytes\":[32,73,111],\"logprob\":-0.5,\"top_logprobs\":[]},"
        "{\"id\":30,\"token\":\".\",\"bytes\":[46],\"logprob\":-1.25,\"top_logprobs\":[]},"
        "{\"id\":2,\"token\":\"\",\"bytes\":[],\"logprob\":-0.1,\"top_logprobs\":[]}]}}],"
        "\"usage\":{\"completion_tokens\":3,\"prompt_tokens\":20,\"prompt_tokens_details\":{\"cached_tokens\":7}},"
        "\"system_fingerprint\":\"b1-abc\"}",
        BF_API_NUMBERS_MODEL);

    (void)state;
    assert_string_equal(a.text.data, " Io.");
    assert_int_equal(a.finish, BF_FINISH_STOP);
    assert_int_equal(a.n_prompt, 20);
    assert_int_equal(a.n_cached, 7);
    assert_int_equal(a.n_tokens, 2);
    assert_int_equal(a.tokens[0], 42);
    assert_int_equal(a.tokens[1], 30);
    assert_near((double)a.logp_model[1], -1.25);
    assert_near((double)a.p_sampling[0], exp(-0.5));
    bf_api_answer_release(&a);
}

static void llama_server_after_sampling(void **state)
{
    struct bf_api_answer a = parse("{\"choices\":[{\"message\":{\"role\":\"assistant\",\"content\":\"Io\"},"
                                   "\"finish_reason\":\"length\",\"logprobs\":{\"content\":["
                                   "{\"id\":5,\"token\":\"I\",\"prob\":0.25,\"top_probs\":[]},"
                                   "{\"id\":6,\"token\":\"o\",\"prob\":0.0,\"top_probs\":[]}]}}],"
                                   "\"usage\":{\"completion_tokens\":2,\"prompt_tokens\":9}}",
                                   BF_API_NUMBERS_POST);

    (void)state;
    assert_string_equal(a.text.data, "Io");
    assert_int_equal(a.finish, BF_FINISH_LENGTH);
    assert_int_equal(a.n_tokens, 2);
    assert_near((double)a.p_sampling[0], 0.25);
    assert_near((double)a.logp_model[0], log(0.25));
    assert_true(a.p_sampling[1] == 0 && a.logp_model[1] == -FLT_MAX); /* no infinity, no NaN */
    bf_api_answer_release(&a);
}

/* vLLM names the end token, which is not in the text. */
static void vllm_completion(void **state)
{
    struct bf_api_answer a =
        parse("{\"choices\":[{\"text\":\" a moon\",\"finish_reason\":\"stop\",\"logprobs\":{\"text_offset\":[0,2,7],"
              "\"token_logprobs\":[-0.5,-2,-0.25],\"tokens\":[\" a\",\" moon\",\"</s>\"],"
              "\"top_logprobs\":[{\" a\":-0.5},{\" moon\":-2},{\"</s>\":-0.25}]}}],"
              "\"usage\":{\"prompt_tokens\":4,\"completion_tokens\":3,\"prompt_tokens_details\":null}}",
              BF_API_NUMBERS_MODEL);

    (void)state;
    assert_int_equal(a.n_tokens, 2);
    assert_null(a.tokens);
    assert_near((double)a.logp_model[1], -2);
    bf_api_answer_release(&a);
}

/* OpenAI leaves the end token out: a last token that the text ends with stays, and ends by length have none. */
static void the_last_token_stays_when_it_is_text(void **state)
{
    struct bf_api_answer a = parse("{\"choices\":[{\"message\":{\"content\":\"Zeus\"},\"finish_reason\":\"stop\","
                                   "\"logprobs\":{\"content\":[{\"token\":\"Ze\",\"logprob\":-1,\"bytes\":null},"
                                   "{\"token\":\"us\",\"logprob\":-2}]}}]}",
                                   BF_API_NUMBERS_MODEL);

    (void)state;
    assert_int_equal(a.n_tokens, 2);
    assert_int_equal(a.n_prompt, 0);
    bf_api_answer_release(&a);
    a = parse("{\"choices\":[{\"text\":\"Ze\",\"finish_reason\":\"length\",\"logprobs\":{\"tokens\":[\"Ze\",\"\"],"
              "\"token_logprobs\":[-1,-2]}}]}",
              BF_API_NUMBERS_MODEL);
    assert_int_equal(a.n_tokens, 2);
    bf_api_answer_release(&a);
}

static void both_kinds_from_the_likeliest_tokens(void **state)
{
    struct bf_api_expected e = expect(BF_API_NUMBERS_TOP);
    struct bf_api_answer a = {0};
    struct bf_err err = BF_ERR_INIT;
    static const char json[] =
        "{\"choices\":[{\"text\":\"b\",\"finish_reason\":\"length\",\"logprobs\":{\"content\":[{\"token\":\"b\","
        "\"logprob\":-1.5,\"top_logprobs\":[{\"token\":\"c\",\"logprob\":-2},{\"token\":\"a\",\"logprob\":-1},"
        "{\"token\":\"b\",\"logprob\":-1.5},{\"token\":\"d\",\"logprob\":-3}]}]}}]}";

    (void)state;
    e.temperature = 0.5;
    e.top_p = 0.8;
    if (bf_api_parse_answer(json, strlen(json), &e, &a, &err))
        fail_msg("%s", err.text);
    /* top 3: a, b, c with weights e^-2, e^-3, e^-4; a and b hold 0.91 of that, a alone 0.67 */
    assert_near((double)a.p_sampling[0], exp(-3) / (exp(-2) + exp(-3)));
    assert_near((double)a.logp_model[0], -1.5);
    bf_api_answer_release(&a);
    e.top_k = 5;
    assert_int_equal(bf_api_parse_answer(json, strlen(json), &e, &a, &err), BF_MODEL);
    assert_error(err, BF_MODEL, "4 alternatives to a token instead of 5");
    bf_api_answer_release(&a);
}

static void sampling_probabilities(void **state)
{
    double one[1] = {-3}, flat[4] = {-2, -2, -2, -2}, steep[3] = {-50, -0.001, -8};

    (void)state;
    assert_near(bf_api_sampling_probability(one, 1, -3, 0.7, 50, 0.95), 1);
    assert_near(bf_api_sampling_probability(flat, 4, -2, 0.7, 50, 1), 0.25);
    assert_near(bf_api_sampling_probability(flat, 4, -2, 0.7, 2, 1), 0.5);
    assert_near(bf_api_sampling_probability(flat, 4, -2, 0.7, 50, 0.6), 1.0 / 3);
    assert_near(bf_api_sampling_probability(steep, 3, -0.001, 0.1, 50, 0.5), 1);
    assert_near(bf_api_sampling_probability(steep, 3, -50, 1, 3, 1), exp(-49.999) / (1 + exp(-7.999) + exp(-49.999)));
    assert_true(bf_api_sampling_probability(flat, 4, -1, 1e-9, 4, 1) == 1); /* never above 1 */
}

static void without_numbers_usage_counts(void **state)
{
    struct bf_api_answer a = parse("{\"choices\":[{\"text\":\"Zeus rules.\",\"finish_reason\":\"stop\"}],"
                                   "\"usage\":{\"completion_tokens\":4,\"prompt_tokens\":3}}",
                                   BF_API_NUMBERS_NONE);

    (void)state;
    assert_int_equal(a.n_tokens, 3); /* the end token is counted by the servers we know */
    assert_true(a.p_sampling[2] == 0 && a.logp_model[2] == -FLT_MAX);
    bf_api_answer_release(&a);
    a = parse("{\"choices\":[{\"message\":{\"content\":null},\"finish_reason\":\"stop\"}]}", BF_API_NUMBERS_NONE);
    assert_int_equal(a.n_tokens, 0);
    assert_string_equal(a.text.data, "");
    bf_api_answer_release(&a);
    assert_unusable("{\"choices\":[{\"text\":\"a\",\"finish_reason\":\"length\"}],\"usage\":{\"completion_tokens\":9}}",
                    BF_API_NUMBERS_NONE, "it has 9 tokens, but at most 8 were requested");
}

static void a_nul_in_the_text_is_replaced(void **state)
{
    struct bf_api_answer a =
        parse("{\"choices\":[{\"text\":\"a\\u0000b\",\"finish_reason\":\"stop\"}]}", BF_API_NUMBERS_NONE);

    (void)state;
    assert_string_equal(a.text.data, "a\xEF\xBF\xBD"
                                     "b");
    assert_int_equal(a.text.len, strlen(a.text.data));
    bf_api_answer_release(&a);
}

static void garbage_is_refused(void **state)
{
    static const struct {
        const char *json, *words;
    } cases[] = {
        {"", "not valid JSON"},
        {"<html>502 Bad Gateway</html>", "not valid JSON"},
        {"{\"choices\":[{\"text\":\"Zeus ru", "not valid JSON"},
        {"[]", "not a JSON object"},
        {"{}", "it has no choices"},
        {"{\"choices\":[]}", "it has no choices"},
        {"{\"choices\":{\"text\":\"a\"}}", "it has no choices"},
        {"{\"choices\":[null]}", "it has no choices"},
        {"{\"choices\":[{}]}", "has no text"},
        {"{\"choices\":[{\"text\":7}]}", "has no text"},
        {"{\"choices\":[{\"message\":{}}]}", "has no text"},
        {"{\"choices\":[{\"text\":\"a\"}]}", "without log-probabilities"},
        {"{\"choices\":[{\"text\":\"a\",\"logprobs\":null}]}", "without log-probabilities"},
        {"{\"choices\":[{\"text\":\"a\",\"logprobs\":{\"tokens\":[\"a\"],\"token_logprobs\":[]}}]}",
         "without log-probabilities"},
        {"{\"choices\":[{\"text\":\"a\",\"logprobs\":{\"content\":[{\"token\":\"a\"}]}}]}", "token 1 has no log-prob"},
        {"{\"choices\":[{\"text\":\"a\",\"logprobs\":{\"content\":[{\"token\":\"a\",\"logprob\":null}]}}]}",
         "token 1 has no log-prob"},
        {"{\"choices\":[{\"text\":\"a\",\"logprobs\":{\"content\":[{\"token\":\"a\",\"logprob\":0.5}]}}]}",
         "token 1 has no log-prob"},
        {"{\"choices\":[{\"text\":\"a\",\"logprobs\":{\"content\":[{\"token\":\"a\",\"logprob\":1e999}]}}]}",
         "not valid JSON"},
        {"{\"choices\":[{\"text\":\"a\",\"logprobs\":{\"content\":[1,2,3,4,5,6,7,8,9,0]}}]}", "it has 10 tokens"},
    };

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(cases); i++)
        assert_unusable(cases[i].json, BF_API_NUMBERS_MODEL, cases[i].words);
    assert_unusable("{\"choices\":[{\"text\":\"a\",\"logprobs\":{\"content\":[{\"token\":\"a\",\"logprob\":-1}]}}]}",
                    BF_API_NUMBERS_POST, "token 1 has no probability");
    assert_unusable("{\"choices\":[{\"text\":\"a\",\"logprobs\":{\"content\":[{\"token\":\"a\",\"prob\":1.5}]}}]}",
                    BF_API_NUMBERS_POST, "token 1 has no probability");
}

static void echo(const char *json, const char *prompt, struct bf_api_scores *out)
{
    struct bf_err err = BF_ERR_INIT;

    if (bf_api_parse_echo(json, strlen(json), prompt, out, &err))
        fail_msg("%s\n%s", err.text, json);
}

static void assert_no_echo(const char *json, const char *prompt, const char *words)
{
    struct bf_api_scores scores;
    struct bf_err err = BF_ERR_INIT;

    assert_int_equal(bf_api_parse_echo(json, strlen(json), prompt, &scores, &err), BF_MODEL);
    assert_error(err, BF_MODEL, words);
    assert_null(scores.logp);
}

static void echoed_prompts(void **state)
{
    struct bf_api_scores s;

    (void)state;
    echo("{\"choices\":[{\"text\":\"The sky is blue.\",\"logprobs\":{\"tokens\":[\"The\",\" sky\",\" is\",\" blue\"],"
         "\"token_logprobs\":[null,-8.5,-1.5,-0.25],\"text_offset\":[0,3,7,10]}}],\"usage\":{\"prompt_tokens\":3,"
         "\"completion_tokens\":1}}",
         "The sky is", &s);
    assert_int_equal(s.n, 2);
    assert_near((double)s.logp[0], -8.5);
    assert_near((double)s.logp[1], -1.5);
    assert_null(s.greedy); /* no alternatives, so nothing is known */
    bf_api_scores_release(&s);
    assert_no_echo(
        "{\"choices\":[{\"text\":\" blue\",\"logprobs\":{\"tokens\":[\" blue\"],\"token_logprobs\":[-0.25]}}],"
        "\"usage\":{\"prompt_tokens\":3}}",
        "The sky is", "does not repeat the prompt");
    assert_no_echo("{", "a", "not valid JSON");
}

/* llama-cpp-python counts a BOS that it does not list: the count reaches to the token that was made after the
 * prompt. */
static void an_echo_without_the_bos_that_is_counted(void **state)
{
    struct bf_api_scores s;

    (void)state;
    echo("{\"choices\":[{\"text\":\"Answer: A end\",\"logprobs\":{\"tokens\":[\"Answer\",\":\",\" A\",\" end\"],"
         "\"token_logprobs\":[null,-0.5,-3,-0.01]}}],\"usage\":{\"prompt_tokens\":4,\"completion_tokens\":1}}",
         "Answer: A", &s);
    assert_int_equal(s.n, 2);
    assert_near((double)s.logp[1], -3);
    bf_api_scores_release(&s);
    /* The BOS is listed and has a text of its own; a SentencePiece's first word has a space too many. */
    echo("{\"choices\":[{\"text\":\"\",\"logprobs\":{\"tokens\":[\"<s>\",\" Answer\",\":\",\" A\",\" end\"],"
         "\"token_logprobs\":[null,-7,-0.5,-3,-0.01],\"top_logprobs\":[null,{\" The\":-2,\" Answer\":-7},{\":\":-0.5},"
         "{\" A\":-3,\" B\":-1},{}]}}],\"usage\":{\"prompt_tokens\":4,\"completion_tokens\":1}}",
         "Answer: A", &s);
    assert_int_equal(s.n, 3);
    assert_near((double)s.logp[2], -3);
    assert_true(!s.greedy[0] && s.greedy[1] && !s.greedy[2]);
    bf_api_scores_release(&s);
}

/* A token that is a piece of a character has no text that could be compared: then the counts must agree. */
static void where_an_echo_ends_is_known_or_refused(void **state)
{
    struct bf_api_scores s;

    (void)state;
    echo("{\"choices\":[{\"text\":\"x\",\"logprobs\":{\"tokens\":[\"a\",\"\\ufffd\",\"\\ufffd\",\" end\"],"
         "\"token_logprobs\":[null,-1,-2,-0.01]}}],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":1}}",
         "a\xE2\x98\x83", &s);
    assert_int_equal(s.n, 2);
    bf_api_scores_release(&s);
    assert_no_echo("{\"choices\":[{\"text\":\"x\",\"logprobs\":{\"tokens\":[\"a\",\"\\ufffd\",\"\\ufffd\",\" end\"],"
                   "\"token_logprobs\":[null,-1,-2,-0.01]}}],\"usage\":{\"prompt_tokens\":4,\"completion_tokens\":1}}",
                   "a\xE2\x98\x83", "where the prompt ends");
}

/* What comes after the prompt in memory is not the prompt: a server's token may hold a NUL and go on. */
static void an_echoed_token_with_a_nul_is_not_the_prompt(void **state)
{
    static const char memory[] = "abc\0xyz";

    (void)state;
    assert_no_echo("{\"choices\":[{\"text\":\"\",\"logprobs\":{\"tokens\":[\"abc\\u0000xyz\",\" end\"],"
                   "\"token_logprobs\":[null,-0.5]}}]}",
                   memory, "where the prompt ends");
    assert_no_echo("{\"choices\":[{\"text\":\"\",\"logprobs\":{\"tokens\":[\"a\",\"bc\\u0000xyz\"],"
                   "\"token_logprobs\":[null,-0.5]}}]}",
                   memory, "where the prompt ends");
}

static void numbers_of_a_prompt_that_is_tokens(void **state)
{
    static const int32_t ids[4] = {1, 504, 3575, 2};
    const struct bf_tokens prompt = {.ids = ids, .n = 4};
    static const char json[] =
        "{\"choices\":[{\"text\":\"\",\"prompt_logprobs\":[null,{\"504\":{\"logprob\":-9,\"rank\":77}},"
        "{\"3575\":{\"logprob\":-11.5,\"rank\":5901},\"198\":{\"logprob\":-1.5,\"rank\":1}},"
        "{\"2\":{\"logprob\":-0.25,\"rank\":1}}]}]}";
    struct bf_api_scores s;
    struct bf_err err = BF_ERR_INIT;

    (void)state;
    assert_int_equal(bf_api_parse_prompt_numbers(json, strlen(json), &prompt, 2, &s, &err), BF_OK);
    assert_int_equal(s.n, 2);
    assert_near((double)s.logp[0], -11.5);
    assert_near((double)s.logp[1], -0.25);
    assert_true(!s.greedy[0] && s.greedy[1]);
    bf_api_scores_release(&s);
    const struct bf_tokens longer = {.ids = ids, .n = 3};
    assert_int_equal(bf_api_parse_prompt_numbers(json, strlen(json), &longer, 1, &s, &err), BF_MODEL);
    assert_error(err, BF_MODEL, "4 tokens instead of 3");
}

static void numbers_of_chosen_tokens(void **state)
{
    static const int32_t ids[2] = {330, 389};
    struct bf_tokens choices = {.ids = ids, .n = 2};
    static const char json[] = "{\"choices\":[{\"text\":\" x\",\"logprobs\":{\"tokens\":[\"token_id:4723\"],"
                               "\"token_logprobs\":[-1.5],\"top_logprobs\":[{\"token_id:4723\":-1.5,"
                               "\"token_id:330\":-8.5,\"token_id:389\":-4.25}]}}]}";
    float logp[2] = {0};
    struct bf_err err = BF_ERR_INIT;

    (void)state;
    assert_int_equal(bf_api_parse_chosen(json, strlen(json), &choices, logp, &err), BF_OK);
    assert_near((double)logp[0], -8.5);
    assert_near((double)logp[1], -4.25);
    static const int32_t other[1] = {331};
    choices = (struct bf_tokens){.ids = other, .n = 1};
    assert_int_equal(bf_api_parse_chosen(json, strlen(json), &choices, logp, &err), BF_MODEL);
    assert_error(err, BF_MODEL, "no log-probability of token 331");
}

static void assert_text(const char *json, const char *text)
{
    struct bf_api_answer a = parse(json, BF_API_NUMBERS_NONE);

    assert_string_equal(a.text.data, text);
    bf_api_answer_release(&a);
}

static void content_in_parts_and_thoughts_apart(void **state)
{
    (void)state;
    assert_text("{\"choices\":[{\"message\":{\"content\":[{\"type\":\"text\",\"text\":\"Zeus \"},{\"type\":\"text\","
                "\"text\":\"rules.\"}]}}]}",
                "Zeus rules.");
    assert_text("{\"choices\":[{\"message\":{\"content\":[{\"type\":\"thinking\",\"thinking\":[{\"type\":\"text\","
                "\"text\":\"hm\"}]},{\"type\":\"text\",\"text\":\"Zeus.\"}]}}]}",
                "<think>\nhm\n</think>\n\nZeus.");
    assert_text(
        "{\"choices\":[{\"message\":{\"content\":null,\"reasoning\":\"Who is it\"},\"finish_reason\":\"length\"}]}",
        "<think>\nWho is it");
    assert_text(
        "{\"choices\":[{\"message\":{\"content\":\"Zeus.\",\"reasoning_content\":\"hm\",\"reasoning\":\"hm\"}}]}",
        "<think>\nhm\n</think>\n\nZeus.");
    assert_text("{\"choices\":[{\"message\":{\"content\":null,\"refusal\":\"I'm sorry.\"}}]}", "I'm sorry.");
    assert_text("{\"choices\":[{\"message\":{\"content\":\"Zeus.\",\"reasoning_content\":null}}]}", "Zeus.");
}

static void an_answer_that_the_context_cuts_is_told(void **state)
{
    struct bf_api_answer a = parse("{\"choices\":[{\"text\":\"Zeus\",\"finish_reason\":\"length\"}],"
                                   "\"usage\":{\"completion_tokens\":3}}",
                                   BF_API_NUMBERS_NONE);

    (void)state;
    assert_true(a.cut); /* 8 were asked for */
    bf_api_answer_release(&a);
    a = parse("{\"choices\":[{\"text\":\"Zeus\",\"finish_reason\":\"length\"}],\"usage\":{\"completion_tokens\":8}}",
              BF_API_NUMBERS_NONE);
    assert_false(a.cut);
    bf_api_answer_release(&a);
}

/* Named by ids, no two alternatives share a name, and the tokens themselves are told. */
static void tokens_named_by_their_ids(void **state)
{
    struct bf_api_answer a =
        parse("{\"choices\":[{\"text\":\"Io\",\"finish_reason\":\"stop\",\"stop_reason\":null,\"logprobs\":{"
              "\"tokens\":[\"token_id:7\",\"token_id:2\"],\"token_logprobs\":[-1,-0.5],\"top_logprobs\":["
              "{\"token_id:7\":-1,\"token_id:8\":-2,\"token_id:9\":-3},{\"token_id:2\":-0.5,\"token_id:8\":-2,"
              "\"token_id:9\":-3}]}}]}",
              BF_API_NUMBERS_TOP);

    (void)state;
    assert_int_equal(a.n_tokens, 1); /* the end token is dropped */
    assert_int_equal(a.tokens[0], 7);
    assert_near((double)a.p_sampling[0], exp(-1) / (exp(-1) + exp(-2) + exp(-3)));
    bf_api_answer_release(&a);
    /* Ended by a stop text of ours, the last token is text. */
    a = parse("{\"choices\":[{\"text\":\"Io\",\"finish_reason\":\"stop\",\"stop_reason\":\"Question:\",\"logprobs\":{"
              "\"tokens\":[\"token_id:7\"],\"token_logprobs\":[-1],\"top_logprobs\":["
              "{\"token_id:7\":-1,\"token_id:8\":-2,\"token_id:9\":-3}]}}]}",
              BF_API_NUMBERS_TOP);
    assert_int_equal(a.n_tokens, 1);
    bf_api_answer_release(&a);
}

static void vectors_in_any_order(void **state)
{
    static const char json[] = "{\"data\":[{\"index\":1,\"embedding\":[3,4]},{\"index\":0,\"embedding\":[1,2.5]}]}";
    static const struct {
        const char *json, *words;
    } bad[] = {
        {"{\"data\":[{\"index\":0,\"embedding\":[1,2]}]}", "1 vectors for 2 texts"},
        {"{\"data\":[{\"index\":0,\"embedding\":[1,2]},{\"index\":0,\"embedding\":[1,2]}]}",
         "numbers of its vectors are wrong"},
        {"{\"data\":[{\"index\":0,\"embedding\":[1,2]},{\"index\":-1,\"embedding\":[1,2]}]}",
         "numbers of its vectors are wrong"},
        {"{\"data\":[{\"index\":0,\"embedding\":[1,2]},{\"index\":2,\"embedding\":[1,2]}]}",
         "numbers of its vectors are wrong"},
        {"{\"data\":[{\"embedding\":[1,2]},{\"embedding\":[1,2,3]}]}", "has 3 numbers instead of 2"},
        {"{\"data\":[{\"embedding\":[1,2]},{\"embedding\":[]}]}", "has 0 numbers"},
        {"{\"data\":[{\"embedding\":[1,2]},{\"embedding\":[1,null]}]}", "not a number"},
        {"{\"data\":[{\"embedding\":[1,2]},{\"embedding\":[1,1e300]}]}", "not a number"},
        {"{\"data\":[{\"embedding\":[1,2]},7]}", "has 0 numbers"},
        {"{\"data\":\"AAAA\"}", "0 vectors"},
        {"{\"error\":{}}", "0 vectors"},
    };
    float out[4] = {0};
    int32_t n_embd = 2;
    struct bf_err err = BF_ERR_INIT;

    (void)state;
    assert_int_equal(bf_api_parse_embeddings(json, strlen(json), 2, &n_embd, out, &err), BF_OK);
    assert_true(out[0] == 1 && out[1] == 2.5F && out[2] == 3 && out[3] == 4);
    for (size_t i = 0; i < N_ELEMENTS(bad); i++) {
        n_embd = 2;
        assert_int_equal(bf_api_parse_embeddings(bad[i].json, strlen(bad[i].json), 2, &n_embd, out, &err), BF_MODEL);
        assert_error(err, BF_MODEL, bad[i].words);
    }
    n_embd = 0;
    assert_int_equal(bf_api_parse_embeddings(json, strlen(json), 2, &n_embd, NULL, &err), BF_OK);
    assert_int_equal(n_embd, 2);
}

static void lists_of_models(void **state)
{
    static const char json[] = "{\"object\":\"list\",\"data\":[{\"id\":\"smol\",\"owned_by\":\"llamacpp\",\"meta\":{"
                               "\"n_vocab\":49152,\"n_ctx\":512,"
                               "\"n_ctx_train\":8192,\"n_params\":134515008,\"size\":91000000,\"ftype\":\"Q4_0\"}},{"
                               "\"id\":7},{\"id\":\"\"},null,"
                               "{\"id\":\"org/big\",\"owned_by\":\"vllm\",\"max_model_len\":4096,\"meta\":null}]}";
    struct bf_api_model models[4];
    size_t n = 0;
    struct bf_err err = BF_ERR_INIT;

    (void)state;
    assert_int_equal(bf_api_parse_models(json, strlen(json), models, 4, &n, &err), BF_OK);
    assert_int_equal(n, 2);
    assert_string_equal(models[0].name, "smol");
    assert_string_equal(models[0].owner, "llamacpp");
    assert_string_equal(models[0].quantisation, "Q4_0");
    assert_int_equal(models[0].n_ctx, 512);
    assert_int_equal(models[0].n_params, 134515008);
    assert_string_equal(models[1].name, "org/big");
    assert_int_equal(models[1].n_ctx, 4096);
    assert_int_equal(bf_api_parse_models(json, strlen(json), models, 1, &n, &err), BF_OK);
    assert_int_equal(n, 1);
    assert_int_equal(bf_api_parse_models("{}", 2, models, 4, &n, &err), BF_MODEL);
    assert_error(err, BF_MODEL, "not a list of models");
}

static void tokens(void **state)
{
    static const char json[] = "{\"tokens\":[1,22,333]}";
    int32_t out[2] = {0}, n = 0;
    struct bf_err err = BF_ERR_INIT;

    (void)state;
    assert_int_equal(bf_api_parse_tokens(json, strlen(json), out, 2, &n, &err), BF_OK);
    assert_int_equal(n, 3);
    assert_int_equal(out[1], 22);
    assert_int_equal(bf_api_parse_tokens(json, strlen(json), NULL, -1, &n, &err), BF_OK);
    assert_int_equal(bf_api_parse_tokens("{\"tokens\":[-1]}", 15, out, 2, &n, &err), BF_MODEL);
    assert_int_equal(bf_api_parse_tokens("{\"count\":3}", 11, out, 2, &n, &err), BF_MODEL);
}

static void assert_message(const char *body, const char *message)
{
    struct bf_buf out;

    bf_buf_init(&out, 1000);
    bf_api_parse_error(body, strlen(body), "sk-secret", &out);
    assert_string_equal(out.data, message);
    bf_buf_release(&out);
}

static void errors_in_all_dialects(void **state)
{
    static char long_body[4000];
    struct bf_buf out;

    (void)state;
    assert_message("{\"error\":{\"code\":503,\"message\":\"Loading model\"}}", "Loading model");
    assert_message("{\"error\":\"no such model\"}", "no such model");
    assert_message("{\"object\":\"error\",\"message\":\"too long\"}", "too long");
    assert_message("{\"detail\":[{\"loc\":[\"body\"],\"msg\":\"field required\"}]}", "field required");
    assert_message("{\"detail\":\"Not Found\"}", "Not Found");
    assert_message("upstream is busy\r\n", "upstream is busy");
    assert_message("<html><body>502</body></html>", "");
    assert_message("{\"weird\":1}", "");
    assert_message("", "");
    /* The key is struck out, control characters too. */
    assert_message("{\"error\":{\"message\":\"bad key: sk-secret, sk-secret\\u001b[31m\"}}",
                   "bad key: [key], [key][31m");
    assert_message("line\nfeed sk-secret", "line feed [key]");
    assert_message("sk-se\x01\x02"
                   "cret",
                   "[key]"); /* nor does it appear when something is taken out of its middle */
    memset(long_body, 'x', sizeof long_body - 1);
    bf_buf_init(&out, 1000);
    bf_api_parse_error(long_body, strlen(long_body), NULL, &out);
    assert_in_range(out.len, 200, 245);
    bf_buf_release(&out);
}

int main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(llama_server_completion),
        cmocka_unit_test(llama_server_after_sampling),
        cmocka_unit_test(vllm_completion),
        cmocka_unit_test(the_last_token_stays_when_it_is_text),
        cmocka_unit_test(both_kinds_from_the_likeliest_tokens),
        cmocka_unit_test(sampling_probabilities),
        cmocka_unit_test(without_numbers_usage_counts),
        cmocka_unit_test(a_nul_in_the_text_is_replaced),
        cmocka_unit_test(garbage_is_refused),
        cmocka_unit_test(echoed_prompts),
        cmocka_unit_test(an_echo_without_the_bos_that_is_counted),
        cmocka_unit_test(where_an_echo_ends_is_known_or_refused),
        cmocka_unit_test(an_echoed_token_with_a_nul_is_not_the_prompt),
        cmocka_unit_test(numbers_of_a_prompt_that_is_tokens),
        cmocka_unit_test(numbers_of_chosen_tokens),
        cmocka_unit_test(content_in_parts_and_thoughts_apart),
        cmocka_unit_test(an_answer_that_the_context_cuts_is_told),
        cmocka_unit_test(tokens_named_by_their_ids),
        cmocka_unit_test(vectors_in_any_order),
        cmocka_unit_test(lists_of_models),
        cmocka_unit_test(tokens),
        cmocka_unit_test(errors_in_all_dialects),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
