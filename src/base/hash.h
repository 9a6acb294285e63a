/* Digests. SHA-256 (libcrypto) identifies files and settings; the 64-bit hash is only for tables in memory. */
#ifndef BF_BASE_HASH_H
#define BF_BASE_HASH_H
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define BF_SHA256_HEX 65 /* 64 lower-case hex digits and a NUL */
#define BF_SHA256_BASE64 45

void bf_sha256_hex(const void *data, size_t n, char out[BF_SHA256_HEX]);
/* In base64, as a Content-Security-Policy identifies a script: 44 characters and a NUL. */
void bf_sha256_base64(const void *data, size_t n, char out[BF_SHA256_BASE64]);
/* Of a file. BF_INPUT when it cannot be read. */
BF_MUST_CHECK enum bf_status bf_sha256_file(const char *path, char out[BF_SHA256_HEX], struct bf_err *err);
/* FNV-1a with a final mix. The same on all machines; not safe against constructed collisions. */
uint64_t bf_hash64(const void *data, size_t n);

#endif
