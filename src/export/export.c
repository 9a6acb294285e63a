/* An export: check the options, let the format write, and write the manifest. */
#include "export/export.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/print.h"
#include "export/export_card.h"

#include "base/banned.h"

#define X(name, is_folder, write) "|" name
const char bf_export_format_words[] = BF_EXPORT_FORMATS(X);
#undef X
const char bf_export_variants[] = "fix|mi|jailbreak|both";

struct format {
    const char *name;
    bool is_folder;
    bf_export_write *write;
};

#define X(name, is_folder, write) {name, is_folder, write},
static const struct format formats[] = {BF_EXPORT_FORMATS(X)};
#undef X

static const struct format *format_of(const char *name)
{
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (strcmp(formats[i].name, name) == 0)
            return &formats[i];
    return NULL;
}

bool bf_export_is_folder(const char *format)
{
    const struct format *found = format_of(format);
    return found && found->is_folder;
}

static enum bf_status check_request(struct bf_store *store, const char *name, struct bf_err *err)
{
    int64_t id = 0;
    enum bf_status status = BF_OK;

    if (name)
        status = bf_store_find_request(store, name, &id, err);
    if (status == BF_OK && name && id == 0)
        return bf_fail(err, BF_USAGE, "'%s' has no request named '%s'; to list them: biforget status %s",
                       bf_store_dir(store), name, BF_SHELL_WORD(bf_store_dir(store)));
    return status;
}

/* Texts can be chosen by their questions only where questions were asked. */
static enum bf_status check_questions(struct bf_store *store, struct bf_err *err)
{
    struct bf_counts counts;
    bf_store_select(store, 0);
    const enum bf_status status = bf_store_counts(store, &counts, err);

    if (status == BF_OK && counts.committed[BF_STAGE_PAIRS] == 0)
        return bf_fail(err, BF_USAGE,
                       "'%s' was made without self-questioning, so it is not known which texts are verified; leave "
                       "--texts out, or make a new run with --questions 40",
                       bf_store_dir(store));
    return status;
}

/* A folder holds a forget set, and its retain sets with it. */
static enum bf_status check_folder(const struct bf_export_job *job, struct bf_err *err)
{
    const struct bf_export_options *options = job->options;
    struct bf_export_job count = *job;
    int64_t n, n_pairs;

    if (strcmp(job->path, "-") == 0 || job->path[0] == '\0')
        return bf_fail(err, BF_USAGE, "the format %s is a folder of files; name a folder with -o DIR", options->format);
    if (options->role != BF_ROLE_FORGET)
        return bf_fail(
            err, BF_USAGE,
            "the format %s holds both the forget and the retain sets; leave --role out, or choose a format of "
            "one file",
            options->format);
    if (!job->facts.has_role[BF_ROLE_FORGET])
        return bf_fail(err, BF_USAGE,
                       "'%s' of '%s' is not a forget set, and the format %s needs one; choose jsonl, txt, wmdp or tofu",
                       options->request ? options->request : "all", bf_store_dir(job->store), options->format);
    const enum bf_status status = bf_export_count(&count, BF_ROLE_FORGET, options->variant, &n, &n_pairs, err);
    if (status == BF_OK && n == 0)
        return bf_fail(err, BF_USAGE, "'%s' has no kept sample yet for the format %s; see: biforget status %s",
                       bf_store_dir(job->store), options->format, BF_SHELL_WORD(bf_store_dir(job->store)));
    return status;
}

static enum bf_status write_folder(struct bf_export_job *job, const struct format *format, struct bf_err *err)
{
    enum bf_status status = check_folder(job, err);

    if (status == BF_OK)
        status = bf_folder_open(&job->folder, job->path, err);
    if (status == BF_OK)
        status = format->write(job, err);
    if (status == BF_OK && job->options->manifest) {
        struct bf_buf manifest;
        bf_buf_init(&manifest, SIZE_MAX);
        status = bf_manifest_of_folder(job, &manifest, err);
        if (status == BF_OK)
            status = bf_folder_put(&job->folder, BF_EXPORT_MANIFEST, &manifest, err);
        bf_buf_release(&manifest);
    }
    if (status == BF_OK)
        status = bf_folder_commit(&job->folder, err);
    bf_folder_abort(&job->folder);
    return status;
}

/* Only beside a regular file: a pipe or a device gets no manifest. */
static enum bf_status write_file_manifest(struct bf_export_job *job, struct bf_err *err)
{
    struct bf_atomic file = {NULL, NULL, NULL};
    struct bf_buf manifest;
    struct stat info;

    if (strcmp(job->path, "-") == 0 || stat(job->path, &info) != 0 || !S_ISREG(info.st_mode))
        return BF_OK;
    bf_buf_init(&manifest, SIZE_MAX);
    char *path = bf_manifest_path(job->path);
    enum bf_status status = bf_manifest_of_file(job, &manifest, err);
    if (status == BF_OK)
        status = bf_atomic_open(&file, path, err);
    if (status == BF_OK) {
        fwrite(manifest.data, 1, manifest.len, file.stream); /* commit says what went wrong */
        status = bf_atomic_commit(&file, err);
    }
    bf_atomic_abort(&file);
    free(path);
    bf_buf_release(&manifest);
    return status;
}

enum bf_status bf_export(struct bf_store *store, const struct bf_export_options *options, const char *path,
                         int64_t *n_written, struct bf_err *err)
{
    struct bf_export_job job = {.store = store, .options = options, .path = path};
    const struct format *format = format_of(options->format);

    if (n_written)
        *n_written = 0;
    if (options->n_left_out)
        *options->n_left_out = 0;
    if (!bf_variant_has(options->variant, BF_STAGE_SYNTHESIS))
        return bf_fail(err, BF_USAGE, "unknown variant '%s'; it is one of %s", options->variant, bf_export_variants);
    if (!format)
        return bf_fail(err, BF_USAGE, "unknown format '%s'; it is one of %s", options->format, bf_export_formats);
    enum bf_status status = check_request(store, options->request, err);
    if (status == BF_OK && options->texts != BF_TEXTS_ALL)
        status = check_questions(store, err);
    if (status == BF_OK && (format->is_folder || options->manifest))
        status =
            bf_export_facts_read(store, options->request,
                                 format->is_folder ? (enum bf_role)BF_ROLE_TRAINED : options->role, &job.facts, err);
    if (status == BF_OK)
        status = format->is_folder ? write_folder(&job, format, err) : format->write(&job, err);
    if (status == BF_OK && !format->is_folder && options->manifest)
        status = write_file_manifest(&job, err);
    if (status == BF_OK && n_written)
        *n_written = job.n_written;
    if (status == BF_OK && options->n_left_out)
        *options->n_left_out = job.n_left_out;
    bf_export_facts_release(&job.facts);
    return status;
}
