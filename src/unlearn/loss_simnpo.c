/* SimNPO (Fan et al., "Simplicity Prevails: Rethinking Negative Preference Optimization for LLM Unlearning", 2024, arXiv 2410.07163;
 * open-unlearning SimNPO): NPO without a reference, normalised by length,
 *   loss = -(2/beta) mean_i log sigmoid(beta (NLL_i / |y_i| - delta)). */
#include "unlearn/loss.h"
#include "base/banned.h"

enum bf_status bf_loss_simnpo(const struct bf_loss_batch *batch, const struct bf_loss_knobs *knobs, double *loss,
                              double *weight, double *alternate_weight, struct bf_err *err)
{
    (void)alternate_weight;
    const enum bf_status status = bf_loss_check(batch, err);
    const double n = (double)batch->n;
    double sum = 0.0;
    if (status != BF_OK)
        return status;
    for (size_t i = 0; i < batch->n; i++) {
        const double n_tokens = (double)batch->n_tokens[i];
        const double x = knobs->beta * (batch->nll[i] / n_tokens - knobs->delta);
        sum += bf_log_sigmoid(x);
        weight[i] = -2.0 * bf_sigmoid(-x) / (n * n_tokens);
    }
    *loss = -2.0 / knobs->beta * sum / n;
    return bf_loss_finite(*loss, "simnpo", err);
}
