#include "unlearn/probes.h"

#include <math.h>
#include <string.h>

#include "base/banned.h"

/* What probing costs, in tokens that could be trained on in that time: two seconds to write and to open the model, and
 * a question with its answer, about 50 tokens. From speeds of SmolLM2-135M on two cores, where 280 tokens a second are
 * trained on and 475 written; all of it grows with the model. */
static const double probe_tokens = 500.0, question_tokens = 25.0;
static const double share = 0.15;
enum { PROBES_MIN = 4, PROBES_MAX = 10 };

bool bf_probe_keeps(const struct bf_unlearn_probes *probes, const struct bf_unlearn_probe *probe)
{
    const double least = (1.0 - probes->retain_drop) * (double)probes->retain_known;
    return (double)probe->retain_right >= least - 1e-9;
}

const struct bf_unlearn_probe *bf_probes_best(const struct bf_unlearn_probes *probes)
{
    const struct bf_unlearn_probe *best = NULL;
    for (size_t i = 0; i < probes->n; i++) {
        const struct bf_unlearn_probe *p = &probes->items[i];
        if (p->step == 0 || !bf_probe_keeps(probes, p))
            continue;
        if (!best || probes->forget_known < BF_PROBES_TELL || p->forget_right < best->forget_right ||
            (p->forget_right == best->forget_right &&
             (p->retain_right > best->retain_right || (p->retain_right == best->retain_right && p->step < best->step))))
            best = p;
    }
    return best;
}

const char *bf_probes_stop(const struct bf_unlearn_probes *probes, int64_t step)
{
    size_t n = 0, n_under = 0, n_forgotten = 0;
    while (n < probes->n && probes->items[n].step <= step)
        n++;
    for (size_t i = n; i-- > 0 && probes->items[i].step > 0 && !bf_probe_keeps(probes, &probes->items[i]);)
        n_under++;
    for (size_t i = n; i-- > 0 && probes->items[i].step > 0 && bf_probe_keeps(probes, &probes->items[i]) &&
                       probes->items[i].forget_right == 0;)
        n_forgotten++;
    if (n_forgotten >= (probes->forget_known >= BF_PROBES_TELL ? BF_PROBES_FORGOTTEN : BF_PROBES_FORGOTTEN_FEW))
        return "forgotten";
    if (n_under >= BF_PROBES_UNDER_LIMIT &&
        probes->items[n - 1].retain_right <= probes->items[n - BF_PROBES_UNDER_LIMIT].retain_right)
        return "retain_accuracy";
    return NULL;
}

int64_t bf_probes_every(int64_t n_steps, double step_tokens, int64_t n_questions)
{
    const double cost = probe_tokens + question_tokens * (double)n_questions;
    const double paid = floor(share * (double)n_steps * step_tokens / cost);
    const double n = paid < PROBES_MIN ? PROBES_MIN : paid > PROBES_MAX ? PROBES_MAX : paid;
    const double every = ceil((double)n_steps / n);
    return every < 1.0 ? 1 : (int64_t)every;
}
