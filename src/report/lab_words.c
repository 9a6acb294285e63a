/* The experiment in sentences. */
#include <math.h>
#include <string.h>

#include "report/lab_compare.h"
#include "report/lab_page.h"
#include "report/lab_table.h"
#include "report/page_internal.h"

#include "base/banned.h"

static long long number_of(const json_t *object, const char *key)
{
    return (long long)json_integer_value(json_object_get(object, key));
}

static const char *plural(long long n)
{
    return n == 1 ? "" : "s";
}

/* Add the sentence in `text`, and clear it. */
static void say(json_t *out, struct bf_buf *text, const char *tone)
{
    json_array_append_new(out, json_pack("{s:o, s:s}", "text", bf_page_text(text->data, 1000), "tone", tone));
    bf_buf_release(text);
    bf_buf_init(text, SIZE_MAX);
}

static void say_world(const json_t *results, json_t *out, struct bf_buf *text)
{
    const json_t *spec = json_object_get(results, "spec"), *world = json_object_get(spec, "world");
    if (!world)
        return;
    bf_buf_printf(text,
                  "People who never lived were invented (seed %lld, %lld circles of %lld) and taught to %s: to the "
                  "target everything "
                  "but the last circle, to the gold standard the same without the circle to forget, %s. The gold "
                  "standard is what perfect unlearning would give.",
                  number_of(world, "seed"), number_of(world, "circles"), number_of(world, "people"),
                  bf_json_string(spec, "model"), bf_json_string(results, "domain"));
    say(out, text, "plain");
}

static void put_names(const json_t *list, const char *key, const char *other, struct bf_buf *text)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *name = bf_json_string(json_array_get(list, i), key);
        bf_buf_printf(text, "%s%s", i > 0 ? "; " : "", *name ? name : bf_json_string(json_array_get(list, i), other));
    }
}

static void say_cells(const json_t *results, json_t *out, struct bf_buf *text)
{
    const json_t *spec = json_object_get(results, "spec"), *sets = json_object_get(results, "sets");
    const json_t *methods = json_object_get(spec, "methods");
    const long long n_sets = (long long)json_array_size(sets), n_methods = (long long)json_array_size(methods),
                    n_seeds = (long long)json_array_size(json_object_get(spec, "seeds"));
    if (!spec)
        return;
    bf_buf_printf(text, "The target unlearned %lld forget set%s (", n_sets, plural(n_sets));
    put_names(sets, "name", "kind", text);
    bf_buf_printf(text, ") with %lld method%s (", n_methods, plural(n_methods));
    put_names(methods, "name", "method", text);
    bf_buf_printf(
        text, ") and up to %lld seed%s, as the table shows; each result was evaluated as in TOFU and with PrivLeak.",
        n_seeds, plural(n_seeds));
    say(out, text, "plain");
}

static void say_missing(const json_t *results, json_t *out, struct bf_buf *text)
{
    const json_t *rows = json_object_get(results, "rows");
    const long long planned = number_of(results, "planned");
    long long n = 0;
    for (size_t i = 0; i < json_array_size(rows); i++)
        n += json_object_get(json_array_get(rows, i), "method") != NULL;
    if (n >= planned)
        return;
    bf_buf_printf(text, "Only %lld of %lld rows are done; the same command resumes.", n, planned);
    say(out, text, "warning");
}

static void say_failed(const json_t *results, json_t *out, struct bf_buf *text)
{
    const json_t *rows = json_object_get(results, "rows"), *first = NULL;
    long long n = 0;
    for (size_t i = 0; i < json_array_size(rows); i++)
        if (json_is_true(json_object_get(json_array_get(rows, i), "failed")) && n++ == 0)
            first = json_array_get(rows, i);
    if (n == 0)
        return;
    bf_buf_printf(text, "%lld row%s failed; the same command tries again. The first failure: %s on %s, seed %lld: %s.",
                  n, plural(n), bf_json_string(first, "method"), bf_json_string(first, "set"), number_of(first, "seed"),
                  bf_json_string(first, "why"));
    say(out, text, "warning");
}

static void say_target(const json_t *results, json_t *out, struct bf_buf *text)
{
    const json_t *rows = json_object_get(results, "rows");
    double p = (double)NAN;
    for (size_t i = 0; i < json_array_size(rows); i++)
        if (strcmp(bf_json_string(json_array_get(rows, i), "model"), "target") == 0)
            p = bf_lab_figure_of(json_array_get(rows, i), BF_LAB_FORGET_QUALITY);
    if (!(p >= 0.05))
        return;
    bf_buf_printf(
        text,
        "Before any unlearning the target cannot be distinguished from the gold standard (Forget Quality %.3f): "
        "it learned too little of the domain for anything below to mean much.",
        p);
    say(out, text, "warning");
}

static void say_empty(const json_t *results, json_t *out, struct bf_buf *text)
{
    const json_t *sets = json_object_get(results, "sets");
    for (size_t i = 0; i < json_array_size(sets); i++) {
        const json_t *set = json_array_get(sets, i);
        if (!json_object_get(set, "figures") || number_of(json_object_get(set, "figures"), "n") > 0)
            continue;
        bf_buf_printf(text, "%s has no text, so nothing could be unlearned with it.", bf_json_string(set, "name"));
        say(out, text, "warning");
    }
}

/* The differences of one set over all methods: what is decided, and what is not. */
static void say_set(const json_t *row, const char *reference, json_t *out, struct bf_buf *text)
{
    const json_t *differences = json_object_get(row, "differences");
    size_t n = 0;
    bf_buf_printf(text, "%s against %s, over all methods: ", bf_json_string(row, "set"), reference);
    for (size_t f = 0; f < BF_LAB_COMPARED; f++) {
        const enum bf_lab_compared figure = (enum bf_lab_compared)f;
        const json_t *d = json_object_get(differences, bf_lab_compared_key(figure)), *low = json_object_get(d, "low");
        const int digits = bf_lab_compared_digits(figure);
        if (!json_is_number(low))
            continue;
        bf_buf_printf(text, "%s%s %s (%+.*f [%+.*f, %+.*f])", n++ > 0 ? "; " : "", bf_lab_compared_title(figure),
                      bf_json_string(d, "word"), digits, json_number_value(json_object_get(d, "mean")), digits,
                      json_number_value(low), digits, json_number_value(json_object_get(d, "high")));
    }
    bf_buf_puts(text, n > 0 ? "." : "nothing to compare.");
    say(out, text, "plain");
}

static void say_comparison(const json_t *results, json_t *out, struct bf_buf *text)
{
    const json_t *comparison = json_object_get(results, "comparison"), *rows = json_object_get(comparison, "rows");
    const char *reference = bf_json_string(comparison, "reference");
    if (json_array_size(rows) > 0 && number_of(comparison, "seeds") < 2) {
        bf_buf_printf(text, "One seed: the differences to %s have no interval, and nothing is decided.", reference);
        say(out, text, "warning");
        return;
    }
    for (size_t i = 0; i < json_array_size(rows); i++)
        if (json_is_null(json_object_get(json_array_get(rows, i), "method")))
            say_set(json_array_get(rows, i), reference, out, text);
}

json_t *bf_lab_page_words(const json_t *results)
{
    json_t *out = json_array();
    struct bf_buf text;
    bf_buf_init(&text, SIZE_MAX);
    say_world(results, out, &text);
    say_cells(results, out, &text);
    say_missing(results, out, &text);
    say_failed(results, out, &text);
    say_target(results, out, &text);
    say_empty(results, out, &text);
    say_comparison(results, out, &text);
    bf_buf_puts(&text, "One world, one base model, one training of target and gold standard: the intervals show how "
                       "much the seeds of unlearning matter, not whether another world or model would give the same.");
    say(out, &text, "plain");
    bf_buf_release(&text);
    return out;
}
