/* The numbers of a domain request as pieces, each a run of items of one stage. Pieces are added at the end while the
 * run learns what comes next (how many points there are, which names to ask about); a number never changes its meaning.
 */
#ifndef BF_SYNTH_DOMAIN_LIST_H
#define BF_SYNTH_DOMAIN_LIST_H
#include <stddef.h>
#include <stdint.h>

#include "request/request.h"

struct bf_piece {
    enum bf_stage stage;
    int64_t start, count; /* numbers start .. start + count - 1 */
    int64_t index;        /* of the first one, in its stage */
};

struct bf_pieces {
    struct bf_piece *items; /* [n], one after the other without gaps */
    size_t n;
};

void bf_pieces_release(struct bf_pieces *pieces);
/* The number after the last piece; 0 when there is none. */
int64_t bf_pieces_end(const struct bf_pieces *pieces);
/* Add `count` items at the end (0 adds nothing); the first has this index in its stage. */
void bf_pieces_add(struct bf_pieces *pieces, enum bf_stage stage, int64_t index, int64_t count);
/* The piece of a number below the end; its index in the stage is piece->index + number - piece->start. */
const struct bf_piece *bf_pieces_find(const struct bf_pieces *pieces, int64_t number);

#endif
