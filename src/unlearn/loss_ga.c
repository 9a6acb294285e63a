/* Gradient ascent: -NLL of the forget set (Jang et al., "Knowledge Unlearning for Mitigating Privacy Risks in Language Models", ACL
 * 2023; open-unlearning GradAscent). With a retain term beside it, it is gradient difference (Liu, Liu and Stone, "Continual
 * Learning and Private Unlearning", CoLLAs 2022; open-unlearning GradDiff): the sum is made by the table of methods. */
#include "unlearn/loss.h"
#include "base/banned.h"

enum bf_status bf_loss_ga(const struct bf_loss_batch *batch, const struct bf_loss_knobs *knobs, double *loss,
                          double *weight, double *alternate_weight, struct bf_err *err)
{
    const enum bf_status status = bf_loss_nll(batch, knobs, loss, weight, alternate_weight, err);
    if (status != BF_OK)
        return status;
    *loss = -*loss;
    for (size_t i = 0; i < batch->n; i++)
        weight[i] = -weight[i];
    return BF_OK;
}
