/* Every command's option table is sound, and so is what is left of it for one task. */
#include "unit.h"

#include <stdlib.h>

#include "base/mem.h"
#include "cmd/cmd.h"
#include "eval/eval_task.h"
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

/* A misspelt task would leave the option to nobody. */
static void options_of_single_tasks_name_tasks(void **state)
{
    void *values = bf_alloc(bf_cmd_eval.values_size);
    struct bf_opt *table = bf_cmd_eval.options(values);
    size_t n_words = 0;

    (void)state;
    for (const struct bf_opt *opt = table; opt->name; opt++) {
        char *words = bf_strdup(opt->only ? opt->only : "");
        for (char *next = NULL, *word = strtok_r(words, " ", &next); word; word = strtok_r(NULL, " ", &next)) {
            size_t task = 0;
            if (!bf_eval_task_find(word, &task))
                fail_msg("--%s is for '%s', which is not a task", opt->name, word);
            n_words++;
        }
        free(words);
    }
    assert_true(n_words >= 20);
    free(table);
    free(values);
}

static void help_after_a_task_has_its_options_alone(void **state)
{
    void *values = bf_alloc(bf_cmd_eval.values_size);
    struct bf_opt *table = bf_cmd_eval.options(values);

    (void)state;
    bf_cmd_eval.narrow(table, "nothing of this name");
    assert_non_null(bf_opt_find(table, "holdout"));
    bf_cmd_eval.narrow(table, "tofu");
    assert_null(opt_check(table));
    assert_non_null(bf_opt_find(table, "authors"));
    assert_non_null(bf_opt_find(table, "parallel"));
    assert_null(bf_opt_find(table, "holdout"));
    assert_null(bf_opt_find(table, "relearn"));
    free(table);
    free(values);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_command_has_a_sound_table),
        cmocka_unit_test(options_of_single_tasks_name_tasks),
        cmocka_unit_test(help_after_a_task_has_its_options_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
