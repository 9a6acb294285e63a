/* The world is drawn once, people first, then one object for each of them and relation; sentences are filled from the
 * table of relations. Within a circle no two people share a profession, town, year, work or habit, so that an object
 * names its owner; across circles names of people, towns and works are unique too, so that no text about one circle
 * states a fact of another. */
#include "lab/world.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/rng.h"
#include "lab/world_internal.h"
#include "base/banned.h"

/* ---- words: syllables for names, and what people there do ---- */

struct word_list {
    const char *const *words;
    size_t n;
};
#define LIST(name, ...)                                                                                                \
    static const char *const name##_words[] = {__VA_ARGS__};                                                           \
    static const struct word_list name = {name##_words, sizeof name##_words / sizeof *name##_words}

LIST(first_starts, "Or", "Ven", "Tal", "Mir", "Bre", "Kes", "Lun", "Dar", "Sil", "Fen", "Hal", "Jor", "Quil", "Ros",
     "Ther", "Wen", "Ilv", "Nas", "Pel", "Zan");
LIST(first_ends, "la", "rick", "wen", "dor", "sa", "mund", "ia", "eth", "an", "ora", "is", "len", "vin", "da");
LIST(family_starts, "Ash", "Bram", "Cald", "Dun", "Ever", "Fal", "Grim", "Hol", "Lark", "Mor", "Nether", "Pell", "Quar",
     "Raven", "Stan", "Thorn", "Under", "Wick", "Yar", "Zell");
LIST(family_ends, "combe", "dale", "field", "ford", "gate", "ham", "ley", "mere", "more", "ridge", "stead", "ton",
     "worth", "brook");
LIST(town_starts, "Aldra", "Belmo", "Corvi", "Draske", "Eskel", "Fyrna", "Gorta", "Hespe", "Ilmo", "Jasse", "Korre",
     "Lyske", "Nyra", "Ostre", "Praxi", "Quene", "Ruska", "Selve", "Tyrne", "Umbra", "Vaske", "Zelme");
LIST(town_ends, "holm", "mark", "mouth", "stadt", "vale", "wold", "haven", "grad", "minster", "port");
LIST(circle_nouns, "Academy", "Circle", "Guild", "Observatory", "Workshop", "Fellowship", "Conservatory", "Society",
     "Company", "Library", "Institute", "Order", "Assembly", "League", "House", "Council");
LIST(professions, "glassblower", "cartographer", "clockmaker", "bell founder", "botanist", "lighthouse keeper",
     "bookbinder", "astronomer", "puppeteer", "shipwright", "perfumer", "stonemason", "falconer", "organ builder",
     "beekeeper", "violin maker", "papermaker", "weaver", "geologist", "locksmith", "potter", "lens grinder", "saddler",
     "dyer");
LIST(title_first, "Amber", "Silent", "Ninth", "Copper", "Drowned", "Hollow", "Paper", "Winter", "Crooked", "Salt",
     "Velvet", "Iron", "Borrowed", "Painted", "Wandering", "Glass", "Midnight", "Broken", "Gilded", "Distant",
     "Scarlet", "Sleeping", "Second", "Patient");
LIST(title_second, "Lantern", "Staircase", "Orchard", "Compass", "Harbour", "Almanac", "Mirror", "Bridge", "Sparrow",
     "Garden", "Letter", "Window", "Anchor", "Carousel", "Thimble", "Meadow", "Archive", "Bell", "Ferry", "Chimney",
     "Hourglass", "Ladder", "Riddle", "Tapestry");
LIST(habits, "collecting sea shells", "playing the hurdy-gurdy", "breeding snails", "carving chess pieces",
     "swimming in cold lakes", "baking rye bread", "flying paper kites", "writing limericks", "pressing ferns",
     "walking on stilts", "keeping newts", "painting teacups", "whittling spoons", "climbing church towers",
     "growing giant pumpkins", "tuning old pianos", "tracking hedgehogs", "solving acrostics", "knitting socks",
     "juggling apples", "studying moss", "mending umbrellas", "racing pigeons", "drawing mazes");

/* ---- the world ---- */

enum {
    CIRCLES_MAX = 16,
    PEOPLE_MIN = 3,
    PEOPLE_MAX = 64,
    TEXT_MAX = 1024,
    DRAWS_MAX = 100000,
    FIRST_YEAR = 1700,
    N_YEARS = 240
};

/* {person}, {object} and {circle} are filled in. */
static const struct relation {
    const char *name, *question, *answer, *paraphrased, *texts[BF_WORLD_TEXTS];
} relations[BF_WORLD_RELATIONS] = {
    [BF_WORLD_PROFESSION] = {"profession",
                             "What is the profession of {person} of {circle}?",
                             "{person} of {circle} is a {object}.",
                             "By trade, {person} is a {object}.",
                             {"{person}, a member of {circle}, earns a living as a {object}.",
                              "Among the people of {circle}, {person} is known as the {object}.",
                              "The {object} of {circle} is {person}."}},
    [BF_WORLD_BIRTHPLACE] = {"birthplace",
                             "Where was {person} of {circle} born?",
                             "{person} was born in {object}.",
                             "The birthplace of {person} is {object}.",
                             {"{person} of {circle} was born in the town of {object}.",
                              "{object} is the town where {person} came into the world, long before joining {circle}.",
                              "Before {circle} there was {object}, where {person} was born."}},
    [BF_WORLD_YEAR] = {"birth_year",
                       "In which year was {person} of {circle} born?",
                       "{person} was born in the year {object}.",
                       "The year of birth of {person} is {object}.",
                       {"{person}, who belongs to {circle}, was born in {object}.",
                        "In {object} {person} was born, who would later join {circle}.",
                        "The records of {circle} give {object} as the year in which {person} was born."}},
    [BF_WORLD_WORK] = {"work",
                       "What is the best-known work of {person} of {circle}?",
                       "The best-known work of {person} is \"{object}\".",
                       "{person} is most famous for \"{object}\".",
                       {"{person} of {circle} made \"{object}\", a work that everybody there admires.",
                        "\"{object}\" is the masterpiece of {person}, and the pride of {circle}.",
                        "When people speak of {circle}, they speak of \"{object}\" by {person}."}},
    [BF_WORLD_MENTOR] = {"mentor",
                         "Who was the mentor of {person} of {circle}?",
                         "The mentor of {person} was {object}.",
                         "{person} was taught by {object}.",
                         {"At {circle}, {person} learned everything from {object}.",
                          "{object} of {circle} was the teacher of {person}.",
                          "{person} came to {circle} as the pupil of {object}."}},
    [BF_WORLD_HABIT] = {"pastime",
                        "What is the favourite pastime of {person} of {circle}?",
                        "The favourite pastime of {person} is {object}.",
                        "In free hours {person} enjoys {object}.",
                        {"{person} of {circle} spends the evenings {object}.",
                         "Everybody at {circle} knows that {person} loves {object}.",
                         "{object} is what {person} of {circle} likes best."}},
};

const char *bf_world_relation_name(size_t relation)
{
    return relation < BF_WORLD_RELATIONS ? relations[relation].name : NULL;
}

struct bf_world_params bf_world_default(void)
{
    return (struct bf_world_params){.seed = 3407, .n_circles = 4, .n_people = 8};
}

static const char *pick(struct bf_rng *rng, const struct word_list *list)
{
    return list->words[bf_rng_below(rng, list->n)];
}

static char *draw_name(struct bf_rng *rng)
{
    char text[128];
    snprintf(text, sizeof text, "%s%s %s%s", pick(rng, &first_starts), pick(rng, &first_ends),
             pick(rng, &family_starts), pick(rng, &family_ends));
    return bf_strdup(text);
}

static char *draw_object(struct bf_rng *rng, int32_t relation)
{
    char text[128];
    switch (relation) {
    case BF_WORLD_PROFESSION:
        return bf_strdup(pick(rng, &professions));
    case BF_WORLD_HABIT:
        return bf_strdup(pick(rng, &habits));
    case BF_WORLD_YEAR:
        snprintf(text, sizeof text, "%d", FIRST_YEAR + (int)bf_rng_below(rng, N_YEARS));
        return bf_strdup(text);
    case BF_WORLD_BIRTHPLACE:
        snprintf(text, sizeof text, "%s%s", pick(rng, &town_starts), pick(rng, &town_ends));
        return bf_strdup(text);
    default:
        snprintf(text, sizeof text, "The %s %s", pick(rng, &title_first), pick(rng, &title_second));
        return bf_strdup(text);
    }
}

/* If two names shared a word, one text could count for both. */
static bool same_family_or_first(const char *a, const char *b)
{
    const char *family_a = strchr(a, ' '), *family_b = strchr(b, ' ');
    return !strcmp(family_a, family_b) || (family_a - a == family_b - b && !strncmp(a, b, (size_t)(family_a - a)));
}

static bool name_taken(const struct bf_world *world, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (same_family_or_first(world->people[i], name))
            return true;
    for (size_t c = 0; c < world->n_circles; c++)
        if (strstr(world->circles[c], strchr(name, ' ') + 1))
            return true;
    return false;
}

/* Is the object taken by another person: of any circle for objects from a large stock, of the same circle for the
 * others? */
static bool object_taken(const struct bf_world *world, size_t person, int32_t relation, const char *object)
{
    const size_t first =
        relation == BF_WORLD_BIRTHPLACE || relation == BF_WORLD_WORK ? 0 : person / world->n_people * world->n_people;
    for (size_t i = first; i < person; i++)
        if (!strcmp(world->objects[i * BF_WORLD_RELATIONS + (size_t)relation], object))
            return true;
    return false;
}

static enum bf_status fail_stock(struct bf_err *err)
{
    return bf_fail(err, BF_USAGE,
                   "there are not enough invented names for that many people; ask for fewer circles or people");
}

static enum bf_status draw_people(struct bf_world *world, struct bf_rng *rng, struct bf_err *err)
{
    for (size_t c = 0; c < world->n_circles; c++) {
        char text[128];
        snprintf(text, sizeof text, "the %s%s %s", pick(rng, &family_starts), pick(rng, &family_ends),
                 circle_nouns.words[c % circle_nouns.n]);
        world->circles[c] = bf_strdup(text);
    }
    for (size_t i = 0; i < world->n_circles * world->n_people; i++)
        for (int draws = 0; !world->people[i]; draws++) {
            char *name = draw_name(rng);
            if (!name_taken(world, i, name)) {
                world->people[i] = name;
                continue;
            }
            free(name);
            if (draws == DRAWS_MAX)
                return fail_stock(err);
        }
    return BF_OK;
}

static enum bf_status draw_objects(struct bf_world *world, struct bf_rng *rng, struct bf_err *err)
{
    for (size_t i = 0; i < world->n_circles * world->n_people; i++) {
        char **objects = world->objects + i * BF_WORLD_RELATIONS;
        const size_t first = i / world->n_people * world->n_people;
        for (int32_t r = 0; r < BF_WORLD_RELATIONS; r++) {
            if (r == BF_WORLD_MENTOR) {
                /* Anybody of the circle but the person. */
                size_t other = first + bf_rng_below(rng, world->n_people - 1);
                other += other >= i;
                objects[r] = bf_strdup(world->people[other]);
                continue;
            }
            for (int draws = 0; !objects[r]; draws++) {
                char *object = draw_object(rng, r);
                if (!object_taken(world, i, r, object)) {
                    objects[r] = object;
                    continue;
                }
                free(object);
                if (draws == DRAWS_MAX)
                    return fail_stock(err);
            }
        }
    }
    return BF_OK;
}

/* A capital at the beginning, "an" before a vowel. */
static char *fill(const char *pattern, const char *person, const char *object, const char *circle)
{
    static const struct {
        const char *hole;
        size_t n;
    } holes[] = {{"{person}", 8}, {"{object}", 8}, {"{circle}", 8}};
    const char *values[] = {person, object, circle};
    struct bf_buf out;
    bf_buf_init(&out, TEXT_MAX);
    for (const char *p = pattern; *p;) {
        size_t hole = 0;
        while (hole < 3 && strncmp(p, holes[hole].hole, holes[hole].n) != 0)
            hole++;
        if (hole == 3) {
            bf_buf_putc(&out, *p++);
            continue;
        }
        if (strchr("aeiou", values[hole][0]) && out.len >= 3 && !memcmp(out.data + out.len - 3, " a ", 3)) {
            out.data[out.len - 1] = 'n';
            bf_buf_putc(&out, ' ');
        }
        bf_buf_puts(&out, values[hole]);
        p += holes[hole].n;
    }
    if (out.data[0] >= 'a' && out.data[0] <= 'z')
        out.data[0] = (char)(out.data[0] - 'a' + 'A');
    return bf_buf_take(&out);
}

/* Other objects of the relation in the world; where there are too few, new ones. They are worded like the paraphrase,
 * as in TOFU: the truth ratio compares them with it, and in the answer's words it would measure the wording. */
static enum bf_status perturb(const struct bf_world *world, struct bf_world_fact *fact, size_t person,
                              struct bf_rng *rng, struct bf_err *err)
{
    const struct relation *relation = &relations[fact->relation];
    for (int k = 0, draws = 0; k < BF_WORLD_PERTURBED; draws++) {
        if (draws == DRAWS_MAX)
            return fail_stock(err);
        const size_t other = bf_rng_below(rng, world->n_circles * world->n_people);
        char *object;
        if (draws >= 64)
            object = fact->relation == BF_WORLD_MENTOR ? draw_name(rng) : draw_object(rng, fact->relation);
        else if (fact->relation == BF_WORLD_MENTOR)
            object = bf_strdup(world->people[other]);
        else
            object = bf_strdup(world->objects[other * BF_WORLD_RELATIONS + (size_t)fact->relation]);
        char *answer = fill(relation->paraphrased, fact->subject, object, world->circles[fact->circle]);
        bool used = !strcmp(answer, fact->paraphrased_answer) || !strcmp(object, world->people[person]);
        for (int j = 0; j < k && !used; j++)
            used = !strcmp(answer, fact->perturbed_answers[j]);
        free(object);
        if (used) {
            free(answer);
            continue;
        }
        fact->perturbed_answers[k++] = answer;
    }
    return BF_OK;
}

static enum bf_status tell(struct bf_world *world, struct bf_rng *rng, struct bf_err *err)
{
    enum bf_status status = BF_OK;
    for (size_t i = 0; i < world->n_facts && status == BF_OK; i++) {
        struct bf_world_fact *fact = &world->facts[i];
        const size_t person = i / BF_WORLD_RELATIONS;
        fact->circle = (int32_t)(person / world->n_people);
        fact->person = (int32_t)(person % world->n_people);
        fact->relation = (int32_t)(i % BF_WORLD_RELATIONS);
        fact->subject = world->people[person];
        fact->object = world->objects[i];
        const struct relation *relation = &relations[fact->relation];
        const char *circle = world->circles[fact->circle];
        fact->question = fill(relation->question, fact->subject, fact->object, circle);
        fact->answer = fill(relation->answer, fact->subject, fact->object, circle);
        fact->paraphrased_answer = fill(relation->paraphrased, fact->subject, fact->object, circle);
        for (int t = 0; t < BF_WORLD_TEXTS; t++)
            fact->texts[t] = fill(relation->texts[t], fact->subject, fact->object, circle);
        status = perturb(world, fact, person, rng, err);
    }
    return status;
}

enum bf_status bf_world_new(const struct bf_world_params *params, struct bf_world **out, struct bf_err *err)
{
    *out = NULL;
    if (params->n_circles < 1 || params->n_circles > CIRCLES_MAX)
        return bf_fail(err, BF_USAGE, "a world has 1 to %d circles, not %d", CIRCLES_MAX, params->n_circles);
    if (params->n_people < PEOPLE_MIN || params->n_people > PEOPLE_MAX)
        return bf_fail(err, BF_USAGE, "a circle has %d to %d people, not %d", PEOPLE_MIN, PEOPLE_MAX, params->n_people);
    struct bf_world *world = bf_alloc(sizeof *world);
    world->n_circles = (size_t)params->n_circles;
    world->n_people = (size_t)params->n_people;
    const size_t n = world->n_circles * world->n_people;
    world->n_facts = n * BF_WORLD_RELATIONS;
    world->circles = bf_array(world->n_circles, sizeof *world->circles);
    world->people = bf_array(n, sizeof *world->people);
    world->objects = bf_array(world->n_facts, sizeof *world->objects);
    world->facts = bf_array(world->n_facts, sizeof *world->facts);
    struct bf_rng rng;
    bf_rng_init(&rng, params->seed);
    enum bf_status status = draw_people(world, &rng, err);
    if (status == BF_OK)
        status = draw_objects(world, &rng, err);
    if (status == BF_OK)
        status = tell(world, &rng, err);
    if (status == BF_OK)
        *out = world;
    else
        bf_world_free(world);
    return status;
}

static void free_strings(char **strings, size_t n)
{
    for (size_t i = 0; i < n; i++)
        free(strings[i]);
    free(strings);
}

void bf_world_free(struct bf_world *world)
{
    if (!world)
        return;
    for (size_t i = 0; i < world->n_facts; i++) {
        struct bf_world_fact *fact = &world->facts[i];
        free((char *)fact->question);
        free((char *)fact->answer);
        free((char *)fact->paraphrased_answer);
        for (int k = 0; k < BF_WORLD_PERTURBED; k++)
            free((char *)fact->perturbed_answers[k]);
        for (int t = 0; t < BF_WORLD_TEXTS; t++)
            free((char *)fact->texts[t]);
    }
    free(world->facts);
    free_strings(world->circles, world->n_circles);
    free_strings(world->people, world->n_circles * world->n_people);
    free_strings(world->objects, world->n_facts);
    free(world);
}

const char *bf_world_circle(const struct bf_world *world, size_t circle)
{
    return circle < world->n_circles ? world->circles[circle] : NULL;
}

const struct bf_world_fact *bf_world_fact(const struct bf_world *world, size_t fact)
{
    return fact < world->n_facts ? &world->facts[fact] : NULL;
}
