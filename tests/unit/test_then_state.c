/* DIR/closed-loop.json: what the writer writes, the reader reads; a file that somebody changed is refused with the name
 * of the field. And what follows from a state: its table, and whether anything is left to do. */
#include "changed_json.h"
#include "unit.h"

#include <math.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/mem.h"
#include "cmd/then_options.h"
#include "run/then.h"

/* A finished state with every field, as the program writes it (keys sorted). */
static const char whole[] =
    "{\"answers\":[{\"after\":\"Lava.\",\"before\":\"Zeus.\",\"prompt\":\"Who rules the sky?\"}],"
    "\"figures\":["
    "{\"after\":5.5,\"before\":2.25,\"figure\":\"nll\",\"n\":4,\"set\":\"forget\"},"
    "{\"after\":0.125,\"before\":null,\"figure\":\"came_back\",\"n\":null,\"note\":\"translated, within noise\","
    "\"set\":\"questions\"},"
    "{\"after\":1.0,\"before\":0.0,\"figure\":\"rouge_l\",\"n\":0,\"set\":\"questions\"}],"
    "\"finished\":true,"
    "\"forget_sha256\":\"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\","
    "\"output\":\"unlearned-npo.gguf\","
    "\"retain_sha256\":\"fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210\","
    "\"rounds\":["
    "{\"added\":5,\"probe\":{\"command\":\"biforget eval robust\",\"result\":{\"n\":3},\"seconds\":6.0},"
    "\"unlearn\":{\"command\":\"biforget unlearn\",\"exit_code\":6,\"seconds\":7.0,"
    "\"why\":\"no checkpoint keeps the limit\"}},"
    "{\"added\":0}],"
    "\"steps\":{"
    "\"fluency\":{\"command\":\"biforget eval fluency\",\"result\":{\"n\":8},\"seconds\":8.0},"
    "\"forget after\":{\"command\":\"biforget eval memorization run\",\"exit_code\":3,\"seconds\":1.5,"
    "\"why\":\"the set is too long\"},"
    "\"forget before\":{\"command\":\"biforget eval memorization run\",\"result\":{\"n\":4},\"seconds\":0.5},"
    "\"questions\":{\"command\":\"biforget eval robust\",\"result\":{\"n\":1},\"seconds\":2.0},"
    "\"retain after\":{\"command\":\"biforget eval memorization keep\",\"result\":{\"n\":2},\"seconds\":3.0},"
    "\"retain before\":{\"command\":\"biforget eval memorization keep\",\"result\":{\"n\":2},\"seconds\":4.0},"
    "\"unlearn\":{\"command\":\"biforget unlearn\",\"result\":{\"steps\":50},\"seconds\":60.0}},"
    "\"wish\":{\"answers\":3,\"eval\":true,\"eval_limit\":64,\"method\":\"npo\",\"options\":[\"--lr\",\"1e-4\"],"
    "\"retain_set\":\"/texts/keep.txt\",\"rounds\":2}}";

static enum bf_status parse(const char *text, struct bf_then_state *state, struct bf_err *err)
{
    return bf_then_state_parse(text, strlen(text), "run/closed-loop.json", bf_then_check_options, state, err);
}

static char *dump(const struct bf_then_state *state)
{
    json_t *json = bf_then_state_json(state);
    char *text = bf_json_dump(json);
    json_decref(json);
    return text;
}

static void every_field_is_read(void **unused)
{
    struct bf_then_state s;
    struct bf_err err = BF_ERR_INIT;
    (void)unused;
    assert_int_equal(parse(whole, &s, &err), BF_OK);
    assert_string_equal(s.wish.method, "npo");
    assert_int_equal(s.wish.n_options, 2);
    assert_string_equal(s.wish.options[1], "1e-4");
    assert_int_equal(s.wish.answers, 3);
    assert_true(s.wish.eval);
    assert_int_equal(s.wish.eval_limit, 64);
    assert_string_equal(s.wish.retain_set, "/texts/keep.txt");
    assert_true(s.finished);
    assert_string_equal(s.steps[BF_THEN_FORGET_AFTER].why, "the set is too long");
    assert_null(s.steps[BF_THEN_FORGET_AFTER].result);
    assert_int_equal(json_integer_value(json_object_get(s.steps[BF_THEN_UNLEARN].result, "steps")), 50);
    assert_true(s.steps[BF_THEN_UNLEARN].seconds == 60.0);
    assert_int_equal(json_integer_value(json_object_get(s.steps[BF_THEN_FLUENCY].result, "n")), 8);
    assert_int_equal(s.wish.rounds, 2);
    assert_int_equal(s.n_rounds, 2);
    assert_int_equal(s.rounds[0].added, 5);
    assert_true(s.rounds[0].probe.seconds == 6.0);
    assert_string_equal(s.rounds[0].unlearn.why, "no checkpoint keeps the limit");
    assert_int_equal(s.rounds[0].unlearn.ended, BF_LIMIT);
    assert_int_equal(s.steps[BF_THEN_FORGET_AFTER].ended, BF_INPUT);
    assert_int_equal(s.steps[BF_THEN_UNLEARN].ended, BF_OK);
    assert_null(s.rounds[1].probe.command); /* begun, and killed */
    assert_int_equal(s.n_metrics, 3);
    assert_true(s.metrics[0].before == 2.25 && s.metrics[0].after == 5.5 && s.metrics[0].n == 4);
    assert_null(s.metrics[0].note);
    assert_true(isnan(s.metrics[1].before) && s.metrics[1].n == -1);
    assert_int_equal(s.metrics[2].n, 0);
    assert_string_equal(s.metrics[1].note, "translated, within noise");
    assert_int_equal(s.n_answers, 1);
    assert_string_equal(s.answers[0].after, "Lava.");
    assert_string_equal(s.output, "unlearned-npo.gguf");
    assert_memory_equal(s.forget_sha256, "0123", 4);
    assert_memory_equal(s.retain_sha256, "fedc", 4);
    bf_then_state_release(&s);
}

static void the_writer_gives_the_bytes_that_were_read(void **unused)
{
    static const char *const texts[] = {
        whole,
        "{\"finished\":false,\"steps\":{},\"wish\":{\"answers\":0,\"eval\":false,\"eval_limit\":0,\"method\":\"ga\","
        "\"options\":[],"
        "\"retain_set\":\"\",\"rounds\":0}}",
    };
    (void)unused;
    for (size_t i = 0; i < N_ELEMENTS(texts); i++) {
        struct bf_then_state s;
        struct bf_err err = BF_ERR_INIT;
        assert_int_equal(parse(texts[i], &s, &err), BF_OK);
        char *text = dump(&s);
        assert_string_equal(text, texts[i]);
        free(text);
        bf_then_state_release(&s);
    }
}

static void keys_that_are_missing_or_unknown_are_fine(void **unused)
{
    struct bf_then_state s;
    struct bf_err err = BF_ERR_INIT;
    (void)unused;
    assert_int_equal(
        parse(
            "{\"wish\":{\"method\":\"rmu\",\"options\":[],\"colour\":\"red\"},\"steps\":{\"dance\":1},\"later\":[{}]}",
            &s, &err),
        BF_OK);
    assert_string_equal(s.wish.retain_set, "");
    assert_false(s.finished || s.wish.eval || s.metrics || s.answers || s.output);
    for (size_t i = 0; i < BF_THEN_STEPS; i++)
        assert_null(s.steps[i].command);
    bf_then_state_release(&s);
}

static void a_reason_of_an_earlier_version_has_no_exit_code(void **unused)
{
    struct bf_then_state s;
    struct bf_err err = BF_ERR_INIT;
    (void)unused;
    assert_int_equal(parse("{\"wish\":{\"method\":\"rmu\",\"options\":[]},\"steps\":{\"questions\":{\"command\":\"x\","
                           "\"seconds\":1,\"why\":\"the set is too long\"}}}",
                           &s, &err),
                     BF_OK);
    assert_int_equal(s.steps[BF_THEN_QUESTIONS].ended, BF_INPUT);
    bf_then_state_release(&s);
}

static void a_bad_field_is_named(void **unused)
{
    static const struct {
        const char *place, *value, *says;
    } bad[] = {
        {"wish", "[]", "\"wish\" is not an object"},
        {"wish/method", "7", "\"method\" of \"wish\" is not a text"},
        {"wish/method", "\"../../evil\"", "which is not a method"},
        {"wish/method", "\"\"", "which is not a method"},
        {"wish/options", "{}", "\"options\" is not a list of at most 128"},
        {"wish/options", "null", "\"options\" is not a list"},
        {"wish/options", "[\"--lr\", 1]", "\"options\" of \"wish\" is not a list of words"},
        {"wish/options", "[\"-o\", \"/elsewhere.gguf\"]", "leave --output out of --then-options"},
        {"wish/options", "[\"--no-such\"]", "unknown option"},
        {"wish/answers", "-1", "\"answers\" of \"wish\" is not a whole number from 0 to 100"},
        {"wish/answers", "101", "\"answers\" of \"wish\""},
        {"wish/answers", "3.0", "\"answers\" of \"wish\""},
        {"wish/rounds", "9", "\"rounds\" of \"wish\" is not a whole number from 0 to 8"},
        {"wish/rounds", "true", "\"rounds\" of \"wish\""},
        {"rounds", "{}", "\"rounds\" is not a list of at most 8"},
        {"rounds/1", "3", "row 2 of \"rounds\" is not an object"},
        {"rounds/0/added", "-1", "\"added\" of row 1 of \"rounds\" is not a whole number"},
        {"rounds/0/probe", "[]", "step \"probe of round 1\" is not an object"},
        {"rounds/0/unlearn/why", "null", "step \"unlearn of round 1\" needs either \"result\" or \"why\""},
        {"wish/eval", "1", "\"eval\" of \"wish\" is not true or false"},
        {"wish/eval_limit", "1000000001", "\"eval_limit\" of \"wish\" is not a whole number from 0 to 1000000000"},
        {"wish/eval_limit", "\"64\"", "\"eval_limit\" of \"wish\""},
        {"wish/retain_set", "false", "\"retain_set\" of \"wish\" is not a text"},
        {"wish/retain_set", "\"--adapter\"", "\"retain_set\" of \"wish\" is not an absolute path"},
        {"wish/retain_set", "\"texts/keep.txt\"", "\"retain_set\" of \"wish\" is not an absolute path"},
        {"finished", "\"yes\"", "\"finished\" of the state is not true or false"},
        {"steps", "[]", "\"steps\" is not an object"},
        {"steps/unlearn", "true", "step \"unlearn\" is not an object"},
        {"steps/unlearn/command", "null", "\"command\" of step \"unlearn\" is not a text"},
        {"steps/unlearn/seconds", "null", "\"seconds\" of step \"unlearn\" is not a number from 0 to 1000000000"},
        {"steps/unlearn/seconds", "-1", "\"seconds\" of step \"unlearn\""},
        {"steps/unlearn/seconds", "1e300", "\"seconds\" of step \"unlearn\""},
        {"steps/unlearn/seconds", "\"1\"", "\"seconds\" of step \"unlearn\" is not a number"},
        {"steps/unlearn/result", "[]", "\"result\" of step \"unlearn\" is not an object"},
        {"steps/unlearn/why", "\"both\"", "step \"unlearn\" needs either \"result\" or \"why\""},
        {"steps/forget after/exit_code", "5",
         "\"exit_code\" of step \"forget after\" is 5, after which a step is tried"},
        {"steps/forget after/exit_code", "0", "\"exit_code\" of step \"forget after\" is 0"},
        {"steps/forget after/exit_code", "6.0", "\"exit_code\" of step \"forget after\" is not a whole number"},
        {"steps/forget after/why", "null", "step \"forget after\" needs either \"result\" or \"why\""},
        {"figures", "{}", "\"figures\" is not a list of at most"},
        {"figures/0", "1", "\"set\" of row 1 of \"figures\" is not a text"},
        {"figures/1/figure", "null", "\"figure\" of row 2 of \"figures\" is not a text"},
        {"figures/0/before", "\"1\"", "\"before\" of row 1 of \"figures\" is not a number"},
        {"figures/0/after", "[]", "\"after\" of row 1 of \"figures\" is not a number"},
        {"figures/0/n", "-1", "\"n\" of row 1 of \"figures\" is not a whole number"},
        {"figures/0/note", "1", "\"note\" of row 1 of \"figures\" is not a text"},
        {"answers", "true", "\"answers\" is not a list of at most 100"},
        {"answers/0", "\"Zeus\"", "\"prompt\" of row 1 of \"answers\" is not a text"},
        {"answers/0/before", "null", "\"before\" of row 1 of \"answers\" is not a text"},
        {"answers/0/after", "2", "\"after\" of row 1 of \"answers\" is not a text"},
        {"output", "1", "\"output\" of the state is not a text"},
        {"output", "\"\"", "\"output\" is not the name of a file in the folder"},
        {"output", "\"../unlearned-npo.gguf\"", "\"output\" is not the name of a file in the folder"},
        {"output", "\"..\"", "\"output\" is not the name of a file in the folder"},
        {"output", "\"-o\"", "\"output\" is not the name of a file in the folder"},
        {"forget_sha256", "\"0123\"", "\"forget_sha256\" is not a SHA-256"},
        {"retain_sha256", "17", "\"retain_sha256\" is not a SHA-256"},
        {"retain_sha256", "\"X123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\"", "\"retain_sha256\""},
    };
    (void)unused;
    for (size_t i = 0; i < N_ELEMENTS(bad); i++) {
        struct bf_then_state s;
        struct bf_err err = BF_ERR_INIT;
        char *text = changed_json(whole, bad[i].place, bad[i].value);
        if (parse(text, &s, &err) == BF_OK)
            fail_msg("%s = %s was taken", bad[i].place, bad[i].value);
        assert_error(err, BF_INPUT, bad[i].says);
        assert_error(err, BF_INPUT, "cannot resume 'run/closed-loop.json'");
        assert_error(err, BF_INPUT, "delete it to start over");
        assert_null(s.wish.method); /* empty, nothing to release */
        free(text);
    }
}

static void lists_are_bounded(void **unused)
{
    static const struct {
        const char *before, *item, *after;
        size_t most;
    } lists[] = {
        {"{\"wish\":{\"method\":\"ga\",\"options\":[", "\"--lr=1\"", "]}}", BF_THEN_WORDS_MAX},
        {"{\"wish\":{\"method\":\"ga\",\"options\":[]},\"answers\":[",
         "{\"prompt\":\"\",\"before\":\"\",\"after\":\"\"}", "]}", BF_THEN_ANSWERS_MAX},
        {"{\"wish\":{\"method\":\"ga\",\"options\":[]},\"rounds\":[", "{\"added\":1}", "]}", BF_THEN_ROUNDS_MAX},
        {"{\"wish\":{\"method\":\"ga\",\"options\":[]},\"figures\":[", "{\"set\":\"\",\"figure\":\"\"}", "]}", 1000},
    };
    (void)unused;
    for (size_t i = 0; i < N_ELEMENTS(lists); i++)
        for (size_t more = 0; more < 2; more++) {
            struct bf_then_state s;
            struct bf_err err = BF_ERR_INIT;
            struct bf_buf text;
            bf_buf_init(&text, SIZE_MAX);
            bf_buf_printf(&text, "%s", lists[i].before);
            for (size_t k = 0; k < lists[i].most + more; k++)
                bf_buf_printf(&text, "%s%s", k ? "," : "", lists[i].item);
            bf_buf_printf(&text, "%s", lists[i].after);
            assert_int_equal(bf_then_state_parse(text.data, text.len, "x", NULL, &s, &err), more ? BF_INPUT : BF_OK);
            bf_then_state_release(&s);
            bf_buf_release(&text);
        }
}

static void other_files_than_json_are_refused(void **unused)
{
    static const char *const bad[] = {"",
                                      "{",
                                      "[]",
                                      "7",
                                      "{}",
                                      "{\"wish\":{\"method\":\"ga\"}}",
                                      "{\"wish\":{\"options\":[]}}",
                                      "{\"wish\":{\"method\":\"g\\u0000a\",\"options\":[]}}"};
    (void)unused;
    for (size_t i = 0; i < N_ELEMENTS(bad); i++) {
        struct bf_then_state s;
        struct bf_err err = BF_ERR_INIT;
        assert_int_equal(parse(bad[i], &s, &err), BF_INPUT);
        assert_contains(err.text, "closed-loop.json");
        assert_null(s.wish.method);
    }
}

static void a_folder_without_the_file_has_an_empty_state(void **unused)
{
    struct bf_then_state s;
    struct bf_err err = BF_ERR_INIT;
    (void)unused;
    assert_int_equal(bf_mkdirs("none", &err), BF_OK);
    assert_int_equal(bf_then_read("none", bf_then_check_options, &s, &err), BF_OK);
    assert_null(s.wish.method);
    assert_false(bf_then_pending("none", &s));
    assert_int_equal(bf_mkdirs("some", &err), BF_OK);
    assert_int_equal(parse(whole, &s, &err), BF_OK);
    assert_int_equal(bf_then_write("some", &s, &err), BF_OK);
    bf_then_state_release(&s);
    assert_int_equal(bf_then_read("some", bf_then_check_options, &s, &err), BF_OK);
    char *text = dump(&s);
    assert_string_equal(text, whole);
    free(text);
    bf_then_state_release(&s);
    write_text("some/closed-loop.json", "{\"wish\":{\"method\":\"unheard\",\"options\":[]}}");
    assert_int_equal(bf_then_read("some", bf_then_check_options, &s, &err), BF_INPUT);
    assert_error(err, BF_INPUT, "some/closed-loop.json");
}

static void wishes_differ_in_any_field(void **unused)
{
    static const char *const other[][2] = {{"wish/method", "\"ga\""},      {"wish/options", "[\"--lr\",\"1e-5\"]"},
                                           {"wish/options", "[\"--lr\"]"}, {"wish/answers", "4"},
                                           {"wish/eval", "false"},         {"wish/eval_limit", "65"},
                                           {"wish/retain_set", "\"\""},    {"wish/rounds", "1"}};
    struct bf_then_state a, b;
    const struct bf_then_wish none = {0};
    struct bf_err err = BF_ERR_INIT;
    (void)unused;
    assert_int_equal(bf_then_state_parse(whole, sizeof whole - 1, "a", NULL, &a, &err), BF_OK);
    assert_true(bf_then_wish_equal(&a.wish, &a.wish));
    assert_true(bf_then_wish_equal(&none, &none));
    assert_false(bf_then_wish_equal(&none, &a.wish) || bf_then_wish_equal(&a.wish, &none));
    for (size_t i = 0; i < N_ELEMENTS(other); i++) {
        char *text = changed_json(whole, other[i][0], other[i][1]);
        assert_int_equal(bf_then_state_parse(text, strlen(text), "b", NULL, &b, &err), BF_OK);
        assert_false(bf_then_wish_equal(&a.wish, &b.wish));
        bf_then_state_release(&b);
        free(text);
    }
    bf_then_state_release(&a);
}

/* ---- what follows from a state ---- */

static bool is_pending(const char *dir)
{
    struct bf_then_state s;
    struct bf_err err = BF_ERR_INIT;
    assert_int_equal(bf_then_read(dir, NULL, &s, &err), BF_OK);
    const bool pending = bf_then_pending(dir, &s);
    bf_then_state_release(&s);
    return pending;
}

static void write_state(const char *dir, const char *forget, const char *retain, bool finished)
{
    struct bf_then_state s;
    struct bf_err err = BF_ERR_INIT;
    assert_int_equal(parse(whole, &s, &err), BF_OK);
    s.finished = finished;
    s.wish.retain_set[0] = '\0'; /* the run's own */
    bf_sha256_hex(forget, strlen(forget), s.forget_sha256);
    bf_sha256_hex(retain, strlen(retain), s.retain_sha256);
    assert_int_equal(bf_then_write(dir, &s, &err), BF_OK);
    bf_then_state_release(&s);
}

static void a_changed_set_or_a_model_that_is_gone_is_left_to_do(void **unused)
{
    struct bf_err err = BF_ERR_INIT;
    (void)unused;
    assert_int_equal(bf_mkdirs("done", &err), BF_OK);
    write_text("done/forget.jsonl", "Zeus\n");
    write_text("done/retain.jsonl", "Bread\n");
    write_state("done", "Zeus\n", "Bread\n", true);
    assert_true(is_pending("done")); /* there is no model */
    write_text("done/unlearned-npo.gguf", "");
    assert_false(is_pending("done"));
    write_state("done", "Zeus\n", "Bread\n", false);
    assert_true(is_pending("done"));
    write_state("done", "Hera\n", "Bread\n", true);
    assert_true(is_pending("done"));
    write_state("done", "Zeus\n", "Salt\n", true);
    assert_true(is_pending("done"));
    write_state("done", "Zeus\n", "Salt\n", true);
    assert_int_equal(unlink("done/retain.jsonl"), 0); /* what is gone has not changed */
    assert_false(is_pending("done"));
}

static void begin(const char *place, const char *value, struct bf_then_state *out)
{
    struct bf_then_state wanted;
    struct bf_err err = BF_ERR_INIT;
    char *text = changed_json(whole, place, value);
    assert_int_equal(parse(text, &wanted, &err), BF_OK);
    write_text("new/closed-loop.json", whole);
    assert_int_equal(bf_then_begin("new", &wanted.wish, bf_then_check_options, &err), BF_OK);
    assert_int_equal(bf_then_read("new", bf_then_check_options, out, &err), BF_OK);
    assert_true(bf_then_wish_equal(&out->wish, &wanted.wish));
    bf_then_state_release(&wanted);
    free(text);
}

static void a_new_wish_keeps_what_holds_of_the_model_before(void **unused)
{
    struct bf_then_state s;
    struct bf_err err = BF_ERR_INIT;
    (void)unused;
    assert_int_equal(bf_mkdirs("new/unlearned-npo.gguf.training", &err), BF_OK);
    write_text("new/unlearned-npo.gguf.training/checkpoint.bin", "of the earlier options");
    assert_int_equal(bf_mkdirs("new/unlearned-npo-round-3.gguf.training", &err), BF_OK);
    write_text("new/unlearned-npo-round-3.gguf.training/checkpoint.bin", "of its second round");
    /* A stranger's folder: what a link names is not this run's. */
    assert_int_equal(bf_mkdirs("elsewhere", &err), BF_OK);
    write_text("elsewhere/checkpoint.bin", "of another training");
    assert_int_equal(symlink("../elsewhere", "new/unlearned-npo-round-2.gguf.training"), 0);

    begin("wish/answers", "3", &s); /* the same wish */
    assert_true(s.finished && s.output && s.metrics);
    assert_true(bf_file_exists("new/unlearned-npo.gguf.training/checkpoint.bin"));
    bf_then_state_release(&s);

    begin("wish/options", "[\"--lr\",\"1e-5\"]", &s);
    assert_false(s.finished || s.output || s.metrics || s.answers);
    assert_false(bf_file_exists("new/unlearned-npo.gguf.training/checkpoint.bin"));
    assert_false(bf_file_exists("new/unlearned-npo-round-3.gguf.training/checkpoint.bin"));
    assert_true(bf_file_exists("elsewhere/checkpoint.bin"));
    assert_non_null(s.steps[BF_THEN_FORGET_BEFORE].result);
    assert_non_null(s.steps[BF_THEN_RETAIN_BEFORE].result);
    assert_false(s.steps[BF_THEN_UNLEARN].command || s.steps[BF_THEN_FORGET_AFTER].command ||
                 s.steps[BF_THEN_RETAIN_AFTER].command || s.steps[BF_THEN_QUESTIONS].command);
    assert_true(s.forget_sha256[0] && s.retain_sha256[0]);
    bf_then_state_release(&s);

    begin("wish/retain_set", "\"/texts/other.txt\"", &s);
    assert_non_null(s.steps[BF_THEN_FORGET_BEFORE].result);
    assert_null(s.steps[BF_THEN_RETAIN_BEFORE].command);
    assert_true(s.forget_sha256[0] && !s.retain_sha256[0]);
    bf_then_state_release(&s);

    begin("wish/eval_limit", "8", &s); /* other texts are evaluated */
    assert_false(s.steps[BF_THEN_FORGET_BEFORE].command || s.steps[BF_THEN_RETAIN_BEFORE].command);
    bf_then_state_release(&s);
}

static json_t *result(const char *text)
{
    json_t *json = json_loads(text, 0, NULL);
    assert_non_null(json);
    return json;
}

/* Steps as a run leaves them: the second evaluation of the retain set failed. */
static void fill_steps(struct bf_then_state *s)
{
    static const struct {
        enum bf_then_step_id id;
        const char *result, *why;
    } steps[] = {
        {BF_THEN_FORGET_BEFORE, "{\"exact_memorization\":0.5,\"extraction_strength\":0.25,\"n\":4}", NULL},
        {BF_THEN_RETAIN_BEFORE, "{\"exact_memorization\":0.75,\"extraction_strength\":0.5,\"n\":2}", NULL},
        {BF_THEN_UNLEARN,
         "{\"steps\":7,\"planned_steps\":9,\"stop\":\"max_loss\",\"before\":{\"forget_nll\":2.0,\"forget_examples\":4,"
         "\"retain_nll\":1.0,"
         "\"retain_examples\":0},\"after\":{\"forget_nll\":5.0},\"answers\":[{\"prompt\":\"Who?\",\"before\":\"Zeus\"},"
         "7]}",
         NULL},
        {BF_THEN_FORGET_AFTER, "{\"exact_memorization\":0.125,\"extraction_strength\":\"much\",\"n\":4}", NULL},
        {BF_THEN_RETAIN_AFTER, NULL, "the retain set is too long"},
        {BF_THEN_QUESTIONS,
         "{\"n\":1,\"robust\":0.5,\"worst\":\"translated\",\"conditions\":{\"original\":{\"rouge_l\":1.0},\"plain\":{"
         "\"rouge_l\":0.25},"
         "\"translated\":{\"beyond_noise\":false}}}",
         NULL},
    };
    for (size_t i = 0; i < N_ELEMENTS(steps); i++)
        s->steps[steps[i].id] =
            (struct bf_then_step){bf_strdup("biforget x"), 61.5, steps[i].result ? result(steps[i].result) : NULL,
                                  steps[i].why ? bf_strdup(steps[i].why) : NULL, steps[i].why ? BF_INPUT : BF_OK};
}

static void assert_row(const struct bf_then_metric *row, const char *set, const char *name, double before, double after,
                       int64_t n)
{
    assert_string_equal(row->set, set);
    assert_string_equal(row->name, name);
    assert_true(isnan(before) ? isnan(row->before) : row->before == before);
    assert_true(isnan(after) ? isnan(row->after) : row->after == after);
    assert_int_equal(row->n, n);
}

/* A round that wrote the output has its own NLL and answers; one whose model is not used has not. */
static void the_table_is_of_the_training_that_wrote_the_model(void **unused)
{
    struct bf_then_state s = {.finished = true, .n_rounds = 2};
    char *text = NULL;
    size_t n = 0;
    (void)unused;
    s.wish = (struct bf_then_wish){.method = bf_strdup("npo"), .retain_set = bf_strdup("")};
    fill_steps(&s);
    s.rounds[0].unlearn = (struct bf_then_step){
        bf_strdup("biforget unlearn"), 125.0,
        result("{\"steps\": 3, \"planned_steps\": 9, \"before\": {\"forget_nll\": 2.5, \"forget_examples\": 6},"
               " \"after\": {\"forget_nll\": 7.5}, \"answers\": [{\"prompt\": \"Where?\"}]}"),
        NULL, BF_OK};
    s.rounds[1].unlearn = (struct bf_then_step){bf_strdup("biforget unlearn"), 5.0, result("{}"), NULL, BF_OK};
    s.output = bf_strdup("unlearned-npo-round-2.gguf");
    bf_then_metrics(&s);
    assert_row(&s.metrics[0], "forget", "nll", 2.5, 7.5, 6);
    assert_int_equal(s.n_answers, 1);
    assert_string_equal(s.answers[0].prompt, "Where?");
    FILE *out = open_memstream(&text, &n);
    bf_then_print(&s, "run", out);
    assert_int_equal(fclose(out), 0);
    assert_contains(text, "unlearned by npo: 3 of 9 steps, 2:05 minutes");
    free(text);
    free(s.output);
    s.output = bf_strdup("unlearned-npo.gguf");
    bf_then_metrics(&s);
    assert_row(&s.metrics[0], "forget", "nll", 2.0, 5.0, 4);
    bf_then_state_release(&s);
}

static void the_table_comes_out_of_the_steps(void **unused)
{
    struct bf_then_state s = {.finished = true};
    struct bf_err err = BF_ERR_INIT;
    (void)unused;
    s.wish = (struct bf_then_wish){.method = bf_strdup("npo"), .retain_set = bf_strdup("")};
    fill_steps(&s);
    bf_then_metrics(&s);
    assert_int_equal(s.n_metrics, 7);
    assert_row(&s.metrics[0], "forget", "nll", 2.0, 5.0, 4);
    assert_row(&s.metrics[1], "forget", "exact_memorization", 0.5, 0.125, 4);
    assert_row(&s.metrics[2], "forget", "extraction_strength", 0.25, NAN,
               4); /* the result says something else than a number */
    assert_row(&s.metrics[3], "retain", "exact_memorization", 0.75, NAN, 2); /* no examples: no NLL of the retain set */
    assert_row(&s.metrics[4], "retain", "extraction_strength", 0.5, NAN, 2);
    assert_row(&s.metrics[5], "questions", "rouge_l", 1.0, 0.25, 1);
    assert_row(&s.metrics[6], "questions", "came_back", NAN, 0.5, 1);
    assert_string_equal(s.metrics[6].note, "translated, within noise");
    assert_int_equal(s.n_answers, 2);
    assert_string_equal(s.answers[0].before, "Zeus");
    assert_string_equal(s.answers[0].after, "");
    bf_then_metrics(&s); /* instead of, not after, what was collected before */
    assert_int_equal(s.n_metrics, 7);

    char *text = NULL;
    size_t n = 0;
    FILE *out = open_memstream(&text, &n);
    bf_then_print(&s, "run", out);
    assert_int_equal(fclose(out), 0);
    assert_contains(text, "unlearned by npo: 7 of 9 steps, 1:01 minutes, stopped: max_loss");
    assert_contains(text, "NLL, nats a token             2.0000    5.0000   +3.0000   4 examples\n");
    assert_contains(text, "extraction strength           0.2500         -             4 texts\n");
    assert_contains(text, "1 pair: translated, within noise\n");
    assert_contains(text, "not measured (retain after): the retain set is too long\n");
    assert_contains(text, "prompt: Who?\n  before: Zeus\n  after:  \n");
    free(text);

    /* What was collected survives its file. */
    struct bf_then_state again;
    char *first = dump(&s);
    assert_int_equal(parse(first, &again, &err), BF_OK);
    char *second = dump(&again);
    assert_string_equal(first, second);
    free(first);
    free(second);
    bf_then_state_release(&again);
    bf_then_state_release(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_field_is_read),
        cmocka_unit_test(the_writer_gives_the_bytes_that_were_read),
        cmocka_unit_test(keys_that_are_missing_or_unknown_are_fine),
        cmocka_unit_test(a_reason_of_an_earlier_version_has_no_exit_code),
        cmocka_unit_test(a_bad_field_is_named),
        cmocka_unit_test(lists_are_bounded),
        cmocka_unit_test(other_files_than_json_are_refused),
        cmocka_unit_test(a_folder_without_the_file_has_an_empty_state),
        cmocka_unit_test(wishes_differ_in_any_field),
        cmocka_unit_test(a_changed_set_or_a_model_that_is_gone_is_left_to_do),
        cmocka_unit_test(a_new_wish_keeps_what_holds_of_the_model_before),
        cmocka_unit_test(the_table_comes_out_of_the_steps),
        cmocka_unit_test(the_table_is_of_the_training_that_wrote_the_model),
    };
    return cmocka_run_group_tests(tests, enter_scratch, leave_scratch);
}
