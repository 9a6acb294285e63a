/* The closing words after --then METHOD --eval: each number is one of a step's result. */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "run/then_words.h"

static const char questions[] =
    "{\"n\": 24, \"worst_case_accuracy\": 0.25, \"original_worst_case_accuracy\": 1.0,"
    " \"conditions\": {\"plain\": {\"accuracy\": 0.08333}, \"original\": {\"accuracy\": 0.91667},"
    " \"q4_0\": {\"accuracy\": 0.125}, \"relearn\": {\"accuracy\": 0.5, \"n\": 20}},"
    " \"neighbours\": {\"n\": 20}, \"neighbour_forms\": {\"plain\": {\"accuracy\": 0.95, \"original_accuracy\": 1.0}}}";

static char *words_of(const char *command, const char *result)
{
    struct bf_err err = BF_ERR_INIT;
    struct bf_then_state state;
    char json[4096], *text = NULL;
    size_t n = 0;
    snprintf(
        json, sizeof json,
        "{\"wish\": {\"method\": \"npo\", \"options\": [], \"eval\": true}, \"steps\": {\"unlearn\": {\"command\": "
        "\"biforget unlearn\", \"seconds\": 70, \"result\": {}}, \"questions\": {\"command\": \"%s\", \"seconds\": 20, "
        "%s%s}, \"fluency\": {\"command\": \"biforget eval fluency\", \"seconds\": 5, \"result\": {\"answers\": "
        "{\"neutral\": {\"seq_rep_4\": 0.04}}, \"original\": {\"neutral\": {\"seq_rep_4\": 0.01}}}}}, \"rounds\": "
        "[{\"probe\": "
        "{\"command\": \"biforget eval robust\", \"seconds\": 3, \"result\": {}}, \"unlearn\": {\"command\": "
        "\"biforget unlearn\", \"seconds\": 60, \"result\": {}}, \"added\": 1}]}",
        command, result ? "\"result\": " : "\"why\": \"gone\"", result ? result : "");
    if (bf_then_state_parse(json, strlen(json), "closed-loop.json", NULL, &state, &err) != BF_OK)
        fail_msg("%s", err.text);
    FILE *out = open_memstream(&text, &n);
    assert_non_null(out);
    bf_then_words(&state, out);
    fclose(out);
    bf_then_state_release(&state);
    return text;
}

static void what_was_forgotten_kept_and_came_back_is_said_in_counts(void **state)
{
    char *text = words_of("biforget eval robust /r/probes.jsonl", questions);
    (void)state;
    assert_non_null(
        strstr(text, "asked 24 questions that it was not trained on, the model answers 2 rightly; before, 22."));
    assert_non_null(strstr(text,
                           "of 20 questions about neighbouring subjects, in no training, 19 are answered rightly; "
                           "before, 20."));
    assert_non_null(strstr(text, "in at least one of several forms 6 of 24 are answered rightly; before, 24."));
    assert_non_null(strstr(text, "In Q4_0: 3 of 24."));
    assert_non_null(strstr(text, "After relearning from a tenth of the forget set's pairs: 10 of 20."));
    assert_non_null(strstr(text, "unlearning took 2:10 minutes, all steps after the forget set 2:38."));
    assert_non_null(strstr(text, "4 % of an answer's 4-grams are repetitions; before, 1 %."));
    assert_null(strstr(text, "No question was held out"));
    free(text);
}

static void without_held_out_questions_nothing_is_claimed(void **state)
{
    char *text = words_of("biforget eval robust /r/closed-loop-questions.jsonl", questions);
    (void)state;
    assert_null(strstr(text, "not trained on"));
    assert_non_null(strstr(text, "that it was trained on"));
    assert_non_null(strstr(text, "No question was held out"));
    free(text);
    text = words_of("biforget eval robust /r/probes.jsonl", NULL); /* the step failed */
    assert_null(strstr(text, "Forgotten"));
    assert_non_null(strstr(text, "unlearning took"));
    free(text);
}

/* The file may be a stranger's. */
static void numbers_that_count_nothing_are_not_said(void **state)
{
    char *text = words_of("biforget eval robust /r/probes.jsonl",
                          "{\"worst_case_accuracy\": 0.5, \"original_worst_case_accuracy\": 1.0}");
    (void)state;
    assert_null(strstr(text, "Asked otherwise"));
    free(text);
    text = words_of("biforget eval robust /r/probes.jsonl",
                    "{\"n\": 1e300, \"worst_case_accuracy\": -1e300, \"original_worst_case_accuracy\": 1.0}");
    assert_null(strstr(text, "Asked otherwise"));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_forgotten_kept_and_came_back_is_said_in_counts),
        cmocka_unit_test(without_held_out_questions_nothing_is_claimed),
        cmocka_unit_test(numbers_that_count_nothing_are_not_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
