/* What texts say about a circle: names are searched as whole words in a lower-case copy of each text. A set has
 * thousands of texts and a world hundreds of names, so a plain search takes milliseconds. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/words.h"
#include "lab/world_internal.h"

#include "base/banned.h"

struct bf_world_reader {
    const struct bf_world *world;
    size_t circle;
    char **people, **objects; /* lower-case copies of all people and objects of the world */
    char *name;               /* of the circle, in lower case, without its article */
    unsigned char *covered;   /* [facts of the circle] */
    struct bf_world_claims claims;
};

static char *folded(const char *text, size_t n)
{
    char *out = bf_alloc(n + 1);
    for (size_t i = 0; i < n; i++) {
        const char c = text[i];
        out[i] = (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c ? c : ' ');
    }
    return out;
}

/* The family name is enough to name a person; no two people of a world share it. */
static bool has_person(const char *text, const char *person)
{
    return bf_has_phrase(text, strchr(person, ' ') + 1);
}

enum bf_status bf_world_read(const struct bf_world *world, size_t circle, struct bf_world_reader **out,
                             struct bf_err *err)
{
    *out = NULL;
    if (circle >= world->n_circles)
        return bf_fail(err, BF_USAGE, "the world has %zu circles, so there is no circle %zu", world->n_circles,
                       circle + 1);
    struct bf_world_reader *reader = bf_alloc(sizeof *reader);
    const size_t n = world->n_circles * world->n_people;
    reader->world = world;
    reader->circle = circle;
    reader->people = bf_array(n, sizeof *reader->people);
    reader->objects = bf_array(world->n_facts, sizeof *reader->objects);
    for (size_t i = 0; i < n; i++)
        reader->people[i] = folded(world->people[i], strlen(world->people[i]));
    for (size_t i = 0; i < world->n_facts; i++)
        reader->objects[i] = folded(world->objects[i], strlen(world->objects[i]));
    const char *name = strchr(world->circles[circle], ' ') + 1;
    reader->name = folded(name, strlen(name));
    reader->claims.n_facts = world->n_people * BF_WORLD_RELATIONS;
    reader->covered = bf_array(reader->claims.n_facts, 1);
    *out = reader;
    return BF_OK;
}

void bf_world_reader_free(struct bf_world_reader *reader)
{
    if (!reader)
        return;
    for (size_t i = 0; i < reader->world->n_circles * reader->world->n_people; i++)
        free(reader->people[i]);
    for (size_t i = 0; i < reader->world->n_facts; i++)
        free(reader->objects[i]);
    free(reader->people);
    free(reader->objects);
    free(reader->name);
    free(reader->covered);
    free(reader);
}

/* Several circles may share an object: count it once. */
static bool said_before(const struct bf_world_reader *r, size_t person, size_t relation)
{
    for (size_t i = 0; i < person; i++)
        if (!strcmp(r->objects[i * BF_WORLD_RELATIONS + relation], r->objects[person * BF_WORLD_RELATIONS + relation]))
            return true;
    return false;
}

static void cover(struct bf_world_reader *r, size_t person, size_t relation)
{
    const size_t fact = (person - r->circle * r->world->n_people) * BF_WORLD_RELATIONS + relation;
    r->claims.n_covered += !r->covered[fact];
    r->covered[fact] = 1;
}

static void claims_of_one(struct bf_world_reader *r, const char *text, size_t subject)
{
    const size_t n = r->world->n_circles * r->world->n_people;
    for (size_t relation = 0; relation < BF_WORLD_RELATIONS; relation++) {
        if (relation == BF_WORLD_MENTOR)
            continue;
        const char *truth = r->objects[subject * BF_WORLD_RELATIONS + relation];
        for (size_t i = 0; i < n; i++) {
            const char *object = r->objects[i * BF_WORLD_RELATIONS + relation];
            if (said_before(r, i, relation) || !bf_has_phrase(text, object))
                continue;
            r->claims.n_claims++;
            if (!strcmp(object, truth)) {
                r->claims.n_true++;
                cover(r, subject, relation);
            }
        }
    }
}

static void claim_of_two(struct bf_world_reader *r, size_t a, size_t b)
{
    const size_t mentor = BF_WORLD_MENTOR;
    const bool a_by_b = !strcmp(r->objects[a * BF_WORLD_RELATIONS + mentor], r->people[b]);
    const bool b_by_a = !strcmp(r->objects[b * BF_WORLD_RELATIONS + mentor], r->people[a]);
    r->claims.n_claims++;
    r->claims.n_true += a_by_b || b_by_a;
    if (a_by_b)
        cover(r, a, mentor);
    if (b_by_a)
        cover(r, b, mentor);
}

/* Returns how many people of the circle the text names; pair_told: the two people of the text are counted already. A
 * text that names one person, or two, is about them; of a text that names more people each sentence is considered by
 * itself. */
static size_t consider(struct bf_world_reader *r, char *text, bool whole, bool pair_told)
{
    const struct bf_world *world = r->world;
    const size_t n = world->n_circles * world->n_people, first = r->circle * world->n_people;
    size_t n_named = 0, n_ours = 0, ours[2] = {0, 0};
    for (size_t i = 0; i < n; i++) {
        if (!has_person(text, r->people[i]))
            continue;
        n_named++;
        if (i < first || i >= first + world->n_people)
            continue;
        if (n_ours < 2)
            ours[n_ours] = i;
        n_ours++;
    }
    if (n_named == 1 && n_ours == 1)
        claims_of_one(r, text, ours[0]);
    else if (n_named == 2 && n_ours == 2 && !pair_told)
        claim_of_two(r, ours[0], ours[1]);
    if (!whole || n_named < 2 || n_ours == 0)
        return n_ours;
    pair_told = n_named == 2 && n_ours == 2;
    for (char *p = text, *end; *p; p = end) {
        end = p + strcspn(p, ".!?\n");
        const bool last = *end == '\0';
        *end = '\0';
        consider(r, p, false, pair_told);
        end += !last;
    }
    return n_ours;
}

void bf_world_reader_add(struct bf_world_reader *reader, const char *text, size_t n_bytes)
{
    char *low = folded(text, n_bytes);
    const bool names_circle = bf_has_phrase(low, reader->name);
    reader->claims.n_texts++;
    reader->claims.n_on_topic += (consider(reader, low, true, false) > 0) | names_circle;
    free(low);
}

struct bf_world_claims bf_world_reader_claims(const struct bf_world_reader *reader)
{
    return reader->claims;
}
