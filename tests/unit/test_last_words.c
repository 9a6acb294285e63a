/* What a crash says and how it ends. The file is not in the library that unit tests link. */
#include "unit.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "base/last_words.c" /* NOLINT(bugprone-suspicious-include) */

static volatile int deepest = 1 << 30;

static int overflow(int n)
{
    volatile char room[4096];
    room[0] = (char)n;
    return n < deepest ? overflow(n + 1) + room[0] : 0;
}

/* A child that prepares and crashes: its status, and what it said. */
static int status_of(int number, rlim_t core, char said[512])
{
    int ends[2], status = 0;
    assert_int_equal(pipe(ends), 0);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct rlimit limit;
        (void)dup2(ends[1], STDERR_FILENO);
        (void)signal(number, SIG_DFL); /* cmocka takes it, too */
        if (getrlimit(RLIMIT_CORE, &limit) == 0)
            limit.rlim_cur = core;
        (void)setrlimit(RLIMIT_CORE, &limit);
        (void)setrlimit(RLIMIT_STACK, &(struct rlimit){(rlim_t)1 << 20, (rlim_t)1 << 20});
        bf_last_words_prepare();
        if (number == SIGSEGV)
            (void)overflow(0);
        else
            abort();
        _exit(0);
    }
    (void)close(ends[1]);
    size_t n = 0;
    for (ssize_t got = 1; got > 0 && n<511; n += got> 0 ? (size_t)got : 0)
        got = read(ends[0], said + n, 511 - n);
    said[n] = 0;
    (void)close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static void a_crash_ends_with_a_sentence(void **state)
{
    char said[512];
    (void)state;
    int status = status_of(SIGSEGV, 0, said); /* a stack that has overflowed, at that */
    assert_contains(said, "biforget: a segmentation fault ended biforget: a bug in biforget or llama.cpp");
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == (int)BF_MODEL);
    status = status_of(SIGABRT, 0, said);
    assert_contains(said, "biforget: an abort ended biforget");
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == (int)BF_MODEL);
}

/* Of a byte, so that nothing is left on the disk. */
static void where_core_dumps_are_on_the_signal_ends_it(void **state)
{
    static const int numbers[] = {SIGSEGV, SIGABRT};
    struct rlimit limit;
    char said[512];
    (void)state;
    assert_int_equal(getrlimit(RLIMIT_CORE, &limit), 0);
    if (limit.rlim_max == 0)
        skip();
    for (size_t i = 0; i < N_ELEMENTS(numbers); i++) {
        const int status = status_of(numbers[i], 1, said);
        assert_contains(said, "ended biforget");
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == numbers[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_crash_ends_with_a_sentence),
        cmocka_unit_test(where_core_dumps_are_on_the_signal_ends_it),
    };
    return cmocka_run_group_tests(tests, enter_scratch, leave_scratch);
}
