/* The dataset card, for people. All text from a request, a run or a model goes through bf_put_markdown. */
#include "export/export_card.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "export/export_text.h"

#include "base/banned.h"

enum { CELL_CHARACTERS = 80 };

static long long whole(const struct bf_export_request *r, const char *key)
{
    return (long long)json_integer_value(json_object_get(r->settings, key));
}

static double real(const struct bf_export_request *r, const char *key)
{
    return json_number_value(json_object_get(r->settings, key));
}

static void put_setting(struct bf_buf *out, const struct bf_export_request *r, const char *key)
{
    const char *text = json_string_value(json_object_get(r->settings, key));

    bf_put_markdown(out, text ? text : "?", CELL_CHARACTERS);
}

/* "Norse mythology (retain)": its topic, and its name in a run of many requests. */
static void put_name(struct bf_buf *out, const struct bf_export_request *r)
{
    bf_put_markdown(out, r->topic, CELL_CHARACTERS);
    if (r->name[0] == '\0' || strcmp(r->name, r->topic) == 0)
        return;
    bf_buf_puts(out, " (");
    bf_put_markdown(out, r->name, CELL_CHARACTERS);
    bf_buf_puts(out, ")");
}

static bool has_own(const struct bf_export_facts *facts)
{
    for (size_t i = 0; i < facts->n_requests; i++)
        if (facts->requests[i].kind != BF_KIND_IMPORT)
            return true;
    return false;
}

void bf_card_head(struct bf_buf *out, const struct bf_export_facts *facts)
{
    struct bf_buf title;

    bf_buf_init(&title, SIZE_MAX);
    bf_export_title(facts, facts->has_role[BF_ROLE_FORGET] ? BF_ROLE_FORGET : BF_ROLE_RETAIN, &title);
    bf_buf_puts(out, "# Forget set: ");
    bf_put_markdown(out, title.data, SIZE_MAX);
    bf_buf_puts(out, "\n\nTexts about what a language model is to forget, for machine unlearning. ");
    if (has_own(facts))
        bf_buf_puts(out,
                    "biforget made them with the method of [BiForget](https://arxiv.org/abs/2601.04278): the model "
                    "that is to forget wrote them itself, so that they contain what it knows, in its own words.\n\n");
    else
        bf_buf_puts(out, "biforget did not write them: they were imported.\n\n");
    bf_buf_puts(out, "**Intended use:** unlearning, and measuring it. Train on these texts only in order to unlearn "
                     "them.\n\n**Warning:** ");
    bf_buf_puts(out,
                has_own(facts) ? "a language model wrote these texts. They" : "nobody has checked these texts. They");
    bf_buf_puts(out,
                " may be wrong, and their content may be private, hazardous or offensive: that is what unlearning is "
                "for. Read samples before you use or share them.\n\n");
    if (!facts->finished)
        bf_buf_puts(out, "**The run is not finished:** these are the samples that it had when it was exported.\n\n");
    bf_buf_release(&title);
}

static int64_t generated(const struct bf_counts *c)
{
    int64_t n = 0;

    for (int s = 0; s < BF_STAGE_COUNT; s++)
        n += bf_stage_is_sample((enum bf_stage)s) ? c->committed[s] : 0;
    return n;
}

static void put_requests(struct bf_buf *out, const struct bf_export_facts *facts)
{
    bf_buf_puts(out, "## What is in it\n\n| request | kind | role | kept | of | ended |\n|---|---|---|--:|--:|---|\n");
    for (size_t i = 0; i < facts->n_requests; i++) {
        const struct bf_export_request *r = &facts->requests[i];
        bf_buf_puts(out, "| ");
        put_name(out, r);
        bf_buf_printf(out, " | %s | %s | %" PRId64 " | %" PRId64 " | %s |\n", bf_kind_word(r->kind),
                      bf_role_word(r->role), r->counts.both, generated(&r->counts), bf_stop_text(r->state.stop));
    }
    bf_buf_printf(out, "\n| stage%s | kept | of |\n|---|--:|--:|\n", facts->n_requests > 1 ? ", of all requests" : "");
    for (int s = 0; s < BF_STAGE_COUNT; s++) {
        int64_t kept = 0, committed = 0;
        for (size_t i = 0; i < facts->n_requests; i++) {
            kept += facts->requests[i].counts.kept[s];
            committed += facts->requests[i].counts.committed[s];
        }
        if (bf_stage_is_sample((enum bf_stage)s) && committed > 0)
            bf_buf_printf(out, "| %s | %" PRId64 " | %" PRId64 " |\n", bf_stage_text((enum bf_stage)s), kept,
                          committed);
    }
    bf_buf_putc(out, '\n');
}

static void put_rejected(struct bf_buf *out, const struct bf_export_facts *facts)
{
    bool any = false;

    for (int reason = BF_REASON_NONE + 1; reason < BF_REASON_NOT_A_SAMPLE; reason++) {
        int64_t n = 0;
        for (size_t i = 0; i < facts->n_requests; i++)
            n += facts->requests[i].counts.rejected[reason];
        if (n == 0)
            continue;
        if (!any)
            bf_buf_puts(out, "Samples that were rejected, by reason:\n\n| reason | samples | |\n|---|--:|---|\n");
        any = true;
        bf_buf_printf(out, "| `%s` | %" PRId64 " | %s |\n", bf_reason_word((enum bf_reason)reason), n,
                      bf_reason_text((enum bf_reason)reason));
    }
    if (any)
        bf_buf_putc(out, '\n');
}

static const char *verdict_text(const struct bf_knowledge_check *k)
{
    if (bf_knowledge_by_questions(k))
        switch (k->verdict) {
        case BF_KNOWLEDGE_GOOD:
            return "asked without the texts, the model gives the same answers: it knows this domain";
        case BF_KNOWLEDGE_SOME:
            return "asked without the texts, the model gives some of the same answers: it knows this domain in "
                   "part; expect inventions among the facts";
        case BF_KNOWLEDGE_LITTLE:
            return "**the model shows little knowledge of this domain**: asked without the texts, it gives the same "
                   "answers hardly more often than for an invented topic, and unlearning with this set may do little";
        case BF_KNOWLEDGE_UNKNOWN:
            return "too few questions to tell";
        }
    switch (k->verdict) {
    case BF_KNOWLEDGE_GOOD:
        return "the model says the same about a point each time: it knows this domain";
    case BF_KNOWLEDGE_SOME:
        return "the model knows this domain in part; expect inventions among the facts";
    case BF_KNOWLEDGE_LITTLE:
        return "**the model shows little knowledge of this domain**: what it says about a point varies nearly as much "
               "as for an invented one, and unlearning with this set may do little";
    case BF_KNOWLEDGE_UNKNOWN:
        break;
    }
    return "too few texts to tell";
}

static void put_knowledge(struct bf_buf *out, const struct bf_export_facts *facts)
{
    bool any = false;

    for (size_t i = 0; i < facts->n_requests; i++) {
        const struct bf_export_request *r = &facts->requests[i];
        const struct bf_knowledge_check *k = &r->state.knowledge;
        if (r->kind != BF_KIND_DOMAIN || (k->n_control == 0 && !bf_knowledge_by_questions(k)))
            continue;
        if (!any)
            bf_buf_puts(out, "## Knowledge check\n\n");
        any = true;
        bf_buf_puts(out, "- ");
        put_name(out, r);
        bf_buf_printf(out, ": %s", verdict_text(k));
        if (bf_knowledge_by_questions(k))
            bf_buf_printf(
                out, " (same answers: %" PRId64 " of %" PRId64 ", on an invented topic %" PRId64 " of %" PRId64 ")",
                k->n_verified, k->n_questions, k->control_verified, k->control_questions);
        else if (isfinite(k->agreement_domain) && isfinite(k->agreement_control))
            bf_buf_printf(out,
                          " (agreement between texts on one point %.2f, on an invented topic %.2f; n = %" PRId64
                          " and %" PRId64 ")",
                          k->agreement_domain, k->agreement_control, k->n_domain, k->n_control);
        bf_buf_puts(out, ".\n");
    }
    if (any)
        bf_buf_putc(out, '\n');
}

static void put_sampling(struct bf_buf *out, const struct bf_export_request *r)
{
    const json_t *temperatures = json_object_get(r->settings, "temperatures");

    bf_buf_puts(out, "temperatures");
    for (size_t i = 0; i < json_array_size(temperatures); i++)
        bf_buf_printf(out, "%s %g", i > 0 ? "," : "", json_number_value(json_array_get(temperatures, i)));
    bf_buf_printf(out, ", top-p %g, top-k %lld, at most %lld new tokens", real(r, "top_p"), whole(r, "top_k"),
                  whole(r, "max_new_tokens"));
}

static void put_making(struct bf_buf *out, const struct bf_export_request *r)
{
    bf_buf_puts(out, "- ");
    put_name(out, r);
    if (r->kind == BF_KIND_IMPORT) {
        bf_buf_puts(out, ": imported; nothing was written, judged or left out.\n");
        return;
    }
    bf_buf_puts(out, ": profile `");
    put_setting(out, r, "profile");
    bf_buf_puts(out, "`, seed ");
    put_setting(out, r, "seed");
    switch (r->kind) {
    case BF_KIND_DOMAIN:
        bf_buf_printf(out,
                      ". The model named %" PRId64 " point%s of the domain and wrote on each from several templates "
                      "(Stage I)",
                      r->counts.n_points, r->counts.n_points == 1 ? "" : "s");
        if (r->counts.committed[BF_STAGE_MI] + r->counts.committed[BF_STAGE_JAILBREAK] > 0)
            bf_buf_puts(out, ", then on the domain under adversarial prompts (Stage II)");
        break;
    case BF_KIND_INSTANCE:
        bf_buf_puts(out,
                    ". The model rewrote each original, which is in the set too, from another perspective, in another "
                    "structure, style and register; what changed the facts is left out");
        break;
    case BF_KIND_TEXTBOOK:
        bf_buf_puts(out,
                    ". The textbook baseline: subfields, bullet points for four audiences, chapters, cut into lines");
        break;
    case BF_KIND_IMPORT:
    case BF_KIND_COUNT:
        break;
    }
    bf_buf_puts(out, "; ");
    put_sampling(out, r);
    bf_buf_puts(out, ".\n");
}

static void put_fact(struct bf_buf *out, const char *what, const char *value)
{
    bf_buf_printf(out, "| %s | ", what);
    bf_put_markdown(out, value, CELL_CHARACTERS);
    bf_buf_puts(out, " |\n");
}

void bf_card_body(struct bf_buf *out, const struct bf_export_facts *facts)
{
    const struct bf_run *run = facts->run;

    put_requests(out, facts);
    put_rejected(out, facts);
    put_knowledge(out, facts);
    bf_buf_puts(out, "## How it was made\n\n");
    for (size_t i = 0; i < facts->n_requests; i++)
        put_making(out, &facts->requests[i]);
    bf_buf_puts(out, "\n| | |\n|---|---|\n");
    if (run->model_desc[0] != '\0')
        put_fact(out, "model that wrote", facts->model_title ? facts->model_title : run->model_desc);
    if (facts->model_licence)
        put_fact(out, "its licence", facts->model_licence);
    if (run->model_sha256[0] != '\0')
        put_fact(out, "its file, sha256", run->model_sha256);
    if (facts->embedder[0] != '\0')
        put_fact(out, "embedder", facts->embedder);
    if (run->embedder_sha256[0] != '\0')
        put_fact(out, "its file, sha256", run->embedder_sha256);
    put_fact(out, "templates, sha256", run->templates_sha256);
    put_fact(out, "same seed, same bytes", facts->stable);
    put_fact(out, "written by biforget", run->program_version);
    bf_buf_puts(out, "\nAll settings and the sha256 of every file are in `" BF_EXPORT_MANIFEST "`.\n");
}
