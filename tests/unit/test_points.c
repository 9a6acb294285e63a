#include "unit.h"

#include <stdbool.h>

#include "base/buf.h"
#include "base/rng.h"
#include "base/utf8.h"
#include "synth/points.h"

/* The list gives exactly these points, which are written here with "|" between them. */
static void assert_list(const char *list, bool cut, const char *expected)
{
    struct bf_points points = {0};
    struct bf_buf text;
    int32_t added = bf_points_add_list(&points, "Greek mythology", 3, list, cut, 64);

    bf_buf_init(&text, 100000);
    for (int32_t i = 0; i < points.n; i++) {
        bf_buf_printf(&text, "%s%s", i ? "|" : "", points.items[i].text);
        assert_int_equal(points.items[i].index, i);
        assert_int_equal(points.items[i].round, 3);
    }
    if (strcmp(text.data, expected) != 0)
        fail_msg("\"%s\" gave \"%s\", not \"%s\"", list, text.data, expected);
    assert_int_equal(added, points.n);
    bf_buf_release(&text);
    bf_points_release(&points);
}

static void one_point_a_line(void **state)
{
    (void)state;
    assert_list("Zeus\nHera\nMount Olympus", false, "Zeus|Hera|Mount Olympus");
    assert_list("\n\nZeus\r\n\n  Hera  \r\n", false, "Zeus|Hera");
    assert_list("", false, "");
    assert_list(" \n\t\n", false, "");
    assert_list("Zeus", false, "Zeus");
}

static void numbers_go(void **state)
{
    (void)state;
    assert_list("1. Zeus\n2. Hera\n10. Ares", false, "Zeus|Hera|Ares");
    assert_list("1) Zeus\n(2) Hera\n3: Ares", false, "Zeus|Hera|Ares");
    assert_list("1.Zeus\n2)Hera", false, "Zeus|Hera");
    assert_list("**1.** Zeus\n**2. Hera**", false, "Zeus|Hera");
    /* Numbers that belong to the name stay. */
    assert_list("12 labours of Heracles\n1610 discovery\n776 BC", false,
                "12 labours of Heracles|1610 discovery|776 BC");
}

/* Lists as models write them in other scripts. */
static void other_scripts(void **state)
{
    (void)state;
    assert_list("1、孙悟空：齐天大圣，花果山美猴王\n2、唐僧（玄奘）\n３．猪八戒——天蓬元帅\n（4）沙和尚", false,
                "孙悟空|唐僧|猪八戒|沙和尚");
    assert_list("一、孙悟空:齐天大圣\n二、唐僧(玄奘)\n③ 猪八戒\n【沙和尚】", false, "孙悟空|唐僧|猪八戒|沙和尚");
    assert_list("以下是四个概念：\n孙悟空\n唐僧", false, "孙悟空|唐僧");
    assert_list("孙悟空、唐僧，猪八戒；沙和尚。", false, "孙悟空|唐僧|猪八戒|沙和尚");
    assert_list("「桃太郎」\n・かぐや姫\n●ジャン・ポール", false, "桃太郎|かぐや姫|ジャン・ポール");
    assert_list("١. زيوس: كبير الآلهة\n٢. هيرا\n٣) بوسيدون - إله البحر", false, "زيوس|هيرا|بوسيدون");
    assert_list("زيوس، هيرا، بوسيدون", false, "زيوس|هيرا|بوسيدون");
    assert_list("१. ज़ीउस: देवताओं का राजा\n२. हेरा।", false, "ज़ीउस|हेरा");
    assert_list("1. Зевс — царь богов\n2. «Илиада»", false, "Зевс|Илиада");
    assert_list("1. 제우스: 신들의 왕\n2. 헤라", false, "제우스|헤라");
    assert_list("中华人民共和国国家航天局月球探测工程", false, "中华人民共和国国家航天局月球探测工程");
    /* A numeral that belongs to the name stays. */
    assert_list("三国演义\n八仙过海", false, "三国演义|八仙过海");
}

static void bullets_markdown_and_quotes_go(void **state)
{
    (void)state;
    assert_list("- Zeus\n* Hera\n+ Ares\n\xe2\x80\xa2 Athena\n\xe2\x80\x93 Apollo", false,
                "Zeus|Hera|Ares|Athena|Apollo");
    assert_list("**Zeus**\n*Hera*\n`Ares`\n### Athena\n> Apollo", false, "Zeus|Hera|Ares|Athena|Apollo");
    assert_list("\"Zeus\"\n'Hera'\n\xe2\x80\x9c"
                "Ares\xe2\x80\x9d\nAthena.",
                false, "Zeus|Hera'|Ares|Athena");
    assert_list("1. **Zeus** - king of the gods\n2. **Hera**: his wife", false, "Zeus|Hera");
}

static void explanations_go(void **state)
{
    (void)state;
    assert_list("Zeus: king of the gods\nHera - his wife\nAres (god of war)\nAthena \xe2\x80\x93 wisdom\nApollo "
                "\xe2\x80\x94 music",
                false, "Zeus|Hera|Ares|Athena|Apollo");
    /* A hyphen within a name and a colon within a time are none. */
    assert_list("Half-blood heroes\nThe 10:30 oracle", false, "Half-blood heroes|The 10:30 oracle");
}

static void one_line_means_commas(void **state)
{
    (void)state;
    assert_list("Zeus, Hera; Ares, Mount Olympus.", false, "Zeus|Hera|Ares|Mount Olympus");
    assert_list("Zeus, king of gods\nHera", false, "Zeus, king of gods|Hera"); /* lines: commas belong to the name */
}

static void a_cut_list_loses_its_last_point(void **state)
{
    (void)state;
    assert_list("Zeus\nHera\nMount Oly", true, "Zeus|Hera");
    assert_list("Zeus, Hera, Mount Oly", true, "Zeus|Hera");
    assert_list("Zeus\nHera\n", true, "Zeus"); /* the end of the last line may have come after more */
    assert_list("", true, "");
}

static void nothing_twice_and_not_the_topic(void **state)
{
    struct bf_points points = {0};

    (void)state;
    assert_list("Zeus\nHera\nZEUS\n- zeus\nHera.", false, "Zeus|Hera");
    assert_list("Greek Mythology\nZeus\nGREEK MYTHOLOGY:", false, "Zeus");
    assert_int_equal(bf_points_add_list(&points, "Greek mythology", 0, "Zeus\nHera", false, 6), 2);
    assert_int_equal(bf_points_add_list(&points, "Greek mythology", 1, "hera\nAres\nzeus", false, 6), 1);
    assert_int_equal(points.n, 3);
    assert_string_equal(points.items[2].text, "Ares");
    assert_int_equal(points.items[2].round, 1);
    assert_int_equal(points.items[2].index, 2);
    bf_points_release(&points);
}

static void announcements_are_not_points(void **state)
{
    (void)state;
    assert_list("Sure, here are six concepts:\nZeus\nHera", false, "Zeus|Hera");
    assert_list("Here are the points:\n\n1. Zeus\n2. Hera", false, "Zeus|Hera");
    assert_list("**Gods:**\n- Zeus", false, "Zeus");
}

static void lines_that_are_not_short_names(void **state)
{
    char list[400];

    (void)state;
    assert_list("This line has far more words than any name of a point has ever had\nZeus", false, "Zeus");
    assert_list("---\n***\n42\nx\n!!\nZeus", false, "42|Zeus");
    /* 120 bytes are a name, 121 are none. */
    memset(list, 'a', 120);
    memcpy(list + 120, "\nZeus", 6);
    struct bf_points points = {0};
    assert_int_equal(bf_points_add_list(&points, "T", 0, list, false, 6), 2);
    assert_int_equal(strlen(points.items[0].text), BF_POINT_MAX_BYTES);
    bf_points_release(&points);
    memset(list, 'a', 121);
    memcpy(list + 121, "\nZeus", 6);
    assert_list(list, false, "Zeus");
}

static void at_most_so_many(void **state)
{
    struct bf_points points = {0};

    (void)state;
    assert_int_equal(bf_points_add_list(&points, "T", 0, "aa\nbb\ncc\ndd", false, 2), 2);
    assert_int_equal(bf_points_add_list(&points, "T", 0, "aa\nbb\ncc\ndd", false, 0), 0);
    assert_int_equal(bf_points_add_list(&points, "T", 0, "aa\nbb\ncc\ndd", false, 9), 2);
    assert_int_equal(points.n, 4);
    bf_points_release(&points);
}

static void joined_with_commas(void **state)
{
    struct bf_points points = {0};
    struct bf_buf text;

    (void)state;
    bf_buf_init(&text, 100);
    bf_points_join(&points, &text);
    assert_string_equal(text.data, "");
    bf_points_add(&points, 0, "Zeus", NULL);
    bf_points_add(&points, 0, "Hera, queen", NULL);
    bf_points_join(&points, &text);
    assert_string_equal(text.data, "Zeus, Hera, queen");
    bf_buf_release(&text);
    bf_points_release(&points);
}

/* As the run does it: model bytes are cleaned first. Whatever they are, points are short, valid, one-line and
 * distinct. */
static void hostile_bytes(void **state)
{
    static const char alphabet[] = "aZ0 \n\n\t-*#\"'.:;,()\xe2\x80\x93\xe2\x80\x9c\xff\xc3\x01";
    struct bf_rng rng;
    struct bf_buf clean;
    char raw[300];

    (void)state;
    bf_rng_init(&rng, 5);
    bf_buf_init(&clean, 10000);
    for (int round = 0; round < 3000; round++) {
        size_t n = bf_rng_below(&rng, sizeof raw);
        struct bf_points points = {0};

        for (size_t i = 0; i < n; i++)
            raw[i] = alphabet[bf_rng_below(&rng, sizeof alphabet - 1)];
        bf_buf_clear(&clean);
        bf_utf8_clean(&clean, raw, n);
        int32_t added = bf_points_add_list(&points, "aa", 0, clean.data, round % 2 == 0, 12);
        assert_int_equal(added, points.n);
        assert_in_range(points.n, 0, 12);
        for (int32_t i = 0; i < points.n; i++) {
            const char *text = points.items[i].text;

            assert_in_range(strlen(text), 2, BF_POINT_MAX_BYTES);
            assert_true(bf_utf8_valid(text, strlen(text)));
            assert_null(strchr(text, '\n'));
            for (int32_t j = 0; j < i; j++)
                assert_string_not_equal(text, points.items[j].text);
        }
        bf_points_release(&points);
    }
    bf_buf_release(&clean);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_point_a_line),
        cmocka_unit_test(numbers_go),
        cmocka_unit_test(other_scripts),
        cmocka_unit_test(bullets_markdown_and_quotes_go),
        cmocka_unit_test(explanations_go),
        cmocka_unit_test(one_line_means_commas),
        cmocka_unit_test(a_cut_list_loses_its_last_point),
        cmocka_unit_test(nothing_twice_and_not_the_topic),
        cmocka_unit_test(announcements_are_not_points),
        cmocka_unit_test(lines_that_are_not_short_names),
        cmocka_unit_test(at_most_so_many),
        cmocka_unit_test(joined_with_commas),
        cmocka_unit_test(hostile_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
