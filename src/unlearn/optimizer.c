#include "unlearn/optimizer.h"

#include <math.h>

#include "base/clones.h"
#include "base/banned.h"

BF_CLONES static double squares_of(const float *gradient, size_t n)
{
    double sum = 0.0;
#pragma omp simd reduction(+ : sum)
    for (size_t i = 0; i < n; i++)
        sum += (double)gradient[i] * (double)gradient[i];
    return sum;
}

double bf_gradient_squares(const struct bf_adamw_tensor *tensor)
{
    return squares_of(tensor->gradient, tensor->n);
}

double bf_gradient_norm(const struct bf_adamw_tensor *tensors, size_t n_tensors)
{
    double sum = 0.0;
    for (size_t t = 0; t < n_tensors; t++)
        sum += bf_gradient_squares(&tensors[t]);
    return sqrt(sum);
}

/* What is the same for every element of a tensor. */
struct adamw {
    float rate, root, b1, b2, c1, c2, epsilon, scale, keep;
};

BF_CLONES static void step_of_tensor(const struct adamw *a, const struct bf_adamw_tensor *tensor)
{
    const float rate = a->rate, root = a->root, b1 = a->b1, b2 = a->b2, c1 = a->c1, c2 = a->c2;
    const float epsilon = a->epsilon, scale = a->scale, keep = a->keep;
    float *restrict w = tensor->weights, *restrict g = tensor->gradient;
    float *restrict m = tensor->m, *restrict v = tensor->v;
#pragma omp simd
    for (size_t i = 0; i < tensor->n; i++) {
        g[i] *= scale;
        m[i] = b1 * m[i] + c1 * g[i];
        v[i] = b2 * v[i] + c2 * g[i] * g[i];
        w[i] = keep * w[i] - rate * m[i] / (sqrtf(v[i]) / root + epsilon);
    }
}

void bf_adamw_step(const struct bf_adamw_knobs *knobs, const struct bf_adamw_tensor *tensors, size_t n_tensors,
                   int64_t step, double learning_rate, double norm)
{
    const double correct1 = 1.0 - pow(knobs->beta1, (double)step);
    const double correct2 = 1.0 - pow(knobs->beta2, (double)step);
    const double clip = knobs->max_norm > 0.0 ? knobs->max_norm / (norm + 1e-6) : 1.0;
    struct adamw a = {.rate = (float)(learning_rate / correct1),
                      .root = (float)sqrt(correct2),
                      .b1 = (float)knobs->beta1,
                      .b2 = (float)knobs->beta2,
                      .c1 = (float)(1.0 - knobs->beta1),
                      .c2 = (float)(1.0 - knobs->beta2),
                      .epsilon = (float)knobs->epsilon,
                      .scale = (float)(clip < 1.0 ? clip : 1.0)};
    for (size_t t = 0; t < n_tensors; t++) {
        a.keep = tensors[t].decays ? (float)(1.0 - learning_rate * knobs->decay) : 1.0F;
        step_of_tensor(&a, &tensors[t]);
    }
}
