#include "unit.h"

#include "base/buf.h"

/* What holds after every step. */
static void assert_sane(const struct bf_buf *b)
{
    assert_non_null(b->data);
    assert_int_equal(b->data[b->len], '\0');
    assert_true(b->len <= b->cap);
}

static void appends(void **state)
{
    struct bf_buf b;

    (void)state;
    bf_buf_init(&b, 1000);
    assert_sane(&b);
    assert_string_equal(b.data, "");
    bf_buf_put(&b, NULL, 0);
    assert_sane(&b);
    bf_buf_puts(&b, "Mount ");
    bf_buf_put(&b, "Olympus!", 7);
    bf_buf_putc(&b, ':');
    bf_buf_printf(&b, " %d m, %s", 2917, "Greece");
    assert_sane(&b);
    assert_string_equal(b.data, "Mount Olympus: 2917 m, Greece");
    assert_int_equal(b.len, strlen(b.data));
    bf_buf_put(&b, "\0x", 2);
    assert_int_equal(b.len, 31);
    assert_memory_equal(b.data + 29, "\0x", 3);
    bf_buf_release(&b);
    bf_buf_release(&b);
}

static void grows_far(void **state)
{
    struct bf_buf b;

    (void)state;
    bf_buf_init(&b, SIZE_MAX);
    for (int i = 0; i < 20000; i++) {
        bf_buf_printf(&b, "%d,", i % 10);
        assert_false(b.overflow);
    }
    assert_int_equal(b.len, 40000);
    assert_memory_equal(b.data + 39980, "0,1,2,3,4,5,6,7,8,9,", 21);
    bf_buf_release(&b);
}

static void the_cap_is_exact_and_an_overflow_changes_nothing_more(void **state)
{
    struct bf_buf b;

    (void)state;
    bf_buf_init(&b, 5);
    bf_buf_puts(&b, "12345");
    assert_false(b.overflow);
    bf_buf_putc(&b, '6');
    assert_true(b.overflow);
    assert_string_equal(b.data, "12345");
    bf_buf_clear(&b);
    assert_false(b.overflow);
    assert_string_equal(b.data, "");
    bf_buf_puts(&b, "123");
    bf_buf_puts(&b, "456");
    assert_true(b.overflow);
    bf_buf_puts(&b, "4"); /* would fit, but a chain with a hole is not what was meant */
    bf_buf_printf(&b, "%d", 4);
    assert_string_equal(b.data, "123");
    assert_sane(&b);
    bf_buf_release(&b);
    bf_buf_init(&b, 5);
    bf_buf_printf(&b, "%s", "123456");
    assert_true(b.overflow);
    assert_string_equal(b.data, "");
    bf_buf_release(&b);
}

static void a_huge_append_does_not_wrap_around(void **state)
{
    struct bf_buf b;

    (void)state;
    bf_buf_init(&b, 100);
    bf_buf_puts(&b, "abc");
    bf_buf_put(&b, "x", SIZE_MAX);
    assert_true(b.overflow);
    assert_string_equal(b.data, "abc");
    bf_buf_clear(&b);
    bf_buf_put(&b, "x", SIZE_MAX - 1);
    assert_true(b.overflow);
    assert_string_equal(b.data, "");
    bf_buf_release(&b);
}

static void a_cap_of_zero(void **state)
{
    struct bf_buf b;

    (void)state;
    bf_buf_init(&b, 0);
    bf_buf_puts(&b, "");
    assert_false(b.overflow);
    bf_buf_clear(&b);
    bf_buf_putc(&b, 'x');
    assert_true(b.overflow);
    assert_string_equal(b.data, "");
    bf_buf_release(&b);
}

static void take_hands_over(void **state)
{
    struct bf_buf b;
    char *first, *second, *third;

    (void)state;
    bf_buf_init(&b, 100);
    first = bf_buf_take(&b);
    assert_string_equal(first, "");
    bf_buf_puts(&b, "Hermes");
    second = bf_buf_take(&b);
    assert_string_equal(second, "Hermes");
    assert_sane(&b);
    assert_int_equal(b.len, 0);
    bf_buf_puts(&b, "Hera");
    third = bf_buf_take(&b);
    assert_string_equal(third, "Hera");
    assert_string_equal(second, "Hermes");
    free(first);
    free(second);
    free(third);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(appends),
        cmocka_unit_test(grows_far),
        cmocka_unit_test(the_cap_is_exact_and_an_overflow_changes_nothing_more),
        cmocka_unit_test(a_huge_append_does_not_wrap_around),
        cmocka_unit_test(a_cap_of_zero),
        cmocka_unit_test(take_hands_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
