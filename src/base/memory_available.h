/* How much memory is available, for a check before a large allocation: the kernel would grant it, and kill the process
 * later. */
#ifndef BF_BASE_MEMORY_AVAILABLE_H
#define BF_BASE_MEMORY_AVAILABLE_H
#include <stdint.h>

/* Memory that this process may still allocate, in bytes: the smaller of MemAvailable and what the limits of its control
 * groups (a container, a batch job, a systemd service) leave; UINT64_MAX when unknown. Inactive page cache counts as
 * free in both. */
uint64_t bf_memory_available(void);

/* The same, with other folders instead of /proc and /sys/fs/cgroup. For tests. */
uint64_t bf_memory_available_in(const char *proc, const char *cgroups);

#endif
