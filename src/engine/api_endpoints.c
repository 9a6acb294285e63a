/* The endpoints, and what every request needs: addresses, the key, curl's state. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/url.h"
#include "base/version.h"
#include "engine/api_net.h"
#include "base/banned.h"

enum { URL_BYTES_MAX = 1024 };

static bool has_control_or_space(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)s[i] <= ' ' || (unsigned char)s[i] == 0x7F)
            return true;
    return false;
}

/* libcurl's parser decides what an address is; this refuses parts that must not be in one. */
static enum bf_status check_url(const char *url, struct bf_err *err)
{
    enum bf_status status = BF_OK;
    char *scheme = NULL, *user = NULL, *host = NULL, *query = NULL;
    CURLU *parsed = curl_url();
    char *shown = bf_url_shown(url);
    if (!parsed)
        bf_out_of_memory();
    if (curl_url_set(parsed, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK ||
        curl_url_get(parsed, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK ||
        curl_url_get(parsed, CURLUPART_HOST, &host, 0) != CURLUE_OK) {
        /* An address that cannot be parsed may contain a password, so it is not shown. */
        status = bf_fail(err, BF_USAGE, "--api has an address that is not a URL; give one like http://host:8080/v1");
    } else if (curl_url_get(parsed, CURLUPART_USER, &user, 0) == CURLUE_OK) {
        status = bf_fail(err, BF_USAGE,
                         "--api '%s' has a user name or password in it; put the key into BIFORGET_API_KEY", shown);
    } else if (strcmp(scheme, "http") != 0 && strcmp(scheme, "https") != 0) {
        status = bf_fail(err, BF_USAGE, "--api '%s' is neither http nor https", shown);
    } else if (curl_url_get(parsed, CURLUPART_QUERY, &query, 0) == CURLUE_OK || strchr(url, '#')) {
        /* It may be a key, so it is not shown. */
        status = bf_fail(err, BF_USAGE,
                         "--api '%s' has more than a path; give one like http://host:8080/v1, and a key in "
                         "BIFORGET_API_KEY",
                         shown); /* even the host may be half of a password that has a '?' in it */
    }
    curl_free(scheme);
    curl_free(user);
    curl_free(host);
    curl_free(query);
    curl_url_cleanup(parsed);
    free(shown);
    return status;
}

static enum bf_status add_endpoint(struct bf_api_net *net, const char *url, size_t n, struct bf_err *err)
{
    static const char version[] = "/v1";
    while (n > 0 && url[n - 1] == '/')
        n--;
    if (n == 0 || n > URL_BYTES_MAX || has_control_or_space(url, n))
        return bf_fail(err, BF_USAGE, "--api needs addresses like http://host:8080/v1, separated by commas");
    if (net->n_endpoints == BF_API_ENDPOINTS_MAX)
        return bf_fail(err, BF_USAGE, "--api takes at most %d addresses", (int)BF_API_ENDPOINTS_MAX);
    struct bf_api_endpoint *e = &net->endpoints[net->n_endpoints++];
    *e = (struct bf_api_endpoint){.base = bf_strndup(url, n), .base_root = (int32_t)n};
    size_t len = sizeof version - 1;
    if (n > len && memcmp(url + n - len, version, len) == 0)
        e->base_root = (int32_t)(n - len);
    return check_url(e->base, err);
}

static void add_header(struct bf_api_net *net, const char *line)
{
    struct curl_slist *longer = curl_slist_append(net->headers, line);
    if (!longer)
        bf_out_of_memory();
    net->headers = longer;
}

static enum bf_status set_key(struct bf_api_net *net, const char *key, struct bf_err *err)
{
    static const char format[] = "Authorization: Bearer %s";
    if (!key || key[0] == 0)
        return BF_OK;
    size_t n = strlen(key);
    if (n > URL_BYTES_MAX * 8 || has_control_or_space(key, n))
        return bf_fail(err, BF_USAGE,
                       "BIFORGET_API_KEY has a space, a line break or another character that cannot be in a key");
    net->api_key = bf_strdup(key);
    size_t size = n + sizeof format;
    char *line = bf_alloc(size);
    snprintf(line, size, format, key);
    add_header(net, line);
    explicit_bzero(line, size);
    free(line);
    return BF_OK;
}

enum bf_status bf_api_net_init(struct bf_api_net *net, const struct bf_api_options *o, struct bf_err *err)
{
    *net = (struct bf_api_net){
        .timeout_seconds = o->timeout_seconds > 0 ? o->timeout_seconds : 600.0,
        .max_attempts = o->max_attempts > 0 ? o->max_attempts : 8,
        .ca_file = o->ca_file && o->ca_file[0] ? bf_strdup(o->ca_file) : NULL,
        .notice = o->notice,
        .notice_user = o->notice_user,
    };
    bf_rng_init(&net->rng, 1);
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        bf_out_of_memory();
    for (int32_t i = 0; i < BF_API_NESTED_MAX; i++) {
        net->multi[i] = curl_multi_init();
        if (!net->multi[i])
            bf_out_of_memory();
        curl_multi_setopt(net->multi[i], CURLMOPT_MAXCONNECTS, (long)BF_API_PARALLEL_MAX);
    }
    add_header(net, "Content-Type: application/json");
    add_header(net, "Accept: application/json");
    add_header(net, "User-Agent: biforget/" BF_VERSION);
    add_header(net, "Expect:"); /* saves a round trip before a long body */
    enum bf_status status = set_key(net, o->api_key, err);
    const char *at = o->endpoints ? o->endpoints : "";
    while (status == BF_OK) {
        size_t n = strcspn(at, ",");
        status = add_endpoint(net, at, n, err);
        at += n;
        if (*at == 0)
            break;
        at++;
    }
    return status;
}

void bf_api_net_release(struct bf_api_net *net)
{
    for (int32_t i = 0; i < BF_API_NESTED_MAX; i++)
        if (net->multi[i])
            curl_multi_cleanup(net->multi[i]);
    for (const struct curl_slist *line = net->headers; line; line = line->next)
        explicit_bzero(line->data, strlen(line->data));
    curl_slist_free_all(net->headers);
    if (net->api_key)
        explicit_bzero(net->api_key, strlen(net->api_key));
    free(net->api_key);
    free(net->ca_file);
    for (int32_t i = 0; i < net->n_endpoints; i++)
        free(net->endpoints[i].base);
    if (net->multi[0])
        curl_global_cleanup();
    *net = (struct bf_api_net){0};
}

void bf_api_net_rest(struct bf_api_net *net, int32_t endpoint, double now)
{
    struct bf_api_breaker *b = &net->endpoints[endpoint].breaker;
    b->n_failures = BF_API_TRIP_FAILURES;
    bf_api_breaker_failure(b, now, &net->rng);
}

void bf_api_notice(const struct bf_api_net *net, bool warning, const char *format, ...)
{
    struct bf_err sentence = BF_ERR_INIT; /* like an error: one line, valid UTF-8, not too long */
    char text[BF_ERR_TEXT_MAX];
    va_list args;
    if (!net->notice)
        return;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    bf_fail(&sentence, BF_MODEL, "%s", text);
    net->notice(net->notice_user, warning, sentence.text);
}

void bf_api_net_complaints(const struct bf_api_net *net, unsigned roles, struct bf_buf *out)
{
    bool first = true;
    for (int32_t i = 0; i < net->n_endpoints; i++) {
        const struct bf_api_endpoint *e = &net->endpoints[i];
        if (roles != 0 && !(e->roles & roles))
            continue;
        bf_buf_printf(out, "%s%s: %s", first ? "" : "; ", e->base, e->why[0] ? e->why : "no answer");
        first = false;
    }
}
