#include "cmd/shared_options.h"

#include "cmd/cmd.h"
#include "base/banned.h"

struct bf_opt *bf_machine_options(struct bf_machine_values *v, bool fresh, struct bf_opt *table)
{
    v->chat = "auto";
    v->api_mode = "auto";
    v->api_probs = "auto";
    table = BF_OPT_APPEND(
        table,
        BF_WHOLE("parallel", &v->parallel, 0, 256, "32, or 64 from 8 cores on", "samples written at the same time"),
        BF_WHOLE("threads", &v->threads, 0, 1024, "all cores", "threads of the model", .letter = 't', .marks = BF_LAB),
        BF_WHOLE("gpu-layers", &v->gpu_layers, -1, 10000, "0", "layers on a GPU (-1 = all)", .rare = true),
        BF_WHOLE("context", &v->context, 0, 1 << 20, "by the prompts", "room for one prompt and its answer",
                 .unit = "tokens", .rare = true),
        BF_TEXT("api", &v->api, "URL,...", "an OpenAI-compatible server instead of -m (http://host:port/v1)"),
        BF_REAL("api-timeout", &v->api_timeout, 1, 86400, "600", "longest wait for one answer of the server",
                .value = "N", .unit = "seconds", .rare = true),
        BF_REAL("api-give-up", &v->api_give_up, 1, 86400 * 7, "300", "stop when no server has answered for this long",
                .value = "N", .unit = "seconds", .rare = true),
        BF_TEXT("api-ca", &v->api_ca, "FILE", "certificate authority of the server (PEM)", .rare = true),
        BF_TEXT("api-extra", &v->api_extra, "JSON", "fields for every request to the server ('{\"priority\": 5}')",
                .rare = true));
    if (!fresh)
        return table;
    return BF_OPT_APPEND(
        table,
        BF_TEXT("api-model", &v->api_model, "NAME", "the target model's name on the server",
                .fallback = "the only one that it serves", .rare = true),
        BF_TEXT("api-embed-model", &v->api_embed_model, "NAME", "embed with this model of the server", .rare = true),
        BF_CHOICE("api-mode", &v->api_mode, "auto|chat|completions",
                  "chat: the server's template; completions: bare prompts", .fallback = "auto", .rare = true),
        BF_CHOICE("api-probs", &v->api_probs, "auto|none|sampling|model|both",
                  "which token probabilities to ask the server for", .fallback = "auto", .rare = true),
        BF_TEXT("chat", &v->chat, "NAME", "chat template: auto, none (a base model), or a name", .fallback = "auto",
                .rare = true));
}

struct bf_opt *bf_instance_options(struct bf_instance_values *v, struct bf_opt *table)
{
    v->format = "auto";
    return BF_OPT_APPEND(
        table,
        BF_CHOICE("format", &v->format, bf_instance_format_choices, "how the file is read", .letter = 'f',
                  .fallback = "by the file's name"),
        BF_FLAG("skip-bad", &v->skip_bad, "leave out records that cannot be read"),
        BF_TEXT("text-key", &v->text_key, "KEY", "key or column of the text", .fallback = "text, content",
                .rare = true),
        BF_TEXT("question-key", &v->question_key, "KEY", "key or column of the question", .fallback = "question",
                .rare = true),
        BF_TEXT("answer-key", &v->answer_key, "KEY", "key or column of the answer", .fallback = "answer", .rare = true),
        BF_FLAG("paragraphs", &v->paragraphs, "txt: texts are separated by blank lines", .rare = true));
}

struct bf_instance_options bf_instance_file_options(const struct bf_instance_values *v, bool long_texts)
{
    struct bf_instance_options options = {
        .skip_bad = v->skip_bad,
        .paragraphs = v->paragraphs,
        .text_key = v->text_key,
        .question_key = v->question_key,
        .answer_key = v->answer_key,
        .max_text = long_texts ? BF_IMPORT_TEXT_MAX : BF_INSTANCE_TEXT_MAX,
    };
    (void)bf_instance_format_of(v->format, &options.format);
    return options;
}
