#include "unit.h"

#include <stdbool.h>

#include "base/buf.h"
#include "base/file.h"
#include "lab/world.h"
#include "lab/world_files.h"

static struct bf_world *make(uint64_t seed, int32_t n_circles, int32_t n_people)
{
    struct bf_err err = BF_ERR_INIT;
    struct bf_world *world;
    const struct bf_world_params params = {seed, n_circles, n_people};

    if (bf_world_new(&params, &world, &err) != BF_OK)
        fail_msg("%s", err.text);
    return world;
}

static size_t count_facts(const struct bf_world *world)
{
    size_t n = 0;
    while (bf_world_fact(world, n))
        n++;
    return n;
}

static void same_seed_same_world(void **state)
{
    struct bf_world *a = make(1, 3, 8), *b = make(1, 3, 8), *c = make(2, 3, 8);
    size_t n_same = 0;

    (void)state;
    assert_int_equal(count_facts(a), 3 * 8 * BF_WORLD_RELATIONS);
    for (size_t i = 0; i < count_facts(a); i++) {
        assert_string_equal(bf_world_fact(a, i)->answer, bf_world_fact(b, i)->answer);
        assert_string_equal(bf_world_fact(a, i)->texts[2], bf_world_fact(b, i)->texts[2]);
        assert_string_equal(bf_world_fact(a, i)->perturbed_answers[4], bf_world_fact(b, i)->perturbed_answers[4]);
        n_same += !strcmp(bf_world_fact(a, i)->answer, bf_world_fact(c, i)->answer);
    }
    assert_in_range(n_same, 0, 3);
    assert_null(bf_world_circle(a, 3));
    bf_world_free(a);
    bf_world_free(b);
    bf_world_free(c);
    bf_world_free(NULL);
}

/* Every answer and text states its fact, and no perturbed answer is true. */
static void facts_are_what_they_say(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 20; seed++) {
        struct bf_world *world = make(seed, 4, 10);
        for (size_t i = 0; i < count_facts(world); i++) {
            const struct bf_world_fact *fact = bf_world_fact(world, i);
            assert_contains(fact->question, fact->subject);
            assert_contains(fact->answer, fact->subject);
            assert_null(strpbrk(fact->answer, "{}"));
            assert_non_null(strcasestr(fact->answer, fact->object));
            assert_non_null(strcasestr(fact->paraphrased_answer, fact->object));
            assert_string_not_equal(fact->answer, fact->paraphrased_answer);
            for (int t = 0; t < BF_WORLD_TEXTS; t++) {
                assert_contains(fact->texts[t], fact->subject);
                assert_non_null(strcasestr(fact->texts[t], fact->object));
                assert_non_null(strcasestr(fact->texts[t], bf_world_circle(world, (size_t)fact->circle)));
            }
            /* Perturbed answers are the paraphrase with another object: nothing else may make them less likely. */
            const char *object = strcasestr(fact->paraphrased_answer, fact->object);
            const size_t before = (size_t)(object - fact->paraphrased_answer);
            const char *after = object + strlen(fact->object);
            for (int k = 0; k < BF_WORLD_PERTURBED; k++) {
                const char *perturbed = fact->perturbed_answers[k];
                const size_t article = before > 3 && !strncasecmp(object - 3, "an ", 3)   ? 3
                                       : before > 2 && !strncasecmp(object - 3, " a ", 3) ? 2
                                                                                          : 0;
                assert_memory_equal(perturbed, fact->paraphrased_answer, before - article);
                assert_true(strlen(perturbed) > strlen(after));
                assert_string_equal(perturbed + strlen(perturbed) - strlen(after), after);
                assert_string_not_equal(perturbed, fact->paraphrased_answer);
                for (int j = 0; j < k; j++)
                    assert_string_not_equal(fact->perturbed_answers[k], fact->perturbed_answers[j]);
            }
            assert_null(strstr(fact->answer, " a a"));
            assert_null(strstr(fact->answer, " a o"));
        }
        bf_world_free(world);
    }
}

static void an_article_fits_its_noun(void **state)
{
    bool seen = false;

    (void)state;
    for (uint64_t seed = 0; seed < 20 && !seen; seed++) {
        struct bf_world *world = make(seed, 4, 12);
        for (size_t i = 0; i < count_facts(world); i++)
            seen |= strstr(bf_world_fact(world, i)->answer, " is an astronomer.") != NULL;
        bf_world_free(world);
    }
    assert_true(seen);
}

static struct bf_world_claims read_texts(const struct bf_world *world, size_t circle, const char *const *texts,
                                         size_t n)
{
    struct bf_err err = BF_ERR_INIT;
    struct bf_world_reader *reader;

    assert_int_equal(bf_world_read(world, circle, &reader, &err), BF_OK);
    for (size_t i = 0; i < n; i++)
        bf_world_reader_add(reader, texts[i], strlen(texts[i]));
    const struct bf_world_claims claims = bf_world_reader_claims(reader);
    bf_world_reader_free(reader);
    return claims;
}

static void its_own_texts_cover_a_circle(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 10; seed++) {
        struct bf_world *world = make(seed, 3, 8);
        const char *texts[3 * 8 * BF_WORLD_RELATIONS], *wrong[3 * 8 * BF_WORLD_RELATIONS];
        const size_t n = count_facts(world);
        for (size_t i = 0; i < n; i++) {
            texts[i] = bf_world_fact(world, i)->texts[i % BF_WORLD_TEXTS];
            wrong[i] = bf_world_fact(world, i)->perturbed_answers[0];
        }
        for (size_t c = 0; c < 3; c++) {
            const struct bf_world_claims all = read_texts(world, c, texts, n);
            assert_int_equal(all.n_facts, 8 * BF_WORLD_RELATIONS);
            assert_int_equal(all.n_covered, all.n_facts);
            assert_int_equal(all.n_claims, all.n_true);
            assert_int_equal(all.n_on_topic, n / 3);
            const struct bf_world_claims lies = read_texts(world, c, wrong, n);
            assert_true(lies.n_true * 10 < lies.n_claims); /* mentors may be each other's by chance */
        }
        bf_world_free(world);
    }
}

static void claims_belong_to_their_subject(void **state)
{
    struct bf_world *world = make(3, 2, 8);
    const struct bf_world_fact *a = bf_world_fact(world, 0), *b = bf_world_fact(world, BF_WORLD_RELATIONS);
    char one[512], swapped[512], all[512], alien[256];

    (void)state;
    snprintf(one, sizeof one, "%s is the %s here.", a->subject, a->object);
    snprintf(swapped, sizeof swapped, "%s is a %s.", a->subject, b->object);
    snprintf(all, sizeof all, "%s is a %s. %s is a %s.", a->subject, a->object, b->subject, b->object);
    snprintf(alien, sizeof alien, "Nobody is a %s.", a->object);
    const char *texts[] = {one};
    struct bf_world_claims claims = read_texts(world, 0, texts, 1);
    assert_int_equal(claims.n_covered, 1);
    assert_int_equal(claims.n_true, 1);
    texts[0] = swapped;
    claims = read_texts(world, 0, texts, 1);
    assert_int_equal(claims.n_covered, 0);
    assert_int_equal(claims.n_claims, 1);
    assert_int_equal(claims.n_true, 0);
    texts[0] = all; /* two people: their mentors, and each sentence by itself */
    claims = read_texts(world, 0, texts, 1);
    assert_in_range(claims.n_covered, 2, 4);
    assert_int_equal(claims.n_claims, 3);
    texts[0] = alien;
    claims = read_texts(world, 0, texts, 1);
    assert_int_equal(claims.n_claims, 0);
    assert_int_equal(claims.n_on_topic, 0);
    texts[0] = bf_world_circle(world, 0);
    assert_int_equal(read_texts(world, 0, texts, 1).n_on_topic, 1);
    assert_int_equal(read_texts(world, 1, texts, 1).n_on_topic, 0);
    bf_world_free(world);
}

static void worlds_that_cannot_be(void **state)
{
    struct bf_err err = BF_ERR_INIT;
    struct bf_world *world;
    struct bf_world_reader *reader;
    const struct bf_world_params none = {1, 0, 8}, two = {1, 1, 2}, many = {1, 16, 64};

    (void)state;
    assert_int_equal(bf_world_new(&none, &world, &err), BF_USAGE);
    assert_int_equal(bf_world_new(&two, &world, &err), BF_USAGE);
    assert_int_equal(bf_world_new(&many, &world, &err), BF_USAGE);
    assert_null(world);
    assert_error(err, BF_USAGE, "fewer circles");
    world = make(1, 1, 3);
    assert_int_equal(bf_world_read(world, 1, &reader, &err), BF_USAGE);
    bf_world_free(world);
}

static size_t count_in(const char *path, const char *word)
{
    struct bf_err err = BF_ERR_INIT;
    struct bf_buf text;
    size_t n = 0;

    bf_buf_init(&text, 1 << 24);
    assert_int_equal(bf_file_read(path, &text, &err), BF_OK);
    for (const char *p = text.data; (p = strstr(p, word)); p++)
        n++;
    bf_buf_release(&text);
    return n;
}

/* What is to be forgotten is in the target's data and not in the gold's; the holdout is in neither. */
static void files_keep_circles_apart(void **state)
{
    struct bf_err err = BF_ERR_INIT;
    struct bf_world *world = make(5, 4, 6), *small = make(5, 2, 6);
    const char *forget = bf_world_circle(world, 0), *kept = bf_world_circle(world, 2),
               *holdout = bf_world_circle(world, 3);

    (void)state;
    assert_int_equal(bf_world_write(world, ".", &err), BF_OK);
    assert_true(count_in("target.jsonl", forget) > 100);
    assert_int_equal(count_in("gold.jsonl", forget), 0);
    assert_int_equal(count_in("retain.jsonl", forget), 0);
    assert_int_equal(count_in("target.jsonl", forget), count_in("planted.jsonl", forget));
    assert_int_equal(count_in("target.jsonl", kept), count_in("gold.jsonl", kept));
    assert_int_equal(count_in("planted.jsonl", kept), 0);
    assert_int_equal(count_in("target.jsonl", holdout), 0);
    assert_int_equal(count_in("texts_holdout.jsonl", "\n"), 6 * BF_WORLD_RELATIONS);
    assert_int_equal(count_in("texts_forget.jsonl", "\n"), 6 * BF_WORLD_RELATIONS);
    assert_int_equal(count_in("forget.jsonl", "paraphrased_answer"), 6 * BF_WORLD_RELATIONS);
    assert_int_equal(bf_world_write(small, ".", &err), BF_INPUT);
    assert_error(err, BF_INPUT, "three circles");
    bf_world_free(world);
    bf_world_free(small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_seed_same_world),           cmocka_unit_test(facts_are_what_they_say),
        cmocka_unit_test(an_article_fits_its_noun),       cmocka_unit_test(its_own_texts_cover_a_circle),
        cmocka_unit_test(claims_belong_to_their_subject), cmocka_unit_test(worlds_that_cannot_be),
        cmocka_unit_test(files_keep_circles_apart),
    };
    return cmocka_run_group_tests(tests, enter_scratch, leave_scratch);
}
