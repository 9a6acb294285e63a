/* The words of the stages. */
#include <string.h>

#include "request/request.h"

#include "base/banned.h"

static const struct {
    const char *word, *text;
} stages[BF_STAGE_COUNT] = {
#define X(name, word, text) [name] = {word, text},
    BF_STAGE_MAP(X)
#undef X
};

const char *bf_stage_word(enum bf_stage stage)
{
    return (unsigned)stage < BF_STAGE_COUNT ? stages[stage].word : "unknown";
}

const char *bf_stage_text(enum bf_stage stage)
{
    return (unsigned)stage < BF_STAGE_COUNT ? stages[stage].text : "unknown";
}

enum bf_stage bf_stage_of(const char *word)
{
    for (int stage = 0; stage < BF_STAGE_COUNT; stage++) {
        if (strcmp(stages[stage].word, word) == 0)
            return (enum bf_stage)stage;
    }
    return BF_STAGE_COUNT;
}
