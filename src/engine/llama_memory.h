/* How much memory a choice of parallelism takes, known before it is taken: the kernel would otherwise grant it and kill
 * the process later. */
#ifndef BF_ENGINE_LLAMA_MEMORY_H
#define BF_ENGINE_LLAMA_MEMORY_H
#include <stdint.h>

#include "engine/llama_private.h"

/* Bytes of key-value cache for one token of one sequence (float16 keys and values, all layers). */
uint64_t bf_kv_bytes_per_token(const struct llama_model *model);
/* Memory this process may still take, in bytes: MemAvailable, or what is left of a cgroup's limit when that is
 * smaller; UINT64_MAX when unknown. */
uint64_t bf_memory_available(void);
/* Cores that this process may run on; at least 1. */
int32_t bf_usable_cores(void);

#endif
