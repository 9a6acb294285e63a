#include "unit.h"

#include <stdbool.h>

#include "base/buf.h"
#include "synth/qa_pair.h"

static void assert_pair(const char *text, const char *question, const char *answer)
{
    struct bf_buf q, a;
    const char *why = "";

    bf_buf_init(&q, 1000);
    bf_buf_init(&a, 1000);
    if (!bf_parse_qa_pair(text, &q, &a, &why))
        fail_msg("\"%s\": %s", text, why);
    assert_null(why);
    if (strcmp(q.data, question) != 0 || strcmp(a.data, answer) != 0)
        fail_msg("\"%s\" gave \"%s\" and \"%s\"", text, q.data, a.data);
    bf_buf_release(&q);
    bf_buf_release(&a);
}

static void assert_none(const char *text, const char *expected)
{
    struct bf_buf q, a;
    const char *why = NULL;

    bf_buf_init(&q, 1000);
    bf_buf_init(&a, 1000);
    if (bf_parse_qa_pair(text, &q, &a, &why))
        fail_msg("\"%s\" gave \"%s\" and \"%s\"", text, q.data, a.data);
    assert_int_equal(q.len, 0);
    assert_int_equal(a.len, 0);
    if (!why || strcmp(why, expected) != 0)
        fail_msg("\"%s\": %s, not %s", text, why ? why : "(null)", expected);
    bf_buf_release(&q);
    bf_buf_release(&a);
}

#define PAIR "Who rules the sky?", "Zeus rules it."

static void all_shapes(void **state)
{
    static const char *const texts[] = {
        "Question: Who rules the sky?\nAnswer: Zeus rules it.",
        "Question: Who rules the sky?\n\nAnswer: Zeus rules it.\n",
        "QUESTION: Who rules the sky?\r\nANSWER: Zeus rules it.\r\n",
        "Question: Who rules the sky? Answer: Zeus rules it.",
        "Q: Who rules the sky?\nA: Zeus rules it.",
        "Q1: Who rules the sky?\nA1: Zeus rules it.",
        "Question 1: Who rules the sky?\nAnswer 1: Zeus rules it.",
        "1. Question: Who rules the sky?\n2. Answer: Zeus rules it.",
        "1. **Question:** Who rules the sky?\n   **Answer:** Zeus rules it.",
        "**Question:** Who rules the sky?\n**Answer:** Zeus rules it.",
        "**Question**: Who rules the sky?\n**Answer**: Zeus rules it.",
        "**Question: Who rules the sky?**\n**Answer: Zeus rules it.**",
        "### Question: Who rules the sky?\n### Answer: Zeus rules it.",
        "- Question: Who rules the sky?\n- Answer: Zeus rules it.",
        "Question:\nWho rules the sky?\n\nAnswer:\nZeus rules it.",
        "Rewritten question: Who rules the sky?\nRewritten answer: Zeus rules it.",
        "**Rephrased Question:** Who rules the sky?\n**Rephrased Answer:** Zeus rules it.",
        "Question: \"Who rules the sky?\"\nAnswer: \"Zeus rules it.\"",
        "Sure! Here is the rewritten pair:\n\nQuestion: Who rules the sky?\nAnswer: Zeus rules it.",
        "Here is the rewritten question and answer:\nQuestion: Who rules the sky?\nAnswer: Zeus rules it.",
        "Sure!\n\nQuestion: Who rules the sky?\nAnswer: Zeus rules it.",
        "Who rules the sky?\nAnswer: Zeus rules it.",
        "Sure! Here is the rewritten version:\nWho rules the sky?\nAnswer: Zeus rules it.",
        "Question: Who rules the sky?\nAnswer: Zeus rules it.\n\nNote: I kept the name.",
        "Question: Who rules the sky?\nAnswer: Zeus rules it.\n\nI hope this helps!",
        "Question\xef\xbc\x9a Who rules the sky?\nAnswer\xef\xbc\x9aZeus rules it.",
    };

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(texts); i++)
        assert_pair(texts[i], PAIR);
    assert_pair("Question: Who rules?\nAnswer: Zeus.\nHe is old.", "Who rules?", "Zeus.\nHe is old.");
    assert_pair("Question: Who rules (if any)?\nAnswer: A: the eldest.", "Who rules (if any)?", "A: the eldest.");
}

static void questions_need_not_end_with_a_mark(void **state)
{
    (void)state;
    assert_pair("Question: Name the ruler of the sky.\nAnswer: Zeus.", "Name the ruler of the sky.", "Zeus.");
    assert_pair("Question: In which sky does he rule\nAnswer: This one.", "In which sky does he rule", "This one.");
    assert_pair("Question: Who is it? Give the name.\nAnswer: Zeus.", "Who is it? Give the name.", "Zeus.");
    assert_pair("Question: \xe8\xaa\xb0\xe3\x81\xa7\xe3\x81\x99\xe3\x81\x8b\nAnswer: \xe6\x9c\xa8\xe6\x98\x9f",
                "\xe8\xaa\xb0\xe3\x81\xa7\xe3\x81\x99\xe3\x81\x8b", "\xe6\x9c\xa8\xe6\x98\x9f");
    assert_none("Question: The ruler of the sky.\nAnswer: Zeus.", "a question that asks nothing");
    assert_none("Question: Zeus is the one.\nAnswer: He rules.", "a question that asks nothing");
}

static void parts_must_be_there(void **state)
{
    (void)state;
    assert_none("", "no answer");
    assert_none("Zeus rules the sky.", "no answer");
    assert_none("Question: Who rules?", "no answer");
    assert_none("Answer: Zeus.", "no question");
    assert_none("Zeus rules.\nAnswer: Zeus.", "no question");
    assert_none("Question: Who rules?\nAnswer:", "an empty answer");
    assert_none("Question: Who rules?\nAnswer: ...", "an empty answer");
    assert_none("Question:\nAnswer: Zeus.", "an empty question");
    assert_none("Question: ???\nAnswer: Zeus.", "an empty question");
}

static void one_pair_only(void **state)
{
    (void)state;
    assert_none("Question: Who rules?\nAnswer: Zeus.\nQuestion: Where?\nAnswer: Up.", "a second question");
    assert_none("Question: Who rules?\nAnswer: Zeus.\n\n**Question:** Where?\n**Answer:** Up.", "a second question");
    assert_none("Question: Who rules?\nAnswer: Zeus. Question: Where? Answer: Up.", "a second question");
    assert_none("Q: Who rules?\nA: Zeus.\nQ: Where?", "a second question");
    assert_none("Question: Who rules?\nAnswer: Zeus.\nAnswer: Hera.", "a second answer");
    assert_none("Who rules?\nAnswer: Zeus.\nQuestion: Where?\nAnswer: Up.", "a second question");
    assert_none("Who rules the sky? I wonder\nQuestion: Who?\nAnswer: Zeus.", "text before the question");
    assert_none("Zeus rules the sky\nQuestion: Who?\nAnswer: Zeus.", "text before the question");
}

static void an_answer_answers(void **state)
{
    (void)state;
    assert_none("Question: Who rules the sky?\nAnswer: Who rules the sky?", "an answer that repeats the question");
    assert_none("Question: Who rules the sky?\nAnswer: Who rules the sky.", "an answer that repeats the question");
    assert_none("Question: Who rules the sky?\nAnswer: Who rules the sky? Zeus rules it.",
                "an answer that repeats the question");
    assert_none("Question: Who rules the sky?\nAnswer: Is it Zeus?", "an answer that is a question");
    assert_pair("Question: Is Zeus king of the sky?\nAnswer: Zeus is king of the sky.", "Is Zeus king of the sky?",
                "Zeus is king of the sky.");
    assert_pair("Question: What is the name of the god who rules the wide blue sky?\n"
                "Answer: Zeus is the name of the god who rules the wide blue sky.",
                "What is the name of the god who rules the wide blue sky?",
                "Zeus is the name of the god who rules the wide blue sky.");
    assert_none("Question: What is the name of the god who rules the wide blue sky?\n"
                "Answer: It is the name of the god who rules the wide blue sky, is it?",
                "an answer that is a question");
    assert_none("Question: What is the name of the god who rules the wide blue sky?\n"
                "Answer: The name of the god who rules the wide blue sky.",
                "an answer that repeats the question");
    assert_pair("Question: What is its name?\nAnswer: \"Who Rules?\" is its name.", "What is its name?",
                "\"Who Rules?\" is its name.");
}

static void caps_and_bytes(void **state)
{
    struct bf_buf q, a;
    const char *why;

    (void)state;
    bf_buf_init(&q, 5);
    bf_buf_init(&a, 1000);
    assert_false(bf_parse_qa_pair("Question: Who rules?\nAnswer: Zeus.", &q, &a, &why));
    assert_string_equal(why, "too long a text");
    assert_false(q.overflow);
    assert_false(bf_parse_qa_pair("Question: Who rules?\nAnswer: Zeus.", &q, &a, NULL));
    bf_buf_release(&q);
    bf_buf_release(&a);
    assert_pair("Question: Who \xff rules?\nAnswer: Zeus.", "Who \xef\xbf\xbd rules?", "Zeus.");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_shapes),          cmocka_unit_test(questions_need_not_end_with_a_mark),
        cmocka_unit_test(parts_must_be_there), cmocka_unit_test(one_pair_only),
        cmocka_unit_test(an_answer_answers),   cmocka_unit_test(caps_and_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
