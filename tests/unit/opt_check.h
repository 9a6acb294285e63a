/* The rules that every option table keeps. */
#ifndef BF_TESTS_OPT_CHECK_H
#define BF_TESTS_OPT_CHECK_H
#include <math.h>
#include <string.h>

#include "base/opt.h"

static inline bool opt_check_is_name(const char *name)
{
    size_t n = strlen(name);

    return n >= 1 && name[0] != '-' && name[n - 1] != '-' &&
           name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-")] == '\0';
}

static inline bool opt_check_is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* "a|b": no empty word. */
static inline bool opt_check_are_choices(const char *choices)
{
    size_t n = strlen(choices);

    return n > 0 && choices[0] != '|' && choices[n - 1] != '|' && !strstr(choices, "||");
}

static inline const char *opt_check_one(const struct bf_opt *opt)
{
    size_t n_help;

    if (!opt_check_is_name(opt->name))
        return "a name is not made of lower-case letters, digits and inner dashes";
    if (strcmp(opt->name, "help") == 0 || strcmp(opt->name, "help-all") == 0 || opt->letter == 'h')
        return "--help, --help-all and -h are the parser's own";
    if (opt->letter != 0 && !opt_check_is_letter(opt->letter))
        return "a short form is not a letter";
    if (!opt->target)
        return "an option has no target";
    if (!opt->help || opt->help[0] == '\0')
        return "an option has no help";
    n_help = strlen(opt->help);
    if (strchr(opt->help, '\n') || opt->help[n_help - 1] == '.')
        return "a help text is more than one line or ends with a full stop";
    switch (opt->type) {
    case BF_OPT_INT:
    case BF_OPT_DOUBLE:
    case BF_OPT_DOUBLES:
        if (isnan(opt->min) || isnan(opt->max) || opt->min > opt->max)
            return "an option's min is above its max";
        if (opt->min == opt->max)
            return "an option's range has one value only";
        break;
    case BF_OPT_CHOICE:
        if (!opt->choices || !opt_check_are_choices(opt->choices))
            return "an option of type choice has no choices, or an empty one";
        break;
    case BF_OPT_FLAG:
        if (opt->value)
            return "a flag has a word for a value";
        break;
    case BF_OPT_SEED:
    case BF_OPT_TEXT:
        break;
    default:
        return "an option's type is unknown";
    }
    return NULL;
}

/* Whether `name` is what --no-NAME of the flag would be. */
static inline bool opt_check_negates(const char *name, const struct bf_opt *flag)
{
    return flag->type == BF_OPT_FLAG && strncmp(name, "no-", 3) == 0 && strcmp(name + 3, flag->name) == 0;
}

/* Two names or letters alike, no help, min above max, a CHOICE without choices ...: what is wrong with a table, NULL
 * when it is sound. */
static inline const char *opt_check(const struct bf_opt *table)
{
    for (const struct bf_opt *a = table; a->name; a++) {
        const char *wrong = opt_check_one(a);

        if (wrong)
            return wrong;
        for (const struct bf_opt *b = table; b != a; b++) {
            if (strcmp(a->name, b->name) == 0)
                return "two options have the same name";
            if (opt_check_negates(a->name, b) || opt_check_negates(b->name, a))
                return "an option is named as the negation of a flag";
            if (a->letter != 0 && a->letter == b->letter)
                return "two options have the same letter";
            if (a->target == b->target)
                return "two options have the same target";
        }
    }
    return NULL;
}

#endif
