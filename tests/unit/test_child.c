/* A command of this very program in a process of its own: what it answers, how it ends, what is made of its failure.
 * The program here is this test, which does what its words say when it is started as a command. */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>

#include "base/buf.h"
#include "base/child.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/mem.h"

/* ---- the command ---- */

static int act_relay(void)
{
    static const char lines[] = "first\n\nsecond\nthi";
    char *longest = bf_array(20000, 1);
    const char *number = getenv(BF_LOG_RELAY_VARIABLE);
    if (!number)
        return 9;
    const int fd = atoi(number);
    if (write(fd, lines, sizeof lines - 1) < 0)
        return 8;
    (void)usleep(20000);
    if (write(fd, "rd\n", 3) < 0)
        return 8;
    (void)usleep(20000);
    memset(longest, 'x', 4096); /* no line of ours is as long */
    if (write(fd, longest, 4096) < 0)
        return 8;
    (void)usleep(20000);
    if (write(fd, "\nlast\n", 6) < 0)
        return 8;
    free(longest);
    return 0;
}

static int act(int argc, char **argv)
{
    const char *what = argv[1];
    if (strcmp(what, "echo") == 0) {
        for (int i = 2; i < argc; i++)
            (void)printf("[%s]", argv[i]);
        return 0;
    }
    if (strcmp(what, "stdin") == 0)
        return getchar() == EOF && !getenv(BF_LOG_RELAY_VARIABLE) ? 0 : 9;
    if (strcmp(what, "exit") == 0) {
        (void)fprintf(stderr, "something before\n%s", argc > 3 ? argv[3] : "");
        return atoi(argv[2]);
    }
    if (strcmp(what, "signal") == 0) {
        (void)signal(atoi(argv[2]), SIG_DFL);
        (void)raise(atoi(argv[2]));
    }
    if (strcmp(what, "relay") == 0)
        return act_relay();
    if (strcmp(what, "interrupt") == 0) { /* the one who started us, and wait to be told */
        (void)signal(SIGTERM, SIG_DFL);
        (void)kill(getppid(), SIGINT);
        (void)sleep(20);
        return 0;
    }
    return 9;
}

/* ---- the tests ---- */

static enum bf_status run(const char *const *words, const char *log, const struct bf_child_live *live, size_t cap,
                          char **answer, struct bf_err *err)
{
    struct bf_command_line line = {.n = 0};
    struct bf_buf out;
    bf_buf_init(&out, cap);
    for (; *words; words++)
        bf_command_line_add(&line, *words);
    const enum bf_status status = bf_child_run(&line, log, live, &out, err);
    bf_command_line_release(&line);
    if (answer)
        *answer = strdup(out.data ? out.data : "");
    bf_buf_release(&out);
    return status;
}

static void its_output_is_the_answer(void **state)
{
    static const char *const words[] = {"echo", "a b", "it's", "", NULL}, *const input[] = {"stdin", NULL};
    struct bf_err err = BF_ERR_INIT;
    char *answer = NULL;
    (void)state;
    assert_int_equal(run(words, "log", NULL, 1000, &answer, &err), BF_OK);
    assert_string_equal(answer, "[a b][it's][]"); /* words arrive as they are, without a shell */
    free(answer);
    assert_int_equal(run(input, "log", NULL, 1000, NULL, &err), BF_OK); /* nothing is read from our input */
    assert_int_equal(run(words, "log", NULL, 5, NULL, &err), BF_MODEL);
    assert_error(err, BF_MODEL, "answered more than 5 bytes");
}

static void its_failure_becomes_ours(void **state)
{
    static const struct {
        const char *code;
        enum bf_status status;
    } codes[] = {{"2", BF_USAGE}, {"3", BF_INPUT}, {"4", BF_MODEL},
                 {"5", BF_STORE}, {"1", BF_MODEL}, {"127", BF_MODEL}};
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(codes); i++) {
        const char *const words[] = {"exit", codes[i].code, "biforget: the texts are too long\r\n\n", NULL};
        struct bf_err err = BF_ERR_INIT;
        (void)unlink("log");
        assert_int_equal(run(words, "log", NULL, 1000, NULL, &err), codes[i].status);
        assert_true(strncmp(err.text, "the texts are too long (from 'biforget exit ", 44) == 0);
        assert_error(err, codes[i].status, "what it said is in 'log'");
    }
}

static void the_last_line_of_a_log(void **state)
{
    static const char *const silent[] = {"exit", "3", NULL}, *const plain[] = {"exit", "3", "no newline", NULL};
    struct bf_err err = BF_ERR_INIT;
    char *long_line = bf_array(9100, 1);
    (void)state;
    (void)unlink("log");
    assert_int_equal(run(silent, "log", NULL, 1000, NULL, &err), BF_INPUT);
    assert_error(err, BF_INPUT, "something before (from");
    assert_int_equal(run(plain, "log", NULL, 1000, NULL, &err), BF_INPUT); /* added to the log, not in its place */
    assert_error(err, BF_INPUT, "no newline (from");
    struct bf_buf text;
    bf_buf_init(&text, SIZE_MAX);
    assert_int_equal(bf_file_read("log", &text, &err), BF_OK);
    assert_string_equal(text.data, "something before\nsomething before\nno newline");
    bf_buf_release(&text);
    /* Longer than is looked at. */
    memset(long_line, 'y', 9000);
    memcpy(long_line + 9000, "\nthe end", 9);
    const char *const words[] = {"exit", "3", long_line, NULL};
    assert_int_equal(run(words, "log", NULL, 1000, NULL, &err), BF_INPUT);
    assert_error(err, BF_INPUT, "the end (from");
    free(long_line);
}

static void a_signal_that_ends_it(void **state)
{
    static const char *const killed[] = {"signal", "9", NULL}, *const crashed[] = {"signal", "11", NULL};
    struct bf_err err = BF_ERR_INIT;
    (void)state;
    assert_int_equal(run(killed, "log", NULL, 1000, NULL, &err), BF_STORE); /* memory that was used up */
    assert_error(err, BF_STORE, "signal 9 ended 'biforget signal 9'; what it said is in 'log'");
    assert_int_equal(run(crashed, "log", NULL, 1000, NULL, &err), BF_MODEL);
    assert_error(err, BF_MODEL, "signal 11 ended 'biforget signal 11'");
}

static void a_log_that_cannot_be_written(void **state)
{
    static const char *const words[] = {"echo", NULL};
    struct bf_err err = BF_ERR_INIT;
    (void)state;
    assert_int_equal(symlink("elsewhere", "link"), 0);
    assert_int_equal(run(words, "link", NULL, 1000, NULL, &err), BF_STORE);
    assert_error(err, BF_STORE, "'link' is a symbolic link");
    assert_false(bf_file_exists("elsewhere"));
    assert_int_equal(run(words, "no/folder", NULL, 1000, NULL, &err), BF_STORE);
    assert_error(err, BF_STORE, "cannot write 'no/folder'");
}

struct lines {
    char text[256];
};

static void see_line(void *user, const char *text)
{
    struct lines *lines = user;
    const size_t n = strlen(lines->text);
    (void)snprintf(lines->text + n, sizeof lines->text - n, "%s|", text);
}

static void its_progress_comes_line_by_line(void **state)
{
    static const char *const words[] = {"relay", NULL};
    struct lines lines = {.text = ""};
    const struct bf_child_live live = {&lines, see_line};
    struct bf_err err = BF_ERR_INIT;
    (void)state;
    if (run(words, "log", &live, 1000, NULL, &err) != BF_OK)
        fail_msg("%s", err.text);
    assert_string_equal(lines.text, "first|second|third|last|");
}

static void as_a_person_types_it(void **state)
{
    struct bf_command_line line = {.n = 0};
    static const char *const words[] = {"domain", "the Solar System", "it's", "", "--lr=1e-4", "a$b", "~x"};
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(words); i++)
        bf_command_line_add(&line, words[i]);
    char *text = bf_command_line_text(&line);
    assert_string_equal(text, "biforget domain 'the Solar System' 'it'\\''s' '' --lr=1e-4 'a$b' '~x'");
    free(text);
    bf_command_line_release(&line);
    assert_null(line.words);
}

/* The last test: from here on this process counts as interrupted. */
static void a_signal_to_us_is_passed_on(void **state)
{
    static const char *const words[] = {"interrupt", NULL};
    struct bf_err err = BF_ERR_INIT;
    (void)state;
    bf_interrupt_install();
    bf_interrupt_silence(true);
    assert_int_equal(run(words, "log", NULL, 1000, NULL, &err), BF_INTERRUPTED);
    assert_error(err, BF_INTERRUPTED, "interrupted");
    assert_true(bf_interrupted());
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(its_output_is_the_answer),     cmocka_unit_test(its_failure_becomes_ours),
        cmocka_unit_test(the_last_line_of_a_log),       cmocka_unit_test(a_signal_that_ends_it),
        cmocka_unit_test(a_log_that_cannot_be_written), cmocka_unit_test(its_progress_comes_line_by_line),
        cmocka_unit_test(as_a_person_types_it),         cmocka_unit_test(a_signal_to_us_is_passed_on),
    };
    if (argc > 1 && strcmp(argv[0], "biforget") == 0)
        return act(argc, argv);
    return cmocka_run_group_tests(tests, enter_scratch, leave_scratch);
}
