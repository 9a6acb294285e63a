/* The table of methods, and the settings that come of it. */
#include "unlearn_fixture.h"

#include <math.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/json.h"
#include "unlearn/loss.h"
#include "unlearn/trainer.h"
#include "base/banned.h"

/* ---- the table ---- */

static void every_row_is_whole(void **state)
{
    size_t n = 0;
    (void)state;

    for (const struct bf_method *m; (m = bf_method_at(n)); n++) {
        assert_ptr_equal(bf_method_find(m->name), m);
        assert_true(*m->title && *m->formula && *m->source && strlen(m->name) < BF_METHOD_NAME_MAX);
        assert_true(m->learning_rate > 0.0 && m->lora_learning_rate > 0.0);
        assert_true(m->batch > 0 && m->accumulate > 0 && (m->max_steps > 0 || m->epochs > 0.0));
        assert_true(m->train != BF_TRAIN_NONE && m->schedule < BF_SCHEDULE_COUNT);
        assert_true(m->retain || m->alpha <= 0.0);
        assert_non_null(m->forget->of.token);
        if (m->retain)
            assert_ptr_equal(bf_retain_loss_find(m->retain->name), m->retain);
        if (m->forget->kind == BF_LOSS_STATES)
            assert_true(m->layer >= 0 && m->retain->kind == BF_LOSS_STATES);
    }
    assert_true(n >= 8);
    assert_null(bf_method_find("gaa"));
    assert_null(bf_retain_loss_find("none"));
}

static void the_table_for_people(void **state)
{
    struct bf_buf text;
    char choices[BF_UNLEARN_CHOICES_MAX];
    (void)state;

    bf_buf_init(&text, SIZE_MAX);
    bf_methods_list(&text);
    assert_contains(text.data, "ga, graddiff, npo, simnpo, dpo, altpo, undial");
    assert_contains(text.data, " or ");
    assert_null(strstr(text.data, "finetune"));
    bf_buf_clear(&text);
    bf_methods_describe(&text);
    for (size_t i = 0; bf_method_at(i); i++) {
        assert_contains(text.data, bf_method_at(i)->formula);
        assert_contains(text.data, bf_method_at(i)->source);
    }
    assert_non_null(
        strstr(text.data, "Needs questions with answers, a retain set. Compares with the model as it was."));
    assert_non_null(
        strstr(text.data, "Learning rate 5e-5, 150 steps, batch 4 x 1, constant, alpha 1200, layer 7, steering 6.5"));
    assert_non_null(strstr(text.data,
                           "Learning rate 1e-5, as an adapter 2e-4, 10 epochs, batch 8 x 4, linear with 10 % "
                           "warm-up, decay 0.01, clip 1, beta 4.5, gamma 0.125"));
    assert_non_null(strstr(
        text.data, "cosine to 10 % with 10 % warm-up, decay 0.1, beta2 0.95, clip 1, alpha 0.2, general-weight 0.7"));
    bf_buf_release(&text);
    bf_unlearn_choices("method", choices, sizeof choices);
    for (size_t i = 0; bf_method_at(i); i++)
        assert_contains(choices, bf_method_at(i)->name);
    bf_unlearn_choices("retain_loss", choices, sizeof choices);
    assert_string_equal(choices, "nll|kl");
    bf_unlearn_choices("type", choices, sizeof choices);
    assert_string_equal(choices, "f32|f16|bf16|q8_0|source");
}

/* ---- settings ---- */

static void words_are_words_on_disk_alone(void **state)
{
    static const char *const fields[] = {"train", "data", "schedule", "type", "retain_loss"};
    struct bf_unlearn_settings s, again;
    struct bf_err err = BF_ERR_INIT;
    (void)state;

    init_settings(&s, bf_method_find("graddiff"));
    for (size_t i = 0; i < N_ELEMENTS(fields); i++) {
        char choices[BF_UNLEARN_CHOICES_MAX], *next = NULL;
        bf_unlearn_choices(fields[i], choices, sizeof choices);
        for (char *word = strtok_r(choices, "|", &next); word; word = strtok_r(NULL, "|", &next)) {
            assert_true(bf_unlearn_settings_word(&s, fields[i], word));
            json_t *json = bf_unlearn_settings_json(&s), *json_again = NULL;
            if (strcmp(json_string_value(json_object_get(json, "train")), "") != 0) {
                assert_string_equal(json_string_value(json_object_get(json, fields[i])), word);
                assert_int_equal(bf_unlearn_settings_parse(json, &again, &err), BF_OK);
                json_again = bf_unlearn_settings_json(&again);
                assert_true(json_equal(json, json_again));
                bf_unlearn_settings_release(&again);
            }
            json_decref(json);
            json_decref(json_again);
        }
        assert_false(bf_unlearn_settings_word(&s, fields[i], "sideways"));
    }
    assert_false(bf_unlearn_settings_word(&s, "gamma", "1"));
    assert_false(bf_unlearn_settings_word(&s, "nothing", "auto"));
    bf_unlearn_settings_release(&s);
}

static void records_that_do_not_fit(void **state)
{
    static const struct {
        const char *field, *word, *why;
    } wrong[] = {{"schedule", "square", "no 'schedule'"},
                 {"train", "", "no 'train'"},
                 {"forms", "chat=0", "no 'forms'"},
                 {"retain_loss", "state", "a retain loss 'state' that graddiff does not have"},
                 {"method", "forgetting", "a method 'forgetting'"}};
    struct bf_unlearn_settings s, again;
    (void)state;

    init_settings(&s, bf_method_find("graddiff"));
    s.train = BF_TRAIN_FULL;
    for (size_t i = 0; i < N_ELEMENTS(wrong); i++) {
        struct bf_err err = BF_ERR_INIT;
        json_t *json = bf_unlearn_settings_json(&s);
        json_object_set_new(json, wrong[i].field, json_string(wrong[i].word));
        assert_int_equal(bf_unlearn_settings_parse(json, &again, &err), BF_STORE);
        assert_error(err, BF_STORE, wrong[i].why);
        bf_unlearn_settings_release(&again);
        json_decref(json);
    }
    bf_unlearn_settings_release(&s);
}

static void numbers_that_are_not_sizes(void **state)
{
    static const struct {
        const char *field;
        json_int_t number;
        bool taken;
    } each[] = {{"skip_first", -1, false}, {"max_length", 1, false},      {"max_length", (json_int_t)1 << 40, false},
                {"batch", 0, false},       {"evaluate_every", 0, false},  {"probe_every", -2, false},
                {"layer", -1, true},       {"probe_every", 1000000, true}};
    struct bf_unlearn_settings s, again;
    (void)state;

    init_settings(&s, bf_method_find("graddiff"));
    s.train = BF_TRAIN_FULL;
    for (size_t i = 0; i < N_ELEMENTS(each); i++) {
        struct bf_err err = BF_ERR_INIT;
        json_t *json = bf_unlearn_settings_json(&s);
        json_object_set_new(json, each[i].field, json_integer(each[i].number));
        assert_int_equal(bf_unlearn_settings_parse(json, &again, &err), each[i].taken ? BF_OK : BF_STORE);
        if (!each[i].taken)
            assert_error(err, BF_STORE, each[i].field);
        bf_unlearn_settings_release(&again);
        json_decref(json);
    }
    bf_unlearn_settings_release(&s);
}

/* A record of before there was such a field: the training had the method's default. */
static void records_without_later_fields(void **state)
{
    static const char *const later[] = {
        "forms",    "npo_norm",    "importance", "skip_first",   "dual_step",   "dual_warmup",          "retain_limit",
        "targets",  "lora_layers", "probe",      "probe_retain", "probe_every", "retain_accuracy_drop", "renamed",
        "min_steps"};
    struct bf_unlearn_settings s, again;
    struct bf_err err = BF_ERR_INIT;
    (void)state;

    init_settings(&s, bf_method_find("npo"));
    s.train = BF_TRAIN_FULL;
    json_t *json = bf_unlearn_settings_json(&s), *old = json_deep_copy(json);
    for (size_t i = 0; i < N_ELEMENTS(later); i++)
        assert_int_equal(json_object_del(old, later[i]), 0);
    assert_int_equal(bf_unlearn_settings_parse(old, &again, &err), BF_OK);
    json_t *json_again = bf_unlearn_settings_json(&again), *identity = bf_unlearn_settings_identity(&s);
    assert_true(json_equal(json, json_again));
    assert_true(json_equal(identity, old)); /* so its checkpoint is still one of the same training */
    json_decref(json_again);
    json_decref(identity);
    bf_unlearn_settings_release(&again);
    assert_true(bf_unlearn_settings_word(&s, "npo_norm", "token"));
    identity = bf_unlearn_settings_identity(&s);
    assert_string_equal(json_string_value(json_object_get(identity, "npo_norm")), "token");
    json_decref(identity);
    json_decref(old);
    json_decref(json);
    bf_unlearn_settings_release(&s);
}

/* A learning rate that somebody gave is kept, also when it is that of whole models. */
static void what_is_unset_is_chosen(void **state)
{
    static const struct {
        const char *method;
        enum bf_train_kind train;
        double given, expected;
        enum bf_train_kind expected_train;
    } cases[] = {
        {"npo", BF_TRAIN_NONE, NAN, 1e-5, BF_TRAIN_FULL},       {"npo", BF_TRAIN_LORA, NAN, 2e-4, BF_TRAIN_LORA},
        {"npo", BF_TRAIN_LORA, 1e-5, 1e-5, BF_TRAIN_LORA},      {"npo", BF_TRAIN_FULL, 3e-3, 3e-3, BF_TRAIN_FULL},
        {"rmu", BF_TRAIN_NONE, NAN, 5e-5, BF_TRAIN_TENSORS},    {"rmu", BF_TRAIN_LORA, NAN, 5e-5, BF_TRAIN_LORA},
        {"obliviate", BF_TRAIN_NONE, NAN, 3e-4, BF_TRAIN_LORA}, {"finetune", BF_TRAIN_LORA, NAN, 2e-4, BF_TRAIN_LORA}};
    (void)state;

    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        struct bf_unlearn_settings s;
        struct bf_err err = BF_ERR_INIT;
        init_settings(&s, bf_method_find(cases[i].method));
        s.train = cases[i].train;
        s.learning_rate = cases[i].given;
        assert_int_equal(bf_unlearn_settings_choose(&s, &err), BF_OK);
        assert_int_equal(s.train, cases[i].expected_train);
        assert_true(s.learning_rate == cases[i].expected);
        bf_unlearn_settings_release(&s);
    }
}

static void what_does_not_go_together(void **state)
{
    struct bf_unlearn_settings s;
    struct bf_err err = BF_ERR_INIT;
    (void)state;

    init_settings(&s, bf_method_find("rmu"));
    s.train = BF_TRAIN_TENSORS;
    assert_int_equal(bf_unlearn_settings_check(&s, &err), BF_OK);
    s.stop_forget_nll = 5.0;
    assert_int_equal(bf_unlearn_settings_check(&s, &err), BF_USAGE);
    assert_error(err, BF_USAGE, "--stop-*");
    s.general_weight = 0.5; /* its states are no logits */
    assert_int_equal(bf_unlearn_settings_check(&s, &err), BF_USAGE);
    assert_error(err, BF_USAGE, "leave --general-weight out");
    s.general_weight = 0.0;
    assert_true(bf_unlearn_settings_word(&s, "retain_loss", "kl"));
    assert_int_equal(bf_unlearn_settings_check(&s, &err), BF_USAGE);
    assert_error(err, BF_USAGE, "leave --retain-loss out");
    bf_unlearn_settings_release(&s);
    init_settings(&s, bf_method_find("altpo"));
    assert_int_equal(bf_unlearn_settings_check(&s, &err), BF_USAGE);
    assert_error(err, BF_USAGE, "biforget instance PAIRS --templates alternates");
    set_text(&s.alternates, "others");
    s.train = BF_TRAIN_FULL;
    assert_int_equal(bf_unlearn_settings_check(&s, &err), BF_OK);
    bf_unlearn_settings_release(&s);
    init_settings(&s, bf_method_find("npo"));
    set_text(&s.targets, "words.txt");
    assert_int_equal(bf_unlearn_settings_check(&s, &err), BF_USAGE);
    assert_error(err, BF_USAGE, "which only obliviate does");
    set_text(&s.targets, "");
    set_text(&s.lora_layers, "7-4");
    assert_int_equal(bf_unlearn_settings_check(&s, &err), BF_USAGE);
    assert_error(err, BF_USAGE, "'7-4' is not a range of blocks");
    bf_unlearn_settings_release(&s);
    init_settings(&s, bf_method_find("ga"));
    s.train = BF_TRAIN_FULL;
    set_text(&s.adapter, "adapter.gguf");
    assert_int_equal(bf_unlearn_settings_check(&s, &err), BF_USAGE);
    assert_error(err, BF_USAGE, "give --lora");
    set_text(&s.adapter, "");
    s.max_steps = 0;
    s.epochs = 0.0;
    assert_int_equal(bf_unlearn_settings_check(&s, &err), BF_USAGE);
    assert_error(err, BF_USAGE, "give --max-steps or --epochs");
    bf_unlearn_settings_release(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_is_whole),
        cmocka_unit_test(the_table_for_people),
        cmocka_unit_test(words_are_words_on_disk_alone),
        cmocka_unit_test(records_that_do_not_fit),
        cmocka_unit_test(numbers_that_are_not_sizes),
        cmocka_unit_test(records_without_later_fields),
        cmocka_unit_test(what_is_unset_is_chosen),
        cmocka_unit_test(what_does_not_go_together),
    };
    return cmocka_run_group_tests_name("unlearn methods", tests, enter, leave_scratch);
}
