/* The summary in words: [{text, tone}], tone "plain" or "warning". */
#include <math.h>
#include <string.h>

#include "base/utf8.h"
#include "report/page_internal.h"
#include "report/quality_cells.h"
#include "base/banned.h"

enum { REASONS_SAID = 3, REQUESTS_SAID = 100, SENTENCES_SAID = 20 };

static void say(json_t *out, struct bf_buf *text, const char *tone)
{
    json_array_append_new(out, json_pack("{s:o, s:s}", "text", bf_json_text(text->data, text->len), "tone", tone));
    bf_buf_clear(text);
}

static const char *plural(int64_t n)
{
    return n == 1 ? "" : "s";
}

static int64_t generated(const struct bf_counts *c)
{
    int64_t n = 0;
    for (int s = 0; s < BF_STAGE_COUNT; s++)
        n += bf_stage_is_sample((enum bf_stage)s) ? c->committed[s] : 0;
    return n;
}

static void say_kept(const struct bf_summary *s, json_t *out, struct bf_buf *text)
{
    const int64_t n = generated(&s->counts);
    if (n == 0)
        bf_buf_puts(text, "This run has no sample yet.");
    else
        bf_buf_printf(text, "%lld sample%s %s kept of %lld", (long long)s->counts.both, plural(s->counts.both),
                      s->counts.both == 1 ? "is" : "are", (long long)n);
    if (n > 0 && s->run->model_desc[0]) {
        bf_buf_puts(text, ", written by ");
        bf_utf8_preview(text, s->run->model_desc, strlen(s->run->model_desc), 120);
    }
    if (n > 0)
        bf_buf_puts(text, s->run->model_desc[0] ? "." : ", imported from a file.");
    say(out, text, "plain");
    bool first = true;
    for (int i = 0; i < BF_STAGE_COUNT; i++)
        if (bf_stage_is_sample((enum bf_stage)i) && s->counts.committed[i] > 0) {
            bf_buf_printf(text, "%s%s: %lld kept of %lld", first ? "Of these, " : "; ", bf_stage_text((enum bf_stage)i),
                          (long long)s->counts.kept[i], (long long)s->counts.committed[i]);
            first = false;
        }
    if (!first) {
        bf_buf_puts(text, ".");
        say(out, text, "plain");
    }
}

static void say_end(const struct bf_summary *s, json_t *out, struct bf_buf *text)
{
    if (strcmp(s->run->kind, "import") == 0)
        return;
    if (!s->state.finished) {
        bf_buf_puts(text, "The run is not finished: everything below is about the samples so far. Resume it with "
                          "\"biforget resume\".");
        say(out, text, "warning");
        return;
    }
    if (s->n_requests == 1) {
        bf_buf_printf(text, "It ended because %s",
                      s->state.stop == BF_STOP_CONVERGED ? "diversity no longer grew (the stop rule)"
                                                         : "every planned prompt was used");
        if (isfinite(s->diversity))
            bf_buf_printf(text, "; the last diversity was %.4f", s->diversity);
        bf_buf_puts(text, ".");
        say(out, text, "plain");
    }
}

static void say_points(const struct bf_summary *s, json_t *out, struct bf_buf *text)
{
    int64_t covered = 0;
    for (size_t i = 0; i < s->n_points; i++)
        covered += s->points[i].n_kept > 0 ? 1 : 0;
    if (s->n_points == 0)
        return;
    bf_buf_printf(text, "The domain has %zu point%s; %lld of them %s a kept text.", s->n_points,
                  plural((int64_t)s->n_points), (long long)covered, covered == 1 ? "has" : "have");
    say(out, text, (size_t)covered < s->n_points ? "warning" : "plain");
    bf_summary_left_out(s, text);
    if (text->len > 0) {
        bf_buf_putc(text, '.');
        say(out, text, "plain");
    }
    bf_summary_few_points(s, text);
    if (text->len > 0)
        say(out, text, "warning");
}

static void say_rejected(const struct bf_summary *s, json_t *out, struct bf_buf *text)
{
    int64_t n[BF_REASON_COUNT], all = 0;
    for (int r = 0; r < BF_REASON_COUNT; r++) {
        n[r] = r > BF_REASON_NONE && r < BF_REASON_NOT_A_SAMPLE ? s->counts.rejected[r] : 0;
        all += n[r];
    }
    if (all == 0)
        return;
    bf_buf_printf(text, "%lld %s not kept, most often for: ", (long long)all, all == 1 ? "was" : "were");
    for (int said = 0; said < REASONS_SAID; said++) {
        int most = 0;
        for (int r = 1; r < BF_REASON_COUNT; r++)
            most = n[r] > n[most] ? r : most;
        if (n[most] == 0)
            break;
        bf_buf_printf(text, "%s%s (%lld)", said > 0 ? ", " : "", bf_reason_word((enum bf_reason)most),
                      (long long)n[most]);
        n[most] = 0;
    }
    bf_buf_puts(text, ".");
    say(out, text, "plain");
}

static void say_questions(const struct bf_summary *s, json_t *out, struct bf_buf *text)
{
    const struct bf_counts *c = &s->counts;
    const int64_t pairs = c->kept[BF_STAGE_PAIRS];
    const int64_t wordings = c->kept[BF_STAGE_WORDINGS];
    const int64_t held_out = c->held_out[BF_STAGE_PAIRS];
    if (c->committed[BF_STAGE_QUESTIONS] + c->committed[BF_STAGE_PAIRS] == 0)
        return;
    bf_buf_printf(text,
                  "Asked again without the texts, the model gave the answer to %lld question%s: %lld to train on, %lld "
                  "held out for probing.",
                  (long long)pairs, plural(pairs), (long long)(pairs - held_out), (long long)held_out);
    if (wordings > 0)
        bf_buf_printf(text, " %lld more %s in other words, %lld of them held out.", (long long)wordings,
                      wordings == 1 ? "is" : "are", (long long)c->held_out[BF_STAGE_WORDINGS]);
    say(out, text, pairs == 0 ? "warning" : "plain");
}

static void say_variety(const struct bf_summary *s, json_t *out, struct bf_buf *text)
{
    const struct bf_variety_summary *v = &s->variety;
    if (v->n_originals == 0)
        return;
    bf_buf_printf(text,
                  "%lld original%s, with a mean of %.1f kept variants each (%lld to %lld), %.1f of them "
                  "different on the surface.",
                  (long long)v->n_originals, plural(v->n_originals), v->variants, (long long)v->least,
                  (long long)v->most, v->distinct);
    if (v->n_without > 0)
        bf_buf_printf(text, " %lld %s no variant that was kept.", (long long)v->n_without,
                      v->n_without == 1 ? "has" : "have");
    say(out, text, v->n_without > 0 ? "warning" : "plain");
}

static void say_knowledge(const struct bf_summary *s, json_t *out, struct bf_buf *text)
{
    int64_t n_little = 0;
    for (size_t i = 0; i < s->n_requests; i++)
        n_little += s->requests[i].knowledge == BF_KNOWLEDGE_LITTLE ? 1 : 0;
    if (s->n_requests == 1 && ((s->state.knowledge.n_domain > 0 && s->state.knowledge.n_control > 0) ||
                               bf_knowledge_by_questions(&s->state.knowledge)))
        bf_buf_printf(text, "Knowledge check: %s.", bf_knowledge_sentence(&s->state.knowledge));
    else if (n_little > 0)
        bf_buf_printf(text,
                      "Knowledge check: the model shows little knowledge of %lld of %zu requests; read their "
                      "samples before you unlearn with this set.",
                      (long long)n_little, s->n_requests);
    if (text->len > 0)
        say(out, text, n_little > 0 ? "warning" : "plain");
}

static void say_requests(const struct bf_summary *s, json_t *out, struct bf_buf *text)
{
    for (size_t i = 0; i < s->n_requests && s->n_requests > 1 && i < REQUESTS_SAID; i++) {
        const struct bf_request_summary *r = &s->requests[i];
        bf_buf_puts(text, "Request \"");
        bf_utf8_preview(text, r->name[0] ? r->name : r->topic, strlen(r->name[0] ? r->name : r->topic), 80);
        bf_buf_printf(text, "\" (%s, %s", bf_kind_word(r->kind), bf_role_word(r->role));
        if (r->name[0] && r->kind != BF_KIND_INSTANCE) {
            bf_buf_puts(text, ", ");
            bf_utf8_preview(text, r->topic, strlen(r->topic), 80);
        }
        bf_buf_printf(text, "): %lld kept of %lld", (long long)r->n_kept, (long long)r->n_generated);
        if (r->n_shared > 0)
            bf_buf_printf(text, ", %lld of them also kept by an earlier request", (long long)r->n_shared);
        bf_buf_printf(text, "; %s.", r->finished ? bf_stop_text(r->stop) : "not finished");
        say(out, text, "plain");
    }
    if (s->n_requests > REQUESTS_SAID) {
        bf_buf_printf(text, "And %zu more requests: \"biforget status --json\" lists all.",
                      s->n_requests - REQUESTS_SAID);
        say(out, text, "plain");
    }
}

static void say_quality(const json_t *quality, json_t *out, struct bf_buf *text)
{
    const json_t *sentences = json_object_get(quality, "sentences");
    for (size_t i = 0; i < json_array_size(sentences) && i < SENTENCES_SAID; i++) {
        const char *sentence = json_string_value(json_array_get(sentences, i));
        if (!sentence)
            continue;
        bf_buf_printf(text, "%s.", sentence);
        say(out, text, "plain");
    }
}

static void say_stable(const struct bf_summary *s, json_t *out, struct bf_buf *text)
{
    const char *stable = bf_json_string(s->engine, "stable");
    if (strcmp(stable, "yes") == 0)
        bf_buf_puts(text,
                    "Repeatable: the same model file, options and seed give the same bytes, at any number of parallel "
                    "sequences and after any interruption.");
    else if (strcmp(stable, "no") == 0)
        bf_buf_puts(text,
                    "Repeatable only with the same --parallel and without interruption: this model's numbers depend "
                    "on what else is in the batch.");
    if (text->len > 0)
        say(out, text, "plain");
}

enum bf_status bf_page_words(struct bf_page *page, json_t **out, struct bf_err *err)
{
    const struct bf_summary *s = &page->summary;
    struct bf_buf text;
    (void)err;
    bf_buf_init(&text, SIZE_MAX);
    *out = json_array();
    say_kept(s, *out, &text);
    say_end(s, *out, &text);
    say_knowledge(s, *out, &text);
    say_questions(s, *out, &text);
    say_points(s, *out, &text);
    say_variety(s, *out, &text);
    say_rejected(s, *out, &text);
    say_quality(page->options->quality, *out, &text);
    say_requests(s, *out, &text);
    say_stable(s, *out, &text);
    bf_buf_release(&text);
    return BF_OK;
}
