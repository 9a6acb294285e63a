#include "cmd/overview.h"

#include "base/print.h"
#include "cmd/cmd.h"
#include "base/banned.h"

void bf_overview(FILE *out)
{
    fputs("biforget writes the forget set for a domain with the model that is to forget it.\n\n"
          "  biforget domain \"Harry Potter\"            a forget set with the default model\n"
          "  biforget domain \"Greek mythology\" -m my.gguf --profile paper -o runs/greek\n"
          "  biforget show runs/greek --limit 5        read some of it\n"
          "  biforget resume runs/greek                go on after an interruption\n\n"
          "commands:\n",
          out);
    for (size_t i = 0; bf_commands[i]; i++)
        bf_print(out, "  %-10s %s\n", bf_commands[i]->help.name, bf_commands[i]->help.summary);
    fputs("\n'biforget COMMAND --help' shows examples and options, 'biforget help COMMAND'\n"
          "all options, 'biforget --version' the version. Exit codes: 0 done, 2 usage,\n"
          "3 bad input file, 4 model or server, 5 store or disk, 130 interrupted (what was\n"
          "done is saved, but for eval, which begins anew).\n",
          out);
}
