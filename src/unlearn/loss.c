/* The losses, and the rows of logits that they are made of. */
#include <math.h>

#include "base/clones.h"
#include "base/fast_exp.h"
#include "base/rng.h"
#include "unlearn/loss.h"
#include "base/banned.h"

/* ---- rows of logits ----
 * Exponentials in float32, every sum in double, in the order of the vocabulary (in a fixed number of partial sums), so
 * that the bits do not depend on anything but the numbers. */

/* NaN when a value is NaN or +inf. */
BF_CLONES static float row_max(const float *logits, size_t n)
{
    float max = -INFINITY;
    int bad = 0;
#pragma omp simd reduction(max : max) reduction(| : bad)
    for (size_t i = 0; i < n; i++) {
        bad |= !(logits[i] < INFINITY);
        max = logits[i] > max ? logits[i] : max;
    }
    return bad ? NAN : max;
}

BF_CLONES static double row_sum(const float *logits, size_t n, float max)
{
    double sum = 0.0;
#pragma omp simd reduction(+ : sum)
    for (size_t i = 0; i < n; i++)
        sum += (double)bf_fast_exp(logits[i] - max);
    return sum;
}

BF_CLONES static void weigh_exponentials(float *logits, size_t n, float max, float scale)
{
#pragma omp simd
    for (size_t i = 0; i < n; i++)
        logits[i] = scale * bf_fast_exp(logits[i] - max);
}

double bf_row_log_sum(const float *logits, size_t n)
{
    const float max = row_max(logits, n);
    if (isnan(max) || isinf(max))
        return max;
    return (double)max + log(row_sum(logits, n, max));
}

double bf_row_nll(const float *logits, size_t n, int32_t label)
{
    const double log_sum = bf_row_log_sum(logits, n);
    if (isinf(log_sum)) /* no token can be: not a distribution */
        return NAN;
    return log_sum - (double)logits[label];
}

void bf_row_nll_gradient(float *logits, size_t n, int32_t label, double weight)
{
    const float max = row_max(logits, n);
    if (!isfinite(max)) {
        for (size_t i = 0; i < n; i++)
            logits[i] = NAN;
        return;
    }
    weigh_exponentials(logits, n, max, (float)(weight / row_sum(logits, n, max)));
    logits[label] = (float)((double)logits[label] - weight);
}

double bf_log_sigmoid(double x)
{
    return x >= 0.0 ? -log1p(exp(-x)) : x - log1p(exp(x));
}

double bf_sigmoid(double x)
{
    return x >= 0.0 ? 1.0 / (1.0 + exp(-x)) : exp(x) / (1.0 + exp(x));
}

enum bf_status bf_loss_check(const struct bf_loss_batch *batch, struct bf_err *err)
{
    if (batch->n == 0)
        return bf_fail(err, BF_INPUT, "the batch has no sequence to take a loss of");
    for (size_t i = 0; i < batch->n; i++) {
        if (batch->n_tokens[i] < 1)
            return bf_fail(err, BF_INPUT,
                           "sequence %zu of the batch has no token to take a loss of: its answer is empty", i + 1);
        if (isnan(batch->nll[i]) || (batch->reference_nll && isnan(batch->reference_nll[i])) ||
            (batch->alternate_nll && isnan(batch->alternate_nll[i])) ||
            (batch->alternate_reference_nll && isnan(batch->alternate_reference_nll[i])))
            return bf_fail(err, BF_MODEL, "the log-probability of sequence %zu of the batch is not a number", i + 1);
    }
    return BF_OK;
}

enum bf_status bf_loss_finite(double loss, const char *name, struct bf_err *err)
{
    if (isfinite(loss))
        return BF_OK;
    return bf_fail(err, BF_MODEL, "the loss (%s) is not finite: the training has diverged", name);
}

/* ---- losses of a token ---- */

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

/* ---- losses over sequences ---- */

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

/* ---- losses over distributions and states, a row at a time ---- */

/* KL(r || p), the reference as the teacher: a retain term (Maini et al., "TOFU", 2024, KL minimisation;
 * open-unlearning: retain_loss_type KL), and OBLIVIATE's distillation. Of p alone it is the cross-entropy with soft
 * labels, so the gradient is p - r. */
double bf_loss_kl(float *logits, const float *reference, size_t n, int32_t label, double scale)
{
    (void)label;
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

/* The mask of OBLIVIATE (Xu et al., EMNLP 2025, arXiv 2505.04416, section 3.3): the teacher q is the model's own
 * distribution with the target tokens struck out and the rest renormalised; the loss is KL(q || p). The paper names its
 * targets by GPT-4o, a list of words for the whole vocabulary; here the targets are the label at each position, and a
 * list beside it when there is one. The teacher is the frozen reference, so that it stays put while p moves.
 * Distillation (KL) and world facts (NLL) join it in the table of methods. */
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

double bf_loss_mask_targets(float *logits, const float *reference, size_t n, int32_t label,
                            const unsigned char *targets, double scale)
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

double bf_loss_mask(float *logits, const float *reference, size_t n, int32_t label, double scale)
{
    return bf_loss_mask_targets(logits, reference, n, label, NULL, scale);
}

/* Representation misdirection for unlearning (Li et al., "The WMDP Benchmark", ICML 2024, section 4;
 * github.com/centerforaisafety/wmdp; averaged over tokens and sequences as in open-unlearning's RMU): states of forget
 * texts at one layer are pushed to c u, u a random direction of length 1, states of retain texts are held where the
 * reference has them. Both are the mean squared error of a row. */
double bf_loss_state(float *state, const float *target, size_t n, double scale)
{
    const double factor = 2.0 * scale / (double)n;
    double sum = 0.0;
    for (size_t i = 0; i < n; i++) {
        const double difference = (double)state[i] - (double)target[i];
        sum += difference * difference;
        state[i] = (float)(factor * difference);
    }
    return sum / (double)n;
}

void bf_rmu_direction(float *out, size_t n, double coefficient, uint64_t seed)
{
    struct bf_rng rng;
    double squares = 0.0;
    bf_rng_init(&rng, seed);
    for (size_t i = 0; i < n; i++) {
        out[i] = (float)bf_rng_unit(&rng);
        squares += (double)out[i] * (double)out[i];
    }
    for (size_t i = 0; i < n; i++)
        out[i] = (float)(coefficient * (double)out[i] / sqrt(squares));
}
