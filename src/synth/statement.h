/* A question made from a statement by rule, for models that cannot write one. Private to the room. */
#ifndef BF_SYNTH_STATEMENT_H
#define BF_SYNTH_STATEMENT_H
#include "base/buf.h"

/* From one sentence with a name in it:
 *   "Zeus is the king of the Greek gods."    "Who or what is the king of the Greek gods?"  Zeus
 *   "The capital of France is Paris."        "Who or what is the capital of France?"       Paris
 *   "Perseus killed Medusa in the far west." "Which name is missing in \"Perseus killed ___ in the far west.\"?" Medusa
 * false: the text is longer, or has no name, or one that is in it twice; nothing is appended. English rules; in other
 * languages the third form is what is left. */
bool bf_statement_question(const char *text, struct bf_buf *question, struct bf_buf *answer);

#endif
