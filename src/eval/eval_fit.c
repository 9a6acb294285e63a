#include "eval/eval_fit.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "base/banned.h"

enum { SHOWN = 8, MARKS = 4, TEMPLATE = 96 };

void bf_eval_fit_begin(struct bf_eval_fit *fit, struct bf_eval_model *model, const char *set, bool with_template)
{
    const int64_t context = bf_eval_model_context(model);
    *fit = (struct bf_eval_fit){.model = model, .set = set};
    if (context > 0)
        fit->most = context > 2 * TEMPLATE ? context - (with_template ? TEMPLATE : MARKS) : context / 2;
    bf_buf_init(&fit->cut, 1024);
    bf_buf_init(&fit->skipped, 1024);
}

static void note(struct bf_buf *numbers, size_t n_before, size_t number)
{
    if (n_before < SHOWN)
        bf_buf_printf(numbers, "%s%zu", n_before ? ", " : "", number);
    else if (n_before == SHOWN)
        bf_buf_puts(numbers, ", ...");
}

bool bf_eval_fit_item(struct bf_eval_fit *fit, int64_t n_tokens)
{
    fit->n++;
    if (fit->most > 0 && n_tokens > fit->most) {
        note(&fit->skipped, fit->n_skipped++ - fit->before.n_skipped, fit->n - fit->before.n);
        return false;
    }
    bf_eval_model_need(fit->model, n_tokens);
    return true;
}

/* n tokens of the text, whole characters. free(); NULL when that fails. */
static char *part_of(const struct bf_eval_fit *fit, const char *text, int32_t n, bool at_start)
{
    const int32_t n_all = bf_engine_tokenize(fit->model->look, text, NULL, 0);
    int32_t *ids = bf_array((size_t)n_all, sizeof *ids);
    struct bf_err ignored = BF_ERR_INIT;
    struct bf_buf raw;
    char *part = NULL;
    bf_buf_init(&raw, SIZE_MAX);
    (void)bf_engine_tokenize(fit->model->look, text, ids, n_all);
    const struct bf_tokens tokens = {at_start ? ids + n_all - n : ids, n};
    if (bf_engine_detokenize(fit->model->look, &tokens, &raw, &ignored) == BF_OK) {
        /* A character may take several tokens: drop the rest of one that the cut divides. */
        const char *from = raw.data, *end = raw.data + raw.len;
        while (at_start && from < end && ((unsigned char)*from & 0xC0) == 0x80)
            from++;
        while (end > from && !bf_utf8_valid(from, (size_t)(end - from)) && raw.data + raw.len - end < 4)
            end--;
        if (bf_utf8_valid(from, (size_t)(end - from)))
            part = bf_strndup(from, (size_t)(end - from));
    }
    bf_buf_release(&raw);
    free(ids);
    return part;
}

bool bf_eval_fit_text(struct bf_eval_fit *fit, int64_t other, char **text, bool at_start)
{
    const int64_t n = bf_eval_model_tokens(fit->model, *text), room = fit->most - other;
    if (fit->most == 0 || n <= room || room < 2)
        return bf_eval_fit_item(fit, n + other);
    /* The part alone may take a few more tokens than it did within the text. */
    char *part = part_of(fit, *text, (int32_t)room - 1, at_start);
    for (int64_t less = 2; part && less < room && bf_eval_model_tokens(fit->model, part) > room; less *= 2) {
        free(part);
        part = part_of(fit, *text, (int32_t)(room - less), at_start);
    }
    if (!part || part[0] == 0) {
        free(part);
        return bf_eval_fit_item(fit, n + other);
    }
    free(*text);
    *text = part;
    note(&fit->cut, fit->n_cut++ - fit->before.n_cut, fit->n + 1 - fit->before.n);
    return bf_eval_fit_item(fit, bf_eval_model_tokens(fit->model, part) + other);
}

void bf_eval_fit_questions(struct bf_eval_fit *fit, struct bf_pairs *pairs, int64_t other)
{
    size_t n = 0;
    for (size_t i = 0; i < pairs->n; i++) {
        if (bf_eval_fit_item(fit, other + bf_eval_model_tokens(fit->model, pairs->items[i].question))) {
            pairs->items[n++] = pairs->items[i];
        } else {
            free(pairs->items[i].question);
            free(pairs->items[i].answer);
        }
    }
    pairs->n = n;
}

static void warn(const struct bf_eval_fit *fit)
{
    const size_t n = fit->n - fit->before.n, n_skipped = fit->n_skipped - fit->before.n_skipped;
    const size_t n_cut = fit->n_cut - fit->before.n_cut;
    const long long context = (long long)bf_eval_model_context(fit->model);
    if (n_skipped > 0)
        bf_log_warn(fit->model->log,
                    "'%s': %zu of %zu records do not fit into the model's %lld tokens and are left out: %s", fit->set,
                    n_skipped, n, context, fit->skipped.data);
    if (n_cut > 0)
        bf_log_warn(fit->model->log, "'%s': %zu of %zu records are longer than the model's %lld tokens and are cut: %s",
                    fit->set, n_cut, n, context, fit->cut.data);
}

void bf_eval_fit_set(struct bf_eval_fit *fit, const char *set)
{
    warn(fit);
    fit->set = set;
    fit->before.n = fit->n;
    fit->before.n_cut = fit->n_cut;
    fit->before.n_skipped = fit->n_skipped;
    bf_buf_clear(&fit->cut);
    bf_buf_clear(&fit->skipped);
}

enum bf_status bf_eval_fit_end(struct bf_eval_fit *fit, const char *advice, struct bf_err *err)
{
    enum bf_status status = BF_OK;
    if (fit->n_skipped > 0 && fit->n_skipped == fit->n)
        status =
            bf_fail(err, BF_MODEL, "'%s': no record fits into the %lld tokens that '%s' can take at once; %s", fit->set,
                    (long long)bf_eval_model_context(fit->model), bf_engine_info(fit->model->look)->model_desc, advice);
    else
        warn(fit);
    bf_buf_release(&fit->cut);
    bf_buf_release(&fit->skipped);
    return status;
}

void bf_eval_fit_put(const struct bf_eval_fit *fit, json_t *result)
{
    if (fit->n_cut > 0)
        bf_eval_put(result, "n_cut", json_integer((json_int_t)fit->n_cut));
    if (fit->n_skipped > 0)
        bf_eval_put(result, "n_skipped", json_integer((json_int_t)fit->n_skipped));
}
