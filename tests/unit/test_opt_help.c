#include "unit.h"

#include "base/opt.h"
#include "opt_check.h"
#include "base/utf8.h"

static bool flags[8];
static int64_t ints[8];
static uint64_t seed;
static double reals[4];
static const char *texts[4];
static struct bf_doubles list;

/* As large as the table of a real command. */
static const struct bf_opt table[] = {
    {.name = "model",
     .letter = 'm',
     .type = BF_OPT_TEXT,
     .target = &texts[0],
     .value = "FILE",
     .fallback = "the default model",
     .help = "target model: a GGUF file or a name from 'biforget models'"},
    {.name = "out",
     .letter = 'o',
     .type = BF_OPT_TEXT,
     .target = &texts[1],
     .value = "DIR",
     .fallback = "runs/TOPIC",
     .help = "run folder, created when missing"},
    {.name = "profile",
     .type = BF_OPT_CHOICE,
     .target = &texts[2],
     .choices = "quick|paper",
     .fallback = "quick",
     .help = "how much to generate"},
    {.name = "seed", .type = BF_OPT_SEED, .target = &seed, .fallback = "3407", .help = "start of the random numbers"},
    {.name = "parallel",
     .type = BF_OPT_INT,
     .target = &ints[0],
     .min = 1,
     .max = 256,
     .fallback = "64",
     .unit = "sequences",
     .help = "how many are generated at once"},
    {.name = "threads",
     .letter = 't',
     .type = BF_OPT_INT,
     .target = &ints[1],
     .min = 1,
     .max = 512,
     .fallback = "one a core",
     .unit = "threads",
     .help = "of the engine"},
    {.name = "points-per-round",
     .type = BF_OPT_INT,
     .target = &ints[2],
     .min = 1,
     .max = 64,
     .fallback = "6",
     .help = "points"},
    {.name = "rounds",
     .type = BF_OPT_INT,
     .target = &ints[3],
     .min = 1,
     .max = 64,
     .fallback = "4",
     .help = "rounds of points"},
    {.name = "temperatures",
     .type = BF_OPT_DOUBLES,
     .target = &list,
     .min = 0.01,
     .max = 5,
     .fallback = "0.7,1.0",
     .help = "sampling temperatures"},
    {.name = "max-new-tokens",
     .type = BF_OPT_INT,
     .target = &ints[4],
     .min = 8,
     .max = 8192,
     .fallback = "300",
     .unit = "tokens",
     .help = "longest sample"},
    {.name = "epsilon",
     .type = BF_OPT_DOUBLE,
     .target = &reals[0],
     .min = -1,
     .max = 1,
     .fallback = "0.001",
     .help = "stop when the diversity gains less than this between two checks of the rule"},
    {.name = "tau",
     .type = BF_OPT_DOUBLE,
     .target = &reals[1],
     .min = 0,
     .max = 1,
     .fallback = "0.30",
     .help = "least Min-K% prob of a kept membership-inference sample"},
    {.name = "json", .type = BF_OPT_FLAG, .target = &flags[0], .help = "print one JSON object on stdout"},
    {.name = "quiet", .letter = 'q', .type = BF_OPT_FLAG, .target = &flags[1], .help = "only errors on stderr"},
    {.name = "trim-sentence",
     .type = BF_OPT_FLAG,
     .target = &flags[2],
     .fallback = "on",
     .help = "cut a half sentence"},
    {.name = "drift-sigma",
     .type = BF_OPT_DOUBLE,
     .target = &reals[2],
     .min = 0,
     .max = 9,
     .unit = "standard deviations",
     .help = "filter what is far from the domain",
     .rare = true},
    {.name = "a-name-that-is-far-too-long-for-the-column",
     .type = BF_OPT_TEXT,
     .target = &texts[3],
     .help = "rare one",
     .rare = true},
    {.name = NULL},
};

static const struct bf_command_help command = {
    .name = "domain",
    .summary = "Make the forget set of a domain with the target model itself.",
    .synopsis = "biforget domain TOPIC [-m MODEL] [-o DIR] [--profile quick|paper] [--seed N] [options]",
    .examples = "biforget domain \"Greek mythology\"             with the default model\n"
                "biforget domain \"The Solar System\" -o solar   into the folder solar",
    .details =
        "A paragraph that explains more, long enough to need a second line when the terminal has eighty columns.\n\n"
        "A second paragraph.",
};

static char *help(bool all, const struct bf_opt *options)
{
    char *text = NULL;
    size_t n = 0;
    FILE *out = open_memstream(&text, &n);

    assert_non_null(out);
    bf_opt_help(out, &command, options, all);
    assert_int_equal(fclose(out), 0);
    return text;
}

/* Lines of the text, each at most 80 columns and without a space at its end. */
static size_t count_lines(const char *text)
{
    size_t n = 0;

    while (*text != '\0') {
        size_t length = strcspn(text, "\n");
        if (bf_utf8_count(text, length) > 80)
            fail_msg("over 80 columns: %.*s", (int)length, text);
        if (length > 0 && text[length - 1] == ' ')
            fail_msg("space at the end: %.*s", (int)length, text);
        assert_int_equal(text[length], '\n');
        text += length + 1;
        n++;
    }
    return n;
}

static void fits_a_screen(void **state)
{
    char *text = help(false, table);

    (void)state;
    assert_null(opt_check(table));
    assert_in_range(count_lines(text), 20, 40);
    free(text);
}

static void shows_what_matters_in_order(void **state)
{
    static const char *const parts[] = {
        "Usage: biforget domain TOPIC",
        "\n       [--seed N] ", /* the synopsis is broken between its parts and continued below its first word */
        "Make the forget set",
        "\nExamples:\n  biforget domain \"Greek mythology\"",
        "\n  biforget domain \"The Solar System\"",
        "\nOptions",
        "\n  -m, --model FILE",
        "[the default model]",
        "\n      --profile quick|paper   how much to generate [quick]\n",
        "\n      --parallel N            how many are generated at once [64 sequences]\n",
        "\n      --json                  print one JSON object",
        "\n  -h, --help ",
        "\n      --help-all ",
    };
    char *text = help(false, table);
    const char *at = text;

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(parts); i++) {
        const char *found = strstr(at, parts[i]);
        if (!found)
            fail_msg("\"%s\" is missing or out of order in\n%s", parts[i], text);
        at = found;
    }
    assert_null(strstr(text, "drift-sigma"));
    assert_null(strstr(text, "A second paragraph"));
    free(text);
}

static void help_all_shows_everything(void **state)
{
    char *text = help(true, table);

    (void)state;
    (void)count_lines(text);
    assert_contains(text, "--drift-sigma X");
    assert_contains(text, "of the engine (threads) [one a core]\n"); /* a unit goes with a number */
    assert_contains(text, "filter what is far from the domain (standard\n");
    assert_contains(text, "--a-name-that-is-far-too-long-for-the-column TEXT\n                   ");
    assert_contains(text, "second line when the\nterminal has eighty columns.\n\nA second paragraph.\n");
    assert_null(strstr(text, "--help-all"));
    for (const struct bf_opt *opt = table; opt->name; opt++)
        assert_contains(text, opt->name);
    free(text);
}

static void a_command_without_options(void **state)
{
    const struct bf_opt none[] = {{.name = NULL}};
    char *text = help(false, none);

    (void)state;
    (void)count_lines(text);
    assert_contains(text, "-h, --help");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fits_a_screen),
        cmocka_unit_test(shows_what_matters_in_order),
        cmocka_unit_test(help_all_shows_everything),
        cmocka_unit_test(a_command_without_options),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
