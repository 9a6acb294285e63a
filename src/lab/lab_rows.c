/* The rows of the experiment's table: the target as it is, the gold standard, and the target after each method has
 * unlearned each set with each seed. A row's model lives only until it is evaluated. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/version.h"
#include "lab/lab_private.h"
#include "unlearn/unlearn.h"

#include "base/banned.h"

struct row {
    struct bf_lab *lab;
    const char *target, *gold;                      /* paths */
    const char *model;                              /* the model to evaluate; for an unlearned row it is made first */
    size_t set;                                     /* of an unlearned row */
    double gold_auc;                                /* 0 = this is the gold standard */
    struct bf_command_line unlearn, tofu, privleak; /* unlearn has no words when the model exists */
};

static void add_words(struct bf_command_line *line, const char *const *words)
{
    for (; *words; words++)
        bf_command_line_add(line, *words);
}

static void add_data(const struct bf_lab *lab, struct bf_command_line *line, const char *option, const char *file)
{
    char *path = bf_lab_path(lab, lab->world_folder, file);
    bf_command_line_add(line, option);
    bf_command_line_add(line, path);
    free(path);
}

static void evaluating_commands(struct row *row)
{
    const struct bf_lab *lab = row->lab;
    char auc[32];
    add_words(&row->tofu, (const char *const[]){"eval", "tofu", "-m", row->model, NULL});
    add_data(lab, &row->tofu, "--forget", "forget.jsonl");
    add_data(lab, &row->tofu, "--retain", "retain.jsonl");
    add_data(lab, &row->tofu, "--authors", "authors.jsonl");
    add_data(lab, &row->tofu, "--world", "world.jsonl");
    add_words(&row->tofu, (const char *const[]){"--retrained", row->gold, NULL});
    bf_lab_add_options(&lab->spec->tofu, &row->tofu);
    bf_lab_common_options(lab, &row->tofu);
    add_words(&row->privleak, (const char *const[]){"eval", "privleak", "-m", row->model, NULL});
    add_data(lab, &row->privleak, "--forget", "texts_forget.jsonl");
    add_data(lab, &row->privleak, "--retain", "texts_retain.jsonl");
    add_data(lab, &row->privleak, "--holdout", "texts_holdout.jsonl");
    if (row->gold_auc > 0.0) {
        snprintf(auc, sizeof auc, "%.17g", row->gold_auc);
        add_words(&row->privleak, (const char *const[]){"--retrained-auc", auc, NULL});
    }
    bf_lab_add_options(&lab->spec->privleak, &row->privleak);
    bf_lab_common_options(lab, &row->privleak);
}

static char *all_commands(const struct row *row)
{
    struct bf_buf out;
    const struct bf_command_line *const lines[] = {&row->unlearn, &row->tofu, &row->privleak};
    bf_buf_init(&out, 1 << 22);
    for (size_t i = 0; i < 3; i++) {
        if (lines[i]->n == 0)
            continue;
        char *text = bf_command_line_text(lines[i]);
        bf_buf_printf(&out, "%s%s", out.len ? " && " : "", text);
        free(text);
    }
    return bf_buf_take(&out);
}

static enum bf_status compute_row(void *user, const json_t *none, json_t **result, struct bf_err *err)
{
    struct row *row = user;
    json_t *answer = NULL;
    (void)none;
    *result = json_object();
    enum bf_status status = bf_lab_need_model(row->lab, "gold", err);
    if (status == BF_OK && row->model != row->gold)
        status = bf_lab_need_model(row->lab, "target", err);
    if (status == BF_OK && row->unlearn.n > 0) {
        status = bf_lab_need_set(row->lab, row->set, err);
        if (status == BF_OK)
            status = bf_lab_run(row->lab, &row->unlearn, &answer, err);
        if (status == BF_OK)
            json_object_set_new(*result, "unlearn", answer);
    }
    if (status == BF_OK)
        status = bf_lab_run(row->lab, &row->tofu, &answer, err);
    if (status == BF_OK) {
        json_object_set_new(*result, "tofu", answer);
        status = bf_lab_run(row->lab, &row->privleak, &answer, err);
    }
    if (status == BF_OK)
        json_object_set_new(*result, "privleak", answer);
    if (row->unlearn.n > 0 && (status != BF_OK || !row->lab->keep_models))
        bf_lab_remove_model(row->model);
    return status;
}

static enum bf_status do_row(struct row *row, const char *title, json_t *inputs, json_t **result, struct bf_err *err)
{
    json_object_set_new(inputs, "gold", bf_lab_model_inputs(row->lab, "gold"));
    json_object_set_new(inputs, "questions", json_integer(BF_LAB_WORLD_FORM));
    json_object_set_new(inputs, "tofu", bf_lab_options_json(&row->lab->spec->tofu));
    json_object_set_new(inputs, "privleak", bf_lab_options_json(&row->lab->spec->privleak));
    evaluating_commands(row);
    char *text = all_commands(row);
    struct bf_lab_step step = {
        .kind = "evaluate", .title = title, .inputs = inputs, .command_text = text, .finish = compute_row, .user = row};
    const enum bf_status status = bf_lab_do(row->lab, &step, result, err);
    bf_command_line_release(&row->unlearn);
    bf_command_line_release(&row->tofu);
    bf_command_line_release(&row->privleak);
    free(text);
    return status;
}

/* A trained model as it is. */
static enum bf_status plain_row(const struct row *base, const char *name, const char *model, double gold_auc,
                                json_t *rows, double *auc, struct bf_err *err)
{
    struct row row = *base;
    char title[64];
    json_t *result = NULL;
    row.model = model;
    row.gold_auc = gold_auc;
    snprintf(title, sizeof title, "evaluate the %s", name);
    enum bf_status status =
        do_row(&row, title, json_pack("{s:o}", "model", bf_lab_model_inputs(row.lab, name)), &result, err);
    if (status != BF_OK)
        return status;
    *auc = json_number_value(json_object_get(json_object_get(result, "privleak"), "auc"));
    json_object_set_new(result, "model", json_string(name));
    json_array_append_new(rows, result);
    return BF_OK;
}

static void unlearning_command(struct row *row, const struct bf_lab_method *method, const char *set, const char *seed)
{
    struct bf_command_line *line = &row->unlearn;
    add_words(line,
              (const char *const[]){"unlearn", "--method", method->method, "-m", row->target, "--forget", set, NULL});
    if (bf_method_find(method->method)->alpha > 0.0)
        add_data(row->lab, line, "--retain", "retain_train.jsonl");
    if (bf_method_find(method->method)->general_weight > 0.0)
        add_data(row->lab, line, "--general", "general.jsonl");
    add_words(line, (const char *const[]){"-o", row->model, "--seed", seed, "--answers", "0", "--restart", NULL});
    bf_lab_add_training(&method->options, line);
    bf_lab_common_options(row->lab, line);
}

/* A row without numbers; takes over `why`. */
static json_t *failed_row(struct bf_lab *lab, enum bf_status status, const char *title, char *why)
{
    json_t *row = json_pack("{s:o, s:b}", "why", bf_json_text(why, strlen(why)), "failed", 1);
    if (lab->n_failed++ == 0)
        (void)bf_fail(&lab->failure, status, "%s: %s", title, why);
    free(why);
    return row;
}

static enum bf_status compute_unlearned(struct row *row, const struct bf_lab_method *m, const char *set_path,
                                        const char *seed, const char *title, json_t **result, struct bf_err *err)
{
    struct bf_lab *lab = row->lab;
    struct bf_err why = BF_ERR_INIT;
    char file[64];
    snprintf(file, sizeof file, "unlearned-%.16s-%s", m->method, seed);
    json_t *inputs = json_pack("{s:o, s:s, s:o, s:s}", "set", bf_lab_set_inputs(lab, row->set), "method", m->method,
                               "options", bf_lab_options_json(&m->options), "seed", seed);
    char *path = bf_lab_artefact(lab, "models", file, "unlearn", inputs, ".gguf");
    row->model = path;
    unlearning_command(row, m, set_path, seed);
    enum bf_status status = do_row(row, title, inputs, result, &why);
    if (status != BF_OK && bf_lab_may_go_on(status)) {
        bf_log_warn(lab->log, "%s", why.text);
        *result = failed_row(lab, status, title, bf_lab_reason(&why));
        status = BF_OK;
    } else if (status != BF_OK) {
        (void)bf_fail(err, status, "%s", why.text);
    }
    free(path);
    return status;
}

static enum bf_status unlearned_row(const struct row *base, size_t set, const struct bf_lab_made_set *made,
                                    size_t method, uint64_t seed, json_t *rows, struct bf_err *err)
{
    struct row row = *base;
    struct bf_lab *lab = row.lab;
    const struct bf_lab_method *m = &lab->spec->methods[method];
    const char *set_name = lab->spec->sets[set].name;
    char title[256], text[32];
    json_t *result = NULL;
    enum bf_status status = BF_OK;
    snprintf(title, sizeof title, "%.80s on %.80s, seed %llu", m->name, set_name, (unsigned long long)seed);
    snprintf(text, sizeof text, "%llu", (unsigned long long)seed);
    row.set = set;
    const bool nothing = !made->why && json_integer_value(json_object_get(made->figures, "n")) == 0;
    lab->n_done += made->why || nothing; /* bf_lab_do counts the others */
    if (made->why)
        result = failed_row(lab, made->failure, title, bf_strdup(made->why));
    else if (nothing)
        result = json_pack("{s:s}", "why", "the set is empty");
    else
        status = compute_unlearned(&row, m, made->path, text, title, &result, err);
    if (status == BF_OK && result) {
        json_object_set_new(result, "set", json_string(set_name));
        json_object_set_new(result, "method", json_string(m->name));
        json_object_set_new(result, "seed", json_integer((json_int_t)seed));
        json_array_append_new(rows, result);
    }
    return status;
}

static size_t unlearned_rows(const struct bf_lab_spec *spec)
{
    size_t n = 0;
    for (size_t set = 0; set < spec->n_sets; set++)
        for (size_t method = 0; method < spec->n_methods; method++)
            for (size_t seed = 0; seed < spec->n_seeds; seed++)
                n += bf_lab_spec_has_row(spec, set, method, seed);
    return n;
}

/* Methods with all seeds first, seeds outermost, so that an experiment that is stopped early has its main rows. After a
 * failure that stops the experiment nothing more is computed, but stored rows are still collected. */
static enum bf_status all_unlearned_rows(const struct row *base, const struct bf_lab_made_set *made, json_t *rows,
                                         struct bf_err *err)
{
    struct bf_lab *lab = base->lab;
    const struct bf_lab_spec *spec = lab->spec;
    struct bf_err again = BF_ERR_INIT;
    enum bf_status stopped = BF_OK;
    for (int pass = 0; pass < 2; pass++)
        for (size_t seed = 0; seed < spec->n_seeds; seed++)
            for (size_t set = 0; set < spec->n_sets; set++)
                for (size_t method = 0; method < spec->n_methods; method++) {
                    if ((spec->methods[method].n_seeds > 0) != (pass == 1) ||
                        !bf_lab_spec_has_row(spec, set, method, seed))
                        continue;
                    const enum bf_status status = unlearned_row(base, set, &made[set], method, spec->seeds[seed], rows,
                                                                stopped == BF_OK ? err : &again);
                    stopped = stopped == BF_OK ? status : stopped;
                    lab->only_known = stopped != BF_OK;
                }
    return stopped;
}

static json_t *sets_json(const struct bf_lab_spec *spec, const struct bf_lab_made_set *made)
{
    json_t *out = json_array();
    for (size_t i = 0; i < spec->n_sets; i++) {
        const struct bf_lab_set *set = &spec->sets[i];
        json_t *one = json_pack("{s:s, s:s, s:s*, s:s*}", "name", set->name, "kind", set->kind, "of", set->of,
                                "variant", set->variant);
        if (set->file)
            json_object_set_new(one, "sha256", json_string(set->file_sha256));
        if (made[i].figures)
            json_object_set(one, "figures", made[i].figures);
        if (made[i].why)
            json_object_set_new(one, "why", bf_json_text(made[i].why, strlen(made[i].why)));
        json_array_append_new(out, one);
    }
    return out;
}

/* The experiment as it was carried out: with the model that was given in place of the experiment's, and with the
 * world's defaults. */
static json_t *spec_json(const struct bf_lab *lab)
{
    const struct bf_world_params *world = &lab->spec->world;
    json_t *out = json_deep_copy(lab->spec->json);
    json_object_set_new(out, "model", bf_json_text(lab->model_name, strlen(lab->model_name)));
    json_object_set_new(out, "world",
                        json_pack("{s:I, s:i, s:i}", "seed", (json_int_t)world->seed, "circles", world->n_circles,
                                  "people", world->n_people));
    return out;
}

enum bf_status bf_lab_rows(struct bf_lab *lab, json_t **out, struct bf_err *err)
{
    const struct bf_lab_spec *spec = lab->spec;
    char *target = NULL, *gold = NULL;
    double gold_auc = 0.0, target_auc = 0.0;
    json_t *rows = json_array();
    struct bf_lab_made_set *made = bf_array(spec->n_sets, sizeof *made);
    *out = NULL;
    lab->n_all = 4 + spec->n_sets + unlearned_rows(spec);
    enum bf_status status = bf_lab_train(lab, "target", &target, err);
    if (status == BF_OK)
        status = bf_lab_train(lab, "gold", &gold, err);
    struct row base = {.lab = lab, .target = target, .gold = gold};
    if (status == BF_OK)
        status = plain_row(&base, "gold", gold, 0.0, rows, &gold_auc, err);
    if (status == BF_OK)
        status = plain_row(&base, "target", target, gold_auc, rows, &target_auc, err);
    if (status == BF_OK)
        status = bf_lab_make_sets(lab, made, err);
    base.gold_auc = gold_auc;
    if (status == BF_OK) {
        status = all_unlearned_rows(&base, made, rows, err);
        *out = json_pack("{s:O, s:o, s:I, s:s, s:s, s:s, s:s, s:o}", "rows", rows, "sets", sets_json(spec, made),
                         "planned", (json_int_t)unlearned_rows(spec), "experiment", spec->name, "domain",
                         bf_world_circle(lab->world, 0), "program", BF_VERSION, "model_sha256", lab->model_sha256,
                         "spec", spec_json(lab));
    }
    for (size_t i = 0; i < spec->n_sets; i++)
        bf_lab_made_set_release(&made[i]);
    free(made);
    json_decref(rows);
    free(target);
    free(gold);
    return status;
}
