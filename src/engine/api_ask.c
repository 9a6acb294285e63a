/* A single request and its answer: for probing what servers offer, and for their tokens. */
#include <stdlib.h>

#include "engine/api_private.h"
#include "base/banned.h"

struct asking {
    const struct bf_api_question *question;
    struct bf_api *self;
    bool asked;
    long refused;
};

static enum bf_source ask_once(void *user, struct bf_api_call *call)
{
    struct asking *a = user;
    if (a->asked)
        return BF_SOURCE_END;
    a->asked = true;
    *call = a->question->call;
    return BF_SOURCE_READY;
}

static enum bf_status on_answer(void *user, const struct bf_api_call *call, const char *data, size_t n, bool *again,
                                struct bf_err *err)
{
    struct asking *a = user;
    (void)call, (void)again;
    enum bf_status status = a->question->read(a->question->user, data, n, err);
    a->refused = status != BF_OK ? BF_API_UNUSABLE : 0;
    return status;
}

static enum bf_status on_refused(void *user, const struct bf_api_call *call, long http, struct bf_err *err)
{
    struct asking *a = user;
    (void)call, (void)err;
    a->refused = http;
    return BF_MODEL;
}

static bool tick(void *user, int32_t n_in_flight, double waited_seconds)
{
    struct asking *a = user;
    (void)n_in_flight, (void)waited_seconds;
    return bf_api_tick(a->self);
}

enum bf_status bf_api_ask(struct bf_api *self, const struct bf_api_question *question, long *refused,
                          struct bf_err *err)
{
    struct asking a = {.question = question, .self = self};
    const double asked = question->give_up_seconds;
    const double give_up = asked > 0 && asked < self->give_up_seconds ? asked : self->give_up_seconds;
    const struct bf_api_work work = {
        .user = &a,
        .n_parallel = 1,
        .what = question->what,
        .give_up_seconds = give_up,
        .connect_seconds =
            question->connect_seconds > 0 && question->connect_seconds < give_up ? question->connect_seconds : give_up,
        .timeout_seconds = give_up,
        .errors_refuse = question->errors_refuse,
        .source = ask_once,
        .sink = on_answer,
        .refused = on_refused,
        .tick = tick,
    };
    enum bf_status status = bf_api_run(&self->net, &work, err);
    *refused = a.refused;
    if (!a.asked)
        free(question->call.body);
    return status;
}

enum bf_status bf_api_find_out(struct bf_api *self, const struct bf_api_question *q, bool *yes, struct bf_err *err)
{
    struct bf_err reason = BF_ERR_INIT;
    long refused = 0;
    enum bf_status status = bf_api_ask(self, q, &refused, &reason);
    *yes = status == BF_OK;
    if (status == BF_OK || refused)
        return BF_OK;
    if (err)
        *err = reason;
    return status;
}

struct bf_api_question bf_api_probe_question(enum bf_api_role role, const char *path, char *body)
{
    enum { SMALL_ANSWER = 4 << 20 };
    return (struct bf_api_question){
        .call = {.role = role, .endpoint = -1, .path = path, .body = body, .answer_max = SMALL_ANSWER},
        .what = "an answer to a short question",
        .connect_seconds = 2.0,
        .errors_refuse = 2,
    };
}
