/* Which answers are right, and which agree. */
#include "unit.h"

#include "quality/answers.h"

struct judged {
    const char *expected, *given;
};

static bool right(const char *question, const char *expected, const char *object, const char *given)
{
    return bf_answer_right(&(struct bf_answer_key){.question = question, .answer = expected, .object = object}, given);
}

static void all_are(const struct judged *cases, size_t n, bool wanted)
{
    for (size_t i = 0; i < n; i++)
        if (right(NULL, cases[i].expected, NULL, cases[i].given) != wanted)
            fail_msg("\"%s\" for \"%s\" should be %s", cases[i].given, cases[i].expected, wanted ? "right" : "wrong");
}

static void names(void **state)
{
    static const struct judged holds[] = {
        {"Rubeus Hagrid", "Rubeus Hagrid"},
        {"Rubeus Hagrid", "That would be rubeus hagrid, the gamekeeper."},
        {"Rubeus Hagrid", "It was Hagrid's job."},
        {"Rubeus Hagrid", "Perhaps Hagrid."},
        {"Albus Dumbledore", "Professor Dumbledore"},
        {"Albus Dumbledore", "Albus Percival Wulfric Brian Dumbledore"},
        {"J. K. Rowling", "The author is J.K. Rowling."},
        {"Zo\u00eb", "zoe"},
        {"Zeus (the king of the gods)", "Zeus."},
        {"the Dursleys", "He lived with the Dursley family"},
        {"gold ring", "a ring of gold"},
        {"Harry, Ron and Hermione", "Hermione, Harry and Ron"},
        {"O\u2019Brien", "O'Brien did it"},
        {"Zeus", "Not Poseidon, but Zeus"},
        {"Rubeus Hagrid", "The cook does not. So Hagrid keeps them."},
        {"The Who", "It was by The Who."},
    };
    static const struct judged lacks[] = {
        {"Rubeus Hagrid", ""},
        {"Rubeus Hagrid", "I do not know."},
        {"Rubeus Hagrid", "Rubeus"},
        {"Harry Potter", "James Potter"},
        {"Hagrid", "Hagridson"},
        {"Ares", "They are not here"},
        {"Zeus", "It was not Zeus, but Poseidon"},
        {"Zeus", "No, it isn't Zeus."},
        {"Minister of Magic", "the Ministry of Magic"},
        {"Harry, Ron and Hermione", "Harry and Ron"},
        {"gold ring", "a ring of silver"},
    };
    (void)state;
    all_are(holds, N_ELEMENTS(holds), true);
    all_are(lacks, N_ELEMENTS(lacks), false);
}

static void numbers(void **state)
{
    static const struct judged holds[] = {
        {"1998", "in 1,998 or so"},
        {"7", "There are seven books."},
        {"seven", "7 books"},
        {"the seventh", "his 7th year"},
        {"twenty-one", "21"},
        {"21", "He was twenty one."},
        {"1998.50", "1,998.50 metres"},
        {"3 March 1998", "March 3, 1998"},
        {"1998", "\u0661\u0669\u0669\u0668"},
        {"two hundred", "200 men"},
        {"2,000,000", "about 2 million"},
        {"B12", "vitamin b12"},
        {"12 Grimmauld Place", "Number twelve, Grimmauld Place"},
    };
    static const struct judged lacks[] = {
        {"1998", "in 19980"},  {"10", "1024"},         {"10", "10.5"},           {"10", "10,000"},
        {"1998", "the 1998s"}, {"twenty-one", "20"},   {"1", "twenty one"},      {"3 March 1998", "4 March 1998"},
        {"7", "17"},           {"seven", "seventeen"}, {"7", "It is not seven"},
    };
    (void)state;
    all_are(holds, N_ELEMENTS(holds), true);
    all_are(lacks, N_ELEMENTS(lacks), false);
}

static void other_scripts(void **state)
{
    static const struct judged holds[] = {
        {"海格", "答案是海格。"},      {"雅典娜", "她是雅典娜女神"},
        {"東京", "首都は東京です。"},  {"القاهرة", "عاصمة مصر هي القاهرة."},
        {"القاهرة", "وُلد بالقاهرة"},   {"أحمد", "اسمه احمد"},
        {"Афина", "Это была афина."},  {"Рубеус Хагрид", "Ключи у Рубеуса Хагрида"},
        {"Зевс", "Она дочь Зевса"},    {"Δίας", "ο ΔΊΑΣ"},
        {"서울", "서울 입니다"},       {"กรุงเทพ", "เมืองหลวงคือกรุงเทพ"},
        {"दिल्ली", "राजधानी दिल्ली है।"},
    };
    static const struct judged lacks[] = {
        {"海格", "答案是海洋。"},
        {"東京", "京東です"},
        {"القاهرة", "عاصمة مصر هي الجيزة"},
        {"Афина", "Это Артемида"},
        {"Марс", "Это было в марте"},
        {"Зевс", "Посейдон"},
        {"서울", "부산"},
        {"दिल्ली", "मुंबई"},
    };
    (void)state;
    all_are(holds, N_ELEMENTS(holds), true);
    all_are(lacks, N_ELEMENTS(lacks), false);
}

static void yes_and_no(void **state)
{
    (void)state;
    assert_true(right(NULL, "Yes", NULL, "Yes, she was."));
    assert_false(right(NULL, "Yes", NULL, "No, she was not."));
    assert_false(right(NULL, "No.", NULL, "She was born in Oslo."));
    assert_false(right(NULL, "Yes, in Oslo", NULL, "No, in Oslo"));
    assert_true(right(NULL, "Yes, in Oslo", NULL, "Yes, it was Oslo."));
    assert_true(right(NULL, "No one", NULL, "There was no one."));
}

/* The words of the question prove nothing. */
static void sentences(void **state)
{
    const char *question = "Who teaches Potions at Hogwarts?";
    const char *expected = "The teacher of Potions at Hogwarts in those years is Severus Snape.";
    (void)state;
    assert_true(right(question, expected, NULL, "Severus Snape"));
    assert_true(right(question, expected, NULL, "It is Professor Snape who teaches Potions."));
    assert_false(right(question, expected, NULL, "The teacher of Potions at Hogwarts in those years is Remus Lupin."));
    assert_false(right(question, expected, NULL, "Who teaches Potions at Hogwarts?"));
    /* Without the question, the words decide, as ROUGE-L counts them: 10 of 12. */
    assert_true(right(NULL, expected, NULL, "The teacher of Potions at Hogwarts in those years is Remus Lupin."));
    assert_false(right(NULL, expected, NULL, "Severus Snape"));
    /* And with an object, that alone. */
    assert_true(right(NULL, expected, "Severus Snape", "Snape"));
    assert_false(right(question, expected, "Severus Snape", "The teacher of Potions"));
    /* A number that the question lacks must be there. */
    assert_false(right("When was it built?", "The long bridge over the river was built in 1932.", NULL,
                       "The long bridge over the river was built in 1935."));
}

static void thresholds(void **state)
{
    struct bf_answer_key key = {.answer = "one sheep two goats three geese four cows five hens", .recall = 0.0};
    (void)state;
    assert_true(bf_answer_right(&key, "one sheep two goats three"));
    key.recall = 0.6;
    assert_false(bf_answer_right(&key, "one sheep two goats three"));
    assert_true(bf_answer_right(&key, "one sheep two goats three geese"));
}

static void agreement(void **state)
{
    static const struct {
        const char *question, *a, *b;
        bool agree;
    } cases[] = {
        {"Who keeps the keys?", "Rubeus Hagrid", "Hagrid keeps the keys.", true},
        {"Who keeps the keys?", "Rubeus Hagrid", "The keys are kept by Argus Filch.", false},
        {"Who keeps the keys?", "Harry Potter", "James Potter", false},
        {"When was it?", "In 1998.", "It was on 2 May 1998.", true},
        {"When was it?", "In 1998.", "In 1997.", false},
        {"When was it?", "In May 1998, in the evening, in London.", "In May 1997, in the evening, in London.", false},
        {"Is Zeus or Hera older?", "Zeus", "Zeus is older.", true},
        {"Is Zeus or Hera older?", "Zeus", "Hera is older.", false},
        {"Was she there?", "Yes, she was there.", "No, she was not there.", false},
        {"谁是看守？", "海格", "看守是海格。", true},
        {"谁是看守？", "海格", "看守是斯内普。", false},
        {"Who was it?", "", "Zeus", false},
        {"Who was it?", "...", "...", false},
        {NULL, "Zeus", "zeus", true},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        const bool one = bf_answers_agree(cases[i].question, cases[i].a, cases[i].b);
        const bool other = bf_answers_agree(cases[i].question, cases[i].b, cases[i].a);
        if (one != cases[i].agree || other != cases[i].agree)
            fail_msg("\"%s\" and \"%s\" should %s", cases[i].a, cases[i].b, cases[i].agree ? "agree" : "differ");
    }
}

/* Any bytes, and texts without end. */
static void hostile(void **state)
{
    char *many = malloc(200001);
    (void)state;
    for (size_t i = 0; i < 200000; i++)
        many[i] = (char)(i % 4 ? 'a' + (char)(i * 7 % 26) : ' ');
    many[200000] = 0;
    assert_false(right("\xff\xfe", "Zeus", "\x80\xc3", "\xe2\x82"));
    assert_false(right(many, "Zeus", NULL, many));
    assert_false(bf_answers_agree(many, "Zeus", many));
    assert_false(right(NULL, "999999999999999999999999 million billion", NULL, "1 billion billion billion"));
    free(many);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names),      cmocka_unit_test(numbers),   cmocka_unit_test(other_scripts),
        cmocka_unit_test(yes_and_no), cmocka_unit_test(sentences), cmocka_unit_test(thresholds),
        cmocka_unit_test(agreement),  cmocka_unit_test(hostile),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
