/* llama.cpp's log, caught while something is tried and silent otherwise. */
#include <stdio.h>
#include <string.h>

#include "engine/llama_private.h"
#include "base/banned.h"

static void catch_error(enum ggml_log_level level, const char *text, void *user)
{
    struct bf_llama_log *log = user;
    if (level != GGML_LOG_LEVEL_ERROR || !text)
        return;
    /* "function: what failed\n" -> "what failed" */
    const char *colon = strstr(text, ": ");
    const char *start = colon && colon - text < 64 && !memchr(text, ' ', (size_t)(colon - text)) ? colon + 2 : text;
    size_t n = strcspn(start, "\n");
    if (n == 0 || log->first[0])
        return;
    snprintf(log->first, sizeof log->first, "%.*s", (int)(n > 480 ? 480 : n), start);
}

static void drop(enum ggml_log_level level, const char *text, void *user)
{
    (void)level;
    (void)text;
    (void)user;
}

void bf_llama_log_begin(struct bf_llama_log *log)
{
    log->first[0] = 0;
    llama_log_set(catch_error, log);
}

void bf_llama_log_end(struct bf_llama_log *log)
{
    llama_log_set(drop, NULL);
    if (log->first[0] == 0)
        snprintf(log->first, sizeof log->first, "no reason given");
}
