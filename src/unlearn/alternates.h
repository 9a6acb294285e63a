/* Other answers to the questions of a forget set, by question: each pair beside each of its alternates. Private to
 * unlearn/. */
#ifndef BF_UNLEARN_ALTERNATES_H
#define BF_UNLEARN_ALTERNATES_H
#include "unlearn/unlearn.h"

/* Are they answers to questions (all of them pairs), rather than replies that suit any question? */
bool bf_alternates_by_question(const struct bf_unlearn_texts *alternates);

/* Each pair of `forget` as often as its question has alternates that differ from its answer, in *pairs; beside it, at
 * the same place of *others, the question with that alternate. Questions and answers are compared without case,
 * diacritics and what is not a letter or a digit. *n_left_out: records without an alternate, texts among them. Release
 * both with bf_unlearn_texts_release. */
void bf_alternates_match(const struct bf_unlearn_texts *forget, const struct bf_unlearn_texts *alternates,
                         struct bf_unlearn_texts *pairs, struct bf_unlearn_texts *others, size_t *n_left_out);

#endif
