/* Which questions may be asked, how they are read, and which facts are held out. Every judgement here was made by
 * reading the question, not by the program. */
#include "unit.h"

#include <string.h>

#include "base/buf.h"
#include "synth/held_out.h"
#include "synth/question_check.h"

static void questions_are_judged_as_a_reader_would(void **state)
{
    static const struct {
        const char *question, *answer;
        enum bf_reason reason;
    } cases[] = {
        {"Who is the messenger of the Olympian gods?", "Hermes", BF_REASON_NONE},
        {"In which year was Galileo Galilei born?", "1564", BF_REASON_NONE},
        {"What is the largest planet of the Solar System?", "Jupiter", BF_REASON_NONE},
        {"Which god sent Hermes after he had stolen the cattle?", "Zeus", BF_REASON_NONE},
        {"What is the name of Zeus's wife?", "Hera", BF_REASON_NONE},
        {"¿Quién es el mensajero de los dioses?", "Hermes", BF_REASON_NONE},
        {"宙斯的妻子是谁？", "赫拉", BF_REASON_NONE},
        {"Who?", "Zeus", BF_REASON_TOO_SHORT},
        {"Who is the god Hermes?", "Hermes", BF_REASON_GIVES_AWAY},
        {"In which year did the war of 1998 begin?", "1998", BF_REASON_GIVES_AWAY},
        {"Is Zeus the king of the gods?", "Yes", BF_REASON_GIVES_AWAY},
        {"Is Zeus the son of Hera?", "No, he is not.", BF_REASON_GIVES_AWAY},
        {"What did he steal from the gods?", "Fire", BF_REASON_NEEDS_TEXT},
        {"What is the capital of this country?", "Paris", BF_REASON_NEEDS_TEXT},
        {"According to the text, who is the messenger of the gods?", "Hermes", BF_REASON_NEEDS_TEXT},
        {"Which hero is mentioned in the passage?", "Perseus", BF_REASON_NEEDS_TEXT},
        {"What does the author say about Zeus?", "that he rules", BF_REASON_NEEDS_TEXT},
        {"根据文中所述，宙斯的妻子是谁？", "赫拉", BF_REASON_NEEDS_TEXT},
        {"?? !! ?? ?? ... who --- ??? what *** ??? !!! ??? is", "x", BF_REASON_DEGENERATE},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        const enum bf_reason reason = bf_question_check(cases[i].question, cases[i].answer, false);
        if (reason != cases[i].reason)
            fail_msg("\"%s\" - \"%s\" is %s, not %s", cases[i].question, cases[i].answer, bf_reason_word(reason),
                     bf_reason_word(cases[i].reason));
    }
}

/* "Who is known for his thunder?" asks for the one whose thunder it is. */
static void a_question_for_a_name_may_say_he(void **state)
{
    static const char question[] = "Which god is known for his thunder and lightning?";
    (void)state;
    assert_int_equal(bf_question_check(question, "Zeus", false), BF_REASON_NEEDS_TEXT);
    assert_int_equal(bf_question_check(question, "Zeus", true), BF_REASON_NONE);
    assert_int_equal(bf_question_check("Which god is known for his role in the text?", "Zeus", true),
                     BF_REASON_NEEDS_TEXT);
}

static void the_first_pair_of_an_answer_is_read(void **state)
{
    static const struct {
        const char *text, *question, *answer; /* NULL: not a question with an answer */
    } cases[] = {
        {"Question: Who is Hermes?\nAnswer: The messenger.", "Who is Hermes?", "The messenger."},
        {"Sure! Here it is:\n\nQuestion: Who is the wife of Zeus?\nAnswer: Hera", "Who is the wife of Zeus?", "Hera"},
        {"**Question:** Who rules the sea?\n**Answer:** Poseidon\n\nI hope this helps!", "Who rules the sea?",
         "Poseidon"},
        {"Question: Who rules the sea?\nAnswer: Poseidon\nQuestion: Who rules the sky?\nAnswer: Zeus",
         "Who rules the sea?", "Poseidon"},
        {"Question: Who\nrules the sea?\nAnswer: Poseidon", "Who rules the sea?", "Poseidon"},
        {"Poseidon rules the sea.", NULL, NULL},
        {"Question: Who rules the sea?", NULL, NULL},
        {"Question: Poseidon rules the sea.\nAnswer: Poseidon", NULL, NULL},
        {"", NULL, NULL},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        struct bf_buf question, answer;
        bf_buf_init(&question, 1000);
        bf_buf_init(&answer, 1000);
        const bool read = bf_question_read(cases[i].text, &question, &answer);
        if (read != (cases[i].question != NULL))
            fail_msg("%s: %s", read ? "read" : "not read", cases[i].text);
        if (read) {
            assert_string_equal(question.data, cases[i].question);
            assert_string_equal(answer.data, cases[i].answer);
        }
        bf_buf_release(&question);
        bf_buf_release(&answer);
    }
}

static void a_reworded_question_is_one_line_with_a_question_mark(void **state)
{
    static const char *const cases[][2] = {
        {"Which god rules the sea?", "Which god rules the sea?"},
        {"Sure! Here is the new question:\n\"Which god rules the sea?\"", "Which god rules the sea?"},
        {"Question: Which god rules the sea?\nAnswer: Poseidon", "Which god rules the sea?"},
        {"**Which god rules the sea?**", "Which god rules the sea?"},
        {"Poseidon rules the sea.", NULL},
        {"", NULL},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        struct bf_buf question;
        bf_buf_init(&question, 1000);
        const bool read = bf_question_reworded(cases[i][0], &question);
        if (read != (cases[i][1] != NULL))
            fail_msg("%s: %s", read ? "read" : "not read", cases[i][0]);
        if (read)
            assert_string_equal(question.data, cases[i][1]);
        else
            assert_int_equal(question.len, 0);
        bf_buf_release(&question);
    }
}

static void a_quarter_of_the_facts_is_held_out(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct bf_held_out h;
        int n_held_out = 0;
        bf_held_out_init(&h, seed);
        for (int i = 0; i < 1000; i++) {
            char answer[32];
            snprintf(answer, sizeof answer, "the god number %d", i);
            const bool first = bf_held_out_fact(&h, answer);
            n_held_out += first;
            if (i == 5)
                assert_true(n_held_out > 0);                      /* a small run has probes, too */
            snprintf(answer, sizeof answer, "God Number %d.", i); /* the same fact */
            assert_int_equal(bf_held_out_fact(&h, answer), first);
        }
        assert_in_range(n_held_out, 200, 300);
        bf_held_out_release(&h);
    }
}

static void a_fact_that_is_trained_on_is_not_held_out(void **state)
{
    struct bf_held_out h;
    int n_held_out = 0;
    (void)state;
    bf_held_out_init(&h, 7);
    for (int i = 0; i < 100; i++) {
        char answer[32];
        snprintf(answer, sizeof answer, "hero %d", i);
        bf_held_out_train(&h, answer);
        n_held_out += bf_held_out_fact(&h, answer);
    }
    assert_int_equal(n_held_out, 0);
    bf_held_out_release(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(questions_are_judged_as_a_reader_would),
        cmocka_unit_test(a_question_for_a_name_may_say_he),
        cmocka_unit_test(the_first_pair_of_an_answer_is_read),
        cmocka_unit_test(a_reworded_question_is_one_line_with_a_question_mark),
        cmocka_unit_test(a_quarter_of_the_facts_is_held_out),
        cmocka_unit_test(a_fact_that_is_trained_on_is_not_held_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
