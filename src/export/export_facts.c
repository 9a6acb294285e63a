#include "export/export_facts.h"

#include <stdlib.h>
#include <string.h>

#include "base/embedded.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/utf8.h"

#include "base/banned.h"

enum { SLUG_MAX = 48, TITLE_CHARACTERS = 120 };

/* Keep a file's name without its folders, which belong to the machine. */
static void drop_folders(json_t *settings, const char *key)
{
    const char *text = json_string_value(json_object_get(settings, key));
    const char *slash = text ? strrchr(text, '/') : NULL;

    if (slash)
        json_object_set_new(settings, key, bf_json_text(slash + 1, strlen(slash + 1)));
}

static enum bf_status read_request(struct bf_store *store, const struct bf_request_entry *entry,
                                   struct bf_export_request *out, struct bf_err *err)
{
    json_t *settings = NULL;
    enum bf_status status = bf_json_parse(entry->json, strlen(entry->json), "the run's request", &settings, err);

    if (status != BF_OK)
        return status;
    drop_folders(settings, "templates");
    if (entry->kind == BF_KIND_INSTANCE || entry->kind == BF_KIND_IMPORT)
        drop_folders(settings, "topic");
    const char *topic = json_string_value(json_object_get(settings, "topic"));
    *out = (struct bf_export_request){
        .id = entry->id,
        .name = bf_strdup(entry->name),
        .topic = bf_strdup(topic ? topic : entry->name),
        .kind = entry->kind,
        .role = entry->role,
        .settings = settings,
    };
    bf_store_select(store, out->id);
    status = bf_store_state(store, &out->state, err);
    if (status == BF_OK)
        status = bf_store_counts(store, &out->counts, err);
    bf_store_select(store, 0);
    return status;
}

static enum bf_status read_requests(struct bf_store *store, const char *request, enum bf_role role,
                                    struct bf_export_facts *out, struct bf_err *err)
{
    struct bf_request_entry entry = {.id = 0};
    enum bf_status status = BF_OK;

    out->finished = true;
    while (bf_store_next_request(store, &entry, &status, err)) {
        const bool wanted = request                   ? strcmp(request, entry.name) == 0
                            : role == BF_ROLE_TRAINED ? entry.role < BF_ROLE_TRAINED
                                                      : role == entry.role;
        if (!wanted)
            continue;
        out->requests = bf_grow(out->requests, out->n_requests + 1, sizeof *out->requests);
        struct bf_export_request *r = &out->requests[out->n_requests];
        *r = (struct bf_export_request){.id = 0};
        out->n_requests++; /* released with the others, even when read_request fails */
        status = read_request(store, &entry, r, err);
        if (status != BF_OK)
            break;
        if (request) /* as if it were alone */
            r->name[0] = '\0';
        out->has_role[r->role] = true;
        out->finished = out->finished && r->state.finished;
    }
    return status;
}

/* A model that this program knows comes with its licence; an unknown one has none here. */
static enum bf_status read_model(const char *sha256, struct bf_export_facts *out, struct bf_err *err)
{
    const struct bf_embedded_file *file = NULL;

    for (size_t i = 0; i < bf_embedded_count; i++)
        if (strcmp(bf_embedded_files[i].name, "models/manifest.json") == 0)
            file = &bf_embedded_files[i];
    if (!file || sha256[0] == '\0')
        return BF_OK;
    const enum bf_status status = bf_json_parse(file->data, file->n, "the list of models", &out->models, err);
    const json_t *models = json_object_get(out->models, "models");
    for (size_t i = 0; i < json_array_size(models); i++) {
        const json_t *model = json_array_get(models, i);
        const char *known = json_string_value(json_object_get(model, "sha256"));
        if (known && strcmp(known, sha256) == 0) {
            out->model_title = json_string_value(json_object_get(model, "title"));
            out->model_licence = json_string_value(json_object_get(model, "licence"));
            out->model_hub = json_string_value(json_object_get(model, "hugging_face"));
        }
    }
    return status;
}

enum bf_status bf_export_facts_read(struct bf_store *store, const char *request, enum bf_role role,
                                    struct bf_export_facts *out, struct bf_err *err)
{
    const struct bf_run *run = bf_store_run(store);

    *out = (struct bf_export_facts){.run = run, .stable = "unknown", .embedder = ""};
    enum bf_status status = read_requests(store, request, role, out, err);
    if (status == BF_OK)
        status = bf_json_parse(run->engine_json, strlen(run->engine_json), "the run's engine", &out->engine, err);
    if (status == BF_OK)
        status = read_model(run->model_sha256, out, err);
    if (status != BF_OK)
        return status;
    const char *stable = json_string_value(json_object_get(out->engine, "stable")),
               *embedder = json_string_value(json_object_get(out->engine, "embedder"));
    if (stable)
        out->stable = stable;
    if (embedder)
        out->embedder = strcmp(embedder, "model") == 0 ? "the model itself" : embedder;
    return BF_OK;
}

void bf_export_facts_release(struct bf_export_facts *facts)
{
    for (size_t i = 0; i < facts->n_requests; i++) {
        free(facts->requests[i].name);
        free(facts->requests[i].topic);
        json_decref(facts->requests[i].settings);
    }
    free(facts->requests);
    json_decref(facts->engine);
    json_decref(facts->models);
    *facts = (struct bf_export_facts){.requests = NULL};
}

void bf_export_title(const struct bf_export_facts *facts, enum bf_role role, struct bf_buf *out)
{
    const char *topic = NULL;
    size_t n = 0;

    for (size_t i = 0; i < facts->n_requests; i++)
        if (facts->requests[i].role == role && n++ == 0)
            topic = facts->requests[i].topic;
    if (n == 1)
        bf_utf8_preview(out, topic, strlen(topic), TITLE_CHARACTERS);
    else
        bf_buf_printf(out, "%zu requests", n);
}

void bf_export_slug(const struct bf_export_facts *facts, struct bf_buf *out)
{
    struct bf_buf title;
    const size_t start = out->len;

    bf_buf_init(&title, SIZE_MAX);
    bf_export_title(facts, BF_ROLE_FORGET, &title);
    for (size_t i = 0; i < title.len && out->len - start < SLUG_MAX; i++) {
        char c = title.data[i];
        c = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
        if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
            bf_buf_putc(out, c);
        else if (out->len > start && out->data[out->len - 1] != '-')
            bf_buf_putc(out, '-');
    }
    while (out->len > start && out->data[out->len - 1] == '-')
        out->data[--out->len] = '\0';
    if (out->len == start)
        bf_buf_printf(out, "set-%08x", (unsigned)(bf_hash64(title.data, title.len) & 0xFFFFFFFFU));
    bf_buf_release(&title);
}
