/* The profiles. This is the only place with the parameters of the paper (arXiv 2601.04278) and of its authors' code. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "request/request_fields.h"

#include "base/banned.h"

const char bf_profile_choices[] = "quick|paper";

static const struct bf_request paper = {
    .seed = 3407,
    .points_per_round = 6,
    .rounds = 4,
    .point_temperature = 0.5,
    .temperatures = {.values = {0.6, 0.8, 1.0, 1.2}, .n = 4},
    .samples_per_prompt = 4,
    .max_new_tokens = 300,
    .top_p = 0.95,
    .top_k = 50,
    .diversity_batch = 100,
    .epsilon = 0.001,
    .max_samples = 0,
    .mi_samples = 1000,
    .jailbreak_samples = 1000,
    .control_samples = 32,
    .probe_temperature = 0.9,
    .tau = BF_TAU_PAPER,
    .k_percent = 20,
    .mi_model_distribution = false,
    .order = BF_ORDER_BALANCED,
    .min_words = 4,
    .near_duplicate = 0.8,
    .drift_sigma = 4,
    .filter_refusal = true,
    .filter_echo = true,
    .filter_degenerate = true,
    .trim_sentence = true,
    .model_embedder = true,
    .min_similarity = 0.7,
    .keep_facts = true,
    .subfields = 20,
    .bullets = 20,
    .chapters = 0,
    .questions = BF_QUESTIONS_AUTO,
    .wordings = 1,
};

struct bf_request bf_request_defaults(void)
{
    struct bf_request request = paper;
    request.questions = 0;
    request.wordings = 0;
    return request;
}

/* One rephrasing family, the four temperatures, 100 tokens, the check of convergence every 1,000 (the paper's instance
 * level); no probes and no control, since the user provides everything that the model is asked about. */
static void make_instance(struct bf_request *request)
{
    request->max_new_tokens = 100;
    request->samples_per_prompt = 1;
    request->max_samples = 0;
    request->diversity_batch = 1000;
    request->mi_samples = 0;
    request->jailbreak_samples = 0;
    request->control_samples = 0;
    request->drift_sigma = 0;
    request->min_words = 1;
}

/* The textbook baseline (Zhu et al., COLM 2025) asks for long answers and probes nothing. */
static void make_textbook(struct bf_request *request, bool quick)
{
    request->temperatures = (struct bf_doubles){.values = {0.8}, .n = 1};
    request->max_new_tokens = quick ? 192 : 1000;
    request->subfields = quick ? 4 : 20;
    request->bullets = quick ? 3 : 20;
    request->chapters = quick ? 32 : 0;
    request->max_samples = 0;
    request->mi_samples = 0;
    request->jailbreak_samples = 0;
    request->control_samples = 0;
    request->drift_sigma = 0;
    request->questions = 0;
    request->wordings = 0;
}

/* What later versions added to the domain level. */
static void make_domain(struct bf_request *request, bool quick)
{
    request->point_forms = true;
    request->snowball = quick ? 1 : 2;
    request->point_questions = quick ? 2 : 4;
}

/* For a first try on a laptop: the same method with fewer and shorter samples. */
static void make_quick(struct bf_request *request)
{
    request->rounds = 2;
    request->points_per_round = 10;
    request->temperatures = (struct bf_doubles){.values = {0.7, 1.0}, .n = 2};
    request->samples_per_prompt = 1;
    request->max_samples = 144;
    request->max_new_tokens = 64;
    request->diversity_batch = 64;
    request->mi_samples = 24;
    request->jailbreak_samples = 12;
    request->control_samples = 12;
}

enum bf_status bf_request_from_profile(const char *profile, struct bf_request *out, struct bf_err *err)
{
    *out = (struct bf_request){.topic = NULL};
    if (strcmp(profile, "paper") != 0 && strcmp(profile, "quick") != 0)
        return bf_fail(err, BF_USAGE, "unknown profile '%s'; give one of %s", profile, bf_profile_choices);
    *out = paper;
    if (strcmp(profile, "quick") == 0)
        make_quick(out);
    make_domain(out, strcmp(profile, "quick") == 0);
    out->profile = bf_strdup(profile);
    out->templates = bf_strdup("default");
    return BF_OK;
}

enum bf_status bf_request_of_kind(enum bf_kind kind, const char *profile, struct bf_request *out, struct bf_err *err)
{
    enum bf_status status = bf_request_from_profile(profile, out, err);
    if (status != BF_OK)
        return status;
    out->kind = kind;
    if (kind != BF_KIND_DOMAIN) {
        out->point_forms = false;
        out->snowball = 0;
        out->point_questions = 0;
    }
    if (kind == BF_KIND_INSTANCE)
        make_instance(out);
    else if (kind == BF_KIND_TEXTBOOK)
        make_textbook(out, strcmp(profile, "quick") == 0);
    return BF_OK;
}

void bf_request_release(struct bf_request *request)
{
    free(request->topic);
    free(request->profile);
    free(request->templates);
    bf_lines_release(&request->points);
    *request = (struct bf_request){.topic = NULL};
}
