/* Tokens, as the server's own tokenizer makes them. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "engine/api_private.h"
#include "base/banned.h"

enum { TOKEN_BYTES = 64 };

/* A text has at most as many tokens as bytes, and a template adds some; an answer has a number for each, and with some
 * servers its text. */
static size_t answer_max(size_t n_bytes)
{
    return bf_api_list_max(n_bytes, TOKEN_BYTES);
}

/* ---- one text ---- */

struct tokens_wanted {
    int32_t *tokens, max, count;
};

static enum bf_status read_tokens(void *user, const char *data, size_t n, struct bf_err *err)
{
    struct tokens_wanted *t = user;
    return bf_api_parse_tokens(data, n, t->tokens, t->max, &t->count, err);
}

int32_t bf_api_tokenize(const struct bf_engine *engine, const char *text, int32_t *tokens, int32_t max)
{
    /* The network changes connections and counters, so the handle is not const. */
    struct bf_api *self = (struct bf_api *)(uintptr_t)engine;
    if (!self->server.tokenize)
        return -1;
    struct tokens_wanted t = {.tokens = tokens, .max = max};
    const struct bf_api_question q = {
        .call = {.role = self->server.model[0] ? BF_API_GENERATES : BF_API_EMBEDS,
                 .endpoint = -1,
                 .at_root = true,
                 .path = "/tokenize",
                 .body = bf_api_body_tokenize(&self->server, text, false),
                 .answer_max = answer_max(strlen(text))},
        .what = "the tokens of a text",
        .errors_refuse = 5,
        .user = &t,
        .read = read_tokens,
    };
    long refused = 0;
    return bf_api_ask(self, &q, &refused, NULL) == BF_OK ? t.count : -1;
}

/* ---- many ---- */

struct tokenizing {
    struct bf_api *self;
    struct bf_api_text_tokens *texts;
    void *user;
    bool (*step)(void *user);
};

static void make_call(void *user, size_t i, struct bf_api_call *call)
{
    struct tokenizing *r = user;
    const struct bf_api_text_tokens *t = &r->texts[i];
    const struct bf_api_server *server = &r->self->server;
    const size_t n = strlen(t->prompt), m = t->text ? strlen(t->text) : 0;
    call->at_root = true;
    call->path = "/tokenize";
    call->answer_max = answer_max(n + m);
    if (t->chat) {
        call->body = bf_api_body_tokenize_chat(server, t->prompt, t->text);
        return;
    }
    char *both = bf_array(n + m + 1, 1);
    memcpy(both, t->prompt, n);
    if (m > 0)
        memcpy(both + n, t->text, m);
    call->body = bf_api_body_tokenize(server, both, true);
    free(both);
}

static enum bf_status read_text(void *user, size_t i, const char *data, size_t n, struct bf_err *err)
{
    struct tokenizing *r = user;
    struct bf_api_text_tokens *t = &r->texts[i];
    enum bf_status status = bf_api_parse_tokens(data, n, NULL, 0, &t->n, err);
    if (status != BF_OK)
        return status;
    t->ids = bf_array((size_t)t->n, sizeof *t->ids);
    return bf_api_parse_tokens(data, n, t->ids, t->n, &t->n, err);
}

static const char *name_of(void *user, size_t i, size_t *number)
{
    const struct tokenizing *r = user;
    *number = i;
    return r->texts[i].text ? r->texts[i].text : r->texts[i].prompt;
}

static bool step(void *user)
{
    const struct tokenizing *r = user;
    return !r->step || r->step(r->user);
}

enum bf_status bf_api_tokens_of(struct bf_api *self, struct bf_api_text_tokens *texts, size_t n, void *user,
                                bool (*on_step)(void *user), struct bf_err *err)
{
    struct tokenizing r = {.self = self, .texts = texts, .user = user, .step = on_step};
    const struct bf_api_list list = {.user = &r,
                                     .n = n,
                                     .what = "the tokens of texts",
                                     .make = make_call,
                                     .read = read_text,
                                     .name = name_of,
                                     .step = step};
    return bf_api_run_list(self, &list, err);
}
