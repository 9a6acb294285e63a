#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/print.h"
#include "base/utf8.h"
#include "report/report.h"
#include "report/summary.h"
#include "base/banned.h"

enum { EXAMPLE_CHARACTERS = 300, POINT_CHARACTERS = 60, POINTS_SHOWN = 24, REQUESTS_SHOWN = 40 };

static const char *request_text(const struct bf_summary *s, const char *key)
{
    const char *text = json_string_value(json_object_get(s->request, key));
    return text ? text : "?";
}

static const char *plural(int64_t n)
{
    return n == 1 ? "" : "s";
}

static bool has_kind(const struct bf_summary *s, enum bf_kind kind)
{
    for (size_t i = 0; i < s->n_requests; i++)
        if (s->requests[i].kind == kind)
            return true;
    return false;
}

/* Many requests: a line each. */
static void put_requests(const struct bf_summary *s, FILE *out)
{
    if (s->n_requests < 2)
        return;
    bf_print(out, "\n  %-36s %-9s %-9s %9s %6s %7s  %s\n", "request", "kind", "role", "generated", "kept", "shared",
             "state");
    for (size_t i = 0; i < s->n_requests && i < REQUESTS_SHOWN; i++) {
        const struct bf_request_summary *r = &s->requests[i];
        struct bf_buf text;
        bf_buf_init(&text, 4096);
        struct bf_buf label;
        bf_buf_init(&label, 4096);
        const bool once = r->name[0] && (r->kind == BF_KIND_INSTANCE || strcmp(r->name, r->topic) == 0);
        bf_buf_printf(&label, "%s%s%s", r->name, r->name[0] && !once ? ": " : "", once ? "" : r->topic);
        bf_utf8_preview(&text, label.data, label.len, 36);
        bf_buf_release(&label);
        bf_print(out, "  %-36s %-9s %-9s %9lld %6lld %7lld  %s%s\n", text.data, bf_kind_word(r->kind),
                 bf_role_word(r->role), (long long)r->n_generated, (long long)r->n_kept, (long long)r->n_shared,
                 r->finished ? bf_stop_word(r->stop) : "not finished",
                 r->knowledge == BF_KNOWLEDGE_LITTLE ? ", LITTLE KNOWLEDGE" : "");
        bf_buf_release(&text);
    }
    if (s->n_requests > REQUESTS_SHOWN)
        bf_print(out, "  and %zu more: 'biforget status DIR --json' has all\n", s->n_requests - REQUESTS_SHOWN);
    fputs("  shared: also kept by an earlier request of the same role; the sets have such texts once\n", out);
}

static void put_variety(const struct bf_summary *s, FILE *out)
{
    const struct bf_variety_summary *v = &s->variety;
    if (v->n_originals == 0)
        return;
    bf_print(out,
             "\n  %lld original%s, with a mean of %.1f kept variant%s each (%lld to %lld), %.1f of them different on "
             "the surface\n",
             (long long)v->n_originals, plural(v->n_originals), v->variants, v->variants == 1.0 ? "" : "s",
             (long long)v->least, (long long)v->most, v->distinct);
    if (v->n_without > 0)
        bf_print(out, "  %lld original%s no variant that was kept\n", (long long)v->n_without,
                 v->n_without == 1 ? " has" : "s have");
    if (isfinite(v->edit_distance))
        bf_print(out, "  edit distance to the original %.2f, distinct-1 %.2f, distinct-2 %.2f\n", v->edit_distance,
                 v->distinct_1, v->distinct_2);
}

static void put_stages(const struct bf_summary *s, FILE *out)
{
    const bool domain = has_kind(s, BF_KIND_DOMAIN);
    bf_print(out, "\n  %-44s %9s %6s\n", "", "generated", "kept");
    for (int i = 0; i < BF_STAGE_COUNT; i++)
        if (bf_stage_is_sample((enum bf_stage)i) && (s->counts.committed[i] > 0 || (domain && i <= BF_STAGE_JAILBREAK)))
            bf_print(out, "  %-44s %9lld %6lld\n", bf_stage_text((enum bf_stage)i), (long long)s->counts.committed[i],
                     (long long)s->counts.kept[i]);
    if (domain)
        bf_print(out, "  variants: fix %lld, mi %lld, jailbreak %lld, both %lld\n", (long long)s->counts.fix,
                 (long long)s->counts.mi, (long long)s->counts.jailbreak, (long long)s->counts.both);
}

/* Does the origin begin with these words, which may be all of it? */
static bool is_from(const char *origin, const char *words)
{
    return strncmp(origin, words, strlen(words)) == 0;
}

/* "(named in answer to 5 questions; belongs)", and the end of the line. */
static void put_origin(const char *origin, FILE *out)
{
    const char *belongs = strstr(origin, BF_ORIGIN_BELONGS) ? BF_ORIGIN_BELONGS : "";
    int n = 1;
    for (const char *comma = strchr(origin, ','); comma; comma = strchr(comma + 1, ','))
        n++;
    if (is_from(origin, BF_ORIGIN_FORMS))
        bf_print(out, "  (named in answer to %d question%s%s)\n", n, plural(n), belongs);
    else if (is_from(origin, BF_ORIGIN_SNOWBALL))
        bf_print(out, "  (out of kept texts%s)\n", belongs);
    else if (strcmp(origin, BF_ORIGIN_FILE) == 0)
        bf_print(out, "  (yours)\n");
    else
        bf_print(out, "\n");
}

static void put_points(const struct bf_summary *s, FILE *out)
{
    struct bf_buf few;
    bf_buf_init(&few, BF_ERR_TEXT_MAX);
    bf_summary_few_points(s, &few);
    if (few.len > 0)
        bf_print(out, "\n  warning: %s\n", few.data);
    bf_buf_release(&few);
    if (s->n_points == 0 || s->n_requests != 1)
        return;
    bf_print(out, "\n  kept by point (%zu point%s):\n", s->n_points, plural((int64_t)s->n_points));
    for (size_t i = 0; i < s->n_points && i < POINTS_SHOWN; i++) {
        struct bf_buf text;
        bf_buf_init(&text, 4096);
        bf_utf8_preview(&text, s->points[i].text, strlen(s->points[i].text), POINT_CHARACTERS);
        bf_print(out, "  %5lld  %s", (long long)s->points[i].n_kept, text.data);
        put_origin(s->points[i].origin, out);
        bf_buf_release(&text);
    }
    if (s->n_points > POINTS_SHOWN)
        bf_print(out, "         and %zu more\n", s->n_points - POINTS_SHOWN);
    struct bf_buf left_out;
    bf_buf_init(&left_out, BF_ERR_TEXT_MAX);
    bf_summary_left_out(s, &left_out);
    if (left_out.len > 0)
        bf_print(out, "  %s\n", left_out.data);
    bf_buf_release(&left_out);
}

static void put_reasons(const struct bf_summary *s, FILE *out)
{
    bool any = false;
    for (int r = BF_REASON_NONE + 1; r < BF_REASON_NOT_A_SAMPLE; r++) {
        if (s->counts.rejected[r] == 0)
            continue;
        if (!any)
            bf_print(out, "\n  rejected, by reason:\n");
        any = true;
        bf_print(out, "  %5lld  %-14s  %s\n", (long long)s->counts.rejected[r], bf_reason_word((enum bf_reason)r),
                 bf_reason_text((enum bf_reason)r));
    }
}

/* Self-questioning: what the model knew without the text, and what of it a training may see. */
static void put_questions(const struct bf_summary *s, FILE *out)
{
    const struct bf_counts *c = &s->counts;
    const int64_t pairs = c->kept[BF_STAGE_PAIRS];
    const int64_t wordings = c->kept[BF_STAGE_WORDINGS];
    bool any = false;
    if (c->committed[BF_STAGE_QUESTIONS] + c->committed[BF_STAGE_PAIRS] == 0)
        return;
    bf_print(
        out,
        "\n  %lld text%s, %lld question%s verified without the text: %lld to train on, %lld held out for probing\n",
        (long long)c->both, plural(c->both), (long long)pairs, plural(pairs),
        (long long)(pairs - c->held_out[BF_STAGE_PAIRS]), (long long)c->held_out[BF_STAGE_PAIRS]);
    if (wordings > 0)
        bf_print(out, "  in other words: %lld to train on, %lld held out\n",
                 (long long)(wordings - c->held_out[BF_STAGE_WORDINGS]), (long long)c->held_out[BF_STAGE_WORDINGS]);
    for (int r = BF_REASON_NONE + 1; r < BF_REASON_NOT_A_SAMPLE; r++)
        if (c->rejected_questions[r] > 0) {
            bf_print(out, "%s %lld %s", any ? "," : "  questions rejected:", (long long)c->rejected_questions[r],
                     bf_reason_word((enum bf_reason)r));
            any = true;
        }
    if (any)
        fputs("\n", out);
}

static void put_stop(const struct bf_summary *s, FILE *out)
{
    if (s->n_requests != 1 || s->requests[0].kind == BF_KIND_IMPORT)
        return;
    const int64_t n = s->requests[0].kind == BF_KIND_INSTANCE
                          ? s->counts.kept[BF_STAGE_ORIGINAL] + s->counts.kept[BF_STAGE_REWRITE]
                          : s->counts.kept[BF_STAGE_SYNTHESIS];
    bf_print(out, "\n  %s: %s",
             s->requests[0].kind == BF_KIND_INSTANCE   ? "rewriting"
             : s->requests[0].kind == BF_KIND_TEXTBOOK ? "textbook"
                                                       : "Stage I",
             bf_stop_text(s->state.stop));
    if (isfinite(s->diversity))
        bf_print(out, "; diversity %.4f over %lld samples", s->diversity, (long long)n);
    if (s->n_checkpoints > 1 && isfinite(s->last.gain))
        bf_print(out, ", last gain %+.4f after %lld", s->last.gain, (long long)s->last.n_kept);
    fputs("\n", out);
}

static void put_tau(const struct bf_summary *s, FILE *out)
{
    if (s->n_tau_questions > 0 && s->n_tau_questions < BF_TAU_ANSWERS_MIN)
        bf_print(out,
                 "  membership inference: keeps Min-K%% prob from %.3f on (the paper's threshold; there are only %lld "
                 "answers about an invented topic)\n",
                 s->tau, (long long)s->n_tau_questions);
    else if (s->n_tau_questions > 0)
        bf_print(out,
                 "  membership inference: keeps Min-K%% prob from %.3f on (95th percentile of %lld answers about an "
                 "invented topic)\n",
                 s->tau, (long long)s->n_tau_questions);
}

/* For a terminal: in two lines where it is long. */
static const char *knowledge_lines(const struct bf_knowledge_check *k)
{
    if (k->verdict != BF_KNOWLEDGE_LITTLE)
        return bf_knowledge_sentence(k);
    return bf_knowledge_by_questions(k)
               ? "THE MODEL SHOWS LITTLE KNOWLEDGE of this domain: asked without the texts, it gives\n"
                 "    the same answers hardly more often than for an invented topic. Read samples before you "
                 "unlearn with "
                 "this set"
               : "THE MODEL SHOWS LITTLE KNOWLEDGE of this domain: what it says about a point varies\n"
                 "    nearly as much as for an invented one. Read samples before you unlearn with this set";
}

static void put_knowledge(const struct bf_summary *s, FILE *out)
{
    const struct bf_knowledge_check *k = &s->state.knowledge;
    const bool texts = k->n_control > 0 && k->n_domain > 0;
    if ((!texts && !bf_knowledge_by_questions(k)) || s->n_requests != 1 || s->requests[0].kind != BF_KIND_DOMAIN)
        return;
    bf_print(out, "  knowledge check: %s\n", knowledge_lines(k));
    if (bf_knowledge_by_questions(k))
        bf_print(out, "    same answers without the text: %lld of %lld (invented topic %lld of %lld)\n",
                 (long long)k->n_verified, (long long)k->n_questions, (long long)k->control_verified,
                 (long long)k->control_questions);
    if (!texts)
        return;
    /* Agreement needs points with at least two texts. */
    char domain[16] = "-", control[16] = "-";
    if (isfinite(k->agreement_domain))
        snprintf(domain, sizeof domain, "%.2f", k->agreement_domain);
    if (isfinite(k->agreement_control))
        snprintf(control, sizeof control, "%.2f", k->agreement_control);
    bf_print(out,
             "    agreement between texts on one point %s (invented topic %s), Min-K%% prob %.3f (%.3f), n = %lld "
             "(%lld)\n",
             domain, control, k->min_k_domain, k->min_k_control, (long long)k->n_domain, (long long)k->n_control);
}

/* Examples spread over a stage's kept samples. */
static enum bf_status put_examples_of(struct bf_store *store, enum bf_stage stage, int64_t n_kept, int n, FILE *out,
                                      struct bf_err *err)
{
    for (int i = 0; i < n && i < n_kept; i++) {
        struct bf_query query = {.by_stage = true,
                                 .stage = stage,
                                 .by_state = true,
                                 .kept = true,
                                 .limit = 1,
                                 .offset = n_kept * (2 * i + 1) / (2 * n)};
        struct bf_cursor *cursor = NULL;
        enum bf_status status = bf_store_query(store, &query, &cursor, err);
        if (status != BF_OK)
            return status;
        struct bf_row row;
        bool more = false;
        status = bf_cursor_next(cursor, &row, &more, err);
        if (status == BF_OK && more) {
            struct bf_buf text;
            bf_buf_init(&text, 1 << 16);
            bf_utf8_preview(&text, row.sample.text, strlen(row.sample.text), EXAMPLE_CHARACTERS);
            bf_print(out, "  [%s%s%s] %s\n", bf_stage_word(stage), row.point_text ? ", " : "",
                     row.point_text ? row.point_text : "", text.data);
            bf_buf_release(&text);
        }
        bf_cursor_close(cursor);
        if (status != BF_OK)
            return status;
    }
    return BF_OK;
}

static enum bf_status put_examples(struct bf_store *store, const struct bf_summary *s, int n, FILE *out,
                                   struct bf_err *err)
{
    if (n < 1 || s->counts.both == 0)
        return BF_OK;
    fputs("\n  examples:\n", out);
    for (int i = BF_STAGE_ORIGINAL; i < BF_STAGE_COUNT; i++)
        if (bf_stage_is_sample((enum bf_stage)i) && s->counts.kept[i] > 0) {
            enum bf_status shown = put_examples_of(store, (enum bf_stage)i, s->counts.kept[i],
                                                   i == BF_STAGE_ORIGINAL ? 1 : n - 1, out, err);
            if (shown != BF_OK)
                return shown;
        }
    if (s->counts.kept[BF_STAGE_SYNTHESIS] == 0)
        return BF_OK;
    int n_mi = n > 2 && s->counts.kept[BF_STAGE_MI] > 0 ? 1 : 0;
    int n_jailbreak = n > 2 && s->counts.kept[BF_STAGE_JAILBREAK] > 0 ? 1 : 0;
    enum bf_status status = put_examples_of(store, BF_STAGE_SYNTHESIS, s->counts.kept[BF_STAGE_SYNTHESIS],
                                            n - n_mi - n_jailbreak, out, err);
    if (status == BF_OK)
        status = put_examples_of(store, BF_STAGE_MI, s->counts.kept[BF_STAGE_MI], n_mi, out, err);
    if (status == BF_OK)
        status = put_examples_of(store, BF_STAGE_JAILBREAK, s->counts.kept[BF_STAGE_JAILBREAK], n_jailbreak, out, err);
    return status;
}

static void put_next(const struct bf_summary *s, FILE *out)
{
    const char *stable = json_string_value(json_object_get(s->engine, "stable"));
    double seconds = s->state.generate_seconds;
    if (s->run->model_desc[0])
        bf_print(out, "\n  model: %s", s->run->model_desc);
    if (seconds > 0.0)
        bf_print(out, "; %lld tokens written at %.0f a second", (long long)s->state.generated_tokens,
                 (double)s->state.generated_tokens / seconds);
    fputs("\n", out);
    if (stable && strcmp(stable, "yes") == 0)
        fputs("  repeatable: yes, the same seed gives the same bytes at any --parallel and after any interruption\n",
              out);
    else if (stable && strcmp(stable, "no") == 0)
        fputs("  repeatable: only at the same --parallel and without interruption ('biforget doctor' says why)\n", out);
    if (!s->state.finished) {
        bf_print(out, "\n  not finished; resume it with: biforget resume %s\n", BF_SHELL_WORD(s->dir));
        return;
    }
    bf_print(out, "\n  %s/forget.jsonl   the forget set (variant both), one JSON object per line\n", s->dir);
    for (size_t i = 0; i < s->n_requests; i++)
        if (s->requests[i].role == BF_ROLE_RETAIN) {
            bf_print(out, "  %s/retain.jsonl   the retain set\n", s->dir);
            break;
        }
    char *probes = bf_path_join(s->dir, "probes.jsonl"); /* not there when only a retain set has something held out */
    if (bf_file_exists(probes))
        bf_print(out, "  %s/probes.jsonl   questions to probe with; no training sees them\n", s->dir);
    free(probes);
    char *neighbours = bf_path_join(s->dir, "neighbours.jsonl");
    if (bf_file_exists(neighbours))
        bf_print(out, "  %s/neighbours.jsonl   questions about neighbouring subjects; no training sees them\n", s->dir);
    free(neighbours);
    char *page = bf_path_join(s->dir, "report.html");
    if (bf_file_exists(page))
        bf_print(out, "  %s/report.html    the run as a page: map, coverage, samples\n", s->dir);
    free(page);
    bf_print(out, "  %s/run.db         everything with its provenance, including rejected samples\n", s->dir);
    bf_print(out, "\n  next: biforget show %s --limit 10\n", BF_SHELL_WORD(s->dir));
    bf_print(out, "        biforget export %s --format txt --variant fix -o forget.txt\n", BF_SHELL_WORD(s->dir));
}

enum bf_status bf_report_text(struct bf_store *store, int n_examples, FILE *out, struct bf_err *err)
{
    struct bf_summary s;
    enum bf_status status = bf_summary_read(store, &s, err);
    if (status != BF_OK)
        return status;
    int64_t n_all = 0;
    for (int i = 0; i < BF_STAGE_COUNT; i++)
        n_all += bf_stage_is_sample((enum bf_stage)i) ? s.counts.committed[i] : 0;
    if (s.n_requests > 1 && strcmp(s.run->kind, "run") == 0)
        bf_print(out, "%zu requests", s.n_requests);
    else
        bf_print(out, "\"%s\"", request_text(&s, "topic"));
    bf_print(out, ": %lld sample%s kept of %lld", (long long)s.counts.both, plural(s.counts.both), (long long)n_all);
    bf_print(out, " (%s%s", strcmp(s.run->kind, "domain") == 0 ? "profile " : "",
             strcmp(s.run->kind, "domain") == 0 ? request_text(&s, "profile") : s.run->kind);
    if (s.state.wall_seconds > 0.0)
        bf_print(out, ", %lld:%02lld minutes", (long long)s.state.wall_seconds / 60,
                 (long long)s.state.wall_seconds % 60);
    fputs(")\n", out);
    put_requests(&s, out);
    put_stages(&s, out);
    put_variety(&s, out);
    put_points(&s, out);
    put_reasons(&s, out);
    put_questions(&s, out);
    put_stop(&s, out);
    put_tau(&s, out);
    put_knowledge(&s, out);
    status = put_examples(store, &s, n_examples, out, err);
    if (status == BF_OK)
        put_next(&s, out);
    bf_summary_release(&s);
    return status;
}
