/* A few answers before and after, side by side, which show what numbers do not. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "request/forms.h"
#include "run/unlearn_sets.h"
#include "engine/engine.h"
#include "base/banned.h"

enum { ANSWER_TOKENS = 48, PROMPT_WORDS = 12 };

struct asking {
    char **prompts;
    size_t n, next;
    char **answers; /* [n] being filled */
};

static enum bf_source next_prompt(void *user, struct bf_gen_request *request)
{
    struct asking *a = user;
    if (a->next == a->n)
        return BF_SOURCE_END;
    /* With top_k 1 the likeliest token wins at any temperature. */
    *request = (struct bf_gen_request){.index = (int64_t)a->next,
                                       .prompt = a->prompts[a->next],
                                       .max_tokens = ANSWER_TOKENS,
                                       .temperature = 1.0,
                                       .top_k = 1,
                                       .top_p = 1.0};
    a->next++;
    return BF_SOURCE_READY;
}

static enum bf_status keep_answer(void *user, const struct bf_gen_answer *answer, struct bf_err *err)
{
    struct asking *a = user;
    struct bf_buf text;
    (void)err;
    bf_buf_init(&text, (size_t)1 << 20);
    bf_utf8_preview(&text, answer->text, answer->text_len, 1000);
    a->answers[answer->index] = bf_buf_take(&text);
    return BF_OK;
}

/* The prompt of record `place`: its first question in the form that it was trained in, or the first words of a text,
 * for the model to continue. */
static char *prompt_of(const struct bf_unlearn_text *text, const struct bf_unlearn_settings *s, size_t place, bool chat)
{
    const struct bf_form_record record = {text->text, text->question, text->answer, text->topic, text->asked};
    const struct bf_forms forms = {.chat = s->data == BF_DATA_MIXED};
    struct bf_formed one;
    struct bf_buf question;
    bf_buf_init(&question, SIZE_MAX);
    const bool asked = chat && bf_form_at(&forms, &record, s->seed, place, 0, &question, &one);
    char *taken = asked ? bf_strdup(one.question) : NULL;
    bf_buf_release(&question);
    if (taken)
        return taken;
    size_t n = 0, words = 0;
    for (; text->text[n] && words < PROMPT_WORDS; n++)
        words += text->text[n] == ' ' || text->text[n] == '\n' ? 1 : 0;
    while (n > 0 && (text->text[n - 1] == ' ' || text->text[n - 1] == '\n'))
        n--;
    return bf_strndup(text->text, n);
}

static enum bf_status ask(const char *model, const struct bf_unlearn_settings *s, bool chat, char **prompts, size_t n,
                          char **answers, struct bf_err *err)
{
    struct bf_engine_options options = bf_engine_default_options();
    struct asking asking = {.prompts = prompts, .n = n, .answers = answers};
    const struct bf_gen_job job = {.user = &asking, .source = next_prompt, .sink = keep_answer};
    struct bf_engine *engine = NULL;
    options.model_path = model;
    options.n_parallel = (int32_t)n;
    options.n_threads = (int32_t)s->threads;
    options.chat = chat ? s->chat : "none";
    options.no_stability_check = true;
    enum bf_status status = bf_engine_open(&options, &engine, err);
    if (status == BF_OK)
        status = bf_engine_generate(engine, &job, NULL, err);
    bf_engine_close(engine);
    return status;
}

static void free_all(char **texts, size_t n)
{
    for (size_t i = 0; i < n; i++)
        free(texts[i]);
    free(texts);
}

enum bf_status bf_unlearn_answers(const struct bf_unlearn_settings *s, const struct bf_unlearn_texts *forget,
                                  int64_t wanted, struct bf_log *log, json_t **out, struct bf_err *err)
{
    /* One engine asks all: in the chat template, unless the training did not use it. */
    const bool mixed = s->data == BF_DATA_MIXED && strcmp(s->chat, "none") != 0;
    const bool chat = mixed || (forget->n_pairs == forget->n && s->data != BF_DATA_TEXT);
    const size_t n = wanted < (int64_t)forget->n ? (size_t)wanted : forget->n;
    char **prompts = bf_array(n + 1, sizeof *prompts), **before = bf_array(n + 1, sizeof *before),
         **after = bf_array(n + 1, sizeof *after);
    enum bf_status status = BF_OK;
    *out = json_array();
    if (n > 0)
        bf_log_info(log, "asking both models");
    for (size_t i = 0; i < n; i++)
        prompts[i] = prompt_of(&forget->items[i * forget->n / n], s, i * forget->n / n, chat);
    if (n > 0)
        status = ask(s->model, s, chat, prompts, n, before, err);
    if (status == BF_OK && n > 0)
        status = ask(s->out, s, chat, prompts, n, after, err);
    for (size_t i = 0; i < n && status == BF_OK; i++) {
        json_t *one = json_object();
        json_object_set_new(one, "prompt", bf_json_text(prompts[i], strlen(prompts[i])));
        json_object_set_new(one, "before", bf_json_text(before[i] ? before[i] : "", before[i] ? strlen(before[i]) : 0));
        json_object_set_new(one, "after", bf_json_text(after[i] ? after[i] : "", after[i] ? strlen(after[i]) : 0));
        json_array_append_new(*out, one);
    }
    free_all(prompts, n);
    free_all(before, n);
    free_all(after, n);
    return status;
}
