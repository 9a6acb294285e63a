/* What TOFU's metrics are computed from, question by question, and readers for the result files of two projects:
 *
 *   TOFU (locuslab/tofu, evaluate_util.py): a folder with eval_log_aggregated.json, or with eval_log.json (retain),
 *       eval_log_forget.json, eval_real_author_wo_options.json and eval_real_world_wo_options.json; each
 *       {"avg_gt_loss": {ID: loss}, "average_perturb_loss": {ID: [losses]}, "avg_paraphrased_loss": {ID: loss},
 *       "rougeL_recall": {ID: recall}, ...}
 *   open-unlearning (src/evals): TOFU_EVAL.json, in the folder or its evals/,
 *       {METRIC: {"agg_value", "value_by_index": {ID: {...}}}} with METRIC forget_|retain_|ra_|wf_ and Q_A_Prob,
 *       Q_A_Prob_normalised, Q_A_ROUGE, Truth_Ratio (also "forget_truth_ratio").
 *
 * Each project's own formulas are applied to its logs. A log may lack sets and metrics; those that it has must be
 * complete. */
#ifndef BF_EVAL_TOFU_LOGS_H
#define BF_EVAL_TOFU_LOGS_H
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

enum bf_tofu_part { BF_TOFU_FORGET, BF_TOFU_RETAIN, BF_TOFU_AUTHORS, BF_TOFU_WORLD, BF_TOFU_PARTS };
const char *bf_tofu_part_word(enum bf_tofu_part part); /* "forget", "retain", "authors", "world" */

struct bf_tofu_set {
    size_t n;             /* questions; 0 = no such set */
    char **ids;           /* [n] sorted, without repeats */
    double *probability;  /* [n] or NULL: of the answer; with authors and world among right and wrong ones */
    double *rouge_l;      /* [n] or NULL: recall */
    size_t n_skipped;     /* questions that did not fit and were left out; not in n */
    size_t n_all_scripts; /* answers for which ROUGE counted the words of all scripts; 0 for a log */
    double *truth;        /* [n] or NULL: 0..1, what the mean truth ratio is the mean of */
    double *ratio;        /* [n] or NULL: perturbed over paraphrased, what Forget Quality compares */
    double *objects;      /* [n_objects] or NULL: 1 where the greedy answer names the question's object, else 0 */
    size_t n_objects;     /* questions that have an object; in the order of the questions */
};
struct bf_tofu_sets {
    struct bf_tofu_set parts[BF_TOFU_PARTS];
};
void bf_tofu_sets_release(struct bf_tofu_sets *sets);
void bf_tofu_set_new(struct bf_tofu_set *set, size_t n); /* all arrays but objects, zeroed; each id NULL */
/* Fill probability, truth and ratio of question i from mean negative log-likelihoods, in nats per token. */
void bf_tofu_set_losses(struct bf_tofu_set *set, enum bf_tofu_part part, size_t i, double answer, double paraphrased,
                        const double *perturbed, size_t n_perturbed);

/* `path`: the folder, or the file itself. BF_INPUT, naming file, metric and ID: no such log, an ID that one metric has
 * and another lacks, a value that is not a number. Release *out in every case. */
BF_MUST_CHECK enum bf_status bf_tofu_logs_read(const char *path, struct bf_tofu_sets *out, struct bf_err *err);
/* One file's bytes: an aggregated log of either project. */
BF_MUST_CHECK enum bf_status bf_tofu_logs_parse(const char *data, size_t n, const char *name, struct bf_tofu_sets *out,
                                                struct bf_err *err);

#endif
