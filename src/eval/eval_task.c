#include "eval/eval_task.h"

#include <string.h>

#include "base/print.h"
#include "base/banned.h"

#define X(name, run) {name, run},
const struct bf_eval_task_row bf_eval_tasks[] = {BF_EVAL_TASKS(X){NULL, NULL}};
#undef X

bool bf_eval_task_find(const char *name, size_t *index)
{
    for (size_t i = 0; bf_eval_tasks[i].name; i++)
        if (strcmp(bf_eval_tasks[i].name, name) == 0) {
            *index = i;
            return true;
        }
    return false;
}

void bf_eval_task_names(struct bf_buf *out)
{
    for (size_t i = 0; bf_eval_tasks[i].name; i++)
        bf_buf_printf(out, "%s%s", i == 0 ? "" : bf_eval_tasks[i + 1].name ? ", " : " or ", bf_eval_tasks[i].name);
}

enum bf_status bf_eval_task_start(struct bf_eval_task *task, size_t n_files_min, size_t n_files_max, const char *usage,
                                  struct bf_err *err)
{
    if (task->n_files < n_files_min)
        return bf_fail(err, BF_USAGE, "give the file of questions: %s", usage);
    if (task->n_files > n_files_max)
        return bf_fail(err, BF_USAGE, "'%s' is one operand too many: %s", task->files[n_files_max], usage);
    return bf_eval_model_find(task->request, task->log, &task->model, err);
}

/* ---- a result for people ---- */

/* Metrics one to a line, sets and subjects as rows of a table. */

static bool is_note(const char *key)
{
    const size_t n = strlen(key);
    return strcmp(key, "benchmark") == 0 || strcmp(key, "why") == 0 || strcmp(key, "model") == 0 ||
           strcmp(key, "seed") == 0 || (n > 9 && strcmp(key + n - 9, "_interval") == 0);
}

static void print_value(const json_t *object, const char *key, const json_t *value, FILE *out)
{
    char name[128];
    const char *why = json_string_value(json_object_get(json_object_get(object, "why"), key));
    snprintf(name, sizeof name, "%s_interval", key);
    const json_t *interval = json_object_get(object, name);
    if (json_is_integer(value))
        bf_print(out, "%lld", (long long)json_integer_value(value));
    else if (json_is_real(value))
        bf_print(out, "%.4g", json_real_value(value));
    else if (json_is_string(value))
        bf_print(out, "%s", json_string_value(value));
    else if (json_is_boolean(value))
        fputs(json_is_true(value) ? "yes" : "no", out);
    else
        bf_print(out, "unknown%s%s", why ? ": " : "", why ? why : "");
    if (json_array_size(interval) == 2)
        bf_print(out, "  [%.4g, %.4g]", json_number_value(json_array_get(interval, 0)),
                 json_number_value(json_array_get(interval, 1)));
}

/* One object's metrics on a line. */
static void print_row(const char *name, const json_t *object, FILE *out)
{
    const char *key = NULL;
    json_t *value = NULL;
    bf_print(out, "  %-18s", name);
    json_object_foreach((json_t *)(uintptr_t)object, key, value)
    {
        if (is_note(key) || json_is_object(value) || json_is_array(value))
            continue;
        bf_print(out, "  %s ", key);
        print_value(object, key, value, out);
    }
    fputc('\n', out);
}

void bf_eval_text(const json_t *result, FILE *out)
{
    const char *key = NULL;
    json_t *value = NULL;
    json_object_foreach((json_t *)(uintptr_t)result, key, value)
    {
        if (is_note(key) || json_is_object(value) || json_is_array(value))
            continue;
        bf_print(out, "%-21s ", key);
        print_value(result, key, value, out);
        fputc('\n', out);
    }
    json_object_foreach((json_t *)(uintptr_t)result, key, value)
    {
        const char *inner = NULL;
        json_t *row = NULL;
        if (is_note(key) || !json_is_object(value))
            continue;
        if (!json_is_object(json_object_iter_value(json_object_iter(value)))) {
            print_row(key, value, out);
            continue;
        }
        bf_print(out, "%s\n", key);
        json_object_foreach(value, inner, row) print_row(inner, row, out);
    }
}
