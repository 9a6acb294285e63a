/* Losses of a token: functions of its NLL. */
#include <math.h>

#include "unlearn/loss.h"
#include "base/banned.h"

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
