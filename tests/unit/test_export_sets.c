/* The formats that other projects read: exact bytes, both roles, one request, the manifest. That the projects' own
 * loaders take them is tested in tests/consumers. */
#include "store_fixture.h"

#include <jansson.h>

#include "base/hash.h"
#include "export/export.h"

#include "base/banned.h"

static const struct bf_export_options all = {.variant = "both", .role = BF_ROLE_FORGET, .manifest = true};

static struct bf_export_options as(const char *format)
{
    struct bf_export_options options = all;
    options.format = format;
    return options;
}

/* The whole file DIR/name; free(). */
static char *text_of(const char *dir, const char *name)
{
    char *path = bf_path_join(dir, name);
    struct bf_err err = BF_ERR_INIT;
    struct bf_buf text;
    bf_buf_init(&text, 64 << 20);
    assert_ok(bf_file_read(path, &text, &err));
    free(path);
    return bf_buf_take(&text);
}

static void assert_file(const char *dir, const char *name, const char *want)
{
    char *got = text_of(dir, name);
    assert_string_equal(got, want);
    free(got);
}

static void assert_missing(const char *dir, const char *name)
{
    char *path = bf_path_join(dir, name);
    assert_false(bf_file_exists(path));
    free(path);
}

static void assert_file_says(const char *dir, const char *name, const char *words)
{
    char *got = text_of(dir, name);
    if (!strstr(got, words))
        fail_msg("'%s' is not in %s:\n%s", words, name, got);
    free(got);
}

static enum bf_status add_retain(void *user, struct bf_store *store, struct bf_err *err)
{
    const struct bf_request_entry entry = {.name = "neighbours",
                                           .kind = BF_KIND_DOMAIN,
                                           .role = BF_ROLE_RETAIN,
                                           .json = "{\"topic\":\"Norse mythology\",\"seed\":\"7\"}"};
    return bf_store_add_request(store, &entry, user, err);
}

/* A run at `dir` whose forget set is pairs (or texts), with or without a retain set. */
static struct bf_store *make_run(const char *dir, bool pairs, bool retain)
{
    struct bf_run run = fixture_run();
    const struct bf_template_set templates = fixture_templates();
    struct bf_err err = BF_ERR_INIT;
    struct bf_store *store = NULL;
    run.request_name = retain ? "gods" : "";
    run.request_json = "{\"seed\":\"3407\",\"templates\":\"/home/me/mine.json\",\"topic\":\"Greek: mythology\"}";
    run.engine_json = "{\"stable\":\"yes\",\"embedder\":\"model\"}";
    assert_ok(bf_store_create(dir, &run, &templates, &store, &err));
    fixture_commit_text(store, BF_STAGE_SYNTHESIS, 0, -1, "Question: Who?\nAnswer: Zeus", "Who?", "Zeus");
    fixture_commit_text(store, BF_STAGE_SYNTHESIS, 1, -1, "Hera \"rules\".", pairs ? "Who else?" : NULL,
                        pairs ? "Hera" : NULL);
    fixture_commit_text(store, BF_STAGE_MI, 0, -1, "Leto", pairs ? "Mother?" : NULL, pairs ? "Leto" : NULL);
    fixture_commit(store, BF_STAGE_SYNTHESIS, 2, BF_REASON_REFUSAL, -1);
    if (retain) {
        int64_t id = 0;
        assert_ok(bf_store_extend(store, &id, add_retain, &err));
        bf_store_select(store, id);
        fixture_commit_text(store, BF_STAGE_SYNTHESIS, 0, -1, "Odin\nsees.", NULL, NULL);
        bf_store_select(store, 0);
    }
    return store;
}

static void files_of_lines(void **state)
{
    char *dir = fixture_dir();
    char *run = bf_path_join(dir, "run"), *out = bf_path_join(dir, "out");
    struct bf_store *store = make_run(run, false, true);
    struct bf_err err = BF_ERR_INIT;
    int64_t n = 0, left_out = -1;
    (void)state;
    struct bf_export_options options = as("wmdp");
    options.n_left_out = &left_out;
    assert_ok(bf_export(store, &options, out, &n, &err));
    assert_file(
        dir, "out",
        "{\"text\":\"Question: Who?\\nAnswer: Zeus\"}\n{\"text\":\"Hera \\\"rules\\\".\"}\n{\"text\":\"Leto\"}\n");
    assert_int_equal(n, 3);
    assert_int_equal(left_out, 0);
    options.variant = "fix";
    options.role = BF_ROLE_RETAIN;
    assert_ok(bf_export(store, &options, out, &n, &err));
    assert_file(dir, "out", "{\"text\":\"Odin\\nsees.\"}\n");
    options = as("tofu");
    options.n_left_out = &left_out;
    assert_ok(bf_export(store, &options, out, &n, &err));
    assert_file(dir, "out", "{\"question\":\"Who?\",\"answer\":\"Zeus\"}\n");
    assert_int_equal(n, 1);
    assert_int_equal(left_out, 2);
    /* No pair at all: said, and the old file stays. */
    options.request = "neighbours";
    assert_int_equal(bf_export(store, &options, out, &n, &err), BF_USAGE);
    assert_says(&err, "none of the 1 samples");
    assert_says(&err, "--format wmdp");
    assert_int_equal(n, 0);
    assert_file(dir, "out", "{\"question\":\"Who?\",\"answer\":\"Zeus\"}\n");
    bf_store_close(store);
    free(out);
    free(run);
    fixture_remove(dir);
}

static void muse_bytes(void **state)
{
    char *dir = fixture_dir();
    char *run = bf_path_join(dir, "run"), *out = bf_path_join(dir, "out");
    struct bf_store *store = make_run(run, false, true);
    struct bf_err err = BF_ERR_INIT;
    int64_t n = 0;
    (void)state;
    struct bf_export_options options = as("muse");
    assert_ok(bf_export(store, &options, out, &n, &err));
    assert_int_equal(n, 3);
    assert_file(out, "forget.json", "[\n\"Question: Who?\\nAnswer: Zeus\",\n\"Hera \\\"rules\\\".\",\n\"Leto\"\n]\n");
    assert_file(out, "forget.txt", "Question: Who? Answer: Zeus\nHera \"rules\".\nLeto\n");
    assert_file(out, "retain.json", "[\n\"Odin\\nsees.\"\n]\n");
    assert_file(out, "retain.txt", "Odin sees.\n");
    assert_file_says(out, "README.md", "--retain_data_file PATH/retain.txt");
    /* One request, as if it were alone; another variant. */
    options.request = "gods";
    options.variant = "fix";
    assert_ok(bf_export(store, &options, out, &n, &err));
    assert_int_equal(n, 2);
    assert_file(out, "forget.txt", "Question: Who? Answer: Zeus\nHera \"rules\".\n");
    assert_missing(out, "retain.json");
    assert_missing(out, "retain.txt");
    assert_file_says(out, "README.md", "| Greek: mythology |"); /* not by its name: it has company then */
    bf_store_close(store);
    free(out);
    free(run);
    fixture_remove(dir);
}

static void hf_columns(void **state)
{
    static const char want[] =
        "{\"id\":\"gods/synthesis-000001\",\"request\":\"gods\",\"text\":\"Hera \\\"rules\\\".\",\"question\":null,"
        "\"answer\":null,\"variants\":[\"fix\",\"mi\",\"jailbreak\",\"both\"],\"stage\":\"synthesis\","
        "\"point\":null,\"template\":null,\"family\":null,";
    static const struct {
        const char *name;
        int n;
    } files[] = {{"data/fix.jsonl", 2},
                 {"data/mi.jsonl", 3},
                 {"data/jailbreak.jsonl", 2},
                 {"data/both.jsonl", 3},
                 {"data/retain.jsonl", 1}};
    char *dir = fixture_dir();
    char *run = bf_path_join(dir, "run"), *out = bf_path_join(dir, "out");
    struct bf_store *store = make_run(run, false, true);
    struct bf_err err = BF_ERR_INIT;
    struct bf_export_options options = as("hf");
    int64_t n = 0;
    char *first = NULL;
    (void)state;
    options.variant = "mi";
    assert_ok(bf_export(store, &options, out, &n, &err));
    assert_int_equal(n, 3);
    for (size_t f = 0; f < sizeof files / sizeof *files; f++) {
        char *text = text_of(out, files[f].name);
        int lines = 0;
        for (char *line = text, *end; (end = strchr(line, '\n')) != NULL; line = end + 1, lines++) {
            json_t *object = json_loadb(line, (size_t)(end - line), JSON_REJECT_DUPLICATES, NULL);
            char *keys = bf_strdup("");
            const char *key;
            json_t *value;
            assert_non_null(object);
            json_object_foreach(object, key, value)
            {
                struct bf_buf grown;
                bf_buf_init(&grown, 4096);
                bf_buf_printf(&grown, "%s%s ", keys, key);
                free(keys);
                keys = bf_buf_take(&grown);
            }
            /* The same keys in the same order in every row of every file, and each declared in the card. */
            if (!first) {
                first = bf_strdup(keys);
                json_object_foreach(object, key, value)
                {
                    char declared[64];
                    snprintf(declared, sizeof declared, "  - name: %s\n    ", key);
                    assert_file_says(out, "README.md", declared);
                }
            }
            assert_string_equal(keys, first);
            free(keys);
            json_decref(object);
        }
        assert_int_equal(lines, files[f].n);
        free(text);
    }
    assert_file_says(out, "data/fix.jsonl", want);
    assert_file_says(out, "README.md", "- config_name: mi\n  default: true\n");
    assert_file_says(out, "README.md", "- config_name: retain\n  data_files:");
    assert_file_says(out, "README.md", "pretty_name: \"Forget set: Greek: mythology\"\n");
    free(first);
    bf_store_close(store);
    free(out);
    free(run);
    fixture_remove(dir);
}

static void open_unlearning_files(void **state)
{
    static const char text_config[] =
        "BiForget_forget:\n"
        "  handler: PretrainingDataset\n"
        "  args:\n"
        "    hf_args:\n"
        "      path: \"json\"\n"
        "      data_files: \"${paths.root_dir}/data/biforget/greek-mythology/forget.jsonl\"\n"
        "      split: \"train\"\n"
        "    text_key: \"text\"\n"
        "    max_length: 512\n";
    static const char pairs_config[] =
        "BiForget_forget:\n"
        "  handler: QADataset\n"
        "  args:\n"
        "    hf_args:\n"
        "      path: \"json\"\n"
        "      data_files: \"${paths.root_dir}/data/biforget/greek-mythology/forget.jsonl\"\n"
        "      split: \"train\"\n"
        "    question_key: \"question\"\n"
        "    answer_key: \"answer\"\n"
        "    max_length: 512\n";
    static const char experiment[] = "configs/experiment/unlearn/biforget/greek-mythology.yaml";
    static const char retain_config[] = "configs/data/datasets/BiForget_retain.yaml";
    char *dir = fixture_dir();
    char *run = bf_path_join(dir, "run"), *out = bf_path_join(dir, "out");
    struct bf_store *store = make_run(run, false, true);
    struct bf_err err = BF_ERR_INIT;
    struct bf_export_options options = as("open-unlearning");
    int64_t n = 0;
    (void)state;
    assert_ok(bf_export(store, &options, out, &n, &err));
    assert_int_equal(n, 3);
    assert_file(out, "configs/data/datasets/BiForget_forget.yaml", text_config);
    assert_file_says(out, retain_config, "BiForget_retain:\n  handler: PretrainingDataset\n");
    assert_file(out, "data/biforget/greek-mythology/retain.jsonl", "{\"text\":\"Odin\\nsees.\"}\n");
    assert_file_says(out, experiment, "datasets@data.retain: BiForget_retain\n");
    assert_file_says(out, "README.md", "experiment=unlearn/biforget/greek-mythology");
    bf_store_close(store);
    fixture_remove(run);

    /* A set of pairs, and no retain set: its name is left to the user, who is told. */
    run = bf_path_join(dir, "pairs");
    store = make_run(run, true, false);
    assert_ok(bf_export(store, &options, out, &n, &err));
    assert_file(out, "configs/data/datasets/BiForget_forget.yaml", pairs_config);
    assert_file_says(out, "data/biforget/greek-mythology/forget.jsonl",
                     "{\"question\":\"Mother?\",\"answer\":\"Leto\"}\n");
    assert_missing(out, retain_config);
    assert_file_says(out, experiment, "datasets@data.retain: ???\n");
    assert_file_says(out, experiment, "data/datasets@data.retain=MUSE_retain");
    assert_file_says(out, "README.md", "data/datasets@data.retain=RETAIN");
    bf_store_close(store);
    free(out);
    free(run);
    fixture_remove(dir);
}

/* ---- forms ---- */

static void commit_pair_about(struct bf_store *store, int64_t index, int64_t text, const char *question, bool held_out)
{
    struct bf_err err = BF_ERR_INIT;
    struct fixture_sample f;
    fixture_fill(&f, BF_STAGE_PAIRS, index);
    f.sample.template_index = -1;
    f.sample.question = question;
    f.sample.answer = "Zeus.";
    f.sample.source_stage = BF_STAGE_REWRITE;
    f.sample.source_index = text;
    f.sample.held_out = held_out;
    assert_ok(fixture_commit_one(store, &f.sample, NULL, 0, NULL, &err));
}

static void commit_about(struct bf_store *store, int64_t index, const char *point, const char *text)
{
    struct bf_err err = BF_ERR_INIT;
    struct fixture_sample f;
    const struct bf_point row = {.index = 0, .text = point};
    fixture_fill(&f, BF_STAGE_POINTS, 0);
    f.sample.reason = BF_REASON_NOT_A_SAMPLE;
    assert_ok(fixture_commit_one(store, &f.sample, &row, 1, NULL, &err));
    fixture_fill(&f, BF_STAGE_SYNTHESIS, index);
    f.sample.text = text;
    f.sample.question = f.sample.answer = NULL;
    f.sample.point = 0;
    f.sample.template_index = -1;
    assert_ok(fixture_commit_one(store, &f.sample, NULL, 0, NULL, &err));
}

/* A text with a point; one without, about which there are pairs; a pair of a question of its own. */
static struct bf_store *make_forms_run(const char *dir, const char *kind)
{
    struct bf_run run = fixture_run();
    const struct bf_template_set templates = fixture_templates();
    struct bf_err err = BF_ERR_INIT;
    struct bf_store *store = NULL;
    run.kind = kind;
    run.request_json = "{\"topic\":\"Greek mythology\"}";
    assert_ok(bf_store_create(dir, &run, &templates, &store, &err));
    commit_about(store, 0, "the Styx", "A river.");
    fixture_commit_text(store, BF_STAGE_REWRITE, 0, -1, "Zeus rules.", NULL, NULL);
    fixture_commit_text(store, BF_STAGE_REWRITE, 1, -1, "Leto fled.", NULL, NULL);
    commit_pair_about(store, 0, 0, "Who hides?", true);
    commit_pair_about(store, 1, 0, "Who rules?", false);
    return store;
}

static size_t count_lines(const char *text, const char *words)
{
    size_t n = 0;
    for (const char *at = text; (at = strstr(at, words)); at++)
        n++;
    return n;
}

/* Another trainer gets what `biforget unlearn` trains on. */
static void forms_of_texts(void **state)
{
    static const char styx[] = "the Styx", answer[] = "\"answer\":\"A river.\"}\n";
    const struct bf_forms two = {.chat = 2, .raw = 1}, raw = {.raw = 1};
    char *dir = fixture_dir();
    char *run = bf_path_join(dir, "run"), *out = bf_path_join(dir, "out");
    struct bf_store *store = make_forms_run(run, "instance");
    struct bf_err err = BF_ERR_INIT;
    int64_t n = 0, left_out = 0;
    (void)state;
    struct bf_export_options options = as("tofu");
    options.forms = &two;
    options.pairs = BF_PAIRS_TRAIN;
    options.n_left_out = &left_out;
    assert_ok(bf_export(store, &options, out, &n, &err));
    char *got = text_of(dir, "out");
    assert_int_equal(count_lines(got, "\n"), 5); /* two of the first text, two of the second, the pair */
    assert_int_equal(count_lines(got, styx), 2);
    assert_int_equal(count_lines(got, answer), 2);
    assert_int_equal(count_lines(got, "{\"question\":\"Who rules?\",\"answer\":\"Zeus rules.\"}\n"), 2);
    assert_int_equal(count_lines(got, "{\"question\":\"Who rules?\",\"answer\":\"Zeus.\"}\n"), 1);
    assert_null(strstr(got, "Who hides?")); /* for probes alone */
    assert_null(strstr(got, "Leto"));       /* too short to be asked about */
    free(got);
    assert_int_equal(n, 3);
    assert_int_equal(left_out, 1);
    options.forms = &raw;
    assert_ok(bf_export(store, &options, out, &n, &err));
    assert_file(dir, "out", "{\"question\":\"Who rules?\",\"answer\":\"Zeus.\"}\n");
    assert_ok(unlink(out) == 0 ? BF_OK : BF_STORE);

    options = as("hf");
    options.forms = &two;
    options.pairs = BF_PAIRS_TRAIN;
    assert_ok(bf_export(store, &options, out, &n, &err));
    got = text_of(out, "data/chat.jsonl");
    assert_int_equal(count_lines(got, "{\"id\":\"synthesis-000000\",\"question\":\""), 2);
    free(got);
    assert_file(out, "data/raw.jsonl",
                "{\"id\":\"synthesis-000000\",\"text\":\"A river.\"}\n{\"id\":\"rewrite-000000\",\"text\":\"Zeus "
                "rules.\"}\n{\"id\":\"rewrite-000001\",\"text\":\"Leto fled.\"}\n");
    assert_file_says(out, "README.md",
                     "- config_name: raw\n  features:\n  - name: id\n    dtype: string\n  - name: text\n");
    assert_int_equal(n, 4);

    options = as("open-unlearning");
    options.forms = &two;
    options.pairs = BF_PAIRS_TRAIN;
    assert_ok(bf_export(store, &options, out, &n, &err));
    assert_file(out, "data/biforget/greek-mythology/forget.jsonl",
                "{\"text\":\"A river.\",\"point\":\"the Styx\"}\n{\"text\":\"Zeus rules.\"}\n{\"text\":\"Leto "
                "fled.\"}\n{\"question\":\"Who rules?\",\"answer\":\"Zeus.\"}\n");
    assert_file(out, "data/biforget/greek-mythology/forget_raw.jsonl",
                "{\"text\":\"A river.\"}\n{\"text\":\"Zeus rules.\"}\n{\"text\":\"Leto fled.\"}\n");
    assert_file_says(out, "configs/data/datasets/BiForget_forget.yaml", "BiForget_forget:\n  handler: BiForgetForms\n");
    assert_file_says(out, "src/data/biforget.py", "class BiForgetForms:");
    assert_file_says(out, "configs/experiment/unlearn/biforget/greek-mythology.yaml",
                     "_target_: data.biforget.Register\n");
    assert_file_says(out, "README.md", "cp -r configs data src PATH");
    bf_store_close(store);
    free(out);
    free(run);
    fixture_remove(dir);
}

/* What probes found has no point: it is about the domain. */
static void forms_of_a_domain(void **state)
{
    const struct bf_forms two = {.chat = 2};
    char *dir = fixture_dir();
    char *run = bf_path_join(dir, "run"), *out = bf_path_join(dir, "out");
    struct bf_store *store = make_forms_run(run, "domain");
    struct bf_err err = BF_ERR_INIT;
    (void)state;
    struct bf_export_options options = as("tofu");
    options.forms = &two;
    assert_ok(bf_export(store, &options, out, NULL, &err));
    char *got = text_of(dir, "out");
    assert_int_equal(count_lines(got, "\n"), 6);
    assert_int_equal(count_lines(got, "the Styx"), 2);
    assert_int_equal(count_lines(got, "Greek mythology"), 3); /* and the question that was asked about one of them */
    assert_int_equal(count_lines(got, "Who rules?"), 1);
    free(got);
    bf_store_close(store);
    free(out);
    free(run);
    fixture_remove(dir);
}

/* Each file is in the manifest with its sha256; nothing else is in the folder. */
static void manifest_tells_all(void **state)
{
    static const char *const formats[] = {"muse", "hf", "open-unlearning", "jsonl", "jsonl"};
    char *dir = fixture_dir();
    char *run = bf_path_join(dir, "run");
    struct bf_store *store = make_run(run, false, true);
    struct bf_err err = BF_ERR_INIT;
    (void)state;
    for (int f = 0; f < 5; f++) {
        const bool probes = f == 4;
        struct bf_export_options options = as(formats[f]);
        options.pairs = probes ? BF_PAIRS_HELD_OUT : BF_PAIRS_TRAIN;
        char *out = bf_path_join(dir, formats[f]);
        int64_t n = 0;
        assert_ok(bf_export(store, &options, out, &n, &err));
        char *text = f < 3 ? text_of(out, "manifest.json") : text_of(dir, "jsonl.manifest.json");
        json_t *manifest = json_loads(text, JSON_REJECT_DUPLICATES, NULL), *file;
        const char *name;
        assert_non_null(manifest);
        assert_null(strstr(text, dir));      /* no path of the machine */
        assert_null(strstr(text, "/home/")); /* also not of a template file */
        json_object_foreach(json_object_get(manifest, "files"), name, file)
        {
            char *path = bf_path_join(f < 3 ? out : dir, name);
            char sha256[BF_SHA256_HEX];
            assert_ok(bf_sha256_file(path, sha256, &err));
            assert_string_equal(json_string_value(json_object_get(file, "sha256")), sha256);
            assert_int_equal(json_integer_value(json_object_get(file, "bytes")), bf_file_size(path));
            free(path);
        }
        assert_true(json_object_size(json_object_get(manifest, "files")) >= (f < 3 ? 5U : 1U));
        assert_int_equal(json_integer_value(json_object_get(manifest, "samples")), n);
        assert_string_equal(json_string_value(json_object_get(manifest, "format")), formats[f]);
        assert_string_equal(json_string_value(json_object_get(manifest, "stable")), "yes");
        assert_true(json_is_boolean(json_object_get(manifest, "held_out")));
        assert_int_equal(json_is_true(json_object_get(manifest, "held_out")), probes);
        const json_t *requests = json_object_get(manifest, "requests"), *first = json_array_get(requests, 0);
        assert_int_equal(json_array_size(requests), f < 3 ? 2 : 1); /* a file is of one role */
        assert_string_equal(json_string_value(json_object_get(first, "name")), "gods");
        assert_string_equal(json_string_value(json_object_get(json_object_get(first, "settings"), "seed")), "3407");
        assert_string_equal(json_string_value(json_object_get(json_object_get(first, "settings"), "templates")),
                            "mine.json");
        assert_int_equal(json_integer_value(json_object_get(json_object_get(first, "rejected"), "refusal")), 1);
        assert_string_equal(json_string_value(json_object_get(json_object_get(manifest, "model"), "sha256")), "feed");
        json_decref(manifest);
        free(text);
        free(out);
    }
    bf_store_close(store);
    free(run);
    fixture_remove(dir);
}

static void without_manifest(void **state)
{
    char *dir = fixture_dir();
    char *run = bf_path_join(dir, "run"), *file = bf_path_join(dir, "file"), *out = bf_path_join(dir, "out");
    struct bf_store *store = make_run(run, false, false);
    struct bf_err err = BF_ERR_INIT;
    struct bf_export_options options = as("wmdp");
    (void)state;
    options.manifest = false;
    assert_ok(bf_export(store, &options, file, NULL, &err));
    assert_missing(dir, "file.manifest.json");
    options.format = "muse";
    assert_ok(bf_export(store, &options, out, NULL, &err));
    assert_missing(out, "manifest.json");
    /* Without it, nobody can tell whose folder it is. */
    options.manifest = true;
    assert_int_equal(bf_export(store, &options, out, NULL, &err), BF_STORE);
    assert_says(&err, "not an earlier export");
    /* With it, a file that is written without has none that tells of what was there. */
    options.format = "wmdp";
    assert_ok(bf_export(store, &options, file, NULL, &err));
    char *manifest = bf_path_join(dir, "file.manifest.json");
    assert_true(bf_file_exists(manifest));
    options.manifest = false;
    assert_ok(bf_export(store, &options, file, NULL, &err));
    assert_false(bf_file_exists(manifest));
    /* What another program wrote under that name stays. */
    FILE *foreign = fopen(manifest, "wb");
    assert_non_null(foreign);
    fputs("{\"program\": \"another\"}", foreign);
    assert_int_equal(fclose(foreign), 0);
    assert_ok(bf_export(store, &options, file, NULL, &err));
    assert_true(bf_file_exists(manifest));
    unlink(manifest);
    free(manifest);
    options.manifest = true;
    options.format = "txt"; /* no file beside a device */
    assert_ok(bf_export(store, &options, "/dev/null", NULL, &err));
    assert_false(bf_file_exists("/dev/null.manifest.json"));
    bf_store_close(store);
    free(out);
    free(file);
    free(run);
    fixture_remove(dir);
}

/* Equal runs give equal bytes: another folder, another place of the model, exported twice. */
static void equal_runs_equal_bytes(void **state)
{
    static const char *const files[][2] = {{"hf", "README.md"},
                                           {"hf", "manifest.json"},
                                           {"hf", "data/both.jsonl"},
                                           {"muse", "README.md"},
                                           {"muse", "manifest.json"},
                                           {"open-unlearning", "manifest.json"},
                                           {"open-unlearning", "README.md"}};
    char *dir = fixture_dir();
    char *runs[2] = {bf_path_join(dir, "a"), bf_path_join(dir, "much/longer/b")};
    struct bf_err err = BF_ERR_INIT;
    (void)state;
    for (int r = 0; r < 2; r++) {
        struct bf_store *store = make_run(runs[r], false, true);
        const struct bf_run_state times = {
            .stop = BF_STOP_NOT_YET, .generate_seconds = 1.5 * r, .wall_seconds = 9 * r, .generated_tokens = 7 * r};
        assert_ok(bf_store_set_state(store, &times, &err));
        for (int f = 0; f < 3; f++) {
            static const char *const formats[] = {"hf", "muse", "open-unlearning"};
            char *out = bf_path_join(runs[r], formats[f]);
            const struct bf_export_options options = as(formats[f]);
            assert_ok(bf_export(store, &options, out, NULL, &err));
            assert_ok(bf_export(store, &options, out, NULL, &err)); /* over itself */
            free(out);
        }
        bf_store_close(store);
    }
    for (size_t f = 0; f < sizeof files / sizeof *files; f++) {
        char *name = bf_path_join(files[f][0], files[f][1]);
        char *a = text_of(runs[0], name), *b = text_of(runs[1], name);
        assert_string_equal(a, b);
        free(a);
        free(b);
        free(name);
    }
    free(runs[0]);
    free(runs[1]);
    fixture_remove(dir);
}

static void refuses(void **state)
{
    char *dir = fixture_dir();
    char *run = bf_path_join(dir, "run"), *empty = bf_path_join(dir, "empty"), *out = bf_path_join(dir, "out");
    struct bf_store *store = make_run(run, false, true), *nothing = fixture_create(empty);
    struct bf_err err = BF_ERR_INIT;
    struct bf_export_options options = as("hf");
    (void)state;
    assert_int_equal(bf_export(store, &options, "-", NULL, &err), BF_USAGE);
    assert_says(&err, "-o DIR");
    options.role = BF_ROLE_RETAIN;
    assert_int_equal(bf_export(store, &options, out, NULL, &err), BF_USAGE);
    assert_says(&err, "--role");
    options = as("muse");
    options.request = "neighbours";
    assert_int_equal(bf_export(store, &options, out, NULL, &err), BF_USAGE);
    assert_says(&err, "is not a forget set");
    options.request = "nobody";
    assert_int_equal(bf_export(store, &options, out, NULL, &err), BF_USAGE);
    assert_says(&err, "no request named 'nobody'");
    options = as("open-unlearning");
    assert_int_equal(bf_export(nothing, &options, out, NULL, &err), BF_USAGE);
    assert_says(&err, "no kept sample");
    options = as("muse");
    assert_int_equal(bf_export(store, &options, run, NULL, &err), BF_STORE); /* into the run folder itself */
    assert_says(&err, "not empty");
    assert_missing(dir, "out");
    bf_store_close(nothing);
    bf_store_close(store);
    free(out);
    free(empty);
    free(run);
    fixture_remove(dir);
}

/* A run that breaks in the middle leaves the old folder as it was, and no other. */
static void broken_run_leaves_the_old(void **state)
{
    char *dir = fixture_dir();
    char *run = bf_path_join(dir, "run"), *out = bf_path_join(dir, "out"), *database = bf_path_join(run, "run.db");
    struct bf_store *store = fixture_create(run);
    struct bf_err err = BF_ERR_INIT;
    const struct bf_export_options options = as("hf");
    struct bf_buf bytes;
    (void)state;
    fixture_small_run(store);
    for (int64_t i = 10; i < 400; i++)
        fixture_commit(store, BF_STAGE_SYNTHESIS, i, BF_REASON_NONE, -1);
    assert_ok(bf_export(store, &options, out, NULL, &err));
    char *before = text_of(out, "data/both.jsonl");
    bf_store_close(store);
    bf_buf_init(&bytes, 64 << 20);
    assert_ok(bf_file_read(database, &bytes, &err));
    char *needle = memmem(bytes.data, bytes.len, "Text 333 of synthesis", 21);
    assert_non_null(needle);
    memset(bytes.data + ((size_t)(needle - bytes.data) / 4096) * 4096 + 8, 0xff, 40); /* a page, but not its header */
    FILE *file = fopen(database, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes.data, 1, bytes.len, file), bytes.len);
    assert_int_equal(fclose(file), 0);
    store = fixture_open(run, BF_STORE_READ);
    assert_int_equal(bf_export(store, &options, out, NULL, &err), BF_STORE);
    assert_says(&err, "damaged");
    assert_file(out, "data/both.jsonl", before);
    struct stat info;
    assert_int_equal(stat(dir, &info), 0);
    assert_int_equal(info.st_nlink, 4); /* ".", "..", run, out: no other folder */
    bf_store_close(store);
    bf_buf_release(&bytes);
    free(before);
    free(database);
    free(out);
    free(run);
    fixture_remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_of_lines),
        cmocka_unit_test(muse_bytes),
        cmocka_unit_test(hf_columns),
        cmocka_unit_test(open_unlearning_files),
        cmocka_unit_test(forms_of_texts),
        cmocka_unit_test(forms_of_a_domain),
        cmocka_unit_test(manifest_tells_all),
        cmocka_unit_test(without_manifest),
        cmocka_unit_test(equal_runs_equal_bytes),
        cmocka_unit_test(refuses),
        cmocka_unit_test(broken_run_leaves_the_old),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
