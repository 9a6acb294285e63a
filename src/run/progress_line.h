/* The progress line of a run: live on a terminal, a plain line every few seconds elsewhere. */
#ifndef BF_RUN_PROGRESS_LINE_H
#define BF_RUN_PROGRESS_LINE_H
#include "base/log.h"
#include "synth/synth.h"

struct bf_progress_line {
    struct bf_log *log;
    double last_seconds; /* elapsed time of the last line */
    double rate_seconds; /* start of the window that the rate is measured over */
    int64_t rate_tokens, rate_answers;
    double tokens_per_second, answers_per_second;
};
void bf_progress_line_init(struct bf_progress_line *line, struct bf_log *log);
void bf_progress_line_show(struct bf_progress_line *line, const struct bf_progress *progress);

#endif
