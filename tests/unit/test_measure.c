/* What is measured of sets: the uniform sample that one pass over a set keeps, the vectors of its chunks, and the whole
 * measurement. On a tiny model with random weights, which tokenizes and embeds like any other. */
#include "tiny_text_model.h"

#include <math.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "measure/measure.h"
#include "measure/measure_take.h"
#include "measure/measure_vectors.h"
#include "quality/quality.h"
#include "sets/sets.h"

static struct bf_engine *engine;
static struct bf_log quiet_log;

static int enter(void **state)
{
    struct bf_engine_options o = bf_engine_default_options();
    struct bf_err err = BF_ERR_INIT;
    if (enter_scratch(state) != 0)
        return -1;
    bf_log_init(&quiet_log, stderr, true);
    tiny_text_write("tiny.gguf", NULL, NULL);
    o.model_path = "tiny.gguf";
    o.embed_only = true;
    o.n_threads = 1;
    o.no_stability_check = true;
    return bf_engine_open(&o, &engine, &err) == BF_OK ? 0 : -1;
}

static int leave(void **state)
{
    bf_engine_close(engine);
    return leave_scratch(state);
}

static void open_set(const char *path, struct bf_set *set)
{
    struct bf_set_runs runs = {.read_only = true};
    struct bf_err err = BF_ERR_INIT;
    if (bf_set_open(path, NULL, NULL, false, &runs, set, &err) != BF_OK)
        fail_msg("%s", err.text);
    bf_set_runs_close(&runs);
}

static void take(const struct bf_set *set, size_t max_chunks, size_t max_texts, uint64_t seed,
                 struct bf_quality_taken *out)
{
    struct bf_err err = BF_ERR_INIT;
    if (bf_quality_take(set, engine, max_chunks, max_texts, seed, &quiet_log, out, &err) != BF_OK)
        fail_msg("%s", err.text);
}

/* ---- one pass ---- */

static void everything_is_kept_where_there_is_room(void **state)
{
    static const char *const texts[] = {"Zeus rules the sky.", "Hera is his wife, and she is often angry with him.",
                                        "Leto waits."};
    int32_t all[1024];
    size_t n = 0, at = 0;
    struct bf_quality_taken taken;
    struct bf_set set;
    struct bf_buf file;
    (void)state;
    bf_buf_init(&file, SIZE_MAX);
    for (size_t i = 0; i < 3 * N_ELEMENTS(texts); i++) {
        const char *text = texts[i % N_ELEMENTS(texts)];
        bf_buf_printf(&file, "%s\n", text);
        n += (size_t)bf_engine_tokenize(engine, text, all + n, (int32_t)(N_ELEMENTS(all) - n));
    }
    write_text("nine.txt", file.data);
    bf_buf_release(&file);
    open_set("nine.txt", &set);
    take(&set, 100, 100, 1, &taken);
    assert_int_equal(taken.n_texts, 9);
    assert_int_equal(taken.n_kept_texts, 9);
    assert_string_equal(taken.texts[4].text, texts[1]);
    assert_int_equal(taken.texts[4].number, 5);
    assert_int_equal(taken.n_tokens, n);
    assert_int_equal(taken.n_chunks, (n + BF_CHUNK_TOKENS - 1) / BF_CHUNK_TOKENS);
    assert_int_equal(taken.n_kept, taken.n_chunks);
    assert_true(taken.n_chunks >= 2);
    /* The chunks are the tokens of the set, one after the other. */
    for (size_t c = 0; c < taken.n_kept; c++) {
        assert_int_equal(taken.chunks[c].at, c);
        assert_memory_equal(taken.chunks[c].ids, all + at, (size_t)taken.chunks[c].n * sizeof *all);
        at += (size_t)taken.chunks[c].n;
    }
    assert_int_equal(at, n);
    /* And say in which text they begin. */
    for (size_t c = 0, before = 0, number = 0; c < taken.n_kept; c++) {
        while (before <= c * BF_CHUNK_TOKENS)
            before += (size_t)bf_engine_tokenize(engine, texts[number++ % N_ELEMENTS(texts)], all, N_ELEMENTS(all));
        assert_int_equal(taken.chunks[c].number, number);
    }
    bf_quality_taken_release(&taken);
    bf_set_release(&set);
}

/* n texts, each of more than one chunk and of no whole number of them. */
static void write_texts(const char *path, size_t n, size_t n_words)
{
    struct bf_buf file;
    bf_buf_init(&file, SIZE_MAX);
    for (size_t i = 0; i < n; i++) {
        for (size_t w = 0; w < n_words; w++)
            bf_buf_printf(&file, "%zu-%zu ", i, w);
        bf_buf_putc(&file, '\n');
    }
    write_text(path, file.data);
    bf_buf_release(&file);
}

/* Each text, and each pair of texts, is as likely to be kept as any other: 2 of 5, over many seeds. */
static void each_subset_is_equally_likely(void **state)
{
    enum { N = 5, K = 2, TRIES = 2000 };
    int texts[N] = {0}, pairs[N][N] = {0}, chunks[N] = {0};
    struct bf_set set;
    (void)state;
    write_texts("five.txt", N, 3);
    open_set("five.txt", &set);
    for (uint64_t seed = 0; seed < TRIES; seed++) {
        struct bf_quality_taken taken;
        take(&set, 1, K, seed, &taken);
        assert_int_equal(taken.n_texts, N);
        assert_int_equal(taken.n_kept_texts, K);
        const int64_t a = taken.texts[0].number - 1, b = taken.texts[1].number - 1;
        assert_true(0 <= a && a < b && b < N); /* in the set's order */
        texts[a]++;
        texts[b]++;
        pairs[a][b]++;
        bf_quality_taken_release(&taken);
    }
    for (size_t i = 0; i < N; i++) {
        assert_in_range(texts[i], 800 - 110, 800 + 110); /* five standard deviations */
        for (size_t j = i + 1; j < N; j++)
            assert_in_range(pairs[i][j], 200 - 67, 200 + 67);
    }
    bf_set_release(&set);

    write_texts("chunks.txt", N, 1);
    struct bf_buf one; /* each text fills one chunk: of a chunk's length in tokens */
    bf_buf_init(&one, SIZE_MAX);
    for (size_t i = 0; i < N; i++) {
        int32_t ids[4 * BF_CHUNK_TOKENS];
        struct bf_buf text;
        bf_buf_init(&text, SIZE_MAX);
        do
            bf_buf_putc(&text, (char)('a' + i));
        while (bf_engine_tokenize(engine, text.data, ids, N_ELEMENTS(ids)) < BF_CHUNK_TOKENS);
        bf_buf_printf(&one, "%s\n", text.data);
        bf_buf_release(&text);
    }
    write_text("chunks.txt", one.data);
    bf_buf_release(&one);
    open_set("chunks.txt", &set);
    for (uint64_t seed = 0; seed < TRIES; seed++) {
        struct bf_quality_taken taken;
        take(&set, 1, 1, seed, &taken);
        assert_int_equal(taken.n_chunks, N);
        assert_int_equal(taken.n_kept, 1);
        assert_int_equal(taken.chunks[0].number, taken.chunks[0].at + 1);
        chunks[taken.chunks[0].at]++;
        bf_quality_taken_release(&taken);
    }
    for (size_t i = 0; i < N; i++)
        assert_in_range(chunks[i], 400 - 90, 400 + 90);
    bf_set_release(&set);
}

static void the_seed_decides(void **state)
{
    struct bf_quality_taken a, b, other;
    struct bf_set set;
    bool differs = false;
    (void)state;
    write_texts("fifty.txt", 50, 40);
    open_set("fifty.txt", &set);
    take(&set, 10, 10, 7, &a);
    take(&set, 10, 10, 7, &b);
    take(&set, 10, 10, 8, &other);
    assert_int_equal(a.n_kept, 10);
    assert_true(a.n_chunks > 50);
    assert_true(a.hash == b.hash && a.hash == other.hash);
    for (size_t i = 0; i < 10; i++) {
        assert_int_equal(a.chunks[i].at, b.chunks[i].at);
        assert_int_equal(a.chunks[i].number, b.chunks[i].number);
        assert_memory_equal(a.chunks[i].ids, b.chunks[i].ids, (size_t)a.chunks[i].n * sizeof *a.chunks[i].ids);
        assert_string_equal(a.texts[i].text, b.texts[i].text);
        differs = differs || a.texts[i].number != other.texts[i].number;
        assert_true(i == 0 || a.chunks[i].at > a.chunks[i - 1].at);
    }
    assert_true(differs);
    bf_quality_taken_release(&a);
    bf_quality_taken_release(&b);
    bf_quality_taken_release(&other);
    bf_set_release(&set);
}

/* What is random about a set follows from its texts in their order. */
static void the_hash_is_of_the_texts_in_order(void **state)
{
    static const char *const files[] = {"Zeus.\nHera.\n", "Zeus.\n\nHera.\n", "Hera.\nZeus.\n",
                                        "Zeus.\nHera.\nHera.\n"};
    uint64_t hash[N_ELEMENTS(files)];
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(files); i++) {
        struct bf_quality_taken taken;
        struct bf_set set;
        write_text("order.txt", files[i]);
        open_set("order.txt", &set);
        take(&set, 4, 4, 1, &taken);
        hash[i] = taken.hash;
        bf_quality_taken_release(&taken);
        bf_set_release(&set);
    }
    assert_true(hash[0] == hash[1]);
    assert_true(hash[0] != hash[2] && hash[0] != hash[3] && hash[2] != hash[3]);
}

static void a_set_that_breaks_off(void **state)
{
    struct bf_quality_taken taken;
    struct bf_set set;
    struct bf_err err = BF_ERR_INIT;
    (void)state;
    write_text("breaks.jsonl", "\"Zeus\"\n\"Hera\"\n7\n");
    open_set("breaks.jsonl", &set);
    assert_int_equal(bf_quality_take(&set, engine, 4, 4, 1, &quiet_log, &taken, &err), BF_INPUT);
    assert_error(err, BF_INPUT, "breaks.jsonl:3:");
    assert_null(taken.chunks); /* released */
    bf_set_release(&set);
}

/* ---- vectors ---- */

enum { N_PIECES = 40, N_DISTINCT = 20, N_IDS = 5 };

/* Pieces i and i + 20 are equal. */
static void make_pieces(int32_t ids[N_DISTINCT][N_IDS], struct bf_quality_piece *pieces, struct bf_store *first,
                        struct bf_store *second)
{
    for (int32_t i = 0; i < N_DISTINCT; i++)
        for (int32_t k = 0; k < N_IDS; k++)
            ids[i][k] = TINY_TEXT_BYTES + 'a' + (i * 7 + k * k) % 26 + (i == k ? 1 : 0);
    for (int32_t i = 0; i < N_PIECES; i++)
        pieces[i] = (struct bf_quality_piece){.tokens = {ids[i % N_DISTINCT], i % N_DISTINCT == 3 ? N_IDS - 1 : N_IDS},
                                              .of = "test",
                                              .store = i < N_DISTINCT ? first : second};
}

static void embed(struct bf_quality_piece *pieces, struct bf_quality_vectors *out)
{
    struct bf_quality_job job = bf_quality_job_default();
    struct bf_err err = BF_ERR_INIT;
    job.model = (struct bf_quality_model){engine, "tiny.gguf", "0123456789"};
    job.log = &quiet_log;
    if (bf_quality_embed(&job, pieces, N_PIECES, out, &err) != BF_OK)
        fail_msg("%s", err.text);
}

static void equal_chunks_are_embedded_once(void **state)
{
    int32_t ids[N_DISTINCT][N_IDS];
    struct bf_quality_piece pieces[N_PIECES];
    struct bf_quality_vectors v;
    struct bf_err err = BF_ERR_INIT;
    (void)state;
    make_pieces(ids, pieces, NULL, NULL);
    embed(pieces, &v);
    assert_int_equal(v.n, N_DISTINCT);
    assert_int_equal(v.n_embedded, N_DISTINCT);
    assert_int_equal(v.n_cached, 0);
    assert_int_equal(v.n_embd, bf_engine_info(engine)->n_embd);
    float *row = bf_array(v.n_embd, sizeof *row);
    for (size_t i = 0; i < N_PIECES; i++) {
        assert_int_equal(pieces[i].vector, i % N_DISTINCT); /* in the order of their first pieces */
        assert_int_equal(bf_engine_embed_tokens(engine, &pieces[i].tokens, 1, BF_POOL_MEAN, row, &err), BF_OK);
        for (size_t d = 0; d < v.n_embd; d++)
            assert_true(fabs((double)row[d] - (double)v.rows[pieces[i].vector * v.n_embd + d]) < 1e-4);
    }
    free(row);
    bf_quality_vectors_release(&v);
}

static void vectors_are_kept_and_found_again(void **state)
{
    int32_t ids[N_DISTINCT][N_IDS];
    struct bf_quality_piece pieces[N_PIECES];
    struct bf_quality_vectors fresh, half, again;
    struct bf_store *first = NULL, *second = NULL;
    struct bf_err err = BF_ERR_INIT;
    (void)state;
    assert_int_equal(bf_store_open_vectors("first.db", &first, &err), BF_OK);
    assert_int_equal(bf_store_open_vectors("second.db", &second, &err), BF_OK);
    make_pieces(ids, pieces, first, NULL);
    embed(pieces, &fresh);
    assert_int_equal(fresh.n_embedded, N_DISTINCT);
    /* What one set has, the other gets without the model. */
    make_pieces(ids, pieces, first, second);
    embed(pieces, &half);
    assert_int_equal(half.n_embedded, 0);
    assert_int_equal(half.n_cached, N_DISTINCT);
    bf_store_close(first);
    make_pieces(ids, pieces, NULL, second);
    embed(pieces, &again);
    assert_int_equal(again.n_embedded, 0);
    assert_int_equal(again.n_cached, N_DISTINCT);
    assert_memory_equal(fresh.rows, again.rows, fresh.n * fresh.n_embd * sizeof *fresh.rows);
    /* Of another model they are not. */
    struct bf_quality_job job = bf_quality_job_default();
    struct bf_quality_vectors other;
    job.model = (struct bf_quality_model){engine, "tiny.gguf", "fedcba"};
    job.log = &quiet_log;
    assert_int_equal(bf_quality_embed(&job, pieces, N_PIECES, &other, &err), BF_OK);
    assert_int_equal(other.n_embedded, N_DISTINCT);
    bf_quality_vectors_release(&other);
    bf_quality_vectors_release(&fresh);
    bf_quality_vectors_release(&half);
    bf_quality_vectors_release(&again);
    bf_store_close(second);
}

/* ---- the whole measurement ---- */

static json_t *measure(const char *const *sets, size_t n, size_t n_threads)
{
    struct bf_quality_job job = bf_quality_job_default();
    struct bf_err err = BF_ERR_INIT;
    json_t *out = NULL;
    job.sets = sets;
    job.n_sets = n;
    job.domain = "the Greek gods";
    job.model = (struct bf_quality_model){engine, "tiny.gguf", "0123456789"};
    job.n_seeds = 3;
    job.n_chunks = 20;
    job.n_nearest = 10;
    job.n_resamples = 100;
    job.n_threads = n_threads;
    job.log = &quiet_log;
    if (bf_quality_measure(&job, &out, &err) != BF_OK)
        fail_msg("%s", err.text);
    return out;
}

static double number_of(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    if (!json_is_number(value))
        fail_msg("\"%s\" is no number", key);
    return json_number_value(value);
}

static void assert_interval(const json_t *set, const char *name)
{
    char key[64];
    snprintf(key, sizeof key, "%s_interval", name);
    const json_t *interval = json_object_get(set, key);
    assert_int_equal(json_array_size(interval), 2);
    assert_true(json_number_value(json_array_get(interval, 0)) <= json_number_value(json_array_get(interval, 1)));
}

static void two_sets_side_by_side(void **state)
{
    static const char *const sets[] = {"many.txt", "same.txt"}, *const turned[] = {"same.txt", "many.txt"};
    static const char *const metrics[] = {"relevance", "full_relevance", "remote_clique", "self_bleu"};
    static const char *const alone[] = {"full_relevance", "remote_clique", "self_bleu", "distinct_1", "duplicates"};
    (void)state;
    write_texts("many.txt", 60, 60);
    struct bf_buf same;
    bf_buf_init(&same, SIZE_MAX);
    for (int i = 0; i < 40; i++)
        bf_buf_printf(
            &same,
            "Zeus rules the sky, and the sea is not his but that of Poseidon, who has a trident and a temper %s.\n",
            i % 2 ? "too" : "as well");
    write_text("same.txt", same.data);
    bf_buf_release(&same);
    json_t *out = measure(sets, 2, 1), *again = measure(sets, 2, 2), *other = measure(turned, 2, 1);
    assert_true(json_equal(out, again)); /* at any number of threads */
    const json_t *many = json_array_get(json_object_get(out, "sets"), 0);
    const json_t *one = json_array_get(json_object_get(out, "sets"), 1);
    assert_int_equal(number_of(many, "n"), 60);
    assert_int_equal(number_of(one, "n"), 40);
    assert_int_equal(number_of(many, "chunks_sampled"), 30); /* half as many again as are measured */
    assert_true(number_of(many, "duplicates") == 0.0);
    assert_true(number_of(one, "duplicates") > 0.9);
    assert_true(number_of(one, "self_bleu") > 0.9);
    assert_int_equal(number_of(json_object_get(many, "distinct_equal"), "n"), 40); /* the smaller set's */
    for (size_t i = 0; i < N_ELEMENTS(metrics); i++) {
        assert_interval(many, metrics[i]);
        assert_interval(one, metrics[i]);
    }
    /* The mean over the seeds. */
    const json_t *seeds = json_object_get(many, "relevance_seeds");
    double sum = 0.0;
    assert_int_equal(json_array_size(seeds), 3);
    for (size_t i = 0; i < 3; i++)
        sum += json_number_value(json_array_get(seeds, i));
    assert_true(fabs(sum / 3.0 - number_of(many, "relevance")) < 1e-9);
    /* A set's numbers are its own, whatever its place among the others. */
    for (size_t i = 0; i < N_ELEMENTS(alone); i++)
        assert_true(number_of(many, alone[i]) ==
                    number_of(json_array_get(json_object_get(other, "sets"), 1), alone[i]));
    assert_int_equal(json_array_size(json_object_get(out, "differences")), 4);
    const json_t *wording = json_array_get(json_object_get(out, "differences"), 3);
    assert_string_equal(json_string_value(json_object_get(wording, "figure")), "self_bleu");
    assert_true(json_is_true(json_object_get(wording, "beyond_noise")));
    assert_true(number_of(wording, "high") < 0.0);
    assert_contains(json_string_value(json_object_get(wording, "sentence")),
                    "many is more diverse in wording than same");
    json_decref(out);
    json_decref(again);
    json_decref(other);
}

static void a_set_against_itself(void **state)
{
    static const char *const sets[] = {"twice.txt", "twice.txt"};
    (void)state;
    write_texts("twice.txt", 40, 60);
    json_t *out = measure(sets, 2, 1);
    const json_t *differences = json_object_get(out, "differences");
    for (size_t i = 0; i < json_array_size(differences); i++) {
        const json_t *one = json_array_get(differences, i);
        assert_false(json_is_true(json_object_get(one, "beyond_noise")));
        if (i > 0) /* on a map each has a place of its own */
            assert_true(number_of(one, "difference") == 0.0);
    }
    json_decref(out);
}

static void what_is_not_known_says_why(void **state)
{
    static const char *const sets[] = {"one.txt"};
    (void)state;
    write_text("one.txt", "Zeus.\n");
    json_t *out = measure(sets, 1, 1);
    const json_t *set = json_array_get(json_object_get(out, "sets"), 0), *why = json_object_get(set, "why");
    assert_true(json_is_null(json_object_get(set, "remote_clique")));
    assert_string_equal(json_string_value(json_object_get(why, "remote_clique")), "needs two chunks or more");
    assert_true(json_is_null(json_object_get(set, "self_bleu")) && json_object_get(why, "self_bleu"));
    assert_true(json_is_null(json_object_get(set, "coverage")) && json_object_get(why, "coverage"));
    assert_true(json_is_null(json_object_get(out, "map")));
    json_decref(out);
}

static void what_cannot_be_measured(void **state)
{
    static const char *const sets[] = {"nowhere.txt"}, *const good[] = {"one.txt"};
    struct bf_quality_job job = bf_quality_job_default();
    struct bf_err err = BF_ERR_INIT;
    json_t *out = NULL;
    (void)state;
    job.sets = sets;
    job.n_sets = 1;
    job.domain = "";
    job.model = (struct bf_quality_model){engine, "tiny.gguf", "0123456789"};
    job.log = &quiet_log;
    assert_int_equal(bf_quality_measure(&job, &out, &err), BF_INPUT);
    assert_error(err, BF_INPUT, "nowhere.txt");
    assert_null(out);
    write_text("one.txt", "Zeus.\n");
    job.sets = good;
    assert_int_equal(bf_quality_measure(&job, &out, &err), BF_USAGE);
    assert_contains(err.text, "--domain");
    assert_null(out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_is_kept_where_there_is_room),
        cmocka_unit_test(each_subset_is_equally_likely),
        cmocka_unit_test(the_seed_decides),
        cmocka_unit_test(the_hash_is_of_the_texts_in_order),
        cmocka_unit_test(a_set_that_breaks_off),
        cmocka_unit_test(equal_chunks_are_embedded_once),
        cmocka_unit_test(vectors_are_kept_and_found_again),
        cmocka_unit_test(two_sets_side_by_side),
        cmocka_unit_test(a_set_against_itself),
        cmocka_unit_test(what_is_not_known_says_why),
        cmocka_unit_test(what_cannot_be_measured),
    };
    return cmocka_run_group_tests(tests, enter, leave);
}
