/* The table of methods. A new one whose terms are there already is a row here; a new term is a function in loss.c and a
 * case in step.c. */
#include <string.h>

#include "unlearn/unlearn.h"
#include "base/banned.h"

const char bf_method_choices[] = "ga|graddiff|npo|simnpo|dpo|rmu|obliviate|finetune";
const char bf_retain_choices[] = "nll|kl";

/* open-unlearning, configs/experiment/unlearn/tofu/default.yaml and configs/trainer/finetune.yaml: learning rate 1e-5,
 * weight decay 0.01, one of ten epochs of warm-up, 8 x 4 samples a step; clipping at 1 and the line down are the
 * trainer's of transformers. */
#define TOFU_TRAINING                                                                                                  \
    .learning_rate = 1e-5, .decay = 0.01, .beta2 = 0.999, .max_norm = 1.0, .schedule = "linear", .warmup = 0.1,        \
    .epochs = 10.0, .batch = 8, .accumulate = 4, .layer = -1

static const struct bf_method methods[] = {
    {.name = "ga",
     .title = "gradient ascent",
     .formula = "-NLL(forget)",
     .source = "Jang et al., ACL 2023; figures: open-unlearning, TOFU",
     .forget = BF_FORGET_GA,
     .retain = BF_RETAIN_NONE,
     .gamma = 1.0,
     TOFU_TRAINING},
    {.name = "graddiff",
     .title = "gradient difference",
     .formula = "-gamma NLL(forget) + alpha retain",
     .source = "Liu et al., CoLLAs 2022; figures: open-unlearning, TOFU",
     .forget = BF_FORGET_GA,
     .retain = BF_RETAIN_NLL,
     .gamma = 1.0,
     .alpha = 1.0,
     TOFU_TRAINING},
    {.name = "npo",
     .title = "negative preference optimisation",
     .formula = "-(2/beta) log sigmoid(-beta (log p - log r)(forget)) + alpha retain",
     .source = "Zhang et al., COLM 2024 (beta 0.1); figures: open-unlearning, TOFU",
     .forget = BF_FORGET_NPO,
     .retain = BF_RETAIN_NLL,
     .gamma = 1.0,
     .alpha = 1.0,
     .beta = 0.1,
     TOFU_TRAINING},
    {.name = "simnpo",
     .title = "NPO without a reference, normalised by length",
     .formula = "-(2/beta) gamma log sigmoid(beta (NLL/|y| - delta)) + alpha retain",
     .source = "Fan et al., arXiv 2410.07163; figures: open-unlearning (beta 4.5, gamma 0.125)",
     .forget = BF_FORGET_SIMNPO,
     .retain = BF_RETAIN_NLL,
     .gamma = 0.125,
     .alpha = 1.0,
     .beta = 4.5,
     TOFU_TRAINING},
    {.name = "dpo",
     .title = "preference optimisation, \"I don't know\" preferred",
     .formula = "-(2/beta) log sigmoid(beta ((log p - log r)(alternate) - (log p - log r)(answer))) + alpha retain",
     .source = "Rafailov et al., NeurIPS 2023; figures: open-unlearning, TOFU (beta 0.1)",
     .forget = BF_FORGET_DPO,
     .retain = BF_RETAIN_NLL,
     .gamma = 1.0,
     .alpha = 1.0,
     .beta = 0.1,
     TOFU_TRAINING},
    {.name = "rmu",
     .title = "representation misdirection",
     .formula = "MSE(h(forget), c u) + alpha MSE(h(retain), h of r), h after a layer, ffn_down of it and the two "
                "before trained",
     .source = "Li et al., ICML 2024; figures: wmdp, zephyr-7b (layer 7, c 6.5, alpha 1200, 150 steps)",
     .forget = BF_FORGET_STATE,
     .retain = BF_RETAIN_STATE,
     .gamma = 1.0,
     .alpha = 1200.0,
     .layer = 7,
     .coefficient = 6.5,
     .learning_rate = 5e-5,
     .beta2 = 0.999,
     .schedule = "constant",
     .max_steps = 150,
     .batch = 4,
     .accumulate = 1},
    {.name = "obliviate",
     .title = "mask, distillation, world facts",
     .formula = "KL(r without the targets || p)(forget) + alpha KL(r || p)(retain) + general-weight NLL(general)",
     .source = "Xu et al., EMNLP 2025 (3e-4, beta2 0.95, cosine to 10 %, decay 0.1; weights 0.2, 0.7)",
     .forget = BF_FORGET_MASK,
     .retain = BF_RETAIN_KL,
     .gamma = 1.0,
     .alpha = 0.2,
     .general_weight = 0.7,
     .layer = -1,
     .learning_rate = 3e-4,
     .decay = 0.1,
     .beta2 = 0.95,
     .max_norm = 1.0,
     .schedule = "cosine",
     .warmup = 0.1,
     .floor = 0.1,
     .epochs = 1.0,
     .batch = 4,
     .accumulate = 1,
     .lora = true},
    {.name = "finetune",
     .title = "the opposite: learn the set",
     .formula = "NLL(set)",
     .source = "the target and the retrained model of an experiment; figures: TOFU, section 3",
     .forget = BF_FORGET_LEARN,
     .retain = BF_RETAIN_NONE,
     .gamma = 1.0,
     .learning_rate = 1e-5,
     .decay = 0.01,
     .beta2 = 0.999,
     .max_norm = 1.0,
     .schedule = "linear",
     .warmup = 0.1,
     .epochs = 5.0,
     .batch = 8,
     .accumulate = 1,
     .layer = -1},
};

enum { N_METHODS = sizeof methods / sizeof *methods };

const struct bf_method *bf_method_find(const char *name)
{
    for (size_t i = 0; i < N_METHODS; i++)
        if (strcmp(methods[i].name, name) == 0)
            return &methods[i];
    return NULL;
}

static const char *needs(const struct bf_method *m)
{
    return m->forget == BF_FORGET_DPO     ? "question-answer pairs, retain set, reference"
           : m->forget == BF_FORGET_NPO   ? "retain set, reference"
           : m->forget == BF_FORGET_STATE ? "retain set, reference"
           : m->forget == BF_FORGET_MASK  ? "retain set, general text, reference"
           : m->retain != BF_RETAIN_NONE  ? "retain set"
                                          : "the forget set alone";
}

void bf_methods_describe(struct bf_buf *out)
{
    for (size_t i = 0; i < N_METHODS; i++) {
        const struct bf_method *m = &methods[i];
        bf_buf_printf(out, "%s%s: %s. Needs %s. lr %g, ", i ? "\n" : "", m->name, m->formula, needs(m),
                      m->learning_rate);
        if (m->max_steps)
            bf_buf_printf(out, "%d steps", (int)m->max_steps);
        else
            bf_buf_printf(out, "%g epoch%s", m->epochs, m->epochs > 1.0 ? "s" : "");
        bf_buf_printf(out, ", %d x %d, %s. %s.", (int)m->batch, (int)m->accumulate, m->schedule, m->source);
    }
}
