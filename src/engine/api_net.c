/* The loop over all requests of a run. A request waits (for its first turn, for a pause to pass, for an endpoint to be back) or
 * is under way; it leaves the table when it is answered, refused or no longer wanted.
 *
 *     source -> WAITING -> UNDER WAY -> sink
 *                  ^           |
 *                  +-- pause --+  connection lost, time-out, 408, 425, 429, 5xx, a body that is unusable
 *
 * What counts against a request is only what a live server did to it; a server that cannot be reached costs time, and the
 * run gives up when nothing has answered for long enough. */
#include "engine/api_net.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/banned.h"

enum { TICK_MS = 200, CONNECT_SECONDS = 10 };

struct slot {
    bool used, under_way;
    struct bf_api_call call;
    CURL *easy;           /* while under way */
    struct bf_buf answer; /* while under way */
    int32_t endpoint;     /* of the last attempt; -1 = none yet */
    int32_t n_failures;   /* that count */
    int32_t n_pauses;     /* all failures: each pause is longer than the last */
    double due;           /* when to try, while waiting */
    double sent;          /* the last attempt */
    bool away;            /* waits for an endpoint to be back, not for itself */
    char curl_text[CURL_ERROR_SIZE];
};

struct run {
    struct bf_api_net *net;
    const struct bf_api_work *work;
    struct bf_err *err;
    CURLM *multi;
    struct slot *slots; /* [work->n_parallel] */
    int32_t n_used, n_under_way;
    bool ended; /* the source said END */
    struct bf_api_patience patience;
    bool cannot_connect;   /* the last failure made no connection */
    bool delivered;        /* this turn: places are free, ask the source before waiting */
    double waited_seconds; /* in poll */
};

/* What became of an attempt. */
enum outcome {
    ANSWERED,
    REFUSED, /* final for this request */
    FATAL,   /* final for the run */
    FAILED,  /* counts against the request and the endpoint */
    BUSY,    /* a live server asks for patience: nobody's failure */
    AWAY     /* no connection, or a server that says it is not ready: the endpoint's failure, not the request's */
};

static size_t on_body(char *data, size_t size, size_t n, void *user)
{
    struct slot *s = user;
    bf_buf_put(&s->answer, data, size * n);
    return s->answer.overflow ? 0 : size * n; /* 0 makes curl stop */
}

static struct bf_api_endpoint *endpoint_of(struct run *r, const struct slot *s)
{
    return &r->net->endpoints[s->endpoint];
}

/* ---- endpoints ---- */

static bool may_take(const struct bf_api_net *net, int32_t i, const struct bf_api_call *call)
{
    const struct bf_api_endpoint *e = &net->endpoints[i];
    return call->endpoint >= 0 ? call->endpoint == i : (e->roles & (unsigned)call->role) != 0;
}

/* The endpoint with the fewest requests in flight, not the one that has just failed this request when there is another.
 * -1 when all rest: then *when is the earliest time at which one may be back. */
static int32_t choose_endpoint(const struct run *r, const struct slot *s, double now, double *when)
{
    int32_t best = -1, failed = s->n_pauses > 0 ? s->endpoint : -1;
    *when = now + 1e9;
    for (int32_t i = 0; i < r->net->n_endpoints; i++) {
        const struct bf_api_endpoint *e = &r->net->endpoints[i];
        if (!may_take(r->net, i, &s->call))
            continue;
        if (now < e->not_before || !bf_api_breaker_allows(&e->breaker, now)) {
            double back = e->not_before > e->breaker.rest_until ? e->not_before : e->breaker.rest_until;
            back = back > now ? back : now + TICK_MS / 1e3; /* another request is trying it */
            *when = back < *when ? back : *when;
            continue;
        }
        const struct bf_api_endpoint *b = best < 0 ? NULL : &r->net->endpoints[best];
        if (!b || best == failed || (e->n_in_flight < b->n_in_flight && i != failed))
            best = i;
    }
    return best;
}

/* ---- one attempt ---- */

static void set_options(struct run *r, struct slot *s, const char *url)
{
    struct bf_api_net *net = r->net;
    CURL *c = s->easy;
    curl_easy_setopt(c, CURLOPT_URL, url);
#if LIBCURL_VERSION_NUM >= 0x075500
    curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
#else
    curl_easy_setopt(c, CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
    curl_easy_setopt(c, CURLOPT_HTTP_VERSION,
                     (long)CURL_HTTP_VERSION_1_1);   /* a dropped request is a closed connection */
    curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L); /* the key goes to nobody else */
    curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 2L);
    if (net->ca_file)
        curl_easy_setopt(c, CURLOPT_CAINFO, net->ca_file);
    curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(c, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_SECONDS);
    double seconds = r->work->timeout_seconds;
    seconds = seconds > 0 && seconds < net->timeout_seconds ? seconds : net->timeout_seconds;
    curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)(seconds * 1e3));
    curl_easy_setopt(c, CURLOPT_HTTPHEADER, net->headers);
    curl_easy_setopt(c, CURLOPT_ERRORBUFFER, s->curl_text);
    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(c, CURLOPT_WRITEDATA, s);
    curl_easy_setopt(c, CURLOPT_PRIVATE, s);
    if (s->call.body) {
        curl_easy_setopt(c, CURLOPT_POST, 1L);
        curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)strlen(s->call.body));
        curl_easy_setopt(c, CURLOPT_POSTFIELDS, s->call.body);
    }
}

static void send_request(struct run *r, struct slot *s, int32_t endpoint)
{
    struct bf_api_endpoint *e = &r->net->endpoints[endpoint];
    struct bf_buf url;
    bf_buf_init(&url, 4096);
    bf_buf_put(&url, e->base, s->call.at_root ? (size_t)e->base_root : strlen(e->base));
    bf_buf_puts(&url, s->call.path);
    s->easy = curl_easy_init();
    if (!s->easy)
        bf_out_of_memory();
    s->endpoint = endpoint;
    s->under_way = true;
    s->sent = bf_seconds();
    s->curl_text[0] = 0;
    bf_buf_init(&s->answer, s->call.answer_max);
    set_options(r, s, url.data);
    if (curl_multi_add_handle(r->multi, s->easy) != CURLM_OK)
        bf_out_of_memory();
    bf_api_breaker_sent(&e->breaker);
    e->n_in_flight++;
    r->n_under_way++;
    bf_buf_release(&url);
}

static void end_attempt(struct run *r, struct slot *s)
{
    curl_multi_remove_handle(r->multi, s->easy);
    curl_easy_cleanup(s->easy);
    s->easy = NULL;
    bf_buf_release(&s->answer);
    s->under_way = false;
    endpoint_of(r, s)->n_in_flight--;
    r->n_under_way--;
}

static void vacate(struct run *r, struct slot *s)
{
    if (s->under_way) {
        bf_api_breaker_dropped(&endpoint_of(r, s)->breaker);
        end_attempt(r, s);
    }
    free(s->call.body);
    *s = (struct slot){0};
    r->n_used--;
}

/* ---- what an attempt came to ---- */

/* "503 Loading model", in *why. */
static void say_http(const struct run *r, const struct slot *s, long http, char *why)
{
    struct bf_buf text;
    bf_buf_init(&text, BF_API_WHY_MAX - 1);
    bf_buf_printf(&text, "HTTP status %ld", http);
    size_t before = text.len;
    bf_buf_puts(&text, ", ");
    size_t start = text.len;
    bf_api_parse_error(s->answer.data, s->answer.len, r->net->api_key, &text);
    if (text.len == start)
        text.data[before] = 0;
    snprintf(why, BF_API_WHY_MAX, "%s", text.data);
    bf_buf_release(&text);
}

static enum outcome judge_http(struct run *r, struct slot *s, char *why)
{
    struct bf_api_net *net = r->net;
    struct bf_api_endpoint *e = endpoint_of(r, s);
    long http = 0;
    curl_off_t retry_after = 0;
    curl_easy_getinfo(s->easy, CURLINFO_RESPONSE_CODE, &http);
    curl_easy_getinfo(s->easy, CURLINFO_RETRY_AFTER, &retry_after);
    if (http >= 200 && http < 300)
        return ANSWERED;
    say_http(r, s, http, why);
    if (http == 401 || http == 403) {
        bf_fail(r->err, BF_MODEL, "%s refuses the request (%s): %s", e->base, why,
                net->api_key ? "it does not accept the key in BIFORGET_API_KEY"
                             : "it may want a key: put it into the environment variable BIFORGET_API_KEY");
        return FATAL;
    }
    if (http >= 300 && http < 400) {
        bf_fail(r->err, BF_MODEL,
                "%s answers with a redirect (HTTP status %ld), which is not followed; give the address "
                "that it leads to",
                e->base, http);
        return FATAL;
    }
    if (http == 429 || http == 503) {
        if (retry_after > 0)
            e->not_before = bf_seconds() + bf_api_retry_after(retry_after);
        return http == 429 ? BUSY : AWAY;
    }
    bool passing = http == 408 || http == 425 || (http >= 500 && http != 501);
    if (http == 500 && strstr(why, "too large")) /* llama-server's word for a text that does not fit its batch */
        passing = false;
    const int32_t enough = r->work->errors_refuse;
    if (passing && !(http >= 500 && enough > 0 && s->n_failures + 1 >= enough))
        return FAILED;
    if (r->work->refused) {
        bf_fail(r->err, BF_MODEL, "%s", why);
        return REFUSED;
    }
    bf_fail(r->err, BF_MODEL, "%s refuses request %lld: %s", e->base, (long long)s->call.index, why);
    return FATAL;
}

static enum outcome judge(struct run *r, struct slot *s, CURLcode code, char *why)
{
    why[0] = 0;
    r->cannot_connect = false;
    if (code == CURLE_OK)
        return judge_http(r, s, why);
    const struct bf_api_endpoint *e = endpoint_of(r, s);
    const char *text = s->curl_text[0] ? s->curl_text : curl_easy_strerror(code);
    snprintf(why, BF_API_WHY_MAX, "%s", text);
    switch (code) {
    case CURLE_WRITE_ERROR:
        snprintf(why, BF_API_WHY_MAX, "the answer is longer than %zu bytes", s->call.answer_max);
        return FAILED;
    case CURLE_COULDNT_CONNECT:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
        r->cannot_connect = true;
        return AWAY;
    case CURLE_OPERATION_TIMEDOUT: {
        long n_sent = 0;
        curl_easy_getinfo(s->easy, CURLINFO_REQUEST_SIZE, &n_sent);
        r->cannot_connect = n_sent == 0;
        return n_sent == 0 ? AWAY : FAILED;
    }
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_CERTPROBLEM:
        bf_fail(r->err, BF_MODEL,
                "the certificate of %s cannot be verified (%s); a private authority's certificates can be "
                "given with --api-ca FILE",
                e->base, text);
        return FATAL;
    case CURLE_URL_MALFORMAT:
        bf_fail(r->err, BF_MODEL, "cannot send to %s: %s", e->base, text);
        return FATAL;
    default:
        return FAILED;
    }
}

static enum bf_status fail_attempts(struct run *r, const struct slot *s, const char *why)
{
    return bf_fail(
        r->err, BF_MODEL,
        "%s failed request %lld %d times, at last with: %s; look into the server's log, then resume: what is "
        "committed is saved",
        r->net->endpoints[s->endpoint].base, (long long)s->call.index, s->n_failures, why);
}

/* Back into the queue, or the end of the run. */
static enum bf_status try_later(struct run *r, struct slot *s, enum outcome outcome, const char *why)
{
    struct bf_api_net *net = r->net;
    struct bf_api_endpoint *e = endpoint_of(r, s);
    double now = bf_seconds();
    snprintf(e->why, sizeof e->why, "%s", why);
    end_attempt(r, s);
    if (outcome == BUSY)
        bf_api_breaker_dropped(&e->breaker);
    else
        bf_api_breaker_failure(&e->breaker, now, &net->rng);
    if (outcome == FAILED && ++s->n_failures >= net->max_attempts)
        return fail_attempts(r, s, why);
    s->due = now + bf_api_backoff(++s->n_pauses, &net->rng);
    s->away = outcome == AWAY;
    /* A short question that was not answered in its time was waited for from its beginning. */
    bf_api_patience_failed(&r->patience, r->work->timeout_seconds > 0 ? s->sent : now);
    return BF_OK;
}

/* An answer after failures: whoever waits for a server need not wait longer. */
static void on_recovery(struct run *r)
{
    for (int32_t i = 0; i < r->work->n_parallel && r->patience.failing_since > 0; i++)
        if (r->slots[i].used && !r->slots[i].under_way && r->slots[i].away)
            r->slots[i].due = 0;
    if (bf_api_patience_answered(&r->patience, bf_seconds()))
        bf_api_notice(r->net, false, "a server answers again");
}

static enum bf_status settle(struct run *r, struct slot *s, CURLcode code)
{
    char why[BF_API_WHY_MAX];
    struct bf_api_endpoint *e = endpoint_of(r, s);
    enum outcome outcome = judge(r, s, code, why);
    enum bf_status status = BF_OK;
    if (outcome == FATAL)
        return BF_MODEL;
    if (outcome == REFUSED) {
        long http = 0;
        curl_easy_getinfo(s->easy, CURLINFO_RESPONSE_CODE, &http);
        status = r->work->refused(r->work->user, &s->call, http, r->err);
    }
    if (outcome == ANSWERED) {
        struct bf_err reason = BF_ERR_INIT;
        bool again = false;
        status = r->work->sink(r->work->user, &s->call, s->answer.data, s->answer.len, &again, &reason);
        if (again) {
            snprintf(why, sizeof why, "the server's answer is unusable: %s", reason.text);
            outcome = FAILED;
        } else if (status != BF_OK && reason.status != BF_OK && r->err) {
            *r->err = reason;
        }
    }
    if (outcome != ANSWERED && outcome != REFUSED)
        return try_later(r, s, outcome, why);
    bf_api_breaker_success(&e->breaker);
    on_recovery(r);
    r->delivered = true;
    end_attempt(r, s);
    vacate(r, s);
    return status;
}

/* ---- the loop ---- */

static void admit(struct run *r)
{
    for (int32_t i = 0; i < r->work->n_parallel && !r->ended && r->n_used < r->work->n_parallel; i++) {
        struct slot *s = &r->slots[i];
        if (s->used)
            continue;
        *s = (struct slot){.call = {.endpoint = -1}, .endpoint = -1};
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

static void drop_unwanted(struct run *r)
{
    for (int32_t i = 0; i < r->work->n_parallel && r->work->wanted; i++) {
        struct slot *s = &r->slots[i];
        if (s->used && !r->work->wanted(r->work->user, s->call.index))
            vacate(r, s);
    }
}

/* Send what is due. Returns the earliest time at which something else will be. */
static double send_due(struct run *r)
{
    double next = bf_seconds() + TICK_MS / 1e3;
    for (int32_t i = 0; i < r->work->n_parallel; i++) {
        struct slot *s = &r->slots[i];
        if (!s->used || s->under_way)
            continue;
        double now = bf_seconds();
        if (s->due <= now) {
            int32_t endpoint = choose_endpoint(r, s, now, &s->due);
            if (endpoint >= 0) {
                send_request(r, s, endpoint);
                continue;
            }
        }
        next = s->due < next ? s->due : next;
    }
    return next;
}

static enum bf_status collect(struct run *r)
{
    int n_running = 0, n_left = 0;
    curl_multi_perform(r->multi, &n_running);
    for (const CURLMsg *m; (m = curl_multi_info_read(r->multi, &n_left));) {
        struct slot *s = NULL;
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

/* Whom the requests wait for, and why: "URL: reason; URL: reason". */
static void list_complaints(const struct run *r, struct bf_buf *text)
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

static enum bf_status check_patience(struct run *r)
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
        status = bf_fail(r->err, BF_MODEL,
                         "no server has answered for %.0f s (%s); see that one runs, then start again or resume: what "
                         "is committed is saved",
                         now - r->patience.failing_since, text.data);
    } else if (r->patience.failing_since > 0) {
        const double left = patience - (now - r->patience.failing_since);
        bf_api_notice(r->net, false, "waiting for %s (%s); --api-give-up ends it in %.0f s", r->work->what, text.data,
                      left > 0 ? left : 0.0);
    } else {
        bf_api_notice(r->net, false, "has waited %.0f s for %s, %d request%s under way (%s)", now - r->patience.heard,
                      r->work->what, r->n_under_way, r->n_under_way == 1 ? "" : "s", text.data);
    }
    bf_buf_release(&text);
    return status;
}

static enum bf_status turn(struct run *r)
{
    drop_unwanted(r);
    admit(r);
    if (r->n_used == 0)
        return r->ended ? BF_OK : bf_fail(r->err, BF_MODEL, "internal: nothing is in flight and the plan waits");
    double next = send_due(r);
    enum bf_status status = collect(r);
    if (status != BF_OK && r->delivered && r->work->flush)
        (void)r->work->flush(r->work->user, NULL); /* what has come is not lost with the rest */
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
    struct run r = {
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
