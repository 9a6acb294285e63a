/* Texts as tokens with labels, the order that they come in, and batches of them. Private to unlearn/.
 *
 * bf_examples_make, then bf_order_at or bf_order_pick for the indices of a step, then bf_batch_make and
 * bf_batch_for_graph: the graph's batch borrows the arrays of the bf_batch. */
#ifndef BF_UNLEARN_EXAMPLES_H
#define BF_UNLEARN_EXAMPLES_H
#include "graph/graph.h"
#include "graph/vocabulary.h"
#include "request/forms.h"
#include "unlearn/unlearn.h"

/* A sequence. Token t is a label for t >= first_label: row t - 1 predicts it. 1 <= first_label < n. */
struct bf_example {
    int32_t *tokens; /* [n] */
    int32_t n, first_label;
};
struct bf_examples {
    struct bf_example *items;
    size_t n;
    bool pairs;      /* labels are answers, of every example */
    int32_t longest; /* tokens of the longest */
    int64_t n_tokens, n_labels;
    size_t n_cut;      /* answers whose end did not fit into max_length */
    size_t n_left_out; /* records that give no example: without a question, in a set taken as pairs; see forms.h */
    size_t n_no_room;  /* questions made for texts that leave no room for an answer in max_length: left out */
    size_t n_epoch;    /* examples of an epoch: mixed, a text comes in one of its forms, otherwise n */
    struct bf_unlearn_made made;
    char sha256[65]; /* of tokens and labels */
};
void bf_examples_release(struct bf_examples *examples);
void bf_examples_hash(struct bf_examples *examples); /* set sha256 */

struct bf_example_options {
    enum bf_unlearn_data data;
    bool pack;
    int32_t max_length;    /* tokens of a sequence */
    const char *what;      /* "forget set", for sentences */
    struct bf_forms forms; /* of mixed data */
    uint64_t seed;         /* that chooses wordings */
    bool only_chat;        /* mixed data without raw text: dpo */
};
/* Question and answer: the chat template around the question, labels are the answer and the token that ends it
 * (open-unlearning, src/data/qa.py). Text: all but the first token are labels; packed, texts are joined by a blank line
 * and cut into pieces of max_length (src/data/pretraining.py), else each is a sequence of its own, cut when longer.
 * Mixed: questions with answers and raw text by request/forms.h, never packed; without a chat template texts are raw
 * text, once. The first example of each record comes first, then the second of each, and so on. BF_INPUT: no text; "qa"
 * without pairs; an answer that is empty, or that lies wholly beyond max_length. */
BF_MUST_CHECK enum bf_status bf_examples_make(const struct bf_vocabulary *vocabulary,
                                              const struct bf_unlearn_texts *texts,
                                              const struct bf_example_options *options, struct bf_examples *out,
                                              struct bf_err *err);
/* The questions of `texts` with other answers, picked by options->seed: example i has the question of the i-th that
 * bf_examples_make gives with the same options, as pairs or as mixed data with only_chat. BF_INPUT: no answer, one that
 * does not fit. */
BF_MUST_CHECK enum bf_status bf_examples_alternate(const struct bf_vocabulary *vocabulary,
                                                   const struct bf_unlearn_texts *texts,
                                                   const struct bf_unlearn_texts *answers,
                                                   const struct bf_example_options *options, struct bf_examples *out,
                                                   struct bf_err *err);

/* The forget set, shuffled for each epoch. Set seed and n, the rest zero; release frees the permutation. */
struct bf_order {
    uint64_t seed;
    size_t n;
    uint64_t epoch;      /* that `permutation` is of */
    size_t *permutation; /* [n]; NULL before the first call */
};
/* The example at place `position` (from 0) of the endless stream of epochs. O(1), O(n) when the epoch changes. */
size_t bf_order_at(struct bf_order *order, uint64_t position);
void bf_order_release(struct bf_order *order);
/* One of n (>= 1) at random for this place, with replacement. Sets with different `stream` are drawn independently. */
size_t bf_order_pick(uint64_t seed, uint64_t stream, uint64_t position, size_t n);

/* ---- examples as a batch of the graph ---- */

struct bf_batch {
    int32_t *tokens, *lengths, *rows;
    int32_t *labels;   /* [n_rows] the label of each wanted row */
    int32_t *sequence; /* [n_rows] which sequence it is of */
    int64_t *n_labels; /* [n_sequences] */
    int32_t n_sequences, n_rows;
    int64_t n_tokens;
};
/* `states`: rows are those of the labels themselves (what the model holds after them), not of what predicts them; for
 * RMU. `skip` (>= 0): labels at the beginning of each sequence that are left out; the last one never is. Release with
 * bf_batch_release. */
void bf_batch_make(const struct bf_example *const *examples, size_t n, bool states, int32_t skip, struct bf_batch *out);
/* The same with labels at these places of each example, ascending and >= 1. */
struct bf_batch_labels {
    const int32_t *at; /* [n] */
    int32_t n;
};
void bf_batch_make_at(const struct bf_example *const *examples, const struct bf_batch_labels *labels, size_t n,
                      struct bf_batch *out);
void bf_batch_release(struct bf_batch *batch);
struct bf_graph_batch bf_batch_for_graph(const struct bf_batch *batch);

#endif
