/* Command-line options as tables: parsing, --help, manual and completions all use the same rows. */
#ifndef BF_BASE_OPT_H
#define BF_BASE_OPT_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/err.h"

enum bf_opt_type {
    BF_OPT_FLAG,   /* bool *: --name sets true, --no-name sets false */
    BF_OPT_INT,    /* int64_t * within [min, max] */
    BF_OPT_SEED,   /* uint64_t *: whole range */
    BF_OPT_DOUBLE, /* double * within [min, max], or NaN for the word `choices`; "nan" and "inf" are refused */
    BF_OPT_TEXT,   /* const char **: points into argv */
    BF_OPT_CHOICE, /* const char **: one of `choices` ("auto|none|chatml"), points into argv */
    BF_OPT_DOUBLES /* struct bf_doubles *: comma-separated, each within [min, max] */
};

#define BF_DOUBLES_MAX 16
struct bf_doubles {
    double values[BF_DOUBLES_MAX];
    size_t n;
};

struct bf_opt {
    const char *name; /* long name without dashes; NULL ends the table */
    char letter;      /* short form, 0 when none */
    enum bf_opt_type type;
    void *target;         /* where the value is stored; not changed when the option is not given */
    double min, max;      /* for INT, DOUBLE, DOUBLES; inclusive */
    const char *value;    /* the word after the option in help: "FILE", "N" */
    const char *choices;  /* for CHOICE; for DOUBLE, a word that may be given in place of a number; else NULL */
    const char *fallback; /* the default, for help: "3407", "from the profile"; NULL when there is none */
    const char *unit;     /* "tokens", "seconds"; NULL when there is none */
    const char *help;     /* one line, lower case, no full stop */
    bool no_is_zero;      /* of an INT: --no-NAME sets 0 */
    bool rare;            /* shown by --help-all and in the manual, not by --help */
    const char *only;     /* the operands that it is for, separated by spaces: "privleak tofu"; NULL: all */
    const char *instead;  /* why a command that passes options on to this one refuses it; NULL: it does not */
    unsigned marks;       /* bits for the commands */
    bool given;           /* set by the parser: the option appeared */
};

struct bf_command_help {
    const char *name;     /* "domain" */
    const char *summary;  /* one line */
    const char *synopsis; /* "biforget domain TOPIC [-m MODEL] [-o DIR] [options]" */
    const char *examples; /* several lines, each an example with what it does; first thing in --help */
    const char *details;  /* a paragraph or two; may be NULL */
    /* Appends lines, separated by \n, that are shown after the details, each a paragraph. May be NULL. */
    void (*describe)(struct bf_buf *out);
    const char *operands; /* what the operands are, one sentence without its full stop; may be NULL */
};

/* Parse argv[1..argc). Operands go to `operands` (at most max_operands), their number to *n_operands; "--" ends the
 * options. Sets `given` of the rows that appear. An unknown option, a bad value, or too many operands: BF_USAGE with a
 * sentence that names the option, the value, the allowed range, and the nearest option when one is close. --help and
 * -h set *help to 1, --help-all to 2, and parsing stops. */
BF_MUST_CHECK enum bf_status bf_opt_parse(struct bf_opt *table, int argc, char **argv, const char **operands,
                                          size_t max_operands, size_t *n_operands, int *help, struct bf_err *err);

/* The row of this name; NULL when there is none. O(n). */
const struct bf_opt *bf_opt_find(const struct bf_opt *table, const char *name);
/* Is the option for this operand, by `only`? */
bool bf_opt_takes(const struct bf_opt *opt, const char *operand);

/* --help: examples, then options (the rare ones only when `all`). */
void bf_opt_help(FILE *out, const struct bf_command_help *command, const struct bf_opt *table, bool all);

/* The word for an option's value in help: the row's, or one for the type; "" for a flag. */
const char *bf_opt_value_word(const struct bf_opt *opt);

/* Returns `table` with n more rows at its end; NULL is an empty table. free(); `table` must not be used any more. */
struct bf_opt *bf_opt_append(struct bf_opt *table, const struct bf_opt *rows, size_t n);

/* Laid out by hand: clang-format takes the braces for blocks. */
// clang-format off
#define BF_OPT_APPEND(table, ...)                                                                                      \
    bf_opt_append((table), (const struct bf_opt[]){__VA_ARGS__},                                                       \
                  sizeof((const struct bf_opt[]){__VA_ARGS__}) / sizeof(struct bf_opt))
#define BF_OPT_TABLE(...) BF_OPT_APPEND(NULL, __VA_ARGS__)

/* Rows, a line each: the name, where the value goes (a pointer of the type above), what the type needs, the help, and
 * then any other field by its name. DEFAULT is the row's `fallback`:
 *     BF_WHOLE("limit", &v->limit, 0, 1e9, "20", "samples to show (0 = all)", .letter = 'n'), */
#define BF_OPT_TARGET(type, target) (1 ? (target) : (type *)0)
#define BF_FLAG(NAME, TARGET, ...)                                                                                     \
    {.name = (NAME), .type = BF_OPT_FLAG, .target = BF_OPT_TARGET(bool, TARGET), .help = __VA_ARGS__}
#define BF_WHOLE(NAME, TARGET, MIN, MAX, DEFAULT, ...)                                                                 \
    {.name = (NAME), .type = BF_OPT_INT, .target = BF_OPT_TARGET(int64_t, TARGET), .min = (MIN), .max = (MAX),         \
     .fallback = (DEFAULT), .help = __VA_ARGS__}
#define BF_SEED(NAME, TARGET, DEFAULT, ...)                                                                            \
    {.name = (NAME), .type = BF_OPT_SEED, .target = BF_OPT_TARGET(uint64_t, TARGET), .fallback = (DEFAULT),            \
     .help = __VA_ARGS__}
#define BF_REAL(NAME, TARGET, MIN, MAX, DEFAULT, ...)                                                                  \
    {.name = (NAME), .type = BF_OPT_DOUBLE, .target = BF_OPT_TARGET(double, TARGET), .min = (MIN), .max = (MAX),       \
     .fallback = (DEFAULT), .help = __VA_ARGS__}
#define BF_REALS(NAME, TARGET, MIN, MAX, DEFAULT, ...)                                                                 \
    {.name = (NAME), .type = BF_OPT_DOUBLES, .target = BF_OPT_TARGET(struct bf_doubles, TARGET), .min = (MIN),         \
     .max = (MAX), .fallback = (DEFAULT), .help = __VA_ARGS__}
#define BF_TEXT(NAME, TARGET, VALUE, ...)                                                                              \
    {.name = (NAME), .type = BF_OPT_TEXT, .target = BF_OPT_TARGET(const char *, TARGET), .value = (VALUE),             \
     .help = __VA_ARGS__}
#define BF_CHOICE(NAME, TARGET, CHOICES, ...)                                                                          \
    {.name = (NAME), .type = BF_OPT_CHOICE, .target = BF_OPT_TARGET(const char *, TARGET), .choices = (CHOICES),       \
     .help = __VA_ARGS__}
// clang-format on

/* The candidate with the smallest edit distance to a typed word, if it is close enough. Strings are borrowed. */
struct bf_nearest {
    const char *typed;
    size_t typed_length;
    const char *best; /* NULL when none is close enough */
    size_t best_length;
    size_t distance; /* of best; at first, one more than acceptable */
};
void bf_nearest_init(struct bf_nearest *nearest, const char *typed, size_t n);
void bf_nearest_offer(struct bf_nearest *nearest, const char *candidate, size_t n);

#endif
