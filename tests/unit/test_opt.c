#include "unit.h"

#include <math.h>
#include <stdlib.h>

#include "base/opt.h"
#include "opt_check.h"

/* One option of each type, and what parsing leaves behind. */
static struct {
    bool quiet, json;
    int64_t parallel;
    uint64_t seed;
    double epsilon, tau;
    const char *model, *chat;
    struct bf_doubles temperatures;
    const char *operands[2];
    size_t n_operands;
    int help;
    struct bf_err err;
} got;

static struct bf_opt table[] = {
    {.name = "quiet", .letter = 'q', .type = BF_OPT_FLAG, .target = &got.quiet, .help = "only errors"},
    {.name = "json", .letter = 'j', .type = BF_OPT_FLAG, .target = &got.json, .help = "print JSON"},
    {.name = "parallel",
     .letter = 'p',
     .type = BF_OPT_INT,
     .target = &got.parallel,
     .min = 1,
     .max = 256,
     .help = "sequences"},
    {.name = "seed", .type = BF_OPT_SEED, .target = &got.seed, .help = "seed"},
    {.name = "epsilon",
     .letter = 'e',
     .type = BF_OPT_DOUBLE,
     .target = &got.epsilon,
     .min = -1,
     .max = 0.5,
     .help = "gain"},
    {.name = "tau", .type = BF_OPT_DOUBLE, .target = &got.tau, .max = 1, .choices = "auto", .help = "threshold"},
    {.name = "model", .letter = 'm', .type = BF_OPT_TEXT, .target = &got.model, .value = "FILE", .help = "model"},
    {.name = "chat",
     .type = BF_OPT_CHOICE,
     .target = &got.chat,
     .choices = "auto|none|chatml",
     .help = "chat template"},
    {.name = "temperatures",
     .type = BF_OPT_DOUBLES,
     .target = &got.temperatures,
     .min = 0.01,
     .max = 5,
     .help = "list"},
    {.name = NULL},
};

/* main's argv is not const, though the parser changes nothing in it. */
static char **unlock(const char *const *argv)
{
    return (char **)(uintptr_t)argv;
}

/* Parse the NULL-terminated arguments from the defaults. */
static enum bf_status parse(const char *const *argv)
{
    int argc = 0;

    memset(&got, 0, sizeof got);
    for (struct bf_opt *opt = table; opt->name; opt++)
        opt->given = false;
    got.json = true;
    got.parallel = 8;
    got.epsilon = 0.001;
    got.chat = "auto";
    while (argv[argc])
        argc++;
    return bf_opt_parse(table, argc, unlock(argv), got.operands, N_ELEMENTS(got.operands), &got.n_operands, &got.help,
                        &got.err);
}

static bool given(const char *name)
{
    return bf_opt_find(table, name)->given;
}

#define PARSE(...) parse((const char *[]){"biforget", __VA_ARGS__, NULL})

#define assert_usage(words, ...)                                                                                       \
    do {                                                                                                               \
        assert_int_equal(PARSE(__VA_ARGS__), BF_USAGE);                                                                \
        assert_error(got.err, BF_USAGE, words);                                                                        \
    } while (0)

static void defaults_stay(void **state)
{
    (void)state;
    assert_int_equal(parse((const char *[]){"biforget", NULL}), BF_OK);
    assert_int_equal(got.n_operands, 0);
    assert_true(got.json && !got.quiet && !given("quiet") && !given("seed"));
    assert_true(got.parallel == 8 && got.epsilon == 0.001);
    assert_string_equal(got.chat, "auto");
    assert_null(got.model);
}

static void every_way_to_write_an_option(void **state)
{
    (void)state;
    assert_int_equal(PARSE("-q", "Greek mythology", "--parallel", "64", "--seed=18446744073709551615", "-e-1", "-m",
                           "a.gguf", "--chat=none", "--temperatures", "0.6,0.8,1e0", "--no-json", "-"),
                     BF_OK);
    assert_true(got.quiet && given("quiet") && given("seed") && !got.json);
    assert_true(got.parallel == 64 && got.seed == UINT64_MAX && got.epsilon == -1);
    assert_string_equal(got.model, "a.gguf");
    assert_string_equal(got.chat, "none");
    assert_int_equal(got.temperatures.n, 3);
    assert_true(got.temperatures.values[0] == 0.6 && got.temperatures.values[2] == 1.0);
    assert_int_equal(got.n_operands, 2);
    assert_string_equal(got.operands[0], "Greek mythology");
    assert_string_equal(got.operands[1], "-");

    assert_int_equal(PARSE("-mb.gguf", "-qj", "--model=-odd.gguf"), BF_OK);
    assert_string_equal(got.model, "-odd.gguf");
    assert_true(got.quiet && got.json);
    assert_int_equal(PARSE("-qmc.gguf", "--model", "-"), BF_OK);
    assert_string_equal(got.model, "-");
    assert_int_equal(PARSE("--model", "--lr 1 -q", "-q"), BF_OK); /* several words are no option */
    assert_string_equal(got.model, "--lr 1 -q");
    assert_int_equal(PARSE("--model="), BF_OK);
    assert_string_equal(got.model, "");
    assert_int_equal(PARSE("--quiet", "--no-quiet"), BF_OK);
    assert_true(!got.quiet && given("quiet"));
}

static void negative_numbers_are_values(void **state)
{
    (void)state;
    assert_int_equal(PARSE("--epsilon", "-0.5"), BF_OK);
    assert_true(got.epsilon == -0.5);
    assert_int_equal(PARSE("-e", "-.25"), BF_OK);
    assert_true(got.epsilon == -0.25);
    assert_int_equal(PARSE("--epsilon=-1e-3"), BF_OK);
    assert_true(got.epsilon == -0.001);
    assert_int_equal(PARSE("-7"), BF_OK);
    assert_string_equal(got.operands[0], "-7");
    assert_usage("--parallel does not take '-3'; give a whole number from 1 to 256", "--parallel", "-3");
}

static void two_dashes_end_the_options(void **state)
{
    (void)state;
    assert_int_equal(PARSE("--quiet", "--", "--json", "--"), BF_OK);
    assert_int_equal(got.n_operands, 2);
    assert_string_equal(got.operands[0], "--json");
    assert_string_equal(got.operands[1], "--");
}

static void help_stops_the_parser(void **state)
{
    (void)state;
    assert_int_equal(PARSE("topic", "--help", "--unknown"), BF_OK);
    assert_int_equal(got.help, 1);
    assert_int_equal(PARSE("-h", "--unknown"), BF_OK);
    assert_int_equal(got.help, 1);
    assert_int_equal(PARSE("-qh"), BF_OK);
    assert_int_equal(got.help, 1);
    assert_int_equal(PARSE("--help=all"), BF_OK);
    assert_int_equal(got.help, 2);
    assert_int_equal(PARSE("--help=some"), BF_USAGE);
    assert_int_equal(PARSE("--help-all"), BF_OK);
    assert_int_equal(got.help, 2);
    assert_int_equal(PARSE("--", "--help"), BF_OK);
    assert_int_equal(got.help, 0);
}

static void unknown_options_with_a_hint(void **state)
{
    (void)state;
    assert_usage("unknown option '--paralel'; did you mean '--parallel'?", "--paralel=3");
    assert_usage("unknown option '--tmeperatures'; did you mean '--temperatures'?", "--tmeperatures", "1");
    assert_usage("did you mean '--temperatures'?", "--temp", "1");
    assert_usage("did you mean '--help'?", "--hlep");
    assert_usage("unknown option '--wibble'; --help lists", "--wibble");
    assert_usage("unknown option '-x' in '-qx'", "-qx");
    assert_usage("did you mean '--json'?", "-json");
    assert_usage("unknown option '---'", "---");
    assert_null(strstr(got.err.text, "did you mean"));
    assert_usage("unknown option '--aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'",
                 "--aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
    assert_usage("unknown option '--'; --help lists", "--=5");
}

static void values_that_are_missing_or_not_wanted(void **state)
{
    (void)state;
    assert_usage("--model needs a value: write --model FILE", "--model");
    assert_usage("--model needs a value (FILE), but '--json' follows", "-m", "--json");
    assert_usage("--parallel needs a value: write --parallel N", "-p");
    assert_usage("--chat needs a value (auto|none|chatml), but '-q' follows", "--chat", "-q");
    assert_usage("--quiet takes no value", "--quiet=yes");
    assert_usage("--json takes no value", "--no-json=1");
    assert_usage("--model takes a value and cannot be switched off with '--no-model'", "--no-model");
    assert_usage("unknown option '--no-'", "--no-");
}

static void numbers_are_whole_and_in_range(void **state)
{
    static const char *const bad_ints[] = {
        "", " 5", "5 ", "5x", "0x10", "1e2", "0", "257", "2.0", "99999999999999999999", "--5", "+", "five"};
    static const char *const bad_doubles[] = {"",      "nan", "inf",   "-inf", "0x1p-2", "0.51", "-1.01",
                                              "1e999", "0,1", "0.1.2", "e5",   ".",      " 0.1"};
    static const char *const bad_seeds[] = {"", "-1", "+1", "18446744073709551616", "1.0", "0x1", " 1"};

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(bad_ints); i++) {
        char text[64];
        (void)snprintf(text, sizeof text, "--parallel=%s", bad_ints[i]);
        assert_usage("whole number from 1 to 256", text);
        assert_true(got.parallel == 8);
    }
    for (size_t i = 0; i < N_ELEMENTS(bad_doubles); i++) {
        char text[64];
        (void)snprintf(text, sizeof text, "--epsilon=%s", bad_doubles[i]);
        assert_usage("give a number from -1 to 0.5", text);
        assert_true(got.epsilon == 0.001);
    }
    for (size_t i = 0; i < N_ELEMENTS(bad_seeds); i++) {
        char text[64];
        (void)snprintf(text, sizeof text, "--seed=%s", bad_seeds[i]);
        assert_usage("whole number from 0 to 18446744073709551615", text);
        assert_false(given("seed"));
    }
    assert_int_equal(PARSE("--parallel", "256", "--epsilon", "0.5", "--seed", "0"), BF_OK);
    assert_int_equal(PARSE("--parallel", "+1", "--epsilon=+.5"), BF_OK);
    assert_true(got.parallel == 1 && got.epsilon == 0.5);
}

static void a_number_or_a_word(void **state)
{
    (void)state;
    assert_int_equal(PARSE("--tau", "0.25"), BF_OK);
    assert_true(got.tau == 0.25);
    assert_int_equal(PARSE("--tau=auto"), BF_OK);
    assert_true(isnan(got.tau) && given("tau"));
    assert_usage("--tau does not take 'aut'; give auto or a number from 0 to 1", "--tau", "aut");
    assert_usage("give auto or a number", "--tau", "nan");
    assert_usage("give a number from -1 to 0.5", "--epsilon", "auto");
}

static void lists_of_numbers(void **state)
{
    static const char *const bad[] = {"",
                                      ",",
                                      "1,",
                                      ",1",
                                      "1,,2",
                                      "1 2",
                                      "0.001",
                                      "6",
                                      "1,nan",
                                      "1;2",
                                      "1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1",
                                      "1.0000000000000000000000000000000000000000000000000000000000000000"};

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(bad); i++) {
        char text[120];
        (void)snprintf(text, sizeof text, "--temperatures=%s", bad[i]);
        assert_usage("each a number from 0.01 to 5", text);
        assert_int_equal(got.temperatures.n, 0);
    }
    assert_int_equal(PARSE("--temperatures", "1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,2"), BF_OK);
    assert_int_equal(got.temperatures.n, 16);
    assert_true(got.temperatures.values[15] == 2);
}

static void choices(void **state)
{
    (void)state;
    assert_usage("--chat does not take 'chatnl'; did you mean 'chatml'? give one of auto|none|chatml", "--chat",
                 "chatnl");
    assert_usage("--chat does not take 'auto|none'; give one of", "--chat=auto|none");
    assert_usage("--chat does not take ''; give one of", "--chat=");
    assert_usage("--chat does not take 'aut'", "--chat=aut");
    assert_string_equal(got.chat, "auto");
    assert_int_equal(PARSE("--chat=chatml"), BF_OK);
    assert_string_equal(got.chat, "chatml");
}

static void too_many_operands(void **state)
{
    const char *const argv[] = {"biforget", "extra", NULL};
    const char *operand = NULL;
    size_t n = 0;
    int help = 0;

    (void)state;
    assert_usage("'mythology' is one argument too many, after 'Greek'; put quotes", "domain", "Greek", "mythology");
    assert_int_equal(bf_opt_parse(table, 2, unlock(argv), &operand, 0, &n, &help, &got.err), BF_USAGE);
    assert_error(got.err, BF_USAGE, "'extra' is not expected here");
}

static void infinite_bounds_are_not_shown(void **state)
{
    int64_t count = 0;
    struct bf_opt open[] = {
        {.name = "count", .type = BF_OPT_INT, .target = &count, .min = 0, .max = 9.3e18, .help = "count"},
        {.name = NULL},
    };
    const char *const bad[] = {"biforget", "--count=-1", NULL};
    const char *const good[] = {"biforget", "--count=9223372036854775807", NULL};
    struct bf_err err = BF_ERR_INIT;
    size_t n = 0;
    int help = 0;

    (void)state;
    assert_int_equal(bf_opt_parse(open, 2, unlock(bad), NULL, 0, &n, &help, &err), BF_USAGE);
    assert_error(err, BF_USAGE, "give a whole number of at least 0");
    assert_int_equal(bf_opt_parse(open, 2, unlock(good), NULL, 0, &n, &help, &err), BF_OK);
    assert_true(count == INT64_MAX);
}

static void a_number_may_be_switched_off(void **state)
{
    int64_t count = 7;
    struct bf_opt some[] = {
        {.name = "count",
         .type = BF_OPT_INT,
         .target = &count,
         .min = -1,
         .max = 9,
         .no_is_zero = true,
         .help = "count"},
        {.name = NULL},
    };
    const char *const off[] = {"biforget", "--no-count", NULL};
    const char *const valued[] = {"biforget", "--no-count=3", NULL};
    struct bf_err err = BF_ERR_INIT;
    size_t n = 0;
    int help = 0;

    (void)state;
    assert_int_equal(bf_opt_parse(some, 2, unlock(off), NULL, 0, &n, &help, &err), BF_OK);
    assert_int_equal(count, 0);
    assert_true(some[0].given);
    count = 7;
    assert_int_equal(bf_opt_parse(some, 2, unlock(valued), NULL, 0, &n, &help, &err), BF_USAGE);
    assert_int_equal(count, 7);
}

static void assert_check(struct bf_opt first, struct bf_opt second, const char *words)
{
    const struct bf_opt two[] = {first, second, {.name = NULL}};
    const char *wrong = opt_check(two);

    if (!words) {
        assert_null(wrong);
        return;
    }
    assert_non_null(wrong);
    assert_contains(wrong, words);
}

static void tables_are_checked(void **state)
{
    static bool flag, other;
    static int64_t number;
    static const char *text;
    const struct bf_opt good = {.name = "good", .letter = 'g', .type = BF_OPT_FLAG, .target = &flag, .help = "good"};
    const struct bf_opt fine = {
        .name = "fine", .type = BF_OPT_INT, .target = &number, .min = 1, .max = 2, .help = "fine"};
    const struct bf_opt word = {
        .name = "word", .type = BF_OPT_CHOICE, .target = &text, .choices = "a|b", .help = "word"};
    struct bf_opt bad;

    (void)state;
    assert_null(opt_check(table));
    assert_check(good, fine, NULL);
    assert_check(good, word, NULL);
#define BAD(base, words, ...)                                                                                          \
    do {                                                                                                               \
        bad = base;                                                                                                    \
        __VA_ARGS__;                                                                                                   \
        assert_check(good, bad, words);                                                                                \
    } while (0)
    BAD(fine, "same name", bad.name = "good");
    BAD(fine, "same letter", bad.letter = 'g');
    BAD(fine, "same target", bad.target = &flag);
    BAD(fine, "parser's own", bad.name = "help");
    BAD(fine, "parser's own", bad.name = "help-all");
    BAD(fine, "parser's own", bad.letter = 'h');
    BAD(fine, "not a letter", bad.letter = '1');
    BAD(fine, "not made of", bad.name = "Fine");
    BAD(fine, "not made of", bad.name = "--fine");
    BAD(fine, "not made of", bad.name = "a=b");
    BAD(fine, "no target", bad.target = NULL);
    BAD(fine, "no help", bad.help = NULL);
    BAD(fine, "no help", bad.help = "");
    BAD(fine, "full stop", bad.help = "Ends so.");
    BAD(fine, "more than one line", bad.help = "a\nb");
    BAD(fine, "min is above its max", bad.min = 3);
    BAD(fine, "one value only", bad.min = 0; bad.max = 0);
    BAD(fine, "type is unknown", bad.type = (enum bf_opt_type)99);
    BAD(word, "no choices", bad.choices = NULL);
    BAD(word, "no choices", bad.choices = "");
    BAD(word, "no choices", bad.choices = "a||b");
    BAD(word, "no choices", bad.choices = "a|");
    BAD(good, "negation", bad.name = "no-good"; bad.letter = 0; bad.target = &other);
    BAD(good, "a word for a value", bad.name = "flag"; bad.letter = 0; bad.target = &other; bad.value = "X");
#undef BAD
}

static void rows_are_appended_in_order(void **state)
{
    static bool flag;
    static double number;
    struct bf_opt *rows = BF_OPT_TABLE(BF_FLAG("first", &flag, "a flag", .letter = 'f'));

    (void)state;
    rows = bf_opt_append(rows, NULL, 0);
    rows = BF_OPT_APPEND(rows, BF_REAL("second", &number, -1, 2, "0.5", "a number", .rare = true),
                         BF_FLAG("third", &got.json, "another flag"));
    assert_null(opt_check(rows));
    assert_string_equal(rows[0].name, "first");
    assert_true(rows[0].letter == 'f' && rows[0].target == &flag && !rows[0].rare);
    assert_string_equal(rows[1].name, "second");
    assert_true(rows[1].type == BF_OPT_DOUBLE && rows[1].min < 0 && rows[1].max > 1 && rows[1].rare);
    assert_string_equal(rows[1].fallback, "0.5");
    assert_string_equal(rows[2].name, "third");
    assert_null(rows[3].name);
    free(rows);
}

static void an_option_may_be_for_some_operands_only(void **state)
{
    const struct bf_opt some = {.name = "some", .only = "privleak tofu"}, all = {.name = "all"};

    (void)state;
    assert_true(bf_opt_takes(&some, "privleak") && bf_opt_takes(&some, "tofu"));
    assert_false(bf_opt_takes(&some, "priv") || bf_opt_takes(&some, "tof") || bf_opt_takes(&some, "privleak tofus"));
    assert_false(bf_opt_takes(&some, "leak") || bf_opt_takes(&some, "mcq"));
    assert_true(bf_opt_takes(&all, "mcq"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_stay),
        cmocka_unit_test(every_way_to_write_an_option),
        cmocka_unit_test(negative_numbers_are_values),
        cmocka_unit_test(two_dashes_end_the_options),
        cmocka_unit_test(help_stops_the_parser),
        cmocka_unit_test(unknown_options_with_a_hint),
        cmocka_unit_test(values_that_are_missing_or_not_wanted),
        cmocka_unit_test(numbers_are_whole_and_in_range),
        cmocka_unit_test(a_number_or_a_word),
        cmocka_unit_test(lists_of_numbers),
        cmocka_unit_test(choices),
        cmocka_unit_test(too_many_operands),
        cmocka_unit_test(infinite_bounds_are_not_shown),
        cmocka_unit_test(a_number_may_be_switched_off),
        cmocka_unit_test(tables_are_checked),
        cmocka_unit_test(rows_are_appended_in_order),
        cmocka_unit_test(an_option_may_be_for_some_operands_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
