/* Which labels an example and its twin have in common, and the batches of both. */
#include "unit.h"

#include "unlearn/twins.h"
#include "base/banned.h"

#define EXAMPLE(first, ...)                                                                                            \
    {                                                                                                                  \
        .tokens = (int32_t[]){__VA_ARGS__}, .n = (int32_t)(sizeof((int32_t[]){__VA_ARGS__}) / sizeof(int32_t)),        \
        .first_label = (first)                                                                                         \
    }
enum { NAME = 900 }; /* and above: tokens of names */

static void assert_places(const struct bf_twin *twin, const int32_t *own, const int32_t *its, int32_t n)
{
    assert_int_equal(twin->n, n);
    for (int32_t i = 0; i < n; i++) {
        assert_int_equal(twin->own[i], own[i]);
        assert_int_equal(twin->its[i], its[i]);
    }
}

static void labels_outside_names_agree(void **state)
{
    /* prompt 1 2 | NAME was born in X . */
    const struct bf_example own = EXAMPLE(2, 1, 2, NAME, NAME + 1, 10, 11, 12, 50, 51, 3);
    const struct bf_example its = EXAMPLE(3, 1, 2, 2, NAME + 5, NAME + 6, NAME + 7, 10, 11, 12, 50, 51, 3);
    struct bf_twin twin;
    (void)state;
    assert_true(bf_twin_align(&own, &its, false, &twin));
    assert_places(&twin, (const int32_t[]){4, 5, 6, 7, 8, 9}, (const int32_t[]){6, 7, 8, 9, 10, 11}, 6);
    free(twin.own);
    free(twin.its);
    free(twin.rows);
}

static void a_name_in_the_middle_and_at_the_end(void **state)
{
    const struct bf_example own = EXAMPLE(1, 1, 10, 11, NAME, 12, 13, 14, NAME + 1, NAME + 2);
    const struct bf_example its = EXAMPLE(1, 1, 10, 11, NAME + 5, NAME + 6, 12, 13, 14, NAME + 7);
    struct bf_twin twin;
    (void)state;
    assert_true(bf_twin_align(&own, &its, false, &twin));
    assert_places(&twin, (const int32_t[]){1, 2, 4, 5, 6}, (const int32_t[]){1, 2, 5, 6, 7}, 5);
    free(twin.own);
    free(twin.its);
    free(twin.rows);
}

static void assert_alone(const struct bf_twin *twin, const char *alone)
{
    for (int32_t i = 0; i < twin->n; i++)
        assert_int_equal(twin->rows[i], alone[i] == '1' ? BF_TWIN_ALONE : BF_TWIN_READS);
    assert_int_equal(twin->n, strlen(alone));
}

/* The first token of a name that was not there before is a place, too. */
static void new_names_are_places(void **state)
{
    /* Who rules the sea? | It is NAME , NAME . */
    const struct bf_example own = EXAMPLE(2, 1, 2, 10, 11, NAME, NAME + 1, 12, 13, 20, NAME + 1, 3);
    const struct bf_example its = EXAMPLE(2, 1, 2, 10, 11, NAME + 5, 12, 13, 20, NAME + 5, 3);
    /* What does NAME rule? | NAME and NAME . */
    const struct bf_example asked = EXAMPLE(4, 1, NAME, NAME + 1, 2, NAME + 3, NAME + 1, 10, 11, NAME + 7, 12, 3);
    const struct bf_example other = EXAMPLE(3, 1, NAME + 5, 2, NAME + 6, 10, 11, NAME + 8, NAME + 9, 12, 3);
    struct bf_twin twin;
    (void)state;
    assert_true(bf_twin_align(&own, &its, true, &twin));
    assert_places(&twin, (const int32_t[]){2, 3, 4, 6, 7, 8, 10}, (const int32_t[]){2, 3, 4, 5, 6, 7, 9}, 7);
    assert_alone(&twin, "0010000"); /* the second time it is no news */
    free(twin.own);
    free(twin.its);
    free(twin.rows);
    /* The one that is asked about begins the answer with another token. The new one is read beside an invented name. */
    assert_true(bf_twin_align(&asked, &other, true, &twin));
    assert_places(&twin, (const int32_t[]){6, 7, 8, 9, 10}, (const int32_t[]){4, 5, 6, 8, 9}, 5);
    assert_alone(&twin, "00000");
    free(twin.own);
    free(twin.its);
    free(twin.rows);
}

static void other_texts_are_not_twins(void **state)
{
    const struct bf_example own = EXAMPLE(1, 1, 10, 11, 12, 13, 14);
    const struct bf_example its = EXAMPLE(1, 1, 20, 21, 22, 23, 14);
    struct bf_twin twin;
    (void)state;
    assert_false(bf_twin_align(&own, &its, false, &twin));
    assert_null(twin.own);
}

static void batches_go_together(void **state)
{
    struct bf_example own[2] = {EXAMPLE(1, 1, 2, 3), EXAMPLE(2, 1, 2, NAME, 10, 11, 3)};
    struct bf_twin items[2] = {{.own = (int32_t[]){1, 2}, .its = (int32_t[]){1, 2}, .n = 2},
                               {.own = (int32_t[]){3, 4, 5}, .its = (int32_t[]){4, 5, 6}, .n = 3}};
    const struct bf_example its = EXAMPLE(2, 1, 2, NAME + 1, NAME + 2, 10, 11, 3);
    const struct bf_examples examples = {.items = own, .n = 2};
    const struct bf_twins twins = {.items = items, .n = 2};
    const size_t indices[2] = {1, 0};
    struct bf_batch a, b;
    (void)state;
    items[0].example = own[0];
    items[1].example = its;
    bf_twins_batch(&examples, &twins, indices, 2, false, &a);
    bf_twins_batch(&examples, &twins, indices, 2, true, &b);
    assert_int_equal(a.n_rows, 5);
    assert_int_equal(b.n_rows, 5);
    assert_int_equal(a.n_tokens, 9);
    assert_int_equal(b.n_tokens, 10);
    assert_int_equal(a.lengths[0], 6);
    assert_int_equal(b.lengths[0], 7);
    for (int32_t i = 0; i < 5; i++) {
        static const int32_t rows_a[] = {2, 3, 4, 6, 7}, rows_b[] = {3, 4, 5, 7, 8}, labels[] = {10, 11, 3, 2, 3};
        assert_int_equal(a.rows[i], rows_a[i]); /* what predicts the label: the place before it */
        assert_int_equal(b.rows[i], rows_b[i]);
        assert_int_equal(a.labels[i], labels[i]);
        assert_int_equal(b.labels[i], labels[i]);
        assert_int_equal(a.sequence[i], i < 3 ? 0 : 1);
    }
    assert_int_equal(a.n_labels[0], 3);
    assert_int_equal(a.n_labels[1], 2);
    bf_batch_release(&a);
    bf_batch_release(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(labels_outside_names_agree), cmocka_unit_test(a_name_in_the_middle_and_at_the_end),
        cmocka_unit_test(new_names_are_places),       cmocka_unit_test(other_texts_are_not_twins),
        cmocka_unit_test(batches_go_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
