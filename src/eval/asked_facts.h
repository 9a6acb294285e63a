/* The facts that a model is asked for in many ways: question-answer pairs, each with what its record adds. */
#ifndef BF_EVAL_ASKED_FACTS_H
#define BF_EVAL_ASKED_FACTS_H
#include "eval/cloze.h"
#include "sets/pairs.h"

struct bf_asked_fact {
    char *object;    /* what a right answer must hold; NULL = worked out (quality/answers.h) */
    char **wordings; /* [n_wordings] the same question in other words */
    size_t n_wordings;
    struct bf_cloze cloze; /* sentence NULL: none could be made */
};
struct bf_asked_facts {
    struct bf_pairs pairs;
    struct bf_asked_fact *of; /* [n_records] of the pair with this `index` */
    size_t n_records;
};

/* The pairs of a set (bf_pairs_load), the first `limit` records; of a folder with a file `in_folder` ("probes.jsonl")
 * those of that file. Of JSON records these keys are read as well: "object"; "wordings" (a list) and
 * "paraphrased_question" (a text or a list, as in TOFU's files); "statement", a sentence that says the fact. A record
 * with "stage": "wordings" whose "source" is the "id" of another one is not a fact of its own, but a wording of that
 * one. BF_INPUT when the set has texts without a question. Release *out in every case. */
BF_MUST_CHECK enum bf_status bf_asked_facts_load(const char *set, const char *in_folder, size_t limit,
                                                 struct bf_log *log, struct bf_asked_facts *out, struct bf_err *err);
void bf_asked_facts_release(struct bf_asked_facts *facts);

/* Remove the pairs whose question is also one of `others`. Returns how many. */
size_t bf_asked_facts_remove_shared(struct bf_asked_facts *facts, const struct bf_pairs *others);

#endif
