/* Questions made from a statement by rule. */
#include "unit.h"

#include "synth/statement.h"
#include "base/banned.h"

static void assert_question(const char *text, const char *question, const char *answer)
{
    struct bf_buf q, a;
    bf_buf_init(&q, SIZE_MAX);
    bf_buf_init(&a, SIZE_MAX);
    if (bf_statement_question(text, &q, &a) != (question != NULL))
        fail_msg("%s: %s", text, question ? "no question" : q.data);
    if (question) {
        assert_string_equal(q.data, question);
        assert_string_equal(a.data, answer);
    } else {
        assert_int_equal(q.len + a.len, 0);
    }
    bf_buf_release(&q);
    bf_buf_release(&a);
}

static void who_or_what(void **state)
{
    (void)state;
    assert_question("Zeus is the king of the Greek gods.", "Who or what is the king of the Greek gods?", "Zeus");
    assert_question("The capital of France is Paris.", "Who or what is the capital of France?", "Paris");
    assert_question("The longest river in Africa is the Nile", "Who or what is the longest river in Africa?", "Nile");
    assert_question("Mount Everest is the highest mountain in the world.",
                    "Who or what is the highest mountain in the world?", "Mount Everest");
    assert_question("Augustus was the first Roman emperor.", "Who or what was the first Roman emperor?", "Augustus");
    assert_question("Velda Foss's teacher was Tesda Langridge.", "Who or what was Velda Foss's teacher?",
                    "Tesda Langridge");
}

static void a_gap_for_the_name(void **state)
{
    (void)state;
    assert_question("Perseus killed Medusa in the far west.",
                    "Which name is missing in \"Perseus killed ___ in the far west.\"?", "Medusa");
    assert_question(
        "The best-known book of Velda Foss, of all her books, is sold in Harrowick.",
        "Which name is missing in \"The best-known book of Velda Foss, of all her books, is sold in ___.\"?",
        "Harrowick");
}

static void no_question(void **state)
{
    (void)state;
    assert_question("", NULL, NULL);
    assert_question("water boils at one hundred degrees.", NULL, NULL);
    assert_question("The first is Zeus. The second is Hera.", NULL, NULL);                 /* more than one sentence */
    assert_question("The capital of France is Paris, the capital of France.", NULL, NULL); /* twice in it */
    assert_question("Who is Zeus? He is a god.", NULL, NULL);
    assert_question("The king said \"Zeus is mine\" to Hera", NULL, NULL); /* a gap in a quotation in quotes */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_or_what),
        cmocka_unit_test(a_gap_for_the_name),
        cmocka_unit_test(no_question),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
