#include "unit.h"

#include <sys/wait.h>

#include "base/mem.h"

static void arrays_are_zeroed(void **state)
{
    unsigned char *p = bf_array(100, 3);

    (void)state;
    for (size_t i = 0; i < 300; i++)
        assert_int_equal(p[i], 0);
    free(p);
    p = bf_alloc(0);
    assert_non_null(p);
    free(p);
    p = bf_array(0, 8);
    assert_non_null(p);
    free(p);
}

static void grow_keeps_contents(void **state)
{
    int *p = bf_grow(NULL, 2, sizeof *p);

    (void)state;
    p[0] = 11;
    p[1] = 22;
    p = bf_grow(p, 1000, sizeof *p);
    assert_int_equal(p[0], 11);
    assert_int_equal(p[1], 22);
    p[999] = 1;
    free(p);
}

static void copies_of_strings(void **state)
{
    char *a = bf_strdup("Zeus");
    char *b = bf_strndup("a\0b", 3);
    char *c = bf_strndup(NULL, 0);

    (void)state;
    assert_string_equal(a, "Zeus");
    assert_memory_equal(b, "a\0b", 4);
    assert_string_equal(c, "");
    free(a);
    free(b);
    free(c);
}

static void try_array_refuses_overflow(void **state)
{
    void *p;

    (void)state;
    assert_null(bf_try_array(SIZE_MAX / 2, 3));
    assert_null(bf_try_array(SIZE_MAX, SIZE_MAX));
    assert_null(bf_try_array((size_t)PTRDIFF_MAX + 1, 1));
    p = bf_try_array(4, 4);
    assert_non_null(p);
    free(p);
}

/* The exit status of a child that asks for too much, and what it said. */
static int child_status(void (*ask)(void), char *said, size_t n_said)
{
    int ends[2];
    int status = 0;
    ssize_t n;
    pid_t pid;

    assert_int_equal(pipe(ends), 0);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        (void)dup2(ends[1], STDERR_FILENO);
        ask();
        _exit(99);
    }
    (void)close(ends[1]);
    n = read(ends[0], said, n_said - 1);
    said[n > 0 ? n : 0] = '\0';
    (void)close(ends[0]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void ask_array(void)
{
    free(bf_array(SIZE_MAX / 2, 4));
}

static void ask_grow(void)
{
    free(bf_grow(NULL, SIZE_MAX / 2, 4));
}

static void overflow_ends_the_process(void **state)
{
    char said[400];

    (void)state;
    assert_int_equal(child_status(ask_array, said, sizeof said), BF_STORE);
    assert_contains(said, "memory is used up");
    assert_int_equal(child_status(ask_grow, said, sizeof said), BF_STORE);
    assert_contains(said, "biforget: ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arrays_are_zeroed),         cmocka_unit_test(grow_keeps_contents),
        cmocka_unit_test(copies_of_strings),         cmocka_unit_test(try_array_refuses_overflow),
        cmocka_unit_test(overflow_ends_the_process),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
