/* Every command's option table is sound, whatever it is narrowed to. */
#include "unit.h"

#include <stdlib.h>

#include "base/mem.h"
#include "cmd/cmd.h"
#include "opt_check.h"

static void every_command_has_a_sound_table(void **state)
{
    size_t n_commands = 0;

    (void)state;
    for (const struct bf_command *const *at = bf_commands; *at; at++) {
        const struct bf_command *command = *at;
        void *values = bf_alloc(command->values_size + 1);
        struct bf_opt *table = command->options(values);
        const char *wrong = opt_check(table);
        if (wrong)
            fail_msg("%s: %s", command->help.name, wrong);
        n_commands++;
        free(table);
        free(values);
    }
    assert_true(n_commands >= 15);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_command_has_a_sound_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
