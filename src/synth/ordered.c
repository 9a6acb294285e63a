#include "synth/ordered.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "synth/mink.h"
#include "base/banned.h"

static void clear(struct bf_waiting *w)
{
    free(w->text);
    *w = (struct bf_waiting){0};
}

static struct bf_waiting *at(const struct bf_ordered *list, int64_t number)
{
    return &list->ring[number % list->window];
}

void bf_ordered_init(struct bf_ordered *list, int64_t window)
{
    assert(window >= 1);
    *list = (struct bf_ordered){.window = window, .ring = bf_array((size_t)window, sizeof *list->ring)};
}

void bf_ordered_release(struct bf_ordered *list)
{
    for (int64_t i = 0; list->ring && i < list->window; i++)
        clear(&list->ring[i]);
    free(list->ring);
    *list = (struct bf_ordered){0};
}

enum bf_source bf_ordered_issue(struct bf_ordered *list, int64_t *number)
{
    for (;; list->next_issue++) {
        if (list->next_issue >= list->end)
            return list->final ? BF_SOURCE_END : BF_SOURCE_WAIT;
        if (list->next_issue >= list->next_commit + list->window)
            return BF_SOURCE_WAIT;
        if (!at(list, list->next_issue)->ready) /* otherwise it was answered before an interruption */
            break;
    }
    *number = list->next_issue++;
    return BF_SOURCE_READY;
}

bool bf_ordered_wanted(const struct bf_ordered *list, int64_t number)
{
    return number >= list->next_commit;
}

bool bf_ordered_put(struct bf_ordered *list, const struct bf_gen_answer *a, int64_t number, double k_percent,
                    const struct bf_engine_info *info)
{
    if (!bf_ordered_wanted(list, number))
        return false;
    double sum = 0.0;
    for (int32_t i = 0; i < a->n_tokens; i++)
        sum += (double)a->logp_model[i];
    struct bf_waiting *w = at(list, number);
    clear(w);
    *w = (struct bf_waiting){
        .ready = true,
        .text = bf_strndup(a->text, a->text_len),
        .text_len = a->text_len,
        .n_tokens = a->n_tokens,
        .finish = a->finish,
        .min_k_sampling =
            info->has_sampling_probs ? bf_mean_lowest(a->p_sampling, a->n_tokens, k_percent) : (double)NAN,
        .min_k_model = info->has_logprobs ? bf_mean_lowest_exp(a->logp_model, a->n_tokens, k_percent) : (double)NAN,
        .mean_logp = info->has_logprobs && a->n_tokens > 0 ? sum / a->n_tokens : (double)NAN,
    };
    return true;
}

static void widen(struct bf_ordered *list, int64_t window)
{
    struct bf_waiting *ring = bf_array((size_t)window, sizeof *ring);
    for (int64_t n = list->next_commit; n < list->next_commit + list->window; n++)
        ring[n % window] = *at(list, n);
    free(list->ring);
    list->ring = ring;
    list->window = window;
}

void bf_ordered_restore(struct bf_ordered *list, const struct bf_pending *p)
{
    enum { FAR = 1 << 20 }; /* no window is this wide, so biforget did not write it */
    if (p->number < list->next_commit || p->number - list->next_commit >= FAR)
        return;
    if (p->number - list->next_commit >= list->window)
        widen(list, p->number - list->next_commit + 1);
    struct bf_waiting *w = at(list, p->number);
    clear(w);
    *w = (struct bf_waiting){
        .ready = true,
        .text = bf_strndup(p->text, p->text_len),
        .text_len = p->text_len,
        .n_tokens = p->n_tokens,
        .finish = p->finish,
        .min_k_sampling = p->min_k_sampling,
        .min_k_model = p->min_k_model,
        .mean_logp = p->mean_logp,
    };
}

struct bf_waiting *bf_ordered_ready(const struct bf_ordered *list)
{
    struct bf_waiting *w = at(list, list->next_commit);
    return list->next_commit < list->end && w->ready ? w : NULL;
}

void bf_ordered_skip(struct bf_ordered *list, int64_t number)
{
    for (int64_t n = list->next_commit; n < number && n < list->next_commit + list->window; n++)
        clear(at(list, n));
    if (list->next_commit < number)
        list->next_commit = number;
    if (list->next_issue < number)
        list->next_issue = number;
}

bool bf_ordered_done(const struct bf_ordered *list)
{
    return list->final && list->next_commit >= list->end;
}
