#include "run/progress_line.h"

#include <math.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/banned.h"

static const double rate_window = 4.0;

void bf_progress_line_init(struct bf_progress_line *line, struct bf_log *log)
{
    *line = (struct bf_progress_line){.log = log, .last_seconds = -bf_log_live_every(log)};
}

/* Prompts that count as work: not the few lists at the beginning, and not samples without their own prompt. */
static bool is_counted(enum bf_stage stage)
{
    return stage != BF_STAGE_POINTS && stage != BF_STAGE_ORIGINAL && stage != BF_STAGE_SUBFIELDS &&
           stage != BF_STAGE_TEXTBOOK && stage != BF_STAGE_IMPORT;
}

static int64_t done_of(const struct bf_progress *p)
{
    int64_t n = 0;
    for (int s = 0; s < BF_STAGE_COUNT; s++)
        if (is_counted((enum bf_stage)s))
            n += p->committed[s];
    return n;
}

static int64_t left_of(const struct bf_progress *p)
{
    int64_t n = 0;
    for (int s = 0; s < BF_STAGE_COUNT; s++)
        if (is_counted((enum bf_stage)s))
            n += p->planned[s] - p->committed[s];
    return n > 0 ? n : 0;
}

static void update_rates(struct bf_progress_line *line, const struct bf_progress *p)
{
    double passed = p->elapsed_seconds - line->rate_seconds;
    if (passed < rate_window && line->tokens_per_second > 0.0)
        return;
    if (passed < 0.5)
        return;
    line->tokens_per_second = (double)(p->engine.n_generated_tokens - line->rate_tokens) / passed;
    line->answers_per_second = p->elapsed_seconds > 0.0 ? (double)p->engine.n_answers / p->elapsed_seconds : 0.0;
    line->rate_seconds = p->elapsed_seconds;
    line->rate_tokens = p->engine.n_generated_tokens;
}

static const char *short_stage(enum bf_stage stage)
{
    switch (stage) {
    case BF_STAGE_POINTS:
        return "points";
    case BF_STAGE_SYNTHESIS:
        return "Stage I";
    case BF_STAGE_MI:
        return "Stage II (mi)";
    case BF_STAGE_JAILBREAK:
        return "Stage II (jailbreak)";
    case BF_STAGE_CONTROL:
        return "knowledge check";
    case BF_STAGE_ORIGINAL:
    case BF_STAGE_REWRITE:
        return "rewriting";
    case BF_STAGE_SUBFIELDS:
    case BF_STAGE_BULLETS:
        return "bullet points";
    case BF_STAGE_CHAPTERS:
    case BF_STAGE_TEXTBOOK:
        return "chapters";
    case BF_STAGE_QUESTIONS:
    case BF_STAGE_PAIRS:
        return "questions";
    case BF_STAGE_WORDINGS:
        return "wordings";
    case BF_STAGE_IMPORT:
    case BF_STAGE_COUNT:
        break;
    }
    return "";
}

/* Before the first commit. */
static enum bf_stage first_stage(const struct bf_progress *p)
{
    return p->planned[BF_STAGE_REWRITE] > 0   ? BF_STAGE_REWRITE
           : p->planned[BF_STAGE_BULLETS] > 0 ? BF_STAGE_BULLETS
                                              : BF_STAGE_SYNTHESIS;
}

void bf_progress_line_show(struct bf_progress_line *line, const struct bf_progress *p)
{
    if (!bf_log_has_live(line->log) || p->elapsed_seconds - line->last_seconds < bf_log_live_every(line->log))
        return;
    line->last_seconds = p->elapsed_seconds;
    update_rates(line, p);
    int64_t kept = 0;
    int64_t rejected = 0;
    for (int s = 0; s < BF_STAGE_COUNT; s++)
        kept += p->kept[s];
    for (int r = BF_REASON_NONE + 1; r < BF_REASON_NOT_A_SAMPLE; r++)
        rejected += p->rejected[r];
    struct bf_buf text;
    bf_buf_init(&text, 1024);
    int64_t done = done_of(p);
    int64_t left = left_of(p);
    bool listing = done + left == 0;
    if (p->n_tasks > 1)
        bf_buf_printf(&text, "request %lld/%lld  ",
                      (long long)(p->n_tasks_done < p->n_tasks ? p->n_tasks_done + 1 : p->n_tasks),
                      (long long)p->n_tasks);
    if (listing && p->planned[BF_STAGE_SUBFIELDS] > 0)
        bf_buf_puts(&text, "subfields");
    else if (listing)
        bf_buf_printf(&text, "points: %d found, question %lld of %lld", p->n_points,
                      (long long)p->committed[BF_STAGE_POINTS] + 1, (long long)p->planned[BF_STAGE_POINTS]);
    else if (done == 0) /* samples are committed in order, so the first commit waits for its whole parallel batch */
        bf_buf_printf(&text, "%s  writing the first of %lld, %lld tokens so far", short_stage(first_stage(p)),
                      (long long)left, (long long)p->engine.n_generated_tokens);
    else
        bf_buf_printf(&text, "%s  %lld/%lld  kept %lld  rejected %lld", short_stage(p->stage), (long long)done,
                      (long long)(done + left), (long long)kept, (long long)rejected);
    if (line->tokens_per_second > 0.0)
        bf_buf_printf(&text, "  %.0f tok/s", line->tokens_per_second);
    if (!listing && isfinite(p->diversity))
        bf_buf_printf(&text, "  diversity %.3f", p->diversity);
    if (!listing && isfinite(p->gain))
        bf_buf_printf(&text, " (%+.4f)", p->gain);
    if (!listing && line->answers_per_second > 0.0 && done > 0) {
        char time_left[BF_TIME_LEFT_MAX];
        bf_time_left((double)left / line->answers_per_second, time_left);
        bf_buf_printf(&text, "  %s", time_left);
    }
    bf_log_live(line->log, text.data);
    bf_buf_release(&text);
}
