/* The negative log-likelihood of the labels, the mean over all tokens of the batch: what language models are trained with, and the usual
 * retain term (open-unlearning: retain_loss_type NLL, the cross-entropy of transformers). */
#include "unlearn/loss.h"
#include "base/banned.h"

enum bf_status bf_loss_nll(const struct bf_loss_batch *batch, const struct bf_loss_knobs *knobs, double *loss,
                           double *weight, double *alternate_weight, struct bf_err *err)
{
    (void)knobs, (void)alternate_weight;
    const enum bf_status status = bf_loss_check(batch, err);
    double sum = 0.0, n_tokens = 0.0;
    if (status != BF_OK)
        return status;
    for (size_t i = 0; i < batch->n; i++) {
        sum += batch->nll[i];
        n_tokens += (double)batch->n_tokens[i];
    }
    for (size_t i = 0; i < batch->n; i++)
        weight[i] = 1.0 / n_tokens;
    *loss = sum / n_tokens;
    return bf_loss_finite(*loss, "nll", err);
}
