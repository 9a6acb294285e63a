/* What makes a question that a model wrote about a text usable, and whether the model knows its answer without the
 * text. Only words are looked at, so everything here is exact, fast and the same on every machine. Private to the room.
 */
#ifndef BF_SYNTH_QUESTION_CHECK_H
#define BF_SYNTH_QUESTION_CHECK_H
#include "base/buf.h"
#include "synth/synth.h"

/* Read "Question: ... Answer: ..." from an answer; what comes after the first pair is dropped. Both parts are one line.
 * false: it is not a question with an answer; nothing is appended. */
bool bf_question_read(const char *text, struct bf_buf *question, struct bf_buf *answer);

/* The first reason against asking this question, in this order: too_short, degenerate, needs_text (it speaks of "the
 * text", or of a "he" that nobody can know), gives_away (its answer is in it, or is yes or no); or NONE. `for_name`: it
 * asks for the name of what it describes, so "he" may be the one who is asked for. */
enum bf_reason bf_question_check(const char *question, const char *answer, bool for_name);

/* May the answer be looked for as a whole: a name, a number, a few words? */
bool bf_answer_is_short(const char *answer);

/* A reworded question from a model's answer: one line, without announcements and labels. false when it is not a
 * question; nothing is appended. */
bool bf_question_reworded(const char *text, struct bf_buf *question);

#endif
