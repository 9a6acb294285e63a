/* Two passes over the row: the first finds the k best, with a threshold that lets most blocks of logits be skipped; the
 * second sums the exponentials. Their inner loops are written so that the compiler vectorises them: with batches of 64
 * and a vocabulary of 150,000, the plain form takes more than a tenth of the model's own time. */
#include "engine/sampler.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clones.h"
#include "base/banned.h"

enum { BLOCK = 64, LANES = 16 };

/* exp(x) for x <= 0, relative error about 2e-7 (Cody-Waite reduction, degree-6 polynomial); 0 below -87. */
static inline float exp_nonpositive(float x)
{
    const float magic = 12582912.0f; /* 1.5 * 2^23: adding it rounds to the nearest integer */
    float clamped = x < -87.0f ? -87.0f : x;
    float t = clamped * 1.44269504f + magic;
    float n = t - magic;
    float r = clamped - n * 0.693359375f;
    r = r + n * 2.12194440e-4f;
    float p = 1.9875691500e-4f;
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * r * r + r + 1.0f;
    int32_t bits = ((int32_t)n + 127) << 23;
    float scale;
    memcpy(&scale, &bits, sizeof scale);
    return x < -87.0f ? 0.0f : p * scale;
}

static float block_max(const float *x, int32_t n)
{
    float lane[LANES];
    if (n < LANES) {
        float m = x[0];
        for (int32_t i = 1; i < n; i++)
            m = x[i] > m ? x[i] : m;
        return m;
    }
    for (int j = 0; j < LANES; j++)
        lane[j] = x[j];
    int32_t i = LANES;
    for (; i + LANES <= n; i += LANES)
        for (int j = 0; j < LANES; j++)
            lane[j] = x[i + j] > lane[j] ? x[i + j] : lane[j];
    for (; i < n; i++)
        lane[0] = x[i] > lane[0] ? x[i] : lane[0];
    float m = lane[0];
    for (int j = 1; j < LANES; j++)
        m = lane[j] > m ? lane[j] : m;
    return m;
}

/* Sum of exp(x - max): in float over short stretches, in double across them. Any NaN makes the sum NaN. */
BF_CLONES static double sum_exp(const float *x, int32_t n, float max)
{
    double total = 0.0;
    int32_t i = 0;
    while (i + LANES <= n) {
        int32_t end = n - i > 1024 ? i + 1024 : n;
        float lane[LANES] = {0};
        for (; i + LANES <= end; i += LANES)
            for (int j = 0; j < LANES; j++)
                lane[j] += exp_nonpositive(x[i + j] - max);
        for (int j = 0; j < LANES; j++)
            total += (double)lane[j];
    }
    for (; i < n; i++)
        total += (double)exp_nonpositive(x[i] - max);
    return total;
}

/* NaN compares false both ways, so that a maximum does not notice it; a sum does. */
BF_CLONES static bool has_nan(const float *x, int32_t n)
{
    float lane[LANES] = {0};
    int32_t i = 0;
    for (; i + LANES <= n; i += LANES)
        for (int j = 0; j < LANES; j++)
            lane[j] = x[i + j] != x[i + j] ? 1.0f : lane[j];
    float any = 0.0f;
    for (; i < n; i++)
        any = x[i] != x[i] ? 1.0f : any;
    for (int j = 0; j < LANES; j++)
        any += lane[j];
    return any > 0.0f;
}

double bf_log_sum_exp(const float *logits, int32_t n)
{
    if (n < 1)
        return -INFINITY;
    if (has_nan(logits, n))
        return (double)NAN;
    float max = block_max(logits, n);
    if (isinf(max))
        return (double)max;
    return (double)max + log(sum_exp(logits, n, max));
}

void bf_logp_spread(const float *logits, int32_t n, double lse, double *mean, double *deviation)
{
    double sum = 0.0, squares = 0.0;
    for (int32_t t = 0; t < n; t++) {
        const double logp = (double)logits[t] - lse, p = exp(logp);
        if (p > 0.0) {
            sum += p * logp;
            squares += p * logp * logp;
        }
    }
    const double variance = squares - sum * sum;
    *mean = sum;
    *deviation = variance > 0.0 ? sqrt(variance) : 0.0;
}

/* Is a before b: larger logit, then smaller id? */
static inline bool before(struct bf_candidate a, struct bf_candidate b)
{
    return a.logit > b.logit || (a.logit == b.logit && a.token < b.token);
}

/* Min-heap by `before`: the worst of the best is on top. */
static void sift_down(struct bf_candidate *heap, int32_t n, int32_t i)
{
    for (;;) {
        int32_t worst = i;
        int32_t left = 2 * i + 1;
        if (left < n && before(heap[worst], heap[left]))
            worst = left;
        if (left + 1 < n && before(heap[worst], heap[left + 1]))
            worst = left + 1;
        if (worst == i)
            return;
        struct bf_candidate swap = heap[i];
        heap[i] = heap[worst];
        heap[worst] = swap;
        i = worst;
    }
}

static int compare(const void *a, const void *b)
{
    const struct bf_candidate *x = a;
    const struct bf_candidate *y = b;
    return before(*x, *y) ? -1 : before(*y, *x) ? 1 : 0;
}

/* The k best in order; k <= n. */
BF_CLONES static void best_k(const float *logits, int32_t n, int32_t k, struct bf_candidate *best)
{
    int32_t filled = 0;
    for (; filled < k; filled++)
        best[filled] = (struct bf_candidate){logits[filled], filled};
    for (int32_t i = k / 2 - 1; i >= 0; i--)
        sift_down(best, k, i);
    for (int32_t start = k; start < n; start += BLOCK) {
        int32_t len = n - start < BLOCK ? n - start : BLOCK;
        /* Later ids lose ties, so only a larger logit can enter. */
        if (!(block_max(logits + start, len) > best[0].logit))
            continue;
        for (int32_t i = start; i < start + len; i++) {
            if (logits[i] > best[0].logit) {
                best[0] = (struct bf_candidate){logits[i], i};
                sift_down(best, k, 0);
            }
        }
    }
    qsort(best, (size_t)k, sizeof *best, compare);
}

/* Draw among the first entries of best [k], which is sorted. `total` is the softmax's denominator in units of
 * exp(top / T). Returns false when the nucleus has more than k entries. */
static bool draw(const struct bf_sampler *s, const struct bf_candidate *best, int32_t k, double total, bool whole,
                 double u, struct bf_choice *out)
{
    double inverse = 1.0 / s->temperature;
    double kept = 0.0;
    int32_t n = 0;
    /* An entry stays while the mass before it is below top_p; the first always stays. */
    while (n < k && (n == 0 || kept / total < s->top_p)) {
        kept += exp(((double)best[n].logit - (double)best[0].logit) * inverse);
        n++;
    }
    if (n == k && !whole && kept / total < s->top_p)
        return false;
    double target = u * kept;
    double sum = 0.0;
    int32_t chosen = n - 1;
    double weight = 0.0;
    for (int32_t i = 0; i < n; i++) {
        weight = exp(((double)best[i].logit - (double)best[0].logit) * inverse);
        sum += weight;
        if (target < sum) {
            chosen = i;
            break;
        }
    }
    out->token = best[chosen].token;
    out->p_sampling = (float)(weight / kept);
    return true;
}

bool bf_sample(const struct bf_sampler *s, const float *logits, int32_t n_vocab, double u, struct bf_candidate *scratch,
               struct bf_choice *out)
{
    assert(s->temperature > 0.0 && s->top_p > 0.0 && s->top_p <= 1.0 && u >= 0.0 && u < 1.0);
    struct bf_candidate best[BF_TOP_K_MAX];
    double lse = bf_log_sum_exp(logits, n_vocab);
    if (!isfinite(lse))
        return false;

    bool limited = s->top_k > 0 && s->top_k < n_vocab;
    int32_t k = limited ? s->top_k : (n_vocab < BF_TOP_K_MAX ? n_vocab : BF_TOP_K_MAX);
    bool whole = limited || k == n_vocab;
    best_k(logits, n_vocab, k, best);

    double total = 0.0;
    if (whole) {
        for (int32_t i = 0; i < k; i++)
            total += exp(((double)best[i].logit - (double)best[0].logit) / s->temperature);
    } else {
        for (int32_t i = 0; i < n_vocab; i++)
            total += exp(((double)logits[i] - (double)best[0].logit) / s->temperature);
    }
    if (!draw(s, best, k, total, whole, u, out)) {
        /* A nucleus wider than the heap: sort everything. Rare, and only with top-k off. */
        for (int32_t i = 0; i < n_vocab; i++)
            scratch[i] = (struct bf_candidate){logits[i], i};
        qsort(scratch, (size_t)n_vocab, sizeof *scratch, compare);
        draw(s, scratch, n_vocab, total, true, u, out);
    }
    out->logp_model = (float)((double)logits[out->token] - lse);
    return true;
}
