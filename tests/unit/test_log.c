#include "unit.h"

#include <poll.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "base/log.h"

/* What was written to the log's file. */
static void assert_written(struct bf_log *log, const char *expected)
{
    char text[2000];
    size_t n;

    rewind(log->stream);
    n = fread(text, 1, sizeof text - 1, log->stream);
    text[n] = '\0';
    assert_string_equal(text, expected);
    (void)fclose(log->stream);
}

static void to_file(struct bf_log *log, bool quiet)
{
    FILE *file = tmpfile();

    assert_non_null(file);
    bf_log_init(log, file, quiet);
    assert_false(log->tty);
    assert_false(log->colour);
}

static void plain_lines_to_a_file(void **state)
{
    struct bf_err err = BF_ERR_INIT;
    struct bf_log log;

    (void)state;
    to_file(&log, false);
    bf_log_info(&log, "%d samples", 3);
    bf_log_warn(&log, "the model is '%s'", "x");
    bf_log_live(&log, "10 %");
    bf_log_live_end(&log);
    (void)bf_fail(&err, BF_STORE, "the disk is full");
    bf_log_error(&log, &err);
    assert_written(&log, "3 samples\nbiforget: warning: the model is 'x'\n10 %\nbiforget: the disk is full\n");
}

/* A program that started this one shows its live lines, also when it is quiet; what is not a pipe is not written to. */
static void live_lines_go_to_the_relay(void **state)
{
    struct bf_log log;
    int ends[2];
    char number[16], got[64];
    FILE *other = tmpfile();

    (void)state;
    assert_int_equal(pipe(ends), 0);
    snprintf(number, sizeof number, "%d", ends[1]);
    assert_int_equal(setenv(BF_LOG_RELAY_VARIABLE, number, 1), 0);
    to_file(&log, true);
    assert_true(bf_log_has_live(&log));
    bf_log_live(&log, "training 3/9\033[2J");
    bf_log_info(&log, "info");
    assert_int_equal(read(ends[0], got, sizeof got), strlen("training 3/9 [2J\n"));
    assert_memory_equal(got, "training 3/9 [2J\n", strlen("training 3/9 [2J\n"));
    assert_written(&log, "");
    assert_non_null(other);
    snprintf(number, sizeof number, "%d", fileno(other));
    assert_int_equal(setenv(BF_LOG_RELAY_VARIABLE, number, 1), 0);
    to_file(&log, true);
    assert_false(bf_log_has_live(&log));
    assert_written(&log, "");
    assert_int_equal(unsetenv(BF_LOG_RELAY_VARIABLE), 0);
    (void)fclose(other);
    (void)close(ends[0]);
    (void)close(ends[1]);
}

static void quiet_keeps_errors_only(void **state)
{
    struct bf_err err = BF_ERR_INIT;
    struct bf_log log;

    (void)state;
    to_file(&log, true);
    bf_log_info(&log, "info");
    bf_log_warn(&log, "warning");
    bf_log_live(&log, "live");
    (void)bf_fail(&err, BF_USAGE, "wrong");
    bf_log_error(&log, &err);
    assert_written(&log, "biforget: wrong\n");
}

static void an_error_without_text_has_its_status(void **state)
{
    struct bf_err err = {BF_MODEL, {0}};
    struct bf_log log;

    (void)state;
    to_file(&log, false);
    bf_log_error(&log, &err);
    assert_written(&log, "biforget: model or server\n");
}

static void text_cannot_steer_the_terminal(void **state)
{
    struct bf_log log;

    (void)state;
    to_file(&log, false);
    bf_log_info(&log, "%s", "a\nb\033[2Jc\xFF\xC2\x9B\xE2\x80\xAE");
    assert_written(&log, "a b [2Jc\xEF\xBF\xBD \xEF\xBF\xBD\n");
}

/* A terminal of 20 columns: its master side, with the log on the other. */
static int to_terminal(struct bf_log *log)
{
    struct winsize size = {.ws_row = 5, .ws_col = 20};
    struct termios raw;
    int master = -1, slave = -1;
    FILE *stream;

    assert_int_equal(openpty(&master, &slave, NULL, NULL, &size), 0);
    assert_int_equal(tcgetattr(slave, &raw), 0);
    cfmakeraw(&raw);
    assert_int_equal(tcsetattr(slave, TCSANOW, &raw), 0);
    stream = fdopen(slave, "w");
    assert_non_null(stream);
    bf_log_init(log, stream, false);
    return master;
}

static void assert_screen(struct bf_log *log, int master, const char *expected)
{
    char text[1000];
    size_t n = 0;
    struct pollfd ready = {.fd = master, .events = POLLIN};

    /* A terminal hands over what it has in pieces of its own choosing. */
    while (n < sizeof text - 1 && poll(&ready, 1, n < strlen(expected) ? 10000 : 0) == 1) {
        ssize_t got = read(master, text + n, sizeof text - 1 - n);
        assert_true(got > 0);
        n += (size_t)got;
    }
    text[n] = '\0';
    assert_string_equal(text, expected);
    (void)fclose(log->stream);
    (void)close(master);
}

static void the_live_line_is_cut_and_erased(void **state)
{
    struct bf_log log;
    int master;

    (void)state;
    assert_int_equal(setenv("TERM", "xterm", 1), 0);
    assert_int_equal(setenv("NO_COLOR", "1", 1), 0);
    master = to_terminal(&log);
    assert_true(log.tty);
    assert_false(log.colour);
    bf_log_live(&log, "0123456789012345678901234");
    bf_log_live(&log, "\xE6\xBC\xA2\xE6\xBC\xA2\xE6\xBC\xA2\xE6\xBC\xA2\xE6\xBC\xA2\xE6\xBC\xA2\xE6\xBC\xA2\xE6\xBC\xA2"
                      "\xE6\xBC\xA2\xE6\xBC\xA2"); /* ten characters of two columns; nine fit in 19 */
    bf_log_info(&log, "line");
    bf_log_live_end(&log);
    bf_log_live(&log, "last");
    bf_log_live_end(&log);
    bf_log_live_end(&log);
    assert_screen(&log, master,
                  "\r0123456789012345678\033[K"
                  "\r\xE6\xBC\xA2\xE6\xBC\xA2\xE6\xBC\xA2\xE6\xBC\xA2\xE6\xBC\xA2\xE6\xBC\xA2\xE6\xBC\xA2"
                  "\xE6\xBC\xA2\xE6\xBC\xA2\033[K"
                  "\r\033[Kline\n"
                  "\rlast\033[K\n");
}

static void colour_on_a_terminal(void **state)
{
    struct bf_err err = BF_ERR_INIT;
    struct bf_log log;
    int master;

    (void)state;
    assert_int_equal(setenv("TERM", "xterm", 1), 0);
    assert_int_equal(setenv("NO_COLOR", "", 1), 0); /* empty means not set */
    master = to_terminal(&log);
    assert_true(log.colour);
    (void)bf_fail(&err, BF_USAGE, "wrong");
    bf_log_error(&log, &err);
    assert_screen(&log, master, "\033[31mbiforget: \033[0mwrong\n");
}

static void a_dumb_terminal_gets_plain_lines(void **state)
{
    struct bf_log log;
    int master;

    (void)state;
    assert_int_equal(setenv("TERM", "dumb", 1), 0);
    assert_int_equal(unsetenv("NO_COLOR"), 0);
    master = to_terminal(&log);
    assert_false(log.tty);
    assert_false(log.colour);
    bf_log_live(&log, "10 %");
    bf_log_warn(&log, "w");
    assert_screen(&log, master, "10 %\nbiforget: warning: w\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_lines_to_a_file),          cmocka_unit_test(live_lines_go_to_the_relay),
        cmocka_unit_test(quiet_keeps_errors_only),        cmocka_unit_test(an_error_without_text_has_its_status),
        cmocka_unit_test(text_cannot_steer_the_terminal), cmocka_unit_test(the_live_line_is_cut_and_erased),
        cmocka_unit_test(colour_on_a_terminal),           cmocka_unit_test(a_dumb_terminal_gets_plain_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
