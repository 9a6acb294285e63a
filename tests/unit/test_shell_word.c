#include "base/print.h"
#include "unit.h"

static void words(void **state)
{
    static const struct {
        const char *text, *word;
    } cases[] = {
        {"runs/greek-mythology", "runs/greek-mythology"},
        {"my runs/a", "'my runs/a'"},
        {"it's", "'it'\\''s'"},
        {"$(x)", "'$(x)'"},
        {"a;b\n", "'a;b\n'"},
        {"-x", "./-x"},
        {"- x", "'./- x'"},
        {"", "''"},
        {"\xc3\xa9", "'\xc3\xa9'"},
    };

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        assert_string_equal(BF_SHELL_WORD(cases[i].text), cases[i].word);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(words)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
