/* The thoughts of reasoning models, cut out of what they write. */
#include "unit.h"

#include "base/buf.h"
#include "base/thoughts.h"

static void assert_cut(const char *text, const char *left, bool any)
{
    struct bf_buf out;

    bf_buf_init(&out, 1000);
    assert_int_equal(bf_thoughts_cut(&out, text, strlen(text)), any);
    assert_string_equal(out.data, left);
    assert_int_equal(bf_thoughts_in(text, strlen(text)), any);
    bf_buf_release(&out);
}

static void what_is_thought_is_cut(void **state)
{
    (void)state;
    assert_cut("<think>\nhm\n</think>\n\nZeus.", "\n\nZeus.", true);
    assert_cut("<think></think>Zeus.", "Zeus.", true);
    assert_cut("Well. <think>hm</think>Zeus.", "Well. Zeus.", true);
    assert_cut("<think>a</think>b<think>c</think>d", "bd", true);
    assert_cut("[THINK]hm[/THINK]Zeus.", "Zeus.", true);
    assert_cut("<seed:think>hm</seed:think>Zeus.", "Zeus.", true);
}

static void thoughts_without_an_end_or_a_beginning(void **state)
{
    (void)state;
    assert_cut("<think>\nOkay, the user wants", "", true);
    assert_cut("Zeus.<think>But", "Zeus.", true);
    assert_cut("Okay, the user wants a god.\n</think>\nZeus.", "\nZeus.", true); /* the template began them */
    assert_cut("hm</think>", "", true);
}

static void other_texts_stay(void **state)
{
    (void)state;
    assert_cut("", "", false);
    assert_cut("I think <b>Zeus</b> < Hera", "I think <b>Zeus</b> < Hera", false);
    assert_cut("<thin", "<thin", false);
    assert_cut("<THINK>", "<THINK>", false);
}

static void only_what_is_new_in_the_buffer_is_touched(void **state)
{
    struct bf_buf out;

    (void)state;
    bf_buf_init(&out, 1000);
    bf_buf_puts(&out, "kept ");
    bf_thoughts_cut(&out, "hm</think>Zeus", 14);
    assert_string_equal(out.data, "kept Zeus");
    bf_buf_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_thought_is_cut),
        cmocka_unit_test(thoughts_without_an_end_or_a_beginning),
        cmocka_unit_test(other_texts_stay),
        cmocka_unit_test(only_what_is_new_in_the_buffer_is_touched),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
