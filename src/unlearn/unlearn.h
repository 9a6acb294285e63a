/* Unlearning: a model, what it is to forget and what it is to keep, a method; out comes a GGUF. The loop, its data, its
 * checkpoints. The network itself is behind graph/graph.h, the losses are plain maths in loss.c. No printing: whoever
 * calls gets progress and notices through functions.
 *
 * Promise: same model file, same settings, same texts, same machine -> the same bytes, with any number of threads, also
 * after kill -9 at any moment and a resume. */
#ifndef BF_UNLEARN_UNLEARN_H
#define BF_UNLEARN_UNLEARN_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"

/* A training has a point of its curve in memory for each step. */
enum { BF_UNLEARN_STEPS_MAX = 1000000 };

/* ---- methods: methods.c ---- */

enum bf_forget_term {
    BF_FORGET_GA, /* -NLL */
    BF_FORGET_NPO,
    BF_FORGET_SIMNPO,
    BF_FORGET_DPO,   /* alternate answers preferred */
    BF_FORGET_MASK,  /* OBLIVIATE's mask */
    BF_FORGET_STATE, /* RMU's direction */
    BF_FORGET_LEARN  /* NLL: the opposite, for the models of an experiment */
};
enum bf_retain_term { BF_RETAIN_NONE, BF_RETAIN_NLL, BF_RETAIN_KL, BF_RETAIN_STATE, BF_RETAIN_COUNT };
extern const char bf_retain_choices[]; /* "nll|kl" */

/* loss = gamma forget + alpha retain + general_weight NLL(general). The figures are defaults, from `source`. */
struct bf_method {
    const char *name;    /* "npo" */
    const char *title;   /* "negative preference optimisation" */
    const char *formula; /* one line, for people */
    const char *source;  /* paper, and where the figures are from */
    enum bf_forget_term forget;
    enum bf_retain_term retain;
    double gamma, alpha, general_weight;
    double beta, delta;
    int32_t layer;      /* rmu: -1 = not */
    double coefficient; /* rmu: length of the direction */
    double learning_rate, decay, beta2, max_norm;
    const char *schedule;
    double warmup, floor; /* share of the steps; of the learning rate */
    double epochs;
    int32_t max_steps; /* 0 = by epochs; at most BF_UNLEARN_STEPS_MAX */
    int32_t batch, accumulate;
    bool lora; /* by default, also on float weights */
};
extern const char bf_method_choices[];                    /* "ga|graddiff|..." */
const struct bf_method *bf_method_find(const char *name); /* NULL when there is none */
/* The table for people, and which data each method needs. */
void bf_methods_describe(struct bf_buf *out);

/* ---- texts ---- */

/* What a set holds, in order. Owned: bf_unlearn_texts_release. */
struct bf_unlearn_texts {
    struct bf_unlearn_text {
        char *text;              /* never NULL */
        char *question, *answer; /* both or neither */
    } * items;
    size_t n, n_pairs;
};
void bf_unlearn_texts_add(struct bf_unlearn_texts *texts, const char *text, const char *question, const char *answer);
void bf_unlearn_texts_release(struct bf_unlearn_texts *texts);

/* ---- settings ---- */

/* Everything that decides which bytes come out, with the texts and the model. JSON of it is the record of a training.
 * Strings are owned. */
struct bf_unlearn_settings {
    char *method;
    char *model, *forget, *retain, *general, *alternates; /* as given; "" = none. For resuming and the record */
    char *out, *adapter;                                  /* the GGUF; the adapter beside it, "" = none */
    char *train;                                          /* "full", "lora", "tensors" */
    char *data;                                           /* "auto", "qa", "text": how texts become examples */
    char *chat;                                           /* "auto", "none", or a template's name */
    char *retain_loss;                                    /* "none", "nll", "kl", "state" */
    char *schedule;
    char *type; /* of the weights that are saved: f32 f16 bf16 q8_0 source */
    uint64_t seed;
    double gamma, alpha, general_weight, beta, delta, coefficient;
    int64_t layer;
    double learning_rate, decay, beta1, beta2, epsilon, max_norm, warmup, floor;
    double epochs;
    int64_t max_steps, batch, accumulate, max_length;
    bool pack; /* texts joined and cut into pieces of max_length; else each is its own */
    int64_t lora_rank;
    double lora_alpha;
    int64_t measure;         /* examples of each set that NLL is measured over; 0 = all */
    int64_t evaluate_every;  /* steps between two looks for the stop rules */
    double stop_forget_nll;  /* stop when the forget set's NLL is above; 0 = never */
    double stop_retain_rise; /* percent; 0 = never */
    double max_loss;         /* nats a token of a batch, beyond which a training has diverged; 0 = any that is finite */
    int64_t checkpoint_every; /* steps; 0 = none but at an interruption */
    int64_t threads;          /* 0 = all cores */
    bool less_memory, bf16;
};
/* The method's defaults; strings "" but for method, train "lora" or "full", and so on. */
void bf_unlearn_settings_init(struct bf_unlearn_settings *settings, const struct bf_method *method);
void bf_unlearn_settings_release(struct bf_unlearn_settings *settings);
json_t *bf_unlearn_settings_json(const struct bf_unlearn_settings *settings); /* new reference */
/* BF_STORE when a field is missing or of another kind. Release in every case. */
BF_MUST_CHECK enum bf_status bf_unlearn_settings_parse(const json_t *json, struct bf_unlearn_settings *out,
                                                       struct bf_err *err);

/* ---- a training ---- */

struct bf_unlearn_progress {
    int64_t step, n_steps;
    double loss, forget_loss, retain_loss, general_loss; /* of the last step; NaN for a term that is not there */
    double learning_rate, gradient_norm;
    double tokens_per_second, seconds_left; /* of this process */
    const char *phase;                      /* "reading", "measuring", "reference", "training", "saving" */
    int64_t done, of;                       /* of the phase */
};

struct bf_unlearn_point { /* one step of the loss curve */
    int64_t step;         /* from 1 */
    double loss, forget_loss, retain_loss, general_loss, learning_rate, gradient_norm;
};

struct bf_unlearn_nll {         /* mean nats a token */
    double forget, retain;      /* NaN without a retain set */
    int64_t n_forget, n_retain; /* examples */
};

struct bf_unlearn_result {
    struct bf_unlearn_nll before, after;
    int64_t n_steps, planned_steps;
    const char *stop;               /* "finished", "forget_nll", "retain_rise", "asked" (--finish) */
    struct bf_unlearn_point *curve; /* [n_curve] */
    size_t n_curve;
    double train_seconds; /* of this process */
    int64_t train_tokens;
    char model_sha256[65], forget_sha256[65], retain_sha256[65];
    int64_t n_forget, n_retain, n_general; /* examples */
    bool pairs;                            /* the forget set was taken as question-answer pairs */
    int64_t peak_bytes;                    /* estimate of the graphs and the optimiser */
};
void bf_unlearn_result_release(struct bf_unlearn_result *result);

struct bf_unlearn_job {
    const struct bf_unlearn_settings *settings;
    const char *work; /* folder of checkpoints; made when it is not there */
    const struct bf_unlearn_texts *forget, *retain, *general;
    const struct bf_unlearn_texts *alternates; /* texts: answers that do not answer */
    bool resume;                               /* there has to be a checkpoint; else there must be none */
    bool finish;                               /* with resume: save what the checkpoint holds, without a further step */
    void *user;
    void (*progress)(void *user, const struct bf_unlearn_progress *progress);
    void (*notice)(void *user, const char *line);
    bool (*interrupted)(void *user);
};
/* BF_INPUT: texts that cannot be learnt from, a layer that the model has not, memory. BF_MODEL: the model; a loss that
 * is no number any more (the sentence says step and batch; the last checkpoint stays). BF_STORE: the disk (checked
 * before the first step), a checkpoint of another training. BF_INTERRUPTED: saved. *result is filled as far as it went:
 * release it. After BF_OK the last checkpoint is still there, since the caller has to keep the result, too:
 * bf_unlearn_remove_checkpoint. */
BF_MUST_CHECK enum bf_status bf_unlearn(const struct bf_unlearn_job *job, struct bf_unlearn_result *result,
                                        struct bf_err *err);

/* Is there a checkpoint in the folder? */
bool bf_unlearn_can_resume(const char *work);
/* Once the model and the record are kept; also to start anew. No error when there is none. */
void bf_unlearn_remove_checkpoint(const char *work);
/* The settings that a folder was started with. BF_STORE when there are none. */
BF_MUST_CHECK enum bf_status bf_unlearn_read_settings(const char *work, struct bf_unlearn_settings *out,
                                                      struct bf_err *err);
/* The record of a training as JSON: settings, hashes, losses. New reference. */
json_t *bf_unlearn_record(const struct bf_unlearn_settings *settings, const struct bf_unlearn_result *result);

#endif
