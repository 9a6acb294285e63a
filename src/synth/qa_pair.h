/* Reading a rewritten question and its answer from the model's answer. */
#ifndef BF_SYNTH_QA_PAIR_H
#define BF_SYNTH_QA_PAIR_H
#include <stdbool.h>

#include "base/buf.h"

/* It must have exactly one question and one answer, with labels ("Question:", "Q:", "**Rewritten question**:", numbered
 * or not; the label of a one-line question with a question mark may be missing). An announcement before and remarks
 * after are dropped. true: both parts are appended, trimmed, in valid UTF-8. false: nothing is appended, and *why_not
 * (nullable) is a constant phrase: "no answer", "a second question", ... */
bool bf_parse_qa_pair(const char *text, struct bf_buf *question, struct bf_buf *answer, const char **why_not);

#endif
