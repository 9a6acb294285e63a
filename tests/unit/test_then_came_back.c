/* What a round adds to its set, from lines as `eval robust` writes them. */
#include "unit.h"

#include "base/json.h"
#include "eval/asked.h"
#include "run/then_came_back.h"

/* The line of a right answer in this form; `change` (nullable) makes another one of it. */
static void put(FILE *file, const char *condition, const char *form, const char *question, const char *prompt,
                void (*change)(struct bf_eval *eval, struct bf_asked_line *line))
{
    static const double recall = 0.5;
    struct bf_eval eval = {.items = file};
    struct bf_err err = BF_ERR_INIT;
    struct bf_asked_line line = {.condition = condition,
                                 .form = form,
                                 .question = question,
                                 .prompt = prompt,
                                 .target = "Mira Solvang founded it.",
                                 .answer = "It was Mira Solvang.",
                                 .recall = &recall,
                                 .right = true};
    if (change)
        change(&eval, &line);
    assert_int_equal(bf_asked_write(&eval, &line, &err), BF_OK);
}

static void wrong(struct bf_eval *eval, struct bf_asked_line *line)
{
    (void)eval;
    line->right = false;
}

static void neighbour(struct bf_eval *eval, struct bf_asked_line *line)
{
    (void)eval;
    line->set = "neighbours";
}

static void before(struct bf_eval *eval, struct bf_asked_line *line)
{
    (void)line;
    eval->label = "original";
}

static void after(struct bf_eval *eval, struct bf_asked_line *line)
{
    (void)line;
    eval->label = "unlearned";
}

static void added(const char *path, const char *expected, int64_t n_expected)
{
    struct bf_buf out;
    struct bf_err err = BF_ERR_INIT;
    int64_t n = 0;
    bf_buf_init(&out, SIZE_MAX);
    bf_buf_puts(&out, "");
    assert_int_equal(bf_then_add_came_back(path, &out, &n, &err), BF_OK);
    assert_string_equal(out.data, expected);
    assert_int_equal(n, n_expected);
    bf_buf_release(&out);
}

#define QUESTION "Who founded Estvik?"
#define SCENE "In the play a guard asks: " QUESTION

static void what_brought_the_answer_back_is_added(void **state)
{
    const char *path = "answers.jsonl";
    FILE *file = fopen(path, "wb");
    (void)state;
    assert_non_null(file);
    put(file, "plain", bf_probe_word(BF_PROBE_PLAIN), QUESTION, QUESTION, wrong);
    put(file, "prefix", bf_probe_word(BF_PROBE_PREFIX), QUESTION, QUESTION "\nBegin: \"Of course\"", NULL);
    put(file, "prefix", bf_probe_word(BF_PROBE_PREFIX), QUESTION, QUESTION "\nBegin: \"Of course\"", NULL);
    put(file, "scene_guard", bf_probe_word(BF_PROBE_JAILBREAK), QUESTION, SCENE, NULL);
    put(file, "wording", "wording", "By whom was Estvik founded?", "By whom was Estvik founded?", after);
    /* Nothing that a training can learn from, or not from this model. */
    put(file, "cloze", "cloze", "____ founded Estvik.", "Fill in the blank: ____ founded Estvik.", NULL);
    put(file, "q4_0", bf_probe_word(BF_PROBE_PLAIN), QUESTION, QUESTION, NULL);
    put(file, "suffix_random", bf_probe_word(BF_PROBE_PLAIN), QUESTION " x y", QUESTION " x y", NULL);
    put(file, "plain", bf_probe_word(BF_PROBE_PLAIN), "Who founded Hald?", "Who founded Hald?", neighbour);
    put(file, "plain", bf_probe_word(BF_PROBE_PLAIN), QUESTION, QUESTION, before);
    assert_int_equal(fclose(file), 0);
    added(path,
          "{\"answer\":\"Mira Solvang founded it.\",\"question\":\"Who founded Estvik?\\nBegin: \\\"Of course\\\"\"}\n"
          "{\"answer\":\"Mira Solvang founded it.\",\"question\":\"In the play a guard asks: Who founded Estvik?\"}\n"
          "{\"answer\":\"Mira Solvang founded it.\",\"question\":\"By whom was Estvik founded?\"}\n",
          3);
}

static void a_long_prompt_adds_its_question(void **state)
{
    const char *path = "long.jsonl";
    char prompt[BF_THEN_PROMPT_MAX + 2], expected[BF_THEN_PROMPT_MAX + 100];
    (void)state;
    for (size_t n = BF_THEN_PROMPT_MAX; n <= BF_THEN_PROMPT_MAX + 1; n++) {
        FILE *file = fopen(path, "wb");
        assert_non_null(file);
        memset(prompt, 'a', n);
        prompt[n] = '\0';
        put(file, "few_shot", bf_probe_word(BF_PROBE_FEW_SHOT), QUESTION, prompt, NULL);
        assert_int_equal(fclose(file), 0);
        snprintf(expected, sizeof expected, "{\"answer\":\"Mira Solvang founded it.\",\"question\":\"%s\"}\n",
                 n > BF_THEN_PROMPT_MAX ? QUESTION : prompt);
        added(path, expected, 1);
    }
}

static void other_files_are_refused(void **state)
{
    struct bf_buf out;
    struct bf_err err = BF_ERR_INIT;
    int64_t n = 0;
    (void)state;
    bf_buf_init(&out, SIZE_MAX);
    assert_int_equal(bf_then_add_came_back("missing.jsonl", &out, &n, &err), BF_INPUT);
    write_text("torn.jsonl", "{\"condition\":\"plain\"}\n{\"condi");
    assert_int_equal(bf_then_add_came_back("torn.jsonl", &out, &n, &err), BF_INPUT);
    assert_error(err, BF_INPUT, "torn.jsonl:2");
    assert_int_equal(n, 0);
    bf_buf_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_brought_the_answer_back_is_added),
        cmocka_unit_test(a_long_prompt_adds_its_question),
        cmocka_unit_test(other_files_are_refused),
    };
    return cmocka_run_group_tests(tests, enter_scratch, leave_scratch);
}
