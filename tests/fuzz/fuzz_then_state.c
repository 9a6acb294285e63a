/* Any bytes as a run's closed-loop.json: an error that names the file, or a state within its bounds, which is written
 * as it was read. Its table can be collected and printed whatever the results of its steps hold. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "cmd/then_options.h"
#include "run/then.h"

#include "base/banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool held)
{
    if (!held)
        abort();
}

static void check_bounds(const struct bf_then_state *s)
{
    require(s->wish.method && s->wish.options && s->wish.n_options <= BF_THEN_WORDS_MAX);
    require(s->wish.answers >= 0 && s->wish.answers <= BF_THEN_ANSWERS_MAX);
    require(s->wish.eval_limit >= 0 && s->wish.eval_limit <= BF_THEN_LIMIT_MAX);
    require(s->wish.retain_set[0] == '\0' || s->wish.retain_set[0] == '/');
    require(!s->output || (s->output[0] && !strchr(s->output, '/') && s->output[0] != '.'));
    for (size_t i = 0; i < BF_THEN_STEPS; i++) {
        const struct bf_then_step *step = &s->steps[i];
        require(step->command ? (step->result != NULL) != (step->why != NULL) : !step->result && !step->why);
        require(step->seconds >= 0.0 && step->seconds <= 1e9);
    }
    for (size_t i = 0; i < s->n_metrics; i++)
        require(s->metrics[i].set && s->metrics[i].name && s->metrics[i].n >= -1);
    for (size_t i = 0; i < s->n_answers; i++)
        require(s->answers[i].prompt && s->answers[i].before && s->answers[i].after);
}

static void check_written(const struct bf_then_state *s)
{
    struct bf_then_state again;
    json_t *first = bf_then_state_json(s);
    char *text = bf_json_dump(first);
    require(bf_then_state_parse(text, strlen(text), "fuzz", bf_then_check_options, &again, NULL) == BF_OK);
    require(bf_then_wish_equal(&s->wish, &again.wish));
    json_t *second = bf_then_state_json(&again);
    require(json_equal(first, second));
    json_decref(first);
    json_decref(second);
    free(text);
    bf_then_state_release(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bf_then_state s;
    struct bf_err err = BF_ERR_INIT;
    if (bf_then_state_parse((const char *)data, size, "fuzz", bf_then_check_options, &s, &err) != BF_OK) {
        require(err.status == BF_INPUT && strstr(err.text, "fuzz") && bf_utf8_valid(err.text, strlen(err.text)));
        require(!s.wish.method && !s.output);
        return 0;
    }
    check_bounds(&s);
    check_written(&s);
    bf_then_metrics(&s);
    check_written(&s);
    FILE *out = fopen("/dev/null", "w");
    require(out != NULL);
    bf_then_print(&s, "run", out);
    (void)fclose(out);
    bf_then_state_release(&s);
    return 0;
}
