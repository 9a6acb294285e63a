/* When to ask again, and when not to wait longer. Pure: time comes in as seconds of bf_seconds(), randomness as a
 * generator. */
#ifndef BF_ENGINE_API_BACKOFF_H
#define BF_ENGINE_API_BACKOFF_H
#include <stdbool.h>
#include <stdint.h>

#include "base/rng.h"

/* Pause before attempt `n_failures` + 1 of a request, n_failures >= 1: 0.25 s doubled each time, at most 30 s, times a
 * random factor in [0.5, 1.5) so that requests which failed together do not come back together. */
double bf_api_backoff(int32_t n_failures, struct bf_rng *rng);

/* What a server's Retry-After is taken as: at least 0, at most 300 s. */
double bf_api_retry_after(int64_t seconds);

/* The circuit breaker of an endpoint. Closed, requests pass. After BF_API_TRIP_FAILURES failures one after another it
 * rests, 0.5 s at first and twice as long each time, at most 60 s, with the same random factor; then one request at a
 * time tries whether it is back. All zero is the closed state. */
enum { BF_API_TRIP_FAILURES = 5 };

struct bf_api_breaker {
    int32_t n_failures; /* one after another */
    int32_t n_trips;    /* rests one after another; 0 = closed */
    double rest_until;  /* while n_trips > 0 */
    bool trying;        /* the one request after a rest is under way */
};

bool bf_api_breaker_allows(const struct bf_api_breaker *b, double now);
void bf_api_breaker_sent(struct bf_api_breaker *b);
void bf_api_breaker_dropped(struct bf_api_breaker *b); /* a request was cancelled without an outcome */
void bf_api_breaker_success(struct bf_api_breaker *b);
/* Failures that arrive while it rests are late news of the same event and change nothing. */
void bf_api_breaker_failure(struct bf_api_breaker *b, double now, struct bf_rng *rng);

/* How long servers have been waited for. */
struct bf_api_patience {
    double heard;         /* the last answer; at first the beginning */
    double failing_since; /* the first failure after it; 0 = none */
    double said;          /* when a person was told last; 0 = not since `heard` */
    double pause;         /* until they are told again */
};
void bf_api_patience_begin(struct bf_api_patience *p, double now);
/* An attempt failed; it counts from `since` on, when it was sent or when it failed. */
void bf_api_patience_failed(struct bf_api_patience *p, double since);
/* true when a person was told of the wait that ends here. */
bool bf_api_patience_answered(struct bf_api_patience *p, double now);
/* Is it time to tell? After 2 s of failures or 30 s of silence, then in growing pauses of at most a minute. Counts as
 * told. */
bool bf_api_patience_tells(struct bf_api_patience *p, double now);
/* Has nothing answered for `seconds` since the first failure? A request under way from before it may still: `oldest` is
 * when the first of those under way was sent, INFINITY when there is none. */
bool bf_api_patience_over(const struct bf_api_patience *p, double now, double seconds, double oldest);

#endif
