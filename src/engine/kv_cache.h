/* The key-value cache: the type of its elements when the caller leaves that to the available memory, and its size. The
 * size is computed before it is allocated: the kernel would grant too much memory and kill the process later. */
#ifndef BF_ENGINE_KV_CACHE_H
#define BF_ENGINE_KV_CACHE_H
#include <stdint.h>

#include "engine/engine.h"

struct llama_model;

enum { BF_SEQUENCES_MIN = 2 }; /* sequences of every context: a lone row gets a companion (llama_private.h) */

/* F16 or F32. With F32_IF_FITS it is F32 when `usable` bytes are enough for n_parallel sequences of `f32_bytes` each
 * (n_parallel 0, chosen by memory, counts as BF_SEQUENCES_MIN): exact numbers are worth more than a high parallelism.
 */
enum bf_kv_cache bf_kv_cache_choose(enum bf_kv_cache wish, uint64_t f32_bytes, uint64_t usable, int32_t n_parallel);

/* Bytes of key-value cache for one token of one sequence (keys and values of all layers; F16 or F32). */
uint64_t bf_kv_bytes_per_token(const struct llama_model *model, enum bf_kv_cache cache);
/* Cores that this process may run on; at least 1. */
int32_t bf_usable_cores(void);

#endif
