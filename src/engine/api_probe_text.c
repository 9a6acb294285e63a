/* Find out how the server's model writes, by short requests: with chat or with bare prompts, with which of our fields,
 * whether it thinks before it answers, and what its log-probabilities mean. Taking the likeliest token (top-k 1) at
 * temperature 1 and at temperature 2 shows the last:
 *
 *     0 and 0            after all samplers: the only token left has probability 1
 *     equal, below 0     the model's own
 *     different          after temperature only: neither kind, so not used */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/thoughts.h"
#include "engine/api_private.h"
#include "base/banned.h"

enum { DEFAULT_TOP_K = 50, SOUNDING_TOKENS = 4, ERRORS_REFUSE = 5, TRIES = 16 };

static const char *const prompts[2] = {"Write one word about the sky", "Write any word that comes to mind"};

struct sounding {
    struct bf_api_expected expected;
    struct bf_api_answer answer;
    char fingerprint[128];
};

static enum bf_status read_sounding(void *user, const char *data, size_t n, struct bf_err *err)
{
    struct sounding *s = user;
    bf_api_parse_fingerprint(data, n, s->fingerprint, sizeof s->fingerprint);
    return bf_api_parse_answer(data, n, &s->expected, &s->answer, err);
}

/* One short answer with the fields of self->server. Release *s after BF_OK. */
static enum bf_status sound(struct bf_api *self, const struct bf_gen_request *request, int32_t errors_refuse,
                            struct sounding *s, long *refused, struct bf_err *err)
{
    const struct bf_api_server *server = &self->server;
    struct bf_api_question q =
        bf_api_probe_question(BF_API_GENERATES, bf_api_path_generate(server), bf_api_body_generate(server, request));
    *s = (struct sounding){.expected = bf_api_expect(server, request)};
    if (s->expected.top_k < 1)
        s->expected.top_k = 1;
    q.what = server->chat ? "a short chat answer" : "a short answer";
    q.errors_refuse = errors_refuse;
    q.user = s;
    q.read = read_sounding;
    enum bf_status status = bf_api_ask(self, &q, refused, err);
    if (status != BF_OK)
        bf_api_answer_release(&s->answer);
    return status;
}

/* Like the later requests: temperature, top-k and top-p all have an effect. */
static struct bf_gen_request common_request(const struct bf_api_options *options)
{
    return (struct bf_gen_request){.prompt = prompts[0],
                                   .max_tokens = SOUNDING_TOKENS,
                                   .temperature = 1.0,
                                   .top_k = options->top_k > 0 ? options->top_k : DEFAULT_TOP_K,
                                   .top_p = 0.95,
                                   .seed = 1};
}

/* ---- fields ---- */

/* Which fields a request had to leave out, and why. */
struct refusals {
    unsigned without; /* enum bf_api_field */
    bool numbers;
    bool thinks; /* the final answer begins with thoughts */
    struct bf_err first;
};

static const struct {
    const char *name;
    unsigned field;
} fields[] = {
    {"top_k", BF_API_FIELD_TOP_K},
    {"min_p", BF_API_FIELD_MIN_P},
    {"repetition_penalty", BF_API_FIELD_PENALTY},
    {"repeat_penalty", BF_API_FIELD_PENALTY},
    {"seed", BF_API_FIELD_SEED},
    {"samplers", BF_API_FIELD_SAMPLERS},
    {"reasoning_format", BF_API_FIELD_SAMPLERS},
    {"cache_prompt", BF_API_FIELD_SAMPLERS},
};

/* Does the server name the refused field? */
static bool take_named(struct bf_api_server *server, const char *sentence, struct refusals *r)
{
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if (!(r->without & fields[i].field) && strstr(sentence, fields[i].name)) {
            r->without |= fields[i].field;
            return true;
        }
    if (!server->new_max_tokens && strstr(sentence, "max_completion_tokens")) {
        server->new_max_tokens = true;
        return true;
    }
    if (!r->numbers && (strstr(sentence, "logprobs") || strstr(sentence, "post_sampling_probs"))) {
        r->numbers = true;
        return true;
    }
    return false;
}

static void say_refusals(const struct bf_api *self, const struct refusals *r)
{
    struct bf_buf names;
    bf_buf_init(&names, 200);
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        const bool ours = self->server.kind != BF_API_KIND_OTHER || fields[i].field == BF_API_FIELD_TOP_K ||
                          fields[i].field == BF_API_FIELD_SEED;
        const bool llama_only =
            fields[i].field == BF_API_FIELD_SAMPLERS || strcmp(fields[i].name, "repeat_penalty") == 0;
        const bool others_only = strcmp(fields[i].name, "repetition_penalty") == 0;
        const bool llama = self->server.kind == BF_API_KIND_LLAMA;
        if ((r->without & fields[i].field) && ours && !(llama_only && !llama) && !(others_only && llama))
            bf_buf_printf(&names, "%s%s", names.len ? ", " : "", fields[i].name);
    }
    if (r->numbers)
        bf_buf_printf(&names, "%slogprobs", names.len ? ", " : "");
    if (names.len > 0)
        bf_api_notice(&self->net, true, "the server refuses requests with %s (%s), so they are sent without%s",
                      names.data, r->first.text,
                      r->without & BF_API_FIELD_TOP_K  ? ", so that texts are drawn from more tokens than --top-k"
                      : r->without & BF_API_FIELD_SEED ? ", so that the same seed gives other texts"
                                                       : "");
    bf_buf_release(&names);
}

/* Find the largest set of fields that the server accepts: leave out those that it names, or else one after another. */
static enum bf_status find_fields(struct bf_api *self, const struct bf_api_options *options, enum bf_api_numbers wanted,
                                  struct refusals *said, long *refused, struct bf_err *err)
{
    static const struct {
        unsigned without;
        bool numbers;
    } ladder[] = {
        {0, true}, {BF_API_FIELD_TOP_K, true}, {0, false}, {BF_API_FIELD_TOP_K, false}, {BF_API_FIELDS_ALL, false}};
    struct bf_api_server *server = &self->server;
    const struct bf_gen_request request = common_request(options);
    struct refusals named = {0}, tried[TRIES];
    int32_t errors_refuse = ERRORS_REFUSE, n_tried = 0;
    enum bf_status status = BF_MODEL;
    for (size_t step = 0; step < sizeof ladder / sizeof *ladder && n_tried < TRIES;) {
        struct sounding s;
        struct bf_err reason = BF_ERR_INIT;
        const struct refusals now = {.without = named.without | ladder[step].without,
                                     .numbers = named.numbers || !ladder[step].numbers};
        bool again = false;
        for (int32_t i = 0; i < n_tried; i++)
            again = again || (tried[i].without == now.without &&
                              (tried[i].numbers == now.numbers || wanted == BF_API_NUMBERS_NONE));
        if (again) {
            step++;
            continue;
        }
        tried[n_tried++] = now;
        server->without = now.without;
        server->numbers = now.numbers ? BF_API_NUMBERS_NONE : wanted;
        status = sound(self, &request, errors_refuse, &s, refused, &reason);
        if (status == BF_OK) {
            *said = now;
            said->numbers = now.numbers && wanted != BF_API_NUMBERS_NONE;
            said->first = named.first;
            said->thinks = bf_thoughts_in(s.answer.text.data, s.answer.text.len);
            if (self->base.info.backend[0] == 0)
                snprintf(self->base.info.backend, sizeof self->base.info.backend, "%s", s.fingerprint);
            bf_api_answer_release(&s.answer);
            return BF_OK;
        }
        if (err && (n_tried == 1 || !*refused))
            *err = reason; /* the first sentence is about the complete request */
        if (!*refused)
            return status;
        const bool renamed = server->new_max_tokens;
        const bool took = take_named(server, reason.text, &named);
        if (took && server->new_max_tokens != renamed)
            n_tried--; /* the same set under another name */
        else if (named.first.status == BF_OK)
            named.first = reason;
        if (!took)
            step++;
        if (*refused >= 500)
            errors_refuse = 2; /* it has had time to get ready */
    }
    return status;
}

static bool is_error(long refused)
{
    return refused >= 500 && refused != 501;
}

static enum bf_status find_mode(struct bf_api *self, const struct bf_api_options *options, enum bf_api_numbers wanted,
                                bool *thinks, struct bf_err *err)
{
    struct bf_err reason = BF_ERR_INIT, second = BF_ERR_INIT;
    struct refusals said = {0};
    long refused = 0;
    const char *model = self->server.model;
    self->server.chat = options->mode != BF_API_MODE_COMPLETIONS;
    enum bf_status status = find_fields(self, options, wanted, &said, &refused, &reason);
    if (status == BF_OK) {
        say_refusals(self, &said);
        *thinks = said.thinks;
        return BF_OK;
    }
    if (!refused) {
        if (err)
            *err = reason;
        return status;
    }
    if (options->mode != BF_API_MODE_AUTO)
        return bf_fail(err, status, "'%s' does not answer a short request: %s", model, reason.text);
    /* An error is not a refusal: it may be temporary, and every answer depends on the form of the prompt. */
    if (is_error(refused))
        return bf_fail(err, status,
                       "'%s' fails short chat requests: %s; start again when the server is ready, or give --api-mode "
                       "completions for bare prompts without a chat template",
                       model, reason.text);
    self->server.chat = false;
    status = find_fields(self, options, wanted, &said, &refused, &second);
    if (status != BF_OK && !refused) {
        if (err)
            *err = second;
        return status;
    }
    if (status != BF_OK)
        return bf_fail(err, status, "'%s' does not answer a short request; chat: %s; completions: %s", model,
                       reason.text, second.text);
    say_refusals(self, &said);
    bf_api_notice(
        &self->net, true,
        "the server refuses chat requests (%s), so prompts are sent bare, without a chat template; --api-mode "
        "completions confirms that this is intended",
        reason.text);
    return BF_OK;
}

/* ---- greedy answers ---- */

/* Old servers need a temperature above 0. */
static enum bf_status find_coldest(struct bf_api *self, const struct bf_api_options *options, struct bf_err *err)
{
    static const double coldest[2] = {0.0, 1e-3};
    struct bf_gen_request request = common_request(options);
    struct bf_err reason = BF_ERR_INIT, why = BF_ERR_INIT;
    long refused = 0;
    request.top_k = 1;
    request.top_p = 1.0;
    for (size_t i = 0; i < 2; i++) {
        struct sounding s;
        self->server.coldest = coldest[i];
        enum bf_status status = sound(self, &request, ERRORS_REFUSE, &s, &refused, &reason);
        if (status == BF_OK) {
            bf_api_answer_release(&s.answer);
            if (i > 0)
                bf_api_notice(&self->net, true,
                              "the server refuses temperature 0 (%s): greedy answers are drawn at temperature %g",
                              why.text, coldest[i]);
            return BF_OK;
        }
        if (!refused) {
            if (err)
                *err = reason;
            return status;
        }
        if (i == 0)
            why = reason;
    }
    return bf_fail(err, BF_MODEL, "'%s' gives no greedy answers: %s", self->server.model, why.text);
}

/* ---- thoughts ---- */

/* Ask the chat template to leave thoughts out, and see whether that works. */
static enum bf_status turn_thoughts_off(struct bf_api *self, const struct bf_api_options *options, struct bf_err *err)
{
    struct bf_api_server *server = &self->server;
    const struct bf_gen_request request = common_request(options);
    struct bf_err reason = BF_ERR_INIT;
    struct sounding s;
    long refused = 0;
    if (!json_object_get(server->extra, "chat_template_kwargs")) {
        server->no_thoughts = true;
        const enum bf_status status = sound(self, &request, ERRORS_REFUSE, &s, &refused, &reason);
        if (status != BF_OK && !refused) {
            if (err)
                *err = reason;
            return status;
        }
        server->no_thoughts = status == BF_OK && !bf_thoughts_in(s.answer.text.data, s.answer.text.len);
        if (status == BF_OK)
            bf_api_answer_release(&s.answer);
    }
    if (server->no_thoughts)
        bf_api_notice(&self->net, false,
                      "the model thinks before it answers; its chat template is asked to leave that out "
                      "(chat_template_kwargs: enable_thinking and thinking false)");
    else
        bf_api_notice(
            &self->net, true,
            "the model thinks before it answers: thoughts are cut off, and an answer in which they do not end "
            "is lost; say with --api-extra how its chat template turns them off, or give more "
            "--max-new-tokens");
    return BF_OK;
}

/* ---- probabilities ---- */

/* The largest distance from 0 of the likeliest tokens' log-probabilities, and the first token's. NaN when there are
 * none. */
static enum bf_status likeliest(struct bf_api *self, const char *prompt, double temperature, double *first, double *far,
                                struct bf_err *err)
{
    const bool top_k = !(self->server.without & BF_API_FIELD_TOP_K);
    /* Without top-k, the smallest nucleus has the same effect. */
    const struct bf_gen_request request = {.prompt = prompt,
                                           .max_tokens = SOUNDING_TOKENS,
                                           .temperature = temperature,
                                           .top_k = top_k ? 1 : 0,
                                           .top_p = top_k ? 1.0 : 1e-4,
                                           .seed = 1};
    struct sounding s;
    long refused = 0;
    enum bf_status status = sound(self, &request, ERRORS_REFUSE, &s, &refused, err);
    if (status != BF_OK)
        return status;
    *first = *far = s.answer.n_tokens > 0 ? (double)s.answer.logp_model[0] : (double)NAN;
    for (int32_t i = 1; i < s.answer.n_tokens; i++)
        *far = (double)s.answer.logp_model[i] < *far ? (double)s.answer.logp_model[i] : *far;
    bf_api_answer_release(&s.answer);
    return BF_OK;
}

/* What do the log-probabilities mean on a server that is not llama-server? Sets server->numbers. */
static enum bf_status find_meaning(struct bf_api *self, struct bf_err *err)
{
    double first[2] = {0}, far[2] = {0}, other = 0.0, other_far = 0.0;
    enum bf_status status = BF_OK;
    self->server.sounding = true;
    for (int i = 0; i < 2 && status == BF_OK; i++)
        status = likeliest(self, prompts[0], 1.0 + i, &first[i], &far[i], err);
    /* A model may be sure of four tokens, but hardly of those after a second question as well. */
    const bool certain = fabs(far[0]) < 1e-4 && fabs(far[1]) < 1e-4;
    if (status == BF_OK && certain)
        status = likeliest(self, prompts[1], 2.0, &other, &other_far, err);
    self->server.sounding = false;
    if (status != BF_OK)
        return status;
    if (certain && fabs(other_far) < 1e-4)
        self->server.numbers = BF_API_NUMBERS_SAMPLING;
    else if (!(fabs(first[0] - first[1]) < 0.02)) /* true for NaN as well; 0.02 is more than the noise of a GPU */
        self->server.numbers = BF_API_NUMBERS_NONE;
    return BF_OK;
}

static enum bf_status refuse_probs(const struct bf_api *self, const char *kind, const char *why, struct bf_err *err)
{
    return bf_fail(
        err, BF_MODEL,
        "'%s' on this server does not give token probabilities of the requested kind (%s%s%s); docs/scaling.md says "
        "how to start servers for it",
        self->server.model, kind, why[0] ? ": " : "", why);
}

/* The model's probabilities of the top_k likeliest tokens. */
static enum bf_status find_top(struct bf_api *self, const struct bf_api_options *options, struct bf_err *err)
{
    struct bf_api_server *server = &self->server;
    const struct bf_gen_request request = common_request(options);
    struct bf_err reason = BF_ERR_INIT;
    struct sounding s;
    long refused = 0;
    char kind[64];
    server->numbers = BF_API_NUMBERS_TOP;
    server->n_top = request.top_k;
    server->token_names = server->kind == BF_API_KIND_VLLM && !server->chat;
    enum bf_status status = sound(self, &request, ERRORS_REFUSE, &s, &refused, &reason);
    if (status == BF_OK) {
        bf_api_answer_release(&s.answer);
        return BF_OK;
    }
    if (!refused) {
        if (err)
            *err = reason;
        return status;
    }
    snprintf(kind, sizeof kind, "of the %d likeliest tokens (--top-k)", server->n_top);
    return refuse_probs(self, kind, reason.text, err);
}

enum bf_status bf_api_probe_text(struct bf_api *self, const struct bf_api_options *options, struct bf_err *err)
{
    struct bf_api_server *server = &self->server;
    enum bf_api_probs probs = options->probs;
    bool llama = server->kind == BF_API_KIND_LLAMA;
    enum bf_api_numbers first = BF_API_NUMBERS_MODEL;
    if (probs == BF_API_PROBS_NONE)
        first = BF_API_NUMBERS_NONE;
    else if (llama && (probs == BF_API_PROBS_AUTO || probs == BF_API_PROBS_SAMPLING))
        first = BF_API_NUMBERS_POST;
    bool thinks = false;
    enum bf_status status = find_mode(self, options, first, &thinks, err);
    if (status == BF_OK && llama && probs == BF_API_PROBS_AUTO && server->numbers == BF_API_NUMBERS_NONE)
        status = find_mode(self, options, BF_API_NUMBERS_MODEL, &thinks, err); /* an old llama-server */
    if (status == BF_OK && options->greedy)
        status = find_coldest(self, options, err);
    if (status == BF_OK && thinks && server->chat)
        status = turn_thoughts_off(self, options, err);
    if (status == BF_OK && !llama && server->numbers == BF_API_NUMBERS_MODEL)
        status = find_meaning(self, err);
    if (status != BF_OK || probs == BF_API_PROBS_NONE || probs == BF_API_PROBS_AUTO)
        return status;
    bool sampling = server->numbers == BF_API_NUMBERS_POST || server->numbers == BF_API_NUMBERS_SAMPLING;
    if (probs == BF_API_PROBS_SAMPLING)
        return sampling ? BF_OK : refuse_probs(self, "after sampling", "", err);
    if (server->numbers != BF_API_NUMBERS_MODEL)
        return refuse_probs(self, "the model's own", "", err);
    return probs == BF_API_PROBS_MODEL ? BF_OK : find_top(self, options, err);
}
