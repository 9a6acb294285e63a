#include "lab/lab_spec.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/embedded.h"
#include "base/file.h"
#include "base/mem.h"

#include "base/banned.h"

enum { SPEC_MAX = 1 << 20, SETS_MAX = 64 };

const char bf_lab_sizes[] = "tiny|small";

/* An unknown key is probably misspelt. */
static enum bf_status check_keys(const json_t *object, const char *what, const char *place, const char *const *keys,
                                 struct bf_err *err)
{
    const char *key;
    json_t *value;
    if (!json_is_object(object))
        return bf_fail(err, BF_INPUT, "%s: %s is not an object", what, place);
    json_object_foreach((json_t *)object, key, value)
    {
        struct bf_buf names;
        bool known = false;
        bf_buf_init(&names, 1024);
        for (size_t i = 0; keys[i]; i++) {
            known |= strcmp(keys[i], key) == 0;
            bf_buf_printf(&names, "%s%s", i ? ", " : "", keys[i]);
        }
        if (!known)
            bf_fail(err, BF_INPUT, "%s: %s has an unknown key \"%s\"; its keys are %s", what, place, key, names.data);
        bf_buf_release(&names);
        if (!known)
            return BF_INPUT;
    }
    return BF_OK;
}

static enum bf_status read_text(const json_t *object, const char *what, const char *place, const char *key, bool needed,
                                const char **out, struct bf_err *err)
{
    const json_t *value = json_object_get(object, key);
    *out = json_string_value(value);
    if (!*out && (value || needed))
        return bf_fail(err, BF_INPUT, "%s: %s needs \"%s\", a text", what, place, key);
    if (*out && !**out)
        return bf_fail(err, BF_INPUT, "%s: \"%s\" of %s is empty", what, key, place);
    return BF_OK;
}

static enum bf_status options_of(const json_t *object, const char *what, const char *place, const char *key,
                                 struct bf_lab_options *out, struct bf_err *err)
{
    const json_t *value = json_object_get(object, key);
    *out = (struct bf_lab_options){0};
    if (!value)
        return BF_OK;
    if (!json_is_array(value))
        return bf_fail(err, BF_INPUT, "%s: \"%s\" of %s is not a list of words", what, key, place);
    out->words = bf_array(json_array_size(value) + 1, sizeof *out->words);
    for (size_t i = 0; i < json_array_size(value); i++) {
        out->words[i] = json_string_value(json_array_get(value, i));
        if (!out->words[i])
            return bf_fail(err, BF_INPUT, "%s: \"%s\" of %s has an element that is not a text; write numbers as \"10\"",
                           what, key, place);
        out->n++;
    }
    return BF_OK;
}

static enum bf_status integer_of(const json_t *object, const char *what, const char *key, int64_t fallback, int64_t max,
                                 int64_t *out, struct bf_err *err)
{
    const json_t *value = json_object_get(object, key);
    *out = value ? (int64_t)json_integer_value(value) : fallback;
    if ((value && !json_is_integer(value)) || *out < 0 || *out > max)
        return bf_fail(err, BF_INPUT, "%s: \"%s\" is not a whole number from 0 to %lld", what, key, (long long)max);
    return BF_OK;
}

static enum bf_status read_world(struct bf_lab_spec *s, const char *what, struct bf_err *err)
{
    static const char *const keys[] = {"seed", "circles", "people", NULL};
    const json_t *world = json_object_get(s->json, "world");
    int64_t seed, circles, people;
    s->world = bf_world_default();
    if (!world)
        return BF_OK;
    enum bf_status status = check_keys(world, what, "\"world\"", keys, err);
    if (status == BF_OK)
        status = integer_of(world, what, "seed", (int64_t)s->world.seed, INT64_MAX, &seed, err);
    if (status == BF_OK)
        status = integer_of(world, what, "circles", s->world.n_circles, 1000, &circles, err);
    if (status == BF_OK)
        status = integer_of(world, what, "people", s->world.n_people, 1000, &people, err);
    if (status == BF_OK)
        s->world = (struct bf_world_params){(uint64_t)seed, (int32_t)circles, (int32_t)people};
    return status;
}

static const struct bf_lab_set *find_set(const struct bf_lab_spec *s, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(s->sets[i].name, name) == 0)
            return &s->sets[i];
    return NULL;
}

/* Everything of a set but its name. */
static enum bf_status check_kind(const struct bf_lab_spec *s, size_t i, const char *what, const char *place,
                                 struct bf_err *err)
{
    static const char *const kinds[] = {"planted", "domain", "textbook", "part", "file"};
    const struct bf_lab_set *set = &s->sets[i];
    const bool part = strcmp(set->kind, "part") == 0;
    bool known = false;
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
        known |= strcmp(set->kind, kinds[k]) == 0;
    if (!known)
        return bf_fail(err, BF_INPUT, "%s: %s is of kind \"%s\"; the kinds are planted, domain, textbook, part, file",
                       what, place, set->kind);
    if (part ? !set->of || !set->variant : set->of || set->variant)
        return bf_fail(err, BF_INPUT, "%s: %s: a part, and only a part, has \"of\" and \"variant\"", what, place);
    const struct bf_lab_set *whole = part ? find_set(s, i, set->of) : NULL;
    if (part && (!whole || strcmp(whole->kind, "domain") != 0))
        return bf_fail(err, BF_INPUT, "%s: %s is part of \"%s\", which is not a set of kind domain before it", what,
                       place, set->of);
    if (part && strcmp(set->variant, "fix") != 0 && strcmp(set->variant, "mi") != 0 &&
        strcmp(set->variant, "jailbreak") != 0)
        return bf_fail(err, BF_INPUT, "%s: %s has variant \"%s\"; give fix, mi or jailbreak", what, place,
                       set->variant);
    return BF_OK;
}

/* "path" of a set of kind file, relative to the experiment's folder. Cells depend on its content, not on its name. */
static enum bf_status read_path(struct bf_lab_set *set, const json_t *json, const char *what, const char *place,
                                struct bf_err *err)
{
    const char *path, *slash = strrchr(what, '/');
    enum bf_status status = read_text(json, what, place, "path", false, &path, err);
    if (status == BF_OK && (strcmp(set->kind, "file") == 0) != (path != NULL))
        status = bf_fail(err, BF_INPUT, "%s: %s: a set of kind file, and no other, has a \"path\"", what, place);
    if (status != BF_OK || !path)
        return status;
    char *folder = bf_strndup(what, slash ? (size_t)(slash - what) + 1 : 0);
    set->file = *path == '/' || !slash ? bf_strdup(path) : bf_path_join(folder, path);
    free(folder);
    return bf_sha256_file(set->file, set->file_sha256, err);
}

static enum bf_status read_set(struct bf_lab_spec *s, size_t i, const json_t *json, const char *what,
                               struct bf_err *err)
{
    static const char *const keys[] = {"name", "kind", "of", "variant", "path", "options", NULL};
    struct bf_lab_set *set = &s->sets[i];
    char place[64];
    snprintf(place, sizeof place, "forget set %zu", i + 1);
    enum bf_status status = check_keys(json, what, place, keys, err);
    if (status == BF_OK)
        status = read_text(json, what, place, "name", true, &set->name, err);
    if (status == BF_OK)
        status = read_text(json, what, place, "kind", true, &set->kind, err);
    if (status == BF_OK)
        status = read_text(json, what, place, "of", false, &set->of, err);
    if (status == BF_OK)
        status = read_text(json, what, place, "variant", false, &set->variant, err);
    if (status == BF_OK)
        status = options_of(json, what, place, "options", &set->options, err);
    if (status != BF_OK)
        return status;
    if (find_set(s, i, set->name))
        return bf_fail(err, BF_INPUT, "%s: two forget sets are named \"%s\"", what, set->name);
    status = check_kind(s, i, what, place, err);
    return status == BF_OK ? read_path(set, json, what, place, err) : status;
}

/* The sets and the number of seeds with which the method has rows. */
static enum bf_status read_rows_of(const struct bf_lab_spec *s, struct bf_lab_method *method, const json_t *json,
                                   const char *what, const char *place, struct bf_err *err)
{
    int64_t n = 0;
    method->sets = json_object_get(json, "forget_sets");
    enum bf_status status = integer_of(json, what, "n_seeds", 0, BF_LAB_SEEDS_MAX, &n, err);
    method->n_seeds = (size_t)n;
    if (status == BF_OK && method->sets && (!json_is_array(method->sets) || json_array_size(method->sets) == 0))
        status = bf_fail(err, BF_INPUT, "%s: %s: \"forget_sets\" is not a list of names", what, place);
    for (size_t i = 0; i < json_array_size(method->sets) && status == BF_OK; i++) {
        const char *name = json_string_value(json_array_get(method->sets, i));
        if (!name || !find_set(s, s->n_sets, name))
            status = bf_fail(err, BF_INPUT, "%s: %s is for the forget set \"%s\", which the experiment does not have",
                             what, place, name ? name : "?");
    }
    return status;
}

bool bf_lab_spec_has_row(const struct bf_lab_spec *spec, size_t set, size_t method, size_t seed)
{
    const struct bf_lab_method *m = &spec->methods[method];
    bool named = m->sets == NULL;
    for (size_t i = 0; i < json_array_size(m->sets); i++)
        named |= strcmp(json_string_value(json_array_get(m->sets, i)), spec->sets[set].name) == 0;
    return named && (m->n_seeds == 0 || seed < m->n_seeds);
}

static enum bf_status read_method(struct bf_lab_spec *s, size_t i, const json_t *json, const char *what,
                                  struct bf_err *err)
{
    static const char *const keys[] = {"name", "method", "options", "n_seeds", "forget_sets", NULL};
    struct bf_lab_method *method = &s->methods[i];
    char place[64];
    snprintf(place, sizeof place, "method %zu", i + 1);
    enum bf_status status = check_keys(json, what, place, keys, err);
    if (status == BF_OK)
        status = read_text(json, what, place, "method", true, &method->method, err);
    if (status == BF_OK)
        status = read_text(json, what, place, "name", false, &method->name, err);
    if (status == BF_OK)
        status = options_of(json, what, place, "options", &method->options, err);
    if (status == BF_OK)
        status = read_rows_of(s, method, json, what, place, err);
    if (status != BF_OK)
        return status;
    if (!method->name)
        method->name = method->method;
    for (size_t j = 0; j < i; j++)
        if (strcmp(s->methods[j].name, method->name) == 0)
            return bf_fail(err, BF_INPUT, "%s: two methods are named \"%s\"", what, method->name);
    return BF_OK;
}

static enum bf_status list_of(const struct bf_lab_spec *s, const char *what, const char *key, size_t max,
                              const json_t **out, size_t *n, struct bf_err *err)
{
    *out = json_object_get(s->json, key);
    *n = 0;
    if (!json_is_array(*out) || json_array_size(*out) == 0 || json_array_size(*out) > max)
        return bf_fail(err, BF_INPUT, "%s: \"%s\" is not a list of 1 to %zu", what, key, max);
    *n = json_array_size(*out);
    return BF_OK;
}

static enum bf_status read_seeds(struct bf_lab_spec *s, const char *what, struct bf_err *err)
{
    const json_t *list;
    size_t n;
    enum bf_status status = list_of(s, what, "seeds", BF_LAB_SEEDS_MAX, &list, &n, err);
    for (size_t i = 0; i < n && status == BF_OK; i++) {
        const json_t *seed = json_array_get(list, i);
        if (!json_is_integer(seed) || json_integer_value(seed) < 0)
            return bf_fail(err, BF_INPUT, "%s: seed %zu is not a whole number", what, i + 1);
        const uint64_t number = (uint64_t)json_integer_value(seed);
        for (size_t j = 0; j < i; j++)
            if (s->seeds[j] == number)
                return bf_fail(err, BF_INPUT, "%s: seed %llu is listed twice; give each once", what,
                               (unsigned long long)number);
        s->seeds[s->n_seeds++] = number;
    }
    return status;
}

static enum bf_status read_lists(struct bf_lab_spec *s, const char *what, struct bf_err *err)
{
    const json_t *list;
    size_t n = 0;
    enum bf_status status = list_of(s, what, "forget_sets", SETS_MAX, &list, &n, err);
    if (status != BF_OK)
        return status;
    s->sets = bf_array(n, sizeof *s->sets);
    for (; s->n_sets < n && status == BF_OK; s->n_sets++)
        status = read_set(s, s->n_sets, json_array_get(list, s->n_sets), what, err);
    if (status == BF_OK)
        status = list_of(s, what, "methods", SETS_MAX, &list, &n, err);
    if (status != BF_OK)
        return status;
    s->methods = bf_array(n, sizeof *s->methods);
    for (; s->n_methods < n && status == BF_OK; s->n_methods++)
        status = read_method(s, s->n_methods, json_array_get(list, s->n_methods), what, err);
    return status == BF_OK ? read_seeds(s, what, err) : status;
}

enum bf_status bf_lab_spec_parse(const char *data, size_t n, const char *what, bf_lab_check_fn *check,
                                 struct bf_lab_spec *out, struct bf_err *err)
{
    static const char *const keys[] = {"name",    "model", "world",    "train", "forget_sets",
                                       "methods", "seeds", "privleak", "tofu",  NULL};
    *out = (struct bf_lab_spec){0};
    enum bf_status status = bf_json_parse(data, n, what, &out->json, err);
    if (status == BF_OK)
        status = check_keys(out->json, what, "the experiment", keys, err);
    if (status == BF_OK)
        status = read_text(out->json, what, "the experiment", "name", true, &out->name, err);
    if (status == BF_OK)
        status = read_text(out->json, what, "the experiment", "model", true, &out->model, err);
    if (status == BF_OK)
        status = read_world(out, what, err);
    if (status == BF_OK)
        status = options_of(out->json, what, "the experiment", "train", &out->train, err);
    if (status == BF_OK)
        status = options_of(out->json, what, "the experiment", "privleak", &out->privleak, err);
    if (status == BF_OK)
        status = options_of(out->json, what, "the experiment", "tofu", &out->tofu, err);
    if (status == BF_OK)
        status = read_lists(out, what, err);
    return status == BF_OK && check ? check(out, what, err) : status;
}

enum bf_status bf_lab_spec_load(const char *name, bf_lab_check_fn *check, struct bf_lab_spec *out, struct bf_err *err)
{
    char known[128];
    struct bf_buf text;
    *out = (struct bf_lab_spec){0};
    snprintf(known, sizeof known, "lab/%.100s.json", name);
    for (size_t i = 0; i < bf_embedded_count; i++)
        if (strcmp(bf_embedded_files[i].name, known) == 0 && strcmp(name, "facts") != 0)
            return bf_lab_spec_parse(bf_embedded_files[i].data, bf_embedded_files[i].n, known, check, out, err);
    bf_buf_init(&text, SPEC_MAX);
    enum bf_status status = bf_file_read(name, &text, err);
    if (status == BF_OK)
        status = bf_lab_spec_parse(text.data, text.len, name, check, out, err);
    bf_buf_release(&text);
    return status;
}

void bf_lab_spec_release(struct bf_lab_spec *spec)
{
    for (size_t i = 0; i < spec->n_sets; i++) {
        free(spec->sets[i].options.words);
        free(spec->sets[i].file);
    }
    for (size_t i = 0; i < spec->n_methods; i++)
        free(spec->methods[i].options.words);
    free(spec->train.words);
    free(spec->privleak.words);
    free(spec->tofu.words);
    free(spec->sets);
    free(spec->methods);
    json_decref(spec->json);
    *spec = (struct bf_lab_spec){0};
}
