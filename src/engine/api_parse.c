/* Generated text and its per-token numbers, which come in three shapes:
 *
 *     "logprobs": {"content": [{"token": " a", "bytes": [32, 97], "logprob": -0.5, "top_logprobs": [...]}, ...]}
 *         chat; llama-server
 *     "logprobs": {"tokens": [" a", ...], "token_logprobs": [-0.5, ...], "top_logprobs": [{" a": -0.5}, ...]}
 *         completions
 *     "completion_probabilities": [...] beside the choices: like content
 *         older llama-server
 *
 * llama-server adds "id"; probabilities after sampling are "prob" and "top_probs". */
#include "engine/api_parse.h"

#include <assert.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/banned.h"

enum {
    TEXT_BYTES_MAX = 64 << 20,
    SLACK_TOKENS = 1, /* the end token may be listed */
    SLACK_NAMES = 4   /* as keys of an object, tokens of broken characters coincide */
};

void bf_api_answer_release(struct bf_api_answer *a)
{
    if (a->text.data)
        bf_buf_release(&a->text);
    free(a->tokens);
    free(a->p_sampling);
    free(a->logp_model);
    *a = (struct bf_api_answer){0};
}

/* Append a string; a NUL in it becomes U+FFFD. */
static void put_text(struct bf_buf *out, const json_t *text)
{
    const char *s = json_string_value(text);
    size_t n = json_string_length(text);
    for (size_t i = 0; i < n;) {
        size_t run = strnlen(s + i, n - i);
        bf_buf_put(out, s + i, run);
        i += run;
        if (i < n) {
            bf_buf_puts(out, "\xEF\xBF\xBD");
            i++;
        }
    }
}

/* A list of typed parts: [{"type": "text", "text": "..."}]; the text of a part of type "thinking" may be one
 * level deeper. */
static void put_parts(struct bf_buf *text, struct bf_buf *thoughts, const json_t *parts, int depth)
{
    for (size_t i = 0; i < json_array_size(parts); i++) {
        const json_t *part = json_array_get(parts, i);
        const json_t *own = json_object_get(part, "text"), *deeper = json_object_get(part, "thinking");
        if (json_is_string(part))
            put_text(text, part);
        else if (json_is_string(own))
            put_text(text, own);
        else if (json_is_string(deeper))
            put_text(thoughts, deeper);
        else if (json_is_array(deeper) && depth < 2)
            put_parts(thoughts, thoughts, deeper, depth + 1);
    }
}

static bool is_blank(const struct bf_buf *text)
{
    return strspn(text->data, " \t\r\n") == text->len;
}

static enum bf_status read_text(const json_t *choice, struct bf_buf *out, struct bf_err *err)
{
    static const char *const apart[] = {"reasoning_content", "reasoning"};
    const json_t *message = json_object_get(choice, "message");
    const json_t *text = message ? json_object_get(message, "content") : json_object_get(choice, "text");
    struct bf_buf content, thoughts;
    bf_buf_init(out, TEXT_BYTES_MAX);
    bf_buf_init(&content, TEXT_BYTES_MAX / 2);
    bf_buf_init(&thoughts, TEXT_BYTES_MAX / 2 - 64);
    enum bf_status status = BF_OK;
    const json_t *refusal = json_object_get(message, "refusal");
    if (json_is_string(text))
        put_text(&content, text);
    else if (message && json_is_array(text))
        put_parts(&content, &thoughts, text, 0);
    else if (message && json_is_null(text) && json_is_string(refusal))
        put_text(&content, refusal);
    else if (!message || !json_is_null(text)) /* a chat answer that is all reasoning has a null content */
        status = bf_fail(err, BF_MODEL, "its first choice has no text");
    for (size_t i = 0; i < sizeof apart / sizeof *apart && thoughts.len == 0; i++)
        put_text(&thoughts, json_object_get(message, apart[i]));
    if (!is_blank(&thoughts)) {
        bf_buf_puts(out, "<think>\n");
        bf_buf_put(out, thoughts.data, thoughts.len);
        bf_buf_puts(out, is_blank(&content) ? "" : "\n</think>\n\n");
    }
    bf_buf_put(out, content.data, content.len);
    if (status == BF_OK && (out->overflow || content.overflow || thoughts.overflow))
        status = bf_fail(err, BF_MODEL, "its text is too long");
    bf_buf_release(&content);
    bf_buf_release(&thoughts);
    return status;
}

/* ---- per-token numbers ---- */

/* All three shapes as one: text, id, number and alternatives of the i-th token. */
struct numbers {
    const json_t *content;                       /* [objects] */
    const json_t *tokens, *token_logprobs, *top; /* [strings], [numbers], [objects]; when content is NULL */
    bool stop_text;                              /* one of the request's stop texts ended the answer */
    size_t n;
};

static bool find_numbers(const json_t *root, const json_t *choice, struct numbers *out)
{
    const json_t *logprobs = json_object_get(choice, "logprobs");
    *out = (struct numbers){.stop_text = json_is_string(json_object_get(choice, "stop_reason"))};
    out->content = json_object_get(logprobs, "content");
    if (!json_is_array(out->content))
        out->content = json_object_get(root, "completion_probabilities");
    if (json_is_array(out->content)) {
        out->n = json_array_size(out->content);
        return true;
    }
    out->content = NULL;
    out->tokens = json_object_get(logprobs, "tokens");
    out->token_logprobs = json_object_get(logprobs, "token_logprobs");
    out->top = json_object_get(logprobs, "top_logprobs");
    out->n = json_array_size(out->token_logprobs);
    return json_is_array(out->tokens) && json_is_array(out->token_logprobs) && json_array_size(out->tokens) == out->n;
}

static const json_t *token_text(const struct numbers *x, size_t i)
{
    return x->content ? json_object_get(json_array_get(x->content, i), "token") : json_array_get(x->tokens, i);
}

/* The id in a name like "token_id:5"; -1 for other names. */
static int32_t id_in_name(const char *name)
{
    static const char prefix[] = "token_id:";
    char *end = NULL;
    if (!name || strncmp(name, prefix, sizeof prefix - 1) != 0)
        return -1;
    const long id = strtol(name + sizeof prefix - 1, &end, 10);
    return *end == 0 && id >= 0 && id <= INT32_MAX ? (int32_t)id : -1;
}

/* Is the last listed token an end token? It has no text, or a text ("</s>") that the answer does not end with. When
 * tokens are named by id, vLLM's stop_reason decides: it is the stop text that ended the answer, or otherwise null or
 * the end token. */
static bool is_end_token(const struct numbers *x, size_t i, const struct bf_buf *text)
{
    const json_t *token = token_text(x, i);
    const char *s = json_string_value(token);
    size_t n = json_string_length(token);
    if (id_in_name(s) >= 0)
        return !x->stop_text;
    return n == 0 || n > text->len || memcmp(text->data + text->len - n, s, n) != 0;
}

static int descending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x < y) - (x > y);
}

double bf_api_sampling_probability(double *logp, size_t n, double chosen, double temperature, int32_t top_k,
                                   double top_p)
{
    assert(n >= 1 && top_k >= 1 && temperature > 0.0);
    qsort(logp, n, sizeof *logp, descending);
    if (n > (size_t)top_k)
        n = (size_t)top_k;
    double highest = logp[0] > chosen ? logp[0] : chosen;
    double sum = 0.0, kept = 0.0;
    for (size_t i = 0; i < n; i++)
        sum += exp((logp[i] - highest) / temperature);
    for (size_t i = 0; i < n && (i == 0 || kept < top_p * sum); i++)
        kept += exp((logp[i] - highest) / temperature);
    double p = exp((chosen - highest) / temperature) / kept;
    return p < 1.0 ? p : 1.0;
}

/* The alternatives' log-probabilities: an array of objects or an object of numbers. */
static double *read_top(const json_t *top, size_t *n)
{
    bool list = json_is_array(top);
    size_t size = list ? json_array_size(top) : json_object_size(top);
    double *out = bf_array(size, sizeof *out);
    *n = 0;
    if (list) {
        for (size_t i = 0; i < size; i++)
            if (bf_api_json_logp(json_object_get(json_array_get(top, i), "logprob"), &out[*n]))
                ++*n;
        return out;
    }
    json_t *walked = (json_t *)(uintptr_t)top; /* jansson's iterator takes no const, but changes nothing */
    for (void *at = json_object_iter(walked); at && *n < size; at = json_object_iter_next(walked, at))
        if (bf_api_json_logp(json_object_iter_value(at), &out[*n]))
            ++*n;
    return out;
}

static enum bf_status read_both(const struct numbers *x, size_t i, const struct bf_api_expected *e, double logp,
                                double *p, struct bf_err *err)
{
    const json_t *entry = json_array_get(x->content, i);
    const json_t *list = x->content ? json_object_get(entry, "top_logprobs") : json_array_get(x->top, i);
    size_t n = 0;
    double *top = read_top(list, &n);
    enum bf_status status = BF_OK;
    if (n + (json_is_object(list) ? SLACK_NAMES : 0) < (size_t)e->top_k || n == 0)
        status = bf_fail(err, BF_MODEL, "it lists %zu alternatives to a token instead of %d", n, e->top_k);
    else
        *p = bf_api_sampling_probability(top, n, logp, e->temperature, e->top_k, e->top_p);
    free(top);
    return status;
}

static enum bf_status read_one(const struct numbers *x, size_t i, const struct bf_api_expected *e,
                               struct bf_api_answer *out, struct bf_err *err)
{
    const json_t *entry = json_array_get(x->content, i);
    double logp = 0.0, p = 0.0;
    if (e->numbers == BF_API_NUMBERS_POST) {
        if (!bf_api_json_number(json_object_get(entry, "prob"), &p) || p < 0.0 || p > 1.001)
            return bf_fail(err, BF_MODEL, "token %zu has no probability", i + 1);
        p = p < 1.0 ? p : 1.0;
        logp = p > 0.0 ? log(p) : -(double)FLT_MAX;
    } else {
        const json_t *number = x->content ? json_object_get(entry, "logprob") : json_array_get(x->token_logprobs, i);
        if (!bf_api_json_logp(number, &logp))
            return bf_fail(err, BF_MODEL, "token %zu has no log-probability", i + 1);
        p = exp(logp);
        if (e->numbers == BF_API_NUMBERS_TOP) {
            enum bf_status status = read_both(x, i, e, logp, &p, err);
            if (status != BF_OK)
                return status;
        }
    }
    out->p_sampling[i] = (float)p;
    out->logp_model[i] = (float)logp;
    return BF_OK;
}

static void make_arrays(struct bf_api_answer *out, int32_t n)
{
    out->n_tokens = n;
    out->p_sampling = bf_array((size_t)n, sizeof *out->p_sampling);
    out->logp_model = bf_array((size_t)n, sizeof *out->logp_model);
    for (int32_t i = 0; i < n; i++)
        out->logp_model[i] = -FLT_MAX;
}

static void read_ids(const struct numbers *x, struct bf_api_answer *out)
{
    int32_t *ids = bf_array((size_t)out->n_tokens, sizeof *ids);
    for (int32_t i = 0; i < out->n_tokens; i++) {
        const json_t *id = json_object_get(json_array_get(x->content, (size_t)i), "id");
        json_int_t value =
            json_is_integer(id) ? json_integer_value(id) : id_in_name(json_string_value(token_text(x, (size_t)i)));
        if (value < 0 || value > INT32_MAX) {
            free(ids);
            return;
        }
        ids[i] = (int32_t)value;
    }
    out->tokens = ids;
}

static enum bf_status too_many(const struct bf_api_expected *e, size_t n, struct bf_err *err)
{
    return bf_fail(err, BF_MODEL, "it has %zu tokens, but at most %d were requested", n, e->max_tokens);
}

static enum bf_status read_numbers(const json_t *root, const json_t *choice, const struct bf_api_expected *e,
                                   struct bf_api_answer *out, struct bf_err *err)
{
    struct numbers x;
    if (!find_numbers(root, choice, &x)) {
        x.n = 0;
        if (out->text.len > 0)
            return bf_fail(err, BF_MODEL, "it has a text without log-probabilities");
    }
    if (x.n > (size_t)e->max_tokens + SLACK_TOKENS)
        return too_many(e, x.n, err);
    if (x.n > 0 && out->finish == BF_FINISH_STOP && is_end_token(&x, x.n - 1, &out->text))
        x.n--;
    if (x.n > (size_t)e->max_tokens)
        return too_many(e, x.n, err);
    make_arrays(out, (int32_t)x.n);
    for (size_t i = 0; i < x.n; i++) {
        enum bf_status status = read_one(&x, i, e, out, err);
        if (status != BF_OK)
            return status;
    }
    read_ids(&x, out);
    return BF_OK;
}

enum bf_status bf_api_parse_answer(const char *data, size_t n, const struct bf_api_expected *e,
                                   struct bf_api_answer *out, struct bf_err *err)
{
    enum bf_status status = BF_MODEL;
    json_t *root = bf_api_json_load(data, n, err);
    const json_t *choice = bf_api_json_first_choice(root, err);
    if (!choice)
        goto out;
    status = read_text(choice, &out->text, err);
    if (status != BF_OK)
        goto out;
    const char *finish = json_string_value(json_object_get(choice, "finish_reason"));
    out->finish = finish && strcmp(finish, "length") == 0 ? BF_FINISH_LENGTH : BF_FINISH_STOP;
    const json_t *usage = json_object_get(root, "usage");
    out->n_prompt = bf_api_json_count(usage, "prompt_tokens");
    out->n_cached = bf_api_json_count(json_object_get(usage, "prompt_tokens_details"), "cached_tokens");
    out->n_cached = out->n_cached < out->n_prompt ? out->n_cached : out->n_prompt;
    if (e->numbers != BF_API_NUMBERS_NONE) {
        status = read_numbers(root, choice, e, out, err);
    } else {
        int32_t n_tokens = bf_api_json_count(usage, "completion_tokens");
        if (n_tokens > 0 && e->counts_end && out->finish == BF_FINISH_STOP)
            n_tokens--;
        if (n_tokens > e->max_tokens)
            status = too_many(e, (size_t)n_tokens, err);
        else
            make_arrays(out, n_tokens);
    }
    out->cut = status == BF_OK && out->finish == BF_FINISH_LENGTH && out->n_tokens > 0 && out->n_tokens < e->max_tokens;
out:
    json_decref(root);
    return status;
}

json_t *bf_api_json_load(const char *data, size_t n, struct bf_err *err)
{
    json_error_t error;
    json_t *root = json_loadb(data, n, JSON_ALLOW_NUL, &error);
    if (!root)
        bf_fail(err, BF_MODEL, "it is not valid JSON at byte %d: %s", error.position, error.text);
    else if (!json_is_object(root))
        bf_fail(err, BF_MODEL, "it is not a JSON object");
    else
        return root;
    json_decref(root);
    return NULL;
}

const json_t *bf_api_json_first_choice(const json_t *root, struct bf_err *err)
{
    const json_t *choice = json_array_get(json_object_get(root, "choices"), 0);
    if (json_is_object(choice))
        return choice;
    if (root)
        bf_fail(err, BF_MODEL, "it has no choices");
    return NULL;
}

int32_t bf_api_json_count(const json_t *object, const char *key)
{
    const json_int_t value = json_integer_value(json_object_get(object, key));
    return value > 0 && value <= INT32_MAX ? (int32_t)value : 0;
}

bool bf_api_json_number(const json_t *value, double *out)
{
    *out = json_number_value(value);
    return json_is_number(value) && isfinite(*out);
}

bool bf_api_json_logp(const json_t *value, double *out)
{
    if (!bf_api_json_number(value, out) || *out > 1e-3)
        return false;
    *out = *out < 0.0 ? *out : 0.0;
    *out = *out > -(double)FLT_MAX ? *out : -(double)FLT_MAX;
    return true;
}
