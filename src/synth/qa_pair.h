/* A rewritten question with its answer out of what the model answered. */
#ifndef BF_SYNTH_QA_PAIR_H
#define BF_SYNTH_QA_PAIR_H
#include <stdbool.h>

#include "base/buf.h"

/* Exactly one question and one answer, labelled ("Question:", "Q:", "**Rewritten question**:", numbered or not; the
 * label of the question may be missing when it is one line with a question mark). An announcement before and remarks
 * after are dropped. true: both parts are appended, trimmed, valid UTF-8. false: nothing is appended, and *why_not
 * (nullable) is a constant phrase: "no answer", "a second question", ... */
bool bf_parse_qa_pair(const char *text, struct bf_buf *question, struct bf_buf *answer, const char **why_not);

#endif
