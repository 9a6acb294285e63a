/* Unlearning: a model, what it is to forget and what it is to keep, and a method give a GGUF. Here are the methods, the
 * settings and the training loop with its checkpoints. The network is in graph/graph.h, the losses are plain maths in
 * loss.h. Nothing is printed: the caller gets progress and notices through functions.
 *
 * How a caller uses this, in order:
 *
 * 1. bf_unlearn_settings_init with a method of bf_method_find gives the method's defaults.
 * 2. Set what the user wants otherwise: model, out, max_steps, ... Strings are owned by the settings.
 * 3. bf_unlearn_settings_choose sets what to train and the learning rate, where they are still unset.
 * 4. bf_unlearn_settings_check refuses what does not go together.
 * 5. bf_unlearn trains and writes the model.
 * 6. Keep the result (bf_unlearn_record), then bf_unlearn_remove_checkpoint. Not the other way round: until the record
 *    is kept, the checkpoint is what a crash is resumed from.
 * 7. bf_unlearn_result_release and bf_unlearn_settings_release, after a failure, too.
 *
 * After BF_INTERRUPTED, a crash or kill -9, with bf_unlearn_can_resume(dir): bf_unlearn_read_settings(dir, &s, &err) in
 * place of steps 1 to 4, then bf_unlearn with `resume`. A new training in a folder that has a checkpoint is refused:
 * remove the checkpoint first. Two trainings must not share a folder at a time (the caller locks it).
 *
 * Promise: same model file, settings, texts and machine -> the same bytes, with any number of threads, also after kill
 * -9 at any moment and a resume. */
#ifndef BF_UNLEARN_UNLEARN_H
#define BF_UNLEARN_UNLEARN_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "graph/graph.h"

/* A training keeps one point of its curve in memory for each step. */
enum { BF_UNLEARN_STEPS_MAX = 1000000 };

/* ---- methods: the table in methods.c ---- */

enum bf_schedule { BF_SCHEDULE_CONSTANT, BF_SCHEDULE_LINEAR, BF_SCHEDULE_COSINE, BF_SCHEDULE_COUNT };

struct bf_loss; /* loss.h */

/* Room for lists of the methods: rows of the table, and bytes of a name with its NUL. */
enum { BF_METHODS_MAX = 32, BF_METHOD_NAME_MAX = 16 };

/* loss = gamma forget + alpha retain + general_weight NLL(general). The numbers are defaults, from `source`. */
struct bf_method {
    const char *name;    /* "npo" */
    const char *title;   /* "negative preference optimisation" */
    const char *formula; /* one line, for people */
    const char *source;  /* the paper, and where the numbers are from */
    bool by_question;    /* altpo: its alternates are answers to the questions of the forget set */
    bool teaches;        /* the opposite of unlearning, for the models of an experiment */
    const struct bf_loss *forget;
    const struct bf_loss *retain; /* NULL = none */
    enum bf_train_kind train;     /* of a float model; BF_TRAIN_FULL becomes BF_TRAIN_LORA over quantised weights */
    double gamma, alpha, general_weight;
    double beta, delta;            /* > 0; nats a token */
    double importance;             /* satimp: >= 0 */
    double dual_step;              /* pdu: > 0: the retain set's weight follows its loss; else 0 */
    int32_t lora_rank;             /* 0 = 16 */
    double lora_alpha;             /* 0 = 32 */
    const char *lora_layers;       /* "4-7": blocks that have an adapter; NULL = all */
    double dual_warmup;            /* share of the steps in which it does not yet */
    int32_t skip_first;            /* ceu: labels at the beginning of each example that are not trained on */
    int32_t layer;                 /* rmu: states after this block, from 0; else -1 */
    double coefficient;            /* rmu: length of the direction */
    double learning_rate;          /* of whole tensors */
    double lora_learning_rate;     /* of an adapter */
    double decay, beta2, max_norm; /* AdamW; max_norm 0 = no clipping */
    enum bf_schedule schedule;
    double warmup, floor;      /* share of the steps; share of the learning rate */
    double epochs;             /* of the forget set; read when max_steps is 0 */
    int32_t max_steps;         /* 0 = by epochs; at most BF_UNLEARN_STEPS_MAX */
    int32_t batch, accumulate; /* examples of each set in a batch; batches in a step */
    int32_t renamed;           /* copies of each text with invented names; 0 = none */
};
/* NULL when there is none of that name. */
const struct bf_method *bf_method_find(const char *name);
/* Row i of the table, from 0; NULL after the last. */
const struct bf_method *bf_method_at(size_t i);
/* dpo learns from questions and answers alone: from the pairs of a set, and with mixed data from its texts as answers.
 */
bool bf_method_needs_pairs(const struct bf_method *method);
/* Appends the names of the methods that unlearn, in the table's order, as "a, b or c". */
void bf_methods_list(struct bf_buf *out);
/* Appends a line for each method: its formula, the data that it needs, its numbers, their source. Lines are separated
 * by \n. */
void bf_methods_describe(struct bf_buf *out);

/* ---- texts ---- */

/* The records of a set, in order. Zero-initialise; owned: bf_unlearn_texts_release. */
struct bf_unlearn_texts {
    struct bf_unlearn_text {
        char *text;              /* never NULL */
        char *question, *answer; /* both or neither */
        char *topic;             /* what the text is about: its point, or the domain; NULL = unknown */
        char *asked;             /* a question that the text answers; NULL = unknown */
    } * items;
    size_t n, n_pairs;
    char **names; /* [n_names] in records without a topic, for copies with invented ones; may be here twice */
    size_t n_names;
};
/* Copies the strings. A pair needs both `question` and `answer`, NULL otherwise. Amortised constant time. */
void bf_unlearn_texts_add(struct bf_unlearn_texts *texts, const char *text, const char *question, const char *answer);
/* What the last text added is about, and a question that it answers; NULL = unknown. Copies. */
void bf_unlearn_texts_describe(struct bf_unlearn_texts *texts, const char *topic, const char *asked);
/* A name [n] that records without a topic have; the first letter tells words that are names. Copies. */
void bf_unlearn_texts_name(struct bf_unlearn_texts *texts, const char *name, size_t n);
void bf_unlearn_texts_release(struct bf_unlearn_texts *texts);

/* ---- settings ---- */

enum bf_unlearn_data {               /* how texts become examples */
                       BF_DATA_AUTO, /* as pairs when every record of the set is one */
                       BF_DATA_QA,   /* the pairs of the set; loss on the answers */
                       BF_DATA_TEXT, /* all records; loss on all tokens */
                       BF_DATA_MIXED /* each record in the forms of request/forms.h */
};

enum bf_npo_norm {                  /* what NPO's preference is of */
                   BF_NPO_SEQUENCE, /* the log-ratio of a sequence, as in the paper: a long text saturates it at once */
                   BF_NPO_TOKEN,    /* that by the number of label tokens */
};

/* Everything that decides which bytes come out, beside the texts and the model. JSON of it is the record of a training;
 * there, methods, losses and enums are words. Strings are owned and never NULL after init. */
struct bf_unlearn_settings {
    const struct bf_method *method;
    char *model, *forget, *retain, *general, *alternates,
        *targets;             /* as given; "" = none. For resuming and the record */
    char *out, *adapter;      /* the GGUF; the adapter beside it, "" = none */
    char *lora_layers;        /* "4-7"; "" = all blocks */
    char *chat;               /* "auto", "none", or a template's name */
    enum bf_train_kind train; /* BF_TRAIN_NONE = not chosen yet */
    enum bf_unlearn_data data;
    char *forms;                       /* of mixed data, as bf_forms_write has it; not read with other data */
    const struct bf_loss *retain_loss; /* NULL = none */
    enum bf_npo_norm npo_norm;
    enum bf_schedule schedule;
    enum bf_graph_save_type type; /* of the trained weights in the file */
    uint64_t seed;
    double gamma, alpha, general_weight, beta, delta, coefficient;
    int64_t layer;
    double importance;
    int64_t skip_first;
    double dual_step, dual_warmup;
    double retain_limit;  /* pdu: of the retain set's loss; 0 = a tenth of its NLL above what it is before */
    double learning_rate; /* NaN = not chosen yet */
    double decay, beta1, beta2, epsilon, max_norm, warmup, floor;
    double epochs;
    int64_t max_steps, batch, accumulate, max_length; /* max_length: tokens of an example */
    int64_t min_steps; /* of a length by epochs, at most BF_UNLEARN_STEPS_MAX; 0 = none */
    int64_t renamed;   /* kl: copies of each text with invented names to keep the model as it is about; 0 = none */
    bool pack;         /* texts joined and cut into pieces of max_length; else each is its own. Not of mixed data */
    int64_t lora_rank;
    double lora_alpha;
    int64_t measure;         /* examples of each set that NLL is measured over; 0 = all */
    int64_t evaluate_every;  /* steps between two checks of the stop rules */
    double stop_forget_nll;  /* stop when the forget set's NLL is above; nats a token; 0 = never */
    double stop_retain_rise; /* percent; 0 = never */
    double max_loss;         /* nats a token of a batch, beyond which a training has diverged; 0 = any that is finite */
    int64_t checkpoint_every; /* steps; 0 = none but at an interruption */
    int64_t threads;          /* 0 = all cores */
    bool less_memory, bf16;
    char *probe, *probe_retain; /* sets of questions; "" = none. Which ones are asked is the caller's */
    int64_t probe_every;        /* steps; 0 = chosen from the costs */
    double retain_accuracy_drop;
};
/* The method's defaults; `train` and `learning_rate` unset. Release in every case. */
void bf_unlearn_settings_init(struct bf_unlearn_settings *settings, const struct bf_method *method);
void bf_unlearn_settings_release(struct bf_unlearn_settings *settings);
/* Sets a field that is kept as a word: "train", "data", "retain_loss", "schedule", "type". False when it does not know
 * the word. */
bool bf_unlearn_settings_word(struct bf_unlearn_settings *settings, const char *field, const char *word);
/* A range of blocks, as struct bf_graph_params has it: "4-7"; "" and "all" are 0 and -1. False for anything else. */
bool bf_unlearn_layers(const char *text, int32_t *first, int32_t *last);
/* The words that a user may give for such a field or for "method", as "a|b|c" into out [size]. */
void bf_unlearn_choices(const char *field, char *out, size_t size);
enum { BF_UNLEARN_CHOICES_MAX = BF_METHODS_MAX * (BF_METHOD_NAME_MAX + 1) }; /* the methods are the longest list */
/* Chooses what is still unset: every weight of a float model, an adapter beside quantised weights, unless the method
 * trains something else; and the method's learning rate for that. BF_MODEL: a model that cannot be read. */
BF_MUST_CHECK enum bf_status bf_unlearn_settings_choose(struct bf_unlearn_settings *settings, struct bf_err *err);
/* After choosing. BF_USAGE: settings that do not go together; the sentence names the options of `biforget unlearn`. */
BF_MUST_CHECK enum bf_status bf_unlearn_settings_check(const struct bf_unlearn_settings *settings, struct bf_err *err);
/* BF_INPUT: a training on `n_texts` texts, the longest of `longest` tokens, does not fit into free memory. */
BF_MUST_CHECK enum bf_status bf_unlearn_check_memory(const struct bf_unlearn_settings *settings, int64_t n_texts,
                                                     int64_t longest, struct bf_err *err);
json_t *bf_unlearn_settings_json(const struct bf_unlearn_settings *settings); /* new reference */
/* BF_STORE when a field is missing or of another kind. Release in every case. */
BF_MUST_CHECK enum bf_status bf_unlearn_settings_parse(const json_t *json, struct bf_unlearn_settings *out,
                                                       struct bf_err *err);

/* ---- a training ---- */

struct bf_unlearn_progress {
    int64_t step, n_steps;
    double loss, forget_loss, retain_loss,
        general_loss; /* of the last step; NaN for a term that the method does not have */
    double learning_rate, gradient_norm;
    double gradient_left;                   /* as of bf_unlearn_point */
    double tokens_per_second, seconds_left; /* of this process; 0 outside "training" */
    const char *phase;                      /* "measuring", "reference", "training", "saving" */
    int64_t done, of;                       /* of the phase; of 0 = unknown */
};

struct bf_unlearn_point { /* one step of the loss curve */
    int64_t step;         /* from 1 */
    double loss, forget_loss, retain_loss, general_loss, learning_rate, gradient_norm;
    /* How much of the forget gradient is left: its mean weight in the step, as a share of its weight where the model is
     * still as it was (without a reference: where it is sure of the text; of a distillation: where its teacher is as
     * far as can be). NaN for a loss that does not fade. */
    double gradient_left;
    double retain_weight; /* alpha of this step, of a method that changes it; else NaN */
};
/* Below this share a training is told that later steps train the retain set alone. */
#define BF_GRADIENT_LEFT_LOW 0.01

struct bf_unlearn_nll {         /* mean nats a token */
    double forget, retain;      /* NaN without a retain set */
    int64_t n_forget, n_retain; /* examples */
};

/* What was made of a set: examples, and the tokens of them that have a label. */
struct bf_unlearn_made {
    int64_t n_chat, chat_labels, n_raw, raw_labels;
};

/* Questions that were asked of a model between two steps, and how many of them it answered rightly. Only questions that
 * the model answered rightly before the first step count. */
struct bf_unlearn_probe {
    int64_t step; /* 0: the model as it was */
    int64_t forget_right, retain_right;
};
struct bf_unlearn_probes {
    struct bf_unlearn_probe *items; /* [n] in the order of the steps, the first of step 0; NULL without probing */
    size_t n;
    int64_t n_forget, n_retain;         /* questions */
    int64_t forget_known, retain_known; /* of them known before the first step, once n > 0 */
    int64_t every;                      /* steps between two probes */
    double retain_drop;                 /* share of the known retain questions that may be lost: the limit */
    int64_t chosen;                     /* the step whose model was written; 0: none, no probe keeps the limit */
    double seconds;                     /* of this process */
};

struct bf_unlearn_result {
    struct bf_unlearn_nll before, after;
    int64_t n_steps, planned_steps;
    const char *stop; /* "finished", "forget_nll", "retain_rise", "asked" (--finish); NULL after a failure */
    struct bf_unlearn_point *curve; /* [n_curve] */
    size_t n_curve;
    double train_seconds; /* of this process */
    int64_t train_tokens;
    char model_sha256[65], forget_sha256[65], retain_sha256[65];
    int64_t n_forget, n_retain, n_general; /* examples */
    struct bf_unlearn_made forget_made, retain_made, general_made;
    bool pairs;                      /* the forget set was taken as question-answer pairs */
    struct bf_unlearn_probes probes; /* zero without job.probe */
};
/* Was the model asked, and knew none of the forget questions? Then no step was taken. */
bool bf_unlearn_knows_none(const struct bf_unlearn_result *result);
void bf_unlearn_result_release(struct bf_unlearn_result *result);

/* Which questions a model answers rightly. `known` is NULL before the first step; then only questions that were right
 * at that time need to be asked again. */
struct bf_unlearn_asked {
    const bool *known_forget, *known_retain; /* [n_forget], [n_retain] or NULL */
    bool *forget, *retain;                   /* [n_forget], [n_retain] out: right. All false at the call */
};

struct bf_unlearn_job {
    const struct bf_unlearn_settings *settings;               /* chosen and checked */
    const char *work;                                         /* folder of checkpoints; created when missing */
    const struct bf_unlearn_texts *forget, *retain, *general; /* the last two may be NULL or empty */
    /* dpo: answers that do not answer; pairs: other answers to the forget set's questions */
    const struct bf_unlearn_texts *alternates;
    const struct bf_unlearn_texts *targets; /* obliviate: words to strike out; may be NULL or empty */
    bool resume;                            /* a checkpoint has to exist; otherwise none may */
    bool finish;                            /* with resume: save what the checkpoint has, without a further step */
    void *user;                             /* of the functions, each of which may be NULL */
    void (*progress)(void *user, const struct bf_unlearn_progress *progress);
    void (*notice)(void *user, const char *line);
    bool (*interrupted)(void *user);
    /* Asks the model in this file, a GGUF that this training has just written or the source, n_forget questions about
     * what is to be forgotten and n_retain about what is to be kept; the same answers for the same file. NULL = no
     * probes: the model of the last step is written. With probes it is that of the best one (docs/unlearning.md). */
    enum bf_status (*probe)(void *user, const char *model, struct bf_unlearn_asked *asked, struct bf_err *err);
    int64_t n_probe_forget, n_probe_retain; /* n_probe_forget >= 1 */
    const char *probe_sha256;               /* of all questions and answers: a resume has to ask the same */
};
/* BF_INPUT: texts that cannot be learnt from, a layer that the model does not have, memory, or a model that knows none
 * of the forget questions (bf_unlearn_knows_none says whether it is that). BF_MODEL: the model; a loss that is not
 * finite any more (the sentence names step and batch; the last checkpoint stays). BF_STORE: the disk (checked before
 * the first step), a checkpoint of another training. BF_INTERRUPTED: saved. BF_LIMIT: trained, but no probe keeps the
 * limit, so that no model is written. *result is filled as far as it went: release it. After BF_OK the last checkpoint
 * is still in the folder, since the caller has to keep the result first: bf_unlearn_remove_checkpoint.
 */
BF_MUST_CHECK enum bf_status bf_unlearn(const struct bf_unlearn_job *job, struct bf_unlearn_result *result,
                                        struct bf_err *err);

/* Is there a checkpoint in the folder? */
bool bf_unlearn_can_resume(const char *work);
/* After the model and the record are kept, or to start over. No error when there is none. */
void bf_unlearn_remove_checkpoint(const char *work);
/* The settings that the training in a folder was started with. BF_STORE when there are none, or they cannot be read.
 * Release in every case. */
BF_MUST_CHECK enum bf_status bf_unlearn_read_settings(const char *work, struct bf_unlearn_settings *out,
                                                      struct bf_err *err);
/* What was made of each set that there is: {"forget": {"chat_pairs", "chat_label_tokens", "raw_texts",
 * "raw_label_tokens"}, "retain": ..., "general": ...}. New reference. */
json_t *bf_unlearn_made_json(const struct bf_unlearn_result *result);
/* The record of a training as JSON: settings, hashes, losses. New reference. */
json_t *bf_unlearn_record(const struct bf_unlearn_settings *settings, const struct bf_unlearn_result *result);
/* Did the training of this record write a model? Not when no probe kept the limit. */
bool bf_unlearn_record_has_model(const json_t *record);

#endif
