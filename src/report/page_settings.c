/* How a run was made, so that it can be repeated: the command, all settings, and hashes. */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/mem.h"
#include "report/page_internal.h"
#include "base/banned.h"

enum { REQUESTS = 40 };

/* ---- the command ---- */

static void put_quoted(struct bf_buf *out, const char *word)
{
    bool plain = word[0] != 0;
    for (const char *c = word; *c && plain; c++)
        plain = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9') ||
                strchr("._/+:,", *c) || (*c == '-' && c > word);
    if (plain) {
        bf_buf_puts(out, word);
        return;
    }
    bf_buf_putc(out, '\'');
    for (const char *c = word; *c; c++) {
        if (*c == '\'')
            bf_buf_puts(out, "'\\''");
        else
            bf_buf_putc(out, *c);
    }
    bf_buf_putc(out, '\'');
}

static void put_option(struct bf_buf *out, const char *key, const json_t *value)
{
    bf_buf_puts(out, json_is_false(value) ? " --no-" : " --");
    for (const char *c = key; *c; c++)
        bf_buf_putc(out, *c == '_' ? '-' : *c);
    if (json_is_boolean(value))
        return;
    bf_buf_putc(out, ' ');
    if (strcmp(key, "points") == 0) { /* names, which the option reads from a file */
        bf_buf_puts(out, "FILE");
        return;
    }
    for (size_t i = 0; i < json_array_size(value); i++) {
        char *number = bf_json_dump(json_array_get(value, i));
        bf_buf_printf(out, "%s%s", i > 0 ? "," : "", number);
        free(number);
    }
    if (json_is_string(value))
        put_quoted(out, json_string_value(value));
    else if (!json_is_array(value)) {
        char *number = bf_json_dump(value);
        bf_buf_puts(out, number);
        free(number);
    }
}

/* The parameters in which the request differs from its profile. */
static void put_differences(struct bf_buf *out, json_t *request)
{
    static const char *const said[] = {"kind", "topic", "profile", "model_embedder"};
    struct bf_request profile = {.topic = NULL};
    const char *kind = json_string_value(json_object_get(request, "kind"));
    const char *name = json_string_value(json_object_get(request, "profile")), *key;
    json_t *value;
    const enum bf_kind of = bf_kind_of(kind ? kind : "domain");
    if (!name || of == BF_KIND_COUNT || bf_request_of_kind(of, name, &profile, NULL) != BF_OK)
        return;
    json_t *usual = bf_request_to_json(&profile);
    bf_buf_puts(out, " --profile ");
    put_quoted(out, name);
    json_object_foreach(request, key, value)
    {
        bool skip = false;
        for (size_t i = 0; i < sizeof said / sizeof *said; i++)
            skip |= strcmp(key, said[i]) == 0;
        const json_t *other = json_object_get(usual, key);
        if (!skip && other && (!json_equal(value, other) || strcmp(key, "seed") == 0))
            put_option(out, key, value);
    }
    json_decref(usual);
    bf_request_release(&profile);
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash && slash[1] && !strstr(path, "://") ? slash + 1 : path;
}

/* The requests beside the first one, as the options that made them. */
static void put_other_requests(struct bf_buf *out, const struct bf_summary *s)
{
    int n_neighbours = 0;
    bool named = false;
    for (size_t i = 1; i < s->n_requests; i++) {
        const struct bf_request_summary *r = &s->requests[i];
        n_neighbours += r->role == BF_ROLE_NEIGHBOUR ? 1 : 0;
        named |= r->role == BF_ROLE_RETAIN && strcmp(r->name, "retain") != 0;
        if (r->role == BF_ROLE_RETAIN && strcmp(r->name, "retain") == 0) {
            bf_buf_puts(out, " --retain-set ");
            put_quoted(out, r->topic);
        }
    }
    if (named)
        bf_buf_puts(out, " --retain-set auto");
    if (n_neighbours > 0)
        bf_buf_printf(out, " --neighbours %d", n_neighbours);
}

static json_t *command(const struct bf_page *page)
{
    const struct bf_summary *s = &page->summary;
    const char *kind = s->run->kind, *topic = json_string_value(json_object_get(s->request, "topic"));
    struct bf_buf out;
    bf_buf_init(&out, SIZE_MAX);
    bf_buf_puts(&out, "biforget ");
    put_quoted(&out, kind);
    bf_buf_putc(&out, ' ');
    if (strcmp(kind, "domain") == 0 || strcmp(kind, "textbook") == 0)
        put_quoted(&out, topic ? topic : "");
    else
        bf_buf_puts(&out, strcmp(kind, "run") == 0 ? "REQUESTS.jsonl" : "FILE");
    if (s->run->model_path[0]) {
        bf_buf_puts(&out, strstr(s->run->model_path, "://") ? " --api " : " -m ");
        put_quoted(&out, base_name(s->run->model_path));
        if (!strstr(s->run->model_path, "://") || s->run->embedder_path[0]) {
            bf_buf_puts(&out, " --embedder ");
            put_quoted(&out, s->run->embedder_path[0] ? base_name(s->run->embedder_path) : "model");
        }
    }
    if (strcmp(kind, "run") != 0 && strcmp(kind, "import") != 0)
        put_differences(&out, s->request);
    if (strcmp(kind, "run") != 0 && strcmp(kind, "import") != 0)
        put_other_requests(&out, s);
    json_t *text = bf_page_text(out.data, 4000);
    bf_buf_release(&out);
    return text;
}

/* ---- hashes and prompts ---- */

static void put_hash(json_t *out, const char *name, const char *of, const char *sha256)
{
    if (sha256 && sha256[0])
        json_array_append_new(out, json_pack("[s, o, o]", name, bf_page_text(of, 200), bf_page_text(sha256, 64)));
}

static void put_file_hash(json_t *out, const struct bf_page *page, const char *name)
{
    char *path = bf_path_join(page->summary.dir, name), sha256[BF_SHA256_HEX];
    if (bf_file_exists(path) && bf_sha256_file(path, sha256, NULL) == BF_OK)
        put_hash(out, name, "", sha256);
    free(path);
}

static json_t *hashes(const struct bf_page *page)
{
    const struct bf_run *run = page->summary.run;
    json_t *out = json_array();
    char sha256[BF_SHA256_HEX];
    put_hash(out, "model", base_name(run->model_path), run->model_sha256);
    put_hash(out, "embedder", base_name(run->embedder_path), run->embedder_sha256);
    put_hash(out, "templates", "", run->templates_sha256);
    bf_sha256_hex(run->request_json, strlen(run->request_json), sha256);
    put_hash(out, "request", page->summary.n_requests > 1 ? "the first one" : "", sha256);
    put_file_hash(out, page, "forget.jsonl");
    put_file_hash(out, page, "retain.jsonl");
    return out;
}

static json_t *templates(const struct bf_page *page)
{
    json_t *parsed = NULL, *out = json_array();
    const struct bf_run *run = page->summary.run;
    size_t i;
    json_t *one;
    if (bf_json_parse(run->templates_json, strlen(run->templates_json), "the run's templates", &parsed, NULL) != BF_OK)
        return out;
    json_array_foreach(json_object_get(parsed, "templates"), i, one)
    {
        static const char *const keys[] = {"name", "stage", "family", "text"};
        json_t *row = json_array();
        for (size_t k = 0; k < sizeof keys / sizeof *keys; k++)
            json_array_append_new(row, bf_page_text(json_string_value(json_object_get(one, keys[k])), 2000));
        if (i < BF_PAGE_TEMPLATES / 4)
            json_array_append_new(out, row);
        else
            json_decref(row);
    }
    json_decref(parsed);
    return out;
}

static enum bf_status requests(struct bf_page *page, json_t **out, struct bf_err *err)
{
    struct bf_request_entry entry = {.id = 0};
    enum bf_status status = BF_OK;
    *out = json_array();
    while (json_array_size(*out) < REQUESTS && bf_store_next_request(page->store, &entry, &status, err)) {
        json_t *json = NULL;
        status = bf_json_parse(entry.json, strlen(entry.json), "the run's request", &json, err);
        if (status == BF_OK)
            json_array_append_new(*out, json_pack("{s:o, s:s, s:s, s:O}", "name", bf_page_text(entry.name, 120), "kind",
                                                  bf_kind_word(entry.kind), "role", bf_role_word(entry.role), "values",
                                                  json));
        json_decref(json);
    }
    return status;
}

enum bf_status bf_page_settings(struct bf_page *page, json_t **out, struct bf_err *err)
{
    const struct bf_summary *s = &page->summary;
    json_t *list;
    enum bf_status status = requests(page, &list, err);
    json_t *engine = json_copy(s->engine);
    if (json_is_object(engine) && s->run->model_desc[0])
        json_object_set_new(engine, "model", bf_page_text(s->run->model_desc, 200));
    *out = json_pack("{s:o, s:o, s:o, s:o, s:o, s:I}", "command", command(page), "hashes", hashes(page), "requests",
                     list, "engine", engine ? engine : json_object(), "templates", templates(page), "n_requests",
                     (json_int_t)s->n_requests);
    json_object_set_new(*out, "times",
                        json_pack("[o, o, o]", json_integer(s->state.generated_tokens),
                                  bf_page_number(s->state.generate_seconds), bf_page_number(s->state.wall_seconds)));
    return status;
}
