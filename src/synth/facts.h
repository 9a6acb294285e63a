/* What a rewritten text must preserve: numbers, dates and names, read off the surface. No model takes part: the check
 * is exact about figures, which an embedding hardly sees, and blind to what has neither figure nor name. The rules,
 * what was measured and what is missed: docs/rewriting.md. */
#ifndef BF_SYNTH_FACTS_H
#define BF_SYNTH_FACTS_H
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

enum bf_fact_kind { BF_FACT_NUMBER, BF_FACT_DATE, BF_FACT_NAME, BF_FACT_ANSWER, BF_FACT_COUNT };

struct bf_facts_options {
    bool numbers; /* figures, number words, years */
    bool dates;   /* months; days and years are numbers */
    bool names;
    bool invented; /* also refuse what the variant has and the original has not */
};
/* All of it. */
struct bf_facts_options bf_facts_default_options(void);

#define BF_FACT_EXCERPT_MAX 96

/* The first fact that does not agree. */
struct bf_facts_loss {
    enum bf_fact_kind kind;
    bool invented;                     /* stands in the variant only; else it is lost */
    char excerpt[BF_FACT_EXCERPT_MAX]; /* as written, UTF-8, cut at a character */
};

/* Does the variant keep the facts of the original? options NULL = defaults; *out (nullable) is filled when not. The
 * texts are any bytes; at most 16,384 words of each are read. */
bool bf_facts_preserved(const char *original, const char *variant, const struct bf_facts_options *options,
                        struct bf_facts_loss *out);

struct bf_facts_pair {
    const char *question, *answer;
};
/* The same for a question with its answer: all facts of the pair must be in the variant's pair; those that only the
 * original's answer has must be in the variant's answer; and a yes must not become a no. */
bool bf_facts_preserved_pair(const struct bf_facts_pair *original, const struct bf_facts_pair *variant,
                             const struct bf_facts_options *options, struct bf_facts_loss *out);

#endif
