/* Min-K% probability (Shi et al., 2024, as BiForget uses it): the mean over the k % least likely tokens of a text. */
#ifndef BF_SYNTH_MINK_H
#define BF_SYNTH_MINK_H
#include <stdint.h>

/* Mean of the max(1, floor(n * k_percent / 100)) smallest of p[0..n), in double; p[] may be probabilities or
 * log-probabilities. NaN for n < 1. O(n log n). */
double bf_mean_lowest(const float *p, int32_t n, double k_percent);
/* The same for exp(logp). */
double bf_mean_lowest_exp(const float *logp, int32_t n, double k_percent);

#endif
