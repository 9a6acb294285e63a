/* Negative preference optimisation (Zhang et al., "Negative Preference Optimization: From Catastrophic Collapse to Effective
 * Unlearning", COLM 2024, equation 3; open-unlearning NPO):
 *   loss = -(2/beta) mean_i log sigmoid(-beta (log p_i - log r_i)),
 * log p_i summed over the tokens of sequence i. As beta -> 0 it becomes gradient ascent; where p has forgotten (log p << log r) its
 * gradient fades, which is what keeps it from collapsing. */
#include "unlearn/loss.h"
#include "base/banned.h"

enum bf_status bf_loss_npo(const struct bf_loss_batch *batch, const struct bf_loss_knobs *knobs, double *loss,
                           double *weight, double *alternate_weight, struct bf_err *err)
{
    (void)alternate_weight;
    const enum bf_status status = bf_loss_check(batch, err);
    const double n = (double)batch->n;
    double sum = 0.0;
    if (status != BF_OK)
        return status;
    for (size_t i = 0; i < batch->n; i++) {
        const double x = knobs->beta * (batch->nll[i] - batch->reference_nll[i]);
        sum += bf_log_sigmoid(x);
        weight[i] = -2.0 * bf_sigmoid(-x) / n;
    }
    *loss = -2.0 / knobs->beta * sum / n;
    return bf_loss_finite(*loss, "npo", err);
}
