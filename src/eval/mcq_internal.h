/* What the readers of multiple-choice questions share. Not for other rooms. */
#ifndef BF_EVAL_MCQ_INTERNAL_H
#define BF_EVAL_MCQ_INTERNAL_H
#include "eval/mcq_file.h"

/* A new question at the end, zero. */
struct bf_mcq_item *bf_mcq_append(struct bf_mcq *mcq);
/* Without white space at both ends. free(). */
char *bf_mcq_trimmed(const char *text);
/* The number of a letter, also as "b", "(B)", "B."; -1 when it is none of the first n. */
int bf_mcq_letter(const char *text, size_t n);

enum { BF_MCQ_TWICE = -2 };
/* The choice with this text; -1 when there is none, BF_MCQ_TWICE when there are several. */
int bf_mcq_choice(const struct bf_mcq_item *item, const char *text);

#endif
