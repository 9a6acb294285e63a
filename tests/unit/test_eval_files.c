/* Files that evaluation reads: the logs of TOFU and open-unlearning against their own aggregation, questions, and what
 * is wrong with them. */
#include "unit.h"

#include "quality_fixture.h"

#include "base/mem.h"
#include "eval/eval.h"

#define TOLERANCE 1e-9

static const struct bf_bootstrap bootstrap = {.n_resamples = 100, .seed = 1};

static int open_eval(void **state)
{
    return read_golden(state, "tests/golden/eval_reference.json");
}

static struct bf_tofu_sets logs_of(const json_t *log)
{
    struct bf_tofu_sets sets;
    struct bf_err err = BF_ERR_INIT;
    char *text = bf_json_dump(log);

    if (bf_tofu_logs_parse(text, strlen(text), "log.json", &sets, &err))
        fail_msg("%s", err.text);
    free(text);
    return sets;
}

static json_t *tofu_of(const json_t *unlearned, const json_t *retrained)
{
    struct bf_tofu_sets a = logs_of(unlearned), b = logs_of(retrained);
    struct bf_err err = BF_ERR_INIT;
    json_t *result = NULL;

    if (bf_eval_tofu(&bootstrap, &a, &b, &result, &err))
        fail_msg("%s", err.text);
    bf_tofu_sets_release(&a);
    bf_tofu_sets_release(&b);
    return result;
}

static void the_aggregation_of_tofu(void **state)
{
    static const char *const files[] = {"eval_log_forget.json", "eval_log.json", "eval_real_author_wo_options.json",
                                        "eval_real_world_wo_options.json"};
    static const char *const sets[] = {"forget", "retain", "authors", "world"};
    const json_t *tofu = member(*state, "tofu"), *expected = member(tofu, "expected");
    json_t *result = tofu_of(member(tofu, "unlearned"), member(tofu, "retrained"));

    assert_near(number(result, "model_utility"), number(expected, "model_utility"), TOLERANCE);
    assert_near(number(result, "forget_quality"), number(expected, "forget_quality"), TOLERANCE);
    assert_near(number(result, "ks_statistic"), number(expected, "ks"), TOLERANCE);
    for (size_t s = 0; s < 4; s++) {
        double *three = doubles(member(expected, "values"), files[s]);
        const json_t *set = member(result, sets[s]);
        assert_near(number(set, "probability"), three[0], TOLERANCE);
        assert_near(number(set, "rouge_l"), three[1], TOLERANCE);
        assert_near(number(set, "truth_ratio"), three[2], TOLERANCE);
        assert_int_equal(size(set, "n"), 12);
        free(three);
    }
    json_decref(result);
}

/* The same losses as open-unlearning's log: its own formulas differ by 1e-10 within. */
static void the_aggregation_of_open_unlearning(void **state)
{
    const json_t *tofu = member(*state, "tofu"), *log = member(tofu, "open_unlearning");
    json_t *result = tofu_of(log, member(tofu, "open_unlearning_retrained"));

    assert_near(number(result, "model_utility"), number(member(log, "model_utility"), "agg_value"), TOLERANCE);
    assert_near(number(result, "forget_quality"), number(member(tofu, "expected"), "forget_quality"), TOLERANCE);
    assert_near(number(member(result, "forget"), "truth_ratio"), number(member(log, "forget_truth_ratio"), "agg_value"),
                TOLERANCE);
    assert_near(number(member(result, "world"), "probability"),
                number(member(log, "wf_Q_A_Prob_normalised"), "agg_value"), TOLERANCE);
    json_decref(result);
    /* A log of one project and one of the other. */
    result = tofu_of(log, member(tofu, "retrained"));
    assert_near(number(result, "forget_quality"), number(member(tofu, "expected"), "forget_quality"), TOLERANCE);
    json_decref(result);
}

static void assert_log_fails(const json_t *log, const char *words)
{
    struct bf_tofu_sets sets;
    struct bf_err err = BF_ERR_INIT;
    char *text = bf_json_dump(log);

    assert_int_equal(bf_tofu_logs_parse(text, strlen(text), "log.json", &sets, &err), BF_INPUT);
    assert_error(err, BF_INPUT, words);
    assert_contains(err.text, "log.json");
    bf_tofu_sets_release(&sets);
    free(text);
}

static void logs_that_are_not_whole(void **state)
{
    const json_t *tofu = member(*state, "tofu");
    json_t *log = json_deep_copy(member(tofu, "unlearned"));
    json_t *forget = json_object_get(log, "eval_log_forget.json");

    json_object_del(json_object_get(forget, "average_perturb_loss"), "7");
    assert_log_fails(log, "\"average_perturb_loss\" of question \"7\" is missing");
    json_object_set_new(json_object_get(forget, "average_perturb_loss"), "7", json_pack("[f, s]", 1.0, "x"));
    assert_log_fails(log, "\"average_perturb_loss\" of question \"7\" is not a finite number");
    json_object_set_new(json_object_get(forget, "average_perturb_loss"), "7", json_array());
    assert_log_fails(log, "is not a list of 1 to 64 losses");
    json_object_set_new(json_object_get(forget, "average_perturb_loss"), "7", json_pack("[f]", 1.0));
    json_object_set_new(json_object_get(forget, "rougeL_recall"), "99", json_real(0.5));
    assert_log_fails(log, "\"rougeL_recall\" of question \"99\" is there, but");
    json_object_del(forget, "rougeL_recall");
    assert_log_fails(log, "\"rougeL_recall\" is missing");
    json_decref(log);

    log = json_deep_copy(member(tofu, "open_unlearning"));
    json_object_del(json_object_get(json_object_get(log, "ra_Q_A_ROUGE"), "value_by_index"), "3");
    assert_log_fails(log, "\"ra_Q_A_ROUGE\" of question \"3\" is missing");
    json_object_del(json_object_get(log, "ra_Q_A_ROUGE"), "value_by_index");
    assert_log_fails(log, "a summary is not enough");
    json_decref(log);

    log = json_pack("{s:{s:i}}", "other", "n", 1);
    assert_log_fails(log, "neither TOFU's");
    json_decref(log);
}

static void forget_sets_that_differ(void **state)
{
    const json_t *tofu = member(*state, "tofu");
    json_t *other = json_deep_copy(member(tofu, "retrained"));
    struct bf_err err = BF_ERR_INIT;
    json_t *result = NULL, *values = NULL;
    const char *key = NULL;

    json_object_foreach(json_object_get(other, "eval_log_forget.json"), key, values) json_object_del(values, "11");
    struct bf_tofu_sets a = logs_of(member(tofu, "unlearned")), b = logs_of(other);
    assert_int_equal(bf_eval_tofu(&bootstrap, &a, &b, &result, &err), BF_INPUT);
    assert_error(err, BF_INPUT, "12 questions for the unlearned model and 11 for the retrained one");
    assert_null(result);
    bf_tofu_sets_release(&b);
    json_object_foreach(json_object_get(other, "eval_log_forget.json"), key, values)
        json_object_set(values, "x", json_object_get(values, "0"));
    b = logs_of(other);
    assert_int_equal(bf_eval_tofu(&bootstrap, &a, &b, &result, &err), BF_INPUT);
    assert_error(err, BF_INPUT, "question \"11\" of the forget set is missing for the retrained model");
    /* Without a retrained log: what can be said is said, and why the rest cannot. */
    assert_int_equal(bf_eval_tofu(&bootstrap, &a, NULL, &result, &err), BF_OK);
    assert_true(json_is_null(json_object_get(result, "forget_quality")));
    assert_contains(json_string_value(member(member(result, "why"), "forget_quality")), "retrained");
    json_decref(result);
    json_decref(other);
    bf_tofu_sets_release(&a);
    bf_tofu_sets_release(&b);
}

static void folders_of_logs(void **state)
{
    const json_t *tofu = member(*state, "tofu");
    struct bf_tofu_sets sets;
    struct bf_err err = BF_ERR_INIT;
    char dir[] = "/tmp/biforget-logs-XXXXXX", path[256];

    assert_non_null(mkdtemp(dir));
    assert_int_equal(bf_tofu_logs_read(dir, &sets, &err), BF_INPUT);
    assert_error(err, BF_INPUT, "holds no log");
    char *text = bf_json_dump(member(member(tofu, "unlearned"), "eval_log_forget.json"));
    (void)snprintf(path, sizeof path, "%s/eval_log_forget.json", dir);
    write_text(path, text);
    free(text);
    assert_int_equal(bf_tofu_logs_read(dir, &sets, &err), BF_OK);
    assert_int_equal(sets.parts[BF_TOFU_FORGET].n, 12);
    assert_int_equal(sets.parts[BF_TOFU_RETAIN].n, 0);
    bf_tofu_sets_release(&sets);
    (void)unlink(path);
    (void)snprintf(path, sizeof path, "%s/TOFU_EVAL.json", dir);
    text = bf_json_dump(member(tofu, "open_unlearning"));
    write_text(path, text);
    free(text);
    assert_int_equal(bf_tofu_logs_read(dir, &sets, &err), BF_OK);
    assert_int_equal(sets.parts[BF_TOFU_WORLD].n, 12);
    bf_tofu_sets_release(&sets);
    (void)unlink(path);
    (void)rmdir(dir);
    assert_int_equal(bf_tofu_logs_read(dir, &sets, &err), BF_INPUT);
    assert_error(err, BF_INPUT, "there is no log");
}

static enum bf_status csv(const char *text, struct bf_mcq *out, struct bf_err *err)
{
    *out = (struct bf_mcq){0};
    return bf_mcq_parse_csv(text, strlen(text), "data/high_isles_test.csv", out, err);
}

static enum bf_status jsonl(const char *text, struct bf_mcq *out, struct bf_err *err)
{
    *out = (struct bf_mcq){0};
    return bf_mcq_parse_json(text, strlen(text), "q.jsonl", out, err);
}

static void multiple_choice_csv(void **state)
{
    struct bf_err err = BF_ERR_INIT;
    struct bf_mcq mcq;

    (void)state;
    assert_int_equal(csv("\xEF\xBB\xBF\"Where is \"\"Estvik\"\",\nand why?\", on the Hald ,inland,\"far, "
                         "away\",nowhere,A\r\n\nTwo?,yes,no,b\n",
                         &mcq, &err),
                     BF_OK);
    assert_int_equal(mcq.n, 2);
    assert_string_equal(mcq.items[0].question, "Where is \"Estvik\",\nand why?");
    assert_string_equal(mcq.items[0].choices[0], "on the Hald");
    assert_string_equal(mcq.items[0].choices[2], "far, away");
    assert_string_equal(mcq.items[0].subject, "high isles");
    assert_int_equal(mcq.items[0].n_choices, 4);
    assert_int_equal(mcq.items[1].n_choices, 2);
    assert_int_equal(mcq.items[1].answer, 1);
    bf_mcq_limit(&mcq, 1);
    assert_int_equal(mcq.n, 1);
    bf_mcq_release(&mcq);
    assert_int_equal(csv("question,A,B,answer\nq,x,y,B\n", &mcq, &err), BF_OK);
    assert_int_equal(mcq.n, 1);
    bf_mcq_release(&mcq);
    static const struct {
        const char *text, *words;
    } bad[] = {
        {"q,a,b,c,d,E\n", "data/high_isles_test.csv:1: the last field 'E' is not one of the letters A to D"},
        {"ok,a,b,A\nq,a,b\n", ":2: 3 fields"},
        {"ok,a,b,A\n\"q,a,b,A\n", ":2: a quotation mark is never closed"},
        {",a,b,A\n", ":1: the question is empty"},
        {"q\xFF,a,b,A\n", "not UTF-8"},
        {"", "has no question"},
        {"0,q,a,b,A\n1,r,a,b,B\n", "the first column only counts the rows"},
        {"q;a;b;A\n", ":1: 1 field; a row is question, two to 26 choices, right letter, with commas between them"},
        {"question,A,B\nq,a,b\n", ":1: the first row names columns, but not the answer"},
        {"A,B,answer\na,b,A\n", "but not the question"},
        {"question,A,C,answer\nq,a,b,A\n", "but not choices"},
        {"question,choices,answer\nq,\"['a', 'b']\",A\n", "but not choices"},
        {"question,A,a,answer\nq,a,b,A\n", "two columns match 'a'"},
        {"question,A,B,answer,label\nq,a,b,A,B\n", "two columns match 'label'"},
        {"question,A,B,answer\nq,a,b\n", ":2: 3 fields where the first row has 4"},
        {"question,A,B,C,answer\nq,a,,c,A\n", ":2: choice B is empty"},
        {"question,A,B,C,answer\nq,a,b,c,1\nr,a,b,c,2\n",
         "the answers can be read as numbers from 0 or as numbers from 1"},
        {"question,A,B,C,answer\nq,1,0,2,1\n", "the answers can be read as the texts of choices or as numbers from 0"},
        {"question,A,B,answer\nq,a,b,A\nr,a,b,a\ns,a,b,x\n", ":4: the answer 'x' is not one of the letters A to B"},
    };
    for (size_t i = 0; i < N_ELEMENTS(bad); i++) {
        assert_int_equal(csv(bad[i].text, &mcq, &err), BF_INPUT);
        assert_error(err, BF_INPUT, bad[i].words);
        bf_mcq_release(&mcq);
    }
}

/* Which column is what is told by its name. */
static void multiple_choice_csv_by_names(void **state)
{
    static const struct {
        const char *text;
        size_t n_choices, answer;
    } good[] = {
        {",Question,A,B,C,D,Answer\n0,Which?,Elbe,Alps,Rome,Oak,C\n", 4, 2},
        {"id,question,A,B,C,D,answer,explanation\n0,Which?,Elbe,Alps,Rome,Oak,D,because\n", 4, 3},
        {"answer,D,C,B,A,question\nB,Oak,Rome,Alps,Elbe,Which?\n", 4, 1},
        {"prompt,choice_a,choice_b,answer_key\nWhich?,Elbe,Alps,(b)\n", 2, 1},
        {"question,option 1,option 2,label\nWhich?,Elbe,Alps,2\n", 2, 1},
        {"question,choice0,choice1,label\nWhich?,Elbe,Alps,1\n", 2, 1},
        {"question,A,B,C,answer\nWhich?,Elbe,Alps,,1\nr,a,b,c,0\n", 2, 1},
        {"question,A,B,C,answer\nWhich?,Elbe,Alps,Rome,1\nr,a,b,c,3\n", 3, 0},
        {"question,A,B,answer\nWhich?,Elbe,Alps,Alps\n", 2, 1},
        {"question,A,B,answer\rWhich?,Elbe,Alps,B\r", 2, 1},
        {"Which?,Elbe,Alps,B\rr,a,b,A\r", 2, 1},
    };
    struct bf_err err = BF_ERR_INIT;
    struct bf_mcq mcq;

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(good); i++) {
        if (csv(good[i].text, &mcq, &err) != BF_OK)
            fail_msg("%s: %s", good[i].text, err.text);
        assert_string_equal(mcq.items[0].question, "Which?");
        assert_string_equal(mcq.items[0].choices[0], "Elbe");
        assert_string_equal(mcq.items[0].choices[1], "Alps");
        assert_int_equal(mcq.items[0].n_choices, good[i].n_choices);
        assert_int_equal(mcq.items[0].answer, good[i].answer);
        assert_string_equal(mcq.items[0].subject, "high isles");
        bf_mcq_release(&mcq);
    }
    assert_int_equal(csv("question,A,B,answer,subject\nq,a,b,A,maps\n", &mcq, &err), BF_OK);
    assert_string_equal(mcq.items[0].subject, "maps");
    bf_mcq_release(&mcq);
}

/* The forms of Hugging Face's data sets. */
static void multiple_choice_of_data_sets(void **state)
{
    static const struct {
        const char *text;
        size_t answer;
    } good[] = {
        {"\"choices\":{\"text\":[\"Elbe\",\"Alps\"],\"label\":[\"A\",\"B\"]},\"answerKey\":\"B\"", 1},
        {"\"choices\":{\"text\":[\"Elbe\",\"Alps\"],\"label\":[\"1\",\"2\"]},\"answerKey\":\"1\"", 0},
        {"\"choices\":[{\"text\":\"Elbe\",\"label\":\"A\"},{\"text\":\"Alps\",\"label\":\"B\"}],\"answerKey\":\"B\"",
         1},
        {"\"choices\":[\"Elbe\",\"Alps\"],\"label\":1", 1},
        {"\"choices\":[\"Elbe\",\"Alps\"],\"labels\":[0,1]", 1},
        {"\"choices\":[\"Elbe\",\"Alps\"],\"answer\":\"Alps\"", 1},
        {"\"options\":{\"A\":\"Elbe\",\"B\":\"Alps\"},\"answer\":\"B\"", 1},
        {"\"A\":\"Elbe\",\"B\":\"Alps\",\"answer\":\"B\"", 1},
    };
    struct bf_err err = BF_ERR_INIT;
    struct bf_mcq mcq;
    char record[256];

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(good); i++) {
        (void)snprintf(record, sizeof record, "{\"question\":\"Which?\",%s}", good[i].text);
        if (jsonl(record, &mcq, &err) != BF_OK)
            fail_msg("%s: %s", record, err.text);
        assert_string_equal(mcq.items[0].question, "Which?");
        assert_string_equal(mcq.items[0].choices[0], "Elbe");
        assert_int_equal(mcq.items[0].n_choices, 2);
        assert_int_equal(mcq.items[0].answer, good[i].answer);
        bf_mcq_release(&mcq);
    }
    assert_int_equal(jsonl("{\"question_stem\":\"q\",\"choices\":[3,4.5],\"answer\":0}", &mcq, &err), BF_OK);
    assert_string_equal(mcq.items[0].choices[1], "4.5");
    bf_mcq_release(&mcq);
    assert_int_equal(jsonl("{\"question\":{\"stem\":\"q\",\"choices\":[{\"text\":\"a\",\"label\":\"A\"},{\"text\":"
                           "\"b\",\"label\":\"B\"}]},"
                           "\"answerKey\":\"B\"}",
                           &mcq, &err),
                     BF_OK);
    assert_int_equal(mcq.items[0].answer, 1);
    bf_mcq_release(&mcq);
}

static void multiple_choice_json(void **state)
{
    struct bf_err err = BF_ERR_INIT;
    struct bf_mcq mcq;

    (void)state;
    assert_int_equal(
        jsonl("{\"question\":\"q\",\"choices\":[\"a\",\"b\"],\"answer\":1,\"subject\":\"small_animals\"}\n\n"
              "{\"question\":\"r\",\"choices\":[\"a\",\"b\",\"c\"],\"answer\":\"C\"}\n",
              &mcq, &err),
        BF_OK);
    assert_int_equal(mcq.n, 2);
    assert_int_equal(mcq.items[0].answer, 1);
    assert_string_equal(mcq.items[0].subject, "small animals");
    assert_int_equal(mcq.items[1].answer, 2);
    bf_mcq_release(&mcq);
    static const struct {
        const char *text, *words;
    } bad[] = {
        {"{\"question\":\"q\",\"choices\":[\"a\",\"b\"],\"answer\":2}",
         "q.jsonl:1: \"answer\" must be a number from 0 to 1"},
        {"{\"question\":\"q\",\"choices\":[\"a\"],\"answer\":0}", "\"choices\" must be a list"},
        {"{\"question\":\"q\",\"choices\":[\"a\",null],\"answer\":0}", "choice 2 is null, not a text"},
        {"{\"question\":\"q\",\"choices\":null,\"answer\":0}", "\"choices\" is null"},
        {"{\"question\":null,\"choices\":[\"a\",\"b\"],\"answer\":0}", "\"question\" is null, not a text"},
        {"{\"question\":\"q\",\"choices\":[\"a\",\"b\"],\"answer\":null}", "it is null"},
        {"{\"question\":\"q\",\"choices\":[\"a\",\"b\"]}", "\"answer\" is missing"},
        {"{\"question\":\"q\",\"choices\":[\"a\",\"a\"],\"answer\":\"x\"}", "it is x"},
        {"{\"question\":\"q\",\"choices\":{\"text\":[\"a\",\"b\"],\"label\":[\"A\"]},\"answerKey\":\"A\"}",
         "2 texts and 1 labels"},
        {"{\"question\":\"q\",\"choices\":{\"A\":\"a\",\"C\":\"b\"},\"answer\":\"A\"}", "without a gap"},
        {"{\"question\":\"q\",\"choices\":[\"a\",\"b\",\"c\"],\"labels\":[1,1,0]}", "3 marks, 2 of them 1"},
        {"{\"question\":\"q\",\"choices\":[\"a\",\"b\"],\"answer\":0,\"passage\":\"p\"}",
         "\"passage\" belongs to the question"},
        {"{\"question\":\"q\",\"mc1_targets\":{\"choices\":[\"a\",\"b\"],\"labels\":[1,0]}}", "always the right one"},
        {"{\"question\":\"q\",\"question\":\"r\",\"choices\":[\"a\",\"b\"],\"answer\":0}", "duplicate"},
        {"{\"choices\":[\"a\",\"b\"],\"answer\":0}", "\"question\" is missing"},
        {"\n[1]", "q.jsonl: element 1: not a JSON object"},
        {"{\"question\":", "q.jsonl:1: is not valid JSON"},
        {"  \n", "has no record"},
    };
    for (size_t i = 0; i < N_ELEMENTS(bad); i++) {
        assert_int_equal(jsonl(bad[i].text, &mcq, &err), BF_INPUT);
        assert_error(err, BF_INPUT, bad[i].words);
        bf_mcq_release(&mcq);
    }
}

static void assert_number(const char *text, bool strict, const char *expected)
{
    char *number_of = bf_gsm8k_number(text, strict);

    if (!expected)
        assert_null(number_of);
    else if (!number_of || strcmp(number_of, expected) != 0)
        fail_msg("'%s' gave %s, not %s", text, number_of ? number_of : "nothing", expected);
    free(number_of);
}

static void numbers_of_answers(void **state)
{
    (void)state;
    /* As lm-evaluation-harness' strict-match: "#### (\-?[0-9\.\,]+)", then without commas and a full stop at the
     * end. */
    assert_number("so it is\n#### 42", true, "42");
    assert_number("#### 1,234.50 in all", true, "1234.50");
    assert_number("#### -7.", true, "-7");
    assert_number("#### 1, 2", true, "1");
    assert_number("#### many\n#### 3", true, "3");
    assert_number("the answer is 42", true, NULL);
    assert_number("#### many", true, NULL);
    assert_number("#### ", true, NULL);
    assert_number("#### --1", true, NULL);
    assert_number("#### $5", true, NULL);
    assert_number("####5", true, NULL);
    assert_number("#### .", true, NULL);
    static const struct {
        const char *text, *last;
    } flexible[] = {
        {"first 3, then 18 eggs.", "18"},
        {"pages 3-7", "7"},
        {"it fell by -5", "-5"},
        {"no number", NULL},
        {"it is 3.", "3"},
        {"5,", "5"},
        {"#### $18", "18"},
        {"## Answer: **18**", "18"},
        /* A minus behind a bracket or a mark is a sign. */
        {"\\boxed{-3}", "-3"},
        {"[-3]", "-3"},
        {"|-3|", "-3"},
        {"x_-3", "-3"},
        {"2^-3", "-3"},
        {"~-3", "-3"},
        {"\\-3", "-3"},
        {"(-3)", "-3"},
        {"is \xe2\x88\x92"
         "3",
         "-3"},
        {"caf\xc3\xa9-3", "3"},
        {"5--7", "7"},
        /* Currency on either side of the sign. */
        {"-$3", "-3"},
        {"$-3", "-3"},
        {"\xe2\x82\xac-3", "-3"},
        {"-\\$3", "-3"},
        {"$\\$1{,}800$", "1800"},
        {"US$1,234.50", "1234.50"},
        /* Thousands, decimals. */
        {"1,800,000", "1800000"},
        {"1,00,000", "100000"},
        {"1.800.000", "1800000"},
        {"1\xe2\x80\xaf"
         "800",
         "1800"},
        {"1\\,800", "1800"},
        {"1'800", "1800"},
        {"3,5", "3.5"},
        {"1,2,3", "3"},
        {"2,3000", "3000"},
        {".5", ".5"},
        {"50%", "50"},
        {"\xd9\xa1\xd9\xa8", "18"},
        {"\xef\xbc\x91\xef\xbc\x98", "18"},
        /* Fractions. */
        {"3/4", "0.75"},
        {"-3/4 of it", "-0.75"},
        {"2 1/2", "2.5"},
        {"\\frac{1}{2}", "0.5"},
        {"\\boxed{-\\dfrac{1}{2}}", "-0.5"},
        {"2\\frac{1}{2}", "2.5"},
        {"3/0", "0"},
        {"on 3/4/2020", "2020"},
        /* The box is the answer. */
        {"\\boxed{18} in 2 days", "18"},
        {"\\boxed{x} in 2 days", "2"},
        {"\\boxed{7} or \\boxed{\\text{is } 18}, of 2", "18"},
        {"\\boxed{18", "18"},
    };
    for (size_t i = 0; i < N_ELEMENTS(flexible); i++)
        assert_number(flexible[i].text, false, flexible[i].last);
    /* A model that writes digits without end gives no number, and costs no more time than other texts. */
    enum { N_DIGITS = 1 << 20 };
    char *endless = malloc(N_DIGITS + 16);
    assert_non_null(endless);
    (void)snprintf(endless, 16, "it is 18, or ");
    memset(endless + 13, '7', N_DIGITS);
    endless[13 + N_DIGITS] = 0;
    assert_number(endless, false, NULL);
    endless[13 + 8] = ' ';
    (void)snprintf(endless + N_DIGITS - 4, 16, " and 19");
    assert_number(endless, false, "19");
    free(endless);
    assert_true(bf_gsm8k_same("18", "18.00"));
    assert_true(bf_gsm8k_same("0.333333333333", "0.3333333333333333"));
    assert_false(bf_gsm8k_same("18", "81"));
    assert_false(bf_gsm8k_same("18", "18x"));
    assert_false(bf_gsm8k_same("18", "18.001"));
}

/* An answer is not empty because it begins with blank lines. */
static void answers_that_begin_late(void **state)
{
    static const char *const stops[] = {"\n\n", "\nQuestion", "Question:"};
    static const struct {
        const char *text, *cut;
    } cases[] = {
        {" Paris\n\nQuestion: next", " Paris"},
        {"\n\nParis\n\nmore", "\n\nParis"},
        {" \r\n\n Paris\nQuestion: next", " \r\n\n Paris"},
        {"Answer:\n\nParis\n\nmore", "Paris"},
        {"\n**Answer:**\nParis", "Paris"},
        {"## Answer:\n\nParis", "Paris"},
        {"Answer: Paris\n\nmore", "Answer: Paris"},
        {"Answers vary.\n\nmore", "Answers vary."},
        {"Answer:", "Answer:"},
        {"\n\n", "\n\n"},
        {"", ""},
    };

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        struct bf_buf text;
        bf_buf_init(&text, SIZE_MAX);
        bf_buf_puts(&text, cases[i].text);
        bf_eval_cut_answer(&text, stops, 3);
        assert_string_equal(text.data, cases[i].cut);
        bf_buf_release(&text);
    }
}

static void word_problems(void **state)
{
    static const char good[] = "{\"question\":\" q \",\"answer\":\"3 + 4 = 7\\n#### 1,007\"}";
    static const char bad[] = "{\"question\":\"q\",\"answer\":\"#### 7\"}\n{\"question\":\"q\",\"answer\":\"seven\"}";
    struct bf_err err = BF_ERR_INIT;
    struct bf_gsm8k gsm8k;

    (void)state;
    assert_int_equal(bf_gsm8k_parse(good, strlen(good), "g.jsonl", &gsm8k, &err), BF_OK);
    assert_string_equal(gsm8k.items[0].question, "q");
    assert_string_equal(gsm8k.items[0].number, "1007");
    bf_gsm8k_release(&gsm8k);
    assert_int_equal(bf_gsm8k_parse(bad, strlen(bad), "g.jsonl", &gsm8k, &err), BF_INPUT);
    assert_error(err, BF_INPUT, "g.jsonl:2: the answer has no \"#### NUMBER\"");
    bf_gsm8k_release(&gsm8k);
}

static void questions_of_tofu(void **state)
{
    static const char good[] =
        "{\"question\":\"q\",\"answer\":\"a\",\"perturbed_answer\":[\"x\",4],\"paraphrased_answer\":null}\r"
        "{\"question\":\"q\",\"answer\":\"a\",\"paraphrased_answer\":\"b\",\"perturbed_answer\":[\"x\"]}";
    static const struct {
        const char *text, *words;
    } bad[] = {
        {"{\"question\":\"q\",\"answer\":\"a\"}", "t.jsonl:1: \"perturbed_answer\" is missing; it must be a list"},
        {"{\"question\":\"q\",\"answer\":\"\",\"perturbed_answer\":[\"x\"]}", "\"answer\" is empty"},
        {"{\"question\":\"q\",\"answer\":\"a\",\"perturbed_answer\":[\"x\",\"\"]}", "perturbed answer 2 is empty"},
        {"{\"question\":\"q\",\"answer\":null,\"perturbed_answer\":[\"x\"]}",
         "t.jsonl:1: \"answer\" is null, not a text"},
        {"{\"question\":\"q\",\"answer\":\"a\",\"paraphrased_answer\":[],\"perturbed_answer\":[\"x\"]}",
         "\"paraphrased_answer\" is a list, not a text"},
        {"{\"question\":\"q\",\"answer\":\"a\",\"perturbed_answer\":\"x\"}", "\"perturbed_answer\" is a text; it must"},
        {"{\"question\":\"q\",\"answer\":\"a\",\"perturbed_answer\":[null]}", "perturbed answer 1 is null"},
    };
    struct bf_err err = BF_ERR_INIT;
    struct bf_tofu_questions questions;

    (void)state;
    assert_int_equal(bf_tofu_parse(good, strlen(good), "t.jsonl", &questions, &err), BF_OK);
    assert_int_equal(questions.n, 2);
    assert_string_equal(questions.items[0].paraphrased, "a");
    assert_string_equal(questions.items[1].paraphrased, "b");
    assert_int_equal(questions.items[0].n_perturbed, 2);
    bf_tofu_questions_limit(&questions, 0);
    assert_int_equal(questions.n, 2);
    bf_tofu_questions_limit(&questions, 1);
    assert_int_equal(questions.n, 1);
    bf_tofu_questions_release(&questions);
    for (size_t i = 0; i < N_ELEMENTS(bad); i++) {
        assert_int_equal(bf_tofu_parse(bad[i].text, strlen(bad[i].text), "t.jsonl", &questions, &err), BF_INPUT);
        assert_error(err, BF_INPUT, bad[i].words);
        bf_tofu_questions_release(&questions);
    }
}

/* A known forget set has AUC 0 and PrivLeak -100; one that cannot be told 0.5 and 0. */
static void privleak_of_scores(void **state)
{
    const double ks[2] = {20, 40};
    const bool own[BF_ATTACKS] = {
        [BF_ATTACK_LOSS] = true, [BF_ATTACK_ZLIB] = true, [BF_ATTACK_LOWER] = true, [BF_ATTACK_MIN_K] = true};
    const struct bf_attacks attacks = bf_attacks_of(own, ks, 2);
    double known[5 * 4], same[5 * 4], holdout[5 * 4];
    struct bf_err err = BF_ERR_INIT;
    json_t *result = NULL;

    (void)state;
    assert_int_equal(attacks.n, 5);
    assert_string_equal(attacks.names[attacks.headline], "Min-40%");
    for (size_t i = 0; i < 20; i++) {
        known[i] = 1.0 + 0.01 * (double)i;
        same[i] = holdout[i] = 3.0 + (double)(i % 4);
    }
    struct bf_membership model = {.forget = known, .n_forget = 4, .holdout = holdout, .n_holdout = 4};
    const struct bf_membership retrained = {.forget = same, .n_forget = 4, .holdout = holdout, .n_holdout = 4};
    assert_int_equal(bf_eval_privleak(&bootstrap, &attacks, &model, &retrained, 0.9, &result, &err), BF_OK);
    assert_near(number(result, "auc"), 0.0, TOLERANCE);
    assert_near(number(result, "privleak"), -100.0, TOLERANCE);
    assert_near(number(result, "retrained_auc"), 0.5, TOLERANCE);
    assert_int_equal(json_object_size(member(result, "attacks")), 5);
    json_decref(result);
    assert_int_equal(bf_eval_privleak(&bootstrap, &attacks, &retrained, NULL, 0.4, &result, &err), BF_OK);
    assert_near(number(result, "auc"), 0.5, TOLERANCE);
    assert_near(number(result, "privleak"), 25.0, TOLERANCE);
    json_decref(result);
    /* A retrained model that an attacker sees through leaves nothing to divide by. */
    assert_int_equal(bf_eval_privleak(&bootstrap, &attacks, &retrained, &model, 0.5, &result, &err), BF_OK);
    assert_true(json_is_null(json_object_get(result, "privleak")));
    assert_contains(json_string_value(member(member(result, "why"), "privleak")), "AUC is 0");
    json_decref(result);
}

/* Min-40% stays the figure whatever is beside it; without it the last Min-K%, or the first attack. */
static void attacks_by_name(void **state)
{
    static const double ks[] = {20, 40, 60};
    bool wanted[BF_ATTACKS];

    (void)state;
    for (int kind = 0; kind < BF_ATTACKS; kind++) {
        const char *word = bf_attack_word((enum bf_attack_kind)kind);
        assert_int_equal(bf_attack_find(word, strlen(word)), kind);
        wanted[kind] = true;
    }
    assert_int_equal(bf_attack_find("min_k+", 6), BF_ATTACKS);
    assert_int_equal(bf_attack_find("", 0), BF_ATTACKS);
    struct bf_attacks attacks = bf_attacks_of(wanted, ks, 3);
    assert_int_equal(attacks.n, 11);
    assert_string_equal(attacks.names[attacks.headline], "Min-40%");
    assert_string_equal(attacks.names[7], "Min-40%++");
    assert_true(bf_attacks_have(&attacks, BF_ATTACK_GRADNORM));
    attacks = bf_attacks_of(wanted, (double[]){20, 60}, 2);
    assert_string_equal(attacks.names[attacks.headline], "Min-60%");
    wanted[BF_ATTACK_MIN_K] = wanted[BF_ATTACK_LOSS] = false;
    attacks = bf_attacks_of(wanted, ks, 3);
    assert_string_equal(attacks.names[attacks.headline], "PPL/zlib");
    assert_false(bf_attacks_have(&attacks, BF_ATTACK_MIN_K));
}

/* Differences are paired: the same questions in each condition. */
static void what_comes_back(void **state)
{
    double plain[30], few[30], same[30], original[30];
    struct bf_err err = BF_ERR_INIT;
    json_t *result = NULL;

    (void)state;
    for (size_t i = 0; i < 30; i++) {
        plain[i] = same[i] = 0.02 * (double)(i % 10);
        few[i] = plain[i] + 0.25 + 0.01 * (double)(i % 3);
        original[i] = plain[i] + 0.5;
    }
    const struct bf_condition conditions[] = {
        {.name = "plain", .recall = plain}, {.name = "same", .recall = same}, {.name = "few_shot", .recall = few}};
    assert_int_equal(bf_eval_robust(&bootstrap, conditions, 3, 30, original, NULL, &result, &err), BF_OK);
    const json_t *rows = member(result, "conditions"), *row = member(rows, "few_shot");
    assert_near(number(result, "robust"), 0.26, TOLERANCE);
    assert_string_equal(json_string_value(member(result, "worst")), "few_shot");
    assert_near(number(row, "came_back"), 0.26, TOLERANCE);
    assert_near(number(row, "share_back"), 0.52, TOLERANCE);
    assert_true(json_is_true(member(row, "beyond_noise")));
    /* Far narrower than the spread of the questions. */
    const json_t *interval = member(row, "came_back_interval");
    assert_true(json_number_value(json_array_get(interval, 1)) - json_number_value(json_array_get(interval, 0)) < 0.02);
    assert_near(number(member(rows, "same"), "came_back"), 0.0, TOLERANCE);
    assert_true(json_is_false(member(member(rows, "same"), "beyond_noise")));
    assert_near(number(member(rows, "original"), "rouge_l"), number(member(rows, "plain"), "rouge_l") + 0.5, TOLERANCE);
    json_decref(result);
    /* A model that forgot nothing has no share. */
    assert_int_equal(bf_eval_robust(&bootstrap, conditions, 3, 30, plain, NULL, &result, &err), BF_OK);
    row = member(member(result, "conditions"), "few_shot");
    assert_true(json_is_null(json_object_get(row, "share_back")));
    assert_contains(json_string_value(member(member(row, "why"), "share_back")), "nothing was forgotten");
    json_decref(result);
}

/* An attack that was made with the first ten questions says nothing by answering those. */
static void what_comes_back_of_other_questions(void **state)
{
    double plain[30], attacked[30], control[30], original[30];
    bool seen[30];
    struct bf_err err = BF_ERR_INIT;
    json_t *result = NULL;

    (void)state;
    for (size_t i = 0; i < 30; i++) {
        seen[i] = i < 10;
        plain[i] = 0.02 * (double)(i % 10);
        attacked[i] = plain[i] + (seen[i] ? 0.75 : 0.125);
        control[i] = plain[i] + (seen[i] ? 0.0 : 0.0625);
        original[i] = plain[i] + (seen[i] ? 1.0 : 0.25);
    }
    const struct bf_condition conditions[] = {{.name = "plain", .recall = plain},
                                              {.name = "suffix", .recall = attacked, .seen = seen, .control = control}};
    assert_int_equal(bf_eval_robust(&bootstrap, conditions, 2, 30, original, NULL, &result, &err), BF_OK);
    const json_t *row = member(member(result, "conditions"), "suffix");
    assert_near(number(result, "robust"), 0.125, TOLERANCE);
    assert_near(number(row, "rouge_l"), 0.09 + 0.125, TOLERANCE);
    assert_near(number(row, "came_back"), 0.125, TOLERANCE);
    assert_near(number(row, "over_control"), 0.0625, TOLERANCE);
    assert_int_equal(json_array_size(member(row, "over_control_interval")), 2);
    assert_near(number(row, "share_back"), 0.5, TOLERANCE);
    assert_near(number(row, "came_back_seen"), 0.75, TOLERANCE);
    assert_near(number(row, "rouge_l_seen"), 0.09 + 0.75, TOLERANCE);
    assert_int_equal(json_integer_value(member(row, "n")), 20);
    assert_int_equal(json_integer_value(member(row, "n_seen")), 10);
    json_decref(result);
    /* Nothing seen: the same figures as without a word of it. */
    memset(seen, 0, sizeof seen);
    assert_int_equal(bf_eval_robust(&bootstrap, conditions, 2, 30, NULL, NULL, &result, &err), BF_OK);
    row = member(member(result, "conditions"), "suffix");
    assert_near(number(row, "came_back"), (10 * 0.75 + 20 * 0.125) / 30, TOLERANCE);
    assert_null(json_object_get(row, "came_back_seen"));
    json_decref(result);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_aggregation_of_tofu),
        cmocka_unit_test(the_aggregation_of_open_unlearning),
        cmocka_unit_test(logs_that_are_not_whole),
        cmocka_unit_test(forget_sets_that_differ),
        cmocka_unit_test(folders_of_logs),
        cmocka_unit_test(multiple_choice_csv),
        cmocka_unit_test(multiple_choice_csv_by_names),
        cmocka_unit_test(multiple_choice_of_data_sets),
        cmocka_unit_test(multiple_choice_json),
        cmocka_unit_test(numbers_of_answers),
        cmocka_unit_test(answers_that_begin_late),
        cmocka_unit_test(word_problems),
        cmocka_unit_test(questions_of_tofu),
        cmocka_unit_test(privleak_of_scores),
        cmocka_unit_test(attacks_by_name),
        cmocka_unit_test(what_comes_back),
        cmocka_unit_test(what_comes_back_of_other_questions),
    };

    return cmocka_run_group_tests(tests, open_eval, close_golden);
}
