/* How question and answer are found in the rendered text: the template is rendered once with two markers in their
 * places, and the text before, between and after the markers is the template's own. It then does not matter what a
 * template does with the words (it may trim them, or keep only the part of an answer after </think>), or which engine
 * renders it. */
#include "engine/chat_template.h"

#include <llama.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "engine/chat_jinja.h"
#include "base/banned.h"

enum { RENDERED_MAX = 64 << 20 };

static const char question_marker[] = "BFQUESTIONWORDS", answer_marker[] = "BFANSWERWORDS";

/* The template's own text around question and answer. */
struct frame {
    char *before, *between, *after; /* `between` is NULL without an answer */
};

/* On which sides does the template trim words? */
struct trim {
    bool left, right;
};

struct bf_chat_template {
    struct bf_jinja *jinja; /* the model's own template */
    char *name;             /* or the name of one of llama.cpp's; both NULL = no template */
    bool typed;
    struct frame asked, answered; /* `answered.before` is NULL when the template does not show the answer */
    struct trim question, answer;
};

static void frame_release(struct frame *frame)
{
    free(frame->before);
    free(frame->between);
    free(frame->after);
    *frame = (struct frame){0};
}

void bf_chat_template_free(struct bf_chat_template *template)
{
    if (!template)
        return;
    bf_jinja_free(template->jinja);
    free(template->name);
    frame_release(&template->asked);
    frame_release(&template->answered);
    free(template);
}

/* ---- rendering ---- */

static char *render_named(const char *name, const char *question, const char *answer)
{
    const struct llama_chat_message messages[2] = {{"user", question}, {"assistant", answer}};
    const size_t n_messages = answer ? 2 : 1;
    const int32_t n = llama_chat_apply_template(name, messages, n_messages, !answer, NULL, 0);
    if (n < 0 || n > RENDERED_MAX)
        return NULL;
    char *text = bf_alloc((size_t)n + 1);
    if (n > 0 && llama_chat_apply_template(name, messages, n_messages, !answer, text, n + 1) != n) {
        free(text);
        return NULL;
    }
    return text;
}

static char *render_plain(const char *question, const char *answer)
{
    const size_t n = strlen(question), n_answer = answer ? strlen(answer) : 0;
    char *text = bf_alloc(n + n_answer + 1);
    memcpy(text, question, n);
    if (n_answer)
        memcpy(text + n, answer, n_answer);
    return text;
}

/* NULL on failure; why [n_why] then has the reason. */
static char *render(const struct bf_chat_template *self, const char *question, const char *answer, char *why,
                    size_t n_why)
{
    if (self->jinja)
        return bf_jinja_render(self->jinja, question, answer, self->typed, why, n_why);
    snprintf(why, n_why, "llama.cpp has no template of this name");
    return self->name ? render_named(self->name, question, answer) : render_plain(question, answer);
}

/* ---- what a template does, found once ---- */

static bool find_frame(const char *text, bool answered, struct frame *out)
{
    const char *question = strstr(text, question_marker);
    const char *rest = question ? question + strlen(question_marker) : NULL;
    const char *answer = question && answered ? strstr(rest, answer_marker) : NULL;
    if (!question || (answered && !answer))
        return false;
    out->before = bf_strndup(text, (size_t)(question - text));
    out->between = answered ? bf_strndup(rest, (size_t)(answer - rest)) : NULL;
    out->after = bf_strdup(answered ? answer + strlen(answer_marker) : rest);
    return true;
}

static bool learn_frame(struct bf_chat_template *self, bool answered, struct frame *out, char *why, size_t n_why)
{
    char *text = render(self, question_marker, answered ? answer_marker : NULL, why, n_why);
    if (!text)
        return false;
    const bool found = find_frame(text, answered, out);
    if (!found)
        snprintf(why, n_why, "its text does not contain the question");
    free(text);
    return found;
}

/* With a space on each side, the words begin one byte later and one more byte follows them, unless the template trims
 * that side. */
static void learn_trim(const struct bf_chat_template *self, bool answered, struct trim *out)
{
    static const char spaced_question[] = " BFQUESTIONWORDS ", spaced_answer[] = " BFANSWERWORDS ";
    char why[64];
    char *tight = render(self, question_marker, answered ? answer_marker : NULL, why, sizeof why);
    char *spaced = answered ? render(self, question_marker, spaced_answer, why, sizeof why)
                            : render(self, spaced_question, NULL, why, sizeof why);
    const char *marker = answered ? answer_marker : question_marker;
    const char *a = tight ? strstr(tight, marker) : NULL, *b = spaced ? strstr(spaced, marker) : NULL;
    if (a && b) {
        out->left = b - spaced == a - tight;
        out->right = strlen(b) == strlen(a); /* up to the end of the text */
    }
    free(tight);
    free(spaced);
}

static bool learn(struct bf_chat_template *self, char *why, size_t n_why)
{
    bool found = learn_frame(self, false, &self->asked, why, n_why);
    if (!found && self->jinja) {
        char again[256];
        self->typed = true;
        found = learn_frame(self, false, &self->asked, again, sizeof again);
    }
    if (!found)
        return false;
    char unused[256];
    if (!learn_frame(self, true, &self->answered, unused, sizeof unused))
        frame_release(&self->answered);
    if (self->jinja) {
        learn_trim(self, false, &self->question);
        learn_trim(self, true, &self->answer);
    }
    return true;
}

enum bf_status bf_chat_template_own(const char *source, const char *bos, const char *eos, struct bf_chat_template **out,
                                    struct bf_err *err)
{
    struct bf_chat_template *self = bf_alloc(sizeof *self);
    char why[256] = "";
    self->jinja = bf_jinja_parse(source, bos, eos, why, sizeof why);
    *out = NULL;
    if (!self->jinja || !learn(self, why, sizeof why)) {
        bf_chat_template_free(self);
        return bf_fail(err, BF_MODEL, "%s", why);
    }
    *out = self;
    return BF_OK;
}

enum bf_status bf_chat_template_named(const char *name, struct bf_chat_template **out, struct bf_err *err)
{
    struct bf_chat_template *self = bf_alloc(sizeof *self);
    char why[256] = "";
    self->name = bf_strdup(name);
    *out = NULL;
    if (!learn(self, why, sizeof why)) {
        bf_chat_template_free(self);
        return bf_fail(err, BF_USAGE, "%s", why);
    }
    *out = self;
    return BF_OK;
}

struct bf_chat_template *bf_chat_template_none(void)
{
    struct bf_chat_template *self = bf_alloc(sizeof *self);
    self->asked = (struct frame){bf_strdup(""), NULL, bf_strdup("")};
    self->answered = (struct frame){bf_strdup(""), bf_strdup(""), bf_strdup("")};
    return self;
}

/* ---- finding the words in a rendered text ---- */

/* Templates are written for Python, which trims all white space of Unicode; llama.cpp's engine trims that of ASCII. */
static char *trimmed(const char *words, struct trim trim)
{
    size_t from = 0, to = strlen(words);
    uint32_t c = 0;
    while (trim.left && from < to) {
        const size_t n = bf_utf8_decode(words + from, to - from, &c);
        if (n == 0 || !bf_utf8_is_space(c))
            break;
        from += n;
    }
    while (trim.right && to > from) {
        size_t at = to - 1;
        while (at > from && to - at < 4 && ((unsigned char)words[at] & 0xC0U) == 0x80)
            at--;
        if (bf_utf8_decode(words + at, to - at, &c) != to - at || !bf_utf8_is_space(c))
            break;
        to = at;
    }
    return bf_strndup(words + from, to - from);
}

static size_t common_beginning(const char *a, const char *b)
{
    size_t n = 0;
    while (a[n] && a[n] == b[n])
        n++;
    return n;
}

static size_t common_end(const char *a, size_t n_a, const char *b)
{
    const size_t n_b = strlen(b);
    size_t n = 0;
    while (n < n_a && n < n_b && a[n_a - 1 - n] == b[n_b - 1 - n])
        n++;
    return n;
}

/* A template may write something else around certain words: the part in common with its usual text is its own. */
static void place_question(const struct frame *frame, struct bf_chat_text *t)
{
    t->question = common_beginning(t->text, frame->before);
    t->question_end = t->n - common_end(t->text + t->question, t->n - t->question, frame->after);
    t->answer = t->answer_end = t->n;
}

static enum bf_status place_answer(const struct frame *frame, const struct bf_chat_text *asked, struct bf_chat_text *t,
                                   struct bf_err *err)
{
    const size_t n_question = asked->question_end - asked->question;
    t->question = common_beginning(t->text, frame->before);
    if (!asked->text || t->n - t->question < n_question ||
        memcmp(t->text + t->question, asked->text + asked->question, n_question) != 0)
        return bf_fail(err, BF_MODEL,
                       "the model's chat template writes a question differently when an answer follows; give "
                       "--chat and a name");
    t->question_end = t->question + n_question;
    t->answer = t->question_end + common_beginning(t->text + t->question_end, frame->between);
    t->answer_end = t->n - common_end(t->text + t->answer, t->n - t->answer, frame->after);
    return BF_OK;
}

static enum bf_status rendered(const struct bf_chat_template *self, const char *question, const char *answer,
                               struct bf_chat_text *out, struct bf_err *err)
{
    char why[256] = "";
    *out = (struct bf_chat_text){.text = render(self, question, answer, why, sizeof why)};
    if (!out->text)
        return bf_fail(err, BF_MODEL, "the chat template refuses a question: %s", why);
    out->n = strlen(out->text);
    return BF_OK;
}

/* The template does not show the answer, so it goes where the assistant begins. */
static void append_answer(const char *answer, struct bf_chat_text *t)
{
    const size_t n = strlen(answer);
    t->text = bf_grow(t->text, t->n + n + 1, 1);
    memcpy(t->text + t->n, answer, n + 1);
    t->answer = t->n;
    t->n += n;
    t->answer_end = t->n;
}

enum bf_status bf_chat_template_render(const struct bf_chat_template *self, const char *question, const char *answer,
                                       struct bf_chat_text *out, struct bf_err *err)
{
    struct bf_chat_text asked = {0};
    char *words = trimmed(question, self->question), *said = answer ? trimmed(answer, self->answer) : NULL;
    *out = (struct bf_chat_text){0};
    enum bf_status status = rendered(self, words, NULL, &asked, err);
    if (status != BF_OK)
        goto out;
    place_question(&self->asked, &asked);
    if (!said) {
        *out = asked;
        asked.text = NULL;
    } else if (!self->answered.before) {
        *out = asked;
        asked.text = NULL;
        append_answer(said, out);
    } else {
        status = rendered(self, words, said, out, err);
        if (status == BF_OK)
            status = place_answer(&self->answered, &asked, out, err);
    }
out:
    if (status != BF_OK) {
        free(out->text);
        *out = (struct bf_chat_text){0};
    }
    free(asked.text);
    free(words);
    free(said);
    return status;
}
