/* The models of `biforget eval`: how much room the questions need, whether two models speak one vocabulary, and
 * opening. */
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
    struct bf_engine *look;   /* the model without contexts, to count tokens; NULL for a server */
    struct bf_engine *engine; /* NULL until opened */
    int64_t n_context;        /* tokens that one question and its answer need at most, so far */
    double shown, started;    /* of the progress line */
    const char *what;         /* likewise */
    size_t n_done, n_all;     /* likewise */
};

/* Find the files; with a retrained model check that both have one vocabulary (BF_MODEL). Release in every case. */
BF_MUST_CHECK enum bf_status bf_eval_model_find(const struct bf_eval_request *request, struct bf_log *log,
                                                struct bf_eval_model *out, struct bf_err *err);
void bf_eval_model_release(struct bf_eval_model *model);

/* Tokens of a text; 0 for a server. */
int64_t bf_eval_model_tokens(const struct bf_eval_model *model, const char *text);
/* Tokens that the model can take at once: --context, else what it was trained for. 0 when unknown, as for a server. */
int64_t bf_eval_model_context(const struct bf_eval_model *model);
/* A question and its answer need so many tokens, template and small change apart. */
void bf_eval_model_need(struct bf_eval_model *model, int64_t n_tokens);

/* Open the model, or the second one, and close what was open. `chat` is the benchmark's template, "auto" or "none",
 * which --chat overrules; `scores` = nothing is generated. */
BF_MUST_CHECK enum bf_status bf_eval_model_open(struct bf_eval_model *model, bool retrained, const char *chat,
                                                bool scores, struct bf_eval *eval, struct bf_err *err);

/* "model": what was evaluated, for the result. */
json_t *bf_eval_model_json(const struct bf_eval_model *model);

#endif
