/* Which facts are only for probing. Pairs with the same answer (folded, without articles) are one fact; each fourth one
 * is held out, by a hash with the seed, so that the same fact is on the same side in every request of a run; and the
 * sixth, when none of the first five is, so that a small run has probes, too. Private to the room. */
#ifndef BF_SYNTH_HELD_OUT_H
#define BF_SYNTH_HELD_OUT_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bf_held_out {
    uint64_t seed;
    uint64_t *facts; /* open addressing; 0 = free. The last bit says whether the fact is held out */
    size_t n, n_places;
    bool any; /* is any fact held out? */
};
void bf_held_out_init(struct bf_held_out *held_out, uint64_t seed);
void bf_held_out_release(struct bf_held_out *held_out);

/* Is the fact with this answer held out? A new fact is decided and remembered. */
bool bf_held_out_fact(struct bf_held_out *held_out, const char *answer);
/* Remember that the fact is trained on; no effect on one that is decided already. */
void bf_held_out_train(struct bf_held_out *held_out, const char *answer);

#endif
