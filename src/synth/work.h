/* A request being worked on. What all kinds share is here: the list of numbers, the way of an answer to its commit, the
 * counting. A kind (synth_domain.c, synth_rewrite.c, synth_textbook.c) says what number n asks and what its answer
 * becomes. */
#ifndef BF_SYNTH_WORK_H
#define BF_SYNTH_WORK_H
#include "synth/ordered.h"

struct bf_work;

struct bf_work_ops {
    /* Make work->own and work->progress.planned. */
    enum bf_status (*open)(struct bf_work *work);
    /* A committed sample of an earlier process, with its points. */
    enum bf_status (*replayed)(struct bf_work *work, struct bf_sample *sample, const struct bf_point *points,
                               size_t n_points);
    /* After the replay: set work->list to what is left. */
    enum bf_status (*begin)(struct bf_work *work);
    /* What number n asks: fill everything but q->index; the prompt may live in work->prompt. */
    enum bf_status (*ask)(struct bf_work *work, int64_t number, struct bf_gen_request *q);
    /* The answer's turn has come: judge, account, hand over; may change work->list (bf_work advances behind
     * `number`). */
    enum bf_status (*commit)(struct bf_work *work, int64_t number, const struct bf_waiting *answer);
    /* Bring the figures of work->progress up to date, also before the end; nullable. */
    void (*summarise)(struct bf_work *work);
    void (*close)(struct bf_work *work);
};

struct bf_work {
    const struct bf_work_ops *ops;
    void *own; /* the kind's */
    struct bf_task task;
    const struct bf_request *request; /* = task.request */
    const struct bf_template_set *templates;
    struct bf_engine *engine, *embedder;
    struct bf_progress progress;
    struct bf_err *err; /* of the run */
    struct bf_ordered list;
    struct bf_buf prompt;            /* of the number being asked or committed */
    struct bf_buf raw, text;         /* of the answer being committed */
    int64_t taken_tokens;            /* of answers that were delivered */
    int64_t n_committed, n_thoughts; /* answers of this process, and those that are nothing but a model's thoughts */
    bool over;                       /* handed to `done` */
};

extern const struct bf_work_ops bf_domain_ops, bf_rewrite_ops, bf_textbook_ops;

/* Open, replay, begin. On failure the work is released. */
BF_MUST_CHECK enum bf_status bf_work_open(struct bf_work *work, const struct bf_task *task,
                                          const struct bf_template_set *templates, struct bf_engine *engine,
                                          struct bf_engine *embedder, struct bf_err *err);
void bf_work_release(struct bf_work *work);
/* The engine's side. `number` is the request's own. ERROR in *status ends the run. */
enum bf_source bf_work_next(struct bf_work *work, struct bf_gen_request *q, enum bf_status *status);
BF_MUST_CHECK enum bf_status bf_work_take(struct bf_work *work, int64_t number, const struct bf_gen_answer *answer);

/* ---- for the kinds ---- */

/* For an answer that is a list: work->raw as it came, cleaned, work->text without thoughts, which is returned. */
const char *bf_work_set_list(struct bf_work *work, const struct bf_waiting *answer);
/* work->raw and work->text from the answer: cleaned, without thoughts, and cut after the last whole sentence when the
 * request wants it. Sets sample->text and ->raw. */
void bf_work_set_text(struct bf_work *work, const struct bf_waiting *answer, struct bf_sample *sample);
/* A sample with the answer's figures; what it does not say is empty, NaN or -1. */
struct bf_sample bf_work_sample(enum bf_stage stage, int64_t index, const struct bf_waiting *answer);
/* Count a decided sample, fresh or replayed. */
void bf_work_count(struct bf_work *work, const struct bf_sample *sample);
BF_MUST_CHECK enum bf_status bf_work_hand_over(struct bf_work *work, const struct bf_commit *commit);
/* The first reason by the guards, or NONE. `own` is the cosine to the domain's name, `centroid` to the kept samples'
 * centroid (NaN while there is none). */
enum bf_reason bf_work_guard(const struct bf_work *work, const float *vector, int32_t n_embd, double own,
                             double centroid);

#endif
