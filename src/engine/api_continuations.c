/* Continuations on a server, as far as an echo of whole texts goes: a text from its beginning, and the last token of a prompt with each
 * choice behind it. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "engine/api_private.h"
#include "base/banned.h"

enum { ITEMS_A_TIME = 32 };

struct run {
    const struct bf_continuation *items;
    const struct bf_continuation_job *job;
    const size_t *item_of; /* of each text that is asked for */
    size_t first;          /* item of this part */
    float choices[BF_CHOICES_MAX];
    int32_t n_tokens; /* of the prompt with its first choice */
    size_t n_choices; /* of the item under way, answered */
};

static enum bf_status on_score(void *user, const struct bf_score *score, struct bf_err *err)
{
    struct run *r = user;
    const size_t i = r->item_of[score->text];
    const struct bf_continuation *item = &r->items[i];
    struct bf_continuation_score out = {.item = i};
    if (item->n_choices == 0) {
        out.n_tokens = score->n_tokens;
        out.logp = score->logp;
        return r->job->sink(r->job->user, &out, err);
    }
    if (r->n_choices == 0)
        r->n_tokens = score->n_tokens;
    if (score->n_tokens < 1 || score->n_tokens != r->n_tokens)
        return bf_fail(err, BF_MODEL,
                       "the choice '%s' is not as many tokens of the server's model as '%s': they cannot be compared",
                       item->choices[r->n_choices], item->choices[0]);
    r->choices[r->n_choices++] = score->logp[score->n_tokens - 1];
    if (r->n_choices < item->n_choices)
        return BF_OK;
    r->n_choices = 0;
    out.choices = r->choices;
    return r->job->sink(r->job->user, &out, err);
}

static char *joined(const char *a, const char *b)
{
    const size_t n = strlen(a), m = strlen(b);
    char *text = bf_array(n + m + 1, 1);
    memcpy(text, a, n);
    memcpy(text + n, b, m);
    return text;
}

static enum bf_status score_part(struct bf_engine *engine, struct run *r, size_t n_items, struct bf_err *err)
{
    size_t n = 0;
    for (size_t i = r->first; i < r->first + n_items; i++)
        n += r->items[i].n_choices > 0 ? r->items[i].n_choices : 1;
    char **texts = bf_array(n, sizeof *texts);
    size_t *item_of = bf_array(n, sizeof *item_of);
    n = 0;
    for (size_t i = r->first; i < r->first + n_items; i++) {
        const struct bf_continuation *item = &r->items[i];
        for (size_t c = 0; c < item->n_choices || c == 0; c++) {
            item_of[n] = i;
            texts[n++] = item->n_choices > 0 ? joined(item->prompt, item->choices[c]) : bf_strdup(item->text);
        }
    }
    r->item_of = item_of;
    const enum bf_status status = bf_api_score(engine, (const char *const *)texts, n, r, on_score, err);
    for (size_t t = 0; t < n; t++)
        free(texts[t]);
    free(texts);
    free(item_of);
    return status;
}

enum bf_status bf_api_score_continuations(struct bf_engine *engine, const struct bf_continuation *items, size_t n_items,
                                          const struct bf_continuation_job *job, struct bf_err *err)
{
    struct run r = {.items = items, .job = job};
    for (size_t i = 0; i < n_items; i++) {
        const struct bf_continuation *item = &items[i];
        if (item->with_end || (item->text && (item->prompt[0] || item->n_choices > 0)) ||
            (!item->text && item->n_choices == 0))
            return bf_fail(
                err, BF_MODEL,
                "'%s' scores whole texts, not an answer behind a prompt nor the token that ends it; give the model as "
                "a file with -m",
                engine->info.model_desc);
    }
    enum bf_status status = BF_OK;
    while (r.first < n_items && status == BF_OK) {
        const size_t n = n_items - r.first < ITEMS_A_TIME ? n_items - r.first : ITEMS_A_TIME;
        status = score_part(engine, &r, n, err);
        r.first += n;
        if (status == BF_OK && job->step && !job->step(job->user, r.first))
            status = BF_INTERRUPTED;
    }
    return status;
}
