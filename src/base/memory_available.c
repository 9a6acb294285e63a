/* Reads the kernel's text files; allocates nothing. */
#include "base/memory_available.h"

#include <stdio.h>

#include "base/banned.h"

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
