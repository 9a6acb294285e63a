/* Searches a suffix that makes a model answer questions again which it was made to forget: greedy coordinate search
 * (GCG; Zou et al., arXiv 2307.15043) with a small budget. One suffix for all questions of the job, of printable ASCII;
 * typed after each of the questions it becomes the very tokens that were searched. Same model, job and machine: same
 * suffix, with any number of threads. */
#ifndef BF_UNLEARN_SUFFIX_H
#define BF_UNLEARN_SUFFIX_H
#include "base/rng.h"
#include "unlearn/unlearn.h"

enum { BF_SUFFIX_TOKENS_MAX = 64 };

struct bf_suffix_job {
    const char *model;                    /* GGUF */
    const char *chat;                     /* as for bf_vocabulary_open */
    const struct bf_unlearn_texts *pairs; /* >= 1, all pairs: whose answers are wanted; of each the first 32 tokens */
    int32_t n_tokens;                     /* of the suffix; 1 to BF_SUFFIX_TOKENS_MAX */
    int32_t n_rounds;
    int32_t n_candidates; /* >= 1; suffixes whose loss is computed in each round */
    int32_t n_top;        /* >= 1; tokens that candidates are drawn from, for each place */
    int32_t n_threads;    /* 0 = all cores */
    uint64_t seed;
    void *user;
    bool (*progress)(void *user, int32_t n_done,
                     int32_t n_all); /* candidates; false ends the search with BF_INTERRUPTED. May be NULL */
};

/* Losses: mean negative log-likelihood of the answers' tokens, nats a token. */
struct bf_suffix_result {
    char *random,
        *best; /* the suffix that the search started with, and the best; append them to a question as they are */
    double loss_plain, loss_random, loss_best;
    int32_t n_tried, n_kept; /* candidates; those better than all before them */
};
void bf_suffix_result_release(struct bf_suffix_result *result);

/* BF_INPUT: no pairs, an empty answer, memory. BF_MODEL: the model, or a vocabulary without words that a suffix could
 * be made of. Release *result in every case. */
BF_MUST_CHECK enum bf_status bf_suffix_search(const struct bf_suffix_job *job, struct bf_suffix_result *result,
                                              struct bf_err *err);

/* ---- which tokens are tried ---- */

/* The `most` tokens with the lowest slope, ascending, the lower token first among equals; neither `current` nor one
 * that is not allowed or has no finite slope. out: [most]. Returns how many. */
size_t bf_suffix_top(const float *slopes, const bool *allowed, size_t n_vocab, int32_t current, size_t most,
                     int32_t *out);

/* Up to n_wanted different suffixes that differ from `current` in one place: top[p * n_top ...] has n_at[p] tokens for
 * place p, and `accept` agreed. out: [n_wanted][n_tokens]. Returns how many; fewer when draws run out. */
size_t bf_suffix_draw(struct bf_rng *rng, const int32_t *current, size_t n_tokens, const int32_t *top, size_t n_top,
                      const size_t *n_at, size_t n_wanted, bool (*accept)(void *user, const int32_t *tokens),
                      void *user, int32_t *out);

#endif
