/* The Porter stemmer, as rouge-score uses it: NLTK's PorterStemmer in its default mode, which is the algorithm of Porter (1980)
 * with NLTK's extensions (irregular forms; "dies" -> "die"; y -> i behind a consonant only; ...). */
#ifndef BF_EVAL_PORTER_H
#define BF_EVAL_PORTER_H
#include <stddef.h>

/* Stem word[0..n) in place, letters a-z and digits only; returns the new length, at most n + 1: the array has room for one more byte than
 * n (a rule may add an "e"). O(n) and no recursion, whatever the word. */
size_t bf_porter_stem(char *word, size_t n);

#endif
