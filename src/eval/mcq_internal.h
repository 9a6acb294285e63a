/* What the readers of multiple-choice questions share. Private to this room. */
#ifndef BF_EVAL_MCQ_INTERNAL_H
#define BF_EVAL_MCQ_INTERNAL_H
#include "eval/mcq_file.h"

/* A new, zeroed question at the end. Valid until the next call. */
struct bf_mcq_item *bf_mcq_append(struct bf_mcq *mcq);
/* A copy without white space at both ends. free(). */
char *bf_mcq_trimmed(const char *text);
/* The index of a letter, also as "b", "(B)", "B."; -1 when it is not one of the first n. */
int bf_mcq_letter(const char *text, size_t n);

enum { BF_MCQ_TWICE = -2 };
/* The index of the choice with this text; -1 when there is none, BF_MCQ_TWICE when there are several. */
int bf_mcq_choice(const struct bf_mcq_item *item, const char *text);

#endif
