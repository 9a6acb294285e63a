/* The words of the tables in synth.h. */
#include <string.h>

#include "synth/synth.h"
#include "base/banned.h"

static const char *const reason_words[] = {
#define X(name, word, text) [name] = word,
    BF_REASON_MAP(X)
#undef X
};
static const char *const reason_texts[] = {
#define X(name, word, text) [name] = text,
    BF_REASON_MAP(X)
#undef X
};
static const char *const stop_words[] = {
#define X(name, word, text) [name] = word,
    BF_STOP_MAP(X)
#undef X
};
static const char *const stop_texts[] = {
#define X(name, word, text) [name] = text,
    BF_STOP_MAP(X)
#undef X
};

const char *bf_reason_word(enum bf_reason reason)
{
    return reason < BF_REASON_COUNT ? reason_words[reason] : "unknown";
}

const char *bf_reason_text(enum bf_reason reason)
{
    return reason < BF_REASON_COUNT ? reason_texts[reason] : "unknown";
}

enum bf_reason bf_reason_of(const char *word)
{
    int i = 0;
    while (i < BF_REASON_COUNT && strcmp(reason_words[i], word) != 0)
        i++;
    return (enum bf_reason)i;
}

const char *bf_stop_word(enum bf_stop stop)
{
    return stop < BF_STOP_COUNT ? stop_words[stop] : "unknown";
}

const char *bf_stop_text(enum bf_stop stop)
{
    return stop < BF_STOP_COUNT ? stop_texts[stop] : "unknown";
}

enum bf_stop bf_stop_of(const char *word)
{
    int i = 0;
    while (i < BF_STOP_COUNT && strcmp(stop_words[i], word) != 0)
        i++;
    return (enum bf_stop)i;
}

const char *bf_knowledge_word(enum bf_knowledge knowledge)
{
    switch (knowledge) {
    case BF_KNOWLEDGE_LITTLE:
        return "little";
    case BF_KNOWLEDGE_SOME:
        return "some";
    case BF_KNOWLEDGE_GOOD:
        return "good";
    case BF_KNOWLEDGE_UNKNOWN:
        break;
    }
    return "unknown";
}
