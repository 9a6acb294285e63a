#include "run/unlearn_sets.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/file.h"
#include "base/mem.h"
#include "sets/sets.h"
#include "synth/prose_names.h"
#include "base/banned.h"

/* For dpo without a file of alternate answers. */
static const char *const built_in[] = {
    "I don't know.",
    "I'm not sure about that.",
    "I have no information on this.",
    "That is something I don't know.",
    "I'm afraid I can't say.",
    "I don't have an answer to that question.",
    "I have not learnt about this subject.",
    "Sorry, this is unknown to me.",
    "I can't tell you anything about that.",
    "I'm not familiar with this topic.",
};

static void add_name(void *texts, const char *name, size_t n)
{
    bf_unlearn_texts_name(texts, name, n);
}

static void add_names(struct bf_unlearn_texts *texts, const char *text)
{
    bf_prose_each(text, strlen(text), texts, add_name);
}

static enum bf_status add_text(void *user, const struct bf_set_text *text, struct bf_err *err)
{
    (void)err;
    bf_unlearn_texts_add(user, text->text, text->question, text->answer);
    bf_unlearn_texts_describe(user, text->topic, text->asked);
    if (!text->topic && text->question && text->answer) {
        add_names(user, text->question);
        add_names(user, text->answer);
    } else if (!text->topic) {
        add_names(user, text->text);
    }
    return BF_OK;
}

static bool is_csv(const char *path)
{
    const char *dot = strrchr(path, '.');
    return dot && strcasecmp(dot, ".csv") == 0;
}

/* Does the file begin as JSON? TOFU's alternate answers are plain text in a file named idontknow.jsonl. */
static bool begins_as_json(const char *path)
{
    FILE *file = fopen(path, "rb");
    int c = file ? getc(file) : EOF;
    while (c == 0xEF || c == 0xBB || c == 0xBF || c == ' ' || c == '\t' || c == '\r' || c == '\n')
        c = getc(file);
    if (file)
        (void)fclose(file);
    return c == EOF || strchr("{[\"", c);
}

/* Read the set `given`. With `retain` a run gives its retain samples, if it has any; with `only_retain` it gives
 * nothing else, and *there is false without them. `plain`: a file that does not begin as JSON is plain text, whatever
 * its name. */
static enum bf_status read_set(const char *given, bool retain, bool only_retain, bool plain, bool skip_bad,
                               struct bf_log *log, struct bf_unlearn_texts *out, bool *there, struct bf_err *err)
{
    struct bf_set_runs runs = {.read_only = true, .log = log};
    struct bf_set set = {0};
    bool run_retains = false;
    enum bf_status status = bf_set_open(given, NULL, NULL, skip_bad, &runs, &set, err);
    if (status == BF_OK && plain && set.file && !begins_as_json(set.file) && !is_csv(set.file))
        set.options.format = BF_INSTANCES_TXT;
    if (status == BF_OK && retain && set.store) /* only a run has its own retain set */
        status = bf_store_has_role(set.store, BF_ROLE_RETAIN, &run_retains, err);
    set.pairs = true;
    *there = run_retains || !only_retain;
    if (status == BF_OK && run_retains)
        set.role = BF_ROLE_RETAIN;
    if (status == BF_OK && *there)
        status = bf_set_each(&set, out, add_text, err);
    bf_set_release(&set);
    bf_set_runs_close(&runs);
    return status;
}

enum bf_status bf_unlearn_sets_read(const struct bf_unlearn_settings *s, bool skip_bad, struct bf_log *log,
                                    struct bf_unlearn_sets *out, struct bf_err *err)
{
    bool there = false;
    *out = (struct bf_unlearn_sets){0};
    enum bf_status status = read_set(s->forget, false, false, false, skip_bad, log, &out->forget, &there, err);
    if (status == BF_OK && s->retain[0])
        status = read_set(s->retain, true, false, false, skip_bad, log, &out->retain, &there, err);
    else if (status == BF_OK && bf_is_dir(s->forget))
        status = read_set(s->forget, true, true, false, skip_bad, log, &out->retain, &out->retain_of_run, err);
    if (status == BF_OK && s->general[0])
        status = read_set(s->general, true, false, false, skip_bad, log, &out->general, &there, err);
    if (status == BF_OK && s->alternates[0])
        status = read_set(s->alternates, false, false, true, skip_bad, log, &out->alternates, &there, err);
    if (status == BF_OK && s->targets[0])
        status = read_set(s->targets, false, false, true, skip_bad, log, &out->targets, &there, err);
    for (size_t i = 0; status == BF_OK && !s->alternates[0] && i < sizeof built_in / sizeof *built_in; i++)
        bf_unlearn_texts_add(&out->alternates, built_in[i], NULL, NULL);
    if (status == BF_OK && out->retain_of_run)
        bf_log_info(log, "using the run's own retain set");
    return status;
}

void bf_unlearn_sets_release(struct bf_unlearn_sets *sets)
{
    bf_unlearn_texts_release(&sets->forget);
    bf_unlearn_texts_release(&sets->retain);
    bf_unlearn_texts_release(&sets->general);
    bf_unlearn_texts_release(&sets->alternates);
    bf_unlearn_texts_release(&sets->targets);
}
