/* Runs in a real store, stopped after every k-th commit in different ways, opened again and replayed: the rows at the
 * end are those of a run that was never stopped. */
#include "synth_fixture.h"

#include "store_fixture.h"

struct writer {
    struct bf_store *store;
    int64_t n_commits;  /* of this process */
    int64_t stop_after; /* 0 = never */
    bool fail;          /* the sink fails instead of asking politely: what was under way is lost */
};

static enum bf_status on_commit(void *user, const struct bf_commit *commit, struct bf_err *err)
{
    struct writer *w = user;

    if (w->fail && w->n_commits == w->stop_after)
        return bf_fail(err, BF_STORE, "the test's disk is full");
    w->n_commits++;
    return bf_store_commit_all(w->store, commit, err);
}

static enum bf_status on_answer(void *user, const struct bf_pending *pending, struct bf_err *err)
{
    const struct writer *w = user;

    return bf_store_keep_answer(w->store, pending, err);
}

static bool on_progress(void *user, const struct bf_progress *progress)
{
    const struct writer *w = user;

    (void)progress;
    return w->fail || w->stop_after == 0 || w->n_commits < w->stop_after;
}

struct way {
    int64_t stop_after; /* commits of each process; 0 = all */
    bool fail;
    bool list_nothing;
    bool tau_auto;       /* the control texts come before the questions of membership inference */
    bool questions;      /* with self-questioning and two wordings */
    bool forms;          /* several forms of the question for points, a snowball, and a point of the user's */
    const char *belong;  /* with forms: the names that the model connects with the domain; NULL: it is not asked */
    double epsilon;      /* of the stop rule; negative = never */
    uint64_t order_seed; /* another one, and another parallelism, after each stop */
};

static int64_t n_answers; /* of all processes since it was set to zero */

/* One process: open or create, replay, work until done or stopped. Returns whether the run is finished. */
static bool work(const char *dir, const struct way *way, int process)
{
    static const int32_t parallels[] = {1, 7, 64};
    struct engine_script script = fixture_script(parallels[process % 3], way->order_seed + (uint64_t)process);
    struct writer writer = {.stop_after = way->stop_after, .fail = way->fail};
    const struct bf_run run = fixture_run();
    struct bf_request request;
    struct bf_template_set templates;
    struct bf_progress progress;
    struct bf_replay replay;
    struct bf_err err = BF_ERR_INIT;
    enum bf_status status;

    script.list_nothing = way->list_nothing;
    script.names = way->forms;
    script.belong = way->belong;
    if (way->forms) {
        fixture_forms(&request, &templates, way->belong != NULL);
        bf_lines_add(&request.points, "Edda Quill", strlen("Edda Quill"));
    } else {
        fixture_request(&request, &templates);
    }
    request.epsilon = way->epsilon;
    request.questions = way->questions ? 30 : 0;
    request.wordings = way->questions ? 2 : 0;
    request.tau = way->tau_auto ? (double)NAN : BF_TAU_PAPER;
    struct bf_engine *engine = engine_script_open(&script);
    if (process == 0)
        assert_ok(bf_store_create(dir, &run, &templates, &writer.store, &err));
    else
        assert_ok(bf_store_open(dir, BF_STORE_WRITE, &writer.store, &err));
    assert_ok(bf_store_replay(writer.store, &replay, &err));
    const struct bf_task task = {
        .id = 1, .request = &request, .sink = {&writer, on_commit, on_answer}, .replay = &replay};
    status = fixture_one(&task, &templates, engine, engine, &writer, on_progress, &progress, &err);
    n_answers += script.n_answers;
    bf_store_replay_close(&replay);
    bf_store_close(writer.store);
    bf_engine_close(engine);
    bf_template_set_release(&templates);
    bf_request_release(&request);
    if (status != BF_OK && status != (way->fail ? BF_STORE : BF_INTERRUPTED))
        fail_msg("%s", err.text);
    assert_int_equal(progress.finished, status == BF_OK);
    return status == BF_OK;
}

static void put_stored_checkpoint(void *user, const struct bf_stop_check *checkpoint)
{
    put_checkpoint(user, checkpoint);
}

/* Everything that the store holds of the run. */
static struct bf_buf contents(const char *dir)
{
    struct bf_store *store = fixture_open(dir, BF_STORE_READ);
    struct bf_err err = BF_ERR_INIT;
    struct bf_replay replay;
    struct bf_buf text;

    bf_buf_init(&text, 1 << 26);
    assert_ok(bf_store_replay(store, &replay, &err));
    for (;;) {
        struct bf_sample sample;
        const struct bf_point *points;
        size_t n_points;
        bool more;

        assert_ok(replay.next(replay.user, &sample, &points, &n_points, &more, &err));
        if (!more)
            break;
        put_sample(&text, &sample, points, n_points);
    }
    bf_store_replay_close(&replay);
    assert_ok(bf_store_each_check(store, &text, put_stored_checkpoint, &err));
    bf_store_close(store);
    return text;
}

/* To the end in as many processes as it takes; returns how many. */
static int finish(char *dir, const struct way *way)
{
    for (int process = 0; process < 1000; process++)
        if (work(dir, way, process))
            return process + 1;
    fail_msg("the run does not end");
    return 0;
}

static void assert_same_as_undisturbed(struct way way)
{
    static const int64_t ks[] = {1, 2, 3, 7, 40};
    char *reference_dir = fixture_dir();
    const struct way whole = {.list_nothing = way.list_nothing,
                              .tau_auto = way.tau_auto,
                              .questions = way.questions,
                              .forms = way.forms,
                              .belong = way.belong,
                              .epsilon = way.epsilon,
                              .order_seed = 77};

    assert_int_equal(finish(reference_dir, &whole), 1);
    struct bf_buf reference = contents(reference_dir);
    assert_true(reference.len > 10000);
    for (size_t i = 0; i < N_ELEMENTS(ks); i++) {
        char *dir = fixture_dir();
        int processes;

        way.stop_after = ks[i];
        processes = finish(dir, &way);
        assert_true(processes > 1);
        struct bf_buf text = contents(dir);
        if (strcmp(text.data, reference.data) != 0) {
            size_t at = 0;

            while (text.data[at] == reference.data[at])
                at++;
            while (at > 0 && reference.data[at - 1] != '\n')
                at--;
            fail_msg("stopped every %lld commits, the run has\n%.300s\ninstead of\n%.300s", (long long)ks[i],
                     text.data + at, reference.data + at);
        }
        bf_buf_release(&text);
        fixture_remove(dir);
    }
    bf_buf_release(&reference);
    fixture_remove(reference_dir);
}

static void interrupted_after_every_kth_commit(void **state)
{
    (void)state;
    assert_same_as_undisturbed((struct way){.epsilon = -1, .order_seed = 1});
}

/* Not asked but torn off: what the engine had finished and nobody committed is generated again. */
static void torn_off_after_every_kth_commit(void **state)
{
    (void)state;
    assert_same_as_undisturbed((struct way){.epsilon = -1, .order_seed = 2, .fail = true});
}

/* The stop rule must speak at the same sample after a replay, and stay silent before. */
static void stopped_around_the_stop_rule(void **state)
{
    (void)state;
    assert_same_as_undisturbed((struct way){.epsilon = 10, .order_seed = 3, .fail = true});
    assert_same_as_undisturbed((struct way){.epsilon = 0.001, .order_seed = 4, .fail = true});
}

/* The threshold is the same, whether its questions were asked by this process or an earlier one. */
static void stopped_around_the_threshold(void **state)
{
    (void)state;
    assert_same_as_undisturbed((struct way){.epsilon = -1, .order_seed = 9, .fail = true, .tau_auto = true});
    assert_same_as_undisturbed((struct way){.epsilon = 10, .order_seed = 10, .tau_auto = true});
}

/* Stopped right after the round in which the topic became the only point: no further round may be asked. */
static void stopped_between_empty_rounds_of_points(void **state)
{
    (void)state;
    assert_same_as_undisturbed((struct way){.epsilon = -1, .order_seed = 5, .fail = true, .list_nothing = true});
}

/* What is asked next follows from what was committed: questions from texts, pairs from questions, wordings from pairs.
 */
static void stopped_between_questions(void **state)
{
    (void)state;
    assert_same_as_undisturbed((struct way){.epsilon = -1, .order_seed = 11, .fail = true, .questions = true});
    assert_same_as_undisturbed((struct way){.epsilon = 10, .order_seed = 12, .questions = true});
    assert_same_as_undisturbed((struct way){.epsilon = 10, .order_seed = 13, .tau_auto = true, .questions = true});
}

/* Questions in forms, names of kept texts, points of the user: what comes next follows from what was committed. */
static void stopped_among_forms_and_snowballs(void **state)
{
    (void)state;
    assert_same_as_undisturbed((struct way){.epsilon = -1, .order_seed = 9, .forms = true});
    assert_same_as_undisturbed((struct way){.epsilon = -1, .order_seed = 10, .forms = true, .fail = true});
    assert_same_as_undisturbed((struct way){.epsilon = 10, .order_seed = 11, .forms = true, .fail = true});
    assert_same_as_undisturbed((struct way){.epsilon = 10, .order_seed = 14, .forms = true, .questions = true});
}

/* The names that a round asks about follow from its forms, and its points from the answers about them. */
static void stopped_among_checks_of_names(void **state)
{
    static const char belong[] = "Marn Obrel, Tavi Selk, Orno Vash, Brim Hollow, Velda Foss";
    (void)state;
    assert_same_as_undisturbed((struct way){.epsilon = -1, .order_seed = 15, .forms = true, .belong = belong});
    assert_same_as_undisturbed(
        (struct way){.epsilon = 10, .order_seed = 17, .forms = true, .belong = "Orno Vash", .fail = true});
}

/* What was answered before its turn is in the store: a resumed run does not ask for it again. Only what was under way
 * at the stop, and the answer whose commit failed, are asked anew. */
static void answered_prompts_are_not_asked_again(void **state)
{
    for (int fail = 0; fail < 2; fail++) {
        const struct way way = {.epsilon = -1, .order_seed = 8, .fail = fail, .stop_after = 5};
        char *dir = fixture_dir();

        (void)state;
        n_answers = 0;
        const int processes = finish(dir, &way);
        assert_true(processes > 3);
        assert_in_range(n_answers, 101, 101 + (fail ? processes : 0)); /* 3 lists, 60, 20, 10, 8 */
        fixture_remove(dir);
    }
}

static void a_finished_run_replays_to_its_end_and_adds_nothing(void **state)
{
    const struct way whole = {.epsilon = -1, .order_seed = 6};
    char *dir = fixture_dir();

    (void)state;
    assert_true(work(dir, &whole, 0));
    struct bf_buf before = contents(dir);
    assert_true(work(dir, &whole, 1));
    struct bf_buf after = contents(dir);
    assert_string_equal(before.data, after.data);
    bf_buf_release(&before);
    bf_buf_release(&after);
    fixture_remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(interrupted_after_every_kth_commit),
        cmocka_unit_test(torn_off_after_every_kth_commit),
        cmocka_unit_test(stopped_around_the_stop_rule),
        cmocka_unit_test(stopped_around_the_threshold),
        cmocka_unit_test(stopped_between_empty_rounds_of_points),
        cmocka_unit_test(stopped_between_questions),
        cmocka_unit_test(stopped_among_forms_and_snowballs),
        cmocka_unit_test(stopped_among_checks_of_names),
        cmocka_unit_test(answered_prompts_are_not_asked_again),
        cmocka_unit_test(a_finished_run_replays_to_its_end_and_adds_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
