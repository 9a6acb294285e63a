/* One attempt at a request: curl's options, and what its end means for the request, the endpoint and the run. */
#include "engine/api_attempt.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/banned.h"

enum { CONNECT_SECONDS = 10 };

static size_t on_body(char *data, size_t size, size_t n, void *user)
{
    struct bf_api_slot *s = user;
    bf_buf_put(&s->answer, data, size * n);
    return s->answer.overflow ? 0 : size * n; /* 0 makes curl stop */
}

/* ---- one attempt ---- */

static void set_options(struct bf_api_loop *r, struct bf_api_slot *s, const char *url)
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
                     (long)CURL_HTTP_VERSION_1_1);   /* so that dropping a request closes its connection */
    curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L); /* the key must not reach another server */
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

void bf_api_attempt_send(struct bf_api_loop *r, struct bf_api_slot *s, int32_t endpoint)
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

void bf_api_attempt_end(struct bf_api_loop *r, struct bf_api_slot *s)
{
    curl_multi_remove_handle(r->multi, s->easy);
    curl_easy_cleanup(s->easy);
    s->easy = NULL;
    bf_buf_release(&s->answer);
    s->under_way = false;
    bf_api_endpoint_of(r, s)->n_in_flight--;
    r->n_under_way--;
}

/* ---- the outcome of an attempt ---- */

/* Write "HTTP status 503, Loading model" to why. */
static void say_http(const struct bf_api_loop *r, const struct bf_api_slot *s, long http, char *why)
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

static enum bf_api_outcome judge_http(struct bf_api_loop *r, struct bf_api_slot *s, char *why)
{
    struct bf_api_net *net = r->net;
    struct bf_api_endpoint *e = bf_api_endpoint_of(r, s);
    long http = 0;
    curl_off_t retry_after = 0;
    curl_easy_getinfo(s->easy, CURLINFO_RESPONSE_CODE, &http);
    curl_easy_getinfo(s->easy, CURLINFO_RETRY_AFTER, &retry_after);
    if (http >= 200 && http < 300)
        return BF_API_ANSWERED;
    say_http(r, s, http, why);
    if (http == 401 || http == 403) {
        bf_fail(r->err, BF_MODEL, "%s refuses the request (%s): %s", e->base, why,
                net->api_key ? "it does not accept the key in BIFORGET_API_KEY"
                             : "it may want a key: put it into the environment variable BIFORGET_API_KEY");
        return BF_API_FATAL;
    }
    if (http >= 300 && http < 400) {
        bf_fail(r->err, BF_MODEL,
                "%s answers with a redirect (HTTP status %ld), which is not followed; give the address "
                "that it leads to",
                e->base, http);
        return BF_API_FATAL;
    }
    if (http == 429 || http == 503) {
        if (retry_after > 0)
            e->not_before = bf_seconds() + bf_api_retry_after(retry_after);
        return http == 429 ? BF_API_BUSY : BF_API_AWAY;
    }
    bool passing = http == 408 || http == 425 || (http >= 500 && http != 501);
    if (http == 500 && strstr(why, "too large")) /* llama-server's message about a text that does not fit its batch */
        passing = false;
    const int32_t enough = r->work->errors_refuse;
    if (passing && !(http >= 500 && enough > 0 && s->n_failures + 1 >= enough))
        return BF_API_FAILED;
    if (r->work->refused) {
        bf_fail(r->err, BF_MODEL, "%s", why);
        return BF_API_REFUSED;
    }
    bf_fail(r->err, BF_MODEL, "%s refuses request %lld: %s", e->base, (long long)s->call.index, why);
    return BF_API_FATAL;
}

enum bf_api_outcome bf_api_attempt_judge(struct bf_api_loop *r, struct bf_api_slot *s, CURLcode code, char *why)
{
    why[0] = 0;
    r->cannot_connect = false;
    if (code == CURLE_OK)
        return judge_http(r, s, why);
    const struct bf_api_endpoint *e = bf_api_endpoint_of(r, s);
    const char *text = s->curl_text[0] ? s->curl_text : curl_easy_strerror(code);
    snprintf(why, BF_API_WHY_MAX, "%s", text);
    switch (code) {
    case CURLE_WRITE_ERROR:
        snprintf(why, BF_API_WHY_MAX, "the answer is longer than %zu bytes", s->call.answer_max);
        return BF_API_FAILED;
    case CURLE_COULDNT_CONNECT:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
        r->cannot_connect = true;
        return BF_API_AWAY;
    case CURLE_OPERATION_TIMEDOUT: {
        long n_sent = 0;
        curl_easy_getinfo(s->easy, CURLINFO_REQUEST_SIZE, &n_sent);
        r->cannot_connect = n_sent == 0;
        return n_sent == 0 ? BF_API_AWAY : BF_API_FAILED;
    }
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_CERTPROBLEM:
        bf_fail(r->err, BF_MODEL,
                "the certificate of %s cannot be verified (%s); certificates of a private authority can be "
                "given with --api-ca FILE",
                e->base, text);
        return BF_API_FATAL;
    case CURLE_URL_MALFORMAT:
        bf_fail(r->err, BF_MODEL, "cannot send to %s: %s", e->base, text);
        return BF_API_FATAL;
    default:
        return BF_API_FAILED;
    }
}
