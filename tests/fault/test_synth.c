/* The method against an engine that finishes in any order and fails at the k-th call. */
#include "synth_fixture.h"

#include <math.h>

struct record {
    struct bf_buf text; /* every commit, in order */
    int64_t n_commits;
    int64_t n_similar;    /* wordings with a similarity to their question */
    int64_t pair;         /* that the last wording was of, counted from 1 */
    int64_t n_last;       /* wordings that are held out, each the second and last one of its pair */
    int64_t n_guessed;    /* pairs that ask for a point */
    int64_t n_given_away; /* questions for a point that name it */
    int64_t fail_commit;  /* 1-based; 0 = never */
    int64_t stop_after;   /* progress says stop once so many are committed; 0 = never */
};

static enum bf_status on_sample(void *user, const struct bf_sample *sample, const struct bf_point *points,
                                size_t n_points, const struct bf_stop_check *checkpoint, struct bf_err *err)
{
    struct record *r = user;

    if (r->n_commits + 1 == r->fail_commit)
        return bf_fail(err, BF_STORE, "the test's sink fails at commit %lld", (long long)r->fail_commit);
    r->n_commits++;
    r->n_guessed += sample->stage == BF_STAGE_PAIRS && sample->reason == BF_REASON_NONE &&
                    strstr(sample->text, "hears his name as");
    r->n_given_away += sample->reason == BF_REASON_GIVES_AWAY && strstr(sample->text, ", as is ");
    r->n_similar += sample->stage == BF_STAGE_WORDINGS && !isnan(sample->domain_similarity);
    if (sample->stage == BF_STAGE_WORDINGS) {
        const bool last = r->pair == sample->source_index + 1;

        assert_int_equal(sample->held_out, last && sample->reason == BF_REASON_NONE);
        r->n_last += sample->held_out;
        r->pair = sample->source_index + 1;
    }
    put_sample(&r->text, sample, points, n_points);
    if (checkpoint)
        put_checkpoint(&r->text, checkpoint);
    return BF_OK;
}

static bool on_progress(void *user, const struct bf_progress *progress)
{
    const struct record *r = user;
    int64_t sum = 0;

    for (int i = 0; i < BF_STAGE_COUNT; i++)
        sum += progress->committed[i];
    assert_true(sum >= r->n_commits);
    return r->stop_after == 0 || r->n_commits < r->stop_after;
}

struct outcome {
    enum bf_status status;
    struct bf_err err;
    struct bf_progress progress;
};

/* The fixture's run with the request changed by `change` (nullable). */
static struct outcome run(struct engine_script *script, struct record *record, void (*change)(struct bf_request *))
{
    struct outcome o = {.err = BF_ERR_INIT};
    struct bf_request request;
    struct bf_template_set templates;
    const struct fixture_sink sink = {record, on_sample, on_progress};
    struct bf_engine *engine = engine_script_open(script);

    fixture_request(&request, &templates);
    if (change)
        change(&request);
    if (!record->text.data)
        bf_buf_init(&record->text, 1 << 26);
    o.status = fixture_synth(&request, &templates, engine, NULL, &sink, &o.progress, &o.err);
    bf_engine_close(engine);
    bf_template_set_release(&templates);
    bf_request_release(&request);
    return o;
}

static void assert_done(const struct outcome *o)
{
    if (o->status != BF_OK)
        fail_msg("%s", o->err.text);
    assert_true(o->progress.finished);
}

/* The commits of an undisturbed run; bf_buf_release. */
static struct bf_buf undisturbed(int64_t *n_commits, void (*change)(struct bf_request *))
{
    struct engine_script script = fixture_script(1, 1);
    struct record record = {0};
    struct outcome o = run(&script, &record, change);

    assert_done(&o);
    *n_commits = record.n_commits;
    return record.text;
}

static void assert_prefix(const struct bf_buf *whole, const struct bf_buf *part)
{
    assert_true(part->len <= whole->len);
    assert_memory_equal(whole->data, part->data, part->len);
}

static void the_run_has_what_it_should(void **state)
{
    struct engine_script script = fixture_script(7, 3);
    struct record record = {0};
    struct outcome o = run(&script, &record, NULL);
    const struct bf_progress *p = &o.progress;
    int64_t rejected = 0;

    (void)state;
    assert_done(&o);
    assert_int_equal(p->committed[BF_STAGE_POINTS], 3);
    assert_int_equal(p->n_points, 18);
    assert_int_equal(p->committed[BF_STAGE_SYNTHESIS], 60);
    assert_int_equal(p->committed[BF_STAGE_MI], 20);
    assert_int_equal(p->committed[BF_STAGE_JAILBREAK], 10);
    assert_int_equal(p->committed[BF_STAGE_CONTROL], 8);
    assert_int_equal(record.n_commits, 101);
    assert_int_equal(p->stop, BF_STOP_EXHAUSTED);
    for (int r = BF_REASON_NONE + 1; r < BF_REASON_COUNT; r++)
        rejected += p->rejected[r];
    assert_int_equal(rejected + p->kept[BF_STAGE_SYNTHESIS] + p->kept[BF_STAGE_MI] + p->kept[BF_STAGE_JAILBREAK], 101);
    assert_true(p->rejected[BF_REASON_REFUSAL] > 0);
    assert_true(p->kept[BF_STAGE_SYNTHESIS] > 40);
    assert_true(isfinite(p->diversity));
    bf_buf_release(&record.text);
}

static void commits_do_not_depend_on_parallelism_or_order(void **state)
{
    static const int32_t parallels[] = {1, 7, 64};
    int64_t n;
    struct bf_buf whole = undisturbed(&n, NULL);

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(parallels); i++)
        for (uint64_t order = 1; order <= 10; order++) {
            struct engine_script script = fixture_script(parallels[i], order);
            struct record record = {0};
            struct outcome o = run(&script, &record, NULL);

            assert_done(&o);
            assert_string_equal(record.text.data, whole.data);
            bf_buf_release(&record.text);
        }
    bf_buf_release(&whole);
}

static void stop_early(struct bf_request *request)
{
    request->epsilon = 10; /* no gain is as large: stops at the second check */
    request->max_samples = 0;
}

static void the_stop_rule_ends_stage_one_and_stage_two_runs_whole(void **state)
{
    static const int32_t parallels[] = {1, 7, 64};
    int64_t n;
    struct bf_buf whole = undisturbed(&n, stop_early);

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(parallels); i++) {
        struct engine_script script = fixture_script(parallels[i], 5 + i);
        struct record record = {0};
        struct outcome o = run(&script, &record, stop_early);

        assert_done(&o);
        assert_int_equal(o.progress.stop, BF_STOP_CONVERGED);
        assert_int_equal(o.progress.kept[BF_STAGE_SYNTHESIS], 20); /* two batches of ten */
        assert_in_range(o.progress.committed[BF_STAGE_SYNTHESIS], 20, 40);
        assert_true(o.progress.planned[BF_STAGE_SYNTHESIS] > 100);
        assert_int_equal(o.progress.committed[BF_STAGE_MI], 20);
        assert_int_equal(o.progress.committed[BF_STAGE_JAILBREAK], 10);
        assert_int_equal(o.progress.committed[BF_STAGE_CONTROL], 8);
        assert_string_equal(record.text.data, whole.data);
        if (parallels[i] == 64)
            assert_true(script.n_dropped > 0); /* what Stage I had under way was not waited for */
        bf_buf_release(&record.text);
    }
    bf_buf_release(&whole);
}

static void a_failing_sink_ends_the_run_after_its_prefix(void **state)
{
    int64_t n;
    struct bf_buf whole = undisturbed(&n, NULL);

    (void)state;
    for (int64_t k = 1; k <= n; k += 1 + k / 12) {
        struct engine_script script = fixture_script(7, (uint64_t)k);
        struct record record = {.fail_commit = k};
        struct outcome o = run(&script, &record, NULL);
        char words[64];

        assert_int_equal(o.status, BF_STORE);
        (void)snprintf(words, sizeof words, "sink fails at commit %lld", (long long)k);
        assert_error(o.err, BF_STORE, words);
        assert_false(o.progress.finished);
        assert_int_equal(record.n_commits, k - 1);
        assert_prefix(&whole, &record.text);
        bf_buf_release(&record.text);
    }
    bf_buf_release(&whole);
}

static void a_failing_engine_ends_the_run_after_its_prefix(void **state)
{
    int64_t n;
    struct bf_buf whole = undisturbed(&n, NULL);

    (void)state;
    for (int64_t k = 1; k <= n; k += 1 + k / 12) {
        struct engine_script script = fixture_script(7, (uint64_t)k);
        struct record record = {0};
        struct outcome o;

        script.fail_answer = k;
        o = run(&script, &record, NULL);
        assert_int_equal(o.status, BF_MODEL);
        assert_error(o.err, BF_MODEL, "fails at answer");
        assert_false(o.progress.finished);
        assert_true(record.n_commits < k);
        assert_prefix(&whole, &record.text);
        bf_buf_release(&record.text);
    }
    bf_buf_release(&whole);
}

static void a_failing_embedder_ends_the_run_after_its_prefix(void **state)
{
    struct engine_script counting = fixture_script(7, 1);
    struct record counted = {0};
    struct outcome whole = run(&counting, &counted, NULL);

    (void)state;
    assert_done(&whole);
    assert_true(counting.n_embeds > 60);
    for (int broken = 0; broken < 2; broken++)
        for (int64_t k = 1; k <= counting.n_embeds; k += 1 + k / 8) {
            struct engine_script script = fixture_script(7, (uint64_t)k);
            struct record record = {0};
            struct outcome o;

            if (broken)
                script.nan_embed = k;
            else
                script.fail_embed = k;
            o = run(&script, &record, NULL);
            assert_int_equal(o.status, BF_MODEL);
            assert_error(o.err, BF_MODEL, broken ? "gives NaN" : "fails at text");
            assert_false(o.progress.finished);
            if (k <= 2) /* the names of the topics come first */
                assert_int_equal(record.n_commits, 0);
            assert_prefix(&counted.text, &record.text);
            bf_buf_release(&record.text);
        }
    bf_buf_release(&counted.text);
}

static void an_interruption_ends_the_run_after_its_prefix(void **state)
{
    int64_t n;
    struct bf_buf whole = undisturbed(&n, NULL);

    (void)state;
    for (int64_t k = 1; k < n - 3; k += 1 + k / 8) {
        struct engine_script script = fixture_script(1, (uint64_t)k);
        struct record record = {.stop_after = k};
        struct outcome o = run(&script, &record, NULL);

        assert_int_equal(o.status, BF_INTERRUPTED);
        assert_false(o.progress.finished);
        assert_in_range(record.n_commits, k, k + 3); /* of one step */
        assert_prefix(&whole, &record.text);
        bf_buf_release(&record.text);
    }
    bf_buf_release(&whole);
}

/* A model that names no points is asked once more; then the topic itself is the point. */
static void a_model_that_lists_nothing_still_has_its_topic(void **state)
{
    struct engine_script script = fixture_script(7, 1);
    struct record record = {0};
    struct outcome o;

    (void)state;
    script.list_nothing = true;
    o = run(&script, &record, NULL);
    assert_done(&o);
    assert_int_equal(o.progress.n_points, 1);
    assert_int_equal(o.progress.committed[BF_STAGE_POINTS], 2);
    assert_contains(record.text.data, "[0 1 Greek mythology topic]");
    bf_buf_release(&record.text);
}

static void tau_auto(struct bf_request *request)
{
    request->tau = (double)NAN;
    request->mi_samples = 40;
}

struct threshold {
    double values[64]; /* of the questions about the invented topic */
    size_t n_values;
    int64_t n_mi, n_kept;
};

static enum bf_status on_threshold_sample(void *user, const struct bf_sample *sample, const struct bf_point *points,
                                          size_t n_points, const struct bf_stop_check *checkpoint, struct bf_err *err)
{
    struct threshold *t = user;

    (void)points, (void)n_points, (void)checkpoint, (void)err;
    if (sample->stage == BF_STAGE_CONTROL) {
        assert_int_equal(t->n_mi, 0); /* all come before the first question about the domain */
        if (sample->index >= 8) {
            assert_true(t->n_values < N_ELEMENTS(t->values));
            t->values[t->n_values++] = sample->min_k_sampling;
        }
    }
    if (sample->stage == BF_STAGE_MI) {
        double sorted[64];
        t->n_mi++;
        memcpy(sorted, t->values, sizeof sorted);
        const double tau = bf_tau_of_control(sorted, t->n_values);
        if (sample->reason == BF_REASON_NONE)
            assert_true(sample->min_k_sampling >= tau);
        if (sample->reason == BF_REASON_LOW_MIN_K)
            assert_true(sample->min_k_sampling < tau);
        t->n_kept += sample->reason == BF_REASON_NONE;
    }
    return BF_OK;
}

static void tau_auto_keeps_what_is_above_the_invented_topic(void **state)
{
    struct engine_script script = fixture_script(7, 3);
    struct bf_engine *engine = engine_script_open(&script);
    struct threshold threshold = {.n_values = 0};
    const struct fixture_sink sink = {&threshold, on_threshold_sample, NULL};
    struct bf_err err = BF_ERR_INIT;
    struct bf_progress progress;
    struct bf_request request;
    struct bf_template_set templates;

    (void)state;
    fixture_request(&request, &templates);
    tau_auto(&request);
    if (fixture_synth(&request, &templates, engine, NULL, &sink, &progress, &err) != BF_OK)
        fail_msg("%s", err.text);
    assert_int_equal(threshold.n_values, 20);
    assert_int_equal(threshold.n_mi, 40);
    assert_int_equal(progress.committed[BF_STAGE_CONTROL], 28);
    assert_true(threshold.n_kept > 0 && progress.rejected[BF_REASON_LOW_MIN_K] > 0);
    /* The knowledge check has its own 8 texts, and no more. */
    assert_in_range(progress.knowledge.n_control, 1, 8);
    bf_engine_close(engine);
    bf_template_set_release(&templates);
    bf_request_release(&request);
}

static void only_stage_one(struct bf_request *request)
{
    request->mi_samples = request->jailbreak_samples = request->control_samples = 0;
}

static void only_stage_two(struct bf_request *request)
{
    request->rounds = 1;
    request->max_samples = 1;
}

static void stages_may_be_empty(void **state)
{
    struct engine_script script = fixture_script(64, 1);
    struct record first = {0}, second = {0};
    struct outcome o = run(&script, &first, only_stage_one);

    (void)state;
    assert_done(&o);
    assert_int_equal(first.n_commits, 63);
    assert_int_equal(o.progress.knowledge.verdict, BF_KNOWLEDGE_UNKNOWN);
    o = run(&script, &second, only_stage_two);
    assert_done(&o);
    assert_int_equal(second.n_commits, 1 + 1 + 38);
    bf_buf_release(&first.text);
    bf_buf_release(&second.text);
}

static void with_questions(struct bf_request *request)
{
    request->questions = 30;
    request->wordings = 2;
}

static void with_any_similarity(struct bf_request *request)
{
    with_questions(request);
    request->min_similarity = 0;
}

static void with_questions_and_tau_auto(struct bf_request *request)
{
    with_questions(request);
    request->tau = (double)NAN;
    request->epsilon = 10;
}

/* The engine knows three quarters of what it writes questions about. */
static void what_the_model_knows_becomes_pairs_and_wordings(void **state)
{
    struct engine_script script = fixture_script(7, 3);
    struct record record = {0};
    struct outcome o = run(&script, &record, with_questions);
    const struct bf_progress *p = &o.progress;
    const struct bf_knowledge_check *k = &p->knowledge;

    (void)state;
    assert_done(&o);
    assert_int_equal(p->committed[BF_STAGE_SYNTHESIS], 60);
    assert_int_equal(p->committed[BF_STAGE_CONTROL], 8);
    assert_in_range(p->committed[BF_STAGE_QUESTIONS], 20, 36); /* texts that are pairs already need none */
    assert_int_equal(p->planned[BF_STAGE_QUESTIONS], p->committed[BF_STAGE_QUESTIONS]);
    assert_int_equal(k->n_questions + k->control_questions, p->committed[BF_STAGE_PAIRS]);
    assert_int_equal(k->n_verified, p->kept[BF_STAGE_PAIRS]);
    assert_in_range(k->n_verified, k->n_questions / 2, k->n_questions - 1);
    assert_in_range(k->control_questions, 2, 7); /* of a sixth of 30, at least 6 */
    assert_true(p->rejected[BF_REASON_NOT_KNOWN] > 0);
    assert_true(p->kept[BF_STAGE_WORDINGS] > p->kept[BF_STAGE_PAIRS] / 2);
    assert_true(p->committed[BF_STAGE_WORDINGS] < 2 * p->kept[BF_STAGE_PAIRS]); /* a held-out pair has none */
    assert_non_null(strstr(record.text.data, "held out"));
    assert_true(p->rejected[BF_REASON_DUPLICATE] > 0);
    assert_true(p->rejected[BF_REASON_GIVES_AWAY] > 0);
    assert_true(record.n_last > 0);
    bf_buf_release(&record.text);
}

static void with_questions_for_points(struct bf_request *request)
{
    with_questions(request);
    request->point_questions = 3;
}

/* Of three questions whose answer is the point, the engine can answer one; one names its answer. What "he" is does not
 * have to be said. */
static void points_are_asked_for(void **state)
{
    struct engine_script script = fixture_script(7, 3), other = fixture_script(1, 1);
    struct record record = {0}, again = {0};

    (void)state;
    const struct outcome o = run(&script, &record, with_questions_for_points);
    assert_done(&o);
    assert_int_equal(o.progress.planned[BF_STAGE_QUESTIONS], o.progress.committed[BF_STAGE_QUESTIONS]);
    const int64_t n = 3 * (int64_t)o.progress.n_points;
    assert_in_range(record.n_guessed, n / 6, n / 2);
    assert_in_range(record.n_given_away, n / 6, n / 2);
    const struct outcome shuffled = run(&other, &again, with_questions_for_points);
    assert_done(&shuffled);
    assert_string_equal(again.text.data, record.text.data);
    bf_buf_release(&record.text);
    bf_buf_release(&again.text);
}

/* Asked what each point is, in two wordings: what is the same both times is known. */
static void a_model_that_writes_no_questions_is_asked_about_points(void **state)
{
    struct engine_script script = fixture_script(7, 3);
    struct record record = {0};

    (void)state;
    script.asks_nothing = true;
    const struct outcome o = run(&script, &record, with_questions);
    const struct bf_progress *p = &o.progress;
    assert_done(&o);
    assert_non_null(strstr(record.text.data, "\"Question: Who or what is "));
    assert_true(p->kept[BF_STAGE_PAIRS] > p->n_points / 2);
    assert_true(p->knowledge.control_verified > 0);
    assert_int_equal(p->committed[BF_STAGE_WORDINGS], 0);
    bf_buf_release(&record.text);
}

static void the_similarity_of_a_wording_is_measured_or_unknown(void **state)
{
    static void (*const changes[])(struct bf_request *) = {with_questions, with_any_similarity};

    (void)state;
    for (size_t c = 0; c < N_ELEMENTS(changes); c++) {
        struct engine_script script = fixture_script(7, 3);
        struct record record = {0};
        const struct outcome o = run(&script, &record, changes[c]);
        const int64_t n_kept = o.progress.kept[BF_STAGE_WORDINGS];

        assert_done(&o);
        assert_true(n_kept > 0);
        assert_true(n_kept < o.progress.committed[BF_STAGE_WORDINGS]); /* some repeat a question, whatever it means */
        assert_int_equal(record.n_similar, c == 0 ? n_kept : 0);
        bf_buf_release(&record.text);
    }
}

static void questions_do_not_depend_on_parallelism_or_order(void **state)
{
    static const int32_t parallels[] = {1, 8, 64};
    static void (*const changes[])(struct bf_request *) = {with_questions, with_questions_and_tau_auto};

    (void)state;
    for (size_t c = 0; c < N_ELEMENTS(changes); c++) {
        int64_t n;
        struct bf_buf whole = undisturbed(&n, changes[c]);

        assert_non_null(strstr(whole.data, "\nwordings "));
        for (size_t i = 0; i < N_ELEMENTS(parallels); i++)
            for (uint64_t order = 1; order <= 5; order++) {
                struct engine_script script = fixture_script(parallels[i], order);
                struct record record = {0};
                struct outcome o = run(&script, &record, changes[c]);

                assert_done(&o);
                assert_string_equal(record.text.data, whole.data);
                bf_buf_release(&record.text);
            }
        bf_buf_release(&whole);
    }
}

/* The texts are the same with and without: questions come after them. */
static void self_questioning_changes_no_text(void **state)
{
    int64_t n, n_with;
    struct bf_buf without = undisturbed(&n, NULL);
    struct bf_buf with = undisturbed(&n_with, with_questions);

    (void)state;
    assert_true(n_with > n);
    assert_prefix(&with, &without);
    bf_buf_release(&without);
    bf_buf_release(&with);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_run_has_what_it_should),
        cmocka_unit_test(commits_do_not_depend_on_parallelism_or_order),
        cmocka_unit_test(the_stop_rule_ends_stage_one_and_stage_two_runs_whole),
        cmocka_unit_test(a_failing_sink_ends_the_run_after_its_prefix),
        cmocka_unit_test(a_failing_engine_ends_the_run_after_its_prefix),
        cmocka_unit_test(a_failing_embedder_ends_the_run_after_its_prefix),
        cmocka_unit_test(an_interruption_ends_the_run_after_its_prefix),
        cmocka_unit_test(a_model_that_lists_nothing_still_has_its_topic),
        cmocka_unit_test(stages_may_be_empty),
        cmocka_unit_test(what_the_model_knows_becomes_pairs_and_wordings),
        cmocka_unit_test(points_are_asked_for),
        cmocka_unit_test(a_model_that_writes_no_questions_is_asked_about_points),
        cmocka_unit_test(the_similarity_of_a_wording_is_measured_or_unknown),
        cmocka_unit_test(questions_do_not_depend_on_parallelism_or_order),
        cmocka_unit_test(self_questioning_changes_no_text),
        cmocka_unit_test(tau_auto_keeps_what_is_above_the_invented_topic),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
