#include "synth/stop_rule.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/banned.h"

void bf_stop_rule_init(struct bf_stop_rule *rule, int32_t n_dims, int32_t batch, double epsilon)
{
    *rule = (struct bf_stop_rule){.n_dims = n_dims, .batch = batch, .epsilon = epsilon, .last = (double)NAN};
    rule->sum = bf_array((size_t)n_dims, sizeof *rule->sum);
}

void bf_stop_rule_release(struct bf_stop_rule *rule)
{
    free(rule->sum);
    *rule = (struct bf_stop_rule){0};
}

double bf_stop_rule_diversity(const struct bf_stop_rule *rule)
{
    if (rule->n < 2)
        return (double)NAN;
    double square = 0.0;
    for (int32_t d = 0; d < rule->n_dims; d++)
        square += rule->sum[d] * rule->sum[d];
    double n = (double)rule->n;
    return 1.0 - (square - rule->squares) / (n * (n - 1.0));
}

bool bf_stop_rule_add(struct bf_stop_rule *rule, const float *vector, struct bf_stop_check *checkpoint)
{
    for (int32_t d = 0; d < rule->n_dims; d++) {
        double x = (double)vector[d];
        rule->sum[d] += x;
        rule->squares += x * x;
    }
    rule->n++;
    if (rule->n % rule->batch != 0)
        return false;
    double diversity = bf_stop_rule_diversity(rule);
    double gain = diversity - rule->last;
    *checkpoint = (struct bf_stop_check){
        .n_kept = rule->n,
        .diversity = diversity,
        .gain = gain,
        .stop = rule->epsilon >= 0.0 && gain < rule->epsilon,
    };
    rule->last = diversity;
    return true;
}
