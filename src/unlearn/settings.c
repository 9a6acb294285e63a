/* Settings by a table: the record of a training and what a resume reads are the same rows. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "unlearn/unlearn.h"
#include "base/banned.h"

enum kind { TEXT, INTEGER, SEED, REAL, FLAG };

static const struct field {
    const char *name;
    enum kind kind;
    size_t offset;
} fields[] = {
#define FIELD(name, kind)                                                                                              \
    {                                                                                                                  \
#name, kind, offsetof(struct bf_unlearn_settings, name)                                                        \
    }
    FIELD(method, TEXT),
    FIELD(model, TEXT),
    FIELD(forget, TEXT),
    FIELD(retain, TEXT),
    FIELD(general, TEXT),
    FIELD(alternates, TEXT),
    FIELD(out, TEXT),
    FIELD(adapter, TEXT),
    FIELD(train, TEXT),
    FIELD(data, TEXT),
    FIELD(chat, TEXT),
    FIELD(retain_loss, TEXT),
    FIELD(schedule, TEXT),
    FIELD(type, TEXT),
    FIELD(seed, SEED),
    FIELD(gamma, REAL),
    FIELD(alpha, REAL),
    FIELD(general_weight, REAL),
    FIELD(beta, REAL),
    FIELD(delta, REAL),
    FIELD(coefficient, REAL),
    FIELD(layer, INTEGER),
    FIELD(learning_rate, REAL),
    FIELD(decay, REAL),
    FIELD(beta1, REAL),
    FIELD(beta2, REAL),
    FIELD(epsilon, REAL),
    FIELD(max_norm, REAL),
    FIELD(warmup, REAL),
    FIELD(floor, REAL),
    FIELD(epochs, REAL),
    FIELD(max_steps, INTEGER),
    FIELD(batch, INTEGER),
    FIELD(accumulate, INTEGER),
    FIELD(max_length, INTEGER),
    FIELD(pack, FLAG),
    FIELD(lora_rank, INTEGER),
    FIELD(lora_alpha, REAL),
    FIELD(measure, INTEGER),
    FIELD(evaluate_every, INTEGER),
    FIELD(stop_forget_nll, REAL),
    FIELD(stop_retain_rise, REAL),
    FIELD(max_loss, REAL),
    FIELD(checkpoint_every, INTEGER),
    FIELD(threads, INTEGER),
    FIELD(less_memory, FLAG),
    FIELD(bf16, FLAG),
#undef FIELD
};

enum { N_FIELDS = sizeof fields / sizeof *fields };

static void *place(const struct bf_unlearn_settings *settings, const struct field *field)
{
    return (char *)(uintptr_t)settings + field->offset;
}

static const char *const retain_words[BF_RETAIN_COUNT] = {"none", "nll", "kl", "state"};

void bf_unlearn_settings_init(struct bf_unlearn_settings *settings, const struct bf_method *method)
{
    *settings = (struct bf_unlearn_settings){
        .seed = 3407,
        .gamma = method->gamma,
        .alpha = method->alpha,
        .general_weight = method->general_weight,
        .beta = method->beta,
        .delta = method->delta,
        .coefficient = method->coefficient,
        .layer = method->layer,
        .learning_rate = method->learning_rate,
        .decay = method->decay,
        .beta1 = 0.9,
        .beta2 = method->beta2,
        .epsilon = 1e-8,
        .max_norm = method->max_norm,
        .warmup = method->warmup,
        .floor = method->floor,
        .epochs = method->epochs,
        .max_steps = method->max_steps,
        .batch = method->batch,
        .accumulate = method->accumulate,
        .max_length = 512,
        .pack = true,
        .lora_rank = 16,
        .lora_alpha = 32.0,
        .measure = 32,
        .evaluate_every = 10,
        .max_loss = 100.0,
        .checkpoint_every = 50,
    };
    for (size_t i = 0; i < N_FIELDS; i++)
        if (fields[i].kind == TEXT)
            *(char **)place(settings, &fields[i]) = bf_strdup("");
    const struct {
        char **to;
        const char *word;
    } words[] = {{&settings->method, method->name},
                 {&settings->train, method->lora                        ? "lora"
                                    : method->forget == BF_FORGET_STATE ? "tensors"
                                                                        : "full"},
                 {&settings->data, "auto"},
                 {&settings->chat, "auto"},
                 {&settings->retain_loss, retain_words[method->retain]},
                 {&settings->schedule, method->schedule},
                 {&settings->type, "f16"}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        free(*words[i].to);
        *words[i].to = bf_strdup(words[i].word);
    }
}

void bf_unlearn_settings_release(struct bf_unlearn_settings *settings)
{
    for (size_t i = 0; i < N_FIELDS; i++)
        if (fields[i].kind == TEXT)
            free(*(char **)place(settings, &fields[i]));
    *settings = (struct bf_unlearn_settings){0};
}

json_t *bf_unlearn_settings_json(const struct bf_unlearn_settings *settings)
{
    json_t *out = json_object();
    for (size_t i = 0; i < N_FIELDS; i++) {
        const void *from = place(settings, &fields[i]);
        json_t *value = NULL;
        char seed[24];
        switch (fields[i].kind) {
        case TEXT:
            value = bf_json_text(*(char *const *)from, strlen(*(char *const *)from));
            break;
        case INTEGER:
            value = json_integer(*(const int64_t *)from);
            break;
        case SEED: /* beyond what JSON's integers hold */
            (void)snprintf(seed, sizeof seed, "%llu", (unsigned long long)*(const uint64_t *)from);
            value = json_string(seed);
            break;
        case REAL:
            value = json_real(*(const double *)from);
            break;
        case FLAG:
            value = json_boolean(*(const bool *)from);
            break;
        }
        json_object_set_new(out, fields[i].name, value);
    }
    return out;
}

static bool read_field(const json_t *value, const struct field *field, void *to)
{
    switch (field->kind) {
    case TEXT:
        if (!json_is_string(value))
            return false;
        *(char **)to = bf_strdup(json_string_value(value));
        return true;
    case SEED: {
        char *end = NULL;
        const char *text = json_string_value(value);
        if (!text)
            return false;
        *(uint64_t *)to = strtoull(text, &end, 10);
        return end != text && *end == '\0';
    }
    case INTEGER:
        *(int64_t *)to = json_integer_value(value);
        return json_is_integer(value);
    case REAL:
        *(double *)to = json_number_value(value);
        return json_is_number(value);
    case FLAG:
        *(bool *)to = json_is_true(value);
        return json_is_boolean(value);
    }
    return false;
}

enum bf_status bf_unlearn_settings_parse(const json_t *json, struct bf_unlearn_settings *out, struct bf_err *err)
{
    *out = (struct bf_unlearn_settings){0};
    for (size_t i = 0; i < N_FIELDS; i++)
        if (!read_field(json_object_get(json, fields[i].name), &fields[i], place(out, &fields[i])))
            return bf_fail(err, BF_STORE, "the settings of the training have no '%s' that this program can read",
                           fields[i].name);
    if (!bf_method_find(out->method))
        return bf_fail(err, BF_STORE, "the settings of the training name a method '%s' that this program does not know",
                       out->method);
    return BF_OK;
}
