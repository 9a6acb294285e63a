/* Metrics into JSON. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "eval/eval.h"
#include "base/banned.h"

void bf_eval_put(json_t *object, const char *key, json_t *value)
{
    if (!value || json_object_set_new(object, key, value) != 0)
        bf_out_of_memory();
}

void bf_eval_put_text(json_t *object, const char *key, const char *text)
{
    bf_eval_put(object, key, bf_json_text(text, strlen(text)));
}

static void put_interval(json_t *object, const char *key, json_t *interval)
{
    struct bf_buf name;
    bf_buf_init(&name, 256);
    bf_buf_printf(&name, "%s_interval", key);
    bf_eval_put(object, name.data, interval);
    bf_buf_release(&name);
}

void bf_eval_put_figure(json_t *object, const char *key, const struct bf_figure *figure)
{
    if (figure->why) {
        json_t *why = json_object_get(object, "why");
        bf_eval_put(object, key, json_null());
        if (!why) {
            bf_eval_put(object, "why", json_object());
            why = json_object_get(object, "why");
        }
        bf_eval_put(why, key, json_string(figure->why));
        return;
    }
    bf_eval_put(object, key, json_real(figure->value));
    if (figure->has_interval)
        put_interval(object, key, json_pack("[f, f]", figure->low, figure->high));
}

enum bf_status bf_eval_put_mean(json_t *object, const char *key, const double *values, size_t n,
                                const struct bf_bootstrap *bootstrap, struct bf_err *err)
{
    struct bf_figure figure;
    const enum bf_status status = bf_mean_figure(values, n, bootstrap, NULL, &figure, err);
    if (status == BF_OK)
        bf_eval_put_figure(object, key, &figure);
    return status;
}

void bf_eval_put_all_scripts(json_t *object, size_t n)
{
    if (n > 0)
        bf_eval_put(object, "n_all_scripts", json_integer((json_int_t)n));
}

enum bf_status bf_eval_line(const struct bf_eval *eval, json_t *line, struct bf_err *err)
{
    enum bf_status status = BF_OK;
    if (eval->items) {
        if (eval->label)
            bf_eval_put_text(line, "model", eval->label);
        char *text = bf_json_dump(line);
        if (fputs(text, eval->items) < 0 || putc('\n', eval->items) == EOF)
            status = bf_fail(err, BF_STORE, "cannot write the file of -o: is the disk full?");
        free(text);
    }
    json_decref(line);
    return status;
}
