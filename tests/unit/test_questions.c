/* What self-questioning takes from the samples of the set: here, from the rewritings of an instance request. */
#include "unit.h"

#include "synth/questions.h"

struct fixture {
    struct bf_request request;
    struct bf_template_set templates;
    struct bf_work work;
    struct bf_knowledge_sums sums;
    struct bf_questions questions;
};

static void fixture_init(struct fixture *f)
{
    struct bf_err err = BF_ERR_INIT;
    *f = (struct fixture){.sums = {.n_questions = 0}};
    if (bf_request_of_kind(BF_KIND_INSTANCE, "quick", &f->request, &err) ||
        bf_request_set_topic(&f->request, "facts", &err) || bf_template_set_load("default", &f->templates, &err))
        fail_msg("%s", err.text);
    f->request.questions = 1;
    f->work.request = &f->request;
    f->work.templates = &f->templates;
    bf_questions_init(&f->questions, &f->work, NULL, &f->sums);
}

static void fixture_release(struct fixture *f)
{
    bf_questions_release(&f->questions);
    bf_template_set_release(&f->templates);
    bf_request_release(&f->request);
}

static struct bf_sample pair_of(enum bf_stage stage, int64_t index, const char *question)
{
    return (struct bf_sample){.stage = stage,
                              .index = index,
                              .text = "Question: ...\nAnswer: Hermes",
                              .question = question,
                              .answer = "Hermes",
                              .point = -1,
                              .template_index = -1};
}

/* A question that is trained on must not come back as a wording that is held out: the set's own questions are known,
 * also those of originals without a question of their own, but not those of rewritings that were rejected. */
static void questions_of_the_set_are_known(void **state)
{
    struct fixture f;
    (void)state;
    fixture_init(&f);
    const struct bf_sample chosen = pair_of(BF_STAGE_ORIGINAL, 1, "Who carries the messages of the gods?");
    const struct bf_sample other = pair_of(BF_STAGE_ORIGINAL, 0, "Whose sandals have wings?");
    const struct bf_sample kept = pair_of(BF_STAGE_REWRITE, 0, "Which god brings the messages of the gods?");
    struct bf_sample rejected = pair_of(BF_STAGE_REWRITE, 1, "Which god never brings a message?");
    rejected.reason = BF_REASON_MEANING;
    bf_questions_original(&f.questions, &other, 2);
    bf_questions_original(&f.questions, &chosen, 2);
    bf_questions_rewriting(&f.questions, &kept);
    bf_questions_rewriting(&f.questions, &rejected);
    assert_int_equal(f.questions.n, 1);
    assert_true(bf_questions_knows(&f.questions, chosen.question));
    assert_true(bf_questions_knows(&f.questions, other.question));
    assert_true(bf_questions_knows(&f.questions, kept.question));
    assert_false(bf_questions_knows(&f.questions, rejected.question));
    fixture_release(&f);
}

static enum bf_status see_commit(void *user, const struct bf_commit *commit, struct bf_err *err)
{
    bool *held_out = user;
    (void)err;
    assert_int_equal(commit->items[0].sample.reason, BF_REASON_NONE);
    *held_out = commit->items[0].sample.held_out;
    return BF_OK;
}

/* A question that is in the set itself is trained on, also when another question about its fact is held out. */
static void a_question_of_the_set_is_never_held_out(void **state)
{
    struct fixture f;
    struct bf_err err = BF_ERR_INIT;
    bool held_out = true;
    (void)state;
    fixture_init(&f);
    f.work.err = &err;
    f.work.task.sink.user = &held_out;
    f.work.task.sink.commit = see_commit;
    bf_buf_init(&f.work.raw, SIZE_MAX);
    bf_buf_init(&f.work.text, SIZE_MAX);
    while (!bf_held_out_fact(&f.questions.held_out, "Hermes")) {
        bf_held_out_release(&f.questions.held_out);
        bf_held_out_init(&f.questions.held_out, ++f.request.seed);
    }
    const struct bf_sample original = pair_of(BF_STAGE_ORIGINAL, 0, "Who carries the messages of the gods?");
    bf_questions_original(&f.questions, &original, 1);
    char text[] = "It is Hermes.";
    const struct bf_waiting answer = {.text = text, .text_len = sizeof text - 1, .finish = BF_FINISH_STOP};
    assert_int_equal(bf_question_commit(&f.questions, 0, &answer), BF_OK);
    assert_false(held_out);
    bf_buf_release(&f.work.raw);
    bf_buf_release(&f.work.text);
    fixture_release(&f);
}

/* A model that thinks before it answers needs room for that in an answer to a question, too. */
static void a_reasoning_model_has_room_for_its_thoughts(void **state)
{
    struct fixture f;
    (void)state;
    for (int thinks = 0; thinks < 2; thinks++) {
        fixture_init(&f);
        struct bf_sample first = pair_of(BF_STAGE_REWRITE, 0, "Which god brings messages?");
        const struct bf_sample original = pair_of(BF_STAGE_ORIGINAL, 1, "Who carries the messages of the gods?");
        first.raw = thinks ? "<think>Hermes does.</think>Question: ..." : "Question: ...";
        bf_questions_rewriting(&f.questions, &first);
        bf_questions_original(&f.questions, &original, 2);
        assert_int_equal(f.questions.n, 1);
        assert_int_equal(f.questions.entries[0].max_tokens, 40 + (thinks ? f.request.max_new_tokens : 0));
        fixture_release(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(questions_of_the_set_are_known),
        cmocka_unit_test(a_question_of_the_set_is_never_held_out),
        cmocka_unit_test(a_reasoning_model_has_room_for_its_thoughts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
