#include "measure/report_stored.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/floats.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/rng.h"
#include "measure/measure_json.h"
#include "synth/synth.h"
#include "base/banned.h"

/* Limits, so that the report at the end of a run takes seconds, whatever the run's size. */
enum {
    PARTS_MAX = 8,
    VECTORS_MAX = 1000,
    ON_MAP = 400,
    TEXTS_MAX = 2000,
    HYPOTHESES = 300,
    RESAMPLES = 500,
    N_EMBD_MAX = 1 << 20
};

/* ---- the domain's name ---- */

/* The single domain of the requests to forget; "" when there is none, or several. free(). */
static enum bf_status domain_of(struct bf_store *store, char **out, struct bf_err *err)
{
    struct bf_request_entry entry = {.id = 0};
    enum bf_status status = BF_OK;
    size_t n = 0;
    *out = bf_strdup("");
    while (bf_store_next_request(store, &entry, &status, err)) {
        json_t *json = NULL;
        if (entry.role != BF_ROLE_FORGET)
            continue;
        status = bf_json_parse(entry.json, strlen(entry.json), "the run's request", &json, err);
        const char *topic = json_string_value(json_object_get(json, "topic"));
        const bool domain = entry.kind == BF_KIND_DOMAIN || entry.kind == BF_KIND_TEXTBOOK;
        free(*out);
        *out = bf_strdup(n++ == 0 && domain && topic ? topic : "");
        json_decref(json);
    }
    return status;
}

static void domain_key(const struct bf_store *store, const char *domain, char model[96], struct bf_vector_key *key)
{
    const struct bf_run *run = bf_store_run(store);
    struct bf_buf text;
    bf_buf_init(&text, 95);
    bf_buf_printf(&text, "%s as samples", run->embedder_sha256[0] ? run->embedder_sha256 : run->model_sha256);
    memcpy(model, text.data, text.len + 1);
    bf_buf_release(&text);
    key->model = model;
    bf_sha256_hex(domain, strlen(domain), key->content);
}

enum bf_status bf_report_keep_domain(struct bf_store *store, struct bf_engine *embedder, struct bf_err *err)
{
    char *domain = NULL, model[96];
    const int32_t n_embd = bf_engine_info(embedder)->n_embd;
    float *vector = bf_array((size_t)(n_embd > 0 ? n_embd : 1), sizeof *vector);
    struct bf_vector_key key;
    bool found = false;
    enum bf_status status = domain_of(store, &domain, err);
    if (status != BF_OK || n_embd < 1 || !domain[0] || !bf_store_keeps_vectors(store))
        goto out;
    domain_key(store, domain, model, &key);
    status = bf_store_get_vector(store, &key, n_embd, vector, &found, err);
    if (status != BF_OK || found)
        goto out;
    status = bf_synth_embed(embedder, domain, vector, NULL, err);
    const float *const vectors[] = {vector};
    if (status == BF_OK)
        status = bf_store_put_vectors(store, &key, vectors, 1, n_embd, err);
out:
    free(domain);
    free(vector);
    return status;
}

/* ---- samples ---- */

struct stored {
    struct bf_store *store;
    struct bf_quality_measured m;
    size_t allocated; /* rows of m.vectors */
};

static char *copy(const char *text)
{
    return text ? bf_strdup(text) : NULL;
}

/* False when the sample has no vector, or one of another length than the others. */
static bool take_vector(struct stored *s, const struct bf_sample *sample)
{
    struct bf_quality_vectors *v = &s->m.vectors;
    if (!sample->embedding || sample->n_embd < 1 || sample->n_embd > N_EMBD_MAX ||
        (v->n_embd > 0 && v->n_embd != (size_t)sample->n_embd))
        return false;
    v->n_embd = (size_t)sample->n_embd;
    if (v->n + 1 >= s->allocated) { /* one more row, for the domain */
        s->allocated = s->allocated ? 2 * s->allocated : 64;
        v->rows = bf_grow(v->rows, s->allocated * v->n_embd, sizeof *v->rows);
    }
    for (size_t d = 0; d < v->n_embd; d++)
        v->rows[v->n * v->n_embd + d] = bf_half_to_float(sample->embedding[d]);
    v->n++;
    return true;
}

static void take_row(struct stored *s, struct bf_quality_row *row, const struct bf_row *from, bool vector, bool text)
{
    struct bf_quality_taken *taken = &row->taken;
    taken->hash = bf_mix(taken->hash, bf_hash64(from->sample.text, strlen(from->sample.text)));
    taken->n_texts++;
    if (text) {
        taken->texts[taken->n_kept_texts++] =
            (struct bf_quality_kept_text){taken->n_texts, bf_strdup(from->sample.text)};
    }
    if (!vector || !take_vector(s, &from->sample))
        return;
    row->vectors[taken->n_kept] = s->m.vectors.n - 1;
    taken->chunks[taken->n_kept++] = (struct bf_quality_chunk){
        .text = bf_strdup(from->sample.text),
        .at = (uint64_t)taken->n_texts - 1,
        .number = taken->n_texts,
        .id = from->id,
        .stage = bf_strdup(bf_stage_word(from->sample.stage)),
        .point = copy(from->point_text),
        .template_name = copy(from->template_name),
    };
}

/* The requests that become a set: one, or all of a role. */
struct part {
    int64_t request; /* 0: all */
    enum bf_role role;
    char *name;
};

/* *n: kept samples of the part. With `row`, which has room for *n, they are read, every k-th of them. */
static enum bf_status each_kept(struct stored *s, const struct part *part, struct bf_quality_row *row, size_t *n,
                                struct bf_err *err)
{
    const struct bf_query query = {
        .variant = "both", .by_role = true, .role = part->role, .distinct = true, .with_embedding = row != NULL};
    const size_t every_vector = *n / VECTORS_MAX + 1, every_text = *n / TEXTS_MAX + 1;
    struct bf_cursor *cursor = NULL;
    size_t at = 0;
    bf_store_select(s->store, part->request);
    enum bf_status status = bf_store_query(s->store, &query, &cursor, err);
    for (bool more = status == BF_OK; more && status == BF_OK;) {
        struct bf_row from;
        status = bf_cursor_next(cursor, &from, &more, err);
        if (status != BF_OK || !more || (row && at == *n)) /* a run under way has grown since the first look */
            break;
        if (row)
            take_row(s, row, &from, at % every_vector == 0, at % every_text == 0);
        at++;
    }
    bf_cursor_close(cursor);
    bf_store_select(s->store, 0);
    *n = at;
    return status;
}

static enum bf_status read_part(struct stored *s, const struct part *part, bool has_points, struct bf_err *err)
{
    size_t n = 0;
    enum bf_status status = each_kept(s, part, NULL, &n, err);
    if (status != BF_OK || n == 0)
        return status;
    struct bf_quality_row *row = &s->m.rows[s->m.n_rows++];
    row->set = (struct bf_set){.name = bf_strdup(part->name),
                               .path = bf_strdup(bf_store_dir(s->store)),
                               .kind = "run",
                               .variant = "both",
                               .store = has_points ? s->store : NULL};
    row->vectors = bf_array(n, sizeof *row->vectors);
    row->taken.chunks = bf_array(n, sizeof *row->taken.chunks);
    row->taken.texts = bf_array(n, sizeof *row->taken.texts);
    return each_kept(s, part, row, &n, err);
}

/* Up to PARTS_MAX requests are a set each; of more, each role is a set. parts is [PARTS_MAX]; free() their names. */
static enum bf_status find_parts(struct bf_store *store, struct part *parts, size_t *n, struct bf_err *err)
{
    struct bf_request_entry entry = {.id = 0};
    enum bf_status status = BF_OK;
    *n = 0;
    while (bf_store_next_request(store, &entry, &status, err)) {
        if (entry.role >= BF_ROLE_TRAINED)
            continue;
        if (*n == PARTS_MAX)
            break;
        const bool named = strcmp(bf_store_run(store)->kind, "run") == 0 && entry.name[0];
        struct bf_buf name;
        bf_buf_init(&name, SIZE_MAX);
        bf_buf_puts(&name, named ? entry.name : entry.role == BF_ROLE_FORGET ? "forget set" : "retain set");
        if (!named && entry.role == BF_ROLE_RETAIN && strcmp(entry.name, "retain") != 0)
            bf_buf_printf(&name, ": %s", entry.name); /* one of several that the model named */
        parts[(*n)++] = (struct part){entry.id, entry.role, bf_buf_take(&name)};
    }
    if (entry.id == 0) /* all of them fitted, or reading failed */
        return status;
    for (size_t p = 0; p < *n; p++)
        free(parts[p].name);
    parts[0] = (struct part){0, BF_ROLE_FORGET, bf_strdup("forget set")};
    parts[1] = (struct part){0, BF_ROLE_RETAIN, bf_strdup("retain set")};
    *n = 2;
    return BF_OK;
}

static enum bf_status read_parts(struct stored *s, struct bf_err *err)
{
    struct part parts[PARTS_MAX];
    size_t n = 0, n_forget = 0;
    enum bf_status status = find_parts(s->store, parts, &n, err);
    for (size_t p = 0; p < n; p++)
        n_forget += parts[p].role == BF_ROLE_FORGET ? 1 : 0;
    for (size_t p = 0; p < n && status == BF_OK; p++)
        status = read_part(s, &parts[p], n_forget == 1 && parts[p].role == BF_ROLE_FORGET, err);
    for (size_t p = 0; p < n; p++)
        free(parts[p].name);
    return status;
}

/* The domain's vector goes to the last row. Without one the mean of all goes there, so that the map can be made; it is
 * removed from the result afterwards. */
static enum bf_status place_domain(struct stored *s, const char *domain, bool *known, struct bf_err *err)
{
    struct bf_quality_vectors *v = &s->m.vectors;
    char model[96];
    struct bf_vector_key key;
    enum bf_status status = BF_OK;
    *known = false;
    if (v->n == 0) { /* only wording is measured; the domain may be any vector that can be standardised */
        v->n_embd = 2;
        v->rows = bf_array(2, sizeof *v->rows);
        v->rows[0] = 1.0F;
        return BF_OK;
    }
    float *row = v->rows + v->n * v->n_embd;
    if (domain[0]) {
        domain_key(s->store, domain, model, &key);
        status = bf_store_get_vector(s->store, &key, (int32_t)v->n_embd, row, known, err);
    }
    for (size_t d = 0; d < v->n_embd && !*known; d++) {
        double sum = 0.0;
        for (size_t i = 0; i < v->n; i++)
            sum += (double)v->rows[i * v->n_embd + d];
        row[d] = (float)(sum / (double)v->n);
    }
    s->m.domain = v->n;
    v->n_cached = v->n;
    return status;
}

/* ---- metrics that are not known ---- */

static void unknown(json_t *set, const char *key, const char *why)
{
    struct bf_buf interval;
    bf_buf_init(&interval, 128);
    bf_buf_printf(&interval, "%s_interval", key);
    json_object_set_new(set, key, json_null());
    if (json_object_get(set, interval.data))
        json_object_set_new(set, interval.data, json_null());
    json_object_set_new(json_object_get(set, "why"), key, json_string(why));
    bf_buf_release(&interval);
}

static const char no_vector[] = "no vector is stored with these texts; \"biforget report DIR -m MODEL\" embeds them";
static const char no_domain[] = "the run has no single domain whose vector is stored";

static void take_off(json_t *result, bool domain_known)
{
    size_t i;
    json_t *set;
    json_array_foreach(json_object_get(result, "sets"), i, set)
    {
        if (json_integer_value(json_object_get(set, "chunks_sampled")) == 0)
            unknown(set, "remote_clique", no_vector);
        unknown(set, "n_tokens", "\"biforget report DIR\" counts them by the model's tokens");
        unknown(set, "chunks", "\"biforget report DIR\" counts them by the model's tokens");
        if (!domain_known) {
            unknown(set, "relevance", no_domain);
            unknown(set, "full_relevance", no_domain);
        }
    }
    if (!domain_known) {
        json_object_set_new(result, "domain", json_null());
        if (json_is_object(json_object_get(result, "map")))
            json_object_set_new(json_object_get(result, "map"), "domain", json_null());
        /* The sentences would mention it. */
        json_object_del(result, "sentences");
        json_object_del(result, "differences");
    }
}

enum bf_status bf_report_stored(struct bf_store *store, struct bf_log *log, json_t **out, const char **basis,
                                const char **why, struct bf_err *err)
{
    struct stored s = {.store = store};
    struct bf_quality_job job = bf_quality_job_default();
    struct bf_log quiet = *log;
    char *domain = NULL;
    bool known = false;
    *out = NULL;
    *why = "no text is kept yet";
    *basis =
        "Vectors are those stored with the samples, by the embedder that the run used, one for each whole text; "
        "compare metrics of such vectors only with each other. \"biforget report DIR\" embeds pieces of equal length "
        "with the model itself.";
    s.m.rows = bf_array(PARTS_MAX, sizeof *s.m.rows);
    enum bf_status status = domain_of(store, &domain, err);
    if (status == BF_OK)
        status = read_parts(&s, err);
    if (status != BF_OK || s.m.n_rows == 0)
        goto out;
    *why = s.m.vectors.n > 0 ? NULL : no_vector;
    *basis = s.m.vectors.n > 0 ? *basis : NULL;
    quiet.quiet = true;
    quiet.tty = false;
    job.log = &quiet;
    job.domain = domain;
    job.n_seeds = 1;
    job.n_chunks = VECTORS_MAX;
    job.n_nearest = ON_MAP;
    job.n_hypotheses = HYPOTHESES;
    job.n_texts_max = TEXTS_MAX;
    job.n_resamples = RESAMPLES;
    status = place_domain(&s, domain, &known, err);
    if (status == BF_OK)
        status = bf_quality_figures(&job, &s.m, err);
    if (status == BF_OK) {
        *out = bf_quality_json(&job, &s.m);
        take_off(*out, known);
        json_object_set_new(*out, "parts", json_true()); /* parts of one run: none is marked as better */
    }
out:
    bf_quality_measured_release(&s.m);
    free(domain);
    return status;
}
