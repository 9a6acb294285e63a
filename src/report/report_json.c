#include <math.h>
#include <stdio.h>
#include <string.h>

#include "report/report.h"
#include "report/summary.h"
#include "base/banned.h"

static json_t *real_or_null(double x)
{
    return isfinite(x) ? json_real(x) : json_null();
}

static json_t *stages(const struct bf_counts *c)
{
    json_t *out = json_object();
    for (int s = 0; s < BF_STAGE_COUNT; s++)
        json_object_set_new(
            out, bf_stage_word((enum bf_stage)s),
            json_pack("{s:I, s:I}", "generated", (json_int_t)c->committed[s], "kept", (json_int_t)c->kept[s]));
    return out;
}

static json_t *reasons(const int64_t *rejected)
{
    json_t *out = json_object();
    for (int r = BF_REASON_NONE + 1; r < BF_REASON_NOT_A_SAMPLE; r++)
        json_object_set_new(out, bf_reason_word((enum bf_reason)r), json_integer(rejected[r]));
    return out;
}

/* Pairs and wordings are counted apart from texts. */
static json_t *questions(const struct bf_counts *c)
{
    const int64_t pairs_held = c->held_out[BF_STAGE_PAIRS];
    const int64_t wordings_held = c->held_out[BF_STAGE_WORDINGS];
    return json_pack("{s:I, s:I, s:I, s:I, s:I, s:o}", "pairs", (json_int_t)c->kept[BF_STAGE_PAIRS], "pairs_held_out",
                     (json_int_t)pairs_held, "wordings", (json_int_t)c->kept[BF_STAGE_WORDINGS], "wordings_held_out",
                     (json_int_t)wordings_held, "held_out", (json_int_t)(pairs_held + wordings_held), "rejected",
                     reasons(c->rejected_questions));
}

static json_t *knowledge(const struct bf_knowledge_check *k)
{
    return json_pack(
        "{s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "verdict",
        bf_knowledge_word(k->verdict), "decided_by", bf_knowledge_by_questions(k) ? "questions" : "agreement",
        "n_questions", (json_int_t)k->n_questions, "n_verified", (json_int_t)k->n_verified, "control_questions",
        (json_int_t)k->control_questions, "control_verified", (json_int_t)k->control_verified, "n_domain",
        (json_int_t)k->n_domain, "n_control", (json_int_t)k->n_control, "min_k_domain", real_or_null(k->min_k_domain),
        "min_k_control", real_or_null(k->min_k_control), "effect", real_or_null(k->min_k_effect), "similarity_domain",
        real_or_null(k->similarity_domain), "similarity_control", real_or_null(k->similarity_control),
        "agreement_domain", real_or_null(k->agreement_domain), "agreement_control", real_or_null(k->agreement_control));
}

static json_t *requests(const struct bf_summary *s)
{
    json_t *out = json_array();
    for (size_t i = 0; i < s->n_requests; i++) {
        const struct bf_request_summary *r = &s->requests[i];
        json_array_append_new(out, json_pack("{s:s, s:s, s:s, s:s, s:b, s:s, s:I, s:I, s:I}", "name", r->name, "topic",
                                             r->topic, "kind", bf_kind_word(r->kind), "role", bf_role_word(r->role),
                                             "finished", (int)r->finished, "stop_reason", bf_stop_word(r->stop),
                                             "generated", (json_int_t)r->n_generated, "kept", (json_int_t)r->n_kept,
                                             "shared", (json_int_t)r->n_shared));
    }
    return out;
}

static json_t *variety(const struct bf_variety_summary *v)
{
    json_t *histogram = json_object();
    for (int i = 0; i <= BF_VARIETY_MAX; i++) {
        char key[16];
        snprintf(key, sizeof key, "%d", i);
        if (v->with_distinct[i] > 0)
            json_object_set_new(histogram, key, json_integer(v->with_distinct[i]));
    }
    return json_pack("{s:I, s:I, s:o, s:o, s:o, s:o, s:o, s:o}", "originals", (json_int_t)v->n_originals,
                     "without_variant", (json_int_t)v->n_without, "variants", real_or_null(v->variants),
                     "surface_distinct", real_or_null(v->distinct), "originals_by_surface_distinct", histogram,
                     "distinct_1", real_or_null(v->distinct_1), "distinct_2", real_or_null(v->distinct_2),
                     "edit_distance", real_or_null(v->edit_distance));
}

enum bf_status bf_report_json(struct bf_store *store, json_t **out, struct bf_err *err)
{
    struct bf_summary s;
    *out = NULL;
    enum bf_status status = bf_summary_read(store, &s, err);
    if (status != BF_OK)
        return status;
    const struct bf_counts *c = &s.counts;
    json_t *points = json_array();
    for (size_t i = 0; i < s.n_points; i++)
        json_array_append_new(points, json_pack("{s:s, s:I, s:I, s:s}", "point", s.points[i].text, "kept",
                                                (json_int_t)s.points[i].n_kept, "generated",
                                                (json_int_t)s.points[i].n_committed, "origin", s.points[i].origin));
    json_t *warnings = json_array();
    struct bf_buf few;
    bf_buf_init(&few, BF_ERR_TEXT_MAX);
    bf_summary_few_points(&s, &few);
    if (few.len > 0)
        json_array_append_new(warnings, bf_json_text(few.data, few.len));
    bf_buf_release(&few);
    json_t *root = json_object();
    json_object_set_new(root, "dir", bf_json_text(s.dir, strlen(s.dir)));
    json_object_set_new(root, "finished", json_boolean(s.state.finished));
    json_object_set_new(root, "kept", json_integer(c->both));
    json_object_set_new(root, "rejected", reasons(c->rejected));
    json_object_set_new(root, "questions", questions(c));
    json_object_set_new(root, "stop_reason", json_string(bf_stop_word(s.state.stop)));
    json_object_set_new(root, "generated_tokens", json_integer(s.state.generated_tokens));
    json_object_set_new(root, "generate_seconds", real_or_null(s.state.generate_seconds));
    json_object_set_new(root, "wall_seconds", real_or_null(s.state.wall_seconds));
    json_object_set_new(root, "diversity", real_or_null(s.diversity));
    json_object_set_new(root, "variants",
                        json_pack("{s:I, s:I, s:I, s:I}", "fix", (json_int_t)c->fix, "mi", (json_int_t)c->mi,
                                  "jailbreak", (json_int_t)c->jailbreak, "both", (json_int_t)c->both));
    json_object_set_new(root, "stages", stages(c));
    json_object_set_new(root, "points", points);
    json_object_set_new(root, "names_left_out", json_integer(s.n_left_out));
    json_object_set_new(root, "warnings", warnings);
    json_object_set_new(root, "kind", json_string(s.run->kind));
    json_object_set_new(root, "requests", requests(&s));
    if (s.variety.n_originals > 0)
        json_object_set_new(root, "variety", variety(&s.variety));
    json_object_set_new(root, "tau", real_or_null(s.tau));
    json_object_set_new(root, "knowledge", knowledge(&s.state.knowledge));
    json_object_set(root, "request", s.request);
    json_object_set(root, "engine", s.engine);
    json_object_set_new(root, "model",
                        json_pack("{s:s, s:s}", "description", s.run->model_desc, "sha256", s.run->model_sha256));
    json_object_set_new(root, "program_version", json_string(s.run->program_version));
    bf_summary_release(&s);
    *out = root;
    return BF_OK;
}
