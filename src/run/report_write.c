#include "run/report_write.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/print.h"
#include "measure/report_stored.h"
#include "base/banned.h"

static enum bf_status write_svgs(const json_t *data, const char *dir, struct bf_log *log, struct bf_err *err)
{
    static const struct {
        const char *name;
        void (*draw)(const json_t *data, struct bf_buf *out);
    } pictures[] = {{"map.svg", bf_svg_map}, {"diversity.svg", bf_svg_trace}, {"min-k.svg", bf_svg_histogram}};
    enum bf_status status = bf_mkdirs(dir, err);
    for (size_t i = 0; i < sizeof pictures / sizeof *pictures && status == BF_OK; i++) {
        struct bf_buf text;
        char *path = bf_path_join(dir, pictures[i].name);
        bf_buf_init(&text, SIZE_MAX);
        pictures[i].draw(data, &text);
        if (text.len > 0)
            status = bf_file_write_inside(path, text.data, text.len, err);
        else
            bf_log_info(log, "no %s: this run has no data for it", pictures[i].name);
        bf_buf_release(&text);
        free(path);
    }
    return status;
}

static enum bf_status write_page(const struct bf_buf *page, const char *path, bool inside, struct bf_err *err)
{
    struct bf_atomic file = {0};
    const enum bf_status status = inside ? bf_atomic_open_inside(&file, path, err) : bf_atomic_open(&file, path, err);
    if (status != BF_OK)
        return status;
    (void)fwrite(page->data, 1, page->len, file.stream); /* commit sees a failure */
    return bf_atomic_commit(&file, err);
}

enum bf_status bf_report_write(struct bf_store *store, const struct bf_page_options *options, const char *path,
                               bool inside, const char *svg_dir, struct bf_log *log, struct bf_err *err)
{
    struct bf_buf page;
    json_t *data = NULL;
    enum bf_status status = bf_page_data(store, options, &data, err);
    if (status != BF_OK)
        return status;
    bf_buf_init(&page, SIZE_MAX);
    bf_page_html(data, &page);
    status = write_page(&page, path, inside, err);
    if (status == BF_OK && svg_dir)
        status = write_svgs(data, svg_dir, log, err);
    bf_buf_release(&page);
    json_decref(data);
    return status;
}

enum bf_status bf_report_stored_options(struct bf_store *store, struct bf_log *log, struct bf_page_options *options,
                                        json_t **quality, struct bf_err *err)
{
    struct bf_err why = BF_ERR_INIT;
    const enum bf_status status = bf_report_stored(store, log, quality, &options->basis, &options->why, &why);
    options->quality = *quality;
    if (status == BF_MODEL || status == BF_INPUT) {
        bf_log_warn(log, "the report has no map: %s", why.text);
        options->why = "the stored vectors cannot be measured";
        return BF_OK;
    }
    return status == BF_OK ? BF_OK : bf_fail(err, status, "%s", why.text);
}

void bf_report_at_end(struct bf_store *store, struct bf_engine *embedder, bool only_missing, struct bf_log *log,
                      struct bf_err *report)
{
    struct bf_page_options options = {.quality = NULL};
    struct bf_err err = BF_ERR_INIT;
    json_t *quality = NULL;
    char *path = bf_path_join(bf_store_dir(store), "report.html");
    *report = (struct bf_err)BF_ERR_INIT;
    if (only_missing && bf_file_exists(path)) {
        free(path);
        return;
    }
    enum bf_status status = embedder ? bf_report_keep_domain(store, embedder, &err) : BF_OK;
    if (status != BF_OK)
        bf_log_warn(log, "the report's map lacks the domain: %s", err.text);
    status = bf_report_stored_options(store, log, &options, &quality, &err);
    if (status == BF_OK)
        status = bf_report_write(store, &options, path, true, NULL, log, &err);
    if (status != BF_OK)
        (void)bf_fail(report, status,
                      "the run is complete, but its report is not written: %s; to write it: biforget report %s",
                      err.text, BF_SHELL_WORD(bf_store_dir(store)));
    json_decref(quality);
    free(path);
}

enum bf_status bf_report_outcome(enum bf_status status, const struct bf_err *report, struct bf_err *err)
{
    if (status != BF_OK || report->status == BF_OK)
        return status;
    return bf_fail(err, report->status, "%s", report->text);
}
