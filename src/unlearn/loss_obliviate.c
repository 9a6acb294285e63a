/* The mask of OBLIVIATE (Xu et al., EMNLP 2025, arXiv 2505.04416, section 3.3): the teacher q is the model's own distribution with the
 * target tokens struck out and the rest renormalised; the loss is KL(q || p). The paper names its targets by GPT-4o, a list of
 * words for the whole vocabulary; here the targets are the label at each position, and a list beside it when there is one. The teacher
 * is the frozen reference, so that it stays put while p moves. Distillation (loss_kl.c) and world facts (loss_nll.c) join it
 * in the table of methods. */
#include <math.h>

#include "unlearn/loss.h"
#include "base/banned.h"

static int is_target(size_t i, int32_t label, const unsigned char *targets)
{
    return i == (size_t)label || (targets && targets[i]);
}

/* log sum exp of the reference over what is left. */
static double log_rest(const float *reference, size_t n, int32_t label, const unsigned char *targets)
{
    double max = -INFINITY, sum = 0.0;
    for (size_t i = 0; i < n; i++)
        if (!is_target(i, label, targets) && (double)reference[i] > max)
            max = (double)reference[i];
    if (!isfinite(max))
        return NAN;
    for (size_t i = 0; i < n; i++)
        if (!is_target(i, label, targets))
            sum += exp((double)reference[i] - max);
    return max + log(sum);
}

double bf_loss_mask_row(float *logits, const float *reference, size_t n, int32_t label, const unsigned char *targets,
                        double scale)
{
    const double log_p = bf_row_log_sum(logits, n), log_q = log_rest(reference, n, label, targets);
    double kl = 0.0;
    if (!isfinite(log_p) || !isfinite(log_q))
        return NAN;
    for (size_t i = 0; i < n; i++) {
        const double lp = (double)logits[i] - log_p;
        const double lq = is_target(i, label, targets) ? -INFINITY : (double)reference[i] - log_q;
        const double q = exp(lq);
        if (q > 0.0)
            kl += q * (lq - lp);
        logits[i] = (float)(scale * (exp(lp) - q));
    }
    return kl > 0.0 || isnan(kl) ? kl : 0.0;
}
