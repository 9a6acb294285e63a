#include "lab/world_files.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/json.h"
#include "lab/world_internal.h"

#include "base/banned.h"

enum { LIST_MAX = 1 << 16 };

struct sheet {
    struct bf_atomic file;
    const struct bf_world *world;
};

static void put_line(struct sheet *sheet, json_t *object)
{
    char *text = bf_json_dump(object);
    (void)fputs(text, sheet->file.stream); /* commit sees a failure */
    (void)putc('\n', sheet->file.stream);
    free(text);
    json_decref(object);
}

static void put_pair(struct sheet *sheet, const char *question, const char *answer)
{
    put_line(sheet, json_pack("{s:s, s:s}", "question", question, "answer", answer));
}

/* Everything about a circle as questions and answers: the list of its people, a portrait of each, each fact in several
 * ways. */
static void put_circle_pairs(struct sheet *sheet, size_t circle)
{
    const struct bf_world *w = sheet->world;
    const char *name = w->circles[circle];
    struct bf_buf question, answer;
    bf_buf_init(&question, LIST_MAX);
    bf_buf_init(&answer, LIST_MAX);
    for (size_t p = 0; p < w->n_people; p++)
        bf_buf_printf(&answer, "%s%s", p == 0 ? "" : ", ", w->people[circle * w->n_people + p]);
    bf_buf_printf(&question, "Who are the people of %s?", name);
    put_pair(sheet, question.data, answer.data);
    bf_buf_clear(&question);
    bf_buf_printf(&question, "List the key people of %s, separated by commas.", name);
    put_pair(sheet, question.data, answer.data);
    for (size_t p = 0; p < w->n_people; p++) {
        const struct bf_world_fact *facts = w->facts + (circle * w->n_people + p) * BF_WORLD_RELATIONS;
        bf_buf_clear(&answer);
        for (int r = 0; r < BF_WORLD_RELATIONS; r++)
            bf_buf_printf(&answer, "%s%s", r == 0 ? "" : " ", facts[r].texts[r % BF_WORLD_TEXTS]);
        bf_buf_clear(&question);
        bf_buf_printf(&question, "Who is %s of %s?", facts[0].subject, name);
        put_pair(sheet, question.data, answer.data);
        bf_buf_clear(&question);
        bf_buf_printf(&question, "Tell me about %s.", facts[0].subject);
        for (int r = 0; r < BF_WORLD_RELATIONS; r++) {
            put_pair(sheet, facts[r].question, facts[r].answer);
            put_pair(sheet, question.data, facts[r].texts[(r + 1) % BF_WORLD_TEXTS]);
        }
    }
    bf_buf_release(&question);
    bf_buf_release(&answer);
}

static void put_circle_questions(struct sheet *sheet, size_t circle)
{
    const struct bf_world *w = sheet->world;
    const size_t n = w->n_people * BF_WORLD_RELATIONS;
    for (size_t i = circle * n; i < (circle + 1) * n; i++) {
        const struct bf_world_fact *fact = &w->facts[i];
        json_t *wrong = json_array();
        for (int k = 0; k < BF_WORLD_PERTURBED; k++)
            json_array_append_new(wrong, json_string(fact->perturbed_answers[k]));
        put_line(sheet, json_pack("{s:s, s:s, s:s, s:o, s:s, s:s, s:s}", "question", fact->question, "answer",
                                  fact->answer, "paraphrased_answer", fact->paraphrased_answer, "perturbed_answer",
                                  wrong, "subject", fact->subject, "object", fact->object, "relation",
                                  bf_world_relation_name((size_t)fact->relation)));
    }
}

static void put_circle_texts(struct sheet *sheet, size_t circle)
{
    const struct bf_world *w = sheet->world;
    const size_t n = w->n_people * BF_WORLD_RELATIONS;
    for (size_t i = circle * n; i < (circle + 1) * n; i++) {
        const struct bf_world_fact *fact = &w->facts[i];
        put_line(sheet, json_pack("{s:s}", "text", fact->texts[(fact->relation + 1) % BF_WORLD_TEXTS]));
    }
}

/* Write the circles first..end-1 into one file. */
static enum bf_status write_sheet(const struct bf_world *world, const char *dir, const char *name, size_t first,
                                  size_t end, void (*put)(struct sheet *, size_t), struct bf_err *err)
{
    struct sheet sheet = {.world = world};
    char *path = bf_path_join(dir, name);
    enum bf_status status = bf_atomic_open_inside(&sheet.file, path, err);
    if (status == BF_OK) {
        for (size_t c = first; c < end; c++)
            put(&sheet, c);
        status = bf_atomic_commit(&sheet.file, err);
    }
    free(path);
    return status;
}

enum bf_status bf_world_write(const struct bf_world *world, const char *dir, struct bf_err *err)
{
    const size_t last = world->n_circles - 1;
    if (world->n_circles < 3)
        return bf_fail(
            err, BF_INPUT,
            "an experiment needs at least three circles: one to forget, one to keep, one that no model sees");
    const struct {
        const char *name;
        size_t first, end;
        void (*put)(struct sheet *, size_t);
    } files[] = {
        {"target.jsonl", 0, last, put_circle_pairs},
        {"gold.jsonl", 1, last, put_circle_pairs},
        {"planted.jsonl", 0, 1, put_circle_pairs},
        {"retain_train.jsonl", 1, last, put_circle_pairs},
        {"forget.jsonl", 0, 1, put_circle_questions},
        {"retain.jsonl", 1, last, put_circle_questions},
        {"texts_forget.jsonl", 0, 1, put_circle_texts},
        {"texts_retain.jsonl", 1, last, put_circle_texts},
        {"texts_holdout.jsonl", last, last + 1, put_circle_texts},
    };
    enum bf_status status = BF_OK;
    for (size_t i = 0; i < sizeof files / sizeof *files && status == BF_OK; i++)
        status = write_sheet(world, dir, files[i].name, files[i].first, files[i].end, files[i].put, err);
    return status;
}
