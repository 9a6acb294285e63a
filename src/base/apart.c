#include "base/apart.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/mman.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/banned.h"

/* Memory that parent and child share, so that the parent knows everything up to the moment when the child is killed. */
struct shared {
    struct bf_apart apart;
    struct bf_err err;
    enum bf_status status;
    bool returned;
};

const char *bf_signal_text(int number, char out[BF_SIGNAL_TEXT_MAX])
{
    static const struct {
        int number;
        const char *text;
    } known[] = {{SIGSEGV, "a segmentation fault"},
                 {SIGILL, "an illegal instruction"},
                 {SIGBUS, "a bus error"},
                 {SIGFPE, "an arithmetic exception"},
                 {SIGABRT, "an abort"},
                 {SIGALRM, "the end of its time"},
                 {SIGKILL, "a kill (out of memory?)"},
                 {SIGSYS, "a forbidden system call"}};
    snprintf(out, BF_SIGNAL_TEXT_MAX, "signal %d", number);
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (known[i].number == number)
            snprintf(out, BF_SIGNAL_TEXT_MAX, "%s", known[i].text);
    return out;
}

void bf_apart_doing(struct bf_apart *apart, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(apart->doing, sizeof apart->doing, format, args);
    va_end(args);
}

/* In the child: never returns. */
_Noreturn static void work_apart(bf_apart_work *work, void *user, int seconds, pid_t parent, struct shared *shared)
{
    /* Also signals that a sanitizer or our own command handles: the parent has to see which they are. */
    static const int all[] = {SIGSEGV, SIGILL, SIGBUS,  SIGFPE, SIGABRT, SIGALRM,
                              SIGSYS,  SIGINT, SIGTERM, SIGHUP, SIGPIPE};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        (void)signal(all[i], SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    const struct rlimit no_core = {0, 0};
    (void)setrlimit(RLIMIT_CORE, &no_core);
#ifdef __linux__
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
#endif
    const int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (getppid() != parent || null < 0 || dup2(null, STDOUT_FILENO) < 0 || dup2(null, STDERR_FILENO) < 0)
        _exit(127);
    if (seconds > 0)
        (void)alarm((unsigned)seconds);
    shared->status = work(user, &shared->apart, &shared->err);
    shared->returned = true;
    _exit(0);
}

static enum bf_status outcome(const struct shared *shared, int result, const char *what, struct bf_apart *apart,
                              struct bf_err *err)
{
    char cause[BF_SIGNAL_TEXT_MAX];
    *apart = shared->apart;
    apart->doing[sizeof apart->doing - 1] = '\0';
    apart->signal = WIFSIGNALED(result) ? WTERMSIG(result) : 0;
    apart->returned = apart->signal == 0 && shared->returned;
    if (apart->returned)
        return shared->status == BF_OK ? BF_OK
                                       : bf_fail(err, shared->status, "%.*s", BF_ERR_TEXT_MAX - 1, shared->err.text);
    if (apart->signal == SIGINT || apart->signal == SIGTERM || apart->signal == SIGHUP)
        return bf_fail(err, BF_INTERRUPTED, "interrupted");
    if (apart->signal == 0)
        snprintf(cause, sizeof cause, "an exit with code %d", WEXITSTATUS(result));
    else
        (void)bf_signal_text(apart->signal, cause);
    return bf_fail(err, BF_MODEL, "%s ended %s%s%s", cause, what, apart->doing[0] ? " while " : "", apart->doing);
}

enum bf_status bf_apart_run(bf_apart_work *work, void *user, const char *what, int seconds, struct bf_apart *apart,
                            struct bf_err *err)
{
    enum bf_status status = BF_OK;
    const pid_t parent = getpid();
    pid_t child = -1;
    int result = 0;
    *apart = (struct bf_apart){.signal = 0};
    struct shared *shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        return bf_fail(err, BF_STORE, "cannot share memory with a process: %s", bf_errno_text(errno));
    child = fork();
    if (child == 0)
        work_apart(work, user, seconds, parent, shared);
    if (child < 0) {
        status = bf_fail(err, BF_STORE, "cannot start a process: %s", bf_errno_text(errno));
        goto out;
    }
    while (waitpid(child, &result, 0) < 0)
        if (errno != EINTR) {
            status = bf_fail(err, BF_STORE, "cannot wait for a process: %s", bf_errno_text(errno));
            goto out;
        }
    status = outcome(shared, result, what, apart, err);
out:
    (void)munmap(shared, sizeof *shared);
    return status;
}
