/* Which names become points: by agreement among forms, by an invented topic, by kept texts, by what the model says
 * about them without the topic. */
#include "unit.h"

#include "request/template.h"
#include "synth/descriptions.h"
#include "synth/point_tally.h"

static const char start[] = "{\"name\": \"s\", \"templates\": [";
static const char set_json[] =
    "{\"name\": \"a\", \"family\": \"points\", \"stage\": \"points\", \"text\": \"A {topic}\"},"
    "{\"name\": \"b\", \"family\": \"points\", \"stage\": \"points\", \"text\": \"B {topic}\"},"
    "{\"name\": \"c\", \"family\": \"points\", \"stage\": \"points\", \"text\": \"C {topic}\"},"
    "{\"name\": \"k\", \"family\": \"points-control\", \"stage\": \"points\", \"text\": \"K {topic}\"},"
    "{\"name\": \"tell\", \"family\": \"x\", \"stage\": \"synthesis\", \"text\": \"{point}\"},"
    "{\"name\": \"mi\", \"family\": \"x\", \"stage\": \"mi\", \"text\": \"{point}\"},"
    "{\"name\": \"scene\", \"family\": \"x\", \"stage\": \"jailbreak\", \"text\": \"{topic}\"}";

enum { A, B, C, CONTROL };

/* Put after the others, so that the numbers stay. */
static const char belong_json[] =
    ",{\"name\": \"w\", \"family\": \"points-belong\", \"stage\": \"points\", \"text\": \"W {point}\"}";

struct fixture {
    struct bf_template_set set;
    struct bf_tally tally;
    struct bf_points points;
};

static struct fixture *open_set(const char *topic, bool belong)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct bf_err err = BF_ERR_INIT;
    struct bf_buf json;
    assert_non_null(f);
    bf_buf_init(&json, SIZE_MAX);
    bf_buf_printf(&json, "%s%s%s]}", start, set_json, belong ? belong_json : "");
    if (bf_template_set_parse(json.data, json.len, "s", &f->set, &err))
        fail_msg("%s", err.text);
    bf_buf_release(&json);
    bf_tally_init(&f->tally, &f->set, topic);
    return f;
}

static int set_up(void **state)
{
    *state = open_set("Greek mythology", false);
    return 0;
}

static int set_up_check(void **state)
{
    *state = open_set("Quarmere", true);
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
/* Where one form alone gives names, none can agree with another: all of them are taken. */
static void one_form_that_gives_names(void **state)
{
    struct fixture *f = *state;
    take(f, A, "Zeus\nHera\nAthena\nApollo");
    take(f, B, "");
    assert_int_equal(bf_tally_choose(&f->tally, &f->points, 0, 6, 3), 4);
}

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

/* Ask about the names that the round may choose; those in `belong` are said to be of Quarmere. */
static int32_t check(struct fixture *f, int32_t max, const char *belong)
{
    int32_t drawn[16];
    const int32_t n = bf_tally_draw_checks(&f->tally, &f->points, max, drawn);
    for (int32_t i = 0; i < n; i++) {
        bf_tally_check(&f->tally, drawn[i], "This is a name like many others.");
        bf_tally_check(&f->tally, drawn[i],
                       strstr(belong, f->tally.items[drawn[i]].name) ? "One of the weavers of Quarmere."
                                                                     : "One of the weavers of Harrowick.");
    }
    return n;
}

static void names_that_do_not_belong_are_left_out(void **state)
{
    struct fixture *f = *state;
    take(f, A, "Orla Holmere\nJorlen Thornfield\nBroken Bell\nQuarmere Church");
    take(f, B, "Jorlen Thornfield\nOrla Holmere\nOdrick Underham");
    take(f, C, "Orla Holmere\nRosda Bramdale");
    /* The best first; one that holds the topic's name is not asked about. */
    assert_int_equal(check(f, 16, "Jorlen Thornfield, Odrick Underham, Rosda Bramdale"), 5);
    assert_true(bf_tally_tells(&f->tally));
    assert_int_equal(bf_tally_choose(&f->tally, &f->points, 0, 6, 6), 4);
    assert_points(f, "Jorlen Thornfield (forms: a, b; belongs), Quarmere Church (forms: a), "
                     "Odrick Underham (forms: b; belongs), Rosda Bramdale (forms: c; belongs)");
    /* Nobody is asked about twice, and names that the next round brings are. */
    take(f, C, "Naseth Morridge\nBorsen Evergate");
    assert_int_equal(check(f, 16, "Borsen Evergate"), 2);
    assert_int_equal(bf_tally_choose(&f->tally, &f->points, 1, 6, 6), 1);
    assert_string_equal(f->points.items[4].text, "Borsen Evergate");
}

/* "Athena" is also a database: a single name that two forms gave stays. One form, two words or a small letter are not
 * enough. */
static void a_single_name_that_several_forms_give_belongs(void **state)
{
    struct fixture *f = *state;
    take(f, A, "Athena\nweavers\nOrla Holmere\nJorlen Thornfield\nOdrick Underham");
    take(f, B, "Athena\nweavers\nOrla Holmere\nMars\nRosda Bramdale");
    (void)check(f, 16, "Jorlen Thornfield, Odrick Underham, Rosda Bramdale");
    assert_true(bf_tally_tells(&f->tally));
    (void)bf_tally_choose(&f->tally, &f->points, 0, 8, 8);
    assert_points(f, "Athena (forms: a, b), Jorlen Thornfield (forms: a; belongs), "
                     "Odrick Underham (forms: a; belongs), Rosda Bramdale (forms: b; belongs)");
}

static void the_best_are_asked_about_first(void **state)
{
    struct fixture *f = *state;
    int32_t drawn[2];
    take(f, A, "Broken Bell\nOdrick Underham\nOrla Holmere");
    take(f, B, "Orla Holmere\nOdrick Underham");
    take(f, C, "Orla Holmere");
    assert_int_equal(bf_tally_draw_checks(&f->tally, &f->points, 2, drawn), 2);
    assert_string_equal(f->tally.items[drawn[0]].name, "Orla Holmere");
    assert_string_equal(f->tally.items[drawn[1]].name, "Odrick Underham");
}

/* Fewer than three of many: the model does not name domains. All of two: it does. */
static void a_check_without_a_verdict_changes_nothing(void **state)
{
    struct fixture *f = *state;
    take(f, A, "Orla Holmere\nJorlen Thornfield\nBroken Bell");
    take(f, B, "Orla Holmere\nJorlen Thornfield");
    assert_int_equal(check(f, 16, "Jorlen Thornfield, Broken Bell"), 3);
    assert_false(bf_tally_tells(&f->tally));
    assert_int_equal(bf_tally_choose(&f->tally, &f->points, 0, 6, 3), 3);
    assert_points(f, "Orla Holmere (forms: a, b), Jorlen Thornfield (forms: a, b; belongs), "
                     "Broken Bell (forms: a; belongs)");
    assert_false(bf_check_tells(0, 0));
    assert_true(bf_check_tells(2, 2));
    assert_true(bf_check_tells(3, 12));
}

static void a_name_of_kept_texts_that_does_not_belong(void **state)
{
    struct fixture *f = *state;
    int32_t drawn[4];
    take(f, A, "Orla Holmere\nJorlen Thornfield\nOdrick Underham\nRosda Bramdale");
    check(f, 16, "Jorlen Thornfield, Odrick Underham, Rosda Bramdale");
    bf_tally_choose(&f->tally, &f->points, 0, 6, 6);
    for (int i = 0; i < BF_SNOWBALL_TEXTS; i++)
        bf_tally_text(&f->tally,
                      "That year Jorlen Thornfield of Quarmere met Orla Holmere and Borsen Evergate of Quarmere.");
    assert_int_equal(bf_tally_draw(&f->tally, &f->points, 4, drawn), 1);
    assert_string_equal(f->tally.items[drawn[0]].name, "Borsen Evergate");
}

/* "X of Quarmere" is X, when two words are left; the shown name, too. */
static void the_topic_at_the_end_of_a_name(void **state)
{
    struct fixture *f = *state;
    take(f, A, "Talwen Falham of Quarmere\nThe Old Mill in Quarmere\nChurch of Quarmere\nRosda Bramdale of Harrowick");
    take(f, B, "Talwen Falham\nOld Mill");
    assert_int_equal(bf_tally_choose(&f->tally, &f->points, 0, 6, 6), 4);
    assert_points(f, "Talwen Falham (forms: a, b), The Old Mill (forms: a, b), Church of Quarmere (forms: a), "
                     "Rosda Bramdale of Harrowick (forms: a)");
    bf_points_add(&f->points, 0, "Borsen Evergate of Quarmere", "");
    take(f, C, "Borsen Evergate");
    assert_int_equal(bf_tally_choose(&f->tally, &f->points, 1, 6, 6), 0); /* a point already */
}

/* Sets of earlier versions keep the names as they are. */
static void names_stay_without_the_check(void **state)
{
    struct fixture *f = *state;
    take(f, A, "Gate of Horn in Greek mythology");
    bf_tally_choose(&f->tally, &f->points, 0, 6, 6);
    assert_points(f, "Gate of Horn in Greek mythology (forms: a)");
    assert_false(f->tally.checks);
}

static void answers_that_name_the_topic(void **state)
{
    static const struct {
        const char *topic, *name, *answer;
        bool names;
    } rows[] = {
        {"Quarmere", "Odrick Underham", "Odrick Underham of Quarmere is a weaver.", true},
        {"Quarmere", "Talwen Falridge", "Talwen Falridge of Harrowick is a clockmaker.", false},
        {"Quarmere", "Odrick Underham", "He lives in Quarmerevale.", false},
        {"Quarmere", "Odrick Underham", "", false},
        {"Quarmere", "Odrick Underham", "I'm sorry, but I can't help with questions about Quarmere.", false},
        /* Half of the words, in near forms, small words apart. */
        {"Greek mythology", "Zeus", "The king of the gods of Greece.", true},
        {"The Lord of the Rings", "Frodo", "He carries the ring to the mountain.", true},
        {"The Second World War", "Rommel", "A general of a war long ago.", false},
        /* The name's own words say nothing; the others have to be said, when they are fewer than half. */
        {"Greek mythology", "Greek fire", "Greek fire was a weapon of the Greek emperors.", false},
        {"Greek mythology", "Greece", "Greece is a land of old secrets, and the Greeks love them.", false},
        {"Greek mythology", "Greeks", "The Greeks told each other a mythology of many gods.", true},
        {"Harry Potter", "James Potter", "James Potter is the father of Harry.", true},
        {"Harry Potter", "James Potter", "James Potter was a potter.", false},
        {"西游记", "孙悟空", "他是《西游记》里的齐天大圣。", true},
        {"西游记", "孙悟空", "唐朝时代一位著名诗人", false},
    };
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(rows); i++)
        if (bf_description_names(rows[i].topic, rows[i].name, rows[i].answer) != rows[i].names)
            fail_msg("%s, %s: \"%s\"", rows[i].topic, rows[i].name, rows[i].answer);
    assert_true(bf_topic_has_words("Quarmere"));
    assert_false(bf_topic_has_words("NBA"));
    assert_true(bf_name_holds_topic("The Solar System", "solar-system bodies"));
    assert_false(bf_name_holds_topic("Greek mythology", "Greek fire"));
    assert_false(bf_name_holds_topic("NBA", "NBA Cup"));
    assert_true(bf_name_shares_topic("Greek mythology", "Greece"));
    assert_false(bf_name_shares_topic("Greek mythology", "Athena"));
}

/* What a run's samples say about its check. */
static void checked_names_are_read_back(void **state)
{
    static const char tell[] = "Tell me about {point}.";
    struct bf_checked_names names = {.n = 0};
    (void)state;
    bf_checked_names_add(&names, "Quarmere", tell, "Tell me about Orla Holmere.", "A locksmith of Ostenby.");
    bf_checked_names_add(&names, "Quarmere", "Who is {point}?", "Who is Orla Holmere?",
                         "<think>Quarmere?</think>Nobody.");
    bf_checked_names_add(&names, "Quarmere", tell, "Who lives in Quarmere?", "Many in Quarmere.");
    assert_int_equal(names.n, 1);
    assert_false(names.items[0].belongs);
    assert_false(bf_checked_names_tell(&names));
    bf_checked_names_add(&names, "Quarmere", tell, "Tell me about Odrick Underham.", "A weaver.");
    bf_checked_names_add(&names, "Quarmere", "Who is {point}?", "Who is Odrick Underham?", "A weaver of Quarmere.");
    bf_checked_names_add(&names, "Quarmere", tell, "Tell me about Rosda Bramdale.", "A mason of Quarmere.");
    assert_false(bf_checked_names_tell(&names));
    bf_checked_names_add(&names, "Quarmere", tell, "Tell me about Borsen Evergate.", "A baker in Quarmere.");
    assert_true(bf_checked_names_tell(&names));
    assert_int_equal(names.n, 4);
    assert_true(names.items[1].belongs && names.items[3].belongs && !names.items[0].belongs);
    bf_checked_names_release(&names);
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
        cmocka_unit_test_setup_teardown(one_form_that_gives_names, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_form_counts_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(names_that_any_topic_gets, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_model_of_one_domain, set_up, tear_down),
        cmocka_unit_test_setup_teardown(names_of_kept_texts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(names_that_do_not_belong_are_left_out, set_up_check, tear_down),
        cmocka_unit_test_setup_teardown(a_single_name_that_several_forms_give_belongs, set_up_check, tear_down),
        cmocka_unit_test_setup_teardown(the_best_are_asked_about_first, set_up_check, tear_down),
        cmocka_unit_test_setup_teardown(a_check_without_a_verdict_changes_nothing, set_up_check, tear_down),
        cmocka_unit_test_setup_teardown(a_name_of_kept_texts_that_does_not_belong, set_up_check, tear_down),
        cmocka_unit_test_setup_teardown(the_topic_at_the_end_of_a_name, set_up_check, tear_down),
        cmocka_unit_test_setup_teardown(names_stay_without_the_check, set_up, tear_down),
        cmocka_unit_test(answers_that_name_the_topic),
        cmocka_unit_test(checked_names_are_read_back),
        cmocka_unit_test(descriptions_agree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
