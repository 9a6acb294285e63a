/* Settings by a table: the record of a training and what a resume reads are the same rows. */
#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "request/forms.h"
#include "unlearn/loss.h"
#include "unlearn/optimizer.h"
#include "unlearn/trainer.h"
#include "base/banned.h"

enum kind { TEXT, WORD, METHOD, RETAIN_LOSS, INTEGER, SEED, REAL, FLAG };

/* Of the enums, by their values. BF_TRAIN_NONE, which is unset, has no word. */
static const char *const train_words[] = {
    [BF_TRAIN_FULL] = "full", [BF_TRAIN_LORA] = "lora", [BF_TRAIN_TENSORS] = "tensors"};
static const char *const data_words[] = {
    [BF_DATA_AUTO] = "auto", [BF_DATA_QA] = "qa", [BF_DATA_TEXT] = "text", [BF_DATA_MIXED] = "mixed"};
static const char *const npo_norm_words[] = {[BF_NPO_SEQUENCE] = "sequence", [BF_NPO_TOKEN] = "token"};
static const char *const type_words[] = {[BF_SAVE_F32] = "f32",
                                         [BF_SAVE_F16] = "f16",
                                         [BF_SAVE_BF16] = "bf16",
                                         [BF_SAVE_Q8_0] = "q8_0",
                                         [BF_SAVE_SOURCE] = "source"};

static const struct field {
    const char *name;
    enum kind kind;
    size_t offset;
    const char *const *words; /* [n_words] of a WORD, which is an enum */
    size_t n_words;
    bool later; /* older records do not have it: init_as_before says what their trainings had */
} fields[] = {
#define FIELD(name, kind)                                                                                              \
    {                                                                                                                  \
#name, kind, offsetof(struct bf_unlearn_settings, name), NULL, 0, false                                        \
    }
#define ENUM(name, words)                                                                                              \
    {                                                                                                                  \
#name, WORD, offsetof(struct bf_unlearn_settings, name), words, sizeof words / sizeof *words, false            \
    }
#define LATER_FIELD(name, kind)                                                                                        \
    {                                                                                                                  \
#name, kind, offsetof(struct bf_unlearn_settings, name), NULL, 0, true                                         \
    }
#define LATER_ENUM(name, words)                                                                                        \
    {                                                                                                                  \
#name, WORD, offsetof(struct bf_unlearn_settings, name), words, sizeof words / sizeof *words, true             \
    }
    FIELD(method, METHOD),
    FIELD(model, TEXT),
    FIELD(forget, TEXT),
    FIELD(retain, TEXT),
    FIELD(general, TEXT),
    FIELD(alternates, TEXT),
    FIELD(out, TEXT),
    FIELD(adapter, TEXT),
    ENUM(train, train_words),
    ENUM(data, data_words),
    LATER_FIELD(forms, TEXT),
    FIELD(chat, TEXT),
    FIELD(retain_loss, RETAIN_LOSS),
    ENUM(schedule, bf_schedule_words),
    ENUM(type, type_words),
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
    LATER_ENUM(npo_norm, npo_norm_words),
    LATER_FIELD(importance, REAL),
    LATER_FIELD(skip_first, INTEGER),
    LATER_FIELD(dual_step, REAL),
    LATER_FIELD(dual_warmup, REAL),
    LATER_FIELD(retain_limit, REAL),
    LATER_FIELD(targets, TEXT),
    LATER_FIELD(lora_layers, TEXT),
    LATER_FIELD(probe, TEXT),
    LATER_FIELD(probe_retain, TEXT),
    LATER_FIELD(probe_every, INTEGER),
    LATER_FIELD(retain_accuracy_drop, REAL),
    LATER_FIELD(renamed, INTEGER),
    LATER_FIELD(min_steps, INTEGER),
#undef FIELD
#undef ENUM
#undef LATER_FIELD
#undef LATER_ENUM
};

enum { N_FIELDS = sizeof fields / sizeof *fields };

static void *place(const struct bf_unlearn_settings *settings, const struct field *field)
{
    return (char *)(uintptr_t)settings + field->offset;
}

/* An enum's place: all of them are of this size. */
static unsigned *number(const struct bf_unlearn_settings *settings, const struct field *field)
{
    static_assert(sizeof(enum bf_train_kind) == sizeof(unsigned) && sizeof(enum bf_unlearn_data) == sizeof(unsigned) &&
                      sizeof(enum bf_schedule) == sizeof(unsigned) && sizeof(enum bf_npo_norm) == sizeof(unsigned) &&
                      sizeof(enum bf_graph_save_type) == sizeof(unsigned),
                  "an enum is read and written as an unsigned");
    return place(settings, field);
}

static void set_text(char **to, const char *text)
{
    free(*to);
    *to = bf_strdup(text);
}

void bf_unlearn_settings_init(struct bf_unlearn_settings *settings, const struct bf_method *method)
{
    *settings = (struct bf_unlearn_settings){
        .method = method,
        .data = BF_DATA_MIXED,
        .retain_loss = method->retain,
        .schedule = method->schedule,
        .type = BF_SAVE_F16,
        .seed = 3407,
        .gamma = method->gamma,
        .alpha = method->alpha,
        .general_weight = method->general_weight,
        .beta = method->beta,
        .delta = method->delta,
        .coefficient = method->coefficient,
        .layer = method->layer,
        .importance = method->importance,
        .skip_first = method->skip_first,
        .dual_step = method->dual_step,
        .dual_warmup = method->dual_warmup,
        .learning_rate = NAN,
        .decay = method->decay,
        .beta1 = 0.9,
        .beta2 = method->beta2,
        .epsilon = 1e-8,
        .max_norm = method->max_norm,
        .warmup = method->warmup,
        .floor = method->floor,
        .epochs = method->epochs,
        .max_steps = method->max_steps,
        .renamed = method->renamed,
        .batch = method->batch,
        .accumulate = method->accumulate,
        .max_length = 512,
        .pack = true,
        .lora_rank = method->lora_rank > 0 ? method->lora_rank : 16,
        .lora_alpha = method->lora_alpha > 0.0 ? method->lora_alpha : 32.0,
        .measure = 32,
        .evaluate_every = 10,
        .max_loss = 100.0,
        .checkpoint_every = 50,
        .retain_accuracy_drop = 0.05,
    };
    for (size_t i = 0; i < N_FIELDS; i++)
        if (fields[i].kind == TEXT)
            *(char **)place(settings, &fields[i]) = bf_strdup("");
    set_text(&settings->chat, "auto");
    set_text(&settings->forms, BF_FORMS_DEFAULT);
    set_text(&settings->lora_layers, method->lora_layers ? method->lora_layers : "");
}

/* What a training had before there were the later fields: the method's defaults, and adapters in all blocks. */
static void init_as_before(struct bf_unlearn_settings *settings, const struct bf_method *method)
{
    bf_unlearn_settings_init(settings, method);
    set_text(&settings->lora_layers, "");
}

void bf_unlearn_settings_release(struct bf_unlearn_settings *settings)
{
    for (size_t i = 0; i < N_FIELDS; i++)
        if (fields[i].kind == TEXT)
            free(*(char **)place(settings, &fields[i]));
    *settings = (struct bf_unlearn_settings){0};
}

/* "" for what is unset. */
static const char *word_of(const struct bf_unlearn_settings *settings, const struct field *field)
{
    const unsigned value = *number(settings, field);
    return value < field->n_words && field->words[value] ? field->words[value] : "";
}

static bool set_word(struct bf_unlearn_settings *settings, const struct field *field, const char *word)
{
    for (unsigned i = 0; word && i < field->n_words; i++)
        if (field->words[i] && strcmp(field->words[i], word) == 0) {
            *number(settings, field) = i;
            return true;
        }
    return false;
}

static bool set_retain_loss(struct bf_unlearn_settings *settings, const char *word)
{
    settings->retain_loss = word ? bf_retain_loss_find(word) : NULL;
    return word && (settings->retain_loss || strcmp(word, "none") == 0);
}

bool bf_unlearn_settings_word(struct bf_unlearn_settings *settings, const char *name, const char *word)
{
    for (size_t i = 0; i < N_FIELDS; i++)
        if (strcmp(fields[i].name, name) == 0)
            return fields[i].kind == RETAIN_LOSS ? set_retain_loss(settings, word)
                                                 : fields[i].kind == WORD && set_word(settings, &fields[i], word);
    return false;
}

static void add_choice(char *out, size_t size, const char *word)
{
    const size_t n = strlen(out);
    assert(n + 1 + strlen(word) < size);
    (void)snprintf(out + n, size - n, "%s%s", n > 0 ? "|" : "", word);
}

void bf_unlearn_choices(const char *name, char *out, size_t size)
{
    out[0] = '\0';
    for (size_t i = 0; i < N_FIELDS; i++) {
        const struct field *field = &fields[i];
        if (strcmp(field->name, name) != 0)
            continue;
        for (size_t j = 0; j < field->n_words; j++)
            if (field->words[j])
                add_choice(out, size, field->words[j]);
        for (size_t j = 0; field->kind == METHOD && bf_method_at(j); j++)
            add_choice(out, size, bf_method_at(j)->name);
        /* States are rmu's, which takes nothing else. */
        for (size_t j = 0; field->kind == RETAIN_LOSS && bf_retain_loss_at(j); j++)
            if (bf_retain_loss_at(j)->kind != BF_LOSS_STATES)
                add_choice(out, size, bf_retain_loss_at(j)->name);
    }
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
        case WORD:
            value = json_string(word_of(settings, &fields[i]));
            break;
        case METHOD:
            value = json_string(settings->method->name);
            break;
        case RETAIN_LOSS:
            value = json_string(settings->retain_loss ? settings->retain_loss->name : "none");
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

json_t *bf_unlearn_settings_identity(const struct bf_unlearn_settings *settings)
{
    struct bf_unlearn_settings standard;
    init_as_before(&standard, settings->method);
    json_t *out = bf_unlearn_settings_json(settings), *defaults = bf_unlearn_settings_json(&standard);
    for (size_t i = 0; i < N_FIELDS; i++) {
        const char *name = fields[i].name;
        if (fields[i].later && json_equal(json_object_get(out, name), json_object_get(defaults, name)))
            json_object_del(out, name);
    }
    json_decref(defaults);
    bf_unlearn_settings_release(&standard);
    return out;
}

/* The folder of a training may be a stranger's: what sizes a batch has to be a size. */
static int64_t least_of(const struct field *field)
{
    static const struct {
        const char *name;
        int64_t least;
    } others[] = {{"layer", -1},     {"batch", 1},     {"accumulate", 1},
                  {"max_length", 2}, {"lora_rank", 1}, {"evaluate_every", 1}};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (strcmp(field->name, others[i].name) == 0)
            return others[i].least;
    return 0;
}

static bool read_field(const json_t *value, const struct field *field, struct bf_unlearn_settings *settings)
{
    void *to = place(settings, field);
    if (!value && field->later)
        return true;
    switch (field->kind) {
    case TEXT:
        if (!json_is_string(value))
            return false;
        set_text(to, json_string_value(value));
        return true;
    case WORD:
        return set_word(settings, field, json_string_value(value));
    case METHOD: { /* one that is not known has a sentence of its own */
        const struct bf_method *method = json_is_string(value) ? bf_method_find(json_string_value(value)) : NULL;
        if (method) /* the first field: what the record does not have is the method's */
            init_as_before(settings, method);
        return json_is_string(value);
    }
    case RETAIN_LOSS:
        return set_retain_loss(settings, json_string_value(value));
    case SEED: {
        char *end = NULL;
        const char *text = json_string_value(value);
        if (!text)
            return false;
        *(uint64_t *)to = strtoull(text, &end, 10);
        return end != text && *end == '\0';
    }
    case INTEGER: { /* sizes and places; -1 is the layer of a method without one */
        const json_int_t number = json_integer_value(value);
        *(int64_t *)to = number;
        return json_is_integer(value) && number >= least_of(field) && number <= INT32_MAX;
    }
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
    for (size_t i = 0; i < N_FIELDS; i++) {
        const json_t *value = json_object_get(json, fields[i].name);
        if (!read_field(value, &fields[i], out))
            return bf_fail(err, BF_STORE, "the settings of the training have no '%s' that this program can read",
                           fields[i].name);
        if (strcmp(fields[i].name, "method") == 0 &&
            !out->method) /* a newer program's, whose other words may be new, too */
            return bf_fail(err, BF_STORE,
                           "the settings of the training name a method '%s' that this program does not know",
                           json_string_value(value));
    }
    const bool states = out->method->forget->kind == BF_LOSS_STATES;
    struct bf_forms forms;
    if (out->data == BF_DATA_MIXED && bf_forms_parse(out->forms, &forms, NULL) != BF_OK)
        return bf_fail(err, BF_STORE, "the settings of the training have no 'forms' that this program can read");
    if (out->retain_loss && (out->retain_loss->kind == BF_LOSS_STATES) != states)
        return bf_fail(err, BF_STORE, "the settings of the training name a retain loss '%s' that %s does not have",
                       out->retain_loss->name, out->method->name);
    if (states && out->general_weight > 0.0)
        return bf_fail(err, BF_STORE, "the settings of the training weigh general text, which %s does not train on",
                       out->method->name);
    if (states && out->layer < 0)
        return bf_fail(err, BF_STORE, "the settings of the training name no layer, and %s needs one",
                       out->method->name);
    return BF_OK;
}

/* ---- what is left open, and what does not go together ---- */

bool bf_unlearn_layers(const char *text, int32_t *first, int32_t *last)
{
    int n = 0;
    *first = 0;
    *last = -1;
    if (text[0] == '\0' || strcmp(text, "all") == 0)
        return true;
    return strspn(text, "0123456789-") == strlen(text) && sscanf(text, "%6d-%6d%n", first, last, &n) == 2 &&
           text[n] == '\0' && *first >= 0 && *first <= *last;
}

static bool is_float(const char *type)
{
    return strcasecmp(type, "f32") == 0 || strcasecmp(type, "f16") == 0 || strcasecmp(type, "bf16") == 0;
}

static enum bf_status choose_train(struct bf_unlearn_settings *s, struct bf_err *err)
{
    struct bf_graph_params params = bf_graph_params_default();
    struct bf_graph_info info;
    s->train = s->method->train;
    if (s->train != BF_TRAIN_FULL)
        return BF_OK;
    params.model_path = s->model;
    const enum bf_status status = bf_graph_estimate(&params, &info, err);
    if (status == BF_OK && !is_float(info.source_type))
        s->train = BF_TRAIN_LORA;
    return status;
}

enum bf_status bf_unlearn_settings_choose(struct bf_unlearn_settings *s, struct bf_err *err)
{
    const enum bf_status status = s->train == BF_TRAIN_NONE ? choose_train(s, err) : BF_OK;
    if (status == BF_OK && isnan(s->learning_rate))
        s->learning_rate = s->train == BF_TRAIN_LORA ? s->method->lora_learning_rate : s->method->learning_rate;
    return status;
}

enum bf_status bf_unlearn_settings_check(const struct bf_unlearn_settings *s, struct bf_err *err)
{
    const char *name = s->method->name;
    const bool states = s->method->forget->kind == BF_LOSS_STATES;
    if (states && s->retain_loss != s->method->retain)
        return bf_fail(err, BF_USAGE, "%s keeps states, not a likelihood; leave --retain-loss out", name);
    if (states && s->general_weight > 0.0)
        return bf_fail(err, BF_USAGE,
                       "%s computes only the first blocks while it trains, so it has no likelihood of general text; "
                       "leave --general-weight out",
                       name);
    if (states && (s->stop_forget_nll > 0.0 || s->stop_retain_rise > 0.0))
        return bf_fail(
            err, BF_USAGE,
            "%s computes only the first blocks while it trains, so --stop-* has no likelihood to check; give "
            "--max-steps",
            name);
    struct bf_forms forms;
    const enum bf_status status = s->data == BF_DATA_MIXED ? bf_forms_parse(s->forms, &forms, err) : BF_OK;
    if (status != BF_OK)
        return status;
    int32_t first, last;
    if (!bf_unlearn_layers(s->lora_layers, &first, &last))
        return bf_fail(err, BF_USAGE, "'%s' is not a range of blocks; give it as --lora-layers 4-7, or all",
                       s->lora_layers);
    if (s->method->by_question && !s->alternates[0])
        return bf_fail(err, BF_USAGE,
                       "%s prefers other answers to the questions of the forget set; give them with --alternates SET, "
                       "which the model writes by: biforget instance PAIRS --templates alternates --no-keep-facts "
                       "--min-similarity 0 --near-duplicate 2 -o SET",
                       name);
    if (s->targets[0] && s->method->forget->of.row != bf_loss_mask)
        return bf_fail(err, BF_USAGE, "--targets has words to strike out, which only obliviate does; leave it out");
    if (s->adapter[0] && s->train != BF_TRAIN_LORA)
        return bf_fail(err, BF_USAGE, "--adapter is for an adapter; give --lora");
    if (s->method->forget->twins && s->renamed < 1)
        return bf_fail(err, BF_USAGE, "%s learns from texts with invented names; give --renamed 1 or more", name);
    if (s->renamed > 0 && !s->method->forget->twins && (s->alpha <= 0.0 || s->retain_loss != bf_retain_loss_find("kl")))
        return bf_fail(
            err, BF_USAGE,
            "--renamed keeps the model as it is about invented names, and another retain loss would teach it "
            "about them; give --retain-loss kl and --alpha above 0");
    if (s->max_steps == 0 && s->epochs <= 0.0)
        return bf_fail(err, BF_USAGE, "give --max-steps or --epochs");
    return BF_OK;
}
