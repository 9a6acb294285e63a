#include "unit.h"

#include "base/built_for.h"
#include "base/processor.h"

static void what_was_built_here_runs_here(void **state)
{
    (void)state;
    assert_null(bf_processor_lacks(BF_LLAMA_MACROS));
    assert_null(bf_processor_lacks(""));
    assert_null(bf_processor_lacks("__SOMETHING_ELSE__"));
}

/* Only Xeon Phi ever had AVX-512 ER. */
static void what_it_has_not_is_named(void **state)
{
    (void)state;
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512er"))
        skip();
    assert_string_equal(bf_processor_lacks("__AVX512ER__"), "AVX-512 ER");
    assert_string_equal(bf_processor_lacks("__SSE2__ __AVX512ER__ __SSE3__"), "AVX-512 ER");
    assert_null(bf_processor_lacks("__AVX512ER__X __MY__AVX512ER__"));
#endif
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_built_here_runs_here),
        cmocka_unit_test(what_it_has_not_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
