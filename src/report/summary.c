#include "report/summary.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/banned.h"

static void add_point(void *user, const struct bf_point *point, int64_t n_kept, int64_t n_committed)
{
    struct bf_summary *s = user;
    s->points = bf_grow(s->points, s->n_points + 1, sizeof *s->points);
    s->points[s->n_points++] = (struct bf_point_count){bf_strdup(point->text), n_kept, n_committed};
}

static void see_checkpoint(void *user, const struct bf_checkpoint *checkpoint)
{
    struct bf_summary *s = user;
    s->last = *checkpoint;
    s->n_checkpoints++;
}

static enum bf_status last_diversity(struct bf_store *store, int64_t n_kept, double *out, struct bf_err *err)
{
    *out = (double)NAN;
    if (n_kept < 1)
        return BF_OK;
    struct bf_query query = {.by_stage = true,
                             .stage = BF_STAGE_SYNTHESIS,
                             .by_state = true,
                             .kept = true,
                             .limit = 1,
                             .offset = n_kept - 1};
    struct bf_cursor *cursor = NULL;
    enum bf_status status = bf_store_query(store, &query, &cursor, err);
    if (status != BF_OK)
        return status;
    struct bf_row row;
    bool more = false;
    status = bf_cursor_next(cursor, &row, &more, err);
    if (status == BF_OK && more)
        *out = row.sample.diversity;
    bf_cursor_close(cursor);
    return status;
}

enum bf_status bf_summary_read(struct bf_store *store, struct bf_summary *out, struct bf_err *err)
{
    *out = (struct bf_summary){.run = bf_store_run(store), .dir = bf_store_dir(store)};
    enum bf_status status = bf_store_counts(store, &out->counts, err);
    if (status == BF_OK)
        status = bf_store_state(store, &out->state, err);
    if (status == BF_OK)
        status = bf_store_each_point(store, out, add_point, err);
    if (status == BF_OK)
        status = bf_store_each_checkpoint(store, out, see_checkpoint, err);
    if (status == BF_OK)
        status = last_diversity(store, out->counts.kept[BF_STAGE_SYNTHESIS], &out->diversity, err);
    if (status == BF_OK)
        status = bf_json_parse(out->run->request_json, strlen(out->run->request_json), "the run's request",
                               &out->request, err);
    if (status == BF_OK)
        status =
            bf_json_parse(out->run->engine_json, strlen(out->run->engine_json), "the run's engine", &out->engine, err);
    if (status != BF_OK)
        bf_summary_release(out);
    return status;
}

void bf_summary_release(struct bf_summary *s)
{
    for (size_t i = 0; i < s->n_points; i++)
        free(s->points[i].text);
    free(s->points);
    json_decref(s->request);
    json_decref(s->engine);
    *s = (struct bf_summary){0};
}
