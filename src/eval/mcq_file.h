/* Multiple-choice questions from csv files (MMLU, CMMLU, C-Eval, a user's own) and from Hugging Face's jsonl of MMLU,
 * WMDP, ARC, OpenBookQA and the like.
 *
 *   csv     without a header, as MMLU's own: question, two to 26 choices, the right letter. With a first row that names
 *           columns (in any case): "question" (or "prompt"); "A", "B", ..., or "choice" or "option" with a letter or a
 *           number; "answer" (or "label", "target", "answer_key", "correct_answer"); "subject" (optional); other
 *           columns, such as an index, are ignored. RFC 4180; lines end with LF, CR LF or CR. Without a subject column
 *           the subject is the file's name without _test, _dev, _val, _train and with spaces for underscores.
 *           Answers are letters, or throughout the file the text of the choice, or a number from 0 or from 1. A file
 *           whose answers can be read in two ways is refused, as is one without a header whose first column counts the
 *           rows.
 *   jsonl   "question" (or "question_stem"), "choices" (or "options", or "A", "B", ...): a list of texts, a list of
 *           {"text", "label"}, {"text": [...], "label": [...]}, or {"A": text, ...}; "answer" (or "answerKey", "label",
 *           "labels"): a label, a letter, a number from 0, the text of a choice, or a list with 1 for the right one;
 *           "subject": optional. Also {"question": {"stem", "choices"}, "answerKey"}. One object per line, or one list.
 *           Records with a passage that belongs to the question are refused, and so are TruthfulQA's mc1_targets, whose
 *           first choice is always the right one. */
#ifndef BF_EVAL_MCQ_FILE_H
#define BF_EVAL_MCQ_FILE_H
#include <stddef.h>

#include "base/err.h"

enum { BF_MCQ_CHOICES_MAX = 26 };

struct bf_mcq_item {
    char *question;
    char *choices[BF_MCQ_CHOICES_MAX];
    size_t n_choices; /* 2..26 */
    size_t answer;    /* index of the right one */
    char *subject;    /* "" = none */
    size_t index;     /* its number over all files, from 0, after --limit: identifies it in lines */
};
struct bf_mcq {
    struct bf_mcq_item *items;
    size_t n;
};

/* Append the file's questions; `out` is zeroed or holds others. The name decides the format (.csv, else JSON).
 * BF_INPUT, with the place of the mistake. Release `out` also after a failure. */
BF_MUST_CHECK enum bf_status bf_mcq_read(const char *path, struct bf_mcq *out, struct bf_err *err);
BF_MUST_CHECK enum bf_status bf_mcq_parse_csv(const char *data, size_t n, const char *name, struct bf_mcq *out,
                                              struct bf_err *err);
BF_MUST_CHECK enum bf_status bf_mcq_parse_json(const char *data, size_t n, const char *name, struct bf_mcq *out,
                                               struct bf_err *err);
void bf_mcq_limit(struct bf_mcq *mcq, size_t n); /* drop all after the first n */
void bf_mcq_drop(struct bf_mcq *mcq, size_t i);
void bf_mcq_release(struct bf_mcq *mcq);

#endif
