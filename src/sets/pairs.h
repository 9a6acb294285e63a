/* Sets and questions of `biforget eval`, read whole. */
#ifndef BF_SETS_PAIRS_H
#define BF_SETS_PAIRS_H
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/log.h"

struct bf_pair {
    char *question, *answer;
    size_t index; /* in its file, from 0: for lines */
};

struct bf_set_texts {
    char **texts;
    size_t n;
};
struct bf_pairs {
    struct bf_pair *items; /* question "": a text alone, in answer */
    size_t n;
    bool has_texts; /* at least one of them */
};

/* Any set that `biforget quality` reads. limit 0 = all. BF_INPUT, BF_STORE. Release in every case. */
BF_MUST_CHECK enum bf_status bf_set_texts_load(const char *set, size_t limit, struct bf_log *log,
                                               struct bf_set_texts *out, struct bf_err *err);
void bf_set_texts_release(struct bf_set_texts *texts);

/* Pairs where a file has them (question and answer; MUSE's prompt and gt), else texts, of any set. */
BF_MUST_CHECK enum bf_status bf_pairs_load(const char *set, size_t limit, struct bf_log *log, struct bf_pairs *out,
                                           struct bf_err *err);
/* Texts alone become pairs: the first half of a text's words, and the rest. */
void bf_pairs_halve(struct bf_pairs *pairs);
void bf_pairs_release(struct bf_pairs *pairs);

#endif
