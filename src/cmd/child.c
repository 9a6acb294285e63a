#include "cmd/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "cmd/interrupt.h"

#include "base/banned.h"

enum { TAIL_BYTES = 8192, LOOK_MS = 500 };

void bf_command_line_add(struct bf_command_line *list, const char *word)
{
    list->words = bf_grow(list->words, list->n + 2, sizeof *list->words);
    list->words[list->n++] = bf_strdup(word);
    list->words[list->n] = NULL;
}

void bf_command_line_release(struct bf_command_line *list)
{
    for (size_t i = 0; i < list->n; i++)
        free(list->words[i]);
    free(list->words);
    *list = (struct bf_command_line){0};
}

static void put_quoted(struct bf_buf *out, const char *word)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-./:=,+@%";
    if (*word && word[strspn(word, plain)] == '\0') {
        bf_buf_puts(out, word);
        return;
    }
    bf_buf_putc(out, '\'');
    for (; *word; word++)
        if (*word == '\'')
            bf_buf_puts(out, "'\\''");
        else
            bf_buf_putc(out, *word);
    bf_buf_putc(out, '\'');
}

char *bf_command_line_text(const struct bf_command_line *list)
{
    struct bf_buf out;
    bf_buf_init(&out, 1 << 20);
    bf_buf_puts(&out, "biforget");
    for (size_t i = 0; i < list->n; i++) {
        bf_buf_putc(&out, ' ');
        put_quoted(&out, list->words[i]);
    }
    return bf_buf_take(&out);
}

/* In the child: never returns. Only calls that are allowed between fork and exec. */
_Noreturn static void become(char *const *argv, int out, int log, pid_t parent)
{
    (void)prctl(PR_SET_PDEATHSIG, SIGTERM);
    const int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (getppid() == parent && null >= 0 && dup2(null, 0) >= 0 && dup2(out, 1) >= 0 && (log < 0 || dup2(log, 2) >= 0))
        execv("/proc/self/exe", argv);
    _exit(127);
}

static enum bf_status read_all(int fd, pid_t child, struct bf_buf *out, struct bf_err *err)
{
    char bytes[65536];
    bool told = false;
    for (;;) {
        /* poll is what a signal ends; in a read that starts again nobody would look. */
        struct pollfd wanted = {.fd = fd, .events = POLLIN};
        const int ready = poll(&wanted, 1, LOOK_MS);
        if (bf_interrupted() && !told)
            told = kill(child, SIGTERM) == 0;
        if (ready == 0 || (ready < 0 && errno == EINTR))
            continue;
        const ssize_t n = read(fd, bytes, sizeof bytes);
        if (n == 0)
            return BF_OK;
        if (n > 0)
            bf_buf_put(out, bytes, (size_t)n);
        else if (errno != EINTR)
            return bf_fail(err, BF_STORE, "cannot read what a command answers: %s", bf_errno_text(errno));
    }
}

/* The last line of the log, without "biforget: ". */
static char *last_line(const char *log_path)
{
    char bytes[TAIL_BYTES + 1] = {0};
    size_t n = 0;
    const int fd = open(log_path, O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
        struct stat info;
        if (fstat(fd, &info) == 0 && info.st_size > TAIL_BYTES)
            (void)lseek(fd, -TAIL_BYTES, SEEK_END);
        const ssize_t got = read(fd, bytes, TAIL_BYTES);
        n = got > 0 ? (size_t)got : 0;
        close(fd);
    }
    while (n > 0 && (bytes[n - 1] == '\n' || bytes[n - 1] == '\r'))
        n--;
    bytes[n] = '\0';
    const char *line = strrchr(bytes, '\n');
    line = line ? line + 1 : bytes;
    if (strncmp(line, "biforget: ", 10) == 0)
        line += 10;
    return bf_strdup(*line ? line : "it said nothing");
}

static enum bf_status outcome(int result, const struct bf_command_line *command, const char *log_path,
                              struct bf_err *err)
{
    if (WIFEXITED(result) && WEXITSTATUS(result) == 0)
        return BF_OK;
    if (bf_interrupted())
        return bf_fail(err, BF_INTERRUPTED, "interrupted");
    enum bf_status status = BF_MODEL;
    static const enum bf_status known[] = {BF_USAGE, BF_INPUT, BF_MODEL, BF_STORE, BF_INTERRUPTED};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (WIFEXITED(result) && WEXITSTATUS(result) == (int)known[i])
            status = known[i];
    if (status == BF_INTERRUPTED)
        return bf_fail(err, status, "interrupted");
    char *text = bf_command_line_text(command);
    char *line = log_path ? last_line(log_path) : NULL;
    if (WIFSIGNALED(result))
        bf_fail(err, status, "signal %d ended '%.300s'%s%s%s", WTERMSIG(result), text,
                log_path ? "; what it said is in '" : "", log_path ? log_path : "", log_path ? "'" : "");
    else if (!log_path)
        bf_fail(err, status, "no result of '%.300s', for the reason above", text);
    else
        bf_fail(err, status, "%.400s (from '%.300s'; what it said is in '%s')", line, text, log_path);
    free(text);
    free(line);
    return status;
}

enum bf_status bf_child_run(const struct bf_command_line *command, const char *log_path, struct bf_buf *out,
                            struct bf_err *err)
{
    int signal;
    return bf_child_run_watched(command, log_path, out, &signal, err);
}

enum bf_status bf_child_run_watched(const struct bf_command_line *command, const char *log_path, struct bf_buf *out,
                                    int *signal, struct bf_err *err)
{
    int ends[2] = {-1, -1}, log = -1, result = 0;
    pid_t child = -1;
    const pid_t parent = getpid();
    enum bf_status status = BF_OK;
    char **argv = bf_array(command->n + 2, sizeof *argv);
    *signal = 0;
    argv[0] = (char *)"biforget";
    memcpy(argv + 1, command->words, command->n * sizeof *argv);
    if (log_path)
        log = open(log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (log_path && log < 0)
        status = bf_fail(err, BF_STORE, "cannot write '%s': %s", log_path, bf_errno_text(errno));
    else if (pipe2(ends, O_CLOEXEC) != 0 || (child = fork()) < 0)
        status = bf_fail(err, BF_STORE, "cannot start a process: %s", bf_errno_text(errno));
    if (status != BF_OK)
        goto out;
    if (child == 0)
        become(argv, ends[1], log, parent);
    close(ends[1]);
    ends[1] = -1;
    status = read_all(ends[0], child, out, err);
    while (waitpid(child, &result, 0) < 0 && errno == EINTR)
        ;
    *signal = WIFSIGNALED(result) ? WTERMSIG(result) : 0;
    if (status == BF_OK)
        status = outcome(result, command, log_path, err);
    if (status == BF_OK && out->overflow)
        status = bf_fail(err, BF_MODEL, "a command answered more than %zu bytes", out->cap);
out:
    for (int i = 0; i < 2; i++)
        if (ends[i] >= 0)
            close(ends[i]);
    if (log >= 0)
        close(log);
    free(argv);
    return status;
}
