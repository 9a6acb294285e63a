#include "eval/asked_facts.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/file.h"
#include "base/mem.h"
#include "sets/records.h"
#include "base/banned.h"

void bf_asked_facts_release(struct bf_asked_facts *facts)
{
    for (size_t i = 0; i < facts->n_records; i++) {
        struct bf_asked_fact *fact = &facts->of[i];
        for (size_t w = 0; w < fact->n_wordings; w++)
            free(fact->wordings[w]);
        free(fact->wordings);
        free(fact->object);
        bf_cloze_release(&fact->cloze);
    }
    free(facts->of);
    bf_pairs_release(&facts->pairs);
    *facts = (struct bf_asked_facts){0};
}

static void add_wording(struct bf_asked_fact *fact, const char *question, const char *wording)
{
    if (strcmp(question, wording) == 0)
        return;
    for (size_t w = 0; w < fact->n_wordings; w++)
        if (strcmp(fact->wordings[w], wording) == 0)
            return;
    fact->wordings = bf_grow(fact->wordings, fact->n_wordings + 1, sizeof *fact->wordings);
    fact->wordings[fact->n_wordings++] = bf_strdup(wording);
}

/* A text, or a list of texts. */
static void add_wordings(struct bf_asked_fact *fact, const char *question, const json_t *value)
{
    if (json_is_string(value) && json_string_value(value)[0])
        add_wording(fact, question, json_string_value(value));
    for (size_t i = 0; i < json_array_size(value); i++)
        if (json_is_string(json_array_get(value, i)))
            add_wordings(fact, question, json_array_get(value, i));
}

static const char *text_of(const json_t *record, const char *key)
{
    const char *text = json_string_value(json_object_get(record, key));
    return text && *text ? text : NULL;
}

/* {"id": number of the record}: of the records that are facts. */
static json_t *facts_by_id(const struct bf_asked_facts *facts, const struct bf_records *records)
{
    json_t *ids = json_object();
    for (size_t i = 0; i < facts->n_records; i++) {
        const char *id = text_of(records->items[i].json, "id");
        const char *stage = text_of(records->items[i].json, "stage");
        if (id && !(stage && strcmp(stage, "wordings") == 0) &&
            json_object_set_new(ids, id, json_integer((json_int_t)i)))
            bf_out_of_memory();
    }
    return ids;
}

/* The pair that this record words differently; NULL when it is a fact of its own. */
static const struct bf_pair *worded_by(const struct bf_asked_facts *facts, const json_t *ids, const json_t *record)
{
    const char *stage = text_of(record, "stage"), *source = text_of(record, "source");
    const json_t *number = stage && source && strcmp(stage, "wordings") == 0 ? json_object_get(ids, source) : NULL;
    return number ? &facts->pairs.items[json_integer_value(number)] : NULL;
}

static void drop_pair(struct bf_pair *pair)
{
    free(pair->question);
    free(pair->answer);
    pair->question = NULL;
}

static void close_gaps(struct bf_pairs *pairs)
{
    size_t n = 0;
    for (size_t i = 0; i < pairs->n && pairs->items; i++)
        if (pairs->items[i].question)
            pairs->items[n++] = pairs->items[i];
    pairs->n = n;
}

/* What the records add; pair i is record i. */
static void read_records(struct bf_asked_facts *facts, const struct bf_records *records)
{
    if (!facts->pairs.items) /* no record */
        return;
    bool *dropped = bf_array(facts->n_records + 1, sizeof *dropped);
    json_t *ids = facts_by_id(facts, records);
    for (size_t i = 0; i < facts->n_records; i++) {
        const json_t *record = records->items[i].json;
        const struct bf_pair *other = worded_by(facts, ids, record);
        struct bf_pair *pair = &facts->pairs.items[i];
        struct bf_asked_fact *fact = &facts->of[i];
        if (other) {
            add_wording(&facts->of[other->index], other->question, pair->question);
            dropped[i] = true;
            continue;
        }
        const char *object = text_of(record, "object");
        fact->object = object ? bf_strdup(object) : NULL;
        add_wordings(fact, pair->question, json_object_get(record, "wordings"));
        add_wordings(fact, pair->question, json_object_get(record, "paraphrased_question"));
        (void)bf_cloze_of(pair->question, pair->answer, object, text_of(record, "statement"), &fact->cloze);
    }
    for (size_t i = 0; i < facts->n_records; i++)
        if (dropped[i])
            drop_pair(&facts->pairs.items[i]);
    close_gaps(&facts->pairs);
    json_decref(ids);
    free(dropped);
}

static bool is_json(const char *path)
{
    const char *dot = strrchr(path, '.');
    return dot && (strcasecmp(dot, ".json") == 0 || strcasecmp(dot, ".jsonl") == 0 || strcasecmp(dot, ".ndjson") == 0);
}

/* Records of another form than a list of objects add nothing. */
static void read_file(struct bf_asked_facts *facts, const char *path)
{
    struct bf_err ignored = BF_ERR_INIT;
    struct bf_records records;
    struct bf_buf data;
    bool read = false;
    if (is_json(path) && bf_records_read_file(path, &data, &ignored) == BF_OK) {
        if (bf_records_parse(data.data, data.len, path, &records, &ignored) == BF_OK) {
            read = records.n >= facts->n_records;
            if (read)
                read_records(facts, &records);
            bf_records_release(&records);
        }
        bf_buf_release(&data);
    }
    for (size_t i = 0; i < facts->n_records && !read; i++)
        (void)bf_cloze_of(facts->pairs.items[i].question, facts->pairs.items[i].answer, NULL, NULL,
                          &facts->of[i].cloze);
}

enum bf_status bf_asked_facts_load(const char *set, const char *in_folder, size_t limit, struct bf_log *log,
                                   struct bf_asked_facts *out, struct bf_err *err)
{
    char *inside = bf_is_dir(set) ? bf_path_join(set, in_folder) : NULL;
    const char *path = inside && bf_file_exists(inside) ? inside : set;
    *out = (struct bf_asked_facts){0};
    enum bf_status status = bf_pairs_load(path, limit, log, &out->pairs, err);
    if (status == BF_OK && out->pairs.has_texts)
        status = bf_fail(err, BF_INPUT,
                         "'%s' has texts without a question; give question-answer pairs of what was forgotten", path);
    if (status == BF_OK) {
        out->n_records = out->pairs.n;
        out->of = bf_array(out->n_records + 1, sizeof *out->of);
        read_file(out, path);
    }
    free(inside);
    return status;
}

size_t bf_asked_facts_remove_shared(struct bf_asked_facts *facts, const struct bf_pairs *others)
{
    const size_t n = facts->pairs.n;
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < others->n && facts->pairs.items[i].question; k++)
            if (strcmp(facts->pairs.items[i].question, others->items[k].question) == 0)
                drop_pair(&facts->pairs.items[i]);
    close_gaps(&facts->pairs);
    return n - facts->pairs.n;
}
