#include "cmd/method_options.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "request/request_fields.h"
#include "base/banned.h"

/* Which kinds of requests an option is for. */
enum { D = 1 << BF_KIND_DOMAIN, I = 1 << BF_KIND_INSTANCE, T = 1 << BF_KIND_TEXTBOOK, ALL = D | I | T };

static const struct {
    const char *name; /* as the field's key, with dashes */
    const char *value, *unit, *help;
    bool rare;
    int kinds;
} rows[] = {
    {"seed", "N", NULL, "seed of every random choice", false, ALL},
    {"rounds", "N", NULL, "rounds of asking the model for points", true, D},
    {"points-per-round", "N", NULL, "points asked for in a round", true, D},
    {"point-forms", NULL, NULL, "ask for points in several forms (--no-point-forms = one question a round)", true, D},
    {"snowball", "N", NULL, "times to ask about names that recur in kept texts (0 = never)", true, D},
    {"point-questions", "N", NULL, "questions of each point whose answer it is (0 = none; --then: 6)", true, D},
    {"point-temperature", "T", NULL, "temperature of the lists of points", true, D | T},
    {"temperatures", "T,T,...", NULL, "sampling temperatures", false, ALL},
    {"samples-per-prompt", "N", NULL, "samples per prompt and temperature", true, D | I},
    {"max-new-tokens", "N", "tokens", "longest answer", false, ALL},
    {"mi-samples", "N", NULL, "membership-inference texts to write (0 = none)", false, D},
    {"jailbreak-samples", "N", NULL, "jailbreak texts to write (0 = none)", false, D},
    {"max-samples", "N", NULL, "at most this many prompts of Stage I or of rewriting (0 = all)", true, D | I},
    {"control-samples", "N", NULL, "texts on an invented topic, for the knowledge check", true, D},
    {"templates", "NAME|FILE", NULL, "prompt set: 'default' or a JSON file", true, ALL},
    {"top-p", "P", NULL, "nucleus sampling (1 = off)", true, ALL},
    {"top-k", "N", NULL, "most likely tokens to choose from (0 = off)", true, ALL},
    {"diversity-batch", "N", NULL, "kept samples between two checks of the stop rule", true, D | I},
    {"epsilon", "X", NULL, "stop when diversity grows by less (negative = never)", true, D | I},
    {"probe-temperature", "T", NULL, "temperature of Stage II", true, D},
    {"tau", "P|auto", NULL, "membership inference keeps texts from this Min-K% prob on; auto: by the invented topic",
     true, D},
    {"k-percent", "K", "%", "share of least likely tokens in Min-K% prob", true, D},
    {"mi-model-distribution", NULL, NULL, "Min-K% prob under the model's own distribution", true, D},
    {"order", NULL, NULL, "balanced: even at any length; point: one point after the other", true, D | I},
    {"min-words", "N", "words", "filter too_short: reject shorter texts", true, ALL},
    {"near-duplicate", "J", NULL, "filter near_duplicate: Jaccard similarity (above 1 = off)", true, ALL},
    {"drift-sigma", "S", NULL, "filter drift: standard deviations (0 = off)", true, D},
    {"filter-refusal", NULL, NULL, "filter refusal (--no-filter-refusal = off)", true, ALL},
    {"filter-echo", NULL, NULL, "filter prompt_echo", true, ALL},
    {"filter-degenerate", NULL, NULL, "filter degenerate", true, ALL},
    {"trim-sentence", NULL, NULL, "drop the unfinished sentence at the token limit", true, ALL},
    {"min-similarity", "S", NULL, "least cosine to the original (0 = off)", false, I},
    {"keep-facts", NULL, NULL, "variants must keep names, numbers and dates (--no-keep-facts = off)", false, I},
    {"questions", "N", NULL,
     "most texts to ask a question about (-1 = each tenth, each original; --no-questions = off)", false, D | I},
    {"wordings", "N", NULL, "other wordings of each question that the model knows; the last is held out", true, D | I},
    {"subfields", "N", NULL, "subfields of the domain to ask for", false, T},
    {"bullets", "N", NULL, "bullet points for each subfield and audience", false, T},
    {"chapters", "N", NULL, "at most this many chapters (0 = one for each bullet point)", false, T},
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

static void option_of(size_t row, struct bf_method_values *values, struct bf_opt *out)
{
    const struct bf_field *field = field_of(rows[row].name);
    union bf_method_value *value = &values->values[row];
    *out = (struct bf_opt){
        .name = rows[row].name,
        .value = rows[row].value,
        .unit = rows[row].unit,
        .help = rows[row].help,
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
        out->fallback = "3407"; /* in both profiles */
        out->target = &value->seed;
        break;
    case BF_FIELD_INT:
        out->type = BF_OPT_INT;
        out->target = &value->integer;
        out->no_is_zero = strcmp(rows[row].name, "questions") == 0;
        break;
    case BF_FIELD_DOUBLE:
        out->type = BF_OPT_DOUBLE;
        out->choices = field->words ? field->words[0] : NULL;
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
    case BF_FIELD_LINES: /* not a row of this table: --points of biforget domain names a file */
        break;
    case BF_FIELD_WORD:
        out->type = BF_OPT_CHOICE;
        out->target = &value->text;
        out->choices = "balanced|point";
        break;
    }
}

struct bf_opt *bf_method_options(struct bf_method_values *values, enum bf_kind kind, struct bf_opt *table)
{
    values->profile = "quick";
    table = BF_OPT_APPEND(table, BF_CHOICE("profile", &values->profile, bf_profile_choices,
                                           "all parameters below: quick takes minutes, paper is the publication's",
                                           .letter = 'p', .fallback = "quick"));
    for (size_t i = 0; i < N_ROWS; i++)
        if ((rows[i].kinds >> kind) & 1) {
            struct bf_opt row;
            option_of(i, values, &row);
            table = bf_opt_append(table, &row, 1);
        }
    return table;
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
    case BF_FIELD_LINES:
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

enum bf_status bf_method_request(const struct bf_opt *table, const struct bf_method_values *values, enum bf_kind kind,
                                 const char *topic, struct bf_request *out, struct bf_err *err)
{
    enum bf_status status = bf_request_of_kind(kind, values->profile, out, err);
    if (status != BF_OK)
        return status;
    for (size_t i = 0; i < N_ROWS; i++) {
        const struct bf_opt *opt = bf_opt_find(table, rows[i].name);
        if (opt && opt->given)
            apply(field_of(opt->name), opt->target, out);
    }
    if (topic)
        status = bf_request_set_topic(out, topic, err);
    if (status == BF_OK)
        status = bf_request_check(out, err);
    if (status != BF_OK)
        bf_request_release(out);
    return status;
}
