/* One pass over all samples of a run, for every section that counts them. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "report/page_internal.h"
#include "base/banned.h"

enum { ROW_BYTES = 110 }; /* of a sample in the page, without its text */

static void count_template(struct bf_page_walk *walk, const struct bf_row *row)
{
    const int32_t t = row->sample.template_index;
    if (!row->template_name || t < 0 || t >= BF_PAGE_TEMPLATES)
        return;
    struct bf_page_template *template = &walk->templates[t];
    if (!template->name) {
        template->name = bf_strdup(row->template_name);
        template->family = bf_strdup(row->template_family ? row->template_family : "");
        template->stage = row->sample.stage;
        walk->n_templates = t + 1 > walk->n_templates ? t + 1 : walk->n_templates;
    }
    template->n_generated++;
    template->n_kept += row->sample.reason == BF_REASON_NONE ? 1 : 0;
}

static void trace(struct bf_page_walk *walk, const struct bf_row *row)
{
    const struct bf_sample *sample = &row->sample;
    struct bf_page_trace *to = NULL;
    if (sample->reason != BF_REASON_NONE || (sample->stage != BF_STAGE_SYNTHESIS && sample->stage != BF_STAGE_REWRITE &&
                                             sample->stage != BF_STAGE_ORIGINAL))
        return;
    for (size_t i = 0; i < walk->n_traces; i++)
        to = walk->traces[i].request == row->request ? &walk->traces[i] : to;
    if (!to && walk->n_traces == BF_PAGE_TRACES) {
        walk->more_traces = true;
        return;
    }
    if (!to) {
        to = &walk->traces[walk->n_traces++];
        to->request = row->request;
    }
    if (to->n == to->allocated) {
        to->allocated = to->allocated ? 2 * to->allocated : 64;
        to->values = bf_grow(to->values, to->allocated, sizeof *to->values);
    }
    to->values[to->n++] = sample->diversity;
}

/* The settings of a request that the histogram needs; false without membership inference. */
static bool min_k_settings(const struct bf_page *page, int64_t id, double *tau, double *k_percent, bool *model)
{
    struct bf_request_entry entry;
    json_t *json = NULL;
    bool found = false;
    if (bf_store_request(page->store, id, &entry, NULL, NULL) == BF_OK && entry.id == id &&
        bf_json_parse(entry.json, strlen(entry.json), "the run's request", &json, NULL) == BF_OK) {
        int64_t n;
        found = bf_summary_tau(page->store, id, json, tau, &n, NULL) == BF_OK && !isnan(*tau);
        *k_percent = json_number_value(json_object_get(json, "k_percent"));
        *model = json_is_true(json_object_get(json, "mi_model_distribution"));
    }
    json_decref(json);
    return found;
}

static void count_min_k(struct bf_page *page, const struct bf_row *row, int64_t *known, bool *fits)
{
    struct bf_page_min_k *m = &page->walk->min_k;
    if (row->sample.stage != BF_STAGE_MI)
        return;
    if (*known != row->request) {
        double tau = 0.0, k_percent = 0.0;
        bool model = false;
        *fits = min_k_settings(page, row->request, &tau, &k_percent, &model);
        *known = row->request;
        if (*fits && !m->any) {
            m->any = true;
            m->tau = tau;
            m->k_percent = k_percent;
            m->model_distribution = model;
        }
        *fits = *fits && !(m->tau < tau) && !(m->tau > tau) && !(m->k_percent < k_percent) &&
                !(m->k_percent > k_percent) && m->model_distribution == model;
    }
    const double value = m->model_distribution ? row->sample.min_k_model : row->sample.min_k_sampling;
    if (!*fits || !(value >= 0.0) || value > 1.0) {
        m->n_left_out++;
        return;
    }
    int bin = (int)(value * BF_PAGE_BINS + 1e-9); /* so that tau falls into the bin that begins with it */
    bin = bin < BF_PAGE_BINS ? bin : BF_PAGE_BINS - 1;
    m->n++;
    if (row->sample.reason == BF_REASON_NONE)
        m->kept[bin]++;
    else if (row->sample.reason == BF_REASON_LOW_MIN_K)
        m->below[bin]++;
    else
        m->other[bin]++;
}

static void keep_example(struct bf_page_walk *walk, const struct bf_row *row)
{
    json_t **list = &walk->examples[row->sample.reason];
    if (row->sample.reason == BF_REASON_NONE || row->sample.reason == BF_REASON_NOT_A_SAMPLE)
        return;
    if (!*list)
        *list = json_array();
    if (json_array_size(*list) < BF_PAGE_EXAMPLES)
        json_array_append_new(*list, bf_page_example(row));
}

enum bf_status bf_page_walk_read(struct bf_page *page, struct bf_err *err)
{
    struct bf_page_walk *walk = page->walk = bf_alloc(sizeof *walk);
    const struct bf_query query = {.by_state = false};
    struct bf_cursor *cursor = NULL;
    int64_t known = 0;
    bool fits = false;
    bf_store_select(page->store, 0);
    enum bf_status status = bf_store_query(page->store, &query, &cursor, err);
    for (bool more = status == BF_OK; more && status == BF_OK;) {
        struct bf_row row;
        status = bf_cursor_next(cursor, &row, &more, err);
        const bool pair = bf_stage_is_pair(row.sample.stage);
        if (status != BF_OK || !more || (!pair && !bf_stage_is_sample(row.sample.stage)))
            continue;
        const size_t n = strlen(row.sample.text);
        walk->n_samples++;
        walk->n_bytes += ROW_BYTES + (n < BF_PAGE_TEXT_CHARACTERS ? n : (size_t)BF_PAGE_TEXT_CHARACTERS);
        if (pair)
            continue;
        count_template(walk, &row);
        trace(walk, &row);
        count_min_k(page, &row, &known, &fits);
        keep_example(walk, &row);
    }
    bf_cursor_close(cursor);
    return status;
}

void bf_page_walk_free(struct bf_page_walk *walk)
{
    if (!walk)
        return;
    for (int32_t t = 0; t < walk->n_templates; t++) {
        free(walk->templates[t].name);
        free(walk->templates[t].family);
    }
    for (size_t t = 0; t < walk->n_traces; t++)
        free(walk->traces[t].values);
    for (int r = 0; r < BF_REASON_COUNT; r++)
        json_decref(walk->examples[r]);
    free(walk);
}
