#include "synth/domain_list.h"

#include <assert.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/banned.h"

void bf_pieces_release(struct bf_pieces *pieces)
{
    free(pieces->items);
    *pieces = (struct bf_pieces){.n = 0};
}

int64_t bf_pieces_end(const struct bf_pieces *pieces)
{
    const struct bf_piece *last = pieces->n > 0 ? &pieces->items[pieces->n - 1] : NULL;
    return last ? last->start + last->count : 0;
}

void bf_pieces_add(struct bf_pieces *pieces, enum bf_stage stage, int64_t index, int64_t count)
{
    const int64_t start = bf_pieces_end(pieces);
    if (count <= 0)
        return;
    pieces->items = bf_grow(pieces->items, pieces->n + 1, sizeof *pieces->items);
    pieces->items[pieces->n++] = (struct bf_piece){.stage = stage, .start = start, .count = count, .index = index};
}

const struct bf_piece *bf_pieces_find(const struct bf_pieces *pieces, int64_t number)
{
    size_t i = 0;
    assert(number >= 0 && number < bf_pieces_end(pieces));
    while (number >= pieces->items[i].start + pieces->items[i].count)
        i++;
    return &pieces->items[i];
}
