/* How much memory is left, for a check before it is taken: the kernel would otherwise grant it and kill the process
 * later. */
#ifndef BF_BASE_MEMORY_AVAILABLE_H
#define BF_BASE_MEMORY_AVAILABLE_H
#include <stdint.h>

/* Memory this process may still take, in bytes: MemAvailable, or what a limit of its control groups (a container, a job
 * of a batch system, a systemd service) leaves when that is smaller; UINT64_MAX when unknown. Files that the kernel
 * keeps in memory only because there is room (inactive page cache) count as free in both. */
uint64_t bf_memory_available(void);

/* The same, read under `proc` and `cgroups` in place of /proc and /sys/fs/cgroup. For tests. */
uint64_t bf_memory_available_in(const char *proc, const char *cgroups);

#endif
