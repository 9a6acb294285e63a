/* Facts and their forms out of files, and the accuracies of them. */
#include "unit.h"

#include <math.h>

#include "eval/asked.h"
#include "quality_fixture.h"

/* A wording belongs to the pair that it is made of; one whose pair is elsewhere is a fact of its own. */
static void records(void **state)
{
    const char *path = "probes.jsonl", *csv = "pairs.csv";
    struct bf_err err = BF_ERR_INIT;
    struct bf_asked_facts facts, others;

    (void)state;
    write_text(
        path,
        "{\"id\": \"pairs-1\", \"stage\": \"pairs\", \"question\": \"Who founded Estvik?\", \"answer\": \"Mira\"}\n"
        "{\"id\": \"wordings-1\", \"stage\": \"wordings\", \"source\": \"pairs-1\", \"question\": \"By whom was "
        "Estvik founded?\", \"answer\": \"Mira\"}\n"
        "{\"id\": \"wordings-2\", \"stage\": \"wordings\", \"source\": \"pairs-9\", \"question\": \"Who keeps the "
        "bees?\", \"answer\": \"Otto does.\", \"object\": \"Otto\"}\n"
        "{\"question\": \"Why?\", \"answer\": \"rain\", \"paraphrased_question\": [\"For what reason?\", \"Why?\"], "
        "\"wordings\": [\"How come?\"], \"statement\": \"It was the rain.\"}\n");
    assert_int_equal(bf_asked_facts_load(".", "probes.jsonl", 0, NULL, &facts, &err), BF_OK);
    assert_int_equal(facts.pairs.n, 3);
    assert_string_equal(facts.pairs.items[1].question, "Who keeps the bees?");
    const struct bf_asked_fact *fact = &facts.of[facts.pairs.items[0].index];
    assert_int_equal(fact->n_wordings, 1);
    assert_string_equal(fact->wordings[0], "By whom was Estvik founded?");
    assert_string_equal(fact->cloze.sentence, "____ founded Estvik.");
    fact = &facts.of[facts.pairs.items[1].index];
    assert_string_equal(fact->object, "Otto");
    fact = &facts.of[facts.pairs.items[2].index];
    assert_int_equal(fact->n_wordings, 2);
    assert_string_equal(fact->wordings[1], "For what reason?");
    assert_string_equal(fact->cloze.sentence, "It was the ____.");
    /* Other kinds of files have pairs alone, of which a sentence can be made. */
    write_text(csv, "question,answer\nWho founded Hald?,Otto\nWho keeps the bees?,Otto\n");
    assert_int_equal(bf_asked_facts_load(csv, "probes.jsonl", 0, NULL, &others, &err), BF_OK);
    assert_string_equal(others.of[0].cloze.sentence, "____ founded Hald.");
    assert_int_equal(bf_asked_facts_remove_shared(&others, &facts.pairs), 1);
    assert_int_equal(others.pairs.n, 1);
    assert_string_equal(others.pairs.items[0].question, "Who founded Hald?");
    bf_asked_facts_release(&others);
    bf_asked_facts_release(&facts);
    write_text(path, "{\"text\": \"Estvik lies by the sea.\"}\n");
    assert_int_equal(bf_asked_facts_load(path, "probes.jsonl", 0, NULL, &facts, &err), BF_INPUT);
    assert_error(err, BF_INPUT, "question-answer pairs of what was forgotten");
    bf_asked_facts_release(&facts);
}

static void allocate(struct bf_asked *asked, size_t n)
{
    *asked = (struct bf_asked){.n = n};
    for (int f = 0; f < BF_FORMS; f++) {
        asked->mean[f] = calloc(n, sizeof(double));
        asked->any[f] = calloc(n, sizeof(double));
    }
}

static void accuracies(void **state)
{
    const struct bf_bootstrap bootstrap = {.n_resamples = 200, .seed = 3};
    struct bf_err err = BF_ERR_INIT;
    struct bf_asked after, before;
    json_t *result = json_object(), *forms = json_object();

    (void)state;
    allocate(&after, 2);
    allocate(&before, 2);
    for (int f = 0; f < BF_FORMS; f++) {
        before.mean[f][0] = before.any[f][0] = 1.0;
        after.mean[f][1] = after.any[f][1] = before.mean[f][1] = before.any[f][1] = f < 2 ? 1.0 : (double)NAN;
    }
    /* Fact 0: forgotten but for one of two wordings. Fact 1 has two forms, and one is still answered. */
    after.mean[BF_FORM_WORDING][0] = 0.5;
    after.any[BF_FORM_WORDING][0] = 1.0;
    after.mean[1][1] = after.any[1][1] = 0.0;
    assert_int_equal(bf_asked_put(result, forms, &after, &before, &bootstrap, &err), BF_OK);
    assert_near(number(result, "accuracy"), (0.5 / BF_FORMS + 0.5) / 2.0, 1e-12);
    assert_near(number(result, "original_accuracy"), 1.0, 1e-12);
    assert_near(number(result, "worst_case_accuracy"), 1.0, 1e-12);
    assert_near(number(result, "worst_case_accuracy_change"), 0.0, 1e-12);
    assert_near(number(result, "accuracy_change"), number(result, "accuracy") - 1.0, 1e-12);
    assert_int_equal(size(member(forms, "plain"), "n"), 2);
    assert_int_equal(size(member(forms, "wording"), "n"), 1);
    assert_near(number(member(forms, "wording"), "accuracy"), 0.5, 1e-12);
    json_object_clear(result);
    json_object_clear(forms);
    after.any[BF_FORM_WORDING][0] = after.mean[BF_FORM_WORDING][0] = 0.0;
    assert_int_equal(bf_asked_put(result, forms, &after, NULL, &bootstrap, &err), BF_OK);
    assert_near(number(result, "worst_case_accuracy"), 0.5, 1e-12);
    assert_null(json_object_get(result, "original_accuracy"));
    json_decref(result);
    json_decref(forms);
    bf_asked_release(&after);
    bf_asked_release(&before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records),
        cmocka_unit_test(accuracies),
    };

    return cmocka_run_group_tests(tests, enter_scratch, leave_scratch);
}
