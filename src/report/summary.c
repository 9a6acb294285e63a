#include "report/summary.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/banned.h"

static void add_point(void *user, const struct bf_point *point, int64_t n_kept, int64_t n_committed)
{
    struct bf_summary *s = user;
    s->points = bf_grow(s->points, s->n_points + 1, sizeof *s->points);
    s->points[s->n_points++] =
        (struct bf_point_count){bf_strdup(point->text), n_kept, n_committed, bf_strdup(point->origin)};
}

static void see_checkpoint(void *user, const struct bf_stop_check *checkpoint)
{
    struct bf_summary *s = user;
    s->last = *checkpoint;
    s->n_checkpoints++;
}

static enum bf_status last_diversity(struct bf_store *store, const struct bf_counts *counts, double *out,
                                     struct bf_err *err)
{
    const enum bf_stage stage = counts->kept[BF_STAGE_SYNTHESIS] > 0 ? BF_STAGE_SYNTHESIS : BF_STAGE_REWRITE;
    const int64_t n_kept = counts->kept[stage];
    *out = (double)NAN;
    if (n_kept < 1)
        return BF_OK;
    struct bf_query query = {
        .by_stage = true, .stage = stage, .by_state = true, .kept = true, .limit = 1, .offset = n_kept - 1};
    struct bf_cursor *cursor = NULL;
    enum bf_status status = bf_store_query(store, &query, &cursor, err);
    if (status != BF_OK)
        return status;
    struct bf_row row;
    bool more = false;
    status = bf_cursor_next(cursor, &row, &more, err);
    if (status == BF_OK && more)
        *out = row.sample.diversity;
    bf_cursor_close(cursor);
    return status;
}

enum bf_status bf_summary_tau(struct bf_store *store, int64_t id, const json_t *request, double *tau, int64_t *n,
                              struct bf_err *err)
{
    const json_t *given = json_object_get(request, "tau");
    const bool by_model = json_is_true(json_object_get(request, "mi_model_distribution"));
    struct bf_cursor *cursor = NULL;
    double *values = NULL;
    size_t n_values = 0;
    *tau = (double)NAN;
    *n = 0;
    if (json_integer_value(json_object_get(request, "mi_samples")) == 0)
        return BF_OK;
    if (!json_is_string(given)) {
        *tau = json_is_number(given) ? json_number_value(given) : (double)NAN;
        return BF_OK;
    }
    /* The texts of the knowledge check come first. */
    const struct bf_query query = {.by_stage = true,
                                   .stage = BF_STAGE_CONTROL,
                                   .offset = json_integer_value(json_object_get(request, "control_samples"))};
    bf_store_select(store, id);
    enum bf_status status = bf_store_query(store, &query, &cursor, err);
    bf_store_select(store, 0);
    for (bool more = status == BF_OK; more && status == BF_OK;) {
        struct bf_row row;
        status = bf_cursor_next(cursor, &row, &more, err);
        if (status != BF_OK || !more)
            continue;
        const double value = by_model ? row.sample.min_k_model : row.sample.min_k_sampling;
        if (isnan(value))
            continue;
        values = bf_grow(values, n_values + 1, sizeof *values);
        values[n_values++] = value;
    }
    bf_cursor_close(cursor);
    if (status == BF_OK) {
        *tau = bf_tau_of_control(values, n_values);
        *n = (int64_t)n_values;
    }
    free(values);
    return status;
}

/* ---- requests ---- */

static enum bf_status count_shared(struct bf_store *store, int64_t n_kept, int64_t *out, struct bf_err *err)
{
    const struct bf_query query = {.variant = "both", .distinct = true};
    struct bf_cursor *cursor = NULL;
    int64_t n = 0;
    enum bf_status status = bf_store_query(store, &query, &cursor, err);
    for (bool more = status == BF_OK; more && status == BF_OK;) {
        struct bf_row row;
        status = bf_cursor_next(cursor, &row, &more, err);
        n += status == BF_OK && more;
    }
    bf_cursor_close(cursor);
    *out = n_kept - n;
    return status;
}

static enum bf_status read_request(struct bf_store *store, const struct bf_request_entry *entry, bool many,
                                   struct bf_request_summary *out, struct bf_err *err)
{
    json_t *json = NULL;
    struct bf_counts counts;
    struct bf_run_state state;
    *out = (struct bf_request_summary){.id = entry->id,
                                       .name = bf_strdup(entry->name),
                                       .kind = entry->kind,
                                       .role = entry->role,
                                       .finished = entry->finished};
    enum bf_status status = bf_json_parse(entry->json, strlen(entry->json), "the run's request", &json, err);
    const char *topic = json_string_value(json_object_get(json, "topic"));
    out->topic = bf_strdup(topic ? topic : "?");
    json_decref(json);
    bf_store_select(store, entry->id);
    if (status == BF_OK)
        status = bf_store_counts(store, &counts, err);
    if (status == BF_OK)
        status = bf_store_state(store, &state, err);
    if (status != BF_OK)
        return status;
    out->stop = state.stop;
    out->knowledge = state.knowledge.verdict;
    for (int s = 0; s < BF_STAGE_COUNT; s++)
        if (bf_stage_is_sample((enum bf_stage)s)) {
            out->n_generated += counts.committed[s];
            out->n_kept += counts.kept[s];
        }
    return many ? count_shared(store, out->n_kept, &out->n_shared, err) : BF_OK;
}

/* ---- variants of originals ---- */

struct texts {
    char **items; /* the original, then its variants */
    size_t n;
};

static void take_text(void *to, const struct bf_sample *sample)
{
    struct texts *t = to;
    t->items = bf_grow(t->items, t->n + 1, sizeof *t->items);
    t->items[t->n++] = bf_strdup(sample->text);
}

/* Sums in *out until finish_variety divides them. */
static void add_variety(struct bf_variety_summary *out, const struct texts *texts)
{
    struct bf_variety v;
    if (texts->n == 0)
        return;
    bf_variety_of(texts->items[0], (const char *const *)(texts->items + 1), texts->n - 1, &v);
    const int64_t n = (int64_t)v.n_variants;
    out->least = out->n_originals == 0 || n < out->least ? n : out->least;
    out->most = n > out->most ? n : out->most;
    out->n_originals++;
    out->variants += (double)n;
    out->distinct += (double)v.n_distinct;
    out->with_distinct[v.n_distinct < BF_VARIETY_MAX ? v.n_distinct : BF_VARIETY_MAX]++;
    if (n == 0) {
        out->n_without++;
        return;
    }
    out->distinct_1 += isnan(v.distinct_1) ? 0.0 : v.distinct_1;
    out->distinct_2 += isnan(v.distinct_2) ? 0.0 : v.distinct_2;
    out->edit_distance += v.edit_distance;
}

static void finish_variety(struct bf_variety_summary *v)
{
    const double n = (double)v->n_originals;
    const double with = (double)(v->n_originals - v->n_without);
    v->variants = n > 0 ? v->variants / n : (double)NAN;
    v->distinct = n > 0 ? v->distinct / n : (double)NAN;
    v->distinct_1 = with > 0 ? v->distinct_1 / with : (double)NAN;
    v->distinct_2 = with > 0 ? v->distinct_2 / with : (double)NAN;
    v->edit_distance = with > 0 ? v->edit_distance / with : (double)NAN;
}

/* Of the selected request. */
static enum bf_status read_variety(struct bf_store *store, struct bf_variety_summary *out, struct bf_err *err)
{
    int64_t n = 0;
    int64_t longest = 0;
    enum bf_status status = bf_store_measure_originals(store, &n, &longest, err);
    for (int64_t i = 0; i < n && status == BF_OK; i++) {
        struct texts texts = {.items = NULL};
        status = bf_store_kept_of_original(store, i, &texts, take_text, err);
        if (status == BF_OK)
            add_variety(out, &texts);
        for (size_t t = 0; t < texts.n; t++)
            free(texts.items[t]);
        free(texts.items);
    }
    return status;
}

static enum bf_status read_requests(struct bf_store *store, struct bf_summary *out, struct bf_err *err)
{
    struct bf_request_entry entry = {.id = 0};
    enum bf_status status = BF_OK;
    while (bf_store_next_request(store, &entry, &status, err)) {
        out->requests = bf_grow(out->requests, out->n_requests + 1, sizeof *out->requests);
        status = read_request(store, &entry, entry.id > 1, &out->requests[out->n_requests++], err);
        if (status == BF_OK && entry.kind == BF_KIND_INSTANCE)
            status = read_variety(store, &out->variety, err);
    }
    finish_variety(&out->variety);
    bf_store_select(store, 0);
    return status;
}

static bool is_point(const struct bf_summary *s, const char *name)
{
    for (size_t i = 0; i < s->n_points; i++)
        if (strcmp(s->points[i].text, name) == 0)
            return true;
    return false;
}

/* Of the only request, which is one of a domain. */
static enum bf_status count_left_out(struct bf_store *store, struct bf_summary *out, struct bf_err *err)
{
    const struct bf_query query = {.by_stage = true, .stage = BF_STAGE_POINTS};
    const char *text = out->run->templates_json;
    struct bf_checked_names names = {.n = 0};
    struct bf_cursor *cursor = NULL;
    json_t *set = NULL;
    enum bf_status status = bf_json_parse(text, strlen(text), "the run's templates", &set, err);
    const json_t *templates = json_object_get(set, "templates");
    if (status == BF_OK)
        status = bf_store_query(store, &query, &cursor, err);
    for (bool more = status == BF_OK; more && status == BF_OK;) {
        struct bf_row row;
        status = bf_cursor_next(cursor, &row, &more, err);
        if (status != BF_OK || !more || !row.sample.question || !row.template_family || row.sample.template_index < 0)
            continue;
        const struct bf_template template = {.family = row.template_family};
        const json_t *item = json_array_get(templates, (size_t)row.sample.template_index);
        const char *asked = json_string_value(json_object_get(item, "text"));
        if (asked && bf_template_asks(&template) == BF_POINTS_BELONG)
            bf_checked_names_add(&names, out->requests[0].topic, asked, row.sample.question, row.sample.text);
    }
    bf_cursor_close(cursor);
    const bool tell = bf_checked_names_tell(&names);
    for (size_t i = 0; i < names.n && tell; i++)
        out->n_left_out += !names.items[i].belongs && !is_point(out, names.items[i].name);
    bf_checked_names_release(&names);
    json_decref(set);
    return status;
}

enum bf_status bf_summary_read(struct bf_store *store, struct bf_summary *out, struct bf_err *err)
{
    *out = (struct bf_summary){.run = bf_store_run(store), .dir = bf_store_dir(store), .tau = (double)NAN};
    enum bf_status status = bf_store_counts(store, &out->counts, err);
    if (status == BF_OK)
        status = bf_store_state(store, &out->state, err);
    if (status == BF_OK)
        status = bf_store_each_point(store, out, add_point, err);
    if (status == BF_OK)
        status = bf_store_each_check(store, out, see_checkpoint, err);
    if (status == BF_OK)
        status = last_diversity(store, &out->counts, &out->diversity, err);
    if (status == BF_OK)
        status = read_requests(store, out, err);
    if (status == BF_OK)
        status = bf_json_parse(out->run->request_json, strlen(out->run->request_json), "the run's request",
                               &out->request, err);
    if (status == BF_OK && out->n_requests == 1 && out->requests[0].kind == BF_KIND_DOMAIN)
        status = bf_summary_tau(store, out->requests[0].id, out->request, &out->tau, &out->n_tau_questions, err);
    if (status == BF_OK && out->n_requests == 1 && out->requests[0].kind == BF_KIND_DOMAIN)
        status = count_left_out(store, out, err);
    if (status == BF_OK)
        status =
            bf_json_parse(out->run->engine_json, strlen(out->run->engine_json), "the run's engine", &out->engine, err);
    if (status != BF_OK)
        bf_summary_release(out);
    return status;
}

static const char *sentence_by_questions(enum bf_knowledge verdict)
{
    switch (verdict) {
    case BF_KNOWLEDGE_GOOD:
        return "asked without the texts, the model gives the same answers: it knows this domain";
    case BF_KNOWLEDGE_SOME:
        return "asked without the texts, the model gives some of the same answers: it knows this domain in part; "
               "expect inventions among the facts";
    case BF_KNOWLEDGE_LITTLE:
        return "the model shows little knowledge of this domain: asked without the texts, it gives the same answers "
               "hardly "
               "more often than for an invented topic; read samples before you unlearn with this set";
    case BF_KNOWLEDGE_UNKNOWN:
        break;
    }
    return "too few questions to tell";
}

const char *bf_knowledge_sentence(const struct bf_knowledge_check *check)
{
    if (bf_knowledge_by_questions(check))
        return sentence_by_questions(check->verdict);
    switch (check->verdict) {
    case BF_KNOWLEDGE_GOOD:
        return "the model says the same about a point each time: it knows this domain";
    case BF_KNOWLEDGE_SOME:
        return "the model knows this domain in part; expect inventions among the facts";
    case BF_KNOWLEDGE_LITTLE:
        return "the model shows little knowledge of this domain: what it says about a point varies nearly as much as "
               "for an invented one; read samples before you unlearn with this set";
    case BF_KNOWLEDGE_UNKNOWN:
        break;
    }
    return "too few texts to tell";
}

void bf_summary_few_points(const struct bf_summary *s, struct bf_buf *out)
{
    enum { ENOUGH = 3 };
    if (s->n_requests == 0 || s->requests[0].kind != BF_KIND_DOMAIN || !s->state.finished || s->n_points >= ENOUGH)
        return;
    const bool topic = s->n_points == 1 && strcmp(s->points[0].text, s->requests[0].topic) == 0;
    if (topic)
        bf_buf_puts(out, "the model named no points, so all texts are about the domain's name");
    else
        bf_buf_printf(out, "the domain has only %zu point%s", s->n_points, s->n_points == 1 ? "" : "s");
    bf_buf_puts(out, ": the set leaves out most of what the model knows; before you train on it, name points yourself "
                     "with --points FILE, or word the domain in another way");
}

void bf_summary_left_out(const struct bf_summary *s, struct bf_buf *out)
{
    if (s->n_left_out > 0)
        bf_buf_printf(out, "%lld name%s left out that the model does not connect with %s", (long long)s->n_left_out,
                      s->n_left_out == 1 ? "" : "s", s->requests[0].topic);
}

void bf_summary_release(struct bf_summary *s)
{
    for (size_t i = 0; i < s->n_points; i++) {
        free(s->points[i].text);
        free(s->points[i].origin);
    }
    free(s->points);
    for (size_t i = 0; i < s->n_requests; i++) {
        free(s->requests[i].name);
        free(s->requests[i].topic);
    }
    free(s->requests);
    json_decref(s->request);
    json_decref(s->engine);
    *s = (struct bf_summary){0};
}
