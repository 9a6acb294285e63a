/* The texts of a forget set with invented names in place of theirs, to keep the model as it is about them: what is
 * forgotten is then bound to the names. Without them a model also forgets how such sentences are made, and loses facts
 * about others that it tells in the same words. Private to unlearn/.
 *
 * The names are the topics of the records, and the names that were found in records without one. Each word of a name
 * that begins with a capital letter, or with a letter outside ASCII, becomes an invented word, the same one wherever it
 * is ("Harry" of "Harry Potter" alone, too); words of less than four bytes only as a whole name. A name without such a
 * word becomes one as a whole.
 *
 * A pair whose question names nothing has no copy: "Who rules the underworld?" would still be the same question, and
 * its answer, which is to be forgotten, would be kept. */
#ifndef BF_UNLEARN_RENAMED_H
#define BF_UNLEARN_RENAMED_H
#include "unlearn/unlearn.h"

/* Append n_each copies of each record of `texts` that has a name in it (a pair: in its question) to `out`. The names of
 * a copy follow from the seed and its number. Returns how many copies. */
size_t bf_renamed_add(const struct bf_unlearn_texts *texts, int32_t n_each, uint64_t seed,
                      struct bf_unlearn_texts *out);

/* The same copies as twins of `originals` [n], the record as it is for each copy. With `answers` also of pairs that
 * have a name in their answer alone. With `nameless` a text whose topic alone has a name, too, and a record without any
 * is its own twin, once. */
size_t bf_renamed_twins(const struct bf_unlearn_texts *texts, int32_t n_each, uint64_t seed, bool answers,
                        bool nameless, struct bf_unlearn_texts *out, struct bf_unlearn_texts *originals);

#endif
