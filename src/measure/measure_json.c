#include "measure/measure_json.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "base/banned.h"

enum { MAP_TEXT_CHARACTERS = 300, NAME_MAX_BYTES = 128 };

static json_t *text(const char *s)
{
    return s ? bf_json_text(s, strlen(s)) : json_null();
}

/* Never NaN: a value that is not finite becomes null. */
static json_t *number(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *pair(double a, double b)
{
    return isfinite(a) && isfinite(b) ? json_pack("[f, f]", a, b) : json_null();
}

/* The value, or null and the reason in `why`; `interval`: with its interval. */
static void put_figure(json_t *out, json_t *why, const char *name, const struct bf_figure *figure, bool interval)
{
    json_object_set_new(out, name, figure->why ? json_null() : number(figure->value));
    if (figure->why)
        json_object_set_new(why, name, json_string(figure->why));
    if (!interval)
        return;
    char key[NAME_MAX_BYTES] = "";
    struct bf_buf full;
    bf_buf_init(&full, sizeof key - 1);
    bf_buf_printf(&full, "%s_interval", name);
    memcpy(key, full.data, full.len);
    bf_buf_release(&full);
    json_object_set_new(out, key, !figure->why && figure->has_interval ? pair(figure->low, figure->high) : json_null());
}

static json_t *model_json(const struct bf_quality_model *model)
{
    if (!model->engine)
        return json_null();
    json_t *out = json_object();
    json_object_set_new(out, "path", text(model->path));
    json_object_set_new(out, "sha256", text(model->sha256));
    json_object_set_new(out, "desc", text(bf_engine_info(model->engine)->model_desc));
    return out;
}

static void put_wording(json_t *out, json_t *why, const struct bf_quality_measured *m, const struct bf_quality_row *row)
{
    static const char *const names[BF_TEXTS_GRAMS] = {"distinct_1", "distinct_2", "distinct_3", "distinct_4"};
    json_t *equal = json_object();
    json_object_set_new(equal, "n", json_integer((json_int_t)m->n_equal));
    for (size_t n = 0; n < BF_TEXTS_GRAMS; n++) {
        put_figure(out, why, names[n], &row->distinct[n], false);
        json_object_set_new(equal, names[n],
                            row->distinct_equal[n].why ? json_null() : number(row->distinct_equal[n].value));
    }
    json_object_set_new(out, "distinct_equal", equal);
    put_figure(out, why, "duplicates", &row->duplicates, true);
    put_figure(out, why, "near_duplicates", &row->near_duplicates, true);
}

static json_t *set_json(const struct bf_quality_job *job, const struct bf_quality_measured *m,
                        const struct bf_quality_row *row)
{
    json_t *out = json_object(), *why = json_object(), *seeds = json_array();
    json_object_set_new(out, "name", text(row->set.name));
    json_object_set_new(out, "path", text(row->set.path));
    json_object_set_new(out, "kind", json_string(row->set.kind));
    json_object_set_new(out, "variant", text(row->set.variant));
    json_object_set_new(out, "n", json_integer(row->taken.n_texts));
    json_object_set_new(out, "n_sampled", json_integer((json_int_t)row->taken.n_kept_texts));
    json_object_set_new(out, "n_tokens", json_integer((json_int_t)row->taken.n_tokens));
    json_object_set_new(out, "chunks", json_integer((json_int_t)row->taken.n_chunks));
    json_object_set_new(out, "chunks_sampled", json_integer((json_int_t)row->taken.n_kept));
    for (int f = 0; f < BF_COMPARED_COUNT; f++)
        put_figure(out, why, bf_compared_names[f], &row->compared[f], true);
    for (size_t s = 0; s < job->n_seeds && !row->compared[BF_RELEVANCE].why; s++)
        json_array_append_new(seeds, number(row->by_seed[s]));
    json_object_set_new(out, "relevance_seeds", seeds);
    put_wording(out, why, m, row);
    put_figure(out, why, "coverage", &row->coverage, true);
    json_object_set_new(out, "coverage_n", json_integer((json_int_t)row->coverage.n));
    json_object_set_new(out, "why", why);
    return out;
}

/* ---- the map ---- */

static json_t *chunk_text(const struct bf_quality_job *job, const struct bf_quality_chunk *chunk)
{
    struct bf_buf raw, shown;
    const struct bf_tokens tokens = {.ids = chunk->ids, .n = chunk->n};
    bf_buf_init(&raw, SIZE_MAX);
    bf_buf_init(&shown, SIZE_MAX);
    json_t *out = json_null();
    if (chunk->text)
        bf_buf_puts(&raw, chunk->text);
    if (chunk->text || bf_engine_detokenize(job->model.engine, &tokens, &raw, NULL) == BF_OK) {
        bf_utf8_preview(&shown, raw.data, raw.len, MAP_TEXT_CHARACTERS);
        out = bf_json_text(shown.data, shown.len);
    }
    bf_buf_release(&raw);
    bf_buf_release(&shown);
    return out;
}

static json_t *map_json(const struct bf_quality_job *job, const struct bf_quality_measured *m)
{
    const struct bf_relevance *map = &m->map;
    if (!map->has_map)
        return json_null();
    json_t *out = json_object(), *points = json_array(), *centroids = json_array();
    for (size_t s = 0; s < map->n_sets; s++) {
        const struct bf_relevance_row *row = &map->sets[s];
        for (size_t p = row->first; p < row->first + row->n; p++) {
            const struct bf_quality_chunk *chunk = &m->rows[s].taken.chunks[m->samples[s][map->chunks[p]]];
            json_t *point = json_object();
            json_object_set_new(point, "x", number(map->layout[2 * p]));
            json_object_set_new(point, "y", number(map->layout[2 * p + 1]));
            json_object_set_new(point, "set", json_integer((json_int_t)s));
            json_object_set_new(point, "text", chunk_text(job, chunk));
            json_object_set_new(point, "sample", json_integer(chunk->number));
            json_object_set_new(point, "id", chunk->id > 0 ? json_integer(chunk->id) : json_null());
            json_object_set_new(point, "stage", text(chunk->stage));
            json_object_set_new(point, "point", text(chunk->point));
            json_object_set_new(point, "template", text(chunk->template_name));
            json_array_append_new(points, point);
        }
        json_array_append_new(centroids, row->distance.why ? json_null() : pair(row->centroid[0], row->centroid[1]));
    }
    const double *domain = map->layout + 2 * (map->n_points - 1);
    json_object_set_new(out, "points", points);
    json_object_set_new(out, "centroids", centroids);
    json_object_set_new(out, "domain", pair(domain[0], domain[1]));
    json_object_set_new(out, "perplexity", number(map->perplexity));
    json_object_set_new(out, "kl", number(map->tsne.kl));
    json_object_set_new(out, "trustworthiness", number(map->trustworthiness));
    return out;
}

static json_t *settings_json(const struct bf_quality_job *job)
{
    return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "n_chunks", (json_int_t)job->n_chunks, "n_nearest",
                     (json_int_t)job->n_nearest, "n_seeds", (json_int_t)job->n_seeds, "n_resamples",
                     (json_int_t)job->n_resamples, "n_hypotheses", (json_int_t)job->n_hypotheses, "n_texts_max",
                     (json_int_t)job->n_texts_max, "chunk_tokens", (json_int_t)BF_CHUNK_TOKENS);
}

json_t *bf_quality_json(const struct bf_quality_job *job, const struct bf_quality_measured *m)
{
    json_t *out = json_object(), *sets = json_array();
    json_object_set_new(out, "domain", text(job->domain));
    json_object_set_new(out, "model", model_json(&job->model));
    json_object_set_new(out, "embedder", model_json(&job->embedder));
    json_object_set_new(out, "seed", json_integer((json_int_t)job->seed));
    json_object_set_new(out, "settings", settings_json(job));
    json_object_set_new(out, "embedded", json_integer((json_int_t)m->vectors.n_embedded));
    json_object_set_new(out, "cached", json_integer((json_int_t)m->vectors.n_cached));
    for (size_t r = 0; r < m->n_rows; r++)
        json_array_append_new(sets, set_json(job, m, &m->rows[r]));
    json_object_set_new(out, "sets", sets);
    json_object_set_new(out, "map", map_json(job, m));
    bf_quality_compare(job, m, out);
    return out;
}
