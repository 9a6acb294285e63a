#include "eval/truth_ratio.h"

#include <float.h>
#include <math.h>

#include "base/banned.h"

static double mean(const double *values, size_t n)
{
    double sum = 0.0;
    for (size_t i = 0; i < n; i++)
        sum += values[i];
    return sum / (double)n;
}

double bf_truth_ratio(double paraphrased, const double *perturbed, size_t n_perturbed)
{
    /* For a model that has diverged it may overflow to infinity, which JSON cannot hold; no metric distinguishes it
     * from the largest. */
    return fmin(exp(mean(perturbed, n_perturbed) - paraphrased), DBL_MAX);
}

double bf_truth_ratio_forget(double r)
{
    return r > 1.0 ? 1.0 / r : r;
}

double bf_truth_ratio_utility(double r)
{
    return r > 1.0 ? 1.0 - 1.0 / r : 0.0;
}

double bf_probability_among(double answer, const double *perturbed, size_t n_perturbed)
{
    /* Relative to the answer, so that the smallest probabilities do not vanish. */
    double sum = 1.0;
    for (size_t i = 0; i < n_perturbed; i++)
        sum += exp(answer - perturbed[i]);
    return 1.0 / sum;
}

enum bf_status bf_harmonic_mean(const double *values, size_t n, double *out, struct bf_err *err)
{
    double sum = 0.0;
    if (n == 0)
        return bf_fail(err, BF_INPUT, "a harmonic mean needs at least one value");
    for (size_t i = 0; i < n; i++) {
        if (!(values[i] >= 0.0) || !isfinite(values[i]))
            return bf_fail(err, BF_INPUT, "value %zu of a harmonic mean is %g; each must be 0 or above", i + 1,
                           values[i]);
        sum += 1.0 / values[i];
    }
    *out = isfinite(sum) ? (double)n / sum : 0.0;
    return BF_OK;
}
