/* A new command, export format, task of eval, section of the report is one file and one row. tests/rows/ has such
 * files, cmake/tests.cmake puts their rows into copies of the four headers, and what the program makes of them is
 * looked at here. */
#include "sets_fixture.h"

#include <fcntl.h>

#include "cmd/cmd.h"
#include "eval/eval_task.h"
#include "report/page.h"

/* What a function prints on stdout; free(). */
static char *printed_by(void (*print)(void *user), void *user)
{
    struct bf_err err = BF_ERR_INIT;
    struct bf_buf text;
    (void)fflush(stdout);
    const int kept = dup(STDOUT_FILENO);
    const int file = open("printed", O_CREAT | O_TRUNC | O_WRONLY, 0600);
    assert_true(kept >= 0 && file >= 0 && dup2(file, STDOUT_FILENO) >= 0);
    print(user);
    (void)fflush(stdout);
    assert_true(dup2(kept, STDOUT_FILENO) >= 0);
    (void)close(kept);
    (void)close(file);
    bf_buf_init(&text, SIZE_MAX);
    assert_ok(bf_file_read("printed", &text, &err));
    return text.data ? bf_buf_take(&text) : strdup("");
}

/* A command line of at most eight words, NULL after the last. */
static void run_words(void *user)
{
    const char *const *words = user;
    char *argv[8];
    int argc = 0;
    struct bf_log log;
    struct bf_err err = BF_ERR_INIT;
    for (; words[argc]; argc++)
        argv[argc] = (char *)(uintptr_t)words[argc];
    const struct bf_command *command = bf_command_find(argv[0]);
    assert_non_null(command);
    bf_log_init(&log, stderr, true);
    assert_ok(bf_command_run(command, argc, argv, &log, &err));
}

static void assert_prints(const char *const *words, const char *says)
{
    char *text = printed_by(run_words, (void *)(uintptr_t)words);
    assert_contains(text, says);
    free(text);
}

static void print_overview(void *user)
{
    (void)user;
    bf_overview(stdout);
}

static void a_command(void **state)
{
    static const char *const plain[] = {"hello", NULL}, *const named[] = {"hello", "--name", "Hera", NULL},
                             *const help[] = {"hello", "--help", NULL};
    (void)state;
    assert_prints(plain, "hello Zeus\n");
    assert_prints(named, "hello Hera\n");
    assert_prints(help, "who is greeted");
    char *text = printed_by(print_overview, NULL);
    assert_contains(text, "  hello      greet\n");
    free(text);
}

static void an_export_format(void **state)
{
    struct bf_err err = BF_ERR_INIT;
    struct bf_buf text;
    (void)state;
    assert_non_null(strstr(bf_export_formats, "|shout"));
    assert_false(bf_export_is_folder("shout"));
    sets_export("run", "shout", "fix", "loud.txt");
    bf_buf_init(&text, SIZE_MAX);
    assert_ok(bf_file_read("loud.txt", &text, &err));
    assert_string_equal(text.data, "QUESTION: WHO RULES? ANSWER: ZEUS!\nHERA \"RULES\", TOO.!\n");
    bf_buf_release(&text);
    assert_true(bf_file_exists("loud.txt.manifest.json"));
}

static void a_task_of_eval(void **state)
{
    static const char *const words[] = {"eval", "files", "loud.txt", "--json", NULL};
    struct bf_buf names;
    (void)state;
    assert_prints(words, "{\"benchmark\":\"files\",\"n\":1");
    bf_buf_init(&names, SIZE_MAX);
    bf_eval_task_names(&names);
    assert_contains(names.data, " or files");
    bf_buf_release(&names);
}

static void a_section_of_the_report(void **state)
{
    const struct bf_page_options options = {.max_bytes = 0};
    struct bf_err err = BF_ERR_INIT;
    json_t *data = NULL;
    (void)state;
    struct bf_store *store = fixture_open("run", BF_STORE_READ);
    assert_ok(bf_page_data(store, &options, &data, &err));
    assert_string_equal(json_string_value(json_object_get(json_object_get(data, "greeting"), "of")), "run");
    json_decref(data);
    bf_store_close(store);
}

static int enter(void **state)
{
    if (enter_scratch(state) != 0)
        return -1;
    sets_make_run("run");
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_command),
        cmocka_unit_test(an_export_format),
        cmocka_unit_test(a_task_of_eval),
        cmocka_unit_test(a_section_of_the_report),
    };
    return cmocka_run_group_tests(tests, enter, leave_scratch);
}
