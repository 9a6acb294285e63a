/* The sections of the page, except for words, settings, trainings and samples. */
#include <math.h>
#include <string.h>

#include "base/utf8.h"
#include "report/page_internal.h"
#include "report/quality_cells.h"
#include "base/banned.h"

enum {
    MAP_TEXT_BYTES = 320000, /* of all points together */
    MAP_TEXT_MAX = 300,
    MAP_TEXT_MIN = 40,
    TRACE_POINTS = 600, /* of one request */
    CHECKS = 400,
    POINTS = 300, /* rows of coverage */
    KNOWLEDGE_REQUESTS = 50,
};

/* ---- comparison and map: what was measured ---- */

static json_t *columns(void)
{
    json_t *out = json_array();
    for (size_t c = 0; c < bf_quality_n_columns; c++) {
        const struct bf_quality_column *column = &bf_quality_columns[c];
        json_array_append_new(out, json_pack("{s:s, s:s, s:i, s:b, s:s?}", "key", column->key, "title", column->title,
                                             "digits", column->digits, "interval", (int)column->interval, "better",
                                             column->better));
    }
    return out;
}

/* What a row of the table needs. Paths are left out, since they belong to this machine. */
static json_t *compared_set(const json_t *set)
{
    json_t *out = json_object();
    static const char *const words[] = {"name", "kind", "variant", "why", "coverage_n", "n_sampled", "chunks_sampled"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (json_object_get(set, words[i]))
            json_object_set(out, words[i], json_object_get(set, words[i]));
    for (size_t c = 0; c < bf_quality_n_columns; c++) {
        struct bf_buf key;
        bf_buf_init(&key, 128);
        bf_buf_printf(&key, "%s_interval", bf_quality_columns[c].key);
        json_object_set(out, bf_quality_columns[c].key, json_object_get(set, bf_quality_columns[c].key));
        if (json_object_get(set, key.data))
            json_object_set(out, key.data, json_object_get(set, key.data));
        bf_buf_release(&key);
    }
    return out;
}

static json_t *why_not(const struct bf_page *page)
{
    return bf_page_why(page->options->why ? page->options->why : "nothing was measured");
}

static json_t *described(const json_t *quality, const char *key)
{
    const char *text = json_string_value(json_object_get(json_object_get(quality, key), "desc"));
    return text ? bf_page_text(text, 200) : json_null();
}

enum bf_status bf_page_comparison(struct bf_page *page, json_t **out, struct bf_err *err)
{
    const json_t *quality = page->options->quality;
    (void)err;
    if (!quality) {
        *out = why_not(page);
        return BF_OK;
    }
    json_t *sets = json_array();
    for (size_t i = 0; i < json_array_size(json_object_get(quality, "sets")); i++)
        json_array_append_new(sets, compared_set(json_array_get(json_object_get(quality, "sets"), i)));
    *out = json_pack("{s:o, s:o, s:o, s:o}", "columns", columns(), "sets", sets, "model", described(quality, "model"),
                     "embedder", described(quality, "embedder"));
    static const char *const copied[] = {"sentences", "seed", "settings", "domain", "parts"};
    for (size_t i = 0; i < sizeof copied / sizeof *copied; i++)
        if (json_object_get(quality, copied[i]))
            json_object_set(*out, copied[i], json_object_get(quality, copied[i]));
    if (page->options->basis)
        json_object_set_new(*out, "basis", json_string(page->options->basis));
    return BF_OK;
}

static json_t *number_in(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return json_is_number(value) ? bf_page_number(json_number_value(value)) : json_null();
}

static json_t *place(const json_t *pair)
{
    if (json_array_size(pair) != 2)
        return json_null();
    return json_pack("[o, o]", bf_page_number(json_number_value(json_array_get(pair, 0))),
                     bf_page_number(json_number_value(json_array_get(pair, 1))));
}

static json_t *short_text(const json_t *object, const char *key, size_t max_cp)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? bf_page_text(text, max_cp) : json_null();
}

enum bf_status bf_page_map(struct bf_page *page, json_t **out, struct bf_err *err)
{
    const json_t *quality = page->options->quality, *map = json_object_get(quality, "map");
    const json_t *points = json_object_get(map, "points"), *centroids = json_object_get(map, "centroids");
    (void)err;
    if (!json_is_object(map)) {
        *out = quality && !page->options->why
                   ? bf_page_why("there are too few texts for a map: it needs five points or more")
                   : why_not(page);
        return BF_OK;
    }
    size_t n_text = MAP_TEXT_BYTES / (json_array_size(points) + 1);
    n_text = n_text > MAP_TEXT_MAX ? MAP_TEXT_MAX : n_text < MAP_TEXT_MIN ? MAP_TEXT_MIN : n_text;
    json_t *rows = json_array(), *names = json_array(), *middles = json_array();
    for (size_t i = 0; i < json_array_size(points); i++) {
        const json_t *p = json_array_get(points, i);
        json_t *row = json_array();
        json_array_append_new(row, number_in(p, "x"));
        json_array_append_new(row, number_in(p, "y"));
        json_array_append(row, json_object_get(p, "set"));
        json_array_append(row, json_object_get(p, "id"));
        json_array_append_new(row, short_text(p, "stage", 40));
        json_array_append_new(row, short_text(p, "point", 80));
        json_array_append_new(row, short_text(p, "template", 80));
        json_array_append_new(row, short_text(p, "text", n_text));
        json_array_append(row, json_object_get(p, "sample"));
        json_array_append_new(rows, row);
    }
    for (size_t i = 0; i < json_array_size(json_object_get(quality, "sets")); i++)
        json_array_append_new(names, short_text(json_array_get(json_object_get(quality, "sets"), i), "name", 80));
    for (size_t i = 0; i < json_array_size(centroids); i++)
        json_array_append_new(middles, place(json_array_get(centroids, i)));
    *out = json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "points", rows, "sets", names, "centroids", middles,
                     "domain", place(json_object_get(map, "domain")), "name", short_text(quality, "domain", 80),
                     "perplexity", number_in(map, "perplexity"), "kl", number_in(map, "kl"), "trustworthiness",
                     number_in(map, "trustworthiness"));
    if (page->options->basis)
        json_object_set_new(*out, "basis", json_string(page->options->basis));
    return BF_OK;
}

/* ---- the trace of the stop rule ---- */

static void add_check(void *user, const struct bf_stop_check *checkpoint)
{
    json_t *checks = user;
    if (json_array_size(checks) < CHECKS && isfinite(checkpoint->diversity))
        json_array_append_new(checks, json_pack("[I, o, o, b]", (json_int_t)checkpoint->n_kept,
                                                bf_page_number(checkpoint->diversity), bf_page_number(checkpoint->gain),
                                                (int)checkpoint->stop));
}

static json_t *trace_points(const struct bf_page_trace *trace)
{
    json_t *out = json_array();
    const size_t every = trace->n / TRACE_POINTS + 1;
    for (size_t i = 0; i < trace->n; i++)
        if (isfinite(trace->values[i]) && (i % every == 0 || i + 1 == trace->n))
            json_array_append_new(out, json_pack("[I, o]", (json_int_t)i + 1, bf_page_number(trace->values[i])));
    return out;
}

enum bf_status bf_page_trace_section(struct bf_page *page, json_t **out, struct bf_err *err)
{
    json_t *traces = json_array();
    enum bf_status status = BF_OK;
    for (size_t t = 0; t < page->walk->n_traces && status == BF_OK; t++) {
        const struct bf_page_trace *trace = &page->walk->traces[t];
        json_t *points = trace_points(trace), *checks = json_array();
        struct bf_run_state state = {.stop = BF_STOP_NOT_YET};
        bf_store_select(page->store, trace->request);
        status = bf_store_each_check(page->store, checks, add_check, err);
        if (status == BF_OK)
            status = bf_store_state(page->store, &state, err);
        if (status == BF_OK && json_array_size(points) > 1)
            json_array_append_new(traces, json_pack("{s:o, s:I, s:O, s:O, s:s, s:s}", "name",
                                                    bf_page_text(bf_page_request_name(page, trace->request), 80), "n",
                                                    (json_int_t)trace->n, "points", points, "checks", checks, "stop",
                                                    bf_stop_word(state.stop), "stop_text", bf_stop_text(state.stop)));
        json_decref(points);
        json_decref(checks);
    }
    bf_store_select(page->store, 0);
    if (json_array_size(traces) > 0)
        *out = json_pack("{s:O, s:b}", "traces", traces, "more", (int)page->walk->more_traces);
    else
        *out = bf_page_why("diversity needs two or more kept samples of Stage I or of rewriting; this run "
                           "has none");
    json_decref(traces);
    return status;
}

/* ---- coverage ---- */

enum bf_status bf_page_coverage(struct bf_page *page, json_t **out, struct bf_err *err)
{
    const struct bf_summary *s = &page->summary;
    json_t *points = json_array(), *templates = json_array();
    (void)err;
    for (size_t i = 0; i < s->n_points && i < POINTS; i++)
        json_array_append_new(points, json_pack("[o, I, I]", bf_page_text(s->points[i].text, 160),
                                                (json_int_t)s->points[i].n_kept, (json_int_t)s->points[i].n_committed));
    for (int32_t t = 0; t < page->walk->n_templates; t++) {
        const struct bf_page_template *template = &page->walk->templates[t];
        if (template->name)
            json_array_append_new(templates,
                                  json_pack("[o, I, I, o, s]", bf_page_text(template->name, 80),
                                            (json_int_t) template->n_kept, (json_int_t) template->n_generated,
                                            bf_page_text(template->family, 80), bf_stage_word(template->stage)));
    }
    *out = json_pack("{s:o, s:I, s:o}", "points", points, "n_points", (json_int_t)s->n_points, "templates", templates);
    return BF_OK;
}

/* ---- Min-K% prob ---- */

static json_t *bins(const int64_t counts[BF_PAGE_BINS])
{
    json_t *out = json_array();
    for (int b = 0; b < BF_PAGE_BINS; b++)
        json_array_append_new(out, json_integer(counts[b]));
    return out;
}

enum bf_status bf_page_min_k_section(struct bf_page *page, json_t **out, struct bf_err *err)
{
    const struct bf_page_min_k *m = &page->walk->min_k;
    (void)err;
    if (!m->any || m->n == 0)
        *out = bf_page_why("this run has no text of membership inference with a Min-K% prob");
    else
        *out = json_pack("{s:o, s:o, s:o, s:o, s:o, s:b, s:I, s:I}", "kept", bins(m->kept), "below", bins(m->below),
                         "other", bins(m->other), "tau", bf_page_number(m->tau), "k_percent",
                         bf_page_number(m->k_percent), "model_distribution", (int)m->model_distribution, "n",
                         (json_int_t)m->n, "n_left_out", (json_int_t)m->n_left_out);
    return BF_OK;
}

/* ---- rejected ---- */

enum bf_status bf_page_rejected(struct bf_page *page, json_t **out, struct bf_err *err)
{
    (void)err;
    *out = json_array();
    for (int r = BF_REASON_NONE + 1; r < BF_REASON_NOT_A_SAMPLE; r++)
        if (page->summary.counts.rejected[r] > 0) {
            json_t *one =
                json_pack("{s:s, s:s, s:I}", "reason", bf_reason_word((enum bf_reason)r), "text",
                          bf_reason_text((enum bf_reason)r), "n", (json_int_t)page->summary.counts.rejected[r]);
            json_object_set_new(one, "examples",
                                page->walk->examples[r] ? json_incref(page->walk->examples[r]) : json_array());
            json_array_append_new(*out, one);
        }
    return BF_OK;
}

/* ---- knowledge ---- */

static double share(int64_t n, int64_t of)
{
    return of > 0 ? (double)n / (double)of : (double)NAN;
}

static json_t *knowledge_of(const struct bf_page *page, const struct bf_request_summary *request,
                            const struct bf_knowledge_check *k)
{
    json_t *figures = json_array();
    const struct {
        const char *name;
        double domain, control;
    } rows[] = {
        {"same answers without the text (share)", share(k->n_verified, k->n_questions),
         share(k->control_verified, k->control_questions)},
        {"questions", (double)k->n_questions, (double)k->control_questions},
        {"agreement between texts on one point (cosine)", k->agreement_domain, k->agreement_control},
        {"similarity to the topic's name (cosine)", k->similarity_domain, k->similarity_control},
        {"Min-K% prob, the model's own distribution", k->min_k_domain, k->min_k_control},
        {"texts", (double)k->n_domain, (double)k->n_control},
    };
    for (size_t i = bf_knowledge_by_questions(k) ? 0 : 2; i < sizeof rows / sizeof *rows; i++)
        json_array_append_new(figures, json_pack("[s, o, o]", rows[i].name, bf_page_number(rows[i].domain),
                                                 bf_page_number(rows[i].control)));
    return json_pack("{s:o, s:s, s:s, s:o}", "name", bf_page_text(bf_page_request_name(page, request->id), 120),
                     "verdict", bf_knowledge_word(k->verdict), "sentence", bf_knowledge_sentence(k), "figures",
                     figures);
}

enum bf_status bf_page_knowledge(struct bf_page *page, json_t **out, struct bf_err *err)
{
    enum bf_status status = BF_OK;
    json_t *list = json_array();
    for (size_t i = 0; i < page->summary.n_requests && status == BF_OK; i++) {
        const struct bf_request_summary *request = &page->summary.requests[i];
        struct bf_run_state state;
        bf_store_select(page->store, request->id);
        status = bf_store_state(page->store, &state, err);
        if (status == BF_OK &&
            ((state.knowledge.n_domain > 0 && state.knowledge.n_control > 0) ||
             bf_knowledge_by_questions(&state.knowledge)) &&
            json_array_size(list) < KNOWLEDGE_REQUESTS)
            json_array_append_new(list, knowledge_of(page, request, &state.knowledge));
    }
    bf_store_select(page->store, 0);
    *out = list;
    return status;
}
