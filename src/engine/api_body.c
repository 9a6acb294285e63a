/* What is asked of a server. Fields beyond OpenAI's are sent only to servers that are known to take them.
 *
 * What log-probabilities mean differs, and the names do not tell:
 *  - llama-server: "logprob" is the model's own distribution, before any sampler; with post_sampling_probs it gives "prob"
 *    instead, under what is left after them. Its samplers run in another order than ours (top-k, top-p, min-p, temperature)
 *    unless told, and min-p is on by default.
 *  - vLLM: the model's own distribution, or after all samplers with --logprobs-mode processed_logprobs.
 *  - SGLang: after temperature but before top-k and top-p, neither of both kinds, unless started with
 *    SGLANG_RETURN_ORIGINAL_LOGPROB=1.
 * api_probe.c finds out by asking. vLLM and SGLang take the model's generation_config.json for what is not said, so the
 * neutral values are said. */
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

static json_t *text_of(const char *s)
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
    put(message, "content", text_of(prompt));
    if (json_array_append_new(messages, message) != 0)
        bf_out_of_memory();
    return messages;
}

static json_t *stops_of(const struct bf_gen_request *q)
{
    json_t *stops = json_array();
    for (size_t i = 0; i < q->n_stops; i++)
        if (json_array_append_new(stops, text_of(q->stops[i])) != 0)
            bf_out_of_memory();
    return stops;
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
}

char *bf_api_body_generate(const struct bf_api_server *server, const struct bf_gen_request *q)
{
    json_t *body = json_object();
    put(body, "model", text_of(server->model));
    if (server->chat)
        put(body, "messages", user_message(q->prompt));
    else
        put(body, "prompt", text_of(q->prompt));
    put(body, "max_tokens", json_integer(q->max_tokens));
    /* Greedy decoding also where the server knows no top_k. */
    put(body, "temperature", json_real(q->top_k == 1 ? 0.0 : q->temperature));
    put(body, "top_p", json_real(q->top_p));
    if (q->n_stops > 0)
        put(body, "stop", stops_of(q));
    put(body, "seed", json_integer(bf_api_seed(q->seed)));
    put(body, "stream", json_false());
    bool llama = server->kind == BF_API_KIND_LLAMA;
    if (server->top_k && (q->top_k > 0 || server->kind != BF_API_KIND_OTHER))
        put(body, "top_k", json_integer(q->top_k > 0 || llama ? q->top_k : -1)); /* -1: off for vLLM and SGLang */
    if (server->kind != BF_API_KIND_OTHER) {
        put(body, "min_p", json_real(0.0));
        put(body, llama ? "repeat_penalty" : "repetition_penalty", json_real(1.0));
    }
    if (llama) {
        put(body, "samplers", json_pack("[s, s, s]", "temperature", "top_k", "top_p"));
        put(body, "reasoning_format", json_string("none")); /* as the embedded engine: all of the answer is text */
        put(body, "cache_prompt", json_true());
    }
    put_numbers(server, body);
    return dump(body);
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
    size_t room = (size_t)(ANSWER_BYTES_MOST - ANSWER_BYTES) / token;
    size_t n = (size_t)max_tokens < room ? (size_t)max_tokens : room;
    return ANSWER_BYTES + n * token;
}

/* One token has to be generated: not all servers can do with none. */
char *bf_api_body_score(const struct bf_api_server *server, const char *text)
{
    json_t *body = json_object();
    put(body, "model", text_of(server->model));
    put(body, "prompt", text_of(text));
    put(body, "echo", json_true());
    put(body, "logprobs", json_integer(1));
    put(body, "max_tokens", json_integer(1));
    put(body, "temperature", json_real(1.0));
    put(body, "stream", json_false());
    return dump(body);
}

char *bf_api_body_embed(const struct bf_api_server *server, const char *const *texts, size_t n)
{
    json_t *body = json_object();
    json_t *input = json_array();
    for (size_t i = 0; i < n; i++)
        if (json_array_append_new(input, text_of(texts[i])) != 0)
            bf_out_of_memory();
    put(body, "model", text_of(server->embed_model));
    put(body, "input", input);
    put(body, "encoding_format", json_string("float"));
    if (server->kind == BF_API_KIND_LLAMA)
        put(body, "embd_normalize", json_integer(-1)); /* as the embedded engine: not scaled */
    return dump(body);
}

char *bf_api_body_tokenize(const struct bf_api_server *server, const char *text)
{
    json_t *body = json_object();
    if (server->kind == BF_API_KIND_LLAMA) {
        put(body, "content", text_of(text));
        put(body, "add_special", json_false());
        put(body, "parse_special", json_false());
    } else {
        put(body, "model", text_of(server->model[0] ? server->model : server->embed_model));
        put(body, "prompt", text_of(text));
        put(body, "add_special_tokens", json_false());
    }
    return dump(body);
}
