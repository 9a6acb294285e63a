/* The facts that can be read off the surface of a text: numbers, months, names. What counts as one, and what does not,
 * is told in docs/rewriting.md. */
#ifndef BF_SYNTH_FACT_SCAN_H
#define BF_SYNTH_FACT_SCAN_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "synth/fact_tokens.h"
#include "synth/facts.h"

struct bf_fact {
    enum bf_fact_kind kind;
    uint64_t key, alt; /* number or month; alt = another reading of it ("two decades": 2 or 20), else key */
    bool soft;         /* may answer for a fact of the other text, but is not asked for itself */
    bool sure;         /* name: the capital of its first word does not come from its place in the sentence */
    size_t start, len; /* where it stands, bytes */
    size_t first, n;   /* name: its tokens */
};

struct bf_fact_list {
    struct bf_fact *items; /* [n], in the order of the text, numbers and months before names */
    size_t n, allocated;
    struct bf_tokens tokens;
    uint64_t *words; /* [n_words] hashes of all folded words, sorted */
    size_t n_words;
};

void bf_fact_list_of(struct bf_fact_list *out, const char *text, size_t n);
void bf_fact_list_release(struct bf_fact_list *list);
bool bf_fact_list_has_word(const struct bf_fact_list *list, const char *word, size_t n);
/* Does this token tell one name from another: no title, no small word, three letters or more, or an acronym. */
bool bf_fact_is_specific(const struct bf_tokens *tokens, size_t i);

#endif
