/* Direct preference optimisation with alternate answers ("I don't know") as the preferred ones (Rafailov et al., NeurIPS 2023; for
 * unlearning Zhang et al., COLM 2024; scaled by 2/beta as in open-unlearning's DPO):
 *   loss = -(2/beta) mean_i log sigmoid(beta ((log p - log r)(alternate_i) - (log p - log r)(answer_i))). */
#include "unlearn/loss.h"
#include "base/banned.h"

enum bf_status bf_loss_dpo(const struct bf_loss_batch *batch, const struct bf_loss_knobs *knobs, double *loss,
                           double *weight, double *alternate_weight, struct bf_err *err)
{
    const enum bf_status status = bf_loss_check(batch, err);
    const double n = (double)batch->n;
    double sum = 0.0;
    if (status != BF_OK)
        return status;
    for (size_t i = 0; i < batch->n; i++) {
        const double answer = batch->nll[i] - batch->reference_nll[i];
        const double alternate = batch->alternate_nll[i] - batch->alternate_reference_nll[i];
        const double x = knobs->beta * (answer - alternate);
        sum += bf_log_sigmoid(x);
        weight[i] = -2.0 * bf_sigmoid(-x) / n;
        alternate_weight[i] = -weight[i];
    }
    *loss = -2.0 / knobs->beta * sum / n;
    return bf_loss_finite(*loss, "dpo", err);
}
