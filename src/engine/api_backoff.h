/* When to send a request again, and when to stop waiting. Pure functions: the caller passes time, as seconds of
 * bf_seconds(), and a random number generator. */
#ifndef BF_ENGINE_API_BACKOFF_H
#define BF_ENGINE_API_BACKOFF_H
#include <stdbool.h>
#include <stdint.h>

#include "base/rng.h"

/* Pause before attempt `n_failures` + 1 of a request, n_failures >= 1: 0.25 s doubled each time, at most 30 s, times a
 * random factor in [0.5, 1.5) so that requests which failed together do not come back together. */
double bf_api_backoff(int32_t n_failures, struct bf_rng *rng);

/* A server's Retry-After, limited to 0 to 300 s. */
double bf_api_retry_after(int64_t seconds);

/* The circuit breaker of an endpoint. While it is closed, requests pass. After BF_API_TRIP_FAILURES failures in a row
 * it rests, for 0.5 s at first and twice as long each time, at most 60 s, with the same random factor; then one request
 * at a time tries whether the endpoint is back. All zero is the closed state. */
enum { BF_API_TRIP_FAILURES = 5 };

struct bf_api_breaker {
    int32_t n_failures; /* in a row */
    int32_t n_trips;    /* rests in a row; 0 = closed */
    double rest_until;  /* while n_trips > 0 */
    bool trying;        /* the one request after a rest is under way */
};

bool bf_api_breaker_allows(const struct bf_api_breaker *b, double now);
void bf_api_breaker_sent(struct bf_api_breaker *b);
void bf_api_breaker_dropped(struct bf_api_breaker *b); /* a request was cancelled before its outcome was known */
void bf_api_breaker_success(struct bf_api_breaker *b);
/* A failure during a rest belongs to a request that was sent before it, and changes nothing. */
void bf_api_breaker_failure(struct bf_api_breaker *b, double now, struct bf_rng *rng);

/* How long the run has been waiting for its servers. */
struct bf_api_patience {
    double heard;         /* time of the last answer, or the start */
    double failing_since; /* time of the first failure since; 0 = none */
    double said;          /* time of the last notice; 0 = none since `heard` */
    double pause;         /* until the next notice */
};
void bf_api_patience_begin(struct bf_api_patience *p, double now);
/* An attempt failed. It counts from `since`: when it was sent, or when it failed. */
void bf_api_patience_failed(struct bf_api_patience *p, double since);
/* An answer came. true: there was a notice about the wait that ends here. */
bool bf_api_patience_answered(struct bf_api_patience *p, double now);
/* Is it time for a notice? After 2 s of failures or 30 s of silence, then in growing pauses of at most a minute. true
 * counts as given. */
bool bf_api_patience_tells(struct bf_api_patience *p, double now);
/* Has no answer come for `seconds` since the first failure? A request that was sent before it may still be answered:
 * `oldest` is when the oldest one under way was sent, INFINITY when there is none. */
bool bf_api_patience_over(const struct bf_api_patience *p, double now, double seconds, double oldest);

#endif
