/* What a report says of a run out of what is stored with its samples, without a model. */
#include "sets_fixture.h"

#include <signal.h>
#include <sys/wait.h>

#include "base/floats.h"
#include "base/hash.h"
#include "measure/report_stored.h"

#include "base/banned.h"

static int enter(void **state)
{
    return enter_scratch(state);
}

/* Samples [from, from + n) of the selected request: texts of their own, vectors near (1, 0, 0, ...) and (0, 1, 0, ...)
 * by turns. */
static void commit(struct bf_store *store, int64_t from, size_t n, bool embedded)
{
    struct bf_err err = BF_ERR_INIT;
    struct fixture_sample *samples = bf_array(n, sizeof *samples);
    struct bf_commit_item *items = bf_array(n, sizeof *items);
    char(*texts)[160] = bf_array(n, sizeof *texts);
    for (size_t i = 0; i < n; i++) {
        struct fixture_sample *f = &samples[i];
        const int64_t index = from + (int64_t)i;
        struct bf_rng rng;
        fixture_fill(f, BF_STAGE_SYNTHESIS, index);
        bf_rng_init(&rng, (uint64_t)index);
        snprintf(texts[i], sizeof texts[i], "Sample %lld: word%d and word%d rule the sky of number%d.",
                 (long long)index, (int)bf_rng_below(&rng, 50), (int)bf_rng_below(&rng, 50),
                 (int)bf_rng_below(&rng, 50));
        f->sample.text = texts[i];
        f->sample.raw = f->sample.question = f->sample.answer = NULL;
        f->sample.text_hash = (uint64_t)index + 1;
        for (int d = 0; d < FIXTURE_EMBD; d++)
            f->embedding[d] = bf_half_of((d == (int)(index % 2) ? 1.0F : 0.0F) + (float)bf_rng_unit(&rng) * 0.2F);
        f->sample.embedding = embedded ? f->embedding : NULL;
        f->sample.n_embd = embedded ? FIXTURE_EMBD : 0;
        items[i] = (struct bf_commit_item){.sample = f->sample};
    }
    const struct bf_commit all = {.number = -1, .items = items, .n_items = n};
    assert_ok(bf_store_commit_all(store, &all, &err));
    free(samples);
    free(items);
    free(texts);
}

static struct bf_store *make(const char *dir, size_t n, bool embedded)
{
    struct bf_store *store = fixture_create(dir);
    commit(store, 0, n, embedded);
    return store;
}

static enum bf_status measure(struct bf_store *store, json_t **out, const char **why, struct bf_err *err)
{
    struct bf_log log;
    const char *basis = NULL;
    bf_log_init(&log, stderr, true);
    const enum bf_status status = bf_report_stored(store, &log, out, &basis, why, err);
    if (status == BF_OK && *out)
        assert_int_equal(basis == NULL, *why != NULL);
    return status;
}

static const json_t *set_of(const json_t *out, size_t i)
{
    const json_t *set = json_array_get(json_object_get(out, "sets"), i);
    assert_non_null(set);
    return set;
}

static int64_t count_of(const json_t *set, const char *key)
{
    assert_true(json_is_integer(json_object_get(set, key)));
    return json_integer_value(json_object_get(set, key));
}

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

static void a_run_with_vectors(void **state)
{
    struct bf_store *store = make("vectors", 40, true);
    struct bf_err err = BF_ERR_INIT;
    json_t *out = NULL;
    const char *why = NULL;
    (void)state;
    assert_ok(measure(store, &out, &why, &err));
    assert_null(why);
    const json_t *set = set_of(out, 0);
    assert_string_equal(text_of(set, "name"), "forget set");
    assert_int_equal(count_of(set, "n"), 40);
    assert_int_equal(count_of(set, "chunks_sampled"), 40);
    assert_true(json_number_value(json_object_get(set, "remote_clique")) > 0.3); /* two directions */
    assert_true(json_is_number(json_object_get(set, "self_bleu")));
    assert_true(json_is_null(json_object_get(set, "n_tokens")));
    assert_contains(text_of(json_object_get(set, "why"), "n_tokens"), "biforget report");
    assert_int_equal(json_array_size(json_object_get(json_object_get(out, "map"), "points")), 40);
    /* The vector of the domain's name is not stored: nothing is said of nearness. */
    assert_true(json_is_null(json_object_get(set, "relevance")));
    assert_contains(text_of(json_object_get(set, "why"), "relevance"), "no single domain");
    assert_true(json_is_null(json_object_get(json_object_get(out, "map"), "domain")));
    assert_null(json_object_get(out, "differences"));
    json_decref(out);
    bf_store_close(store);
}

/* As bf_report_keep_domain keeps it: of the embedder, or of the model when that embeds. */
static void a_domain_whose_vector_is_stored(void **state)
{
    const float vector[FIXTURE_EMBD] = {1.0F}, *const vectors[] = {vector};
    struct bf_vector_key key = {.model = "feed as samples"};
    struct bf_store *store = make("domain", 40, true);
    struct bf_err err = BF_ERR_INIT;
    json_t *out = NULL;
    const char *why = NULL;
    (void)state;
    bf_sha256_hex("Greek mythology", 15, key.content);
    assert_ok(bf_store_put_vectors(store, &key, vectors, 1, FIXTURE_EMBD, &err));
    assert_ok(measure(store, &out, &why, &err));
    assert_true(json_is_number(json_object_get(set_of(out, 0), "relevance")));
    assert_int_equal(json_array_size(json_object_get(json_object_get(out, "map"), "domain")), 2);
    assert_string_equal(text_of(out, "domain"), "Greek mythology");
    json_decref(out);
    bf_store_close(store);
}

static void a_run_without_vectors(void **state)
{
    struct bf_store *store = make("wording", 10, false);
    struct bf_err err = BF_ERR_INIT;
    json_t *out = NULL;
    const char *why = NULL;
    (void)state;
    assert_ok(measure(store, &out, &why, &err));
    assert_contains(why, "no vector is stored");
    const json_t *set = set_of(out, 0);
    assert_int_equal(count_of(set, "n"), 10);
    assert_true(json_is_number(json_object_get(set, "self_bleu")));
    assert_true(json_is_null(json_object_get(set, "remote_clique")));
    assert_contains(text_of(json_object_get(set, "why"), "remote_clique"), "no vector is stored");
    assert_true(json_is_null(json_object_get(out, "map")));
    json_decref(out);
    bf_store_close(store);
}

static void a_run_without_a_text(void **state)
{
    struct bf_store *store = fixture_create("nothing");
    struct bf_err err = BF_ERR_INIT;
    json_t *out = NULL;
    const char *why = NULL;
    (void)state;
    assert_ok(measure(store, &out, &why, &err));
    assert_null(out);
    assert_string_equal(why, "no text is kept yet");
    bf_store_close(store);
}

/* A stranger's run.db: a vector that is not finite is an error, one of another length is left out. */
static void vectors_that_cannot_be(void **state)
{
    struct bf_store *store = make("endless", 10, true);
    struct bf_err err = BF_ERR_INIT;
    json_t *out = NULL;
    const char *why = NULL;
    struct fixture_sample f;
    (void)state;
    fixture_fill(&f, BF_STAGE_SYNTHESIS, 10);
    f.embedding[0] = bf_half_of(1e30F); /* infinite */
    f.sample.embedding = f.embedding;
    f.sample.n_embd = FIXTURE_EMBD;
    assert_ok(fixture_commit_one(store, &f.sample, NULL, 0, NULL, &err));
    const enum bf_status status = measure(store, &out, &why, &err);
    assert_true(status == BF_MODEL || status == BF_INPUT);
    assert_null(out);
    bf_store_close(store);

    store = make("lengths", 10, true);
    fixture_fill(&f, BF_STAGE_SYNTHESIS, 10);
    f.sample.embedding = f.embedding;
    f.sample.n_embd = FIXTURE_EMBD - 3;
    f.sample.point = -1;
    assert_ok(fixture_commit_one(store, &f.sample, NULL, 0, NULL, &err));
    assert_ok(measure(store, &out, &why, &err));
    assert_int_equal(count_of(set_of(out, 0), "n"), 11);
    assert_int_equal(count_of(set_of(out, 0), "chunks_sampled"), 10);
    json_decref(out);
    bf_store_close(store);
}

/* ---- requests ---- */

struct adding {
    int n;
    enum bf_role role;
    int64_t ids[16];
};

static enum bf_status add_requests(void *user, struct bf_store *store, struct bf_err *err)
{
    struct adding *a = user;
    enum bf_status status = BF_OK;
    for (int i = 0; i < a->n && status == BF_OK; i++) {
        char name[32], json[64];
        snprintf(name, sizeof name, "more %d", i);
        snprintf(json, sizeof json, "{\"topic\":\"Topic %d\"}", i);
        const struct bf_request_entry entry = {.name = name, .kind = BF_KIND_DOMAIN, .role = a->role, .json = json};
        status = bf_store_add_request(store, &entry, &a->ids[i], err);
    }
    return status;
}

static struct bf_store *make_many(const char *dir, const char *kind, int n, enum bf_role role)
{
    struct bf_run run = fixture_run();
    const struct bf_template_set templates = fixture_templates();
    struct adding a = {.n = n, .role = role};
    struct bf_err err = BF_ERR_INIT;
    struct bf_store *store = NULL;
    run.kind = kind;
    run.request_name = "first";
    run.request_kind = "domain";
    assert_ok(bf_store_create(dir, &run, &templates, &store, &err));
    assert_ok(bf_store_extend(store, &a, add_requests, &err));
    for (int r = 0; r <= n; r++) {
        bf_store_select(store, r == 0 ? 1 : a.ids[r - 1]);
        commit(store, 100 * r, 6, true);
    }
    bf_store_select(store, 0);
    return store;
}

static void requests_are_sets(void **state)
{
    struct bf_store *store = make_many("several", "run", 7, BF_ROLE_FORGET); /* eight in all */
    struct bf_err err = BF_ERR_INIT;
    json_t *out = NULL;
    const char *why = NULL;
    (void)state;
    assert_ok(measure(store, &out, &why, &err));
    assert_int_equal(json_array_size(json_object_get(out, "sets")), 8);
    assert_string_equal(text_of(set_of(out, 0), "name"), "first");
    assert_string_equal(text_of(set_of(out, 7), "name"), "more 6");
    assert_true(json_is_true(json_object_get(out, "parts")));
    assert_true(json_is_null(json_object_get(out, "domain"))); /* there are several */
    json_decref(out);
    bf_store_close(store);

    store = make_many("more", "run", 8, BF_ROLE_FORGET); /* nine: one for each role */
    assert_ok(measure(store, &out, &why, &err));
    assert_int_equal(json_array_size(json_object_get(out, "sets")), 1);
    assert_string_equal(text_of(set_of(out, 0), "name"), "forget set");
    assert_int_equal(count_of(set_of(out, 0), "n"), 54);
    json_decref(out);
    bf_store_close(store);

    store = make_many("kept", "domain", 1, BF_ROLE_RETAIN);
    assert_ok(measure(store, &out, &why, &err));
    assert_int_equal(json_array_size(json_object_get(out, "sets")), 2);
    assert_string_equal(text_of(set_of(out, 0), "name"), "forget set");
    assert_string_equal(text_of(set_of(out, 1), "name"), "retain set: more 0"); /* the model named it */
    json_decref(out);
    bf_store_close(store);
}

/* ---- a run that is being written ---- */

enum { MEANWHILE = 1000 }; /* texts; of more than 2,000 not all are read */

/* More texts may be there at the second look than at the first: what was made room for is enough. Address sanitizer
 * sees it. */
static void a_run_that_grows_meanwhile(void **state)
{
    struct bf_err err = BF_ERR_INIT;
    char shm[] = "/dev/shm/biforget-unit-XXXXXX", *here = getcwd(NULL, 0);
    const bool fast = mkdtemp(shm) && chdir(shm) == 0; /* where many commits fall between two looks */
    (void)state;
    bf_store_close(make("grows", 3, false));
    (void)fflush(stdout);
    const pid_t writer = fork();
    assert_true(writer >= 0);
    if (writer == 0) {
        struct bf_store *store = fixture_open("grows", BF_STORE_WRITE);
        for (int64_t i = 3; i < MEANWHILE; i++) {
            commit(store, i, 1, false);
            (void)usleep(50);
        }
        _exit(0);
    }
    struct bf_store *store = fixture_open("grows", BF_STORE_READ);
    int64_t last = 0;
    while (last < MEANWHILE) {
        json_t *out = NULL;
        const char *why = NULL;
        assert_ok(measure(store, &out, &why, &err));
        const json_t *set = set_of(out, 0);
        assert_int_equal(count_of(set, "n"), count_of(set, "n_sampled"));
        assert_true(count_of(set, "n") >= last);
        last = count_of(set, "n");
        json_decref(out);
    }
    assert_int_equal(kill(writer, SIGKILL), 0);
    assert_int_equal(waitpid(writer, NULL, 0), writer);
    bf_store_close(store);
    assert_int_equal(chdir(here), 0);
    free(here);
    if (fast)
        fixture_remove(strdup(shm));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_with_vectors),         cmocka_unit_test(a_domain_whose_vector_is_stored),
        cmocka_unit_test(a_run_without_vectors),      cmocka_unit_test(a_run_without_a_text),
        cmocka_unit_test(vectors_that_cannot_be),     cmocka_unit_test(requests_are_sets),
        cmocka_unit_test(a_run_that_grows_meanwhile),
    };
    return cmocka_run_group_tests(tests, enter, leave_scratch);
}
