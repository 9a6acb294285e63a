/* Which names become points: by agreement among forms, by an invented topic, by kept texts. */
#include "unit.h"

#include "request/template.h"
#include "synth/point_tally.h"

static const char set_json[] =
    "{\"name\": \"s\", \"templates\": ["
    "{\"name\": \"a\", \"family\": \"points\", \"stage\": \"points\", \"text\": \"A {topic}\"},"
    "{\"name\": \"b\", \"family\": \"points\", \"stage\": \"points\", \"text\": \"B {topic}\"},"
    "{\"name\": \"c\", \"family\": \"points\", \"stage\": \"points\", \"text\": \"C {topic}\"},"
    "{\"name\": \"k\", \"family\": \"points-control\", \"stage\": \"points\", \"text\": \"K {topic}\"},"
    "{\"name\": \"tell\", \"family\": \"x\", \"stage\": \"synthesis\", \"text\": \"{point}\"},"
    "{\"name\": \"mi\", \"family\": \"x\", \"stage\": \"mi\", \"text\": \"{point}\"},"
    "{\"name\": \"scene\", \"family\": \"x\", \"stage\": \"jailbreak\", \"text\": \"{topic}\"}]}";

enum { A, B, C, CONTROL };

struct fixture {
    struct bf_template_set set;
    struct bf_tally tally;
    struct bf_points points;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct bf_err err = BF_ERR_INIT;
    assert_non_null(f);
    if (bf_template_set_parse(set_json, sizeof set_json - 1, "s", &f->set, &err))
        fail_msg("%s", err.text);
    bf_tally_init(&f->tally, &f->set, "Greek mythology");
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    bf_tally_release(&f->tally);
    bf_points_release(&f->points);
    bf_template_set_release(&f->set);
    free(f);
    return 0;
}

static void take(struct fixture *f, int32_t template, const char *text)
{
    bf_tally_answer(&f->tally, template, "?", text, false);
}

static void assert_points(const struct fixture *f, const char *expected)
{
    struct bf_buf text;
    bf_buf_init(&text, SIZE_MAX);
    for (int32_t i = 0; i < f->points.n; i++)
        bf_buf_printf(&text, "%s%s (%s)", i ? ", " : "", f->points.items[i].text, f->points.items[i].origin);
    assert_string_equal(text.data, expected);
    bf_buf_release(&text);
}

static void agreement_comes_first(void **state)
{
    struct fixture *f = *state;
    take(f, A, "Hermes\nApollo\nHera");
    take(f, B, "Hera\nZeus");
    take(f, C, "Zeus\nHera\nApollo");
    assert_int_equal(bf_tally_choose(&f->tally, &f->points, 0, 6, 3), 3);
    /* Hermes was named once, and there are enough that several forms name. */
    assert_points(f, "Hera (forms: a, b, c), Apollo (forms: a, c), Zeus (forms: b, c)");
    /* The next round has nothing else to say. */
    assert_int_equal(bf_tally_choose(&f->tally, &f->points, 1, 6, 0), 0);
}

static void a_small_model_is_not_starved(void **state)
{
    struct fixture *f = *state;
    take(f, A, "Hermes\nApollo");
    take(f, B, "Zeus\nApollo");
    assert_int_equal(bf_tally_choose(&f->tally, &f->points, 2, 6, 3), 3);
    assert_points(f, "Apollo (forms: a, b), Hermes (forms: a), Zeus (forms: b)");
    assert_int_equal(f->points.items[0].round, 2);
}

/* The same form in a later round is the same voice. */
static void a_form_counts_once(void **state)
{
    struct fixture *f = *state;
    take(f, A, "Hermes\nApollo");
    take(f, A, "Hermes\nHermes");
    take(f, B, "Apollo");
    assert_int_equal(bf_tally_choose(&f->tally, &f->points, 0, 1, 1), 1);
    assert_points(f, "Apollo (forms: a, b)");
}

static void names_that_any_topic_gets(void **state)
{
    struct fixture *f = *state;
    take(f, A, "History\nZeus\nHera");
    take(f, B, "History\nHera");
    take(f, C, "Hera");
    take(f, CONTROL, "History\nZeus");
    /* Zeus: a third of the forms and all control answers. */
    assert_int_equal(bf_tally_choose(&f->tally, &f->points, 0, 6, 3), 1);
    assert_points(f, "Hera (forms: a, b, c)");
}

/* A model that only knows this domain names it whatever it is asked for. */
static void a_model_of_one_domain(void **state)
{
    struct fixture *f = *state;
    take(f, A, "Zeus\nHera");
    take(f, B, "Zeus\nHera");
    take(f, CONTROL, "Zeus\nHera");
    assert_int_equal(bf_tally_choose(&f->tally, &f->points, 0, 6, 3), 2);
    assert_points(f, "Zeus (forms: a, b), Hera (forms: a, b)");
}

static void names_of_kept_texts(void **state)
{
    struct fixture *f = *state;
    int32_t drawn[4];
    take(f, A, "Zeus");
    take(f, CONTROL, "Sparta");
    bf_tally_choose(&f->tally, &f->points, 0, 6, 3);
    for (int i = 0; i < 3; i++) {
        bf_tally_text(&f->tally, "Long ago Zeus met Pallas Athena in Delphi, and Athena saw Sparta.");
        assert_int_equal(bf_tally_draw(&f->tally, &f->points, 4, drawn), i == 2 ? 2 : 0);
    }
    /* Zeus is a point, Sparta is named for any topic, and Athena is one name in one text. */
    assert_string_equal(f->tally.items[drawn[0]].name, "Pallas Athena");
    assert_int_equal(f->tally.items[drawn[0]].n_texts, 3);
    assert_string_equal(f->tally.items[drawn[1]].name, "Delphi");
    bf_tally_text(&f->tally, "They went to Delphi.");
    assert_int_equal(bf_tally_draw(&f->tally, &f->points, 4, drawn), 0); /* asked about already */
}

static void descriptions_agree(void **state)
{
    static const char who[] = "In Greek mythology, who or what is Delphi?";
    (void)state;
    assert_true(bf_descriptions_agree(who, "Delphi is a sanctuary of Apollo with a famous oracle.",
                                      "The sanctuary in Greek mythology where the oracle of Apollo spoke."));
    assert_false(bf_descriptions_agree(who, "Delphi is a river god who fought with the giants.",
                                       "Delphi is the mother of a king from the northern islands."));
    /* The words of the question are no evidence. */
    assert_false(bf_descriptions_agree(who, "Delphi is in Greek mythology.", "Greek mythology has Delphi in it."));
    assert_false(bf_descriptions_agree(who, "I'm sorry, but I can't help with the oracle of Apollo.",
                                       "I'm sorry, but I can't help with the oracle of Apollo."));
    assert_false(bf_descriptions_agree(who, "", ""));
    assert_true(bf_descriptions_agree("孙悟空是谁？", "花果山水帘洞的齐天大圣", "他是齐天大圣，住在花果山"));
    assert_false(bf_descriptions_agree("孙悟空是谁？", "花果山水帘洞的齐天大圣", "唐朝时代一位著名诗人"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(agreement_comes_first, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_small_model_is_not_starved, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_form_counts_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(names_that_any_topic_gets, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_model_of_one_domain, set_up, tear_down),
        cmocka_unit_test_setup_teardown(names_of_kept_texts, set_up, tear_down),
        cmocka_unit_test(descriptions_agree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
