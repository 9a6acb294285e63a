#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cmd/cmd.h"
#include "cmd/manual.h"
#include "cmd/overview.h"
#include "base/banned.h"

struct values {
    bool manual;
    const char *completion;
};

static struct bf_opt *options(void *target)
{
    struct values *v = target;
    return BF_OPT_TABLE(
        {.name = "man", .type = BF_OPT_FLAG, .target = &v->manual, .help = "print the manual page (roff)"},
        {.name = "completion",
         .type = BF_OPT_CHOICE,
         .target = &v->completion,
         .choices = "bash|zsh|fish",
         .help = "print a completion script for this shell"});
}

static enum bf_status run(const struct bf_call *call, struct bf_err *err)
{
    const struct values *v = call->values;
    if (v->manual) {
        bf_manual(stdout);
        return BF_OK;
    }
    if (v->completion) {
        bf_completion(stdout, v->completion);
        return BF_OK;
    }
    if (call->n_operands == 0) {
        bf_overview(stdout);
        return BF_OK;
    }
    for (size_t i = 0; bf_commands[i]; i++) {
        if (strcmp(bf_commands[i]->help.name, call->operands[0]) != 0)
            continue;
        void *values = bf_alloc(bf_commands[i]->values_size);
        struct bf_opt *table = bf_commands[i]->options(values);
        bf_opt_help(stdout, &bf_commands[i]->help, table, true);
        free(table);
        free(values);
        return BF_OK;
    }
    return bf_fail(err, BF_USAGE, "'%s' is no command; see 'biforget --help'", call->operands[0]);
}

const struct bf_command bf_cmd_help = {
    .help =
        {
            .name = "help",
            .summary = "all options of a command; manual page; completion",
            .synopsis = "biforget help [COMMAND]",
            .examples = "  biforget help domain\n"
                        "  biforget help --man | man -l -\n"
                        "  biforget help --completion bash | sudo tee /etc/bash_completion.d/biforget\n",
        },
    .values_size = sizeof(struct values),
    .max_operands = 1,
    .options = options,
    .run = run,
};
