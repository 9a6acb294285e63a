/* A set of texts: an open-addressing table of 128-bit digests, with 16 bytes per slot and at most three quarters full.
 * The digest is half a SHA-256, so that nobody can construct two texts that count as equal. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "request/instance_internal.h"

#include "base/banned.h"

#define FIRST_SLOTS 1024U /* a power of two, like all sizes of the table */

struct digest {
    uint64_t a, b; /* both 0 = free slot */
};

struct bf_seen {
    struct digest *slots;
    size_t n_slots, n;
};

static struct digest digest_of(const char *text, size_t n)
{
    char hex[BF_SHA256_HEX];
    struct digest d = {0, 0};

    bf_sha256_hex(text, n, hex);
    hex[32] = '\0';
    d.b = strtoull(hex + 16, NULL, 16);
    hex[16] = '\0';
    d.a = strtoull(hex, NULL, 16);
    d.b |= d.a == 0 && d.b == 0; /* 0, 0 marks a free slot */
    return d;
}

static struct digest *find(struct digest *slots, size_t n_slots, struct digest d)
{
    size_t i = (size_t)d.a & (n_slots - 1);

    while ((slots[i].a != 0 || slots[i].b != 0) && (slots[i].a != d.a || slots[i].b != d.b))
        i = (i + 1) & (n_slots - 1);
    return &slots[i];
}

struct bf_seen *bf_seen_new(void)
{
    struct bf_seen *seen = bf_alloc(sizeof *seen);

    seen->n_slots = FIRST_SLOTS;
    seen->slots = bf_array(seen->n_slots, sizeof *seen->slots);
    return seen;
}

void bf_seen_free(struct bf_seen *seen)
{
    if (!seen)
        return;
    free(seen->slots);
    free(seen);
}

static void grow(struct bf_seen *seen)
{
    struct digest *slots = bf_array(seen->n_slots, 2 * sizeof *slots);

    for (size_t i = 0; i < seen->n_slots; i++) {
        if (seen->slots[i].a != 0 || seen->slots[i].b != 0)
            *find(slots, 2 * seen->n_slots, seen->slots[i]) = seen->slots[i];
    }
    free(seen->slots);
    seen->slots = slots;
    seen->n_slots *= 2;
}

bool bf_seen_add(struct bf_seen *seen, const char *text, size_t n)
{
    struct digest d = digest_of(text, n);
    struct digest *slot = find(seen->slots, seen->n_slots, d);

    if (slot->a != 0 || slot->b != 0)
        return false;
    *slot = d;
    seen->n++;
    if (seen->n > seen->n_slots / 4 * 3)
        grow(seen);
    return true;
}
