#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cmd/cmd.h"
#include "cmd/manual.h"
#include "base/banned.h"

struct help_values {
    bool manual;
    const char *completion;
};

static struct bf_opt *help_options(void *target)
{
    struct help_values *v = target;
    return BF_OPT_TABLE(
        BF_FLAG("man", &v->manual, "print a manual page (roff): of COMMAND, or of the program"),
        BF_CHOICE("completion", &v->completion, "bash|zsh|fish", "print a completion script for this shell"));
}

static enum bf_status help_run(const struct bf_call *call, struct bf_err *err)
{
    const struct help_values *v = call->values;
    if (v->completion) {
        bf_completion(stdout, v->completion);
        return BF_OK;
    }
    if (call->n_operands == 0) {
        if (v->manual)
            bf_manual(stdout);
        else
            bf_overview(stdout);
        return BF_OK;
    }
    const struct bf_command *command = bf_command_find(call->operands[0]);
    if (!command)
        return bf_fail(err, BF_USAGE, "'%s' is not a biforget command; see 'biforget --help'", call->operands[0]);
    if (v->manual) {
        bf_manual_command(stdout, command);
        return BF_OK;
    }
    void *values = bf_alloc(command->values_size);
    struct bf_opt *table = command->options(values);
    bf_opt_help(stdout, &command->help, table, true);
    free(table);
    free(values);
    return BF_OK;
}

const struct bf_command bf_cmd_help = {
    .help =
        {
            .name = "help",
            .summary = "all options of a command; manual pages; completion",
            .synopsis = "biforget help [COMMAND]",
            .examples = "  biforget help domain\n"
                        "  biforget help --man domain | man -l -\n"
                        "  biforget help --completion bash | sudo tee /etc/bash_completion.d/biforget\n",
        },
    .values_size = sizeof(struct help_values),
    .max_operands = 1,
    .options = help_options,
    .run = help_run,
};
