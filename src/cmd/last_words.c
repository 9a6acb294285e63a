/* In a handler only write() and _exit() are safe: all texts are ready. */
#include "cmd/last_words.h"

#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "base/built_for.h"
#include "base/err.h"
#include "base/processor.h"
#include "base/banned.h"

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
    say(" ended the program, which is a mistake in it, in llama.cpp or of the machine; what was saved is whole "
        "('biforget resume' continues a "
        "run), 'biforget doctor' tests the kernels; please report the command\n");
    _exit((int)BF_MODEL);
}

void bf_last_words_prepare(void)
{
    static const int fatal[] = {SIGSEGV, SIGILL, SIGBUS, SIGFPE, SIGABRT};
    for (size_t i = 0; i < sizeof fatal / sizeof *fatal; i++) {
        struct sigaction there;
        if (sigaction(fatal[i], NULL, &there) != 0 || there.sa_handler != SIG_DFL)
            continue;
        struct sigaction action = {.sa_handler = on_fatal, .sa_flags = (int)SA_RESETHAND};
        sigemptyset(&action.sa_mask);
        (void)sigaction(fatal[i], &action, NULL);
    }
}

/* Before main and before the constructors of libraries in the program, which may be compiled for the processor that built it. */
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
