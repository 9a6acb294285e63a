/* One attempt to send a request to an endpoint: it is sent, it ends, and it is judged. The loop over all requests is
 * api_net.c. Private to these two files. */
#ifndef BF_ENGINE_API_ATTEMPT_H
#define BF_ENGINE_API_ATTEMPT_H
#include <curl/curl.h>
#include <stdbool.h>
#include <stdint.h>

#include "engine/api_net.h"

struct bf_api_slot {
    bool used, under_way;
    struct bf_api_call call;
    CURL *easy;           /* while under way */
    struct bf_buf answer; /* while under way */
    int32_t endpoint;     /* of the last attempt; -1 = none yet */
    int32_t n_failures;   /* those that count against the request */
    int32_t n_pauses;     /* after failures of any kind; each pause is longer than the last */
    double due;           /* when to send it, while it waits */
    double sent;          /* when the last attempt was sent */
    bool away;            /* waits until an endpoint is back, not for its own pause */
    char curl_text[CURL_ERROR_SIZE];
};

struct bf_api_loop {
    struct bf_api_net *net;
    const struct bf_api_work *work;
    struct bf_err *err;
    CURLM *multi;
    struct bf_api_slot *slots; /* [work->n_parallel] */
    int32_t n_used, n_under_way;
    bool ended; /* the source has returned END */
    struct bf_api_patience patience;
    bool cannot_connect;   /* the last failure made no connection */
    bool delivered;        /* in this turn: slots are free, so ask the source before waiting */
    double waited_seconds; /* spent in poll */
};

/* What became of an attempt. */
enum bf_api_outcome {
    BF_API_ANSWERED,
    BF_API_REFUSED, /* final for this request */
    BF_API_FATAL,   /* final for the run */
    BF_API_FAILED,  /* counts against the request and the endpoint */
    BF_API_BUSY,    /* a live server asks to wait: counts against nobody */
    BF_API_AWAY /* no connection, or a server that says it is not ready: the endpoint's failure, not the request's */
};

static inline struct bf_api_endpoint *bf_api_endpoint_of(struct bf_api_loop *r, const struct bf_api_slot *s)
{
    return &r->net->endpoints[s->endpoint];
}

/* Send the slot's request to this endpoint, chosen by the caller; the slot is under way until bf_api_attempt_end. */
void bf_api_attempt_send(struct bf_api_loop *r, struct bf_api_slot *s, int32_t endpoint);
/* Close the connection of a slot that is under way and drop its answer. The request stays in the slot. */
void bf_api_attempt_end(struct bf_api_loop *r, struct bf_api_slot *s);
/* What became of an attempt that curl reports done with `code`. why [BF_API_WHY_MAX] gets the reason of a failure, ""
 * when answered; r->err is filled for REFUSED and FATAL. */
enum bf_api_outcome bf_api_attempt_judge(struct bf_api_loop *r, struct bf_api_slot *s, CURLcode code, char *why);

#endif
