/* The key-value cache: which type keys and values are stored in when the caller leaves it to the memory, and how much
 * memory a choice of parallelism takes, known before it is taken: the kernel would otherwise grant it and kill the
 * process later. */
#ifndef BF_ENGINE_KV_CACHE_H
#define BF_ENGINE_KV_CACHE_H
#include <stdint.h>

#include "engine/engine.h"

struct llama_model;

enum { BF_SEQUENCES_MIN = 2 }; /* that every context holds: a lone row gets a companion (llama_private.h) */

/* F16 or F32. F32_IF_FITS is F32 when `usable` bytes hold n_parallel sequences (0 = chosen by memory: BF_SEQUENCES_MIN)
 * of `f32_bytes` each: exact numbers at a smaller parallelism are worth more than many sequences. */
enum bf_kv_cache bf_kv_cache_choose(enum bf_kv_cache wish, uint64_t f32_bytes, uint64_t usable, int32_t n_parallel);

/* Bytes of key-value cache for one token of one sequence (keys and values of all layers; F16 or F32). */
uint64_t bf_kv_bytes_per_token(const struct llama_model *model, enum bf_kv_cache cache);
/* Cores that this process may run on; at least 1. */
int32_t bf_usable_cores(void);

#endif
