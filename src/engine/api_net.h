/* Requests to several endpoints, many at a time, until each has its answer: libcurl's multi interface, retries, the
 * breaker. Knows HTTP and nothing of what the bodies mean. One thread. */
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
    int32_t base_root; /* bytes of `base` before "/v1": where a server keeps what is not OpenAI's */
    unsigned roles;    /* enum bf_api_role */
    struct bf_api_breaker breaker;
    double not_before; /* Retry-After */
    int32_t n_in_flight;
    char why[BF_API_WHY_MAX]; /* its last failure */
};

struct bf_api_net {
    struct bf_api_endpoint endpoints[BF_API_ENDPOINTS_MAX];
    int32_t n_endpoints;
    CURLM *multi[BF_API_NESTED_MAX]; /* a sink may send requests of its own: one level deeper, with connections kept */
    int32_t depth;
    struct curl_slist *headers; /* the key stands in here */
    char *api_key;              /* for striking it out of messages; NULL = none */
    char *ca_file;
    double timeout_seconds;
    int32_t max_attempts;
    bool gave_up;      /* the last run ended because nothing answered */
    struct bf_rng rng; /* pauses only */
    /* as in struct bf_api_options; NULL = nobody listens */
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
    char *body;                      /* JSON, handed over to bf_api_run; NULL = GET */
    size_t answer_max;               /* bytes */
    struct bf_api_expected expected; /* untouched here */
};

struct bf_api_work {
    void *user;
    int32_t n_parallel;
    const char *what;       /* is asked for, for people who wait: "its list of models" */
    double give_up_seconds; /* while nothing answers */
    double connect_seconds; /* the same while no connection can be made */
    double timeout_seconds; /* of a request, when it is shorter than bf_api_net's; 0 = that */
    int32_t errors_refuse;  /* a 5xx other than 503 that a request got so often is a refusal; 0 = never */
    /* As in struct bf_gen_job. `call` is zeroed but for endpoint = -1. */
    enum bf_source (*source)(void *user, struct bf_api_call *call);
    /* A body that came with 2xx. BF_OK ends the request; *again (preset to false) set with BF_MODEL and a sentence in
     * *err has it asked again; any other status ends the run. */
    enum bf_status (*sink)(void *user, const struct bf_api_call *call, const char *data, size_t n, bool *again,
                           struct bf_err *err);
    /* A refusal: a status that trying again will not change. *err is filled; the status returned ends the run unless
     * BF_OK. NULL = every refusal ends the run. 401 and 403 always do. */
    enum bf_status (*refused)(void *user, const struct bf_api_call *call, long http, struct bf_err *err);
    /* After the answers of a turn have been taken and their places filled again: time for work on them while the
     * servers are busy. NULL = none. A status other than BF_OK ends the run. */
    enum bf_status (*flush)(void *user, struct bf_err *err);
    bool (*wanted)(void *user, int64_t index);
    bool (*tick)(void *user, int32_t n_in_flight,
                 double waited_seconds); /* at least each 0.2 s; false = BF_INTERRUPTED */
};

/* `endpoints` as in struct bf_api_options. BF_USAGE for addresses or a key that cannot be. Release after either
 * result. */
BF_MUST_CHECK enum bf_status bf_api_net_init(struct bf_api_net *net, const struct bf_api_options *options,
                                             struct bf_err *err);
void bf_api_net_release(struct bf_api_net *net);

/* Waiting ends: BF_MODEL when no server has answered for give_up_seconds since the first failure, pauses that a server
 * asks for included. What is under way since before that failure is waited for, up to the time-out of a request. */
BF_MUST_CHECK enum bf_status bf_api_run(struct bf_api_net *net, const struct bf_api_work *work, struct bf_err *err);

/* An endpoint that did not answer rests at once. */
void bf_api_net_rest(struct bf_api_net *net, int32_t endpoint, double now);

/* Tell whoever listens. */
void bf_api_notice(const struct bf_api_net *net, bool warning, const char *format, ...) BF_PRINTF(3, 4);

/* "URL: reason; URL: reason" of the endpoints with these roles. */
void bf_api_net_complaints(const struct bf_api_net *net, unsigned roles, struct bf_buf *out);

#endif
