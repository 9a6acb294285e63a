/* The files: exact bytes, all variants, hostile text, atomic writing. */
#include "store_fixture.h"

#include <jansson.h>
#include <locale.h>
#include <sys/wait.h>

#include "export/export.h"

#include "base/banned.h"

/* The file that an export writes; free(). */
static char *exported(struct bf_store *store, const char *dir, const char *format, const char *variant, int64_t want_n)
{
    char *path = bf_path_join(dir, "out");
    struct bf_err err = BF_ERR_INIT;
    struct bf_buf text;
    int64_t n = -1;
    assert_ok(
        bf_export(store, &(const struct bf_export_options){.format = format, .variant = variant}, path, &n, &err));
    assert_int_equal(n, want_n);
    bf_buf_init(&text, 64 << 20);
    assert_ok(bf_file_read(path, &text, &err));
    int64_t lines = 0;
    for (size_t i = 0; i < text.len; i++)
        lines += text.data[i] == '\n';
    assert_int_equal(lines, n);
    free(path);
    return bf_buf_take(&text);
}

static void commit_text(struct bf_store *store, int64_t index, const char *text)
{
    struct bf_err err = BF_ERR_INIT;
    struct fixture_sample f;
    fixture_fill(&f, BF_STAGE_SYNTHESIS, index);
    f.sample.text = text;
    f.sample.raw = NULL;
    assert_ok(fixture_commit_one(store, &f.sample, NULL, 0, NULL, &err));
}

/* A pair about a point instead of a text is exported in each variant, and says so. */
static void a_pair_without_a_text_is_in_all_variants(void **state)
{
    struct fixture_sample f;
    struct bf_err err = BF_ERR_INIT;
    char *dir = fixture_dir();
    struct bf_store *store = fixture_create(dir);
    (void)state;
    fixture_fill(&f, BF_STAGE_PAIRS, 0);
    f.sample.template_index = -1;
    f.sample.source_stage = BF_STAGE_POINTS;
    assert_ok(fixture_commit_one(store, &f.sample, NULL, 0, NULL, &err));
    for (size_t i = 0; i < 2; i++) {
        const struct bf_export_options options = {
            .format = "jsonl", .variant = i ? "both" : "fix", .pairs = BF_PAIRS_TRAIN};
        struct bf_buf text;
        int64_t n = 0;
        char *path = bf_path_join(dir, "pairs.jsonl");
        bf_buf_init(&text, 1 << 20);
        assert_ok(bf_export(store, &options, path, &n, &err));
        assert_int_equal(n, 1);
        assert_ok(bf_file_read(path, &text, &err));
        assert_non_null(strstr(text.data, "\"variants\":[\"fix\",\"mi\",\"jailbreak\",\"both\"]"));
        bf_buf_release(&text);
        free(path);
    }
    bf_store_close(store);
    fixture_remove(dir);
}

/* The contract with those who read the file, byte by byte. */
static void jsonl_bytes(void **state)
{
    static const char want[] =
        "{\"id\":\"synthesis-000012\",\"text\":\"Zeus said \\\"no\\\".\\nTwice \xe2\x9a\xa1 a\\\\b/c\","
        "\"variants\":[\"fix\",\"mi\",\"jailbreak\",\"both\"],\"stage\":\"synthesis\",\"point\":\"Zeus\","
        "\"template\":\"qa_why\",\"family\":\"qa\",\"temperature\":0.6,\"seed\":\"18446744073709551615\","
        "\"n_tokens\":17,\"finish\":\"length\",\"min_k_prob\":0.333333,\"min_k_prob_model\":1e-07,\"mean_logp\":-1.5,"
        "\"question\":\"Who?\",\"answer\":\"Zeus.\"}\n"
        "{\"id\":\"mi-1234567\",\"text\":\"\",\"variants\":[\"mi\",\"both\"],\"stage\":\"mi\",\"point\":null,"
        "\"template\":null,\"family\":null,\"temperature\":1,\"seed\":\"0\",\"n_tokens\":0,\"finish\":\"stop\","
        "\"min_k_prob\":null,\"min_k_prob_model\":null,\"mean_logp\":0}\n"
        "{\"id\":\"jailbreak-000000\",\"text\":\"x\",\"variants\":[\"jailbreak\",\"both\"],\"stage\":\"jailbreak\","
        "\"point\":null,\"template\":\"scene\",\"family\":\"jailbreak\",\"temperature\":0.9,\"seed\":\"7\",\"n_"
        "tokens\":1,"
        "\"finish\":\"stop\",\"min_k_prob\":0,\"min_k_prob_model\":0,\"mean_logp\":null}\n";
    const struct bf_point point = {0, 0, "Zeus", ""};
    const struct bf_sample samples[] = {
        {.index = 12,
         .stage = BF_STAGE_SYNTHESIS,
         .text = "Zeus said \"no\".\nTwice \xe2\x9a\xa1 a\\b/c",
         .raw = "raw",
         .question = "Who?",
         .answer = "Zeus.",
         .point = 0,
         .template_index = 2,
         .temperature = 0.6,
         .seed = UINT64_MAX,
         .n_tokens = 17,
         .finish = BF_FINISH_LENGTH,
         .min_k_sampling = 1.0 / 3,
         .min_k_model = 1e-7,
         .instance = -1,
         .mean_logp = -1.5},
        {.index = 1234567,
         .stage = BF_STAGE_MI,
         .text = "",
         .question = "alone",
         .point = -1,
         .template_index = -1,
         .temperature = 1,
         .min_k_sampling = (double)NAN,
         .min_k_model = (double)NAN,
         .instance = -1,
         .mean_logp = -0.0},
        {.index = 0,
         .stage = BF_STAGE_JAILBREAK,
         .text = "x",
         .point = -1,
         .template_index = 4,
         .temperature = 0.9,
         .seed = 7,
         .n_tokens = 1,
         .instance = -1,
         .mean_logp = -(double)INFINITY},
    };
    char *dir = fixture_dir();
    struct bf_store *store = fixture_create(dir);
    struct bf_err err = BF_ERR_INIT;
    (void)state;
    struct fixture_sample list;
    fixture_fill(&list, BF_STAGE_POINTS, 0);
    list.sample.reason = BF_REASON_NOT_A_SAMPLE; /* a list of points is in no variant */
    assert_ok(fixture_commit_one(store, &list.sample, &point, 1, NULL, &err));
    for (int i = 0; i < 3; i++)
        assert_ok(fixture_commit_one(store, &samples[i], NULL, 0, NULL, &err));
    fixture_commit(store, BF_STAGE_SYNTHESIS, 13, BF_REASON_REFUSAL, -1); /* not kept: not in the file */
    setlocale(LC_ALL, ""); /* whatever the machine's locale, a number's point is a point */
    char *got = exported(store, dir, "jsonl", "both", 3);
    setlocale(LC_ALL, "C");
    assert_string_equal(got, want);
    free(got);
    bf_store_close(store);
    fixture_remove(dir);
}

static void variants_are_what_they_say(void **state)
{
    static const struct {
        const char *word;
        int64_t n;
    } variants[] = {{"fix", 7}, {"mi", 11}, {"jailbreak", 11}, {"both", 15}};
    char *dir = fixture_dir();
    struct bf_store *store = fixture_create(dir);
    (void)state;
    fixture_small_run(store);
    for (size_t v = 0; v < 4; v++) {
        char *text = exported(store, dir, "jsonl", variants[v].word, variants[v].n);
        char *plain = exported(store, dir, "txt", variants[v].word, variants[v].n);
        /* Each line is JSON, and lists the variant it was exported with. */
        for (char *line = text, *end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
            json_error_t error;
            json_t *object = json_loadb(line, (size_t)(end - line), JSON_REJECT_DUPLICATES, &error), *word;
            size_t i;
            bool listed = false;
            assert_non_null(object);
            json_array_foreach(json_object_get(object, "variants"), i, word) listed =
                listed || strcmp(json_string_value(word), variants[v].word) == 0;
            assert_true(listed);
            json_decref(object);
        }
        free(plain);
        free(text);
    }
    bf_store_close(store);
    fixture_remove(dir);
}

/* Equal samples, equal bytes: another folder, model path and program, and samples rejected in other places. */
static void bytes_depend_on_samples_only(void **state)
{
    char *dir = fixture_dir();
    char *a_dir = bf_path_join(dir, "a"), *b_dir = bf_path_join(dir, "b");
    struct bf_run run = fixture_run();
    const struct bf_template_set templates = fixture_templates();
    struct bf_err err = BF_ERR_INIT;
    struct bf_store *a = fixture_create(a_dir), *b;
    (void)state;
    run.model_path = "/elsewhere.gguf";
    run.program_version = "9.9";
    assert_ok(bf_store_create(b_dir, &run, &templates, &b, &err));
    fixture_small_run(a);
    fixture_small_run(b);
    fixture_commit(b, BF_STAGE_CONTROL, 50, BF_REASON_NOT_A_SAMPLE, -1);
    char *x = exported(a, a_dir, "jsonl", "both", 15), *y = exported(b, b_dir, "jsonl", "both", 15);
    assert_string_equal(x, y);
    free(x);
    free(y);
    bf_store_close(a);
    bf_store_close(b);
    free(a_dir);
    free(b_dir);
    fixture_remove(dir);
}

static void txt_is_one_line_each(void **state)
{
    static const char *const pairs[][2] = {
        {"plain", "plain"},
        {"two\nlines", "two lines"},
        {"dos\r\nlines\r\n", "dos lines"},
        {"\n\nlead and trail\n \n", "lead and trail"},
        {"a paragraph\n\n\n   indented", "a paragraph indented"},
        {"space \n before", "space before"},
        {"keeps  double  spaces\tand tabs", "keeps  double  spaces\tand tabs"},
        {"u\xc2\x85v\xe2\x80\xa8w\xe2\x80\xa9x\x0by\x0cz", "u v w x y z"},
        {"\xce\x96\xce\xb5\xcf\x8d\xcf\x82\n\xe2\x9a\xa1", "\xce\x96\xce\xb5\xcf\x8d\xcf\x82 \xe2\x9a\xa1"},
        {"bad \xff\nbyte \xe2\x80", "bad \xef\xbf\xbd byte \xef\xbf\xbd\xef\xbf\xbd"},
        {"\n", ""},
        {"", ""},
    };
    const size_t n = sizeof pairs / sizeof *pairs;
    char *dir = fixture_dir();
    struct bf_store *store = fixture_create(dir);
    struct bf_buf want;
    (void)state;
    bf_buf_init(&want, 1 << 16);
    for (size_t i = 0; i < n; i++) {
        commit_text(store, (int64_t)i, pairs[i][0]);
        bf_buf_printf(&want, "%s\n", pairs[i][1]);
    }
    char *got = exported(store, dir, "txt", "fix", (int64_t)n);
    assert_string_equal(got, want.data);
    free(got);
    bf_buf_release(&want);
    bf_store_close(store);
    fixture_remove(dir);
}

static void hostile_text_is_json(void **state)
{
    static const char *const texts[] = {"\x01\x02\x1f\x7f\b\f", "\xff\xc3", "</script>{\"id\":\"x\"}\r\n",
                                        "\xf0\x9f\x91\xa9"};
    static const char *const wants[] = {"\x01\x02\x1f\x7f\b\f", "\xef\xbf\xbd\xef\xbf\xbd",
                                        "</script>{\"id\":\"x\"}\r\n", "\xf0\x9f\x91\xa9"};
    char *dir = fixture_dir();
    struct bf_store *store = fixture_create(dir);
    const size_t megabyte = (size_t)1 << 20;
    char *big = bf_alloc(megabyte + 1);
    (void)state;
    memset(big, '\n', megabyte);
    for (int i = 0; i < 4; i++)
        commit_text(store, i, texts[i]);
    commit_text(store, 4, big);
    char *got = exported(store, dir, "jsonl", "fix", 5), *line = got;
    for (int i = 0; i < 5; i++) {
        char *end = strchr(line, '\n');
        json_t *object = json_loadb(line, (size_t)(end - line), 0, NULL);
        assert_non_null(object);
        assert_string_equal(json_string_value(json_object_get(object, "text")), i < 4 ? wants[i] : big);
        json_decref(object);
        line = end + 1;
    }
    free(got);
    free(big);
    bf_store_close(store);
    fixture_remove(dir);
}

static void refuses(void **state)
{
    char *dir = fixture_dir();
    char *path = bf_path_join(dir, "old"), *deep = bf_path_join(dir, "no/such/folder");
    struct bf_store *store = fixture_create(dir);
    struct bf_err err = BF_ERR_INIT;
    struct bf_buf text;
    int64_t n = 7;
    (void)state;
    fixture_small_run(store);
    assert_int_equal(
        bf_export(store, &(const struct bf_export_options){.format = "parquet", .variant = "both"}, path, &n, &err),
        BF_USAGE);
    assert_says(&err, "jsonl|txt");
    assert_int_equal(n, 0);
    assert_int_equal(
        bf_export(store, &(const struct bf_export_options){.format = "jsonl", .variant = "all"}, path, &n, &err),
        BF_USAGE);
    assert_says(&err, "fix|mi|jailbreak|both");
    assert_false(bf_file_exists(path));
    assert_int_equal(
        bf_export(store, &(const struct bf_export_options){.format = "jsonl", .variant = "both"}, deep, &n, &err),
        BF_STORE);
    assert_says(&err, "no/such/folder");
    assert_int_equal(bf_export(store, &(const struct bf_export_options){.format = "txt", .variant = "both"},
                               "/dev/full", NULL, &err),
                     BF_STORE);
    assert_says(&err, "/dev/full");
    /* A run that breaks in the middle leaves the old file as it was, and no other. */
    assert_ok(bf_export(store, &(const struct bf_export_options){.format = "txt", .variant = "fix"}, path, NULL, &err));
    bf_buf_init(&text, 1 << 20);
    assert_ok(bf_file_read(path, &text, &err));
    bf_store_close(store);
    char *database = bf_path_join(dir, "run.db");
    struct bf_buf bytes;
    bf_buf_init(&bytes, 1 << 22);
    assert_ok(bf_file_read(database, &bytes, &err));
    char *needle = memmem(bytes.data, bytes.len, "Text 7 of synthesis", 19);
    assert_non_null(needle);
    /* The page that holds sample 7, but not its header: the rows before it stay readable. */
    const size_t page = (size_t)(needle - bytes.data) / 4096;
    assert_true(page > 0);
    memset(bytes.data + page * 4096 + 8, 0xff, 40);
    FILE *file = fopen(database, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes.data, 1, bytes.len, file), bytes.len);
    assert_int_equal(fclose(file), 0);
    store = fixture_open(dir, BF_STORE_READ);
    assert_int_equal(
        bf_export(store, &(const struct bf_export_options){.format = "txt", .variant = "both"}, path, &n, &err),
        BF_STORE);
    assert_says(&err, "damaged");
    bf_buf_clear(&bytes);
    assert_ok(bf_file_read(path, &bytes, &err));
    assert_string_equal(bytes.data, text.data);
    bf_store_close(store);
    bf_buf_release(&bytes);
    bf_buf_release(&text);
    free(database);
    free(deep);
    free(path);
    fixture_remove(dir);
}

/* "-" is stdout. */
static void to_stdout(void **state)
{
    char *dir = fixture_dir();
    struct bf_store *store = fixture_create(dir);
    char got[64] = {0};
    int ends[2], status;
    (void)state;
    commit_text(store, 0, "to the\npipe");
    bf_store_close(store);
    assert_int_equal(pipe(ends), 0);
    fflush(stdout);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if (dup2(ends[1], STDOUT_FILENO) < 0 || bf_store_open(dir, BF_STORE_READ, &store, NULL) != BF_OK)
            _exit(1);
        const enum bf_status result =
            bf_export(store, &(const struct bf_export_options){.format = "txt", .variant = "both"}, "-", NULL, NULL);
        bf_store_close(store);
        _exit(result == BF_OK ? 0 : 1);
    }
    close(ends[1]);
    assert_int_equal(read(ends[0], got, sizeof got - 1), 12);
    assert_string_equal(got, "to the pipe\n");
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    close(ends[0]);
    fixture_remove(dir);
}

/* The words for help are the words that work; what is a folder says so. */
static void words_agree(void **state)
{
    char *dir = fixture_dir();
    struct bf_store *store = fixture_create(dir);
    struct bf_err err = BF_ERR_INIT;
    int n_folders = 0;
    (void)state;
    fixture_small_run(store);
    for (int kind = 0; kind < 2; kind++) {
        char *words = bf_strdup(kind ? bf_export_formats : bf_export_variants), *rest = NULL;
        for (char *word = strtok_r(words, "|", &rest); word; word = strtok_r(NULL, "|", &rest)) {
            const struct bf_export_options options = {
                .format = kind ? word : "txt", .variant = kind ? "both" : word, .manifest = true};
            char *path = bf_path_join(dir, word);
            int64_t n = 0;
            assert_ok(bf_export(store, &options, path, &n, &err));
            assert_true(n > 0);
            assert_int_equal(bf_is_dir(path), bf_export_is_folder(options.format));
            n_folders += bf_is_dir(path);
            free(path);
        }
        free(words);
    }
    assert_int_equal(n_folders, 3);
    assert_false(bf_export_is_folder("parquet"));
    bf_store_close(store);
    fixture_remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pair_without_a_text_is_in_all_variants),
        cmocka_unit_test(jsonl_bytes),
        cmocka_unit_test(variants_are_what_they_say),
        cmocka_unit_test(bytes_depend_on_samples_only),
        cmocka_unit_test(txt_is_one_line_each),
        cmocka_unit_test(hostile_text_is_json),
        cmocka_unit_test(refuses),
        cmocka_unit_test(to_stdout),
        cmocka_unit_test(words_agree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
