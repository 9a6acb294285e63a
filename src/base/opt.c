/* Parsing of the command line by a table. opt_value.c reads the values, opt_help.c prints the table. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/opt.h"
#include "base/opt_internal.h"
#include "base/banned.h"

/* The state of the parser. */
struct parser {
    struct bf_opt *table;
    char **argv;
    int argc;
    int next; /* the argument after the current one */
    int *help;
    struct bf_err *err;
};

static struct bf_opt *find_name(struct bf_opt *table, const char *name, size_t n)
{
    for (struct bf_opt *opt = table; opt->name; opt++) {
        if (strlen(opt->name) == n && memcmp(opt->name, name, n) == 0)
            return opt;
    }
    return NULL;
}

static struct bf_opt *find_letter(struct bf_opt *table, char letter)
{
    for (struct bf_opt *opt = table; opt->name; opt++) {
        if (opt->letter != 0 && opt->letter == letter)
            return opt;
    }
    return NULL;
}

static bool is_number_type(enum bf_opt_type type)
{
    return type == BF_OPT_INT || type == BF_OPT_SEED || type == BF_OPT_DOUBLE || type == BF_OPT_DOUBLES;
}

/* "-5", "-.5": a value of a number option may begin with a dash. */
static bool looks_negative(const char *s)
{
    return s[0] == '-' && ((s[1] >= '0' && s[1] <= '9') || (s[1] == '.' && s[2] >= '0' && s[2] <= '9'));
}

/* The next argument as the value of opt, or NULL with an error. An argument that looks like an option is not taken:
 * in "-m --json" the value was forgotten. Options never contain a space. */
static const char *take_value(struct parser *p, const struct bf_opt *opt)
{
    const char *value;

    if (p->next < p->argc) {
        value = p->argv[p->next];
        if (value[0] != '-' || value[1] == '\0' || (is_number_type(opt->type) && looks_negative(value)) ||
            (opt->type == BF_OPT_TEXT && strpbrk(value, " \t\n"))) {
            p->next++;
            return value;
        }
        (void)bf_fail(p->err, BF_USAGE,
                      "--%s needs a value (%s), but '%s' follows; for a value that begins with a dash "
                      "write --%s=VALUE",
                      opt->name, bf_opt_value_word(opt), value, opt->name);
        return NULL;
    }
    (void)bf_fail(p->err, BF_USAGE, "--%s needs a value: write --%s %s", opt->name, opt->name, bf_opt_value_word(opt));
    return NULL;
}

static enum bf_status unknown_option(const struct parser *p, const char *name, size_t n)
{
    struct bf_nearest nearest;

    bf_nearest_init(&nearest, name, n);
    for (const struct bf_opt *opt = p->table; opt->name; opt++)
        bf_nearest_offer(&nearest, opt->name, strlen(opt->name));
    bf_nearest_offer(&nearest, "help", 4);
    bf_nearest_offer(&nearest, "help-all", 8);
    if (nearest.best)
        return bf_fail(p->err, BF_USAGE, "unknown option '--%.*s'; did you mean '--%.*s'? --help lists the options",
                       (int)n, name, (int)nearest.best_length, nearest.best);
    return bf_fail(p->err, BF_USAGE, "unknown option '--%.*s'; --help lists the options", (int)n, name);
}

/* argument: "--name", "--name=value" or "--no-name". */
static enum bf_status parse_long(struct parser *p, const char *argument)
{
    const char *name = argument + 2;
    size_t n = strcspn(name, "=");
    const char *value = name[n] == '=' ? name + n + 1 : NULL;
    struct bf_opt *opt = find_name(p->table, name, n);
    bool negated = false;

    if (!opt && !value && strcmp(name, "help") == 0) {
        *p->help = 1;
        return BF_OK;
    }
    if (!opt && (strcmp(name, "help-all") == 0 || strcmp(name, "help=all") == 0)) {
        *p->help = 2;
        return BF_OK;
    }
    if (!opt && value && n == 4 && memcmp(name, "help", 4) == 0)
        return bf_fail(p->err, BF_USAGE, "--help takes no value, so '%s' is refused; write --help or --help-all",
                       argument);
    if (!opt && n > 3 && memcmp(name, "no-", 3) == 0) {
        opt = find_name(p->table, name + 3, n - 3);
        negated = true;
        if (opt && opt->no_is_zero && !value) {
            *(int64_t *)opt->target = 0;
            opt->given = true;
            return BF_OK;
        }
        if (opt && opt->type != BF_OPT_FLAG)
            return bf_fail(p->err, BF_USAGE, "--%s takes a value and cannot be switched off with '%s'", opt->name,
                           argument);
    }
    if (!opt)
        return unknown_option(p, name, n);
    if (opt->type == BF_OPT_FLAG) {
        if (value)
            return bf_fail(p->err, BF_USAGE, "--%s takes no value, so '%s' is refused; write --%s or --no-%s",
                           opt->name, argument, opt->name, opt->name);
        *(bool *)opt->target = !negated;
        opt->given = true;
        return BF_OK;
    }
    if (!value)
        value = take_value(p, opt);
    if (!value)
        return BF_USAGE;
    if (bf_opt_set(opt, value, p->err) != BF_OK)
        return BF_USAGE;
    opt->given = true;
    return BF_OK;
}

/* argument: "-m", "-mVALUE", or several flags, "-qv". */
static enum bf_status parse_short(struct parser *p, const char *argument)
{
    for (size_t i = 1; argument[i] != '\0'; i++) {
        struct bf_opt *opt = find_letter(p->table, argument[i]);
        const char *value;

        if (!opt && argument[i] == 'h') {
            *p->help = 1;
            return BF_OK;
        }
        if (!opt && argument[2] != '\0' && find_name(p->table, argument + 1, strcspn(argument + 1, "=")))
            return bf_fail(p->err, BF_USAGE, "unknown option '%s'; did you mean '-%s'?", argument, argument);
        if (!opt)
            return bf_fail(p->err, BF_USAGE, "unknown option '-%c' in '%s'; --help lists the options", argument[i],
                           argument);
        if (opt->type == BF_OPT_FLAG) {
            *(bool *)opt->target = true;
            opt->given = true;
            continue;
        }
        value = argument[i + 1] != '\0' ? argument + i + 1 : take_value(p, opt);
        if (!value)
            return BF_USAGE;
        if (bf_opt_set(opt, value, p->err) != BF_OK)
            return BF_USAGE;
        opt->given = true;
        return BF_OK;
    }
    return BF_OK;
}

enum bf_status bf_opt_parse(struct bf_opt *table, int argc, char **argv, const char **operands, size_t max_operands,
                            size_t *n_operands, int *help, struct bf_err *err)
{
    struct parser p = {.table = table, .argv = argv, .argc = argc, .next = 1, .help = help, .err = err};
    bool options_ended = false;

    *n_operands = 0;
    *help = 0;
    while (p.next < argc && *help == 0) {
        const char *argument = argv[p.next++];
        enum bf_status status = BF_OK;

        if (!options_ended && strcmp(argument, "--") == 0) {
            options_ended = true;
        } else if (!options_ended && argument[0] == '-' && argument[1] == '-') {
            status = parse_long(&p, argument);
        } else if (!options_ended && argument[0] == '-' && argument[1] != '\0' && !looks_negative(argument)) {
            status = parse_short(&p, argument);
        } else if (*n_operands == max_operands) {
            if (max_operands == 0)
                return bf_fail(err, BF_USAGE, "'%s' is not expected here: only options are; --help lists them",
                               argument);
            return bf_fail(err, BF_USAGE,
                           "'%s' is one argument too many, after '%s'; put quotes around a name with "
                           "spaces",
                           argument, operands[max_operands - 1]);
        } else {
            operands[(*n_operands)++] = argument;
        }
        if (status != BF_OK)
            return status;
    }
    return BF_OK;
}

/* "Did you mean": edit distance in which swapping two neighbours counts as one slip (optimal string alignment). */

#define LENGTH_MAX 40 /* limits the table on the stack; longer words get no suggestion */

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static size_t edit_distance(const char *a, size_t n_a, const char *b, size_t n_b)
{
    size_t d[LENGTH_MAX + 1][LENGTH_MAX + 1]; /* d[i][j]: distance of a[0..i) and b[0..j) */

    for (size_t i = 0; i <= n_a; i++)
        d[i][0] = i;
    for (size_t j = 0; j <= n_b; j++)
        d[0][j] = j;
    for (size_t i = 1; i <= n_a; i++) {
        for (size_t j = 1; j <= n_b; j++) {
            size_t change = a[i - 1] == b[j - 1] ? 0 : 1;
            d[i][j] = least(d[i - 1][j - 1] + change, least(d[i - 1][j], d[i][j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                d[i][j] = least(d[i][j], d[i - 2][j - 2] + 1);
        }
    }
    return d[n_a][n_b];
}

void bf_nearest_init(struct bf_nearest *nearest, const char *typed, size_t n)
{
    size_t accepted = least(n / 3 + (n > 2 ? 1 : 0), 3);

    *nearest = (struct bf_nearest){.typed = typed, .typed_length = n, .distance = accepted + 1};
}

void bf_nearest_offer(struct bf_nearest *nearest, const char *candidate, size_t n)
{
    size_t distance;

    if (nearest->typed_length > LENGTH_MAX || n > LENGTH_MAX)
        return;
    distance = edit_distance(nearest->typed, nearest->typed_length, candidate, n);
    /* The beginning of a name ("--temp") counts as one slip. */
    if (nearest->typed_length >= 3 && n > nearest->typed_length &&
        memcmp(nearest->typed, candidate, nearest->typed_length) == 0)
        distance = least(distance, 1);
    if (distance < nearest->distance) {
        nearest->distance = distance;
        nearest->best = candidate;
        nearest->best_length = n;
    }
}

const struct bf_opt *bf_opt_find(const struct bf_opt *table, const char *name)
{
    for (const struct bf_opt *opt = table; opt->name; opt++)
        if (strcmp(opt->name, name) == 0)
            return opt;
    return NULL;
}

bool bf_opt_takes(const struct bf_opt *opt, const char *operand)
{
    const size_t n = strlen(operand);

    for (const char *at = opt->only; at; at = strchr(at, ' ')) {
        at += *at == ' ';
        if (strncmp(at, operand, n) == 0 && (at[n] == ' ' || at[n] == '\0'))
            return true;
    }
    return !opt->only;
}

struct bf_opt *bf_opt_append(struct bf_opt *table, const struct bf_opt *rows, size_t n)
{
    size_t n_before = 0;

    while (table && table[n_before].name)
        n_before++;
    struct bf_opt *longer = bf_array(n_before + n + 1, sizeof *longer);
    if (n_before > 0)
        memcpy(longer, table, n_before * sizeof *longer);
    if (n > 0)
        memcpy(longer + n_before, rows, n * sizeof *longer);
    free(table);
    return longer;
}
