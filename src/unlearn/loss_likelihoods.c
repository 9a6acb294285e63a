/* Losses of likelihoods: of a token, functions of its NLL; of sequences, functions of their log-probabilities. */
#include <math.h>

#include "unlearn/loss.h"
#include "base/banned.h"

/* ---- of a token ---- */

/* The negative log-likelihood of the labels, the mean over all tokens of the batch: what language models are trained
 * with, and the usual retain term (open-unlearning: retain_loss_type NLL, the cross-entropy of transformers). */
double bf_loss_nll(double nll, const struct bf_loss_knobs *knobs, double *slope)
{
    (void)knobs;
    *slope = 1.0;
    return nll;
}

/* Gradient ascent: -NLL of the forget set (Jang et al., "Knowledge Unlearning for Mitigating Privacy Risks in Language
 * Models", ACL 2023; open-unlearning GradAscent). With a retain term beside it, it is gradient difference (Liu, Liu and
 * Stone, "Continual Learning and Private Unlearning", CoLLAs 2022; open-unlearning GradDiff): the sum is made by the
 * table of methods. */
double bf_loss_ga(double nll, const struct bf_loss_knobs *knobs, double *slope)
{
    (void)knobs;
    *slope = -1.0;
    return -nll;
}

/* What weighs a token's ascent is a number, not a function of p: its gradient is left out (in PyTorch, detach). 0 times
 * an NLL that is infinite is 0. */
static double weighed_ascent(double nll, double weight, double *slope)
{
    *slope = -weight;
    return weight > 0.0 ? -weight * nll : isnan(weight) ? weight : 0.0;
}

/* Weighted gradient ascent (Wang et al., "Rethinking LLM Unlearning Objectives: A Gradient Perspective and Go Beyond",
 * ICLR 2025, arXiv 2502.19301; open-unlearning WGA): -p^beta NLL, so that a token that is forgotten is not pushed on.
 */
double bf_loss_wga(double nll, const struct bf_loss_knobs *knobs, double *slope)
{
    return weighed_ascent(nll, exp(-knobs->beta * nll), slope);
}

/* SatImp (Yang et al., "Exploring Criteria of Loss Reweighting to Enhance LLM Unlearning", ICML 2025, arXiv 2505.11953;
 * open-unlearning SatImp): -p^beta (1 - p)^importance NLL. The first factor is saturation, as above; the second spares
 * tokens that are sure in any text. */
double bf_loss_satimp(double nll, const struct bf_loss_knobs *knobs, double *slope)
{
    return weighed_ascent(nll, exp(-knobs->beta * nll) * pow(-expm1(-nll), knobs->importance), slope);
}

/* ---- of sequences ---- */

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
