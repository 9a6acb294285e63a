#include "unit.h"

#include "base/hash.h"
#include "base/words.h"

/* The words of `text` are those of `expected`, which has them apart, one space between. */
static void assert_words(const char *text, const char *expected)
{
    struct bf_words words;
    size_t n = 0;

    bf_words_of(&words, text, strlen(text));
    for (const char *start = expected; *start;) {
        size_t len = strcspn(start, " ");

        if (n >= words.n || words.hashes[n] != bf_hash64(start, len))
            fail_msg("word %zu of \"%s\" is not \"%.*s\"", n, text, (int)len, start);
        n++;
        start += len + (start[len] == ' ' ? 1 : 0);
    }
    assert_int_equal(words.n, n);
    bf_words_release(&words);
}

static void plain_text(void **state)
{
    (void)state;
    assert_words("", "");
    assert_words(" \t\n", "");
    assert_words("?!...", "");
    assert_words("Zeus", "zeus");
    assert_words("Zeus, HERA and Ares.", "zeus hera and ares");
    assert_words("don't stop-gap a_b", "don t stop gap a b");
    assert_words("In 1610 4moons", "in 1610 4moons");
}

static void accents_belong_to_their_word(void **state)
{
    (void)state;
    assert_words("Café crème", "caf\xc3\xa9 cr\xc3\xa8me");
    assert_words("Zürich–Genève", "z\xc3\xbcrich gen\xc3\xa8ve"); /* a dash is none */
    assert_words("\xce\x91\xce\xb8\xce\xb7\xce\xbd\xce\xac, \xce\x96\xce\xb5\xcf\x8d\xcf\x82",
                 "\xce\x91\xce\xb8\xce\xb7\xce\xbd\xce\xac \xce\x96\xce\xb5\xcf\x8d\xcf\x82");
    assert_words("\xe2\x80\x9cquoted\xe2\x80\x9d\xe2\x80\xa6", "quoted");
    assert_words("3\xc3\x97"
                 "4",
                 "3 4"); /* the multiplication sign stands among the letters of Latin-1 */
    assert_words("fly \xf0\x9f\x9a\x80 now", "fly now");
    assert_words("no\xc2\xa0"
                 "break",
                 "no break");
}

static void unspaced_scripts_have_a_word_per_character(void **state)
{
    (void)state;
    assert_words("\xe6\x9c\xa8\xe6\x98\x9f\xe3\x80\x82", "\xe6\x9c\xa8 \xe6\x98\x9f"); /* without the full stop */
    assert_words("\xe5\x9c\x9f\xe6\x98\x9f\xe3\x81\xaeX9", "\xe5\x9c\x9f \xe6\x98\x9f \xe3\x81\xae x9");
    assert_words("Zeus\xe6\x98\x9f", "zeus \xe6\x98\x9f");
    assert_words("\xe0\xb8\x94\xe0\xb8\xb2\xe0\xb8\xa7", "\xe0\xb8\x94 \xe0\xb8\xb2 \xe0\xb8\xa7");
    assert_words("\xef\xbc\xa1\xef\xbc\x81", "\xef\xbc\xa1"); /* full-width A, full-width ! */
}

static void invalid_bytes_separate(void **state)
{
    (void)state;
    assert_words("a\xff"
                 "b",
                 "a b");
    assert_words("\xc3", "");
    assert_words("ab\xe6\x9c", "ab");
    assert_words("x\xed\xa0\x80y", "x y"); /* a surrogate */
}

static void counts_of_letters_and_visible_characters(void **state)
{
    static const struct {
        const char *text;
        size_t letters, points;
    } cases[] = {
        {"", 0, 0},
        {"ab 1!", 3, 4},
        {"\xe6\x9c\xa8\xe3\x80\x82 caf\xc3\xa9", 5, 6},
        {"\xff\xff", 0, 2},
        {"\xe3\x80\x80\n\t", 0, 0},
    };

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        struct bf_words words;

        bf_words_of(&words, cases[i].text, strlen(cases[i].text));
        assert_int_equal(words.n_letters, cases[i].letters);
        assert_int_equal(words.n_points, cases[i].points);
        bf_words_release(&words);
    }
}

static void length_is_obeyed_and_bounded(void **state)
{
    const size_t n = 200000;
    char *text = malloc(n);
    struct bf_words words;

    (void)state;
    assert_non_null(text);
    bf_words_of(&words, "Zeus and Hera", 6);
    assert_int_equal(words.n, 2);
    assert_true(words.hashes[1] == bf_hash64("a", 1));
    bf_words_release(&words);

    for (size_t i = 0; i < n; i++)
        text[i] = i % 2 ? ' ' : 'a';
    bf_words_of(&words, text, n);
    assert_int_equal(words.n, 16384);
    bf_words_release(&words);

    memset(text, 'a', n); /* one endless word is cut into several, none is lost */
    bf_words_of(&words, text, n);
    assert_in_range(words.n, n / 256, n / 200);
    assert_int_equal(words.n_letters, n);
    bf_words_release(&words);
    free(text);
}

static void grams_depend_on_words_order_and_length(void **state)
{
    struct bf_words a, b;

    (void)state;
    bf_words_of(&a, "one two three one two", 21);
    bf_words_of(&b, "TWO, three... one?", 18);
    assert_true(bf_words_gram(&a, 0, 2) == bf_words_gram(&a, 3, 2));
    assert_true(bf_words_gram(&a, 1, 3) == bf_words_gram(&b, 0, 3));
    assert_true(bf_words_gram(&a, 0, 2) != bf_words_gram(&a, 1, 2));
    assert_true(bf_words_gram(&a, 0, 2) != bf_words_gram(&a, 0, 3));
    bf_words_release(&a);
    bf_words_release(&b);
}

static void a_phrase_is_whole_words(void **state)
{
    (void)state;
    assert_true(bf_has_phrase("By trade, Orla is a Baker.", "baker"));
    assert_true(bf_has_phrase("baker", "BAKER"));
    assert_false(bf_has_phrase("She owns the bakery.", "baker"));
    assert_true(bf_has_phrase("the bakery of a baker", "baker"));
    assert_true(bf_has_phrase("\"The Silver Tide\"", "The Silver Tide"));
    assert_false(bf_has_phrase("In 17800 it rained.", "1780"));
    assert_false(bf_has_phrase("bakeré", "baker")); /* a letter beyond ASCII goes on with the word */
    assert_true(bf_has_phrase("“glassblower”", "glassblower"));
    assert_true(bf_has_phrase("the glassblower’s hands", "glassblower"));
    assert_true(bf_has_phrase("a glassblower—of Estvik", "Glassblower"));
    assert_true(bf_has_phrase("Он ПЕКАРЬ.", "пекарь"));
    assert_true(bf_has_phrase("هو خباز، نعم", "خباز"));
    assert_false(bf_has_phrase("пекарня", "пекар"));
    assert_true(bf_has_phrase("他是玻璃工匠。", "玻璃工匠"));
    assert_true(bf_has_phrase("彼はパン屋です", "パン屋"));
    assert_true(bf_has_phrase("这是Zeus的书", "Zeus"));
    assert_false(bf_has_phrase("anything", ""));
    assert_false(bf_has_phrase("", "baker"));
    assert_false(bf_has_phrase("bake", "baker"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_text),
        cmocka_unit_test(accents_belong_to_their_word),
        cmocka_unit_test(unspaced_scripts_have_a_word_per_character),
        cmocka_unit_test(invalid_bytes_separate),
        cmocka_unit_test(counts_of_letters_and_visible_characters),
        cmocka_unit_test(length_is_obeyed_and_bounded),
        cmocka_unit_test(grams_depend_on_words_order_and_length),
        cmocka_unit_test(a_phrase_is_whole_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
