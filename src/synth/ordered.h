/* A numbered list in progress: numbers are issued in order; answers come in any order, and wait in a ring until those
 * before them are committed.
 *
 *     0 ............ next_commit ...... next_issue ........ end
 *       committed    under way or waiting, at most `window`   (more may be added at the end while !final)
 */
#ifndef BF_SYNTH_ORDERED_H
#define BF_SYNTH_ORDERED_H
#include "synth/synth.h"

struct bf_waiting {
    bool ready;
    char *text; /* raw, owned */
    size_t text_len;
    int32_t n_tokens;
    enum bf_finish finish;
    double min_k_sampling, min_k_model, mean_logp;
};

struct bf_ordered {
    int64_t next_issue, next_commit, end, window;
    bool final;              /* nothing more will be added at the end */
    struct bf_waiting *ring; /* [window]; number n waits at n % window */
};

void bf_ordered_init(struct bf_ordered *list, int64_t window); /* window >= 1 */
void bf_ordered_release(struct bf_ordered *list);
/* The next number to issue; with READY, *number is set. */
enum bf_source bf_ordered_issue(struct bf_ordered *list, int64_t *number);
/* Is the answer to this number still needed? */
bool bf_ordered_wanted(const struct bf_ordered *list, int64_t number);
/* Store an answer; false when it is not needed. Numbers that the engine cannot report (`info`) become NaN. */
bool bf_ordered_put(struct bf_ordered *list, const struct bf_gen_answer *answer, int64_t number, double k_percent,
                    const struct bf_engine_info *info);
/* Store an answer from an earlier process. The ring grows if necessary. */
void bf_ordered_restore(struct bf_ordered *list, const struct bf_pending *pending);
/* The answer whose turn it is; NULL when it has not come yet. */
struct bf_waiting *bf_ordered_ready(const struct bf_ordered *list);
/* Drop everything before `number`, whatever its state. */
void bf_ordered_skip(struct bf_ordered *list, int64_t number);
bool bf_ordered_done(const struct bf_ordered *list);

#endif
