/* How much memory a choice of parallelism takes, known before it is taken: the kernel would otherwise grant it and kill
 * the process later. */
#ifndef BF_ENGINE_LLAMA_MEMORY_H
#define BF_ENGINE_LLAMA_MEMORY_H
#include <stdint.h>

#include "engine/llama_private.h"

/* Bytes of key-value cache for one token of one sequence (keys and values of all layers; F16 or F32). */
uint64_t bf_kv_bytes_per_token(const struct llama_model *model, enum bf_kv_cache cache);
/* Cores that this process may run on; at least 1. */
int32_t bf_usable_cores(void);

#endif
