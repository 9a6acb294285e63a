/* AdamW with clipping, and schedules of the learning rate, on plain arrays. Private to unlearn/. For each step:
 * gradients, then the norm of all of them (the root of the sum of bf_gradient_squares), then bf_adamw_step with it.
 *
 * AdamW (Loshchilov and Hutter, ICLR 2019) as torch.optim.AdamW computes it:
 *   w *= 1 - lr * decay;  m = b1 m + (1 - b1) g;  v = b2 v + (1 - b2) g^2
 *   w -= lr / (1 - b1^t) * m / (sqrt(v) / sqrt(1 - b2^t) + epsilon)
 * Clipping as torch.nn.utils.clip_grad_norm_: all gradients are scaled by min(1, max_norm / (norm + 1e-6)). */
#ifndef BF_UNLEARN_OPTIMIZER_H
#define BF_UNLEARN_OPTIMIZER_H
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "unlearn/unlearn.h"

struct bf_adamw_knobs {
    double beta1, beta2; /* [0, 1) */
    double epsilon;      /* > 0 */
    double decay;        /* weight decay, decoupled; 0 = none */
    double max_norm;     /* of all gradients together; 0 = no clipping */
};

/* One parameter: weights and gradient are the graph's, the moments are [n] of the optimiser's. */
struct bf_adamw_tensor {
    float *weights;
    float *gradient;
    float *m, *v;
    size_t n;
    int decays; /* weight decay applies to it */
};

/* The sum of squares of one tensor's gradient. */
double bf_gradient_squares(const struct bf_adamw_tensor *tensor);
/* Step number `step` (from 1) at this learning rate. `norm` is the Euclidean one of all gradients. Gradients are scaled
 * in place when they are clipped. */
void bf_adamw_step(const struct bf_adamw_knobs *knobs, const struct bf_adamw_tensor *tensors, size_t n_tensors,
                   int64_t step, double learning_rate, double norm);

/* ---- schedules ---- */

/* "constant", "linear", "cosine" */
extern const char *const bf_schedule_words[BF_SCHEDULE_COUNT];

/* What the learning rate is multiplied by at `step` (from 0) of n_steps: up from 0 in a line over n_warmup steps, then
 * constant, or down to `floor` (0..1) in a line or half a cosine; as transformers' get_*_schedule_with_warmup. */
double bf_schedule_factor(enum bf_schedule schedule, int64_t step, int64_t n_steps, int64_t n_warmup, double floor);

#endif
