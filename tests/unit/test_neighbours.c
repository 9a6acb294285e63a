/* Subjects that a model names as like another one: counted over askings, without the subject itself and its parts. */
#include "unit.h"

#include "synth/neighbours.h"

static const struct bf_neighbour *named(const struct bf_neighbours *all, const char *name)
{
    for (size_t i = 0; i < all->n; i++)
        if (strcmp(all->items[i].name, name) == 0)
            return &all->items[i];
    fail_msg("'%s' is missing", name);
    return NULL;
}

static void the_same_name_is_counted_once_an_asking(void **state)
{
    struct bf_neighbours all = {0};
    (void)state;
    bf_neighbours_read(&all, "1. Roman mythology\n2. Norse mythology\n3. The Solar System", false, 0);
    bf_neighbours_read(&all, "Roman mythology, Hinduism", false, 0); /* the same form again */
    bf_neighbours_read(&all, "- Norse Mythology: gods of the north\n- Solar System\n- ROMAN MYTHOLOGY", false, 1);
    bf_neighbours_read(&all, "Norse-mythology, Norse Mythology, Taoism", false, 2);
    assert_int_equal(all.n_asked, 3);
    assert_int_equal(all.n, 5);
    assert_int_equal(named(&all, "Norse mythology")->n_named, 3);
    assert_int_equal(named(&all, "Roman mythology")->n_named, 2);
    assert_int_equal(named(&all, "The Solar System")->n_named, 2);
    bf_neighbours_sort(&all);
    assert_int_equal(bf_neighbours_good(&all), 3); /* Hinduism and Taoism are named once */
    assert_string_equal(all.items[0].name, "Norse mythology");
    assert_string_equal(all.items[1].name, "Roman mythology"); /* as often as the next one, and found before it */
    bf_neighbours_release(&all);
}

static void the_subject_its_whole_and_its_parts_are_left_out(void **state)
{
    struct bf_neighbours all = {0};
    (void)state;
    for (int i = 0; i < 2; i++)
        bf_neighbours_read(&all, "Greek Mythology\nancient Greek mythology\nMythology\nZeus\nNorse mythology\nJason",
                           false, i);
    bf_neighbours_read_parts(&all, "Zeus\nHera", false); /* what belongs to the subject */
    bf_neighbours_leave_out(&all, "the Greek mythology");
    bf_neighbours_leave_out(&all, "Jason and the Argonauts"); /* another request of the run */
    bf_neighbours_sort(&all);
    assert_int_equal(all.n_asked, 2);
    assert_int_equal(bf_neighbours_good(&all), 1);
    assert_string_equal(all.items[0].name, "Norse mythology");
    assert_true(named(&all, "Zeus")->left_out);
    assert_int_equal(named(&all, "Hera")->n_named, 0);
    bf_neighbours_release(&all);
}

static void sentences_and_a_cut_line_are_not_names(void **state)
{
    struct bf_neighbours all = {0};
    (void)state;
    bf_neighbours_read(&all, "Here are some subjects that are a lot like it and worth reading about:\nNorse myth", true,
                       0);
    bf_neighbours_read(&all, "The answer to this question is\nYes", false, 1);
    assert_int_equal(all.n, 0);
    assert_int_equal(bf_neighbours_good(&all), 0);
    bf_neighbours_release(&all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_name_is_counted_once_an_asking),
        cmocka_unit_test(the_subject_its_whole_and_its_parts_are_left_out),
        cmocka_unit_test(sentences_and_a_cut_line_are_not_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
