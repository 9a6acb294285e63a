/* Messages for people on stderr. There is no global state: functions that print get a struct bf_log. */
#ifndef BF_BASE_LOG_H
#define BF_BASE_LOG_H
#include <stdbool.h>
#include <stdio.h>

#include "base/err.h"

struct bf_log {
    FILE *stream; /* stderr, or a test's file */
    bool quiet;   /* only errors */
    bool tty;     /* the stream is a terminal: live line allowed */
    bool colour;  /* tty, and neither NO_COLOR nor TERM=dumb */
    bool live;    /* private: there is a live line on the screen */
    /* private: a pipe of the program that started this one, which shows live lines in its own; -1 = none */
    int relay;
};

/* The environment variable that names the relay's file descriptor. Anything but a pipe is ignored. */
#define BF_LOG_RELAY_VARIABLE "BIFORGET_PROGRESS_FD"

void bf_log_init(struct bf_log *log, FILE *stream, bool quiet);
void bf_log_info(struct bf_log *log, const char *format, ...) BF_PRINTF(2, 3); /* one line, dropped when quiet */
void bf_log_warn(struct bf_log *log, const char *format, ...) BF_PRINTF(2, 3); /* "biforget: warning: ..." */
void bf_log_error(struct bf_log *log, const struct bf_err *err);               /* "biforget: ..." */
/* Would bf_log_live show anything? *seconds: how far apart its lines should be. */
bool bf_log_has_live(const struct bf_log *log);
double bf_log_live_every(const struct bf_log *log);
/* On a terminal: overwrite the live line with this text (cut to the width). Elsewhere: a plain line. To the relay also
 * when quiet. */
void bf_log_live(struct bf_log *log, const char *text);
void bf_log_live_end(struct bf_log *log); /* end the live line and start a new one */

#endif
