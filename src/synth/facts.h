/* The facts that a rewritten text must preserve: numbers, dates and names, recognised by the words. No model is used:
 * the check is exact about numbers, which an embedding hardly notices, and blind to statements without numbers and
 * names. docs/rewriting.md has the rules and what the check misses, docs/results-rewriting.md the measurements. */
#ifndef BF_SYNTH_FACTS_H
#define BF_SYNTH_FACTS_H
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

enum bf_fact_kind { BF_FACT_NUMBER, BF_FACT_DATE, BF_FACT_NAME, BF_FACT_ANSWER, BF_FACT_COUNT };

struct bf_facts_options {
    bool numbers; /* digits, number words, years */
    bool dates;   /* months; days and years are numbers */
    bool names;
    bool invented; /* also refuse facts that are only in the variant */
};
/* Every check is on. */
struct bf_facts_options bf_facts_default_options(void);

#define BF_FACT_EXCERPT_MAX 96

/* The first fact that differs. */
struct bf_facts_loss {
    enum bf_fact_kind kind;
    bool invented;                     /* true: only the variant has it; false: only the original has it */
    char excerpt[BF_FACT_EXCERPT_MAX]; /* as written, UTF-8, cut at a character */
};

/* Does the variant keep the facts of the original? options NULL = defaults. If not, *out (nullable) is the first that
 * differs. The texts may be any bytes; at most 16,384 words of each are read. O(n log n) in their words. */
bool bf_facts_preserved(const char *original, const char *variant, const struct bf_facts_options *options,
                        struct bf_facts_loss *out);

struct bf_facts_pair {
    const char *question, *answer;
};
/* The same for a question with its answer. All facts of the pair must be in the variant's pair, those that are only in
 * the original's answer must be in the variant's answer, and a yes must not become a no. */
bool bf_facts_preserved_pair(const struct bf_facts_pair *original, const struct bf_facts_pair *variant,
                             const struct bf_facts_options *options, struct bf_facts_loss *out);

#endif
