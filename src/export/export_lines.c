/* Walk the samples, request by request; write each as a line; make the file appear complete or not at all. And the
 * formats of one line per sample: txt, wmdp, tofu. */
#include <stdlib.h>

#include "base/file.h"
#include "export/export_card.h"
#include "export/export_format.h"
#include "export/export_forms.h"
#include "export/export_text.h"
#include "base/banned.h"

static enum bf_status each_of_request(struct bf_store *store, const struct bf_query *query, void *user,
                                      enum bf_status (*each)(void *user, const struct bf_row *row, struct bf_err *err),
                                      struct bf_err *err)
{
    struct bf_cursor *cursor = NULL;
    enum bf_status status = bf_store_query(store, query, &cursor, err);
    for (bool more = status == BF_OK; more && status == BF_OK;) {
        struct bf_row row;
        status = bf_cursor_next(cursor, &row, &more, err);
        if (status == BF_OK && more)
            status = each(user, &row, err);
    }
    bf_cursor_close(cursor);
    return status;
}

enum bf_status bf_export_each(struct bf_store *store, const struct bf_export_options *options, void *user,
                              enum bf_status (*each)(void *user, const struct bf_row *row, struct bf_err *err),
                              struct bf_err *err)
{
    const struct bf_query query = {.variant = options->variant,
                                   .by_role = !options->request,
                                   .role = options->role,
                                   .pairs = options->pairs,
                                   .texts = options->texts,
                                   .distinct = !options->request};
    struct bf_request_entry entry = {.id = 0};
    int64_t only = 0;
    enum bf_status status = BF_OK;
    if (options->request)
        status = bf_store_find_request(store, options->request, &only, err);
    while (bf_store_next_request(store, &entry, &status, err)) {
        if (options->request && entry.id != only)
            continue;
        bf_store_select(store, entry.id);
        status = each_of_request(store, &query, user, each, err);
    }
    bf_store_select(store, 0);
    return status;
}

struct lines {
    struct bf_atomic file;
    struct bf_buf text;
    struct bf_store *store;
    struct bf_export_options options;
    const char *path;
    bf_export_line *line;
    struct bf_line_counts *counts;
};

static enum bf_status put_line(void *user, const struct bf_row *row, struct bf_err *err)
{
    struct lines *l = user;
    bf_buf_clear(&l->text);
    l->line(&l->text, row, &l->options);
    l->options.place++;
    if (l->text.overflow)
        return bf_fail(err, BF_STORE, "cannot write '%s': sample %lld of '%s' is too long for a line", l->path,
                       (long long)row->id, bf_store_dir(l->store));
    if (l->text.len == 0) {
        l->counts->n_without++;
        return BF_OK;
    }
    for (size_t i = 0; i < l->text.len; i++)
        l->counts->n_lines += l->text.data[i] == '\n';
    l->counts->n_with++;
    fwrite(l->text.data, 1, l->text.len, l->file.stream); /* commit says what went wrong */
    return BF_OK;
}

enum bf_status bf_export_lines(struct bf_store *store, const struct bf_export_options *options, const char *path,
                               bf_export_line *line, struct bf_line_counts *counts, struct bf_err *err)
{
    struct lines lines = {.store = store, .options = *options, .path = path, .line = line, .counts = counts};
    lines.options.place = 0;
    *counts = (struct bf_line_counts){0};
    bf_buf_init(&lines.text, BF_EXPORT_LINE_MAX_BYTES);
    enum bf_status status =
        options->inside ? bf_atomic_open_inside(&lines.file, path, err) : bf_atomic_open(&lines.file, path, err);
    if (status == BF_OK)
        status = bf_export_each(store, options, &lines, put_line, err);
    if (status == BF_OK)
        status = bf_atomic_flush(&lines.file, err);
    if (status == BF_OK && lines.file.temporary)
        bf_manifest_drop(path);
    if (status == BF_OK)
        status = bf_atomic_commit(&lines.file, err);
    bf_atomic_abort(&lines.file);
    bf_buf_release(&lines.text);
    return status;
}

enum bf_status bf_export_folder_lines(struct bf_export_job *job, const char *name, enum bf_role role,
                                      const char *variant, bf_export_line *line, struct bf_line_counts *counts,
                                      struct bf_err *err)
{
    struct bf_export_options options = *job->options;
    options.role = role;
    options.variant = variant;
    char *path;
    *counts = (struct bf_line_counts){0};
    enum bf_status status = bf_folder_add(&job->folder, name, 0, &path, err);
    if (status != BF_OK)
        return status;
    status = bf_export_lines(job->store, &options, path, line, counts, err);
    job->folder.files[job->folder.n_files - 1].n_samples = counts->n_lines;
    free(path);
    return status;
}

struct count {
    int64_t n, n_pairs;
};

static enum bf_status count_row(void *user, const struct bf_row *row, struct bf_err *err)
{
    struct count *count = user;
    (void)err;
    count->n++;
    count->n_pairs += bf_row_is_pair(row);
    return BF_OK;
}

enum bf_status bf_export_count(struct bf_export_job *job, enum bf_role role, const char *variant, int64_t *n,
                               int64_t *n_pairs, struct bf_err *err)
{
    struct bf_export_options options = *job->options;
    struct count count = {0, 0};
    options.role = role;
    options.variant = variant;
    const enum bf_status status = bf_export_each(job->store, &options, &count, count_row, err);
    *n = count.n;
    *n_pairs = count.n_pairs;
    return status;
}

/* ---- txt ---- */

/* One sample per line. A line break inside a sample becomes a space: also those that only some readers break at
 * (U+0085, U+2028, U+2029, vertical tab, form feed), or the file would have more lines than samples. */
void bf_line_txt(struct bf_buf *out, const struct bf_row *row, const struct bf_export_options *options)
{
    (void)options;
    bf_put_one_line(out, row->sample.text);
    bf_buf_putc(out, '\n');
}

enum bf_status bf_export_txt(struct bf_export_job *job, struct bf_err *err)
{
    struct bf_line_counts counts;
    const enum bf_status status = bf_export_lines(job->store, job->options, job->path, bf_line_txt, &counts, err);

    job->n_written = counts.n_lines;
    return status;
}

/* ---- wmdp ---- */

/* {"text": ...} lines, the shape of the corpora of WMDP, which RMU and its successors read. */
void bf_line_text(struct bf_buf *out, const struct bf_row *row, const struct bf_export_options *options)
{
    (void)options;
    bf_put_json_key(out, "text");
    bf_put_json_text(out, row->sample.text);
    bf_buf_puts(out, "}\n");
}

enum bf_status bf_export_wmdp(struct bf_export_job *job, struct bf_err *err)
{
    struct bf_line_counts counts;
    const enum bf_status status = bf_export_lines(job->store, job->options, job->path, bf_line_text, &counts, err);

    job->n_written = counts.n_lines;
    return status;
}

/* ---- tofu: {"question": ..., "answer": ...} lines, the shape of TOFU's splits: the samples that are QA pairs, and in
 * forms the texts as answers; no others ---- */

bool bf_row_is_pair(const struct bf_row *row)
{
    const struct bf_sample *sample = &row->sample;

    return sample->question && sample->answer && sample->question[0] != '\0' && sample->answer[0] != '\0';
}

void bf_line_pair(struct bf_buf *out, const struct bf_row *row, const struct bf_export_options *options)
{
    (void)options;
    if (!bf_row_is_pair(row))
        return;
    bf_put_json_key(out, "question");
    bf_put_json_text(out, row->sample.question);
    bf_put_json_key(out, "answer");
    bf_put_json_text(out, row->sample.answer);
    bf_buf_puts(out, "}\n");
}

enum bf_status bf_export_tofu(struct bf_export_job *job, struct bf_err *err)
{
    struct bf_line_counts counts;
    const bool forms = job->options->forms != NULL;
    int64_t n = 0, n_pairs = 0;
    /* Count first, so that no file is replaced by an empty one. */
    enum bf_status status = BF_OK;
    if (forms) {
        struct bf_form_counts made;
        status = bf_export_count_forms(job, job->options->role, job->options->variant, &made, err);
        n = made.n_samples;
        n_pairs = made.n_chat;
    } else {
        status = bf_export_count(job, job->options->role, job->options->variant, &n, &n_pairs, err);
    }
    if (status != BF_OK)
        return status;
    if (n_pairs == 0)
        return bf_fail(
            err, BF_USAGE,
            "none of the %lld samples in '%s' is a question with an answer, or can be made one, and the format tofu "
            "holds nothing else; export them with --format wmdp or open-unlearning, or rewrite QA pairs with "
            "'biforget instance "
            "PAIRS.jsonl'",
            (long long)n, bf_store_dir(job->store));
    status = bf_export_lines(job->store, job->options, job->path, forms ? bf_line_chat : bf_line_pair, &counts, err);
    job->n_written = counts.n_with;
    job->n_left_out = counts.n_without;
    return status;
}
