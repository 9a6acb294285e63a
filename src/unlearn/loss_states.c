/* Losses of hidden states. */
#include <math.h>

#include "base/rng.h"
#include "unlearn/loss.h"
#include "base/banned.h"

/* Representation misdirection for unlearning (Li et al., "The WMDP Benchmark", ICML 2024, section 4;
 * github.com/centerforaisafety/wmdp; averaged over tokens and sequences as in open-unlearning's RMU): states of forget
 * texts at one layer are pushed to c u, u a random direction of length 1, states of retain texts are held where the
 * reference has them. Both are the mean squared error of a row. */
double bf_loss_state(float *state, const float *target, size_t n, double scale)
{
    const double factor = 2.0 * scale / (double)n;
    double sum = 0.0;
    for (size_t i = 0; i < n; i++) {
        const double difference = (double)state[i] - (double)target[i];
        sum += difference * difference;
        state[i] = (float)(factor * difference);
    }
    return sum / (double)n;
}

/* Adaptive RMU (Dang et al., "On Effects of Steering Latent Representation for Large Language Model Unlearning", AAAI
 * 2025, arXiv 2408.06223, equation 12): the length follows the state of the reference, so that one coefficient suits
 * any layer and model. The authors' code takes the mean length over the first batch; here it is each token's own. */
void bf_rmu_scaled(float *out, const float *direction, const float *reference, size_t n)
{
    double squares = 0.0;
    for (size_t i = 0; i < n; i++)
        squares += (double)reference[i] * (double)reference[i];
    for (size_t i = 0; i < n; i++)
        out[i] = (float)(sqrt(squares) * (double)direction[i]);
}

void bf_rmu_direction(float *out, size_t n, double coefficient, uint64_t seed)
{
    struct bf_rng rng;
    double squares = 0.0;
    bf_rng_init(&rng, seed);
    for (size_t i = 0; i < n; i++) {
        out[i] = (float)bf_rng_unit(&rng);
        squares += (double)out[i] * (double)out[i];
    }
    for (size_t i = 0; i < n; i++)
        out[i] = (float)(coefficient * (double)out[i] / sqrt(squares));
}
