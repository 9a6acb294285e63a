#include "unit.h"

#include <signal.h>
#include <unistd.h>

#include "base/apart.h"

static enum bf_status count_up(void *user, struct bf_apart *apart, struct bf_err *err)
{
    (void)err;
    bf_apart_doing(apart, "counting from %d", *(int *)user);
    ++*(int *)user;
    return BF_OK;
}

static enum bf_status refuse(void *user, struct bf_apart *apart, struct bf_err *err)
{
    (void)apart;
    return bf_fail(err, BF_INPUT, "'%s' is not 100%% right", (const char *)user);
}

static enum bf_status die(void *user, struct bf_apart *apart, struct bf_err *err)
{
    (void)err;
    bf_apart_doing(apart, "sending itself %d", *(int *)user);
    fprintf(stderr, "nobody wants to read this\n");
    (void)raise(*(int *)user);
    return BF_OK;
}

static enum bf_status leave(void *user, struct bf_apart *apart, struct bf_err *err)
{
    (void)apart;
    (void)err;
    _exit(*(int *)user);
}

static enum bf_status wait_long(void *user, struct bf_apart *apart, struct bf_err *err)
{
    (void)user;
    (void)apart;
    (void)err;
    (void)sleep(60);
    return BF_OK;
}

static void its_end_is_ours(void **state)
{
    struct bf_err err = BF_ERR_INIT;
    struct bf_apart apart;
    char name[] = "a.gguf";
    int n = 3;
    (void)state;
    assert_int_equal(bf_apart_run(count_up, &n, "the count", 0, &apart, &err), BF_OK);
    assert_int_equal(n, 3); /* its memory is its own */
    assert_int_equal(apart.signal, 0);
    assert_string_equal(apart.doing, "counting from 3");
    assert_int_equal(bf_apart_run(refuse, name, "the check", 0, &apart, &err), BF_INPUT);
    assert_error(err, BF_INPUT, "'a.gguf' is not 100% right");
}

static void a_signal_is_a_sentence(void **state)
{
    static const struct {
        int number;
        const char *words;
    } cases[] = {{SIGSEGV, "a segmentation fault ended the check while sending itself "},
                 {SIGILL, "an illegal instruction ended the check while"},
                 {SIGBUS, "a bus error ended"},
                 {SIGFPE, "an arithmetic exception ended"},
                 {SIGABRT, "an abort ended"},
                 {SIGUSR1, "signal "}};
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        struct bf_err err = BF_ERR_INIT;
        struct bf_apart apart;
        int number = cases[i].number;
        assert_int_equal(bf_apart_run(die, &number, "the check", 0, &apart, &err), BF_MODEL);
        assert_error(err, BF_MODEL, cases[i].words);
        assert_int_equal(apart.signal, number);
        assert_memory_equal(apart.doing, "sending itself ", 15);
    }
}

static void an_exit_and_the_end_of_its_time(void **state)
{
    struct bf_err err = BF_ERR_INIT;
    struct bf_apart apart;
    int code = 9;
    (void)state;
    assert_int_equal(bf_apart_run(leave, &code, "the check", 0, &apart, &err), BF_MODEL);
    assert_error(err, BF_MODEL, "an exit with code 9 ended the check");
    code = 0; /* a library that calls exit(0) has not done the work */
    assert_int_equal(bf_apart_run(leave, &code, "the check", 0, &apart, &err), BF_MODEL);
    assert_int_equal(bf_apart_run(wait_long, NULL, "the check", 1, &apart, &err), BF_MODEL);
    assert_error(err, BF_MODEL, "the end of its time ended the check");
    assert_int_equal(apart.signal, SIGALRM);
    code = SIGTERM;
    assert_int_equal(bf_apart_run(die, &code, "the check", 0, &apart, &err), BF_INTERRUPTED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(its_end_is_ours),
        cmocka_unit_test(a_signal_is_a_sentence),
        cmocka_unit_test(an_exit_and_the_end_of_its_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
