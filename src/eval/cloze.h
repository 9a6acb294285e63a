/* A fact as a sentence with a gap: "The capital of Norway is ____." A model that refuses a question may still complete
 * the sentence. */
#ifndef BF_EVAL_CLOZE_H
#define BF_EVAL_CLOZE_H
#include <stdbool.h>

#define BF_CLOZE_GAP "____"

struct bf_cloze {
    char *sentence; /* with one BF_CLOZE_GAP */
    char *missing;  /* what belongs there */
};

/* From the first of these that works:
 *  - `statement` (nullable): a sentence that has the gap already, or in which `object` (nullable), else the answer, is
 *    left out;
 *  - an answer that is a sentence on the question's subject: `object` is left out, else the words that the question
 *    lacks, at most six;
 *  - an English question of a common form with an answer of at most six words ("Who founded Estvik?" becomes "____
 *    founded Estvik.").
 * false, *out zero, when none does: better no sentence than a wrong one. Release *out on success. */
bool bf_cloze_of(const char *question, const char *answer, const char *object, const char *statement,
                 struct bf_cloze *out);
void bf_cloze_release(struct bf_cloze *cloze);

#endif
