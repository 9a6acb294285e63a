/* The programmer's check of an option table. A test runs it over every table of the program. */
#include <math.h>
#include <string.h>

#include "base/opt.h"

#include "base/banned.h"

static bool is_name(const char *name)
{
    size_t n = strlen(name);

    return n >= 2 && name[0] != '-' && name[n - 1] != '-' &&
           name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-")] == '\0';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* "a|b": no empty word. */
static bool are_choices(const char *choices)
{
    size_t n = strlen(choices);

    return n > 0 && choices[0] != '|' && choices[n - 1] != '|' && !strstr(choices, "||");
}

static const char *check_one(const struct bf_opt *opt)
{
    size_t n_help;

    if (!is_name(opt->name))
        return "a name is not made of lower-case letters, digits and inner dashes";
    if (strcmp(opt->name, "help") == 0 || strcmp(opt->name, "help-all") == 0 || opt->letter == 'h')
        return "--help, --help-all and -h are the parser's own";
    if (opt->letter != 0 && !is_letter(opt->letter))
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
        if (!opt->choices || !are_choices(opt->choices))
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
static bool negates(const char *name, const struct bf_opt *flag)
{
    return flag->type == BF_OPT_FLAG && strncmp(name, "no-", 3) == 0 && strcmp(name + 3, flag->name) == 0;
}

const char *bf_opt_check(const struct bf_opt *table)
{
    for (const struct bf_opt *a = table; a->name; a++) {
        const char *wrong = check_one(a);

        if (wrong)
            return wrong;
        for (const struct bf_opt *b = table; b != a; b++) {
            if (strcmp(a->name, b->name) == 0)
                return "two options have the same name";
            if (negates(a->name, b) || negates(b->name, a))
                return "an option is named as the negation of a flag";
            if (a->letter != 0 && a->letter == b->letter)
                return "two options have the same letter";
            if (a->target == b->target)
                return "two options have the same target";
        }
    }
    return NULL;
}
