/* A folder whose run.db is the input: an error with a sentence, or a run that can be read to its end (or to an error),
 * exported, measured, shown and opened for writing. Never a crash, never a hang on what a schema says. */
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "export/export.h"
#include "measure/report_stored.h"
#include "report/page.h"
#include "store/store.h"

#include "base/banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void require(bool condition, const char *what)
{
    if (!condition) {
        fprintf(stderr, "fuzz_store_open: %s\n", what);
        abort();
    }
}

/* A failure has a sentence; a success has none of the status. */
static bool went(enum bf_status status, const struct bf_err *err)
{
    if (status != BF_OK)
        require(err->status == status && err->text[0] != '\0', "a failure without a sentence");
    return status == BF_OK;
}

static void see_point(void *user, const struct bf_point *point, int64_t n_kept, int64_t n_committed)
{
    require(point->text && n_kept <= n_committed, "a point without a text, or with more kept than committed");
    *(size_t *)user += strlen(point->text);
}

static void see_checkpoint(void *user, const struct bf_stop_check *checkpoint)
{
    *(size_t *)user += checkpoint->stop;
}

static void replay(struct bf_store *store)
{
    struct bf_err err = BF_ERR_INIT;
    struct bf_replay run;
    struct bf_sample sample;
    const struct bf_point *points;
    size_t n_points, read = 0;
    bool more = true;
    if (!went(bf_store_replay(store, &run, &err), &err))
        return;
    while (more && went(run.next(run.user, &sample, &points, &n_points, &more, &err), &err) && more) {
        require(sample.text && sample.index >= 0 && sample.stage < BF_STAGE_COUNT && sample.reason < BF_REASON_COUNT,
                "a sample that cannot be");
        require(sample.point >= -1 && sample.template_index >= -1 && sample.n_tokens >= 0, "a negative number");
        for (int32_t i = 0; i < sample.n_embd; i++)
            read += sample.embedding[i];
        for (size_t i = 0; i < n_points; i++)
            read += strlen(points[i].text);
        read += strlen(sample.text);
    }
    bf_store_replay_close(&run);
    require(read != SIZE_MAX, "reading everything"); /* keeps the reads */
}

static void read_all(struct bf_store *store)
{
    struct bf_err err = BF_ERR_INIT;
    struct bf_counts counts;
    struct bf_run_state state;
    int64_t n;
    size_t sum = 0;
    const struct bf_run *run = bf_store_run(store);
    require(run->kind && run->request_json && run->engine_json && run->program_version, "a run without words");
    (void)went(bf_store_state(store, &state, &err), &err);
    (void)went(bf_store_counts(store, &counts, &err), &err);
    (void)went(bf_store_each_point(store, &sum, see_point, &err), &err);
    (void)went(bf_store_each_check(store, &sum, see_checkpoint, &err), &err);
    replay(store);
    (void)went(bf_export(store, &(const struct bf_export_options){.format = "jsonl", .variant = "both"}, "/dev/null",
                         &n, &err),
               &err);
    (void)went(
        bf_export(store, &(const struct bf_export_options){.format = "txt", .variant = "mi"}, "/dev/null", &n, &err),
        &err);
}

/* What is made of it for people: numbers out of the stored vectors, and the page's data. */
static void report(struct bf_store *store)
{
    struct bf_page_options options = {.max_bytes = 0};
    struct bf_err err = BF_ERR_INIT;
    struct bf_log log;
    json_t *quality = NULL, *page = NULL;
    bf_log_init(&log, stderr, true);
    const bool measured = went(bf_report_stored(store, &log, &quality, &options.basis, &options.why, &err), &err);
    require(measured || !quality, "numbers beside an error");
    options.quality = quality;
    if (went(bf_page_data(store, &options, &page, &err), &err))
        require(json_is_object(page), "a page without data");
    json_decref(quality);
    json_decref(page);
}

static void write_once(struct bf_store *store)
{
    const struct bf_sample sample = {
        .index = 1000000, .stage = BF_STAGE_MI, .text = "one more", .point = -1, .template_index = -1};
    const struct bf_point point = {1000000, 0, "Athena", ""};
    const struct bf_commit_item item = {.sample = sample, .checked = true, .checkpoint = {1, 0.5, 0.1, false}};
    const struct bf_commit commit = {.number = -1, .items = &item, .n_items = 1, .points = &point, .n_points = 1};
    const struct bf_run_state state = {.finished = true};
    struct bf_err err = BF_ERR_INIT;
    (void)went(bf_store_commit_all(store, &commit, &err), &err);
    (void)went(bf_store_set_state(store, &state, &err), &err);
}

static void remove_all(const char *dir)
{
    static const char *const names[] = {"run.db", "run.db-wal", "run.db-shm", "run.db-journal", "run.lock"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char *path = bf_path_join(dir, names[i]);
        (void)unlink(path);
        free(path);
    }
    require(rmdir(dir) == 0, "a file was left in the folder");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    const char *base = getenv("TMPDIR");
    char *dir = bf_path_join(base && *base ? base : "/tmp", "fuzz_store_XXXXXX");
    require(mkdtemp(dir) != NULL, "no scratch folder");
    char *path = bf_path_join(dir, "run.db");
    const int fd = open(path, O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0600);
    require(fd >= 0 && write(fd, data, n) == (ssize_t)n && close(fd) == 0, "no scratch file");
    for (int mode = 0; mode < 2; mode++) {
        struct bf_err err = BF_ERR_INIT;
        struct bf_store *store = NULL;
        if (went(bf_store_open(dir, mode ? BF_STORE_WRITE : BF_STORE_READ, &store, &err), &err)) {
            read_all(store);
            report(store);
            if (mode)
                write_once(store);
        } else {
            require(store == NULL, "a store beside an error");
        }
        bf_store_close(store);
    }
    remove_all(dir);
    free(path);
    free(dir);
    return 0;
}
