#include "cmd/machine_options.h"

#include "base/banned.h"

static const struct bf_opt machine_table[] = {
    {.name = "parallel",
     .type = BF_OPT_INT,
     .min = 0,
     .max = 256,
     .value = "N",
     .fallback = "32, or 64 from 8 cores on",
     .help = "samples written at the same time"},
    {.name = "threads",
     .letter = 't',
     .type = BF_OPT_INT,
     .min = 0,
     .max = 1024,
     .value = "N",
     .fallback = "all cores",
     .help = "threads of the model"},
    {.name = "gpu-layers",
     .type = BF_OPT_INT,
     .min = -1,
     .max = 10000,
     .value = "N",
     .fallback = "0",
     .help = "layers on a GPU (-1 = all)",
     .rare = true},
    {.name = "context",
     .type = BF_OPT_INT,
     .min = 0,
     .max = 1 << 20,
     .value = "N",
     .fallback = "by the prompts",
     .unit = "tokens",
     .help = "room for one prompt and its answer",
     .rare = true},
    {.name = "api",
     .type = BF_OPT_TEXT,
     .value = "URL,...",
     .help = "an OpenAI-compatible server in place of -m (http://host:port/v1)"},
    {.name = "api-timeout",
     .type = BF_OPT_DOUBLE,
     .min = 1,
     .max = 86400,
     .value = "N",
     .fallback = "600",
     .unit = "seconds",
     .help = "longest wait for one answer of the server",
     .rare = true},
    {.name = "api-give-up",
     .type = BF_OPT_DOUBLE,
     .min = 1,
     .max = 86400 * 7,
     .value = "N",
     .fallback = "300",
     .unit = "seconds",
     .help = "end when no server has answered for so long",
     .rare = true},
    {.name = "api-ca",
     .type = BF_OPT_TEXT,
     .value = "FILE",
     .help = "certificate authority of the server (PEM)",
     .rare = true},
    {.name = "api-extra",
     .type = BF_OPT_TEXT,
     .value = "JSON",
     .help = "fields for every request to the server ('{\"priority\": 5}')",
     .rare = true},
    /* From here on what a run keeps. */
    {.name = "api-model",
     .type = BF_OPT_TEXT,
     .value = "NAME",
     .fallback = "the only one that it serves",
     .help = "the target model's name on the server",
     .rare = true},
    {.name = "api-embed-model",
     .type = BF_OPT_TEXT,
     .value = "NAME",
     .help = "embed with this model of the server",
     .rare = true},
    {.name = "api-mode",
     .type = BF_OPT_CHOICE,
     .choices = "auto|chat|completions",
     .fallback = "auto",
     .help = "chat: the server's template; completions: bare prompts",
     .rare = true},
    {.name = "api-probs",
     .type = BF_OPT_CHOICE,
     .choices = "auto|none|sampling|model|both",
     .fallback = "auto",
     .help = "which token probabilities to ask the server for",
     .rare = true},
    {.name = "chat",
     .type = BF_OPT_TEXT,
     .value = "NAME",
     .fallback = "auto",
     .help = "chat template: auto, none (a base model), or a name",
     .rare = true},
};
enum { N_MACHINE = sizeof machine_table / sizeof *machine_table };

enum { N_KEPT = 5 }; /* the last rows */

size_t bf_machine_option_count(bool fresh)
{
    return fresh ? N_MACHINE : N_MACHINE - N_KEPT;
}

void bf_machine_options(struct bf_machine_values *values, bool fresh, struct bf_opt *out)
{
    values->chat = "auto";
    values->api_mode = "auto";
    values->api_probs = "auto";
    void *const targets[N_MACHINE] = {
        &values->parallel,        &values->threads,     &values->gpu_layers, &values->context,   &values->api,
        &values->api_timeout,     &values->api_give_up, &values->api_ca,     &values->api_extra, &values->api_model,
        &values->api_embed_model, &values->api_mode,    &values->api_probs,  &values->chat,
    };
    for (size_t i = 0; i < bf_machine_option_count(fresh); i++) {
        out[i] = machine_table[i];
        out[i].target = targets[i];
    }
}
