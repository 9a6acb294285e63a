/* A tiny model in the test's folder, and settings that train it in a few steps. */
#ifndef BF_TESTS_UNLEARN_FIXTURE_H
#define BF_TESTS_UNLEARN_FIXTURE_H
#include "tiny_text_model.h"

#include "unlearn/unlearn.h"

static inline int enter(void **state)
{
    const int failed = enter_scratch(state);
    if (!failed)
        tiny_text_write("tiny.gguf", NULL, NULL);
    return failed;
}

static inline void set_text(char **to, const char *text)
{
    free(*to);
    *to = strdup(text);
}

static inline void init_settings(struct bf_unlearn_settings *s, const struct bf_method *method)
{
    bf_unlearn_settings_init(s, method);
    set_text(&s->model, "tiny.gguf");
    set_text(&s->out, "out.gguf");
    set_text(&s->chat, "none");
    s->learning_rate = 1e-2;
    s->max_steps = 4;
    s->batch = 2;
    s->accumulate = 2;
    s->threads = 1;
    s->max_loss = 0.0;
    s->checkpoint_every = 0;
}

#endif
