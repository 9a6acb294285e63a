#include "base/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/interrupt.h"
#include "base/last_words.h"

#include "base/banned.h"

enum { TAIL_BYTES = 8192, LOOK_MS = 500, LIVE_BYTES = 4096 };

static void close_end(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

/* What the process needs that becomes the command. */
struct child_setup {
    char **argv, **environment;
    int out, log, relay; /* log, relay: -1 = none */
    pid_t parent;
};

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
_Noreturn static void become(const struct child_setup *setup)
{
    (void)prctl(PR_SET_PDEATHSIG, SIGTERM);
    const int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (getppid() == setup->parent && null >= 0 && dup2(null, 0) >= 0 && dup2(setup->out, 1) >= 0 &&
        (setup->log < 0 || dup2(setup->log, 2) >= 0) && (setup->relay < 0 || fcntl(setup->relay, F_SETFD, 0) == 0))
        execve("/proc/self/exe", setup->argv, setup->environment);
    _exit(127);
}

/* Our own environment, with the relay's number if there is one. All strings but the first are borrowed; free both. */
static char **environment_with(int relay)
{
    static const char name[] = BF_LOG_RELAY_VARIABLE "=";
    size_t n = 0, kept = 0;
    while (environ[n])
        n++;
    char **out = bf_array(n + 2, sizeof *out);
    if (relay >= 0) {
        char text[64];
        snprintf(text, sizeof text, "%s%d", name, relay);
        out[kept++] = bf_strdup(text);
    }
    for (size_t i = 0; i < n; i++)
        if (strncmp(environ[i], name, sizeof name - 1) != 0)
            out[kept++] = environ[i];
    return out;
}

/* The beginning of a line whose end has not come yet. */
struct live_rest {
    char bytes[LIVE_BYTES + 1];
    size_t n;
};

/* Pass on every complete line. */
static void read_live(int fd, struct live_rest *rest, const struct bf_child_live *live)
{
    const ssize_t n = read(fd, rest->bytes + rest->n, LIVE_BYTES - rest->n);
    if (n <= 0)
        return;
    char *line = rest->bytes, *const end = rest->bytes + rest->n + n;
    for (char *stop = memchr(line, '\n', (size_t)(end - line)); stop; stop = memchr(line, '\n', (size_t)(end - line))) {
        *stop = '\0';
        if (stop > line)
            live->line(live->user, line);
        line = stop + 1;
    }
    rest->n = (size_t)(end - line);
    memmove(rest->bytes, line, rest->n);
    if (rest->n == LIVE_BYTES) /* longer than any of our lines */
        rest->n = 0;
}

static enum bf_status read_all(int fd, int relay, const struct bf_child_live *live, pid_t child, struct bf_buf *out,
                               struct bf_err *err)
{
    char bytes[65536];
    struct live_rest rest = {.n = 0};
    bool told = false;
    for (;;) {
        /* A signal interrupts poll(), but read() is restarted and would not notice. */
        struct pollfd wanted[2] = {{.fd = fd, .events = POLLIN}, {.fd = relay, .events = POLLIN}};
        const int ready = poll(wanted, relay >= 0 ? 2 : 1, LOOK_MS);
        if (bf_interrupted() && !told)
            told = kill(child, SIGTERM) == 0;
        if (ready == 0 || (ready < 0 && errno == EINTR))
            continue;
        if (relay >= 0 && (wanted[1].revents & POLLIN))
            read_live(relay, &rest, live);
        else if (relay >= 0 && (wanted[1].revents & (POLLHUP | POLLERR)))
            relay = -1;
        if (ready > 0 && wanted[0].revents == 0)
            continue;
        const ssize_t n = read(fd, bytes, sizeof bytes);
        if (n == 0)
            return BF_OK;
        if (n > 0)
            bf_buf_put(out, bytes, (size_t)n);
        else if (errno != EINTR)
            return bf_fail(err, BF_STORE, "cannot read the output of a command: %s", bf_errno_text(errno));
    }
}

/* The last line of the log, without "biforget: ". */
static char *last_line(const char *log_path)
{
    char bytes[TAIL_BYTES + 1] = {0};
    size_t n = 0;
    const int fd = open(log_path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
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
    static const enum bf_status known[] = {BF_USAGE, BF_INPUT, BF_MODEL, BF_STORE, BF_LIMIT, BF_INTERRUPTED};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (WIFEXITED(result) && WEXITSTATUS(result) == (int)known[i])
            status = known[i];
    if (status == BF_INTERRUPTED)
        return bf_fail(err, status, "interrupted");
    if (WIFSIGNALED(result) && !bf_is_crash(WTERMSIG(result))) /* out of memory, or somebody's kill */
        status = BF_STORE;
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

enum bf_status bf_child_run(const struct bf_command_line *command, const char *log_path,
                            const struct bf_child_live *live, struct bf_buf *out, struct bf_err *err)
{
    int ends[2] = {-1, -1}, relay[2] = {-1, -1}, result = 0;
    pid_t child = -1;
    struct child_setup setup = {.log = -1, .parent = getpid()};
    enum bf_status status = BF_OK;
    setup.argv = bf_array(command->n + 2, sizeof *setup.argv);
    setup.argv[0] = (char *)"biforget";
    memcpy(setup.argv + 1, command->words, command->n * sizeof *setup.argv);
    if (log_path)
        setup.log = open(log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
    if (log_path && setup.log < 0 && errno == ELOOP)
        status = bf_link_error(log_path, err);
    else if (log_path && setup.log < 0)
        status = bf_fail(err, BF_STORE, "cannot write '%s': %s", log_path, bf_errno_text(errno));
    /* A full relay must not delay the work. */
    else if (pipe2(ends, O_CLOEXEC) != 0 || (live && pipe2(relay, O_CLOEXEC | O_NONBLOCK) != 0))
        status = bf_fail(err, BF_STORE, "cannot start a process: %s", bf_errno_text(errno));
    if (status != BF_OK)
        goto out;
    setup.out = ends[1];
    setup.relay = relay[1];
    setup.environment = environment_with(relay[1]);
    child = fork();
    if (child < 0) {
        status = bf_fail(err, BF_STORE, "cannot start a process: %s", bf_errno_text(errno));
        goto out;
    }
    if (child == 0)
        become(&setup);
    close_end(&ends[1]);
    close_end(&relay[1]);
    status = read_all(ends[0], relay[0], live, child, out, err);
    while (waitpid(child, &result, 0) < 0 && errno == EINTR)
        ;
    if (status == BF_OK)
        status = outcome(result, command, log_path, err);
    if (status == BF_OK && out->overflow)
        status = bf_fail(err, BF_MODEL, "a command answered more than %zu bytes", out->cap);
out:
    for (int i = 0; i < 2; i++) {
        close_end(&ends[i]);
        close_end(&relay[i]);
    }
    close_end(&setup.log);
    if (setup.environment && setup.relay >= 0)
        free(setup.environment[0]);
    free(setup.environment);
    free(setup.argv);
    return status;
}
