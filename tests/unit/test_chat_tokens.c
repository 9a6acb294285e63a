/* Token ids of questions and answers in a model's own chat template: those of Hugging Face's apply_chat_template and
 * tokenizers (tests/golden/chat_tokens_reference.py), for the vocabularies in llama.cpp's source. */
#include "unit.h"

#include <dirent.h>
#include <llama.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/json.h"
#include "engine/engine.h"
#include "base/banned.h"

static const char *environment(const char *name)
{
    const char *value = getenv(name);
    if (!value)
        fail_msg("%s is not set: run this through ctest", name);
    return value;
}

static char *in_source(const char *folder, const char *name)
{
    struct bf_buf path;
    bf_buf_init(&path, 4096);
    bf_buf_printf(&path, "%s/%s/%s", environment("BIFORGET_LLAMA_SOURCE"), folder, name);
    return bf_buf_take(&path);
}

static char *read_file(const char *path)
{
    struct bf_buf text;
    struct bf_err err = BF_ERR_INIT;
    bf_buf_init(&text, (size_t)1 << 22);
    if (bf_file_read(path, &text, &err) != BF_OK)
        fail_msg("%s", err.text);
    return bf_buf_take(&text);
}

static void silent(enum ggml_log_level level, const char *text, void *user)
{
    (void)level, (void)text, (void)user;
}

static struct llama_model *load(const char *path)
{
    struct llama_model_params params = llama_model_default_params();
    params.vocab_only = true;
    llama_log_set(silent, NULL);
    struct llama_model *model = llama_model_load_from_file(path, params);
    if (!model)
        fail_msg("cannot read the vocabulary %s", path);
    return model;
}

static struct llama_model *load_vocabulary(const char *name)
{
    if (strcmp(name, "smollm2") == 0)
        return load(environment("BIFORGET_TEST_MODEL"));
    char file[64];
    (void)snprintf(file, sizeof file, "ggml-vocab-%s.gguf", name);
    char *path = in_source("models", file);
    struct llama_model *model = load(path);
    free(path);
    return model;
}

static void compare(const char *family, const char *what, const char *question, const json_t *want,
                    const struct bf_token_list *got)
{
    const size_t n = json_array_size(want);
    for (size_t i = 0; i < n || i < got->n; i++) {
        const long long a = i < n ? json_integer_value(json_array_get(want, i)) : -1,
                        b = i < got->n ? got->items[i] : -1;
        if (a != b)
            fail_msg("%s, %s of '%s': token %zu of %zu is %lld, not %lld", family, what, question, i, n, b, a);
    }
}

static void check_case(const struct bf_chat *chat, const char *family, const json_t *row)
{
    const char *question = json_string_value(json_object_get(row, "question"));
    const char *answer = json_string_value(json_object_get(row, "answer"));
    struct bf_token_list prompt = {0}, pair = {0}, bare = {0};
    struct bf_err err = BF_ERR_INIT;
    size_t n_prompt = 0, n_bare = 0;

    if (bf_chat_prompt(chat, question, &prompt, &err) ||
        bf_chat_pair(chat, question, answer, true, &pair, &n_prompt, &err) ||
        bf_chat_pair(chat, question, answer, false, &bare, &n_bare, &err))
        fail_msg("%s", err.text);
    compare(family, "the prompt", question, json_object_get(row, "prompt"), &prompt);
    compare(family, "the pair", question, json_object_get(row, "pair"), &pair);
    /* What a model is trained on is what it continues from when it is asked, but for a space: one that ends a prompt
     * becomes part of an answer's first word, and Llama 2's template puts one before the answer. Two put empty thoughts
     * there. */
    assert_int_equal(n_prompt, n_bare);
    if (strcmp(family, "Qwen3") != 0 && strcmp(family, "Gemma 4") != 0) {
        assert_in_range(n_prompt, prompt.n - 1, prompt.n + 1);
        assert_memory_equal(pair.items, prompt.items, (n_prompt < prompt.n ? n_prompt : prompt.n) * sizeof *pair.items);
    }
    assert_true(bare.n < pair.n && n_prompt < bare.n);
    assert_int_equal(pair.items[pair.n - 1], bf_chat_end(chat));
    free(prompt.items);
    free(pair.items);
    free(bare.items);
}

static void ids_are_those_of_hugging_face(void **state)
{
    struct bf_err err = BF_ERR_INIT;
    char *path = bf_path_join(environment("BIFORGET_SOURCE"), "tests/golden/chat_tokens_reference.json");
    char *text = read_file(path);
    json_t *golden = NULL;
    struct llama_model *model = NULL;
    const char *open = "";
    (void)state;

    if (bf_json_parse(text, strlen(text), path, &golden, &err) != BF_OK)
        fail_msg("%s", err.text);
    const json_t *families = json_object_get(golden, "families");
    assert_true(json_array_size(families) >= 8);
    for (size_t f = 0; f < json_array_size(families); f++) {
        const json_t *family = json_array_get(families, f), *cases = json_object_get(family, "cases");
        const char *name = json_string_value(json_object_get(family, "family"));
        const char *vocabulary = json_string_value(json_object_get(family, "vocabulary"));
        const char *template = json_string_value(json_object_get(family, "template"));
        const size_t n = strlen(template);
        char *file = n > 6 && strcmp(template + n - 6, ".jinja") == 0 ? in_source("models/templates", template) : NULL;
        char *source = file ? read_file(file) : strdup(template);
        struct bf_chat *chat = NULL;
        if (strcmp(vocabulary, open) != 0) {
            llama_model_free(model);
            model = load_vocabulary(vocabulary);
            open = vocabulary;
        }
        if (bf_chat_open_source(llama_model_get_vocab(model), source, name, &chat, &err) != BF_OK)
            fail_msg("%s", err.text);
        for (size_t c = 0; c < json_array_size(cases); c++)
            check_case(chat, name, json_array_get(cases, c));
        bf_chat_close(chat);
        free(source);
        free(file);
    }
    llama_model_free(model);
    json_decref(golden);
    free(text);
    free(path);
}

/* Whatever template a model comes with: it opens, holds the words, and has an end. */
static void every_published_template_opens(void **state)
{
    char *folder = in_source("models/templates", "");
    DIR *dir = opendir(folder);
    struct llama_model *model = load_vocabulary("qwen2");
    struct bf_err err = BF_ERR_INIT;
    int n = 0;
    (void)state;

    assert_non_null(dir);
    for (const struct dirent *entry = readdir(dir); entry; entry = readdir(dir)) {
        const size_t length = strlen(entry->d_name);
        if (length < 7 || strcmp(entry->d_name + length - 6, ".jinja") != 0)
            continue;
        struct bf_chat *chat = NULL;
        struct bf_token_list pair = {0}, other = {0};
        size_t n_prompt = 0, n_other = 0;
        char *path = in_source("models/templates", entry->d_name), *source = read_file(path);
        if (bf_chat_open_source(llama_model_get_vocab(model), source, entry->d_name, &chat, &err) ||
            bf_chat_pair(chat, "Who rules the sea?", "Poseidon.", false, &pair, &n_prompt, &err) ||
            bf_chat_pair(chat, "Who rules the sea?", "Hades.", true, &other, &n_other, &err))
            fail_msg("%s: %s", entry->d_name, err.text);
        if (n_prompt != n_other || n_prompt >= pair.n || n_prompt >= other.n)
            fail_msg("%s: prompts of %zu and %zu tokens", entry->d_name, n_prompt, n_other);
        bf_chat_close(chat);
        free(pair.items);
        free(other.items);
        free(source);
        free(path);
        n++;
    }
    assert_true(n > 60);
    closedir(dir);
    llama_model_free(model);
    free(folder);
}

static struct bf_token_list pair_of(const struct bf_chat *chat, const char *question, const char *answer, bool with_end,
                                    size_t *n_prompt)
{
    struct bf_token_list list = {0};
    struct bf_err err = BF_ERR_INIT;
    if (bf_chat_pair(chat, question, answer, with_end, &list, n_prompt, &err))
        fail_msg("%s", err.text);
    return list;
}

/* Without a template: one BOS where the model asks for it, the text as it stands, the model's EOS. */
static void plain_text_and_named_templates(void **state)
{
    struct llama_model *model = load_vocabulary("llama-spm");
    const struct llama_vocab *vocab = llama_model_get_vocab(model);
    struct bf_err err = BF_ERR_INIT;
    struct bf_chat *chat = NULL, *named = NULL;
    struct bf_token_list whole = {0};
    size_t n_prompt = 0;
    (void)state;

    assert_int_equal(bf_chat_open(model, "auto", "m", &chat, &err), BF_OK); /* it has no template of its own */
    assert_true(bf_chat_is_plain(chat));
    bf_token_list_append(&whole, &(int32_t){1}, 1);
    bf_chat_text_tokens(vocab, "[INST] Who? [/INST] Zeus </s>", 29, &whole);
    bf_token_list_append(&whole, &(int32_t){2}, 1);
    struct bf_token_list pair = pair_of(chat, "[INST] Who? [/INST]", " Zeus </s>", true, &n_prompt);
    assert_int_equal(pair.n, whole.n);
    assert_memory_equal(pair.items, whole.items, whole.n * sizeof *whole.items);
    /* llama2 by name: the same prompt, with its BOS once. */
    assert_int_equal(bf_chat_open(model, "llama2", "m", &named, &err), BF_OK);
    assert_false(bf_chat_is_plain(named));
    struct bf_token_list prompt = {0};
    assert_int_equal(bf_chat_prompt(named, "Who?", &prompt, &err), BF_OK);
    assert_true(prompt.n == n_prompt);
    assert_memory_equal(prompt.items, whole.items, n_prompt * sizeof *whole.items);
    /* A choice of one token; no words at all. */
    free(pair.items);
    pair = pair_of(named, "Who?", "", true, &n_prompt);
    assert_int_equal(n_prompt, prompt.n);
    assert_true(pair.n > n_prompt && pair.items[pair.n - 1] == bf_chat_end(named) && bf_chat_end(named) == 2);
    free(pair.items);
    free(prompt.items);
    free(whole.items);
    bf_chat_close(named);
    bf_chat_close(chat);
    assert_int_equal(bf_chat_open(model, "no-such", "m", &chat, &err), BF_USAGE);
    assert_error(err, BF_USAGE, "--chat 'no-such' is not a template; give auto, none, or one of: ");
    llama_model_free(model);
}

static void templates_that_cannot_be(void **state)
{
    static const struct {
        const char *source, *words;
    } bad[] = {
        {"{% for m in messages %}", "nexpected"},
        {"{{ raise_exception('no users here') }}", "no users here"},
        {"Hello.", "its text does not contain the question"},
        {"{{ messages[0].content.nothing(1) }}", "cannot be used ("},
    };
    struct llama_model *model = load_vocabulary("llama-spm");
    (void)state;

    for (size_t i = 0; i < N_ELEMENTS(bad); i++) {
        struct bf_chat *chat = NULL;
        struct bf_err err = BF_ERR_INIT;
        assert_int_equal(bf_chat_open_source(llama_model_get_vocab(model), bad[i].source, "odd.gguf", &chat, &err),
                         BF_MODEL);
        assert_error(err, BF_MODEL, "the chat template of 'odd.gguf' cannot be used (");
        assert_contains(err.text, bad[i].words);
        assert_contains(err.text, "give --chat none, or one of: ");
        assert_null(chat);
    }
    /* A template that looks at the words: the sentence says why, at the question that it refuses. */
    struct bf_chat *chat = NULL;
    struct bf_token_list list = {0};
    struct bf_err err = BF_ERR_INIT;
    static const char picky[] =
        "{% if 'Hera' in messages[0].content %}{{ raise_exception('not her') }}{% endif %}{{ messages[0].content }}";
    assert_int_equal(bf_chat_open_source(llama_model_get_vocab(model), picky, "m", &chat, &err), BF_OK);
    assert_int_equal(bf_chat_prompt(chat, "Zeus?", &list, &err), BF_OK);
    assert_int_equal(bf_chat_prompt(chat, "Hera?", &list, &err), BF_MODEL);
    assert_error(err, BF_MODEL, "the chat template refuses a question: ");
    assert_contains(err.text, "not her");
    free(list.items);
    bf_chat_close(chat);
    llama_model_free(model);
}

/* The date is fixed: no clock reaches a prompt. */
static void dates_are_fixed(void **state)
{
    struct llama_model *model = load_vocabulary("llama-spm");
    const struct llama_vocab *vocab = llama_model_get_vocab(model);
    struct bf_chat *chat = NULL;
    struct bf_token_list got = {0}, want = {0};
    struct bf_err err = BF_ERR_INIT;
    (void)state;

    assert_int_equal(
        bf_chat_open_source(vocab, "{{ strftime_now('%A %d %b %Y %j') }}: {{ messages[0].content }}", "m", &chat, &err),
        BF_OK);
    assert_int_equal(bf_chat_prompt(chat, "x", &got, &err), BF_OK);
    bf_chat_text_tokens(vocab, "Friday 26 Jul 2024 208: x", 25, &want);
    assert_int_equal(got.n, want.n);
    assert_memory_equal(got.items, want.items, want.n * sizeof *want.items);
    free(got.items);
    free(want.items);
    bf_chat_close(chat);
    llama_model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_are_those_of_hugging_face),
        cmocka_unit_test(every_published_template_opens),
        cmocka_unit_test(plain_text_and_named_templates),
        cmocka_unit_test(templates_that_cannot_be),
        cmocka_unit_test(dates_are_fixed),
    };
    return cmocka_run_group_tests(tests, enter_scratch, leave_scratch);
}
