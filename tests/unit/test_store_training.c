/* Trainings kept in a run: written whole, read back in order, and absent from runs of older schemas. */
#include "store_fixture.h"

#include "base/banned.h"

struct seen {
    size_t n;
    struct bf_training_step last;
};

static void see(void *user, const struct bf_training_step *step)
{
    struct seen *seen = user;
    seen->n++;
    seen->last = *step;
}

struct probes {
    size_t n;
    int64_t last[3];
};

static void see_probe(void *user, const struct bf_training_probe *probe)
{
    struct probes *seen = user;
    seen->n++;
    seen->last[0] = probe->step;
    seen->last[1] = probe->forget_right;
    seen->last[2] = probe->retain_right;
}

static void probes_are_kept(void **state)
{
    char *dir = fixture_dir();
    struct bf_err err = BF_ERR_INIT;
    struct bf_training_probing probing;
    const struct bf_training_probing asked = {24, 20, 0};
    const struct bf_training_probe probes[3] = {{0, 22, 19}, {10, 12, 19}, {20, 2, 18}};
    struct bf_training training = {.method = "npo",
                                   .settings = "{}",
                                   .model_sha256 = "ab",
                                   .stop = "finished",
                                   .probing = &asked,
                                   .probes = probes};
    struct probes seen = {.n = 0};
    (void)state;
    struct bf_store *store = fixture_create(dir);
    training.n_probes = 3;
    assert_ok(bf_store_add_training(store, &training, &err));
    training.probing = NULL;
    assert_ok(bf_store_add_training(store, &training, &err));
    bf_store_close(store);

    store = fixture_open(dir, BF_STORE_READ);
    assert_ok(bf_store_each_training_probe(store, 1, &probing, &seen, see_probe, &err));
    assert_int_equal(seen.n, 3);
    assert_true(seen.last[0] == 20 && seen.last[1] == 2 && seen.last[2] == 18);
    assert_true(probing.forget_questions == 24 && probing.retain_questions == 20 && probing.chosen_step == 0);
    assert_ok(bf_store_each_training_probe(store, 2, &probing, &seen, see_probe, &err)); /* without probes */
    assert_true(seen.n == 3 && probing.forget_questions == 0);
    bf_store_close(store);
    fixture_remove(dir);
}

static void trainings_are_kept(void **state)
{
    char *dir = fixture_dir();
    struct bf_err err = BF_ERR_INIT;
    struct bf_training read;
    (void)state;
    struct bf_store *store = fixture_create(dir);
    const struct bf_training_step steps[2] = {{1, 16.9, 13.8, 3.1, NAN, 1e-5, 54.2},
                                              {2, 14.4, 11.3, 3.1, NAN, 9e-6, 44.4}};
    struct bf_training training = {.method = "npo",
                                   .settings = "{\"beta\":0.1}",
                                   .model_sha256 = "ab",
                                   .n_steps = 2,
                                   .planned_steps = 5,
                                   .stop = "forget_nll",
                                   .forget_nll_before = 3.0,
                                   .retain_nll_before = NAN,
                                   .forget_nll_after = 4.5,
                                   .retain_nll_after = NAN,
                                   .steps = steps};
    assert_ok(bf_store_next_training(store, 0, &read, &err));
    assert_int_equal(read.id, 0);
    assert_ok(bf_store_add_training(store, &training, &err));
    training.method = "rmu";
    training.n_steps = 0;
    assert_ok(bf_store_add_training(store, &training, &err));
    bf_store_close(store);

    store = fixture_open(dir, BF_STORE_READ);
    assert_ok(bf_store_next_training(store, 0, &read, &err));
    assert_int_equal(read.id, 1);
    assert_string_equal(read.method, "npo");
    assert_string_equal(read.settings, "{\"beta\":0.1}");
    assert_string_equal(read.stop, "forget_nll");
    assert_int_equal(read.planned_steps, 5);
    assert_true(read.forget_nll_after == 4.5 && isnan(read.retain_nll_after));
    struct seen seen = {.n = 0};
    assert_ok(bf_store_each_training_step(store, 1, &seen, see, &err));
    assert_int_equal(seen.n, 2);
    assert_true(seen.last.step == 2 && seen.last.loss == 14.4 && isnan(seen.last.general_loss) &&
                seen.last.gradient_norm == 44.4);
    assert_ok(bf_store_next_training(store, 1, &read, &err));
    assert_string_equal(read.method, "rmu");
    assert_ok(bf_store_next_training(store, read.id, &read, &err));
    assert_int_equal(read.id, 0);
    bf_store_close(store);
    fixture_remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(trainings_are_kept), cmocka_unit_test(probes_are_kept)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
