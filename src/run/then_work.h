/* The work behind --then while it goes on: its files, its state, and how a step is taken. Private to the room. */
#ifndef BF_RUN_THEN_WORK_H
#define BF_RUN_THEN_WORK_H
#include <limits.h>

#include "base/child.h"
#include "run/then.h"

struct bf_then_work {
    const struct bf_then_job *job;
    char dir[PATH_MAX]; /* absolute: a training that is resumed elsewhere still finds its files */
    char *output, *work, *log_path, *forget, *retain;
    char *questions;           /* pairs of the forget set */
    char *probes, *neighbours; /* the run's own; asked in place of them */
    struct bf_then_state state;
    bool has_retain, has_questions, has_probes;
    size_t n_done, n_all;
};

void bf_then_add_number(struct bf_command_line *command, const char *option, int64_t value);
void bf_then_add_pair(struct bf_command_line *command, const char *option, const char *value);
/* --threads, --gpu-layers with `gpu`, --quiet, --json. */
void bf_then_add_machine(const struct bf_then_work *work, struct bf_command_line *command, bool gpu);
/* Run the command unless `step`, a part of the state, is done already, and write the state. A step that fails
 * may keep a reason instead of a result (bf_then_keeps_reason): one that is not needed then ends with BF_OK, one that
 * is needed fails with it, now and whenever it is taken again. */
BF_MUST_CHECK enum bf_status bf_then_take(struct bf_then_work *work, struct bf_then_step *step, bool needed,
                                          const char *title, const struct bf_command_line *command, struct bf_err *err);

/* Checkpoints of the wish's method in the folder: what is trained next starts over. With `rounds_only` the first
 * training's stays. */
void bf_then_remove_checkpoints(const char *dir, const struct bf_then_wish *wish, bool rounds_only);

/* The rounds that the wish asks for, after the first training. work->output becomes the model of the best one. */
BF_MUST_CHECK enum bf_status bf_then_rounds(struct bf_then_work *work, struct bf_err *err);

#endif
