#include "eval/tofu_logs.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "sets/records.h"
#include "eval/truth_ratio.h"
#include "base/banned.h"

enum { PERTURBED_MAX = 64 };

static const char *const words[BF_TOFU_PARTS] = {"forget", "retain", "authors", "world"};
static const char *const tofu_files[BF_TOFU_PARTS] = {
    "eval_log_forget.json", "eval_log.json", "eval_real_author_wo_options.json", "eval_real_world_wo_options.json"};
static const char *const open_prefixes[BF_TOFU_PARTS] = {"forget", "retain", "ra", "wf"};

const char *bf_tofu_part_word(enum bf_tofu_part part)
{
    return words[part];
}

static void release_set(struct bf_tofu_set *set)
{
    for (size_t i = 0; set->ids && i < set->n; i++)
        free(set->ids[i]);
    free(set->ids);
    free(set->probability);
    free(set->rouge_l);
    free(set->truth);
    free(set->ratio);
    free(set->objects);
    *set = (struct bf_tofu_set){0};
}

void bf_tofu_sets_release(struct bf_tofu_sets *sets)
{
    for (int p = 0; p < BF_TOFU_PARTS; p++)
        release_set(&sets->parts[p]);
}

void bf_tofu_set_new(struct bf_tofu_set *set, size_t n)
{
    *set = (struct bf_tofu_set){
        .n = n,
        .ids = bf_array(n, sizeof *set->ids),
        .probability = bf_array(n, sizeof *set->probability),
        .rouge_l = bf_array(n, sizeof *set->rouge_l),
        .truth = bf_array(n, sizeof *set->truth),
        .ratio = bf_array(n, sizeof *set->ratio),
    };
}

void bf_tofu_set_losses(struct bf_tofu_set *set, enum bf_tofu_part part, size_t i, double answer, double paraphrased,
                        const double *perturbed, size_t n_perturbed)
{
    const double r = bf_truth_ratio(paraphrased, perturbed, n_perturbed);
    const bool options = part == BF_TOFU_AUTHORS || part == BF_TOFU_WORLD;
    set->probability[i] = options ? bf_probability_among(answer, perturbed, n_perturbed) : exp(-answer);
    set->truth[i] = part == BF_TOFU_FORGET ? bf_truth_ratio_forget(r) : bf_truth_ratio_utility(r);
    set->ratio[i] = 1.0 / r;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The keys of `object`, sorted: free() each and the list. */
static char **ids_of(const json_t *object, size_t *n)
{
    char **ids = bf_array(json_object_size(object), sizeof *ids);
    const char *key = NULL;
    json_t *value = NULL;
    *n = 0;
    json_object_foreach((json_t *)(uintptr_t)object, key, value) ids[(*n)++] = bf_strdup(key);
    qsort(ids, *n, sizeof *ids, by_text);
    return ids;
}

/* Where in a log something is, for errors. */
struct log_place {
    const char *file, *section, *metric;
};

static enum bf_status fail(const struct log_place *at, const char *id, const char *what, struct bf_err *err)
{
    return bf_fail(err, BF_INPUT, "'%s': %s%s\"%s\"%s%s%s %s", at->file, at->section, *at->section ? ": " : "",
                   at->metric, *id ? " of question \"" : "", id, *id ? "\"" : "", what);
}

/* `values` has exactly the ids of `set`; the first metric of a set gives it its ids. */
static enum bf_status same_ids(struct bf_tofu_set *set, const json_t *values, const struct log_place *at,
                               struct bf_err *err)
{
    if (!json_is_object(values) || json_object_size(values) == 0)
        return fail(at, "", "is not an object of values by question", err);
    if (!set->ids)
        set->ids = ids_of(values, &set->n);
    for (size_t i = 0; i < set->n; i++)
        if (!json_object_get(values, set->ids[i]))
            return fail(at, set->ids[i], "is missing, though another metric of the set has it; the log is incomplete",
                        err);
    if (json_object_size(values) != set->n) {
        size_t n = 0;
        char **ids = ids_of(values, &n);
        size_t extra = 0;
        while (extra < set->n && strcmp(ids[extra], set->ids[extra]) == 0)
            extra++;
        const enum bf_status status =
            fail(at, ids[extra < n ? extra : 0],
                 "is there, but another metric of the set lacks it; the log is incomplete", err);
        for (size_t i = 0; i < n; i++)
            free(ids[i]);
        free(ids);
        return status;
    }
    return BF_OK;
}

static enum bf_status number_of(const json_t *value, const struct log_place *at, const char *id, double *out,
                                struct bf_err *err)
{
    *out = json_number_value(value);
    return json_is_number(value) && isfinite(*out) ? BF_OK : fail(at, id, "is not a finite number", err);
}

/* ---- TOFU ---- */

static enum bf_status losses_of(const json_t *value, const struct log_place *at, const char *id, double *out, size_t *n,
                                struct bf_err *err)
{
    enum bf_status status = BF_OK;
    *n = json_array_size(value);
    if (*n < 1 || *n > PERTURBED_MAX)
        return fail(at, id, "is not a list of 1 to 64 losses", err);
    for (size_t k = 0; k < *n && status == BF_OK; k++)
        status = number_of(json_array_get(value, k), at, id, &out[k], err);
    return status;
}

static enum bf_status take_tofu(const json_t *log, enum bf_tofu_part part, const char *file, struct bf_tofu_set *set,
                                struct bf_err *err)
{
    enum { ANSWER, PARAPHRASED, PERTURBED, ROUGE, KEYS };
    static const char *const keys[KEYS] = {"avg_gt_loss", "avg_paraphrased_loss", "average_perturb_loss",
                                           "rougeL_recall"};
    const json_t *by_key[KEYS];
    enum bf_status status = BF_OK;
    struct log_place at[KEYS];
    struct bf_tofu_set whole = {0};
    for (int k = 0; k < KEYS && status == BF_OK; k++) {
        at[k] = (struct log_place){file, tofu_files[part], keys[k]};
        by_key[k] = json_object_get(log, keys[k]);
        status = by_key[k] ? same_ids(&whole, by_key[k], &at[k], err) : fail(&at[k], "", "is missing", err);
    }
    if (status != BF_OK) {
        release_set(&whole);
        return status;
    }
    bf_tofu_set_new(set, whole.n);
    free(set->ids);
    set->ids = whole.ids;
    for (size_t i = 0; i < set->n && status == BF_OK; i++) {
        const char *id = set->ids[i];
        double answer = 0.0, paraphrased = 0.0, perturbed[PERTURBED_MAX];
        size_t n = 0;
        status = number_of(json_object_get(by_key[ANSWER], id), &at[ANSWER], id, &answer, err);
        if (status == BF_OK)
            status = number_of(json_object_get(by_key[PARAPHRASED], id), &at[PARAPHRASED], id, &paraphrased, err);
        if (status == BF_OK)
            status = losses_of(json_object_get(by_key[PERTURBED], id), &at[PERTURBED], id, perturbed, &n, err);
        if (status == BF_OK)
            status = number_of(json_object_get(by_key[ROUGE], id), &at[ROUGE], id, &set->rouge_l[i], err);
        if (status == BF_OK)
            bf_tofu_set_losses(set, part, i, answer, paraphrased, perturbed, n);
        if (status == BF_OK && (!isfinite(set->ratio[i]) || !isfinite(set->probability[i])))
            status = fail(&at[PERTURBED], id, "gives no finite truth ratio", err);
    }
    return status;
}

/* ---- open-unlearning ---- */

/* values[i] = log[metric].value_by_index[id][key]; *out stays NULL when the log has no such metric. */
static enum bf_status take_open_metric(const json_t *log, const char *file, const char *metric, const char *key,
                                       struct bf_tofu_set *set, double **out, struct bf_err *err)
{
    const struct log_place at = {file, "", metric};
    const json_t *entry = json_object_get(log, metric);
    if (!entry)
        return BF_OK;
    const json_t *values = json_object_get(entry, "value_by_index");
    if (!values)
        return fail(&at, "", "has no \"value_by_index\"; a summary is not enough, give TOFU_EVAL.json", err);
    enum bf_status status = same_ids(set, values, &at, err);
    if (status == BF_OK)
        *out = bf_array(set->n, sizeof **out);
    for (size_t i = 0; i < set->n && status == BF_OK; i++)
        status =
            number_of(json_object_get(json_object_get(values, set->ids[i]), key), &at, set->ids[i], &(*out)[i], err);
    return status;
}

static enum bf_status take_open(const json_t *log, enum bf_tofu_part part, const char *file, struct bf_tofu_set *set,
                                struct bf_err *err)
{
    const bool options = part == BF_TOFU_AUTHORS || part == BF_TOFU_WORLD;
    char probability[64], rouge[64], ratio[64];
    snprintf(probability, sizeof probability, "%s_Q_A_Prob%s", open_prefixes[part], options ? "_normalised" : "");
    snprintf(rouge, sizeof rouge, "%s_Q_A_ROUGE", open_prefixes[part]);
    snprintf(ratio, sizeof ratio, "%s_Truth_Ratio", open_prefixes[part]);
    if (!json_object_get(log, ratio)) /* most logs name the forget set's differently */
        snprintf(ratio, sizeof ratio, "%s_truth_ratio", open_prefixes[part]);
    enum bf_status status = take_open_metric(log, file, probability, "prob", set, &set->probability, err);
    if (status == BF_OK)
        status = take_open_metric(log, file, rouge, "rougeL_recall", set, &set->rouge_l, err);
    if (status == BF_OK)
        status = take_open_metric(log, file, ratio, "score", set, &set->ratio, err);
    if (status != BF_OK || !set->ratio)
        return status;
    set->truth = bf_array(set->n, sizeof *set->truth);
    for (size_t i = 0; i < set->n; i++) {
        const double r = set->ratio[i];
        const double inverse = 1.0 / (r + 1e-10);
        const double left = r < 1.0 ? 1.0 - r : 0.0;
        set->truth[i] = part != BF_TOFU_FORGET ? left : r < inverse ? r : inverse;
    }
    return BF_OK;
}

/* ---- files ---- */

static bool is_open_unlearning(const json_t *log)
{
    const char *key = NULL;
    json_t *value = NULL;
    json_object_foreach((json_t *)(uintptr_t)log, key, value) if (json_object_get(value, "agg_value") ||
                                                                  json_object_get(value, "value_by_index")) return true;
    return false;
}

static enum bf_status parse_json(const char *data, size_t n, const char *name, json_t **log, struct bf_err *err)
{
    struct bf_buf what;
    bf_buf_init(&what, 4096);
    bf_buf_printf(&what, "'%s'", name);
    const enum bf_status status = bf_json_parse(data, n, what.data, log, err);
    bf_buf_release(&what);
    return status;
}

enum bf_status bf_tofu_logs_parse(const char *data, size_t n, const char *name, struct bf_tofu_sets *out,
                                  struct bf_err *err)
{
    json_t *log = NULL;
    size_t n_sets = 0;
    *out = (struct bf_tofu_sets){0};
    enum bf_status status = parse_json(data, n, name, &log, err);
    const bool open = status == BF_OK && is_open_unlearning(log);
    for (int p = 0; p < BF_TOFU_PARTS && status == BF_OK; p++) {
        const json_t *part = json_object_get(log, tofu_files[p]);
        if (open)
            status = take_open(log, (enum bf_tofu_part)p, name, &out->parts[p], err);
        else if (part)
            status = take_tofu(part, (enum bf_tofu_part)p, name, &out->parts[p], err);
        n_sets += out->parts[p].n > 0;
    }
    if (status == BF_OK && n_sets == 0)
        status = bf_fail(err, BF_INPUT,
                         "'%s' is neither TOFU's eval_log_aggregated.json nor open-unlearning's TOFU_EVAL.json: it has "
                         "no metrics by question",
                         name);
    json_decref(log);
    return status;
}

static enum bf_status read_whole(const char *path, struct bf_tofu_sets *out, struct bf_err *err)
{
    struct bf_buf data;
    enum bf_status status = bf_records_read_file(path, &data, err);
    if (status != BF_OK)
        return status;
    status = bf_tofu_logs_parse(data.data, data.len, path, out, err);
    bf_buf_release(&data);
    return status;
}

static enum bf_status read_part(const char *path, enum bf_tofu_part part, struct bf_tofu_set *set, struct bf_err *err)
{
    struct bf_buf data;
    json_t *log = NULL;
    enum bf_status status = bf_records_read_file(path, &data, err);
    if (status != BF_OK)
        return status;
    status = parse_json(data.data, data.len, path, &log, err);
    bf_buf_release(&data);
    if (status == BF_OK)
        status = take_tofu(log, part, path, set, err);
    json_decref(log);
    return status;
}

enum bf_status bf_tofu_logs_read(const char *path, struct bf_tofu_sets *out, struct bf_err *err)
{
    static const char *const whole[] = {"TOFU_EVAL.json", "evals/TOFU_EVAL.json", "eval_log_aggregated.json"};
    size_t n_found = 0;
    *out = (struct bf_tofu_sets){0};
    if (!bf_is_dir(path)) {
        if (bf_file_exists(path))
            return read_whole(path, out, err);
        return bf_fail(err, BF_INPUT, "there is no log '%s'", path);
    }
    for (size_t i = 0; i < sizeof whole / sizeof *whole; i++) {
        char *file = bf_path_join(path, whole[i]);
        const bool there = bf_file_exists(file);
        const enum bf_status status = there ? read_whole(file, out, err) : BF_OK;
        free(file);
        if (there)
            return status;
    }
    enum bf_status status = BF_OK;
    for (int p = 0; p < BF_TOFU_PARTS && status == BF_OK; p++) {
        char *file = bf_path_join(path, tofu_files[p]);
        if (bf_file_exists(file)) {
            status = read_part(file, (enum bf_tofu_part)p, &out->parts[p], err);
            n_found++;
        }
        free(file);
    }
    if (status == BF_OK && n_found == 0)
        status = bf_fail(err, BF_INPUT,
                         "'%s' holds no log: neither TOFU_EVAL.json (open-unlearning) nor eval_log_aggregated.json or "
                         "eval_log_forget.json (TOFU)",
                         path);
    return status;
}
