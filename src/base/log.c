/* Messages on stderr. They may quote model text, which is cleaned so that it cannot control the terminal or forge a
 * second line. */
#include "base/log.h"

#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/utf8.h"

#include "base/banned.h"

#define MESSAGE_MAX 8192
#define WIDTH_UNKNOWN 80
#define RELAY_COLUMNS 500
#define LIVE_SECONDS 0.25
#define RELAY_SECONDS 1.0
#define PLAIN_SECONDS 5.0

#define RED "\033[31m"
#define YELLOW "\033[33m"
#define PLAIN "\033[0m"
#define ERASE_TO_END "\033[K"

static int relay_from_environment(void)
{
    const char *text = getenv(BF_LOG_RELAY_VARIABLE);
    char *end = NULL;
    struct stat info;
    const long fd = text && *text ? strtol(text, &end, 10) : -1;
    return fd > STDERR_FILENO && fd <= INT_MAX && *end == '\0' && fstat((int)fd, &info) == 0 && S_ISFIFO(info.st_mode)
               ? (int)fd
               : -1;
}

void bf_log_init(struct bf_log *log, FILE *stream, bool quiet)
{
    const char *term = getenv("TERM");
    const char *no_color = getenv("NO_COLOR");

    log->stream = stream;
    log->quiet = quiet;
    /* A dumb terminal cannot overwrite its line, so it gets plain lines, like a file. */
    log->tty = isatty(fileno(stream)) && term && strcmp(term, "dumb") != 0;
    log->colour = log->tty && !(no_color && no_color[0] != '\0');
    log->live = false;
    log->relay = relay_from_environment();
}

/* Append `text`, cleaned and cut to `columns`. Characters from U+1100 on count as two columns, which they may need. */
static void clean_line(struct bf_buf *out, const char *text, size_t columns)
{
    size_t n = strlen(text);
    size_t used = 0;

    for (size_t i = 0; i < n;) {
        struct bf_utf8_seen seen;
        i += bf_utf8_see(text + i, n - i, &seen);
        const size_t wide = seen.cp < 0x1100 || seen.cp == 0xFFFD ? 1 : 2;
        if (used + wide > columns)
            return;
        used += wide;
        bf_buf_put(out, seen.text, seen.n);
    }
}

/* Print one line; a live line is erased first. */
static void put_line(struct bf_log *log, const char *prefix, const char *colour, const char *text)
{
    struct bf_buf line;

    bf_buf_init(&line, 4 * MESSAGE_MAX);
    if (log->live)
        bf_buf_puts(&line, "\r" ERASE_TO_END);
    log->live = false;
    if (log->colour && colour)
        bf_buf_printf(&line, "%s%s%s", colour, prefix, PLAIN);
    else
        bf_buf_puts(&line, prefix);
    clean_line(&line, text, SIZE_MAX);
    bf_buf_putc(&line, '\n');
    /* When stderr itself fails, nothing can be reported. */
    (void)fwrite(line.data, 1, line.len, log->stream);
    (void)fflush(log->stream);
    bf_buf_release(&line);
}

void bf_log_info(struct bf_log *log, const char *format, ...)
{
    char text[MESSAGE_MAX];
    va_list args;

    if (log->quiet)
        return;
    va_start(args, format);
    if (vsnprintf(text, sizeof text, format, args) >= 0)
        put_line(log, "", NULL, text);
    va_end(args);
}

void bf_log_warn(struct bf_log *log, const char *format, ...)
{
    char text[MESSAGE_MAX];
    va_list args;

    if (log->quiet)
        return;
    va_start(args, format);
    if (vsnprintf(text, sizeof text, format, args) >= 0)
        put_line(log, "biforget: warning: ", YELLOW, text);
    va_end(args);
}

void bf_log_error(struct bf_log *log, const struct bf_err *err)
{
    put_line(log, "biforget: ", RED, err->text[0] != '\0' ? err->text : bf_status_text(err->status));
}

static size_t width_of(FILE *stream)
{
    struct winsize size;

    if (ioctl(fileno(stream), TIOCGWINSZ, &size) != 0 || size.ws_col < 2)
        return WIDTH_UNKNOWN;
    return size.ws_col;
}

bool bf_log_has_live(const struct bf_log *log)
{
    return !log->quiet || log->relay >= 0;
}

double bf_log_live_every(const struct bf_log *log)
{
    return log->relay >= 0 ? RELAY_SECONDS : log->tty ? LIVE_SECONDS : PLAIN_SECONDS;
}

static void relay_line(const struct bf_log *log, const char *text)
{
    struct bf_buf line;
    bf_buf_init(&line, PIPE_BUF);
    clean_line(&line, text, RELAY_COLUMNS);
    bf_buf_putc(&line, '\n');
    /* At most PIPE_BUF bytes arrive in one piece. When the pipe is full, the line is lost. */
    if (write(log->relay, line.data, line.len) < 0)
        (void)line;
    bf_buf_release(&line);
}

void bf_log_live(struct bf_log *log, const char *text)
{
    struct bf_buf line;

    if (log->relay >= 0)
        relay_line(log, text);
    if (log->quiet)
        return;
    if (!log->tty) {
        put_line(log, "", NULL, text);
        return;
    }
    bf_buf_init(&line, 4 * MESSAGE_MAX);
    bf_buf_putc(&line, '\r');
    /* The last column stays free: some terminals wrap as soon as it is filled. */
    clean_line(&line, text, width_of(log->stream) - 1);
    bf_buf_puts(&line, ERASE_TO_END);
    (void)fwrite(line.data, 1, line.len, log->stream);
    (void)fflush(log->stream);
    log->live = true;
    bf_buf_release(&line);
}

void bf_log_live_end(struct bf_log *log)
{
    if (!log->live)
        return;
    (void)fputc('\n', log->stream);
    (void)fflush(log->stream);
    log->live = false;
}
