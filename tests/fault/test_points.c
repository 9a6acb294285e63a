/* Points in forms, the snowball, and points of the user, against an engine that finishes in any order. What a run
 * writes when it is stopped and resumed is in test_resume.c. */
#include "synth_fixture.h"

struct record {
    struct bf_buf text;   /* every commit, in order */
    struct bf_buf points; /* "name (origin), ..." */
    int64_t n_first_ask;  /* commits before the first question about a name of kept texts */
    int64_t n_checks;     /* questions about a name without the topic */
    int64_t n_commits;
};

static enum bf_status on_sample(void *user, const struct bf_sample *sample, const struct bf_point *points,
                                size_t n_points, const struct bf_stop_check *checkpoint, struct bf_err *err)
{
    struct record *r = user;
    (void)checkpoint;
    (void)err;
    put_sample(&r->text, sample, points, n_points);
    for (size_t i = 0; i < n_points; i++)
        bf_buf_printf(&r->points, "%s (%s), ", points[i].text, points[i].origin);
    if (sample->question && strstr(sample->question, "Who is ") && r->n_first_ask == 0)
        r->n_first_ask = r->n_commits;
    if (sample->question && strncmp(sample->question, "Where is ", 9) == 0) {
        assert_true(sample->stage == BF_STAGE_POINTS && sample->temperature == 0.0 && sample->n_tokens <= 48);
        assert_null(strstr(sample->question, "Greek mythology"));
        r->n_checks++;
    }
    r->n_commits++;
    return BF_OK;
}

static struct bf_progress run(struct engine_script *script, struct record *record, void (*change)(struct bf_request *))
{
    struct bf_err err = BF_ERR_INIT;
    struct bf_progress progress;
    struct bf_request request;
    struct bf_template_set templates;
    const struct fixture_sink sink = {record, on_sample, NULL};
    struct bf_engine *engine = engine_script_open(script);
    *record = (struct record){.n_commits = 0};
    bf_buf_init(&record->text, 1 << 26);
    bf_buf_init(&record->points, 1 << 20);
    fixture_forms(&request, &templates, script->belong != NULL);
    script->names = true;
    if (change)
        change(&request);
    if (fixture_synth(&request, &templates, engine, NULL, &sink, &progress, &err) != BF_OK)
        fail_msg("%s", err.text);
    assert_true(progress.finished);
    bf_engine_close(engine);
    bf_template_set_release(&templates);
    bf_request_release(&request);
    return progress;
}

static void done(struct record *record)
{
    bf_buf_release(&record->text);
    bf_buf_release(&record->points);
}

static void a_run_has_points_of_both_kinds(void **state)
{
    struct engine_script script = fixture_script(7, 3);
    struct record record;
    (void)state;
    const struct bf_progress p = run(&script, &record, NULL);
    assert_contains(record.points.data, "(forms: points_who, points_what");
    assert_contains(record.points.data, "(snowball), ");
    assert_null(strstr(record.points.data, "topic"));
    /* At most two a round and two a wave; every point is written about in each way. */
    assert_in_range(p.n_points, 5, 8);
    assert_int_equal(p.committed[BF_STAGE_SYNTHESIS], p.n_points * 4 * 2);
    assert_int_equal(p.committed[BF_STAGE_SYNTHESIS], p.planned[BF_STAGE_SYNTHESIS]);
    assert_int_equal(p.committed[BF_STAGE_MI], 20);
    assert_int_equal(p.committed[BF_STAGE_CONTROL], 8);
    assert_int_equal(p.stop, BF_STOP_EXHAUSTED);
    /* The forms of a round come first, then each first point with each template once, then the questions. */
    assert_true(record.n_first_ask >= 4 + 4 * 4);
    done(&record);
}

static void given(struct bf_request *request)
{
    bf_lines_add(&request->points, "Edda Quill", strlen("Edda Quill"));
    bf_lines_add(&request->points, "The Old Mill", strlen("The Old Mill"));
}

static void only_given(struct bf_request *request)
{
    given(request);
    request->points_only = true;
}

static void few(struct bf_request *request)
{
    request->max_samples = 9;
}

static void official_order(struct bf_request *request)
{
    request->order = BF_ORDER_POINT;
}

static void stop_early(struct bf_request *request)
{
    request->epsilon = 10; /* no gain is as large: stops at the second check */
}

static void commits_do_not_depend_on_parallelism_or_order(void **state)
{
    static void (*const changes[])(struct bf_request *) = {NULL, given, only_given, few, official_order, stop_early};
    static const int32_t parallels[] = {1, 7, 64};
    (void)state;
    for (size_t c = 0; c < N_ELEMENTS(changes); c++) {
        struct engine_script script = fixture_script(1, 1);
        struct record whole;
        run(&script, &whole, changes[c]);
        for (size_t i = 0; i < N_ELEMENTS(parallels); i++)
            for (uint64_t order = 1; order <= 3; order++) {
                struct record record;
                script = fixture_script(parallels[i], order);
                run(&script, &record, changes[c]);
                assert_string_equal(record.text.data, whole.text.data);
                done(&record);
            }
        done(&whole);
    }
}

static void the_users_points(void **state)
{
    struct engine_script script = fixture_script(7, 3);
    struct record record;
    (void)state;
    struct bf_progress p = run(&script, &record, given);
    assert_ptr_equal(strstr(record.points.data, "Edda Quill (file), The Old Mill (file), "), record.points.data);
    assert_null(strstr(record.points.data + 40, "Edda Quill"));
    assert_true(p.n_points > 4);
    done(&record);
    p = run(&script, &record, only_given);
    assert_string_equal(record.points.data, "Edda Quill (file), The Old Mill (file), ");
    assert_int_equal(p.n_points, 2);
    assert_int_equal(p.committed[BF_STAGE_POINTS], 1); /* the list itself */
    assert_int_equal(p.committed[BF_STAGE_SYNTHESIS], 2 * 4 * 2);
    done(&record);
}

static void the_limit_holds(void **state)
{
    struct engine_script script = fixture_script(7, 3);
    struct record record;
    (void)state;
    const struct bf_progress p = run(&script, &record, few);
    assert_int_equal(p.committed[BF_STAGE_SYNTHESIS], 9);
    assert_null(strstr(record.points.data, "snowball")); /* no prompts are left for more points */
    done(&record);
}

static void a_model_that_names_nothing_still_has_its_topic(void **state)
{
    struct engine_script script = fixture_script(7, 3);
    struct record record;
    (void)state;
    script.list_nothing = true;
    run(&script, &record, few);
    assert_string_equal(record.points.data, "Greek mythology (topic), ");
    done(&record);
}

/* ---- names that are asked about without the topic ---- */

static const char four[] = "Marn Obrel, Tavi Selk, Orno Vash, Brim Hollow";

static void names_that_do_not_belong_are_left_out(void **state)
{
    struct engine_script script = fixture_script(7, 3);
    struct record record;
    (void)state;
    script.belong = four;
    const struct bf_progress p = run(&script, &record, NULL);
    assert_contains(record.points.data, "; belongs), ");
    assert_null(strstr(record.points.data, "Edda Quill"));
    assert_null(strstr(record.points.data, "Quell Moor"));
    /* Of the names of kept texts, the model says the same about Velda Foss twice, but it does not belong. */
    assert_null(strstr(record.points.data, "snowball"));
    assert_contains(record.text.data, "q \"Where is Velda Foss from?\"");
    assert_in_range(p.n_points, 2, 4);
    assert_in_range(record.n_checks, 6, 8); /* six in lists, two in texts, each once */
    assert_int_equal(p.committed[BF_STAGE_POINTS], p.planned[BF_STAGE_POINTS]);
    done(&record);
}

static void a_name_of_kept_texts_that_belongs(void **state)
{
    struct engine_script script = fixture_script(7, 3);
    struct record record;
    (void)state;
    script.belong = "Marn Obrel, Tavi Selk, Orno Vash, Brim Hollow, Sarn Kettle, Velda Foss";
    run(&script, &record, NULL);
    assert_contains(record.points.data, "Velda Foss (snowball; belongs), ");
    assert_null(strstr(record.points.data, "Sarn Kettle")); /* something else each time */
    done(&record);
}

static void one_round(struct bf_request *request)
{
    request->rounds = 1;
}

/* With fewer than three that belong, the model does not name domains in this way. */
static void a_check_without_a_verdict_changes_nothing(void **state)
{
    static const char *const belong[] = {"", "Edda Quill, Tavi Selk"};
    struct engine_script script = fixture_script(7, 3);
    struct record without;
    (void)state;
    run(&script, &without, one_round);
    assert_int_equal(without.n_checks, 0);
    for (size_t i = 0; i < N_ELEMENTS(belong); i++) {
        struct record record;
        script.belong = belong[i];
        run(&script, &record, one_round);
        assert_in_range(record.n_checks, 4, 6); /* of the round, not of the snowball */
        for (char *at = strstr(record.points.data, "; belongs"); at; at = strstr(at, "; belongs"))
            memmove(at, at + strlen("; belongs"), strlen(at + strlen("; belongs")) + 1);
        assert_string_equal(record.points.data, without.points.data);
        done(&record);
    }
    done(&without);
}

static void checks_do_not_depend_on_parallelism_or_order(void **state)
{
    static void (*const changes[])(struct bf_request *) = {NULL, given, few, stop_early};
    static const int32_t parallels[] = {1, 7, 64};
    (void)state;
    for (size_t c = 0; c < N_ELEMENTS(changes); c++) {
        struct engine_script script = fixture_script(1, 1);
        struct record whole;
        script.belong = four;
        run(&script, &whole, changes[c]);
        assert_true(whole.n_checks > 0);
        for (size_t i = 0; i < N_ELEMENTS(parallels); i++)
            for (uint64_t order = 1; order <= 3; order++) {
                struct record record;
                script = fixture_script(parallels[i], order);
                script.belong = four;
                run(&script, &record, changes[c]);
                assert_string_equal(record.text.data, whole.text.data);
                done(&record);
            }
        done(&whole);
    }
}

static void the_users_points_are_not_checked(void **state)
{
    struct engine_script script = fixture_script(7, 3);
    struct record record;
    (void)state;
    script.belong = four;
    run(&script, &record, given);
    assert_ptr_equal(strstr(record.points.data, "Edda Quill (file), The Old Mill (file), "), record.points.data);
    assert_null(strstr(record.text.data, "Where is Edda Quill"));
    done(&record);
}

struct first_numbers {
    int64_t n_points, synthesis; /* committed in stage points before Stage I; the number of its first text */
};

static enum bf_status see_number(void *user, const struct bf_commit *commit, struct bf_err *err)
{
    struct first_numbers *n = user;
    (void)err;
    const bool text = commit->items[0].sample.stage == BF_STAGE_SYNTHESIS;
    if (text && n->synthesis < 0)
        n->synthesis = commit->number;
    n->n_points += !text && n->synthesis < 0;
    return BF_OK;
}

/* Answers wait in a run's store under their numbers. Those of an earlier version count the rounds that were not asked.
 */
static void the_numbers_of_earlier_versions_stay(void **state)
{
    (void)state;
    for (int belong = 0; belong < 2; belong++) {
        struct engine_script script = fixture_script(1, 3);
        struct first_numbers numbers = {0, -1};
        struct bf_err err = BF_ERR_INIT;
        struct bf_progress progress;
        struct bf_request request;
        struct bf_template_set templates;
        struct bf_engine *engine = engine_script_open(&script);
        script.names = true;
        script.belong = belong ? four : NULL;
        fixture_forms(&request, &templates, belong);
        request.rounds = 3;
        request.points_per_round = 1;
        const struct bf_task task = {.id = 1, .request = &request, .sink = {&numbers, see_number, NULL}};
        if (fixture_one(&task, &templates, engine, engine, NULL, NULL, &progress, &err) != BF_OK)
            fail_msg("%s", err.text);
        if (belong) {
            assert_int_equal(numbers.synthesis, numbers.n_points);
        } else { /* three forms and control; all four forms; those again */
            assert_true(numbers.n_points < 12);
            assert_int_equal(numbers.synthesis, 12);
        }
        bf_engine_close(engine);
        bf_template_set_release(&templates);
        bf_request_release(&request);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_has_points_of_both_kinds),
        cmocka_unit_test(commits_do_not_depend_on_parallelism_or_order),
        cmocka_unit_test(the_users_points),
        cmocka_unit_test(the_limit_holds),
        cmocka_unit_test(a_model_that_names_nothing_still_has_its_topic),
        cmocka_unit_test(names_that_do_not_belong_are_left_out),
        cmocka_unit_test(a_name_of_kept_texts_that_belongs),
        cmocka_unit_test(a_check_without_a_verdict_changes_nothing),
        cmocka_unit_test(checks_do_not_depend_on_parallelism_or_order),
        cmocka_unit_test(the_users_points_are_not_checked),
        cmocka_unit_test(the_numbers_of_earlier_versions_stay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
