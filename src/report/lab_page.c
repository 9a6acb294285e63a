#include "report/lab_page.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "report/lab_compare.h"
#include "report/lab_table.h"
#include "report/page_internal.h"

#include "base/banned.h"

enum { NAME_CHARACTERS = 120 };

/* [seeds, mean, smallest, largest], or null. */
static json_t *value_json(const struct bf_lab_value *value)
{
    return value->n == 0 ? json_null()
                         : json_pack("[I, o, o, o]", (json_int_t)value->n, bf_page_number(value->mean),
                                     bf_page_number(value->low), bf_page_number(value->high));
}

/* ---- the trade-off ---- */

/* {figure: value} over the rows of this set and method, or of this model. */
static json_t *compared_of(const json_t *results, const char *key, const char *set, const char *method)
{
    const json_t *rows = json_object_get(results, "rows");
    struct bf_lab_value values[BF_LAB_COMPARED] = {{0}};
    json_t *out = json_object();
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        if (strcmp(bf_json_string(row, key), set) != 0 || strcmp(bf_json_string(row, "method"), method) != 0)
            continue;
        for (size_t f = 0; f < BF_LAB_COMPARED; f++)
            bf_lab_add_value(&values[f], bf_lab_compared_of(row, (enum bf_lab_compared)f));
    }
    /* PrivLeak measures against the gold standard, whose own distance is 0, whatever its row says. */
    if (strcmp(key, "model") == 0 && strcmp(set, "gold") == 0)
        values[BF_LAB_COMPARED_PRIVLEAK] = (struct bf_lab_value){.n = 1};
    for (size_t f = 0; f < BF_LAB_COMPARED; f++)
        json_object_set_new(out, bf_lab_compared_key((enum bf_lab_compared)f), value_json(&values[f]));
    return out;
}

/* The names of the rows' member `key`, each once, in their order; borrowed. */
static json_t *names_of(const json_t *results, const char *key)
{
    const json_t *rows = json_object_get(results, "rows");
    json_t *names = json_array();
    for (size_t i = 0; i < json_array_size(rows); i++) {
        json_t *name = json_object_get(json_array_get(rows, i), key);
        bool known = !json_is_string(name);
        for (size_t k = 0; k < json_array_size(names) && !known; k++)
            known = json_equal(json_array_get(names, k), name);
        if (!known)
            json_array_append(names, name);
    }
    return names;
}

static json_t *shown_names(const json_t *names)
{
    json_t *out = json_array();
    for (size_t i = 0; i < json_array_size(names); i++)
        json_array_append_new(out, bf_page_text(json_string_value(json_array_get(names, i)), NAME_CHARACTERS));
    return out;
}

static json_t *tradeoff(const json_t *results)
{
    json_t *sets = names_of(results, "set"), *methods = names_of(results, "method");
    json_t *points = json_array(), *figures = json_array();
    for (size_t f = 0; f < BF_LAB_COMPARED; f++)
        json_array_append_new(figures, json_pack("{s:s, s:s, s:i}", "key", bf_lab_compared_key((enum bf_lab_compared)f),
                                                 "title", bf_lab_compared_title((enum bf_lab_compared)f), "digits",
                                                 bf_lab_compared_digits((enum bf_lab_compared)f)));
    for (size_t s = 0; s < json_array_size(sets); s++)
        for (size_t m = 0; m < json_array_size(methods); m++)
            json_array_append_new(points,
                                  json_pack("{s:I, s:I, s:o}", "set", (json_int_t)s, "method", (json_int_t)m, "values",
                                            compared_of(results, "set", json_string_value(json_array_get(sets, s)),
                                                        json_string_value(json_array_get(methods, m)))));
    json_t *out = json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "figures", figures, "sets", shown_names(sets), "methods",
                            shown_names(methods), "points", points, "gold", compared_of(results, "model", "gold", ""),
                            "target", compared_of(results, "model", "target", ""));
    json_decref(sets);
    json_decref(methods);
    return out;
}

/* ---- tables ---- */

static json_t *sets_of(const json_t *results)
{
    static const char *const keys[] = {"n", "on_topic", "covered", "facts", "claims", "true"};
    const json_t *sets = json_object_get(results, "sets");
    json_t *out = json_array();
    for (size_t i = 0; i < json_array_size(sets); i++) {
        const json_t *set = json_array_get(sets, i), *figures = json_object_get(set, "figures");
        json_t *one = json_pack("{s:o, s:o}", "name", bf_page_text(bf_json_string(set, "name"), NAME_CHARACTERS),
                                "kind", bf_page_text(bf_json_string(set, "kind"), NAME_CHARACTERS));
        if (json_object_get(set, "of"))
            json_object_set_new(one, "of", bf_page_text(bf_json_string(set, "of"), NAME_CHARACTERS));
        if (json_object_get(set, "variant"))
            json_object_set_new(one, "variant", bf_page_text(bf_json_string(set, "variant"), NAME_CHARACTERS));
        for (size_t k = 0; k < sizeof keys / sizeof *keys; k++)
            json_object_set_new(one, keys[k], json_integer(json_integer_value(json_object_get(figures, keys[k]))));
        json_array_append_new(out, one);
    }
    return out;
}

static json_t *lines_of(const json_t *results)
{
    struct bf_lab_lines lines;
    json_t *rows = json_array(), *figures = json_array();
    bf_lab_lines_of(results, &lines);
    for (size_t f = 0; f < BF_LAB_FIGURES; f++)
        json_array_append_new(figures, json_pack("{s:s, s:i}", "title", bf_lab_figure_title((enum bf_lab_figure)f),
                                                 "digits", bf_lab_figure_digits((enum bf_lab_figure)f)));
    for (size_t i = 0; i < lines.n; i++) {
        const struct bf_lab_line *line = &lines.items[i];
        json_t *values = json_array();
        for (size_t f = 0; f < BF_LAB_FIGURES; f++)
            json_array_append_new(values, value_json(&line->values[f]));
        char *method = bf_lab_line_method(line);
        json_array_append_new(rows, json_pack("{s:o, s:o, s:o}", "set", bf_page_text(line->set, NAME_CHARACTERS),
                                              "method", bf_page_text(method, NAME_CHARACTERS), "values", values));
        free(method);
    }
    free(lines.items);
    return json_pack("{s:o, s:o}", "figures", figures, "rows", rows);
}

/* The reference and its parts, as indices into the trade-off's sets. */
static json_t *ablation(const json_t *results)
{
    const json_t *sets = json_object_get(results, "sets");
    const char *reference = bf_json_string(json_object_get(results, "comparison"), "reference");
    json_t *names = names_of(results, "set"), *out = json_array();
    for (size_t i = 0; i < json_array_size(names); i++) {
        const json_t *name = json_array_get(names, i), *set = NULL;
        for (size_t k = 0; k < json_array_size(sets) && !set; k++)
            if (json_equal(json_object_get(json_array_get(sets, k), "name"), name))
                set = json_array_get(sets, k);
        const bool whole = strcmp(json_string_value(name), reference) == 0;
        const bool part = strcmp(bf_json_string(set, "kind"), "part") == 0 &&
                          (!json_object_get(set, "of") || strcmp(bf_json_string(set, "of"), reference) == 0);
        if (whole || part)
            json_array_append_new(out, json_integer((json_int_t)i));
    }
    json_decref(names);
    return out;
}

json_t *bf_lab_page_data(const json_t *results)
{
    struct bf_buf text;
    json_t *out = json_object(), *settings = json_object();
    bf_buf_init(&text, SIZE_MAX);
    bf_buf_printf(&text, "Experiment %s", bf_json_string(results, "experiment"));
    json_object_set_new(out, "kind", json_string("lab"));
    json_object_set_new(out, "title", bf_page_text(text.data, NAME_CHARACTERS));
    bf_buf_release(&text);
    bf_buf_init(&text, SIZE_MAX);
    bf_buf_printf(&text, "What to unlearn with, and how: the domain %s of an invented world",
                  bf_json_string(results, "domain"));
    json_object_set_new(out, "lead", bf_page_text(text.data, 2 * NAME_CHARACTERS));
    bf_buf_release(&text);
    json_object_set_new(out, "program", bf_page_text(bf_json_string(results, "program"), 40));
    json_object_set_new(out, "words", bf_lab_page_words(results));
    json_object_set_new(out, "tradeoff", tradeoff(results));
    json_object_set_new(out, "sets", sets_of(results));
    json_object_set_new(out, "lines", lines_of(results));
    json_object_set_new(out, "ablation", ablation(results));
    if (json_object_get(results, "comparison"))
        json_object_set(out, "comparison", json_object_get(results, "comparison"));
    if (json_object_get(results, "spec"))
        json_object_set(settings, "spec", json_object_get(results, "spec"));
    json_object_set_new(settings, "model_sha256", bf_page_text(bf_json_string(results, "model_sha256"), 64));
    json_object_set_new(out, "settings", settings);
    return out;
}

void bf_lab_page(const json_t *results, struct bf_buf *out)
{
    json_t *data = bf_lab_page_data(results);
    bf_page_html(data, out);
    json_decref(data);
}
