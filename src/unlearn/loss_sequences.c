/* Losses over sequences: functions of their log-probabilities. */
#include <math.h>

#include "unlearn/loss.h"
#include "base/banned.h"

/* Negative preference optimisation (Zhang et al., "Negative Preference Optimization: From Catastrophic Collapse to
 * Effective Unlearning", COLM 2024, equation 3; open-unlearning NPO):
 *   loss = -(2/beta) mean_i log sigmoid(-beta (log p_i - log r_i)),
 * log p_i summed over the tokens of sequence i. As beta -> 0 it becomes gradient ascent; where p has forgotten (log p
 * << log r) its gradient fades, which is what keeps it from collapsing. The log-ratio of a long text passes 1/beta
 * within a few steps, whatever is forgotten of it; knobs->per_token takes the log-ratio by the number of tokens
 * instead. */
void bf_loss_npo(const struct bf_loss_batch *batch, const struct bf_loss_knobs *knobs, double *loss, double *weight,
                 double *alternate_weight)
{
    (void)alternate_weight;
    const double n = (double)batch->n;
    double sum = 0.0;
    for (size_t i = 0; i < batch->n; i++) {
        const double length = knobs->per_token ? (double)batch->n_tokens[i] : 1.0;
        const double x = knobs->beta * (batch->nll[i] - batch->reference_nll[i]) / length;
        sum += bf_log_sigmoid(x);
        weight[i] = -2.0 * bf_sigmoid(-x) / (n * length);
    }
    *loss = -2.0 / knobs->beta * sum / n;
}

/* SimNPO (Fan et al., "Simplicity Prevails: Rethinking Negative Preference Optimization for LLM Unlearning", 2024,
 * arXiv 2410.07163; open-unlearning SimNPO): NPO without a reference, normalised by length,
 *   loss = -(2/beta) mean_i log sigmoid(beta (NLL_i / |y_i| - delta)). */
void bf_loss_simnpo(const struct bf_loss_batch *batch, const struct bf_loss_knobs *knobs, double *loss, double *weight,
                    double *alternate_weight)
{
    (void)alternate_weight;
    const double n = (double)batch->n;
    double sum = 0.0;
    for (size_t i = 0; i < batch->n; i++) {
        const double n_tokens = (double)batch->n_tokens[i];
        const double x = knobs->beta * (batch->nll[i] / n_tokens - knobs->delta);
        sum += bf_log_sigmoid(x);
        weight[i] = -2.0 * bf_sigmoid(-x) / (n * n_tokens);
    }
    *loss = -2.0 / knobs->beta * sum / n;
}

/* Direct preference optimisation with alternate answers ("I don't know") as the preferred ones (Rafailov et al.,
 * NeurIPS 2023; for unlearning Zhang et al., COLM 2024; scaled by 2/beta as in open-unlearning's DPO):
 *   loss = -(2/beta) mean_i log sigmoid(beta ((log p - log r)(alternate_i) - (log p - log r)(answer_i))). */
void bf_loss_dpo(const struct bf_loss_batch *batch, const struct bf_loss_knobs *knobs, double *loss, double *weight,
                 double *alternate_weight)
{
    const double n = (double)batch->n;
    double sum = 0.0;
    for (size_t i = 0; i < batch->n; i++) {
        const double answer = batch->nll[i] - batch->reference_nll[i];
        const double alternate = batch->alternate_nll[i] - batch->alternate_reference_nll[i];
        const double x = knobs->beta * (answer - alternate);
        sum += bf_log_sigmoid(x);
        weight[i] = -2.0 * bf_sigmoid(-x) / n;
        alternate_weight[i] = -weight[i];
    }
    *loss = -2.0 / knobs->beta * sum / n;
}
