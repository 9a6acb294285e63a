/* The table of methods: a row is a loss on the forget set, one on the retain set, and the numbers of the paper. */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "unlearn/auto_method.h"
#include "unlearn/loss.h"
#include "unlearn/optimizer.h"
#include "unlearn/unlearn.h"
#include "base/banned.h"

/* By the words of --retain-loss and of settings. */
static const struct bf_loss retain_losses[] = {
    {.name = "nll", .kind = BF_LOSS_TOKENS, .of.token = bf_loss_nll},
    {.name = "kl", .kind = BF_LOSS_ROWS, .of.row = bf_loss_kl, .reference = true},
    {.name = "state", .kind = BF_LOSS_STATES, .of.state = bf_loss_state, .reference = true, .unit = BF_UNIT_OWN},
};
#define RETAIN_NLL (&retain_losses[0])
#define RETAIN_KL (&retain_losses[1])
#define RETAIN_STATE (&retain_losses[2])
enum { N_RETAIN_LOSSES = sizeof retain_losses / sizeof *retain_losses };

#define LOSS(...) (&(const struct bf_loss){__VA_ARGS__})

/* QLoRA's for its smaller models (Dettmers et al., NeurIPS 2023, table 9): an adapter learns little at 1e-5. */
#define LORA_LEARNING_RATE 2e-4

/* open-unlearning, configs/experiment/unlearn/tofu/default.yaml and configs/trainer/finetune.yaml: learning rate 1e-5,
 * weight decay 0.01, one of ten epochs of warm-up, 8 x 4 samples a step; clipping at 1 and the line down are the
 * trainer's of transformers. */
#define TOFU_TRAINING_WITH(rate, n_epochs)                                                                             \
    .train = BF_TRAIN_FULL, .learning_rate = (rate), .lora_learning_rate = LORA_LEARNING_RATE, .decay = 0.01,          \
    .beta2 = 0.999, .max_norm = 1.0, .schedule = BF_SCHEDULE_LINEAR, .warmup = 0.1, .epochs = (n_epochs), .batch = 8,  \
    .accumulate = 4, .layer = -1
#define TOFU_TRAINING TOFU_TRAINING_WITH(1e-5, 10.0)

static const struct bf_method methods[] = {
    {.name = "ga",
     .title = "gradient ascent",
     .formula = "-NLL(forget)",
     .source = "Jang et al., ACL 2023; numbers: open-unlearning, TOFU",
     .forget = LOSS(.name = "ga", .kind = BF_LOSS_TOKENS, .of.token = bf_loss_ga),
     .gamma = 1.0,
     TOFU_TRAINING},
    {.name = "graddiff",
     .title = "gradient difference: ascent with a retain set",
     .formula = "-gamma NLL(forget) + alpha retain",
     .source = "Liu et al., CoLLAs 2022; numbers: open-unlearning, TOFU",
     .forget = LOSS(.name = "ga", .kind = BF_LOSS_TOKENS, .of.token = bf_loss_ga),
     .retain = RETAIN_NLL,
     .gamma = 1.0,
     .alpha = 1.0,
     TOFU_TRAINING},
    {.name = "npo",
     .title = "negative preference optimisation",
     .formula = "-(2/beta) log sigmoid(-beta (log p - log r)(forget)) + alpha retain",
     .source = "Zhang et al., COLM 2024; numbers: open-unlearning, TOFU",
     .forget = LOSS(.name = "npo", .kind = BF_LOSS_SEQUENCES, .of.sequences = bf_loss_npo, .reference = true,
                    .fades = true, .unit = BF_UNIT_OWN),
     .retain = RETAIN_NLL,
     .gamma = 1.0,
     .alpha = 1.0,
     .beta = 0.1,
     TOFU_TRAINING},
    {.name = "simnpo",
     .title = "NPO without a reference, normalised by length",
     .formula = "-(2/beta) gamma log sigmoid(beta (NLL/|y| - delta)) + alpha retain",
     .source = "Fan et al., arXiv 2410.07163; numbers: open-unlearning",
     .forget = LOSS(.name = "simnpo", .kind = BF_LOSS_SEQUENCES, .of.sequences = bf_loss_simnpo, .fades = true,
                    .unit = BF_UNIT_OWN),
     .retain = RETAIN_NLL,
     .gamma = 0.125,
     .alpha = 1.0,
     .beta = 4.5,
     TOFU_TRAINING},
    {.name = "dpo",
     .title = "direct preference optimisation, \"I don't know\" preferred to the answers",
     .formula = "-(2/beta) log sigmoid(beta ((log p - log r)(alternate) - (log p - log r)(answer))) + alpha retain",
     .source = "Rafailov et al., NeurIPS 2023; numbers: open-unlearning, TOFU",
     .forget = LOSS(.name = "dpo", .kind = BF_LOSS_SEQUENCES, .of.sequences = bf_loss_dpo, .reference = true,
                    .alternates = true, .fades = true, .unit = BF_UNIT_OWN),
     .retain = RETAIN_NLL,
     .gamma = 1.0,
     .alpha = 1.0,
     .beta = 0.1,
     TOFU_TRAINING},
    {.name = "altpo",
     .title = "dpo with other answers to the same questions, written by the model itself",
     .formula = "-(2/beta) log sigmoid(beta ((log p - log r)(alternate) - (log p - log r)(answer))) + alpha retain",
     .source = "Mekala et al., COLING 2025, arXiv 2409.13474; numbers: of open-unlearning's search",
     .by_question = true,
     .forget = LOSS(.name = "altpo", .kind = BF_LOSS_SEQUENCES, .of.sequences = bf_loss_dpo, .reference = true,
                    .alternates = true, .fades = true, .unit = BF_UNIT_OWN),
     .retain = RETAIN_NLL,
     .gamma = 1.0,
     .alpha = 1.0,
     .beta = 0.1,
     TOFU_TRAINING_WITH(2e-5, 2.0)},
    {.name = "undial",
     .title = "self-distillation: the model as it was, with the logits of the answers lowered, is the teacher",
     .formula = "CE(softmax(logits of r - beta onehot(label)), p)(forget) + alpha retain",
     .source = "Dong et al., NAACL 2025, arXiv 2402.10052; numbers: open-unlearning, alpha of its search (1, 2, 5)",
     .forget = LOSS(.name = "undial", .kind = BF_LOSS_ROWS, .of.row = bf_loss_undial, .reference = true, .fades = true),
     .retain = RETAIN_NLL,
     .gamma = 1.0,
     .alpha = 1.0,
     .beta = 10.0,
     TOFU_TRAINING_WITH(1e-4, 10.0)},
    {.name = "whp",
     .title = "distillation from the same texts with invented names, as a model that never read about them",
     .formula = "KL(r(text with other names), p)(forget) + alpha KL(retain, texts with other names)",
     .source = "Eldan and Russinovich, arXiv 2310.02238 (the idea); Liu et al., EMNLP 2024, arXiv 2407.16997 (names "
               "changed, whole distributions); numbers: open-unlearning, TOFU",
     .forget = LOSS(.name = "whp", .kind = BF_LOSS_ROWS, .of.row = bf_loss_kl, .reference = true, .twins = true),
     .retain = RETAIN_KL,
     .gamma = 1.0,
     .alpha = 1.0,
     .renamed = 1,
     TOFU_TRAINING},
    {.name = "wga",
     .title = "gradient ascent, each token weighed by its probability",
     .formula = "-gamma mean p^beta NLL(forget) + alpha retain, p^beta held fixed",
     .source = "Wang et al., ICLR 2025, arXiv 2502.19301; numbers: open-unlearning, TOFU",
     .forget = LOSS(.name = "wga", .kind = BF_LOSS_TOKENS, .of.token = bf_loss_wga, .fades = true),
     .retain = RETAIN_NLL,
     .gamma = 1.0,
     .alpha = 1.0,
     .beta = 1.0,
     TOFU_TRAINING_WITH(1e-5, 5.0)},
    {.name = "wga-renamed",
     .title = "gradient ascent on what the names carry: each token weighed by what is lost with other names",
     .formula = "-gamma mean max(0, p - r(text with other names)) NLL(forget) + alpha KL(retain, texts with other "
                "names), the weights held fixed",
     .source = "wga, with the reference of whp; biforget's own",
     .forget = LOSS(.name = "wga-renamed", .kind = BF_LOSS_ROWS, .of.row = bf_loss_wga_twins, .reference = true,
                    .twins = true, .names = true, .nameless = bf_loss_wga_twins),
     .retain = RETAIN_KL,
     .gamma = 1.0,
     .alpha = 1.0,
     .renamed = 1,
     TOFU_TRAINING_WITH(1e-5, 5.0)},
    {.name = "ul-renamed",
     .title = "unlikelihood of what the names carry: a token as unlikely as with other names",
     .formula = "-gamma mean log(1 - max(0, p - r(text with other names)))(forget) + alpha KL(retain, texts with other "
                "names)",
     .source = "unlikelihood: Welleck et al., ICLR 2020, arXiv 1908.04319; with the reference of whp; biforget's own",
     .forget = LOSS(.name = "ul-renamed", .kind = BF_LOSS_ROWS, .of.row = bf_loss_unlikelihood_twins, .reference = true,
                    .twins = true, .names = true, .nameless = bf_loss_wga_twins),
     .retain = RETAIN_KL,
     .gamma = 1.0,
     .alpha = 1.0,
     .renamed = 1,
     TOFU_TRAINING_WITH(1e-5, 5.0)},
    {.name = "satimp",
     .title = "gradient ascent, each token weighed by saturation and importance",
     .formula = "-gamma mean p^beta (1 - p)^importance NLL(forget) + alpha retain, the weights held fixed",
     .source = "Yang et al., ICML 2025, arXiv 2505.11953; numbers: open-unlearning, TOFU",
     .forget = LOSS(.name = "satimp", .kind = BF_LOSS_TOKENS, .of.token = bf_loss_satimp),
     .retain = RETAIN_NLL,
     .gamma = 0.1,
     .alpha = 1.0,
     .beta = 5.0,
     .importance = 1.0,
     TOFU_TRAINING_WITH(1e-5, 5.0)},
    {.name = "ceu",
     .title = "cross-entropy unlearning: the model without its labels is its own teacher; no retain set",
     .formula = "CE(softmax(logits of p without the label), p)(forget), the first held fixed",
     .source = "Yang, arXiv 2503.01224, 2025; numbers: open-unlearning",
     .forget = LOSS(.name = "ceu", .kind = BF_LOSS_ROWS, .of.row = bf_loss_ceu, .fades = true),
     .retain = RETAIN_NLL,
     .gamma = 1.0,
     .alpha = 0.0,
     .skip_first = 1,
     TOFU_TRAINING},
    {.name = "pdu",
     .title = "primal-dual: answers are flattened while the retain loss stays below a limit",
     .formula = "mean (largest logit - mean logit)^2 (forget) + alpha retain; after each step alpha <- max(0, alpha + "
                "dual-step (retain - retain-limit))",
     .source = "Entesari et al., arXiv 2506.05314, 2025; numbers: its run on TOFU in open-unlearning",
     .forget = LOSS(.name = "pdu", .kind = BF_LOSS_ROWS, .of.row = bf_loss_margin, .unit = BF_UNIT_OWN),
     .retain = RETAIN_NLL,
     .gamma = 1.0,
     .alpha = 100.0,
     .dual_step = 5.0,
     .dual_warmup = 0.5,
     TOFU_TRAINING},
    {.name = "npo-logits",
     .title = "NPO as MUSE trains it: a preference of each logit for itself",
     .formula = "-(2/beta) mean log sigmoid(beta (logits of r - logits of p))(forget) + alpha retain",
     .source = "Shi et al., ICLR 2025, arXiv 2407.06460; numbers: muse_bench, batch 2 on each GPU",
     .forget = LOSS(.name = "npo-logits", .kind = BF_LOSS_ROWS, .of.row = bf_loss_npo_logits, .reference = true,
                    .fades = true, .unit = BF_UNIT_OWN),
     .retain = RETAIN_NLL,
     .gamma = 1.0,
     .alpha = 1.0,
     .beta = 0.1,
     .layer = -1,
     .train = BF_TRAIN_FULL,
     .learning_rate = 1e-5,
     .lora_learning_rate = LORA_LEARNING_RATE,
     .beta2 = 0.999,
     .max_norm = 1.0,
     .schedule = BF_SCHEDULE_CONSTANT,
     .epochs = 5.0,
     .batch = 2,
     .accumulate = 1},
    {.name = "rmu",
     .title = "representation misdirection: hidden states after a layer are turned to a random direction",
     .formula =
         "MSE(h(forget), c u) + alpha MSE(h(retain), h of r), h after --layer, whose ffn_down and those of the two "
         "blocks before are trained",
     .source = "Li et al., ICML 2024; numbers: WMDP, for zephyr-7b",
     .forget = LOSS(.name = "direction", .kind = BF_LOSS_STATES, .of.state = bf_loss_state, .unit = BF_UNIT_OWN),
     .retain = RETAIN_STATE,
     .gamma = 1.0,
     .alpha = 1200.0,
     .layer = 7,
     .coefficient = 6.5,
     .train = BF_TRAIN_TENSORS,
     .learning_rate = 5e-5,
     .lora_learning_rate = 5e-5,
     .beta2 = 0.999,
     .schedule = BF_SCHEDULE_CONSTANT,
     .max_steps = 150,
     .batch = 4,
     .accumulate = 1},
    {.name = "rmu-adaptive",
     .title = "rmu with a direction as long as the states that it replaces",
     .formula = "MSE(h(forget), c |h of r (forget)| u) + alpha MSE(h(retain), h of r)",
     .source = "Dang et al., AAAI 2025, arXiv 2408.06223; numbers: their code, for zephyr-7b",
     .forget = LOSS(.name = "adaptive direction", .kind = BF_LOSS_STATES, .of.state = bf_loss_state, .reference = true,
                    .scaled = true, .unit = BF_UNIT_OWN),
     .retain = RETAIN_STATE,
     .gamma = 1.0,
     .alpha = 1200.0,
     .layer = 7,
     .coefficient = 5.0,
     .train = BF_TRAIN_TENSORS,
     .learning_rate = 5e-5,
     .lora_learning_rate = 5e-5,
     .beta2 = 0.999,
     .schedule = BF_SCHEDULE_CONSTANT,
     .max_steps = 150,
     .batch = 4,
     .accumulate = 1},
    {.name = "obliviate",
     .title = "the answers are struck out of the model's own distribution, the rest is distilled, world facts are "
              "trained on",
     .formula = "KL(r without the targets || p)(forget) + alpha KL(r || p)(retain) + general-weight NLL(general)",
     .source = "Xu et al., EMNLP 2025, arXiv 2505.04416; numbers: their code, for llama-2-7b",
     .forget = LOSS(.name = "mask", .kind = BF_LOSS_ROWS, .of.row = bf_loss_mask, .reference = true, .fades = true),
     .retain = RETAIN_KL,
     .gamma = 1.0,
     .alpha = 0.2,
     .general_weight = 0.7,
     .layer = -1,
     .train = BF_TRAIN_LORA,
     .learning_rate = 3e-4,
     .lora_learning_rate = 3e-4,
     .decay = 0.1,
     .beta2 = 0.95,
     .max_norm = 1.0,
     .schedule = BF_SCHEDULE_COSINE,
     .warmup = 0.1,
     .floor = 0.1,
     .epochs = 4.0,
     .batch = 1,
     .accumulate = 1,
     .lora_rank = 256,
     .lora_alpha = 16.0,
     .lora_layers = "4-7"},
    {.name = "finetune",
     .title = "the opposite of unlearning, for controlled experiments: the model learns the set",
     .formula = "NLL(forget)",
     .source = "numbers: TOFU, section 3",
     .teaches = true,
     .forget = LOSS(.name = "nll", .kind = BF_LOSS_TOKENS, .of.token = bf_loss_nll),
     .gamma = 1.0,
     .train = BF_TRAIN_FULL,
     .learning_rate = 1e-5,
     .lora_learning_rate = LORA_LEARNING_RATE,
     .decay = 0.01,
     .beta2 = 0.999,
     .max_norm = 1.0,
     .schedule = BF_SCHEDULE_LINEAR,
     .warmup = 0.1,
     .epochs = 5.0,
     .batch = 8,
     .accumulate = 1,
     .layer = -1},
};

enum { N_METHODS = sizeof methods / sizeof *methods };
static_assert((int)N_METHODS <= (int)BF_METHODS_MAX, "lists of the methods have room for them");

const struct bf_method *bf_method_find(const char *name)
{
    for (size_t i = 0; i < N_METHODS; i++)
        if (strcmp(methods[i].name, name) == 0)
            return &methods[i];
    return NULL;
}

const struct bf_method *bf_method_at(size_t i)
{
    return i < N_METHODS ? &methods[i] : NULL;
}

const struct bf_loss *bf_retain_loss_at(size_t i)
{
    return i < N_RETAIN_LOSSES ? &retain_losses[i] : NULL;
}

const struct bf_loss *bf_retain_loss_find(const char *name)
{
    for (size_t i = 0; i < N_RETAIN_LOSSES; i++)
        if (strcmp(retain_losses[i].name, name) == 0)
            return &retain_losses[i];
    return NULL;
}

bool bf_method_needs_pairs(const struct bf_method *method)
{
    return method->forget->alternates;
}

void bf_methods_list(struct bf_buf *out)
{
    const struct bf_method *listed[N_METHODS];
    size_t n = 0;
    for (size_t i = 0; i < N_METHODS; i++)
        if (!methods[i].teaches)
            listed[n++] = &methods[i];
    for (size_t i = 0; i < n; i++)
        bf_buf_printf(out, "%s%s", i == 0 ? "" : i + 1 < n ? ", " : " or ", listed[i]->name);
}

static void put_needs(struct bf_buf *out, const struct bf_method *m)
{
    const struct {
        bool wanted;
        const char *what;
    } needs[] = {{bf_method_needs_pairs(m), "questions with answers"},
                 {m->by_question, "alternate answers by question (--alternates)"},
                 {m->alpha > 0.0, "a retain set"},
                 {m->general_weight > 0.0, "general text"}};
    const char *before = " Needs ";
    for (size_t i = 0; i < sizeof needs / sizeof *needs; i++)
        if (needs[i].wanted) {
            bf_buf_printf(out, "%s%s", before, needs[i].what);
            before = ", ";
        }
    if (*before == ',')
        bf_buf_puts(out, ".");
    if (m->forget->reference || (m->alpha > 0.0 && m->retain->reference))
        bf_buf_puts(out, " Compares with the model as it was.");
    if (m->train == BF_TRAIN_LORA)
        bf_buf_puts(out, " Trains an adapter.");
}

/* As people write it: 2e-4, not 0.0002. */
static void put_number(struct bf_buf *out, const char *before, double value)
{
    if (value > 0.0 && value < 1e-2) {
        const int exponent = (int)floor(log10(value));
        bf_buf_printf(out, "%s%ge%d", before, value / pow(10.0, exponent), exponent);
    } else {
        bf_buf_printf(out, "%s%g", before, value);
    }
}

static void put_schedule(struct bf_buf *out, const struct bf_method *m)
{
    bf_buf_printf(out, ", %s", bf_schedule_words[m->schedule]);
    if (m->floor > 0.0)
        bf_buf_printf(out, " to %g %%", 100.0 * m->floor);
    if (m->warmup > 0.0)
        bf_buf_printf(out, " with %g %% warm-up", 100.0 * m->warmup);
}

static void put_numbers(struct bf_buf *out, const struct bf_method *m)
{
    put_number(out, " Learning rate ", m->train == BF_TRAIN_LORA ? m->lora_learning_rate : m->learning_rate);
    if (m->train == BF_TRAIN_FULL)
        put_number(out, ", as an adapter ", m->lora_learning_rate);
    if (m->max_steps > 0)
        bf_buf_printf(out, ", %d steps", (int)m->max_steps);
    else
        bf_buf_printf(out, ", %g epoch%s", m->epochs, m->epochs > 1.0 ? "s" : "");
    bf_buf_printf(out, ", batch %d x %d", (int)m->batch, (int)m->accumulate);
    put_schedule(out, m);
    const struct {
        bool wanted;
        const char *before;
        double value;
    } numbers[] = {{m->decay > 0.0, ", decay ", m->decay},
                   {m->beta2 < 0.999, ", beta2 ", m->beta2},
                   {m->max_norm > 0.0, ", clip ", m->max_norm},
                   {m->beta > 0.0, ", beta ", m->beta},
                   {m->importance > 0.0, ", importance ", m->importance},
                   {m->skip_first > 0, ", skip-first ", m->skip_first},
                   {m->dual_step > 0.0, ", dual-step ", m->dual_step},
                   {m->dual_step > 0.0, ", dual-warmup ", m->dual_warmup},
                   {m->gamma < 1.0, ", gamma ", m->gamma},
                   {m->alpha > 0.0 && (m->alpha < 1.0 || m->alpha > 1.0), ", alpha ", m->alpha},
                   {m->general_weight > 0.0, ", general-weight ", m->general_weight},
                   {m->layer >= 0, ", layer ", m->layer},
                   {m->coefficient > 0.0, ", steering ", m->coefficient},
                   {m->lora_rank > 0, ", adapter of rank ", m->lora_rank},
                   {m->lora_alpha > 0.0, ", lora-alpha ", m->lora_alpha}};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (numbers[i].wanted)
            put_number(out, numbers[i].before, numbers[i].value);
    if (m->lora_layers)
        bf_buf_printf(out, ", blocks %s", m->lora_layers);
}

void bf_methods_describe(struct bf_buf *out)
{
    for (size_t i = 0; i < N_METHODS; i++) {
        const struct bf_method *m = &methods[i];
        bf_buf_printf(out, "%s%s: %s. Loss: %s.", i ? "\n" : "", m->name, m->title, m->formula);
        put_needs(out, m);
        put_numbers(out, m);
        bf_buf_printf(out, " (%s)", m->source);
    }
    bf_buf_putc(out, '\n');
    bf_auto_describe(out);
}
