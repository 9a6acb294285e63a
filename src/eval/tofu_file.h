/* TOFU's question files: {"question", "answer", "paraphrased_answer", "perturbed_answer": [...]}, a list or one object
 * per line. Real authors and world facts have no paraphrase; their answer is used instead, as in TOFU. */
#ifndef BF_EVAL_TOFU_FILE_H
#define BF_EVAL_TOFU_FILE_H
#include <stddef.h>

#include "base/err.h"

struct bf_tofu_question {
    char *question, *answer;
    char *paraphrased; /* the answer when the file has none */
    char **perturbed;  /* [n_perturbed], at least one */
    size_t n_perturbed;
    /* what an answer must name to be right ("glassblower"); NULL when the record has no "object" */
    char *object;
    size_t index; /* in its file, from 0: its ID, also in lines */
};
struct bf_tofu_questions {
    struct bf_tofu_question *items;
    size_t n;
};
/* BF_INPUT, with the place of what is missing or empty. Release *out in every case. */
BF_MUST_CHECK enum bf_status bf_tofu_read(const char *path, struct bf_tofu_questions *out, struct bf_err *err);
BF_MUST_CHECK enum bf_status bf_tofu_parse(const char *data, size_t n, const char *name, struct bf_tofu_questions *out,
                                           struct bf_err *err);
void bf_tofu_questions_limit(struct bf_tofu_questions *questions,
                             size_t n); /* drop all after the first n; 0 = drop none */
void bf_tofu_questions_drop(struct bf_tofu_questions *questions, size_t i);
void bf_tofu_questions_release(struct bf_tofu_questions *questions);

#endif
