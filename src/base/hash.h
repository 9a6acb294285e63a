/* Digests. SHA-256 (libcrypto) names files and settings; the 64-bit hash is for tables in memory only. */
#ifndef BF_BASE_HASH_H
#define BF_BASE_HASH_H
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define BF_SHA256_HEX 65 /* 64 lower-case hex digits and a NUL */
#define BF_SHA256_BASE64 45

void bf_sha256_hex(const void *data, size_t n, char out[BF_SHA256_HEX]);
/* As a Content-Security-Policy names a script: 44 characters of base64 and a NUL. */
void bf_sha256_base64(const void *data, size_t n, char out[BF_SHA256_BASE64]);
/* BF_INPUT when the file cannot be read. */
BF_MUST_CHECK enum bf_status bf_sha256_file(const char *path, char out[BF_SHA256_HEX], struct bf_err *err);
/* FNV-1a with a final mix. Stable across machines, not for untrusted collisions. */
uint64_t bf_hash64(const void *data, size_t n);

#endif
