/* The texts and the question-answer pairs of a set, read whole, for `biforget eval`. */
#ifndef BF_SETS_PAIRS_H
#define BF_SETS_PAIRS_H
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/log.h"

struct bf_pair {
    char *question, *answer;
    size_t index; /* in its file, from 0: identifies it in lines */
};

struct bf_set_texts {
    char **texts;
    size_t n;
};
struct bf_pairs {
    struct bf_pair *items; /* question "": a text alone, in answer */
    size_t n;
    bool has_texts; /* at least one item is a text alone */
};

/* The texts of any set that `biforget quality` reads; the first `limit` of them, 0 = all. BF_INPUT, BF_STORE. Release
 * *out in every case. */
BF_MUST_CHECK enum bf_status bf_set_texts_load(const char *set, size_t limit, struct bf_log *log,
                                               struct bf_set_texts *out, struct bf_err *err);
void bf_set_texts_release(struct bf_set_texts *texts);

/* The pairs of any set where it has them (question and answer; MUSE's prompt and gt), else its texts; the first `limit`
 * of them, 0 = all. BF_INPUT, BF_STORE. Release *out in every case. */
BF_MUST_CHECK enum bf_status bf_pairs_load(const char *set, size_t limit, struct bf_log *log, struct bf_pairs *out,
                                           struct bf_err *err);
/* Turn texts alone into pairs: the first half of a text's words, and the rest. */
void bf_pairs_halve(struct bf_pairs *pairs);
void bf_pairs_release(struct bf_pairs *pairs);

#endif
