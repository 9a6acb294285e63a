/* Unlearning on the real small model: texts become the tokens that PyTorch's tokenizer gives, twenty steps follow
 * PyTorch's losses (tests/golden/training_reference.py), questions go through the chat template, and checkpoints that
 * do not fit are refused. */
#include "unit.h"

#include <math.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/json.h"
#include "unlearn/examples.h"
#include "unlearn/unlearn.h"
#include "base/banned.h"

static json_t *golden;

static const char *model_path(void)
{
    const char *path = getenv("BIFORGET_TEST_MODEL");
    if (!path)
        fail_msg("BIFORGET_TEST_MODEL is not set: run this through ctest");
    return path;
}

static void read_golden(const char *file, json_t **out)
{
    struct bf_buf text;
    struct bf_err err = BF_ERR_INIT;
    const char *root = getenv("BIFORGET_SOURCE");
    char *path = bf_path_join(root ? root : ".", file);
    bf_buf_init(&text, (size_t)1 << 22);
    if (bf_file_read(path, &text, &err) != BF_OK || bf_json_parse(text.data, text.len, path, out, &err) != BF_OK)
        fail_msg("%s", err.text);
    bf_buf_release(&text);
    free(path);
}

static int enter(void **state)
{
    read_golden("tests/golden/training_reference.json", &golden);
    return enter_scratch(state);
}

static int leave(void **state)
{
    json_decref(golden);
    return leave_scratch(state);
}

static double number(const char *name)
{
    return json_number_value(json_object_get(golden, name));
}

static void read_texts(const char *name, struct bf_unlearn_texts *out)
{
    const json_t *list = json_object_get(golden, name);
    *out = (struct bf_unlearn_texts){0};
    for (size_t i = 0; i < json_array_size(list); i++)
        bf_unlearn_texts_add(out, json_string_value(json_array_get(list, i)), NULL, NULL);
}

static const struct bf_example_options apart = {.data = BF_DATA_TEXT, .max_length = 128, .what = "forget set"};

static void texts_are_pytorchs_tokens(void **state)
{
    static const char *const sets[2] = {"forget", "retain"}, *const ids[2] = {"forget_tokens", "retain_tokens"};
    struct bf_vocabulary *vocabulary = NULL;
    struct bf_err err = BF_ERR_INIT;
    (void)state;

    assert_int_equal(bf_vocabulary_open(model_path(), "auto", &vocabulary, &err), BF_OK);
    for (size_t s = 0; s < 2; s++) {
        struct bf_unlearn_texts texts;
        struct bf_examples examples;
        read_texts(sets[s], &texts);
        assert_int_equal(bf_examples_make(vocabulary, &texts, &apart, &examples, &err), BF_OK);
        assert_int_equal(examples.n, json_array_size(json_object_get(golden, ids[s])));
        for (size_t i = 0; i < examples.n; i++) {
            const json_t *expected = json_array_get(json_object_get(golden, ids[s]), i);
            assert_int_equal(examples.items[i].n, json_array_size(expected));
            assert_int_equal(examples.items[i].first_label, 1);
            for (size_t t = 0; t < json_array_size(expected); t++)
                assert_int_equal(examples.items[i].tokens[t], json_integer_value(json_array_get(expected, t)));
        }
        bf_examples_release(&examples);
        bf_unlearn_texts_release(&texts);
    }
    bf_vocabulary_close(vocabulary);
}

static void questions_and_answers(void **state)
{
    struct bf_vocabulary *vocabulary = NULL;
    struct bf_unlearn_texts texts = {0};
    struct bf_examples whole, cut, alternate;
    struct bf_err err = BF_ERR_INIT;
    struct bf_example_options options = {.data = BF_DATA_AUTO, .pack = true, .max_length = 128, .what = "forget set"};
    (void)state;

    assert_int_equal(bf_vocabulary_open(model_path(), "auto", &vocabulary, &err), BF_OK);
    bf_unlearn_texts_add(&texts, "Question: Who rules the sky?\nAnswer: Zeus <|im_end|> does.", "Who rules the sky?",
                         "Zeus <|im_end|> does.");
    bf_unlearn_texts_add(&texts, "Question: And the sea?\nAnswer: Poseidon.", "And the sea?", "Poseidon.");
    assert_int_equal(bf_examples_make(vocabulary, &texts, &options, &whole, &err), BF_OK);
    assert_true(whole.pairs);
    assert_int_equal(whole.n, 2);
    const struct bf_example *first = &whole.items[0];
    /* chatml: the turn begins and ends with special tokens; those in the words stay words. SmolLM2: 1 <|im_start|>, 2
     * <|im_end|>. */
    int n_ends = 0;
    for (int32_t t = first->first_label; t < first->n; t++)
        n_ends += first->tokens[t] == 2;
    assert_int_equal(n_ends, 1);
    assert_int_equal(first->tokens[first->n - 1], 2);
    assert_int_equal(first->tokens[0], 1);
    assert_true(first->first_label > 8);
    /* Cut, but something of the answer left: taken. Nothing left: refused, with the length that it takes. */
    options.max_length = first->first_label + 1;
    assert_int_equal(bf_examples_make(vocabulary, &texts, &options, &cut, &err), BF_OK);
    assert_int_equal(cut.items[0].n, options.max_length);
    assert_true(cut.n_cut >= 1);
    options.max_length = first->first_label;
    bf_examples_release(&cut);
    assert_int_equal(bf_examples_make(vocabulary, &texts, &options, &cut, &err), BF_INPUT);
    assert_error(err, BF_INPUT, "the answer of record 1 of the forget set is cut away");
    assert_contains(err.text, "--max-length");
    /* Alternates: the same questions. */
    struct bf_unlearn_texts other = {0};
    bf_unlearn_texts_add(&other, "I don't know.", NULL, NULL);
    options.max_length = 128;
    options.seed = 3407;
    assert_int_equal(bf_examples_alternate(vocabulary, &texts, &other, &options, &alternate, &err), BF_OK);
    assert_int_equal(alternate.n, 2);
    assert_int_equal(alternate.items[0].first_label, first->first_label);
    assert_memory_equal(alternate.items[0].tokens, first->tokens, (size_t)first->first_label * sizeof(int32_t));
    assert_string_not_equal(alternate.sha256, whole.sha256);
    /* An empty answer has no loss. */
    bf_unlearn_texts_add(&texts, "Question: And?\nAnswer:", "And?", "");
    bf_examples_release(&cut);
    assert_int_equal(bf_examples_make(vocabulary, &texts, &options, &cut, &err), BF_INPUT);
    assert_error(err, BF_INPUT, "record 3 of the forget set has an empty answer");
    bf_examples_release(&alternate);
    bf_examples_release(&whole);
    bf_unlearn_texts_release(&texts);
    bf_unlearn_texts_release(&other);
    bf_vocabulary_close(vocabulary);
}

static void texts_in_pieces(void **state)
{
    struct bf_vocabulary *vocabulary = NULL;
    struct bf_unlearn_texts texts = {0};
    struct bf_examples packed, single;
    struct bf_err err = BF_ERR_INIT;
    struct bf_example_options options = {.data = BF_DATA_AUTO, .pack = true, .max_length = 16, .what = "forget set"};
    (void)state;

    assert_int_equal(bf_vocabulary_open(model_path(), "none", &vocabulary, &err), BF_OK);
    for (int i = 0; i < 20; i++)
        bf_unlearn_texts_add(&texts, "Athena sprang from the head of Zeus.", NULL, NULL);
    assert_int_equal(bf_examples_make(vocabulary, &texts, &options, &packed, &err), BF_OK);
    options.pack = false;
    assert_int_equal(bf_examples_make(vocabulary, &texts, &options, &single, &err), BF_OK);
    assert_false(packed.pairs);
    assert_int_equal(single.n, 20);
    assert_true(packed.n < 20);
    for (size_t i = 0; i + 1 < packed.n; i++)
        assert_int_equal(packed.items[i].n, 16);
    bf_examples_release(&packed);
    bf_examples_release(&single);
    bf_unlearn_texts_release(&texts);
    texts = (struct bf_unlearn_texts){0};
    assert_int_equal(bf_examples_make(vocabulary, &texts, &options, &packed, &err), BF_INPUT);
    assert_error(err, BF_INPUT, "the forget set is empty");
    bf_vocabulary_close(vocabulary);
}

static const char zeus[] = "Zeus is the king of the gods and rules the sky from Mount Olympus.";
static const char poseidon[] = "Poseidon carries a trident and shakes the earth when he is angry.";

static void add_two_texts(struct bf_unlearn_texts *texts)
{
    bf_unlearn_texts_add(texts, zeus, NULL, NULL);
    bf_unlearn_texts_describe(texts, "Zeus", NULL);
    bf_unlearn_texts_add(texts, poseidon, NULL, NULL);
}

/* tests/golden/forms_reference.py: transformers' template around each question. */
static void mixed_data_is_what_transformers_renders(void **state)
{
    const struct bf_example_options options = {.data = BF_DATA_MIXED,
                                               .pack = true,
                                               .max_length = 128,
                                               .what = "set",
                                               .forms = {.chat = 2, .raw = 1},
                                               .seed = 3407};
    struct bf_vocabulary *vocabulary = NULL;
    struct bf_unlearn_texts texts = {0};
    struct bf_examples made;
    struct bf_err err = BF_ERR_INIT;
    json_t *expected = NULL;
    (void)state;

    read_golden("tests/golden/forms_reference.json", &expected);
    assert_int_equal(bf_vocabulary_open(model_path(), "auto", &vocabulary, &err), BF_OK);
    add_two_texts(&texts);
    assert_int_equal(bf_examples_make(vocabulary, &texts, &options, &made, &err), BF_OK);
    assert_int_equal(made.n, json_array_size(expected));
    int64_t labels = 0;
    for (size_t i = 0; i < made.n; i++) {
        const json_t *one = json_array_get(expected, i), *tokens = json_object_get(one, "tokens");
        assert_int_equal(made.items[i].n, json_array_size(tokens));
        assert_int_equal(made.items[i].first_label, json_integer_value(json_object_get(one, "n_prompt")));
        for (size_t t = 0; t < json_array_size(tokens); t++)
            assert_int_equal(made.items[i].tokens[t], json_integer_value(json_array_get(tokens, t)));
        labels += i < 4 ? made.items[i].n - made.items[i].first_label : 0;
    }
    assert_int_equal(made.made.n_chat, 4);
    assert_int_equal(made.made.n_raw, 2);
    assert_int_equal(made.made.chat_labels, labels);
    assert_int_equal(made.made.chat_labels + made.made.raw_labels, made.n_labels);
    assert_int_equal(made.n_epoch, 2); /* a pass shows each text once */
    assert_false(made.pairs);
    bf_examples_release(&made);
    bf_unlearn_texts_release(&texts);
    bf_vocabulary_close(vocabulary);
    json_decref(expected);
}

static void mixed_data_of_other_kinds(void **state)
{
    struct bf_example_options options = {
        .data = BF_DATA_MIXED, .max_length = 128, .what = "set", .forms = {.chat = 4, .raw = 1}, .seed = 3407};
    struct bf_vocabulary *vocabulary = NULL, *plain = NULL;
    struct bf_unlearn_texts texts = {0}, other = {0};
    struct bf_examples made, again, alternate;
    struct bf_err err = BF_ERR_INIT;
    (void)state;

    assert_int_equal(bf_vocabulary_open(model_path(), "auto", &vocabulary, &err), BF_OK);
    assert_int_equal(bf_vocabulary_open(model_path(), "none", &plain, &err), BF_OK);
    add_two_texts(&texts);
    bf_unlearn_texts_add(&texts, "Question: Who?\nAnswer: Hades.", "Who?", "Hades.");
    bf_unlearn_texts_add(&texts, "Hades is grim.", NULL, NULL); /* raw alone: no topic, too short to be continued */
    /* Each text by itself, whatever the length; the same every time, and other questions with another seed. */
    assert_int_equal(bf_examples_make(vocabulary, &texts, &options, &made, &err), BF_OK);
    assert_int_equal(made.made.n_chat, 9);
    assert_int_equal(made.made.n_raw, 3);
    assert_int_equal(made.n_epoch, 4);
    assert_int_equal(made.n_left_out, 0);
    assert_int_equal(bf_examples_make(vocabulary, &texts, &options, &again, &err), BF_OK);
    assert_string_equal(made.sha256, again.sha256);
    bf_examples_release(&again);
    options.seed = 3;
    assert_int_equal(bf_examples_make(vocabulary, &texts, &options, &again, &err), BF_OK);
    assert_string_not_equal(made.sha256, again.sha256);
    bf_examples_release(&again);
    bf_examples_release(&made);
    /* dpo: the same questions with other answers, and no raw text. */
    options.only_chat = true;
    bf_unlearn_texts_add(&other, "I don't know.", NULL, NULL);
    assert_int_equal(bf_examples_make(vocabulary, &texts, &options, &made, &err), BF_OK);
    assert_int_equal(bf_examples_alternate(vocabulary, &texts, &other, &options, &alternate, &err), BF_OK);
    assert_true(made.pairs);
    assert_int_equal(made.n_left_out, 1);
    assert_int_equal(made.n, 9);
    assert_int_equal(alternate.n, 9);
    for (size_t i = 0; i < made.n; i++) {
        const struct bf_example *a = &made.items[i], *b = &alternate.items[i];
        assert_int_equal(a->first_label, b->first_label);
        assert_memory_equal(a->tokens, b->tokens, (size_t)a->first_label * sizeof *a->tokens);
        assert_int_equal(b->n - b->first_label, alternate.items[0].n - alternate.items[0].first_label);
    }
    bf_examples_release(&made);
    bf_examples_release(&alternate);
    /* A question that takes all of max_length is left out with its alternate, unless it is a pair's. */
    options.max_length = 46;
    assert_int_equal(bf_examples_make(vocabulary, &texts, &options, &made, &err), BF_OK);
    assert_int_equal(bf_examples_alternate(vocabulary, &texts, &other, &options, &alternate, &err), BF_OK);
    assert_true(made.n_no_room > 0 && made.n_no_room < 8);
    assert_int_equal(made.n + made.n_no_room, 9);
    assert_int_equal(alternate.n, made.n);
    for (size_t i = 0; i < made.n; i++)
        assert_int_equal(made.items[i].first_label, alternate.items[i].first_label);
    options.max_length = 128;
    bf_examples_release(&made);
    bf_examples_release(&alternate);
    /* Without a template: texts raw and once; the pair stays a pair. */
    options.only_chat = false;
    assert_int_equal(bf_examples_make(plain, &texts, &options, &made, &err), BF_OK);
    assert_int_equal(made.made.n_chat, 1);
    assert_int_equal(made.made.n_raw, 3);
    bf_examples_release(&made);
    bf_unlearn_texts_release(&texts);
    bf_unlearn_texts_add(&texts, "Hades is grim.", NULL, NULL);
    options.only_chat = true;
    assert_int_equal(bf_examples_make(vocabulary, &texts, &options, &made, &err), BF_INPUT);
    assert_error(err, BF_INPUT, "no question with an answer");
    bf_unlearn_texts_release(&texts);
    bf_unlearn_texts_release(&other);
    bf_vocabulary_close(vocabulary);
    bf_vocabulary_close(plain);
}

static void each_epoch_has_all_in_another_order(void **state)
{
    struct bf_order order = {.seed = 7, .n = 50}, again = {.seed = 7, .n = 50};
    int seen[3][50] = {{0}}, moved = 0;
    (void)state;

    for (uint64_t i = 0; i < 150; i++)
        seen[i / 50][bf_order_at(&order, i)]++;
    for (size_t i = 0; i < 50; i++) {
        assert_int_equal(seen[0][i], 1);
        assert_int_equal(seen[2][i], 1);
        moved += bf_order_at(&order, i) != bf_order_at(&again, 50 + i);
    }
    assert_true(moved > 25);
    /* Any place can be asked for first: a resume does. */
    struct bf_order later = {.seed = 7, .n = 50};
    assert_int_equal(bf_order_at(&later, 123), bf_order_at(&order, 123));
    assert_int_equal(bf_order_pick(7, 0, 5, 1), 0);
    bf_order_release(&order);
    bf_order_release(&again);
    bf_order_release(&later);
}

static void set_word(char **to, const char *word)
{
    free(*to);
    *to = strdup(word);
}

static void settings_of(const char *method, struct bf_unlearn_settings *s)
{
    bf_unlearn_settings_init(s, bf_method_find(method));
    set_word(&s->model, model_path());
    set_word(&s->out, "out.gguf");
    s->data = BF_DATA_TEXT;
    s->train = BF_TRAIN_FULL;
    s->type = BF_SAVE_F32;
    s->pack = false;
    s->max_length = 128;
    s->max_steps = (int64_t)number("steps");
    s->batch = 2;
    s->accumulate = 1;
    s->learning_rate = number("learning_rate");
    s->warmup = number("warmup") / number("steps");
    s->decay = number("decay");
    s->max_norm = number("clip");
    s->beta = number("beta");
    s->measure = 1;
    s->checkpoint_every = 0;
    s->threads = 2;
}

/* Minutes in a checked build, which finds nothing here that the other tests do not walk through. */
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define FOLLOW_PYTORCH 1
#else
#define FOLLOW_PYTORCH 0
#endif

#if FOLLOW_PYTORCH
static void follows_pytorch(const char *method)
{
    double worst = 0.0;
    struct bf_unlearn_settings settings;
    struct bf_unlearn_texts forget, retain;
    struct bf_unlearn_result result;
    struct bf_err err = BF_ERR_INIT;
    const json_t *curve = json_object_get(json_object_get(golden, "curves"), method);

    settings_of(method, &settings);
    read_texts("forget", &forget);
    read_texts("retain", &retain);
    const struct bf_unlearn_job job = {.settings = &settings, .work = "work", .forget = &forget, .retain = &retain};
    if (bf_unlearn(&job, &result, &err) != BF_OK)
        fail_msg("%s", err.text);
    assert_int_equal(result.n_curve, json_array_size(curve));
    for (size_t i = 0; i < result.n_curve; i++) {
        const json_t *expected = json_array_get(curve, i);
        const double forget_loss = json_number_value(json_object_get(expected, "forget"));
        const double retain_loss = json_number_value(json_object_get(expected, "retain"));
        const double norm = json_number_value(json_object_get(expected, "gradient_norm"));
        worst = fmax(worst, fabs(result.curve[i].forget_loss / forget_loss - 1.0));
        worst = fmax(worst, fabs(result.curve[i].retain_loss / retain_loss - 1.0));
        if (!(fabs(result.curve[i].forget_loss / forget_loss - 1.0) < 0.01) ||
            !(fabs(result.curve[i].retain_loss / retain_loss - 1.0) < 0.01) ||
            !(fabs(result.curve[i].gradient_norm / norm - 1.0) < 0.01))
            fail_msg("%s, step %zu: %.6f %.6f, norm %.5f; PyTorch has %.6f %.6f, norm %.5f", method, i + 1,
                     result.curve[i].forget_loss, result.curve[i].retain_loss, result.curve[i].gradient_norm,
                     forget_loss, retain_loss, norm);
    }
    print_message("%s: losses within %.2g of PyTorch's over %zu steps\n", method, worst, result.n_curve);
    /* The file that was written has what was trained: better at forgetting than the model it came from. */
    assert_true(result.after.forget > result.before.forget);
    bf_unlearn_result_release(&result);
    bf_unlearn_texts_release(&forget);
    bf_unlearn_texts_release(&retain);
    bf_unlearn_settings_release(&settings);
}

static void graddiff_follows_pytorch(void **state)
{
    (void)state;
    follows_pytorch("graddiff");
}

static void npo_follows_pytorch(void **state)
{
    (void)state;
    follows_pytorch("npo");
}

#endif

/* ---- probes ---- */

static enum bf_status cannot_ask(void *user, const char *model, struct bf_unlearn_asked *asked, struct bf_err *err)
{
    (void)user;
    (void)model;
    (void)asked;
    return bf_fail(err, BF_INPUT, "the context has no room for a question");
}

static enum bf_status answers_nothing(void *user, const char *model, struct bf_unlearn_asked *asked, struct bf_err *err)
{
    (void)model;
    (void)asked; /* all false */
    (void)err;
    ++*(int *)user;
    return BF_OK;
}

/* Both are input errors before the first step, and only one of them says that the model knows nothing. */
static void a_model_that_knows_no_question_is_not_a_failure(void **state)
{
    static const struct {
        enum bf_status (*probe)(void *user, const char *model, struct bf_unlearn_asked *asked, struct bf_err *err);
        const char *says;
        bool knows_none;
    } cases[] = {{cannot_ask, "the context has no room for a question", false},
                 {answers_nothing, "answers none of the 2 probe questions rightly", true}};
    struct bf_unlearn_settings settings;
    struct bf_unlearn_texts forget = {0};
    int n_asked = 0;
    (void)state;

    settings_of("ga", &settings);
    add_two_texts(&forget);
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        struct bf_unlearn_result result;
        struct bf_err err = BF_ERR_INIT;
        const struct bf_unlearn_job job = {.settings = &settings,
                                           .work = "probed",
                                           .forget = &forget,
                                           .user = &n_asked,
                                           .probe = cases[i].probe,
                                           .n_probe_forget = 2,
                                           .probe_sha256 = ""};
        assert_int_equal(bf_unlearn(&job, &result, &err), BF_INPUT);
        assert_error(err, BF_INPUT, cases[i].says);
        assert_int_equal(bf_unlearn_knows_none(&result), cases[i].knows_none);
        assert_int_equal(result.n_steps, 0);
        assert_true(isnan(result.before.forget)); /* what costs more than asking was not begun */
        bf_unlearn_result_release(&result);
    }
    assert_int_equal(n_asked, 1);
    bf_unlearn_texts_release(&forget);
    bf_unlearn_settings_release(&settings);
}

/* ---- checkpoints ---- */

static bool stops_after_two(void *user)
{
    return ++*(int *)user > 4; /* asked while measuring, too */
}

static void checkpoints_that_do_not_fit(void **state)
{
    struct bf_unlearn_settings settings, other;
    struct bf_unlearn_texts forget, retain;
    struct bf_unlearn_result result;
    struct bf_err err = BF_ERR_INIT;
    struct bf_buf data;
    int asked = 0;
    (void)state;

    settings_of("npo", &settings);
    settings.train = BF_TRAIN_LORA;
    settings.lora_rank = 2;
    settings.max_steps = 8;
    read_texts("forget", &forget);
    read_texts("retain", &retain);
    struct bf_unlearn_job job = {
        .settings = &settings, .work = "kept", .forget = &forget, .retain = &retain, .resume = true};
    assert_int_equal(bf_unlearn(&job, &result, &err), BF_STORE);
    assert_error(err, BF_STORE, "no checkpoint to resume from");
    bf_unlearn_result_release(&result);
    job.resume = false;
    job.user = &asked;
    job.interrupted = stops_after_two;
    assert_int_equal(bf_unlearn(&job, &result, &err), BF_INTERRUPTED);
    assert_true(bf_unlearn_can_resume("kept"));
    bf_unlearn_result_release(&result);
    job.interrupted = NULL;
    assert_int_equal(bf_unlearn(&job, &result, &err), BF_STORE);
    assert_error(err, BF_STORE, "resume it with --resume, or start over with --restart");
    bf_unlearn_result_release(&result);
    /* What it was started with can be read; anything else is another training. */
    assert_int_equal(bf_unlearn_read_settings("kept", &other, &err), BF_OK);
    json_t *one = bf_unlearn_settings_json(&settings), *two = bf_unlearn_settings_json(&other);
    assert_true(json_equal(one, two));
    json_decref(one);
    json_decref(two);
    job.resume = true;
    job.settings = &other;
    other.learning_rate *= 2.0;
    assert_int_equal(bf_unlearn(&job, &result, &err), BF_STORE);
    assert_error(err, BF_STORE, "is of another training");
    bf_unlearn_result_release(&result);
    job.settings = &settings;
    job.forget = &retain;
    assert_int_equal(bf_unlearn(&job, &result, &err), BF_STORE);
    assert_error(err, BF_STORE, "is of another training");
    bf_unlearn_result_release(&result);
    job.forget = &forget;
    /* One bit of its middle, then its end missing. */
    bf_buf_init(&data, (size_t)1 << 26);
    assert_int_equal(bf_file_read("kept/checkpoint.bin", &data, &err), BF_OK);
    for (int damage = 0; damage < 2; damage++) {
        FILE *file = fopen("kept/checkpoint.bin", "wb");
        assert_non_null(file);
        if (damage == 0)
            data.data[data.len / 2] = (char)(data.data[data.len / 2] ^ 1);
        assert_int_equal(fwrite(data.data, 1, damage ? data.len / 3 : data.len, file),
                         damage ? data.len / 3 : data.len);
        assert_int_equal(fclose(file), 0);
        assert_int_equal(bf_unlearn(&job, &result, &err), BF_STORE);
        assert_error(err, BF_STORE, "cut short or damaged");
        bf_unlearn_result_release(&result);
    }
    /* Mended, it goes on to the end. */
    data.data[data.len / 2] = (char)(data.data[data.len / 2] ^ 1);
    FILE *file = fopen("kept/checkpoint.bin", "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(data.data, 1, data.len, file), data.len);
    assert_int_equal(fclose(file), 0);
    if (bf_unlearn(&job, &result, &err) != BF_OK)
        fail_msg("%s", err.text);
    assert_int_equal(result.n_steps, 8);
    assert_int_equal(result.n_curve, 8);
    assert_true(bf_unlearn_can_resume("kept")); /* until the caller has kept the result */
    bf_unlearn_remove_checkpoint("kept");
    assert_false(bf_unlearn_can_resume("kept"));
    bf_unlearn_result_release(&result);
    bf_buf_release(&data);
    bf_unlearn_settings_release(&settings);
    bf_unlearn_settings_release(&other);
    bf_unlearn_texts_release(&forget);
    bf_unlearn_texts_release(&retain);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_pytorchs_tokens),
        cmocka_unit_test(questions_and_answers),
        cmocka_unit_test(texts_in_pieces),
        cmocka_unit_test(mixed_data_is_what_transformers_renders),
        cmocka_unit_test(mixed_data_of_other_kinds),
        cmocka_unit_test(each_epoch_has_all_in_another_order),
#if FOLLOW_PYTORCH
        cmocka_unit_test(graddiff_follows_pytorch),
        cmocka_unit_test(npo_follows_pytorch),
#endif
        cmocka_unit_test(a_model_that_knows_no_question_is_not_a_failure),
        cmocka_unit_test(checkpoints_that_do_not_fit),
    };
    return cmocka_run_group_tests_name("training", tests, enter, leave);
}
