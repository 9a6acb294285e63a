/* A list of requests, with as many in flight as --parallel says. Answers come in any order. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "engine/api_private.h"
#include "base/banned.h"

struct list_run {
    struct bf_api *self;
    const struct bf_api_list *list;
    size_t next;
};

static enum bf_source next_call(void *user, struct bf_api_call *call)
{
    struct list_run *r = user;
    if (r->next == r->list->n)
        return BF_SOURCE_END;
    call->index = (int64_t)r->next++;
    call->role = BF_API_GENERATES;
    r->list->make(r->list->user, (size_t)call->index, call);
    return BF_SOURCE_READY;
}

static enum bf_status on_answer(void *user, const struct bf_api_call *call, const char *data, size_t n, bool *again,
                                struct bf_err *err)
{
    struct list_run *r = user;
    const enum bf_status status = r->list->read(r->list->user, (size_t)call->index, data, n, err);
    *again = status != BF_OK;
    return status;
}

/* Say which of the texts it was. */
static enum bf_status on_refused(void *user, const struct bf_api_call *call, long http, struct bf_err *err)
{
    struct list_run *r = user;
    const struct bf_err reason = err ? *err : (struct bf_err)BF_ERR_INIT;
    struct bf_buf shown;
    size_t number = 0;
    (void)http;
    const char *text = r->list->name(r->list->user, (size_t)call->index, &number);
    bf_buf_init(&shown, 400);
    bf_utf8_preview(&shown, text, strlen(text), 80);
    const enum bf_status status =
        bf_fail(err, BF_MODEL, "the server refuses text %zu (\"%s\"): %s", number + 1, shown.data, reason.text);
    bf_buf_release(&shown);
    return status;
}

static bool tick(void *user, int32_t n_in_flight, double waited_seconds)
{
    struct list_run *r = user;
    (void)n_in_flight, (void)waited_seconds;
    return bf_api_tick(r->self) && (!r->list->step || r->list->step(r->list->user));
}

enum bf_status bf_api_run_list(struct bf_api *self, const struct bf_api_list *list, struct bf_err *err)
{
    struct list_run r = {.self = self, .list = list};
    const int32_t most = self->base.info.n_parallel;
    const struct bf_api_work work = {
        .user = &r,
        .n_parallel = list->n < (size_t)most ? (int32_t)list->n : most,
        .what = list->what,
        .give_up_seconds = self->give_up_seconds,
        .connect_seconds = self->give_up_seconds,
        .source = next_call,
        .sink = on_answer,
        .refused = on_refused,
        .tick = tick,
    };
    return list->n > 0 ? bf_api_run(&self->net, &work, err) : BF_OK;
}
