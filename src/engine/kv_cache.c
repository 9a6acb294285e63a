#include "engine/kv_cache.h"

#include <llama.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

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

/* A whole number from the model's metadata; -1 when it has no such key. */
static int64_t meta_int(const struct llama_model *model, const char *architecture, const char *key)
{
    char name[128];
    char value[32];
    snprintf(name, sizeof name, "%s.%s", architecture, key);
    if (llama_model_meta_val_str(model, name, value, sizeof value) < 0)
        return -1;
    return strtoll(value, NULL, 10);
}

uint64_t bf_kv_bytes_per_token(const struct llama_model *model, enum bf_kv_cache cache)
{
    char architecture[64] = "";
    llama_model_meta_val_str(model, "general.architecture", architecture, sizeof architecture);
    int64_t n_head = llama_model_n_head(model);
    int64_t fallback = n_head > 0 ? llama_model_n_embd(model) / n_head : 0;
    int64_t key = meta_int(model, architecture, "attention.key_length");
    int64_t value = meta_int(model, architecture, "attention.value_length");
    if (key < 0)
        key = fallback;
    if (value < 0)
        value = fallback;
    int64_t elements = (key + value) * llama_model_n_head_kv(model) * llama_model_n_layer(model);
    return elements > 0 ? (uint64_t)elements * (cache == BF_KV_CACHE_F16 ? 2 : 4) : 0;
}

int32_t bf_usable_cores(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0) {
        int n = CPU_COUNT(&set);
        if (n > 0)
            return n;
    }
    long n = sysconf(_SC_NPROCESSORS_ONLN);
    return n > 0 ? (int32_t)n : 1;
}
