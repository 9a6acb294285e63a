/* The sets of a training as examples, and the notices about them. */
#include "unlearn/trainer.h"

#include "base/banned.h"

static enum bf_status make_one(struct bf_trainer *t, const struct bf_vocabulary *vocabulary,
                               const struct bf_unlearn_texts *texts, const char *what, struct bf_examples *out,
                               struct bf_err *err)
{
    const struct bf_unlearn_settings *s = t->settings;
    const struct bf_example_options options = {
        .data = s->data, .pack = s->pack, .max_length = (int32_t)s->max_length, .what = what};
    const enum bf_status status = bf_examples_make(vocabulary, texts, &options, out, err);
    if (status == BF_OK)
        bf_trainer_notice(t, "%s: %zu %s, %lld tokens%s", what, out->n,
                          out->pairs ? "question-answer pairs" : "pieces of text", (long long)out->n_tokens,
                          out->n_cut ? ", some answers cut at --max-length" : "");
    if (status == BF_OK && out->n_left_out > 0)
        bf_trainer_notice(t, "%zu texts of the %s are not question-answer pairs and are left out", out->n_left_out,
                          what);
    return status;
}

static enum bf_status make_alternates(struct bf_trainer *t, const struct bf_vocabulary *vocabulary, struct bf_err *err)
{
    const struct bf_unlearn_settings *s = t->settings;
    const struct bf_example_options options = {.max_length = (int32_t)s->max_length, .what = "alternate answers"};
    if (!t->forget.pairs)
        return bf_fail(err, BF_INPUT,
                       "%s prefers other answers to the same questions, and the forget set is not of question-answer "
                       "pairs; give a set of pairs, or another --method",
                       s->method->name);
    return bf_examples_alternate(vocabulary, t->job->forget, t->job->alternates, s->seed, &options, &t->alternates,
                                 err);
}

enum bf_status bf_trainer_examples(struct bf_trainer *t, struct bf_err *err)
{
    const struct bf_unlearn_job *job = t->job;
    const struct bf_unlearn_settings *s = t->settings;
    struct bf_vocabulary *vocabulary = NULL;
    const bool has_retain = job->retain && job->retain->n > 0;
    if (t->retain_loss && !has_retain)
        return bf_fail(err, BF_INPUT,
                       "%s keeps the model close to itself on a retain set, and none is given (or it is empty); give "
                       "--retain SET, "
                       "or --alpha 0 to train without one",
                       s->method->name);
    enum bf_status status = bf_vocabulary_open(s->model, s->chat, &vocabulary, err);
    if (status == BF_OK)
        bf_vocabulary_sha256(vocabulary, t->vocabulary_sha256);
    if (status == BF_OK)
        status = make_one(t, vocabulary, job->forget, "forget set", &t->forget, err);
    if (status == BF_OK && has_retain)
        status = make_one(t, vocabulary, job->retain, "retain set", &t->retain, err);
    if (status == BF_OK && s->general_weight > 0.0 && job->general && job->general->n > 0)
        status = make_one(t, vocabulary, job->general, "general set", &t->general, err);
    else if (status == BF_OK && s->general_weight > 0.0 && has_retain)
        status = make_one(t, vocabulary, job->retain, "retain set as the general one", &t->general, err);
    if (status == BF_OK && t->forget_loss->alternates)
        status = make_alternates(t, vocabulary, err);
    bf_vocabulary_close(vocabulary);
    return status;
}
