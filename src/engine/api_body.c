/* Request bodies. Fields beyond OpenAI's are sent only to servers that are known to accept them.
 *
 * Servers differ in the meaning of log-probabilities, although the fields have the same names:
 *  - llama-server: "logprob" is the model's own distribution, before any sampler; with post_sampling_probs it gives
 *    "prob" instead, under the distribution that the samplers leave. Unless told otherwise, its samplers run in another
 *    order than ours (top-k, top-p, min-p, temperature), and min-p is on by default.
 *  - vLLM: the model's own distribution, or after all samplers with --logprobs-mode processed_logprobs.
 *  - SGLang: after temperature but before top-k and top-p, which is neither kind, unless started with
 *    SGLANG_RETURN_ORIGINAL_LOGPROB=1.
 * api_probe.c finds out by requests. For fields that are missing, vLLM and SGLang use the model's
 * generation_config.json, so the neutral values are always sent. */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "engine/api_private.h"
#include "base/banned.h"

enum { ANSWER_BYTES = 1 << 20, TOKEN_BYTES = 4096, ALTERNATIVE_BYTES = 512, ANSWER_BYTES_MOST = 256 << 20 };

uint32_t bf_api_seed(uint64_t seed)
{
    return (uint32_t)(seed ^ (seed >> 32)) & 0x7FFFFFFFU;
}

static void put(json_t *object, const char *key, json_t *value)
{
    if (json_object_set_new(object, key, value) != 0)
        bf_out_of_memory();
}

static json_t *body_text(const char *s)
{
    return bf_json_text(s, strlen(s));
}

static char *dump(json_t *body)
{
    char *text = bf_json_dump(body);
    json_decref(body);
    return text;
}

static json_t *user_message(const char *prompt)
{
    json_t *messages = json_array();
    json_t *message = json_object();
    put(message, "role", json_string("user"));
    put(message, "content", body_text(prompt));
    if (json_array_append_new(messages, message) != 0)
        bf_out_of_memory();
    return messages;
}

static json_t *stops_of(const struct bf_gen_request *q)
{
    json_t *stops = json_array();
    for (size_t i = 0; i < q->n_stops; i++)
        if (json_array_append_new(stops, body_text(q->stops[i])) != 0)
            bf_out_of_memory();
    return stops;
}

static void put_unless(const struct bf_api_server *server, enum bf_api_field field, json_t *body, const char *key,
                       json_t *value)
{
    if (server->without & (unsigned)field)
        json_decref(value);
    else
        put(body, key, value);
}

/* Add the user's fields; none of them is one of ours (bf_api_is_ours). */
static void put_extra(const struct bf_api_server *server, json_t *body)
{
    if (server->extra && json_object_update(body, server->extra) != 0)
        bf_out_of_memory();
}

static void put_numbers(const struct bf_api_server *server, json_t *body)
{
    if (server->numbers == BF_API_NUMBERS_NONE)
        return;
    int32_t n = server->numbers == BF_API_NUMBERS_TOP ? server->n_top : 1;
    if (server->chat) {
        put(body, "logprobs", json_true());
        put(body, "top_logprobs", json_integer(n));
    } else {
        put(body, "logprobs", json_integer(n));
    }
    if (server->numbers == BF_API_NUMBERS_POST)
        put(body, "post_sampling_probs", json_true());
    if (server->token_names && !server->chat)
        put(body, "return_tokens_as_token_ids", json_true());
}

char *bf_api_body_generate(const struct bf_api_server *server, const struct bf_gen_request *q)
{
    json_t *body = json_object();
    put(body, "model", body_text(server->model));
    if (server->chat)
        put(body, "messages", user_message(q->prompt));
    else
        put(body, "prompt", body_text(q->prompt));
    put(body, server->new_max_tokens ? "max_completion_tokens" : "max_tokens", json_integer(q->max_tokens));
    /* Greedy decoding also works where the server does not know top_k. */
    const bool greedy = q->top_k == 1 && !server->sounding;
    put(body, "temperature", json_real(greedy ? server->coldest : q->temperature));
    /* 1 means "off", which some servers do not accept. */
    if (q->top_p < 1.0 || server->kind != BF_API_KIND_OTHER)
        put(body, "top_p", json_real(q->top_p));
    if (q->n_stops > 0)
        put(body, "stop", stops_of(q));
    put_unless(server, BF_API_FIELD_SEED, body, "seed", json_integer(bf_api_seed(q->seed)));
    put(body, "stream", json_false());
    bool llama = server->kind == BF_API_KIND_LLAMA;
    if (q->top_k > 0 || server->kind != BF_API_KIND_OTHER) /* -1: off for vLLM and SGLang */
        put_unless(server, BF_API_FIELD_TOP_K, body, "top_k", json_integer(q->top_k > 0 || llama ? q->top_k : -1));
    if (server->kind != BF_API_KIND_OTHER) {
        put_unless(server, BF_API_FIELD_MIN_P, body, "min_p", json_real(0.0));
        put_unless(server, BF_API_FIELD_PENALTY, body, llama ? "repeat_penalty" : "repetition_penalty", json_real(1.0));
    }
    if (llama) {
        put_unless(server, BF_API_FIELD_SAMPLERS, body, "samplers",
                   json_pack("[s, s, s]", "temperature", "top_k", "top_p"));
        /* As in the embedded engine, the whole answer is text. */
        put_unless(server, BF_API_FIELD_SAMPLERS, body, "reasoning_format", json_string("none"));
        put_unless(server, BF_API_FIELD_SAMPLERS, body, "cache_prompt", json_true());
    }
    if (server->no_thoughts && server->chat)
        put(body, "chat_template_kwargs", json_pack("{s:b, s:b}", "enable_thinking", 0, "thinking", 0));
    put_numbers(server, body);
    put_extra(server, body);
    return dump(body);
}

bool bf_api_is_ours(const char *key)
{
    static const char *const ours[] = {
        "model",
        "prompt",
        "messages",
        "max_tokens",
        "max_completion_tokens",
        "temperature",
        "top_p",
        "top_k",
        "min_p",
        "stop",
        "seed",
        "stream",
        "samplers",
        "logprobs",
        "top_logprobs",
        "post_sampling_probs",
        "echo",
        "n",
        "prompt_logprobs",
        "logprob_token_ids",
        "return_tokens_as_token_ids",
        "repeat_penalty",
        "repetition_penalty",
        "reasoning_format",
        "cache_prompt",
        "stream_options",
        "best_of",
        "add_special_tokens",
    };
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
        if (strcmp(ours[i], key) == 0)
            return true;
    return false;
}

const char *bf_api_path_generate(const struct bf_api_server *server)
{
    return server->chat ? "/chat/completions" : "/completions";
}

struct bf_api_expected bf_api_expect(const struct bf_api_server *server, const struct bf_gen_request *q)
{
    return (struct bf_api_expected){
        .max_tokens = q->max_tokens,
        .numbers = server->numbers,
        .counts_end = server->kind != BF_API_KIND_OTHER,
        .temperature = q->temperature,
        .top_p = q->top_p,
        .top_k = q->top_k,
    };
}

size_t bf_api_answer_max(const struct bf_api_server *server, int32_t max_tokens)
{
    size_t token = TOKEN_BYTES + (size_t)(server->n_top > 0 ? server->n_top : 0) * ALTERNATIVE_BYTES;
    return bf_api_list_max((size_t)max_tokens, token);
}

size_t bf_api_list_max(size_t n, size_t n_each)
{
    const size_t room = (size_t)(ANSWER_BYTES_MOST - ANSWER_BYTES) / n_each;
    return ANSWER_BYTES + (n < room ? n : room) * n_each;
}

/* One token is generated: not all servers accept 0. */
static json_t *scoring(const struct bf_api_server *server)
{
    json_t *body = json_object();
    put(body, "model", body_text(server->model));
    put(body, "max_tokens", json_integer(1));
    put(body, "temperature", json_real(1.0));
    put(body, "stream", json_false());
    if (server->kind == BF_API_KIND_VLLM) { /* generation_config.json would change the probabilities of choices */
        put(body, "top_p", json_real(1.0));
        put(body, "top_k", json_integer(-1));
        put(body, "repetition_penalty", json_real(1.0));
    }
    return body;
}

char *bf_api_body_score(const struct bf_api_server *server, const char *text)
{
    json_t *body = scoring(server);
    put(body, "prompt", body_text(text));
    put(body, "echo", json_true());
    put(body, "logprobs", json_integer(1));
    put_extra(server, body);
    return dump(body);
}

static json_t *ids_of(const int32_t *ids, int32_t n)
{
    json_t *list = json_array();
    for (int32_t i = 0; i < n; i++)
        if (json_array_append_new(list, json_integer(ids[i])) != 0)
            bf_out_of_memory();
    return list;
}

char *bf_api_body_score_tokens(const struct bf_api_server *server, const struct bf_tokens *prompt)
{
    json_t *body = scoring(server);
    put(body, "prompt", ids_of(prompt->ids, prompt->n));
    put(body, "prompt_logprobs", json_integer(1));
    put_extra(server, body);
    return dump(body);
}

char *bf_api_body_choose(const struct bf_api_server *server, const char *prompt, const struct bf_tokens *choices)
{
    json_t *body = scoring(server);
    put(body, "prompt", body_text(prompt));
    put(body, "logprobs", json_integer(1));
    put(body, "logprob_token_ids", ids_of(choices->ids, choices->n));
    put(body, "return_tokens_as_token_ids", json_true());
    put_extra(server, body);
    return dump(body);
}

char *bf_api_body_embed(const struct bf_api_server *server, const char *const *texts, size_t n)
{
    json_t *body = json_object();
    json_t *input = json_array();
    for (size_t i = 0; i < n; i++)
        if (json_array_append_new(input, body_text(texts[i])) != 0)
            bf_out_of_memory();
    put(body, "model", body_text(server->embed_model));
    put(body, "input", input);
    put(body, "encoding_format", json_string("float"));
    if (server->kind == BF_API_KIND_LLAMA)
        put(body, "embd_normalize", json_integer(-1)); /* not scaled, as in the embedded engine */
    return dump(body);
}

char *bf_api_body_tokenize(const struct bf_api_server *server, const char *text, bool special)
{
    json_t *body = json_object();
    if (server->kind == BF_API_KIND_LLAMA) {
        put(body, "content", body_text(text));
        put(body, "add_special", json_boolean(special));
        put(body, "parse_special", json_false());
    } else {
        put(body, "model", body_text(server->model[0] ? server->model : server->embed_model));
        put(body, "prompt", body_text(text));
        put(body, "add_special_tokens", json_boolean(special));
    }
    return dump(body);
}

char *bf_api_body_tokenize_chat(const struct bf_api_server *server, const char *question, const char *answer)
{
    json_t *body = json_object();
    json_t *messages = user_message(question);
    put(body, "model", body_text(server->model));
    if (answer) {
        json_t *message = json_object();
        put(message, "role", json_string("assistant"));
        put(message, "content", body_text(answer));
        if (json_array_append_new(messages, message) != 0)
            bf_out_of_memory();
    }
    put(body, "messages", messages);
    put(body, "add_generation_prompt", json_boolean(!answer));
    if (server->no_thoughts)
        put(body, "chat_template_kwargs", json_pack("{s:b, s:b}", "enable_thinking", 0, "thinking", 0));
    json_t *kwargs = json_object_get(server->extra, "chat_template_kwargs");
    if (kwargs && json_object_set(body, "chat_template_kwargs", kwargs) != 0)
        bf_out_of_memory();
    return dump(body);
}
