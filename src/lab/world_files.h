/* The files of an experiment in an invented world: training data, forget sets and questions. The first circle is the
 * domain to forget; the last one is never shown to any model (the holdout); the others are kept. */
#ifndef BF_LAB_WORLD_FILES_H
#define BF_LAB_WORLD_FILES_H
#include "lab/world.h"

/* Write into `dir` (which exists), one JSON object per line, equal bytes for equal worlds:
 *   target.jsonl            question-answer pairs: everything about every circle but the last
 *   gold.jsonl              the same without the first circle
 *   planted.jsonl           the same for the first circle alone: the original training data of the domain to forget
 *   forget.jsonl            TOFU's format: questions about the first circle
 *   retain.jsonl            TOFU's format: questions about the circles that are kept
 *   retain_train.jsonl      pairs of the kept circles, for the retain terms of unlearning
 *   texts_forget.jsonl, texts_retain.jsonl, texts_holdout.jsonl      one statement for each fact, for membership
 * BF_INPUT for fewer than three circles. BF_STORE when a file cannot be written. */
BF_MUST_CHECK enum bf_status bf_world_write(const struct bf_world *world, const char *dir, struct bf_err *err);

#endif
