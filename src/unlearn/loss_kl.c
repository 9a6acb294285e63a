/* KL(r || p), the reference as the teacher: a retain term (Maini et al., "TOFU", 2024, KL minimisation; open-unlearning:
 * retain_loss_type KL), and OBLIVIATE's distillation. Of p alone it is the cross-entropy with soft labels, so the gradient is p - r. */
#include <math.h>

#include "unlearn/loss.h"
#include "base/banned.h"

double bf_loss_kl_row(float *logits, const float *reference, size_t n, double scale)
{
    const double log_p = bf_row_log_sum(logits, n), log_r = bf_row_log_sum(reference, n);
    double kl = 0.0;
    if (!isfinite(log_p) || !isfinite(log_r))
        return NAN;
    for (size_t i = 0; i < n; i++) {
        const double lr = (double)reference[i] - log_r;
        const double lp = (double)logits[i] - log_p;
        const double r = exp(lr);
        if (r > 0.0)
            kl += r * (lr - lp);
        logits[i] = (float)(scale * (exp(lp) - r));
    }
    return kl > 0.0 || isnan(kl) ? kl : 0.0; /* rounding may leave -1e-17 of equal distributions */
}
