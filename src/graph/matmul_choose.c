/* Which kernels there are and which of them this processor can run. An ordinary build has one, for the processor it was built on. */
#include "graph/matmul_kernel.h"
#include "base/banned.h"

#if defined(BF_KERNELS_X86)
/* cmake/portable.cmake compiles matmul_kernel.c under each of these names. */
extern const struct bf_kernel bf_kernel_avx512_bf16, bf_kernel_avx512, bf_kernel_avx2, bf_kernel_baseline;

/* The compiler's library asks the processor, and whether the system saves its registers, before main() begins. */
static bool has_avx2(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}

static bool has_avx512(void)
{
    return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512vl");
}

const struct bf_kernel *bf_kernel_at(size_t i)
{
    if (has_avx512() && __builtin_cpu_supports("avx512bf16") && i-- == 0)
        return &bf_kernel_avx512_bf16;
    if (has_avx512() && i-- == 0)
        return &bf_kernel_avx512;
    if (has_avx2() && i-- == 0)
        return &bf_kernel_avx2;
    return i == 0 ? &bf_kernel_baseline : NULL;
}
#else
extern const struct bf_kernel bf_kernel_here;

const struct bf_kernel *bf_kernel_at(size_t i)
{
    return i == 0 ? &bf_kernel_here : NULL;
}
#endif
