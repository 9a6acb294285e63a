/* What the files of a training share: one struct bf_trainer, which bf_unlearn (trainer.c) takes through these stages.
 *
 * 1. bf_trainer_examples: texts become forget, retain, general, alternates. The plan (batch, n_steps, order) follows
 *    from their sizes.
 * 2. bf_probe_begin: what the model file answers. bf_trainer_measure: its NLL, in a graph of its own.
 * 3. bf_trainer_open: graph, info, tensors, moments, spans; frozen and direction where a loss needs them.
 * 4. On a resume bf_training_load: weights, moments, step, curve, before. Else bf_training_write_settings.
 * 5. bf_reference_make: reference, where the forget loss needs sums of r.
 * 6. For each step: bf_loss_step for each loss of each batch, bf_update_norm, bf_update_step; now and then
 *    bf_training_save.
 * 7. bf_training_save_model; then the graphs are closed, and bf_trainer_measure again, of the file that was written.
 *
 * What step n does follows from the settings and n alone: which examples (bf_order_at, bf_order_pick), which learning
 * rate. So a resume has no state but weights, moments and n. Private to unlearn/. */
#ifndef BF_UNLEARN_TRAINER_H
#define BF_UNLEARN_TRAINER_H
#include "unlearn/examples.h"
#include "graph/graph.h"
#include "unlearn/loss.h"
#include "unlearn/optimizer.h"
#include "unlearn/twins.h"
#include "unlearn/unlearn.h"

/* -log r summed over the labels of each example, made once and kept on disk. NaN = not made. */
struct bf_reference {
    double *forget, *alternates; /* [n_forget]; NULL unless the forget loss needs them */
};

struct bf_trainer {
    const struct bf_unlearn_job *job;
    const struct bf_unlearn_settings *settings;
    const struct bf_loss *forget_loss;                      /* the method's */
    const struct bf_loss *retain_loss;                      /* of the settings; NULL = none, or its weight is 0 */
    const struct bf_loss *general_loss;                     /* NLL */
    struct bf_examples forget, retain, general, alternates; /* n = 0: not read */
    struct bf_twins twins;                                  /* [n_forget] of a loss that has them */
    struct bf_graph *graph;                                 /* trained */
    struct bf_graph *frozen;         /* the reference, for whole distributions and states; NULL when none is needed */
    struct bf_graph_info info;       /* of graph */
    struct bf_adamw_tensor *tensors; /* [n_tensors] */
    size_t n_tensors;
    float *moments;                /* two for each trained weight, tensor after tensor */
    struct bf_adamw_tensor *spans; /* [n_spans] the tensors in pieces, for the threads */
    double *squares;               /* [n_spans] */
    size_t n_spans;
    struct bf_reference reference;
    float *direction;                   /* [n_embd] rmu */
    struct bf_token_list target_tokens; /* of --targets, in their order */
    unsigned char *targets;             /* [n_vocab] the same as a mask; NULL = none */
    char targets_sha256[65];            /* "" = none */
    struct bf_order order;
    int64_t batch, accumulate; /* of the settings, at most what the forget set has */
    int64_t n_steps, n_warmup;
    int64_t max_tokens; /* of a batch when NLL is measured */
    int64_t step;       /* steps done */
    char identity[65];  /* SHA-256 of all that decides the bytes */
    char model_sha256[65], vocabulary_sha256[65];
    struct bf_unlearn_nll before;
    struct bf_unlearn_point *curve; /* [n_steps], the first `step` of them filled */
    struct bf_unlearn_probes probes;
    bool *known_forget, *known_retain; /* [n_forget], [n_retain]: right before the first step */
    /* Of this process. */
    double begin_seconds, saved_seconds;
    int64_t begin_step, n_tokens;
};

/* ---- settings.c ---- */

/* The settings as JSON, without those that older trainings did not have and that are as such a training had them: of
 * the same training it is the same text in every version of the program. New reference. */
json_t *bf_unlearn_settings_identity(const struct bf_unlearn_settings *settings);

/* ---- step.c ---- */

/* What a loss is over one batch. */
struct bf_loss_value {
    double loss; /* without the scale */
    double left; /* gradient_left of struct bf_unlearn_point */
};
/* Forward and backward of one loss over one batch; its gradient times `scale` is added. indices: [n] of `examples`.
 * BF_MODEL: the loss is not finite. BF_INPUT: memory. */
BF_MUST_CHECK enum bf_status bf_loss_step(struct bf_trainer *trainer, const struct bf_loss *loss,
                                          const struct bf_examples *examples, const size_t *indices, size_t n,
                                          double scale, struct bf_loss_value *value, struct bf_err *err);

/* ---- optimizer.c: the optimiser on the graph's threads ---- */

/* The tensors in pieces; after the tensors are set. */
void bf_update_open(struct bf_trainer *trainer);
/* The norm of the gradient, over pieces in their order: the same bits for any number of threads. */
double bf_update_norm(struct bf_trainer *trainer);
void bf_update_step(struct bf_trainer *trainer, double learning_rate, double norm);

/* ---- set_nll.c ---- */

/* -log p summed over the labels of each of n examples. `each` (nullable) is called after every batch with how many are
 * done; false ends it with BF_INTERRUPTED. */
BF_MUST_CHECK enum bf_status bf_measure_nll(struct bf_graph *graph, const struct bf_examples *examples,
                                            const size_t *indices, size_t n, int64_t max_tokens, double *out,
                                            void *user, bool (*each)(void *user, size_t done), struct bf_err *err);
/* The mean a token over at most `most` examples, evenly chosen; 0 = all. *n_measured of them. */
BF_MUST_CHECK enum bf_status bf_measure_mean(struct bf_graph *graph, const struct bf_examples *examples, int64_t most,
                                             int64_t max_tokens, double *out, int64_t *n_measured, void *user,
                                             bool (*each)(void *user, size_t done), struct bf_err *err);

/* ---- reference.c ---- */

/* Fill trainer->reference for the examples that the steps to come use, from the cache in the work folder where it is of
 * the same model and data, else by computing. */
BF_MUST_CHECK enum bf_status bf_reference_make(struct bf_trainer *trainer, struct bf_err *err);

/* ---- training_checkpoint.c ---- */

/* Weights, moments, step, curve; atomic. */
BF_MUST_CHECK enum bf_status bf_training_save(const struct bf_trainer *trainer, struct bf_err *err);
/* Into a trainer whose tensors are there already. BF_STORE: of another training, cut short, damaged. */
BF_MUST_CHECK enum bf_status bf_training_load(struct bf_trainer *trainer, struct bf_err *err);
int64_t bf_training_bytes(const struct bf_trainer *trainer); /* of the file */

/* ---- training_record.c ---- */

BF_MUST_CHECK enum bf_status bf_training_write_settings(const struct bf_trainer *trainer, struct bf_err *err);
/* The model as `path`, and the adapter as `adapter` when that is not NULL or "", with the record in their key-values.
 * `stop`: why there were no more steps. */
BF_MUST_CHECK enum bf_status bf_training_save_model(struct bf_trainer *trainer, const char *path, const char *adapter,
                                                    const char *stop, struct bf_err *err);

/* ---- trainer_probe.c: questions between the steps (probes.h) ---- */

/* Ask the model as it was, or read what an earlier process asked; before the graph is open, since it takes memory.
 * Without job.probe nothing happens here and below. BF_INPUT: it knows none of the forget questions. */
BF_MUST_CHECK enum bf_status bf_probe_begin(struct bf_trainer *trainer, struct bf_err *err);
/* Is a probe due at this step that is not there yet? `last`: the training ends here. */
bool bf_probe_is_due(const struct bf_trainer *trainer, bool last);
/* Ask the model as it is now; keep its file if it is the best so far. BF_INTERRUPTED: nothing is kept, ask again. */
BF_MUST_CHECK enum bf_status bf_probe_step(struct bf_trainer *trainer, struct bf_err *err);
/* The best model becomes settings->out. BF_LIMIT when none keeps the limit. */
BF_MUST_CHECK enum bf_status bf_probe_end(struct bf_trainer *trainer, struct bf_err *err);
int64_t bf_probe_bytes(const struct bf_trainer *trainer); /* that probes may take of the work folder's disk */
/* Files of probes in a work folder, except those of step `keep`; -1 = all. */
void bf_probe_remove(const char *work, int64_t keep);

/* ---- trainer_data.c ---- */

/* The job's texts as trainer->forget, ->retain, ->general and ->alternates: those that the method reads. BF_INPUT when
 * one that it needs is missing. */
BF_MUST_CHECK enum bf_status bf_trainer_examples(struct bf_trainer *trainer, struct bf_err *err);

/* ---- targets.c ---- */

/* The words of job->targets as tokens, each as it begins a text and as it follows a space; all pieces of a word, as in
 * OBLIVIATE's code. BF_INPUT: words without a token. */
BF_MUST_CHECK enum bf_status bf_targets_read(struct bf_trainer *trainer, const struct bf_vocabulary *vocabulary,
                                             struct bf_err *err);
void bf_targets_mask(struct bf_trainer *trainer); /* after the graph is open */
void bf_targets_release(struct bf_trainer *trainer);

/* ---- trainer_graph.c: the graphs of a training ---- */

/* What the settings ask of the trained graph. Strings of the params live in `tensors` [3][64] and `names` [3]. */
void bf_trainer_params(const struct bf_trainer *trainer, char tensors[3][64], const char *names[3],
                       struct bf_graph_params *out);
/* Whether a loss is computed from the reference's distributions or states. */
bool bf_loss_needs_frozen(const struct bf_loss *loss);
/* trainer->graph with its optimiser, trainer->frozen when a loss needs it; checks memory, disk and vocabulary. */
BF_MUST_CHECK enum bf_status bf_trainer_open(struct bf_trainer *trainer, struct bf_err *err);
/* NLL of both sets under a GGUF, computed in F32. */
BF_MUST_CHECK enum bf_status bf_trainer_measure(struct bf_trainer *trainer, const char *model,
                                                struct bf_unlearn_nll *out, struct bf_err *err);

/* One line for people. */
void bf_trainer_notice(const struct bf_trainer *trainer, const char *format, ...) BF_PRINTF(2, 3);
/* A phase's progress. False when the user wants to stop. */
bool bf_trainer_tell(struct bf_trainer *trainer, const char *phase, int64_t done, int64_t of);

#endif
