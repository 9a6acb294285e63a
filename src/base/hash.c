/* Digests. The only file that knows libcrypto. */
#include "base/hash.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "base/file.h"
#include "base/mem.h"

#include "base/banned.h"

#define SHA256_BYTES 32
#define CHUNK (64 * 1024)

static void to_hex(const unsigned char digest[SHA256_BYTES], char out[BF_SHA256_HEX])
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < SHA256_BYTES; i++) {
        out[2 * i] = digits[digest[i] >> 4];
        out[2 * i + 1] = digits[digest[i] & 15];
    }
    out[BF_SHA256_HEX - 1] = '\0';
}

void bf_sha256_hex(const void *data, size_t n, char out[BF_SHA256_HEX])
{
    unsigned char digest[EVP_MAX_MD_SIZE];

    /* This can only fail when memory is used up. */
    if (!EVP_Digest(data, n, digest, NULL, EVP_sha256(), NULL))
        bf_out_of_memory();
    to_hex(digest, out);
}

void bf_sha256_base64(const void *data, size_t n, char out[BF_SHA256_BASE64])
{
    unsigned char digest[EVP_MAX_MD_SIZE];

    if (!EVP_Digest(data, n, digest, NULL, EVP_sha256(), NULL))
        bf_out_of_memory();
    EVP_EncodeBlock((unsigned char *)out, digest, SHA256_BYTES);
}

enum bf_status bf_sha256_file(const char *path, char out[BF_SHA256_HEX], struct bf_err *err)
{
    enum bf_status status = BF_OK;
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned char *chunk = bf_alloc(CHUNK);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    FILE *file = NULL;
    size_t n;

    out[0] = '\0';
    if (!context || !EVP_DigestInit_ex(context, EVP_sha256(), NULL))
        bf_out_of_memory();
    file = fopen(path, "rbe");
    if (!file) {
        status = bf_fail(err, BF_INPUT, "cannot open '%s': %s; check the name", path, bf_errno_text(errno));
        goto out;
    }
    if (bf_is_endless(fileno(file))) {
        status = bf_fail(err, BF_INPUT, "cannot read '%s': it is a device, which may never end; give a file", path);
        goto out;
    }
    while ((n = fread(chunk, 1, CHUNK, file)) > 0) {
        if (!EVP_DigestUpdate(context, chunk, n))
            bf_out_of_memory();
    }
    if (ferror(file)) {
        status = bf_fail(err, BF_INPUT, "cannot read '%s': %s; check the file", path, bf_errno_text(errno));
        goto out;
    }
    if (!EVP_DigestFinal_ex(context, digest, NULL))
        bf_out_of_memory();
    to_hex(digest, out);
out:
    if (file)
        (void)fclose(file);
    EVP_MD_CTX_free(context);
    free(chunk);
    return status;
}

uint64_t bf_hash64(const void *data, size_t n)
{
    const unsigned char *bytes = data;
    uint64_t h = UINT64_C(0xCBF29CE484222325);

    for (size_t i = 0; i < n; i++)
        h = (h ^ bytes[i]) * UINT64_C(0x100000001B3);
    /* FNV-1a mixes the high bits of short keys badly, and tables use any bits: finish with splitmix64's finaliser. */
    h = (h ^ h >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    h = (h ^ h >> 27) * UINT64_C(0x94D049BB133111EB);
    return h ^ h >> 31;
}
