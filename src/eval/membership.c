#include "eval/membership.h"

#include <math.h>
#include <stdlib.h>
#include <zlib.h>

#include "base/mem.h"
#include "base/banned.h"

static int by_value(const void *a, const void *b)
{
    const float x = *(const float *)a;
    const float y = *(const float *)b;
    return (x > y) - (x < y);
}

double bf_min_k_score(const float *logp, size_t n, double k_percent)
{
    float *sorted = bf_array(n, sizeof *sorted);
    for (size_t i = 0; i < n; i++)
        sorted[i] = logp[i];
    qsort(sorted, n, sizeof *sorted, by_value);
    /* As Python's int(n * ratio), whose ratio is k/100 in binary. */
    size_t k = (size_t)((double)n * (k_percent / 100.0));
    k = k < 1 ? 1 : k < n ? k : n;
    double sum = 0.0;
    for (size_t i = 0; i < k; i++)
        sum += (double)sorted[i];
    free(sorted);
    return -sum / (double)k;
}

double bf_min_k_plus_score(const float *logp, const float *mean, const float *deviation, size_t n, double k_percent)
{
    float *scores = bf_array(n, sizeof *scores);
    for (size_t i = 0; i < n; i++) {
        const double variance = (double)deviation[i] * (double)deviation[i];
        scores[i] = (float)(((double)logp[i] - (double)mean[i]) / sqrt(variance > 1e-6 ? variance : 1e-6));
    }
    const double score = bf_min_k_score(scores, n, k_percent);
    free(scores);
    return score;
}

double bf_mean_nll(const float *logp, size_t n)
{
    double sum = 0.0;
    for (size_t i = 0; i < n; i++)
        sum += (double)logp[i];
    return -sum / (double)n;
}

enum bf_status bf_zlib_length(const char *text, size_t n_bytes, size_t *out, struct bf_err *err)
{
    uLongf length = compressBound((uLong)n_bytes);
    unsigned char *compressed = bf_try_array(length, 1);
    const int code =
        compressed ? compress2(compressed, &length, (const unsigned char *)text, (uLong)n_bytes, Z_DEFAULT_COMPRESSION)
                   : Z_MEM_ERROR;
    free(compressed);
    if (code != Z_OK)
        return bf_fail(err, BF_INPUT, "cannot compress a text of %zu bytes: out of memory", n_bytes);
    *out = (size_t)length;
    return BF_OK;
}

enum bf_status bf_privleak(double auc, double retrained, double *out, struct bf_err *err)
{
    if (!(retrained > 0.0 && retrained <= 1.0))
        return bf_fail(err, BF_INPUT,
                       "the retrained model's AUC is %g, and PrivLeak divides by it; it must be above 0 and at most 1",
                       retrained);
    *out = 100.0 * (auc - retrained) / retrained;
    return BF_OK;
}
