/* Values of options: the whole text must be a value in the range; nothing is clamped or guessed. */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/opt_internal.h"

#include "base/banned.h"

const char *bf_opt_value_word(const struct bf_opt *opt)
{
    if (opt->value)
        return opt->value;
    switch (opt->type) {
    case BF_OPT_FLAG:
        return "";
    case BF_OPT_INT:
    case BF_OPT_SEED:
        return "N";
    case BF_OPT_DOUBLE:
        return "X";
    case BF_OPT_DOUBLES:
        return "X,X,...";
    case BF_OPT_TEXT:
        return "TEXT";
    case BF_OPT_CHOICE:
        return opt->choices ? opt->choices : "WORD";
    }
    return "VALUE";
}

/* "whole number from 1 to 64", "number of at least 0": the option's range in words. */
static void put_range(struct bf_buf *out, const struct bf_opt *opt)
{
    bool whole = opt->type == BF_OPT_INT;
    double beyond = whole ? 9e18 : 1e300; /* larger bounds mean "no bound" */
    const char *kind = whole ? "whole number" : "number";
    /* %.15g writes counts in full; %g would use an exponent from a million on. */
    if (opt->min > -beyond && opt->max < beyond)
        bf_buf_printf(out, "%s from %.15g to %.15g", kind, opt->min, opt->max);
    else if (opt->min > -beyond)
        bf_buf_printf(out, "%s of at least %.15g", kind, opt->min);
    else if (opt->max < beyond)
        bf_buf_printf(out, "%s of at most %.15g", kind, opt->max);
    else
        bf_buf_puts(out, kind);
}

static enum bf_status wrong_number(const struct bf_opt *opt, const char *value, struct bf_err *err)
{
    enum bf_status status;
    struct bf_buf range;

    bf_buf_init(&range, 200);
    if (opt->type == BF_OPT_SEED)
        bf_buf_printf(&range, "whole number from 0 to %" PRIu64, UINT64_MAX);
    else
        put_range(&range, opt);
    if (opt->type == BF_OPT_DOUBLES)
        status = bf_fail(err, BF_USAGE,
                         "--%s does not take '%s'; give up to %d values with commas between them, each a "
                         "%s",
                         opt->name, value, BF_DOUBLES_MAX, range.data);
    else
        status = bf_fail(err, BF_USAGE, "--%s does not take '%s'; give %s%sa %s", opt->name, value,
                         opt->choices ? opt->choices : "", opt->choices ? " or " : "", range.data);
    bf_buf_release(&range);
    return status;
}

/* strtoll and strtod accept white space, "inf" and "0x"; options do not. */
static bool is_spelled(const char *s, const char *allowed)
{
    return s[0] != '\0' && s[strspn(s, allowed)] == '\0';
}

static enum bf_status set_int(const struct bf_opt *opt, const char *value, struct bf_err *err)
{
    char *end = NULL;
    long long number;

    if (!is_spelled(value, "+-0123456789"))
        return wrong_number(opt, value, err);
    errno = 0;
    number = strtoll(value, &end, 10);
    if (errno != 0 || end == value || *end != '\0' || (double)number < opt->min || (double)number > opt->max)
        return wrong_number(opt, value, err);
    *(int64_t *)opt->target = number;
    return BF_OK;
}

static enum bf_status set_seed(const struct bf_opt *opt, const char *value, struct bf_err *err)
{
    char *end = NULL;
    unsigned long long number;

    if (!is_spelled(value, "0123456789"))
        return wrong_number(opt, value, err);
    errno = 0;
    number = strtoull(value, &end, 10);
    if (errno != 0 || *end != '\0')
        return wrong_number(opt, value, err);
    *(uint64_t *)opt->target = number;
    return BF_OK;
}

static bool read_double(const struct bf_opt *opt, const char *text, double *number)
{
    char *end = NULL;

    if (!is_spelled(text, "+-0123456789.eE"))
        return false;
    *number = strtod(text, &end);
    return end != text && *end == '\0' && isfinite(*number) && *number >= opt->min && *number <= opt->max;
}

static enum bf_status set_double(const struct bf_opt *opt, const char *value, struct bf_err *err)
{
    double number = 0;

    if (opt->choices && strcmp(value, opt->choices) == 0)
        number = (double)NAN;
    else if (!read_double(opt, value, &number))
        return wrong_number(opt, value, err);
    *(double *)opt->target = number;
    return BF_OK;
}

static enum bf_status set_doubles(const struct bf_opt *opt, const char *value, struct bf_err *err)
{
    struct bf_doubles numbers = {.n = 0};
    const char *at = value;

    for (;;) {
        size_t length = strcspn(at, ",");
        char one[64];

        if (length >= sizeof one || numbers.n == BF_DOUBLES_MAX)
            return wrong_number(opt, value, err);
        memcpy(one, at, length);
        one[length] = '\0';
        if (!read_double(opt, one, &numbers.values[numbers.n]))
            return wrong_number(opt, value, err);
        numbers.n++;
        if (at[length] == '\0')
            break;
        at += length + 1;
    }
    *(struct bf_doubles *)opt->target = numbers;
    return BF_OK;
}

static enum bf_status set_choice(const struct bf_opt *opt, const char *value, struct bf_err *err)
{
    struct bf_nearest nearest;
    size_t n = strlen(value);
    const char *at = opt->choices;

    bf_nearest_init(&nearest, value, n);
    for (;;) {
        size_t length = strcspn(at, "|");
        if (length == n && memcmp(at, value, n) == 0) {
            *(const char **)opt->target = value;
            return BF_OK;
        }
        bf_nearest_offer(&nearest, at, length);
        if (at[length] == '\0')
            break;
        at += length + 1;
    }
    if (nearest.best)
        return bf_fail(err, BF_USAGE, "--%s does not take '%s'; did you mean '%.*s'? give one of %s", opt->name, value,
                       (int)nearest.best_length, nearest.best, opt->choices);
    return bf_fail(err, BF_USAGE, "--%s does not take '%s'; give one of %s", opt->name, value, opt->choices);
}

enum bf_status bf_opt_set(const struct bf_opt *opt, const char *value, struct bf_err *err)
{
    switch (opt->type) {
    case BF_OPT_INT:
        return set_int(opt, value, err);
    case BF_OPT_SEED:
        return set_seed(opt, value, err);
    case BF_OPT_DOUBLE:
        return set_double(opt, value, err);
    case BF_OPT_DOUBLES:
        return set_doubles(opt, value, err);
    case BF_OPT_TEXT:
        *(const char **)opt->target = value;
        return BF_OK;
    case BF_OPT_CHOICE:
        return set_choice(opt, value, err);
    case BF_OPT_FLAG:
        break;
    }
    return bf_fail(err, BF_USAGE, "--%s takes no value", opt->name);
}
