/* The models of `biforget eval`: how many tokens the questions need, whether two models share a vocabulary, and opening
 * a model. */
#ifndef BF_EVAL_EVAL_MODEL_H
#define BF_EVAL_EVAL_MODEL_H
#include "base/log.h"
#include "eval/eval_request.h"
#include "engine/engine.h"
#include "eval/eval.h"

struct bf_eval_model {
    const struct bf_eval_request *request;
    struct bf_log *log;
    char *path;               /* NULL for a server */
    char sha256[65];          /* "" for a server */
    char *retrained_path;     /* the second model, retrained or original; NULL = none */
    char *reference_path;     /* of the reference-model attack; NULL = none */
    struct bf_engine *look;   /* the model without contexts, to count tokens; NULL for a server */
    struct bf_engine *engine; /* NULL until opened */
    int64_t n_context;        /* most tokens that a question with its answer needs, so far */
    double shown, started;    /* private: of the progress line */
    const char *what;         /* private */
    size_t n_done, n_all;     /* private */
};

/* Find the files; check that a second and a reference model have the first one's vocabulary (BF_MODEL). Release *out in
 * every case.
 */
BF_MUST_CHECK enum bf_status bf_eval_model_find(const struct bf_eval_request *request, struct bf_log *log,
                                                struct bf_eval_model *out, struct bf_err *err);
void bf_eval_model_release(struct bf_eval_model *model);

/* Tokens of a text; 0 for a server. */
int64_t bf_eval_model_tokens(const struct bf_eval_model *model, const char *text);
/* Tokens that the model can take at once: --context, else what it was trained for. 0 when unknown, as for a server. */
int64_t bf_eval_model_context(const struct bf_eval_model *model);
/* A question with its answer needs n_tokens, not counting the template; some spare tokens are added. */
void bf_eval_model_need(struct bf_eval_model *model, int64_t n_tokens);

enum bf_eval_which {
    BF_EVAL_MODEL,
    BF_EVAL_SECOND,   /* the retrained or original one */
    BF_EVAL_REFERENCE /* of the reference-model attack */
};

/* Close the open model, and open this one. `chat` is the benchmark's template, "auto" or
 * "none", which --chat overrules; with `scores` nothing is generated. Sets eval's engine, label and callbacks. */
BF_MUST_CHECK enum bf_status bf_eval_model_open(struct bf_eval_model *model, enum bf_eval_which which, const char *chat,
                                                bool scores, struct bf_eval *eval, struct bf_err *err);

/* The "model" object of a result: what was evaluated. New reference. */
json_t *bf_eval_model_json(const struct bf_eval_model *model);

#endif
