/* The commands in the order of the overview, what is printed about them, and how one is run. */
#include "cmd/cmd.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/print.h"
#include "store/store.h"
#include "base/banned.h"

#define X(command) &command,
const struct bf_command *const bf_commands[] = {BF_COMMANDS(X) NULL};
#undef X

const struct bf_command *bf_command_find(const char *name)
{
    for (size_t i = 0; bf_commands[i]; i++)
        if (strcmp(bf_commands[i]->help.name, name) == 0)
            return bf_commands[i];
    return NULL;
}

void bf_overview(FILE *out)
{
    fputs("biforget writes the forget set for a domain with the model that is to forget it.\n"
          "\n"
          "  biforget domain \"Harry Potter\"            a forget set with the default model\n"
          "  biforget domain \"Greek mythology\" -m my.gguf --profile paper -o runs/greek\n"
          "  biforget show runs/greek --limit 5        read some of it\n"
          "  biforget resume runs/greek                resume after an interruption\n"
          "\n"
          "commands:\n",
          out);
    for (size_t i = 0; bf_commands[i]; i++)
        bf_print(out, "  %-10s %s\n", bf_commands[i]->help.name, bf_commands[i]->help.summary);
    fputs("\n"
          "'biforget COMMAND --help' shows examples and options, 'biforget help COMMAND'\n"
          "all options, 'biforget --version' the version. Exit codes: 0 done, 2 usage,\n"
          "3 bad input file, 4 model or server, 5 store or disk, 6 unlearn: no checkpoint\n"
          "keeps the limit, 130 interrupted (saved, except by eval, which starts over).\n",
          out);
}

enum bf_status bf_command_run(const struct bf_command *command, int argc, char **argv, struct bf_log *log,
                              struct bf_err *err)
{
    const char *operands[BF_OPERANDS_MAX];
    size_t n_operands = 0;
    int help = 0;
    void *values = bf_alloc(command->values_size);
    struct bf_opt *table = command->options(values);
    enum bf_status status = bf_opt_parse(table, argc, argv, operands, command->max_operands, &n_operands, &help, err);
    if (status == BF_OK && help) {
        if (command->narrow && (n_operands > 0 || help == 1))
            command->narrow(table, n_operands > 0 ? operands[0] : NULL);
        bf_opt_help(stdout, &command->help, table, help > 1);
    } else if (status == BF_OK) {
        log->quiet = command->quiet_option && *(bool *)values;
        struct bf_call call = {operands, n_operands, values, table, log};
        status = command->run(&call, err);
    }
    free(table);
    free(values);
    return status;
}

enum bf_status bf_open_run(const struct bf_call *call, const char *example, struct bf_store **out, struct bf_err *err)
{
    *out = NULL;
    if (call->n_operands != 1)
        return bf_fail(err, BF_USAGE, "give the run folder: %s", example);
    return bf_store_open(call->operands[0], BF_STORE_READ, out, err);
}
