/* A request in progress. Here is what all kinds share: the list of numbers, the way of an answer to its commit, the
 * counts. A kind (synth_domain.c, synth_rewrite.c, synth_textbook.c) decides what prompt number n is and what its
 * answer becomes. */
#ifndef BF_SYNTH_WORK_H
#define BF_SYNTH_WORK_H
#include "synth/ordered.h"

struct bf_work;

struct bf_work_ops {
    /* Create work->own and set work->progress.planned. */
    enum bf_status (*open)(struct bf_work *work);
    /* Take a sample that an earlier process committed, with its points. */
    enum bf_status (*replayed)(struct bf_work *work, struct bf_sample *sample, const struct bf_point *points,
                               size_t n_points);
    /* After the replay: set work->list to the numbers that remain. */
    enum bf_status (*begin)(struct bf_work *work);
    /* Fill in the prompt of number n, everything but q->index; its text may be in work->prompt. Temperature 0: the
     * likeliest token, always. */
    enum bf_status (*ask)(struct bf_work *work, int64_t number, struct bf_gen_request *q);
    /* The answer's turn has come: judge it, account for it, commit it. May change work->list; bf_work then advances
     * past `number`. */
    enum bf_status (*commit)(struct bf_work *work, int64_t number, const struct bf_waiting *answer);
    /* Update the numbers in work->progress, also before the end; may be NULL. */
    void (*summarise)(struct bf_work *work);
    void (*close)(struct bf_work *work);
};

struct bf_work {
    const struct bf_work_ops *ops;
    void *own; /* belongs to the kind */
    struct bf_task task;
    const struct bf_request *request; /* = task.request */
    const struct bf_template_set *templates;
    struct bf_engine *engine, *embedder;
    struct bf_progress progress;
    struct bf_err *err; /* of the run */
    struct bf_ordered list;
    struct bf_buf prompt;            /* of the number that is being issued or committed */
    struct bf_buf raw, text;         /* of the answer being committed */
    int64_t taken_tokens;            /* of answers that were delivered */
    int64_t n_committed, n_thoughts; /* answers of this process, and those that are only thoughts */
    bool over;                       /* `done` has been called */
};

extern const struct bf_work_ops bf_domain_ops, bf_rewrite_ops, bf_textbook_ops;

/* Open the task, replay it, and begin. On failure the work is released. */
BF_MUST_CHECK enum bf_status bf_work_open(struct bf_work *work, const struct bf_task *task,
                                          const struct bf_template_set *templates, struct bf_engine *engine,
                                          struct bf_engine *embedder, struct bf_err *err);
void bf_work_release(struct bf_work *work);
/* For the engine's callbacks. `number` counts within the request. An error in *status ends the run. */
enum bf_source bf_work_next(struct bf_work *work, struct bf_gen_request *q, enum bf_status *status);
BF_MUST_CHECK enum bf_status bf_work_take(struct bf_work *work, int64_t number, const struct bf_gen_answer *answer);

/* ---- for the kinds ---- */

/* For an answer that is a list: set work->raw to the cleaned answer, and work->text to the same without thoughts, which
 * is returned. */
const char *bf_work_set_list(struct bf_work *work, const struct bf_waiting *answer);
/* Set work->raw and work->text from the answer: cleaned, without thoughts, and cut after the last complete sentence
 * when the request wants that. Sets sample->text and sample->raw. */
void bf_work_set_text(struct bf_work *work, const struct bf_waiting *answer, struct bf_sample *sample);
/* A sample with the answer's numbers; everything else is empty, NaN or -1. */
struct bf_sample bf_work_sample(enum bf_stage stage, int64_t index, const struct bf_waiting *answer);
/* Count a decided sample, new or replayed. */
void bf_work_count(struct bf_work *work, const struct bf_sample *sample);
BF_MUST_CHECK enum bf_status bf_work_hand_over(struct bf_work *work, const struct bf_commit *commit);
/* The first reason of a guard, or NONE. `own` is the cosine to the domain's name, `centroid` the cosine to the kept
 * samples' centroid (NaN when there is none yet). */
enum bf_reason bf_work_guard(const struct bf_work *work, const float *vector, int32_t n_embd, double own,
                             double centroid);

#endif
