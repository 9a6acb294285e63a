#include "synth/plan.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/invented_name.h"
#include "base/mem.h"
#include "base/rng.h"
#include "synth/synth.h"
#include "base/banned.h"

enum { CONTROL_POINTS = 4, TOKENS_PER_POINT = 24, TAU_LEAST = 20, TAU_SHARE = 10 };

static void invent_topic(struct bf_plan *plan)
{
    struct bf_rng rng;
    struct bf_buf name;
    bf_rng_init(&rng, bf_mix(plan->request->seed, BF_STAGE_CONTROL));
    bf_buf_init(&name, 200);
    bf_invent_name(&rng, 3, &name);
    bf_buf_putc(&name, ' ');
    bf_invent_name(&rng, 2, &name);
    plan->control_topic = bf_buf_take(&name);
    for (int i = 0; i < CONTROL_POINTS; i++) {
        bf_buf_clear(&name);
        bf_invent_name(&rng, 2 + i % 2, &name);
        bf_points_add(&plan->control_points, 0, name.data, NULL);
    }
    bf_buf_release(&name);
}

void bf_plan_init(struct bf_plan *plan, const struct bf_request *request, const struct bf_template_set *templates,
                  const struct bf_points *points)
{
    *plan = (struct bf_plan){.request = request, .templates = templates, .points = points};
    invent_topic(plan);
}

void bf_plan_release(struct bf_plan *plan)
{
    free(plan->control_topic);
    bf_points_release(&plan->control_points);
    free(plan->parts);
    *plan = (struct bf_plan){0};
}

/* With tau auto: how many questions about the invented topic the threshold is taken from. A tenth of the probes, but
 * no fewer than a 95th percentile needs. */
static int64_t n_tau_questions(const struct bf_request *r)
{
    if (!isnan(r->tau) || r->mi_samples == 0)
        return 0;
    return r->mi_samples / TAU_SHARE > TAU_LEAST ? r->mi_samples / TAU_SHARE : TAU_LEAST;
}

bool bf_plan_is_tau_question(const struct bf_plan *plan, enum bf_stage stage, int64_t index)
{
    return stage == BF_STAGE_CONTROL && index >= plan->request->control_samples;
}

/* The i-th of *count templates of a stage. */
static int32_t stage_template(const struct bf_plan *plan, enum bf_stage wanted, int64_t i, int32_t *count)
{
    int32_t n = 0;
    int32_t found = -1;
    for (size_t t = 0; t < plan->templates->n; t++) {
        if (plan->templates->items[t].stage != wanted)
            continue;
        if (n == i)
            found = (int32_t)t;
        n++;
    }
    *count = n;
    return found;
}

/* How many prompts a part has for each of its points. */
static int64_t combinations(const struct bf_plan *plan, bool of_part)
{
    const struct bf_request *r = plan->request;
    int32_t n_templates = 0;
    stage_template(plan, BF_STAGE_SYNTHESIS, 0, &n_templates);
    return of_part && r->order == BF_ORDER_BALANCED
               ? n_templates
               : (int64_t)n_templates * (int64_t)r->temperatures.n * r->samples_per_prompt;
}

int64_t bf_plan_count(const struct bf_plan *plan, enum bf_stage stage)
{
    const struct bf_request *r = plan->request;
    switch (stage) {
    case BF_STAGE_POINTS:
        return r->rounds;
    case BF_STAGE_SYNTHESIS: {
        const int64_t all = plan->points->n * combinations(plan, false);
        return r->max_samples > 0 && r->max_samples < all ? r->max_samples : all;
    }
    case BF_STAGE_MI:
        return r->mi_samples;
    case BF_STAGE_JAILBREAK:
        return r->jailbreak_samples;
    case BF_STAGE_CONTROL:
        return r->control_samples + n_tau_questions(r);
    default: /* not a stage of a domain */
        break;
    }
    return 0;
}

int64_t bf_plan_add_part(struct bf_plan *plan)
{
    const int32_t n = plan->points->n;
    if (plan->n_parts == 0 ? n > 0 : n > plan->parts[plan->n_parts - 1]) {
        plan->parts = bf_grow(plan->parts, plan->n_parts + 1, sizeof *plan->parts);
        plan->parts[plan->n_parts++] = n;
    }
    return n * combinations(plan, true);
}

/* Which point and which of its combinations of template, temperature and sample is this item of Stage I? */
static void place_of(const struct bf_plan *plan, int64_t index, int32_t *point, int64_t *combination)
{
    const bool balanced = plan->request->order == BF_ORDER_BALANCED;
    const int64_t each = combinations(plan, true);
    int32_t first = 0;
    for (size_t p = 0; p <= plan->n_parts; p++) {
        const bool implied = plan->n_parts == 0; /* all points are one part */
        if (p == plan->n_parts && !implied)
            break;
        const int32_t end = implied ? plan->points->n : plan->parts[p];
        const int64_t n = end - first;
        if (index < n * each) {
            *point = first + (int32_t)(balanced ? index % n : index / each);
            *combination = balanced ? index / n : index % each;
            return;
        }
        index -= n * each;
        first = end;
    }
    *point = (int32_t)(index % plan->points->n);
    *combination = each + index / plan->points->n;
}

void bf_plan_item(const struct bf_plan *plan, enum bf_stage stage, int64_t index, struct bf_plan_item *out)
{
    const struct bf_request *r = plan->request;
    const bool control = stage == BF_STAGE_CONTROL;
    const bool tau_question = bf_plan_is_tau_question(plan, stage, index);
    /* Control texts are compared with Stage I's, or with the questions of membership inference. */
    const enum bf_stage as = tau_question ? BF_STAGE_MI : control ? BF_STAGE_SYNTHESIS : stage;
    const int64_t asked = tau_question ? index - r->control_samples : index;
    int32_t n_templates = 0;
    stage_template(plan, as, 0, &n_templates);
    *out = (struct bf_plan_item){
        .stage = stage,
        .index = index,
        .point = -1,
        .temperature = r->probe_temperature,
        .seed = bf_mix(bf_mix(r->seed, (uint64_t)stage + 1), (uint64_t)index),
        .max_tokens = r->max_new_tokens,
    };
    int64_t template_number = n_templates > 0 ? asked % n_templates : 0;
    if (stage == BF_STAGE_POINTS) {
        template_number = index == 0 || n_templates < 2 ? 0 : 1;
        out->temperature = r->point_temperature;
        out->max_tokens = r->points_per_round * TOKENS_PER_POINT;
    } else if (stage == BF_STAGE_SYNTHESIS && n_templates > 0 && plan->points->n > 0) {
        const int64_t n_temperatures = (int64_t)r->temperatures.n;
        int64_t rest = 0;
        int64_t temperature = 0;
        place_of(plan, index, &out->point, &rest);
        if (r->order == BF_ORDER_BALANCED) {
            template_number = rest % n_templates;
            temperature = rest / n_templates % n_temperatures;
        } else {
            rest /= r->samples_per_prompt;
            temperature = rest % n_temperatures;
            template_number = rest / n_temperatures;
        }
        out->temperature = r->temperatures.values[temperature];
    } else if (control) {
        int64_t round = asked / (n_templates > 0 ? n_templates : 1);
        out->point = (int32_t)(round % CONTROL_POINTS);
        /* Min-K% probability depends on the temperature. */
        if (!tau_question)
            out->temperature = r->temperatures.values[(size_t)(index + round) % r->temperatures.n];
    } else if (plan->points->n > 0) {
        out->point = (int32_t)((index / (n_templates > 0 ? n_templates : 1)) % plan->points->n);
    }
    out->template_index = stage_template(plan, as, template_number, &n_templates);
    if ((as == BF_STAGE_MI || as == BF_STAGE_JAILBREAK) &&
        !strstr(plan->templates->items[out->template_index].text, "{point}"))
        out->point = -1;
}

void bf_plan_prompt(const struct bf_plan *plan, const struct bf_plan_item *item, struct bf_buf *out)
{
    const struct bf_request *r = plan->request;
    bool control = item->stage == BF_STAGE_CONTROL;
    const struct bf_points *points = control ? &plan->control_points : plan->points;
    char number[16];
    snprintf(number, sizeof number, "%d", r->points_per_round);
    struct bf_buf known;
    bf_buf_init(&known, 1 << 20);
    if (item->stage == BF_STAGE_POINTS)
        bf_points_join(plan->points, &known);
    struct bf_fill fill = {
        .topic = control ? plan->control_topic : r->topic,
        .point = item->point >= 0 && item->point < points->n ? points->items[item->point].text : NULL,
        .n = number,
        .known = known.data,
    };
    bf_template_fill(out, plan->templates->items[item->template_index].text, &fill);
    bf_buf_release(&known);
}

int32_t bf_synth_context_estimate(const struct bf_request *request, const struct bf_template_set *templates,
                                  int64_t original_bytes)
{
    enum {
        BYTES_PER_TOKEN = 3,
        CHAT_TOKENS = 24,
        KNOWN_POINT_BYTES = 30,
        LIST_TOKENS_PER_POINT = 24,
        SUBFIELD_TOKENS = 16,
        BULLET_TOKENS = 40,
        ASKED_TOKENS = 56
    };
    static const unsigned stages[BF_KIND_COUNT] = {
        [BF_KIND_DOMAIN] =
            1U << BF_STAGE_POINTS | 1U << BF_STAGE_SYNTHESIS | 1U << BF_STAGE_MI | 1U << BF_STAGE_JAILBREAK,
        [BF_KIND_INSTANCE] = 1U << BF_STAGE_REWRITE,
        [BF_KIND_TEXTBOOK] = 1U << BF_STAGE_SUBFIELDS | 1U << BF_STAGE_BULLETS | 1U << BF_STAGE_CHAPTERS,
    };
    int64_t most = 0;
    for (size_t t = 0; t < templates->n; t++) {
        const struct bf_template *template = &templates->items[t];
        const bool asks = template->stage == BF_STAGE_QUESTIONS || template->stage == BF_STAGE_WORDINGS;
        if (!(stages[request->kind] >> template->stage & 1U) && !(asks && request->questions != 0))
            continue;
        int64_t bytes = (int64_t)strlen(template->text) + (int64_t)strlen(request->topic);
        int64_t answer = request->max_new_tokens;
        if (strstr(template->text, "{point}"))
            bytes += BF_POINT_MAX_BYTES / 2;
        if (template->stage == BF_STAGE_REWRITE)
            bytes += original_bytes;
        if (asks) {
            bytes += BF_QUESTIONED_MAX_BYTES;
            answer = ASKED_TOKENS;
        }
        if (template->stage == BF_STAGE_POINTS) {
            if (strstr(template->text, "{known}"))
                bytes += ((int64_t)request->points_per_round * (request->rounds - 1) + (int64_t)request->points.n) *
                         KNOWN_POINT_BYTES;
            answer = (int64_t)request->points_per_round * LIST_TOKENS_PER_POINT;
        } else if (template->stage == BF_STAGE_SUBFIELDS) {
            answer = (int64_t)request->subfields * SUBFIELD_TOKENS;
        } else if (template->stage == BF_STAGE_BULLETS) {
            answer = (int64_t)request->bullets * BULLET_TOKENS;
        }
        int64_t tokens = bytes / BYTES_PER_TOKEN + CHAT_TOKENS + answer;
        most = tokens > most ? tokens : most;
    }
    return most < INT32_MAX ? (int32_t)most : INT32_MAX;
}
