/* What the two attacks that take gradients share. */
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "eval/eval_robust.h"
#include "base/banned.h"

enum bf_status bf_robust_local(const struct bf_robust *r, const char *option, struct bf_err *err)
{
    const struct bf_eval_request *v = r->task->request;
    if (v->machine.api)
        return bf_fail(err, BF_USAGE,
                       "--%s takes gradients, which no server gives: give the model as a GGUF file with -m, without "
                       "--api",
                       option);
    if (v->lora)
        return bf_fail(err, BF_USAGE,
                       "--%s takes gradients of the model file alone, without the adapter over it: merge '%s' into the "
                       "model (llama-export-lora of llama.cpp does) and give that with -m, without --lora",
                       option, v->lora);
    return BF_OK;
}

size_t *bf_robust_draw(size_t n, size_t n_wanted, uint64_t seed)
{
    size_t *all = bf_array(n, sizeof *all);
    struct bf_rng rng;
    bf_rng_init(&rng, seed);
    for (size_t i = 0; i < n; i++)
        all[i] = i;
    for (size_t i = 0; i < n_wanted; i++) {
        const size_t j = i + (size_t)bf_rng_below(&rng, n - i), kept = all[i];
        all[i] = all[j];
        all[j] = kept;
    }
    return all;
}

void bf_robust_close(struct bf_robust *r)
{
    bf_engine_close(r->task->model.engine);
    r->task->model.engine = NULL;
}

enum bf_status bf_robust_mark_seen(const struct bf_robust *r, const char *option, const struct bf_pair *set,
                                   const size_t *chosen, size_t n, bool **out, struct bf_err *err)
{
    bool *seen = bf_array(r->questions.n, sizeof *seen);
    size_t n_seen = 0;
    for (size_t i = 0; i < r->questions.n; i++) {
        for (size_t c = 0; c < n && !seen[i]; c++)
            seen[i] = strcmp(r->questions.items[i].question, set[chosen[c]].question) == 0;
        n_seen += seen[i];
    }
    *out = seen;
    if (n_seen < r->questions.n)
        return BF_OK;
    return bf_fail(err, BF_INPUT,
                   "--%s would take every question that is asked, so that none is left to see what comes back; give "
                   "more questions, or let it take fewer",
                   option);
}
