#include "engine/kv_cache.h"

#include "base/banned.h"

enum bf_kv_cache bf_kv_cache_choose(enum bf_kv_cache wish, uint64_t f32_bytes, uint64_t usable, int32_t n_parallel)
{
    const uint64_t least = n_parallel > BF_SEQUENCES_MIN ? (uint64_t)n_parallel : BF_SEQUENCES_MIN;
    if (wish != BF_KV_CACHE_F32_IF_FITS)
        return wish;
    return usable / least >= f32_bytes ? BF_KV_CACHE_F32 : BF_KV_CACHE_F16;
}

const char *bf_kv_cache_word(enum bf_kv_cache cache)
{
    return cache == BF_KV_CACHE_F16 ? "f16" : cache == BF_KV_CACHE_F32 ? "f32" : "auto";
}
