#include "report/lab_compare.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "quality/quality.h"
#include "report/lab_table.h"

#include "base/banned.h"

static const struct {
    enum bf_lab_figure figure;
    const char *key, *title, *better;
    int digits;
} compared[BF_LAB_COMPARED] = {
    [BF_LAB_COMPARED_PRIVLEAK] = {BF_LAB_PRIVLEAK, "privleak_distance", "|PrivLeak|", "smaller", 1},
    [BF_LAB_COMPARED_UTILITY] = {BF_LAB_MODEL_UTILITY, "model_utility", "Model Utility", "larger", 3},
    [BF_LAB_COMPARED_QUALITY] = {BF_LAB_FORGET_QUALITY, "log10_forget_quality", "log10 Forget Quality", "larger", 2},
    [BF_LAB_COMPARED_ROUGE] = {BF_LAB_FORGET_ROUGE, "forget_rouge_l", "ROUGE-L", NULL, 3},
    [BF_LAB_COMPARED_OBJECT] = {BF_LAB_FORGET_OBJECT, "forget_object_accuracy", "object accuracy", NULL, 3},
    [BF_LAB_COMPARED_KEPT] = {BF_LAB_RETAIN_OBJECT, "retain_object_accuracy", "object accuracy, retained", "larger", 3},
};

const char *bf_lab_compared_title(enum bf_lab_compared figure)
{
    return compared[figure].title;
}

const char *bf_lab_compared_key(enum bf_lab_compared figure)
{
    return compared[figure].key;
}

int bf_lab_compared_digits(enum bf_lab_compared figure)
{
    return compared[figure].digits;
}

double bf_lab_compared_of(const json_t *row, enum bf_lab_compared figure)
{
    const double x = bf_lab_figure_of(row, compared[figure].figure);
    if (figure == BF_LAB_COMPARED_PRIVLEAK)
        return fabs(x);
    if (figure == BF_LAB_COMPARED_QUALITY)
        return x >= 0.0 ? log10(x > DBL_MIN ? x : DBL_MIN) : (double)NAN;
    return x;
}

/* ---- the rows as an array ---- */

struct cells {
    const json_t *sets;
    const char **methods;
    json_int_t *seeds;
    size_t n_sets, n_methods, n_seeds, reference;
    double *values; /* [n_sets][n_methods][n_seeds][BF_LAB_COMPARED] */
};

static double *value_at(const struct cells *c, size_t set, size_t method, size_t seed)
{
    return c->values + ((set * c->n_methods + method) * c->n_seeds + seed) * BF_LAB_COMPARED;
}

static size_t set_of(const struct cells *c, const json_t *row)
{
    size_t i = 0;
    while (i < c->n_sets && strcmp(bf_json_string(json_array_get(c->sets, i), "name"), bf_json_string(row, "set")) != 0)
        i++;
    return i;
}

static size_t method_of(struct cells *c, const char *name)
{
    size_t i = 0;
    while (i < c->n_methods && strcmp(c->methods[i], name) != 0)
        i++;
    return i;
}

static size_t seed_of(const struct cells *c, json_int_t seed)
{
    size_t i = 0;
    while (i < c->n_seeds && c->seeds[i] != seed)
        i++;
    return i;
}

static void read_cells(const json_t *results, struct cells *c)
{
    const json_t *rows = json_object_get(results, "rows");
    const size_t n = json_array_size(rows);
    *c = (struct cells){.sets = json_object_get(results, "sets")};
    c->n_sets = c->reference = json_array_size(c->sets);
    c->methods = bf_array(n + 1, sizeof *c->methods);
    c->seeds = bf_array(n + 1, sizeof *c->seeds);
    for (size_t i = c->n_sets; i-- > 0;)
        if (strcmp(bf_json_string(json_array_get(c->sets, i), "kind"), "domain") == 0)
            c->reference = i;
    for (size_t i = 0; i < n; i++) {
        const json_t *row = json_array_get(rows, i);
        if (!json_object_get(row, "method"))
            continue;
        const size_t m = method_of(c, bf_json_string(row, "method"));
        const json_int_t seed = json_integer_value(json_object_get(row, "seed"));
        const size_t s = seed_of(c, seed);
        if (m == c->n_methods)
            c->methods[c->n_methods++] = bf_json_string(row, "method");
        if (s == c->n_seeds)
            c->seeds[c->n_seeds++] = seed;
    }
    const size_t n_values = c->n_sets * c->n_methods * c->n_seeds * BF_LAB_COMPARED;
    c->values = bf_array(n_values + 1, sizeof *c->values);
    for (size_t i = 0; i < n_values; i++)
        c->values[i] = (double)NAN;
    for (size_t i = 0; i < n; i++) {
        const json_t *row = json_array_get(rows, i);
        const size_t set = set_of(c, row);
        if (!json_object_get(row, "method") || set == c->n_sets)
            continue;
        double *values = value_at(c, set, method_of(c, bf_json_string(row, "method")),
                                  seed_of(c, json_integer_value(json_object_get(row, "seed"))));
        for (size_t f = 0; f < BF_LAB_COMPARED; f++)
            values[f] = bf_lab_compared_of(row, (enum bf_lab_compared)f);
    }
}

static void release_cells(struct cells *c)
{
    free(c->methods);
    free(c->seeds);
    free(c->values);
}

/* ---- differences ---- */

static double pair(const struct cells *c, size_t set, size_t method, size_t seed, size_t figure)
{
    const double d = value_at(c, set, method, seed)[figure] - value_at(c, c->reference, method, seed)[figure];
    return isfinite(d) ? d : (double)NAN;
}

static const char *word_of(const struct bf_figure *d, const char *better)
{
    if (!d->has_interval || (d->low <= 0.0 && d->high >= 0.0))
        return "undecided";
    if (!better)
        return d->value < 0.0 ? "lower" : "higher";
    return (d->value < 0.0) == (strcmp(better, "smaller") == 0) ? "better" : "worse";
}

/* Over the methods first..last-1. A method that lacks a seed which another has is left out: its own level would enter
 * the differences between seeds. */
static json_t *difference(const struct cells *c, size_t set, size_t first, size_t last, size_t figure)
{
    double *of_seed = bf_array(c->n_seeds + 1, sizeof *of_seed);
    bool *used = bf_array(c->n_seeds + 1, sizeof *used);
    size_t n = 0, n_methods = 0, n_left_out = 0;
    struct bf_figure d;
    for (size_t s = 0; s < c->n_seeds; s++)
        for (size_t m = first; m < last; m++)
            used[s] = used[s] || isfinite(pair(c, set, m, s, figure));
    for (size_t m = first; m < last; m++) {
        bool whole = true, tried = false;
        for (size_t s = 0; s < c->n_seeds; s++) {
            const bool there = isfinite(pair(c, set, m, s, figure));
            whole = whole && (!used[s] || there);
            tried = tried || there;
        }
        if (!whole) {
            n_left_out += tried;
            continue;
        }
        n_methods++;
        for (size_t s = 0; s < c->n_seeds; s++)
            of_seed[s] += used[s] ? pair(c, set, m, s, figure) : 0.0;
    }
    for (size_t s = 0; s < c->n_seeds; s++)
        if (used[s] && n_methods > 0)
            of_seed[n++] = of_seed[s] / (double)n_methods;
    bf_student_figure(of_seed, n, &d);
    free(of_seed);
    free(used);
    if (d.why)
        return json_null();
    return json_pack("{s:I, s:I, s:I, s:f, s:o, s:o, s:s}", "n", (json_int_t)n, "methods", (json_int_t)n_methods,
                     "left_out", (json_int_t)n_left_out, "mean", d.value, "low",
                     d.has_interval ? json_real(d.low) : json_null(), "high",
                     d.has_interval ? json_real(d.high) : json_null(), "word", word_of(&d, compared[figure].better));
}

static json_t *row_of(const struct cells *c, size_t set, size_t first, size_t last, const char *method)
{
    const json_t *it = json_array_get(c->sets, set);
    json_t *differences = json_object();
    for (size_t f = 0; f < BF_LAB_COMPARED; f++)
        json_object_set_new(differences, compared[f].key, difference(c, set, first, last, f));
    return json_pack("{s:s, s:s, s:s?, s:o}", "set", bf_json_string(it, "name"), "kind", bf_json_string(it, "kind"),
                     "method", method, "differences", differences);
}

/* Is there a seed for which both sets have the metric? */
static bool is_compared(const struct cells *c, size_t set, size_t method)
{
    for (size_t s = 0; s < c->n_seeds; s++)
        for (size_t f = 0; f < BF_LAB_COMPARED; f++)
            if (isfinite(pair(c, set, method, s, f)))
                return true;
    return false;
}

static json_t *rows_of(const struct cells *c)
{
    json_t *rows = json_array();
    for (size_t set = 0; set < c->n_sets; set++)
        if (set != c->reference)
            json_array_append_new(rows, row_of(c, set, 0, c->n_methods, NULL));
    for (size_t m = 0; m < c->n_methods && c->n_methods > 1; m++)
        for (size_t set = 0; set < c->n_sets; set++)
            if (set != c->reference && is_compared(c, set, m))
                json_array_append_new(rows, row_of(c, set, m, m + 1, c->methods[m]));
    return rows;
}

static json_int_t floored(const json_t *results)
{
    const json_t *rows = json_object_get(results, "rows");
    json_int_t n = 0;
    for (size_t i = 0; i < json_array_size(rows); i++)
        n += json_object_get(json_array_get(rows, i), "method") &&
             bf_lab_figure_of(json_array_get(rows, i), BF_LAB_FORGET_QUALITY) < DBL_MIN;
    return n;
}

json_t *bf_lab_compare(const json_t *results)
{
    struct cells c;
    json_t *out, *figures = json_array();
    read_cells(results, &c);
    for (size_t f = 0; f < BF_LAB_COMPARED; f++)
        json_array_append_new(figures,
                              json_pack("{s:s, s:s, s:i, s:s?}", "key", compared[f].key, "title", compared[f].title,
                                        "digits", compared[f].digits, "better", compared[f].better));
    if (c.reference == c.n_sets || c.n_sets < 2)
        out = json_pack("{s:s}", "why",
                        c.n_sets < 2 ? "there is only one forget set" : "no forget set of kind domain to compare with");
    else
        out = json_pack("{s:s, s:I, s:O, s:I, s:o}", "reference",
                        bf_json_string(json_array_get(c.sets, c.reference), "name"), "seeds", (json_int_t)c.n_seeds,
                        "figures", figures, "floored", floored(results), "rows", rows_of(&c));
    json_decref(figures);
    release_cells(&c);
    return out;
}
