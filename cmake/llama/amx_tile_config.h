/*
 * Force-included (-include) when llama.cpp is built with a GCC whose AMX intrinsics are wrong.
 *
 * LDTILECFG reads 64 bytes and STTILECFG writes 64. GCC before 11.5, 12.4, 13.3 and 14 tells its optimiser of 8 of them
 * (amxtileintrin.h), so that it drops the stores of the other 56: the tiles are then set up with garbage, and the first product ends
 * with a general protection fault. Here both name the whole operand. `ggml-cpu` alone is compiled with AMX; elsewhere this file is
 * empty and costs nothing.
 */
#if defined(__AMX_TILE__) && defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#ifndef BF_AMX_TILE_CONFIG_H
#define BF_AMX_TILE_CONFIG_H

#include <immintrin.h>

typedef struct {
    unsigned char byte[64];
} __attribute__((__may_alias__)) bf_tile_config;

static inline __attribute__((__always_inline__)) void bf_tile_loadconfig(const void *config) {
    __asm__ volatile("ldtilecfg\t%X0" ::"m"(*(const bf_tile_config *) config));
}

static inline __attribute__((__always_inline__)) void bf_tile_storeconfig(void *config) {
    __asm__ volatile("sttilecfg\t%X0" : "=m"(*(bf_tile_config *) config));
}

#define _tile_loadconfig(config) bf_tile_loadconfig(config)
#define _tile_storeconfig(config) bf_tile_storeconfig(config)

#endif
#endif
