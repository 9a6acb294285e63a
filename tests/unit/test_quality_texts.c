/* Self-BLEU against NLTK, distinct-n and duplicates counted, chunks against slices. */
#include "unit.h"

#include "quality_fixture.h"

static struct bf_texts *texts_of(const json_t *array)
{
    struct bf_texts *texts = bf_texts_new();

    for (size_t i = 0; i < json_array_size(array); i++) {
        const json_t *text = json_array_get(array, i);
        bf_texts_add(texts, json_string_value(text), json_string_length(text));
    }
    return texts;
}

static struct bf_figure self_bleu(const struct bf_texts *texts, size_t n_hypotheses)
{
    struct bf_bootstrap bootstrap = bf_bootstrap_default();
    struct bf_figure figure;
    struct bf_err err = BF_ERR_INIT;

    assert_int_equal(bf_texts_self_bleu(texts, n_hypotheses, &bootstrap, NULL, &figure, &err), BF_OK);
    return figure;
}

static void self_bleu_agrees_with_nltk(void **state)
{
    const json_t *golden = member(*state, "wording");
    struct bf_texts *texts = texts_of(member(golden, "texts"));
    double *scores = doubles(golden, "self_bleu");
    const struct bf_figure figure = self_bleu(texts, 0);
    const size_t n = json_array_size(member(golden, "texts"));

    assert_near(figure.value, number(golden, "mean"), 1e-9);
    assert_int_equal(figure.n, n);
    assert_true(figure.has_interval && figure.low < figure.value && figure.value < figure.high);
    /* One at a time: a single hypothesis is drawn, and its score is one of the twelve, compared with all. */
    for (uint64_t seed = 0; seed < 40; seed++) {
        const struct bf_bootstrap bootstrap = {.n_resamples = 100, .seed = seed};
        struct bf_figure one;
        size_t drawn;

        bf_sample_indices(n, 1, seed, &drawn);
        assert_int_equal(bf_texts_self_bleu(texts, 1, &bootstrap, NULL, &one, NULL), BF_OK);
        assert_near(one.value, scores[drawn], 1e-9);
        assert_int_equal(one.n, 1);
    }
    free(scores);
    bf_texts_free(texts);
}

static void distinct_agrees_with_counting(void **state)
{
    const json_t *golden = member(*state, "wording");
    const json_t *counts = member(golden, "distinct");
    struct bf_texts *texts = texts_of(member(golden, "texts"));

    for (size_t n = 1; n <= BF_TEXTS_GRAMS; n++) {
        const json_t *count = json_array_get(counts, n - 1);
        const struct bf_figure figure = bf_texts_distinct(texts, n);

        assert_null(figure.why);
        assert_true(figure.value == number(count, "distinct") / number(count, "total"));
    }
    assert_non_null(bf_texts_distinct(texts, 0).why);
    assert_non_null(bf_texts_distinct(texts, BF_TEXTS_GRAMS + 1).why);
    bf_texts_free(texts);
    bf_texts_free(NULL);
}

static void add(struct bf_texts *texts, const char *text)
{
    bf_texts_add(texts, text, strlen(text));
}

static void duplicates(void **state)
{
    struct bf_texts *texts = bf_texts_new();

    (void)state;
    assert_non_null(bf_texts_duplicates(texts).why);
    add(texts, "Saturn is the second largest planet of the Solar System, and it has rings of ice and dust around it");
    add(texts, "Hermes carries messages between the gods and leads the dead to the river");
    assert_true(bf_texts_duplicates(texts).value == 0.0);
    add(texts, "Saturn is the second largest planet of the Solar System,  and\nit has rings of ice and dust around it");
    add(texts, "Saturn is the second largest planet of the Solar System, and it has rings of ice and dust around it!");
    assert_true(bf_texts_duplicates(texts).value == 0.25);
    assert_true(bf_texts_near_duplicates(texts).value == 0.5);
    assert_true(bf_texts_near_duplicates(texts).has_interval);
    bf_texts_free(texts);
}

static void few_and_empty_texts(void **state)
{
    struct bf_texts *texts = bf_texts_new();

    (void)state;
    assert_non_null(self_bleu(texts, 0).why);
    assert_non_null(bf_texts_distinct(texts, 1).why);
    add(texts, "");
    assert_non_null(self_bleu(texts, 0).why);
    assert_non_null(bf_texts_distinct(texts, 1).why);
    add(texts, "!?");
    assert_true(self_bleu(texts, 0).value == 0.0); /* no words, nothing shared */
    add(texts, "one two three four five");
    assert_true(self_bleu(texts, 0).value == 0.0);
    bf_texts_free(texts);

    texts = bf_texts_new();
    for (int i = 0; i < 5; i++)
        add(texts, "the same words again and again");
    assert_near(self_bleu(texts, 0).value, 1.0, 1e-12);
    assert_near(self_bleu(texts, 3).value, 1.0, 1e-12);
    assert_int_equal(self_bleu(texts, 3).n, 3);
    assert_near(bf_texts_duplicates(texts).value, 0.8, 1e-15);
    bf_texts_free(texts);
}

struct seen {
    size_t n_chunks, n_short;
    int32_t next; /* tokens count up */
};

static void see(void *user, const int32_t *tokens, size_t n_tokens)
{
    struct seen *seen = user;

    seen->n_chunks++;
    assert_in_range(n_tokens, 1, BF_CHUNK_TOKENS);
    seen->n_short += n_tokens < BF_CHUNK_TOKENS;
    for (size_t i = 0; i < n_tokens; i++)
        assert_int_equal(tokens[i], seen->next++);
}

static void chunks_are_slices(void **state)
{
    const json_t *all = member(*state, "chunks");

    for (size_t i = 0; i < json_array_size(all); i++) {
        const json_t *lines = member(json_array_get(all, i), "lines");
        struct bf_chunks chunks;
        struct seen seen = {0};
        int32_t token = 0;
        int32_t line[512];

        bf_chunks_init(&chunks, BF_CHUNK_TOKENS);
        for (size_t l = 0; l < json_array_size(lines); l++) {
            const size_t n = (size_t)json_integer_value(json_array_get(lines, l));

            assert_true(n <= N_ELEMENTS(line));
            for (size_t t = 0; t < n; t++)
                line[t] = token++;
            bf_chunks_add(&chunks, line, n, see, &seen);
        }
        bf_chunks_end(&chunks, see, &seen);
        assert_int_equal(seen.n_chunks, size(json_array_get(all, i), "chunks"));
        assert_int_equal(chunks.n_tokens, token);
        assert_int_equal(seen.next, token);
        assert_true(seen.n_short <= 1);
        bf_chunks_release(&chunks);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(self_bleu_agrees_with_nltk),
        cmocka_unit_test(distinct_agrees_with_counting),
        cmocka_unit_test(duplicates),
        cmocka_unit_test(few_and_empty_texts),
        cmocka_unit_test(chunks_are_slices),
    };

    return cmocka_run_group_tests(tests, open_golden, close_golden);
}
