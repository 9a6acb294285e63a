#include "export/export_trainer.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/banned.h"

enum { LAYER_MAX = 9999 };

static const struct {
    const char *method, *handler;
} handlers[] = {{"ga", "GradAscent"}, {"graddiff", "GradDiff"}, {"npo", "NPO"}, {"simnpo", "SimNPO"},
                {"dpo", "DPO"},       {"undial", "UNDIAL"},     {"wga", "WGA"}, {"satimp", "SatImp"},
                {"ceu", "CEU"},       {"pdu", "PDU"},           {"rmu", "RMU"}};

static const char *word(const struct bf_export_trainer *t, const char *name)
{
    const char *text = json_string_value(json_object_get(t->settings, name));
    return text ? text : "";
}

static double real(const struct bf_export_trainer *t, const char *name)
{
    return json_number_value(json_object_get(t->settings, name));
}

static int64_t whole(const struct bf_export_trainer *t, const char *name)
{
    return json_integer_value(json_object_get(t->settings, name));
}

/* Their words go into a configuration that another program runs, and the run may be a stranger's: none but those that
 * we know. */
static enum bf_status check_settings(const struct bf_export_trainer *t, struct bf_err *err)
{
    static const char *const schedules[] = {"constant", "linear", "cosine"};
    bool known = false;
    for (size_t i = 0; i < sizeof schedules / sizeof *schedules; i++)
        known = known || strcmp(word(t, "schedule"), schedules[i]) == 0;
    if (!known)
        return bf_fail(err, BF_INPUT,
                       "the settings of the run's training: \"schedule\" is not constant, linear or cosine");
    if (strcmp(word(t, "method"), "rmu") == 0 && whole(t, "layer") > LAYER_MAX) /* others do not read it */
        return bf_fail(err, BF_INPUT, "the settings of the run's training: \"layer\" is above %d", LAYER_MAX);
    return BF_OK;
}

enum bf_status bf_export_trainer_read(struct bf_store *store, struct bf_export_trainer *out, struct bf_err *err)
{
    enum bf_status status = BF_OK;
    *out = (struct bf_export_trainer){.handler = "NPO", .max_length = 512, .retain_nll = NAN};
    for (int64_t last = 0; status == BF_OK;) {
        struct bf_training training;
        status = bf_store_next_training(store, last, &training, err);
        if (status != BF_OK || training.id == 0)
            break;
        last = training.id;
        out->retain_nll = training.retain_nll_before;
        json_decref(out->settings);
        out->settings = NULL;
        status = bf_json_parse(training.settings, strlen(training.settings), "the settings of the run's training",
                               &out->settings, err);
    }
    if (status != BF_OK || !out->settings)
        return status;
    out->other_method = true;
    for (size_t i = 0; i < sizeof handlers / sizeof *handlers; i++)
        if (strcmp(handlers[i].method, word(out, "method")) == 0) {
            out->handler = handlers[i].handler;
            out->other_method = false;
        }
    out->alternates = strcmp(out->handler, "DPO") == 0;
    const int64_t length = whole(out, "max_length");
    out->max_length = length >= 8 && length <= 1 << 20 ? length : 512;
    return out->other_method ? BF_OK : check_settings(out, err);
}

void bf_export_trainer_release(struct bf_export_trainer *trainer)
{
    json_decref(trainer->settings);
    *trainer = (struct bf_export_trainer){0};
}

/* With a point and a signed exponent: without them YAML 1.1 reads a string. */
static void put_real(struct bf_buf *out, const char *indent, const char *name, double value)
{
    bf_buf_printf(out, "%s%s: %.8e\n", indent, name, value);
}

static void put_arguments(const struct bf_export_trainer *t, struct bf_buf *out)
{
    static const char indent[] = "    ";
    const int64_t max_steps = whole(t, "max_steps");
    const bool constant = strcmp(word(t, "schedule"), "constant") == 0;
    bf_buf_printf(out, "    per_device_train_batch_size: %" PRId64 "\n    gradient_accumulation_steps: %" PRId64 "\n",
                  whole(t, "batch"), whole(t, "accumulate"));
    put_real(out, indent, "learning_rate", real(t, "learning_rate"));
    if (max_steps > 0)
        bf_buf_printf(out, "    max_steps: %" PRId64 "\n", max_steps);
    else
        put_real(out, indent, "num_train_epochs", real(t, "epochs"));
    bf_buf_printf(out, "    lr_scheduler_type: %s\n",
                  constant && real(t, "warmup") > 0.0 ? "constant_with_warmup"
                  : constant                          ? "constant"
                                                      : word(t, "schedule"));
    /* A TOFU experiment's warmup_epochs would override it. */
    put_real(out, indent, "warmup_ratio", real(t, "warmup"));
    put_real(out, indent, "weight_decay", real(t, "decay"));
    put_real(out, indent, "max_grad_norm", real(t, "max_norm"));
    put_real(out, indent, "adam_beta1", real(t, "beta1"));
    put_real(out, indent, "adam_beta2", real(t, "beta2"));
    put_real(out, indent, "adam_epsilon", real(t, "epsilon"));
    /* Seeds there are 32 bits wide. */
    const uint64_t seed = strtoull(word(t, "seed"), NULL, 10);
    bf_buf_printf(out, "    seed: %" PRIu64 "\n", seed & 0x7fffffffU);
}

/* There the warm-up is in epochs, and a limit has to be named. */
static void put_dual_arguments(const struct bf_export_trainer *t, struct bf_buf *out)
{
    static const char indent[] = "    ";
    const double limit = real(t, "retain_limit"), before = isfinite(t->retain_nll) ? t->retain_nll : 0.0;
    bf_buf_puts(out, "    primal_dual: true\n    dual_update_upon: step\n");
    put_real(out, indent, "retain_loss_eps", limit > 0.0 ? limit : 1.1 * before);
    put_real(out, indent, "dual_step_size", real(t, "dual_step"));
    bf_buf_printf(out, "    dual_warmup_epochs: %.0f\n",
                  real(t, "max_steps") > 0.0 ? 0.0 : floor(real(t, "dual_warmup") * real(t, "epochs")));
}

static void put_method_arguments(const struct bf_export_trainer *t, struct bf_buf *out)
{
    static const char indent[] = "    ";
    const char *method = word(t, "method");
    const bool rmu = strcmp(method, "rmu") == 0;
    if (strcmp(method, "ga") == 0)
        return;
    bf_buf_puts(out, "  method_args:\n");
    if (strcmp(method, "ceu") == 0) { /* it has no other argument */
        bf_buf_printf(out, "    ignore_first_n_answer_tokens: %" PRId64 "\n", whole(t, "skip_first"));
        return;
    }
    put_real(out, indent, "gamma", real(t, "gamma"));
    put_real(out, indent, "alpha", real(t, "alpha"));
    bf_buf_printf(out, "    retain_loss_type: %s\n",
                  rmu                                         ? "EMBED_DIFF"
                  : strcmp(word(t, "retain_loss"), "kl") == 0 ? "KL"
                                                              : "NLL");
    if (strcmp(method, "satimp") == 0) {
        put_real(out, indent, "beta1", real(t, "beta"));
        put_real(out, indent, "beta2", real(t, "importance"));
    } else if (strcmp(method, "pdu") == 0) {
        put_dual_arguments(t, out);
    } else if (!rmu && strcmp(method, "graddiff") != 0) {
        put_real(out, indent, "beta", real(t, "beta"));
    }
    if (strcmp(method, "simnpo") == 0)
        put_real(out, indent, "delta", real(t, "delta"));
    if (!rmu)
        return;
    const int64_t layer = whole(t, "layer");
    put_real(out, indent, "steering_coeff", real(t, "coefficient"));
    bf_buf_printf(out, "    module_regex: 'model\\.layers\\.%" PRId64 "'\n    trainable_params_regex:\n", layer);
    if (strcmp(word(t, "train"), "full") == 0) {
        bf_buf_puts(out, "      - '.*'\n");
        return;
    }
    bf_buf_puts(out, "      - 'model\\.layers\\.(");
    for (int64_t i = layer >= 2 ? layer - 2 : 0; i <= layer; i++)
        bf_buf_printf(out, "%s%" PRId64, i == layer - 2 || i == 0 ? "" : "|", i);
    bf_buf_puts(out, ")\\.mlp\\.down_proj\\.weight'\n");
}

void bf_export_trainer_yaml(const struct bf_export_trainer *t, struct bf_buf *out)
{
    bf_buf_puts(out, "\n# No evaluation while training: it runs on a single process only. Evaluate the saved model "
                     "with src/eval.py.\ntrainer:\n  args:\n");
    if (t->settings && !t->other_method)
        put_arguments(t, out);
    else
        bf_buf_puts(out, "    per_device_train_batch_size: 4\n    gradient_accumulation_steps: 4\n"
                         "    learning_rate: 1.0e-5\n    num_train_epochs: 5\n    lr_scheduler_type: constant\n");
    bf_buf_puts(out, "    do_eval: false\n    eval_on_start: false\n    eval_strategy: \"no\"\n");
    if (t->settings && !t->other_method)
        put_method_arguments(t, out);
    bf_buf_putc(out, '\n');
}

void bf_export_trainer_words(const struct bf_export_trainer *t, struct bf_buf *out)
{
    if (!t->settings)
        return;
    if (t->other_method) {
        bf_buf_puts(out, "- The last training of this run here used a method that open-unlearning does not have; the "
                         "experiment names NPO in its place, with parameters to start from.\n");
        return;
    }
    bf_buf_printf(
        out,
        "- Method and parameters are those of the last training of this run here (`biforget unlearn --method %s`).",
        word(t, "method"));
    if (strcmp(word(t, "train"), "lora") == 0)
        bf_buf_printf(
            out,
            " It trained an adapter (rank %" PRId64
            "); open-unlearning trains every weight, and its own experiments start from a learning rate of 1e-5 "
            "(`trainer.args.learning_rate=1e-5`).",
            whole(t, "lora_rank"));
    bf_buf_putc(out, '\n');
}
