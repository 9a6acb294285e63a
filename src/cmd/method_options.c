#include "cmd/method_options.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "request/request_fields.h"
#include "base/banned.h"

static const struct {
    const char *name; /* as the field's key, with dashes */
    const char *value, *unit, *help;
    bool rare;
} rows[] = {
    {"seed", "N", NULL, "seed of every random choice (default 3407)", false},
    {"rounds", "N", NULL, "rounds of asking the model for points", false},
    {"points-per-round", "N", NULL, "points asked for in a round", false},
    {"point-temperature", "T", NULL, "temperature of the lists of points", true},
    {"temperatures", "T,T,...", NULL, "sampling temperatures of Stage I", false},
    {"samples-per-prompt", "N", NULL, "samples per point, template and temperature", false},
    {"max-new-tokens", "N", "tokens", "longest answer", false},
    {"mi-samples", "N", NULL, "membership-inference texts to write (0 = none)", false},
    {"jailbreak-samples", "N", NULL, "jailbreak texts to write (0 = none)", false},
    {"max-samples", "N", NULL, "Stage I prompts at most (0 = all planned)", true},
    {"control-samples", "N", NULL, "texts on an invented topic, for the knowledge check", true},
    {"templates", "NAME|FILE", NULL, "prompt set: 'default' or a JSON file", true},
    {"top-p", "P", NULL, "nucleus of the sampling (1 = off)", true},
    {"top-k", "N", NULL, "most likely tokens to choose from (0 = off)", true},
    {"diversity-batch", "N", NULL, "kept samples between two checks of the stop rule", true},
    {"epsilon", "X", NULL, "stop when diversity grows by less (negative = never)", true},
    {"probe-temperature", "T", NULL, "temperature of Stage II", true},
    {"tau", "P", NULL, "membership inference keeps Min-K% prob from here on", true},
    {"k-percent", "K", "%", "share of least likely tokens in Min-K% prob", true},
    {"mi-model-distribution", NULL, NULL, "Min-K% prob under the model's own distribution", true},
    {"order", NULL, NULL, "balanced: any prefix is even; point: the official order", true},
    {"min-words", "N", "words", "filter too_short: fewer are not kept", true},
    {"near-duplicate", "J", NULL, "filter near_duplicate: Jaccard similarity (above 1 = off)", true},
    {"drift-sigma", "S", NULL, "filter drift: standard deviations (0 = off)", true},
    {"filter-refusal", NULL, NULL, "filter refusal (--no-filter-refusal = off)", true},
    {"filter-echo", NULL, NULL, "filter prompt_echo", true},
    {"filter-degenerate", NULL, NULL, "filter degenerate", true},
    {"trim-sentence", NULL, NULL, "cut a half sentence at the token limit", true},
};
enum { N_ROWS = sizeof rows / sizeof *rows };
_Static_assert(sizeof rows / sizeof *rows <= (size_t)BF_METHOD_OPTIONS_MAX, "BF_METHOD_OPTIONS_MAX is too small");

static const struct bf_field *field_of(const char *option)
{
    for (size_t i = 0; i < bf_n_fields; i++) {
        const char *key = bf_fields[i].key;
        size_t j = 0;
        while (key[j] && (key[j] == option[j] || (key[j] == '_' && option[j] == '-')))
            j++;
        if (key[j] == 0 && option[j] == 0)
            return &bf_fields[i];
    }
    return NULL;
}

size_t bf_method_option_count(void)
{
    return N_ROWS + 1;
}

static void option_of(size_t row, struct bf_method_values *values, struct bf_opt *out)
{
    const struct bf_field *field = field_of(rows[row].name);
    union bf_method_value *value = &values->values[row];
    *out = (struct bf_opt){
        .name = rows[row].name,
        .value = rows[row].value,
        .unit = rows[row].unit,
        .help = rows[row].help,
        .given = &values->given[row],
        .rare = rows[row].rare,
        .min = field->min,
        .max = field->max,
    };
    switch (field->kind) {
    case BF_FIELD_TEXT:
        out->type = BF_OPT_TEXT;
        out->target = &value->text;
        break;
    case BF_FIELD_SEED:
        out->type = BF_OPT_SEED;
        out->target = &value->seed;
        break;
    case BF_FIELD_INT:
        out->type = BF_OPT_INT;
        out->target = &value->integer;
        break;
    case BF_FIELD_DOUBLE:
        out->type = BF_OPT_DOUBLE;
        out->target = &value->real;
        break;
    case BF_FIELD_DOUBLES:
        out->type = BF_OPT_DOUBLES;
        out->target = &value->reals;
        break;
    case BF_FIELD_BOOL:
        out->type = BF_OPT_FLAG;
        out->target = &value->flag;
        break;
    case BF_FIELD_WORD:
        out->type = BF_OPT_CHOICE;
        out->target = &value->text;
        out->choices = "balanced|point";
        break;
    }
}

void bf_method_options(struct bf_method_values *values, struct bf_opt *out)
{
    values->profile = "quick";
    out[0] = (struct bf_opt){
        .name = "profile",
        .letter = 'p',
        .type = BF_OPT_CHOICE,
        .target = &values->profile,
        .choices = bf_profile_choices,
        .fallback = "quick",
        .help = "all figures below: quick takes minutes, paper is the publication's",
    };
    for (size_t i = 0; i < N_ROWS; i++)
        option_of(i, values, &out[i + 1]);
}

static void apply(const struct bf_field *field, const union bf_method_value *value, struct bf_request *request)
{
    char *at = (char *)request + field->offset;
    switch (field->kind) {
    case BF_FIELD_TEXT: {
        char **text = (char **)(void *)at;
        free(*text);
        *text = bf_strdup(value->text);
        break;
    }
    case BF_FIELD_SEED:
        memcpy(at, &value->seed, sizeof value->seed);
        break;
    case BF_FIELD_INT: {
        int32_t n = (int32_t)value->integer;
        memcpy(at, &n, sizeof n);
        break;
    }
    case BF_FIELD_DOUBLE:
        memcpy(at, &value->real, sizeof value->real);
        break;
    case BF_FIELD_DOUBLES:
        memcpy(at, &value->reals, sizeof value->reals);
        break;
    case BF_FIELD_BOOL:
        memcpy(at, &value->flag, sizeof value->flag);
        break;
    case BF_FIELD_WORD: {
        unsigned word = 0;
        while (field->words[word] && strcmp(field->words[word], value->text) != 0)
            word++;
        memcpy(at, &word, sizeof word);
        break;
    }
    }
}

enum bf_status bf_method_request(const struct bf_method_values *values, const char *topic, struct bf_request *out,
                                 struct bf_err *err)
{
    enum bf_status status = bf_request_from_profile(values->profile, out, err);
    if (status != BF_OK)
        return status;
    for (size_t i = 0; i < N_ROWS; i++)
        if (values->given[i])
            apply(field_of(rows[i].name), &values->values[i], out);
    if (topic)
        status = bf_request_set_topic(out, topic, err);
    if (status == BF_OK)
        status = bf_request_check(out, err);
    if (status != BF_OK)
        bf_request_release(out);
    return status;
}
