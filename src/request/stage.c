/* The words of stages, kinds and roles. */
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

static const char *const kinds[BF_KIND_COUNT] = {"domain", "instance", "textbook", "import"};
static const char *const roles[BF_ROLE_COUNT] = {"forget", "retain", "neighbour"};

const char *bf_kind_word(enum bf_kind kind)
{
    return (unsigned)kind < BF_KIND_COUNT ? kinds[kind] : "unknown";
}

enum bf_kind bf_kind_of(const char *word)
{
    int kind = 0;
    while (kind < BF_KIND_COUNT && strcmp(kinds[kind], word) != 0)
        kind++;
    return (enum bf_kind)kind;
}

const char *bf_role_word(enum bf_role role)
{
    return (unsigned)role < BF_ROLE_COUNT ? roles[role] : "unknown";
}

enum bf_role bf_role_of(const char *word)
{
    int role = 0;
    while (role < BF_ROLE_COUNT && strcmp(roles[role], word) != 0)
        role++;
    return (enum bf_role)role;
}
