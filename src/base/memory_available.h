/* How much memory is left, for a check before it is taken: the kernel would otherwise grant it and kill the process later. */
#ifndef BF_BASE_MEMORY_AVAILABLE_H
#define BF_BASE_MEMORY_AVAILABLE_H
#include <stdint.h>

/* Memory this process may still take, in bytes: MemAvailable, or what is left of a cgroup's limit when that is
 * smaller; UINT64_MAX when unknown. */
uint64_t bf_memory_available(void);

#endif
