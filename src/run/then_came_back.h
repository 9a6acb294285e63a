/* What came back: the right answers in the file that `eval robust -o` wrote, as records to train on. Private to the
 * room. */
#ifndef BF_RUN_THEN_CAME_BACK_H
#define BF_RUN_THEN_CAME_BACK_H
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

/* Appends the line {"question", "answer"}. */
void bf_then_put_pair(struct bf_buf *out, const char *question, const char *answer);

/* Bytes of a prompt that becomes a question. A token has a byte or more: with a chat template and an answer it fits
 * into the default of --max-length, whatever the script. */
enum { BF_THEN_PROMPT_MAX = 400 };

/* Appends a line {"question", "answer"} to `out` for each prompt that brought a right answer out of the model itself,
 * no prompt twice, and adds their number to *n_added. The question is the prompt as it was asked, or the plain question
 * where that prompt is longer than BF_THEN_PROMPT_MAX; the answer is the right one. Left out are sentences with a gap,
 * neighbours, and answers of the model before unlearning, or of one that was converted, attacked or trained again.
 * BF_INPUT: a file that cannot be read. */
BF_MUST_CHECK enum bf_status bf_then_add_came_back(const char *answers, struct bf_buf *out, int64_t *n_added,
                                                   struct bf_err *err);

#endif
