/* Any two texts, a NUL byte between them: every text and every pair keeps its own facts; what is
 * named as lost is an excerpt in valid UTF-8; distances stay within 0..1. */
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "synth/edit_distance.h"
#include "synth/facts.h"
#include "synth/surface.h"

#include "base/banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { TEXT_MAX = 20000 }; /* the time of an edit distance is the product of two lengths */

static void require(bool held)
{
    if (!held)
        abort();
}

static char *text_of(const char *data, size_t n)
{
    char *text = malloc(n + 1);
    require(text != NULL);
    memcpy(text, data, n);
    text[n] = '\0';
    return text;
}

static void check_loss(bool kept, const struct bf_facts_loss *loss)
{
    if (kept)
        return;
    require(loss->kind < BF_FACT_COUNT && memchr(loss->excerpt, 0, BF_FACT_EXCERPT_MAX));
    require(bf_utf8_valid(loss->excerpt, strlen(loss->excerpt)) && !strchr(loss->excerpt, '\n'));
}

static void check_distance(const char *a, const char *b)
{
    double distance = bf_edit_distance_text(a, b);
    struct bf_surface surface;
    double nearest;
    require(distance >= 0.0 && distance <= 1.0 && distance == bf_edit_distance_text(b, a));
    require(bf_edit_distance_text(a, a) == 0.0);
    bf_surface_init(&surface, bf_surface_threshold);
    require(bf_surface_add(&surface, a, &nearest) && nearest == 1.0);
    require(!bf_surface_add(&surface, a, NULL));
    require(bf_surface_add(&surface, b, &nearest) == (distance >= bf_surface_threshold) && nearest == distance);
    bf_surface_release(&surface);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size = size < TEXT_MAX ? size : TEXT_MAX;
    const char *start = (const char *)data;
    const char *nul = size > 0 ? memchr(start, 0, size) : NULL;
    size_t n = nul ? (size_t)(nul - start) : size;
    char *a = text_of(start, n);
    char *b = nul ? text_of(nul + 1, size - n - 1) : text_of("", 0);
    struct bf_facts_loss loss;

    require(bf_facts_preserved(a, a, NULL, NULL));
    check_loss(bf_facts_preserved(a, b, NULL, &loss), &loss);
    check_loss(bf_facts_preserved(b, a, NULL, &loss), &loss);
    const struct bf_facts_pair pair = {a, b};
    const struct bf_facts_pair turned = {b, a};
    require(bf_facts_preserved_pair(&pair, &pair, NULL, NULL));
    check_loss(bf_facts_preserved_pair(&pair, &turned, NULL, &loss), &loss);
    check_distance(a, b);
    free(a);
    free(b);
    return 0;
}
