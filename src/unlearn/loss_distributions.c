/* Losses of a row: the whole distribution at a place, beside its reference. */
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "unlearn/loss.h"
#include "base/banned.h"

/* KL(r || p), the reference as the teacher: a retain term (Maini et al., "TOFU", 2024, KL minimisation;
 * open-unlearning: retain_loss_type KL), and OBLIVIATE's distillation. Of p alone it is the cross-entropy with soft
 * labels, so the gradient is p - r. */
double bf_loss_kl(float *logits, const float *reference, size_t n, int32_t label, const struct bf_loss_knobs *knobs,
                  double scale)
{
    (void)label, (void)knobs;
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

/* Gradient ascent on what the names carry: -max(0, p - q) NLL, where q is the probability that r gives the label in the
 * same text with other names (twins.h). "is" and "the" are as likely there, so they are not pushed; a fact is pushed
 * until it is as unlikely as of a name that nobody has read about. Of WGA (loss_likelihoods.c), whose weight is p
 * alone, it differs by that end. A new name is as any other fact; where nothing before it differs, q is 0. The weight
 * is held fixed. */
double bf_loss_wga_twins(float *logits, const float *reference, size_t n, int32_t label,
                         const struct bf_loss_knobs *knobs, double scale)
{
    (void)knobs;
    const double nll = bf_row_nll(logits, n, label);
    const double weight = exp(-nll) - (reference ? exp(-bf_row_nll(reference, n, label)) : 0.0);
    if (isnan(weight))
        return NAN;
    bf_row_nll_gradient(logits, n, label, weight > 0.0 ? -scale * weight : 0.0);
    return weight > 0.0 ? -weight * nll : 0.0;
}

/* The label, and the tokens of a list. */
static bool is_target(size_t i, int32_t label, const unsigned char *targets)
{
    return i == (size_t)label || (targets && targets[i]);
}

/* log sum exp of row[n] without the targets. NaN when nothing is left. */
static double log_rest(const float *row, size_t n, int32_t label, const unsigned char *targets)
{
    double max = -INFINITY, sum = 0.0;
    for (size_t i = 0; i < n; i++)
        if (!is_target(i, label, targets) && (double)row[i] > max)
            max = (double)row[i];
    if (!isfinite(max))
        return NAN;
    for (size_t i = 0; i < n; i++)
        if (!is_target(i, label, targets))
            sum += exp((double)row[i] - max);
    return max + log(sum);
}

/* log(e^a + e^b), one of them finite. */
static double log_add(double a, double b)
{
    const double high = a > b ? a : b, low = a > b ? b : a; /* not fmax: it loses a NaN */
    return high + log1p(exp(low - high));
}

/* Unlikelihood of what the names carry: -log(1 - max(0, p - q)), q as in bf_loss_wga_twins. WGA pushes a token by
 * p (1 - p), so it hardly moves those of which the model is sure, and these are the facts; unlikelihood (Welleck et
 * al., "Neural Text Generation with Unlikelihood Training", ICLR 2020: -log(1 - p)) pushes by p. It ends where p is q.
 * In logarithms and in double: 1 - p is 0 where the model is quite sure, and p - q is small where both are nearly
 * equal. */
double bf_loss_unlikelihood_twins(float *logits, const float *reference, size_t n, int32_t label,
                                  const struct bf_loss_knobs *knobs, double scale)
{
    (void)knobs;
    const double others = log_rest(logits, n, label, NULL), sum = log_add(others, (double)logits[label]);
    const double log_p = (double)logits[label] - sum;
    double log_q = -INFINITY;
    if (reference)
        log_q = (double)reference[label] - log_add(log_rest(reference, n, label, NULL), (double)reference[label]);
    if (isnan(log_p) || isnan(log_q))
        return NAN;
    if (log_p <= log_q) {
        memset(logits, 0, n * sizeof *logits);
        return 0.0;
    }
    const double left = log_add(others - sum, log_q); /* of 1 - p + q */
    for (size_t i = 0; i < n; i++)
        logits[i] = (float)(-scale * exp(log_p + (double)logits[i] - sum - left));
    logits[label] = (float)(scale * exp(log_p + others - sum - left));
    return -left;
}

/* The mask of OBLIVIATE (Xu et al., EMNLP 2025, arXiv 2505.04416, section 3.3): the teacher q is the model's own
 * distribution with the target tokens struck out and the rest renormalised; the loss is KL(q || p). The paper names its
 * targets by GPT-4o, a list of words for the whole vocabulary; here the targets are the label at each position, and
 * the list beside it when there is one. The teacher is the frozen reference, so that it stays put while p moves (the
 * published code multiplies the trained model's own logits by 0 where a target is, and lets the gradient into both).
 * Distillation (KL) and world facts (NLL) join it in the table of methods. */
double bf_loss_mask(float *logits, const float *reference, size_t n, int32_t label, const struct bf_loss_knobs *knobs,
                    double scale)
{
    const unsigned char *targets = knobs->targets;
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

/* Cross-entropy of p with a teacher q that is held fixed; its gradient is p - q. q has the logits of `teacher`, which
 * may be `logits` itself, but `at_label` for the label (-inf: never); log_q is the log sum exp of those. */
static double cross_entropy(float *logits, const float *teacher, size_t n, int32_t label, double at_label, double log_q,
                            double scale)
{
    const double log_p = bf_row_log_sum(logits, n);
    double loss = 0.0;
    if (!isfinite(log_p) || !isfinite(log_q))
        return NAN;
    for (size_t i = 0; i < n; i++) {
        const double lp = (double)logits[i] - log_p;
        const double q = exp((i == (size_t)label ? at_label : (double)teacher[i]) - log_q);
        if (q > 0.0)
            loss -= q * lp;
        logits[i] = (float)(scale * (exp(lp) - q));
    }
    return loss;
}

/* UNDIAL (Dong et al., "UNDIAL: Self-Distillation with Adjusted Logits for Robust Unlearning in Large Language Models",
 * NAACL 2025, arXiv 2402.10052; open-unlearning UNDIAL): the teacher q is the reference with beta taken off the logit
 * of the label; the loss is the cross-entropy of p with it. It has an end: p = q. open-unlearning also averages over
 * the prompt and the padding, whose label -100 takes beta off the 100th last token; here a row is one with a label. */
double bf_loss_undial(float *logits, const float *reference, size_t n, int32_t label, const struct bf_loss_knobs *knobs,
                      double scale)
{
    const double log_others = log_rest(reference, n, label, NULL);
    const double lowered = (double)reference[label] - knobs->beta;
    const double most = log_others > lowered ? log_others : lowered,
                 least = log_others > lowered ? lowered : log_others;
    return cross_entropy(logits, reference, n, label, lowered, most + log1p(exp(least - most)), scale);
}

/* CE-U (Yang, "CE-U: Cross Entropy Unlearning", 2025, arXiv 2503.01224; open-unlearning CEU): the teacher q is p itself
 * without the label, and held fixed; the loss is the cross-entropy with it. The gradient is p - q, which ends where p
 * of the label is 0: of the label p, of another token -p_i p_label / (1 - p_label). */
double bf_loss_ceu(float *logits, const float *reference, size_t n, int32_t label, const struct bf_loss_knobs *knobs,
                   double scale)
{
    (void)reference, (void)knobs;
    return cross_entropy(logits, logits, n, label, -INFINITY, log_rest(logits, n, label, NULL), scale);
}

/* The margin of primal-dual unlearning (Entesari et al., "Constrained Entropic Unlearning: A Primal-Dual Framework for
 * Large Language Models", 2025, arXiv 2506.05314; open-unlearning PDU): (largest logit - mean logit)^2, which flattens
 * the distribution. open-unlearning takes the rows at the labels; here it is the rows that predict them. */
double bf_loss_margin(float *logits, const float *reference, size_t n, int32_t label, const struct bf_loss_knobs *knobs,
                      double scale)
{
    (void)reference, (void)label, (void)knobs;
    double sum = 0.0;
    size_t largest = 0;
    for (size_t i = 0; i < n; i++) {
        sum += (double)logits[i];
        if (logits[i] > logits[largest])
            largest = i;
    }
    const double margin = (double)logits[largest] - sum / (double)n;
    if (!isfinite(margin))
        return NAN;
    for (size_t i = 0; i < n; i++)
        logits[i] = (float)(scale * -2.0 * margin / (double)n);
    logits[largest] = (float)(scale * 2.0 * margin * (1.0 - 1.0 / (double)n));
    return margin * margin;
}

/* The multiplier of the constraint on the retain set in the same paper (equation of its Algorithm 1; open-unlearning
 * PDU, dual_update_upon "step"). */
double bf_dual_weight(double weight, double loss, double limit, double step)
{
    const double next = weight + step * (loss - limit);
    return next > 0.0 ? next : 0.0;
}

/* What MUSE (Shi et al., ICLR 2025, arXiv 2407.06460; github.com/swj0419/muse_bench) trains as NPO: the preference of
 * every logit of the vocabulary for itself, -(2/beta) mean_i log sigmoid(beta (reference_i - logit_i)), where NPO has
 * that of a sequence's log-probability. It pushes all logits down, which softmax hardly sees. */
double bf_loss_npo_logits(float *logits, const float *reference, size_t n, int32_t label,
                          const struct bf_loss_knobs *knobs, double scale)
{
    (void)label;
    double sum = 0.0;
    for (size_t i = 0; i < n; i++) {
        const double x = knobs->beta * ((double)reference[i] - (double)logits[i]);
        sum += bf_log_sigmoid(x);
        logits[i] = (float)(scale * 2.0 * bf_sigmoid(-x) / (double)n);
    }
    return -2.0 / knobs->beta * sum / (double)n;
}
