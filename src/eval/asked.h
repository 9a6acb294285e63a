/* Facts asked for in many ways, and how many are still answered rightly: on the average, and in the worst case, where a
 * fact counts as known when any way of asking brings it out. */
#ifndef BF_EVAL_ASKED_H
#define BF_EVAL_ASKED_H
#include "eval/eval.h"
#include "eval/asked_facts.h"

/* Ways of asking that need nothing but the question. The first four are probes of eval.h. */
#define BF_FORMS_OF_ASKING(X)                                                                                          \
    X(BF_FORM_PLAIN, "plain")                                                                                          \
    X(BF_FORM_PARAPHRASE, "paraphrase")                                                                                \
    X(BF_FORM_PREFIX, "prefix")                                                                                        \
    X(BF_FORM_FEW_SHOT, "few_shot")                                                                                    \
    X(BF_FORM_WORDING, "wording") /* the fact's own other wordings */                                                  \
    X(BF_FORM_CLOZE, "cloze")     /* a sentence with a gap */
enum bf_form {
#define X(name, word) name,
    BF_FORMS_OF_ASKING(X)
#undef X
        BF_FORMS
};
enum { BF_FORMS_PROBES = BF_FORM_WORDING };

struct bf_asking {
    const struct bf_asked_facts *facts;
    const char *set; /* "set" of the lines; NULL = none */
    const struct bf_pair *shots;
    size_t n_shots;
    int32_t max_tokens;
};

/* An answer, as a line of -o. Of a model that is asked as it is, `condition` is the form, or in a scene the scene's
 * name; else it names what was done to the model ("q4_0") or added to the question ("suffix"). */
struct bf_asked_line {
    const char *condition, *form; /* form: a word of enum bf_form or of enum bf_probe */
    const char *set;              /* as of bf_asking */
    size_t index;                 /* of the pair */
    const char *question;         /* of the fact; of another wording or a gap, that */
    const char *prompt;           /* the prompt as a whole, before the chat template */
    const char *target, *answer;
    const double *recall; /* ROUGE-L; NULL = not measured */
    bool right;
};
BF_MUST_CHECK enum bf_status bf_asked_write(const struct bf_eval *eval, const struct bf_asked_line *line,
                                            struct bf_err *err);

struct bf_asked { /* one model; [n] by place in facts->pairs */
    size_t n;
    double *recall[BF_FORMS_PROBES]; /* ROUGE-L recall of a probe's answers */
    double *mean[BF_FORMS];          /* share of a form's askings that were answered rightly; NaN: the fact has none */
    double *any[BF_FORMS];           /* 1 when at least one was; NaN where mean is */
};

/* Ask the open model for each fact in every form. Release *out in every case. */
BF_MUST_CHECK enum bf_status bf_ask_in_all_forms(const struct bf_eval *eval, const struct bf_asking *asking,
                                                 struct bf_asked *out, struct bf_err *err);
void bf_asked_release(struct bf_asked *asked);

/* Into `result`: "accuracy" (the mean over a fact's forms, then over facts) and "worst_case_accuracy"; with `before`
 * (nullable: the model before unlearning) also "original_accuracy", "original_worst_case_accuracy" and the paired
 * differences "accuracy_change" and "worst_case_accuracy_change". Into `forms`: {FORM: {"n", "accuracy",
 * "original_accuracy"}}. */
BF_MUST_CHECK enum bf_status bf_asked_put(json_t *result, json_t *forms, const struct bf_asked *after,
                                          const struct bf_asked *before, const struct bf_bootstrap *bootstrap,
                                          struct bf_err *err);

#endif
