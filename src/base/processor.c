#include "base/processor.h"

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/banned.h"

#if defined(__x86_64__) && (defined(__GNUC__) || defined(__clang__))

static bool has_word(const char *text, const char *word)
{
    const size_t n = strlen(word);
    for (const char *at = strstr(text, word); at; at = strstr(at + 1, word))
        if ((at == text || at[-1] == ' ') && (at[n] == ' ' || at[n] == '\0'))
            return true;
    return false;
}

const char *bf_processor_lacks(const char *macros)
{
    __builtin_cpu_init();
    const struct {
        const char *macro, *name;
        bool offered;
    } sets[] = {
        {"__SSSE3__", "SSSE3", __builtin_cpu_supports("ssse3")},
        {"__SSE4_2__", "SSE4.2", __builtin_cpu_supports("sse4.2")},
        {"__POPCNT__", "POPCNT", __builtin_cpu_supports("popcnt")},
        {"__AVX__", "AVX", __builtin_cpu_supports("avx")},
        {"__FMA__", "FMA", __builtin_cpu_supports("fma")},
        {"__BMI__", "BMI", __builtin_cpu_supports("bmi")},
        {"__BMI2__", "BMI2", __builtin_cpu_supports("bmi2")},
        {"__AVX2__", "AVX2", __builtin_cpu_supports("avx2")},
        {"__AVX512F__", "AVX-512", __builtin_cpu_supports("avx512f")},
        {"__AVX512BW__", "AVX-512 BW", __builtin_cpu_supports("avx512bw")},
        {"__AVX512CD__", "AVX-512 CD", __builtin_cpu_supports("avx512cd")},
        {"__AVX512DQ__", "AVX-512 DQ", __builtin_cpu_supports("avx512dq")},
        {"__AVX512VL__", "AVX-512 VL", __builtin_cpu_supports("avx512vl")},
        {"__AVX512ER__", "AVX-512 ER", __builtin_cpu_supports("avx512er")},
        {"__AVX512IFMA__", "AVX-512 IFMA", __builtin_cpu_supports("avx512ifma")},
        {"__AVX512VBMI__", "AVX-512 VBMI", __builtin_cpu_supports("avx512vbmi")},
        {"__AVX512VBMI2__", "AVX-512 VBMI2", __builtin_cpu_supports("avx512vbmi2")},
        {"__AVX512VNNI__", "AVX-512 VNNI", __builtin_cpu_supports("avx512vnni")},
        {"__AVX512BF16__", "AVX-512 BF16", __builtin_cpu_supports("avx512bf16")},
        {"__GFNI__", "GFNI", __builtin_cpu_supports("gfni")},
    };
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++)
        if (!sets[i].offered && has_word(macros, sets[i].macro))
            return sets[i].name;
    return NULL;
}

#else

const char *bf_processor_lacks(const char *macros)
{
    (void)macros;
    return NULL;
}

#endif

/* A layer of the model ends in a dozen barriers. GNU OpenMP spins at each for up to a millisecond before it gives the
 * core back; on a machine that has other work, the thread that is waited for may be the one without a core, and a token
 * takes seconds. Single runs on two cores, one sequence of the small model, tokens a second: beside two busy processes
 * 53 in one run and none finished in 25 s in another with the default, 7 and 20 with a spin of 3000; alone 124 with the
 * default, 108 and 126 with 6000, 34 when threads sleep at once (OMP_WAIT_POLICY=passive). 5000 was chosen between the
 * two, and was not measured. The library reads its environment before main, hence the restart. */

void bf_openmp_wait_briefly(char **argv)
{
    char path[PATH_MAX];
    if (getenv("GOMP_SPINCOUNT") || getenv("OMP_WAIT_POLICY"))
        return;
    ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
    if (n <= 0)
        return;
    path[n] = 0;
    if (setenv("GOMP_SPINCOUNT", "5000", 1) == 0)
        execv(path, argv);
}
