#include "unit.h"

#include "base/buf.h"
#include "base/hash.h"
#include "request/template.h"

static void assert_fill(const char *text, struct bf_fill fill, const char *expected)
{
    struct bf_buf out;

    bf_buf_init(&out, 1000);
    bf_template_fill(&out, text, &fill);
    assert_string_equal(out.data, expected);
    bf_buf_release(&out);
}

static void fills_in_one_pass(void **state)
{
    (void)state;
    assert_fill("{n} points of {topic}, not {known}: {point}.",
                (struct bf_fill){.topic = "Zeus", .point = "thunder", .n = "6", .known = "a, b"},
                "6 points of Zeus, not a, b: thunder.");
    assert_fill("{topic}/{point}", (struct bf_fill){.topic = "{point}", .point = "{topic}{n}"}, "{point}/{topic}{n}");
    assert_fill("{topic}{topic}", (struct bf_fill){.topic = "ab"}, "abab");
    assert_fill("[{topic}|{point}]", (struct bf_fill){.topic = NULL}, "[|]");
    assert_fill("", (struct bf_fill){.topic = "x"}, "");
}

static void other_braces_are_text(void **state)
{
    const struct bf_fill fill = {.topic = "T", .point = "P", .n = "N", .known = "K"};

    (void)state;
    assert_fill("{\"a\": 1} {} { topic} {Topic} {topic {topics} }", fill,
                "{\"a\": 1} {} { topic} {Topic} {topic {topics} }");
    assert_fill("{{topic}}", fill, "{T}");
    assert_fill("{", fill, "{");
    assert_fill("x{topic", fill, "x{topic");
}

/* A set that is sound but for what the test changes. */
#define POINTS "{\"name\":\"p\",\"family\":\"points\",\"stage\":\"points\",\"text\":\"{n} of {topic} not {known}\"}"
#define SYNTH                                                                                                          \
    "{\"name\":\"s\",\"family\":\"information\",\"stage\":\"synthesis\",\"text\":\"{point}\",\"is_qa\":true,\"max_"    \
    "sentences\":3}"
#define MI "{\"name\":\"m\",\"family\":\"mi\",\"stage\":\"mi\",\"text\":\"{topic}\"}"
#define SCENE "{\"name\":\"j\",\"family\":\"jailbreak\",\"stage\":\"jailbreak\",\"text\":\"{topic}\"}"
#define SET(...) "{\"name\":\"own\",\"templates\":[" __VA_ARGS__ "]}"

static void reads_a_set(void **state)
{
    static const char text[] = SET(POINTS "," SYNTH "," MI "," SCENE);
    struct bf_template_set set;
    struct bf_err err = BF_ERR_INIT;
    char hex[BF_SHA256_HEX];

    (void)state;
    if (bf_template_set_parse(text, sizeof text - 1, "own.json", &set, &err) != BF_OK)
        fail_msg("%s", err.text);
    assert_string_equal(set.name, "own");
    assert_int_equal(set.n, 4);
    assert_string_equal(set.items[1].name, "s");
    assert_string_equal(set.items[1].family, "information");
    assert_string_equal(set.items[1].text, "{point}");
    assert_int_equal(set.items[1].stage, BF_STAGE_SYNTHESIS);
    assert_true(set.items[1].is_qa);
    assert_int_equal(set.items[1].max_sentences, 3);
    assert_false(set.items[0].is_qa);
    assert_int_equal(set.items[0].max_sentences, 0);
    /* The canonical text: sorted keys, no white space. */
    static const char canonical[] =
        "{\"name\":\"own\",\"templates\":["
        "{\"family\":\"points\",\"name\":\"p\",\"stage\":\"points\",\"text\":\"{n} of {topic} not {known}\"},"
        "{\"family\":\"information\",\"is_qa\":true,\"max_sentences\":3,\"name\":\"s\",\"stage\":\"synthesis\","
        "\"text\":\"{point}\"},"
        "{\"family\":\"mi\",\"name\":\"m\",\"stage\":\"mi\",\"text\":\"{topic}\"},"
        "{\"family\":\"jailbreak\",\"name\":\"j\",\"stage\":\"jailbreak\",\"text\":\"{topic}\"}]}";
    bf_sha256_hex(canonical, sizeof canonical - 1, hex);
    assert_string_equal(set.sha256, hex);
    bf_template_set_release(&set);
    bf_template_set_release(&set);
}

#define ITEM(fields) SET(POINTS "," SYNTH "," MI "," SCENE ",{" fields "}")
#define X5 "\"name\":\"x\",\"family\":\"f\",\"stage\":"

static const struct {
    const char *text, *words;
} unsound[] = {
    {"", "is empty"},
    {"{", "line 1"},
    {"[]", "is not an object"},
    {"{}", "the set has no string 'name'"},
    {"{\"name\":\"a b\",\"templates\":[]}", "the 'name' of the set is 'a b'"},
    {"{\"name\":\"own\"}", "has no list 'templates'"},
    {"{\"name\":\"own\",\"templates\":[],\"version\":1}", "unknown key 'version'"},
    {SET(""), "has no template for stage 'points'"},
    {SET(POINTS), "has no template for stage 'synthesis'"},
    {SET(POINTS "," SYNTH "," SCENE), "has no template for stage 'mi'"},
    {SET(POINTS "," SYNTH "," MI), "has no template for stage 'jailbreak'"},
    {SET(POINTS "," SYNTH "," MI "," SCENE "," MI), "two templates are named 'm'"},
    {SET("7"), "template 1 is not an object"},
    {SET(POINTS ",{}"), "template 2 has no string 'name'"},
    {ITEM("\"name\":\"\""), "the 'name' of template 5 is ''"},
    {ITEM("\"name\":\"x\""), "template 'x' has no string 'family'"},
    {ITEM("\"name\":\"x\",\"family\":3"), "template 'x' has no string 'family'"},
    {ITEM("\"name\":\"x\",\"family\":\"f\""), "template 'x' has no string 'stage'"},
    {ITEM(X5 "\"mi\""), "template 'x' has no string 'text'"},
    {ITEM(X5 "\"warmup\",\"text\":\"{topic}\""), "the stage of template 'x' is 'warmup'"},
    {ITEM(X5 "\"control\",\"text\":\"{topic}\""), "the stage of template 'x' is 'control'"},
    {ITEM(X5 "\"mi\",\"text\":\"\""), "the text of template 'x' is 0 bytes long"},
    {ITEM(X5 "\"mi\",\"text\":\"nothing\""), "template 'x' does not mention {point} or {topic}"},
    {ITEM(X5 "\"synthesis\",\"text\":\"nothing\""), "template 'x' does not mention {point} or {topic}"},
    {ITEM(X5 "\"points\",\"text\":\"{n}\""), "template 'x' does not mention {topic}"},
    {ITEM(X5 "\"mi\",\"text\":\"{topic} {subject}\""), "unknown placeholder {subject}"},
    {ITEM(X5 "\"mi\",\"text\":\"{topic} {n}\""), "uses {n}, which has no value in stage 'mi'"},
    {ITEM(X5 "\"points\",\"text\":\"{topic} {point}\""),
     "{point} is for the families 'points-confirm' and 'points-belong'"},
    {ITEM("\"name\":\"x\",\"family\":\"points-confirm\",\"stage\":\"points\",\"text\":\"{topic}\""),
     "which need it; template 'x' has the family 'points-confirm'"},
    {ITEM("\"name\":\"x\",\"family\":\"points-belong\",\"stage\":\"points\",\"text\":\"{topic}\""),
     "which need it; template 'x' has the family 'points-belong'"},
    {ITEM("\"name\":\"x\",\"family\":\"points-belong\",\"stage\":\"points\",\"text\":\"{point} {topic}\""),
     "template 'x' has the family 'points-belong', which asks whether the model itself names the domain"},
    {ITEM(X5 "\"questions\",\"text\":\"{topic}\""), "the family 'questions-point' asks for {point}"},
    {ITEM(X5 "\"questions\",\"text\":\"{point}\""), "the family 'questions-point' asks for {point}"},
    {ITEM(X5 "\"questions\",\"text\":\"{sentence} {point}\""), "the family 'questions-point' asks for {point}"},
    {ITEM("\"name\":\"x\",\"family\":\"questions-point\",\"stage\":\"questions\",\"text\":\"{sentence}\""),
     "template 'x' has the family 'questions-point'"},
    {ITEM(X5 "\"mi\",\"text\":\"{topic}\",\"is_qa\":1"), "'is_qa' of template 'x' is not true or false"},
    {ITEM(X5 "\"mi\",\"text\":\"{topic}\",\"max_sentences\":-1"), "'max_sentences' of template 'x'"},
    {ITEM(X5 "\"mi\",\"text\":\"{topic}\",\"max_sentences\":1.5"), "'max_sentences' of template 'x'"},
    {ITEM(X5 "\"mi\",\"text\":\"{topic}\",\"max_sentences\":5000000000"), "'max_sentences' of template 'x'"},
    {ITEM(X5 "\"mi\",\"txt\":\"{topic}\""), "template 'x' has the unknown key 'txt'"},
};

static void unsound_sets_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(unsound); i++) {
        struct bf_template_set set;
        struct bf_err err = BF_ERR_INIT;
        if (bf_template_set_parse(unsound[i].text, strlen(unsound[i].text), "own.json", &set, &err) != BF_INPUT)
            fail_msg("accepted: %s", unsound[i].text);
        assert_error(err, BF_INPUT, unsound[i].words);
        assert_contains(err.text, "own.json");
        assert_null(set.items);
        assert_null(set.json);
        bf_template_set_release(&set);
    }
}

static void a_text_over_the_limit_is_refused(void **state)
{
    struct bf_template_set set;
    struct bf_err err = BF_ERR_INIT;
    struct bf_buf text;

    (void)state;
    for (size_t n = 8000; n <= 8001; n++) {
        bf_buf_init(&text, 20000);
        bf_buf_puts(&text, "{\"name\":\"own\",\"templates\":[" POINTS "," SYNTH "," SCENE
                           ",{\"name\":\"m\",\"family\":\"mi\",\"stage\":\"mi\",\"text\":\"{topic}");
        for (size_t i = strlen("{topic}"); i < n; i++)
            bf_buf_putc(&text, 'x');
        bf_buf_puts(&text, "\"}]}");
        if (n == 8000) {
            assert_int_equal(bf_template_set_parse(text.data, text.len, "own", &set, &err), BF_OK);
            bf_template_set_release(&set);
        } else {
            assert_int_equal(bf_template_set_parse(text.data, text.len, "own", &set, &err), BF_INPUT);
            assert_error(err, BF_INPUT, "is 8001 bytes long; give 1 to 8000");
        }
        bf_buf_release(&text);
    }
}

static void loads_files_and_built_in_sets(void **state)
{
    struct bf_template_set set;
    struct bf_err err = BF_ERR_INIT;

    (void)state;
    write_text("own.json", SET(POINTS "," SYNTH "," MI "," SCENE));
    assert_int_equal(bf_template_set_load("own.json", &set, &err), BF_OK);
    assert_string_equal(set.name, "own");
    bf_template_set_release(&set);
    write_text("plain", SET(POINTS "," SYNTH "," MI "," SCENE));
    assert_int_equal(bf_template_set_load("./plain", &set, &err), BF_OK);
    bf_template_set_release(&set);
    assert_int_equal(bf_template_set_load("missing.json", &set, &err), BF_INPUT);
    assert_error(err, BF_INPUT, "cannot open 'missing.json'");
    bf_template_set_release(&set);
    assert_int_equal(bf_template_set_load("plain", &set, &err), BF_INPUT);
    assert_error(err, BF_INPUT, "unknown template set 'plain'; built in: alternates, default");
    assert_int_equal(bf_template_set_load("", &set, &err), BF_INPUT);
    assert_int_equal(bf_template_set_load("defaul", &set, &err), BF_INPUT);
}

/* Where a prompt begins to differ from others of its template in one run (the topic is the same all through): what
 * stands before is computed once for all points. */
static size_t shared_prefix(const char *text)
{
    const char *point = strstr(text, "{point}");

    return point ? (size_t)(point - text) : strlen(text);
}

static void the_default_set_is_what_the_method_needs(void **state)
{
    struct bf_template_set set;
    struct bf_err err = BF_ERR_INIT;
    size_t per_stage[BF_STAGE_COUNT] = {0};
    size_t n_information = 0, n_qa = 0, n_pairs = 0;
    size_t asks[4] = {0};
    bool first = false, more = false;

    (void)state;
    if (bf_template_set_load("default", &set, &err) != BF_OK)
        fail_msg("%s", err.text);
    assert_string_equal(set.name, "default");
    for (size_t i = 0; i < set.n; i++) {
        const struct bf_template *item = &set.items[i];
        per_stage[item->stage]++;
        if (item->is_qa)
            assert_contains(item->text, "\"Question:\" and \"Answer:\"");
        if (item->stage == BF_STAGE_REWRITE)
            continue; /* the next test's */
        if (item->stage == BF_STAGE_WORDINGS) {
            assert_contains(item->text, "{question}");
            continue;
        }
        if (item->stage == BF_STAGE_POINTS && bf_template_asks(item) == BF_POINTS_BELONG) {
            assert_contains(item->text, "{point}");
            assert_null(strstr(item->text, "{topic}")); /* the model is to name it */
            asks[BF_POINTS_BELONG]++;
            continue;
        }
        assert_contains(item->text, "{topic}");
        if (bf_template_asks_point(item)) { /* short, so nothing is gained where prompts begin alike */
            assert_contains(item->text, "{point}");
            assert_true(strlen(item->text) < 300);
            continue;
        }
        if (shared_prefix(item->text) < strlen(item->text) / 2)
            fail_msg("%s: the point comes too early", item->name);
        if (item->stage == BF_STAGE_SYNTHESIS) {
            assert_contains(item->text, "{point}");
            n_information += strcmp(item->family, "information") == 0;
            n_qa += strcmp(item->family, "qa") == 0;
            n_pairs += item->is_qa;
        }
        if (item->stage == BF_STAGE_MI)
            assert_true(item->is_qa);
        if (item->stage == BF_STAGE_POINTS) { /* short questions, without prohibitions */
            asks[bf_template_asks(item)]++;
            assert_true(strlen(item->text) < 100);
            assert_null(strstr(item->text, "no "));
        }
        /* The first two, in this order, for requests that ask one question a round. */
        first |= i == 0 && strcmp(item->name, "points_concepts") == 0 && !strstr(item->text, "{known}");
        more |= i == 1 && strcmp(item->name, "points_more") == 0 && strstr(item->text, "{known}");
    }
    assert_int_equal(asks[BF_POINTS_FORM], 12);
    assert_int_equal(asks[BF_POINTS_CONTROL], 2);
    assert_int_equal(asks[BF_POINTS_CONFIRM], 2);
    assert_int_equal(asks[BF_POINTS_BELONG], 2);
    assert_int_equal(per_stage[BF_STAGE_SYNTHESIS], 8);
    assert_int_equal(n_information, 4);
    assert_int_equal(n_qa, 4);
    assert_int_equal(n_pairs, 2);
    assert_true(per_stage[BF_STAGE_MI] >= 1);
    assert_int_equal(per_stage[BF_STAGE_QUESTIONS], 5);
    assert_int_equal(per_stage[BF_STAGE_WORDINGS], 3);
    assert_int_equal(per_stage[BF_STAGE_JAILBREAK], 3);
    assert_true(first && more);
    bf_template_set_release(&set);
}

/* The same families in the same order for sentences and for pairs; the original last, so that prompts share the
 * rest. */
static void the_default_set_rewrites(void **state)
{
    static const char *const families[] = {"perspective", "structure", "style", "register"};
    struct bf_template_set set;
    struct bf_err err = BF_ERR_INIT;
    size_t n_plain = 0, n_pairs = 0;

    (void)state;
    if (bf_template_set_load("default", &set, &err) != BF_OK)
        fail_msg("%s", err.text);
    for (size_t i = 0; i < set.n; i++) {
        const struct bf_template *item = &set.items[i];
        const char *end = item->is_qa ? "\nQuestion: {question}\nAnswer: {answer}" : "\nSentence: {sentence}";
        size_t *n = item->is_qa ? &n_pairs : &n_plain;

        if (item->stage != BF_STAGE_REWRITE)
            continue;
        assert_true(*n < N_ELEMENTS(families));
        assert_string_equal(item->family, families[*n]);
        assert_contains(item->text, "Keep every name, number, date and fact");
        assert_true(strlen(item->text) > strlen(end));
        assert_string_equal(item->text + strlen(item->text) - strlen(end), end);
        assert_ptr_equal(strchr(item->text, '{'), strchr(item->text + strlen(item->text) - strlen(end), '{'));
        (*n)++;
    }
    assert_int_equal(n_plain, 4);
    assert_int_equal(n_pairs, 4);
    bf_template_set_release(&set);
}

/* A prompt that gives the model a part to play gets the part instead of the domain: "as someone who was there". */
static void the_default_set_asks_for_facts(void **state)
{
    static const char *const parts[] = {"somebody who was there", "speech", "monologue", "recite", "Write only what"};
    struct bf_template_set set;
    struct bf_err err = BF_ERR_INIT;

    (void)state;
    if (bf_template_set_load("default", &set, &err) != BF_OK)
        fail_msg("%s", err.text);
    for (size_t i = 0; i < set.n; i++) {
        const struct bf_template *item = &set.items[i];

        if (item->stage == BF_STAGE_SYNTHESIS || item->stage == BF_STAGE_JAILBREAK)
            for (size_t p = 0; p < N_ELEMENTS(parts); p++)
                assert_null(strstr(item->text, parts[p]));
        if (item->stage == BF_STAGE_JAILBREAK)
            assert_contains(item->text, "a fact in each full sentence. The first word is a name.");
    }
    bf_template_set_release(&set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fills_in_one_pass),
        cmocka_unit_test(other_braces_are_text),
        cmocka_unit_test(reads_a_set),
        cmocka_unit_test(unsound_sets_are_refused),
        cmocka_unit_test(a_text_over_the_limit_is_refused),
        cmocka_unit_test(loads_files_and_built_in_sets),
        cmocka_unit_test(the_default_set_is_what_the_method_needs),
        cmocka_unit_test(the_default_set_rewrites),
        cmocka_unit_test(the_default_set_asks_for_facts),
    };
    return cmocka_run_group_tests(tests, enter_scratch, leave_scratch);
}
