/* Multiple-choice questions out of MMLU's csv files and the Hugging Face jsonl of MMLU and WMDP.
 *
 *   csv     no header: question, two to 26 choices, the right letter (a header row that ends with "answer" is skipped); RFC 4180. The
 *           subject is the file's name without _test, _dev, _val and with spaces for underscores.
 *   jsonl   {"question": ..., "choices": [...], "answer": 0-based number or letter, "subject": optional}; also as one list. */
#ifndef BF_EVAL_MCQ_FILE_H
#define BF_EVAL_MCQ_FILE_H
#include <stddef.h>

#include "base/err.h"

enum { BF_MCQ_CHOICES_MAX = 26 };

struct bf_mcq_item {
    char *question;
    char *choices[BF_MCQ_CHOICES_MAX];
    size_t n_choices;          /* 2..26 */
    size_t answer;             /* index of the right one */
    char *subject;             /* "" = none */
};
struct bf_mcq {
    struct bf_mcq_item *items;
    size_t n;
};

/* Append the file's questions; `out` is zero or holds others. The format goes by the name (.csv, else JSON). BF_INPUT with the place of what is
 * wrong; then `out` still has to be released. */
BF_MUST_CHECK enum bf_status bf_mcq_read(const char *path, struct bf_mcq *out, struct bf_err *err);
BF_MUST_CHECK enum bf_status bf_mcq_parse_csv(const char *data, size_t n, const char *name, struct bf_mcq *out, struct bf_err *err);
BF_MUST_CHECK enum bf_status bf_mcq_parse_json(const char *data, size_t n, const char *name, struct bf_mcq *out, struct bf_err *err);
void bf_mcq_limit(struct bf_mcq *mcq, size_t n);       /* drop all behind the first n; the room stays */
void bf_mcq_release(struct bf_mcq *mcq);

#endif
