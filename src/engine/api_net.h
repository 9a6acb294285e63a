/* Requests to several endpoints, many at a time, until each has its answer: libcurl's multi interface, retries, the
 * breaker. Knows HTTP, but not the meaning of the bodies. One thread. */
#ifndef BF_ENGINE_API_NET_H
#define BF_ENGINE_API_NET_H
#include <curl/curl.h>

#include "base/buf.h"
#include "base/rng.h"
#include "engine/api_backoff.h"
#include "engine/api_parse.h"
#include "engine/engine.h"

enum { BF_API_ENDPOINTS_MAX = 64, BF_API_WHY_MAX = 320, BF_API_NESTED_MAX = 2 };

enum bf_api_role { BF_API_GENERATES = 1, BF_API_EMBEDS = 2 };

struct bf_api_endpoint {
    char *base;        /* "http://a:8080/v1", no slash at its end */
    int32_t base_root; /* bytes of `base` before "/v1": paths that are not OpenAI's are below it */
    unsigned roles;    /* enum bf_api_role */
    struct bf_api_breaker breaker;
    double not_before; /* no request before this time, from Retry-After; 0 = none */
    int32_t n_in_flight;
    char why[BF_API_WHY_MAX]; /* reason of its last failure */
};

struct bf_api_net {
    struct bf_api_endpoint endpoints[BF_API_ENDPOINTS_MAX];
    int32_t n_endpoints;
    CURLM *multi[BF_API_NESTED_MAX]; /* a sink may send requests itself, one level deeper; both keep connections */
    int32_t depth;
    struct curl_slist *headers; /* contains the key */
    char *api_key;              /* to remove it from messages; NULL = none */
    char *ca_file;
    double timeout_seconds;
    int32_t max_attempts;
    bool gave_up;      /* the last run ended because nothing answered */
    struct bf_rng rng; /* for pauses only */
    /* as in struct bf_api_options */
    void (*notice)(void *user, bool warning, const char *sentence);
    void *notice_user;
};

/* One request. */
struct bf_api_call {
    int64_t index;                   /* the caller's number */
    enum bf_api_role role;           /* which endpoints may take it */
    int32_t endpoint;                /* only this one; -1 = any */
    bool at_root;                    /* path is below the server's root, not below /v1 */
    const char *path;                /* "/completions" */
    char *body;                      /* JSON, owned by bf_api_run from then on; NULL = GET */
    size_t answer_max;               /* longest acceptable answer, in bytes */
    struct bf_api_expected expected; /* for the sink; not used by bf_api_run */
};

struct bf_api_work {
    void *user;
    int32_t n_parallel;
    const char *what;       /* what is requested, for notices: "a list of models" */
    double give_up_seconds; /* give up after so long without an answer */
    double connect_seconds; /* the same, when not even a connection is possible */
    double timeout_seconds; /* of a request, when it is less than bf_api_net's; 0 = use bf_api_net's */
    int32_t errors_refuse;  /* so many 5xx (other than 503) for a request count as a refusal; 0 = never */
    /* As in struct bf_gen_job. `call` is zero except for endpoint = -1. */
    enum bf_source (*source)(void *user, struct bf_api_call *call);
    /* Gets the body of a 2xx answer. BF_OK ends the request. BF_MODEL with *again set to true (it is false before) and
     * a sentence in *err sends it again. Any other status ends the run. */
    enum bf_status (*sink)(void *user, const struct bf_api_call *call, const char *data, size_t n, bool *again,
                           struct bf_err *err);
    /* Gets a refusal: an HTTP status that another attempt would not change. *err is filled. BF_OK goes on; any other
     * status ends the run. NULL = every refusal ends the run. 401 and 403 always do. */
    enum bf_status (*refused)(void *user, const struct bf_api_call *call, long http, struct bf_err *err);
    /* Called after the answers of a turn have been taken and their slots are filled again, so that they can be
     * processed while the servers are busy. May be NULL. A status other than BF_OK ends the run. */
    enum bf_status (*flush)(void *user, struct bf_err *err);
    bool (*wanted)(void *user, int64_t index);
    bool (*tick)(void *user, int32_t n_in_flight,
                 double waited_seconds); /* at least every 0.2 s; false: BF_INTERRUPTED */
};

/* `endpoints` as in struct bf_api_options. BF_USAGE for impossible addresses or an impossible key. Release after either
 * result. */
BF_MUST_CHECK enum bf_status bf_api_net_init(struct bf_api_net *net, const struct bf_api_options *options,
                                             struct bf_err *err);
void bf_api_net_release(struct bf_api_net *net);

/* Send all requests of the source, and return when the last is answered. BF_MODEL: no server has answered for
 * give_up_seconds since the first failure, including pauses that a server asked for. Requests that were sent before
 * that failure are still waited for, up to their time-out. */
BF_MUST_CHECK enum bf_status bf_api_run(struct bf_api_net *net, const struct bf_api_work *work, struct bf_err *err);

/* Let an endpoint that did not answer rest at once. */
void bf_api_net_rest(struct bf_api_net *net, int32_t endpoint, double now);

/* Send a notice to the caller's function, if there is one. */
void bf_api_notice(const struct bf_api_net *net, bool warning, const char *format, ...) BF_PRINTF(3, 4);

/* Append "URL: reason; URL: reason" for the endpoints with these roles. */
void bf_api_net_complaints(const struct bf_api_net *net, unsigned roles, struct bf_buf *out);

#endif
