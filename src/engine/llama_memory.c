/* Reads the model's metadata and the kernel's text files; allocates nothing. */
#include "engine/llama_memory.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/banned.h"

static int64_t meta_int(const struct llama_model *model, const char *architecture, const char *key)
{
    char name[128];
    char value[32];
    snprintf(name, sizeof name, "%s.%s", architecture, key);
    if (llama_model_meta_val_str(model, name, value, sizeof value) < 0)
        return -1;
    return strtoll(value, NULL, 10);
}

uint64_t bf_kv_bytes_per_token(const struct llama_model *model)
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
    return elements > 0 ? (uint64_t)elements * 2 : 0;
}

/* The number in a file such as /sys/fs/cgroup/memory.max; UINT64_MAX when absent or "max". */
static uint64_t number_in(const char *path)
{
    FILE *f = fopen(path, "re");
    if (!f)
        return UINT64_MAX;
    unsigned long long n = 0;
    int got = fscanf(f, "%llu", &n);
    fclose(f);
    return got == 1 ? n : UINT64_MAX;
}

uint64_t bf_memory_available(void)
{
    uint64_t available = UINT64_MAX;
    FILE *f = fopen("/proc/meminfo", "re");
    if (f) {
        char line[256];
        unsigned long long kib = 0;
        while (fgets(line, sizeof line, f)) {
            if (sscanf(line, "MemAvailable: %llu kB", &kib) == 1) {
                available = kib * 1024;
                break;
            }
        }
        fclose(f);
    }
    uint64_t limit = number_in("/sys/fs/cgroup/memory.max");
    uint64_t used = number_in("/sys/fs/cgroup/memory.current");
    if (limit != UINT64_MAX && used != UINT64_MAX) {
        uint64_t left = limit > used ? limit - used : 0;
        if (left < available)
            available = left;
    }
    return available;
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
