/* What a process needs before and after a command; the commands are in cmd/commands.c. */
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/print.h"
#include "base/processor.h"
#include "base/version.h"
#include "cmd/cmd.h"
#include "base/last_words.h"
#include "base/banned.h"

int main(int argc, char **argv)
{
    struct bf_err err = BF_ERR_INIT;
    struct bf_log log;
    enum bf_status status = BF_OK;
    bf_openmp_wait_briefly(argv);
    (void)signal(SIGPIPE,
                 SIG_IGN); /* an error of write(), not a silent death in mid-commit; see bf_stdout_reader_is_gone */
    bf_last_words_prepare();
    setlocale(LC_CTYPE, "");
    bf_log_init(&log, stderr, false);
    const char *name = argc > 1 ? argv[1] : NULL;
    const struct bf_command *command = name ? bf_command_find(name) : NULL;
    if (!name) {
        bf_overview(stderr);
        return BF_USAGE;
    }
    if (strcmp(name, "--version") == 0 || strcmp(name, "version") == 0)
        bf_print(stdout, "biforget %s\n", BF_VERSION);
    else if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
        bf_overview(stdout);
    else if (command)
        status = bf_command_run(command, argc - 1, argv + 1, &log, &err);
    else
        status = bf_fail(&err, BF_USAGE, "'%s' is not a biforget command; see 'biforget --help'", name);
    bf_log_live_end(&log);
    const bool failed = fflush(stdout) != 0 || ferror(stdout);
    if (status == BF_OK && failed && !bf_stdout_reader_is_gone())
        status = bf_fail(&err, BF_STORE, "cannot write to the standard output: disk full or pipe closed?");
    if (status != BF_OK)
        bf_log_error(&log, &err);
    return (int)status;
}
