#include "eval/fluency.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/distinct.h"
#include "base/hash.h"
#include "base/letter_case.h"
#include "base/mem.h"
#include "base/refusal.h"
#include "base/utf8.h"
#include "base/words.h"
#include "eval/eval.h"
#include "base/banned.h"

enum { UNITS_MAX = 4096, REPEAT = 4 };

/* ---- units ---- */

struct span {
    const char *text;
    size_t n;
};

/* The next unit at or after *at; false at the end. */
static bool next_unit(const char *text, size_t n, size_t *at, struct span *unit)
{
    size_t from = SIZE_MAX;
    while (*at < n) {
        uint32_t cp = 0xfffd;
        size_t step = bf_utf8_decode(text + *at, n - *at, &cp);
        const bool word = step > 0 && (bf_letter_is(cp) || bf_letter_digit(cp) >= 0);
        step = step > 0 ? step : 1;
        if (from != SIZE_MAX && (!word || bf_is_word_edge(text, *at)))
            break;
        if (from == SIZE_MAX && !bf_utf8_is_space(cp))
            from = *at;
        *at += step;
        if (from != SIZE_MAX && !word)
            break;
    }
    if (from == SIZE_MAX)
        return false;
    *unit = (struct span){text + from, *at - from};
    return true;
}

/* At most `most` of them into `out` (NULL: only count). */
static size_t units_of(const char *text, struct span *out, size_t most)
{
    const size_t n_bytes = strlen(text);
    struct span unit;
    size_t n = 0;
    for (size_t at = 0; n < most && next_unit(text, n_bytes, &at, &unit); n++)
        if (out)
            out[n] = unit;
    return n;
}

size_t bf_fluency_units(const char *text)
{
    return units_of(text, NULL, UNITS_MAX);
}

static int by_value(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

double bf_repetition(const char *text, size_t n)
{
    struct span *units = bf_array(UNITS_MAX, sizeof *units);
    const size_t n_units = units_of(text, units, UNITS_MAX), n_grams = n_units >= n ? n_units - n + 1 : 0;
    uint64_t *grams = bf_array(n_grams + 1, sizeof *grams);
    size_t n_distinct = 0;
    for (size_t i = 0; i < n_grams; i++) {
        grams[i] = n;
        for (size_t k = i; k < i + n; k++)
            grams[i] = bf_mix(grams[i], bf_hash64(units[k].text, units[k].n));
    }
    qsort(grams, n_grams, sizeof *grams, by_value);
    for (size_t i = 0; i < n_grams; i++)
        n_distinct += i == 0 || grams[i] != grams[i - 1];
    free(grams);
    free(units);
    return n_grams > 0 ? 1.0 - (double)n_distinct / (double)n_grams : (double)NAN;
}

/* ---- word salad ---- */

static size_t spaced_words(const char *text, struct span *out, size_t most)
{
    static const char white[] = " \t\r\n";
    size_t n = 0;
    for (const char *at = text + strspn(text, white); *at && n < most; at += strspn(at, white)) {
        out[n++] = (struct span){at, strcspn(at, white)};
        at += out[n - 1].n;
    }
    return n;
}

char *bf_shuffled_words(const char *text, struct bf_rng *rng)
{
    struct span *words = bf_array(UNITS_MAX, sizeof *words);
    struct bf_buf out;
    size_t n = spaced_words(text, words, UNITS_MAX);
    const bool spaced = n >= BF_FLUENCY_WORDS_MIN;
    bf_buf_init(&out, SIZE_MAX);
    if (!spaced)
        n = units_of(text, words, UNITS_MAX);
    for (size_t i = n; i > 1; i--) {
        const size_t j = (size_t)bf_rng_below(rng, i);
        const struct span kept = words[i - 1];
        words[i - 1] = words[j];
        words[j] = kept;
    }
    for (size_t i = 0; i < n; i++) {
        if (spaced && i > 0)
            bf_buf_putc(&out, ' ');
        bf_buf_put(&out, words[i].text, words[i].n);
    }
    free(words);
    return bf_buf_take(&out);
}

/* ---- answers ---- */

struct bf_fluent bf_fluent_of(const char *answer)
{
    struct span first;
    size_t at = 0;
    return (struct bf_fluent){
        .n_units = bf_fluency_units(answer),
        .repetition = bf_repetition(answer, REPEAT),
        .empty = !next_unit(answer, strlen(answer), &at, &first),
        .refusal = bf_is_refusal(answer),
        .nll = (double)NAN,
    };
}

enum number { REPETITION, EMPTY, REFUSALS, NLL, GIBBERISH, NUMBERS };

static const char *const keys[NUMBERS] = {"seq_rep_4", "empty", "refusals", "nll", "gibberish"};

static double number_of(const struct bf_fluent *a, enum number number, double limit)
{
    switch (number) {
    case REPETITION:
        return a->repetition;
    case EMPTY:
        return a->empty ? 1.0 : 0.0;
    case REFUSALS:
        return a->refusal ? 1.0 : 0.0;
    case NLL:
        return a->nll;
    case GIBBERISH:
    case NUMBERS:
        break;
    }
    return isfinite(a->nll) && isfinite(limit) ? (a->nll > limit ? 1.0 : 0.0) : (double)NAN;
}

/* The known values of a number, minus those before (nullable). */
static size_t collect(const struct bf_fluent *after, const struct bf_fluent *before, size_t n, enum number number,
                      double limit, double *out)
{
    size_t n_known = 0;
    for (size_t i = 0; i < n; i++) {
        const double value =
            number_of(&after[i], number, limit) - (before ? number_of(&before[i], number, limit) : 0.0);
        if (isfinite(value))
            out[n_known++] = value;
    }
    return n_known;
}

static void put_distinct(json_t *row, const char *key, char *const *answers, size_t n_answers, size_t n)
{
    struct bf_distinct distinct;
    bf_distinct_init(&distinct, n);
    for (size_t i = 0; i < n_answers; i++) {
        struct bf_words words;
        bf_words_of(&words, answers[i], strlen(answers[i]));
        bf_distinct_add(&distinct, &words);
        bf_words_release(&words);
    }
    const double value = bf_distinct_value(&distinct);
    const struct bf_figure figure = {.value = isfinite(value) ? value : 0.0,
                                     .why = isfinite(value) ? NULL : "no answer has so many words"};
    bf_eval_put_figure(row, key, &figure);
    bf_distinct_release(&distinct);
}

static enum bf_status put_share(json_t *row, const char *key, const double *values, size_t n, const char *why,
                                struct bf_err *err)
{
    struct bf_figure figure = {.why = why};
    size_t k = 0;
    for (size_t i = 0; i < n; i++)
        k += values[i] > 0.0;
    const enum bf_status status = n > 0 ? bf_share_figure(k, n, &figure, err) : BF_OK;
    if (status == BF_OK)
        bf_eval_put_figure(row, key, &figure);
    return status;
}

static enum bf_status put_perplexity(json_t *row, const double *nll, size_t n, const char *why,
                                     const struct bf_bootstrap *bootstrap, struct bf_err *err)
{
    struct bf_figure figure = {.why = why};
    const enum bf_status status = n > 0 ? bf_mean_figure(nll, n, bootstrap, NULL, &figure, err) : BF_OK;
    if (status != BF_OK)
        return status;
    figure.value = exp(figure.value);
    figure.low = exp(figure.low);
    figure.high = exp(figure.high);
    bf_eval_put_figure(row, "perplexity", &figure);
    return BF_OK;
}

enum bf_status bf_fluency_put(json_t *row, char *const *answers, const struct bf_fluent *fluent, size_t n, double limit,
                              const struct bf_bootstrap *bootstrap, struct bf_err *err)
{
    const char *why = isfinite(limit) ? "no answer has four words" : "needs --original";
    double *values = bf_array(n + 1, sizeof *values);
    enum bf_status status = BF_OK;
    bf_eval_put(row, "n", json_integer((json_int_t)n));
    size_t n_known = collect(fluent, NULL, n, REPETITION, limit, values);
    status = bf_eval_put_mean(row, "seq_rep_4", values, n_known, bootstrap, err);
    put_distinct(row, "distinct_1", answers, n, 1);
    put_distinct(row, "distinct_2", answers, n, 2);
    for (enum number number = EMPTY; number <= REFUSALS && status == BF_OK; number++) {
        n_known = collect(fluent, NULL, n, number, limit, values);
        status = put_share(row, keys[number], values, n_known, "no answers", err);
    }
    for (size_t i = 0; i < n; i++)
        values[i] = (double)fluent[i].n_units;
    if (status == BF_OK)
        status = bf_eval_put_mean(row, "words", values, n, bootstrap, err);
    n_known = collect(fluent, NULL, n, NLL, limit, values);
    if (status == BF_OK)
        status = put_perplexity(row, values, n_known, why, bootstrap, err);
    n_known = collect(fluent, NULL, n, GIBBERISH, limit, values);
    if (status == BF_OK)
        status = put_share(row, "gibberish", values, n_known, why, err);
    free(values);
    return status;
}

enum bf_status bf_fluency_put_change(json_t *row, const struct bf_fluent *after, const struct bf_fluent *before,
                                     size_t n, double limit, const struct bf_bootstrap *bootstrap, struct bf_err *err)
{
    double *values = bf_array(n + 1, sizeof *values);
    enum bf_status status = BF_OK;
    for (enum number number = REPETITION; number < NUMBERS && status == BF_OK; number++) {
        const size_t n_known = collect(after, before, n, number, limit, values);
        status = bf_eval_put_mean(row, keys[number], values, n_known, bootstrap, err);
    }
    free(values);
    return status;
}
