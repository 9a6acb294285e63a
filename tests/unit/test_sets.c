/* A SET, whatever it is: a run folder and its variants, every export that the program writes, a folder of the official
 * scripts, a file of each format; names, and what is refused. */
#include "sets_fixture.h"

#include <sys/stat.h>

#include "base/banned.h"

static int enter(void **state)
{
    if (enter_scratch(state) != 0)
        return -1;
    sets_make_run("run");
    sets_export("run", "hf", "both", "as-hf");
    sets_export("run", "muse", "both", "as-muse");
    sets_export("run", "open-unlearning", "both", "as-ou");
    sets_export("run", "jsonl", "both", "all.jsonl");
    sets_export("run", "txt", "both", "all.txt");
    sets_export("run", "tofu", "fix", "pairs.json");
    return 0;
}

#define PAIR "1 Who rules?/Zeus Question: Who rules?|Answer: Zeus\n"
#define FIX_TEXT "2 -/- Hera \"rules\",|too.\n"

/* Opens, reads, compares. `variant` NULL: the set has none. */
static void assert_set(const char *given, const char *domain, const char *kind, const char *variant, const char *name,
                       const char *texts)
{
    struct bf_log log;
    struct bf_set_runs runs = {.read_only = true, .log = &log};
    struct bf_set set;
    struct bf_err err = BF_ERR_INIT;
    struct bf_buf got;
    bf_log_init(&log, stderr, true);
    bf_buf_init(&got, SIZE_MAX);
    assert_ok(bf_set_open(given, NULL, domain, false, &runs, &set, &err));
    assert_string_equal(set.kind, kind);
    assert_same_text(set.variant, variant);
    assert_string_equal(set.name, name);
    assert_int_equal(set.store != NULL, strcmp(kind, "run") == 0);
    assert_int_equal(set.file == NULL, strcmp(kind, "run") == 0);
    assert_ok(bf_set_each(&set, &got, sets_see, &err));
    assert_string_equal(got.data ? got.data : "", texts);
    bf_buf_release(&got);
    bf_set_release(&set);
    bf_set_runs_close(&runs);
}

static void a_run_and_its_variants(void **state)
{
    (void)state;
    assert_set("run", NULL, "run", "both", "run", PAIR FIX_TEXT "3 -/- Leto waits.\n4 -/- Hades \xe2\x9a\xa1 hides.\n");
    assert_set("run/", NULL, "run", "both", "run",
               PAIR FIX_TEXT "3 -/- Leto waits.\n4 -/- Hades \xe2\x9a\xa1 hides.\n");
    assert_set("./run:fix", NULL, "run", "fix", "run:fix", PAIR FIX_TEXT);
    assert_set("run:mi", NULL, "run", "mi", "run:mi", PAIR FIX_TEXT "3 -/- Leto waits.\n");
    assert_set("run:jailbreak", NULL, "run", "jailbreak", "run:jailbreak",
               PAIR FIX_TEXT "3 -/- Hades \xe2\x9a\xa1 hides.\n");
}

static void the_retain_set_of_a_run(void **state)
{
    struct bf_set_runs runs = {.read_only = true};
    struct bf_set set;
    struct bf_err err = BF_ERR_INIT;
    struct bf_buf got;
    (void)state;
    bf_buf_init(&got, SIZE_MAX);
    assert_ok(bf_set_open("run", NULL, NULL, false, &runs, &set, &err));
    set.role = BF_ROLE_RETAIN;
    assert_ok(bf_set_each(&set, &got, sets_see, &err));
    assert_string_equal(got.data, "1 -/- Odin sees.\n");
    bf_buf_release(&got);
    bf_set_release(&set);
    bf_set_runs_close(&runs);
}

/* A pair comes back as a pair where the format has a place for it. */
static void exports_are_read_as_they_were_written(void **state)
{
    (void)state;
    assert_set("as-hf", NULL, "hf", "both", "as-hf",
               PAIR FIX_TEXT "3 -/- Leto waits.\n4 -/- Hades \xe2\x9a\xa1 hides.\n");
    assert_set("as-hf:fix", NULL, "hf", "fix", "as-hf:fix", PAIR FIX_TEXT);
    assert_set("as-hf:mi", NULL, "hf", "mi", "as-hf:mi", PAIR FIX_TEXT "3 -/- Leto waits.\n");
    assert_set("as-muse", NULL, "muse", NULL, "as-muse",
               "1 -/- Question: Who rules?|Answer: Zeus\n" FIX_TEXT
               "3 -/- Leto waits.\n4 -/- Hades \xe2\x9a\xa1 hides.\n");
    assert_set("as-ou", NULL, "open-unlearning", NULL, "as-ou",
               "1 -/- Question: Who rules?|Answer: Zeus\n" FIX_TEXT
               "3 -/- Leto waits.\n4 -/- Hades \xe2\x9a\xa1 hides.\n");
    assert_set("all.jsonl", NULL, "file", NULL, "all",
               PAIR FIX_TEXT "3 -/- Leto waits.\n4 -/- Hades \xe2\x9a\xa1 hides.\n");
    assert_set("all.txt", NULL, "file", NULL, "all",
               "1 -/- Question: Who rules? Answer: Zeus\n2 -/- Hera \"rules\", too.\n"
               "3 -/- Leto waits.\n4 -/- Hades \xe2\x9a\xa1 hides.\n");
    assert_set("pairs.json", NULL, "file", NULL, "pairs", PAIR);
}

static void files_of_each_format(void **state)
{
    (void)state;
    write_text("list.json",
               "[\"Zeus rules.\", {\"question\": \"Who?\", \"answer\": \"Hera\"}, {\"content\": \"Leto.\"}]");
    assert_set("list.json", NULL, "file", NULL, "list",
               "1 -/- Zeus rules.\n2 Who?/Hera Question: Who?|Answer: Hera\n3 -/- Leto.\n");
    write_text("table.csv", "id,question,answer\n1,\"Who, then?\",Zeus\n2,Who?,\"He\"\"ra\"\n");
    assert_set("table.csv", NULL, "file", NULL, "table",
               "1 Who, then?/Zeus Question: Who, then?|Answer: Zeus\n2 Who?/He\"ra Question: Who?|Answer: He\"ra\n");
    write_text("two.dots.txt", "Zeus rules.\r\n\r\nHera.\n");
    assert_set("two.dots.txt", NULL, "file", NULL, "two.dots", "1 -/- Zeus rules.\n2 -/- Hera.\n");
}

static void a_folder_of_the_official_scripts(void **state)
{
    (void)state;
    assert_int_equal(mkdir("official", 0700), 0);
    write_text("official/synthetic_Greek_mythology_fix.txt", "Zeus.\n");
    write_text("official/synthetic_Greek_mythology_MIA.txt", "Zeus.\nLeto.\n");
    assert_set("official", NULL, "official", "mi", "official", "1 -/- Zeus.\n2 -/- Leto.\n"); /* the largest */
    assert_set("official:fix", NULL, "official", "fix", "official:fix", "1 -/- Zeus.\n");
    write_text("official/synthetic_Solar_System_fix.txt", "Mars.\n");
    assert_set("official", "Solar System", "official", "fix", "official", "1 -/- Mars.\n");
}

static void names(void **state)
{
    static const struct {
        const char *operand, *name, *set;
    } cases[] = {
        {"run", NULL, "run"},
        {"mine=run", "mine", "run"},
        {"mine=run:fix", "mine", "run:fix"},
        {"mine=a/b=c", "mine", "a/b=c"},
        {"a/b=c", NULL, "a/b=c"}, /* a path with an equals sign */
        {"=run", NULL, "=run"},
        {"mine=", NULL, "mine="},
        {"there=run", NULL, "there=run"}, /* such a file is there */
    };
    (void)state;
    write_text("there=run", "Zeus.\n");
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        char *name, *set;
        bf_set_split(cases[i].operand, &name, &set);
        assert_same_text(name, cases[i].name);
        assert_string_equal(set, cases[i].set);
        free(name);
        free(set);
    }
}

static void a_name_that_is_given_is_taken(void **state)
{
    struct bf_set_runs runs = {.read_only = true};
    struct bf_set set;
    struct bf_err err = BF_ERR_INIT;
    (void)state;
    assert_ok(bf_set_open("run:fix", "mine", NULL, false, &runs, &set, &err));
    assert_string_equal(set.name, "mine");
    assert_string_equal(set.path, "run");
    bf_set_release(&set);
    bf_set_runs_close(&runs);
}

/* A folder or file whose name ends like a variant is what it is called. */
static void a_colon_in_a_name(void **state)
{
    (void)state;
    sets_make_run("odd:fix");
    assert_set("odd:fix:mi", NULL, "run", "mi", "odd:fix:mi", PAIR FIX_TEXT "3 -/- Leto waits.\n");
    assert_set("odd:fix", NULL, "run", "both", "odd:fix",
               PAIR FIX_TEXT "3 -/- Leto waits.\n4 -/- Hades \xe2\x9a\xa1 hides.\n");
}

static void variants_of_a_run_share_its_store(void **state)
{
    struct bf_set_runs runs = {.read_only = true};
    struct bf_set first, second;
    struct bf_err err = BF_ERR_INIT;
    (void)state;
    assert_ok(bf_set_open("run", NULL, NULL, false, &runs, &first, &err));
    assert_ok(bf_set_open("run:mi", NULL, NULL, false, &runs, &second, &err));
    assert_ptr_equal(first.store, second.store);
    assert_int_equal(runs.n, 1);
    bf_set_release(&first);
    bf_set_release(&second);
    bf_set_runs_close(&runs);
}

/* The writer of a run elsewhere does not keep it from being read. */
static void a_run_that_is_being_written(void **state)
{
    char *said = NULL;
    size_t n = 0;
    FILE *stream = open_memstream(&said, &n);
    struct bf_log log;
    struct bf_set_runs runs = {.log = &log};
    struct bf_set set;
    struct bf_err err = BF_ERR_INIT;
    (void)state;
    bf_log_init(&log, stream, false);
    assert_ok(bf_set_open("run", NULL, NULL, false, &runs, &set, &err));
    assert_true(bf_store_keeps_vectors(set.store)); /* its writer */
    bf_set_release(&set);
    struct bf_set_runs more = {.log = &log};
    assert_ok(bf_set_open("run", NULL, NULL, false, &more, &set, &err));
    assert_false(bf_store_keeps_vectors(set.store));
    bf_set_release(&set);
    bf_set_runs_close(&more);
    bf_set_runs_close(&runs);
    (void)fclose(stream);
    assert_contains(said, "vectors are not kept in 'run'");
    free(said);
}

static void points_of_a_run(void **state)
{
    struct bf_set_runs runs = {.read_only = true};
    struct bf_set set;
    struct bf_err err = BF_ERR_INIT;
    size_t n = 9, covered = 9;
    (void)state;
    struct bf_store *store = fixture_create("points");
    fixture_small_run(store); /* three points, of which the third gets no sample */
    bf_store_close(store);
    assert_ok(bf_set_open("points", NULL, NULL, false, &runs, &set, &err));
    assert_ok(bf_set_points(&set, &n, &covered, &err));
    assert_int_equal(n, 3);
    assert_int_equal(covered, 2);
    bf_set_release(&set);
    bf_set_runs_close(&runs);
    assert_ok(bf_set_open("all.txt", NULL, NULL, false, &runs, &set, &err));
    assert_ok(bf_set_points(&set, &n, &covered, &err));
    assert_int_equal(n + covered, 0);
    bf_set_release(&set);
}

static void what_is_refused(void **state)
{
    static const struct {
        const char *given;
        enum bf_status status;
        const char *says;
    } bad[] = {
        {"nowhere", BF_INPUT, "'nowhere'"},
        {"nowhere:fix", BF_INPUT, "'nowhere:fix'"},
        {"all.txt:fix", BF_INPUT, "leave ':fix' out"},
        {"as-muse:fix", BF_INPUT, "leave ':fix' out"},
        {"as-ou:mi", BF_INPUT, "leave ':mi' out"},
        {"empty", BF_INPUT, "'empty'"},
        {"official-2", BF_INPUT, "2 sets"},
        {"official-2:jailbreak", BF_INPUT, "2 sets"},
        {"official-1:both", BF_INPUT, "'both'"},
        {"broken", BF_STORE, "broken"},
    };
    struct bf_log log;
    struct bf_set_runs runs = {.log = &log};
    (void)state;
    bf_log_init(&log, stderr, true);
    assert_int_equal(mkdir("empty", 0700), 0);
    assert_int_equal(mkdir("official-1", 0700), 0);
    assert_int_equal(mkdir("official-2", 0700), 0);
    assert_int_equal(mkdir("broken", 0700), 0);
    write_text("broken/run.db", "This is not a database, and has never been one.\n");
    write_text("official-1/synthetic_Mars_fix.txt", "Mars.\n");
    write_text("official-2/synthetic_Mars_fix.txt", "Mars.\n");
    write_text("official-2/synthetic_Venus_fix.txt", "Venus.\n");
    for (size_t i = 0; i < N_ELEMENTS(bad); i++) {
        struct bf_set set;
        struct bf_err err = BF_ERR_INIT;
        if (bf_set_open(bad[i].given, NULL, NULL, false, &runs, &set, &err) != bad[i].status)
            fail_msg("%s: %s", bad[i].given, err.text);
        assert_error(err, bad[i].status, bad[i].says);
        assert_null(set.path); /* released */
    }
    assert_int_equal(runs.n, 0);
    bf_set_runs_close(&runs);
}

static enum bf_status stop_at_second(void *user, const struct bf_set_text *text, struct bf_err *err)
{
    ++*(int *)user;
    return text->number == 2 ? bf_fail(err, BF_MODEL, "enough") : BF_OK;
}

static void errors_while_reading(void **state)
{
    struct bf_set_runs runs = {.read_only = true};
    struct bf_set set;
    struct bf_err err = BF_ERR_INIT;
    struct bf_buf got;
    int n = 0;
    (void)state;
    /* The reader's own. */
    assert_ok(bf_set_open("run", NULL, NULL, false, &runs, &set, &err));
    assert_int_equal(bf_set_each(&set, &n, stop_at_second, &err), BF_MODEL);
    assert_int_equal(n, 2);
    bf_set_release(&set);
    assert_ok(bf_set_open("all.jsonl", NULL, NULL, false, &runs, &set, &err));
    n = 0;
    assert_int_equal(bf_set_each(&set, &n, stop_at_second, &err), BF_MODEL);
    assert_int_equal(n, 2);
    bf_set_release(&set);
    /* A run without a kept text. */
    bf_store_close(fixture_create("fresh"));
    assert_ok(bf_set_open("fresh:mi", NULL, NULL, false, &runs, &set, &err));
    assert_int_equal(bf_set_each(&set, &n, stop_at_second, &err), BF_INPUT);
    assert_error(err, BF_INPUT, "the run 'fresh' has no kept text of the variant 'mi'");
    bf_set_release(&set);
    bf_set_runs_close(&runs);
    /* A bad record is named, or left out. */
    write_text("bad.jsonl", "{\"text\": \"Zeus.\"}\n{\"text\": 1}\n{\"text\": \"Hera.\"}\n");
    bf_buf_init(&got, SIZE_MAX);
    assert_ok(bf_set_open("bad.jsonl", NULL, NULL, false, &runs, &set, &err));
    assert_int_equal(bf_set_each(&set, &got, sets_see, &err), BF_INPUT);
    assert_error(err, BF_INPUT, "bad.jsonl:2:");
    bf_set_release(&set);
    bf_buf_clear(&got);
    assert_ok(bf_set_open("bad.jsonl", NULL, NULL, true, &runs, &set, &err));
    assert_ok(bf_set_each(&set, &got, sets_see, &err));
    assert_string_equal(got.data, "1 -/- Zeus.\n2 -/- Hera.\n");
    bf_set_release(&set);
    bf_buf_release(&got);
    /* A file whose ending says nothing. */
    write_text("notes.md", "Zeus.\n");
    assert_ok(bf_set_open("notes.md", NULL, NULL, false, &runs, &set, &err));
    assert_int_equal(bf_set_each(&set, &n, stop_at_second, &err), BF_USAGE);
    assert_contains(err.text, "notes.md");
    bf_set_release(&set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_and_its_variants),
        cmocka_unit_test(the_retain_set_of_a_run),
        cmocka_unit_test(exports_are_read_as_they_were_written),
        cmocka_unit_test(files_of_each_format),
        cmocka_unit_test(a_folder_of_the_official_scripts),
        cmocka_unit_test(names),
        cmocka_unit_test(a_name_that_is_given_is_taken),
        cmocka_unit_test(a_colon_in_a_name),
        cmocka_unit_test(variants_of_a_run_share_its_store),
        cmocka_unit_test(a_run_that_is_being_written),
        cmocka_unit_test(points_of_a_run),
        cmocka_unit_test(what_is_refused),
        cmocka_unit_test(errors_while_reading),
    };
    return cmocka_run_group_tests(tests, enter, leave_scratch);
}
