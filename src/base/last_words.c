/* In a handler only write() and _exit() are safe, so all texts are constant. */
#include "base/last_words.h"

#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/built_for.h"
#include "base/err.h"
#include "base/processor.h"
#include "base/banned.h"

static const int fatal[] = {SIGSEGV, SIGILL, SIGBUS, SIGFPE, SIGABRT};
static bool dumps_core; /* set once, before the first handler */

static void say(const char *text)
{
    if (write(STDERR_FILENO, text, strlen(text)) < 0)
        _exit((int)BF_MODEL);
}

static void on_fatal(int number)
{
    say("biforget: ");
    switch (number) {
    case SIGSEGV:
        say("a segmentation fault");
        break;
    case SIGILL:
        say("an illegal instruction");
        break;
    case SIGBUS:
        say("a bus error");
        break;
    case SIGFPE:
        say("an arithmetic exception");
        break;
    default:
        say("an abort");
        break;
    }
    say(" ended biforget: a bug in biforget or llama.cpp, or faulty hardware; saved work is intact ('biforget resume' "
        "resumes a run, 'biforget doctor' tests the kernels); please report the command\n");
    /* A core dump shows the place of the crash: the signal comes again when this returns, with its default effect. */
    if (!dumps_core || raise(number) != 0)
        _exit((int)BF_MODEL);
}

bool bf_is_crash(int number)
{
    for (size_t i = 0; i < sizeof fatal / sizeof *fatal; i++)
        if (fatal[i] == number)
            return true;
    return false;
}

void bf_last_words_prepare(void)
{
    static char stack[64 * 1024]; /* after a stack overflow, the handler needs another stack */
    const stack_t own = {.ss_sp = stack, .ss_size = sizeof stack};
    stack_t there = {.ss_flags = 0};
    struct rlimit core = {0};
    dumps_core = getrlimit(RLIMIT_CORE, &core) == 0 && core.rlim_cur > 0;
    if (sigaltstack(NULL, &there) == 0 &&
        ((unsigned)there.ss_flags & (unsigned)SS_DISABLE)) /* otherwise a sanitizer has set one */
        (void)sigaltstack(&own, NULL);
    for (size_t i = 0; i < sizeof fatal / sizeof *fatal; i++) {
        struct sigaction before;
        if (sigaction(fatal[i], NULL, &before) != 0 || before.sa_handler != SIG_DFL)
            continue;
        struct sigaction action = {.sa_handler = on_fatal, .sa_flags = (int)(SA_RESETHAND | (unsigned)SA_ONSTACK)};
        sigemptyset(&action.sa_mask);
        (void)sigaction(fatal[i], &action, NULL);
    }
}

/* Runs before main and before the constructors of linked libraries, which may use instructions of the build machine. */
__attribute__((constructor(101))) static void check_processor(void)
{
    const char *lacks = bf_processor_lacks(BF_LLAMA_MACROS);
    if (!lacks)
        return;
    say("biforget: this program was built for a processor with ");
    say(lacks);
    say(", which this one does not have; build it on this machine ('make clean', then 'make')\n");
    _exit((int)BF_MODEL);
}
