/* Reads the kernel's text files; allocates nothing.
 *
 * /proc/self/cgroup names the process's control groups, one line each: "0::PATH" (version 2) and "N:memory:PATH"
 * (version 1). A limit may be set in the group itself or in any that it is part of, up to the root. In a container the
 * path may be the host's, which does not exist there; the container's own group is then the root, which is always read.
 */
#include "base/memory_available.h"

#include <stdio.h>
#include <string.h>

#include "base/banned.h"

enum { PATH_ROOM = 4096, LINE_ROOM = 4096 };

struct layout {
    const char *folder, *limit, *used, *cache; /* the folder of the hierarchy; files in it; the key in memory.stat */
};

static const struct layout layouts[] = {
    {"", "memory.max", "memory.current", "inactive_file"},
    {"/memory", "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"},
};

/* The number after a key ("": the file has just one number); UINT64_MAX when it is missing, or a word such as "max". */
static uint64_t number_in(const char *path, const char *key)
{
    FILE *f = fopen(path, "re");
    char line[LINE_ROOM];
    const size_t n_key = strlen(key);
    uint64_t found = UINT64_MAX;
    if (!f)
        return found;
    while (found == UINT64_MAX && fgets(line, sizeof line, f)) {
        unsigned long long n = 0;
        if (strncmp(line, key, n_key) == 0 && (n_key == 0 || line[n_key] == ' ' || line[n_key] == ':') &&
            sscanf(line + n_key + (n_key > 0), "%llu", &n) == 1)
            found = n;
    }
    (void)fclose(f);
    return found;
}

static uint64_t number_at(const char *cgroups, const struct layout *l, const char *group, const char *file,
                          const char *key)
{
    char path[PATH_ROOM];
    const int n = snprintf(path, sizeof path, "%s%s%s/%s", cgroups, l->folder, group, file);
    return n > 0 && (size_t)n < sizeof path ? number_in(path, key) : UINT64_MAX;
}

static uint64_t left_in(const char *cgroups, const struct layout *l, const char *group)
{
    const uint64_t limit = number_at(cgroups, l, group, l->limit, ""), used = number_at(cgroups, l, group, l->used, ""),
                   cache = number_at(cgroups, l, group, "memory.stat", l->cache);
    if (limit == UINT64_MAX || used == UINT64_MAX)
        return UINT64_MAX;
    const uint64_t busy = cache < used ? used - cache : cache == UINT64_MAX ? used : 0;
    return limit > busy ? limit - busy : 0;
}

static uint64_t smaller(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* The least memory that the group and its ancestors leave. `group` is cut until it is empty. */
static uint64_t least_left(const char *cgroups, const struct layout *l, char *group)
{
    uint64_t least = left_in(cgroups, l, "");
    for (char *slash; (slash = strrchr(group, '/')); *slash = '\0')
        if (slash[1])
            least = smaller(least, left_in(cgroups, l, group));
    return least;
}

uint64_t bf_memory_available_in(const char *proc, const char *cgroups)
{
    char path[PATH_ROOM], line[LINE_ROOM];
    (void)snprintf(path, sizeof path, "%s/meminfo", proc);
    const uint64_t kib = number_in(path, "MemAvailable");
    uint64_t available = kib < UINT64_MAX / 1024 ? kib * 1024 : UINT64_MAX;
    (void)snprintf(path, sizeof path, "%s/self/cgroup", proc);
    FILE *f = fopen(path, "re");
    while (f && fgets(line, sizeof line, f)) {
        line[strcspn(line, "\n")] = '\0';
        char *group = strstr(line, ":memory:");
        if (strncmp(line, "0::", 3) == 0)
            available = smaller(available, least_left(cgroups, &layouts[0], line + 3));
        else if (group)
            available = smaller(available, least_left(cgroups, &layouts[1], group + strlen(":memory:")));
    }
    if (f)
        (void)fclose(f);
    return available;
}

uint64_t bf_memory_available(void)
{
    return bf_memory_available_in("/proc", "/sys/fs/cgroup");
}
