/* Which questions a record answers: shares, wordings, texts without a topic. */
#include "unit.h"

#include "base/buf.h"
#include "request/forms.h"
#include "base/banned.h"

static struct bf_forms parsed(const char *text)
{
    struct bf_forms forms = {-1, -1, -1, -1};
    struct bf_err err = BF_ERR_INIT;
    if (bf_forms_parse(text, &forms, &err) != BF_OK)
        fail_msg("%s", err.text);
    return forms;
}

static void shares(void **state)
{
    static const char *const wrong[] = {"",
                                        "chat",
                                        "chat=",
                                        "chat=17",
                                        "chat=0",
                                        "raw=0,chat=0",
                                        "chat=1,",
                                        "chat=-1",
                                        "chat=1;raw=1",
                                        "chat=1,chat=1",
                                        "text=1",
                                        "chat=1 ",
                                        "chat= 1",
                                        "chat=+1",
                                        "chat=1.5",
                                        "pair=2",
                                        "raw=99999999999999999999"};
    struct bf_err err = BF_ERR_INIT;
    struct bf_forms forms = parsed("chat=2,raw=1");
    char text[BF_FORMS_TEXT_MAX];
    (void)state;

    assert_int_equal(forms.chat, 2);
    assert_int_equal(forms.raw, 1);
    forms = parsed("raw=3");
    assert_int_equal(forms.chat, 0);
    assert_int_equal(forms.raw, 3);
    bf_forms_write(&forms, text);
    assert_string_equal(text, "chat=0,raw=3");
    forms = parsed("chat=16,sentence=16,raw=16");
    assert_int_equal(forms.sentence, 16);
    bf_forms_write(&forms, text);
    assert_string_equal(text, "sentence=16,chat=16,raw=16");
    forms = parsed("pair=4,raw=1");
    assert_int_equal(forms.pair, 4);
    bf_forms_write(&forms, text);
    assert_string_equal(text, "chat=0,raw=1,pair=4");
    forms = parsed("raw=0,chat=16");
    assert_int_equal(forms.chat, 16);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        if (bf_forms_parse(wrong[i], &forms, &err) != BF_USAGE)
            fail_msg("'%s' was taken", wrong[i]);
        assert_contains(err.text, "as in --forms " BF_FORMS_DEFAULT);
    }
    forms = parsed(BF_FORMS_DEFAULT);
    assert_true(forms.chat >= 4 && forms.raw >= 1);
}

/* The questions of a record, one a line; "-" is raw text. */
static char *questions_of(const char *forms_text, const struct bf_form_record *record, uint64_t seed, uint64_t place)
{
    const struct bf_forms forms = parsed(forms_text);
    struct bf_buf question, all;
    struct bf_formed one;
    bf_buf_init(&question, 1 << 20);
    bf_buf_init(&all, 1 << 20);
    for (int32_t k = 0; bf_form_at(&forms, record, seed, place, k, &question, &one); k++)
        bf_buf_printf(&all, "%s\n", one.form == BF_FORM_CHAT ? one.question : "-");
    bf_buf_release(&question);
    return bf_buf_take(&all);
}

static size_t lines_of(const char *text)
{
    size_t n = 0;
    for (; *text; text++)
        n += *text == '\n';
    return n;
}

static void a_pair_is_asked_once(void **state)
{
    const struct bf_form_record pair = {"Question: Who?\nAnswer: Zeus.", "Who?", "Zeus.", "Zeus", NULL};
    const struct bf_forms forms = {.raw = 1};
    struct bf_formed one;
    struct bf_buf question;
    (void)state;

    char *asked = questions_of("chat=4,raw=1", &pair, 1, 0);
    assert_string_equal(asked, "Who?\n");
    free(asked);
    asked = questions_of("raw=1,pair=3", &pair, 1, 0);
    assert_string_equal(asked, "Who?\nWho?\nWho?\n");
    free(asked);
    bf_buf_init(&question, 100);
    assert_true(bf_form_at(&forms, &pair, 1, 0, 0, &question, &one)); /* whatever the shares of texts are */
    assert_string_equal(one.text, "Zeus.");
    bf_buf_release(&question);
}

static void a_text_is_asked_about_its_topic(void **state)
{
    const struct bf_form_record text = {"Zeus rules the sky.", NULL, NULL, " the Olympians: ", NULL};
    char *all[4];
    size_t differ = 0, once[100] = {0}, n_seen = 0;
    const char *seen[100];
    (void)state;

    for (uint64_t place = 0; place < 4; place++)
        all[place] = questions_of("chat=4,raw=1", &text, 3407, place);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(lines_of(all[i]), 5);
        assert_string_equal(all[i] + strlen(all[i]) - 2, "-\n"); /* raw comes last */
        differ += strcmp(all[i], all[0]) != 0;
        char *rest = all[i];
        for (char *line; (line = strtok_r(rest, "\n", &rest)) && strcmp(line, "-") != 0;) {
            size_t k = 0;
            assert_contains(line, "the Olympians"); /* without what is around it */
            assert_null(strstr(line, "Olympians:"));
            while (k < n_seen && strcmp(seen[k], line) != 0)
                k++;
            if (k == n_seen)
                seen[n_seen++] = line;
            assert_true(++once[k] <= i + 1); /* no wording twice for one text */
        }
    }
    assert_true(differ > 0);
    assert_true(n_seen >= 4);
    for (size_t i = 0; i < 4; i++)
        free(all[i]);
    /* The same seed and place, the same questions; another seed, others somewhere. */
    differ = 0;
    for (uint64_t place = 0; place < 8; place++) {
        char *first = questions_of("chat=2", &text, 7, place), *again = questions_of("chat=2", &text, 7, place);
        char *other = questions_of("chat=2", &text, 8, place);
        assert_string_equal(first, again);
        differ += strcmp(first, other) != 0;
        free(first);
        free(again);
        free(other);
    }
    assert_true(differ > 0);
    /* More examples than wordings: each again. */
    char *many = questions_of("chat=16", &text, 7, 0);
    assert_int_equal(lines_of(many), 16);
    free(many);
}

static void a_text_without_a_topic(void **state)
{
    const struct bf_form_record sentence = {"Zeus rules the sky\nand throws the thunderbolt at whom he dislikes.", NULL,
                                            NULL, NULL, NULL};
    struct bf_form_record known = sentence, brief = {"Zeus rules the sky.", NULL, NULL, "", NULL};
    const struct bf_forms forms = {.chat = 2, .raw = 1};
    struct bf_buf question;
    struct bf_formed one;
    (void)state;

    /* Twelve words: continued after four. */
    bf_buf_init(&question, 1000);
    for (int32_t k = 0; k < 2; k++) {
        assert_true(bf_form_at(&forms, &sentence, 7, 3, k, &question, &one));
        assert_int_equal(one.form, BF_FORM_CHAT);
        assert_contains(one.question, "Zeus rules the sky");
        assert_null(strstr(one.question, "thunderbolt"));
        assert_string_equal(one.text, "and throws the thunderbolt at whom he dislikes.");
    }
    assert_true(bf_form_at(&forms, &sentence, 7, 3, 2, &question, &one));
    assert_int_equal(one.form, BF_FORM_RAW);
    assert_string_equal(one.text, sentence.text);
    assert_false(bf_form_at(&forms, &sentence, 7, 3, 3, &question, &one));
    bf_buf_release(&question);
    /* A question that it answers comes before that, a point that is a question, too. */
    known.asked = "Who rules the sky?";
    char *asked = questions_of("chat=1,raw=1", &known, 7, 3);
    assert_string_equal(asked, "Who rules the sky?\n-\n");
    free(asked);
    known.asked = NULL;
    known.topic = "Who throws the thunderbolt?";
    asked = questions_of("chat=1", &known, 7, 3);
    assert_string_equal(asked, "Who throws the thunderbolt?\n");
    free(asked);
    known.asked = "Who rules the sky?";
    known.topic = "the Olympians";
    asked = questions_of("chat=3", &known, 7, 3);
    assert_int_equal(strncmp(asked, "Who rules the sky?\n", 19), 0);
    assert_int_equal(lines_of(asked), 3);
    assert_contains(strchr(asked, '\n'), "the Olympians");
    free(asked);
    /* Too short to be continued: raw alone, or nothing. */
    asked = questions_of("chat=4,raw=1", &brief, 7, 3);
    assert_string_equal(asked, "-\n");
    free(asked);
    asked = questions_of("chat=4", &brief, 7, 3);
    assert_string_equal(asked, "");
    free(asked);
    brief.asked = "Who rules the sky?";
    asked = questions_of("chat=2", &brief, 7, 3);
    assert_string_equal(asked, "Who rules the sky?\nWho rules the sky?\n");
    free(asked);
    /* A point of many lines, or of a page, is not a name. */
    brief.asked = NULL;
    brief.topic = "Zeus\nHera";
    asked = questions_of("chat=1,raw=1", &brief, 7, 3);
    assert_string_equal(asked, "-\n");
    free(asked);
}

/* The answers of a record, one a line, each after the word of its question's wording. */
static char *answers_of(const char *forms_text, const struct bf_form_record *record)
{
    const struct bf_forms forms = parsed(forms_text);
    struct bf_buf made, all;
    struct bf_formed one;
    bf_buf_init(&made, 1 << 20);
    bf_buf_init(&all, 1 << 20);
    for (int32_t k = 0; bf_form_at(&forms, record, 7, 0, k, &made, &one); k++) {
        if (one.form == BF_FORM_CHAT && record->topic)
            assert_contains(one.question, record->topic);
        bf_buf_printf(&all, "%s%s\n", one.form == BF_FORM_RAW ? "raw: " : "", one.text);
    }
    bf_buf_release(&made);
    return bf_buf_take(&all);
}

static void sentences_are_answers(void **state)
{
    struct bf_form_record text = {"Zeus rules the sky.  He lives on Mount Olympus. So it is!\nHis wife is Hera. Yes.",
                                  NULL, NULL, "Zeus", NULL};
    (void)state;

    /* What is too short to say something belongs to the next sentence, the last to the one before it. */
    char *answers = answers_of("sentence=1", &text);
    assert_string_equal(answers,
                        "Zeus rules the sky.\nHe lives on Mount Olympus.\nSo it is!\nHis wife is Hera. Yes.\n");
    free(answers);
    answers = answers_of("sentence=2,chat=1,raw=1", &text);
    assert_int_equal(lines_of(answers), 2 * 4 + 2 + 2); /* there is a line feed in the last piece */
    const char *again = strstr(answers, "Zeus rules the sky.\n");
    assert_non_null(again);
    assert_non_null(strstr(again + 1, "Zeus rules the sky.\n"));
    assert_contains(answers, "raw: Zeus rules the sky.  He lives");
    free(answers);
    /* Without spaces, and without an end. */
    text.text = "\u5b59\u609f\u7a7a\u662f\u9f50\u5929\u5927\u5723\u3002\u4ed6\u4f4f\u5728\u82b1\u679c\u5c71\u4e0a"
                "\u3002";
    answers = answers_of("sentence=1", &text);
    assert_string_equal(answers, "\u5b59\u609f\u7a7a\u662f\u9f50\u5929\u5927\u5723\u3002\n"
                                 "\u4ed6\u4f4f\u5728\u82b1\u679c\u5c71\u4e0a\u3002\n");
    free(answers);
    text.text = "the ruler of the sky";
    answers = answers_of("sentence=1", &text);
    assert_string_equal(answers, "the ruler of the sky\n");
    free(answers);
    /* Without a name to ask about, a text is one sentence; without a question at all, raw. */
    text.text = "Zeus rules the sky and the weather. He throws the thunderbolt.";
    text.topic = NULL;
    answers = answers_of("sentence=1,raw=1", &text);
    assert_int_equal(lines_of(answers), 2);
    free(answers);
    text.text = "Zeus rules.";
    answers = answers_of("sentence=1,raw=1", &text);
    assert_string_equal(answers, "raw: Zeus rules.\n");
    free(answers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shares),
        cmocka_unit_test(a_pair_is_asked_once),
        cmocka_unit_test(a_text_is_asked_about_its_topic),
        cmocka_unit_test(a_text_without_a_topic),
        cmocka_unit_test(sentences_are_answers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
