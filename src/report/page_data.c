/* The page's one object: the table of its sections, and what they share. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "report/page_internal.h"
#include "base/banned.h"

static const struct {
    const char *key;
    bf_page_section *build;
} sections[] = {
#define X(key, build) {key, build},
    BF_PAGE_SECTIONS(X)
#undef X
};

json_t *bf_page_number(double value)
{
    char text[32];
    if (!isfinite(value))
        return json_null();
    snprintf(text, sizeof text, "%.6g", value);
    return json_real(strtod(text, NULL));
}

json_t *bf_page_text(const char *s, size_t max_cp)
{
    struct bf_buf text;
    const size_t n = s ? strlen(s) : 0;
    size_t end = 0;
    bf_buf_init(&text, SIZE_MAX);
    for (size_t cp = 0; cp < max_cp && end < n; cp++) {
        uint32_t value;
        const size_t length = bf_utf8_decode(s + end, n - end, &value);
        end += length > 0 ? length : 1;
    }
    bf_utf8_clean(&text, s ? s : "", end);
    if (end < n)
        bf_buf_puts(&text, "\xe2\x80\xa6");
    json_t *out = bf_json_text(text.data, text.len);
    bf_buf_release(&text);
    return out;
}

json_t *bf_page_why(const char *sentence)
{
    return json_pack("{s:s}", "why", sentence);
}

json_t *bf_page_example(const struct bf_row *row)
{
    return json_pack("{s:I, s:s, s:o, s:o, s:o}", "id", (json_int_t)row->id, "stage", bf_stage_word(row->sample.stage),
                     "point", bf_page_text(row->point_text, 120), "template", bf_page_text(row->template_name, 120),
                     "text", bf_page_text(row->sample.text, 600));
}

const char *bf_page_request_name(const struct bf_page *page, int64_t id)
{
    for (size_t i = 0; i < page->summary.n_requests; i++) {
        const struct bf_request_summary *r = &page->summary.requests[i];
        if (r->id == id)
            return r->name[0] ? r->name : r->topic;
    }
    return "";
}

static json_t *title(const struct bf_page *page)
{
    const struct bf_summary *s = &page->summary;
    if (strcmp(s->run->kind, "run") == 0) {
        char text[48];
        snprintf(text, sizeof text, "%zu request%s", s->n_requests, s->n_requests == 1 ? "" : "s");
        return json_string(text);
    }
    struct bf_buf line;
    bf_buf_init(&line, SIZE_MAX);
    const char *topic = json_string_value(json_object_get(s->request, "topic"));
    bf_utf8_preview(&line, topic ? topic : "", topic ? strlen(topic) : 0, 120);
    json_t *out = bf_json_text(line.data, line.len);
    bf_buf_release(&line);
    return out;
}

static json_t *lead(const struct bf_page *page)
{
    const struct bf_summary *s = &page->summary;
    static const struct {
        const char *kind, *text;
    } kinds[] = {{"domain", "Forget set of a domain"},
                 {"instance", "Forget set from instances"},
                 {"textbook", "Textbook-style baseline"},
                 {"import", "Imported texts"},
                 {"run", "Forget set of many requests"}};
    const char *profile = json_string_value(json_object_get(s->request, "profile"));
    struct bf_buf text;
    bf_buf_init(&text, SIZE_MAX);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(s->run->kind, kinds[i].kind) == 0)
            bf_buf_puts(&text, kinds[i].text);
    if (s->run->model_desc[0]) {
        bf_buf_puts(&text, text.len ? ", target model " : "Target model ");
        bf_utf8_preview(&text, s->run->model_desc, strlen(s->run->model_desc), 120);
    }
    if (profile && strcmp(s->run->kind, "domain") == 0) {
        bf_buf_puts(&text, ", profile ");
        bf_utf8_preview(&text, profile, strlen(profile), 40);
    }
    json_t *out = bf_json_text(text.data, text.len);
    bf_buf_release(&text);
    return out;
}

static enum bf_status collect(struct bf_page *page, json_t *out, struct bf_err *err)
{
    struct bf_buf text;
    enum bf_status status = BF_OK;
    json_object_set_new(out, "title", title(page));
    json_object_set_new(out, "lead", lead(page));
    json_object_set_new(out, "kind", bf_page_text(page->summary.run->kind, 40));
    json_object_set_new(out, "finished", json_boolean(page->summary.state.finished));
    json_object_set_new(out, "program", bf_page_text(page->summary.run->program_version, 40));
    for (size_t i = 0; i < sizeof sections / sizeof *sections && status == BF_OK; i++) {
        json_t *value = NULL;
        status = sections[i].build(page, &value, err);
        if (status == BF_OK && value)
            json_object_set_new(out, sections[i].key, value);
    }
    if (status != BF_OK)
        return status;
    const size_t max = page->options->max_bytes ? page->options->max_bytes : BF_PAGE_BYTES_MAX;
    bf_buf_init(&text, SIZE_MAX);
    bf_page_put_json(&text, out);
    const size_t taken = text.len + bf_page_frame_bytes() + 256;
    bf_buf_release(&text);
    json_t *samples = NULL;
    status = bf_page_samples(page, max > taken ? max - taken : 0, &samples, err);
    if (status == BF_OK)
        json_object_set_new(out, "samples", samples);
    return status;
}

enum bf_status bf_page_data(struct bf_store *store, const struct bf_page_options *options, json_t **out,
                            struct bf_err *err)
{
    struct bf_page page = {.store = store, .options = options};
    *out = NULL;
    bf_store_select(store, 0);
    enum bf_status status = bf_summary_read(store, &page.summary, err);
    if (status != BF_OK)
        return status;
    json_t *data = json_object();
    status = bf_page_walk_read(&page, err);
    if (status == BF_OK)
        status = collect(&page, data, err);
    if (status == BF_OK)
        *out = json_incref(data);
    json_decref(data);
    bf_page_walk_free(page.walk);
    bf_summary_release(&page.summary);
    bf_store_select(store, 0);
    return status;
}
