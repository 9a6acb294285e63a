/* Any command line (arguments end at newlines): what is accepted is in range, and what is refused says why. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/opt.h"
#include "base/utf8.h"

#include "base/banned.h"

#define ARGUMENTS_MAX 64
#define OPERANDS_MAX 3

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool held)
{
    if (!held)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    bool quiet = false;
    int64_t parallel = 8;
    uint64_t seed = 3407;
    double epsilon = 0.001;
    const char *model = NULL, *chat = "auto";
    struct bf_doubles temperatures = {.values = {1.0}, .n = 1};
    struct bf_opt table[] = {
        {.name = "quiet", .letter = 'q', .type = BF_OPT_FLAG, .target = &quiet, .help = "x"},
        {.name = "parallel", .letter = 'p', .type = BF_OPT_INT, .target = &parallel, .min = 1, .max = 256, .help = "x"},
        {.name = "seed", .type = BF_OPT_SEED, .target = &seed, .help = "x"},
        {.name = "epsilon",
         .letter = 'e',
         .type = BF_OPT_DOUBLE,
         .target = &epsilon,
         .min = -1,
         .max = 0.5,
         .help = "x"},
        {.name = "model", .letter = 'm', .type = BF_OPT_TEXT, .target = &model, .value = "FILE", .help = "x"},
        {.name = "chat", .type = BF_OPT_CHOICE, .target = &chat, .choices = "auto|none|chatml", .help = "x"},
        {.name = "temperatures", .type = BF_OPT_DOUBLES, .target = &temperatures, .min = 0.01, .max = 5, .help = "x"},
        {.name = NULL},
    };
    char *text = malloc(size + 1);
    char *argv[ARGUMENTS_MAX + 1] = {NULL};
    const char *operands[OPERANDS_MAX];
    size_t n_operands = 99;
    struct bf_err err = BF_ERR_INIT;
    enum bf_status status;
    int argc = 0, help = 99;

    require(text != NULL);
    if (size > 0)
        memcpy(text, data, size);
    text[size] = '\0';
    argv[argc++] = text + size; /* the program's name */
    for (char *rest = text, *argument; argc < ARGUMENTS_MAX && (argument = strsep(&rest, "\n"));)
        argv[argc++] = argument;

    status = bf_opt_parse(table, argc, argv, operands, OPERANDS_MAX, &n_operands, &help, &err);
    require(status == BF_OK || status == BF_USAGE);
    require((status == BF_OK) == (err.text[0] == '\0'));
    require(bf_utf8_valid(err.text, strlen(err.text)));
    require(n_operands <= OPERANDS_MAX && help >= 0 && help <= 2);
    require(parallel >= 1 && parallel <= 256);
    require(isfinite(epsilon) && epsilon >= -1 && epsilon <= 0.5);
    require(strcmp(chat, "auto") == 0 || strcmp(chat, "none") == 0 || strcmp(chat, "chatml") == 0);
    require(temperatures.n >= 1 && temperatures.n <= BF_DOUBLES_MAX);
    for (size_t i = 0; i < temperatures.n; i++)
        require(temperatures.values[i] >= 0.01 && temperatures.values[i] <= 5);
    free(text);
    return 0;
}
