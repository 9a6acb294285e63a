/* The questions that a training asks between its steps, and asking them: greedily, in the chat template, of a GGUF that
 * the training has just written. Read them (bf_probe_questions_read), take them out of what is trained on
 * (bf_probe_questions_apart), give bf_probe_questions_ask to the training, release. */
#ifndef BF_RUN_PROBE_ANSWERS_H
#define BF_RUN_PROBE_ANSWERS_H
#include <stdbool.h>
#include <stddef.h>

#include "base/log.h"
#include "run/unlearn_sets.h"
#include "sets/pairs.h"
#include "unlearn/unlearn.h"

/* Of a larger set so many are asked, evenly spaced. */
enum { BF_PROBE_QUESTIONS_MAX = 60 };
/* What `--probe none` says. */
#define BF_PROBE_NONE "none"

struct bf_probe_questions {
    struct bf_pairs forget, retain; /* with a question each, no two with the same one; no forget question in retain */
    char sha256[65];                /* of all questions and answers */
    const struct bf_unlearn_settings *settings; /* borrowed */
};

/* The default sets of a training on `forget`: probes.jsonl and neighbours.jsonl of a run folder, where they are. *out:
 * free(); NULL when there is none. */
void bf_probe_default_sets(const char *forget, char **probe, char **probe_retain);
/* The questions of settings->probe and ->probe_retain; none when these are "" or "none". BF_INPUT: a set that cannot be
 * read, or has no question. Release *out in every case. */
BF_MUST_CHECK enum bf_status bf_probe_questions_read(const struct bf_unlearn_settings *settings, struct bf_log *log,
                                                     struct bf_probe_questions *out, struct bf_err *err);
/* Leave records out of the sets whose question is asked, as it is written or but for case, accents and punctuation: a
 * probe that was trained on shows nothing. Says how many. BF_INPUT: every forget question is one that is trained on, or
 * nothing is left to train on. */
BF_MUST_CHECK enum bf_status bf_probe_questions_apart(const struct bf_probe_questions *questions,
                                                      struct bf_unlearn_sets *sets, struct bf_log *log,
                                                      struct bf_err *err);
void bf_probe_questions_release(struct bf_probe_questions *questions);

/* As bf_unlearn_job.probe. */
BF_MUST_CHECK enum bf_status bf_probe_questions_ask(const struct bf_probe_questions *questions, const char *model,
                                                    struct bf_unlearn_asked *asked, struct bf_err *err);

#endif
