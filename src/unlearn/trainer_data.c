/* The sets of a training as examples, and the notices about them. */
#include "unlearn/alternates.h"
#include "unlearn/renamed.h"
#include "unlearn/trainer.h"

#include "base/banned.h"

enum { RETAIN_TIMES_MAX = 16 };

/* 5210 as "5,210". */
static void put_count(struct bf_buf *out, int64_t n)
{
    if (n >= 1000) {
        put_count(out, n / 1000);
        bf_buf_printf(out, ",%03d", (int)(n % 1000));
    } else {
        bf_buf_printf(out, "%d", (int)n);
    }
}

static void put_made(struct bf_buf *out, int64_t n, const char *one, const char *many, int64_t n_labels)
{
    put_count(out, n);
    bf_buf_printf(out, " %s (", n == 1 ? one : many);
    put_count(out, n_labels);
    bf_buf_puts(out, " label tokens)");
}

/* "forget set: 148 chat pairs (5,210 label tokens), 74 raw texts (6,001 label tokens)" */
static void tell_made(const struct bf_trainer *t, const struct bf_examples *made, bool plain, const char *what)
{
    const struct bf_unlearn_made *m = &made->made;
    struct bf_buf line;
    bf_buf_init(&line, SIZE_MAX);
    bf_buf_printf(&line, "%s: ", what);
    if (m->n_chat > 0)
        put_made(&line, m->n_chat, plain ? "question-answer pair" : "chat pair",
                 plain ? "question-answer pairs" : "chat pairs", m->chat_labels);
    if (m->n_chat > 0 && m->n_raw > 0)
        bf_buf_puts(&line, ", ");
    if (m->n_raw > 0)
        put_made(&line, m->n_raw, "raw text", "raw texts", m->raw_labels);
    if (made->n_cut > 0)
        bf_buf_puts(&line, ", some answers cut at --max-length");
    bf_trainer_notice(t, "%s", line.data);
    bf_buf_release(&line);
}

static void tell(const struct bf_trainer *t, const struct bf_examples *made, bool plain, const char *what)
{
    const struct bf_unlearn_settings *s = t->settings;
    const bool mixed = s->data == BF_DATA_MIXED;
    if (mixed)
        tell_made(t, made, plain, what);
    else
        bf_trainer_notice(t, "%s: %zu %s, %lld tokens%s", what, made->n,
                          made->pairs ? "question-answer pairs" : "pieces of text", (long long)made->n_tokens,
                          made->n_cut ? ", some answers cut at --max-length" : "");
    if (made->n_no_room > 0)
        bf_trainer_notice(t,
                          "%zu questions about texts of the %s leave no room for an answer, and are left out: a larger "
                          "--max-length would have it",
                          made->n_no_room, what);
    if (made->n_left_out > 0)
        bf_trainer_notice(t,
                          mixed ? "%zu of the records of the %s give no question with an answer, and are left out"
                                : "%zu texts of the %s are not question-answer pairs and are left out",
                          made->n_left_out, what);
}

static struct bf_example_options options_of(const struct bf_trainer *t, bool forget, const char *what)
{
    const struct bf_unlearn_settings *s = t->settings;
    struct bf_example_options options = {.data = s->data,
                                         .pack = s->pack,
                                         .max_length = (int32_t)s->max_length,
                                         .seed = s->seed,
                                         .only_chat = forget && t->forget_loss->alternates,
                                         .what = what};
    if (s->data == BF_DATA_MIXED) /* settings were checked */
        (void)!bf_forms_parse(s->forms, &options.forms, NULL);
    return options;
}

static enum bf_status make_one(struct bf_trainer *t, const struct bf_vocabulary *vocabulary,
                               const struct bf_unlearn_texts *texts, const char *what, struct bf_examples *out,
                               struct bf_err *err)
{
    const struct bf_example_options options = options_of(t, out == &t->forget, what);
    const enum bf_status status = bf_examples_make(vocabulary, texts, &options, out, err);
    if (status == BF_OK)
        tell(t, out, bf_vocabulary_is_plain(vocabulary), what);
    return status;
}

static enum bf_status make_alternates(struct bf_trainer *t, const struct bf_vocabulary *vocabulary, struct bf_err *err)
{
    const struct bf_example_options options = options_of(t, true, "alternate answers");
    if (!t->forget.pairs)
        return bf_fail(err, BF_INPUT,
                       "%s prefers other answers to the same questions, and the forget set is not of question-answer "
                       "pairs; give --data mixed, a set of pairs, or another --method",
                       t->settings->method->name);
    return bf_examples_alternate(vocabulary, t->job->forget, t->job->alternates, &options, &t->alternates, err);
}

/* The forget set as its pairs, each beside each alternate answer to its question. */
static enum bf_status make_matched(struct bf_trainer *t, const struct bf_vocabulary *vocabulary, struct bf_err *err)
{
    const struct bf_unlearn_settings *s = t->settings;
    const struct bf_unlearn_texts *alternates = t->job->alternates;
    struct bf_unlearn_texts pairs = {0}, others = {0};
    struct bf_example_options options = {
        .data = BF_DATA_QA, .max_length = (int32_t)s->max_length, .seed = s->seed, .what = "forget set"};
    size_t n_left_out = 0;
    enum bf_status status = BF_OK;
    bf_alternates_match(t->job->forget, alternates, &pairs, &others, &n_left_out);
    if (pairs.n == 0)
        status =
            bf_fail(err, BF_INPUT,
                    "none of the %zu alternate answers is to a question of the forget set, and not its answer; the "
                    "questions have to be the same in both",
                    alternates->n);
    if (status == BF_OK)
        status = bf_examples_make(vocabulary, &pairs, &options, &t->forget, err);
    options.what = "alternate answers";
    if (status == BF_OK)
        status = bf_examples_make(vocabulary, &others, &options, &t->alternates, err);
    if (status == BF_OK)
        bf_trainer_notice(t, "forget set: %zu question-answer pairs, each beside an alternate answer", t->forget.n);
    if (status == BF_OK && n_left_out > 0)
        bf_trainer_notice(t, "%zu of the %zu records of the forget set have no alternate answer, and are left out",
                          n_left_out, t->job->forget->n);
    bf_unlearn_texts_release(&pairs);
    bf_unlearn_texts_release(&others);
    return status;
}

/* What the sets alone do not show. */
static void tell_forms(const struct bf_trainer *t, const struct bf_vocabulary *vocabulary)
{
    const struct bf_unlearn_settings *s = t->settings;
    const bool plain = bf_vocabulary_is_plain(vocabulary), mixed = s->data == BF_DATA_MIXED;
    const struct bf_example_options options = options_of(t, true, "");
    if (mixed && plain && options.forms.sentence + options.forms.chat > 0)
        bf_trainer_notice(t, "without a chat template: texts are trained on as raw text, pairs as \"Question:\" and "
                             "\"Answer:\"");
    if (mixed && options.only_chat && options.forms.raw > 0)
        bf_trainer_notice(t,
                          "%s prefers one answer to another: the raw text of --forms %s is left out of the forget set",
                          s->method->name, s->forms);
    if (!mixed && s->pack && !t->forget.pairs && t->forget_loss->kind == BF_LOSS_SEQUENCES)
        bf_trainer_notice(t,
                          "%s compares whole sequences, which soon stop learning when they are long: --no-pack keeps "
                          "each text by itself, --data mixed asks for it",
                          s->method->name);
}

/* The texts that have a name in them, each beside itself with another one. */
static enum bf_status make_twins(struct bf_trainer *t, const struct bf_vocabulary *vocabulary,
                                 const struct bf_unlearn_texts *texts, const struct bf_unlearn_texts *renamed,
                                 struct bf_err *err)
{
    const struct bf_example_options options = options_of(t, true, "forget set");
    size_t n_nameless = 0;
    const enum bf_status status = bf_twins_make(vocabulary, texts, renamed, t->forget_loss->names, &options, &t->forget,
                                                &t->twins, &n_nameless, err);
    if (status == BF_OK)
        tell(t, &t->forget, bf_vocabulary_is_plain(vocabulary), "forget set");
    if (status == BF_OK && n_nameless > 0)
        bf_trainer_notice(t,
                          "%zu of the %zu records have no name in them: their tokens are weighed by their own "
                          "probability (wga)",
                          n_nameless, t->job->forget->n);
    return status;
}

/* How often the retain set is taken, so that steps see about as many of its texts as of the copies. */
static size_t times_of(size_t n_retain, size_t n_renamed)
{
    const size_t times = n_retain > 0 ? (n_renamed + n_retain / 2) / n_retain : 0;
    return times < 1 ? 1 : times > RETAIN_TIMES_MAX ? RETAIN_TIMES_MAX : times;
}

/* The retain set, and after it the texts of the forget set with other names. */
static enum bf_status make_retain(struct bf_trainer *t, const struct bf_vocabulary *vocabulary,
                                  struct bf_unlearn_texts *renamed, struct bf_err *err)
{
    const struct bf_unlearn_texts *retain = t->job->retain;
    const size_t times = times_of(retain ? retain->n : 0, renamed->n);
    struct bf_unlearn_texts all = {0};
    for (size_t part = 0; part <= times; part++) {
        const struct bf_unlearn_texts *from = part < times ? retain : renamed;
        for (size_t i = 0; from && i < from->n; i++) {
            const struct bf_unlearn_text *text = &from->items[i];
            bf_unlearn_texts_add(&all, text->text, text->question, text->answer);
            bf_unlearn_texts_describe(&all, text->topic, text->asked);
        }
    }
    const enum bf_status status =
        make_one(t, vocabulary, &all, retain ? "retain set and renamed texts" : "renamed texts", &t->retain, err);
    if (status == BF_OK)
        bf_trainer_notice(t, "%zu %s of the forget set with invented names %s kept, too%s", renamed->n,
                          renamed->n == 1 ? "text" : "texts", renamed->n == 1 ? "is" : "are",
                          times > 1 ? "; the retain set is taken more than once, so that both count the same" : "");
    bf_unlearn_texts_release(&all);
    return status;
}

enum bf_status bf_trainer_examples(struct bf_trainer *t, struct bf_err *err)
{
    const struct bf_unlearn_job *job = t->job;
    const struct bf_unlearn_settings *s = t->settings;
    struct bf_vocabulary *vocabulary = NULL;
    struct bf_unlearn_texts renamed = {0};
    const bool has_retain = job->retain && job->retain->n > 0;
    struct bf_unlearn_texts originals = {0}, others = {0};
    const size_t n_renamed = bf_renamed_add(job->forget, (int32_t)s->renamed, s->seed, &renamed);
    if (t->forget_loss->twins)
        bf_renamed_twins(job->forget, (int32_t)s->renamed, s->seed, t->forget_loss->names,
                         t->forget_loss->nameless != NULL, &others, &originals);
    enum bf_status status = BF_OK;
    const bool keeps_renamed = t->retain_loss && t->retain_loss->reference && n_renamed > 0;
    if (t->retain_loss && !has_retain && !keeps_renamed)
        status = bf_fail(err, BF_INPUT,
                         "%s keeps the model close to itself on a retain set, and none is given (or it is empty); give "
                         "--retain SET, or --alpha 0 to train without one",
                         s->method->name);
    if (status == BF_OK)
        status = bf_vocabulary_open(s->model, s->chat, &vocabulary, err);
    if (status == BF_OK)
        bf_vocabulary_sha256(vocabulary, t->vocabulary_sha256);
    const bool matched = t->forget_loss->alternates && bf_alternates_by_question(job->alternates);
    if (status == BF_OK && s->method->by_question && !matched)
        status =
            bf_fail(err, BF_INPUT,
                    "%s needs alternate answers to the questions of the forget set, and those of --alternates have "
                    "no questions; 'biforget help unlearn' says how to write them",
                    s->method->name);
    if (status == BF_OK)
        status = matched                 ? make_matched(t, vocabulary, err)
                 : t->forget_loss->twins ? make_twins(t, vocabulary, &originals, &others, err)
                                         : make_one(t, vocabulary, job->forget, "forget set", &t->forget, err);
    if (status == BF_OK && keeps_renamed)
        status = make_retain(t, vocabulary, &renamed, err);
    else if (status == BF_OK && has_retain)
        status = make_one(t, vocabulary, job->retain, "retain set", &t->retain, err);
    if (status == BF_OK && s->general_weight > 0.0 && job->general && job->general->n > 0)
        status = make_one(t, vocabulary, job->general, "general set", &t->general, err);
    else if (status == BF_OK && s->general_weight > 0.0 && has_retain)
        status = make_one(t, vocabulary, job->retain, "retain set as the general one", &t->general, err);
    if (status == BF_OK && !matched)
        tell_forms(t, vocabulary);
    if (status == BF_OK)
        status = bf_targets_read(t, vocabulary, err);
    if (status == BF_OK && t->forget_loss->alternates && !matched)
        status = make_alternates(t, vocabulary, err);
    bf_vocabulary_close(vocabulary);
    bf_unlearn_texts_release(&renamed);
    bf_unlearn_texts_release(&originals);
    bf_unlearn_texts_release(&others);
    return status;
}
