/* The options in an experiment, parsed by the commands that will get them: a misspelt one would stop the lab hours
 * later. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cmd/cmd.h"
#include "cmd/eval_options.h"
#include "eval/eval_task.h"
#include "cmd/lab_spec_options.h"
#include "cmd/unlearn_options.h"

#include "base/banned.h"

struct list {
    const struct bf_lab_options *options;
    const struct bf_command *command;
    unsigned taken;           /* marks of what the lab gives the command itself */
    const char *what, *place; /* of the sentence */
};

static enum bf_status check_taken(const struct list *list, const struct bf_opt *table, struct bf_err *err)
{
    for (const struct bf_opt *opt = table; opt->name; opt++)
        if (opt->given && (opt->marks & list->taken))
            return bf_fail(err, BF_INPUT, "%s: leave --%s out of the options of %s: the lab gives it itself",
                           list->what, opt->name, list->place);
    return BF_OK;
}

/* Into `values`, zeroed, of the command's size. *table: free() it; NULL on failure. */
static enum bf_status parse_list(const struct list *list, void *values, struct bf_opt **table, struct bf_err *err)
{
    const size_t n = list->options->n;
    char **argv = bf_array(n + 2, sizeof *argv);
    const char *operands[1];
    size_t n_operands = 0;
    int help = 0;
    struct bf_err why = BF_ERR_INIT;
    *table = list->command->options(values);
    argv[0] = (char *)list->command->help.name;
    for (size_t i = 0; i < n; i++)
        argv[i + 1] = (char *)list->options->words[i];
    enum bf_status status = bf_opt_parse(*table, (int)n + 1, argv, operands, 0, &n_operands, &help, &why);
    if (status != BF_OK)
        status = bf_fail(err, BF_INPUT, "%s: the options of %s: %s", list->what, list->place, why.text);
    else if (help)
        status = bf_fail(err, BF_INPUT, "%s: leave --help out of the options of %s; 'biforget help %s' lists them",
                         list->what, list->place, list->command->help.name);
    else
        status = check_taken(list, *table, err);
    if (status != BF_OK) {
        free(*table);
        *table = NULL;
    }
    free(argv);
    return status;
}

static enum bf_status check_list(const struct list *list, struct bf_err *err)
{
    void *values = bf_alloc(list->command->values_size);
    struct bf_opt *table = NULL;
    const enum bf_status status = parse_list(list, values, &table, err);
    free(table);
    free(values);
    return status;
}

static enum bf_status check_eval(const struct bf_lab_options *options, const char *task, const char *place,
                                 const char *what, struct bf_err *err)
{
    const struct list list = {options, &bf_cmd_eval, BF_LAB, what, place};
    struct bf_eval_values values = {0};
    struct bf_opt *table = NULL;
    struct bf_err why = BF_ERR_INIT;
    enum bf_status status = parse_list(&list, &values, &table, err);
    size_t i_task = 0;
    if (status == BF_OK && bf_eval_task_find(task, &i_task) && bf_eval_options_fit(table, i_task, &why) != BF_OK)
        status = bf_fail(err, BF_INPUT, "%s: the options of %s: %s", what, place, why.text);
    free(table);
    return status;
}

static enum bf_status check_set(const struct bf_lab_set *set, const char *what, struct bf_err *err)
{
    const bool textbook = strcmp(set->kind, "textbook") == 0;
    char place[128];
    snprintf(place, sizeof place, "forget set \"%.80s\"", set->name);
    const struct list list = {&set->options, textbook ? &bf_cmd_textbook : &bf_cmd_domain, BF_LAB, what, place};
    if (textbook || strcmp(set->kind, "domain") == 0)
        return check_list(&list, err);
    if (set->options.n > 0)
        return bf_fail(err, BF_INPUT, "%s: %s is of kind %s, which takes no options", what, place, set->kind);
    return BF_OK;
}

static enum bf_status check_method_word(const struct bf_lab_method *method, const char *what, struct bf_err *err)
{
    const struct bf_method *found = bf_method_find(method->method);
    struct bf_buf can;
    enum bf_status status = BF_OK;
    bf_buf_init(&can, SIZE_MAX);
    bf_methods_list(&can);
    if (!found)
        status = bf_fail(err, BF_INPUT, "%s: \"%.80s\" is not a method; give %s", what, method->method, can.data);
    else if (found->teaches)
        status =
            bf_fail(err, BF_INPUT, "%s: %s teaches what is to be forgotten; give %s", what, method->method, can.data);
    bf_buf_release(&can);
    return status;
}

enum bf_status bf_lab_check_options(const struct bf_lab_spec *spec, const char *what, struct bf_err *err)
{
    const struct list train = {&spec->train, &bf_cmd_unlearn, BF_LAB, what, "\"train\""};
    enum bf_status status = check_list(&train, err);
    for (size_t i = 0; i < spec->n_sets && status == BF_OK; i++)
        status = check_set(&spec->sets[i], what, err);
    for (size_t i = 0; i < spec->n_methods && status == BF_OK; i++) {
        char place[128];
        snprintf(place, sizeof place, "method \"%.80s\"", spec->methods[i].name);
        const struct list list = {&spec->methods[i].options, &bf_cmd_unlearn, BF_LAB | BF_LAB_OF_METHOD, what, place};
        status = check_method_word(&spec->methods[i], what, err);
        if (status == BF_OK)
            status = check_list(&list, err);
    }
    if (status == BF_OK)
        status = check_eval(&spec->tofu, "tofu", "\"tofu\"", what, err);
    return status == BF_OK ? check_eval(&spec->privleak, "privleak", "\"privleak\"", what, err) : status;
}

/* Checked as the command will combine them. */
static enum bf_status check_settings(const struct list *list, const char *method, const char *model, struct bf_err *err)
{
    struct bf_unlearn_values values = {0};
    struct bf_unlearn_settings settings = {0};
    struct bf_err why = BF_ERR_INIT;
    struct bf_opt *table = NULL;
    enum bf_status status = parse_list(list, &values, &table, err);
    if (status == BF_OK && !bf_opt_find(table, "data")->given)
        values.data = "auto"; /* as bf_lab_add_training has it */
    free(table);
    if (status != BF_OK)
        return status;
    values.method = method;
    values.model = model;
    values.forget = values.out = "it";
    values.full |= bf_method_find(method)->teaches;
    status = bf_unlearn_settings_from(&values, &settings, &why);
    if (status != BF_OK)
        status = bf_fail(err, status == BF_USAGE ? BF_INPUT : status, "%s: the options of %s: %s", list->what,
                         list->place, why.text);
    bf_unlearn_settings_release(&settings);
    return status;
}

enum bf_status bf_lab_check_settings(const struct bf_lab_spec *spec, const char *model, struct bf_err *err)
{
    const struct list train = {&spec->train, &bf_cmd_unlearn, BF_LAB, spec->name, "\"train\""};
    enum bf_status status = check_settings(&train, "finetune", model, err);
    for (size_t i = 0; i < spec->n_methods && status == BF_OK; i++) {
        char place[128];
        snprintf(place, sizeof place, "method \"%.80s\"", spec->methods[i].name);
        const struct list list = {&spec->methods[i].options, &bf_cmd_unlearn, BF_LAB | BF_LAB_OF_METHOD, spec->name,
                                  place};
        status = check_settings(&list, spec->methods[i].method, model, err);
    }
    return status;
}
