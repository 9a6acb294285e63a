/* Log-probabilities of given tokens, in the three shapes that servers use: the echo of a prompt, vLLM's
 * "prompt_logprobs", and its "logprob_token_ids". */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "engine/api_parse.h"
#include "base/banned.h"

/* Two numbers as close as this count as equal. */
static const double same_logp = 1e-6;

void bf_api_scores_release(struct bf_api_scores *scores)
{
    free(scores->logp);
    free(scores->greedy);
    *scores = (struct bf_api_scores){0};
}

static void make_scores(struct bf_api_scores *out, size_t n)
{
    out->logp = bf_array(n, sizeof *out->logp);
    out->greedy = bf_array(n, sizeof *out->greedy);
}

static void drop_greedy(struct bf_api_scores *out)
{
    free(out->greedy);
    out->greedy = NULL;
}

/* ---- an echo ---- */

/* How many of the first listed tokens make up `prompt`; 0 when their texts do not show it, for example because a token
 * is a piece of a character. A BOS at the beginning has a text that the prompt lacks, and the space before the first
 * word may be missing. */
static size_t tokens_of_prompt(const json_t *tokens, const char *prompt)
{
    for (size_t first = 0; first < 2; first++) {
        const char *at = prompt;
        for (size_t i = first; i < json_array_size(tokens); i++) {
            const json_t *token = json_array_get(tokens, i);
            const char *s = json_string_value(token);
            const size_t n = json_string_length(token);
            if (!s)
                break;
            if (i == first && *at == ' ' && *s != ' ')
                at++;
            const size_t skip = i == first && *s == ' ' && *at != ' ' ? 1 : 0;
            /* A token may contain a NUL, which ends the prompt but not the token. */
            if (strnlen(at, n - skip) < n - skip || memcmp(at, s + skip, n - skip) != 0)
                break;
            at += n - skip;
            if (*at == 0)
                return i + 1;
        }
    }
    return 0;
}

/* How many of the `n_listed` tokens are the prompt's; 0 when that is unclear. Some servers (llama-cpp-python) count a
 * BOS but do not list it. */
static size_t prompt_length(const json_t *root, const json_t *tokens, const char *prompt)
{
    const json_t *usage = json_object_get(root, "usage");
    const size_t n_listed = json_array_size(tokens);
    const size_t n_counted = (size_t)bf_api_json_count(usage, "prompt_tokens");
    const size_t n_made = (size_t)bf_api_json_count(usage, "completion_tokens");
    const size_t n = tokens_of_prompt(tokens, prompt);
    if (n > 0)
        return n == n_counted || n + 1 == n_counted || n_counted == 0 ? n : 0;
    /* By the counts alone: they must account for every listed token. */
    return n_counted > 0 && n_counted + n_made == n_listed ? n_counted : 0;
}

/* No alternative at this place is likelier. */
static bool is_likeliest(const json_t *top, double logp, bool *known)
{
    bool likeliest = true;
    *known = json_is_object(top) && json_object_size(top) > 0;
    json_t *walked = (json_t *)(uintptr_t)top; /* jansson's iterator takes no const, but changes nothing */
    for (void *at = *known ? json_object_iter(walked) : NULL; at; at = json_object_iter_next(walked, at))
        likeliest = likeliest && !(json_number_value(json_object_iter_value(at)) > logp + same_logp);
    return likeliest;
}

enum bf_status bf_api_parse_echo(const char *data, size_t n, const char *prompt, struct bf_api_scores *out,
                                 struct bf_err *err)
{
    enum bf_status status = BF_MODEL;
    *out = (struct bf_api_scores){0};
    json_t *root = bf_api_json_load(data, n, err);
    const json_t *choice = bf_api_json_first_choice(root, err);
    if (!choice)
        goto out;
    const json_t *logprobs = json_object_get(choice, "logprobs");
    const json_t *tokens = json_object_get(logprobs, "tokens"), *numbers = json_object_get(logprobs, "token_logprobs");
    const json_t *top = json_object_get(logprobs, "top_logprobs");
    if (!json_is_array(tokens) || json_array_size(tokens) != json_array_size(numbers) ||
        (prompt[0] && json_array_size(tokens) < 2)) {
        bf_fail(err, BF_MODEL, "it does not repeat the prompt with log-probabilities");
        goto out;
    }
    const size_t n_prompt = prompt_length(root, tokens, prompt);
    if (n_prompt == 0) {
        bf_fail(err, BF_MODEL,
                "it lists %zu tokens and counts %d in the prompt: where the prompt ends in its log-probabilities "
                "is unclear",
                json_array_size(tokens), bf_api_json_count(json_object_get(root, "usage"), "prompt_tokens"));
        goto out;
    }
    bool told = true;
    make_scores(out, n_prompt);
    status = BF_OK;
    for (size_t i = 0; i < n_prompt && status == BF_OK; i++) {
        const json_t *value = json_array_get(numbers, i);
        double number = 0.0;
        bool known = false;
        if (i == 0 && json_is_null(value))
            continue;
        if (!bf_api_json_logp(value, &number)) {
            status = bf_fail(err, BF_MODEL, "token %zu of the prompt has no log-probability", i + 1);
            continue;
        }
        out->greedy[out->n] = is_likeliest(json_array_get(top, i), number, &known);
        out->logp[out->n++] = (float)number;
        told = told && known;
    }
    if (!told)
        drop_greedy(out);
out:
    if (status != BF_OK)
        bf_api_scores_release(out);
    json_decref(root);
    return status;
}

/* ---- prompt_logprobs ---- */

/* {"42": {"logprob": -0.5, "rank": 1, "decoded_token": " a"}, "7": {...}}: the token's own entry. */
static const json_t *entry_of(const json_t *place, int32_t id)
{
    char key[16];
    snprintf(key, sizeof key, "%d", id);
    return json_object_get(place, key);
}

enum bf_status bf_api_parse_prompt_numbers(const char *data, size_t n, const struct bf_tokens *prompt, int32_t first,
                                           struct bf_api_scores *out, struct bf_err *err)
{
    assert(first >= 1);
    enum bf_status status = BF_MODEL;
    *out = (struct bf_api_scores){0};
    json_t *root = bf_api_json_load(data, n, err);
    const json_t *choice = bf_api_json_first_choice(root, err);
    if (!choice)
        goto out;
    const json_t *list = json_object_get(choice, "prompt_logprobs");
    if (!json_is_array(list) || json_array_size(list) != (size_t)prompt->n) {
        bf_fail(err, BF_MODEL, "it has log-probabilities of %zu tokens instead of %d", json_array_size(list),
                prompt->n);
        goto out;
    }
    status = BF_OK;
    make_scores(out, (size_t)(prompt->n - first));
    for (int32_t i = first; i < prompt->n && status == BF_OK; i++) {
        const json_t *entry = entry_of(json_array_get(list, (size_t)i), prompt->ids[i]);
        double logp = 0.0;
        if (!bf_api_json_logp(json_object_get(entry, "logprob"), &logp)) {
            status = bf_fail(err, BF_MODEL, "token %d of the prompt has no log-probability", i + 1);
            continue;
        }
        out->greedy[out->n] = json_integer_value(json_object_get(entry, "rank")) == 1;
        out->logp[out->n++] = (float)logp;
    }
out:
    if (status != BF_OK)
        bf_api_scores_release(out);
    json_decref(root);
    return status;
}

/* ---- logprob_token_ids ---- */

enum bf_status bf_api_parse_chosen(const char *data, size_t n, const struct bf_tokens *choices, float *logp,
                                   struct bf_err *err)
{
    enum bf_status status = BF_MODEL;
    json_t *root = bf_api_json_load(data, n, err);
    const json_t *choice = bf_api_json_first_choice(root, err);
    const json_t *top = json_array_get(json_object_get(json_object_get(choice, "logprobs"), "top_logprobs"), 0);
    if (choice)
        status = BF_OK;
    for (int32_t c = 0; c < choices->n && status == BF_OK; c++) {
        char key[32];
        double number = 0.0;
        snprintf(key, sizeof key, "token_id:%d", choices->ids[c]);
        if (!bf_api_json_logp(json_object_get(top, key), &number))
            status = bf_fail(err, BF_MODEL, "it has no log-probability of token %d", choices->ids[c]);
        else
            logp[c] = (float)number;
    }
    json_decref(root);
    return status;
}
