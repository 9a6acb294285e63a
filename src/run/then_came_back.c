#include "run/then_came_back.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "sets/records.h"
#include "base/banned.h"

static const char *text_of(const json_t *line, const char *key)
{
    const char *text = json_string_value(json_object_get(line, key));
    return text ? text : "";
}

/* Is a line of eval robust (eval/asked.h) a right answer that a training can learn from? */
static bool is_right(const json_t *line)
{
    const char *condition = text_of(line, "condition"), *form = text_of(line, "form"), *model = text_of(line, "model");
    const bool as_it_is = strcmp(condition, form) == 0 || strcmp(form, "jailbreak") == 0; /* a scene has its own name */
    const bool is_before = model[0] && strcmp(model, "unlearned") != 0;
    return as_it_is && !is_before && strcmp(form, "cloze") != 0 && json_is_true(json_object_get(line, "right")) &&
           !json_object_get(line, "set") && text_of(line, "prompt")[0] && text_of(line, "question")[0] &&
           text_of(line, "target")[0];
}

void bf_then_put_pair(struct bf_buf *out, const char *question, const char *answer)
{
    json_t *pair = json_pack("{s:o, s:o}", "question", bf_json_text(question, strlen(question)), "answer",
                             bf_json_text(answer, strlen(answer)));
    char *text = bf_json_dump(pair);
    bf_buf_printf(out, "%s\n", text);
    free(text);
    json_decref(pair);
}

static void add_line(const json_t *line, json_t *seen, struct bf_buf *out, int64_t *n_added)
{
    if (!is_right(line))
        return;
    const char *prompt = text_of(line, "prompt");
    const char *question = strlen(prompt) <= BF_THEN_PROMPT_MAX ? prompt : text_of(line, "question");
    if (json_object_get(seen, question))
        return;
    json_object_set_new(seen, question, json_true());
    bf_then_put_pair(out, question, text_of(line, "target"));
    (*n_added)++;
}

enum bf_status bf_then_add_came_back(const char *answers, struct bf_buf *out, int64_t *n_added, struct bf_err *err)
{
    struct bf_buf text;
    struct bf_records lines = {0};
    enum bf_status status = bf_records_read_file(answers, &text, err);
    if (status != BF_OK)
        return status;
    status = bf_records_parse(text.data, text.len, answers, &lines, err);
    bf_buf_release(&text);
    if (status != BF_OK)
        return status;
    json_t *seen = json_object();
    for (size_t i = 0; i < lines.n; i++)
        add_line(lines.items[i].json, seen, out, n_added);
    json_decref(seen);
    bf_records_release(&lines);
    return BF_OK;
}
