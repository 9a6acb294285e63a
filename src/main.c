/* The command table and dispatch, nothing else. */
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/print.h"
#include "base/version.h"
#include "cmd/cmd.h"
#include "cmd/last_words.h"
#include "cmd/openmp_wait.h"
#include "cmd/overview.h"
#include "base/banned.h"

const struct bf_command *const bf_commands[] = {
    &bf_cmd_domain, &bf_cmd_instance, &bf_cmd_run,    &bf_cmd_textbook, &bf_cmd_import,   &bf_cmd_resume,
    &bf_cmd_status, &bf_cmd_show,     &bf_cmd_export, &bf_cmd_quality,  &bf_cmd_report,   &bf_cmd_unlearn,
    &bf_cmd_eval,   &bf_cmd_lab,      &bf_cmd_models, &bf_cmd_doctor,   &bf_cmd_quantize, &bf_cmd_help,
    NULL,
};

static const struct bf_command *find(const char *name)
{
    for (size_t i = 0; bf_commands[i]; i++)
        if (strcmp(bf_commands[i]->help.name, name) == 0)
            return bf_commands[i];
    return NULL;
}

static enum bf_status run_command(const struct bf_command *command, int argc, char **argv, struct bf_log *log,
                                  struct bf_err *err)
{
    const char *operands[BF_OPERANDS_MAX];
    size_t n_operands = 0;
    int help = 0;
    void *values = bf_alloc(command->values_size);
    struct bf_opt *table = command->options(values);
    enum bf_status status = bf_opt_parse(table, argc, argv, operands, command->max_operands, &n_operands, &help, err);
    if (status == BF_OK && help) {
        if (command->narrow && n_operands > 0)
            command->narrow(table, operands[0]);
        bf_opt_help(stdout, &command->help, table, help > 1);
    } else if (status == BF_OK) {
        log->quiet = command->quiet_option && *(bool *)values;
        struct bf_call call = {operands, n_operands, values, log};
        status = command->run(&call, err);
    }
    free(table);
    free(values);
    return status;
}

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
    const struct bf_command *command = name ? find(name) : NULL;
    if (!name) {
        bf_overview(stderr);
        return BF_USAGE;
    }
    if (strcmp(name, "--version") == 0 || strcmp(name, "version") == 0)
        bf_print(stdout, "biforget %s\n", BF_VERSION);
    else if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
        bf_overview(stdout);
    else if (command)
        status = run_command(command, argc - 1, argv + 1, &log, &err);
    else
        status = bf_fail(&err, BF_USAGE, "'%s' is no command; see 'biforget --help'", name);
    bf_log_live_end(&log);
    const bool failed = fflush(stdout) != 0 || ferror(stdout);
    if (status == BF_OK && failed && !bf_stdout_reader_is_gone())
        status = bf_fail(&err, BF_STORE, "cannot write to the standard output: disk full or pipe closed?");
    if (status != BF_OK)
        bf_log_error(&log, &err);
    return (int)status;
}
