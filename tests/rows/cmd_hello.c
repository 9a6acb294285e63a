/* A command as somebody might add it: src/cmd/cmd_hello.c, and a row of BF_COMMANDS. */
#include "base/mem.h"
#include "base/print.h"
#include "cmd/cmd.h"
#include "base/banned.h"

struct values {
    const char *name;
};

static struct bf_opt *hello_options(void *values)
{
    struct values *v = values;
    const struct bf_opt own = BF_TEXT("name", &v->name, "NAME", "who is greeted");
    struct bf_opt *table = bf_array(2, sizeof *table);
    v->name = "Zeus";
    table[0] = own;
    return table;
}

static enum bf_status hello_run(const struct bf_call *call, struct bf_err *err)
{
    const struct values *v = call->values;
    (void)err;
    bf_print(stdout, "hello %s\n", v->name);
    return BF_OK;
}

const struct bf_command bf_cmd_hello = {
    .help = {.name = "hello", .summary = "greet", .synopsis = "biforget hello", .examples = "  biforget hello\n"},
    .values_size = sizeof(struct values),
    .options = hello_options,
    .run = hello_run,
};
