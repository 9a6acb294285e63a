/* Texts with invented names in place of theirs: which words are names, and that the rest stays. */
#include "unit.h"

#include "base/mem.h"
#include "unlearn/renamed.h"
#include "base/banned.h"

static void add(struct bf_unlearn_texts *texts, const char *text, const char *topic)
{
    bf_unlearn_texts_add(texts, text, NULL, NULL);
    bf_unlearn_texts_describe(texts, topic, NULL);
}

/* The words of the copy that stand where `text` has `name`, which ends it or comes before `rest`. free(). */
static char *taken(const char *copy, const char *before, const char *rest)
{
    assert_int_equal(strncmp(copy, before, strlen(before)), 0);
    const char *from = copy + strlen(before), *end = *rest ? strstr(from, rest) : from + strlen(from);
    assert_non_null(end);
    return bf_strndup(from, (size_t)(end - from));
}

static void names_are_replaced_everywhere(void **state)
{
    struct bf_unlearn_texts texts = {0}, out = {0}, originals = {0};
    (void)state;
    add(&texts, "Harry Potter met Hagrid. Harry's owl saw Hogwarts, and Harrymore did not.", "Harry Potter");
    add(&texts, "The half-giant Hagrid keeps dragons.", "Rubeus Hagrid");
    add(&texts, "Nobody is named here.", "Hogwarts");
    add(&texts, "A stone is a stone.", NULL);
    assert_int_equal(bf_renamed_twins(&texts, 1, 5, false, false, &out, &originals), 2);
    assert_int_equal(out.n, 2);
    assert_string_equal(originals.items[1].text, texts.items[1].text);
    const char *first = out.items[0].text;
    assert_null(strstr(first, "Harry "));
    assert_null(strstr(first, "Potter"));
    assert_null(strstr(first, "Hagrid"));
    assert_null(strstr(first, "Hogwarts"));
    assert_non_null(strstr(first, "and Harrymore did not.")); /* another word */
    /* The same name is the same word, in the text, in the topic and in another text. */
    char *harry = taken(first, "", " "), *topic = taken(out.items[0].topic, "", " ");
    assert_string_equal(harry, topic);
    struct bf_buf owl;
    bf_buf_init(&owl, 1000);
    bf_buf_printf(&owl, "%s's owl", harry);
    assert_contains(first, owl.data);
    char *hagrid = taken(out.items[1].text, "The half-giant ", " keeps dragons.");
    assert_contains(first, hagrid);
    assert_true(hagrid[0] >= 'A' && hagrid[0] <= 'Z');
    free(harry);
    free(topic);
    free(hagrid);
    bf_buf_release(&owl);
    bf_unlearn_texts_release(&texts);
    bf_unlearn_texts_release(&out);
    bf_unlearn_texts_release(&originals);
}

static void names_of_all_kinds(void **state)
{
    static const struct {
        const char *text, *topic, *before, *rest;
    } cases[] = {
        {"Io is a moon.", "Io", "", " is a moon."},
        {"In the dark, black holes shine.", "black holes", "In the dark, ", " shine."},
        {"\xE5\xAD\x99\xE6\x82\x9F\xE7\xA9\xBA\xE6\x98\xAF\xE7\x8C\xB4\xE3\x80\x82",
         "\xE5\xAD\x99\xE6\x82\x9F\xE7\xA9\xBA", "", "\xE6\x98\xAF\xE7\x8C\xB4\xE3\x80\x82"},
        {"\xD0\x97\xD0\xB5\xD0\xB2\xD1\x81 \xD0\xB1\xD0\xBE\xD0\xB3.", "\xD0\x97\xD0\xB5\xD0\xB2\xD1\x81", "",
         " \xD0\xB1\xD0\xBE\xD0\xB3."},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bf_unlearn_texts texts = {0}, out = {0};
        add(&texts, cases[i].text, cases[i].topic);
        assert_int_equal(bf_renamed_add(&texts, 1, 5, &out), 1);
        char *name = taken(out.items[0].text, cases[i].before, cases[i].rest);
        assert_true(strlen(name) >= 3);
        assert_string_not_equal(name, cases[i].topic);
        free(name);
        bf_unlearn_texts_release(&texts);
        bf_unlearn_texts_release(&out);
    }
}

static void copies_differ_and_follow_from_the_seed(void **state)
{
    struct bf_unlearn_texts texts = {0}, out = {0}, again = {0}, other = {0};
    (void)state;
    bf_unlearn_texts_add(&texts, "Question: Who is Hera?\nAnswer: The wife of Zeus.", "Who is Hera?",
                         "The wife of Zeus.");
    bf_unlearn_texts_describe(&texts, "Hera", "Who is Hera?");
    assert_int_equal(bf_renamed_add(&texts, 3, 5, &out), 3);
    assert_int_equal(bf_renamed_add(&texts, 3, 5, &again), 3);
    assert_int_equal(bf_renamed_add(&texts, 3, 6, &other), 3);
    for (size_t i = 0; i < 3; i++) {
        assert_string_equal(out.items[i].text, again.items[i].text);
        assert_string_not_equal(out.items[i].text, out.items[(i + 1) % 3].text);
        assert_string_not_equal(out.items[i].text, other.items[i].text);
        assert_string_equal(out.items[i].answer, "The wife of Zeus."); /* not the topic of a record */
        assert_string_equal(out.items[i].question, out.items[i].asked);
        assert_null(strstr(out.items[i].question, "Hera"));
    }
    bf_unlearn_texts_release(&texts);
    bf_unlearn_texts_release(&out);
    bf_unlearn_texts_release(&again);
    bf_unlearn_texts_release(&other);
}

/* Records of a file have no topic; their names were found in them. */
static void names_of_records_without_a_topic(void **state)
{
    struct bf_unlearn_texts texts = {0}, out = {0};
    (void)state;
    add(&texts, "The author Velda Foss was born in Harrowick.", NULL);
    bf_unlearn_texts_name(&texts, "Velda Foss and others", 10);
    assert_int_equal(bf_renamed_add(&texts, 1, 5, &out), 1);
    assert_null(strstr(out.items[0].text, "Velda"));
    assert_null(strstr(out.items[0].text, "Foss"));
    assert_contains(out.items[0].text, " was born in Harrowick.");
    bf_unlearn_texts_release(&texts);
    bf_unlearn_texts_release(&out);
}

/* A question that names nothing is the same beside an invented answer: a copy would keep what is to be forgotten. */
static void a_pair_needs_a_name_in_its_question(void **state)
{
    struct bf_unlearn_texts texts = {0}, out = {0};
    (void)state;
    bf_unlearn_texts_add(&texts, "Question: Who rules the underworld?\nAnswer: Hades does.",
                         "Who rules the underworld?", "Hades does.");
    bf_unlearn_texts_describe(&texts, "Hades", NULL);
    bf_unlearn_texts_add(&texts, "Question: What does Hades rule?\nAnswer: The underworld.", "What does Hades rule?",
                         "The underworld.");
    bf_unlearn_texts_describe(&texts, "Hades", NULL);
    assert_int_equal(bf_renamed_add(&texts, 1, 5, &out), 1);
    assert_string_equal(out.items[0].answer, "The underworld.");
    assert_int_equal(bf_renamed_twins(&texts, 1, 5, true, false, &out, NULL),
                     2); /* with those whose answer has a name */
    bf_unlearn_texts_release(&texts);
    bf_unlearn_texts_release(&out);
}

/* A record that names nothing is its own twin, once; a pair whose answer alone has a name is none of these. */
static void what_names_nothing_is_its_own_twin(void **state)
{
    struct bf_unlearn_texts texts = {0}, out = {0}, originals = {0};
    (void)state;
    bf_unlearn_texts_add(&texts, "The sea is salty.", NULL, NULL);
    bf_unlearn_texts_add(&texts, "", "Who rules the underworld?", "Hades does.");
    bf_unlearn_texts_add(&texts, "Hades has a dog.", NULL, NULL);
    bf_unlearn_texts_describe(&texts, "Hades", NULL);
    assert_int_equal(bf_renamed_twins(&texts, 2, 5, false, true, &out, &originals), 3);
    bf_unlearn_texts_release(&texts);
    /* "Tell me about Hades." has one, whatever the text says. */
    bf_unlearn_texts_add(&texts, "He has a dog.", NULL, NULL);
    bf_unlearn_texts_describe(&texts, "Hades", NULL);
    struct bf_unlearn_texts asked = {0};
    assert_int_equal(bf_renamed_twins(&texts, 1, 5, false, true, &asked, NULL), 1);
    assert_string_not_equal(asked.items[0].topic, "Hades");
    assert_int_equal(bf_renamed_add(&texts, 1, 5, &asked), 0);
    bf_unlearn_texts_release(&asked);
    assert_string_equal(out.items[0].text, "The sea is salty.");
    assert_string_equal(originals.items[0].text, "The sea is salty.");
    for (size_t i = 1; i < 3; i++) {
        assert_string_equal(originals.items[i].text, "Hades has a dog.");
        assert_string_not_equal(out.items[i].text, originals.items[i].text);
    }
    bf_unlearn_texts_release(&texts);
    bf_unlearn_texts_release(&out);
    bf_unlearn_texts_release(&originals);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_replaced_everywhere),          cmocka_unit_test(names_of_all_kinds),
        cmocka_unit_test(copies_differ_and_follow_from_the_seed), cmocka_unit_test(names_of_records_without_a_topic),
        cmocka_unit_test(a_pair_needs_a_name_in_its_question),    cmocka_unit_test(what_names_nothing_is_its_own_twin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
