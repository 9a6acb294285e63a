/* ROUGE-1 and ROUGE-L (Lin, 2004) with the tokens, the stemmer and the longest common subsequence of Google's
 * rouge-score, which MUSE (stemmer off) and TOFU and open-unlearning (stemmer on) call.
 *
 * rouge-score drops every letter but a-z, so that an answer in Chinese or Russian scores 0 though it repeats the
 * target. When most words of the target are in a script other than Latin, the words of all scripts are counted instead:
 * runs of letters and digits of any script in lower case, and each character of a script that is written without
 * spaces. For targets in Latin script the scores are those of rouge-score. */
#ifndef BF_QUALITY_ROUGE_H
#define BF_QUALITY_ROUGE_H
#include <stdbool.h>
#include <stddef.h>

struct bf_rouge {
    double precision, recall, f1; /* 0..1; 0 when either text has no token */
    bool all_scripts;             /* the words of all scripts were counted, not rouge-score's tokens */
};

enum { BF_ROUGE_TOKENS_MAX = 20000 }; /* of a text; what follows is ignored */

/* `target` is the expected text, `prediction` the text to score; any bytes. A token of rouge-score is a run of ASCII
 * letters and digits, lower-cased, and with `stemmer` stemmed when longer than three. rouge_1 and rouge_l are outputs,
 * either may be NULL. O(tokens of target x tokens of prediction). */
void bf_rouge_of(const char *target, const char *prediction, bool stemmer, struct bf_rouge *rouge_1,
                 struct bf_rouge *rouge_l);

/* The Porter stemmer, as rouge-score uses it: NLTK's PorterStemmer in its default mode, which is the algorithm of
 * Porter (1980) with NLTK's extensions (irregular forms; "dies" -> "die"; y -> i only after a consonant; ...). Stems
 * word[0..n), lower-case letters a-z and digits, in place, and returns the new length, at most n + 1: the array must
 * have n + 1 bytes, since a rule may add an "e". O(n), without recursion. */
size_t bf_porter_stem(char *word, size_t n);

#endif
