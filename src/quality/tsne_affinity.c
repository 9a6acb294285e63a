#include <math.h>

#include "quality/tsne_internal.h"
#include "base/banned.h"

enum { STEPS_MAX = 100 };
static const double TOLERANCE = 1e-5;

double bf_perplexity_search(const float *distances, size_t n, double perplexity, double *p)
{
    const double wanted = log(perplexity);
    double low = 0.0;
    double high = INFINITY;
    double beta = 1.0;
    double least = (double)distances[0];
    for (size_t j = 1; j < n; j++)
        least = (double)distances[j] < least ? (double)distances[j] : least;

    double sum = 0.0;
    for (int step = 0;; step++) {
        double spread = 0.0;
        sum = 0.0;
        for (size_t j = 0; j < n; j++) {
            /* From the nearest on: the entropy is the same, and the sum cannot vanish. */
            const double distance = (double)distances[j] - least;
            p[j] = exp(-beta * distance);
            sum += p[j];
            spread += p[j] * distance;
        }
        const double excess = log(sum) + beta * spread / sum - wanted;
        if (fabs(excess) <= TOLERANCE || step == STEPS_MAX)
            break;
        if (excess > 0.0)
            low = beta;
        else
            high = beta;
        beta = isinf(high) ? 2.0 * beta : (low + high) / 2.0;
    }
    for (size_t j = 0; j < n; j++)
        p[j] /= sum;
    return beta;
}
