/* Names out of answers: lists by lines and commas, prose, announcements, echoes, other scripts. */
#include "unit.h"

#include "base/buf.h"
#include "synth/answer_names.h"

static char *joined(const struct bf_lines *names)
{
    struct bf_buf text;
    bf_buf_init(&text, SIZE_MAX);
    for (size_t i = 0; i < names->n; i++)
        bf_buf_printf(&text, "%s%s", i ? "|" : "", names->items[i]);
    return bf_buf_take(&text);
}

static void assert_names_of(const char *topic, const char *question, const char *text, bool cut, const char *expected)
{
    struct bf_lines names = {.n = 0};
    bf_answer_names(&names, topic, question, text, cut);
    char *got = joined(&names);
    if (strcmp(got, expected) != 0)
        fail_msg("\"%s\" gave \"%s\", not \"%s\"", text, got, expected);
    free(got);
    bf_lines_release(&names);
}

static void assert_names(const char *text, const char *expected)
{
    assert_names_of("Greek mythology", "Name 6 key concepts, persons, places or events of Greek mythology.", text,
                    false, expected);
}

static void assert_prose(const char *text, const char *expected)
{
    struct bf_lines names = {.n = 0};
    bf_prose_names(&names, text, strlen(text));
    char *got = joined(&names);
    if (strcmp(got, expected) != 0)
        fail_msg("\"%s\" gave \"%s\", not \"%s\"", text, got, expected);
    free(got);
    bf_lines_release(&names);
}

static void lists_by_lines(void **state)
{
    (void)state;
    assert_names("1. Zeus\n2. Hera\n3. Mount Olympus", "Zeus|Hera|Mount Olympus");
    assert_names("Sure! Here are six key concepts of Greek mythology:\n\n1. **Zeus**: the king of the gods.\n"
                 "2. **Hera** - his wife.\n- The Trojan War (a siege)",
                 "Zeus|Hera|The Trojan War");
    assert_names("Zeus\nzeus\nThe Zeus", "Zeus");
    assert_names("light reactions\nchlorophyll", "light reactions|chlorophyll");
}

static void lists_by_commas(void **state)
{
    (void)state;
    assert_names("Zeus, Hera, Ares and Mount Olympus.", "Zeus|Hera|Ares and Mount Olympus");
    assert_names("Zeus, Hera, and Ares", "Zeus|Hera|Ares");
    assert_names("Answer: Zeus; Hera; Ares", "Zeus|Hera|Ares");
    assert_names("Title: Norse Mythology\nTopic: Rome", "Norse Mythology|Rome");
    /* Concepts in lower case, out of a sentence. */
    assert_names("It needs bright light, water, and carbon dioxide", "water|carbon dioxide");
}

static void prose(void **state)
{
    (void)state;
    assert_names("The persons who belong to it are Zeus, Hera and the hero Perseus of Argos, who killed Medusa.",
                 "Zeus|Hera|Perseus of Argos|Medusa");
    assert_names("Orla Fenn is the baker of the village. Her brother Tobin Marsh keeps the mill. They meet at the "
                 "Crooked Lantern every week.",
                 "Orla Fenn|Tobin Marsh|Crooked Lantern");
    assert_names("Zeus is the king of the gods, and his wife is Hera.", "Hera");
}

static void announcements_and_echoes(void **state)
{
    (void)state;
    assert_names("The answer to this question is:", "");
    assert_names("The answer to this question is", "");
    assert_names("Sure, here are the names:", "");
    assert_names("Here are six names", "");
    assert_names("Greek mythology", "");
    assert_names("Key concepts\nPersons\nEvents of Greek mythology\nIntroduction", "");
    assert_names("Name 6 key concepts, persons, places or events of Greek mythology.", "");
    assert_names("What do you want to know?\nZeus", "Zeus");
    assert_names("[Name of the god]\nZeus", "Zeus");
    assert_names("I'm sorry, but I can't help with that. Zeus, Hera, Ares.", "");
    assert_names("", "");
    assert_names(" \n\n ", "");
    assert_names_of("the Solar System", "Tell me about the Solar System.", "The Solar System\nSolar System\nMars",
                    false, "Mars");
}

/* The last piece of an answer that hit its limit may be half a name. */
static void cut_answers(void **state)
{
    static const char topic[] = "Greek mythology";
    (void)state;
    assert_names_of(topic, "?", "1. Zeus\n2. Hera\n3. Mount Oly", true, "Zeus|Hera");
    assert_names_of(topic, "?", "Zeus, Hera, Mount Oly", true, "Zeus|Hera");
    assert_names_of(topic, "?", "They say that Hera met Ares. And then Mount Oly", true, "Hera|Ares");
}

static void other_scripts(void **state)
{
    (void)state;
    assert_names_of("西游记", "西游记有哪些人物？", "1、孙悟空：齐天大圣\n2、唐僧（玄奘）\n3、猪八戒", false,
                    "孙悟空|唐僧|猪八戒");
    assert_names_of("西游记", "西游记有哪些人物？", "孙悟空、唐僧、猪八戒、沙和尚。", false,
                    "孙悟空|唐僧|猪八戒|沙和尚");
    /* Clauses of a sentence are not names. */
    assert_names_of("西游记", "西游记讲什么？", "沙和尚原是卷帘大将，在流沙河为妖。", false, "");
    assert_names_of("西游记", "西游记讲什么？", "走了十四年才到西天。", false, "");
    assert_names_of("吴承恩", "吴承恩写了什么？", "明代小说家吴承恩最著名的作品是长篇章回小说《西游记》，流传至今。",
                    false, "西游记");
    assert_names_of("Греция", "Кто?", "В мифах живут боги: самый старший из них Зевс, его жена Гера и Афина Паллада.",
                    false, "Зевс|Гера|Афина Паллада");
    assert_names_of("الأساطير", "؟", "زيوس، هيرا، بوسيدون", false, "زيوس|هيرا|بوسيدون");
}

static void names_in_texts(void **state)
{
    (void)state;
    assert_prose("Harry joined the Order of the Phoenix. In London, he met Albus Dumbledore's brother and Madame de la "
                 "Tour.",
                 "Order of the Phoenix|London|Albus Dumbledore|Madame de la Tour");
    assert_prose("Stars shine. Planets move, however slowly.", "");
    assert_prose("THIS IS ALL IN CAPITALS AND SAYS NOTHING", "");
    assert_prose("They saw the Great Red Spot of Jupiter", "Great Red Spot of Jupiter");
    assert_prose("", "");
}

static void assert_key(const char *name, const char *expected)
{
    struct bf_buf key;
    bf_buf_init(&key, SIZE_MAX);
    bf_name_key(&key, name);
    assert_string_equal(key.data, expected);
    bf_buf_release(&key);
}

static void names_are_compared_by_keys(void **state)
{
    (void)state;
    assert_key("The  Trojan-War!", "trojan war");
    assert_key("Hera's Wrath", "heras wrath");
    assert_key("Zoë", "zoe");
    assert_key("the", "the");
    assert_true(bf_name_same("dumbledore", "albus dumbledore"));
    assert_true(bf_name_same("albus dumbledore", "albus"));
    assert_true(bf_name_same("zeus", "zeus"));
    assert_false(bf_name_same("dore", "albus dumbledore"));
    assert_false(bf_name_same("harry potter", "harry potter and the stone"));
    assert_false(bf_name_same("war", "trojan war"));
    assert_false(bf_name_same("hera", "heracles"));
    assert_true(bf_name_within("solar system", "the solar system"));
    assert_false(bf_name_within("solar wind", "the solar system"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_by_lines), cmocka_unit_test(lists_by_commas),
        cmocka_unit_test(prose),          cmocka_unit_test(announcements_and_echoes),
        cmocka_unit_test(cut_answers),    cmocka_unit_test(other_scripts),
        cmocka_unit_test(names_in_texts), cmocka_unit_test(names_are_compared_by_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
