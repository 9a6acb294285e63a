/* Sets read whole: texts, and question-answer pairs wherever a file has them. */
#include "sets_fixture.h"

#include "sets/pairs.h"

#include "base/banned.h"

static struct bf_log quiet_log;

static int enter(void **state)
{
    if (enter_scratch(state) != 0)
        return -1;
    bf_log_init(&quiet_log, stderr, true);
    sets_make_run("run");
    sets_export("run", "jsonl", "both", "all.jsonl");
    return 0;
}

static void assert_pairs(const char *set, size_t limit, const char *want)
{
    struct bf_pairs pairs;
    struct bf_err err = BF_ERR_INIT;
    struct bf_buf got;
    bf_buf_init(&got, SIZE_MAX);
    assert_ok(bf_pairs_load(set, limit, &quiet_log, &pairs, &err));
    for (size_t i = 0; i < pairs.n; i++)
        bf_buf_printf(&got, "%zu [%s] [%s]\n", pairs.items[i].index, pairs.items[i].question, pairs.items[i].answer);
    assert_string_equal(got.data, want);
    assert_int_equal(pairs.has_texts, strstr(want, " [] ") != NULL);
    bf_buf_release(&got);
    bf_pairs_release(&pairs);
}

static void pairs_of_files(void **state)
{
    (void)state;
    assert_pairs(
        "all.jsonl", 0,
        "0 [Who rules?] [Zeus]\n1 [] [Hera \"rules\",\ntoo.]\n2 [] [Leto waits.]\n3 [] [Hades \xe2\x9a\xa1 hides.]\n");
    assert_pairs("all.jsonl", 2, "0 [Who rules?] [Zeus]\n1 [] [Hera \"rules\",\ntoo.]\n");
    write_text("t.csv", "question,answer\nWho?,Zeus\n");
    assert_pairs("t.csv", 0, "0 [Who?] [Zeus]\n");
}

/* The space between the two decides about tokens, so none is trimmed away. */
static void prompts_of_muse_are_taken_verbatim(void **state)
{
    (void)state;
    write_text("verbmem.json", "[{\"prompt\": \"Zeus \", \"gt\": \" rules\\n\"}, {\"prompt\": \"a\", \"gt\": 7}, "
                               "{\"prompt\": \"b\", \"gt\": \"c\"}]");
    assert_pairs("verbmem.json", 0, "0 [Zeus ] [ rules\n]\n1 [a] [7]\n2 [b] [c]\n");
    assert_pairs("verbmem.json", 1, "0 [Zeus ] [ rules\n]\n");
    write_text("lines.JSONL", "{\"prompt\": \"Zeus\", \"gt\": \"rules\"}\n");
    assert_pairs("lines.JSONL", 0, "0 [Zeus] [rules]\n");
}

static void texts_of_a_run(void **state)
{
    (void)state;
    assert_pairs("run:mi", 0,
                 "0 [] [Question: Who rules?\nAnswer: Zeus]\n1 [] [Hera \"rules\",\ntoo.]\n2 [] [Leto waits.]\n");
    assert_pairs("run", 1, "0 [] [Question: Who rules?\nAnswer: Zeus]\n");
}

static void texts_alone(void **state)
{
    struct bf_set_texts texts;
    struct bf_err err = BF_ERR_INIT;
    (void)state;
    assert_ok(bf_set_texts_load("all.jsonl", 0, &quiet_log, &texts, &err));
    assert_int_equal(texts.n, 4);
    assert_string_equal(texts.texts[3], "Hades \xe2\x9a\xa1 hides.");
    bf_set_texts_release(&texts);
    assert_ok(bf_set_texts_load("run", 3, &quiet_log, &texts, &err));
    assert_int_equal(texts.n, 3);
    assert_string_equal(texts.texts[2], "Leto waits.");
    bf_set_texts_release(&texts);
}

static void texts_become_pairs(void **state)
{
    struct bf_pairs pairs;
    struct bf_err err = BF_ERR_INIT;
    (void)state;
    write_text("halves.jsonl", "{\"question\": \"Who?\", \"answer\": \"Zeus rules\"}\n\"one two three four\"\n\"first "
                               "secondsecondsecond\"\n\"single\"\n"
                               "\"a\\nbcd\"\n");
    assert_ok(bf_pairs_load("halves.jsonl", 0, &quiet_log, &pairs, &err));
    bf_pairs_halve(&pairs);
    assert_string_equal(pairs.items[0].question, "Who?"); /* as it was */
    assert_string_equal(pairs.items[0].answer, "Zeus rules");
    assert_string_equal(pairs.items[1].question, "one two three"); /* the first space after the middle */
    assert_string_equal(pairs.items[1].answer, " four");
    assert_string_equal(pairs.items[2].question, "first"); /* none after it: the last before it */
    assert_string_equal(pairs.items[2].answer, " secondsecondsecond");
    assert_string_equal(pairs.items[3].question, ""); /* one word stays whole */
    assert_string_equal(pairs.items[3].answer, "single");
    assert_string_equal(pairs.items[4].question, "a");
    assert_string_equal(pairs.items[4].answer, "\nbcd");
    assert_int_equal(pairs.items[4].index, 4);
    bf_pairs_release(&pairs);
}

static void what_is_refused(void **state)
{
    static const struct {
        const char *set, *says;
    } bad[] = {
        {"nowhere.json", "nowhere.json"},   {"gone", "'gone'"},
        {"half.json", "\"gt\" is missing"}, {"null.json", "\"prompt\" is null, not a text"},
        {"blank.json", "\"gt\" is empty"},  {"bad.jsonl", "bad.jsonl:1:"},
        {"empty.txt", "empty.txt"},
    };
    (void)state;
    write_text("half.json", "[{\"prompt\": \"a\", \"gt\": \"b\"}, {\"prompt\": \"c\"}]");
    write_text("null.json", "[{\"prompt\": \"a\", \"gt\": \"b\"}, {\"prompt\": null, \"gt\": \"d\"}]");
    write_text("blank.json", "[{\"prompt\": \"a\", \"gt\": \" \\n\"}]");
    write_text("bad.jsonl", "{\"question\": \"Who?\"}\n");
    write_text("empty.txt", "\n\n");
    for (size_t i = 0; i < N_ELEMENTS(bad); i++) {
        struct bf_pairs pairs;
        struct bf_err err = BF_ERR_INIT;
        if (bf_pairs_load(bad[i].set, 0, &quiet_log, &pairs, &err) == BF_OK)
            fail_msg("%s was taken", bad[i].set);
        assert_error(err, BF_INPUT, bad[i].says);
        bf_pairs_release(&pairs);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pairs_of_files),     cmocka_unit_test(prompts_of_muse_are_taken_verbatim),
        cmocka_unit_test(texts_of_a_run),     cmocka_unit_test(texts_alone),
        cmocka_unit_test(texts_become_pairs), cmocka_unit_test(what_is_refused),
    };
    return cmocka_run_group_tests(tests, enter, leave_scratch);
}
