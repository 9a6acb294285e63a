/* Differences between sets, and whether they are beyond noise, in numbers and in plain words. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "base/utf8.h"
#include "measure/measure_json.h"
#include "base/banned.h"

enum { NAME_CHARACTERS = 60 };

/* Of each metric: what a smaller and a larger value mean, what is measured, how many digits are shown. */
static const struct {
    const char *smaller, *larger, *measure;
    int digits;
} words[BF_COMPARED_COUNT] = {
    [BF_RELEVANCE] = {"is nearer to the domain than", "is farther from the domain than", "distance on the map", 2},
    [BF_FULL_RELEVANCE] = {"is nearer to the domain than", "is farther from the domain than", "full-space distance", 3},
    [BF_REMOTE_CLIQUE] = {"is less diverse in meaning than", "is more diverse in meaning than", "remote-clique", 3},
    [BF_SELF_BLEU] = {"is more diverse in wording than", "is less diverse in wording than", "Self-BLEU", 3},
};

static struct bf_difference difference_of(const struct bf_quality_job *job, const struct bf_quality_row *a,
                                          const struct bf_quality_row *b, enum bf_compared figure)
{
    struct bf_difference out = {.why = NULL};
    const char *why = a->compared[figure].why ? a->compared[figure].why : b->compared[figure].why;
    if (!why && a->resampled[figure] && b->resampled[figure])
        bf_difference_of(&a->compared[figure], a->resampled[figure], &b->compared[figure], b->resampled[figure],
                         bf_quality_n_resampled(job, figure), &out);
    else
        out.why = why ? why : "one of them has no interval";
    return out;
}

static void put_sentence(struct bf_buf *out, const struct bf_quality_row *a, const struct bf_quality_row *b,
                         enum bf_compared figure, const struct bf_difference *d)
{
    struct bf_buf name_a, name_b;
    bf_buf_init(&name_a, 1024);
    bf_buf_init(&name_b, 1024);
    bf_utf8_preview(&name_a, a->set.name, strlen(a->set.name), NAME_CHARACTERS);
    bf_utf8_preview(&name_b, b->set.name, strlen(b->set.name), NAME_CHARACTERS);
    const double x = a->compared[figure].value, y = b->compared[figure].value;
    const int digits = words[figure].digits;
    if (d->why)
        bf_buf_printf(out, "%s and %s cannot be compared by %s: %s", name_a.data, name_b.data, words[figure].measure,
                      d->why);
    else if (d->beyond_noise)
        bf_buf_printf(out, "%s %s %s (%s %.*f against %.*f; beyond noise)", name_a.data,
                      x < y ? words[figure].smaller : words[figure].larger, name_b.data, words[figure].measure, digits,
                      x, digits, y);
    else
        bf_buf_printf(out, "%s and %s: no difference beyond noise in %s (%.*f against %.*f)", name_a.data, name_b.data,
                      words[figure].measure, digits, x, digits, y);
    bf_buf_release(&name_a);
    bf_buf_release(&name_b);
}

static json_t *known(const struct bf_difference *d, double value)
{
    return !d->why && isfinite(value) ? json_real(value) : json_null();
}

void bf_quality_compare(const struct bf_quality_job *job, const struct bf_quality_measured *m, json_t *result)
{
    json_t *differences = json_array(), *sentences = json_array();
    for (size_t a = 0; a < m->n_rows; a++)
        for (size_t b = a + 1; b < m->n_rows; b++)
            for (int f = 0; f < BF_COMPARED_COUNT; f++) {
                const enum bf_compared figure = (enum bf_compared)f;
                const struct bf_difference d = difference_of(job, &m->rows[a], &m->rows[b], figure);
                struct bf_buf sentence;
                bf_buf_init(&sentence, 8192);
                put_sentence(&sentence, &m->rows[a], &m->rows[b], figure, &d);
                json_t *one = json_object();
                json_object_set_new(one, "figure", json_string(bf_compared_names[f]));
                json_object_set_new(one, "a", json_integer((json_int_t)a));
                json_object_set_new(one, "b", json_integer((json_int_t)b));
                json_object_set_new(one, "difference", known(&d, d.value));
                json_object_set_new(one, "low", known(&d, d.low));
                json_object_set_new(one, "high", known(&d, d.high));
                json_object_set_new(one, "beyond_noise", json_boolean(!d.why && d.beyond_noise));
                json_object_set_new(one, "why", d.why ? json_string(d.why) : json_null());
                json_object_set_new(one, "sentence", bf_json_text(sentence.data, sentence.len));
                json_array_append_new(differences, one);
                if (a == 0)
                    json_array_append_new(sentences, bf_json_text(sentence.data, sentence.len));
                bf_buf_release(&sentence);
            }
    json_object_set_new(result, "differences", differences);
    json_object_set_new(result, "sentences", sentences);
}
