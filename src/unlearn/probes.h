/* What a training learns from its probes: which checkpoint is the best, when to stop, how often to ask. Plain functions
 * of the answers that were counted. Private to unlearn/. */
#ifndef BF_UNLEARN_PROBES_H
#define BF_UNLEARN_PROBES_H
#include "unlearn/unlearn.h"

/* So many probes under the limit in a row, the last no better than the first, end a training. Fewer would end trainings
 * that hurt neighbours in their first steps and win them back later. */
enum { BF_PROBES_UNDER_LIMIT = 4 };
/* Fewer known forget questions tell no two checkpoints apart. */
enum { BF_PROBES_TELL = 3 };
/* So many probes in a row without a right forget answer end a training; of few known questions more. */
enum { BF_PROBES_FORGOTTEN = 2, BF_PROBES_FORGOTTEN_FEW = 4 };

/* Does the model of this probe keep enough? With no known retain question every model does. */
bool bf_probe_keeps(const struct bf_unlearn_probes *probes, const struct bf_unlearn_probe *probe);
/* Among the probes after step 0: the fewest right forget answers where the limit is kept; then the most right retain
 * answers; then the earlier step. With fewer than BF_PROBES_TELL known forget questions the last that keeps the limit.
 * NULL when none keeps the limit. */
const struct bf_unlearn_probe *bf_probes_best(const struct bf_unlearn_probes *probes);
/* Why nothing more can be gained, given the probes up to `step`; NULL when something can.
 *   "forgotten": the last two keep the limit and have no right forget answer; with fewer than BF_PROBES_TELL known
 *   forget questions the last four;
 *   "retain_accuracy": the last BF_PROBES_UNDER_LIMIT are under the limit, and the last of them is no better than the
 *   first. */
const char *bf_probes_stop(const struct bf_unlearn_probes *probes, int64_t step);
/* Steps between two probes of a training of n_steps steps, each of `step_tokens` tokens: so that probing costs about
 * 15 % of the time, with 4 to 10 probes. Not measured, so that a resume and another machine ask at the same steps. */
int64_t bf_probes_every(int64_t n_steps, double step_tokens, int64_t n_questions);

#endif
