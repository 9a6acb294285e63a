#include "unlearn/optimizer.h"

#include <math.h>

#include "base/banned.h"

double bf_gradient_squares(const struct bf_adamw_tensor *tensor)
{
    double sum = 0.0;
    const float *gradient = tensor->gradient;
#pragma omp simd reduction(+ : sum)
    for (size_t i = 0; i < tensor->n; i++)
        sum += (double)gradient[i] * (double)gradient[i];
    return sum;
}

double bf_gradient_norm(const struct bf_adamw_tensor *tensors, size_t n_tensors)
{
    double sum = 0.0;
    for (size_t t = 0; t < n_tensors; t++)
        sum += bf_gradient_squares(&tensors[t]);
    return sqrt(sum);
}

void bf_adamw_step(const struct bf_adamw_knobs *knobs, const struct bf_adamw_tensor *tensors, size_t n_tensors,
                   int64_t step, double learning_rate, double norm)
{
    const double correct1 = 1.0 - pow(knobs->beta1, (double)step);
    const double correct2 = 1.0 - pow(knobs->beta2, (double)step);
    const float rate = (float)(learning_rate / correct1), root = (float)sqrt(correct2);
    const float b1 = (float)knobs->beta1, b2 = (float)knobs->beta2, epsilon = (float)knobs->epsilon;
    const float c1 = (float)(1.0 - knobs->beta1), c2 = (float)(1.0 - knobs->beta2);
    double clip = knobs->max_norm > 0.0 ? knobs->max_norm / (norm + 1e-6) : 1.0;
    const float scale = (float)(clip < 1.0 ? clip : 1.0);
    for (size_t t = 0; t < n_tensors; t++) {
        const float keep = tensors[t].decays ? (float)(1.0 - learning_rate * knobs->decay) : 1.0F;
        float *restrict w = tensors[t].weights, *restrict g = tensors[t].gradient;
        float *restrict m = tensors[t].m, *restrict v = tensors[t].v;
#pragma omp simd
        for (size_t i = 0; i < tensors[t].n; i++) {
            g[i] *= scale;
            m[i] = b1 * m[i] + c1 * g[i];
            v[i] = b2 * v[i] + c2 * g[i] * g[i];
            w[i] = keep * w[i] - rate * m[i] / (sqrtf(v[i]) / root + epsilon);
        }
    }
}
