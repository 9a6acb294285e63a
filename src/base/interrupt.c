/* The program's only global state: a signal handler cannot access anything else. */
#include "base/interrupt.h"

#include <signal.h>
#include <stddef.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/banned.h"

static volatile sig_atomic_t n_signals, is_silent;
static double first_signal;
static const double same_press = 0.5;

static void on_signal(int number)
{
    (void)number;
    static const char soon[] = "\nbiforget: finishing this step; press Ctrl-C again to stop at once\n";
    static const char at_once[] =
        "\nbiforget: stopped; everything saved so far is kept, and --help says how to resume\n";
    const double now = bf_seconds(); /* clock_gettime is allowed here */
    if (n_signals > 0 && now - first_signal < same_press)
        return;
    n_signals = n_signals + 1;
    const bool second = n_signals > 1;
    if (!second)
        first_signal = now;
    const char *text = second ? at_once : soon;
    size_t n = second ? sizeof at_once - 1 : sizeof soon - 1;
    if (!is_silent) {
        ssize_t ignored = write(STDERR_FILENO, text, n);
        (void)ignored;
    }
    if (second)
        _exit(BF_INTERRUPTED);
}

void bf_interrupt_install(void)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    /* The terminal was closed; commands that nohup started continue. */
    struct sigaction hangup;
    if (sigaction(SIGHUP, NULL, &hangup) == 0 && hangup.sa_handler != SIG_IGN)
        sigaction(SIGHUP, &action, NULL);
}

void bf_interrupt_silence(bool silent)
{
    is_silent = silent;
}

bool bf_interrupted(void)
{
    return n_signals > 0;
}
