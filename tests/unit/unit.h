/* cmocka with what it needs, and scratch folders. The first include of every unit test. */
#ifndef BF_TESTS_UNIT_H
#define BF_TESTS_UNIT_H
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/err.h"

#define N_ELEMENTS(a) (sizeof(a) / sizeof *(a))

/* The error is of this status and its sentence contains the words. */
#define assert_error(error, code, words)                                                                               \
    do {                                                                                                               \
        assert_int_equal((error).status, code);                                                                        \
        if (!strstr((error).text, words))                                                                              \
            fail_msg("expected \"%s\" in \"%s\"", words, (error).text);                                                \
    } while (0)

#define assert_contains(text, words)                                                                                   \
    do {                                                                                                               \
        if (!strstr(text, words))                                                                                      \
            fail_msg("expected \"%s\" in \"%s\"", words, text);                                                        \
    } while (0)

/* Group fixtures: the test program works in a fresh folder of its own, *state, removed at the end. */
static inline int enter_scratch(void **state)
{
    char *dir = strdup("/tmp/biforget-unit-XXXXXX");

    if (!dir || !mkdtemp(dir) || chdir(dir) != 0)
        return -1;
    *state = dir;
    return 0;
}

static inline int leave_scratch(void **state)
{
    char command[128];
    int rc;

    if (chdir("/") != 0)
        return -1;
    (void)snprintf(command, sizeof command, "rm -rf '%s'", (char *)*state);
    rc = system(command);
    free(*state);
    return rc;
}

static inline void write_text(const char *path, const char *text)
{
    FILE *file = fopen(path, "wb");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

#endif
