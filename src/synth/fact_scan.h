/* The facts that can be recognised by the words of a text: numbers, months, names. docs/rewriting.md says what counts
 * as a fact. */
#ifndef BF_SYNTH_FACT_SCAN_H
#define BF_SYNTH_FACT_SCAN_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "synth/fact_tokens.h"
#include "synth/facts.h"

struct bf_fact {
    enum bf_fact_kind kind;
    uint64_t key, alt; /* number or month; alt: another reading ("two decades": 2 or 20), or key */
    bool soft;         /* may match a fact of the other text, but the other text need not have it */
    bool sure;         /* name: its first word is not only capitalised because of its place in the sentence */
    size_t start, len; /* its place in the text, in bytes */
    size_t first, n;   /* name: its tokens */
};

struct bf_fact_list {
    struct bf_fact *items; /* [n], numbers and months first, then names, each in the order of the text */
    size_t n, allocated;
    struct bf_tokens tokens;
    uint64_t *words; /* [n_words] hashes of all folded words, sorted */
    size_t n_words;
};

void bf_fact_list_of(struct bf_fact_list *out, const char *text, size_t n);
void bf_fact_list_release(struct bf_fact_list *list);
bool bf_fact_list_has_word(const struct bf_fact_list *list, const char *word, size_t n);
/* Does this token distinguish names? Not a title or a small word, but three letters or more, or an acronym. */
bool bf_fact_is_specific(const struct bf_tokens *tokens, size_t i);

#endif
