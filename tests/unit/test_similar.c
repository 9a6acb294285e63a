#include "unit.h"

#include <math.h>
#include <stdbool.h>
#include <time.h>

#include "base/buf.h"
#include "base/rng.h"
#include "base/similar.h"

static struct bf_signature signature_of(const char *text)
{
    struct bf_signature signature;
    struct bf_words words;

    bf_words_of(&words, text, strlen(text));
    bf_signature_of(&signature, &words, text, strlen(text));
    bf_words_release(&words);
    return signature;
}

static bool has_exact(const struct bf_similar *similar, const char *text)
{
    struct bf_signature signature = signature_of(text);

    return bf_similar_has_exact(similar, &signature);
}

static bool has_near(const struct bf_similar *similar, const char *text, double threshold)
{
    struct bf_signature signature = signature_of(text);

    return bf_similar_has_near(similar, &signature, threshold);
}

static void add(struct bf_similar *similar, const char *text)
{
    struct bf_signature signature = signature_of(text);

    bf_similar_add(similar, &signature);
}

#define TALE                                                                                                           \
    "The ship Argo carried fifty heroes across the Black Sea to the land of Colchis, where a dragon that never "       \
    "slept kept watch over the golden fleece in a grove that was sacred to the god of war"

static void exact_duplicates(void **state)
{
    struct bf_similar *similar = bf_similar_new();

    (void)state;
    assert_false(has_exact(similar, TALE));
    assert_false(has_near(similar, TALE, 0.8));
    add(similar, TALE);
    assert_true(has_exact(similar, TALE));
    assert_true(has_exact(similar,
                          "The ship  Argo carried fifty heroes across the Black Sea to the land of\nColchis, where a "
                          "dragon that never slept kept watch over the golden fleece in a grove that was sacred "
                          "to the god\tof war"));
    assert_false(has_exact(similar, TALE "!"));
    assert_false(has_exact(similar, "The ship Argo"));
    add(similar, "");
    assert_true(has_exact(similar, ""));
    bf_similar_free(similar);
    bf_similar_free(NULL);
}

static void near_duplicates(void **state)
{
    struct bf_similar *similar = bf_similar_new();

    (void)state;
    add(similar, TALE);
    assert_true(has_near(similar, TALE "!", 0.8)); /* punctuation and letter case are no words */
    assert_true(has_near(similar, TALE, 1.0));
    assert_true(has_near(similar, TALE " again", 0.8)); /* one 3-gram more: J = 38/39 */
    assert_false(has_near(similar, TALE, 1.01));        /* above 1: off */
    assert_false(has_near(similar,
                          "Saturn is the sixth planet from the Sun, and its rings of ice can be seen in a small "
                          "telescope on any clear night of the right season",
                          0.8));
    bf_similar_free(similar);
}

/* Texts shorter than a 3-gram are compared by the words they have; an empty one is like no other but itself. */
static void short_texts(void **state)
{
    struct bf_similar *similar = bf_similar_new();

    (void)state;
    add(similar, "Zeus");
    add(similar, "Zeus and");
    assert_true(has_near(similar, "zeus!", 0.8));
    assert_true(has_near(similar, "ZEUS, and", 0.8));
    assert_false(has_near(similar, "Hera", 0.8));
    assert_false(has_near(similar, "and Zeus", 0.8));
    bf_similar_free(similar);
}

/* ---- against the true Jaccard similarity ---- */

enum { N_WORDS = 60 };

/* Text number `word[i]` for the i-th word; equal numbers, equal words. */
static void put_words(struct bf_buf *out, const uint64_t *word, int n)
{
    bf_buf_clear(out);
    for (int i = 0; i < n; i++)
        bf_buf_printf(out, "%sw%llx", i ? " " : "", (unsigned long long)word[i]);
}

static double true_jaccard(const uint64_t *a, const uint64_t *b, int n)
{
    int both = 0, distinct_b = 0, distinct_a = 0;

    for (int i = 0; i + 3 <= n; i++) {
        bool seen = false, found = false;

        for (int j = 0; j < i; j++)
            seen = seen || memcmp(a + i, a + j, 3 * sizeof *a) == 0;
        for (int j = 0; j + 3 <= n; j++)
            found = found || memcmp(a + i, b + j, 3 * sizeof *a) == 0;
        distinct_a += seen ? 0 : 1;
        both += !seen && found ? 1 : 0;
    }
    for (int i = 0; i + 3 <= n; i++) {
        bool seen = false;

        for (int j = 0; j < i; j++)
            seen = seen || memcmp(b + i, b + j, 3 * sizeof *b) == 0;
        distinct_b += seen ? 0 : 1;
    }
    return (double)both / (distinct_a + distinct_b - both);
}

static void the_estimate_follows_the_true_similarity(void **state)
{
    const uint64_t seed = (uint64_t)time(NULL);
    struct bf_rng rng;
    struct bf_buf text;
    uint64_t a[N_WORDS], b[N_WORDS];
    int alike = 0, alike_found = 0, unlike = 0, unlike_found = 0, n_pairs = 0;
    double error = 0;

    (void)state;
    printf("seed %llu\n", (unsigned long long)seed);
    bf_rng_init(&rng, seed);
    bf_buf_init(&text, 100000);
    for (int pair = 0; pair < 3000; pair++) {
        int changes = (int)bf_rng_below(&rng, 16);
        struct bf_similar *similar = bf_similar_new();
        struct bf_signature first, second;
        double jaccard;
        int equal = 0;

        for (int i = 0; i < N_WORDS; i++)
            a[i] = bf_rng_below(&rng, 2000);
        memcpy(b, a, sizeof a);
        for (int i = 0; i < changes; i++)
            b[bf_rng_below(&rng, N_WORDS)] = 5000 + bf_rng_below(&rng, 2000);
        jaccard = true_jaccard(a, b, N_WORDS);
        put_words(&text, a, N_WORDS);
        first = signature_of(text.data);
        put_words(&text, b, N_WORDS);
        second = signature_of(text.data);
        for (int j = 0; j < BF_MINHASH; j++)
            equal += first.minima[j] == second.minima[j] ? 1 : 0;
        error += (double)equal / BF_MINHASH - jaccard;
        n_pairs++;

        bf_similar_add(similar, &first);
        if (jaccard >= 0.93) {
            alike++;
            alike_found += bf_similar_has_near(similar, &second, 0.8) ? 1 : 0;
        } else if (jaccard <= 0.5) {
            unlike++;
            unlike_found += bf_similar_has_near(similar, &second, 0.8) ? 1 : 0;
        }
        bf_similar_free(similar);
    }
    bf_buf_release(&text);
    /* The estimate has a standard deviation of at most 0.09 for one pair, 0.0017 for the mean of 3,000. */
    if (fabs(error / n_pairs) > 0.012)
        fail_msg("the estimate is off by %.4f on average", error / n_pairs);
    assert_true(alike > 100 && unlike > 100);
    if (alike_found < alike - alike / 50)
        fail_msg("%d of %d alike pairs found", alike_found, alike);
    /* 26 of 32 equal minima at J = 0.5: 1 in 4,000. */
    if (unlike_found > 5 + unlike / 100)
        fail_msg("%d of %d unlike pairs taken for near duplicates", unlike_found, unlike);
}

/* ---- growth ---- */

static void text_of(struct bf_buf *out, uint64_t number)
{
    struct bf_rng rng;
    uint64_t word[24];

    bf_rng_init(&rng, number);
    for (int i = 0; i < 24; i++)
        word[i] = bf_rng_next(&rng) % 100000;
    put_words(out, word, 24);
}

static void grows_to_many_texts_and_forgets_none(void **state)
{
    enum { N = 20000 };
    struct bf_similar *similar = bf_similar_new();
    struct bf_buf text;

    (void)state;
    bf_buf_init(&text, 10000);
    for (uint64_t i = 0; i < N; i++) {
        text_of(&text, i);
        struct bf_signature signature = signature_of(text.data);
        assert_false(bf_similar_has_exact(similar, &signature));
        assert_false(bf_similar_has_near(similar, &signature, 0.8));
        bf_similar_add(similar, &signature);
    }
    for (uint64_t i = 0; i < N; i += 7) {
        text_of(&text, i);
        assert_true(has_exact(similar, text.data));
        bf_buf_puts(&text, " more"); /* J = 22/23 */
        assert_false(has_exact(similar, text.data));
        if (i % 49 == 0 && !has_near(similar, text.data, 0.5))
            fail_msg("text %llu with a word more is not near itself", (unsigned long long)i);
    }
    text_of(&text, N + 1);
    assert_false(has_exact(similar, text.data));
    bf_buf_release(&text);
    bf_similar_free(similar);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exact_duplicates),
        cmocka_unit_test(near_duplicates),
        cmocka_unit_test(short_texts),
        cmocka_unit_test(the_estimate_follows_the_true_similarity),
        cmocka_unit_test(grows_to_many_texts_and_forgets_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
