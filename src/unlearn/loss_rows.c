/* Rows of logits, and what the losses of every kind share. */
#include <math.h>

#include "base/clones.h"
#include "base/fast_exp.h"
#include "unlearn/loss.h"
#include "base/banned.h"

/* Exponentials in float32, every sum in double, in the order of the vocabulary (in a fixed number of partial sums), so
 * that the bits do not depend on anything but the numbers. */

/* NaN when a value is NaN or +inf. */
BF_CLONES static float row_max(const float *logits, size_t n)
{
    float max = -INFINITY;
    int bad = 0;
#pragma omp simd reduction(max : max) reduction(| : bad)
    for (size_t i = 0; i < n; i++) {
        bad |= !(logits[i] < INFINITY);
        max = logits[i] > max ? logits[i] : max;
    }
    return bad ? NAN : max;
}

BF_CLONES static double row_sum(const float *logits, size_t n, float max)
{
    double sum = 0.0;
#pragma omp simd reduction(+ : sum)
    for (size_t i = 0; i < n; i++)
        sum += (double)bf_fast_exp(logits[i] - max);
    return sum;
}

BF_CLONES static void weigh_exponentials(float *logits, size_t n, float max, float scale)
{
#pragma omp simd
    for (size_t i = 0; i < n; i++)
        logits[i] = scale * bf_fast_exp(logits[i] - max);
}

double bf_row_log_sum(const float *logits, size_t n)
{
    const float max = row_max(logits, n);
    if (isnan(max) || isinf(max))
        return max;
    return (double)max + log(row_sum(logits, n, max));
}

double bf_row_nll(const float *logits, size_t n, int32_t label)
{
    const double log_sum = bf_row_log_sum(logits, n);
    if (isinf(log_sum)) /* no token can be: not a distribution */
        return NAN;
    return log_sum - (double)logits[label];
}

void bf_row_nll_gradient(float *logits, size_t n, int32_t label, double weight)
{
    const float max = row_max(logits, n);
    if (!isfinite(max)) {
        for (size_t i = 0; i < n; i++)
            logits[i] = NAN;
        return;
    }
    weigh_exponentials(logits, n, max, (float)(weight / row_sum(logits, n, max)));
    logits[label] = (float)((double)logits[label] - weight);
}

double bf_log_sigmoid(double x)
{
    return x >= 0.0 ? -log1p(exp(-x)) : x - log1p(exp(x));
}

double bf_sigmoid(double x)
{
    return x >= 0.0 ? 1.0 / (1.0 + exp(-x)) : exp(x) / (1.0 + exp(x));
}

enum bf_status bf_loss_check(const struct bf_loss_batch *batch, struct bf_err *err)
{
    if (batch->n == 0)
        return bf_fail(err, BF_INPUT, "the batch has no sequence to take a loss of");
    for (size_t i = 0; i < batch->n; i++) {
        if (batch->n_tokens[i] < 1)
            return bf_fail(err, BF_INPUT,
                           "sequence %zu of the batch has no token to take a loss of: its answer is empty", i + 1);
        if (isnan(batch->nll[i]) || (batch->reference_nll && isnan(batch->reference_nll[i])) ||
            (batch->alternate_nll && isnan(batch->alternate_nll[i])) ||
            (batch->alternate_reference_nll && isnan(batch->alternate_reference_nll[i])))
            return bf_fail(err, BF_MODEL, "the log-probability of sequence %zu of the batch is not a number", i + 1);
    }
    return BF_OK;
}

enum bf_status bf_loss_finite(double loss, const char *name, struct bf_err *err)
{
    if (isfinite(loss))
        return BF_OK;
    return bf_fail(err, BF_MODEL, "the loss (%s) is not finite: the training has diverged", name);
}
