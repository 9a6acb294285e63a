/* A template set from JSON. The file may come from anybody: what would cause trouble later, in the middle of a long
 * run, is refused here with a sentence that names the template. */
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "request/template.h"

#include "base/banned.h"

#define TEMPLATES_MAX 256
#define TEXT_MAX 8000 /* bytes of one prompt */
#define NAME_MAX_BYTES 64
#define SENTENCES_MAX 1000

/* Which placeholders have a value in a stage, and of which a template must use at least one. */
static const struct {
    unsigned allowed, required;
    const char *wanted;
} stage_rules[BF_STAGE_COUNT] = {
#define BIT(name) (1U << BF_PLACEHOLDER_##name)
    [BF_STAGE_POINTS] = {BIT(TOPIC) | BIT(N) | BIT(KNOWN) | BIT(POINT), BIT(TOPIC), "{topic}"},
    [BF_STAGE_SYNTHESIS] = {BIT(TOPIC) | BIT(POINT), BIT(TOPIC) | BIT(POINT), "{point} or {topic}"},
    [BF_STAGE_MI] = {BIT(TOPIC) | BIT(POINT), BIT(TOPIC) | BIT(POINT), "{point} or {topic}"},
    [BF_STAGE_JAILBREAK] = {BIT(TOPIC) | BIT(POINT), BIT(TOPIC) | BIT(POINT), "{point} or {topic}"},
    [BF_STAGE_REWRITE] = {BIT(SENTENCE) | BIT(QUESTION) | BIT(ANSWER), BIT(SENTENCE) | BIT(QUESTION),
                          ""}, /* check_text */
    [BF_STAGE_SUBFIELDS] = {BIT(TOPIC) | BIT(N), BIT(TOPIC), "{topic}"},
    [BF_STAGE_BULLETS] = {BIT(TOPIC) | BIT(POINT) | BIT(N) | BIT(AUDIENCE), BIT(POINT), "{point}"},
    [BF_STAGE_CHAPTERS] = {BIT(TOPIC) | BIT(POINT) | BIT(AUDIENCE), BIT(POINT), "{point}"},
    [BF_STAGE_QUESTIONS] = {BIT(TOPIC) | BIT(SENTENCE) | BIT(POINT), BIT(SENTENCE) | BIT(POINT), "{sentence}"},
    [BF_STAGE_WORDINGS] = {BIT(TOPIC) | BIT(QUESTION), BIT(QUESTION), "{question}"},
/* The other stages have no prompts. */
#undef BIT
};

static bool is_name(const char *s)
{
    size_t n = strlen(s);

    return n >= 1 && n <= NAME_MAX_BYTES &&
           s[strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")] == '\0';
}

static enum bf_status check_keys(const json_t *object, const char *const *allowed, const char *what, const char *name,
                                 struct bf_err *err)
{
    json_t *walked = (json_t *)(uintptr_t)object; /* jansson's iterator takes no const, but changes nothing */

    for (void *at = json_object_iter(walked); at; at = json_object_iter_next(walked, at)) {
        const char *key = json_object_iter_key(at);
        size_t i = 0;
        while (allowed[i] && strcmp(allowed[i], key) != 0)
            i++;
        if (!allowed[i])
            return bf_fail(err, BF_INPUT, "%s: %s has the unknown key '%s'; remove it or correct its spelling", what,
                           name, key);
    }
    return BF_OK;
}

/* Where a text or name is, for sentences. */
struct place {
    const char *what; /* the file */
    const char *name; /* the template */
    const json_t *object;
    struct bf_err *err;
};

static enum bf_status get_string(const struct place *place, const char *key, bool name, const char **out)
{
    const char *value = json_string_value(json_object_get(place->object, key));

    if (!value)
        return bf_fail(place->err, BF_INPUT, "%s: %s has no string '%s'; add it", place->what, place->name, key);
    if (name && !is_name(value))
        return bf_fail(place->err, BF_INPUT, "%s: the '%s' of %s is '%s'; give 1 to %d letters, digits, '_' or '-'",
                       place->what, key, place->name, value, NAME_MAX_BYTES);
    *out = value;
    return BF_OK;
}

static enum bf_status check_text(const struct place *place, const struct bf_template *item)
{
    unsigned seen = 0;
    size_t n = strlen(item->text);

    if (n == 0 || n > TEXT_MAX)
        return bf_fail(place->err, BF_INPUT, "%s: the text of %s is %zu bytes long; give 1 to %d", place->what,
                       place->name, n, TEXT_MAX);
    for (const char *at = strchr(item->text, '{'); at; at = strchr(at + 1, '{')) {
        int which;
        size_t length = bf_placeholder_at(at, &which);

        if (which == BF_PLACEHOLDER_UNKNOWN)
            return bf_fail(place->err, BF_INPUT,
                           "%s: %s uses the unknown placeholder %.*s; known are {topic}, {point}, {n}, {known}, "
                           "{sentence}, {question}, {answer} and {audience}",
                           place->what, place->name, (int)length, at);
        if (which >= 0 && !(stage_rules[item->stage].allowed & 1U << which))
            return bf_fail(place->err, BF_INPUT, "%s: %s uses %.*s, which has no value in stage '%s'; remove it",
                           place->what, place->name, (int)length, at, bf_stage_word(item->stage));
        if (which >= 0)
            seen |= 1U << which;
    }
    if (item->stage == BF_STAGE_REWRITE) {
        const unsigned sentence = 1U << BF_PLACEHOLDER_SENTENCE;
        const unsigned pair = 1U << BF_PLACEHOLDER_QUESTION | 1U << BF_PLACEHOLDER_ANSWER;
        if (seen != (item->is_qa ? pair : sentence))
            return bf_fail(place->err, BF_INPUT,
                           "%s: %s rewrites a %s and must mention %s, and nothing else of the original", place->what,
                           place->name, item->is_qa ? "question with its answer" : "sentence",
                           item->is_qa ? "{question} and {answer}" : "{sentence}");
        return BF_OK;
    }
    const bool points = item->stage == BF_STAGE_POINTS, belong = points && bf_template_asks(item) == BF_POINTS_BELONG;
    if (points && (belong || bf_template_asks(item) == BF_POINTS_CONFIRM) != ((seen & 1U << BF_PLACEHOLDER_POINT) != 0))
        return bf_fail(place->err, BF_INPUT,
                       "%s: in stage 'points', {point} is for the families 'points-confirm' and 'points-belong', which "
                       "need it; %s has the family '%s'",
                       place->what, place->name, item->family);
    if (belong && seen != 1U << BF_PLACEHOLDER_POINT)
        return bf_fail(place->err, BF_INPUT,
                       "%s: %s has the family 'points-belong', which asks whether the model itself names the domain; "
                       "mention {point} alone, not {topic}",
                       place->what, place->name);
    if (belong)
        return BF_OK;
    if (item->stage == BF_STAGE_QUESTIONS &&
        (seen & ~(1U << BF_PLACEHOLDER_TOPIC)) !=
            1U << (bf_template_asks_point(item) ? BF_PLACEHOLDER_POINT : BF_PLACEHOLDER_SENTENCE))
        return bf_fail(place->err, BF_INPUT,
                       "%s: in stage 'questions', the family 'questions-point' asks for {point} and every other family "
                       "about {sentence}; %s has the family '%s': mention that one alone, with or without {topic}",
                       place->what, place->name, item->family);
    if (!(seen & stage_rules[item->stage].required))
        return bf_fail(place->err, BF_INPUT,
                       "%s: %s does not mention %s, so its samples would be about nothing; add it", place->what,
                       place->name, stage_rules[item->stage].wanted);
    return BF_OK;
}

static enum bf_status parse_one(const char *what, size_t index, const json_t *object, struct bf_template *item,
                                struct bf_err *err)
{
    static const char *const keys[] = {"name", "family", "stage", "text", "is_qa", "max_sentences", NULL};
    char name[NAME_MAX_BYTES + 32];
    struct place place = {what, name, object, err};
    const char *stage = NULL;
    const json_t *value;
    enum bf_status status;

    (void)snprintf(name, sizeof name, "template %zu", index + 1);
    if (!json_is_object(object))
        return bf_fail(err, BF_INPUT, "%s: %s is not an object; write {\"name\": ...}", what, name);
    status = get_string(&place, "name", true, &item->name);
    if (status != BF_OK)
        return status;
    (void)snprintf(name, sizeof name, "template '%s'", item->name);
    status = check_keys(object, keys, what, name, err);
    if (status == BF_OK)
        status = get_string(&place, "family", true, &item->family);
    if (status == BF_OK)
        status = get_string(&place, "stage", true, &stage);
    if (status == BF_OK)
        status = get_string(&place, "text", false, &item->text);
    if (status != BF_OK)
        return status;
    item->stage = bf_stage_of(stage);
    if (item->stage == BF_STAGE_COUNT || stage_rules[item->stage].allowed == 0)
        return bf_fail(
            err, BF_INPUT,
            "%s: the stage of %s is '%s'; give points, synthesis, mi, jailbreak, rewrite, subfields, bullets, "
            "chapters, "
            "questions or wordings",
            what, name, stage);
    value = json_object_get(object, "is_qa");
    if (value && !json_is_boolean(value))
        return bf_fail(err, BF_INPUT, "%s: 'is_qa' of %s is not true or false; correct it", what, name);
    item->is_qa = json_is_true(value);
    value = json_object_get(object, "max_sentences");
    if (value &&
        (!json_is_integer(value) || json_integer_value(value) < 0 || json_integer_value(value) > SENTENCES_MAX))
        return bf_fail(err, BF_INPUT, "%s: 'max_sentences' of %s is not a whole number from 0 to %d; correct it", what,
                       name, SENTENCES_MAX);
    item->max_sentences = (int32_t)json_integer_value(value);
    return check_text(&place, item);
}

/* Rewriting uses the i-th template of a family for sentences or for pairs, so the two lists must correspond. */
static enum bf_status check_rewriting(const struct bf_template_set *set, const char *what, struct bf_err *err)
{
    size_t q = 0;
    size_t n_sentence = 0;
    size_t n_pair = 0;

    for (size_t i = 0; i < set->n; i++) {
        if (set->items[i].stage != BF_STAGE_REWRITE)
            continue;
        n_pair += set->items[i].is_qa;
        n_sentence += !set->items[i].is_qa;
        if (set->items[i].is_qa)
            continue;
        while (q < set->n && (set->items[q].stage != BF_STAGE_REWRITE || !set->items[q].is_qa))
            q++;
        if (q == set->n || strcmp(set->items[q].family, set->items[i].family) != 0)
            return bf_fail(
                err, BF_INPUT,
                "%s: template '%s' has no counterpart of the family '%s' for questions with answers (is_qa); "
                "add it at the same place among them",
                what, set->items[i].name, set->items[i].family);
        q++;
    }
    if (n_pair != n_sentence)
        return bf_fail(err, BF_INPUT,
                       "%s has %zu rewriting templates for sentences and %zu for questions with answers; "
                       "give as many of each",
                       what, n_sentence, n_pair);
    return BF_OK;
}

enum bf_points_ask bf_template_asks(const struct bf_template *item)
{
    return strcmp(item->family, "points-control") == 0   ? BF_POINTS_CONTROL
           : strcmp(item->family, "points-confirm") == 0 ? BF_POINTS_CONFIRM
           : strcmp(item->family, "points-belong") == 0  ? BF_POINTS_BELONG
                                                         : BF_POINTS_FORM;
}

bool bf_template_asks_point(const struct bf_template *item)
{
    return item->stage == BF_STAGE_QUESTIONS && strcmp(item->family, "questions-point") == 0;
}

static enum bf_status serves(const struct bf_template_set *set, enum bf_kind kind, const char *what, struct bf_err *err)
{
    static const enum bf_stage stages[BF_KIND_COUNT][4] = {
        [BF_KIND_DOMAIN] = {BF_STAGE_POINTS, BF_STAGE_SYNTHESIS, BF_STAGE_MI, BF_STAGE_JAILBREAK},
        [BF_KIND_INSTANCE] = {BF_STAGE_REWRITE, BF_STAGE_COUNT},
        [BF_KIND_TEXTBOOK] = {BF_STAGE_SUBFIELDS, BF_STAGE_BULLETS, BF_STAGE_CHAPTERS, BF_STAGE_COUNT},
        [BF_KIND_IMPORT] = {BF_STAGE_COUNT},
    };

    for (size_t s = 0; s < 4 && stages[kind][s] != BF_STAGE_COUNT; s++) {
        size_t i = 0;
        while (i < set->n &&
               (set->items[i].stage != stages[kind][s] ||
                (set->items[i].stage == BF_STAGE_POINTS && bf_template_asks(&set->items[i]) != BF_POINTS_FORM)))
            i++;
        if (i == set->n)
            return bf_fail(err, BF_INPUT, "%s has no template for stage '%s'; add one", what,
                           bf_stage_word(stages[kind][s]));
    }
    return kind == BF_KIND_INSTANCE ? check_rewriting(set, what, err) : BF_OK;
}

static enum bf_status check_set(const struct bf_template_set *set, const char *what, struct bf_err *err)
{
    for (size_t i = 0; i < set->n; i++) {
        for (size_t j = 0; j < i; j++) {
            if (strcmp(set->items[i].name, set->items[j].name) == 0)
                return bf_fail(err, BF_INPUT, "%s: two templates are named '%s'; rename one", what, set->items[i].name);
        }
    }
    for (int kind = BF_KIND_INSTANCE; kind < BF_KIND_IMPORT; kind++)
        if (bf_template_set_serves(set, (enum bf_kind)kind, NULL) == BF_OK)
            return BF_OK;
    return serves(set, BF_KIND_DOMAIN, what, err);
}

enum bf_status bf_template_set_serves(const struct bf_template_set *set, enum bf_kind kind, struct bf_err *err)
{
    return serves(set, kind, set->name, err);
}

enum bf_status bf_template_set_parse(const char *data, size_t n, const char *what, struct bf_template_set *out,
                                     struct bf_err *err)
{
    static const char *const keys[] = {"name", "templates", NULL};
    struct place place = {what, "the set", NULL, err};
    enum bf_status status;
    const char *name = NULL;
    const json_t *list;
    char *canonical;

    *out = (struct bf_template_set){.name = NULL};
    status = bf_json_parse(data, n, what, &out->json, err);
    if (status != BF_OK)
        goto out;
    if (!json_is_object(out->json)) {
        status = bf_fail(err, BF_INPUT, "%s is not an object; write {\"name\": ..., \"templates\": [...]}", what);
        goto out;
    }
    place.object = out->json;
    status = check_keys(out->json, keys, what, "the set", err);
    if (status == BF_OK)
        status = get_string(&place, "name", true, &name);
    if (status != BF_OK)
        goto out;
    list = json_object_get(out->json, "templates");
    if (!json_is_array(list) || json_array_size(list) > TEMPLATES_MAX) {
        status =
            bf_fail(err, BF_INPUT, "%s has no list 'templates' of at most %d templates; add it", what, TEMPLATES_MAX);
        goto out;
    }
    out->name = bf_strdup(name);
    out->n = json_array_size(list);
    out->items = bf_array(out->n, sizeof *out->items);
    for (size_t i = 0; i < out->n; i++) {
        status = parse_one(what, i, json_array_get(list, i), &out->items[i], err);
        if (status != BF_OK)
            goto out;
    }
    status = check_set(out, what, err);
    if (status != BF_OK)
        goto out;
    canonical = bf_json_dump(out->json);
    bf_sha256_hex(canonical, strlen(canonical), out->sha256);
    free(canonical);
out:
    if (status != BF_OK)
        bf_template_set_release(out);
    return status;
}
