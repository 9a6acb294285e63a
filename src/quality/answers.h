/* Is an answer in free words right? A model that is asked "Who keeps the keys of Hogwarts?" says "Rubeus Hagrid", "That
 * would be Hagrid, the gamekeeper" or a paragraph. ROUGE-L hardly tells it from a wrong answer in the same wording, so
 * an answer is judged by what the question asks for: the *object*.
 *
 * How words are compared: folded (case, diacritics, apostrophes, possessive 's, Arabic vowel signs and letter forms), a
 * final s, the usual endings of Russian and Greek words and the prefixes of Arabic ones aside. Numbers are compared by
 * value: "1,998", "1998" and digits of other scripts are equal, so are "seven", "seventh", "7th" and "7"; 19 is not in
 * 1998. Words that are glued to other words (Chinese, Japanese, Thai) are compared character by character, in order.
 * Texts may be any bytes; at most 4,096 words of each are read. Linear in the given text times the words of the object.
 */
#ifndef BF_QUALITY_ANSWERS_H
#define BF_QUALITY_ANSWERS_H
#include <stdbool.h>

/* ROUGE-L recall from which a sentence is right. */
#define BF_ANSWER_RECALL 0.5

struct bf_answer_key {
    const char *question; /* NULL = unknown. Its words prove nothing when an answer repeats them */
    const char *answer;   /* the expected one; never NULL */
    const char *object;   /* what a right answer must hold; NULL or "" = worked out from the two above */
    double recall;        /* 0..1; 0 = BF_ANSWER_RECALL */
};

/* Does `given` hold the object?
 *  - With `object`, or an expected answer of at most six words that is not a sentence ("he ...", "... is ..."): every
 *    name, number and word of it must be in `given`, a name as one phrase. The last word of a name of several is enough
 * ("Hagrid"), unless another name is before it ("James Potter" for "Harry Potter"). What comes after "not" or "never"
 * does not count. What is in brackets in the expected answer is not needed.
 *  - An expected "yes" or "no": `given` must begin with it. A longer answer that begins so must not begin with the
 * other.
 *  - A sentence, with a question: names, numbers and words of the sentence that the question lacks, when they are one
 * to six: all numbers, and the share `recall` of all, where names and numbers weigh twice what other words do.
 *  - Else: ROUGE-L recall (with stemmer) of at least `recall`.
 * false for an empty `given`. */
bool bf_answer_right(const struct bf_answer_key *key, const char *given);

/* Do two answers of one model to one question agree? Names, numbers and words that the question (nullable) lacks: those
 * of the shorter answer must be in the longer, all of up to three, else three quarters; a number of one must not
 * contradict the numbers of the other, and a yes a no. Symmetric. false when either says nothing. */
bool bf_answers_agree(const char *question, const char *a, const char *b);

#endif
