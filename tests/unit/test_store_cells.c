/* Cells: computed once, kept over a close, in order; strangers are refused. */
#include "store_fixture.h"

static int enter(void **state)
{
    *state = fixture_dir();
    return chdir(*state);
}

static int leave(void **state)
{
    fixture_remove(*state);
    return 0;
}

static void kept_over_a_close(void **state)
{
    struct bf_err err = BF_ERR_INIT;
    struct bf_store *store;
    struct bf_cell got;
    bool found;
    const struct bf_cell first = {"train target 1", "train", "biforget 'a b'", "{\"loss\": 1.5}", 2.5};
    const struct bf_cell second = {"eval", "evaluate", "biforget eval", "{}", 0.0};

    (void)state;
    assert_ok(bf_store_open_cells("lab.db", &store, &err));
    assert_ok(bf_store_get_cell(store, first.key, &got, &found, &err));
    assert_false(found);
    assert_ok(bf_store_put_cell(store, &first, &err));
    assert_ok(bf_store_get_cell(store, first.key, &got, &found, &err));
    assert_true(found);
    assert_ok(bf_store_put_cell(store, &second, &err)); /* with a row of the former call open */
    bf_store_close(store);
    assert_ok(bf_store_open_cells("lab.db", &store, &err));
    assert_ok(bf_store_get_cell(store, first.key, &got, &found, &err));
    assert_true(found);
    assert_string_equal(got.kind, first.kind);
    assert_string_equal(got.command, first.command);
    assert_string_equal(got.result, first.result);
    assert_float_equal(got.seconds, 2.5, 0);
    bf_store_close(store);
}

static void what_is_not_a_cell(void **state)
{
    struct bf_err err = BF_ERR_INIT;
    struct bf_store *store;
    const struct bf_cell broken = {"k", "k", "", "{}", -1.0};

    (void)state;
    assert_ok(bf_store_open_cells("strict.db", &store, &err));
    assert_int_equal(bf_store_put_cell(store, &broken, &err), BF_STORE);
    bf_store_close(store);
    assert_ok(bf_store_open_vectors("vectors.db", &store, &err));
    bf_store_close(store);
    assert_int_equal(bf_store_open_cells("vectors.db", &store, &err), BF_STORE);
    assert_says(&err, "is not a lab file");
    assert_null(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kept_over_a_close),
        cmocka_unit_test(what_is_not_a_cell),
    };
    return cmocka_run_group_tests(tests, enter, leave);
}
