#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/print.h"
#include "base/utf8.h"
#include "cmd/cmd.h"
#include "store/store.h"
#include "base/banned.h"

struct show_values {
    const char *stage, *state, *reason;
    int64_t limit, offset;
    bool wide;
};

static struct bf_opt *show_options(void *target)
{
    struct show_values *v = target;
    v->state = "all";
    v->limit = 20;
    return BF_OPT_TABLE(
        BF_WHOLE("limit", &v->limit, 0, 1e15, "20", "samples to show (0 = all)", .letter = 'n'),
        BF_WHOLE("offset", &v->offset, 0, 1e15, "0", "samples to skip first"),
        BF_TEXT("stage", &v->stage, "STAGE", "samples of one stage (synthesis, mi, rewrite, ...)", .letter = 's',
                .fallback = "all"),
        BF_CHOICE("state", &v->state, "all|kept|rejected", "only kept, or only rejected samples", .fallback = "all"),
        BF_TEXT("reason", &v->reason, "WORD", "samples rejected for one reason (refusal, duplicate, ...)"),
        BF_FLAG("full", &v->wide, "show whole texts"));
}

static void print_row(const struct bf_row *row, bool whole)
{
    const struct bf_sample *s = &row->sample;
    struct bf_buf text;
    bf_buf_init(&text, 8 << 20);
    if (row->request_name[0])
        bf_print(stdout, "%s/", row->request_name);
    bf_print(stdout, "%s-%06lld  %s%s", bf_stage_word(s->stage), (long long)s->index,
             s->reason == BF_REASON_NONE ? "kept" : "rejected: ",
             s->reason == BF_REASON_NONE ? "" : bf_reason_word(s->reason));
    if (row->point_text) {
        bf_utf8_preview(&text, row->point_text, strlen(row->point_text), 60);
        bf_print(stdout, "  point \"%s\"", text.data);
    }
    if (s->instance >= 0 && s->stage != BF_STAGE_ORIGINAL)
        bf_print(stdout, "  of %s-%06lld", bf_stage_word(BF_STAGE_ORIGINAL), (long long)s->instance);
    if (row->template_name)
        bf_print(stdout, "  %s  T %.2g", row->template_name, s->temperature);
    if (isfinite(s->edit_distance))
        bf_print(stdout, "  edit distance %.2f", s->edit_distance);
    if (s->stage == BF_STAGE_REWRITE && isfinite(s->domain_similarity))
        bf_print(stdout, "  similarity %.2f", s->domain_similarity);
    if (isfinite(s->min_k_sampling))
        bf_print(stdout, "  Min-K%% %.3f", s->min_k_sampling);
    bf_buf_clear(&text);
    if (whole)
        bf_utf8_clean(&text, s->text, strlen(s->text));
    else
        bf_utf8_preview(&text, s->text, strlen(s->text), 200);
    bf_print(stdout, "\n    ");
    for (const char *line = text.data; *line;) {
        const size_t n = strcspn(line, "\n");
        bf_print(stdout, "%.*s%s", (int)n, line, line[n] ? "\n    " : "");
        line += n + (line[n] ? 1 : 0);
    }
    bf_print(stdout, "\n");
    bf_buf_release(&text);
}

static enum bf_status show_run(const struct bf_call *call, struct bf_err *err)
{
    const struct show_values *v = call->values;
    struct bf_store *store = NULL;
    struct bf_cursor *cursor = NULL;
    struct bf_query query = {.limit = v->limit, .offset = v->offset};
    if (v->stage) {
        query.by_stage = true;
        query.stage = bf_stage_of(v->stage);
        if (query.stage == BF_STAGE_COUNT) {
            struct bf_buf words;
            bf_buf_init(&words, 512);
            for (int s = 0; s < BF_STAGE_COUNT; s++)
                bf_buf_printf(&words, "%s%s", s > 0 ? ", " : "", bf_stage_word((enum bf_stage)s));
            bf_fail(err, BF_USAGE, "--stage '%s' is not known; give one of %s", v->stage, words.data);
            bf_buf_release(&words);
            return BF_USAGE;
        }
    }
    if (strcmp(v->state, "all") != 0) {
        query.by_state = true;
        query.kept = strcmp(v->state, "kept") == 0;
    }
    if (v->reason) {
        query.by_reason = true;
        query.reason = bf_reason_of(v->reason);
        if (query.reason == BF_REASON_COUNT || query.reason == BF_REASON_NONE) {
            struct bf_buf words;
            bf_buf_init(&words, 512);
            for (int r = BF_REASON_NONE + 1; r < BF_REASON_COUNT; r++)
                bf_buf_printf(&words, "%s%s", r > 1 ? ", " : "", bf_reason_word((enum bf_reason)r));
            bf_fail(err, BF_USAGE, "--reason '%s' is not known; give one of %s", v->reason, words.data);
            bf_buf_release(&words);
            return BF_USAGE;
        }
    }
    enum bf_status status = bf_open_run(call, "biforget show runs/harry-potter --limit 5", &store, err);
    if (status == BF_OK)
        status = bf_store_query(store, &query, &cursor, err);
    for (bool more = status == BF_OK; more;) {
        struct bf_row row;
        status = bf_cursor_next(cursor, &row, &more, err);
        more = more && status == BF_OK && !ferror(stdout);
        if (more)
            print_row(&row, v->wide);
    }
    bf_cursor_close(cursor);
    bf_store_close(store);
    return status;
}

const struct bf_command bf_cmd_show = {
    .help =
        {
            .name = "show",
            .summary = "read the samples of a run, kept or rejected",
            .synopsis = "biforget show DIR [--stage S] [--state kept|rejected] [--limit N]",
            .examples = "  biforget show runs/harry-potter --limit 5\n"
                        "  biforget show runs/harry-potter --state rejected --full\n"
                        "  biforget show runs/harry-potter --stage jailbreak --limit 0 | less\n",
            .details = "Samples are shown in the order in which they were saved, each with its origin.",
        },
    .values_size = sizeof(struct show_values),
    .max_operands = 1,
    .options = show_options,
    .run = show_run,
};
