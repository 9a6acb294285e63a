/* The options of `biforget unlearn`, and how they become settings. */
#ifndef BF_CMD_UNLEARN_OPTIONS_H
#define BF_CMD_UNLEARN_OPTIONS_H
#include "base/opt.h"
#include "unlearn/unlearn.h"

struct bf_unlearn_values {
    bool quiet; /* first: bf_command_run reads it */
    bool json;
    const char *method, *model, *forget, *retain, *general, *alternates, *targets, *lora_layers, *out, *adapter, *work,
        *resume, *probe, *probe_retain;
    bool finish, restart, skip_bad;
    int64_t answers, probe_every;
    double retain_accuracy_drop;
    bool lora, full;
    const char *data, *forms, *chat, *retain_loss, *npo_norm, *schedule, *type;
    uint64_t seed;
    double gamma, alpha, general_weight, beta, delta, coefficient, importance, dual_step, dual_warmup, retain_limit;
    double learning_rate, decay, max_norm, warmup, epochs, lora_alpha, stop_forget_nll, stop_retain_rise, max_loss;
    int64_t layer, skip_first, max_steps, batch, accumulate, renamed, max_length, lora_rank, measure, evaluate_every,
        checkpoint_every, threads;
    bool pack, less_memory, bf16;
    struct {
        char method[BF_UNLEARN_CHOICES_MAX], retain_loss[BF_UNLEARN_CHOICES_MAX], schedule[BF_UNLEARN_CHOICES_MAX],
            type[BF_UNLEARN_CHOICES_MAX], data[BF_UNLEARN_CHOICES_MAX], npo_norm[BF_UNLEARN_CHOICES_MAX];
    } choices; /* what the table's rows point to: unlearn's own words */
};
struct bf_opt *bf_unlearn_options(void *values); /* free() */

/* Method, defaults, given options, the model's path and type; checked. Release *out in every case. BF_USAGE for options
 * that exclude each other, BF_MODEL for a model that is missing. */
BF_MUST_CHECK enum bf_status bf_unlearn_settings_from(const struct bf_unlearn_values *values,
                                                      struct bf_unlearn_settings *out, struct bf_err *err);
/* With --resume only few options may be given: BF_USAGE naming one that may not. */
BF_MUST_CHECK enum bf_status bf_unlearn_check_resume(const struct bf_opt *table, struct bf_err *err);

#endif
