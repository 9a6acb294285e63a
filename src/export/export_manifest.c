/* The manifest: what a set is, for programs and audits. Keys are sorted, and nothing depends on clock or path: equal
 * runs give equal bytes. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/version.h"
#include "export/export_card.h"
#include "export/export_text.h"

#include "base/banned.h"

static json_t *text(const char *value)
{
    return value && value[0] != '\0' ? bf_json_text(value, strlen(value)) : json_null();
}

static json_t *number(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *stages(const struct bf_counts *c)
{
    json_t *out = json_object();

    for (int s = 0; s < BF_STAGE_COUNT; s++)
        if (c->committed[s] > 0)
            json_object_set_new(
                out, bf_stage_word((enum bf_stage)s),
                json_pack("{s:I, s:I}", "generated", (json_int_t)c->committed[s], "kept", (json_int_t)c->kept[s]));
    return out;
}

static json_t *rejected(const struct bf_counts *c)
{
    json_t *out = json_object();

    for (int r = BF_REASON_NONE + 1; r < BF_REASON_NOT_A_SAMPLE; r++)
        if (c->rejected[r] > 0)
            json_object_set_new(out, bf_reason_word((enum bf_reason)r), json_integer(c->rejected[r]));
    return out;
}

static json_t *knowledge(const struct bf_knowledge_check *k)
{
    json_t *out = json_object();

    json_object_set_new(out, "verdict", json_string(bf_knowledge_word(k->verdict)));
    json_object_set_new(out, "n_questions", json_integer(k->n_questions));
    json_object_set_new(out, "n_verified", json_integer(k->n_verified));
    json_object_set_new(out, "control_questions", json_integer(k->control_questions));
    json_object_set_new(out, "control_verified", json_integer(k->control_verified));
    json_object_set_new(out, "n_domain", json_integer(k->n_domain));
    json_object_set_new(out, "n_control", json_integer(k->n_control));
    json_object_set_new(out, "agreement_domain", number(k->agreement_domain));
    json_object_set_new(out, "agreement_control", number(k->agreement_control));
    json_object_set_new(out, "min_k_domain", number(k->min_k_domain));
    json_object_set_new(out, "min_k_control", number(k->min_k_control));
    return out;
}

static json_t *request(const struct bf_export_request *r)
{
    json_t *out = json_object();

    json_object_set_new(out, "name", text(r->name));
    json_object_set_new(out, "kind", json_string(bf_kind_word(r->kind)));
    json_object_set_new(out, "role", json_string(bf_role_word(r->role)));
    json_object_set_new(out, "finished", json_boolean(r->state.finished));
    json_object_set_new(out, "stop_reason", json_string(bf_stop_word(r->state.stop)));
    json_object_set(out, "settings", r->settings);
    json_object_set_new(out, "points", json_integer(r->counts.n_points));
    json_object_set_new(out, "kept", json_integer(r->counts.both));
    json_object_set_new(out, "stages", stages(&r->counts));
    json_object_set_new(out, "rejected", rejected(&r->counts));
    if (r->kind == BF_KIND_DOMAIN)
        json_object_set_new(out, "knowledge", knowledge(&r->state.knowledge));
    return out;
}

static json_t *model(const struct bf_export_facts *facts)
{
    json_t *out = json_object();

    json_object_set_new(out, "description", text(facts->run->model_desc));
    json_object_set_new(out, "sha256", text(facts->run->model_sha256));
    json_object_set_new(out, "title", text(facts->model_title));
    json_object_set_new(out, "licence", text(facts->model_licence));
    return out;
}

/* The manifest without its files. */
static json_t *head(const struct bf_export_job *job)
{
    static const char *const texts[] = {
        [BF_TEXTS_ALL] = "all", [BF_TEXTS_NOT_REFUTED] = "not-refuted", [BF_TEXTS_VERIFIED] = "verified"};
    const struct bf_export_facts *facts = &job->facts;
    const bool folder = bf_export_is_folder(job->options->format);
    json_t *out = json_object(), *requests = json_array();

    for (size_t i = 0; i < facts->n_requests; i++)
        json_array_append_new(requests, request(&facts->requests[i]));
    json_object_set_new(out, "manifest", json_integer(1));
    json_object_set_new(out, "program", json_string("biforget"));
    json_object_set_new(out, "program_version", json_string(BF_VERSION));
    json_object_set_new(out, "run_program_version", text(facts->run->program_version));
    json_object_set_new(out, "format", json_string(job->options->format));
    json_object_set_new(out, "variant", json_string(job->options->variant));
    json_object_set_new(out, "texts", json_string(texts[job->options->texts]));
    json_object_set_new(out, "held_out", json_boolean(job->options->pairs == BF_PAIRS_HELD_OUT));
    json_object_set_new(out, "role", folder ? json_null() : json_string(bf_role_word(job->options->role)));
    json_object_set_new(out, "finished", json_boolean(facts->finished));
    json_object_set_new(out, "samples", json_integer(job->n_written));
    json_object_set_new(out, "left_out", json_integer(job->n_left_out));
    json_object_set_new(out, "requests", requests);
    json_object_set_new(out, "model", model(facts));
    json_object_set_new(
        out, "embedder",
        json_pack("{s:o, s:o}", "description", text(facts->embedder), "sha256", text(facts->run->embedder_sha256)));
    json_object_set_new(out, "templates", json_pack("{s:o}", "sha256", text(facts->run->templates_sha256)));
    json_object_set_new(out, "stable", json_string(facts->stable));
    json_object_set_new(out, "files", json_object());
    return out;
}

static enum bf_status add_file(json_t *manifest, const char *path, const char *name, int64_t n_samples,
                               struct bf_err *err)
{
    char sha256[BF_SHA256_HEX];
    const enum bf_status status = bf_sha256_file(path, sha256, err);

    if (status != BF_OK)
        return status;
    json_t *file = json_object();
    json_object_set_new(file, "bytes", json_integer(bf_file_size(path)));
    json_object_set_new(file, "sha256", json_string(sha256));
    if (n_samples >= 0)
        json_object_set_new(file, "samples", json_integer(n_samples));
    /* A file name may hold any bytes; a JSON key is text. */
    json_t *key = bf_json_text(name, strlen(name));
    json_object_set_new(json_object_get(manifest, "files"), json_string_value(key), file);
    json_decref(key);
    return BF_OK;
}

enum bf_status bf_manifest_of_folder(const struct bf_export_job *job, struct bf_buf *out, struct bf_err *err)
{
    json_t *manifest = head(job);
    enum bf_status status = BF_OK;

    for (size_t i = 0; i < job->folder.n_files && status == BF_OK; i++) {
        const struct bf_export_file *file = &job->folder.files[i];
        char *path = bf_path_join(job->folder.temporary, file->name);
        status = add_file(manifest, path, file->name, file->n_samples, err);
        free(path);
    }
    if (status == BF_OK)
        bf_put_json_pretty(out, manifest);
    json_decref(manifest);
    return status;
}

enum bf_status bf_manifest_of_file(const struct bf_export_job *job, struct bf_buf *out, struct bf_err *err)
{
    json_t *manifest = head(job);
    const char *slash = strrchr(job->path, '/');
    const enum bf_status status = add_file(manifest, job->path, slash ? slash + 1 : job->path, job->n_written, err);

    if (status == BF_OK)
        bf_put_json_pretty(out, manifest);
    json_decref(manifest);
    return status;
}

char *bf_manifest_path(const char *path)
{
    struct bf_buf name;
    bf_buf_init(&name, SIZE_MAX);
    bf_buf_printf(&name, "%s." BF_EXPORT_MANIFEST, path);
    return bf_buf_take(&name);
}

void bf_manifest_drop(const char *path)
{
    struct bf_buf text;
    json_t *manifest = NULL;
    char *name = bf_manifest_path(path);
    bf_buf_init(&text, (size_t)64 << 20);
    if (bf_file_exists(name) && bf_file_read(name, &text, NULL) == BF_OK &&
        bf_json_parse(text.data, text.len, "the manifest", &manifest, NULL) == BF_OK &&
        json_is_string(json_object_get(manifest, "program")) &&
        strcmp(json_string_value(json_object_get(manifest, "program")), "biforget") == 0)
        (void)unlink(name);
    json_decref(manifest);
    bf_buf_release(&text);
    free(name);
}
