/* A run's beginning and its continuation: requests into a store, a folder that is taken, the same command again, a run
 * that grows, another model's file. With a tiny model whose texts mean nothing; what a run writes is tested on real
 * ones. */
#include "tiny_text_model.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/json.h"
#include "request/template.h"
#include "run/session.h"
#include "run/start.h"

static const char templates[] =
    "{\"name\": \"short\", \"templates\": ["
    "{\"name\": \"points\", \"family\": \"points\", \"stage\": \"points\", \"text\": \"List {n} of {topic}.\"},"
    "{\"name\": \"more\", \"family\": \"points\", \"stage\": \"points\", \"text\": \"List {n} of {topic}, not "
    "{known}.\"},"
    "{\"name\": \"tell\", \"family\": \"information\", \"stage\": \"synthesis\", \"text\": \"Tell of {point} in "
    "{topic}.\"},"
    "{\"name\": \"why\", \"family\": \"qa\", \"stage\": \"synthesis\", \"is_qa\": true, \"text\": \"Why {point}?\"},"
    "{\"name\": \"recall\", \"family\": \"mi\", \"stage\": \"mi\", \"text\": \"Recall {topic}.\"},"
    "{\"name\": \"scene\", \"family\": \"jailbreak\", \"stage\": \"jailbreak\", \"text\": \"A scene on {topic}.\"},"
    "{\"name\": \"again\", \"family\": \"rewrite\", \"stage\": \"rewrite\", \"text\": \"Rephrase: {sentence}\"},"
    "{\"name\": \"again_qa\", \"family\": \"rewrite\", \"stage\": \"rewrite\", \"is_qa\": true, \"text\": \"Rephrase: "
    "{question} "
    "{answer}\"}"
    "]}";

static char *said;
static size_t n_said;
static FILE *said_stream;
static struct bf_log test_log;

static int enter(void **state)
{
    if (enter_scratch(state) != 0)
        return -1;
    tiny_text_write("tiny.gguf", NULL, NULL);
    write_text("short.json", templates);
    return 0;
}

static void set_name(struct gguf_context *gguf, void *user)
{
    gguf_set_val_str(gguf, "general.name", user);
}

/* The log of one command; what it prints goes to a file. */
static void listen(void)
{
    said_stream = open_memstream(&said, &n_said);
    assert_non_null(said_stream);
    bf_log_init(&test_log, said_stream, false);
}

static void stop_listening(void)
{
    (void)fclose(said_stream);
    free(said);
    said = NULL;
}

static int hide_stdout(void)
{
    (void)fflush(stdout);
    const int kept = dup(STDOUT_FILENO);
    const int file = open("printed", O_CREAT | O_TRUNC | O_WRONLY, 0600);
    assert_true(kept >= 0 && file >= 0 && dup2(file, STDOUT_FILENO) >= 0);
    (void)close(file);
    return kept;
}

static void show_stdout(int kept)
{
    (void)fflush(stdout);
    assert_true(dup2(kept, STDOUT_FILENO) >= 0);
    (void)close(kept);
}

static struct bf_request request_of(const char *topic)
{
    struct bf_request r;
    struct bf_err err = BF_ERR_INIT;
    if (bf_request_from_profile("quick", &r, &err) || bf_request_set_topic(&r, topic, &err))
        fail_msg("%s", err.text);
    free(r.templates);
    r.templates = strdup("./short.json");
    r.rounds = 1;
    r.point_forms = false; /* batches of one shape: in F32, the last digits of a probability depend on the batch */
    r.snowball = 0;
    r.temperatures.n = 1;
    r.max_samples = 4;
    r.mi_samples = r.jailbreak_samples = 2;
    r.control_samples = 0;
    r.max_new_tokens = 32;
    r.min_words = 1;
    r.tau = r.drift_sigma = 0;
    r.filter_degenerate = r.filter_echo = r.filter_refusal = r.trim_sentence = false;
    return r;
}

static struct bf_start_values values_of(const char *model)
{
    return (struct bf_start_values){
        .log = &test_log,
        .json = true,
        .model = model,
        .embedder = "model",
        .machine = {.parallel = 2, .threads = 1, .chat = "auto", .api_mode = "auto", .api_probs = "auto"}};
}

/* bf_start of these topics, each a request of its own name when there are several. */
static enum bf_status start(const char *model, const char *kind, const char *dir, const char *const *topics, size_t n,
                            bool grow, struct bf_err *err)
{
    struct bf_request requests[4];
    struct bf_start_request all[4];
    const struct bf_start_values values = values_of(model);
    for (size_t i = 0; i < n; i++) {
        requests[i] = request_of(topics[i]);
        all[i] = (struct bf_start_request){.name = grow ? topics[i] : "", .request = &requests[i]};
    }
    const int kept = hide_stdout();
    const enum bf_status status = bf_start(&values, kind, dir, all, n, grow, err);
    show_stdout(kept);
    (void)fflush(said_stream);
    for (size_t i = 0; i < n; i++)
        bf_request_release(&requests[i]);
    return status;
}

static void assert_started(const char *model, const char *kind, const char *dir, const char *const *topics, size_t n,
                           bool grow)
{
    struct bf_err err = BF_ERR_INIT;
    listen();
    if (start(model, kind, dir, topics, n, grow, &err) != BF_OK)
        fail_msg("%s", err.text);
    stop_listening();
}

static char *bytes_of(const char *dir, const char *name)
{
    char *path = bf_path_join(dir, name);
    struct bf_err err = BF_ERR_INIT;
    struct bf_buf text;
    bf_buf_init(&text, SIZE_MAX);
    if (bf_file_read(path, &text, &err) != BF_OK)
        fail_msg("%s", err.text);
    free(path);
    return text.data ? bf_buf_take(&text) : strdup("");
}

static const char *const greek[] = {"Greek mythology", "Norse mythology"};

static void a_run_begins_and_is_finished(void **state)
{
    struct bf_store *store = NULL;
    struct bf_run_state run_state;
    struct bf_err err = BF_ERR_INIT;
    char sha256[BF_SHA256_HEX];
    (void)state;
    assert_started("tiny.gguf", "domain", "runs/first", greek, 1, false);
    assert_int_equal(bf_store_open("runs/first", BF_STORE_READ, &store, &err), BF_OK);
    const struct bf_run *run = bf_store_run(store);
    assert_string_equal(run->kind, "domain");
    assert_string_equal(run->model_path, "tiny.gguf");
    assert_int_equal(bf_sha256_file("tiny.gguf", sha256, &err), BF_OK);
    assert_string_equal(run->model_sha256, sha256);
    assert_string_equal(run->embedder_path, ""); /* the model itself */
    assert_contains(run->request_json, "Greek mythology");
    assert_contains(run->templates_json, "\"short\"");
    assert_contains(run->engine_json, "\"n_parallel\":2");
    assert_int_equal(bf_store_state(store, &run_state, &err), BF_OK);
    assert_true(run_state.finished);
    bf_store_close(store);
    char *forget = bytes_of("runs/first", "forget.jsonl"), *printed = bytes_of(".", "printed");
    assert_true(strchr(forget, '\n') != NULL); /* something was kept */
    assert_contains(printed, "\"finished\":true");
    assert_true(bf_file_exists("runs/first/report.html"));
    free(printed);
    /* The same seed in another folder: the same bytes. */
    assert_started("tiny.gguf", "domain", "runs/second", greek, 1, false);
    char *second = bytes_of("runs/second", "forget.jsonl");
    assert_string_equal(forget, second);
    free(forget);
    free(second);
}

static void the_same_command_again_does_nothing(void **state)
{
    struct bf_err err = BF_ERR_INIT;
    (void)state;
    assert_started("tiny.gguf", "domain", "twice", greek, 1, false);
    char *first = bytes_of("twice", "forget.jsonl");
    listen();
    assert_int_equal(start("tiny.gguf", "domain", "twice", greek, 1, false, &err), BF_OK);
    assert_contains(said, "'twice' is already finished");
    assert_null(strstr(said, "loading")); /* no model */
    stop_listening();
    char *second = bytes_of("twice", "forget.jsonl"), *printed = bytes_of(".", "printed");
    assert_string_equal(first, second);
    assert_contains(printed, "\"finished\":true");
    free(printed);
    free(first);
    free(second);
}

static void a_folder_that_is_taken(void **state)
{
    struct bf_err err = BF_ERR_INIT;
    (void)state;
    listen();
    assert_int_equal(start("tiny.gguf", "domain", "taken", greek, 1, false, &err), BF_OK);
    /* By another topic. */
    assert_int_equal(start("tiny.gguf", "domain", "taken", greek + 1, 1, false, &err), BF_STORE);
    assert_error(err, BF_STORE, "'taken' already holds a run, of 'Greek mythology'");
    /* By the same topic with other settings, another model, another kind. */
    struct bf_request r = request_of(greek[0]);
    r.seed++;
    const struct bf_start_request one = {.name = "", .request = &r};
    const struct bf_start_values values = values_of("tiny.gguf");
    assert_int_equal(bf_start(&values, "domain", "taken", &one, 1, false, &err), BF_STORE);
    assert_error(err, BF_STORE, "biforget resume taken");
    bf_request_release(&r);
    assert_int_equal(start("./tiny.gguf", "domain", "taken", greek, 1, false, &err), BF_STORE);
    assert_int_equal(start("tiny.gguf", "textbook", "taken", greek, 1, false, &err), BF_STORE);
    /* By a file. */
    write_text("file", "");
    assert_int_equal(start("tiny.gguf", "domain", "file", greek, 1, false, &err), BF_STORE);
    assert_contains(err.text, "'file'");
    /* By a run that cannot be opened. */
    assert_int_equal(mkdir("spoilt", 0700), 0);
    write_text("spoilt/run.db", "no database\n");
    assert_int_equal(start("tiny.gguf", "domain", "spoilt", greek, 1, false, &err), BF_STORE);
    assert_contains(err.text, "'spoilt' already holds a run");
    stop_listening();
}

static void what_fails_leaves_no_run(void **state)
{
    struct bf_err err = BF_ERR_INIT;
    (void)state;
    listen();
    assert_int_equal(start("nowhere.gguf", "domain", "none", greek, 1, false, &err), BF_MODEL);
    write_text("broken.gguf", "GGUF and nothing else");
    assert_int_equal(start("broken.gguf", "domain", "none", greek, 1, false, &err), BF_MODEL);
    struct bf_request r = request_of(greek[0]);
    struct bf_start_values values = values_of("tiny.gguf");
    struct bf_start_request one = {.name = "", .request = &r};
    values.embedder = "nowhere.gguf";
    assert_int_equal(bf_start(&values, "domain", "none", &one, 1, false, &err), BF_MODEL);
    values = values_of("tiny.gguf");
    values.machine.api = "http://localhost:1/v1";
    assert_int_equal(bf_start(&values, "domain", "none", &one, 1, false, &err), BF_USAGE);
    assert_error(err, BF_USAGE, "-m and --api exclude each other");
    values = values_of("tiny.gguf");
    values.machine.parallel = 257;
    assert_int_equal(bf_start(&values, "domain", "none", &one, 1, false, &err), BF_USAGE);
    assert_error(err, BF_USAGE, "--parallel 257");
    values = values_of("tiny.gguf");
    free(r.templates);
    r.templates = strdup("./nowhere.json");
    assert_int_equal(bf_start(&values, "domain", "none", &one, 1, false, &err), BF_INPUT);
    bf_request_release(&r);
    stop_listening();
    assert_false(bf_file_exists("none/run.db"));
}

/* ---- originals ---- */

static void originals_come_out_of_a_file(void **state)
{
    struct bf_err err = BF_ERR_INIT;
    struct bf_start_values values;
    struct bf_request r = request_of("facts");
    (void)state;
    listen();
    values = values_of("tiny.gguf");
    r.kind = BF_KIND_INSTANCE;
    r.max_samples = 3;
    r.mi_samples = r.jailbreak_samples = 0;
    write_text(
        "facts.jsonl",
        "{\"question\": \"Who rules?\", \"answer\": \"Zeus\"}\n\"Hera is his wife.\"\n7\n\"Hera is his wife.\"\n");
    struct bf_start_request one = {
        .name = "", .request = &r, .instances_path = "facts.jsonl", .options = {.hints = BF_HINTS_OPTIONS}};
    /* A bad record is found before the model is loaded. */
    assert_int_equal(bf_start(&values, "instance", "facts", &one, 1, false, &err), BF_INPUT);
    assert_error(err, BF_INPUT, "facts.jsonl:3:");
    assert_false(bf_file_exists("facts/run.db"));
    (void)fflush(said_stream);
    assert_null(strstr(said, "loading"));
    one.options.skip_bad = true;
    const int kept = hide_stdout();
    const enum bf_status status = bf_start(&values, "instance", "facts", &one, 1, false, &err);
    show_stdout(kept);
    if (status != BF_OK)
        fail_msg("%s", err.text);
    (void)fflush(said_stream);
    assert_contains(said, "facts.jsonl: 2 originals, 1 of them with question and answer");
    assert_contains(said, "1 record left out: duplicate text");
    assert_contains(said, "1 bad record left out; the first: facts.jsonl:3:");
    char *forget = bytes_of("facts", "forget.jsonl");
    assert_contains(forget, "Hera is his wife.");
    assert_contains(forget, "\"question\":\"Who rules?\"");
    free(forget);
    /* A file is not compared: the same command again finds its folder taken. */
    assert_int_equal(bf_start(&values, "instance", "facts", &one, 1, false, &err), BF_STORE);
    stop_listening();
    bf_request_release(&r);
}

/* ---- a run that grows ---- */

static int64_t count_requests(const char *dir)
{
    struct bf_store *store = NULL;
    struct bf_request_entry entry = {.id = 0};
    struct bf_err err = BF_ERR_INIT;
    enum bf_status status = BF_OK;
    int64_t n = 0;
    assert_int_equal(bf_store_open(dir, BF_STORE_READ, &store, &err), BF_OK);
    while (bf_store_next_request(store, &entry, &status, &err)) {
        assert_true(entry.finished);
        n++;
    }
    assert_int_equal(status, BF_OK);
    bf_store_close(store);
    return n;
}

static void a_run_grows(void **state)
{
    struct bf_err err = BF_ERR_INIT;
    char *found;
    (void)state;
    assert_started("tiny.gguf", "run", "grown", greek, 1, true);
    char *first = bytes_of("grown", "forget.jsonl");
    assert_int_equal(count_requests("grown"), 1);
    /* What is there is not done again; what is new is added. */
    listen();
    assert_int_equal(start("tiny.gguf", "run", "grown", greek, 2, true, &err), BF_OK);
    assert_contains(said, "1 new request in 'grown'");
    stop_listening();
    assert_int_equal(count_requests("grown"), 2);
    char *both = bytes_of("grown", "forget.jsonl");
    found = strstr(both, first);
    assert_ptr_equal(found, both);
    assert_true(strlen(both) > strlen(first));
    /* Nothing new: no model is loaded. */
    listen();
    assert_int_equal(start("tiny.gguf", "run", "grown", greek, 2, true, &err), BF_OK);
    assert_contains(said, "is already finished");
    assert_null(strstr(said, "loading"));
    stop_listening();
    assert_int_equal(count_requests("grown"), 2);
    /* In one go: the same bytes. */
    assert_started("tiny.gguf", "run", "at-once", greek, 2, true);
    char *at_once = bytes_of("at-once", "forget.jsonl");
    assert_string_equal(both, at_once);
    free(at_once);
    free(both);
    free(first);
}

static void what_does_not_grow(void **state)
{
    struct bf_err err = BF_ERR_INIT;
    static char other_name[] = "another";
    (void)state;
    listen();
    assert_int_equal(start("tiny.gguf", "run", "fixed", greek, 1, true, &err), BF_OK);
    /* A name that is there with other settings. */
    struct bf_request r = request_of(greek[0]);
    r.seed++;
    const struct bf_start_request changed = {.name = greek[0], .request = &r};
    const struct bf_start_values values = values_of("tiny.gguf");
    assert_int_equal(bf_start(&values, "run", "fixed", &changed, 1, true, &err), BF_INPUT);
    assert_error(err, BF_INPUT, "a request named 'Greek mythology' with other settings");
    r.seed--;
    const struct bf_start_request kept = {.name = greek[0], .role = BF_ROLE_RETAIN, .request = &r};
    assert_int_equal(bf_start(&values, "run", "fixed", &kept, 1, true, &err), BF_INPUT); /* another role */
    bf_request_release(&r);
    /* Another model's file. */
    tiny_text_write("other.gguf", set_name, other_name);
    assert_int_equal(start("other.gguf", "run", "fixed", greek, 2, true, &err), BF_MODEL);
    assert_error(err, BF_MODEL, "'other.gguf' is not the run's model");
    assert_int_equal(count_requests("fixed"), 1);
    /* A run of another command. */
    assert_int_equal(start("tiny.gguf", "domain", "single", greek, 1, false, &err), BF_OK);
    assert_int_equal(start("tiny.gguf", "run", "single", greek, 2, true, &err), BF_STORE);
    assert_error(err, BF_STORE, "'single' is a run of one request (domain)");
    stop_listening();
}

/* ---- continuing ---- */

/* bf_continue of the run `dir`. */
static enum bf_status resume(const char *dir, const struct bf_machine_values *machine, const char *model,
                             const char *embedder, struct bf_err *err)
{
    struct bf_session s = {.log = &test_log};
    assert_int_equal(bf_store_open(dir, BF_STORE_WRITE, &s.store, err), BF_OK);
    const enum bf_status status = bf_continue(&s, machine, model, embedder, err);
    if (status == BF_OK) {
        assert_string_equal(s.templates.name, "short");
        assert_int_equal(bf_engine_info(s.engine)->n_parallel, machine->parallel ? machine->parallel : 2);
    }
    bf_session_release(&s);
    return status;
}

static void a_run_continues_with_its_own_model_alone(void **state)
{
    static char other_name[] = "another";
    const struct bf_machine_values as_before = {.threads = 1, .chat = "auto", .api_mode = "auto", .api_probs = "auto"};
    struct bf_machine_values machine = as_before;
    struct bf_err err = BF_ERR_INIT;
    (void)state;
    listen();
    assert_int_equal(start("tiny.gguf", "domain", "own", greek, 1, false, &err), BF_OK);
    assert_int_equal(resume("own", &machine, NULL, NULL, &err), BF_OK);
    machine.parallel = 3;
    assert_int_equal(resume("own", &machine, NULL, NULL, &err), BF_OK);
    machine = as_before;
    /* It has moved: the same bytes elsewhere. */
    assert_int_equal(rename("tiny.gguf", "moved.gguf"), 0);
    assert_int_equal(resume("own", &machine, NULL, NULL, &err), BF_MODEL);
    assert_contains(err.text, "tiny.gguf");
    assert_int_equal(resume("own", &machine, "moved.gguf", NULL, &err), BF_OK);
    assert_int_equal(rename("moved.gguf", "tiny.gguf"), 0);
    tiny_text_write("other.gguf", set_name, other_name);
    assert_int_equal(resume("own", &machine, "other.gguf", NULL, &err), BF_MODEL);
    assert_error(err, BF_MODEL, "'other.gguf' is not the run's model");
    assert_error(err, BF_MODEL, "give the same file with -m");
    machine.api = "http://localhost:1/v1";
    assert_int_equal(resume("own", &machine, NULL, NULL, &err), BF_USAGE);
    assert_error(err, BF_USAGE, "leave --api out");
    stop_listening();
}

static void an_embedder_is_the_runs_own(void **state)
{
    static char other_name[] = "another";
    const struct bf_machine_values machine = {.threads = 1, .chat = "auto", .api_mode = "auto", .api_probs = "auto"};
    struct bf_err err = BF_ERR_INIT;
    (void)state;
    listen();
    tiny_text_write("embedder.gguf", set_name, other_name);
    struct bf_request r = request_of(greek[0]);
    struct bf_start_values values = values_of("tiny.gguf");
    values.embedder = "embedder.gguf";
    const struct bf_start_request one = {.name = "", .request = &r};
    const int kept = hide_stdout();
    const enum bf_status status = bf_start(&values, "domain", "two-models", &one, 1, false, &err);
    show_stdout(kept);
    if (status != BF_OK)
        fail_msg("%s", err.text);
    bf_request_release(&r);
    assert_int_equal(resume("two-models", &machine, NULL, NULL, &err), BF_OK);
    assert_int_equal(resume("two-models", &machine, NULL, "tiny.gguf", &err), BF_MODEL);
    assert_error(err, BF_MODEL, "'tiny.gguf' is not the run's embedder");
    stop_listening();
}

/* A run whose record says what its maker wrote into it. */
static void make_record(const char *dir, const char *engine_json)
{
    const struct bf_run run = {.kind = "domain",
                               .request_json = "{\"topic\":\"Greek mythology\"}",
                               .templates_json = templates,
                               .templates_sha256 = "0123",
                               .model_path = "http://example.com/v1",
                               .model_sha256 = "",
                               .model_desc = "a server's",
                               .embedder_path = "",
                               .embedder_sha256 = "",
                               .engine_json = engine_json,
                               .program_version = "0.1.0"};
    struct bf_template_set set;
    struct bf_store *store = NULL;
    struct bf_err err = BF_ERR_INIT;
    assert_int_equal(bf_template_set_parse(templates, sizeof templates - 1, "t", &set, &err), BF_OK);
    assert_int_equal(bf_store_create(dir, &run, &set, &store, &err), BF_OK);
    bf_store_close(store);
    bf_template_set_release(&set);
}

/* Nobody is asked: each of these is refused before a connection is made. */
static void a_strangers_record(void **state)
{
    const struct bf_machine_values machine = {.chat = "auto", .api_mode = "auto", .api_probs = "auto"};
    struct bf_err err = BF_ERR_INIT;
    (void)state;
    listen();
    make_record("server", "{\"api\":\"http://user:secret@example.com/v1\",\"n_parallel\":2}");
    assert_int_equal(setenv("BIFORGET_API_KEY", "mine", 1), 0);
    assert_int_equal(resume("server", &machine, NULL, NULL, &err), BF_USAGE);
    assert_error(err, BF_USAGE, "to send the key there");
    assert_null(strstr(err.text, "secret"));
    assert_int_equal(unsetenv("BIFORGET_API_KEY"), 0);
    assert_int_equal(resume("server", &machine, "tiny.gguf", NULL, &err), BF_USAGE);
    assert_error(err, BF_USAGE, "the run's model is on a server");
    make_record("spoilt-engine", "{\"n_parallel\":");
    assert_int_equal(resume("spoilt-engine", &machine, NULL, NULL, &err), BF_INPUT);
    assert_contains(err.text, "the run's engine");
    stop_listening();
}

/* ---- names of folders ---- */

static void topics_become_folders(void **state)
{
    static const struct {
        const char *prefix, *topic, *dir;
    } plain[] = {
        {"", "Harry Potter", "runs/harry-potter"},
        {"textbook-", "the Solar System", "runs/textbook-the-solar-system"},
        {"", "  Zeus, Hera & Leto!  ", "runs/zeus-hera-leto"},
        {"", "a/../b", "runs/a-b"},
    };
    static const char *const lossy[] = {
        "C++",
        "C#",
        "C",
        "\xce\x91\xce\xb8\xce\xb7\xce\xbd\xce\xac",
        "\xce\x96\xce\xb5\xcf\x8d\xcf\x82",
        "..",
        "\xff",
        "a very long name of a domain that goes on and on until nobody reads it any more",
        "a very long name of a domain that goes on and on until nobody reads it any less"};
    char *dirs[N_ELEMENTS(lossy)];
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(plain); i++) {
        char *dir = bf_start_dir(plain[i].prefix, plain[i].topic);
        assert_string_equal(dir, plain[i].dir);
        free(dir);
    }
    for (size_t i = 0; i < N_ELEMENTS(lossy); i++) {
        dirs[i] = bf_start_dir("", lossy[i]);
        assert_true(strncmp(dirs[i], "runs/", 5) == 0 && dirs[i][5]);
        for (const char *p = dirs[i] + 5; *p; p++)
            assert_true((*p >= 'a' && *p <= 'z') || (*p >= '0' && *p <= '9') || *p == '-');
        assert_true(strlen(dirs[i]) < 80);
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(dirs[i], dirs[j]); /* none shares its folder with another */
    }
    for (size_t i = 0; i < N_ELEMENTS(lossy); i++)
        free(dirs[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_begins_and_is_finished), cmocka_unit_test(the_same_command_again_does_nothing),
        cmocka_unit_test(a_folder_that_is_taken),       cmocka_unit_test(what_fails_leaves_no_run),
        cmocka_unit_test(originals_come_out_of_a_file), cmocka_unit_test(a_run_grows),
        cmocka_unit_test(what_does_not_grow),           cmocka_unit_test(a_run_continues_with_its_own_model_alone),
        cmocka_unit_test(an_embedder_is_the_runs_own),  cmocka_unit_test(a_strangers_record),
        cmocka_unit_test(topics_become_folders),
    };
    return cmocka_run_group_tests(tests, enter, leave_scratch);
}
