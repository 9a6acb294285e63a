/* The files of an experiment in an invented world: what models are trained on, what is to be forgotten, what is asked.
 * The first circle is the domain to forget; the last one is never shown to any model (the holdout); the others are
 * kept. */
#ifndef BF_LAB_WORLD_FILES_H
#define BF_LAB_WORLD_FILES_H
#include "lab/world.h"

/* Written into `dir` (which exists), each a JSON object a line, the same bytes for the same world:
 *   target.jsonl            question-answer pairs: all that is known of every circle but the last
 *   gold.jsonl              the same without the first circle
 *   planted.jsonl           of the first circle alone: the official originals, what a trainer's owner would have
 *   forget.jsonl            TOFU's format: questions about the first circle
 *   retain.jsonl            TOFU's format: about the circles that are kept
 *   retain_train.jsonl      pairs of the kept circles, for the retain terms of unlearning
 *   texts_forget.jsonl, texts_retain.jsonl, texts_holdout.jsonl      one statement for each fact, for membership
 * BF_INPUT for less than three circles. BF_STORE when a file cannot be written. */
BF_MUST_CHECK enum bf_status bf_world_write(const struct bf_world *world, const char *dir, struct bf_err *err);

#endif
