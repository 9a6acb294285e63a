/* A template set from JSON. The file may be anybody's: what could surprise later, in the middle of a long run, is refused
 * here, and the sentence names the template. */
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

/* Which placeholders have a value in a stage, and which of them (any one) a template must use. */
static const struct {
    unsigned allowed, required;
    const char *wanted;
} stage_rules[BF_STAGE_COUNT] = {
#define BIT(name) (1U << BF_PLACEHOLDER_##name)
    [BF_STAGE_POINTS] = {BIT(TOPIC) | BIT(N) | BIT(KNOWN), BIT(TOPIC), "{topic}"},
    [BF_STAGE_SYNTHESIS] = {BIT(TOPIC) | BIT(POINT), BIT(TOPIC) | BIT(POINT), "{point} or {topic}"},
    [BF_STAGE_MI] = {BIT(TOPIC) | BIT(POINT), BIT(TOPIC) | BIT(POINT), "{point} or {topic}"},
    [BF_STAGE_JAILBREAK] = {BIT(TOPIC) | BIT(POINT), BIT(TOPIC) | BIT(POINT), "{point} or {topic}"},
    [BF_STAGE_CONTROL] = {0, 0, ""}, /* its prompts are those of other stages with an invented topic */
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
    json_t *walked = (json_t *)(uintptr_t)object; /* jansson's iterator wants it without const; it changes nothing */

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

/* Where texts and names may be read from. */
struct place {
    const char *what; /* the file */
    const char *name; /* the template, for people */
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
                           "%s: %s uses the unknown placeholder %.*s; known are {topic}, {point}, {n} "
                           "and {known}",
                           place->what, place->name, (int)length, at);
        if (which >= 0 && !(stage_rules[item->stage].allowed & 1U << which))
            return bf_fail(place->err, BF_INPUT, "%s: %s uses %.*s, which has no value in stage '%s'; remove it",
                           place->what, place->name, (int)length, at, bf_stage_word(item->stage));
        if (which >= 0)
            seen |= 1U << which;
    }
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
    if (item->stage == BF_STAGE_COUNT || item->stage == BF_STAGE_CONTROL)
        return bf_fail(err, BF_INPUT, "%s: the stage of %s is '%s'; give points, synthesis, mi or jailbreak", what,
                       name, stage);
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

static enum bf_status check_set(const struct bf_template_set *set, const char *what, struct bf_err *err)
{
    size_t per_stage[BF_STAGE_COUNT] = {0};

    for (size_t i = 0; i < set->n; i++) {
        per_stage[set->items[i].stage]++;
        for (size_t j = 0; j < i; j++) {
            if (strcmp(set->items[i].name, set->items[j].name) == 0)
                return bf_fail(err, BF_INPUT, "%s: two templates are named '%s'; rename one", what, set->items[i].name);
        }
    }
    for (int stage = 0; stage < BF_STAGE_COUNT; stage++) {
        if (stage != BF_STAGE_CONTROL && per_stage[stage] == 0)
            return bf_fail(err, BF_INPUT, "%s has no template for stage '%s'; add one", what,
                           bf_stage_word((enum bf_stage)stage));
    }
    return BF_OK;
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
