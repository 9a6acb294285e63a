#include <math.h>
#include <string.h>

#include "unlearn/optimizer.h"
#include "base/banned.h"

const char bf_schedule_choices[] = "constant|linear|cosine";

static const char *const words[BF_SCHEDULE_COUNT] = {"constant", "linear", "cosine"};

const char *bf_schedule_word(enum bf_schedule schedule)
{
    return words[schedule];
}

enum bf_schedule bf_schedule_of(const char *word)
{
    int i = 0;
    while (i < BF_SCHEDULE_COUNT && strcmp(words[i], word) != 0)
        i++;
    return (enum bf_schedule)i;
}

double bf_schedule_factor(enum bf_schedule schedule, int64_t step, int64_t n_steps, int64_t n_warmup, double floor)
{
    static const double pi = 3.14159265358979323846;
    if (step < n_warmup)
        return (double)step / (double)n_warmup;
    const int64_t n_down = n_steps > n_warmup ? n_steps - n_warmup : 1;
    const double progress = fmin((double)(step - n_warmup) / (double)n_down, 1.0);
    const double down = schedule == BF_SCHEDULE_LINEAR   ? 1.0 - progress
                        : schedule == BF_SCHEDULE_COSINE ? 0.5 * (1.0 + cos(pi * progress))
                                                         : 1.0;
    return floor + (1.0 - floor) * down;
}
