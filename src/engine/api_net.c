/* The loop over all requests of a run. A request waits (for its first turn, for the end of a pause, until an endpoint
 * is back) or is under way; it leaves the table when it is answered, refused or no longer wanted.
 *
 *     source -> WAITING -> UNDER WAY -> sink
 *                  ^           |
 *                  +-- pause --+  connection lost, time-out, 408, 425, 429, 5xx, an unusable body
 *
 * Only failures of a live server count against a request. A server that cannot be reached costs time, and the run gives
 * up when no server has answered for long enough. */
#include "engine/api_net.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "engine/api_attempt.h"
#include "base/banned.h"

enum { TICK_MS = 200 };

/* ---- endpoints ---- */

static bool may_take(const struct bf_api_net *net, int32_t i, const struct bf_api_call *call)
{
    const struct bf_api_endpoint *e = &net->endpoints[i];
    return call->endpoint >= 0 ? call->endpoint == i : (e->roles & (unsigned)call->role) != 0;
}

/* The endpoint with the fewest requests in flight; if possible not the one that has just failed this request. -1 when
 * all are resting: *when is then the earliest time at which one may be back. */
static int32_t choose_endpoint(const struct bf_api_loop *r, const struct bf_api_slot *s, double now, double *when)
{
    int32_t best = -1, failed = s->n_pauses > 0 ? s->endpoint : -1;
    *when = now + 1e9;
    for (int32_t i = 0; i < r->net->n_endpoints; i++) {
        const struct bf_api_endpoint *e = &r->net->endpoints[i];
        if (!may_take(r->net, i, &s->call))
            continue;
        if (now < e->not_before || !bf_api_breaker_allows(&e->breaker, now)) {
            double back = e->not_before > e->breaker.rest_until ? e->not_before : e->breaker.rest_until;
            back = back > now ? back : now + TICK_MS / 1e3; /* another request is testing it */
            *when = back < *when ? back : *when;
            continue;
        }
        const struct bf_api_endpoint *b = best < 0 ? NULL : &r->net->endpoints[best];
        if (!b || best == failed || (e->n_in_flight < b->n_in_flight && i != failed))
            best = i;
    }
    return best;
}

static void vacate(struct bf_api_loop *r, struct bf_api_slot *s)
{
    if (s->under_way) {
        bf_api_breaker_dropped(&bf_api_endpoint_of(r, s)->breaker);
        bf_api_attempt_end(r, s);
    }
    free(s->call.body);
    *s = (struct bf_api_slot){0};
    r->n_used--;
}

static enum bf_status fail_attempts(struct bf_api_loop *r, const struct bf_api_slot *s, const char *why)
{
    return bf_fail(
        r->err, BF_MODEL,
        "%s failed request %lld %d times, most recently with: %s; look into the server's log, then resume: what is "
        "committed is saved",
        r->net->endpoints[s->endpoint].base, (long long)s->call.index, s->n_failures, why);
}

/* Put the request back into the queue, or end the run. */
static enum bf_status try_later(struct bf_api_loop *r, struct bf_api_slot *s, enum bf_api_outcome outcome,
                                const char *why)
{
    struct bf_api_net *net = r->net;
    struct bf_api_endpoint *e = bf_api_endpoint_of(r, s);
    double now = bf_seconds();
    snprintf(e->why, sizeof e->why, "%s", why);
    bf_api_attempt_end(r, s);
    if (outcome == BF_API_BUSY)
        bf_api_breaker_dropped(&e->breaker);
    else
        bf_api_breaker_failure(&e->breaker, now, &net->rng);
    if (outcome == BF_API_FAILED && ++s->n_failures >= net->max_attempts)
        return fail_attempts(r, s, why);
    s->due = now + bf_api_backoff(++s->n_pauses, &net->rng);
    s->away = outcome == BF_API_AWAY;
    /* For a short request that timed out, the wait began when it was sent. */
    bf_api_patience_failed(&r->patience, r->work->timeout_seconds > 0 ? s->sent : now);
    return BF_OK;
}

/* An answer after failures: requests that wait for a server can be sent at once. */
static void on_recovery(struct bf_api_loop *r)
{
    for (int32_t i = 0; i < r->work->n_parallel && r->patience.failing_since > 0; i++)
        if (r->slots[i].used && !r->slots[i].under_way && r->slots[i].away)
            r->slots[i].due = 0;
    if (bf_api_patience_answered(&r->patience, bf_seconds()))
        bf_api_notice(r->net, false, "a server answers again");
}

static enum bf_status settle(struct bf_api_loop *r, struct bf_api_slot *s, CURLcode code)
{
    char why[BF_API_WHY_MAX];
    struct bf_api_endpoint *e = bf_api_endpoint_of(r, s);
    enum bf_api_outcome outcome = bf_api_attempt_judge(r, s, code, why);
    enum bf_status status = BF_OK;
    if (outcome == BF_API_FATAL)
        return BF_MODEL;
    if (outcome == BF_API_REFUSED) {
        long http = 0;
        curl_easy_getinfo(s->easy, CURLINFO_RESPONSE_CODE, &http);
        status = r->work->refused(r->work->user, &s->call, http, r->err);
    }
    if (outcome == BF_API_ANSWERED) {
        struct bf_err reason = BF_ERR_INIT;
        bool again = false;
        status = r->work->sink(r->work->user, &s->call, s->answer.data, s->answer.len, &again, &reason);
        if (again) {
            snprintf(why, sizeof why, "the server's answer is unusable: %s", reason.text);
            outcome = BF_API_FAILED;
        } else if (status != BF_OK && reason.status != BF_OK && r->err) {
            *r->err = reason;
        }
    }
    if (outcome != BF_API_ANSWERED && outcome != BF_API_REFUSED)
        return try_later(r, s, outcome, why);
    bf_api_breaker_success(&e->breaker);
    on_recovery(r);
    r->delivered = true;
    bf_api_attempt_end(r, s);
    vacate(r, s);
    return status;
}

/* ---- the loop ---- */

static void admit(struct bf_api_loop *r)
{
    for (int32_t i = 0; i < r->work->n_parallel && !r->ended && r->n_used < r->work->n_parallel; i++) {
        struct bf_api_slot *s = &r->slots[i];
        if (s->used)
            continue;
        *s = (struct bf_api_slot){.call = {.endpoint = -1}, .endpoint = -1};
        enum bf_source answer = r->work->source(r->work->user, &s->call);
        if (answer == BF_SOURCE_END)
            r->ended = true;
        if (answer != BF_SOURCE_READY)
            return;
        s->used = true;
        r->n_used++;
        if (r->work->wanted && !r->work->wanted(r->work->user, s->call.index))
            vacate(r, &r->slots[i--]);
    }
}

static void drop_unwanted(struct bf_api_loop *r)
{
    for (int32_t i = 0; i < r->work->n_parallel && r->work->wanted; i++) {
        struct bf_api_slot *s = &r->slots[i];
        if (s->used && !r->work->wanted(r->work->user, s->call.index))
            vacate(r, s);
    }
}

/* Send the requests that are due. Returns the earliest time at which another one will be. */
static double send_due(struct bf_api_loop *r)
{
    double next = bf_seconds() + TICK_MS / 1e3;
    for (int32_t i = 0; i < r->work->n_parallel; i++) {
        struct bf_api_slot *s = &r->slots[i];
        if (!s->used || s->under_way)
            continue;
        double now = bf_seconds();
        if (s->due <= now) {
            int32_t endpoint = choose_endpoint(r, s, now, &s->due);
            if (endpoint >= 0) {
                bf_api_attempt_send(r, s, endpoint);
                continue;
            }
        }
        next = s->due < next ? s->due : next;
    }
    return next;
}

static enum bf_status collect(struct bf_api_loop *r)
{
    int n_running = 0, n_left = 0;
    curl_multi_perform(r->multi, &n_running);
    for (const CURLMsg *m; (m = curl_multi_info_read(r->multi, &n_left));) {
        struct bf_api_slot *s = NULL;
        CURLcode code = m->data.result;
        if (m->msg != CURLMSG_DONE)
            continue;
        curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &s);
        enum bf_status status = settle(r, s, code);
        if (status != BF_OK)
            return status;
    }
    return BF_OK;
}

/* Which endpoints the requests wait for, and why: "URL: reason; URL: reason". */
static void list_complaints(const struct bf_api_loop *r, struct bf_buf *text)
{
    unsigned roles = 0;
    for (int32_t i = 0; i < r->work->n_parallel; i++) {
        const struct bf_api_call *call = &r->slots[i].call;
        if (r->slots[i].used && call->endpoint >= 0)
            bf_buf_printf(text, "%s: %s", r->net->endpoints[call->endpoint].base,
                          r->net->endpoints[call->endpoint].why[0] ? r->net->endpoints[call->endpoint].why
                                                                   : "no answer");
        else if (r->slots[i].used)
            roles |= (unsigned)call->role;
    }
    if (roles)
        bf_api_net_complaints(r->net, roles, text);
}

static enum bf_status check_patience(struct bf_api_loop *r)
{
    const double now = bf_seconds();
    const double patience = r->cannot_connect ? r->work->connect_seconds : r->work->give_up_seconds;
    double oldest = (double)INFINITY;
    for (int32_t i = 0; i < r->work->n_parallel; i++)
        if (r->slots[i].under_way && r->slots[i].sent < oldest)
            oldest = r->slots[i].sent;
    const bool over = bf_api_patience_over(&r->patience, now, patience, oldest);
    if (!over && !bf_api_patience_tells(&r->patience, now))
        return BF_OK;
    struct bf_buf text;
    bf_buf_init(&text, 700);
    list_complaints(r, &text);
    enum bf_status status = BF_OK;
    if (over) {
        r->net->gave_up = true;
        status =
            bf_fail(r->err, BF_MODEL,
                    "no server has answered for %.0f s (%s); make sure that one runs, then start again or resume: what "
                    "is committed is saved",
                    now - r->patience.failing_since, text.data);
    } else if (r->patience.failing_since > 0) {
        const double left = patience - (now - r->patience.failing_since);
        bf_api_notice(r->net, false, "waiting for %s (%s); giving up in %.0f s (--api-give-up)", r->work->what,
                      text.data, left > 0 ? left : 0.0);
    } else {
        bf_api_notice(r->net, false, "has waited %.0f s for %s, %d request%s under way (%s)", now - r->patience.heard,
                      r->work->what, r->n_under_way, r->n_under_way == 1 ? "" : "s", text.data);
    }
    bf_buf_release(&text);
    return status;
}

static enum bf_status turn(struct bf_api_loop *r)
{
    drop_unwanted(r);
    admit(r);
    if (r->n_used == 0)
        return r->ended ? BF_OK : bf_fail(r->err, BF_MODEL, "internal: nothing is in flight and the plan waits");
    double next = send_due(r);
    enum bf_status status = collect(r);
    if (status != BF_OK && r->delivered && r->work->flush)
        (void)r->work->flush(r->work->user, NULL); /* do not lose the answers that have come */
    if (status == BF_OK && r->delivered && r->work->flush) {
        int n_running = 0;
        admit(r);
        next = send_due(r);
        curl_multi_perform(r->multi, &n_running);
        status = r->work->flush(r->work->user, r->err);
    }
    if (status == BF_OK)
        status = check_patience(r);
    if (status != BF_OK)
        return status;
    double now = bf_seconds();
    int wait_ms = next > now ? (int)((next - now) * 1e3) + 1 : 0;
    wait_ms = r->delivered ? 0 : wait_ms < TICK_MS ? wait_ms : TICK_MS;
    r->delivered = false;
    curl_multi_poll(r->multi, NULL, 0, wait_ms, NULL);
    r->waited_seconds += bf_seconds() - now;
    if (r->work->tick && !r->work->tick(r->work->user, r->n_used, r->waited_seconds))
        return BF_INTERRUPTED;
    return BF_OK;
}

enum bf_status bf_api_run(struct bf_api_net *net, const struct bf_api_work *work, struct bf_err *err)
{
    if (net->depth >= BF_API_NESTED_MAX)
        return bf_fail(err, BF_MODEL, "internal: requests are nested too deeply");
    struct bf_api_loop r = {
        .net = net,
        .work = work,
        .err = err,
        .multi = net->multi[net->depth++],
        .slots = bf_array((size_t)work->n_parallel, sizeof *r.slots),
    };
    enum bf_status status = BF_OK;
    net->gave_up = false;
    bf_api_patience_begin(&r.patience, bf_seconds());
    do {
        status = turn(&r);
    } while (status == BF_OK && !(r.ended && r.n_used == 0));
    for (int32_t i = 0; i < work->n_parallel; i++)
        if (r.slots[i].used)
            vacate(&r, &r.slots[i]);
    free(r.slots);
    net->depth--;
    return status;
}
