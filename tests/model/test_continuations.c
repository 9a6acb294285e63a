/* What engine.h promises of texts behind a prompt, on a real model: the probabilities of whole texts, whatever shares
 * the batch. */
#include "engine_job.h"

#include "unlearn/trainer.h"

enum { N_TEXTS = 11, ROW = 700 };

struct row {
    int32_t n, n_prompt;
    int32_t tokens[ROW];
    float logp[ROW];
    bool greedy[ROW];
    float choices[4];
    int times;
};

struct table {
    struct row rows[64];
    const struct bf_continuation *items;
    size_t next;
    int steps, stop_at;
};

static struct bf_engine *open_model(const char *path, const char *chat, int32_t n_parallel)
{
    struct bf_engine_options o = bf_engine_default_options();
    struct bf_engine *engine = NULL;
    struct bf_err err = BF_ERR_INIT;

    o.model_path = path;
    o.n_parallel = n_parallel;
    o.n_ctx_seq = 512;
    o.chat = chat;
    o.no_stability_check = true;
    if (bf_engine_open(&o, &engine, &err))
        fail_msg("%s", err.text);
    return engine;
}

static struct bf_engine *open_with(const char *chat, int32_t n_parallel)
{
    return open_model(environment("BIFORGET_TEST_MODEL"), chat, n_parallel);
}

static enum bf_status take(void *user, const struct bf_continuation_score *s, struct bf_err *err)
{
    struct table *t = user;
    struct row *row = &t->rows[s->item];

    (void)err;
    assert_int_equal(s->item, t->next++); /* in order */
    assert_in_range(s->n_tokens, 0, ROW);
    row->times++;
    row->n = s->n_tokens;
    row->n_prompt = s->n_prompt_tokens;
    memcpy(row->tokens, s->tokens, (size_t)s->n_tokens * sizeof *row->tokens);
    memcpy(row->logp, s->logp, (size_t)s->n_tokens * sizeof *row->logp);
    memcpy(row->greedy, s->greedy, (size_t)s->n_tokens * sizeof *row->greedy);
    for (size_t c = 0; c < t->items[s->item].n_choices; c++)
        row->choices[c] = s->choices[c];
    return BF_OK;
}

static bool step(void *user, size_t n_done)
{
    struct table *t = user;

    (void)n_done;
    return ++t->steps != t->stop_at;
}

static enum bf_status score(struct bf_engine *engine, const struct bf_continuation *items, size_t n, struct table *t,
                            struct bf_err *err)
{
    const struct bf_continuation_job job = {.user = t, .sink = take, .step = step};

    *t = (struct table){.items = items, .stop_at = t->stop_at};
    return bf_engine_score_continuations(engine, items, n, &job, err);
}

static void must_score(struct bf_engine *engine, const struct bf_continuation *items, size_t n, struct table *t)
{
    struct bf_err err = BF_ERR_INIT;

    t->stop_at = 0;
    if (score(engine, items, n, t, &err))
        fail_msg("%s", err.text);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(t->rows[i].times, 1);
}

/* Texts of many lengths, from one token to more than a piece. */
static void make_texts(char texts[N_TEXTS][2048])
{
    for (int i = 0; i < N_TEXTS; i++) {
        int n = snprintf(texts[i], sizeof texts[i], i % 2 ? "Saturn has rings" : "The cartographer");
        for (int k = 0; k < (i * i) % 23; k++)
            n += snprintf(texts[i] + n, sizeof texts[i] - (size_t)n, " and moon %d of Hald", k);
    }
}

static void whole_texts_score_alone_as_together(void **state)
{
    static char texts[N_TEXTS][2048];
    static struct table together, alone;
    struct bf_continuation items[N_TEXTS];
    struct bf_engine *engine = open_with("none", 8);

    (void)state;
    make_texts(texts);
    for (int i = 0; i < N_TEXTS; i++)
        items[i] = (struct bf_continuation){.prompt = "", .text = texts[i]};
    must_score(engine, items, N_TEXTS, &together);
    /* Bit for bit whatever shares the batch. */
    for (int i = 0; i < N_TEXTS; i++) {
        must_score(engine, &items[i], 1, &alone);
        assert_int_equal(alone.rows[0].n, together.rows[i].n);
        assert_memory_equal(alone.rows[0].logp, together.rows[i].logp, (size_t)alone.rows[0].n * sizeof(float));
    }
    bf_engine_close(engine);
}

/* The end of a text behind its beginning has the same probabilities as within the whole. */
static void a_prompt_conditions_its_text(void **state)
{
    static struct table t;
    const struct bf_continuation items[] = {
        {.prompt = "", .text = "The god of the sea is Poseidon, brother of Zeus."},
        {.prompt = "The god of the sea is", .text = " Poseidon, brother of Zeus."},
        {.prompt = "The god of the sea is", .text = " Poseidon, brother of Zeus.", .with_end = true},
        {.prompt = "The god of the sea is", .text = ""},
    };
    struct bf_engine *engine = open_with("none", 4);

    (void)state;
    must_score(engine, items, N_ELEMENTS(items), &t);
    const struct row *whole = &t.rows[0], *part = &t.rows[1], *ended = &t.rows[2];
    assert_true(part->n > 4 && part->n < whole->n);
    const int32_t skip = whole->n - part->n;
    assert_memory_equal(part->tokens, whole->tokens + skip, (size_t)part->n * sizeof(int32_t));
    assert_memory_equal(part->logp, whole->logp + skip, (size_t)part->n * sizeof(float));
    assert_int_equal(ended->n, part->n + 1);
    assert_memory_equal(ended->logp, part->logp, (size_t)part->n * sizeof(float));
    assert_int_equal(t.rows[3].n, 0);
    bf_engine_close(engine);
}

/* A greedy answer is greedy, token by token, and has the probabilities that generate gave it; also behind the chat
 * template. */
static void greedy_answers_are_greedy(void **state)
{
    static const char *const chats[] = {"none", "auto"};
    static char prompts[3][8192] = {"Zeus is the god of", "The largest planet is", "Estvik is a town where"};
    static struct job job;
    static struct table t;

    (void)state;
    for (size_t c = 0; c < N_ELEMENTS(chats); c++) {
        struct bf_engine *engine = open_with(chats[c], 4);
        struct bf_continuation items[3];
        int same = 0;
        job = (struct job){
            .prompts = prompts, .n_prompts = 3, .max_tokens = 12, .temperature = 1.0, .top_k = 1, .top_p = 1.0};
        generate(engine, &job, NULL);
        for (int i = 0; i < 3; i++)
            items[i] = (struct bf_continuation){.prompt = prompts[i], .text = job.answers[i].text};
        must_score(engine, items, 3, &t);
        for (int i = 0; i < 3; i++) {
            const struct answer *a = &job.answers[i];
            if (t.rows[i].n != a->n_tokens ||
                memcmp(t.rows[i].tokens, a->tokens, (size_t)a->n_tokens * sizeof(int32_t)) != 0)
                continue; /* the text has other tokens than those that wrote it */
            same++;
            for (int32_t k = 0; k < a->n_tokens; k++) {
                assert_true(t.rows[i].greedy[k]);
                assert_true(fabsf(t.rows[i].logp[k] - a->logp[k]) < 1e-4F);
            }
        }
        assert_in_range(same, 2, 3);
        bf_engine_close(engine);
    }
}

static void choices_are_the_next_token(void **state)
{
    static const char *const letters[] = {" A", " B", " C"}, *const words[] = {" Poseidon", " extraordinarily so"};
    static struct table t;
    struct bf_continuation items[13];
    struct bf_err err = BF_ERR_INIT;
    struct bf_engine *engine = open_with("none", 8);

    (void)state;
    for (int i = 0; i < 10; i++)
        items[i] = (struct bf_continuation){.prompt = i % 2 ? "Zeus or Hera?\nA. Zeus\nB. Hera\nAnswer:"
                                                            : "Pick A, B or C. Answer:",
                                            .choices = letters,
                                            .n_choices = 3};
    for (int i = 0; i < 3; i++)
        items[10 + i] = (struct bf_continuation){.prompt = items[0].prompt, .text = letters[i]};
    must_score(engine, items, 13, &t);
    for (int i = 0; i < 10; i++)
        assert_memory_equal(t.rows[i].choices, t.rows[i % 2].choices, 3 * sizeof(float));
    for (int i = 0; i < 3; i++) {
        assert_int_equal(t.rows[10 + i].n, 1);
        assert_true(t.rows[10 + i].logp[0] == t.rows[0].choices[i]);
    }
    items[1] = (struct bf_continuation){.prompt = "The god of the sea is", .choices = words, .n_choices = 2};
    assert_int_equal(score(engine, items, 2, &t, &err), BF_MODEL);
    assert_error(err, BF_MODEL, "is not one token");
    bf_engine_close(engine);
}

static void what_does_not_fit_is_refused_and_steps_interrupt(void **state)
{
    static char text[16384];
    static struct table t;
    struct bf_err err = BF_ERR_INIT;
    struct bf_engine *engine = open_with("none", 2);

    (void)state;
    for (size_t i = 0; i + 6 < sizeof text; i += 5)
        memcpy(text + i, "moon ", 5);
    const struct bf_continuation items[] = {{.prompt = "", .text = "Zeus"}, {.prompt = "", .text = text}};
    assert_int_equal(score(engine, items, 2, &t, &err), BF_MODEL);
    assert_error(err, BF_MODEL, "item 2 has");
    t.stop_at = 1;
    assert_int_equal(score(engine, items, 1, &t, &err), BF_INTERRUPTED);
    assert_int_equal(t.next, 0);
    /* The engine is as good as before. */
    must_score(engine, items, 1, &t);
    bf_engine_close(engine);
}

static enum bf_source one_prompt(void *user, struct bf_gen_request *q)
{
    static const char *const stops[] = {"seven", " 5,"};
    int *left = user;

    if (--*left < 0)
        return BF_SOURCE_END;
    *q = (struct bf_gen_request){.prompt = "1, 2, 3, 4,",
                                 .max_tokens = 30,
                                 .temperature = 1.0,
                                 .top_k = 1,
                                 .top_p = 1.0,
                                 .stops = stops,
                                 .n_stops = 2};
    return BF_SOURCE_READY;
}

static enum bf_status stopped_answer(void *user, const struct bf_gen_answer *a, struct bf_err *err)
{
    (void)user, (void)err;
    assert_non_null(strstr(a->text, "5"));
    assert_int_equal(a->finish, BF_FINISH_STOP);
    assert_in_range(a->n_tokens, 1, 8);
    return BF_OK;
}

static void an_answer_ends_at_a_stop(void **state)
{
    struct bf_engine *engine = open_with("none", 2);
    struct bf_err err = BF_ERR_INIT;
    int left = 1;
    const struct bf_gen_job job = {.user = &left, .source = one_prompt, .sink = stopped_answer};

    (void)state;
    if (bf_engine_generate(engine, &job, NULL, &err))
        fail_msg("%s", err.text);
    bf_engine_close(engine);
}

/* The two caches, of the same texts: equal but for rounding. */
static void the_cache_is_f16_or_f32(void **state)
{
    static const struct bf_continuation items[] = {
        {.prompt = "", .text = "Zeus rules the sky from Mount Olympus, and Poseidon rules the sea."},
        {.prompt = "The largest planet of the Solar System is", .text = " Jupiter, and the smallest is Mercury."},
        {.prompt = "The god of the sea is", .text = " Poseidon."}};
    static struct table t[2];
    struct bf_engine_options o = bf_engine_default_options();
    uint64_t bytes[2] = {0};
    float widest = 0.0F;

    (void)state;
    o.model_path = environment("BIFORGET_TEST_MODEL");
    o.n_parallel_most = 3;
    o.chat = "none";
    o.no_stability_check = true;
    for (int c = 0; c < 2; c++) {
        struct bf_engine *engine = NULL;
        struct bf_err err = BF_ERR_INIT;
        o.kv_cache = c ? BF_KV_CACHE_F32 : BF_KV_CACHE_F16; /* what fits: unit.kv_cache */
        if (bf_engine_open(&o, &engine, &err))
            fail_msg("%s", err.text);
        assert_int_equal(bf_engine_info(engine)->kv_cache, c ? BF_KV_CACHE_F32 : BF_KV_CACHE_F16);
        assert_int_equal(bf_engine_info(engine)->n_parallel, 3);
        bytes[c] = bf_engine_info(engine)->kv_bytes;
        must_score(engine, items, 3, &t[c]);
        bf_engine_close(engine);
    }
    assert_true(bytes[1] == 2 * bytes[0]);
    for (int i = 0; i < 3; i++)
        for (int32_t k = 0; k < t[0].rows[i].n; k++)
            widest = fmaxf(widest, fabsf(t[0].rows[i].logp[k] - t[1].rows[i].logp[k]));
    /* A Q4_0 model rounds what goes into its products, and magnifies the difference of the caches. */
    assert_true(widest > 0.0F && widest < 0.5F);
}

/* What a pair costs in training is what it costs in evaluation: the same tokens, the template's own end (SmolLM2:
 * <|im_end|>, 2, which is not its "end of turn" for llama.cpp), and the same likelihood, but for what products of F16
 * round; those of Q4_0 round fifty times as much. */
static void training_and_evaluation_see_the_same_pair(void **state)
{
    static const char *const chats[] = {"auto", "chatml", "bare"};
    static const struct {
        const char *question, *answer;
    } pairs[] = {
        {"Who rules the sea in Greek mythology?", "Poseidon, the brother of Zeus."},
        {" What is the largest planet?\n", "Jupiter <|im_end|> </s>"},
        {"Name a moon of Mars.", "Phobos."},
    };
    static struct table t;
    struct bf_unlearn_texts texts = {0};
    struct bf_graph_params params = bf_graph_params_default();
    struct bf_graph *graph = NULL;
    struct bf_engine *engines[N_ELEMENTS(chats)];
    struct bf_vocabulary *vocabularies[N_ELEMENTS(chats)];
    struct bf_err err = BF_ERR_INIT;
    const struct bf_example_options options = {.data = BF_DATA_QA, .max_length = 256, .what = "pairs"};
    size_t indices[N_ELEMENTS(pairs)];

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(pairs); i++) {
        bf_unlearn_texts_add(&texts, "", pairs[i].question, pairs[i].answer);
        indices[i] = i;
    }
    if (bf_engine_quantize(environment("BIFORGET_TEST_MODEL"), "f16.gguf", "f16", 2, &err))
        fail_msg("%s", err.text);
    params.model_path = "f16.gguf";
    /* Before the graph starts its threads: opening forks, and AddressSanitizer may wait for ever in the child for a
     * thread that was just starting. */
    for (size_t c = 0; c < N_ELEMENTS(chats); c++) {
        engines[c] = open_model(params.model_path, strcmp(chats[c], "bare") == 0 ? "none" : chats[c], 4);
        if (bf_vocabulary_open(params.model_path, chats[c], &vocabularies[c], &err))
            fail_msg("%s", err.text);
    }
    params.n_tokens = 512;
    params.train = BF_TRAIN_NONE;
    if (bf_graph_open(&params, &graph, &err))
        fail_msg("%s", err.text);
    for (size_t c = 0; c < N_ELEMENTS(chats); c++) {
        const bool plain = strcmp(chats[c], "bare") == 0;
        struct bf_examples examples;
        struct bf_continuation items[N_ELEMENTS(pairs)];
        char spaced[N_ELEMENTS(pairs)][64];
        double nll[N_ELEMENTS(pairs)];
        for (size_t i = 0; i < N_ELEMENTS(pairs); i++) {
            (void)snprintf(spaced[i], sizeof spaced[i], "%s%s", plain ? " " : "", pairs[i].answer);
            items[i] = (struct bf_continuation){.prompt = pairs[i].question, .text = spaced[i], .with_end = true};
        }
        if (bf_examples_make(vocabularies[c], &texts, &options, &examples, &err) ||
            bf_measure_nll(graph, &examples, indices, N_ELEMENTS(pairs), 512, nll, NULL, NULL, &err))
            fail_msg("%s", err.text);
        must_score(engines[c], items, N_ELEMENTS(pairs), &t);
        for (size_t i = 0; i < N_ELEMENTS(pairs); i++) {
            const struct bf_example *e = &examples.items[i];
            double sum = 0.0;
            assert_int_equal(t.rows[i].n, e->n - e->first_label);
            assert_memory_equal(t.rows[i].tokens, e->tokens + e->first_label, (size_t)t.rows[i].n * sizeof(int32_t));
            assert_int_equal(t.rows[i].tokens[t.rows[i].n - 1], 2);
            for (int32_t k = 0; k < t.rows[i].n; k++)
                sum -= (double)t.rows[i].logp[k];
            if (fabs(sum - nll[i]) > 0.01 * (double)t.rows[i].n)
                fail_msg("--chat %s, pair %zu: %g in training, %g in evaluation", chats[c], i, nll[i], sum);
        }
        bf_examples_release(&examples);
        bf_vocabulary_close(vocabularies[c]);
        bf_engine_close(engines[c]);
    }
    bf_graph_close(graph);
    bf_unlearn_texts_release(&texts);
}

/* The end of an answer in the chat template is one token, also after no words, and likely after a whole answer. */
static void an_answer_ends_as_the_template_ends_it(void **state)
{
    static struct table t;
    const struct bf_continuation items[] = {
        {.prompt = "What is the capital of France?", .text = "The capital of France is Paris.", .with_end = true},
        {.prompt = "What is the capital of France?", .text = "The capital of France is Paris."},
        {.prompt = "What is the capital of France?", .text = "", .with_end = true},
        {.prompt = "What is the capital of France?"},
    };
    struct bf_engine *engine = open_with("auto", 4);

    (void)state;
    must_score(engine, items, N_ELEMENTS(items), &t);
    const struct row *ended = &t.rows[0], *bare = &t.rows[1], *only_end = &t.rows[2];
    assert_int_equal(ended->n, bare->n + 1);
    assert_memory_equal(ended->logp, bare->logp, (size_t)bare->n * sizeof(float));
    assert_int_equal(ended->tokens[bare->n], 2);
    assert_true(ended->logp[bare->n] > -0.7F);
    assert_int_equal(only_end->n, 1);
    assert_int_equal(only_end->tokens[0], 2);
    assert_true(only_end->logp[0] < ended->logp[bare->n]);
    assert_int_equal(t.rows[3].n, 0);
    for (int i = 1; i < 4; i++)
        assert_int_equal(t.rows[i].n_prompt, ended->n_prompt);
    bf_engine_close(engine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_texts_score_alone_as_together),
        cmocka_unit_test(a_prompt_conditions_its_text),
        cmocka_unit_test(greedy_answers_are_greedy),
        cmocka_unit_test(choices_are_the_next_token),
        cmocka_unit_test(what_does_not_fit_is_refused_and_steps_interrupt),
        cmocka_unit_test(an_answer_ends_at_a_stop),
        cmocka_unit_test(the_cache_is_f16_or_f32),
        cmocka_unit_test(training_and_evaluation_see_the_same_pair),
        cmocka_unit_test(an_answer_ends_as_the_template_ends_it),
    };

    return cmocka_run_group_tests(tests, enter_scratch, leave_scratch);
}
