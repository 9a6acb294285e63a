#include "engine/api_backoff.h"

#include <assert.h>

#include "base/banned.h"

static const double backoff_first = 0.25, backoff_max = 30.0;
static const double rest_first = 0.5, rest_max = 60.0;
static const int64_t retry_after_max = 300;
static const double tell_failing = 2.0, tell_silent = 30.0, tell_pause = 10.0, tell_pause_max = 60.0;

/* first * 2^(n-1), at most `most`, times [0.5, 1.5). */
static double growing(double first, double most, int32_t n, struct bf_rng *rng)
{
    double seconds = first;
    for (int32_t i = 1; i < n && seconds < most; i++)
        seconds *= 2.0;
    seconds = seconds < most ? seconds : most;
    return seconds * (0.5 + bf_rng_unit(rng));
}

double bf_api_backoff(int32_t n_failures, struct bf_rng *rng)
{
    assert(n_failures >= 1);
    return growing(backoff_first, backoff_max, n_failures, rng);
}

double bf_api_retry_after(int64_t seconds)
{
    if (seconds < 0)
        return 0.0;
    return (double)(seconds < retry_after_max ? seconds : retry_after_max);
}

bool bf_api_breaker_allows(const struct bf_api_breaker *b, double now)
{
    return b->n_trips == 0 || (now >= b->rest_until && !b->trying);
}

void bf_api_breaker_sent(struct bf_api_breaker *b)
{
    b->trying = b->n_trips > 0;
}

void bf_api_breaker_dropped(struct bf_api_breaker *b)
{
    b->trying = false;
}

void bf_api_breaker_success(struct bf_api_breaker *b)
{
    *b = (struct bf_api_breaker){0};
}

void bf_api_breaker_failure(struct bf_api_breaker *b, double now, struct bf_rng *rng)
{
    if (b->n_trips > 0 && now < b->rest_until)
        return;
    b->n_failures++;
    b->trying = false;
    if (b->n_trips == 0 && b->n_failures < BF_API_TRIP_FAILURES)
        return;
    b->n_trips++;
    b->rest_until = now + growing(rest_first, rest_max, b->n_trips, rng);
}

void bf_api_patience_begin(struct bf_api_patience *p, double now)
{
    *p = (struct bf_api_patience){.heard = now};
}

void bf_api_patience_failed(struct bf_api_patience *p, double since)
{
    if (p->failing_since <= 0)
        p->failing_since = since > p->heard ? since : p->heard;
}

bool bf_api_patience_answered(struct bf_api_patience *p, double now)
{
    const bool told = p->said > 0;
    *p = (struct bf_api_patience){.heard = now};
    return told;
}

bool bf_api_patience_tells(struct bf_api_patience *p, double now)
{
    const bool failing = p->failing_since > 0 && now - p->failing_since >= tell_failing;
    if (!failing && now - p->heard < tell_silent)
        return false;
    if (p->said > 0 && now - p->said < p->pause)
        return false;
    p->pause = p->said > 0 ? p->pause * 2.0 : tell_pause;
    p->pause = p->pause < tell_pause_max ? p->pause : tell_pause_max;
    p->said = now;
    return true;
}

bool bf_api_patience_over(const struct bf_api_patience *p, double now, double seconds, double oldest)
{
    return p->failing_since > 0 && now - p->failing_since >= seconds && oldest >= p->failing_since;
}
