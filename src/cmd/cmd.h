/* The commands. To add one: write cmd_NAME.c with a `const struct bf_command bf_cmd_NAME` (help, option table, run),
 * and give it a row below; --help, the manual and the completions follow from the record, and the command-line tests
 * walk the table. */
#ifndef BF_CMD_CMD_H
#define BF_CMD_CMD_H
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/err.h"
#include "base/log.h"
#include "base/opt.h"

enum { BF_OPERANDS_MAX = 16 };

struct bf_call {
    const char *const *operands;
    size_t n_operands;
    void *values;               /* the command's own struct, filled from the options */
    const struct bf_opt *table; /* of its options: which were given */
    struct bf_log *log;         /* stderr */
};

/* Marks of rows. */
enum {
    BF_ON_RESUME = 1,    /* unlearn: may be given with --resume */
    BF_LAB = 2,          /* the lab gives it itself: not for an experiment's options */
    BF_LAB_OF_METHOD = 4 /* the same for the options of a method */
};
#define BF_OPT_QUIET(TARGET)                                                                                           \
    BF_FLAG("quiet", TARGET, "say nothing on stderr but errors", .letter = 'q', .instead = "give -q itself",           \
            .marks = BF_ON_RESUME | BF_LAB)
#define BF_OPT_JSON(TARGET, WHAT)                                                                                      \
    BF_FLAG("json", TARGET, "print " WHAT " as one JSON object", .instead = "it is given anyway",                      \
            .marks = BF_ON_RESUME | BF_LAB)

struct bf_command {
    struct bf_command_help help;
    size_t values_size; /* bytes of the command's struct */
    size_t max_operands;
    /* Set the defaults in `values` and return the option table, whose targets point into it. free() the table. */
    struct bf_opt *(*options)(void *values);
    enum bf_status (*run)(const struct bf_call *call, struct bf_err *err);
    bool quiet_option; /* has -q; the struct begins with `bool quiet` */
    /* Help after the first operand: drop the rows that it does not take. Without one (NULL, and not for --help-all):
     * mark as rare what few take. NULL: every operand takes every row. */
    void (*narrow)(struct bf_opt *table, const char *operand);
};

/* The commands in the order of the overview. */
#define BF_COMMANDS(X)                                                                                                 \
    X(bf_cmd_domain)                                                                                                   \
    X(bf_cmd_instance)                                                                                                 \
    X(bf_cmd_run)                                                                                                      \
    X(bf_cmd_textbook)                                                                                                 \
    X(bf_cmd_import)                                                                                                   \
    X(bf_cmd_resume)                                                                                                   \
    X(bf_cmd_status)                                                                                                   \
    X(bf_cmd_show)                                                                                                     \
    X(bf_cmd_export)                                                                                                   \
    X(bf_cmd_quality)                                                                                                  \
    X(bf_cmd_report)                                                                                                   \
    X(bf_cmd_unlearn)                                                                                                  \
    X(bf_cmd_eval)                                                                                                     \
    X(bf_cmd_lab)                                                                                                      \
    X(bf_cmd_models)                                                                                                   \
    X(bf_cmd_doctor)                                                                                                   \
    X(bf_cmd_quantize)                                                                                                 \
    X(bf_cmd_help)
#define X(command) extern const struct bf_command command;
BF_COMMANDS(X)
#undef X

/* All of them, in the order of the overview; NULL at the end. */
extern const struct bf_command *const bf_commands[];
/* By name; NULL when there is none. */
const struct bf_command *bf_command_find(const char *name);
/* What `biforget --help` prints. */
void bf_overview(FILE *out);
/* Parse the options, then run the command or print its help. argv[0] is the command's name. */
BF_MUST_CHECK enum bf_status bf_command_run(const struct bf_command *command, int argc, char **argv, struct bf_log *log,
                                            struct bf_err *err);

/* What the commands that read a run share: open the one operand of the call for reading; `example` ends the usage
 * sentence. The caller closes the store. */
struct bf_store;
BF_MUST_CHECK enum bf_status bf_open_run(const struct bf_call *call, const char *example, struct bf_store **out,
                                         struct bf_err *err);

#endif
